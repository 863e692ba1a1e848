"""What a sweep says of values: those of the command line hold everywhere, and none is lost, mixed or contradicted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from matplotlib.figure import Figure

from experiments.figures.drawing import Drawing
from experiments.figures.style import DOUBLE_COLUMN
from tests.cli.conftest import Answer, Journeys
from tests.experiments.drawn import texts_of
from tests.places import TWO_PROVIDERS, write_place

TIME = {"horizon_days": 60, "warmup_days": 10, "followup_days": 20}
MINE = ("sweep=mine", "workers=1", "--config-dir", "mine", "hydra.run.dir=out")
HERE = (*MINE, "scenario.folder=here")


@pytest.fixture(autouse=True)
def places(tmp_path: Path) -> None:
    write_place(tmp_path / "here", {"time": TIME, "barriers": {"data_sharing": 0.5, "culture": 1.0}}, **TWO_PROVIDERS)
    other = {"data_sharing": 0.2, "culture": {"all": 0.3, "voluntary": 0.8}}
    write_place(tmp_path / "towns/here", {"time": TIME, "barriers": other, "budget": "added"}, **TWO_PROVIDERS)


@pytest.fixture(autouse=True)
def drawings(monkeypatch: pytest.MonkeyPatch) -> list[Drawing]:
    """Keep figures that were to be drawn instead of drawing them."""
    kept: list[Drawing] = []

    def keep(drawings: Sequence[Drawing], *_: object) -> list[Path]:
        kept.extend(drawings)
        return []

    monkeypatch.setattr("experiments.figures.sweep.write_all", keep)
    return kept


def design(*parts: dict[str, Any], replications: int = 1) -> None:
    content = {"title": "My own", "question": "Why?", "arms": ["fragmented", "link_worker"], "design": list(parts)}
    Path("mine/sweep").mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump({**content, "replications": replications}, sort_keys=False)
    Path("mine/sweep/mine.yaml").write_text(text)


def done(answer: Answer) -> Answer:
    assert answer.status == 0, answer
    return answer


def said_in(drawing: Drawing) -> str:
    figure = drawing.draw(width=DOUBLE_COLUMN)
    assert isinstance(figure, Figure)
    return " ".join(" ".join(texts_of(figure)).split())


# --- what was said holds in every place ---------------------------------------------------------------------------


def planned(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Keep the plans of dry runs."""
    plans: list[Any] = []
    monkeypatch.setattr("experiments.sweep.foreseen", lambda plan, *_: plans.append(plan) or "")
    return plans


def barriers(plan: Any) -> list[Any]:
    return [point.scenario.parameters.barriers for point in plan.points]


