"""What must hold in every run: nobody is lost or counted twice, and no place is given away twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.codes import Activity
from sim.outcomes.tables import Columns


class ImbalanceError(Exception):
    """A run contradicts itself: the model is wrong."""


@dataclass(frozen=True)
class Capacity:
    """What must not be exceeded: places of each service, caseload of each navigator, by number."""

    places: list[int]
    caseloads: list[int]


def counts(episodes: pd.DataFrame, handoffs: pd.DataFrame) -> dict[str, int]:
    """Return the flows of a run."""
    states, ends = episodes["state"].value_counts(), handoffs["state"].value_counts()
    return {
        "onsets": len(episodes),
        "supported": int(states.get("supported", 0)),
        "gave_up": int(states.get("gave_up", 0)),
        "open": int(states.get("open", 0)),
        "handoffs_made": len(handoffs),
        "handoffs_attended": int(ends.get("attended", 0)),
        "handoffs_dropped": int(ends.get("dropped", 0)),
        "handoffs_under_way": int(ends.get("under_way", 0)),
    }


def check_balance(columns: Columns, capacity: Capacity, horizon: float) -> None:
    """Check a ledger.

    Args:
        columns: The ledger's columns.
        capacity: What must not be exceeded.
        horizon: End of the run, in days.

    Raises:
        ImbalanceError: With everything that does not hold.
    """
    wrong: list[str] = []
    time = columns["time"]
    if len(time) and (np.any(np.diff(time) < 0) or time[0] < 0 or time[-1] >= horizon):
        wrong.append(f"time does not run from 0 to {horizon:g} in order")
    _check_episodes(columns, wrong)
    _check_order(columns, "episode", _HANDOFF_ORDER, wrong)
    _check_order(columns, "episode", _SPELL_ORDER, wrong)
    _check_order(columns, "citizen", _NAVIGATION_ORDER, wrong)
    _check_places(columns, capacity.places, wrong)
    _check_caseloads(columns, capacity.caseloads, wrong)
    if wrong:
        raise ImbalanceError("; ".join(wrong))


_HANDOFF_ORDER = {
    Activity.HANDOFF_MADE: (0, Activity.HANDOFF_ATTENDED, Activity.HANDOFF_DROPPED),
    Activity.HANDOFF_RECEIVED: (Activity.HANDOFF_MADE,),
    Activity.HANDOFF_ACCEPTED: (Activity.HANDOFF_RECEIVED,),
    Activity.HANDOFF_ATTENDED: (Activity.HANDOFF_ACCEPTED,),
    Activity.HANDOFF_DROPPED: (Activity.HANDOFF_MADE, Activity.HANDOFF_RECEIVED, Activity.HANDOFF_ACCEPTED),
}
_SPELL_ORDER = {
    Activity.JOINED: (0, Activity.LEFT, Activity.ASSESSMENT_ENDED),
    Activity.MISSED: (Activity.JOINED, Activity.MISSED),
    Activity.LEFT: (Activity.JOINED, Activity.MISSED),
    Activity.ASSESSMENT_STARTED: (Activity.JOINED, Activity.MISSED),
    Activity.ASSESSMENT_ENDED: (Activity.ASSESSMENT_STARTED,),
    Activity.SUPPORT_STARTED: (Activity.JOINED, Activity.MISSED),
    Activity.SUPPORT_ENDED: (Activity.SUPPORT_STARTED,),
}
_NAVIGATION_ORDER = {
    Activity.NAVIGATION_OFFERED: (0, Activity.NAVIGATION_OFFERED, Activity.NAVIGATION_ENDED),
    Activity.NAVIGATION_STARTED: (Activity.NAVIGATION_OFFERED,),
    Activity.NAVIGATION_ENDED: (Activity.NAVIGATION_STARTED,),
}


def _check_episodes(columns: Columns, wrong: list[str]) -> None:
    activity, episode = columns["activity"], columns["episode"].astype(np.int64)
    onsets = episode[activity == Activity.ONSET]
    if not np.array_equal(onsets, np.arange(len(onsets))) or np.any(episode >= len(onsets)):
        wrong.append("an episode has events but not one onset, or onsets are not numbered in order")
        return
    final = np.flatnonzero(np.isin(activity, [Activity.SUPPORT_STARTED, Activity.GAVE_UP]))
    ends = np.bincount(episode[final], minlength=len(onsets))
    if np.any(ends > 1):
        wrong.append(f"episode {int(np.argmax(ends > 1))} was supported or given up more than once")
    first, last = np.full(len(onsets), -1), np.full(len(onsets), len(activity))
    first[onsets] = np.flatnonzero(activity == Activity.ONSET)
    last[episode[final]] = final
    # A need that was given up is still there, and may lead to crises.
    afterwards = [Activity.SUPPORT_ENDED, Activity.CRISIS, Activity.CRISIS_STARTED, Activity.CRISIS_ENDED]
    rows = np.flatnonzero((episode >= 0) & ~np.isin(activity, afterwards))
    outside = rows[(rows < first[episode[rows]]) | (rows > last[episode[rows]])]
    if len(outside):
        wrong.append(f"episode {int(episode[outside[0]])} has events before its onset or after its end")


def _check_order(
    columns: Columns, holder: str, allowed_before: Mapping[Activity, tuple[int, ...]], wrong: list[str]
) -> None:
    """Check that of some activities each comes only after those allowed (0: first) for the same holder."""
    rows = np.flatnonzero(np.isin(columns["activity"], list(allowed_before)))
    rows = rows[np.argsort(columns[holder][rows], kind="stable")]
    if not len(rows):
        return
    activity, whose = columns["activity"][rows], columns[holder][rows]
    is_same = np.concatenate([[False], whose[1:] == whose[:-1]])
    before = np.where(is_same, np.concatenate([[0], activity[:-1]]), 0)
    for step, allowed in allowed_before.items():
        bad = (activity == step) & ~np.isin(before, allowed)
        if np.any(bad):
            wrong.append(f"{step.name} out of order in {holder} {int(whose[bad][0])}")


def _check_places(columns: Columns, places: list[int], wrong: list[str]) -> None:
    """Check that nobody is let in where all places are taken; places may be lost while they are taken."""
    activity, detail = columns["activity"], columns["detail"]
    starts = np.flatnonzero(np.isin(activity, [*_STARTS, *_BLOCKS]))
    ends = np.flatnonzero(np.isin(activity, _ENDS))
    blocks = np.flatnonzero(np.isin(activity, _BLOCKS))
    changes = np.flatnonzero(activity == Activity.PLACES)
    rows = np.concatenate([starts, ends, blocks, changes])
    service = columns["service"][rows].astype(np.int64)
    time = columns["time"][rows] + np.concatenate(
        [np.zeros(len(starts) + len(ends)), detail[blocks], np.zeros(len(changes))]
    )
    # The end of a block has no row of its own; at its moment places are freed before they are taken.
    position = np.concatenate([starts, ends, np.full(len(blocks), -1), changes])
    order = np.lexsort((position, time, service))
    taken = np.repeat([1, -1, -1, 0], [len(starts), len(ends), len(blocks), len(changes)])[order]
    given = np.concatenate([np.full(len(rows) - len(changes), np.nan), detail[changes]])[order]
    _report_places(service[order], taken, given, places, wrong)


def _report_places(
    service: npt.NDArray[np.int64],
    taken: npt.NDArray[np.int64],
    given: npt.NDArray[np.float64],
    places: list[int],
    wrong: list[str],
) -> None:
    edges = np.flatnonzero(np.diff(service, prepend=-1, append=-1))
    for begin, end in pairwise(edges):
        number = int(service[begin])
        held = np.cumsum(taken[begin:end])
        there = pd.Series([float(places[number]), *given[begin:end]]).ffill().to_numpy()[1:]
        over = (taken[begin:end] > 0) & (held > there)
        if over.any():
            first = int(np.argmax(over))
            wrong.append(f"service {number} served {int(held[first])} people with {int(there[first])} places")


_STARTS = [Activity.ASSESSMENT_STARTED, Activity.SUPPORT_STARTED, Activity.CRISIS_STARTED]
_ENDS = [Activity.ASSESSMENT_ENDED, Activity.SUPPORT_ENDED, Activity.CRISIS_ENDED]
_BLOCKS = [Activity.MISSED, Activity.COORDINATED]
"""Each takes a place for ``detail`` days."""


def _check_caseloads(columns: Columns, caseloads: list[int], wrong: list[str]) -> None:
    starts, ends = (columns["activity"] == a for a in (Activity.NAVIGATION_STARTED, Activity.NAVIGATION_ENDED))
    time = np.concatenate([columns["time"][starts], columns["time"][ends]])
    change = np.repeat([1, -1], [int(np.sum(starts)), int(np.sum(ends))])
    navigator = np.concatenate([columns["detail"][starts], columns["detail"][ends]]).astype(np.int64)
    for number, most in _exceeded(navigator, time, change, caseloads):
        wrong.append(f"navigator {number} helped {most} people with a caseload of {caseloads[number]}")


def _exceeded(
    holder: npt.NDArray[np.int64],
    time: npt.NDArray[np.float64],
    change: npt.NDArray[np.int64],
    limits: list[int],
) -> list[tuple[int, int]]:
    """Return who held more than their limit at some time, and how much; places are freed before they are taken."""
    order = np.lexsort((change, time, holder))
    holder, change = holder[order], change[order]
    held = np.cumsum(change)
    first = np.flatnonzero(np.concatenate([[True], holder[1:] != holder[:-1]])) if len(holder) else np.empty(0, int)
    found = []
    for position, start in enumerate(first):
        end = first[position + 1] if position + 1 < len(first) else len(holder)
        most = int(np.max(held[start:end]) - (held[start - 1] if start else 0))
        if most > limits[holder[start]]:
            found.append((int(holder[start]), most))
    return found
