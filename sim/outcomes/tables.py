"""Tidy tables from the ledger: episodes, spells, handoffs, and the ledger itself in words.

The ledger holds all there is to know: these functions need nothing else but the names behind its numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.codes import Activity, Followed, ModeCode, Noticed, Reason
from sim.outcomes.survival import GAVE_UP, OPEN, SUPPORTED
from sim.schema.parameters import Time

Columns = dict[str, npt.NDArray[np.float64] | npt.NDArray[np.int64]]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Names:
    """The names behind the numbers of a ledger, each in the order of the numbers.

    Attributes:
        citizens: Labels.
        vignettes: Name of the vignette that a citizen is, or "".
        districts: District of each citizen.
        needs_of_citizens: Number of needs that each citizen was drawn with.
        capabilities: Capability of each citizen, 0 to 1.
        needs: Kinds of need.
        providers: Providers.
        sectors: Sector of each provider.
        professions: Profession of each provider.
        services: Services.
        stages: Stage of each service.
        providers_of_services: Number of the provider of each service.
    """

    citizens: list[str]
    vignettes: list[str]
    districts: list[str]
    needs_of_citizens: list[int]
    capabilities: list[float]
    needs: list[str]
    providers: list[str]
    sectors: list[str]
    professions: list[str]
    services: list[str]
    stages: list[str]
    providers_of_services: list[int]


def ledger_table(columns: Columns, names: Names, rows: Ints | None = None) -> pd.DataFrame:
    """Return the ledger in words: an event a row, as process-mining tools read it.

    Args:
        columns: The ledger's columns.
        names: The names behind its numbers.
        rows: Rows to return; all if missing.
    """
    kinds = _kinds_of_episodes(columns)
    if rows is not None:
        columns = {name: values[rows] for name, values in columns.items()}
    episode = columns["episode"]
    need = np.where(episode >= 0, kinds[np.maximum(episode, 0)] if len(kinds) else -1, -1)
    # The column of an onset that says which kind of need it is does not name a provider.
    other = np.where(columns["activity"] == Activity.ONSET, -1, columns["other"])
    return pd.DataFrame(
        {
            "case": named(columns["citizen"], names.citizens),
            "activity": coded(columns["activity"], Activity),
            "time": columns["time"],
            "resource": named(columns["provider"], names.providers),
            "sector": named(columns["provider"], names.sectors),
            "service": named(columns["service"], names.services),
            "other": named(other, names.providers),
            "episode": episode,
            "need": named(need, names.needs),
            "reason": coded(columns["reason"], Reason),
            "noticed": coded(columns["noticed"], Noticed),
            "followed": coded(columns["followed"], Followed),
            "detail": columns["detail"],
        }
    )


def vignettes_table(columns: Columns, names: Names) -> pd.DataFrame:
    """Return the rows of the ledger about vignettes, in words; no category is there that no row has."""
    citizen = columns["citizen"].astype(np.int64)
    is_given = np.array([bool(name) for name in names.vignettes], bool)
    of_somebody = np.flatnonzero(citizen >= 0)
    table = ledger_table(columns, names, of_somebody[is_given[citizen[of_somebody]]])
    words = table.select_dtypes("category").columns
    return table.assign(**{name: table[name].cat.remove_unused_categories() for name in words})


def episodes_table(columns: Columns, names: Names, time: Time) -> pd.DataFrame:
    """Return one row an episode, in order of onset."""
    onset = _rows(columns, Activity.ONSET)
    count = len(onset)
    started = _first_time(columns, Activity.SUPPORT_STARTED, count)
    gave_up = _first_time(columns, Activity.GAVE_UP, count)
    state = np.where(~np.isnan(started), SUPPORTED, np.where(~np.isnan(gave_up), GAVE_UP, OPEN))
    end = np.where(~np.isnan(started), started, np.where(~np.isnan(gave_up), gave_up, time.horizon_days))
    begin = columns["time"][onset]
    citizen, kind = columns["citizen"][onset].astype(np.int64), columns["other"][onset].astype(np.int64)
    reason = columns["reason"][onset]
    demand = failure_demand(columns, onset, time.followup_days)
    first_door = np.full(count, -1, np.int64)
    sought = _rows(columns, Activity.SOUGHT)[::-1]
    first_door[columns["episode"][sought].astype(np.int64)] = columns["provider"][sought]
    table = pd.DataFrame(
        {
            "episode": np.arange(count),
            "citizen": named(citizen, names.citizens),
            "vignette": named(citizen, names.vignettes),
            "district": named(citizen, names.districts),
            "need": named(kind, names.needs),
            "recurrence": pd.DataFrame({"citizen": citizen, "kind": kind}).groupby(["citizen", "kind"]).cumcount(),
            "onset": begin,
            "severity": columns["detail"][onset],
            "state": pd.Categorical(state, [SUPPORTED, GAVE_UP, OPEN]),
            "days": end - begin,
            "tries": _count(columns, Activity.SOUGHT, count),
            "handoffs": _count(columns, Activity.HANDOFF_MADE, count),
            "dropped": _count(columns, Activity.HANDOFF_DROPPED, count),
            "setbacks": _count(columns, Activity.SETBACK, count),
            "stories": _count(columns, Activity.ASSESSMENT_STARTED, count),
            "first_door": named(first_door, names.providers),
            "first_door_sector": named(first_door, names.sectors),
            "needs": np.array(names.needs_of_citizens, np.int64)[citizen],
            "capability": np.array(names.capabilities, np.float64)[citizen],
            "origin": coded(reason, Reason),
            "crises": demand.crises,
            "failure_contacts": demand.contacts,
        }
    )
    # A need that was given up and is pursued again after a crisis has been counted already.
    table["cohort"] = in_cohort(begin.astype(np.float64), time) & (reason != Reason.CRISIS)
    return table


def in_cohort(onset: Floats, time: Time) -> npt.NDArray[np.bool_]:
    """Return which onsets are counted: after the warm-up, and early enough to be followed up.

    This is the one definition of the cohort.
    """
    return (onset >= time.warmup_days) & (onset < time.horizon_days - time.followup_days)


class Demand(NamedTuple):
    """Contacts of each episode within its follow-up: crises, and those of failure demand."""

    crises: Ints
    contacts: Ints


def failure_demand(columns: Columns, onset: Ints, followup_days: float) -> Demand:
    """Return the contacts that would not have been needed had the first handoff of each episode worked.

    These are the contacts after its first handoff was dropped (first doors, handoffs received, assessments but the
    first, crises), less the one that led to support, if one did. Contacts of a need that was given up and is pursued
    again count for the episode that was given up. All within the follow-up from onset.

    Args:
        columns: The ledger's columns.
        onset: Rows of the onsets, in order of episodes.
        followup_days: Length of the follow-up.
    """
    count = len(onset)
    root = _roots(columns, onset)
    begin = columns["time"][onset]

    def rows_of(*activities: Activity) -> Ints:
        rows = np.flatnonzero(np.isin(columns["activity"], activities))
        return rows[columns["time"][rows] - begin[root[episode_of(rows)]] <= followup_days]

    def episode_of(rows: Ints) -> Ints:
        return columns["episode"][rows].astype(np.int64)

    first_drop = np.full(count, np.iinfo(np.int64).max)
    first_end = np.full(count, -1, np.int64)
    ends = rows_of(Activity.HANDOFF_ATTENDED, Activity.HANDOFF_DROPPED)[::-1]
    first_end[root[episode_of(ends)]] = ends
    failed = first_end >= 0
    failed[failed] = columns["activity"][first_end[failed]] == Activity.HANDOFF_DROPPED
    first_drop[failed] = first_end[failed]

    crises = rows_of(Activity.CRISIS)
    stories = rows_of(Activity.ASSESSMENT_STARTED)
    _, first_story = np.unique(root[episode_of(stories)], return_index=True)
    repeated = np.delete(stories, first_story)
    contacts = np.concatenate([rows_of(Activity.SOUGHT, Activity.HANDOFF_RECEIVED), repeated, crises])
    after = contacts[contacts > first_drop[root[episode_of(contacts)]]]
    supports = rows_of(Activity.SUPPORT_STARTED)
    supports = supports[supports > first_drop[root[episode_of(supports)]]]
    led_there = np.bincount(root[episode_of(supports)], minlength=count)
    total = np.bincount(root[episode_of(after)], minlength=count) - np.minimum(led_there, 1)
    return Demand(np.bincount(root[episode_of(crises)], minlength=count), np.maximum(total, 0))


def _roots(columns: Columns, onset: Ints) -> Ints:
    """Return for each episode the one that it goes on from, if it is pursued again after a crisis; else itself."""
    root = np.arange(len(onset))
    citizen, kind = columns["citizen"][onset], columns["other"][onset]
    last: dict[tuple[float, float], int] = {}
    again = columns["reason"][onset] == Reason.CRISIS
    if not again.any():
        return root
    for number, pair in enumerate(zip(citizen.tolist(), kind.tolist(), strict=True)):
        if again[number]:
            root[number] = root[last[pair]]
        last[pair] = number
    return root


def spells_table(columns: Columns, names: Names, episodes: pd.DataFrame) -> pd.DataFrame:
    """Return one row a spell, in order of episode and time; every spell says how it ended or where it stands."""
    activities = [
        Activity.JOINED, Activity.MISSED, Activity.LEFT, Activity.ASSESSMENT_STARTED, Activity.ASSESSMENT_ENDED,
        Activity.SUPPORT_STARTED, Activity.SUPPORT_ENDED,
    ]  # fmt: skip
    rows, spell, count = _chains(columns, activities, Activity.JOINED)
    activity = columns["activity"][rows]
    begin = rows[activity == Activity.JOINED]

    def when(*which: Activity) -> Floats:
        return _times_in_chains(columns, rows, spell, np.isin(activity, which), count)

    joined = columns["time"][begin]
    started = when(Activity.ASSESSMENT_STARTED, Activity.SUPPORT_STARTED)
    left = when(Activity.LEFT)
    ended = when(Activity.ASSESSMENT_ENDED, Activity.SUPPORT_ENDED, Activity.LEFT)
    reason = np.zeros(count, np.int64)
    leaving = activity == Activity.LEFT
    reason[spell[leaving]] = columns["reason"][rows[leaving]]
    words = np.array([code.name.lower() for code in Reason], dtype=object)
    end = np.where(
        ~np.isnan(left),
        words[reason],
        np.where(~np.isnan(ended), "served", np.where(~np.isnan(started), "in_service", "waiting")),
    )
    episode, service = columns["episode"][begin].astype(np.int64), columns["service"][begin].astype(np.int64)
    provider = columns["provider"][begin].astype(np.int64)
    return pd.DataFrame(
        {
            "episode": episode,
            "citizen": named(columns["citizen"][begin], names.citizens),
            "provider": named(provider, names.providers),
            "sector": named(provider, names.sectors),
            "service": named(service, names.services),
            "stage": named(service, names.stages),
            "joined": joined,
            "started": started,
            "ended": ended,
            "wait": np.where(np.isnan(started), left, started) - joined,
            "missed": np.bincount(spell[activity == Activity.MISSED], minlength=count),
            "end": end,
            "cohort": episodes["cohort"].to_numpy()[episode],
        }
    )


def handoffs_table(columns: Columns, names: Names, episodes: pd.DataFrame, time: Time) -> pd.DataFrame:
    """Return one row a handoff, in order of episode and time: when it passed each step, or why it was dropped.

    Those of the cohort are the handoffs made for an episode of the cohort within its follow-up.
    """
    activities = [
        Activity.HANDOFF_MADE, Activity.HANDOFF_RECEIVED, Activity.HANDOFF_ACCEPTED, Activity.HANDOFF_ATTENDED,
        Activity.HANDOFF_DROPPED,
    ]  # fmt: skip
    rows, chain, count = _chains(columns, activities, Activity.HANDOFF_MADE)
    activity = columns["activity"][rows]
    made = rows[activity == Activity.HANDOFF_MADE]
    steps = {
        name: _times_in_chains(columns, rows, chain, activity == code, count)
        for name, code in zip(("made", "received", "accepted", "attended", "dropped"), activities, strict=True)
    }
    codes = {name: np.zeros(count, np.int64) for name in ("reason", "noticed", "followed")}
    is_drop = activity == Activity.HANDOFF_DROPPED
    for name, values in codes.items():
        values[chain[is_drop]] = columns[name][rows[is_drop]]
    sender, receiver = columns["provider"][made].astype(np.int64), columns["other"][made].astype(np.int64)
    episode = columns["episode"][made].astype(np.int64)
    in_followup = steps["made"] - episodes["onset"].to_numpy()[episode] <= time.followup_days
    dropped, attended = ~np.isnan(steps["dropped"]), ~np.isnan(steps["attended"])
    mode = columns["detail"][made].astype(np.int64)
    documented = np.zeros(count, bool)
    ending = activity == Activity.HANDOFF_ATTENDED
    documented[chain[ending]] = columns["noticed"][rows[ending]] == Noticed.SENDER
    return pd.DataFrame(
        {
            "episode": episode,
            "citizen": named(columns["citizen"][made], names.citizens),
            "number": pd.Series(episode).groupby(episode).cumcount() if count else np.zeros(0, np.int64),
            "sender": named(sender, names.providers),
            "receiver": named(receiver, names.providers),
            "sender_sector": named(sender, names.sectors),
            "receiver_sector": named(receiver, names.sectors),
            "sender_profession": named(sender, names.professions),
            "receiver_profession": named(receiver, names.professions),
            "mode": coded(mode, ModeCode),
            **steps,
            "state": pd.Categorical(
                np.where(attended, "attended", np.where(dropped, "dropped", "under_way")),
                ["attended", "dropped", "under_way"],
            ),
            "reason": coded(codes["reason"], Reason),
            "noticed": coded(codes["noticed"], Noticed),
            "followed": coded(codes["followed"], Followed),
            "sender_record": _sender_record(attended & documented, dropped & (codes["noticed"] == Noticed.SENDER)),
            "receiver_record": _receiver_record(steps["received"], attended, dropped, mode),
            "cohort": episodes["cohort"].to_numpy()[episode] & in_followup,
        }
    )


COMPLETED, CLOSED, OPEN_RECORD, NO_RECORD = "completed", "dropped", "open", "none"
"""What records show of a handoff."""


def _sender_record(completed: Bools, closed: Bools) -> pd.Series:
    """Return what the sender's records show: what is neither documented nor noticed stays open there."""
    shown = np.where(completed, COMPLETED, np.where(closed, CLOSED, OPEN_RECORD))
    return pd.Series(pd.Categorical(shown, [COMPLETED, CLOSED, OPEN_RECORD]))


