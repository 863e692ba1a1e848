"""The event calendar: what happens next.

The order of events is total: by time, then by phase, then by key. The order in which they were scheduled never
matters. Within one moment the phases are:

1. ``CHANGE``: what a date changes: rules, levels, places;
2. ``FUNDING``: doors of providers close and open, vacancies come and go, teams meet;
3. ``RELEASE``: a service ends and its place comes free;
4. ``ARRIVE``: needs arise, citizens and handoffs come to doors, missed appointments are offered again, crises happen;
5. ``LEAVE``: waits that have lasted too long end.

Events are not cancelled: whoever is called looks at whether there is still something to do.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import IntEnum
from heapq import heappop, heappush
from typing import Any, Final

from sim.native import mypyc_attr

_push: Final = heappush
_pop: Final = heappop
"""Compiled code looks names of other modules up each time, but not these."""


class Phase(IntEnum):
    """Order within one moment."""

    CHANGE = 0
    FUNDING = 1
    RELEASE = 2
    ARRIVE = 3
    LEAVE = 4


@mypyc_attr(serializable=True, allow_interpreted_subclasses=True)
class Calendar:
    """A heap of events, each a call with one argument, held by strong references.

    Attributes:
        now: The time of the event under way, in days.
        processed: Number of events so far.
    """

    __slots__ = ("_heap", "now", "processed")

    def __init__(self) -> None:
        self.now = 0.0
        self.processed = 0
        self._heap: list[tuple[float, int, int, Callable[[Any], None], Any]] = []

    def __len__(self) -> int:
        return len(self._heap)

    def schedule(self, time: float, phase: int, key: int, action: Callable[[Any], None], argument: Any) -> None:
        """Arrange for ``action(argument)``.

        Args:
            time: When, in days; not before now.
            phase: Order within the moment.
            key: Order within the phase; no two events of one moment and phase may share it.
            action: What to call.
            argument: What to call it with.

        Raises:
            ValueError: The time is in the past or not a number.
        """
        if self.now <= time < math.inf:
            _push(self._heap, (time, phase, key, action, argument))
        elif not time >= self.now:
            raise ValueError(f"cannot schedule at {time}: it is {self.now} now")

    def schedule_in(self, days: float, phase: int, key: int, action: Callable[[Any], None], argument: Any) -> None:
        """Arrange for ``action(argument)`` in so many days; see :meth:`schedule`.

        Raises:
            ValueError: The number of days is negative or not a number.
        """
        if not days >= 0.0:
            raise ValueError(f"cannot schedule in {days} days")
        _push(self._heap, (self.now + days, phase, key, action, argument))

    def run_until(self, end: float) -> None:
        """Process every event before ``end`` in order, then set the clock to ``end``."""
        heap = self._heap
        processed = 0
        try:
            while heap and heap[0][0] < end:
                self.now, _, _, action, argument = _pop(heap)
                processed += 1
                action(argument)
        finally:
            self.processed += processed
        self.now = end
