"""The sectors that people meet on the way to support, in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.schema.tables import Sector

Ints = npt.NDArray[np.int64]

NAMED_PATHS, LONGEST_PATH = 6, 8
"""How many paths have their own name, and how many sectors they have at most; all others are one group."""
OTHER_PATHS, NO_SECTOR = "other", "none"
_STEP = " > "
_TOO_LONG = -1
_ROUNDING_DAYS = 1e-6
"""Onset and days add up to the day on which an episode ended, but for rounding."""
_OF_HANDOFFS = ["arm", "replicate", "episode", "number", "receiver_sector", "received"]


@dataclass(frozen=True)
class Groups:
    """Groups of episodes.

    Attributes:
        codes: Place of each episode's group among the names; shape (episodes,).
        names: Of the groups, in order.
    """

    codes: Ints
    names: Sequence[str]


def sector_paths(
    counted: pd.DataFrame, numbers: Ints, handoffs: pd.DataFrame, runs: pd.DataFrame, limit: float
) -> Groups:
    """Return the path of each episode: the sectors that were met for it, such as ``public > voluntary``.

    The sector of the first door, then of the receiver of each handoff that was received, in the order in which they
    were made, until support, giving up or the end of the follow-up; the same sector several times in a row counts
    once. Doors that people find themselves after the first are not in the tables, and not in the path. ``none`` where
    no sector was met. The :data:`NAMED_PATHS` commonest of all runs together have their name, all others, and those
    of more than :data:`LONGEST_PATH` sectors, are ``other``.

    Args:
        counted: Episodes of the cohort.
        numbers: Run of each.
        handoffs: Of all runs.
        runs: A row a run.
        limit: Of the follow-up, days since onset.
    """
    paths = _paths(counted, numbers, handoffs, runs, limit)
    kinds, which, sizes = np.unique(paths, return_inverse=True, return_counts=True)
    ranked = np.argsort(-sizes, kind="stable")
    commonest = ranked[kinds[ranked] != _TOO_LONG][:NAMED_PATHS]
    codes = np.full(len(kinds), len(commonest))
    codes[commonest] = np.arange(len(commonest))
    names = [_path_name(int(kind)) for kind in kinds[commonest]]
    return Groups(np.asarray(codes[which], np.int64), [*names, OTHER_PATHS] if len(names) < len(kinds) else names)


def _paths(counted: pd.DataFrame, numbers: Ints, handoffs: pd.DataFrame, runs: pd.DataFrame, limit: float) -> Ints:
    """Return the path of each episode as a number.

    It has a digit for each sector in turn, the lowest first, to the base of the number of sectors and 1; 0 is no more.
    """
    receivers = _received(counted, numbers, handoffs, runs, limit)
    doors = _sectors(counted["first_door_sector"])
    met_door = np.flatnonzero(doors >= 0)
    episode = np.concatenate([met_door, receivers[0]])
    sector = np.concatenate([doors[met_door], receivers[1]])
    # Stable: the first door stays before the receivers, and these in their order.
    order = np.argsort(episode, kind="stable")
    episode, sector = episode[order], sector[order]
    is_new = np.ones(len(episode), np.bool_)
    is_new[1:] = (np.diff(episode) != 0) | (np.diff(sector) != 0)
    episode, sector = episode[is_new], sector[is_new]
    lengths = np.bincount(episode, minlength=len(counted))
    place = np.arange(len(episode)) - (np.cumsum(lengths) - lengths)[episode]
    is_short = place < LONGEST_PATH
    digits = (sector[is_short] + 1) * (len(Sector) + 1) ** place[is_short]
    paths = np.bincount(episode[is_short], digits, len(counted)).astype(np.int64)
    return np.where(lengths <= LONGEST_PATH, paths, _TOO_LONG)


def _received(
    counted: pd.DataFrame, numbers: Ints, handoffs: pd.DataFrame, runs: pd.DataFrame, limit: float
) -> tuple[Ints, Ints]:
    """Return place of the episode, and sector, of the handoffs received in time, in the order they were made."""
    arrived = handoffs.loc[handoffs["received"].notna(), _OF_HANDOFFS]
    # Episodes are numbered anew in each run.
    span = 1 + max((int(table["episode"].max()) for table in (counted, arrived) if len(table)), default=0)
    wanted = numbers_of_runs(arrived, runs) * span + arrived["episode"].to_numpy(np.int64)
    places = pd.Index(numbers * span + counted["episode"].to_numpy(np.int64)).get_indexer(pd.Index(wanted))
    ends = counted["onset"].to_numpy() + np.minimum(counted["days"].to_numpy(), limit) + _ROUNDING_DAYS
    is_in_time = (places >= 0) & (arrived["received"].to_numpy() <= ends[places])
    made = np.lexsort((arrived["number"].to_numpy()[is_in_time], places[is_in_time]))
    return places[is_in_time][made], _sectors(arrived["receiver_sector"][is_in_time])[made]


def _sectors(words: pd.Series) -> Ints:
    """Return the place of each sector in the order of :class:`Sector`, -1 for none."""
    return pd.Categorical(words, [sector.value for sector in Sector]).codes.astype(np.int64)


def _path_name(path: int) -> str:
    """Return the sectors of a path from its number."""
    names, sectors = [], list(Sector)
    while path:
        path, digit = divmod(path, len(sectors) + 1)
        names.append(sectors[digit - 1].value)
    return _STEP.join(names) or NO_SECTOR


def numbers_of_runs(table: pd.DataFrame, runs: pd.DataFrame) -> Ints:
    """Return the place of the run of each row of a table among the runs, -1 where it is not among them."""
    arms = list(dict.fromkeys(runs["arm"]))
    span = 1 + max((int(one["replicate"].max()) for one in (table, runs) if len(one)), default=0)

    def key(rows: pd.DataFrame) -> Ints:
        codes = pd.Categorical(rows["arm"], arms).codes.astype(np.int64)
        return np.where(codes >= 0, codes * span + rows["replicate"].to_numpy(np.int64), -1)

    return pd.Index(key(runs)).get_indexer(pd.Index(key(table)))
