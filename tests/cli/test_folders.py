"""Folders: places whatever they are called, and output folders that are never another comparison's."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.cli.conftest import Answer, Journeys
from tests.places import TWO_PROVIDERS, write_place

SMALL = ("scenario.folder=place", "replications=2", "workers=1")
LINKED = "Referral letters + link_worker, navigators 3"

pytestmark = pytest.mark.usefixtures("no_figures")


@pytest.fixture(autouse=True)
def place(tmp_path: Path) -> Path:
    return write_place(tmp_path / "place", **TWO_PROVIDERS)


@pytest.mark.parametrize("command", ["run", "compare"])
def test_each_start_has_a_folder_of_its_own(command: str, journeys: Journeys) -> None:
    def folders(*arguments: str) -> dict[str, str]:
        shown = yaml.safe_load(journeys(command, "--cfg", "hydra", "--resolve", *arguments).out)["hydra"]
        return {name: shown[name]["dir"] for name in ("run", "sweep")}

    first, second = folders(), folders()
    for name in ("run", "sweep"):
        assert first[name] != second[name]
        assert re.fullmatch(rf"outputs/{command}/\d{{4}}-\d\d-\d\d_\d\d-\d\d-\d\d-\d{{6}}", first[name])


@pytest.mark.parametrize("name", ["Zürich", "東京", "a ${x} b", "\\${x}", "2024", "null", "1e3", "a, b", "a=b"])
def test_a_place_may_be_called_anything(name: str, journeys: Journeys) -> None:
    write_place(Path(name), {"title": "Strange place", "barriers": {"culture": 0.25}}, **TWO_PROVIDERS)
    answer = journeys("run", f"scenario.folder={name}", "hydra.run.dir=out")
    assert answer.status == 0, answer
    assert "Strange place" in answer.out
    manifest = json.loads(Path("out/manifest.json").read_text())
    assert manifest["scenario"]["name"] == name
    assert manifest["parameters"]["barriers"]["culture"] == 0.25


def test_a_file_is_not_a_place(journeys: Journeys) -> None:
    Path("notes").write_text("")
    answer = journeys("check", "scenario.folder=notes")
    assert answer.status == 2
    assert "'notes' is not a folder but a file" in answer.err


def state() -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in Path("out").rglob("*") if file.is_file()}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["seed=2"], "seed is 1 there, 2 here"),
        (["arms=[fragmented]"], "arms are [fragmented, integrated] there, [fragmented] here"),
        (["arms=[integrated,fragmented]"], "arms are [fragmented, integrated] there, [integrated, fragmented] here"),
        (["journey.rebook=0.125", "seed=2"], "journey.rebook is"),
        (["replications=1"], "last replicate is 1 there, 0 here"),
        (["scenario.folder=other"], "scenario is place there, other here"),
    ],
)
def test_another_comparison_does_not_overwrite_one(arguments: list[str], said: str, journeys: Journeys) -> None:
    write_place(Path("other"), {"barriers": {"culture": 0.25}}, **TWO_PROVIDERS)
    assert journeys("compare", *SMALL, "hydra.run.dir=out").status == 0
    before = state()
    changed = {text.partition("=")[0] for text in arguments}
    kept = [text for text in SMALL if text.partition("=")[0] not in changed]
    for command in ("compare", "check"):
        answer = journeys(command, *kept, *arguments, "hydra.run.dir=out")
        refused(answer, "'out' holds other results, which would be overwritten", said)
    assert state() == before


def refused(answer: Answer, *said: str) -> None:
    assert answer.status == 2, answer
    for words in said:
        assert words in answer.err


def test_a_run_does_not_overwrite_another(journeys: Journeys) -> None:
    run = ("run", "scenario.folder=place", "hydra.run.dir=out")
    assert journeys(*run, "replicate=1").status == 0
    refused(journeys(*run, "replicate=2"), "replicate is 1 there, 2 here")
    refused(journeys(*run, "replicate=1", "coordination.records=separate"), "mechanisms of the arms integrated")
    refused(journeys("compare", *SMALL, "hydra.run.dir=out"), "command is run there, compare here")
    assert journeys(*run, "replicate=1").status == 0


def test_an_unfinished_comparison_may_be_made_shorter(journeys: Journeys) -> None:
    journeys("compare", *SMALL, "hydra.run.dir=out")
    file = Path("out/manifest.json")
    file.write_text(json.dumps({**json.loads(file.read_text()), "status": "interrupted"}))
    short = journeys("compare", "scenario.folder=place", "workers=1", "replications=1", "hydra.run.dir=out")
    assert short.status == 0


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"command": "compare"}'])
def test_a_manifest_of_something_else_is_not_overwritten(content: str, journeys: Journeys) -> None:
    Path("out").mkdir()
    Path("out/manifest.json").write_text(content)
    refused(journeys("compare", *SMALL, "hydra.run.dir=out"), "manifest.json is not one of this program")
    assert Path("out/manifest.json").read_text() == content


def test_the_jobs_of_a_sweep_are_kept_likewise(journeys: Journeys) -> None:
    sweep = ("compare", "-m", *SMALL, "hydra.sweep.dir=many")
    assert journeys(*sweep, "seed=1,2").status == 0
    answer = journeys(*sweep, "seed=1,3")
    refused(answer, "'many/1' holds other results", "seed is 2 there, 3 here")
    assert "many/0" not in answer.err
    assert journeys(*sweep, "seed=1,2").status == 0


def test_what_was_changed_is_said_and_stored(journeys: Journeys) -> None:
    answer = journeys("compare", *SMALL, "barriers.data_sharing=0.875", "hydra.run.dir=out")
    assert answer.out.splitlines()[2].startswith("Changed: barriers.data_sharing ")
    assert answer.out.splitlines()[2].endswith(" -> 0.875")
    runs = pd.read_parquet("out/runs.parquet")
    assert (runs["barriers.data_sharing"] == 0.875).all()
    assert (runs["scenario"] == "place").all()
    assert not any(name.startswith("journey.") for name in runs)
    assert json.loads(Path("out/manifest.json").read_text())["changed"]["barriers.data_sharing"][1] == 0.875


@pytest.mark.parametrize(
    ("arguments", "title"),
    [
        ([], "Referral letters"),
        (["coordination.records=shared"], "Referral letters + shared"),
        (["coordination.navigators=3"], "Referral letters + navigators 3"),
        (["coordination.navigators=3", "coordination.navigation=link_worker"], LINKED),
        (["coordination.records=shared", "coordination.title=Mine"], "Mine"),
    ],
)
def test_a_changed_coordination_is_called_so(arguments: list[str], title: str, journeys: Journeys) -> None:
    answer = journeys("run", "scenario.folder=place", "coordination=letter", *arguments)
    assert answer.out.startswith(f"Small place: {title}\n")


@pytest.mark.parametrize(
    ("arm", "title"),
    [
        ("letter+navigators:3+navigation:link_worker", LINKED),
        ("letter+navigators:3", "Referral letters + navigators 3"),
        ("letter+title:Mine", "Mine"),
        ("letter+title:Mine+records:shared", "Mine"),
        ("letter+records:separate", "Referral letters"),
        ("letter+description:something", "Referral letters"),
    ],
)
def test_a_changed_arm_is_called_likewise(arm: str, title: str, journeys: Journeys) -> None:
    answer = journeys("check", "scenario.folder=place", f"arms=[{arm}]")
    assert f"  {arm}  {title}\n" in answer.out
