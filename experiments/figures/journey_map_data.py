"""One person's journey up to a day, from nothing but the rows of the ledger about that person."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pandas as pd

from experiments.figures.journey_data import UNLABELLED, Journey, journey_data
from experiments.figures.labels import Labels
from experiments.figures.tables import rows_of

EPISODE = ["citizen", "episode", "need", "recurrence", "onset", "state", "days", "stories", "handoffs", "dropped"]
STAY = ["citizen", "episode", "provider", "stage", "joined", "started", "ended", "end"]
PASS = ["citizen", "episode", "sender", "receiver", "made", "received", "dropped", "state", "reason"]
NAN = float("nan")


def journey_until(events: pd.DataFrame, citizen: str, until: float, labels: Labels = UNLABELLED) -> Journey:
    """Return a journey as it was known at the end of a day.

    Args:
        events: The ledger's rows about the person in one run, as in ``Result.ledger``.
        citizen: Who.
        until: Day of the run; what happens later is left out, and what still goes on then is open.
        labels: Of the scenario.
    """
    kinds = {name: str for name in events.columns if not pd.api.types.is_numeric_dtype(events[name])}
    known = events[events["time"] <= until].astype(kinds)
    journey = journey_data(episodes_until(known, until), stays_of(known), passes_of(known), known, citizen, labels)
    return replace(journey, cut=until - journey.start)


def episodes_until(events: pd.DataFrame, until: float) -> pd.DataFrame:
    """Return a row an episode, as in ``Result.episodes``; those neither supported nor given up are open."""
    rows: dict[int, dict[str, Any]] = {}
    before: Counter[str] = Counter()
    counts = {"assessment_started": "stories", "handoff_made": "handoffs", "handoff_dropped": "dropped"}
    ends = {"support_started": "supported", "gave_up": "gave_up"}
    for event in rows_of(events[events["episode"] >= 0]):
        if event.activity == "onset":
            rows[event.episode] = {
                "citizen": event.case, "episode": event.episode, "need": event.need, "recurrence": before[event.need],
                "onset": event.time, "state": "open", "days": until - event.time, "stories": 0, "handoffs": 0,
                "dropped": 0,
            }  # fmt: skip
            before[event.need] += 1
            continue
        row = rows[event.episode]
        if event.activity in counts:
            row[counts[event.activity]] += 1
        elif event.activity in ends and row["state"] == "open":
            row["state"], row["days"] = ends[event.activity], event.time - row["onset"]
    return pd.DataFrame(list(rows.values()), columns=EPISODE)


def stays_of(events: pd.DataFrame) -> pd.DataFrame:
    """Return a row a spell, as in ``Result.spells``; who never began at a service has no stage."""
    rows: list[dict[str, Any]] = []
    last: dict[int, dict[str, Any]] = {}
    for event in rows_of(events):
        row = last.get(event.episode)
        if event.activity == "joined":
            last[event.episode] = {
                "citizen": event.case, "episode": event.episode, "provider": event.resource, "stage": "",
                "joined": event.time, "started": NAN, "ended": NAN, "end": "waiting",
            }  # fmt: skip
            rows.append(last[event.episode])
        elif row is None:
            continue
        elif event.activity in ("assessment_started", "support_started"):
            row.update(stage=event.activity.removesuffix("_started"), started=event.time, end="in_service")
        elif event.activity in ("assessment_ended", "support_ended", "left"):
            row.update(ended=event.time, end=event.reason if event.activity == "left" else "served")
    return pd.DataFrame(rows, columns=STAY)


def passes_of(events: pd.DataFrame) -> pd.DataFrame:
    """Return a row a handoff, as in ``Result.handoffs``; an episode has one under way at a time."""
    rows: list[dict[str, Any]] = []
    last: dict[int, dict[str, Any]] = {}
    for event in rows_of(events):
        if event.activity == "handoff_made":
            last[event.episode] = {
                "citizen": event.case, "episode": event.episode, "sender": event.resource, "receiver": event.other,
                "made": event.time, "received": NAN, "dropped": NAN, "state": "under_way", "reason": "",
            }  # fmt: skip
            rows.append(last[event.episode])
        elif event.activity == "handoff_received":
            last[event.episode]["received"] = event.time
        elif event.activity == "handoff_attended":
            last[event.episode]["state"] = "attended"
        elif event.activity == "handoff_dropped":
            last[event.episode].update(dropped=event.time, state="dropped", reason=event.reason)
    return pd.DataFrame(rows, columns=PASS)
