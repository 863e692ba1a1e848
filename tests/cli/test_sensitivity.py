"""``journeys sensitivity`` from end to end, on small places."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from experiments.convergence import convergence
from experiments.factors import check_name, is_number
from experiments.figures.drawing import Drawing
from experiments.figures.style import DOUBLE_COLUMN
from experiments.figures.tornado import tornado_table
from experiments.sensitivity import Factor, morris_design, morris_effects, sobol_design, sobol_indices
from sim import shipped, simulate
from sim.coordination import Coordination
from sim.outcomes.result import Result
from sim.scenario import Scenario
from sim.schema.problems import Complaints
from tests.cli.conftest import Answer, Journeys
from tests.places import TWO_PROVIDERS, write_place

RANGES = {"journey.retry_days": [5, 40], "handoffs.tracked.chases": [0, 3]}
FACTORS = [
    Factor("journey.retry_days", "Journey: retry days", 5, 40),
    Factor("handoffs.tracked.chases", "Handoffs, tracked: chases", 0, 3, is_whole=True, unit="times"),
]
TRACKED = [FACTORS[1], Factor("handoffs.tracked.days", "Handoffs, tracked: days", 1, 30)]
MINE = ("sensitivity=mine", "--config-dir", "conf_of_mine")
PLACE = ("scenario.folder=place", "workers=1", "hydra.run.dir=out")
ARMS = "arms=[fragmented,fragmented+handoff:tracked]"
SMALL = (*MINE, *PLACE, ARMS, "replications=2")
OTHER = "fragmented+handoff:tracked"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_set()
    return write_place(tmp_path / "place", {"barriers": {"data_sharing": 0.5}}, **TWO_PROVIDERS)


@pytest.fixture
def drawings(monkeypatch: pytest.MonkeyPatch) -> list[Drawing]:
    """Keep figures that were to be drawn instead of drawing them."""
    kept: list[Drawing] = []

    def keep(drawings: Sequence[Drawing], *_: object) -> list[Path]:
        kept.extend(drawings)
        return []

    monkeypatch.setattr("experiments.figures.drawing.write_all", keep)
    return kept


def write_set(factors: Any = RANGES, **more: Any) -> None:
    """Write a set of factors of the user's own."""
    folder = Path("conf_of_mine/sensitivity")
    folder.mkdir(parents=True, exist_ok=True)
    content = {"title": "Mine", "question": "What matters?", "factors": factors, **more}
    (folder / "mine.yaml").write_text(yaml.safe_dump(content, sort_keys=False))


def manifest() -> dict[str, Any]:
    return dict(json.loads(Path("out/manifest.json").read_text()))


def difference(outcome: str = "restricted_mean_days") -> np.ndarray[Any, Any]:
    """Return the differences by hand from the table of runs, shape (points, worlds)."""
    runs = pd.read_parquet("out/runs.parquet").set_index(["arm", "point", "replicate"])[outcome].unstack()
    return (runs.loc[OTHER] - runs.loc["fragmented"]).to_numpy()


def points(factors: Sequence[Factor] = FACTORS) -> np.ndarray[Any, Any]:
    names = [factor.name for factor in factors]
    return pd.read_parquet("out/runs.parquet").groupby("point")[names].first().to_numpy(float)


def rows_of(name: str, arm: str = OTHER, minus: str = "fragmented") -> pd.DataFrame:
    table = pd.read_csv(f"out/tables/{name}.csv", keep_default_na=False)
    chosen = table[(table["arm"] == arm) & (table["minus"] == minus)]
    return chosen.drop(columns=["arm", "minus"]).reset_index(drop=True)


