"""The calendar: one order of events, whatever the slots into which time is cut."""

from __future__ import annotations

import math
from heapq import heappop, heappush
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.events import Calendar

Seen = list[tuple[float, int, int]]
times = st.one_of(
    st.floats(0.0, 30.0), st.integers(0, 30).map(float), st.sampled_from([0.1, 0.3, 1 / 3, 1e6, math.inf])
)
"""Whole days fall on the edges of slots; some times are beyond the horizon, and one is never."""
lags = st.one_of(st.just(0.0), st.floats(0.0, 0.01), st.floats(0.0, 40.0))


class PlainHeap:
    """What the calendar must do, in the plainest way."""

    def __init__(self) -> None:
        self.now = 0.0
        self.heap: list[tuple[float, int, int, Any, Any]] = []

    def __len__(self) -> int:
        return len(self.heap)

    def schedule(self, time: float, phase: int, key: int, action: Any, argument: Any) -> None:
        heappush(self.heap, (time, phase, key, action, argument))

    def run_until(self, end: float) -> None:
        while self.heap and self.heap[0][0] < end:
            self.now, _, _, action, argument = heappop(self.heap)
            action(argument)
        self.now = end


def happenings(calendar: Any, first: list[tuple[float, int]], later: list[float], ends: list[float]) -> Seen:
    """Return what happens: each event schedules another after the next lag, if one is left; and so do the pauses."""
    seen: Seen = []
    keys, lag = count(), iter(later)

    def put(time: float, phase: int) -> None:
        key = next(keys)
        calendar.schedule(time, phase, key, happen, (time, phase, key))

    def happen(event: tuple[float, int, int]) -> None:
        assert calendar.now == event[0]
        seen.append(event)
        put_another(event[1])

    def put_another(phase: int) -> None:
        days = next(lag, None)
        if days is not None:
            put(calendar.now + days, phase)

    for time, phase in first:
        put(time, phase)
    for end in ends:
        calendar.run_until(end)
        assert calendar.now == end
        put_another(2)
    seen.append((math.nan, 0, len(calendar)))
    return seen


@given(
    first=st.lists(st.tuples(times, st.integers(0, 4)), max_size=30),
    later=st.lists(lags, max_size=30),
    ends=st.lists(st.one_of(st.floats(0.0, 60.0), st.integers(0, 60).map(float)), max_size=5).map(sorted),
    horizon=st.one_of(st.floats(0.01, 100.0), st.sampled_from([0.0, 5e-324, 1e-9, 30.0])),
    slots=st.integers(1, 400),
)
def test_events_happen_in_one_order_whatever_the_slots(
    first: list[tuple[float, int]], later: list[float], ends: list[float], horizon: float, slots: int
) -> None:
    expected = happenings(PlainHeap(), first, later, ends)
    assert repr(happenings(Calendar(horizon, slots), first, later, ends)) == repr(expected)


def test_a_time_that_is_over_is_refused() -> None:
    calendar = Calendar(10.0, 5)
    calendar.run_until(4.0)
    with pytest.raises(ValueError, match=r"cannot schedule at 3\.9: it is 4\.0 now"):
        calendar.schedule(3.9, 0, 0, print, None)
    with pytest.raises(ValueError, match=r"cannot schedule in -0\.1 days"):
        calendar.schedule_in(-0.1, 0, 0, print, None)
    for days in (math.nan, -math.inf):
        with pytest.raises(ValueError, match="cannot schedule"):
            calendar.schedule_in(days, 0, 0, print, None)
        with pytest.raises(ValueError, match="cannot schedule"):
            calendar.schedule(days, 0, 0, print, None)
    assert len(calendar) == 0
