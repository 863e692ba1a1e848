"""Tables of a sweep: outcomes and differences at each point, and where an arm stops being better than the baseline."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from experiments.factors import AS_IS
from experiments.paired import Floats, Interval, interval_of, t_quantile
from sim.outcomes.headline import HEADLINE, Outcome

OUTCOMES = [outcome.name for outcome in HEADLINE]
POINT_COLUMNS = (
    "arm", "outcome", "unit", "mean", "low", "high", "difference", "difference_low", "difference_high", "n",
)  # fmt: skip
"""Columns of a table of points behind ``point`` and the varied ones."""
BREAK_EVEN_COLUMNS = ("arm", "outcome", "at", "low", "high", "direction", "crossing", "n")
"""Columns of a table of break-evens behind those that say for which points it holds."""
_NOWHERE = np.empty(0, np.int64)


@dataclass(frozen=True)
class Crossing:
    """Where a mean difference changes its sign along a factor.

    Attributes:
        at: Value of the factor.
        low: Lower end of its 95 % interval; minus infinity: beyond the values looked at; NaN: fewer than two worlds.
        high: Upper end, likewise.
        before: Sign of the mean difference below it, 1 or -1.
    """

    at: float
    low: float
    high: float
    before: int


def is_numeric(values: Iterable[object]) -> bool:
    """Return whether all values of a varied factor are numbers; a switch (true, false) is not one."""
    return all(isinstance(value, Real | np.number) and not isinstance(value, bool | np.bool_) for value in values)


def point_table(runs: pd.DataFrame, varied: Sequence[str], arms: Sequence[str]) -> pd.DataFrame:
    """Return every headline outcome of each arm at each point, and its difference from the baseline there.

    Worlds are taken as independent, and what they have in common at a point is taken out by pairing: a difference is
    that of two arms in the same world. Intervals are t intervals (about normal means), each for itself: with many
    points, about one in twenty misses. Outcomes that some run did not have (a median not reached) are missing in the
    mean, and so in the difference: nothing is averaged over the worlds that happened to have a value. A run that is
    not in the table at all, such as one that failed, is left out with its world; ``n`` tells.

    Args:
        runs: A row a run: ``point``, the varied columns, ``arm``, ``replicate``, the headline outcomes.
        varied: Columns of the varied factors, the same in all runs of a point.
        arms: Names; the first is the baseline.

    Returns:
        A row for each point, arm and outcome: ``point``, the varied columns, ``arm``, ``outcome``, ``unit``, ``mean``
        with ``low`` and ``high`` of its 95 % interval over worlds, ``difference`` from the baseline in the same worlds
        with ``difference_low`` and ``difference_high`` (see :func:`experiments.paired.paired`), and ``n``, the number
        of worlds behind the difference (behind the mean, for the baseline). All in the units of the outcomes; shares
        from 0 to 1. Missing, and the differences of the baseline: NaN.

    Raises:
        ValueError: Two runs are of the same point, arm and world.
    """
    if runs.duplicated(["point", "arm", "replicate"]).any():
        raise ValueError("two runs are of the same point, arm and world")
    # Arrays by point and arm, as cutting a table into thousands of small ones takes far longer than the sums.
    outcomes, worlds = runs[OUTCOMES].to_numpy(np.float64), runs["replicate"].to_numpy()
    places = runs.groupby(["point", "arm"], observed=True).indices
    first = runs.drop_duplicates("point").sort_values("point")
    rows = []
    for point, *where in first[["point", *varied]].itertuples(index=False):
        at = {arm: places.get((point, arm), _NOWHERE) for arm in arms}
        base = at[arms[0]]
        for arm in arms:
            own = at[arm]
            _, mine, others = np.intersect1d(worlds[own], worlds[base], assume_unique=True, return_indices=True)
            gaps = outcomes[own[mine]] - outcomes[base[others]]
            for number, outcome in enumerate(HEADLINE):
                mean = interval_of(outcomes[own, number])
                gap = interval_of(gaps[:, number]) if arm != arms[0] else Interval(math.nan, math.nan, math.nan, mean.n)
                rows.append((point, *where, arm, outcome.name, outcome.unit, mean.mean, mean.low, mean.high,
                             gap.mean, gap.low, gap.high, gap.n))  # fmt: skip
    return pd.DataFrame(rows, columns=["point", *varied, *POINT_COLUMNS])


def averaged(runs: pd.DataFrame, kept: Sequence[str]) -> pd.DataFrame:
    """Return runs in which the other varied factors are averaged out, so that few factors can be tabled and drawn.

    The points that agree in the kept factors are given the same weight: the result says what holds on average over the
    values that were chosen for the others, not over how likely these are.

    Args:
        runs: As of :func:`point_table`.
        kept: Columns of the factors to keep.

    Returns:
        A row for each combination of their values (a new ``point``), arm and world: the mean of each outcome over the
        points; missing if it is missing in one of them. A world that was not run at all of the points is left out.
    """
    points = runs.groupby(list(kept), dropna=False)["point"].transform("nunique")
    # Words stay in the order of the points.
    groups = runs.assign(_points=points).groupby([*kept, "arm", "replicate"], dropna=False, observed=True, sort=False)
    means = groups[OUTCOMES].mean().where(groups[OUTCOMES].count().eq(groups.size(), axis=0))
    whole = means[groups["point"].nunique() == groups["_points"].first()].reset_index()
    whole.insert(0, "point", whole.groupby(list(kept), dropna=False, sort=False).ngroup())
    return whole


def break_even(runs: pd.DataFrame, factor: str, arms: Sequence[str], within: Sequence[str] = ()) -> pd.DataFrame:
    """Return where along a numeric factor the mean difference of an arm from the baseline changes its sign.

    Assumed: between neighbouring values the difference is a straight line in every world. The interval is the set of
    values around the crossing at which the 95 % t interval of the difference, interpolated in each world, includes
    zero (Fieller). It holds the true crossing in 95 % of studies if means over worlds are about normal, however few
    worlds there are, and needs no crossing in any single world. Where the difference is still not clear of zero at the
    last value (or unknown from there), the interval is open at that end: it cannot be said from these values whether
    there is a crossing on this side at all. Each interval stands for itself, not for all arms and outcomes together.
    A difference that touches zero, or is zero at the first or last values, does not change its sign.

    Args:
        runs: As of :func:`point_table`. Only worlds that were run in both arms at every value count.
        factor: Column of the factor.
        arms: Names; the first is the baseline.
        within: Columns of other varied factors; break-evens are found for each combination of their values.

    Returns:
        A row for each change of sign: the columns ``within``, ``arm``, ``outcome``, ``at`` (value of the factor),
        ``low`` and ``high`` (minus or plus infinity at an open end, NaN with fewer than two worlds), ``direction``
        (``below`` or ``above``: on which side the arm is better than the baseline), ``crossing`` (worlds whose own
        difference changes its sign in this direction) and ``n`` (worlds).

    Raises:
        ValueError: The factor has words, or points differ in something besides the factor and ``within``.
    """
    if not is_numeric(runs[factor]):
        raise ValueError(f"{factor} has words: there is nothing between them where arms could cross")
    rows = []
    groups = runs.groupby(list(within), dropna=False) if within else [((), runs)]
    for where, own in groups:
        if (own.groupby(factor)["point"].nunique() > 1).any():
            raise ValueError(f"several points have the same {factor}: name the other factors, or average over them")
        for arm in arms[1:]:
            values, gaps = _differences(own, factor, arm, arms[0])
            for outcome, differences in zip(HEADLINE, gaps, strict=True):
                for found in crossings(values, differences):
                    said = (found.at, found.low, found.high, _direction(found, outcome))
                    counts = (worlds_crossing(values, differences, found.before), len(differences))
                    rows.append((*where, arm, outcome.name, *said, *counts))
    return pd.DataFrame(rows, columns=[*within, *BREAK_EVEN_COLUMNS])


def together(break_evens: pd.DataFrame) -> list[list[dict[Any, Any]]]:
    """Return the break-evens of one outcome, those together that cannot be told apart: their interval is the same.

    Where a difference is near zero along a stretch, chance lets it cross several times, all within one interval.
    """
    groups: list[list[dict[Any, Any]]] = []
    for row in break_evens.to_dict("records"):
        last = groups[-1][-1] if groups else None
        if last is not None and all(last[name] == row[name] for name in ("arm", "low", "high")):
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def break_even_text(rows: Sequence[Mapping[Any, Any]], values: Sequence[float]) -> str:
    """Return on which side of which value an arm is better than the baseline, and how well that is known.

    Args:
        rows: One of the groups of :func:`together`.
        values: Of the factor; numbers are given to about a hundredth of their range.
    """
    row = rows[0]
    at, low, high = (number_text(float(row[name]), values) for name in ("at", "low", "high"))
    text = f"{row['direction']} {at}" if len(rows) == 1 else f"crosses {len(rows)} times"
    if math.isnan(row["low"]):
        return text
    if math.isinf(row["low"]) and math.isinf(row["high"]):
        return f"{text} (open)"
    if math.isinf(row["low"]):
        return f"{text} (up to {high})"
    return f"{text} (from {low})" if math.isinf(row["high"]) else f"{text} ({low} to {high})"


def number_text(value: float, values: Sequence[float]) -> str:
    """Return a value of a factor to about a hundredth of the range of its values."""
    reach = max(values) - min(values) or abs(value) or 1.0
    return f"{value:z,.{max(0, 1 - math.floor(math.log10(reach)))}f}".replace("-", "\N{MINUS SIGN}")


def value_text(value: object) -> str:
    """Return a value of a factor as it was given, in words."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return AS_IS
    if isinstance(value, float | np.floating):
        return f"{value:,.6g}".replace("-", "\N{MINUS SIGN}")
    return str(value)


