"""The tornado table is right by hand; the figures of sensitivity show their tables and can be read in both widths."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from experiments.figures import style
from experiments.figures.indices import draw_morris, draw_sobol
from experiments.figures.tornado import draw_tornado, one_at_a_time, tornado_table
from experiments.sensitivity import Factor, Floats
from sim.schema.problems import BadInputError
from tests.experiments.drawn import assert_readable, texts_of

WIDTHS = (style.DOUBLE_COLUMN, style.SINGLE_COLUMN)
OUTCOME, UNIT, FOOT = "Supported within 18 weeks: Integrated - Fragmented", "percentage points", "A town; 3 worlds."
TWO = [Factor("patience", "Patience", 60.0, 300.0, unit="days"), Factor("needs", "Needs at once", 1, 4, is_whole=True)]
BASE = {"patience": 150.0, "needs": 2}
LONG = "Chance that a worker who knows no suitable provider hands on to an unfamiliar one at a guess"
T_3 = 4.302652729911275
"""The 97.5 % point of the t distribution with 2 degrees of freedom."""


def by_hand() -> Floats:
    """Return outcomes in three worlds: at base, at low and high patience, at low and high needs."""
    return np.array([[2.0, 3.0, 4.0], [-3.0, -2.0, -1.0], [3.0, 4.1, 5.2], [2.5, 3.5, 4.5], [0.0, 3.0, 9.0]])


def tornado_of(outcomes: Floats) -> pd.DataFrame:
    return tornado_table(TWO, one_at_a_time(TWO, BASE), outcomes).set_index("factor")


def many(count: int) -> tuple[list[Factor], dict[str, float]]:
    labels = [LONG, "Patience", "Chance of a wrong door", "Capability", "Growth of severity in a year while unmet"]
    factors = [Factor(f"f{i}", labels[i % len(labels)], 0.05, 12_345.0 * (i + 1), unit="days") for i in range(count)]
    return factors, {factor.name: 7.0 for factor in factors}


def effects_of(count: int, worlds: int = 5) -> pd.DataFrame:
    sizes = np.linspace(0.0, 5.0, count)
    raises = np.resize([1.0, -1.0, 0.0], count)
    table = {"factor": [f"f{i}" for i in range(count)], "label": [factor.label for factor in many(count)[0]]}
    columns = {"mu": raises * sizes, "mu_low": raises * sizes - 0.5, "mu_high": raises * sizes + 0.5}
    columns |= {"mu_star": sizes, "mu_star_low": sizes * 0.8, "mu_star_high": sizes * 1.3 + 0.1}
    columns |= {"sigma": sizes[::-1] / 3, "sigma_low": sizes[::-1] / 4, "sigma_high": sizes[::-1] / 2}
    noise = 0.4 if worlds > 1 else math.nan
    return pd.DataFrame({**table, **columns, "noise": noise, "blocks": 20, "worlds": worlds})


def indices_of(count: int, worlds: int = 5) -> pd.DataFrame:
    first = np.linspace(-0.01, 0.5, count)
    table = {"factor": [f"f{i}" for i in range(count)], "label": [factor.label for factor in many(count)[0]]}
    columns = {"first": first, "first_low": first - 0.1, "first_high": first + 0.1}
    columns |= {"total": first + 0.1, "total_low": first + 0.05, "total_high": first + 0.2}
    noise = 0.02 if worlds > 1 else math.nan
    return pd.DataFrame({**table, **columns, "noise": noise, "blocks": 64, "worlds": worlds})


def bars_of(figure: Figure) -> dict[str, tuple[float, float]]:
    """Return where each bar begins and ends, by its name."""
    patches = [patch for axes in figure.axes for patch in axes.patches if isinstance(patch, Rectangle)]
    return {str(patch.get_gid()): (patch.get_x(), patch.get_x() + patch.get_width()) for patch in patches}


def lines_of(figure: Figure) -> dict[str, tuple[list[float], list[float]]]:
    lines = [line for axes in figure.axes for line in axes.get_lines()]
    return {str(line.get_gid()): (list(line.get_xdata()), list(line.get_ydata())) for line in lines}  # type: ignore[arg-type]


def said_in(figure: Figure) -> str:
    return " ".join(" ".join(texts_of(figure)).split())


# --- one at a time ------------------------------------------------------------------------------------------------


def test_each_factor_goes_to_both_ends_while_the_others_stay_at_base() -> None:
    points = one_at_a_time(TWO, BASE)
    assert points.tolist() == [[150, 2], [60, 2], [300, 2], [150, 1], [150, 4]]


def test_the_tornado_table_is_right_by_hand() -> None:
    table = tornado_of(by_hand())
    assert table.index.tolist() == ["patience", "needs"]
    patience, needs = table.loc["patience"], table.loc["needs"]
    assert patience[["low_value", "base_value", "high_value"]].tolist() == [60, 150, 300]
    assert patience[["low", "base", "high"]].tolist() == pytest.approx([-2.0, 3.0, 4.1])
    assert patience["width"] == pytest.approx(6.1) and needs["width"] == pytest.approx(1.0)
    # Worlds are 1 apart: a standard error of 1 / sqrt(3).
    half = T_3 / math.sqrt(3)
    assert patience[["base_from", "base_to"]].tolist() == pytest.approx([3.0 - half, 3.0 + half])
    # At low patience each world falls by the same 5, at high patience it gains 1, 1.1 and 1.2.
    assert patience[["low_change", "low_change_from", "low_change_to"]].tolist() == pytest.approx([-5.0] * 3)
    half = T_3 * 0.1 / math.sqrt(3)
    ends = patience[["high_change", "high_change_from", "high_change_to"]].tolist()
    assert ends == pytest.approx([1.1, 1.1 - half, 1.1 + half])
    assert (table["worlds"] == 3).all() and patience["unit"] == "days"


def test_a_sign_survives_only_if_it_is_told_apart_everywhere() -> None:
    plus, minus, wide = (np.array(values) for values in ([2.0, 2.1, 2.2], [-2.0, -2.1, -2.2], [-3.0, 0.5, 4.0]))
    for base, low, high, expected in (
        (plus, plus + 1, plus + 2, "yes"),
        (minus, minus - 1, minus - 2, "yes"),
        (plus, minus, plus, "no"),
        (plus, plus, minus, "no"),
        (wide, minus, plus, "no"),
        (plus, wide, plus, "not told apart"),
        (wide, plus, plus, "not told apart"),
        (plus * 0, plus * 0, plus * 0, "not told apart"),
    ):
        assert tornado_of(np.array([base, low, high, base, base])).loc["patience", "sign_survives"] == expected
    assert tornado_of(np.full((5, 1), 2.0))["sign_survives"].tolist() == ["not told apart"] * 2


def test_all_that_is_wrong_with_a_base_is_said_at_once() -> None:
    with pytest.raises(BadInputError) as error:
        one_at_a_time(TWO, {"patience": 20.0, "neds": 2})
    said = [str(problem) for problem in error.value.problems]
    assert said == [
        "base: unknown factor 'neds'; allowed: needs, patience; did you mean 'needs'?",
        "base: 'patience' is 20, outside its range; allowed: 60 to 300",
        "base: no value of 'needs'; allowed: 1 to 4",
    ]
    outcomes = by_hand()
    outcomes[2, 1] = math.nan
    with pytest.raises(BadInputError, match=r"point 2 \(patience=300, needs=2\): no outcome in 1 of 3 worlds: 1;"):
        tornado_of(outcomes)


# --- figures ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", WIDTHS)
def test_bars_go_from_the_base_to_both_ends_and_a_sign_that_changes_is_marked(width: float) -> None:
    outcomes = by_hand()
    outcomes[0] = [2.9, 3.0, 3.1]
    table = tornado_of(outcomes).reset_index()
    figure = draw_tornado(table, OUTCOME, UNIT, FOOT, width)
    assert_readable(figure)
    bars = bars_of(figure)
    assert sorted(bars["low-patience"]) == pytest.approx([-2.0, 3.0])
    assert sorted(bars["high-patience"]) == pytest.approx([3.0, 4.1])
    # Of "needs" the sign is not told apart at its greatest value.
    assert table["sign_survives"].tolist() == ["not told apart"] * 2
    figure = draw_tornado(table.assign(sign_survives=["no", "yes"]), OUTCOME, UNIT, FOOT, width)
    assert "changes-patience" in bars_of(figure) and "changes-needs" not in bars_of(figure)
    bold = {text.get_text() for text in figure.texts if text.get_fontweight() == "bold"}
    assert "changes" in bold and "holds" not in bold
    said = said_in(figure)
    assert FOOT in said and UNIT in said and "Patience (days)" in said and "3 random worlds" in said
    assert all(text in texts_of(figure) for text in ("60", "300", "1", "4", "holds", "base"))
    assert lines_of(figure)["base"][0] == [3.0, 3.0] and "zero" in lines_of(figure)


def test_the_interval_of_a_bar_is_that_of_its_change() -> None:
    table = tornado_of(by_hand()).reset_index()
    row = table.iloc[0]
    lines = lines_of(draw_tornado(table, OUTCOME, UNIT))
    expected = [row["base"] + row["high_change_from"], row["base"] + row["high_change_to"]]
    assert lines["interval-high-patience"][0] == pytest.approx(expected)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("worlds", [1, 4])
def test_a_tornado_of_many_long_names_can_be_read(width: float, worlds: int) -> None:
    factors, base = many(14)
    points = one_at_a_time(factors, base)
    random = np.random.default_rng(3)
    outcomes = random.normal(0, 3, (len(points), 1)) + random.normal(0, 0.5, (len(points), worlds))
    figure = draw_tornado(tornado_table(factors, points, outcomes), OUTCOME, UNIT, FOOT, width)
    assert_readable(figure)
    assert figure.get_figwidth() * 25.4 == pytest.approx(width)
    assert {"0.05", "12,345", "172,830"} <= set(texts_of(figure))
    has_interval = any(name.startswith("interval-") for name in lines_of(figure))
    assert has_interval == (worlds > 1) == ("One world alone has no interval." not in said_in(figure))


@pytest.mark.parametrize("width", WIDTHS)
def test_a_tornado_where_nothing_changes_and_one_far_from_zero_can_be_read(width: float) -> None:
    for outcomes in (np.zeros((5, 3)), np.full((5, 3), 40.0), 1000.0 + by_hand(), -0.001 * by_hand()):
        figure = draw_tornado(tornado_of(outcomes).reset_index(), OUTCOME, UNIT, FOOT, width)
        assert_readable(figure)
        assert ("zero" in lines_of(figure)) == (abs(outcomes).max() < 1 and outcomes.any())


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("count", [1, 3, 14])
def test_the_plane_shows_size_and_spread_of_effects_with_names(width: float, count: int) -> None:
    effects = effects_of(count)
    figure = draw_morris(effects, OUTCOME, UNIT, FOOT, width)
    assert_readable(figure)
    lines = lines_of(figure)
    for row in effects.to_dict("records"):
        assert lines[f"point-{row['factor']}"] == ([row["mu_star"]], [row["sigma"]])
        assert list(lines[f"mu_star-{row['factor']}"][0]) == [row["mu_star_low"], row["mu_star_high"]]
        assert list(lines[f"sigma-{row['factor']}"][1]) == [row["sigma_low"], row["sigma_high"]]
        assert row["label"] in said_in(figure)
    assert UNIT in said_in(figure) and "20 trajectories, mean over 5 random worlds" in said_in(figure)


def test_effects_that_raise_lower_or_do_neither_have_their_own_markers() -> None:
    figure = draw_morris(effects_of(6), OUTCOME, UNIT)
    markers = {str(line.get_gid()): line.get_marker() for line in figure.axes[0].get_lines()}
    assert [markers[f"point-f{i}"] for i in (3, 4, 5)] == ["^", "v", "o"]


def test_the_ground_of_noise_needs_more_than_one_world() -> None:
    assert "noise" in bars_of(draw_morris(effects_of(3), OUTCOME, UNIT))
    alone = draw_morris(effects_of(3, worlds=1), OUTCOME, UNIT)
    assert "noise" not in bars_of(alone) and "Grey ground" not in said_in(alone)
    assert "worlds differ" not in said_in(draw_sobol(indices_of(3, worlds=1), OUTCOME))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("count", [1, 3, 14])
def test_bars_of_indices_stand_with_their_intervals_the_largest_total_first(width: float, count: int) -> None:
    indices = indices_of(count)
    figure = draw_sobol(indices, OUTCOME, FOOT, width)
    assert_readable(figure)
    bars, lines = bars_of(figure), lines_of(figure)
    heights = []
    for row in indices.to_dict("records"):
        for kind in ("first", "total"):
            assert sorted(bars[f"{kind}-{row['factor']}"]) == pytest.approx(sorted([0.0, row[kind]]))
            place, height = lines[f"interval-{kind}-{row['factor']}"]
            assert list(place) == [row[f"{kind}_low"], row[f"{kind}_high"]]
        heights.append(height[0])
    assert heights == sorted(heights, reverse=True)
    assert "64 rows, mean over 5 random worlds" in said_in(figure) and FOOT in said_in(figure)


@pytest.mark.parametrize("width", WIDTHS)
def test_without_factors_it_is_said_that_there_is_nothing_to_show(width: float) -> None:
    for figure in (
        draw_tornado(tornado_of(by_hand()).reset_index().iloc[:0], OUTCOME, UNIT, FOOT, width),
        draw_morris(effects_of(3).iloc[:0], OUTCOME, UNIT, FOOT, width),
        draw_sobol(indices_of(3).iloc[:0], OUTCOME, FOOT, width),
    ):
        assert_readable(figure)
        assert "Nothing to show: no factor was varied." in said_in(figure)
