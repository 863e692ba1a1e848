"""Lines and maps of a sweep show the numbers of its tables, say where arms cross, and can be read."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.artist import Artist
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from experiments.figures import heat_map, style, sweep_lines
from experiments.figures.forest import outcome_of
from experiments.figures.heat_map import WORSE_HATCH, draw_heat_map, grid_of
from experiments.figures.saving import save
from experiments.figures.sweep_lines import NO_BREAK_EVEN, draw_lines
from experiments.sweep_tables import OUTCOMES, break_even, break_even_text, evenly, point_table, value_text, values_of
from tests.experiments.drawn import assert_readable, texts_of

WIDTHS = [style.DOUBLE_COLUMN, style.SINGLE_COLUMN]
ALL = {
    "fragmented": "Fragmented",
    "integrated": "Integrated",
    "link_worker": "Link workers for everybody who asks for one",
    "key_worker": "Key worker",
    "single_point_of_access": "Single point of access",
}
TWO = {name: ALL[name] for name in ("fragmented", "integrated")}
WORDS = {"load": "Demand over capacity", "sharing": "Barrier to data sharing (0: none, 1: complete)"}
LOADS = (0.6, 0.8, 1.0, 1.2, 1.5)
BOTH = ("load", "sharing")
MANY_ACROSS = ("sharing", "load")


def runs_of(points: Sequence[Mapping[str, Any]], arms: Mapping[str, str], worlds: int = 5) -> pd.DataFrame:
    """Runs in which arms are better at low load and worse at high load, and differ more or less between worlds."""
    random = np.random.default_rng(6)
    level = random.normal(0.0, 4.0, worlds)
    rows = []
    for number, point in enumerate(points):
        load, sharing = float(point.get("load", 0.9)), float(point.get("sharing", 0.5))
        for place, arm in enumerate(arms):
            for world in range(worlds):
                days = 90.0 + 40.0 * load + level[world] + place * (30.0 * (load - 1.0) + 12.0 * (sharing - 0.5))
                days += random.normal(0.0, 1.0)
                own = dict.fromkeys(OUTCOMES, days) | {"supported_126": 1.0 - days / 300.0, "gave_up": days / 400.0}
                own["dropped_per_100"] = 70.0 - 6.0 * place + level[world] / 4.0
                rows.append({"point": number, **point, "arm": arm, "replicate": world, **own})
    return pd.DataFrame(rows)


def along(worlds: int = 5, arms: Mapping[str, str] = TWO) -> pd.DataFrame:
    return runs_of([{"load": load} for load in LOADS], arms, worlds)


def on_grid(arms: Mapping[str, str] = TWO, count: int = 5, worlds: int = 3) -> pd.DataFrame:
    sharing = np.linspace(0.0, 1.0, count).round(3)
    return runs_of([{"load": load, "sharing": float(level)} for load in LOADS for level in sharing], arms, worlds)


def drawn_as(figure: Figure, gid: str) -> list[Artist]:
    return [found for axes in figure.axes for found in axes.findobj(lambda artist: artist.get_gid() == gid)]


def line_of(figure: Figure, gid: str) -> np.ndarray:
    (line,) = drawn_as(figure, gid)
    assert isinstance(line, Line2D)
    return np.asarray(line.get_xydata())


# --- lines --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("arms", [TWO, ALL], ids=["two arms", "five arms"])
def test_lines_over_one_and_two_factors_and_rows_of_words_can_be_read(arms: Mapping[str, str], width: float) -> None:
    names = list(arms)
    one, two = along(arms=arms), on_grid(arms)
    with_words = runs_of([{"sectors": mix} for mix in ("as it is", "public only", "mostly voluntary, some")], arms)
    few = ["restricted_mean_days", "gave_up"]
    foot = "Three journeys; 5 random worlds, seed 1; budget: equal."
    crossing, within = break_even(one, "load", names), break_even(two, "load", names, ["sharing"])
    table = point_table(two, BOTH, names)
    figures = [
        draw_lines(point_table(one, ["load"], names), "load", arms, crossing, words=WORDS, foot=foot, width=width),
        draw_lines(table, "load", arms, within, few, "sharing", words=WORDS, foot=foot, width=width),
        draw_lines(point_table(with_words, ["sectors"], names), "sectors", arms, None, few, foot=foot, width=width),
    ]
    for figure in figures:
        assert_readable(figure)
        assert figure.get_size_inches()[0] == pytest.approx(width * style.MM)


def test_a_line_goes_through_the_means_of_its_arm_in_the_units_of_people() -> None:
    table = point_table(along(), ["load"], list(TWO))
    figure = draw_lines(table, "load", TWO)
    means = table[(table["arm"] == "integrated") & (table["outcome"] == "supported_126")]
    drawn = line_of(figure, "line-supported_126--integrated")
    assert drawn[:, 0] == pytest.approx(LOADS)
    assert drawn[:, 1] == pytest.approx(100.0 * means["mean"].to_numpy())
    assert len(drawn_as(figure, "band-supported_126--integrated")) == 1


def test_a_line_is_broken_where_the_outcome_is_missing() -> None:
    runs = along()
    runs.loc[(runs["load"] == 1.0) & (runs["replicate"] == 0), "gave_up"] = math.nan
    drawn = line_of(draw_lines(point_table(runs, ["load"], list(TWO)), "load", TWO), "line-gave_up--fragmented")
    assert np.isnan(drawn[:, 1]).tolist() == [False, False, True, False, False]


def test_a_break_even_has_a_circle_on_the_line_of_the_baseline_an_interval_and_words() -> None:
    runs = along()
    crossing = break_even(runs, "load", list(TWO))
    table = point_table(runs, ["load"], list(TWO))
    figure = draw_lines(table, "load", TWO, crossing)
    found = crossing[crossing["outcome"] == "restricted_mean_days"].iloc[0]
    ((at, height),) = line_of(figure, "break-even-restricted_mean_days--integrated")
    base = line_of(figure, "line-restricted_mean_days--fragmented")
    assert at == pytest.approx(found["at"])
    assert height == pytest.approx(np.interp(at, base[:, 0], base[:, 1]))
    bar = line_of(figure, "interval-restricted_mean_days--integrated")
    assert bar[:, 0] == pytest.approx([found["low"], found["high"]])
    said = [text.replace("\N{NO-BREAK SPACE}", " ") for text in texts_of(figure)]
    assert break_even_text([found.to_dict()], LOADS) in said
    # Handoffs are dropped less at every load.
    assert NO_BREAK_EVEN in said
    # Whoever does not look for break-evens says nothing of them.
    assert NO_BREAK_EVEN not in texts_of(draw_lines(table, "load", TWO))


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (38.0, 47.2, "below 42 (38 to 47)"),
        (-math.inf, 47.2, "below 42 (up to 47)"),
        (38.0, math.inf, "below 42 (from 38)"),
        (-math.inf, math.inf, "below 42 (open)"),
        (math.nan, math.nan, "below 42"),
    ],
)
def test_a_break_even_in_words_says_which_ends_are_open(low: float, high: float, text: str) -> None:
    row = {"at": 42.3, "low": low, "high": high, "direction": "below"}
    assert break_even_text([row], [10.0, 90.0]) == text


@pytest.mark.parametrize("width", WIDTHS)
def test_crossings_within_one_interval_are_said_once(width: float) -> None:
    columns = ["arm", "outcome", "at", "low", "high", "direction"]
    found = pd.DataFrame(
        [
            ("integrated", "gave_up", 0.7, 0.65, 1.3, "below"),
            ("integrated", "gave_up", 0.9, 0.65, 1.3, "above"),
            ("integrated", "gave_up", 1.2, 0.65, 1.3, "below"),
            ("integrated", "gave_up", 1.4, 1.35, math.inf, "above"),
        ],
        columns=columns,
    )
    table = point_table(along(), ["load"], list(TWO))
    figure = draw_lines(table, "load", TWO, found, outcomes=["gave_up"], width=width)
    said = [text.replace("\N{NO-BREAK SPACE}", " ") for text in texts_of(figure)]
    assert [text for text in said if text.startswith(("crosses", "above", "below"))] == [
        "crosses 3 times (0.65 to 1.30)",
        "above 1.40 (from 1.35)",
    ]
    assert len(drawn_as(figure, "break-even-gave_up--integrated")) == 4
    assert len(drawn_as(figure, "interval-gave_up--integrated")) == 2
    assert_readable(figure)


def test_values_have_the_digits_that_their_range_needs() -> None:
    small = {"at": 0.0314, "low": math.nan, "high": math.nan, "direction": "above"}
    assert break_even_text([small], [0.01, 0.05]) == "above 0.031"
    assert break_even_text([{**small, "at": -0.5}], [-1.0, 1.0]) == "above \N{MINUS SIGN}0.5"
    assert [value_text(value) for value in (0.30000000000000004, 12, "public")] == ["0.3", "12", "public"]
    assert values_of(pd.Series([3.0, 1.0, math.nan, 3.0])) == [1.0, 3.0]
    assert values_of(pd.Series(["some", "all"])) == ["some", "all"]


def test_a_point_whose_difference_is_not_clear_of_zero_is_hollow() -> None:
    table = point_table(along(), ["load"], list(TWO))
    table.loc[table["arm"] == "integrated", ["difference_low", "difference_high"]] = 1.0, 2.0
    unclear = (table["arm"] == "integrated") & (table["load"] == 1.0) & (table["outcome"] == "gave_up")
    table.loc[unclear, "difference_low"] = -1.0
    axes = draw_lines(table, "load", TWO, outcomes=["gave_up"]).axes[0]
    white = [line for line in axes.lines if line.get_marker() == "o" and line.get_markerfacecolor() == "white"]
    assert [list(np.asarray(line.get_xdata())) for line in white] == [[1.0]]


def test_of_many_values_of_a_second_factor_a_few_are_drawn_and_that_is_said() -> None:
    table = point_table(on_grid(count=9), BOTH, list(TWO))
    wide = draw_lines(table, "load", TWO, outcomes=["gave_up"], second="sharing", words=WORDS)
    assert len(wide.axes) == 5
    assert f"Of 9 values, 5 are drawn: {WORDS['sharing']}." in " ".join(texts_of(wide)).replace("\n", " ")
    narrow = draw_lines(table, "load", TWO, outcomes=["gave_up"], second="sharing", width=style.SINGLE_COLUMN)
    assert len(narrow.axes) == 3
    assert {"0", "0.5", "1"} <= set(texts_of(narrow))
    # Panels of one outcome are on one scale.
    assert len({axes.get_ylim() for axes in wide.axes}) == 1
    assert evenly(range(9), 5) == [0, 2, 4, 6, 8]


def test_words_are_rows_with_a_point_for_each_arm() -> None:
    runs = runs_of([{"sectors": "as it is"}, {"sectors": "public only"}], TWO)
    table = point_table(runs, ["sectors"], list(TWO))
    figure = draw_lines(table, "sectors", TWO, outcomes=["gave_up"], words={"sectors": "Mix of sectors"})
    assert {"as it is", "public only", "Rows: Mix of sectors."} <= set(texts_of(figure))
    points = [line for line in drawn_as(figure, "point-gave_up-integrated") if isinstance(line, Line2D)]
    means = table[(table["arm"] == "integrated") & (table["outcome"] == "gave_up")]["mean"]
    assert [float(np.asarray(line.get_xdata())[0]) for line in points] == pytest.approx(list(100.0 * means))


def test_rows_are_combinations_of_words_and_the_values_of_a_second_factor() -> None:
    points = [{"sectors": mix, "load": load} for mix in ("as it is", "public only") for load in (0.8, 1.2)]
    table = point_table(runs_of(points, TWO), ["sectors", "load"], list(TWO))
    figure = draw_lines(table, "sectors", TWO, second="load")
    assert "public only \N{MIDDLE DOT} 0.8" in texts_of(figure)
    assert_readable(figure)


def test_several_points_at_the_same_place_are_an_error() -> None:
    table = point_table(on_grid(), BOTH, list(TWO))
    with pytest.raises(ValueError, match="average over the other factors"):
        draw_lines(table, "load", TWO)
    with pytest.raises(ValueError, match="average over the other factors"):
        draw_heat_map(table.assign(load=1.0), BOTH, TWO)


@pytest.mark.parametrize("width", WIDTHS)
def test_one_world_has_no_intervals_and_nothing_at_all_is_said(width: float) -> None:
    runs = along(worlds=1)
    figure = draw_lines(point_table(runs, ["load"], list(TWO)), "load", TWO, break_even(runs, "load", list(TWO)),
                        width=width)  # fmt: skip
    assert_readable(figure)
    assert "no intervals can be given" in " ".join(texts_of(figure)).replace("\n", " ")
    nothing = point_table(along().assign(**dict.fromkeys(OUTCOMES, math.nan)), ["load"], list(TWO))
    empty = draw_lines(nothing, "load", TWO, width=width)
    assert_readable(empty)
    assert any("missing at every point" in text.replace("\n", " ") for text in texts_of(empty))


# --- maps ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("count", [4, 24], ids=["few cells", "many cells"])
def test_a_map_can_be_read(count: int, width: float) -> None:
    arms = ALL if count == 4 else TWO
    factors = BOTH if count == 4 else MANY_ACROSS
    table = point_table(on_grid(arms, count), BOTH, list(arms))
    figure = draw_heat_map(table, factors, arms, words=WORDS, foot="Three journeys; 3 random worlds.", width=width)
    assert_readable(figure)
    assert len(figure.axes) == len(arms)  # a panel for each but the baseline, and the scale


def test_cells_are_at_their_place_in_the_units_of_people_and_blue_is_better() -> None:
    table = point_table(on_grid(), BOTH, list(TWO))
    for outcome, sign in (("restricted_mean_days", -1.0), ("supported_126", 1.0)):
        own = table[(table["arm"] == "integrated") & (table["outcome"] == outcome)]
        unit = 100.0 if outcome == "supported_126" else 1.0
        grid = grid_of(table, BOTH, "integrated", outcome_of(outcome))
        assert (grid.across, grid.up) == (list(LOADS), [0.0, 0.25, 0.5, 0.75, 1.0])
        for row in own.to_dict("records"):
            place = grid.up.index(row["sharing"]), grid.across.index(row["load"])
            assert grid.differences[place] == pytest.approx(unit * row["difference"])
        figure = draw_heat_map(table, BOTH, TWO, outcome)
        for (up, across), difference in np.ndenumerate(grid.differences):
            (cell,) = drawn_as(figure, f"cell-integrated-{across}-{up}")
            assert isinstance(cell, Rectangle)
            red, _, blue = to_rgb(cell.get_facecolor())
            assert (blue > red) == (sign * difference > 0.0)
            assert cell.get_xy() == (across - 0.5, up - 0.5)


def test_a_cell_has_a_ring_if_its_interval_includes_zero() -> None:
    table = point_table(on_grid(), BOTH, list(TWO))
    table[["difference_low", "difference_high"]] = 1.0, 2.0
    here = (table["load"] == 1.2) & (table["sharing"] == 0.25)
    table.loc[here, "difference_low"] = -1.0
    figure = draw_heat_map(table, BOTH, TWO)
    rings = [str(line.get_gid()) for line in figure.axes[0].lines if str(line.get_gid()).startswith("unclear")]
    assert rings == ["unclear-integrated-3-1"]


def test_the_line_of_zero_is_where_arms_cross() -> None:
    table = point_table(on_grid(), BOTH, list(TWO))
    # Zero at a load of 1.1, between the third and the fourth column, whatever the other factor.
    table["difference"] = table["load"] - 1.1
    figure = draw_heat_map(table, BOTH, TWO)
    (lines,) = drawn_as(figure, "zero-integrated")
    ways = [way.vertices for way in lines.get_paths()]  # type: ignore[attr-defined]
    assert np.concatenate(ways)[:, 0] == pytest.approx(2.5)
    for never in (table["load"], -table["load"]):
        assert not drawn_as(draw_heat_map(table.assign(difference=never), BOTH, TWO), "zero-integrated")


def test_what_is_worse_is_hatched_where_there_is_no_room_for_numbers() -> None:
    few, many = (point_table(on_grid(count=count), BOTH, list(TWO)) for count in (5, 24))
    with_numbers = draw_heat_map(few, BOTH, TWO).axes[0]
    without = draw_heat_map(many, MANY_ACROSS, TWO).axes[0]
    hatched = [
        [patch for patch in axes.patches if patch.get_hatch() == WORSE_HATCH] for axes in (with_numbers, without)
    ]
    assert not hatched[0] and len(with_numbers.texts) == 25
    grid = grid_of(many, MANY_ACROSS, "integrated", outcome_of("restricted_mean_days"))
    assert len(hatched[1]) == int((grid.differences > 0.0).sum()) and not without.texts


def test_what_was_not_run_or_is_missing_is_grey_and_explained() -> None:
    runs = on_grid()
    runs = runs[~((runs["load"] == 0.6) & (runs["sharing"] == 0.0))]
    runs.loc[(runs["load"] == 0.8) & (runs["replicate"] == 1) & (runs["sharing"] == 1.0), "median_days"] = math.nan
    figure = draw_heat_map(point_table(runs, BOTH, list(TWO)), BOTH, TWO, "median_days")
    crosses = [line for line in figure.axes[0].lines if line.get_marker() == "x"]
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in crosses] == [(0, 0), (1, 4)]  # type: ignore[index]
    assert "not run, or the outcome is missing" in " ".join(texts_of(figure)).replace("\n", " ")
    nothing = runs.assign(median_days=math.nan)
    empty = draw_heat_map(point_table(nothing, BOTH, list(TWO)), BOTH, TWO, "median_days")
    assert_readable(empty)


def test_a_map_needs_numbers() -> None:
    table = point_table(on_grid(), BOTH, list(TWO))
    with pytest.raises(ValueError, match="sharing has words"):
        draw_heat_map(table.assign(sharing="some"), BOTH, TWO)


def test_figures_are_written_without_warnings(tmp_path: Path) -> None:
    runs = on_grid(worlds=2)
    table = point_table(runs, BOTH, list(TWO))
    lines = draw_lines(table, "load", TWO, break_even(runs, "load", list(TWO), ["sharing"]), ["gave_up"], "sharing")
    for module, figure in ((sweep_lines, lines), (heat_map, draw_heat_map(table, BOTH, TWO))):
        assert len(save(figure, tmp_path, module.NAME, module.TITLE, {})) == 3