def _receiver_record(received: Floats, attended: Bools, dropped: Bools, mode: Ints) -> pd.Series:
    """Return what the receiver's records show: nothing of who never arrived, or was only told where to go."""
    is_known = ~np.isnan(received) & (mode != ModeCode.SIGNPOSTING)
    shown = np.where(attended, COMPLETED, np.where(dropped, CLOSED, OPEN_RECORD))
    shown = np.where(is_known, shown, NO_RECORD)
    return pd.Series(pd.Categorical(shown, [COMPLETED, CLOSED, OPEN_RECORD, NO_RECORD]))


def named(numbers: npt.NDArray[np.int64] | npt.NDArray[np.float64], names: list[str]) -> pd.Categorical:
    """Return the names of numbered things; "" where the number is negative."""
    categories, places = np.unique(np.array(["", *names], dtype=object), return_inverse=True)
    return categorical(places[numbers.astype(np.int64) + 1], list(categories))


def coded(codes: npt.NDArray[np.int64] | npt.NDArray[np.float64], kind: type[IntEnum]) -> pd.Categorical:
    """Return codes in lower-case words; "" for NONE."""
    words = ["" if code.name == "NONE" else code.name.lower() for code in kind]
    position = np.full(256, -1)
    position[[int(code) for code in kind]] = np.arange(len(words))
    return categorical(position[codes.astype(np.int64)], words)