@pytest.mark.parametrize("said", ["barriers.data_sharing=0.5", "barriers.data_sharing=0.7"])
def test_what_was_said_holds_in_every_place_though_it_is_the_own_value_of_one(
    said: str, journeys: Journeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans = planned(monkeypatch)
    design({"grid": {"scenario": ["here", "towns/here"]}})
    done(journeys("sweep", *HERE, said, "dry_run=true"))
    value = float(said.rpartition("=")[2])
    first, second = barriers(plans[-1])
    assert (first.data_sharing, second.data_sharing) == (value, value)
    # What was not said is that of the place.
    assert first.culture == 1.0 and second.culture == {"all": 0.3, "voluntary": 0.8}
    assert [point.scenario.parameters.budget for point in plans[-1].points] == ["equal", "added"]
    done(journeys("sweep", *HERE, "dry_run=true"))
    assert [one.data_sharing for one in barriers(plans[-1])] == [0.5, 0.2]


def test_a_group_of_barriers_and_levels_by_sector_hold_in_every_place(
    journeys: Journeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans = planned(monkeypatch)
    design({"grid": {"scenario": ["here", "towns/here"]}})
    done(journeys("sweep", *HERE, "barriers=none", "dry_run=true"))
    assert all(one.data_sharing == one.culture == 0.0 for one in barriers(plans[-1]))
    done(journeys("sweep", *HERE, "barriers.culture={all:0.1,public:0.9}", "dry_run=true"))
    assert [one.culture for one in barriers(plans[-1])] == [{"all": 0.1, "public": 0.9}] * 2


def test_what_makes_no_sense_in_another_place_is_refused_before_anything_runs(journeys: Journeys) -> None:
    design({"grid": {"scenario": ["here", "towns/here"]}})
    answer = journeys("sweep", *MINE, "scenario.folder=towns/here", "barriers.culture.voluntary=0.5")
    assert (answer.status, answer.out) == (2, "")
    assert "with scenario here" in answer.err and not Path("outputs").exists()


def test_what_was_said_is_in_a_column_and_the_foot_says_no_place(journeys: Journeys, drawings: list[Drawing]) -> None:
    design({"grid": {"scenario": ["here", "towns/here"]}})
    answer = done(journeys("sweep", *HERE, "barriers.data_sharing=0.5"))
    assert pd.read_csv("out/runs.csv")["barriers.data_sharing"].tolist() == [0.5] * 4
    assert "My own: here, towns/here, Fragmented (baseline)" in answer.out
    (drawing,) = drawings
    said = said_in(drawing)
    assert "barriers.data_sharing 0.5" in said and "was 0.2" not in said and "Small place" not in said


# --- cells --------------------------------------------------------------------------------------------------------


def test_numbers_and_levels_by_sector_in_one_column_are_words(journeys: Journeys, drawings: list[Drawing]) -> None:
    design({"grid": {"barriers.culture": [0.2, {"all": 0.3, "voluntary": 0.8}]}})
    done(journeys("sweep", *HERE))
    words = ["0.2", "{all:0.3,voluntary:0.8}"]
    for runs in (pd.read_parquet("out/runs.parquet"), pd.read_csv("out/runs.csv")):
        assert list(dict.fromkeys(runs["barriers.culture"])) == words
    assert not list(Path("out/tables").glob("break_even_*"))
    (drawing,) = drawings
    assert set(words) <= set(texts_of(drawing.draw(width=DOUBLE_COLUMN)))


def test_null_stands_at_the_value_of_the_place_and_is_called_as_it_is(
    journeys: Journeys, drawings: list[Drawing]
) -> None:
    design({"grid": {"place.demand": [0.5, None, 2]}})
    answer = done(journeys("sweep", *HERE))
    assert "as it is" in answer.out and "nan" not in answer.out
    points = pd.read_csv("out/tables/points.csv")
    labels = points.drop_duplicates("point")["label"].tolist()
    assert labels == ["place.demand=0.5", "as it is", "place.demand=2"]
    (drawing,) = drawings
    figure = drawing.draw(width=DOUBLE_COLUMN)
    lines = [line for line in figure.axes[0].get_lines() if str(line.get_gid()).startswith("line-")]
    assert [list(line.get_xdata()) for line in lines] == [[0.5, 1.0, 2.0]] * 2
    assert "Where place.demand is left as it is, that is 1." in said_in(drawing)


def test_null_is_a_word_where_the_place_has_no_one_number(journeys: Journeys, drawings: list[Drawing]) -> None:
    design({"grid": {"barriers.culture": [0.2, None]}})
    done(journeys("sweep", *MINE, "scenario.folder=towns/here"))
    (drawing,) = drawings
    assert {"0.2", "as it is"} <= set(texts_of(drawing.draw(width=DOUBLE_COLUMN)))
    assert not list(Path("out/tables").glob("break_even_*"))


def test_a_lone_null_is_called_as_it_is(journeys: Journeys) -> None:
    design({"grid": {"place.demand": [None]}})
    assert "    0  as it is\n" in done(journeys("sweep", *HERE, "dry_run=true")).out
    answer = done(journeys("sweep", *HERE))
    assert "as it is" in answer.out and "None" not in answer.out


def test_one_factor_at_a_time_has_a_line_a_point_and_is_compared_where_the_others_stay(
    journeys: Journeys, drawings: list[Drawing]
) -> None:
    alone = [{"place.demand": demand, "journey.retry_days": None} for demand in (0.5, 2.0)]
    alone += [{"place.demand": None, "journey.retry_days": days} for days in (5, 21, 60)]
    design({"list": alone})
    answer = done(journeys("sweep", *HERE))
    assert "\njourney.retry_days=5 " in answer.out and "as it is" not in answer.out
    drawn = {drawing.name: drawing for drawing in drawings}
    assert set(drawn) == {"sweep_lines_place.demand", "sweep_lines_journey.retry_days"}
    # At demand 1 retry days are 21, as at the other demands: not a mean of 5, 21 and 60.
    runs = pd.read_csv("out/runs.csv")
    base = runs[(runs["journey.retry_days"] == 21) & (runs["arm"] == "fragmented")]["restricted_mean_days"].mean()
    figure = drawn["sweep_lines_place.demand"].draw(width=DOUBLE_COLUMN)
    (line,) = [line for line in figure.axes[0].get_lines() if line.get_gid() == "line-restricted_mean_days--fragmented"]
    assert list(line.get_xdata()) == [0.5, 1.0, 2.0] and list(line.get_ydata())[1] == pytest.approx(base)
    assert "Of 5 points, the 3 at which the others have the same values all along." in said_in(
        drawn["sweep_lines_place.demand"]
    )


# --- figures ------------------------------------------------------------------------------------------------------


def test_nothing_is_joined_or_crossed_in_a_sample(journeys: Journeys, drawings: list[Drawing]) -> None:
    ranges = {"place.demand": [0.5, 2], "barriers.culture": [0, 1]}
    sample = {"method": "latin_hypercube", "points": 8, "seed": 1, "ranges": ranges}
    design({"sample": sample}, replications=2)
    done(journeys("sweep", *HERE))
    assert [drawing.name for drawing in drawings] == [f"sweep_points_{factor}" for factor in ranges]
    assert not list(Path("out/tables").glob("break_even_*"))
    effects = pd.read_csv("out/tables/main_effects.csv")
    assert set(effects["factor"]) == set(ranges) and set(effects["points"]) == {8}
    assert not math.isnan(effects["slope"].sum())
    assert "differ in several factors at once" in said_in(drawings[0])


def test_the_foot_does_not_say_what_is_varied(journeys: Journeys, drawings: list[Drawing]) -> None:
    design({"grid": {"budget": ["equal", "added"], "place.demand": [0.9, 1.1]}})
    done(journeys("sweep", *HERE, "journey.retry_days=30"))
    rows = texts_of(drawings[0].draw(width=DOUBLE_COLUMN))
    assert rows.index("equal") < rows.index("added"), "as in the design"
    assert "Rows: budget." in rows
    said = said_in(drawings[-1])
    assert "Mean over the points of budget" in said and "budget: equal" not in said
    assert "changed: journey.retry_days 30 (was 21)" in said


def test_a_panel_without_an_outcome_says_that_it_is_missing(journeys: Journeys, drawings: list[Drawing]) -> None:
    """The place is followed for 30 days after the first onsets: the share by 126 days is unknown."""
    design({"grid": {"coordination.records": ["separate", "shared"]}})
    done(journeys("sweep", *HERE))
    figure = drawings[0].draw(width=DOUBLE_COLUMN)
    assert texts_of(figure).count("missing") == 1


# --- names --------------------------------------------------------------------------------------------------------


def test_null_is_no_name_of_a_factor(journeys: Journeys) -> None:
    design({"grid": {"place.demand": [1, 2], None: [1, 2]}})  # type: ignore[dict-item]
    answer = journeys("sweep", *HERE)
    assert (answer.status, answer.out) == (2, "")
    assert "below design[0].grid a name is null (~)" in answer.err
