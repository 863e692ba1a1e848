"""Sensitivity of an outcome to the values of parameters: Morris screening and Sobol indices.

Nothing here knows of the model. A design is an array of points, a row a point and a column a factor; whoever runs it
hands back the outcome, a row a point and a column a random world, the same worlds at every point. Indices are those of
the mean over these worlds. What worlds have in common at all points therefore changes nothing, and how unlike they are
in their response to a factor shows in the intervals.

Intervals come from a bootstrap of trajectories (or rows of the design) and worlds at once. It errs on the wide side: it
counts what is particular to a point in a world more than once (A. B. Owen, "The pigeonhole bootstrap", Annals of
Applied Statistics 1(2), 2007, pp. 386-411), and rows of a Sobol sequence are spread more evenly than the independent
ones that it takes them for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.paired import LEVEL, t_quantile
from sim.schema.problems import BadInputError, Complaints, Problem, listing

Floats = npt.NDArray[np.float64]
Statistic = Callable[[Floats, Floats, int], Floats]

LEVELS = 4
"""Values of a factor on the grid of Morris' design."""
LEAST_TRAJECTORIES, LEAST_ROWS = 4, 8
"""Fewer say nothing of how far apart they are."""
RESAMPLES = 1000
"""Of a bootstrap."""
MANY = 10**9
"""As many values as have a normal interval."""
MOST_POINTS = 10
"""Points that are named one by one when outcomes are missing."""


@dataclass(frozen=True)
class Factor:
    """A parameter and its range.

    Attributes:
        name: In tables.
        label: For people.
        low: Least value.
        high: Greatest value.
        is_whole: Whether it can only be a whole number.
        unit: Of its values; "" for none.
    """

    name: str
    label: str
    low: float
    high: float
    is_whole: bool = False
    unit: str = ""


def morris_design(factors: Sequence[Factor], trajectories: int, seed: int) -> Floats:
    """Return the points of Morris' screening: random walks on a grid that change each factor once.

    Args:
        factors: What to vary.
        trajectories: Number of walks.
        seed: Of their choice.

    Returns:
        Points, shape (trajectories * (factors + 1), factors), a trajectory after the other. Values of whole numbers
        are rounded.
    """
    complaints = Complaints()
    check_factors(factors, complaints)
    if trajectories < LEAST_TRAJECTORIES:
        complaints.add("trajectories", f"{trajectories}", f"{LEAST_TRAJECTORIES} or more")
    complaints.raise_if_any()
    unit = _salib("sample.morris").sample(_problem(factors), trajectories, num_levels=LEVELS, seed=seed)
    low, high, is_whole = _ranges(factors)
    points = low + np.asarray(unit, np.float64) * (high - low)
    return np.where(is_whole, np.round(points), points)


def morris_effects(
    factors: Sequence[Factor],
    points: npt.ArrayLike,
    outcomes: npt.ArrayLike,
    resamples: int = RESAMPLES,
    seed: int = 1,
) -> pd.DataFrame:
    """Return how much each factor matters, from the elementary effects of Morris' design.

    An elementary effect is what a step of one factor changes in the outcome, divided by the share of the factor's
    range that the step covers: what the whole range would change if all of it changed as much.

    Args:
        factors: What was varied.
        points: From :func:`morris_design`.
        outcomes: Shape (points, worlds); the same worlds at every point, numbered from 0.
        resamples: Of the bootstrap.
        seed: Of the bootstrap.

    Returns:
        A row a factor, in the unit of the outcome: ``factor``, ``label``, ``mu`` (mean of the effects), ``mu_star``
        (mean of their sizes), ``sigma`` (their standard deviation: interaction, or a response that is not linear), each
        with ``..._low`` and ``..._high`` of its 95 % interval, ``noise`` (the mu_star to expect, by differences between
        worlds, of a factor that does nothing on average; NaN of a single world), ``blocks`` (trajectories), ``worlds``.
        ``mu_star_low`` is 0 where mu_star is not told apart from noise.
    """
    blocks, values = in_blocks(factors, points, outcomes, per_block=len(factors) + 1)
    steps, which = _steps(factors, blocks)
    changes = np.diff(values, axis=1) / steps[:, :, None]
    effects = np.empty_like(changes)
    np.put_along_axis(effects, which[:, :, None], changes, axis=1)
    columns = _intervals(effects, _moments, ("mu", "mu_star", "sigma"), resamples, seed)
    # The mean size of a normal deviate is less than its standard deviation.
    noise = math.sqrt(2 / math.pi) * np.sqrt(_between_worlds(effects).mean(axis=0))
    # Mirrored resamples take only part of the noise from sizes that are nothing else.
    is_noise = columns["mu_star"] - noise <= (columns["mu_star_high"] - columns["mu_star_low"]) / 2
    columns["mu_star_low"] = np.where(is_noise, 0.0, np.maximum(columns["mu_star_low"], 0.0))
    columns["sigma_low"] = np.maximum(columns["sigma_low"], 0.0)
    return _table(factors, values, {**columns, "noise": noise})


