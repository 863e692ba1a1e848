"""Paired differences against numbers computed by hand."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from experiments.paired import compare_arms, interval_of
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
