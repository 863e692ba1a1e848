"""What one difference between two arms says: a gain, a loss, or nothing that can be told."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import pandas as pd

from experiments.report.words import CONTRARY
from experiments.text import decimals, scaled
from sim.outcomes.headline import HEADLINE, Outcome

POINTS = {"share": " percentage points", "days": " days", "per 100": " per 100", "GBP": " GBP"}
"""What is written after a difference."""
MOST_DIGITS = 4
"""After the point, of an interval that ends so close to 0 that fewer would show it as 0."""


class Verdict(Enum):
    """What can be said of a difference from the baseline."""

    BETTER = "better"
    WORSE = "worse"
    SAME = "the same in every world"
    OPEN = "not told apart"
    ONE_WORLD = "without an interval"
    MISSING = "not comparable"


@dataclass(frozen=True)
class Finding:
    """One outcome of one arm beside the baseline's, in the units that are shown: a share is in percent.

    Attributes:
        arm: Title of the arm.
        baseline: Title of the baseline.
        outcome: Which outcome.
        mean: Of the arm; NaN where it is missing.
        base: Of the baseline; NaN where it is missing.
        difference: Arm minus baseline in the same worlds; NaN where it is missing.
        low: Lower end of its 95 % confidence interval; NaN where there is none.
        high: Upper end.
        n: Number of worlds behind the difference.
    """

    arm: str
    baseline: str
    outcome: Outcome
    mean: float
    base: float
    difference: float
    low: float
    high: float
    n: int

    @property
    def verdict(self) -> Verdict:
        """What the interval says; one that touches 0 tells nothing apart."""
        if math.isnan(self.difference):
            return Verdict.MISSING
        if math.isnan(self.low):
            return Verdict.ONE_WORLD
        if self.low == self.high == 0.0:
            return Verdict.SAME
        if self.low <= 0.0 <= self.high:
            return Verdict.OPEN
        return Verdict.BETTER if (self.low > 0.0) == (self.outcome.better == "higher") else Verdict.WORSE

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.verdict in (Verdict.BETTER, Verdict.WORSE)


def findings_of(
    comparison: pd.DataFrame, titles: Mapping[str, str], ends: tuple[str, str] = ("low", "high")
) -> dict[str, list[Finding]]:
    """Return what a comparison found, by outcome, each arm but the baseline in order.

    Args:
        comparison: From :func:`experiments.paired.compare_arms`.
        titles: Title of each arm by name; the first is the baseline.
        ends: Columns with the ends of the intervals that are to decide.

    Returns:
        By the name of the outcome. No findings where there is one arm alone.
    """
    rows = {(row["arm"], row["outcome"]): row for row in comparison.to_dict("records")}
    baseline, *others = titles
    found = {}
    for outcome in HEADLINE:
        base = scaled(float(rows[baseline, outcome.name]["mean"]), outcome)
        found[outcome.name] = [
            Finding(
                titles[arm],
                titles[baseline],
                outcome,
                scaled(float(row["mean"]), outcome),
                base,
                scaled(float(row["difference"]), outcome),
                scaled(float(row[ends[0]]), outcome),
                scaled(float(row[ends[1]]), outcome),
                int(row["n"]),
            )
            for arm in others
            for row in [rows[arm, outcome.name]]
        ]
    return found


def contrary(main: Finding, found: Mapping[str, Sequence[Finding]]) -> list[tuple[str, Finding]]:
    """Return what related outcomes of the same arm clearly say that the main one does not, by their names.

    Args:
        main: An outcome that decides.
        found: From :func:`findings_of`.
    """
    if main.verdict in (Verdict.MISSING, Verdict.ONE_WORLD):
        return []
    related = [(name, one) for name in CONTRARY[main.outcome.name] for one in found[name] if one.arm == main.arm]
    return [(name, one) for name, one in related if one.is_clear and one.verdict is not main.verdict]


def level_text(value: float, outcome: Outcome) -> str:
    """Return a shown value, with the sign that belongs to it: ``20.7 %``, ``GBP 825``, ``97.8``."""
    number = f"{value:z,.{decimals(outcome)}f}"
    return {"share": f"{number} %", "GBP": f"GBP {number}"}.get(outcome.unit, number)


def difference_text(finding: Finding) -> str:
    """Return a difference with its interval, as it stands in a sentence."""
    digits = _digits(finding)
    unit = POINTS[finding.outcome.unit]
    text = f"difference {signed(finding.difference, digits)}{unit}"
    if math.isnan(finding.low):
        return text
    return f"{text}, 95 % interval {signed(finding.low, digits)} to {signed(finding.high, digits)}"


def short_text(finding: Finding) -> str:
    """Return a difference with its interval where the words for them have been said: ``+6.3, +4.4 to +8.2``."""
    digits = _digits(finding)
    text = signed(finding.difference, digits)
    return (
        text if math.isnan(finding.low) else f"{text}, {signed(finding.low, digits)} to {signed(finding.high, digits)}"
    )


def signed(value: float, digits: int) -> str:
    """Return a number with its sign; a minus is a minus and no hyphen, so that it is read aloud as one."""
    return f"{value:+z,.{digits}f}".replace("-", "\N{MINUS SIGN}")


def possible_text(finding: Finding, less: str, more: str) -> str:
    """Return how large a difference either way an interval that includes 0 leaves possible."""
    digits, unit = _digits(finding), POINTS[finding.outcome.unit]
    return f"up to {-finding.low:z,.{digits}f}{unit} {less} or {finding.high:z,.{digits}f}{unit} {more} remain possible"


def _digits(finding: Finding) -> int:
    """Return as many digits as it takes to show that a clear difference is not 0."""
    digits = decimals(finding.outcome)
    near = min(abs(finding.low), abs(finding.high)) if finding.is_clear else math.inf
    while digits < MOST_DIGITS and round(near, digits) == 0.0:
        digits += 1
    return digits
