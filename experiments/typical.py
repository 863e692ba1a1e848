"""Which random world is typical of what happens to a vignette, and how worlds differ around it.

A vignette lives in every random world. Of each world there are the days until support started for each of its needs
(the whole follow-up where it did not start within the follow-up, or the need was given up), the failed attempts
(dropped handoffs and setbacks outside handoffs) and the times that the story was told. Under each arm that is compared
the world's distance from the median of all worlds is taken number by number, in units of how far worlds usually are
from that median. The typical world is the one with the smallest sum of distances over all numbers and arms; of several
it is the first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.schema.parameters import Time

Floats = npt.NDArray[np.float64]

RUN = ["arm", "replicate"]
MEASURES = ("first_support", "supported", "failed", "stories")
"""What is shown of every world, beside the days to support of each need, which only choose the typical one."""
FULLEST = "integrated"
"""The arm that is set against the baseline where there are several."""
MAP = "journey_map"
"""Begins the names of the files of maps."""
FAILURES = ("handoff_dropped", "setback")
"""Activities of a failed attempt."""


@dataclass(frozen=True)
class Typical:
    """The typical world of a vignette.

    Attributes:
        vignette: Name.
        replicate: Number of the world.
        needs: The kinds of need that arise in every world, which are the ones that were given.
        start: Day of the run on which the first of them arises.
        until: Day of the run up to which attempts and stories are counted: the follow-up after the last of them arose,
            or the horizon.
        worlds: A row an arm and world: ``arm``, ``replicate``, ``first_support`` (days from ``start`` to the first
            support of any need; up to ``until`` if there was none), ``supported`` (needs), ``failed``, ``stories``.
    """

    vignette: str
    replicate: int
    needs: tuple[str, ...]
    start: float
    until: float
    worlds: pd.DataFrame


def arms_of_map(arms: Sequence[str]) -> list[str]:
    """Return the arms that a map shows: the baseline, which is the first, and the integrated one or else the last."""
    others = list(arms[1:])
    other = [FULLEST] if FULLEST in others else others[-1:]
    return [*arms[:1], *other]


def typical_worlds(vignettes: pd.DataFrame, arms: Sequence[str], time: Time) -> list[Typical]:
    """Return the typical world of each vignette, in the order in which their needs arise.

    Args:
        vignettes: The ledger's rows of vignettes in all runs, with columns ``arm`` and ``replicate``.
        arms: Over which a world is to be typical; only worlds that were run under all of them can be.
        time: The clock.
    """
    words = dict.fromkeys(("arm", "case", "activity", "need", "reason"), str)
    events = vignettes.astype(words)
    events = events[events["arm"].isin(arms)]
    found = []
    for vignette in events.sort_values("time", kind="stable")["case"].unique():
        typical = _typical(events[events["case"] == vignette], str(vignette), arms, time)
        if typical is not None:
            found.append(typical)
    return found


def file_of(vignette: str, arm: str = "") -> str:
    """Return the name of the file with the map of a vignette, or with the part of it that belongs to one arm."""
    return "_".join(re.sub(r"[^\w-]+", "_", part) for part in (MAP, vignette, arm) if part)


def nearest(worlds: Floats) -> int:
    """Return which world is nearest to the medians over worlds.

    Distances are measured in median absolute deviations; in mean absolute deviations where most worlds are alike, so
    that the median one is 0. What is the same in all worlds does not count.

    Args:
        worlds: A row a world, a column a number that describes it; shape (worlds, numbers).

    Returns:
        The row with the smallest sum of distances, the first of several.
    """
    away = np.abs(worlds - np.median(worlds, axis=0))
    usual = np.median(away, axis=0)
    usual = np.where(usual > 0, usual, away.mean(axis=0))
    differs = usual > 0
    # Rounded, so that the order of a sum does not decide between worlds that are equally near.
    return int(np.argmin(np.round((away[:, differs] / usual[differs]).sum(axis=1), 9)))


def spread_table(typical: Sequence[Typical]) -> pd.DataFrame:
    """Return how worlds differ, and what the typical one is like.

    Returns:
        A row a vignette, arm and measure: ``vignette``, ``needs`` (number of needs), ``arm``, ``measure``,
        ``lower_quartile``, ``median`` and ``upper_quartile`` over the ``worlds``, the number of the typical world
        ``replicate``, and its ``value``. No columns where there are no vignettes.
    """
    rows = []
    for one in typical:
        for arm, worlds in one.worlds.groupby("arm", sort=False):
            for measure in MEASURES:
                quartiles = np.quantile(worlds[measure], (0.25, 0.5, 0.75))
                rows.append(
                    {
                        "vignette": one.vignette,
                        "needs": len(one.needs),
                        "arm": arm,
                        "measure": measure,
                        **dict(zip(("lower_quartile", "median", "upper_quartile"), quartiles.tolist(), strict=True)),
                        "worlds": len(worlds),
                        "replicate": one.replicate,
                        "value": float(worlds.loc[worlds["replicate"] == one.replicate, measure].iloc[0]),
                    }
                )
    return pd.DataFrame(rows)


def files_of(spread: pd.DataFrame) -> list[str]:
    """Return the names that files of maps can have, in the order in which they are shown.

    Args:
        spread: From :func:`spread_table`.
    """
    if spread.empty:
        return []
    pairs = spread[["vignette", "arm"]].drop_duplicates().itertuples(index=False)
    return list(dict.fromkeys(name for vignette, arm in pairs for name in (file_of(vignette), file_of(vignette, arm))))


def map_text(spread: pd.DataFrame, file: str, titles: Mapping[str, str]) -> str:
    """Return in words and numbers what is seen on a map.

    Args:
        spread: From :func:`spread_table`.
        file: Name of the map's file, from :func:`file_of`.
        titles: Of the arms, by name.

    Returns:
        The text; "" if it is the name of no map.
    """
    for vignette, mine in spread.groupby("vignette", sort=False):
        arms = [str(arm) for arm in mine["arm"].unique()]
        shown = [arm for arm in arms if file == file_of(str(vignette), arm)]
        if not shown and file != file_of(str(vignette)):
            continue
        parts = [_text_of_arm(mine[mine["arm"] == arm], titles[arm]) for arm in arms]
        only = "".join(f" under {titles[arm]}" for arm in shown)
        first = mine.iloc[0]
        return (
            f"Swim lanes of providers, by sector, along the days of one person{only}, in random world "
            f"{first['replicate']}, the most typical of {first['worlds']}, and how worlds differ: {'; '.join(parts)}."
        )
    return ""


def _text_of_arm(rows: pd.DataFrame, title: str) -> str:
    row = rows.set_index("measure")
    value, middle = row["value"], row["median"]
    return (
        f"under {title} {value['supported']:.0f} of {rows['needs'].iloc[0]} given needs are supported "
        f"(median of all worlds {middle['supported']:g}), days to the first support {_first_support(value)} "
        f"({_first_support(middle)}), failed attempts {value['failed']:.0f} ({middle['failed']:g}), "
        f"times that the story was told {value['stories']:.0f} ({middle['stories']:g})"
    )


def _first_support(measures: pd.Series) -> str:
    """Return the days to the first support in one world or their median; in words if there is none in half or more."""
    return f"{measures['first_support']:.0f}" if measures["supported"] >= 1 else "no support"


def _typical(events: pd.DataFrame, vignette: str, arms: Sequence[str], time: Time) -> Typical | None:
    runs = events[RUN].drop_duplicates()
    complete = runs.groupby("replicate").size() == len(set(arms))
    replicates = sorted(int(number) for number in complete.index[complete])
    events = events[events["replicate"].isin(replicates)].sort_values("time", kind="stable")
    onsets = events[events["activity"] == "onset"].drop_duplicates([*RUN, "need"])
    count = onsets["need"].value_counts()
    needs = [str(need) for need in onsets["need"].unique() if count[need] == len(arms) * len(replicates)]
    if not needs:
        return None
    onsets = onsets[onsets["need"].isin(needs)]
    start = float(onsets["time"].min())
    until = min(float(onsets["time"].max()) + time.followup_days, time.horizon_days)
    days = _days_to_support(events, onsets, time)
    by_need = days.pivot(index=RUN, columns="need", values="days")
    supported = days[days["is_supported"]]
    counted = events[events["time"] <= until]
    worlds = pd.DataFrame(index=by_need.index)
    worlds["first_support"] = (supported.groupby(RUN)["time"].min() - start).reindex(worlds.index).fillna(until - start)
    worlds["supported"] = supported.groupby(RUN).size().reindex(worlds.index, fill_value=0)
    for name, activities in (("failed", FAILURES), ("stories", ("assessment_started",))):
        many = counted[counted["activity"].isin(activities)].groupby(RUN).size()
        worlds[name] = many.reindex(worlds.index, fill_value=0)
    described = by_need.join(worlds[["failed", "stories"]]).astype(float)
    numbers = np.hstack([described.loc[arm].reindex(replicates).to_numpy() for arm in arms])
    worlds = worlds.reindex([(arm, number) for arm in arms for number in replicates]).reset_index()
    return Typical(vignette, replicates[nearest(numbers)], tuple(needs), start, until, worlds)


def _days_to_support(events: pd.DataFrame, onsets: pd.DataFrame, time: Time) -> pd.DataFrame:
    """Return a row a run and need: ``days`` to support, whether it ``is_supported`` within the follow-up, ``time``."""
    started = events[events["activity"] == "support_started"].drop_duplicates([*RUN, "episode"])
    both = onsets[[*RUN, "episode", "need", "time"]].merge(
        started[[*RUN, "episode", "time"]], on=[*RUN, "episode"], how="left", suffixes=("_onset", "")
    )
    days = both["time"] - both["time_onset"]
    is_supported = days <= time.followup_days  # not so where it is NaN
    return both.assign(days=days.where(is_supported, time.followup_days), is_supported=is_supported)