def sobol_design(factors: Sequence[Factor], n: int, seed: int) -> Floats:
    """Return the points of Saltelli's scheme for first-order and total indices, from a scrambled Sobol sequence.

    Args:
        factors: What to vary, evenly over its range; whole numbers all have the same chance.
        n: Rows of the design: a power of two.
        seed: Of the scrambling.

    Returns:
        Points, shape (n * (factors + 2), factors), row after row: a point, the same with one factor after the other
        taken from a second point, and this second point.
    """
    complaints = Complaints()
    check_factors(factors, complaints)
    if n < LEAST_ROWS or n & (n - 1):
        near = max(LEAST_ROWS, 2 ** round(math.log2(max(1, n))))
        complaints.add("rows of the design", f"{n}", f"a power of two, {LEAST_ROWS} or more", f"{near}")
    complaints.raise_if_any()
    sample = _salib("sample.sobol").sample
    unit = np.asarray(sample(_problem(factors), n, calc_second_order=False, seed=seed), np.float64)
    low, high, is_whole = _ranges(factors)
    whole = np.minimum(low + np.floor(unit * (high - low + 1)), high)
    return np.where(is_whole, whole, low + unit * (high - low))


def sobol_indices(
    factors: Sequence[Factor],
    points: npt.ArrayLike,
    outcomes: npt.ArrayLike,
    resamples: int = RESAMPLES,
    seed: int = 1,
) -> pd.DataFrame:
    """Return which share of the variance of an outcome over the ranges of all factors each factor answers for.

    The estimators are those of Saltelli et al. (2010), as in SALib.

    Args:
        factors: What was varied.
        points: From :func:`sobol_design`.
        outcomes: Shape (points, worlds); the same worlds at every point, numbered from 0.
        resamples: Of the bootstrap.
        seed: Of the bootstrap.

    Returns:
        A row a factor: ``factor``, ``label``, ``first`` (share of the variance by the factor alone) and ``total`` (with
        all its interactions), each with ``..._low`` and ``..._high`` of its 95 % interval, ``noise`` (the part of
        ``total`` that is there only because worlds differ and are few; NaN of a single world), ``blocks`` (rows of
        the design) and ``worlds``. ``first`` may be a little below 0.
    """
    blocks, values = in_blocks(factors, points, outcomes, per_block=len(factors) + 2)
    _check_rows(factors, blocks)
    variance = _variance(values.mean(axis=-1), np.full(len(values), 1 / len(values)))
    if variance <= (1e-12 * float(np.abs(values).max())) ** 2:
        what = "their mean over worlds is the same at every point: nothing to share"
        raise BadInputError([Problem("outcomes", what)])
    columns = _intervals(values, _shares, ("first", "total"), resamples, seed)
    columns["total_low"] = np.maximum(columns["total_low"], 0.0)
    apart = values[:, 1:-1] - values[:, :1]
    noise = 0.5 * _between_worlds(apart).mean(axis=0) / variance
    return _table(factors, values, {**columns, "noise": noise})


def _salib(module: str) -> Any:
    """Return a module of SALib, which is installed only where somebody asks for it."""
    try:
        return import_module(f"SALib.{module}")
    except ImportError as error:
        allowed = "pip install 'citizen-journeys[sensitivity]'"
        raise BadInputError([Problem("sensitivity", "SALib is not installed", allowed)]) from error


def _problem(factors: Sequence[Factor]) -> dict[str, Any]:
    """Return factors between 0 and 1 as SALib wants them."""
    count = len(factors)
    return {"num_vars": count, "names": [factor.name for factor in factors], "bounds": [[0.0, 1.0]] * count}


