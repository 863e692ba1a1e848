"""What happened to one person, from the tables of a run: the numbers behind a journey figure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.figures import style
from experiments.figures.labels import Labels
from experiments.figures.tables import rows_of

NOT_MET = ("handoff_dropped",)
"""Activities that name a provider to which the person need not have come."""
FAILED = {"setback": "setback", "turned_away": "setback", "missed": "missed"}
"""Activities that are marked beside dropped handoffs, where none was dropped, and with which kind of mark."""
CRISIS = "crisis"
"""The activity, and its kind of mark: an unplanned contact, and no setback."""
UNLABELLED = Labels()


@dataclass(frozen=True)
class Journey:
    """One person's journey; all times are days since the person's first need arose.

    Attributes:
        citizen: Who.
        start: The day of the run on which the first need arose.
        end: The last day on which something began, ended in vain, or was decided.
        cut: The day on which the record of the run ends.
        needs: A row an episode in the order of onset: ``episode``, ``label``, ``again`` (the end of the label that
            tells of a recurrence, or ""), ``look`` (position of the kind of need), ``onset``, ``end`` (support
            started, given up, or cut off), ``state``, ``days``, ``stories``, ``handoffs``, ``dropped``.
        providers: ``provider``, ``label`` and ``sector``, by sector and then by first contact.
        tracks: ``provider`` and ``episode``: which need came to which provider, in the order of drawing.
        stays: A row a spell: ``episode``, ``provider``, ``stage``, ``joined``, ``started``, ``ended``, ``end``.
        passes: A row a handoff: ``episode``, ``sender``, ``receiver``, ``made``, ``received``, ``dropped``, ``state``,
            ``reason``.
        marks: What went wrong where: ``episode``, ``provider`` ("" is at none),
            ``time``, ``kind`` (``drop``, ``under_way``, ``setback``, ``missed``, ``crisis``), ``text``.
        moves: The person's own ways: ``episode``, ``origin``, ``left``, ``target``, ``came`` ("" is at no provider).
        helped: ``began`` and ``ended`` of the times with a navigator, NaN where there is no end.
    """

    citizen: str
    start: float
    end: float
    cut: float
    needs: pd.DataFrame
    providers: pd.DataFrame
    tracks: pd.DataFrame
    stays: pd.DataFrame
    passes: pd.DataFrame
    marks: pd.DataFrame
    moves: pd.DataFrame
    helped: pd.DataFrame


def journey_data(
    episodes: pd.DataFrame,
    spells: pd.DataFrame,
    handoffs: pd.DataFrame,
    ledger: pd.DataFrame,
    citizen: str,
    labels: Labels = UNLABELLED,
) -> Journey:
    """Return the journey of a citizen with at least one episode, from the tables of a result and its labels."""
    mine = _words(episodes[episodes["citizen"] == citizen]).sort_values(["onset", "episode"], kind="stable")
    start = float(mine["onset"].min())
    events = _words(ledger[ledger["case"] == citizen])
    events = events.assign(time=events["time"] - start)
    stays = _words(spells[spells["citizen"] == citizen])[
        ["episode", "provider", "stage", "joined", "started", "ended", "end"]
    ]
    stays = _shifted(stays, ("joined", "started", "ended"), start)
    passes = _words(handoffs[handoffs["citizen"] == citizen])[
        ["episode", "sender", "receiver", "made", "received", "dropped", "state", "reason"]
    ]
    passes = _shifted(passes, ("made", "received", "dropped"), start)
    needs = _needs(mine, start, labels)
    providers, tracks = _providers(events, needs, labels)
    moves, marks, helped = _moves(events), _marks(events, passes, labels), _helped(events)
    times = [
        needs["onset"], needs.loc[needs["state"] != "open", "end"], stays["joined"], stays["started"], moves["came"],
        stays.loc[stays["stage"] == "assessment", "ended"], passes["made"], passes["received"], passes["dropped"],
        marks["time"], helped["began"],
    ]  # fmt: skip
    end = float(np.nanmax(np.concatenate([column.to_numpy(float) for column in times])))
    cut = max(float(ledger["time"].max()) - start, float(needs["end"].max()))
    return Journey(citizen, start, end, cut, needs, providers, tracks, stays, passes, marks, moves, helped)


def _words(table: pd.DataFrame) -> pd.DataFrame:
    """Return a copy with plain words in place of categories."""
    kinds = {name: str for name in table.columns if not pd.api.types.is_numeric_dtype(table[name])}
    return table.astype(kinds)


def _shifted(table: pd.DataFrame, columns: tuple[str, ...], start: float) -> pd.DataFrame:
    return table.assign(**{name: table[name] - start for name in columns}).reset_index(drop=True)


def _needs(mine: pd.DataFrame, start: float, labels: Labels) -> pd.DataFrame:
    looks = {need: position for position, need in enumerate(mine["need"].unique())}
    words = {0: "", 1: ", again"}
    again = [words.get(times, f", again ({times})") for times in mine["recurrence"]]
    return pd.DataFrame(
        {
            "episode": mine["episode"],
            "label": [labels.need(need) + end for need, end in zip(mine["need"], again, strict=True)],
            "again": again,
            "look": mine["need"].map(looks),
            "onset": mine["onset"] - start,
            "end": mine["onset"] - start + mine["days"],
            **{name: mine[name] for name in ("state", "days", "stories", "handoffs", "dropped")},
        }
    ).reset_index(drop=True)


def _providers(events: pd.DataFrame, needs: pd.DataFrame, labels: Labels) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the providers that the person met, and which need came to which."""
    met = events[(events["resource"] != "") & (events["episode"] >= 0) & ~events["activity"].isin(NOT_MET)]
    sectors = {sector: position for position, sector in enumerate(style.sectors_in_order(met["sector"]))}
    providers = (
        met.drop_duplicates("resource")
        .sort_values("sector", key=lambda column: column.map(sectors), kind="stable")
        .rename(columns={"resource": "provider"})[["provider", "sector"]]
        .reset_index(drop=True)
    )
    providers.insert(1, "label", [labels.provider(name) for name in providers["provider"]])
    lanes = {provider: position for position, provider in enumerate(providers["provider"])}
    rows = {episode: position for position, episode in enumerate(needs["episode"])}
    tracks = met.drop_duplicates(["resource", "episode"]).rename(columns={"resource": "provider"})
    order = np.lexsort([tracks["episode"].map(rows), tracks["provider"].map(lanes)])
    return providers, tracks[["provider", "episode"]].iloc[order].reset_index(drop=True)


