"""The manifest: there from the start, true at the end, and about nobody's machine."""

from __future__ import annotations

import errno
import getpass
import json
import platform
import subprocess
from pathlib import Path
from typing import Any

import pytest

from experiments.manifest import Manifest, checkout_of
from experiments.plan import Plan
from sim import Coordination, Scenario
from tests.places import write_place


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    scenario = Scenario.load(write_place(tmp_path / "place"))
    return Plan(scenario, {"letter": Coordination.load("letter")}, seed=7, replicates=range(2, 5))


def read(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "manifest.json").read_text(encoding="utf-8")))


def test_running_then_finished(plan: Plan, tmp_path: Path) -> None:
    with Manifest(tmp_path, "compare", plan) as manifest:
        assert read(tmp_path)["status"] == "running"
        assert read(tmp_path)["finished"] is None
        manifest.counts["computed"] = 3
    data = read(tmp_path)
    assert data["status"] == "finished"
    assert data["finished"] >= data["started"]
    assert data["runs"] == {"planned": 3, "computed": 3, "reused": 0, "failed": 0, "not_run": 0}


def test_runs_that_failed(plan: Plan, tmp_path: Path) -> None:
    with Manifest(tmp_path, "compare", plan) as manifest:
        manifest.fail("letter", 3, "ValueError: no", "f00")
    data = read(tmp_path)
    assert data["status"] == "failed"
    assert data["failures"] == [{"arm": "letter", "replicate": 3, "error": "ValueError: no", "key": "f00"}]


@pytest.mark.parametrize(("error", "status"), [(KeyboardInterrupt, "interrupted"), (ValueError, "failed")])
def test_stopped(error: type[BaseException], status: str, plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(error), Manifest(tmp_path, "compare", plan):
        raise error
    assert read(tmp_path)["status"] == status


@pytest.mark.parametrize("padding", [0, 3 * 4096])
def test_where_there_is_no_room_it_is_written_over_itself_if_it_fits(
    padding: int, plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ZeroDivisionError), Manifest(tmp_path, "compare", plan) as manifest:
        manifest.data["precision"] = padding * "x"
        monkeypatch.setattr("experiments.manifest.write_text", full)
        raise ZeroDivisionError
    assert read(tmp_path)["status"] == ("running" if padding else "failed")
    said = "manifest.json could not be written: [Errno 28] No space left on device\n"
    assert capsys.readouterr().err == (said if padding else "")


def test_a_manifest_that_cannot_be_finished_is_an_error(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(OSError, match="No space left"), Manifest(tmp_path, "compare", plan) as manifest:
        manifest.data["precision"] = 3 * 4096 * "x"
        monkeypatch.setattr("experiments.manifest.write_text", full)


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_it_says_what_is_needed_to_do_it_again_and_nothing_of_the_machine(plan: Plan, tmp_path: Path) -> None:
    with Manifest(tmp_path, "compare", plan) as manifest:
        pass
    data = read(tmp_path)
    assert data["seed"] == 7
    assert data["replicates"] == [2, 4]
    assert data["arms"]["letter"]["handoff"] == "letter"
    assert data["parameters"] == plan.scenario.parameters.model_dump(mode="json")
    assert data["scenario"]["digest"] == plan.scenario.digest()
    assert {"mesa", "numpy", "numba", "pandas"} <= set(data["versions"])
    text = (tmp_path / "manifest.json").read_text() + str(manifest.provenance())
    assert str(tmp_path) not in text
    assert str(Path.home()) + "/" not in text
    assert platform.node() not in text
    assert f'"{getpass.getuser()}"' not in text


def test_provenance_does_not_depend_on_the_time(plan: Plan, tmp_path: Path) -> None:
    provenance = Manifest(tmp_path, "compare", plan).provenance()
    assert provenance["replicates"] == "2 to 4"
    assert all(isinstance(value, str) for value in provenance.values())
    assert str(read_started(plan, tmp_path)) not in provenance.values()


def read_started(plan: Plan, folder: Path) -> str:
    return str(Manifest(folder, "compare", plan).data["started"])


def test_commit_of_a_checkout_only(tmp_path: Path) -> None:
    def git(*arguments: str) -> None:
        name = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
        subprocess.run(["git", "-C", str(tmp_path), *name, *arguments], check=True, capture_output=True)

    assert checkout_of(tmp_path) is None
    git("init")
    (tmp_path / "file").write_text("one")
    git("add", "file")
    git("commit", "-m", "first")
    clean = checkout_of(tmp_path)
    assert clean is not None
    assert (len(clean["commit"]), clean["dirty"]) == (40, False)
    (tmp_path / "file").write_text("two")
    assert checkout_of(tmp_path) == {"commit": clean["commit"], "dirty": True}
    (tmp_path / "installed").mkdir()
    assert checkout_of(tmp_path / "installed") is None
