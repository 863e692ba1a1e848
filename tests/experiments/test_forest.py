"""The forest plot has the differences of the headline outcomes, says which side is better, and what is missing."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from experiments.figures import style
from experiments.figures.arm_key import row_names
from experiments.figures.forest import NO_WORLDS, draw_forest, forest_data, outcome_of, value_text
from experiments.figures.spread import runs_of_arms
from experiments.paired import compare_arms
from sim.outcomes.headline import HEADLINE
from tests.experiments.drawn import assert_readable, texts_of

ARMS = {"fragmented": "Fragmented", "integrated": "Integrated"}
FIVE = {
    **ARMS,
    "letter": "Referral letters",
    "link_worker": "Link workers",
    "own": "An arm that somebody gave a very long title indeed",
}
FOOT = "A town; 4 random worlds."


def runs_with(arms: dict[str, str], worlds: int, **columns: float) -> pd.DataFrame:
    """Return made-up runs; ``columns`` have the same value in every run."""
    random = np.random.default_rng(4)
    rows = [(arm, world) for arm in arms for world in range(worlds)]
    table = pd.DataFrame(rows, columns=["arm", "replicate"])
    for outcome in HEADLINE:
        size = {"share": 0.5, "GBP": 12_000.0}.get(outcome.unit, 80.0)
        table[outcome.name] = size * random.uniform(0.5, 1.0, len(table))
    return table.assign(**columns)


def figure_of(runs: pd.DataFrame, arms: dict[str, str], width: float = style.DOUBLE_COLUMN) -> Figure:
    sizes = dict.fromkeys(arms, 1200)
    return draw_forest(compare_arms(runs, list(arms)), sizes, runs_of_arms(runs, arms), arms, FOOT, width)


def narrow_of(runs: pd.DataFrame, arms: dict[str, str]) -> Figure:
    """Return the figure in a single column, after checking that it can be read and says what the wide one says."""
    figure = figure_of(runs, arms, style.SINGLE_COLUMN)
    assert_readable(figure)
    assert figure.get_figwidth() * 25.4 == pytest.approx(89.0)
    wide = [text.get_text() for axes in figure_of(runs, arms).axes for text in axes.texts]
    assert not Counter(wide) - Counter(texts_of(figure))
    said = said_in(figure)
    assert FOOT in said and all(title in said for title in arms.values())
    assert all(outcome.label in said for outcome in HEADLINE)
    return figure


def row_of(data: pd.DataFrame, outcome: str, arm: str = "integrated") -> pd.Series:
    return data[(data["outcome"] == outcome) & (data["arm"] == arm)].iloc[0]


def drawn(figure: Figure) -> dict[str, tuple[list[float], list[float]]]:
    lines = [line for axes in figure.axes for line in axes.get_lines()]
    return {str(line.get_gid()): (list(line.get_xdata()), list(line.get_ydata())) for line in lines}  # type: ignore[arg-type]


def said_in(figure: Figure) -> str:
    return " ".join(" ".join(texts_of(figure)).split())


def test_points_and_intervals_are_those_of_the_table() -> None:
    runs = runs_with(ARMS, 4)
    row = compare_arms(runs, list(ARMS)).set_index(["arm", "outcome"]).loc[("integrated", "gave_up")]
    lines = drawn(figure_of(runs, ARMS))
    assert lines["point-gave_up-integrated"][0] == pytest.approx([100 * row["difference"]])
    assert lines["interval-gave_up-integrated"][0] == pytest.approx([100 * row["low"], 100 * row["high"]])
    assert sum(name.startswith("point-") for name in lines) == len(HEADLINE)


def test_intervals_of_several_arms_hold_together() -> None:
    comparison = compare_arms(runs_with(FIVE, 4), list(FIVE))
    data = forest_data(comparison, FIVE)
    row = comparison.set_index(["arm", "outcome"]).loc[("letter", "median_days")]
    assert row_of(data, "median_days", "letter")[["low", "high"]].tolist() == [row["all_low"], row["all_high"]]
    assert row["all_low"] < row["low"]
    several, one = (said_in(figure_of(runs_with(arms, 4), arms)) for arms in (FIVE, ARMS))
    assert "hold for all 4 differences of an outcome together (Bonferroni)" in several
    assert "Bonferroni" not in one and "95 % confidence intervals (t); 4 worlds in each arm." in one


def test_the_side_that_is_better_is_grey_and_named() -> None:
    figure = figure_of(runs_with(ARMS, 3), ARMS)
    for axes, outcome in zip(figure.axes, HEADLINE, strict=True):
        (ground,) = axes.patches
        middle = ground.get_extents().transformed(axes.transData.inverted()).get_points()[:, 0].mean()
        words = {text.get_text() for text in axes.texts}
        assert (middle > 0) == (outcome.better == "higher") and ground.get_gid() == f"better-{outcome.name}"
        assert ("better →" in words and "← worse" in words) == (outcome.better == "higher")
        assert ("← better" in words and "worse →" in words) == (outcome.better == "lower")
        assert sum(axes.get_xlim()) == pytest.approx(0.0)


def test_values_are_written_with_the_digits_of_their_unit() -> None:
    share = {"difference": -13.28, "low": -15.24, "high": 0.01, "why": "", "where": ""}
    assert value_text(share, outcome_of("supported_28")) == "−13.3 (−15.2 to +0.0)"
    cost = {"difference": 1234.4, "low": -9.6, "high": 2478.4, "why": "", "where": ""}
    assert value_text(cost, outcome_of("cost_per_supported")) == "+1,234 (−10 to +2,478)"


def test_a_single_world_has_points_and_no_intervals() -> None:
    figure = figure_of(runs_with(ARMS, 1), ARMS)
    lines = drawn(figure)
    assert "point-gave_up-integrated" in lines and not any(name.startswith("interval-") for name in lines)
    said = said_in(figure)
    assert said.count("(no interval)") == len(HEADLINE)
    assert "differences in one world, so no interval can be given" in said
    assert_readable(figure)


def test_what_is_missing_is_said_in_words() -> None:
    runs = runs_with(ARMS, 3, dropped_per_100=math.nan)
    is_other = runs["arm"] == "integrated"
    runs.loc[is_other & (runs["replicate"] == 1), "median_days"] = math.nan
    runs.loc[~is_other, "supported_126"] = math.nan
    data = forest_data(compare_arms(runs, list(ARMS)), ARMS)
    assert row_of(data, "gave_up")["why"] == ""
    figure = figure_of(runs, ARMS)
    said = set(texts_of(figure))
    assert {"not reached", "not observed in the baseline", "none in either arm"} <= said
    assert {"baseline: not observed", "baseline: none"} <= said
    assert not {f"point-{name}-integrated" for name in ("median_days", "supported_126", "dropped_per_100")} & set(
        drawn(figure)
    )
    for begin in ("Not reached: ", "Not observed: ", "None: "):
        assert any(begin in text for text in said)
    assert_readable(figure)


def test_without_needs_nothing_is_called_not_reached() -> None:
    runs = runs_with(ARMS, 2)
    names = [outcome.name for outcome in HEADLINE]
    runs.loc[runs["arm"] == "integrated", names] = math.nan
    data = forest_data(compare_arms(runs, list(ARMS)), ARMS)
    assert set(data["why"]) == {"none"} and set(data["where"]) == {""}


def test_an_arm_without_a_world_in_common_says_so() -> None:
    runs = runs_with(FIVE, 3)
    runs.loc[runs["arm"] == "letter", "replicate"] += 10
    figure = figure_of(runs, FIVE)
    assert texts_of(figure).count(NO_WORLDS) == len(HEADLINE)
    assert "worlds in common with Fragmented: Integrated 3; Referral letters 0" in said_in(figure)
    assert_readable(figure)


def test_arms_that_do_the_same_are_at_zero() -> None:
    figure = figure_of(runs_with(ARMS, 3, cost_per_supported=800.0), ARMS)
    assert drawn(figure)["point-cost_per_supported-integrated"][0] == [0.0]
    assert "+0 (+0 to +0)" in texts_of(figure)


def test_one_arm_alone_has_nothing_to_be_compared_with() -> None:
    alone = {"fragmented": "Fragmented"}
    figure = figure_of(runs_with(alone, 3), alone)
    assert "Nothing to compare: Fragmented is the only arm." in texts_of(figure)
    assert forest_data(compare_arms(runs_with(alone, 3), ["fragmented"]), alone).empty


@pytest.mark.parametrize("count", [2, 3, 5])
def test_the_figure_is_readable_and_says_what_it_holds_for(count: int) -> None:
    arms = dict(list(FIVE.items())[:1] + list(FIVE.items())[1 - count :])
    figure = figure_of(runs_with(arms, 4), arms)
    assert_readable(figure)
    assert figure.get_figwidth() * 25.4 == pytest.approx(183.0)
    said = said_in(figure)
    assert FOOT in said and "Needs counted, 4 runs an arm: Fragmented 1,200" in said
    assert all(title in said for title in arms.values())


SIX = {
    "fragmented": "Fragmented as the town is today",
    "integrated": "Integrated with hubs, shared records, pooled places and tracked referrals",
    "letter": "Referral letters that are sent by post to each organisation",
    "link_worker": "Link workers with large caseloads for citizens of two or more needs",
    "key_worker": "Key workers",
    "own": "An arm that somebody gave a very long title indeed",
}


@pytest.mark.parametrize("count", [2, 3])
def test_a_single_column_says_the_same(count: int) -> None:
    arms = dict(list(FIVE.items())[:count])
    figure = narrow_of(runs_with(arms, 4), arms)
    assert figure.get_figheight() * 25.4 <= 235.0
    assert texts_of(figure).count("Integrated") == len(HEADLINE)


def test_five_arms_with_short_titles_fit_on_a_page() -> None:
    arms = {**FIVE, "own": "Key workers"}
    figure = narrow_of(runs_with(arms, 4, cost_per_supported=900.0), arms)
    assert figure.get_figheight() * 25.4 <= 235.0
    assert texts_of(figure).count("Key workers") == len(HEADLINE)


def test_long_titles_are_written_once_beside_letters_in_a_single_column() -> None:
    figure = narrow_of(runs_with(SIX, 3), SIX)
    said = texts_of(figure)
    assert said.count("B") == len(HEADLINE) + 1
    assert "Key workers" in said and "A 1,200; B 1,200" in said_in(figure)
    looks = style.looks_of_arms(SIX)
    shown = [artist.get_marker() for artist in figure.get_children() if isinstance(artist, Line2D)]
    assert shown == [looks[arm].marker for arm in list(SIX)[1:]]


def test_numbers_below_panels_of_a_single_column_are_round_and_within_them() -> None:
    figure = figure_of(runs_with(ARMS, 3), ARMS, style.SINGLE_COLUMN)
    for axes in figure.axes:
        low, *_, high = axes.get_xticks()
        assert low == -high and 0.0 < high < axes.get_xlim()[1]
        assert f"{high:.0e}"[0] in "125"


def test_what_is_missing_is_said_in_a_single_column_too() -> None:
    runs = runs_with(FIVE, 3, dropped_per_100=math.nan)
    runs.loc[runs["arm"] == "letter", "replicate"] += 10
    runs.loc[runs["arm"] == "fragmented", ["supported_28", "supported_126"]] = math.nan
    figure = narrow_of(runs, FIVE)
    assert {"baseline: not observed", "not observed in the baseline", NO_WORLDS} <= set(texts_of(figure))


def test_a_single_world_has_no_intervals_in_a_single_column() -> None:
    assert not any(
        name.startswith("interval-") for name in drawn(figure_of(runs_with(ARMS, 1), ARMS, style.SINGLE_COLUMN))
    )


def test_one_arm_alone_is_said_in_a_single_column() -> None:
    alone = {"fragmented": "Fragmented"}
    figure = figure_of(runs_with(alone, 3), alone, style.SINGLE_COLUMN)
    assert_readable(figure)
    assert figure.get_figwidth() * 25.4 == pytest.approx(89.0)
    assert "Nothing to compare: Fragmented is the only arm." in texts_of(figure)


def test_letters_go_on_after_the_last() -> None:
    names = row_names({str(number): "A title that is too long" for number in range(28)}, 5.0)
    assert [names["0"], names["25"], names["26"], names["27"]] == ["A", "Z", "AA", "AB"]
