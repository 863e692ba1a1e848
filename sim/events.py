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

_END_OF_TIME: Final = math.inf

Event = tuple[Any, ...]
"""Time, phase, key, action, argument."""


class Phase(IntEnum):
    """Order within one moment."""

    CHANGE = 0
    FUNDING = 1
    RELEASE = 2
    ARRIVE = 3
    LEAVE = 4


@mypyc_attr(serializable=True, allow_interpreted_subclasses=True)
class Calendar:
    """Events, each a call with one argument, held by strong references.

    One heap of all events would be deep: most of them are far ahead, and each that happens would be compared with a
    dozen of those. So time is cut into slots of one width. An event that is ahead is put into its slot, unsorted; a
    slot is sorted when its turn comes; what is scheduled after that for the slot under way goes into a small heap.

    Attributes:
        now: The time of the event under way, in days.
        processed: Number of events so far.

    Args:
        width: Days in a slot. It changes the speed and nothing else: best is a handful of events in each.
    """

    __slots__ = ("_ahead", "_line", "_number", "_numbers", "_per_day", "_soon", "now", "processed")

    def __init__(self, width: float = 1.0) -> None:
        self.now = 0.0
        self.processed = 0
        self._per_day = 1.0 / width
        self._number = -1
        """The slot under way."""
        self._line: list[Event] = []
        """What was known of the slot under way when its turn came, the last first."""
        self._soon: list[Event] = []
        """A heap of what has been scheduled for it since."""
        self._ahead: dict[int, list[Event]] = {}
        """Later slots by number."""
        self._numbers: list[int] = []
        """A heap of their numbers."""

    def __len__(self) -> int:
        return len(self._line) + len(self._soon) + sum(map(len, self._ahead.values()))

    def schedule(self, time: float, phase: int, key: int, action: Callable[[Any], None], argument: Any) -> None:
        """Arrange for ``action(argument)``.

        Args:
            time: When, in days; not before now. Infinity is never.
            phase: Order within the moment.
            key: Order within the phase; no two events of one moment and phase may share it.
            action: What to call.
            argument: What to call it with.

        Raises:
            ValueError: The time is in the past or not a number.
        """
        if not time >= self.now:
            raise ValueError(f"cannot schedule at {time}: it is {self.now} now")
        if time >= _END_OF_TIME:
            return
        number = int(time * self._per_day)
        if number <= self._number:
            _push(self._soon, (time, phase, key, action, argument))
            return
        slot = self._ahead.get(number)
        if slot is None:
            self._ahead[number] = [(time, phase, key, action, argument)]
            _push(self._numbers, number)
        else:
            slot.append((time, phase, key, action, argument))

    def schedule_in(self, days: float, phase: int, key: int, action: Callable[[Any], None], argument: Any) -> None:
        """Arrange for ``action(argument)`` in so many days; see :meth:`schedule`.

        Raises:
            ValueError: The number of days is negative or not a number.
        """
        if not days >= 0.0:
            raise ValueError(f"cannot schedule in {days} days")
        self.schedule(self.now + days, phase, key, action, argument)

    def run_until(self, end: float) -> None:
        """Process every event before ``end`` in order, then set the clock to ``end``."""
        soon = self._soon
        processed = 0
        try:
            while True:
                line = self._line
                if line:
                    is_next = not soon or line[-1] < soon[0]
                    event = line[-1] if is_next else soon[0]
                elif soon:
                    is_next = False
                    event = soon[0]
                elif self._numbers and self._numbers[0] <= end * self._per_day:
                    self._open(_pop(self._numbers))
                    continue
                else:
                    break
                time: float = event[0]
                if time >= end:
                    break
                if is_next:
                    line.pop()
                else:
                    _pop(soon)
                self.now = time
                processed += 1
                event[3](event[4])
        finally:
            self.processed += processed
        self.now = end

    def _open(self, number: int) -> None:
        """The turn of a slot has come."""
        line = self._ahead.pop(number)
        line.sort()
        line.reverse()
        self._line = line
        self._number = number