def values_of(column: pd.Series) -> list[Any]:
    """Return the values of a factor: numbers from the least to the greatest, words in the order of the points."""
    values = column.dropna().drop_duplicates()
    return list(values.sort_values()) if is_numeric(values) else list(values)


def evenly(values: Sequence[Any], most: int) -> list[Any]:
    """Return at most so many of the values, the first and the last among them, evenly chosen by their place."""
    if len(values) <= most:
        return list(values)
    return [values[place] for place in np.linspace(0, len(values) - 1, most).round().astype(int)]


def clear_of_zero(points: pd.DataFrame) -> pd.Series:
    """Return for each row of :func:`point_table` if the interval of its difference leaves zero out, or is missing."""
    return ~((points["difference_low"] <= 0.0) & (points["difference_high"] >= 0.0))


def crossings(values: Floats, differences: Floats) -> list[Crossing]:
    """Return where the mean of differences changes its sign, with intervals; see :func:`break_even`.

    Args:
        values: Of the factor, increasing; shape (values,).
        differences: Of the arm from the baseline; shape (worlds, values).
    """
    if not differences.size:
        return []
    means = differences.mean(axis=0)
    return [
        Crossing(at, _end(values, differences, at, -1), _end(values, differences, at, 1), before)
        for at, before in _sign_changes(values, means)
    ]


