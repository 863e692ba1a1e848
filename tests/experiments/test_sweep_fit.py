"""Straight lines through sampled points find what each factor does, know how well, and say what they leave out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
import pytest

from experiments.figures import style
from experiments.figures.sweep_scatter import draw_scatter
from experiments.sweep_fit import fits_of, main_effects
from experiments.sweep_tables import OUTCOMES, point_table
from tests.experiments.drawn import assert_readable, texts_of

ARMS = {"fragmented": "Fragmented", "integrated": "Integrated", "key_worker": "Key worker"}
TWO = {name: ARMS[name] for name in ("fragmented", "integrated")}
BOTH = ["load", "days"]
WIDTHS = (style.DOUBLE_COLUMN, style.SINGLE_COLUMN)
Truth = Callable[[Mapping[str, float]], float]


def sampled(points: int, seed: int = 3) -> list[dict[str, float]]:
    """Points of which no two are alike in any factor; one factor goes from 0 to 1, the other to 10,000."""
    random = np.random.default_rng(seed)
    return [
        {"load": float(load), "days": float(days)}
        for load, days in zip(random.random(points), 10_000 * random.random(points), strict=True)
    ]


def runs_of(
    points: list[dict[str, float]],
    truth: Truth,
    worlds: int = 4,
    noise: float = 0.0,
    arms: Mapping[str, str] = TWO,
    seed: int = 5,
) -> pd.DataFrame:
    """Runs in which arms differ from the baseline by what is true, and by the world and chance."""
    random = np.random.default_rng(seed)
    levels = random.normal(0.0, 1.0, worlds)
    rows = []
    for number, point in enumerate(points):
        for place, arm in enumerate(arms):
            for world in range(worlds):
                value = 50.0 + 9.0 * world + place * (truth(point) + noise * levels[world])
                value += noise * random.normal() * (place > 0)
                rows.append(
                    {"point": number, **point, "arm": arm, "replicate": world, **dict.fromkeys(OUTCOMES, value)}
                )
    return pd.DataFrame(rows)


def straight(point: Mapping[str, float]) -> float:
    return 2.0 + 6.0 * point["load"] - 0.001 * point["days"]


def test_effects_that_are_straight_lines_are_found_as_they_are() -> None:
    runs = runs_of(sampled(12), straight)
    table = main_effects(runs, BOTH, list(TWO)).set_index(["outcome", "factor"])
    assert len(table) == len(OUTCOMES) * 2
    own = table.loc["gave_up"]
    assert own["slope"].to_dict() == pytest.approx({"load": 6.0, "days": -0.001})
    # All worlds are alike in it.
    assert own["low"].to_dict() == pytest.approx({"load": 6.0, "days": -0.001})
    assert own["explained"].tolist() == pytest.approx([1.0, 1.0])
    assert own[["points", "n"]].to_numpy().tolist() == [[12, 4]] * 2
    fit = fits_of(runs, BOTH, list(TWO))["integrated", "gave_up"]
    others = runs.drop_duplicates("point")["days"].mean()
    expected = [straight({"load": load, "days": others}) for load in (0.0, 0.5)]
    assert fit.along("load", [0.0, 0.5])[0] == pytest.approx(expected)


def test_a_word_has_an_effect_against_the_first_word() -> None:
    points = sampled(12)
    words = ["equal" if number % 3 else "added" for number in range(12)]
    runs = runs_of(points, lambda point: straight(point) - 4.0 * (words[points.index(dict(point))] == "equal"))
    runs["budget"] = [words[point] for point in runs["point"]]
    table = main_effects(runs, ["budget", *BOTH], list(TWO))
    own = table[table["outcome"] == "gave_up"].set_index("factor")["slope"].to_dict()
    assert own == pytest.approx({"budget=equal": -4.0, "load": 6.0, "days": -0.001})


def test_what_is_no_straight_line_is_said_not_to_be_explained() -> None:
    runs = runs_of(sampled(40), lambda point: 30.0 * (point["load"] - 0.5) ** 2)
    fit = fits_of(runs, BOTH, list(TWO))["integrated", "gave_up"]
    assert fit.explained < 0.3
    flat = fits_of(runs_of(sampled(12), lambda _: 3.0), BOTH, list(TWO))["integrated", "gave_up"]
    assert math.isnan(flat.explained) or flat.explained < 1.0


def test_nothing_is_fitted_to_too_few_points_or_where_an_outcome_or_a_world_is_missing() -> None:
    assert fits_of(runs_of(sampled(5), straight), BOTH, list(TWO)) == {}
    assert fits_of(runs_of(sampled(6), straight), BOTH, list(TWO))
    along = [{"load": float(number), "days": 2.0 * number} for number in range(12)]
    assert fits_of(runs_of(along, straight), BOTH, list(TWO)) == {}
    runs = runs_of(sampled(12), straight)
    gap = runs["point"].eq(3) & runs["replicate"].eq(1)
    runs.loc[gap & runs["arm"].eq("integrated"), "gave_up"] = math.nan
    found = fits_of(runs, BOTH, list(TWO))
    assert ("integrated", "gave_up") not in found and ("integrated", "supported_28") in found
    # A run that is not there takes its world away, whichever arm it is of.
    for arm in TWO:
        table = main_effects(runs[~(gap & runs["arm"].eq(arm))], BOTH, list(TWO))
        assert set(table["n"]) == {3} and set(table["outcome"]) == set(OUTCOMES)


def test_the_interval_of_an_effect_holds_the_truth_as_often_as_it_says() -> None:
    """Of 400 studies 380 should hold it; limits of four standard errors fail a right interval once in 10,000."""
    studies, held = 400, 0
    points = sampled(10)
    for study in range(studies):
        table = main_effects(runs_of(points, straight, noise=2.0, seed=100 + study), BOTH, list(TWO))
        own = table[(table["outcome"] == "gave_up") & (table["factor"] == "load")].iloc[0]
        held += own["low"] <= 6.0 <= own["high"]
    assert abs(held / studies - 0.95) < 4 * math.sqrt(0.95 * 0.05 / studies)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("arms", [TWO, ARMS], ids=["two arms", "three arms"])
def test_points_stand_with_their_intervals_beside_a_line_that_does_not_join_them(
    width: float, arms: Mapping[str, str]
) -> None:
    runs = runs_of(sampled(12), straight, noise=1.0, arms=arms)
    table, fits = point_table(runs, BOTH, list(arms)), fits_of(runs, BOTH, list(arms))
    figure = draw_scatter(table, "load", arms, fits, words={"load": "Demand"}, foot="A town.", width=width)
    assert_readable(figure)
    assert figure.get_figwidth() * 25.4 == pytest.approx(width)
    own = table[(table["arm"] == "integrated") & (table["outcome"] == "gave_up")].sort_values("load")
    panel = figure.axes[3]
    lines = {str(line.get_gid()): line for line in panel.get_lines()}
    dots = lines["points-gave_up-integrated"]
    assert dots.get_linestyle() == "None"
    assert np.asarray(dots.get_xydata()) == pytest.approx(
        np.column_stack([own["load"], 100.0 * own["difference"]])
    )  # as points of a hundred
    (bars,) = [found for found in panel.collections if found.get_gid() == "intervals-gave_up-integrated"]
    ends = np.array([segment[:, 1] for segment in bars.get_segments()])  # type: ignore[attr-defined]
    assert ends == pytest.approx(100.0 * own[["difference_low", "difference_high"]].to_numpy())
    line = np.asarray(lines["line-gave_up-integrated"].get_xydata())
    fit = fits["integrated", "gave_up"]
    assert line[[0, -1], 1] == pytest.approx(100.0 * fit.along("load", list(line[[0, -1], 0]))[0])
    said = " ".join(" ".join(texts_of(figure)).split())
    assert f"explained: {100 * fit.explained:.0f} %" in said
    # The unit of differences is said once.
    assert "Episodes given up (percentage points)" in said and "per 100 made (per 100)" not in said
    assert "no break-even: that depends on the other factors" in said and "A town." in said
    # Nobody chose the values of a sample: the axis has round numbers.
    ticks = [tick.get_text() for tick in panel.get_xticklabels()]
    assert ticks and all(len(text) <= 4 for text in ticks)


@pytest.mark.parametrize("width", WIDTHS)
def test_what_is_missing_and_what_has_no_line_is_said(width: float) -> None:
    runs = runs_of(sampled(4), straight, noise=1.0)
    runs["gave_up"] = math.nan
    table = point_table(runs, BOTH, list(TWO))
    figure = draw_scatter(table, "load", TWO, fits_of(runs, BOTH, list(TWO)), width=width)
    assert_readable(figure)
    assert "missing" in texts_of(figure)
    said = " ".join(" ".join(texts_of(figure)).split())
    assert "No line: too few points" in said and "explained" not in said
    nothing = draw_scatter(table[table["outcome"] == "gave_up"], "load", TWO, {}, ("gave_up",), width=width)
    assert "Nothing to show" in " ".join(texts_of(nothing))
