"""Absorbing Markov chains with times, and the journey through two providers as one of them.

Written from the description of the model (``docs/model.md``, sections 3.6 and 3.7), not from its code: states and
chances here are worked out by hand, and nothing of ``sim`` is used.

Reference:
    Kemeny and Snell 1960, Finite Markov Chains, chapter 3 (fundamental matrix).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

State = tuple[str, int, int]
"""What happens next, handoffs since the last try (chases), appointments missed in this stay."""

SUPPORTED: State = ("supported", 0, 0)
GAVE_UP: State = ("gave up", 0, 0)
NEW: State = ("assessment offered", 0, 0)


class Step(NamedTuple):
    """One way out of a state: with what chance, where to, after how many days on average."""

    chance: float
    to: State
    days: float = 0.0


class Chain:
    """A chain that ends: its fundamental matrix and what follows from it."""

    def __init__(self, steps: Mapping[State, Sequence[Step]]) -> None:
        """Make the chain.

        Args:
            steps: Ways out of every state that is not an end.

        Raises:
            ValueError: Chances of some state do not add up to 1.
        """
        for state, ways in steps.items():
            if abs(sum(way.chance for way in ways) - 1.0) > 1e-12:
                raise ValueError(f"chances of {state} do not add up to 1: {ways}")
        self.steps = steps
        self.rows = {state: row for row, state in enumerate(steps)}
        among = np.zeros((len(steps), len(steps)))
        for state, ways in steps.items():
            for way in ways:
                if way.to in self.rows:
                    among[self.rows[state], self.rows[way.to]] += way.chance
        self.visits = np.asarray(np.linalg.inv(np.eye(len(steps)) - among), np.float64)
        """The fundamental matrix: mean number of visits to each state (column) from each state (row)."""

    def ends_in(self, start: State, end: State) -> float:
        """Return the probability that the chain ends there."""
        return float(self._chances(end)[self.rows[start]])

    def mean_visits(self, start: State, what: str) -> float:
        """Return the mean number of visits to all states in which something happens next."""
        columns = [row for state, row in self.rows.items() if state[0] == what]
        return float(self.visits[self.rows[start], columns].sum())

    def mean_days(self, start: State) -> float:
        """Return the mean days until the chain ends."""
        days = np.array([sum(way.chance * way.days for way in ways) for ways in self.steps.values()])
        return float(self.visits[self.rows[start]] @ days)

    def mean_days_to(self, start: State, end: State) -> float:
        """Return the mean days until the chain ends, of those that end there."""
        chances = self._chances(end)
        days = np.array(
            [
                sum(way.chance * way.days * self._chance_after(way.to, end, chances) for way in ways)
                for ways in self.steps.values()
            ]
        )
        return float(self.visits[self.rows[start]] @ days / chances[self.rows[start]])

    def _chances(self, end: State) -> npt.NDArray[np.float64]:
        at_once = [sum(way.chance for way in ways if way.to == end) for ways in self.steps.values()]
        return np.asarray(self.visits @ np.array(at_once))

    def _chance_after(self, state: State, end: State, chances: npt.NDArray[np.float64]) -> float:
        return float(chances[self.rows[state]]) if state in self.rows else float(state == end)


@dataclass(frozen=True)
class Journey:
    """A need that is assessed by one provider and supported by another, where nobody waits for a place.

    Attributes:
        mode: Mode of handoff.
        sent: Chance that it leaves, before capability or the barrier.
        days: Mean days of the transfer, before the barrier.
        help_odds: Odds ratio of attending the first appointment after this handoff.
        chases: How often the sender acts on a drop, if the mode tells it of drops.
        persistence: Chance of trying again after a setback.
        capability: Of everybody.
        data_sharing: Level of the barrier to data sharing.
        culture: Level of the barrier of culture.
        attendance: Chance of attending without a wait, at capability 0.5.
        odds_week: Odds ratio of attending per week waited.
        odds_capability: Odds ratio of attending, capability 1 against 0.
        rebook: Chance that a missed appointment is offered again.
        together: Whether both providers are under one roof, so that neither barrier acts.
    """

    mode: str
    sent: float
    days: float
    help_odds: float = 1.0
    chases: int = 0
    persistence: float = 0.6
    capability: float = 0.5
    data_sharing: float = 0.0
    culture: float = 0.0
    attendance: float = 0.85
    odds_week: float = 0.8
    odds_capability: float = 2.0
    rebook: float = 0.6
    together: bool = False

    assessment_days = 2.0
    rebook_days = 7.0
    retry_days = 15.0
    unaware_days = 20.0
    chase_days = 5.0
    carried_odds = 4.0
    data_lost = 0.3
    data_slower = 2.0
    declined = 0.4


_NOTICED = ("tracked", "accompanied", "walk")
_ON_PAPER = ("letter", "introduction", "tracked")
_MISSED_MOST = 60
"""Nobody misses so many appointments of one stay: the chance is below 1e-15."""


def journey_chain(journey: Journey) -> Chain:
    """Return the chain of a journey, from the first appointment for assessment to support or giving up."""
    try_again = _back_to(journey, NEW)
    steps: dict[State, Sequence[Step]] = _stay(
        journey, "assessment offered", 0, 1.0, [Step(1.0, ("handoff made", 0, 0), journey.assessment_days)], try_again
    )
    chases = journey.chases if journey.mode in _NOTICED else 0
    for chased in range(chases + 1):
        steps |= _handoff(journey, chased, chased < chases)
    return Chain(steps)


def _handoff(journey: Journey, chased: int, is_chased: bool) -> dict[State, Sequence[Step]]:
    """One handoff: made, received, first appointment; every drop with what follows it."""
    leaves, days, declined = _chance_to_leave(journey), journey.days, 0.0
    if not journey.together:
        declined = journey.culture * journey.declined
        if journey.mode in _ON_PAPER:
            days *= 1.0 + journey.data_sharing * journey.data_slower
    again = _back_to(journey, ("handoff made", 0, 0))
    chase = [Step(1.0, ("handoff made", chased + 1, 0), journey.chase_days)]
    # The receiver has said no: there is nobody else to whom the sender could hand on, which is a setback.
    after_no = _later(again, journey.chase_days) if is_chased else again
    unnoticed = journey.unaware_days if journey.mode in ("letter", "introduction") else 0.0
    after_loss = chase if is_chased else _later(again, unnoticed)
    seen = ("support offered", chased, 0)
    return {
        ("handoff made", chased, 0): [
            Step(leaves, ("handoff received", chased, 0), days),
            *_with_chance(after_loss, 1.0 - leaves),
        ],
        ("handoff received", chased, 0): [Step(1.0 - declined, seen), *_with_chance(after_no, declined)],
        **_stay(
            journey,
            "support offered",
            chased,
            journey.help_odds,
            [Step(1.0, SUPPORTED)],
            chase if is_chased else again,
        ),
    }


def _stay(
    journey: Journey, what: str, chased: int, help_odds: float, served: Sequence[Step], discharged: Sequence[Step]
) -> dict[State, Sequence[Step]]:
    """One stay at a desk: appointments until one is attended, or none is offered any more."""
    steps: dict[State, Sequence[Step]] = {}
    for missed in range(_MISSED_MOST + 1):
        comes = _attendance(journey, missed, help_odds)
        again = journey.rebook if missed < _MISSED_MOST else 0.0
        ways = [*_with_chance(served, comes), *_with_chance(discharged, (1.0 - comes) * (1.0 - again))]
        if again > 0.0:
            ways.append(Step((1.0 - comes) * again, (what, chased, missed + 1), journey.rebook_days))
        steps[what, chased, missed] = ways
    return steps


def _back_to(journey: Journey, state: State) -> list[Step]:
    """A setback: the citizen tries again after a while, or gives up."""
    return [Step(journey.persistence, state, journey.retry_days), Step(1.0 - journey.persistence, GAVE_UP)]


def _attendance(journey: Journey, missed: int, help_odds: float) -> float:
    log_odds = math.log(journey.attendance / (1.0 - journey.attendance)) + math.log(help_odds)
    log_odds += missed * journey.rebook_days / 7.0 * math.log(journey.odds_week)
    log_odds += (journey.capability - 0.5) * math.log(journey.odds_capability)
    return 1.0 / (1.0 + math.exp(-log_odds))


def _chance_to_leave(journey: Journey) -> float:
    if journey.mode == "signposting":
        log_odds = math.log(journey.sent / (1.0 - journey.sent))
        log_odds += (journey.capability - 0.5) * math.log(journey.carried_odds)
        return 1.0 / (1.0 + math.exp(-log_odds))
    if journey.mode in _ON_PAPER and not journey.together:
        return journey.sent * (1.0 - journey.data_sharing * journey.data_lost)
    return journey.sent


def _with_chance(steps: Sequence[Step], chance: float) -> list[Step]:
    return [step._replace(chance=step.chance * chance) for step in steps]


def _later(steps: Sequence[Step], days: float) -> list[Step]:
    return [step._replace(days=step.days + days) for step in steps]