def worlds_crossing(values: Floats, differences: Floats, before: int) -> int:
    """Return in how many worlds the difference itself changes its sign from that of ``before`` to the other."""
    return sum(any(sign == before for _, sign in _sign_changes(values, own)) for own in differences)


def _differences(runs: pd.DataFrame, factor: str, arm: str, baseline: str) -> tuple[Floats, Floats]:
    """Return the values of a factor, and differences by outcome, world and value, in the worlds that have them all."""
    indexed = runs.set_index([factor, "replicate"])
    own, base = (indexed.loc[indexed["arm"] == one, OUTCOMES].astype(np.float64) for one in (arm, baseline))
    both = own.index.intersection(base.index)
    gaps = own.loc[both] - base.loc[both]
    values = np.unique(gaps.index.get_level_values(0).to_numpy(np.float64))
    sizes = gaps.groupby(level=1).size()
    worlds = sizes.index[sizes == len(values)]
    kept = gaps[gaps.index.get_level_values(1).isin(worlds)].sort_index(level=[1, 0])
    return values, kept.to_numpy(np.float64).reshape(len(worlds), len(values), len(OUTCOMES)).transpose(2, 0, 1)


def _sign_changes(values: Floats, curve: Floats) -> list[tuple[float, int]]:
    """Return where a curve of straight pieces changes its sign, and its sign before; never across an unknown value.

    Where it is zero at one or several values in between, the middle of them is where it changes.
    """
    found = []
    last = -1
    for place, height in enumerate(curve):
        if math.isnan(height):
            last = -1
        elif height != 0.0:
            if last >= 0 and (curve[last] > 0.0) != (height > 0.0):
                if place - last > 1:
                    at = (values[last + 1] + values[place - 1]) / 2
                else:
                    at = values[last] + (values[place] - values[last]) * curve[last] / (curve[last] - height)
                found.append((float(at), 1 if curve[last] > 0.0 else -1))
            last = place
    return found


def _end(values: Floats, differences: Floats, at: float, side: int) -> float:
    """Return how far to one side (-1 or 1) of a crossing the t interval of the mean difference includes zero."""
    n = len(differences)
    if n < 2:
        return math.nan
    x, gaps = (values, differences) if side > 0 else (-values[::-1], differences[:, ::-1])
    start = side * at
    reach = t_quantile(n) ** 2 / n
    for left in range(max(0, int(np.searchsorted(x, start, side="right")) - 1), len(x) - 1):
        if np.isnan(gaps[:, left : left + 2]).any():
            break
        width = float(x[left + 1] - x[left])
        inside = _first_clear(gaps[:, left], gaps[:, left + 1], max(0.0, (start - float(x[left])) / width), reach)
        if inside is not None:
            return side * (float(x[left]) + inside * width)
    return side * math.inf


def _first_clear(first: Floats, second: Floats, start: float, reach: float) -> float | None:
    """Return from where on, between two values, the interval of the mean difference is clear of zero; None: nowhere.

    Args:
        first: Differences at the left one, by world.
        second: At the right one.
        start: Where to begin, 0 (left) to 1 (right).
        reach: Square of half an interval, over the variance between worlds.
    """
    mean, slope = float(first.mean()), float((second - first).mean())
    spread = np.cov(first, second - first)
    # Squared mean less squared half-width, as a parabola over the way from the left to the right value.
    parabola = np.polynomial.Polynomial(
        [
            mean**2 - reach * float(spread[0, 0]),
            2 * (mean * slope - reach * float(spread[0, 1])),
            slope**2 - reach * float(spread[1, 1]),
        ]
    )
    # Roots that differ from real ones by rounding count: without spread between worlds both are at the crossing.
    roots = sorted(float(root.real) for root in parabola.roots() if abs(root.imag) < 1e-6)
    stops = [start, *(root for root in roots if start < root < 1.0), 1.0]
    for left, right in pairwise(stops):
        if right > left and parabola((left + right) / 2) > 0.0:
            return left
    return None


def _direction(found: Crossing, outcome: Outcome) -> str:
    return "below" if (found.before > 0) == (outcome.better == "higher") else "above"
