"""Tables of a sweep are those of every point by hand, and a break-even is found where arms cross, with an interval."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pytest

from experiments.paired import interval_of, paired
from experiments.sweep_tables import (
    OUTCOMES,
    averaged,
    break_even,
    crossings,
    is_numeric,
    point_table,
    together,
    worlds_crossing,
)

ARMS = ["fragmented", "integrated"]


def runs_of(
    points: Sequence[dict[str, object]], worlds: int, value: Callable[[dict[str, object], str, int], float]
) -> pd.DataFrame:
    """Runs of both arms at points, in which every outcome has the same value."""
    rows = []
    for number, varied in enumerate(points):
        for arm in ARMS:
            for world in range(worlds):
                outcomes = dict.fromkeys(OUTCOMES, value(varied, arm, world))
                rows.append({"point": number, **varied, "arm": arm, "replicate": world, **outcomes})
    return pd.DataFrame(rows)


def along(*values: float) -> list[dict[str, object]]:
    return [{"load": value} for value in values]


def cell(table: pd.DataFrame, arm: str, outcome: str = "gave_up", point: int = 0) -> pd.Series:
    rows = table[(table["arm"] == arm) & (table["outcome"] == outcome) & (table["point"] == point)]
    assert len(rows) == 1
    return rows.iloc[0]


def crossing_at(*places: float) -> Callable[[dict[str, object], str, int], float]:
    """Differences that rise with the factor and are zero at one place in each world."""

    def value(varied: dict[str, object], arm: str, world: int) -> float:
        load = varied["load"]
        assert isinstance(load, float)
        return 7.0 + world + (load - places[world % len(places)] if arm == "integrated" else 0.0)

    return value


def test_a_point_has_the_mean_of_an_arm_and_its_paired_difference() -> None:
    values = {("fragmented", 0): 0.2, ("fragmented", 1): 0.4, ("integrated", 0): 0.1, ("integrated", 1): 0.2}
    runs = runs_of([{"load": 1.5}], 2, lambda _, arm, world: values[arm, world])
    table = point_table(runs, ["load"], ARMS)
    assert len(table) == len(ARMS) * len(OUTCOMES)
    own = cell(table, "integrated")
    assert own["load"] == 1.5
    assert own["unit"] == "share"
    assert own["mean"] == pytest.approx(0.15)
    assert own["difference"] == pytest.approx(-0.15)
    # The standard error of -0.1 and -0.2 is 0.05, and 12.706 of them are 95 % with one degree of freedom.
    assert own["difference_high"] == pytest.approx(-0.15 + 12.706 * 0.05, abs=1e-4)
    assert own["difference_low"] == pytest.approx(-0.15 - 12.706 * 0.05, abs=1e-4)
    assert own["n"] == 2
    base = cell(table, "fragmented")
    assert base["low"] == pytest.approx(interval_of([0.2, 0.4]).low)
    assert math.isnan(base["difference"])


def test_differences_are_those_of_a_comparison_at_every_point() -> None:
    random = np.random.default_rng(4)
    runs = runs_of(along(1.0, 2.0), 5, lambda *_: float(random.normal()))
    table = point_table(runs, ["load"], ARMS)
    for point in (0, 1):
        at_point = runs[runs["point"] == point]
        own, base = (at_point[at_point["arm"] == arm].set_index("replicate")["gave_up"] for arm in reversed(ARMS))
        gap, found = paired(own, base), cell(table, "integrated", point=point)
        assert (found["difference"], found["difference_low"], found["difference_high"], found["n"]) == pytest.approx(
            (gap.mean, gap.low, gap.high, gap.n)
        )


def test_what_one_world_does_not_have_is_missing_and_not_averaged_over_the_others() -> None:
    runs = runs_of(along(1.0), 4, lambda _, arm, world: math.nan if (arm, world) == ("integrated", 2) else float(world))
    table = point_table(runs, ["load"], ARMS)
    missing, base = cell(table, "integrated"), cell(table, "fragmented")
    assert missing[["mean", "low", "high", "difference", "difference_low", "difference_high"]].isna().all()
    assert base["mean"] == 1.5


def test_a_run_that_is_not_there_takes_its_world_out_of_the_difference() -> None:
    runs = runs_of(along(1.0), 4, lambda _, arm, world: float(world) * (2.0 if arm == "integrated" else 1.0))
    runs = runs[~((runs["arm"] == "fragmented") & (runs["replicate"] == 3))]
    own = cell(point_table(runs, ["load"], ARMS), "integrated")
    assert (own["mean"], own["difference"], own["n"]) == (3.0, 1.0, 3)


def test_one_world_has_a_difference_and_no_interval() -> None:
    runs = runs_of(along(1.0), 1, lambda _, arm, __: 3.0 if arm == "integrated" else 1.0)
    own = cell(point_table(runs, ["load"], ARMS), "integrated")
    assert own["difference"] == 2.0
    assert math.isnan(own["difference_low"])


def test_an_arm_without_runs_at_a_point_is_missing_there() -> None:
    runs = runs_of(along(1.0, 2.0), 2, lambda *_: 1.0)
    runs = runs[~((runs["arm"] == "integrated") & (runs["point"] == 1))]
    own = cell(point_table(runs, ["load"], ARMS), "integrated", point=1)
    assert own["n"] == 0
    assert math.isnan(own["mean"]) and math.isnan(own["difference"])


def test_the_same_run_twice_is_an_error() -> None:
    runs = runs_of(along(1.0), 2, lambda *_: 1.0)
    with pytest.raises(ValueError, match="same point, arm and world"):
        point_table(pd.concat([runs, runs.head(1)]), ["load"], ARMS)


def test_averaging_a_factor_out_gives_each_of_its_values_the_same_weight_in_each_world() -> None:
    points: list[dict[str, object]] = [{"load": load, "sector": sector} for load in (1.0, 2.0) for sector in "ab"]
    runs = runs_of(points, 2, lambda varied, _, world: world + (4.0 if varied["sector"] == "b" else 0.0))
    runs.loc[(runs["point"] == 3) & (runs["replicate"] == 1), "gave_up"] = math.nan
    runs = runs[~((runs["point"] == 1) & (runs["replicate"] == 0) & (runs["arm"] == "integrated"))]
    whole = averaged(runs, ["load"])
    indexed = whole.set_index(["load", "arm", "replicate"])["gave_up"]
    assert indexed[1.0, "fragmented", 0] == 2.0
    assert indexed[2.0, "integrated", 0] == 2.0
    assert math.isnan(indexed[2.0, "fragmented", 1])
    assert (1.0, "integrated", 0) not in indexed.index
    assert whole.groupby("load")["point"].first().tolist() == [0, 1]


def test_lines_that_cross_exactly_have_their_break_even_there() -> None:
    runs = runs_of(along(0.0, 1.0, 2.0, 4.0), 3, crossing_at(2.5))
    found = break_even(runs, "load", ARMS).set_index("outcome")
    assert len(found) == len(OUTCOMES)
    assert found["at"].to_numpy() == pytest.approx(np.full(len(OUTCOMES), 2.5))
    assert found["low"].to_numpy() == pytest.approx(np.full(len(OUTCOMES), 2.5), abs=1e-6)
    assert found["high"].to_numpy() == pytest.approx(np.full(len(OUTCOMES), 2.5), abs=1e-6)
    # Differences rise: good above for what should be high, below for what should be low.
    assert found.loc["supported_28", "direction"] == "above"
    assert found.loc["gave_up", "direction"] == "below"
    assert set(found["crossing"]) == {3}
    assert set(found["n"]) == {3}


def test_the_interval_ends_where_the_difference_is_clear_of_zero() -> None:
    # Worlds are parallel lines that cross at 4, 5 and 6: the interval of the mean is as wide everywhere.
    found = break_even(runs_of(along(0.0, 10.0), 3, crossing_at(4.0, 5.0, 6.0)), "load", ARMS).iloc[0]
    half = 4.30265 / math.sqrt(3)
    assert found["at"] == pytest.approx(5.0)
    assert (found["low"], found["high"]) == pytest.approx((5.0 - half, 5.0 + half), abs=1e-4)


def test_the_interval_reaches_over_values_between_and_is_open_where_nothing_is_clear_of_zero() -> None:
    found = break_even(runs_of(along(0.0, 3.0, 5.5, 6.0), 3, crossing_at(4.0, 5.0, 6.0)), "load", ARMS).iloc[0]
    assert found["low"] == pytest.approx(5.0 - 4.30265 / math.sqrt(3), abs=1e-4)
    assert found["high"] == math.inf
    assert found["crossing"] == 2  # the third is zero at the last value, and nothing shows that it goes on


def test_one_world_has_a_break_even_and_no_interval() -> None:
    found = break_even(runs_of(along(0.0, 10.0), 1, crossing_at(4.0)), "load", ARMS).iloc[0]
    assert found["at"] == 4.0
    assert math.isnan(found["low"]) and math.isnan(found["high"])


def test_every_change_of_sign_counts_and_touching_zero_does_not() -> None:
    values = np.arange(7.0)
    # Down through 0.5, zero from 2 to 3 and up in the middle of it, touching at 5, zero at the end.
    curve = np.array([1.0, -1.0, 0.0, 0.0, 2.0, 0.0, 1.0])
    found = crossings(values, np.array([curve, curve]))
    assert [(one.at, one.before) for one in found] == [(0.5, 1), (2.5, -1)]
    assert crossings(values, np.zeros((2, 7))) == []
    assert crossings(values, np.empty((0, 7))) == []
    assert worlds_crossing(values, np.array([curve, -curve, abs(curve)]), 1) == 2


def test_crossings_that_cannot_be_told_apart_are_together() -> None:
    wobble = {0.0: 9.0, 1.0: 0.2, 2.0: -0.1, 3.0: 0.1, 4.0: -9.0, 5.0: 9.0}

    def value(varied: dict[str, object], arm: str, world: int) -> float:
        load = varied["load"]
        assert isinstance(load, float)
        return 5.0 + (wobble[load] + world - 1.0 if arm == "integrated" else 0.0)

    found = break_even(runs_of(along(*wobble), 3, value), "load", ARMS)
    groups = together(found[found["outcome"] == "gave_up"])
    assert [len(group) for group in groups] == [3, 1]
    assert groups[0][0]["high"] < 4.0 < groups[1][0]["low"]


def test_nothing_is_said_across_a_value_at_which_the_difference_is_unknown() -> None:
    values = np.arange(4.0)
    assert crossings(values, np.array([[1.0, math.nan, -1.0, -2.0], [1.0, 1.0, -1.0, -2.0]])) == []
    gaps = np.array([[3.0, 1.0, -1.0, math.nan], [3.1, 1.0, -1.0, -5.0]])
    assert crossings(values, gaps)[0].at == 1.5
    noisy = np.array([[3.0, 5.0, -9.0, math.nan], [3.1, -3.0, 7.0, -5.0]])
    assert crossings(values, noisy)[0].high == math.inf


def test_break_evens_are_found_for_each_value_of_another_factor() -> None:
    points: list[dict[str, object]] = [{"load": load, "shift": shift} for shift in (1.0, 2.0) for load in (0.0, 4.0)]

    def value(varied: dict[str, object], arm: str, world: int) -> float:
        load, shift = varied["load"], varied["shift"]
        assert isinstance(load, float) and isinstance(shift, float)
        return world + (load - shift if arm == "integrated" else 0.0)

    runs = runs_of(points, 2, value)
    found = break_even(runs, "load", ARMS, within=["shift"])
    assert found[found["outcome"] == "gave_up"].set_index("shift")["at"].to_dict() == {1.0: 1.0, 2.0: 2.0}
    with pytest.raises(ValueError, match="several points have the same load"):
        break_even(runs, "load", ARMS)
    # On average over the other factor it is in the middle.
    assert break_even(averaged(runs, ["load"]), "load", ARMS)["at"].to_numpy() == pytest.approx(1.5)


def test_a_world_that_was_not_run_at_every_value_does_not_count() -> None:
    runs = runs_of(along(0.0, 10.0), 3, crossing_at(4.0, 6.0, 9.0))
    found = break_even(runs[~((runs["replicate"] == 2) & (runs["point"] == 1))], "load", ARMS).iloc[0]
    assert (found["at"], found["n"]) == (5.0, 2)


def test_there_is_no_break_even_along_words() -> None:
    runs = runs_of([{"load": "low"}, {"load": "high"}], 2, lambda *_: 1.0)
    with pytest.raises(ValueError, match="load has words"):
        break_even(runs, "load", ARMS)
    assert is_numeric([1, 2.5, np.float64(3), np.int64(4)])
    assert not is_numeric([True, False])


@pytest.mark.parametrize("worlds", [5, 20])
def test_an_interval_of_the_break_even_holds_the_truth_as_often_as_it_says(worlds: int) -> None:
    """Worlds have levels and slopes of their own, and noise at each value; the mean difference is zero at 42.

    Of 2,000 studies 1,900 should hold it, give or take 10 (one standard error); a right interval fails these limits
    of four standard errors in fewer than one of 10,000 cases. That few miss to one side only is looked at as well.
    """
    values = np.array([10.0, 30.0, 50.0, 70.0, 90.0])
    random = np.random.default_rng(20)
    studies, held, sides = 2000, 0, [0, 0]
    for _ in range(studies):
        level, slope = random.normal(0.0, 4.0, (worlds, 1)), random.normal(0.5, 0.1, (worlds, 1))
        found = crossings(values, level + slope * (values - 42.0) + random.normal(0.0, 3.0, (worlds, 5)))
        rising = [one for one in found if one.before < 0]
        held += any(one.low <= 42.0 <= one.high for one in rising)
        sides[0] += all(one.high < 42.0 for one in rising)
        sides[1] += all(one.low > 42.0 for one in rising)
    error = math.sqrt(0.95 * 0.05 / studies)
    assert abs(held / studies - 0.95) < 4 * error
    assert max(sides) / studies < 0.025 + 4 * math.sqrt(0.025 * 0.975 / studies)
