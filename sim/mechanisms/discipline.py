"""Discipline: who of those waiting is next when a place comes free?

A queue holds spells. A spell that leaves by itself is taken out at once or passed over later; either way
``pop`` returns only spells that still wait, and ``waiting`` counts only those.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from heapq import heappop, heappush
from typing import TYPE_CHECKING, ClassVar

from sim.codes import Decision
from sim.direct import next_in_random_order
from sim.mechanisms.registry import mechanism

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sim.agents.spell import Spell


class PassingOver(ABC):
    """A queue that leaves those who have left by themselves where they are, and passes them over in their turn.

    Attributes:
        waiting: How many wait.
    """

    name: ClassVar[str]

    def __init__(self, key: int) -> None:
        self.waiting = 0

    def pop(self) -> Spell:
        """Take out the next."""
        while True:
            spell = self._take_first()
            if spell.is_queued:
                self.waiting -= 1
                return spell

    def discard(self, spell: Spell) -> None:
        """Note that a spell has left by itself."""
        self.waiting -= 1

    @abstractmethod
    def _take_first(self) -> Spell:
        """Take out whoever is first, waiting or not."""


@mechanism("discipline", "first_come", evidence="the rule that most services say they follow")
class FirstCome(PassingOver):
    """Those who joined first go first."""

    def __init__(self, key: int) -> None:
        super().__init__(key)
        self._line: deque[Spell] = deque()

    def push(self, spell: Spell) -> None:
        """Put a spell at the end."""
        self._line.append(spell)
        self.waiting += 1

    def __iter__(self) -> Iterator[Spell]:
        return (spell for spell in self._line if spell.is_queued)

    def _take_first(self) -> Spell:
        return self._line.popleft()


@mechanism("discipline", "random_order", evidence="published waits look more like this than like first come")
class RandomOrder:
    """Each of those waiting is equally likely to be next (published waits look more like this than first come)."""

    name: ClassVar[str]

    def __init__(self, key: int) -> None:
        self.waiting = 0
        self._key = key
        self._picks = 0
        self._pool: list[Spell] = []

    def push(self, spell: Spell) -> None:
        """Put a spell among those waiting."""
        self.waiting += 1
        spell.position = len(self._pool)
        self._pool.append(spell)

    def pop(self) -> Spell:
        """Take out the next."""
        self._picks += 1
        number = next_in_random_order(self._key, Decision.NEXT_IN_RANDOM_ORDER, self._picks, len(self._pool))
        spell = self._pool[number]
        self.discard(spell)
        return spell

    def discard(self, spell: Spell) -> None:
        """Take out a spell that has left by itself: the last one takes its position."""
        self.waiting -= 1
        last = self._pool.pop()
        if last is not spell:
            last.position = spell.position
            self._pool[spell.position] = last

    def __iter__(self) -> Iterator[Spell]:
        return iter(tuple(self._pool))


@mechanism("discipline", "urgency", evidence="triage; effect follows from the order alone")
class Urgency(PassingOver):
    """The most severe on joining go first; among equals those who joined first."""

    def __init__(self, key: int) -> None:
        super().__init__(key)
        self._heap: list[tuple[float, int, Spell]] = []
        self._joined = 0

    def push(self, spell: Spell) -> None:
        """Put a spell at its rank."""
        self._joined += 1
        heappush(self._heap, (-spell.severity(), self._joined, spell))
        self.waiting += 1

    def __iter__(self) -> Iterator[Spell]:
        return (spell for _, _, spell in sorted(self._heap, key=lambda entry: entry[:2]) if spell.is_queued)

    def _take_first(self) -> Spell:
        return heappop(self._heap)[2]
