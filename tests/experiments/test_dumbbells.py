"""The figure of groups shows who gains and who loses, and leaves out groups in which chance would decide."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from experiments.equity import groups_table
from experiments.figures import style
from experiments.figures.dumbbell_rows import is_told_apart
from experiments.figures.dumbbells import draw_dumbbells, dumbbells_data, too_small
from tests.experiments.drawn import assert_readable, texts_of

ARMS = {"fragmented": "Fragmented", "integrated": "Integrated"}
LONG = ARMS | {
    "letter": "Referral letters",
    "key_worker": "Key workers",
    "a": "An arm that somebody gave a very long title indeed",
    "b": "Fragmented + any_door, tracked, link_worker, partial",
}
GROUPS = {
    "needs": {"1": 40.0, "2": 30.0, "4 or more": 200.0},
    "district": {"hill_villages": 12.0, "riverside": 90.0},
    "capability": {"low": 60.0, "high": 50.0},
    "first_door": {"public": 100.0},
}
"""Episodes of each group."""


def grouped(arms: dict[str, str], worlds: int, groups: dict[str, dict[str, float]] | None = None) -> pd.DataFrame:
    """Return outcomes by group of made-up runs: 60 days and 0.3 given up, and by arm 10 days and 0.1 more."""
    random = np.random.default_rng(5)
    rows = []
    for number, arm in enumerate(arms):
        for world in range(worlds):
            for grouping, sizes in (groups or GROUPS).items():
                for group, size in sizes.items():
                    chance = random.normal()
                    key = (arm, world, grouping, group)
                    rows.append((*key, "restricted_mean_days", 60.0 + 10.0 * number + chance, size))
                    rows.append((*key, "gave_up", 0.3 + 0.1 * number + 0.01 * chance, size))
    return pd.DataFrame(rows, columns=["arm", "replicate", "grouping", "group", "outcome", "value", "episodes"])


def table_of(arms: dict[str, str], worlds: int) -> pd.DataFrame:
    return groups_table(grouped(arms, worlds), list(arms))


def figure_of(table: pd.DataFrame, arms: dict[str, str], worlds: int, width: float = style.DOUBLE_COLUMN) -> Figure:
    runs = {arm: list(range(worlds)) for arm in arms}
    figure = draw_dumbbells(table, runs, arms, 180.0, "A town; seed 1.", width)
    assert_readable(figure)
    assert figure.get_figwidth() / style.MM == pytest.approx(width)
    return figure


def lines(figure: Figure) -> dict[str, Line2D]:
    return {str(line.get_gid()): line for axes in figure.axes for line in axes.get_lines() if line.get_gid()}


def test_a_row_has_both_arms_and_their_difference() -> None:
    table = table_of(ARMS, 4)
    data: dict[Any, Any] = dumbbells_data(table, ARMS).set_index(["outcome", "grouping", "group"]).to_dict("index")
    stored: dict[Any, Any] = table.set_index(["outcome", "grouping", "group", "arm"]).to_dict("index")
    for outcome, scale in (("restricted_mean_days", 1.0), ("gave_up", 100.0)):
        row, key = data[outcome, "needs", "2"], (outcome, "needs", "2")
        assert row["base"] == pytest.approx(scale * stored[*key, "fragmented"]["mean"])
        assert row["value"] == pytest.approx(scale * stored[*key, "integrated"]["mean"])
        for name in ("difference", "low", "high"):
            assert row[name] == pytest.approx(scale * stored[*key, "integrated"][name])
        assert (row["episodes"], row["n"]) == (30.0, 4)


def test_small_groups_and_groups_of_other_people_are_left_out() -> None:
    table = table_of(ARMS, 3)
    data = dumbbells_data(table, ARMS)
    assert set(data["grouping"]) == {"needs", "district", "capability"}
    assert set(data.loc[data["grouping"] == "district", "group"]) == {"riverside"}
    assert too_small(table, ARMS) == ["district hill villages"]
    said = texts_of(figure_of(table, ARMS, 3))
    assert "Riverside" in said and "Hill villages" not in said
    assert any("fewer than 20 needs a run: district hill villages." in text for text in said)


def test_a_group_that_is_small_in_one_arm_is_left_out() -> None:
    values = grouped(ARMS, 3)
    values.loc[(values["arm"] == "integrated") & (values["group"] == "low"), "episodes"] = 19.0
    table = groups_table(values, list(ARMS))
    assert "low" not in set(dumbbells_data(table, ARMS)["group"])


def test_joins_go_from_the_baseline_to_the_arm_and_are_dotted_where_zero_is_possible() -> None:
    table = table_of(ARMS, 5)
    is_alike = (table["group"] == "high") & (table["arm"] == "integrated")
    table.loc[is_alike, "low"] = -1.0
    figure = figure_of(table, ARMS, 5)
    data = dumbbells_data(table, ARMS)
    drawn = lines(figure)
    for row in data.itertuples(index=False):
        join = drawn[f"join-{row.outcome}-{row.arm}-{row.grouping}-{row.group}"]
        assert list(np.asarray(join.get_xdata())) == [row.base, row.value]
        assert (join.get_linestyle() == "-") == (row.group != "high")
    assert any("95 % interval includes zero" in text for text in texts_of(figure))
    marker = drawn["value-gave_up-integrated-needs-1"].get_marker()
    assert marker == style.looks_of_arms(ARMS)["integrated"].marker


def test_an_interval_that_is_missing_tells_nothing_apart() -> None:
    assert is_told_apart(1.0, 2.0) and is_told_apart(-2.0, -1.0)
    assert not is_told_apart(-1.0, 1.0) and not is_told_apart(math.nan, math.nan)


@pytest.mark.parametrize("width", [style.SINGLE_COLUMN, style.DOUBLE_COLUMN])
@pytest.mark.parametrize("count", [2, 3, 6])
def test_any_number_of_arms_is_readable(count: int, width: float) -> None:
    arms = dict(list(LONG.items())[:count])
    figure = figure_of(table_of(arms, 3), arms, 3, width)
    said = {text.replace("\n", " ") for text in texts_of(figure)}
    assert set(arms.values()) <= said
    assert any(text.endswith("A town; seed 1.") for text in said)


@pytest.mark.parametrize("width", [style.SINGLE_COLUMN, style.DOUBLE_COLUMN])
def test_of_many_districts_the_largest_are_drawn(width: float) -> None:
    districts = {f"district_{number}": 30.0 + number for number in range(15)}
    table = groups_table(grouped(ARMS, 2, {"district": districts}), list(ARMS))
    said = texts_of(figure_of(table, ARMS, 2, width))
    assert "District 3" in said and "District 2" not in said
    assert any("3 smaller groups not drawn" in text for text in said)


def test_one_world_has_no_intervals() -> None:
    figure = figure_of(table_of(ARMS, 1), ARMS, 1)
    assert any("one world gives no interval" in text for text in texts_of(figure))


@pytest.mark.parametrize(
    ("count", "width"), [(2, style.SINGLE_COLUMN), (5, style.SINGLE_COLUMN), (5, style.DOUBLE_COLUMN)]
)
def test_a_mean_that_is_missing_is_said(count: int, width: float) -> None:
    arms = dict(list(LONG.items())[:count])
    values = grouped(arms, 3)
    is_gone = (values["group"] == "low") & (values["replicate"] == 1) & (values["outcome"] == "gave_up")
    values.loc[is_gone, "value"] = math.nan
    figure = figure_of(groups_table(values, list(arms)), arms, 3, width)
    assert texts_of(figure).count("missing in some run") == count - 1


@pytest.mark.parametrize("width", [style.SINGLE_COLUMN, style.DOUBLE_COLUMN])
def test_nothing_to_compare_is_said(width: float) -> None:
    alone = {"fragmented": "Fragmented"}
    assert any("one arm" in text for text in texts_of(figure_of(table_of(alone, 2), alone, 2, width)))
    small = groups_table(grouped(ARMS, 2, {"needs": {"1": 3.0}}), list(ARMS))
    assert any("No group is large enough" in text for text in texts_of(figure_of(small, ARMS, 2, width)))
    assert any("No group is large enough" in text for text in texts_of(figure_of(small.iloc[:0], ARMS, 2, width)))


@pytest.mark.parametrize("count", [2, 4])
def test_a_single_column_has_the_same_rows_and_numbers(count: int) -> None:
    arms = dict(list(LONG.items())[:count])
    table = table_of(arms, 3)
    narrow, wide = (figure_of(table, arms, 3, width) for width in (style.SINGLE_COLUMN, style.DOUBLE_COLUMN))
    rows, same = lines(narrow), lines(wide)
    assert rows.keys() == same.keys()
    for name, row in rows.items():
        assert list(np.asarray(row.get_xdata())) == list(np.asarray(same[name].get_xdata()))
        assert (row.get_linestyle(), row.get_marker()) == (same[name].get_linestyle(), same[name].get_marker())

    def numbers(figure: Figure) -> list[str]:
        return sorted(text.get_text() for axes in figure.axes for text in axes.texts)

    assert numbers(narrow) == numbers(wide)
    assert {text for text in texts_of(wide) if text.startswith("n=")} <= set(texts_of(narrow))
    assert {axes.get_xlabel() for axes in narrow.axes} == {axes.get_xlabel() for axes in wide.axes if axes.axison}


def test_in_a_single_column_the_arms_of_a_group_stand_one_below_the_other_beside_their_differences() -> None:
    arms = dict(list(LONG.items())[:5])
    figure = figure_of(table_of(arms, 3), arms, 3, style.SINGLE_COLUMN)
    rows = lines(figure)
    others = list(arms)[1:]
    heights = [float(np.asarray(rows[f"join-gave_up-{arm}-needs-2"].get_ydata())[0]) for arm in others]
    assert np.diff(heights) == pytest.approx(np.full(len(others) - 1, heights[1] - heights[0]))
    assert heights == sorted(heights)
    below = float(np.asarray(rows[f"join-gave_up-{others[0]}-needs-4 or more"].get_ydata())[0])
    assert below - heights[-1] > heights[1] - heights[0]


@pytest.mark.parametrize(("width", "tallest"), [(style.SINGLE_COLUMN, 235.0), (style.DOUBLE_COLUMN, 225.0)])
def test_five_arms_of_a_place_with_many_districts_fit_a_page(width: float, tallest: float) -> None:
    arms = dict(list(LONG.items())[:5])
    groups = GROUPS | {
        "needs": {"1": 40.0, "2": 30.0, "3": 50.0, "4 or more": 200.0},
        "district": {f"market_village_{number}": 100.0 for number in range(8)},
        "capability": {"low": 60.0, "middle": 60.0, "high": 50.0},
    }
    figure = figure_of(groups_table(grouped(arms, 3, groups), list(arms)), arms, 3, width)
    assert figure.get_figheight() / style.MM <= tallest + 0.1
