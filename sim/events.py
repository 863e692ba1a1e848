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

from collections.abc import Callable
from enum import IntEnum
from heapq import heappop, heappush
from typing import Any, Final

from sim.native import mypyc_attr

_push: Final = heappush
_pop: Final = heappop
"""Compiled code looks names of other modules up each time, but not these."""

_SHORTEST: Final = 1e-9

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

    Args:
        horizon: Until when there are slots, in days; one more is for all that comes after.
        slots: How many. It changes the speed and nothing else: best are some dozens of events in each.
    """

    __slots__ = ("_ahead", "_horizon", "_line", "_number", "_per_day", "_slots", "_soon", "now")

    def __init__(self, horizon: float = 1.0, slots: int = 1) -> None:
        self.now = 0.0
        # Nothing is cut out of next to nothing.
        self._horizon = horizon if horizon > _SHORTEST else 0.0
        self._slots = slots
        self._per_day = slots / horizon if horizon > _SHORTEST else 0.0
        self._ahead: list[list[Event] | None] = [None] * (slots + 1)
        """The slots that are ahead."""
        self._number = -1
        """The slot under way."""
        self._line: list[Event] = []
        """What was known of it when its turn came, the last first."""
        self._soon: list[Event] = []
        """A heap of what has been scheduled for it since."""

    def __len__(self) -> int:
        return len(self._line) + len(self._soon) + sum(len(slot) for slot in self._ahead if slot is not None)

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
        number = self._slot_of(time)
        if number <= self._number:
            _push(self._soon, (time, phase, key, action, argument))
            return
        slot = self._ahead[number]
        if slot is None:
            self._ahead[number] = [(time, phase, key, action, argument)]
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
        last = self._slot_of(end)
        while True:
            line = self._line
            if line:
                is_known = not soon or line[-1] < soon[0]
                event = line[-1] if is_known else soon[0]
            elif soon:
                is_known = False
                event = soon[0]
            elif self._number < last:
                self._open(self._number + 1)
                continue
            else:
                break
            time: float = event[0]
            if time >= end:
                break
            if is_known:
                line.pop()
            else:
                _pop(soon)
            self.now = time
            event[3](event[4])
        self.now = end

    def _slot_of(self, time: float) -> int:
        """Return the number of the slot of a time; a later time is never in an earlier slot."""
        return int(time * self._per_day) if time < self._horizon else self._slots

    def _open(self, number: int) -> None:
        """The turn of a slot has come."""
        self._number = number
        line = self._ahead[number]
        if line is not None:
            self._ahead[number] = None
            line.sort()
            line.reverse()
            self._line = line
