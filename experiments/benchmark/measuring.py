"""Measure engines side by side: time in interleaved repeats in this process, peak memory in processes of their own."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from experiments.benchmark.apart import timed, timed_apart
from experiments.benchmark.engines import Engine
from experiments.benchmark.memory import peak_growth
from experiments.benchmark.reference import outcomes, reference_of

Say = Callable[[str], None]


@dataclass
class Measured:
    """One engine at one size.

    Attributes:
        engine: Which.
        citizens: How many a year.
        seconds: Processor time of each repeat.
        events: Logical events of each repeat.
        peak: Growth of the memory in use at its peak, in bytes; None if not measured.
        estimate: Seconds that one repeat would take; None while nothing smaller was measured.
    """

    engine: Engine
    citizens: int
    seconds: list[float] = field(default_factory=list)
    events: list[int] = field(default_factory=list)
    peak: int | None = None
    estimate: float | None = None

    @property
    def rate(self) -> float:
        """Median of logical events a second."""
        return statistics.median(events / seconds for events, seconds in zip(self.events, self.seconds, strict=True))

    @property
    def time(self) -> float:
        """Median seconds of a run."""
        return statistics.median(self.seconds)


def measured(
    engines: Sequence[Engine], sizes: Sequence[int], repeats: int, most_seconds: float, say: Say
) -> list[Measured]:
    """Measure the time and memory of engines at some sizes, size by size from the smallest.

    Args:
        engines: Which.
        sizes: Citizens a year.
        repeats: Repeats of each; fewer where the limit does not let them all in.
        most_seconds: Limit for all repeats of one engine at one size; where one would take longer, it is estimated.
        say: Where progress is told.
    """
    found: list[Measured] = []
    for citizens in sorted(set(sizes)):
        now = [Measured(engine, citizens, estimate=estimated(found, engine, citizens)) for engine in engines]
        say(f"{citizens:,} citizens ...")
        _time(now, repeats, most_seconds)
        for one in now:
            if one.seconds:
                one.peak = peak_growth(one.engine.key, citizens, one.engine.environment)
        found += now
        for one in now:
            if one.seconds:
                say(f"  {one.engine.name:22s} {one.time:8.2f} s {one.rate:10,.0f} events/s, peak {one.peak} bytes")
    return found


def estimated(found: Sequence[Measured], engine: Engine, citizens: int) -> float | None:
    """Return the seconds of a run by those of smaller runs, or None if there are none.

    From the largest run with the exponent between the two largest; with only one, with the growth that the engine
    has by its construction.
    """
    smaller = [one for one in found if one.engine is engine and one.seconds]
    if not smaller:
        return None
    growth = exponent(smaller[-2], smaller[-1]) if len(smaller) > 1 else engine.growth
    return smaller[-1].time * math.pow(citizens / smaller[-1].citizens, growth)


def exponent(small: Measured, large: Measured) -> float:
    """Return the slope of the logarithm of time over that of citizens between two sizes."""
    return math.log(large.time / small.time) / math.log(large.citizens / small.citizens)


def outcomes_of(engine: Engine, citizens: int, seeds: Sequence[int]) -> dict[str, list[float]]:
    """Return each outcome in runs with some seeds."""
    reference = reference_of(citizens)
    prepared = engine.prepare(reference)
    runs = [outcomes(engine.record(engine.simulate(prepared, seed))) for seed in seeds]
    return {name: [run[name] for run in runs] for name in runs[0]}


def _time(now: Sequence[Measured], repeats: int, most_seconds: float) -> None:
    """Time the engines in turn, repeat by repeat, so that a slow while of the machine hits them all."""
    planned = [(one, _repeats(one, repeats, most_seconds)) for one in now]
    ready = [(one, count, one.engine.prepare(reference_of(one.citizens))) for one, count in planned if count]
    for repeat in range(repeats):
        for one, count, prepared in ready:
            if repeat < count:
                _time_once(one, prepared, repeat)


def _time_once(one: Measured, prepared: Any, seed: int) -> None:
    if one.engine.environment:
        seconds, events = timed_apart(one.engine, one.citizens, seed)
    else:
        seconds, events = timed(one.engine, prepared, seed)
    one.seconds.append(seconds)
    one.events.append(events)


def _repeats(one: Measured, repeats: int, most_seconds: float) -> int:
    """Return how many repeats there is time for."""
    if one.estimate is None:
        return repeats
    return min(repeats, math.floor(most_seconds / one.estimate))