def categorical(codes: Ints, words: list[str]) -> pd.Categorical:
    """Return a categorical of words by their position."""
    return pd.Categorical.from_codes(codes.tolist(), pd.Index(words, dtype=object))


def _rows(columns: Columns, activity: Activity) -> Ints:
    return np.flatnonzero(columns["activity"] == activity)


def _kinds_of_episodes(columns: Columns) -> Ints:
    return columns["other"][_rows(columns, Activity.ONSET)].astype(np.int64)


def _count(columns: Columns, activity: Activity, episodes: int) -> Ints:
    return np.bincount(columns["episode"][_rows(columns, activity)].astype(np.int64), minlength=episodes)


def _first_time(columns: Columns, activity: Activity, episodes: int) -> Floats:
    times = np.full(episodes, np.nan)
    rows = _rows(columns, activity)[::-1]
    times[columns["episode"][rows].astype(np.int64)] = columns["time"][rows]
    return times


def _chains(columns: Columns, activities: list[Activity], first: Activity) -> tuple[Ints, Ints, int]:
    """Return the rows of some activities by episode and time, the chain that each belongs to, and how many chains.

    A chain begins with the activity ``first``; an episode is in one chain of a kind at a time.
    """
    rows = np.flatnonzero(np.isin(columns["activity"], activities))
    rows = rows[np.argsort(columns["episode"][rows], kind="stable")]
    chain = np.cumsum(columns["activity"][rows] == first) - 1
    return rows, chain, int(chain[-1]) + 1 if len(chain) else 0


def _times_in_chains(columns: Columns, rows: Ints, chain: Ints, which: npt.NDArray[np.bool_], count: int) -> Floats:
    times = np.full(count, np.nan)
    times[chain[which]] = columns["time"][rows[which]]
    return times