def _marks(events: pd.DataFrame, passes: pd.DataFrame, labels: Labels) -> pd.DataFrame:
    """Return what went wrong, once each, with its reason in words."""
    rows: list[tuple[int, str, float, str, str]] = []
    for drop in rows_of(passes[passes["state"] == "dropped"]):
        reason = str(drop.reason).replace("_", " ") or "no reason recorded"
        if np.isnan(float(drop.received)):  # it never reached the receiver: shown where it was made
            text = f"{reason}, to {labels.provider(str(drop.receiver))}"
            rows.append((int(drop.episode), str(drop.sender), float(drop.dropped), "drop", text))
        else:
            rows.append((int(drop.episode), str(drop.receiver), float(drop.dropped), "drop", reason))
    for handoff in rows_of(passes[(passes["state"] == "under_way") & passes["received"].isna()]):
        text = f"on the way to {labels.provider(str(handoff.receiver))}"
        rows.append((int(handoff.episode), str(handoff.sender), float(handoff.made), "under_way", text))
    seen = {row[:3] for row in rows if row[3] == "drop"}
    left = events[events["activity"].isin(["left", "nowhere_to_send"])]
    said = {(int(row.episode), str(row.resource), float(row.time)): str(row.activity) for row in rows_of(left)}
    for activity, kind in FAILED.items():
        for event in rows_of(events[events["activity"] == activity]):
            at = (int(event.episode), str(event.resource), float(event.time))
            if at in seen:
                continue
            seen.add(at)
            text = str(event.reason).replace("_", " ")
            if activity == "missed":
                text = activity
            elif not text:
                text = "nowhere to send" if said.get(at) == "nowhere_to_send" else "no way on"
                text = text if event.resource else "no door found"
            rows.append((*at, kind, text))
    for event in rows_of(events[events["activity"] == CRISIS]):
        rows.append((int(event.episode), str(event.resource), float(event.time), CRISIS, CRISIS))
    marks = pd.DataFrame(rows, columns=["episode", "provider", "time", "kind", "text"])
    return marks.sort_values(["time", "episode"], kind="stable", ignore_index=True)


def _moves(events: pd.DataFrame) -> pd.DataFrame:
    """Return the ways that the person went alone: to a first door, on after a setback, and home."""
    where: dict[int, tuple[str, float]] = {}
    rows: list[tuple[int, str, float, str, float]] = []
    reached: set[int] = set()
    for event in rows_of(events):
        episode, activity, time = int(event.episode), str(event.activity), float(event.time)
        if activity == "onset":
            where[episode] = ("", time)
        elif activity == "handoff_made":
            reached.discard(episode)
        elif activity == "handoff_received":
            reached.add(episode)
        elif activity == "setback":
            where[episode] = (str(event.resource), time)
        elif activity == "handoff_dropped":
            where[episode] = (str(event.resource if episode in reached else event.other), time)
        elif activity in ("sought", "gave_up") and episode in where:
            rows.append((episode, *where[episode], str(event.resource), time))
    return pd.DataFrame(rows, columns=["episode", "origin", "left", "target", "came"])


def _helped(events: pd.DataFrame) -> pd.DataFrame:
    began = events.loc[events["activity"] == "navigation_started", "time"].to_numpy(float)
    ended = events.loc[events["activity"] == "navigation_ended", "time"].to_numpy(float)
    ends = np.full(len(began), np.nan)
    ends[: len(ended)] = ended[: len(began)]
    return pd.DataFrame({"began": began, "ended": ends})
