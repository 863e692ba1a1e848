"""``replications=auto``: as many worlds as it takes, the same however the work was divided."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sim import Result
from tests.cli.conftest import Journeys
from tests.places import TWO_PROVIDERS, write_place

AUTO = ("scenario.folder=place", "arms=[fragmented,accompanied]", "workers=1", "replications=auto", "half_width=4")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("experiments.figures.compare_figures", lambda *_, **__: [])
    return write_place(tmp_path / "place", **TWO_PROVIDERS)


def manifest(folder: str = "out") -> dict[str, Any]:
    return dict(json.loads(Path(folder, "manifest.json").read_text()))


def test_it_stops_when_the_difference_is_known_and_says_why(journeys: Journeys) -> None:
    answer = journeys("compare", *AUTO, "hydra.run.dir=out")
    assert answer.status == 0
    found = manifest()
    worlds = found["precision"]["worlds"]
    assert 15 <= worlds < 500
    assert found["precision"]["is_precise"]
    half_width, difference = (found["precision"][name]["accompanied"] for name in ("half_widths", "differences"))
    assert half_width <= max(4.0, 0.05 * abs(difference))
    assert found["replicates"] == [0, worlds - 1]
    assert found["runs"] == {"planned": 2 * worlds, "computed": 2 * worlds, "reused": 0, "failed": 0, "not_run": 0}
    said = " ".join(answer.out.split())
    assert f"Replications: auto, {worlds}: the interval is within 5 % of the difference, or within 4 days" in said
    assert f"{worlds} replications, seed 1." in said
    again = journeys("compare", *AUTO, "hydra.run.dir=out")
    assert again.out == answer.out
    assert manifest()["runs"]["reused"] == 2 * worlds


def test_it_goes_on_from_worlds_that_are_there_and_comes_to_the_same(journeys: Journeys) -> None:
    journeys("compare", *AUTO, "hydra.run.dir=whole", "store=null")
    arguments = [argument for argument in AUTO if not argument.startswith(("replications", "half_width"))]
    journeys("compare", *arguments, "replications=3", "hydra.run.dir=out")
    journeys("compare", *AUTO, "hydra.run.dir=out")
    assert manifest()["precision"] == manifest("whole")["precision"]
    assert manifest()["runs"]["reused"] == 6
    assert Path("out/tables/headline.csv").read_bytes() == Path("whole/tables/headline.csv").read_bytes()


def test_it_stops_at_the_most_and_says_so(journeys: Journeys) -> None:
    answer = journeys(
        "compare", *AUTO[:-1], "precision=1e-6", "most_replications=16", "precision_of=gave_up", "hydra.run.dir=out"
    )
    assert answer.status == 0
    assert manifest()["replicates"] == [0, 15]
    assert not manifest()["precision"]["is_precise"]
    assert "Replications: auto, 16: the most allowed, though the interval is not within 0.0001 % of the" in answer.out


def test_nothing_is_added_after_a_failure(journeys: Journeys, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Result.check_balance

    def broken(result: Result) -> None:
        if result.replicate == 2:
            raise RuntimeError("somebody was lost")
        whole(result)

    monkeypatch.setattr(Result, "check_balance", broken)
    answer = journeys("compare", *AUTO, "hydra.run.dir=out")
    assert answer.status == 1
    assert manifest()["replicates"] == [0, 14]
    assert manifest()["runs"]["failed"] == 2
    assert "14 replications" in answer.out and "auto" not in answer.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["replications=aut"], "replications: is 'aut'; allowed: a whole number from 1 to 1,000,000, or auto"),
        (["replications=0"], "replications: is 0; allowed: a whole number from 1 to 1,000,000, or auto"),
        (["replications=2.5"], "replications: is 2.5; allowed: a whole number from 1 to 1,000,000, or auto"),
        (["precision=0"], "precision: is 0; allowed: more than 0"),
        (["half_width=-1"], "half_width: is -1; allowed: more than 0"),
        (["most_replications=1"], "most_replications: is 1; allowed: at least 2"),
        (["precision_of=median"], "precision_of: is 'median'; allowed: supported_28, "),
        (["precision_of=median"], "did you mean 'median_days'?"),
        (["replications=auto", "arms=[letter]"], "replications: is auto, and there is one arm; allowed: a number, or"),
    ],
)
def test_bad_input(arguments: list[str], said: str, journeys: Journeys) -> None:
    answer = journeys("compare", "scenario.folder=place", "hydra.run.dir=out", *arguments)
    assert (answer.status, answer.out) == (2, "")
    assert said in answer.err
    assert not Path("out/manifest.json").exists()