def assert_same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Compare a table that was read with one by hand, whatever the order of its rows."""
    keys = [name for name in ("share", "factor") if name in expected]
    both = [table.sort_values(keys).reset_index(drop=True) for table in (found[list(expected)], expected)]
    for name in expected:
        left, right = both[0][name], both[1][name]
        if right.dtype.kind in "if":
            assert left.to_numpy(float) == pytest.approx(right.to_numpy(float), nan_ok=True), name
        else:
            assert left.tolist() == right.tolist(), name


def files_of(folder: str) -> set[str]:
    return {file.name for file in Path(folder).glob("*.*")}


def test_one_at_a_time_from_end_to_end(journeys: Journeys) -> None:
    answer = journeys("sensitivity", *SMALL)
    assert answer.status == 0, answer
    assert answer.out.startswith("\nMine: Small place, Fragmented (baseline) against Fragmented + tracked\n")
    assert "5 points, 2 replications of each, seed 1." in answer.out
    assert "The sign of the difference survives the range of" in answer.out
    for folder in ("out/figures", "out/figures/single_column"):
        ends = {f"tornado_fragmented+handoff=tracked.{kind}" for kind in ("pdf", "svg", "png")}
        assert files_of(folder) == ends
    assert manifest()["status"] == "finished"
    # The base again: at no end of a range.
    assert manifest()["runs"] == {"planned": 20, "computed": 20, "reused": 0, "failed": 0, "not_run": 0}
    said = manifest()["sensitivity"]
    assert (said["method"], said["outcome"]) == ("one_at_a_time", "restricted_mean_days")
    assert said["factors"] == RANGES
    assert said["points"][0] == {"journey.retry_days": 21.0, "handoffs.tracked.chases": 2}

    assert points().tolist() == [[21, 2], [5, 2], [40, 2], [21, 0], [21, 3]]
    assert len(pd.read_csv("out/runs.csv")) == 20
    expected = tornado_table(FACTORS, points(), difference())
    assert_same(rows_of("one_at_a_time"), expected)
    assert rows_of("one_at_a_time")["factor"].tolist() == expected["factor"].tolist()
    # Every point is the place with these values, in the same worlds.
    runs = pd.read_parquet("out/runs.parquet")
    alone = Scenario.load("place").changed({"journey.retry_days": 40.0})
    by_hand = simulate(alone, Coordination.load(OTHER), 1, 1).headline()
    found = runs[(runs["point"] == 2) & (runs["arm"] == OTHER) & (runs["replicate"] == 1)]
    assert found["gave_up"].tolist() == pytest.approx([by_hand["gave_up"]])
    base = runs[(runs["point"] == 0) & (runs["arm"] == "fragmented")]["restricted_mean_days"]
    own = rows_of("one_at_a_time", "fragmented", "")
    assert own["base"].tolist() == pytest.approx([base.mean()] * 2)
    assert set(own["sign_survives"]) == {""}


def test_morris_from_end_to_end(journeys: Journeys, drawings: list[Drawing]) -> None:
    answer = journeys("sensitivity", *SMALL, "method=morris", "trajectories=4", "outcome=supported_28")
    assert answer.status == 0, answer
    assert "Morris screening" in answer.out
    assert "Supported within 28 days, percentage points" in answer.out
    assert "Size from a part of the design: it has settled if it stays" in answer.out
    assert points().tolist() == morris_design(FACTORS, 4, 1).tolist()
    ends = ("fragmented+handoff=tracked", "fragmented_alone", "fragmented+handoff=tracked_alone")
    names = [f"{kind}_{end}" for end in ends for kind in ("morris", "convergence")]
    assert [drawing.name for drawing in drawings] == names
    assert len(drawings[0].draw(width=DOUBLE_COLUMN).axes) == 1
    assert len(drawings[1].draw(width=DOUBLE_COLUMN).axes) == len(FACTORS)
    outcomes = 100 * difference("supported_28")
    assert_same(rows_of("morris"), morris_effects(FACTORS, points(), outcomes))
    assert_same(rows_of("convergence"), convergence(morris_effects, FACTORS, points(), outcomes))


def test_sobol_from_end_to_end(journeys: Journeys, drawings: list[Drawing]) -> None:
    """Nothing is tracked in the baseline, so that no factor changes it by itself."""
    write_set({factor.name: [factor.low, factor.high] for factor in TRACKED})
    answer = journeys("sensitivity", *SMALL, "method=sobol", "samples=8")
    assert answer.status == 0, answer
    assert "with interactions (95 % interval)" in answer.out
    assert "Total from a part of the design: it has settled if it stays" in answer.out
    at = points(TRACKED)
    assert at.tolist() == sobol_design(TRACKED, 8, 1).tolist()
    assert_same(rows_of("sobol"), sobol_indices(TRACKED, at, difference()))
    assert_same(rows_of("convergence"), convergence(sobol_indices, TRACKED, at, difference()))
    assert rows_of("sobol")["total"].is_monotonic_decreasing

    assert "Nothing can be said of Fragmented, " in answer.err
    assert "the same at every point" in answer.err
    assert set(pd.read_csv("out/tables/sobol.csv")["arm"]) == {OTHER}
    ends = ("fragmented+handoff=tracked", "fragmented+handoff=tracked_alone")
    names = [f"{kind}_{end}" for end in ends for kind in ("sobol", "convergence")]
    assert [drawing.name for drawing in drawings] == names
    assert drawings[0].draw(width=DOUBLE_COLUMN).axes


@pytest.mark.usefixtures("drawings")
def test_goes_on_from_what_is_stored_and_does_not_overwrite_it(journeys: Journeys) -> None:
    first = journeys("sensitivity", *MINE, *PLACE, ARMS, "replications=1")
    assert first.status == 0, first
    assert "One world alone has no interval" in first.out
    answer = journeys("sensitivity", *SMALL)
    assert "10 of 20 runs are already there" in answer.err
    assert manifest()["runs"]["computed"] == 10
    table = Path("out/tables/one_at_a_time.csv").read_bytes()
    assert "20 of 20 runs are already there" in journeys("sensitivity", *SMALL).err
    assert Path("out/tables/one_at_a_time.csv").read_bytes() == table
    elsewhere = [argument.replace("dir=out", "dir=other") for argument in SMALL]
    assert "20 of 20 runs are already there" in journeys("sensitivity", *elsewhere, "outcome=gave_up").err
    # Other work does not overwrite what is there.
    for argument, said in {
        "outcome=gave_up": "outcome is restricted_mean_days there, gave_up here",
        "method=morris": "method is one_at_a_time there, morris here",
        "journey.retry_days=22": "journey.retry_days is 21 there, 22 here",
    }.items():
        answer = journeys("sensitivity", *SMALL, argument)
        assert (answer.status, answer.out) == (2, "")
        assert said in answer.err
    write_set({**RANGES, "journey.retry_days": [5, 50]})
    assert "factors, their ranges or how many points" in journeys("sensitivity", *SMALL).err


def test_a_dry_run_says_what_would_run_and_runs_nothing(journeys: Journeys) -> None:
    answer = journeys("sensitivity", *SMALL, "--dry-run", "method=sobol", "samples=16")
    assert answer.status == 0
    assert "64 points x 2 arms x 2 replications = 256 runs" in answer.out
    assert "5 to 40" in answer.out
    assert answer.out.endswith("Nothing was run.\n")
    assert not Path("outputs/store").exists()
    assert not Path("out/runs.parquet").exists()


@pytest.mark.usefixtures("drawings")
def test_a_world_with_a_failing_run_is_left_out(journeys: Journeys, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, three = Result.check_balance, (*MINE, *PLACE, ARMS, "replications=3")

    def broken(result: Result) -> None:
        if result.replicate == 1 and result.scenario.parameters.journey.retry_days == 40.0:
            raise RuntimeError("somebody was lost")
        whole(result)

    with monkeypatch.context() as patch:
        patch.setattr(Result, "check_balance", broken)
        answer = journeys("sensitivity", *three)
    assert answer.status == 1
    assert "2 of 30 runs failed" in answer.err
    assert "1 of 3 worlds are left out" in answer.out
    assert (rows_of("one_at_a_time")["worlds"] == 2).all()
    again = journeys("sensitivity", *three, "retry_failed=true")
    assert again.status == 0
    assert (rows_of("one_at_a_time")["worlds"] == 3).all()


def test_nothing_is_said_without_a_whole_world(journeys: Journeys, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(result: Result) -> None:
        if result.scenario.parameters.journey.retry_days == 40.0:
            raise RuntimeError("somebody was lost")

    monkeypatch.setattr(Result, "check_balance", broken)
    answer = journeys("sensitivity", *MINE, *PLACE, ARMS, "replications=1")
    assert answer.status == 1
    assert "Nothing can be said: no world has all of its 10 runs" in answer.err
    assert not Path("out/tables").exists()


@pytest.mark.usefixtures("drawings")
def test_what_is_not_observed_is_not_analysed(journeys: Journeys) -> None:
    """The place is followed for 80 days at most: the share by 126 days is unknown."""
    answer = journeys("sensitivity", *SMALL, "outcome=supported_126")
    assert answer.status == 0
    assert "Nothing can be said of Fragmented + tracked - Fragmented, Supported within 18 weeks" in answer.err
    assert "no outcome in 2 of 2 worlds" in answer.err


@pytest.mark.usefixtures("drawings")
def test_a_sensitivity_of_which_nothing_is_observed_has_failed(journeys: Journeys) -> None:
    short = ("time.horizon_days=60", "time.warmup_days=10", "time.followup_days=20")
    answer = journeys("sensitivity", *SMALL, "outcome=supported_126", *short)
    assert answer.status == 1
    assert "Nothing can be said: no difference and no arm could be analysed" in answer.err
    assert manifest()["status"] == "finished" and not Path("out/tables").exists()


def test_without_an_analysis_nothing_of_an_earlier_one_stays(
    journeys: Journeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert journeys("sensitivity", *SMALL).status == 0
    Path("out/tables/notes.csv").write_text("mine")
    Path("out/figures/mine.png").write_text("mine")
    monkeypatch.setattr("experiments.sensitivity_command.whole_worlds", lambda *_: [])
    answer = journeys("sensitivity", *SMALL)
    assert answer.status == 1
    assert "Tables and figures of an earlier end were taken away: 7 files." in answer.err
    # What somebody put there stays.
    assert files_of("out/tables") == {"notes.csv"} and files_of("out/figures") == {"mine.png"}
    assert files_of("out/figures/single_column") == set()


@pytest.mark.usefixtures("drawings")
def test_settings_of_arms_and_of_the_place_are_factors(journeys: Journeys) -> None:
    write_set(
        {"coordination.navigators": [1, 4], "arms.link_worker.front_door_days": [0.1, 1], "place.demand": [0.9, 1.2]}
    )
    answer = journeys("sensitivity", *MINE, *PLACE, "arms=[fragmented,link_worker]", "replications=1")
    assert answer.status == 0, answer
    assert manifest()["sensitivity"]["points"][0] == {
        "coordination.navigators": 2.0,
        "arms.link_worker.front_door_days": 0.1,
        "place.demand": 1.0,
    }


def refused(answer: Answer, *said: str) -> None:
    """Say that each of these is a problem of its own, and that nothing ran."""
    assert (answer.status, answer.out) == (2, ""), answer
    assert f"{len(said)} problem{'s' if len(said) > 1 else ''} in the input" in answer.err, answer.err
    for words in said:
        assert words in answer.err, answer.err
    assert not Path("out").exists()
    assert not Path("outputs").exists()


def test_bad_factors_are_named_all_at_once(journeys: Journeys) -> None:
    write_set(
        {
            "journey.retry_day": [5, 40],
            "journey.retry_days": [0, 40],
            "journey.rebook_days": [40, 5],
            "journey.unaware_days": 5,
            "handoffs.tracked.chases": [0, 2.5],
            "coordination.handoff": ["letter", "tracked"],
        },
        samples=12,
    )
    refused(
        journeys("sensitivity", *SMALL),
        "unknown factor 'journey.retry_day'",
        "factors.journey.retry_days: is 0; allowed: at least 0.01",
        "factors.journey.rebook_days: is [40, 5]; allowed: [low, high] with low below high",
        "factors.journey.unaware_days: is 5; allowed: [low, high]",
        "factors.handoffs.tracked.chases: is 2.5; allowed: a whole number",
        "factors.coordination.handoff: is a word, which cannot be drawn from a range",
        "sensitivity mine: samples: is 12; allowed: a power of two, 8 or more",
    )


def test_a_base_must_be_one_number_within_the_range(journeys: Journeys) -> None:
    write_set({"journey.retry_days": [30, 40], "coordination.navigators": [1, 5], "barriers.culture": [0, 1]})
    arms = "arms=[fragmented,link_worker,key_worker]"
    refused(
        journeys("sensitivity", *MINE, *PLACE, arms, "barriers.culture={all:0.2,voluntary:0.6}"),
        "journey.retry_days: is 21 in this place or its arms, outside the range; allowed: within 30 to 40",
        "coordination.navigators: has no one base: arms have 2, 4; allowed: arms.ARM.navigators",
        "barriers.culture: has no one base: it is {all: 0.2, voluntary: 0.6} here",
    )


@pytest.mark.parametrize(
    ("factors", "said"),
    [
        ({"arms.nobody.navigators": [1, 4]}, "unknown arm 'nobody'"),
        ({}, "factors: is empty"),
        (None, "factors: is None; allowed: a group of named values"),
    ],
)
def test_factors_of_nothing_are_refused(journeys: Journeys, factors: Any, said: str) -> None:
    write_set(factors)
    refused(journeys("sensitivity", *SMALL), said)


def test_bad_settings_are_named_all_at_once(journeys: Journeys) -> None:
    wrong = ("method=sobolev", "outcome=gave_upp", "samples=12", "trajectories=2", "arms=[fragmented]")
    refused(
        journeys("sensitivity", *MINE, *PLACE, *wrong),
        "method: is 'sobolev'; allowed: one_at_a_time, morris, sobol",
        "did you mean 'gave_up'?",
        "configuration: samples: is 12; allowed: a power of two, 8 or more",
        "trajectories: is 2; allowed: at least 4",
        "arms: are [fragmented]; allowed: the baseline and at least one arm to compare with it",
    )
    refused(
        journeys("sensitivity", *PLACE, "sensitivity=nine", "sample=8"),
        "unknown sensitivity 'nine'",
        "did you mean 'samples'?",
    )


def test_a_design_without_end_is_refused(journeys: Journeys) -> None:
    refused(journeys("sensitivity", *SMALL, "method=morris", "trajectories=50000"), "has 150,000 points")


@pytest.mark.parametrize("method", ["morris", "sobol"])
def test_without_salib_nothing_runs(journeys: Journeys, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    monkeypatch.setitem(sys.modules, f"SALib.sample.{method}", None)
    answer = journeys("sensitivity", *SMALL, f"method={method}")
    refused(answer, "SALib is not installed; allowed: pip install 'citizen-journeys[sensitivity]'")


def test_shipped_sets_are_about_numbers_and_listed(journeys: Journeys) -> None:
    files = sorted((shipped.folder("conf") / "sensitivity").glob("*.yaml"))
    answer = journeys("list", "sensitivities")
    for file in files:
        assert f"  {file.stem} " in answer.out
        complaints = Complaints()
        for name in yaml.safe_load(file.read_text(encoding="utf-8"))["factors"]:
            assert check_name(name, file.name, complaints), complaints
            assert is_number(name), name
    assert [file.stem for file in files] == ["assumptions"]


def test_the_shipped_set_fits_the_shipped_place(journeys: Journeys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("experiments.sensitivity_command.estimated", lambda *_: "")
    answer = journeys("sensitivity", "--dry-run")
    assert answer.status == 0, answer
    assert "31 points, 10 replications of each" in answer.out