def _ranges(factors: Sequence[Factor]) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    """Return least and greatest values, and which are whole numbers; each of shape (factors,)."""
    low, high = (np.array([getattr(factor, end) for factor in factors], np.float64) for end in ("low", "high"))
    return low, high, np.array([factor.is_whole for factor in factors])


def check_factors(factors: Sequence[Factor], complaints: Complaints) -> None:
    """Note what is wrong with factors: none, one twice, a range that is none."""
    if not factors:
        complaints.add("factors", "none", "one or more")
    names = [factor.name for factor in factors]
    for name in sorted({name for name in names if names.count(name) > 1}):
        complaints.add(f"factor {name!r}", f"named {names.count(name)} times", "once")
    for factor in factors:
        ends = f"range {factor.low:g} to {factor.high:g}"
        if not -math.inf < factor.low < factor.high < math.inf:
            complaints.add(f"factor {factor.name!r}", ends, "two numbers, the least first, that differ")
        elif factor.is_whole and (factor.low % 1 or factor.high % 1):
            complaints.add(f"factor {factor.name!r}", ends, "whole numbers")


def in_blocks(
    factors: Sequence[Factor], points: npt.ArrayLike, outcomes: npt.ArrayLike, per_block: int
) -> tuple[Floats, Floats]:
    """Return points and outcomes by block of the design, if all are there: (blocks, per_block, factors or worlds)."""
    at, values = np.asarray(points, np.float64), np.asarray(outcomes, np.float64)
    complaints = Complaints()
    check_factors(factors, complaints)
    if at.ndim != 2 or at.shape[1] != len(factors) or not len(at) or len(at) % per_block:
        allowed = f"a multiple of {per_block} points of {len(factors)} factors, as the design has"
        complaints.add("points", f"shape {at.shape}", allowed)
    elif values.ndim != 2 or len(values) != len(at) or not values.shape[1]:
        complaints.add("outcomes", f"shape {values.shape}", f"({len(at)}, worlds), one world or more")
    else:
        _check_outcomes(factors, at, values, complaints)
    complaints.raise_if_any()
    return at.reshape(-1, per_block, len(factors)), values.reshape(-1, per_block, values.shape[1])


def _check_outcomes(factors: Sequence[Factor], points: Floats, values: Floats, complaints: Complaints) -> None:
    is_missing = ~np.isfinite(values)
    found = np.flatnonzero(is_missing.any(axis=1)).tolist()
    for point in found[:MOST_POINTS]:
        where = ", ".join(f"{factor.name}={value:g}" for factor, value in zip(factors, points[point], strict=True))
        worlds = np.flatnonzero(is_missing[point]).tolist()
        names = listing([str(world) for world in worlds], MOST_POINTS)
        what = f"no outcome in {len(worlds)} of {values.shape[1]} worlds: {names}"
        complaints.add(f"point {point} ({where})", what, "a number in every world")
    if len(found) > MOST_POINTS:
        complaints.add("outcomes", f"missing at {len(found) - MOST_POINTS} more of {len(points)} points")


def _steps(factors: Sequence[Factor], blocks: Floats) -> tuple[Floats, npt.NDArray[np.intp]]:
    """Return the steps of trajectories as shares of the range, and the factor that each changes: (blocks, steps)."""
    low, high, _ = _ranges(factors)
    steps = np.diff(blocks, axis=1) / (high - low)
    which = np.abs(steps).argmax(axis=2)
    is_once = (np.count_nonzero(steps, axis=2) == 1).all(axis=1)
    is_once &= (np.sort(which, axis=1) == np.arange(len(factors))).all(axis=1)
    _refuse_blocks(is_once, "trajectory", "does not change each factor once, one at a time")
    return np.take_along_axis(steps, which[:, :, None], axis=2)[:, :, 0], which


def _check_rows(factors: Sequence[Factor], blocks: Floats) -> None:
    is_other = np.eye(len(factors), dtype=bool)
    expected = np.where(is_other, blocks[:, -1:], blocks[:, :1])
    _refuse_blocks((blocks[:, 1:-1] == expected).all(axis=(1, 2)), "row", "is not one of Saltelli's scheme")


