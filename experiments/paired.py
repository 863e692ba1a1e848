"""Paired comparison: the same random worlds in every arm, so that the replicate is the unit of inference."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.outcomes.headline import HEADLINE

LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """A mean with its confidence interval; both ends are NaN where there are fewer than two values."""

    mean: float
    low: float
    high: float
    n: int


def interval_of(values: Sequence[float] | npt.NDArray[np.float64], level: float = LEVEL) -> Interval:
    """Return the mean of independent values and its t interval; all NaN if a value is NaN or there is none."""
    data = np.asarray(values, dtype=np.float64)
    n = len(data)
    mean = float(np.mean(data)) if n else math.nan
    if n < 2 or math.isnan(mean):
        return Interval(mean, math.nan, math.nan, n)
    from scipy.stats import t

    half = float(t.ppf(0.5 + level / 2, n - 1) * np.std(data, ddof=1) / math.sqrt(n))
    return Interval(mean, mean - half, mean + half, n)


def compare_arms(runs: pd.DataFrame, arms: Sequence[str]) -> pd.DataFrame:
    """Compare each arm with the first, by headline outcome.

    A median that is not reached in some replicate is longer than can be said: the arm's median is then missing, and
    so is the difference. Nothing is averaged over the replicates in which it happened to be reached.

    Args:
        runs: A row a run, with ``arm``, ``replicate`` and a column for each headline outcome.
        arms: Names; the first is the baseline.

    Returns:
        One row for each arm and outcome: ``arm``, ``outcome``, ``unit``, ``mean`` over the arm's replicates,
        ``difference`` from the baseline in the same worlds with ``low`` and ``high`` of its 95 % confidence interval,
        and ``n``, the number of worlds behind the difference (behind the mean, for the baseline). Missing: NaN.
    """
    worlds = {arm: runs[runs["arm"] == arm].set_index("replicate").sort_index() for arm in arms}
    base = worlds[arms[0]]
    rows = []
    for outcome in HEADLINE:
        for arm in arms:
            values = worlds[arm][outcome.name]
            row = {"arm": arm, "outcome": outcome.name, "unit": outcome.unit, "mean": mean_of(values)}
            if arm == arms[0]:
                rows.append({**row, "difference": math.nan, "low": math.nan, "high": math.nan, "n": len(values)})
                continue
            gap = paired(values, base[outcome.name])
            rows.append({**row, "difference": gap.mean, "low": gap.low, "high": gap.high, "n": gap.n})
    return pd.DataFrame(rows)


def paired(values: pd.Series, base: pd.Series) -> Interval:
    """Return the difference of two outcomes in the replicates that both have, given by replicate."""
    both = values.index.intersection(base.index)
    return interval_of((values[both] - base[both]).to_numpy(np.float64))


def mean_of(values: pd.Series) -> float:
    """Return the mean over replicates; NaN if it is missing in one of them, or there are none."""
    return float(np.mean(values.to_numpy(np.float64))) if len(values) else math.nan
