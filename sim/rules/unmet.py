"""Rules of what happens while a need is unmet, and of what funding and geography do to services."""

from __future__ import annotations

import math

from sim.compiled import compiled


@compiled("f8(f8,f8,f8,f8)")
def crisis_hazard(base: float, severity_ratio: float, severity: float, missed_ratio: float) -> float:
    """Return the hazard of a crisis of an unmet need, per day.

    Args:
        base: At severity 0.5, per day.
        severity_ratio: Ratio of the hazard at severity 1 to that at severity 0.
        severity: Of the need, 0 to 1.
        missed_ratio: Ratio after a missed appointment; 1 otherwise.
    """
    return base * math.pow(severity_ratio, severity - 0.5) * missed_ratio


@compiled("f8(f8,f8,f8)")
def raising_hazard(per_year: float, days_per_year: float, severity: float) -> float:
    """Return the hazard with which an unmet need raises another one, per day: in proportion to severity."""
    return per_year / days_per_year * severity


@compiled("i8(f8,f8,f8)")
def vacant_places(places: float, share: float, luck: float) -> int:
    """Return how many places are vacant: a share of them, rounded up or down by luck (0 to 1), at most all."""
    return int(min(places, math.floor(places * share + luck)))


@compiled("f8(f8,f8,f8)")
def local_threshold(level: float, most: float, luck: float) -> float:
    """Return what a district's own rules add to a threshold.

    Args:
        level: Of the barrier of geography.
        most: What is added at most at level 1.
        luck: Of the provider in the district, 0 to 1.
    """
    return level * most * luck
