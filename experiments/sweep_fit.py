"""Straight lines through the points of a design in which all factors change at once, such as a sample.

Between two such points everything differs, so that no line from one to the next says anything of one factor. What can
be said is how the paired difference of an arm changes with each factor, the others held at their mean over the points:
least squares over all factors at once, as if each had an effect of its own in a straight line. This is done in every
random world, and intervals are t intervals over worlds: they say how well these lines are known, not how straight the
truth is. How much of what differs between points the lines explain is given beside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.paired import Floats, interval_of
from experiments.sweep_tables import OUTCOMES, is_numeric

COLUMNS = ("arm", "outcome", "factor", "slope", "low", "high", "explained", "points", "n")
"""Of a table of effects."""
LEAST_SPARE = 3
"""Points that there must be beyond the number of coefficients."""


@dataclass(frozen=True)
class Fit:
    """The straight lines of an arm's difference from the baseline in one outcome.

    Attributes:
        columns: What the difference is made of: factors, and values of factors with words.
        centre: Mean of each column over the points.
        level: Difference at this centre, by world.
        slopes: What a column adds for each unit, by world: shape (columns, worlds).
        explained: Share of the variance between points of the mean over worlds that the lines explain; NaN if there
            is none.
        points: How many.
    """

    columns: tuple[str, ...]
    centre: Floats
    level: Floats
    slopes: Floats
    explained: float
    points: int

    def along(self, factor: str, values: Sequence[float]) -> Floats:
        """Return mean, low and high of the line along a factor with numbers, others at their mean: (3, values)."""
        column = self.columns.index(factor)
        ends = [interval_of(self.level + (value - self.centre[column]) * self.slopes[column]) for value in values]
        return np.array([[end.mean, end.low, end.high] for end in ends], np.float64).T


def fits_of(runs: pd.DataFrame, factors: Sequence[str], arms: Sequence[str]) -> dict[tuple[str, str], Fit]:
    """Return the lines of each arm but the baseline and each headline outcome, by the names of both.

    Only worlds that were run in both arms at every point count. Outcomes that are missing at a point have no lines:
    the points that have it are others than those that were chosen. Nor are there any where the points are too few, or
    do not tell one factor from another.

    Args:
        runs: From :func:`experiments.sweep_points.on_axes`.
        factors: Columns of the varied factors.
        arms: Names; the first is the baseline.
    """
    points = runs.drop_duplicates("point").set_index("point")[list(factors)].sort_index()
    columns = _columns(points, factors)
    made = columns.to_numpy(np.float64)
    centre = made.mean(axis=0)
    matrix = np.column_stack([np.ones(len(made)), made - centre])
    # By their spread, as a factor may go from 0 to 1 and another from 0 to 10,000.
    spread = np.linalg.norm(matrix, axis=0)
    is_known = np.linalg.matrix_rank(matrix / spread) == matrix.shape[1]
    if len(made) < matrix.shape[1] + LEAST_SPARE or not is_known:
        return {}
    solve = np.linalg.pinv(matrix / spread) / spread[:, None]
    found = {}
    for arm in arms[1:]:
        for outcome, gaps in _differences(runs, points.index, arm, arms[0]).items():
            if gaps.size and np.isfinite(gaps).all():
                level, *slopes = solve @ gaps
                explained = _explained(gaps.mean(axis=1), matrix, solve)
                fit = Fit(tuple(map(str, columns)), centre, level, np.array(slopes), explained, len(made))
                found[arm, outcome] = fit
    return found


def main_effects(runs: pd.DataFrame, factors: Sequence[str], arms: Sequence[str]) -> pd.DataFrame:
    """Return what each factor adds to the difference of an arm from the baseline, the others held at their mean.

    Args:
        runs: From :func:`experiments.sweep_points.on_axes`.
        factors: Columns of the varied factors.
        arms: Names; the first is the baseline.

    Returns:
        A row for each arm, outcome and factor that has lines (see :func:`fits_of`), with words one for each value but
        the first: ``slope`` in the unit of the outcome for one unit of the factor (or against its first word) with
        ``low`` and ``high`` of its 95 % interval over worlds, ``explained`` (share of the variance between points, by
        all factors together), ``points`` and ``n`` (worlds).
    """
    rows = []
    for (arm, outcome), fit in fits_of(runs, factors, arms).items():
        for column, slopes in zip(fit.columns, fit.slopes, strict=True):
            slope = interval_of(slopes)
            rows.append((arm, outcome, column, slope.mean, slope.low, slope.high, fit.explained, fit.points, slope.n))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _columns(points: pd.DataFrame, factors: Sequence[str]) -> pd.DataFrame:
    """Return numbers as they are, and of words whether a point has them: all but the first, which the level is of."""
    columns: dict[str, pd.Series] = {}
    for factor in factors:
        if points[factor].nunique() < 2:
            continue
        if is_numeric(points[factor]):
            columns[factor] = points[factor].astype(np.float64)
        else:
            _, *others = points[factor].drop_duplicates()
            columns |= {f"{factor}={word}": (points[factor] == word).astype(np.float64) for word in others}
    return pd.DataFrame(columns, index=points.index)


def _differences(runs: pd.DataFrame, points: pd.Index, arm: str, baseline: str) -> dict[str, Floats]:
    """Return the differences by outcome, each of shape (points, worlds), in the worlds that were run at all points."""
    indexed = runs.set_index(["point", "replicate"])
    own, base = (indexed.loc[indexed["arm"] == one, OUTCOMES].astype(np.float64) for one in (arm, baseline))
    gaps = (own - base.reindex(own.index))[own.index.isin(base.index)]
    worlds = gaps.groupby(level="replicate").size()
    whole = worlds.index[worlds == len(points)]
    return {
        outcome: gaps[outcome].unstack().reindex(index=points, columns=whole).to_numpy(np.float64)
        for outcome in OUTCOMES
    }


def _explained(means: Floats, matrix: Floats, solve: Floats) -> float:
    total = float(((means - means.mean()) ** 2).sum())
    return 1.0 - float(((means - matrix @ (solve @ means)) ** 2).sum()) / total if total > 0.0 else float("nan")
