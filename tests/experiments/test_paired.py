"""Paired differences against numbers computed by hand."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from experiments.paired import compare_arms, interval_of, variance_ratio
from sim.outcomes.headline import HEADLINE


def runs_of(**medians: list[float]) -> pd.DataFrame:
    rows = [
        {"arm": arm, "replicate": number, **{outcome.name: value for outcome in HEADLINE}}
        for arm, values in medians.items()
        for number, value in enumerate(values)
    ]
    return pd.DataFrame(rows)


def row_of(table: pd.DataFrame, arm: str, outcome: str = "median_days") -> pd.Series:
    return table[(table["arm"] == arm) & (table["outcome"] == outcome)].iloc[0]


def test_interval_by_hand() -> None:
    # Mean 4, standard deviation 2, standard error 2 / sqrt(3); t for 2 degrees of freedom is 4.302653.
    found = interval_of([2.0, 4.0, 6.0])
    assert found.mean == 4.0
    assert (found.low, found.high) == pytest.approx((4 - 4.968275, 4 + 4.968275), abs=1e-5)
    assert found.n == 3


def test_interval_of_few_values() -> None:
    one = interval_of([3.0])
    assert one.mean == 3.0
    assert math.isnan(one.low)
    assert math.isnan(one.high)
    assert math.isnan(interval_of([]).mean)
    assert math.isnan(interval_of([1.0, math.nan]).mean)


def test_differences_are_paired_by_replicate() -> None:
    # The worlds differ much, the arms by 1, 2 and 3: the order of the rows must not matter.
    runs = runs_of(a=[10.0, 50.0, 90.0], b=[11.0, 52.0, 93.0]).sample(frac=1, random_state=1)
    row = row_of(compare_arms(runs, ["a", "b"]), "b")
    assert row["mean"] == 52.0
    assert row["difference"] == pytest.approx(2.0)
    # Standard deviation 1, standard error 1 / sqrt(3).
    assert (row["low"], row["high"]) == pytest.approx((2 - 2.484138, 2 + 2.484138), abs=1e-5)
    assert row["n"] == 3


def test_the_baseline_has_no_difference() -> None:
    row = row_of(compare_arms(runs_of(a=[1.0, 2.0], b=[1.0, 3.0]), ["a", "b"]), "a")
    assert row["mean"] == 1.5
    assert row[["difference", "low", "high"]].isna().all()


def test_a_median_not_reached_in_one_world_is_not_averaged_over_the_others() -> None:
    table = compare_arms(runs_of(a=[10.0, 20.0], b=[5.0, math.nan], c=[1.0, 2.0]), ["a", "b", "c"])
    row = row_of(table, "b")
    assert row[["mean", "difference", "low", "high"]].isna().all()
    assert row_of(table, "c")["difference"] == -13.5


def test_one_replication_has_a_difference_without_an_interval() -> None:
    row = row_of(compare_arms(runs_of(a=[10.0], b=[7.0]), ["a", "b"]), "b")
    assert row["difference"] == -3.0
    assert row[["low", "high"]].isna().all()
    assert row["n"] == 1


def test_worlds_that_failed_in_one_arm_are_left_out_of_the_difference() -> None:
    runs = runs_of(a=[10.0, 20.0, 30.0], b=[11.0, 21.0, 99.0])
    runs = runs[~((runs["arm"] == "b") & (runs["replicate"] == 2))]
    row = row_of(compare_arms(runs, ["a", "b"]), "b")
    assert row["difference"] == 1.0
    assert row["n"] == 2


def test_what_pairing_is_worth_by_hand() -> None:
    # Variances 1,600 and 1,681; of the differences 1, 2 and 3 it is 1.
    row = row_of(compare_arms(runs_of(a=[10.0, 50.0, 90.0], b=[11.0, 52.0, 93.0]), ["a", "b"]), "b")
    assert row["variance_ratio"] == pytest.approx(1600 + 1681)
    one, other = np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.0, 1.0])
    assert variance_ratio(one, other) == pytest.approx(0.5)
    assert variance_ratio(one, one) == math.inf
    assert math.isnan(variance_ratio(one * 0, other * 0))
    assert math.isnan(variance_ratio(one[:1], other[:1]))


def test_intervals_of_several_arms_are_wider_so_that_they_hold_together() -> None:
    runs = runs_of(a=[10.0, 50.0, 90.0], b=[11.0, 52.0, 93.0], c=[11.0, 52.0, 93.0])
    row = row_of(compare_arms(runs, ["a", "b", "c"]), "c")
    # As above; 1 - 0.05 / 4 of t with 2 degrees of freedom is 6.205347.
    assert (row["low"], row["high"]) == pytest.approx((2 - 2.484138, 2 + 2.484138), abs=1e-5)
    assert (row["all_low"], row["all_high"]) == pytest.approx((2 - 3.582659, 2 + 3.582659), abs=1e-5)
    alone = row_of(compare_arms(runs, ["a", "b"]), "b")
    assert (alone["all_low"], alone["all_high"]) == (alone["low"], alone["high"])


def small_experiments(count: int, worlds: int, arms: int) -> Iterator[tuple[pd.DataFrame, dict[str, float]]]:
    """Return comparisons of small experiments with the true difference of each arm from the first.

    Worlds differ much and skewly, and are the same in all arms; arms differ by a constant and by luck of their own.
    """
    random = np.random.default_rng(20261125)
    for _ in range(count):
        world = random.exponential(30.0, worlds)
        truth = {f"arm_{number}": 2.0 * number for number in range(arms)}
        values = {arm: (world + effect + random.normal(0.0, 3.0, worlds)).tolist() for arm, effect in truth.items()}
        yield compare_arms(runs_of(**values), list(truth)), truth


@pytest.fixture
def one_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compare by one outcome alone, for speed."""
    monkeypatch.setattr("experiments.paired.HEADLINE", [one for one in HEADLINE if one.name == "median_days"])


@pytest.mark.usefixtures("one_outcome")
def test_intervals_of_paired_differences_cover_in_19_of_20_small_experiments() -> None:
    """1,000 experiments: with a true chance of 95 % the share is between 93 and 97 % but for 4 seeds in 1,000."""
    covered = 0
    for table, truth in small_experiments(1000, worlds=6, arms=2):
        row = row_of(table, "arm_1")
        covered += row["low"] <= truth["arm_1"] <= row["high"]
    assert 930 <= covered <= 970


@pytest.mark.usefixtures("one_outcome")
def test_intervals_of_several_arms_hold_together_in_19_of_20_small_experiments() -> None:
    """With a true chance of 95 % exactly, fewer than 930 of 1,000 would come with 1 seed in 400; it is higher."""
    together, each = 0, 0
    for table, truth in small_experiments(1000, worlds=6, arms=5):
        rows = [row_of(table, arm) for arm in list(truth)[1:]]
        together += all(row["all_low"] <= truth[row["arm"]] <= row["all_high"] for row in rows)
        each += all(row["low"] <= truth[row["arm"]] <= row["high"] for row in rows)
    assert together >= 950
    # Intervals that hold one by one do not hold together: what the others are for.
    assert each < 930
