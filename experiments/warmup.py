"""Whether the warm-up is long enough: whether as many needs wait at the beginning of the counted days as later on.

A run begins with empty services. What is counted should not depend on that, so the stock of needs that wait for
support (they have arisen, and are neither supported nor given up) should have settled before the first is counted.
Three looks at it, each of which sees what the others do not:

- **MSER-5** (White 1997, doi 10.1177/003754979706900601; White, Cobb and Spratt 2000, Proceedings of the Winter
  Simulation Conference, 755-760) on the mean over worlds: the days to leave out so that the standard error of the mean
  of the rest is smallest. It says *where* a transient at the start ends, but not whether there is one: of a settled
  stock whose chance swings last 100 days it would leave out more than 365 days of 910 in one case of ten. A slow drift
  makes it leave out all that it may, half of the run: then the run is too short to tell. So it proposes a warm-up, and
  decides nothing.
- **Start**: the first tenth of the counted days against their second half. It sees what is left of a transient that
  ends soon after the warm-up; a slow drift only as far as it goes.
- **Drift**: the first half of the counted days against the second. It sees a stock that still grows or falls all the
  time, whatever the cause; a transient that ends soon after the warm-up is diluted in it.

Start and drift are differences within each world, and worlds are independent: t intervals of their means over worlds
hold however long the swings of a stock last. Few worlds of small services see little: then nothing can be told, which
is not the same as long enough. None of the three sees what does not show in the number of needs that wait.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.paired import Floats, Interval, interval_of, level_of_each
from sim.outcomes.survival import OPEN
from sim.outcomes.tables import in_cohort
from sim.schema.initiatives import InitiativeRow
from sim.schema.parameters import Time

BATCH = 5
"""Days that MSER-5 puts together."""
START_SHARE = 0.1
"""The part of the counted days that is their start."""
SMALL, LARGE = 0.05, 0.10
"""Shares of the mean stock: a smaller difference is not warned of, however certain; and a warm-up is long enough only
where the interval leaves out a larger one."""
FEWEST_DAYS = 20
"""Fewer counted days are not judged: their start would be a day."""
LOOKS = 2
"""Start and drift: how many intervals of an arm are judged."""
PER_DAYS = 100.0
"""Drift is given for so many days."""


@dataclass(frozen=True)
class Contrast:
    """A difference between two parts of the counted days, as a share of the mean stock.

    Attributes:
        interval: Mean over worlds and its 95 % t interval; what comes later less what comes before.
        is_certain: Whether it is other than 0, judged so that all looks at all arms together are wrong in 5 % at most
            (Bonferroni).
    """

    interval: Interval
    is_certain: bool

    @property
    def matters(self) -> bool:
        """Whether it is certain and not small."""
        return self.is_certain and abs(self.interval.mean) >= SMALL

    @property
    def is_none(self) -> bool:
        """Whether its interval leaves out that it is large."""
        return self.interval.low > -LARGE and self.interval.high < LARGE


@dataclass(frozen=True)
class WarmUp:
    """What the stock of waiting needs of an arm says of the warm-up.

    Attributes:
        arm: Name.
        worlds: How many there are.
        time: The clock.
        until: Day before which no initiative changes the arm after the warm-up; only days before it are looked at.
        truncation: Days to leave out by MSER-5; NaN where the run is too short to tell.
        mean: Needs that wait on a counted day, mean over days and worlds.
        counted: How many days are looked at of those whose needs are counted.
        start: The second half of them less their first tenth.
        drift: The second half of them less the first.
    """

    arm: str
    worlds: int
    time: Time
    until: float
    truncation: float
    mean: float
    counted: int
    start: Contrast
    drift: Contrast

    @property
    def is_long_enough(self) -> bool | None:
        """Whether the stock has settled before needs are counted; None where that cannot be told."""
        if self.counted < FEWEST_DAYS:
            return None
        if self.start.matters or self.drift.matters:
            return False
        return True if self.start.is_none and self.drift.is_none else None

    @property
    def drift_per_100_days(self) -> Interval:
        """Return by which share of the mean stock it grows in 100 days, with its 95 % interval."""
        # The middles of the two halves are half of the counted days apart.
        scale = PER_DAYS / (self.counted / 2) if self.counted else math.nan
        whole = self.drift.interval
        return Interval(whole.mean * scale, whole.low * scale, whole.high * scale, whole.n)

    @property
    def is_about_start(self) -> bool:
        """Whether the verdict rests on the start of the counted days rather than on a drift."""
        if self.start.matters or self.drift.matters:
            return self.start.matters and (self.has_end or not self.drift.matters)
        return self.drift.is_none and not self.start.is_none

    @property
    def has_end(self) -> bool:
        """Whether the run shows when the stock settles: by MSER-5, or because there is no drift."""
        return self.truncation > self.time.warmup_days or self.drift.is_none

    @property
    def proposed(self) -> float:
        """Return the warm-up to try where this one is too short, days."""
        first, last = self.time.warmup_days, min(self.until, self.time.horizon_days - self.time.followup_days)
        if not self.has_end:
            return math.ceil(max(last, 2 * first))
        # Where there is no drift, what the start was compared with has settled.
        return self.truncation if self.truncation > first else math.ceil((first + last) / 2)


def warm_ups(
    episodes: pd.DataFrame,
    runs: Mapping[str, Sequence[int]],
    time: Time,
    until: Mapping[str, float] | None = None,
) -> list[WarmUp]:
    """Check the warm-up of each arm.

    Args:
        episodes: Of all runs: ``arm``, ``replicate``, ``onset``, ``days`` and ``state``.
        runs: Replicates by arm.
        time: The clock.
        until: By arm, from :func:`undisturbed_until`; the horizon for an arm that is not named.
    """
    level = level_of_each(LOOKS * len(runs))
    ends = until or {}
    needed = episodes[["arm", "replicate", "onset", "days", "state"]]
    return [
        checked(
            arm, waiting(needed[needed["arm"] == arm], numbers, time), time, level, ends.get(arm, time.horizon_days)
        )
        for arm, numbers in runs.items()
    ]


def waiting(episodes: pd.DataFrame, replicates: Sequence[int], time: Time) -> Floats:
    """Return how many needs wait on each day: arisen by then, and not supported or given up by then.

    Args:
        episodes: Of one arm.
        replicates: Of the arm, sorted.
        time: The clock.

    Returns:
        Shape (replicates, whole days from 0 to the horizon). Needs of all kinds and times count, those of the warm-up
        and those that are taken up again too: all of them wait at the same desks.
    """
    days = math.floor(time.horizon_days) + 1
    size = len(replicates) * days
    first = np.searchsorted(replicates, episodes["replicate"].to_numpy()) * days
    onset = episodes["onset"].to_numpy(np.float64)
    end = onset + episodes["days"].to_numpy(np.float64)
    has_ended = (episodes["state"] != OPEN).to_numpy()

    def changes(when: Floats, row: np.ndarray) -> np.ndarray:
        # What happens within a day is seen at its end; what happens after the last whole day, never.
        day = np.ceil(when).astype(np.int64)
        return np.bincount((row + day)[day < days], minlength=size)

    steps = changes(onset, first) - changes(end[has_ended], first[has_ended])
    stock: Floats = steps.reshape(len(replicates), days).cumsum(axis=1).astype(np.float64)
    return stock


def undisturbed_until(initiatives: Sequence[InitiativeRow], time: Time) -> float:
    """Return the first day after the warm-up on which an initiative changes something; the horizon if none does.

    After it a stock that grows or falls need have nothing to do with the warm-up.
    """
    dates = [day for row in initiatives for day in row.dates(1 if row.is_everywhere else len(row.districts))]
    return min((day for day in dates if time.warmup_days < day < time.horizon_days), default=time.horizon_days)


def checked(arm: str, stock: Floats, time: Time, level: float, until: float) -> WarmUp:
    """Check the warm-up of an arm.

    Args:
        arm: Name.
        stock: From :func:`waiting`.
        time: The clock.
        level: Of the intervals by which it is judged.
        until: Day from which on nothing is looked at.
    """
    days = np.arange(stock.shape[1], dtype=np.float64)
    seen = days < until
    counted = stock[:, seen & in_cohort(days, time)]
    length = counted.shape[1]
    mean = float(counted.mean()) if counted.size else math.nan
    early, half = _early(length), length // 2
    truncation = mser(stock[:, seen].mean(axis=0)) if len(stock) else math.nan
    start, drift = (_contrast(counted, begin, half, mean, level) for begin in (early, half))
    return WarmUp(arm, len(stock), time, until, truncation, mean, length, start, drift)


def mser(series: Floats, batch: int = BATCH) -> float:
    """Return how many values at the start of a series to leave out (MSER, of means of batches).

    With batch means y_1 to y_n the number d of batches to leave out is the one that minimises the squared standard
    error of the mean of the rest as if they were independent, sum over i > d of (y_i - mean of the rest)^2 / (n - d)^2,
    among those that leave half at least (White, Cobb and Spratt 2000).

    Args:
        series: Shape (days,).
        batch: Values in a batch; what is left over at the end is not used.

    Returns:
        A number of values; NaN where the minimum is at the last d that is allowed, so that the series is too short to
        tell.
    """
    count = len(series) // batch
    if count < 2:
        return math.nan
    means = series[: count * batch].reshape(count, batch).mean(axis=1)
    means = means - means.mean()  # so that squares lose no digits
    left = np.arange(count, 0, -1)
    total, squares = (np.cumsum(values[::-1])[::-1] for values in (means, means**2))
    most = count // 2
    errors = ((squares - total**2 / left) / left**2)[: most + 1]
    best = int(np.argmin(errors))
    return math.nan if best == most else float(best * batch)


def _early(counted: int) -> int:
    """Return how many of the counted days are their start."""
    return max(1, round(START_SHARE * counted))


def _contrast(counted: Floats, early: int, half: int, mean: float, level: float) -> Contrast:
    """Return the second half of the counted days less their first ``early`` ones."""
    if half == 0 or not len(counted):
        nothing = Interval(math.nan, math.nan, math.nan, len(counted))
        return Contrast(nothing, False)
    # Where nobody ever waits there is no difference either.
    gaps = (counted[:, half:].mean(axis=1) - counted[:, :early].mean(axis=1)) / (mean or 1.0)
    judged = interval_of(gaps, level)
    return Contrast(interval_of(gaps), judged.low > 0.0 or judged.high < 0.0)


def warning(checks: Sequence[WarmUp], titles: Mapping[str, str]) -> str:
    """Return a warning where the warm-up of some arm is too short, else nothing.

    Args:
        checks: From :func:`warm_ups`.
        titles: Title of each arm by name.
    """
    short = [check for check in checks if check.is_long_enough is False]
    if not short:
        return ""
    time, most = short[0].time, max(check.proposed for check in short)
    found = "; ".join(f"{titles[check.arm]} {_found(check)}" for check in short)
    later = time.horizon_days + most - time.warmup_days
    advice = f"try time.warmup_days={most:g} time.horizon_days={later:g}"
    if any(check.until < time.horizon_days for check in short):
        advice += ", with initiatives later by as much"
    if not all(check.has_end for check in short):
        advice += " (if it goes on then, results hold for the days counted, not for a settled state)"
    return (
        f"Warning: the warm-up of {time.warmup_days:g} days is too short. How many needs wait for support still "
        f"changes while needs are counted: {found}; {advice}."
    )


def finding(check: WarmUp) -> str:
    """Return in a sentence without its end what was found of an arm, whatever it is."""
    if check.counted < FEWEST_DAYS:
        return f"not judged, fewer than {FEWEST_DAYS} counted days to look at"
    if check.worlds < 2:
        return "not judged, which takes two runs at least"
    words = {True: "settled", False: "not settled", None: "too few runs to tell"}[check.is_long_enough]
    return f"{words}, {_found(check)}"


def warm_up_table(checks: Sequence[WarmUp]) -> pd.DataFrame:
    """Return a row an arm: all that was found, and ``is_long_enough``: yes, no, or not told.

    Shares of the mean stock of waiting needs: ``start`` and ``drift_per_100_days``, with their 95 % intervals.
    ``truncation_days`` and intervals are missing where there are none.
    """
    words = {True: "yes", False: "no", None: "not told"}
    rows = []
    for check in checks:
        row: dict[str, object] = {"arm": check.arm, "warmup_days": check.time.warmup_days, "until": check.until}
        row |= {"truncation_days": check.truncation, "waiting": check.mean, "counted_days": check.counted}
        for name, one in {"start": check.start.interval, "drift_per_100_days": check.drift_per_100_days}.items():
            row |= {name: one.mean, f"{name}_low": one.low, f"{name}_high": one.high}
        rows.append({**row, "is_long_enough": words[check.is_long_enough], "n": check.worlds})
    return pd.DataFrame(rows)


def _found(check: WarmUp) -> str:
    """Return the drift, or the start where the verdict rests on that, with its interval."""
    if check.is_about_start:
        return f"{_share(check.start.interval)} after the first {_early(check.counted)} counted days"
    return f"{_share(check.drift_per_100_days)} per {PER_DAYS:g} days"


def _share(interval: Interval) -> str:
    numbers = (100.0 * value for value in (interval.mean, interval.low, interval.high))
    mean, low, high = (f"{value:+z.1f}" for value in numbers)
    return f"{mean} % ({low} to {high})"