def _refuse_blocks(is_right: npt.NDArray[np.bool_], kind: str, what: str) -> None:
    wrong = [str(number) for number in np.flatnonzero(~is_right)]
    if wrong:
        what = f"{kind} {listing(wrong, MOST_POINTS)} {what}"
        raise BadInputError([Problem("points", what, "the points of the design, in its order")])


def _moments(effects: Floats, weights: Floats, count: int) -> Floats:
    """Return mean, mean size and standard deviation of effects, shape (3, factors).

    Args:
        effects: Shape (trajectories, factors).
        weights: Of the trajectories; their sum is 1.
        count: How many trajectories the weights stand for.
    """
    mean = weights @ effects
    variance = weights @ (effects - mean) ** 2 * count / max(1, count - 1)
    return np.stack([mean, weights @ np.abs(effects), np.sqrt(variance)])


def _variance(values: Floats, weights: Floats) -> float:
    """Return the variance of the outcome at the first and last points of the rows of a design."""
    ends = values[:, [0, -1]]
    centre = (weights @ ends).mean()
    return float((weights @ (ends - centre) ** 2).mean())


def _shares(values: Floats, weights: Floats, count: int) -> Floats:
    """Return first-order and total indices, shape (2, factors).

    Args:
        values: Outcomes, shape (rows, factors + 2).
        weights: Of the rows; their sum is 1.
        count: Not needed here.
    """
    first, mixed, last = values[:, :1], values[:, 1:-1], values[:, -1:]
    centre = (weights @ values[:, [0, -1]]).mean()  # without it a large mean outcome would drown the products
    shares = np.stack([weights @ ((last - centre) * (mixed - first)), 0.5 * (weights @ (mixed - first) ** 2)])
    with np.errstate(invalid="ignore", divide="ignore"):
        return shares / _variance(values, weights)


def _intervals(
    values: Floats, statistic: Statistic, names: Sequence[str], resamples: int, seed: int
) -> dict[str, Floats]:
    """Return statistics of the means over worlds, with ``..._low`` and ``..._high``, the ends of their intervals.

    The interval is the basic one, which mirrors the resamples at the estimate: chance differences between worlds make
    mean sizes and variances too large, in resamples by as much again. It is wider as t intervals of few blocks are
    wider than normal ones, and stretched where it would not hold the estimate itself.

    Args:
        values: Shape (blocks, ..., worlds).
        statistic: Of means, shape (blocks, ...), weights of the blocks, and their number.
        names: What it returns.
        resamples: Of the bootstrap.
        seed: Of the bootstrap.
    """
    rng = np.random.default_rng(seed)
    blocks, worlds = values.shape[0], values.shape[-1]
    estimate = statistic(values.mean(axis=-1), np.full(blocks, 1 / blocks), blocks)
    drawn = [
        statistic(values @ _weights(rng, worlds), _weights(rng, blocks), max(1, blocks - 1)) for _ in range(resamples)
    ]
    least, most = np.nanquantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    wider = t_quantile(blocks, LEVEL) / t_quantile(MANY, LEVEL)
    low = np.minimum(estimate - wider * (most - estimate), estimate)
    high = np.maximum(estimate + wider * (estimate - least), estimate)
    columns: dict[str, Floats] = {}
    for name, *ends in zip(names, estimate, low, high, strict=True):
        columns |= dict(zip((name, f"{name}_low", f"{name}_high"), ends, strict=True))
    return columns


def _weights(rng: np.random.Generator, count: int) -> Floats:
    """Return how much of a resample each of ``count`` things is; one fewer is drawn, so that variances are unbiased."""
    draws = max(1, count - 1)
    return rng.multinomial(draws, np.full(count, 1 / count)) / draws


def _between_worlds(values: Floats) -> Floats:
    """Return the variance, by chance, of means over worlds, which are the last axis; NaN of a single world."""
    worlds = values.shape[-1]
    return np.var(values, axis=-1, ddof=1) / worlds if worlds > 1 else np.full(values.shape[:-1], math.nan)


def _table(factors: Sequence[Factor], values: Floats, columns: Mapping[str, Floats]) -> pd.DataFrame:
    names = {"factor": [factor.name for factor in factors], "label": [factor.label for factor in factors]}
    return pd.DataFrame({**names, **columns, "blocks": len(values), "worlds": values.shape[-1]})
