"""The figure of the spread between runs shows each world, and how much less differences in the same world vary."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from experiments.figures import style
from experiments.figures.runs_spread import draw_runs_spread, runs_spread_data, worth_of_pairing
from experiments.figures.spread import runs_of_arms
from experiments.paired import compare_arms
from sim.outcomes.headline import HEADLINE
from tests.experiments.drawn import assert_readable, texts_of

ARMS = {"fragmented": "Fragmented", "integrated": "Integrated"}
LONG = ARMS | {
    "letter": "Referral letters",
    "a": "Fragmented + any_door, tracked, link_worker, partial, co_located, pooled, urgency",
    "b": "Fragmented + any_door, tracked, link_worker, partial, co_located, pooled, random_order",
}


def runs_of(arms: dict[str, str], worlds: int) -> pd.DataFrame:
    """Return runs in which most of what differs between worlds is the same in all arms."""
    random = np.random.default_rng(11)
    names = [outcome.name for outcome in HEADLINE]
    shared = random.normal(0.0, 0.05, (worlds, len(names)))
    parts = []
    for number, arm in enumerate(arms):
        values = 0.4 + 0.1 * number + shared + random.normal(0.0, 0.02, shared.shape)
        parts.append(pd.DataFrame(values, columns=names).assign(arm=arm, replicate=range(worlds)))
    return pd.concat(parts, ignore_index=True)


def figure_of(runs: pd.DataFrame, arms: dict[str, str], width: float = style.DOUBLE_COLUMN) -> Figure:
    figure = draw_runs_spread(runs_spread_data(runs, arms), runs_of_arms(runs, arms), arms, "A town; seed 1.", width)
    assert_readable(figure)
    assert figure.get_figwidth() / style.MM == pytest.approx(width)
    return figure


def words_of(figure: Figure) -> set[str]:
    """Return all words on a figure, wherever lines break."""
    return set(" ".join(texts_of(figure)).split())


def drawn(figure: Figure) -> dict[str, tuple[list[float], list[float]]]:
    return {
        str(line.get_gid()): (list(np.asarray(line.get_xdata())), list(np.asarray(line.get_ydata())))
        for axes in figure.axes
        for line in axes.get_lines()
        if line.get_gid()
    }


def test_differences_are_of_the_same_world() -> None:
    runs = runs_of(ARMS, 3)
    runs = runs[~((runs["arm"] == "fragmented") & (runs["replicate"] == 1))]
    data = runs_spread_data(runs, ARMS)
    shown: dict[Any, Any] = data.set_index(["outcome", "arm", "replicate"]).to_dict("index")
    values: dict[Any, Any] = runs.set_index(["arm", "replicate"])["supported_28"].to_dict()
    assert shown["supported_28", "integrated", 2]["value"] == pytest.approx(100 * values["integrated", 2])
    gap = 100 * (values["integrated", 2] - values["fragmented", 2])
    assert shown["supported_28", "integrated", 2]["difference"] == pytest.approx(gap)
    assert math.isnan(shown["supported_28", "integrated", 1]["difference"])
    assert data.loc[data["arm"] == "fragmented", "difference"].isna().all()
    # A share is in percent, days are not.
    assert shown["gave_up", "integrated", 1]["value"] > 1.0 > shown["median_days", "integrated", 1]["value"]


def test_the_worth_of_pairing_is_that_of_the_tables() -> None:
    runs = runs_of(LONG, 6)
    worths = worth_of_pairing(runs_spread_data(runs, LONG), LONG)
    table = compare_arms(runs, list(LONG)).set_index(["outcome", "arm"])["variance_ratio"]
    assert len(worths) == len(HEADLINE) * (len(LONG) - 1)
    for key, worth in worths.items():
        assert worth == pytest.approx(table[key])


def test_every_world_is_a_point_at_its_value_and_at_the_same_height_of_each_row() -> None:
    runs = runs_of(ARMS, 4)
    figure = figure_of(runs, ARMS)
    points = drawn(figure)
    row = points["value-median_days-integrated"][1][0] - points["value-median_days-fragmented"][1][0]
    for arm in ARMS:
        values = runs.loc[runs["arm"] == arm, "median_days"].tolist()
        assert points[f"value-median_days-{arm}"][0] == pytest.approx(values)
        assert points[f"mean-value-median_days-{arm}"][0] == pytest.approx([np.mean(values)] * 2)
    first, second = (np.array(points[f"value-median_days-{arm}"][1]) for arm in ARMS)
    assert second - first == pytest.approx(np.full(4, row))
    assert "difference-median_days-fragmented" not in points
    assert len(points["difference-median_days-integrated"][0]) == 4


def test_values_and_differences_have_the_same_scale() -> None:
    figure = figure_of(runs_of(ARMS, 5), ARMS)
    panels = [axes for axes in figure.axes if axes.axison]
    assert len(panels) == 2 * len(HEADLINE)
    for values, gaps in zip(panels[::2], panels[1::2], strict=True):
        assert np.ptp(values.get_xlim()) == pytest.approx(np.ptp(gaps.get_xlim()))
        assert values.get_position().width == pytest.approx(gaps.get_position().width)
        assert gaps.get_xlim()[0] < 0.0 < gaps.get_xlim()[1]


@pytest.mark.parametrize("width", [style.SINGLE_COLUMN, style.DOUBLE_COLUMN])
@pytest.mark.parametrize("count", [1, 5])
def test_any_number_of_arms_is_readable(count: int, width: float) -> None:
    arms = dict(list(LONG.items())[:count])
    figure = figure_of(runs_of(arms, 3), arms, width)
    assert figure.get_figheight() / style.MM < (225.5 if width == style.DOUBLE_COLUMN else 235.5)
    said = {text.replace("\n", " ") for text in texts_of(figure)}
    shown = [title for title in arms.values() if title in said or any(title.startswith(t.rstrip("…")) for t in said)]
    assert shown == list(arms.values())
    # Only their ends tell these two apart.
    assert count < 5 or {LONG["a"], LONG["b"]} <= said
    assert any(text.endswith("A town; seed 1.") for text in said)
    assert ("Worth" in said) == (count > 1)


def test_an_outcome_that_is_missing_in_a_world_has_no_mean() -> None:
    runs = runs_of(ARMS, 4)
    runs.loc[1, "median_days"] = math.nan
    figure = figure_of(runs, ARMS)
    points = drawn(figure)
    assert len(points["value-median_days-fragmented"][0]) == 3
    assert "mean-value-median_days-fragmented" not in points and "mean-value-median_days-integrated" in points
    said = " ".join(" ".join(texts_of(figure)).split())
    assert "Median time to support, Fragmented, in 1 of 4." in said
    assert "\N{EN DASH}" in texts_of(figure)


def test_worlds_that_all_differ_alike_are_worth_more_than_can_be_said() -> None:
    runs = runs_of(ARMS, 4)
    names = [outcome.name for outcome in HEADLINE]
    runs[names] = np.repeat(np.tile([1.0, 2.0, 4.0, 8.0], 2)[:, None], len(names), axis=1)
    figure = figure_of(runs, ARMS)
    assert texts_of(figure).count("\N{INFINITY}") == len(HEADLINE)


def test_one_world_has_no_spread() -> None:
    figure = figure_of(runs_of(ARMS, 1), ARMS)
    assert any("takes more than one" in text for text in texts_of(figure))
    assert not any(name.startswith("mean-") for name in drawn(figure))


def test_arms_with_different_numbers_of_worlds_are_said() -> None:
    runs = runs_of(ARMS, 4)
    figure = figure_of(runs[~((runs["arm"] == "integrated") & (runs["replicate"] > 1))], ARMS)
    assert any("Worlds: Fragmented 4; Integrated 2." in text for text in texts_of(figure))


@pytest.mark.parametrize("width", [style.SINGLE_COLUMN, style.DOUBLE_COLUMN])
def test_without_outcomes_that_is_said(width: float) -> None:
    runs = runs_of(ARMS, 2)
    runs[[outcome.name for outcome in HEADLINE]] = math.nan
    assert any(text.startswith("No outcomes") for text in texts_of(figure_of(runs, ARMS, width)))


def test_a_single_column_says_and_shows_the_same() -> None:
    runs = runs_of(ARMS, 3)
    narrow, wide = (figure_of(runs, ARMS, width) for width in (style.SINGLE_COLUMN, style.DOUBLE_COLUMN))
    assert words_of(narrow) == words_of(wide)
    points, same = drawn(narrow), drawn(wide)
    assert points.keys() == same.keys()
    assert all(points[name][0] == pytest.approx(same[name][0]) for name in points if not name.startswith("zero-"))


def test_long_numbers_below_short_axes_stay_apart_and_show_the_scale() -> None:
    runs = runs_of(ARMS, 3)
    runs[[outcome.name for outcome in HEADLINE if outcome.unit != "share"]] *= 10_000.0
    figure = figure_of(runs, ARMS, style.SINGLE_COLUMN)
    for axes in figure.axes:
        if axes.axison:
            low, high = axes.get_xlim()
            ticks = axes.get_xticks()
            assert len(ticks) >= 2 and low <= min(ticks) and max(ticks) <= high


def test_points_stay_in_their_rows_where_these_are_low() -> None:
    figure = draw_runs_spread(
        runs_spread_data(runs_of(LONG, 4), LONG), {arm: [0, 1, 2, 3] for arm in LONG}, LONG, width=style.SINGLE_COLUMN
    )
    axes = next(axes for axes in figure.axes if axes.axison)
    row = axes.get_ylim()[0] / len(LONG)
    heights = drawn(figure)
    for position, arm in enumerate(LONG):
        own = heights[f"value-supported_28-{arm}"][1]
        assert position * row + 0.4 < min(own) and max(own) < (position + 1) * row - 0.4
