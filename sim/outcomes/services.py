"""How full each service was and how long people waited for it, from the ledger of one run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.codes import Activity
from sim.outcomes.tables import Columns, Floats, Ints, Names, in_cohort, named
from sim.schema.parameters import Time

STARTS = (Activity.ASSESSMENT_STARTED, Activity.SUPPORT_STARTED, Activity.CRISIS_STARTED)
ENDS = (Activity.ASSESSMENT_ENDED, Activity.SUPPORT_ENDED, Activity.CRISIS_ENDED)


def services_table(
    columns: Columns, names: Names, places: Sequence[int], spells: pd.DataFrame, time: Time
) -> pd.DataFrame:
    """Return the use and the queue of each service, one row a service in the order of their numbers.

    Use is from the end of the warm-up to the horizon. A queue is that of the spells that began on the days on which
    needs of the cohort arise, whosever they are; each is followed for as long as the cohort is, so that none of these
    waits is cut off before that.

    Args:
        columns: The ledger's columns.
        names: The names behind its numbers.
        places: Places of each service at the start of the run.
        spells: As of a result.
        time: The clock.

    Returns:
        ``provider``, ``sector``, ``service``, ``stage``; ``places``: mean over the days counted; ``busy``: share of the
        place-days taken by people who are served, ``missed``: by appointments that were missed, ``coordination``: by
        coordination (together above 1 where places are lost while they are taken; NaN where there are no places);
        ``joined``: spells that began, ``days``: mean of the days in the queue of these, within the follow-up, whether
        they were served or not (NaN where nobody joined), ``served`` and ``left``: how many of them were served, or
        left unserved, within the follow-up; ``waiting``: people in the queue, mean over the days counted.
    """
    count = len(names.services)
    begin, end = min(time.warmup_days, time.horizon_days), time.horizon_days
    changes = _rows(columns, Activity.PLACES)
    available = _place_days(columns, changes, np.asarray(places, np.float64), begin, end)
    days = end - begin
    there = available > 0

    def share(taken: Floats) -> Floats:
        shares: Floats = np.divide(taken, available, out=np.full(count, np.nan), where=there)
        return shares

    provider = np.asarray(names.providers_of_services, np.int64)
    return pd.DataFrame(
        {
            "provider": named(provider, names.providers),
            "sector": named(provider, names.sectors),
            "service": named(np.arange(count), names.services),
            "stage": named(np.arange(count), names.stages),
            "places": available / days if days > 0 else np.full(count, np.nan),
            "busy": share(
                _days_left(columns, _rows(columns, *STARTS), begin, end, count)
                - _days_left(columns, _rows(columns, *ENDS), begin, end, count)
            ),
            "missed": share(_days_blocked(columns, _rows(columns, Activity.MISSED), begin, end, count)),
            "coordination": share(_days_blocked(columns, _rows(columns, Activity.COORDINATED), begin, end, count)),
            **_queues(spells, names.services, time),
        }
    )


def _rows(columns: Columns, *activities: Activity) -> Ints:
    return np.flatnonzero(np.isin(columns["activity"], activities))


def _days_left(columns: Columns, rows: Ints, begin: float, end: float, count: int) -> Floats:
    """Return the days from each row to the end, from ``begin`` on, added up by service."""
    left = end - np.clip(columns["time"][rows], begin, end)
    return _by_service(columns, rows, left, count)


def _days_blocked(columns: Columns, rows: Ints, begin: float, end: float, count: int) -> Floats:
    """Return the days for which each row takes a place, added up by service."""
    start = columns["time"][rows]
    days = np.clip(start + columns["detail"][rows], begin, end) - np.clip(start, begin, end)
    return _by_service(columns, rows, days, count)


def _by_service(columns: Columns, rows: Ints, days: npt.NDArray[Any], count: int) -> Floats:
    return np.bincount(columns["service"][rows].astype(np.int64), days, count).astype(np.float64)


def _place_days(columns: Columns, changes: Ints, places: Floats, begin: float, end: float) -> Floats:
    """Return the place-days that there were of each service."""
    available = places * (end - begin)
    now = places.copy()
    for row in changes.tolist():
        service, there = int(columns["service"][row]), float(columns["detail"][row])
        available[service] += (there - now[service]) * (end - min(max(float(columns["time"][row]), begin), end))
        now[service] = there
    return available


def _queues(spells: pd.DataFrame, services: Sequence[str], time: Time) -> dict[str, Floats | Ints]:
    """Return the columns on queues, each of shape (services,)."""
    count = len(services)
    number = pd.Index(services).get_indexer(pd.Index(spells["service"].astype(str)))
    joined, wait = spells["joined"].to_numpy(np.float64), spells["wait"].to_numpy(np.float64)
    # Who still waits at the horizon has waited until then.
    wait = np.where(np.isnan(wait), time.horizon_days - joined, wait)
    was_served, has_left = spells["started"].notna().to_numpy(), _has_left(spells)
    counted = in_cohort(joined, time)
    within = counted & (wait <= time.followup_days)
    entries = np.bincount(number[counted], minlength=count)
    days = np.bincount(number[counted], np.minimum(wait[counted], time.followup_days), count)
    begin, end = min(time.warmup_days, time.horizon_days), time.horizon_days
    in_queue = np.clip(joined + wait, begin, end) - np.clip(joined, begin, end)
    people_days = np.bincount(number, in_queue, count)
    return {
        "joined": entries,
        "days": np.divide(days, entries, out=np.full(count, np.nan), where=entries > 0),
        "served": np.bincount(number[within & was_served], minlength=count),
        "left": np.bincount(number[within & has_left], minlength=count),
        "waiting": people_days / (end - begin) if end > begin else np.full(count, np.nan),
    }


def _has_left(spells: pd.DataFrame) -> np.ndarray:
    """Return which spells ended without having been served."""
    return (spells["started"].isna() & spells["ended"].notna()).to_numpy()
