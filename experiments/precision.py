"""How many random worlds are enough: until the interval of the difference is narrow, and has stayed so for a while.

A rule that stops as soon as an interval is narrow stops too early when the first worlds happen to be alike, and its
intervals then cover too seldom. So there are never fewer than :data:`FIRST` worlds, and a few more are run to see
whether the interval stays narrow (look-ahead, as in Hoad, Robinson and Davies 2010, doi 10.1057/jors.2009.121).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from experiments.paired import Floats, level_of_each, t_quantile
from experiments.plan import StoppingRule
from experiments.text import UNITS, scaled
from sim.outcomes.headline import HEADLINE, Outcome

FIRST = 10
"""The fewest worlds."""
LOOK_AHEAD, LOOK_AHEAD_SHARE = 5, 0.05
"""How many more worlds the interval has to stay narrow: so many, or this share of those before where that is more."""


@dataclass(frozen=True)
class Verdict:
    """Whether there are worlds enough.

    Attributes:
        worlds: How many there are.
        wanted: How many there should be before it is asked again; not more than there are if it is decided.
        is_precise: Whether the intervals are narrow enough and have stayed so.
        is_missing: Whether the outcome is missing in some world, so that no more of them will help.
        half_widths: Of each difference by arm, in the outcome's unit as it is shown; NaN where it is not known.
        differences: By arm, likewise.
    """

    worlds: int
    wanted: int
    is_precise: bool
    is_missing: bool
    half_widths: Mapping[str, float]
    differences: Mapping[str, float]

    @property
    def is_decided(self) -> bool:
        """Whether no more worlds are wanted."""
        return self.wanted <= self.worlds


def first_worlds(rule: StoppingRule) -> int:
    """Return how many worlds to run before the rule is asked."""
    return min(rule.most, FIRST + LOOK_AHEAD)


def judged(runs: pd.DataFrame, arms: Sequence[str], rule: StoppingRule) -> Verdict:
    """Return whether there are worlds enough.

    It depends on the worlds in their order alone, so that it comes out the same however the work was divided.

    Args:
        runs: A row a run, with ``arm``, ``replicate`` and the outcome; every arm in the same worlds.
        arms: Names; the first is the baseline.
        rule: When to stop.
    """
    outcome = outcome_of(rule)
    base, *others = (runs[runs["arm"] == arm].set_index("replicate").sort_index()[rule.outcome] for arm in arms)
    level = level_of_each(len(others))
    n = len(base)
    narrow = np.ones(n + 1, dtype=bool)
    half_widths, differences = {}, {}
    for arm, own in zip(arms[1:], others, strict=True):
        values = np.array([scaled(float(gap), outcome) for gap in own.to_numpy() - base.to_numpy()])
        means, halves = running(values, level)
        narrow &= is_narrow(means, halves, rule)
        half_widths[arm], differences[arm] = float(halves[-1]), float(means[-1])
    is_missing = any(math.isnan(value) for value in differences.values())
    is_precise = stopping_point(narrow) is not None
    wanted = n if is_precise or is_missing else min(rule.most, n + LOOK_AHEAD)
    return Verdict(n, wanted, is_precise, is_missing, half_widths, differences)


def outcome_of(rule: StoppingRule) -> Outcome:
    """Return the headline outcome whose differences have to be known."""
    return next(one for one in HEADLINE if one.name == rule.outcome)


def running(values: Floats, level: float) -> tuple[Floats, Floats]:
    """Return the mean of the first n values and the half-width of its t interval, for each n from 0 on.

    Args:
        values: Shape (worlds,).
        level: Of the interval.

    Returns:
        Two arrays of shape (worlds + 1,); NaN where there is nothing, and for half-widths of fewer than two.
    """
    count = np.arange(len(values) + 1)
    # From the first value on, so that large means lose no digits.
    shifted = np.concatenate([[0.0], np.cumsum(values - values[0])]) if len(values) else np.zeros(1)
    squares = np.concatenate([[0.0], np.cumsum((values - values[0]) ** 2)]) if len(values) else np.zeros(1)
    means, halves = np.full(len(count), math.nan), np.full(len(count), math.nan)
    for n in range(1, len(count)):
        means[n] = values[0] + shifted[n] / n
        if n > 1:
            # Unlike max, maximum keeps what is not a number.
            variance = float(np.maximum(0.0, squares[n] - shifted[n] ** 2 / n)) / (n - 1)
            halves[n] = t_quantile(n, level) * math.sqrt(variance / n)
    return means, halves


def is_narrow(means: Floats, halves: Floats, rule: StoppingRule) -> np.ndarray:
    """Return for each number of worlds whether the interval is narrow enough; never with fewer than ``FIRST``."""
    narrow = halves <= rule.precision * np.abs(means)
    if rule.half_width is not None:
        narrow |= halves <= rule.half_width
    return narrow & (np.arange(len(means)) >= FIRST)


def stopping_point(narrow: np.ndarray) -> int | None:
    """Return the number of worlds from which on the interval is narrow until the last, if for the look-ahead at least.

    Args:
        narrow: For each number of worlds from 0 on.
    """
    last = len(narrow) - 1
    wide = np.flatnonzero(~narrow)
    n = int(wide[-1]) + 1 if len(wide) else 0
    is_long_ago = last - n >= max(LOOK_AHEAD, math.floor(LOOK_AHEAD_SHARE * n))
    return n if is_long_ago else None


def verdict_text(verdict: Verdict, rule: StoppingRule, titles: Mapping[str, str]) -> str:
    """Return how many worlds were run, and why no more."""
    outcome = outcome_of(rule)
    unit = " points" if outcome.unit == "share" else UNITS[outcome.unit] or " per 100"
    wanted = f"within {100 * rule.precision:g} % of the difference"
    if rule.half_width is not None:
        wanted += f", or within {rule.half_width:g}{unit}"
    if verdict.is_precise:
        why = f"the interval is {wanted}, and has stayed so while more were run"
    elif verdict.is_missing:
        why = "the outcome is missing in some of them, and more would not help"
    else:
        why = f"the most allowed, though the interval is not {wanted}; allow more with most_replications=N"
    each = [
        f"{titles[arm]} {verdict.differences[arm]:+.3g} ± {half:.2g}{unit}"
        for arm, half in verdict.half_widths.items()
        if not math.isnan(half)
    ]
    found = f" {outcome.label}, difference: {'; '.join(each)}." if each else ""
    return f"Replications: auto, {verdict.worlds}: {why}.{found}"


def verdict_facts(verdict: Verdict, rule: StoppingRule) -> dict[str, Any]:
    """Return rule and verdict as plain data."""
    facts = {name: getattr(verdict, name) for name in ("worlds", "is_precise", "is_missing")}
    numbers = {"half_widths": verdict.half_widths, "differences": verdict.differences}
    known = {name: {arm: _known(value) for arm, value in by_arm.items()} for name, by_arm in numbers.items()}
    return {"rule": asdict(rule), **facts, **known}


def verdict_of(facts: Mapping[str, Any]) -> tuple[Verdict, StoppingRule]:
    """Return verdict and rule from what :func:`verdict_facts` made of them."""
    numbers = {
        name: {arm: math.nan if value is None else float(value) for arm, value in facts[name].items()}
        for name in ("half_widths", "differences")
    }
    worlds = int(facts["worlds"])
    verdict = Verdict(worlds, worlds, bool(facts["is_precise"]), bool(facts["is_missing"]), **numbers)
    return verdict, StoppingRule(**facts["rule"])


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
