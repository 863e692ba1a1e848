"""Rules of waiting: how long, who comes, how long it takes."""

from __future__ import annotations

import math

import numpy as np

from sim.compiled import compiled
from sim.draws import Word, exponential, happens, normal, uniform

EXPONENTIAL, LOGNORMAL, FIXED = 0, 1, 2


@compiled("f8(f8,f8)")
def with_odds(chance: float, odds_ratio: float) -> float:
    """Return a probability after its odds are multiplied; 0 and 1 stay what they are."""
    if chance <= 0.0 or chance >= 1.0:
        return chance
    odds = chance / (1.0 - chance) * odds_ratio
    # The second form holds where the odds are too large for a number.
    return odds / (1.0 + odds) if odds < 1.0 else 1.0 / (1.0 + 1.0 / odds)


@compiled("f8(f8,f8,f8,f8,f8,f8)")
def attendance_chance(
    base: float, odds_week: float, days: float, odds_capability: float, capability: float, odds_help: float
) -> float:
    """Return the chance that an appointment is attended.

    Args:
        base: Chance without a wait, at capability 0.5, without help.
        odds_week: Odds ratio per week waited.
        days: Days waited.
        odds_capability: Odds ratio of capability 1 against 0.
        capability: The citizen's, 0 to 1.
        odds_help: Odds ratio of the mode of handoff and the navigator.
    """
    log_ratio = days / 7.0 * math.log(odds_week) + (capability - 0.5) * math.log(odds_capability) + math.log(odds_help)
    return with_odds(base, math.exp(log_ratio))


@compiled("b1(u8,u8,u8,u8,f8,f8,f8,f8,f8,f8)")
def attends(
    key: Word,
    need: Word,
    decision: Word,
    occasion: Word,
    base: float,
    odds_week: float,
    days: float,
    odds_capability: float,
    capability: float,
    odds_help: float,
) -> bool:
    """Return whether the appointment at an address is attended; see :func:`attendance_chance`."""
    chance = attendance_chance(base, odds_week, days, odds_capability, capability, odds_help)
    return happens(key, need, decision, occasion, chance)


@compiled("f8(u8,u8,u8,u8,i8,f8,f8)")
def service_days(key: Word, need: Word, decision: Word, occasion: Word, kind: int, mean: float, cv: float) -> float:
    """Return a service time.

    Args:
        key: Address: the citizen's key.
        need: Address: the need.
        decision: Address: the decision.
        occasion: Address: which service and visit.
        kind: EXPONENTIAL, LOGNORMAL or FIXED.
        mean: Mean in days.
        cv: Coefficient of variation of a lognormal time.
    """
    if kind == EXPONENTIAL:
        return exponential(key, need, decision, occasion, mean)
    if kind == FIXED or cv <= 0.0:
        return mean
    variance = math.log(1.0 + cv * cv)
    return mean * math.exp(math.sqrt(variance) * normal(key, need, decision, occasion) - 0.5 * variance)


@compiled("f8(i8,i8,i8,f8)")
def expected_wait(waiting: int, taken: int, places: int, mean: float) -> float:
    """Return the days that somebody who joins a queue now may expect to wait, as far as its length tells.

    Nothing while a place is free; else the mean time until as many places have come free as people are before them,
    and one more, if all places are busy all the time.

    Args:
        waiting: People in the queue.
        taken: Places taken.
        places: Places in all.
        mean: Mean service time in days.
    """
    if places <= 0:
        return math.inf
    return 0.0 if taken < places and waiting == 0 else (waiting + 1) * mean / places


@compiled("i8(u8,u8,u8,i8)")
def next_in_random_order(service: Word, decision: Word, occasion: Word, waiting: int) -> int:
    """Return the position of the next to be served when each of those waiting is equally likely."""
    return min(int(uniform(service, np.uint64(0), decision, occasion) * waiting), waiting - 1)
