"""A sweep that is killed loses at most the runs under way, and nothing that was finished is computed again."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

import experiments
from experiments.store import CLAIMS, DRAFT, Store
from tests.cli.conftest import Journeys
from tests.places import TWO_PROVIDERS, write_place

ROOT = Path(experiments.__file__).parent.parent
KILLS = 10
ARGUMENTS = ("sweep=many", "scenario.folder=place", "--config-dir", "mine")
DESIGN = {
    "title": "Many points",
    "question": "Does anything get lost?",
    "arms": ["fragmented"],
    "replications": 1,
}
LEVELS = {"from": 0, "to": 1, "steps": 20}
LOADS = {"from": 0.5, "to": 1.5, "steps": 10}
RUNS = 200
# Drawing takes longer than all runs. Put in place before anything is imported, in worker processes, too.
NO_FIGURES = """
import sys
import types

stub = types.ModuleType("experiments.figures.sweep")
stub.sweep_figures = lambda *_, **__: []
sys.modules[stub.__name__] = stub
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write a place of which a run takes some 20 ms, and a design of 200 points; leave out the figures."""
    settings = {"time": {"horizon_days": 40, "warmup_days": 5, "followup_days": 10}, "barriers": {"culture": 1.0}}
    districts = [{"district": "town", "citizens_per_year": 100}]
    write_place(tmp_path / "place", settings, **{**TWO_PROVIDERS, "districts": districts})
    (tmp_path / "mine/sweep").mkdir(parents=True)
    write_design(tmp_path, {"barriers.culture": LEVELS, "place.demand": LOADS})
    monkeypatch.setattr("experiments.figures.sweep.sweep_figures", lambda *_, **__: [])


def write_design(folder: Path, grid: dict[str, Any]) -> None:
    content = {**DESIGN, "design": [{"grid": grid}]}
    (folder / "mine/sweep/many.yaml").write_text(yaml.safe_dump(content, sort_keys=False))


def path_without_figures(folder: Path) -> str:
    """Return the PYTHONPATH of processes that import this checkout and draw nothing."""
    hooks = folder / "hooks"
    hooks.mkdir(exist_ok=True)
    (hooks / "sitecustomize.py").write_text(NO_FIGURES)
    return f"{hooks}{os.pathsep}{ROOT}"


def started(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start ``journeys sweep`` without figures as a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "experiments", "sweep", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path_without_figures(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for_runs(process: subprocess.Popen[str], store: Path, count: int) -> None:
    """Wait until a store has so many runs, while a process is at it."""
    deadline = time.monotonic() + 60
    while len(finished(store)) < count:
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline, f"{len(finished(store))} runs in {store}"
        time.sleep(0.002)


def finished(store: Path) -> dict[str, tuple[int, int]]:
    """Return inode and time of writing of each finished run: both are others after it was computed again."""
    found = {}
    # Drafts, which come and go, are not looked into.
    for file in store.glob("[0-9a-f][0-9a-f]/*/run.json"):
        status = file.stat()
        found[file.parent.name] = (status.st_ino, status.st_mtime_ns)
    return found


def runs_of(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "manifest.json").read_text())["runs"])


@pytest.mark.slow
def test_killed_ten_times_and_resumed(tmp_path: Path, journeys: Journeys) -> None:
    assert journeys("sweep", *ARGUMENTS, "executor=serial", "store=whole", "hydra.run.dir=undisturbed").status == 0
    arguments = (*ARGUMENTS, "workers=2", "store=killed", "hydra.run.dir=out")
    store = tmp_path / "killed"
    draw = random.Random(1)
    for _ in range(KILLS):
        before = finished(store)
        process = started(tmp_path, *arguments)
        # Time is counted in runs, so that no machine is so fast that nothing is left, or so slow that nothing is done.
        wait_for_runs(process, store, len(before) + draw.randrange(16))
        time.sleep(draw.uniform(0, 0.03))
        assert process.poll() is None
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        after = finished(store)
        assert {key: after.get(key) for key in before} == before
        assert not (tmp_path / "out/runs.csv").exists()
    before = finished(store)
    assert KILLS < len(before) < RUNS
    process = started(tmp_path, *arguments)
    said = process.communicate(timeout=120)[1]
    assert process.returncode == 0, said
    assert f"{len(before)} of {RUNS} runs are already there" in said
    after = finished(store)
    assert len(after) == RUNS
    assert {key: after[key] for key in before} == before
    assert runs_of(tmp_path / "out") == {
        "planned": RUNS,
        "computed": RUNS - len(before),
        "reused": len(before),
        "failed": 0,
        "not_run": 0,
    }
    for file in ("runs.csv", "runs.parquet", "tables/points.csv"):
        assert (tmp_path / "out" / file).read_bytes() == (tmp_path / "undisturbed" / file).read_bytes()
    whole = {file.parent.name: file.read_bytes() for file in (tmp_path / "whole").glob("??/*/run.json")}
    assert {file.parent.name: file.read_bytes() for file in store.glob("??/*/run.json")} == whole
    # Nothing is left of what was under way.
    assert not list(store.glob(f"{DRAFT}*")) and not list(store.glob(f"{CLAIMS}/*"))


@pytest.mark.slow
def test_workers_outlive_their_killed_parent_without_harm(tmp_path: Path) -> None:
    """Who kills one process by its number leaves its workers behind for a moment, in the middle of runs."""
    write_design(tmp_path, {"barriers.culture": {**LEVELS, "steps": 60}})
    arguments = (*ARGUMENTS, "workers=2", "store=killed", "hydra.run.dir=out")
    store = tmp_path / "killed"
    process = started(tmp_path, *arguments)
    try:
        wait_for_runs(process, store, 10)
        process.kill()
        process.wait()
        before = finished(store)
        again = started(tmp_path, *arguments)
        said = again.communicate(timeout=120)[1]
    finally:
        # They have usually ended by now.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert again.returncode == 0, said
    after = finished(store)
    assert len(after) == 60
    assert {key: after[key] for key in before} == before


def test_a_claim_of_a_process_that_nobody_buries_is_lost(tmp_path: Path) -> None:
    """Its parent lives and does not ask how it ended, so that its number stays taken."""
    code = f"from pathlib import Path; from experiments.store import Store; Store(Path({str(tmp_path)!r})).claim('key')"
    process = subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(ROOT)})
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert (tmp_path / CLAIMS / "key").exists()
    assert Store(tmp_path).claim("key")
    process.wait()


def test_a_claim_of_a_process_whose_number_another_one_has_is_lost(tmp_path: Path) -> None:
    """As after a container was started again, which gives the same few numbers to its processes."""
    store, claim = Store(tmp_path), tmp_path / CLAIMS / "key"
    assert store.claim("key") and not store.claim("key")
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as another:
        claim.write_text(claim.read_text().replace(f":{os.getpid()}", f":{another.pid}"))
        assert store.claim("key")
        another.communicate(b"\n")


def test_a_claim_is_lost_if_its_process_was_killed_before_it_signed(tmp_path: Path) -> None:
    store, claim = Store(tmp_path), tmp_path / CLAIMS / "key"
    claim.parent.mkdir()
    claim.touch()
    assert not store.claim("key")
    a_minute_ago = time.time() - 60
    os.utime(claim, (a_minute_ago, a_minute_ago))
    assert store.claim("key")


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-40])


def empty(file: Path) -> None:
    file.write_bytes(b"")


def remove(file: Path) -> None:
    file.unlink()


def change_a_digit(file: Path) -> None:
    content = json.loads(file.read_text())
    content["headline"]["gave_up"] = 0.123
    file.write_text(json.dumps(content))


def flip_a_bit(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


DAMAGES = (cut, empty, remove, change_a_digit, flip_a_bit)


def test_spoilt_numbers_are_noticed_and_only_they_are_computed_again(tmp_path: Path, journeys: Journeys) -> None:
    write_design(tmp_path, {"barriers.culture": [0, 0.2, 0.4, 0.6, 0.8, 1]})
    arguments = ("sweep", *ARGUMENTS, "workers=1", "store=store", "hydra.run.dir=out")
    assert journeys(*arguments).status == 0
    store, table = tmp_path / "store", (tmp_path / "out/runs.csv").read_bytes()
    before = finished(store)
    spoilt = dict(zip(sorted(before), DAMAGES, strict=False))
    for key, damage in spoilt.items():
        damage(store / key[:2] / key / "run.json")
    answer = journeys(*arguments)
    assert answer.status == 0
    assert "1 of 6 runs are already there" in answer.err
    files = {f"{key[:2]}/{key}/run.json" for key in spoilt}
    assert set(json.loads((tmp_path / "out/manifest.json").read_text())["damaged"]) == files
    assert "5 stored runs are damaged and computed again: " in answer.err
    assert all(f"store/{file}" in answer.err for file in files)
    assert runs_of(tmp_path / "out")["computed"] == len(DAMAGES)
    after = finished(store)
    assert {key for key in before if after[key] == before[key]} == set(before) - set(spoilt)
    assert (tmp_path / "out/runs.csv").read_bytes() == table


def test_spoilt_tables_are_noticed_and_only_they_are_computed_again(
    tmp_path: Path, journeys: Journeys, no_figures: None
) -> None:
    arguments = ("compare", "scenario.folder=place", "workers=1", "store=store", "hydra.run.dir=out", "replications=3")
    assert journeys(*arguments).status == 0
    store, table = tmp_path / "store", (tmp_path / "out/runs.parquet").read_bytes()
    before = finished(store)
    spoilt = dict(zip(sorted(before), (cut, empty, remove, flip_a_bit), strict=False))
    for key, damage in spoilt.items():
        damage(store / key[:2] / key / "episodes.parquet")
    said = journeys(*arguments).err
    assert "2 of 6 runs are already there" in said
    assert all(f"store/{key[:2]}/{key}/episodes.parquet" in said for key in spoilt)
    assert runs_of(tmp_path / "out")["computed"] == len(spoilt)
    after = finished(store)
    assert {key for key in before if after[key] == before[key]} == set(before) - set(spoilt)
    assert (tmp_path / "out/runs.parquet").read_bytes() == table
