"""Paired comparison: the same random worlds in every arm, so that the replicate is the unit of inference."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.outcomes.headline import HEADLINE

LEVEL = 0.95
Floats = npt.NDArray[np.float64]
_OF_DIFFERENCES = ("difference", "low", "high", "all_low", "all_high", "variance_ratio")


@dataclass(frozen=True)
class Interval:
    """A mean with its confidence interval; both ends are NaN where there are fewer than two values."""

    mean: float
    low: float
    high: float
    n: int


def interval_of(values: Sequence[float] | Floats, level: float = LEVEL) -> Interval:
    """Return the mean of independent values and its t interval; all NaN if a value is NaN or there is none."""
    data = np.asarray(values, dtype=np.float64)
    n = len(data)
    mean = float(np.mean(data)) if n else math.nan
    if n < 2 or math.isnan(mean):
        return Interval(mean, math.nan, math.nan, n)
    half = t_quantile(n, level) * float(np.std(data, ddof=1)) / math.sqrt(n)
    return Interval(mean, mean - half, mean + half, n)


@cache
def t_quantile(n: int, level: float = LEVEL) -> float:
    """Return how many standard errors of a mean of ``n`` values an interval of a level reaches to either side."""
    # What scipy.stats takes too, which takes half a second to import.
    from scipy.special import stdtrit

    return float(stdtrit(n - 1, 0.5 + level / 2))


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
        ``all_low`` and ``all_high`` of intervals that hold for the differences of all arms in this outcome together,
        ``variance_ratio`` (see :func:`variance_ratio`), and ``n``, the number of worlds behind the difference (behind
        the mean, for the baseline). Missing: NaN.
    """
    worlds = {arm: runs[runs["arm"] == arm].set_index("replicate").sort_index() for arm in arms}
    base = worlds[arms[0]]
    together = level_of_each(len(arms) - 1)
    rows = []
    for outcome in HEADLINE:
        for arm in arms:
            values = worlds[arm][outcome.name]
            row = {"arm": arm, "outcome": outcome.name, "unit": outcome.unit, "mean": mean_of(values)}
            if arm == arms[0]:
                rows.append({**row, **dict.fromkeys(_OF_DIFFERENCES, math.nan), "n": len(values)})
                continue
            differences, worth = in_pairs(values, base[outcome.name])
            gap, wide = interval_of(differences), interval_of(differences, together)
            own = (gap.mean, gap.low, gap.high, wide.low, wide.high, worth)
            rows.append({**row, **dict(zip(_OF_DIFFERENCES, own, strict=True)), "n": gap.n})
    return pd.DataFrame(rows)


def ends_shown(comparison: pd.DataFrame) -> tuple[str, str]:
    """Return the columns of a comparison with the ends of the intervals to show and to decide by.

    With several arms those that hold for all of them together.
    """
    several = comparison["arm"].nunique() > 2
    return ("all_low", "all_high") if several and "all_low" in comparison else ("low", "high")


def level_of_each(count: int, level: float = LEVEL) -> float:
    """Return the level of each of several intervals that hold together with ``level`` at least (Bonferroni).

    It needs nothing to be known of how the differences depend on each other, which they do: all share the baseline.
    """
    return 1.0 - (1.0 - level) / max(1, count)


def paired(values: pd.Series, base: pd.Series) -> Interval:
    """Return the difference of two outcomes in the replicates that both have, given by replicate."""
    return interval_of(in_pairs(values, base)[0])


def in_pairs(values: pd.Series, base: pd.Series) -> tuple[Floats, float]:
    """Return the differences of two outcomes in the replicates that both have, and what pairing was worth.

    Args:
        values: By replicate.
        base: By replicate, of the baseline.

    Returns:
        The differences, and their :func:`variance_ratio`.
    """
    both = values.index.intersection(base.index)
    own, others = (one[both].to_numpy(np.float64) for one in (values, base))
    return own - others, variance_ratio(own, others)


def variance_ratio(values: Floats, base: Floats) -> float:
    """Return how many times as many runs an unpaired comparison would need for the same precision.

    The variance of a difference of independent runs, var(values) + var(base), over that of the paired differences:
    above 1 where the same random worlds make arms vary together. Infinite where the difference is the same in every
    world, though worlds differ; NaN where nothing varies, or there are fewer than two worlds.

    Args:
        values: Of an arm; shape (worlds,).
        base: Of the baseline, in the same worlds; shape (worlds,).
    """
    if len(values) < 2:
        return math.nan
    unpaired = float(np.var(values, ddof=1) + np.var(base, ddof=1))
    of_pairs = float(np.var(values - base, ddof=1))
    if of_pairs > 0.0:
        return unpaired / of_pairs
    return math.inf if unpaired > 0.0 else math.nan


def mean_of(values: pd.Series) -> float:
    """Return the mean over replicates; NaN if it is missing in one of them, or there are none."""
    return float(np.mean(values.to_numpy(np.float64))) if len(values) else math.nan
