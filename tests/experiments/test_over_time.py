"""The figure over time counts by the day on which things began, and marks initiatives where they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from experiments.figures import marks_of, over_time_data, style
from experiments.figures.layout import text_width
from experiments.figures.over_time import Mark, draw_over_time, mark_lines, needs_shown
from experiments.figures.spread import runs_of_arms
from sim import Coordination, Scenario, simulate
from sim.schema.initiatives import InitiativeRow
from sim.schema.parameters import Time
from tests.experiments.drawn import assert_readable, texts_of

TIME = Time(horizon_days=228.0, warmup_days=40.0, followup_days=60.0)
"""Observed for 28 days are the first 200: 40 periods of 5 days."""
ARMS = {"fragmented": "Fragmented", "pilot": "Pilot"}


def episodes_of(rows: list[tuple[str, int, float, float, str, str]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["arm", "replicate", "onset", "days", "state", "origin"])


def handoffs_of(rows: list[tuple[str, int, float, float, str]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["arm", "replicate", "made", "dropped", "state"])


def runs_with(replicates: int) -> pd.DataFrame:
    return pd.DataFrame([(arm, n) for arm in ARMS for n in range(replicates)], columns=["arm", "replicate"])


def value(data: pd.DataFrame, series: str, arm: str, day: float) -> float:
    row = data[(data["series"] == series) & (data["arm"] == arm) & (data["day"] == day)]
    return float(row["value"].iloc[0])


def test_needs_count_by_the_day_on_which_they_arose() -> None:
    episodes = episodes_of(
        [
            ("fragmented", 0, 101.0, 28.0, "supported", ""),
            ("fragmented", 0, 102.0, 28.1, "supported", ""),
            ("fragmented", 0, 103.0, 5.0, "gave_up", ""),
            ("fragmented", 0, 104.0, 5.0, "supported", "crisis"),
            ("fragmented", 1, 100.0, 1.0, "supported", "raised"),
            # Not observed for 28 days.
            ("fragmented", 0, 201.0, 1.0, "supported", ""),
        ]
    )
    data = over_time_data(episodes, handoffs_of([]), runs_with(2), {"fragmented": "Fragmented"}, TIME)
    # One of three in the first replicate, one of one in the second; the need taken up again has been counted before.
    assert value(data, "supported", "fragmented", 102.5) == pytest.approx((100 / 3 + 100) / 2)
    assert list(data["day"]) == [102.5]
    assert float(data["low"].iloc[0]) < float(data["value"].iloc[0]) < float(data["high"].iloc[0])


def test_handoffs_count_by_the_day_on_which_they_were_made() -> None:
    handoffs = handoffs_of(
        [
            ("pilot", 0, 50.0, 78.0, "dropped"),
            ("pilot", 0, 51.0, 79.5, "dropped"),
            ("pilot", 0, 52.0, np.nan, "attended"),
            ("pilot", 0, 54.9, np.nan, "under_way"),
        ]
    )
    data = over_time_data(episodes_of([]), handoffs, runs_with(1), ARMS, TIME)
    assert value(data, "dropped", "pilot", 52.5) == 25.0
    assert data["low"].isna().all()


def test_all_needs_of_a_run_are_those_of_its_ledger() -> None:
    """Over all periods together: the share of all needs that arose in time to be observed."""
    short = {"time": {"horizon_days": 228.0, "warmup_days": 40.0, "followup_days": 60.0}}
    result = simulate(Scenario.load("three_journeys", short))
    episodes, handoffs = (table.assign(arm="fragmented", replicate=0) for table in (result.episodes, result.handoffs))
    data = over_time_data(episodes, handoffs, runs_with(1), {"fragmented": "Fragmented"}, TIME)
    early = episodes[(episodes["onset"] < 200) & (episodes["origin"] != "crisis")]
    sizes = np.bincount((early["onset"] // 5).astype(int))
    shares = data[data["series"] == "supported"]["value"].to_numpy()
    hits = ((early["state"] == "supported") & (early["days"] <= 28)).sum()
    assert (shares * sizes).sum() / 100 == pytest.approx(hits)


def initiative(**cells: object) -> InitiativeRow:
    return InitiativeRow.model_validate(
        {"initiative": "pilot", "change": "handoff", "value": "letter", "from_day": 50.0} | cells
    )


def test_marks_say_when_initiatives_start_are_full_and_end() -> None:
    town = Scenario.load("three_journeys")
    everywhere = initiative(label="Letters", ramp_days=20.0)
    tables = replace(town.tables, initiatives=(everywhere,))
    rows = (
        initiative(districts="riverside;town_centre", spread_days=30.0, to_day=200.0),
        initiative(change="records", value="shared", from_day=70.0, to_day=150.0),
        initiative(initiative="too_late", from_day=5000.0),
    )
    arms = {"fragmented": Coordination(), "pilot": Coordination(initiatives=rows)}
    assert marks_of(replace(town, tables=tables), arms, ARMS) == [
        Mark("Letters", "", "", 50.0, 70.0, town.parameters.time.horizon_days, "in all 8 districts"),
        Mark("pilot", "pilot", "Pilot", 50.0, 80.0, 200.0, "in all 8 districts"),
    ]


@pytest.mark.parametrize(
    ("cells", "where"),
    [
        ({"districts": "riverside"}, "in 1 of 8 districts"),
        ({"districts": "riverside;town_centre"}, "in 2 of 8 districts"),
        ({}, "in all 8 districts"),
        ({"change": "places.talking_therapies", "value": "3"}, ""),
    ],
)
def test_marks_say_how_many_districts_an_initiative_reaches(cells: dict[str, object], where: str) -> None:
    town = Scenario.load("three_journeys")
    tables = replace(town.tables, initiatives=(initiative(**cells),))
    (mark,) = marks_of(replace(town, tables=tables), {}, {})
    assert mark.where == where
    assert mark_lines(mark, 910.0, 200.0) == [", ".join(filter(None, ["pilot", where, "from day 50"]))]
    assert mark_lines(mark, 910.0, 200.0, most=2) == mark_lines(mark, 910.0, 200.0)


def test_an_initiative_that_ends_early_is_drawn_as_high_as_it_gets() -> None:
    town = Scenario.load("three_journeys")
    row = initiative(districts="riverside;town_centre;north_estate", spread_days=30, ramp_days=40, to_day=75.0)
    (mark,) = marks_of(replace(town, tables=replace(town.tables, initiatives=(row,))), {}, {})
    assert (mark.full, mark.end, mark.height) == (150.0, 75.0, 0.25)
    complete = replace(mark, end=200.0)
    figure = draw_over_time(*one_run(), ARMS, TIME, marks=[mark, complete])
    bars = {patch.get_gid(): patch.get_path().vertices[:, 1] for axes in figure.axes for patch in axes.patches}
    assert np.ptp(bars["mark-0"]) == pytest.approx(0.25 * np.ptp(bars["mark-1"]))


def test_a_long_name_keeps_its_dates() -> None:
    words = "Culture programme across the town, with training of all of the staff in every organisation"
    mark = Mark(
        words, "pilot", "Pilot with a long descriptive title of its own", 50.0, 50.0, 120.0, "in 1 of 8 districts"
    )
    (said,) = mark_lines(mark, 228.0, 120.0)
    assert text_width(said) <= 120.0
    assert said.startswith("Pilot with a") and "…: Culture programme" in said
    assert said.endswith("…, in 1 of 8 districts, day 50 to 120")
    first, second = mark_lines(mark, 228.0, 74.0, most=2)
    assert text_width(first) <= 74.0 and first.startswith("Pilot with a") and "…: Culture programme" in first
    assert second == "in 1 of 8 districts, day 50 to 120"


def test_initiatives_of_all_arms_look_like_those_of_no_arm() -> None:
    marks = [Mark("all", "", "", 10.0, 10.0, 228.0), Mark("own", "pilot", "Pilot", 10.0, 10.0, 228.0)]
    figure = draw_over_time(*one_run(), ARMS, TIME, marks=marks)
    bars = {patch.get_gid(): patch for axes in figure.axes for patch in axes.patches}
    assert bars["mark-0"].get_hatch() and not bars["mark-1"].get_hatch()
    looks = style.looks_of_arms([f"arm_{number}" for number in range(6)])
    assert style.GREY not in {look.colour for look in looks.values()}


def test_nothing_looks_like_data_after_the_last_period() -> None:
    figure = draw_over_time(*one_run(), ARMS, TIME)
    drawn = {line.get_gid(): line for axes in figure.axes for line in axes.get_lines()}
    leader = drawn["to-label-fragmented"]
    assert leader.get_color() == style.GREY and leader.get_linestyle() != "-" and leader.get_linewidth() < 0.6
    for axes in figure.axes:
        for line in axes.get_lines():
            if line.get_transform() == axes.transAxes and not line.get_gid():
                assert min(line.get_xdata()) > 1.0


def test_the_figure_says_how_many_needs_and_runs_it_shows() -> None:
    said = " ".join(" ".join(texts_of(draw_over_time(*one_run(), ARMS, TIME))).split())
    assert "Needs that arose by day 200, 1 run an arm: Fragmented 40; Pilot 0." in said


def test_no_needs_at_all_is_said() -> None:
    runs = runs_with(2)
    sizes = needs_shown(episodes_of([]), ARMS, TIME)
    data = over_time_data(episodes_of([]), handoffs_of([]), runs, ARMS, TIME)
    said = texts_of(draw_over_time(data, sizes, runs_of_arms(runs, ARMS), ARMS, TIME))
    assert any(text.startswith("No needs to show") for text in said)


def one_run() -> tuple[pd.DataFrame, dict[str, int], dict[str, list[int]]]:
    """Return data, sizes and runs of one run in which a need arises every five days."""
    episodes = episodes_of([("fragmented", 0, 5.0 * n + 1.0, 10.0, "supported", "") for n in range(45)])
    runs = runs_with(1)
    data = over_time_data(episodes, handoffs_of([]), runs, ARMS, TIME)
    return data, needs_shown(episodes, ARMS, TIME), runs_of_arms(runs, ARMS)


@pytest.mark.parametrize("count", [0, 1, 4])
@pytest.mark.parametrize("width", [style.SINGLE_COLUMN, style.DOUBLE_COLUMN])
def test_the_figure_is_readable_with_any_number_of_initiatives(count: int, width: float) -> None:
    random = np.random.default_rng(3)
    rows = [
        (arm, replicate, onset, days, "supported", "")
        for arm in ARMS
        for replicate in range(3)
        for onset, days in zip(random.uniform(0, 220, 300), random.exponential(30, 300), strict=True)
    ]
    handoffs = [(arm, replicate, onset, onset + days, "dropped") for arm, replicate, onset, days, *_ in rows]
    runs = runs_with(3)
    data = over_time_data(episodes_of(rows), handoffs_of(handoffs), runs, ARMS, TIME)
    marks = [
        Mark(f"An initiative with a long name, {n}", "pilot", "Pilot", 50.0 + 40 * n, 60.0 + 40 * n, 228.0, "in 1 of 8")
        for n in range(count)
    ]
    sizes = needs_shown(episodes_of(rows), ARMS, TIME)
    figure = draw_over_time(data, sizes, runs_of_arms(runs, ARMS), ARMS, TIME, marks, width=width)
    assert_readable(figure)
    assert figure.get_figwidth() * 25.4 == pytest.approx(width)
    assert sum("Pilot: An initiative with a long name, " in text for text in texts_of(figure)) == count
    with style.house():
        lines = {line.get_gid() for axes in figure.axes for line in axes.get_lines() if line.get_gid()}
    assert {"line-fragmented", "line-pilot"} <= lines


def test_a_run_too_short_to_be_observed_says_so() -> None:
    time = Time(horizon_days=20.0, warmup_days=0.0, followup_days=5.0)
    runs = runs_with(1)
    data = over_time_data(episodes_of([]), handoffs_of([]), runs, ARMS, time)
    figure = draw_over_time(data, dict.fromkeys(ARMS, 0), runs_of_arms(runs, ARMS), ARMS, time)
    assert any("Nothing to show" in text for text in texts_of(figure))
