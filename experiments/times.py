"""Time to support of the cohort by arm and group, with intervals.

As everywhere, the replicate is the unit of inference. All but the naive mean take account of the episodes that were
given up or never supported, see :mod:`sim.outcomes.survival`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.paired import Interval, interval_of, paired
from experiments.sector_paths import Groups, Ints, numbers_of_runs, sector_paths
from sim.outcomes.equity import groups_of
from sim.outcomes.survival import (
    SUPPORTED,
    cumulative_incidence,
    incidence_error,
    incidence_interval,
    known_until,
    normal_quantile,
    quantile,
    quantile_interval,
    restricted_mean,
    restricted_mean_error,
    value_at,
)
from sim.schema.parameters import Time

Floats = npt.NDArray[np.float64]

BY_DAYS = (14.0, 28.0, 90.0, 126.0)
"""Shares supported are given by these days."""
QUARTILES = {"first_quartile_days": 0.25, "median_days": 0.5, "third_quartile_days": 0.75}
"""Shares of all episodes by the name of the day on which so many are supported."""
RESTRICTED, NAIVE = "restricted_mean_days", "naive_mean_days"

MEASURES = (*(f"supported_{day:.0f}" for day in BY_DAYS), *QUARTILES, RESTRICTED, NAIVE)
"""What is measured, in the order of the table; shares from 0 to 1, all else in days."""

EVERYBODY = "all"
"""The grouping without groups, and its only group."""
PATH = "path"
"""The grouping by sectors met: a result of the arm, which is not compared between arms."""
OVER_WORLDS, WITHIN_ONE = "t over worlds", "within one world"
"""Kinds of intervals of a mean."""

_OF_DIFFERENCES = ["difference", "difference_low", "difference_high", "n"]
_COLUMNS = ["arm", "grouping", "group", "measure", "mean", "low", "high", "interval", *_OF_DIFFERENCES]
_COLUMNS += ["episodes", "reached"]
_OF_EPISODES = ["episode", "district", "need", "onset", "state", "days", "first_door_sector", "needs", "capability"]


@dataclass(frozen=True)
class _Cells:
    """The measures of every run by group of one grouping.

    Attributes:
        grouping: Its name.
        groups: Names.
        values: NaN where nobody is in the group, or there is no value; shape (runs, groups, measures).
        sizes: Episodes; shape (runs, groups).
        within: Interval ends of runs that are the only one of their arm, NaN elsewhere; shape (runs, groups,
            measures, 2).
    """

    grouping: str
    groups: Sequence[str]
    values: Floats
    sizes: Ints
    within: Floats


def times_table(
    episodes: pd.DataFrame, handoffs: pd.DataFrame, runs: pd.DataFrame, arms: Sequence[str], time: Time
) -> pd.DataFrame:
    """Return time to support of the cohort by arm, group and measure.

    Groupings are ``all``; ``need``, its kind; ``complexity``, the number of needs the citizen was drawn with (the
    groups of :func:`sim.outcomes.equity.groups_of`); and ``path``, the sectors met
    (:func:`sector_paths`). A path is a result of the arm and not a property of people: who
    comes to ``public > voluntary`` in one arm are other people than in another, so no difference between arms is given.
    Nor do the paths of one arm compare like with like: it takes time to meet more sectors, and who is supported at the
    first door has no chance to.

    Measures are the share ``supported_D`` within D days, the days on which a quarter, half and three quarters of all
    are supported, the restricted mean to ``time.followup_days``, and ``naive_mean_days``: the mean days of those that
    were supported by the end of their observation. That is what is often reported, and it misleads: who was given up
    or is still waiting is left out of it, so that an arm that supports fewer and later may look faster.

    Nothing is averaged over the worlds in which there happened to be a value: where one is missing, because nobody
    was in the group, a quartile was not reached or nobody was followed for so long, mean and interval are missing too.

    Args:
        episodes: Of all runs.
        handoffs: Of all runs.
        runs: A row a run.
        arms: Names; the first is the baseline.
        time: The clock.

    Returns:
        A row for each arm, grouping, group and measure; groups that have nobody in any run are left out. ``mean`` over
        the arm's worlds with ``low`` and ``high`` of its 95 % interval, and which ``interval`` it is: ``t over
        worlds``, or ``within one world`` where the arm has one. That is a pointwise interval from the episodes of this
        world (complementary log-log for shares, their band for quartiles, normal for the restricted mean, t for the
        naive one), which takes them as independent and knows nothing of how worlds differ: it is too narrow for what
        another world would show. ``difference`` from the same group of the baseline, paired by world, with
        ``difference_low`` and ``difference_high`` of its 95 % t interval, and ``n``, the number of worlds behind it
        (behind the mean, where there is no difference). ``episodes`` of the cohort in the group, mean over worlds.
        ``reached``: in how many of the arm's worlds there is a value. Missing: NaN.
    """
    runs = runs[runs["arm"].isin(list(arms))].sort_values(["arm", "replicate"], ignore_index=True)
    numbers = numbers_of_runs(episodes, runs)
    is_counted = (numbers >= 0) & episodes["cohort"].to_numpy(np.bool_)
    counted, numbers = episodes.loc[is_counted, _OF_EPISODES], numbers[is_counted]
    is_alone = runs.groupby("arm", observed=True)["replicate"].transform("size").to_numpy() == 1
    groupings = _groupings(counted, numbers, handoffs, runs, time)
    tables = {name: _cells(name, groups, counted, numbers, is_alone, time) for name, groups in groupings.items()}
    rows = [row for arm in arms for cells in tables.values() for row in _rows(cells, runs, arm, arms[0])]
    return pd.DataFrame(rows, columns=_COLUMNS)


def _groupings(
    counted: pd.DataFrame, numbers: Ints, handoffs: pd.DataFrame, runs: pd.DataFrame, time: Time
) -> dict[str, Groups]:
    """Return the groups of the counted episodes by grouping."""
    return {
        EVERYBODY: Groups(np.zeros(len(counted), np.int64), [EVERYBODY]),
        "need": _present(counted["need"].astype("category")),
        "complexity": _present(groups_of(counted)["needs"]),
        PATH: sector_paths(counted, numbers, handoffs, runs, time.followup_days),
    }


def _present(labels: pd.Series) -> Groups:
    """Return the categories that any episode has."""
    there = labels.cat.remove_unused_categories().cat
    return Groups(np.asarray(there.codes, np.int64), list(there.categories))


def _cells(
    grouping: str,
    groups: Groups,
    counted: pd.DataFrame,
    numbers: Ints,
    is_alone: npt.NDArray[np.bool_],
    time: Time,
) -> _Cells:
    """Return the measures by run and group.

    Args:
        grouping: Name.
        groups: Of the counted episodes.
        counted: Episodes of the cohort in all runs.
        numbers: Run of each.
        is_alone: Of each run, whether it is the only one of its arm.
        time: The clock.
    """
    shape = (len(is_alone), len(groups.names))
    cell = numbers * shape[1] + groups.codes
    order = np.argsort(cell, kind="stable")
    edges = np.searchsorted(cell[order], np.arange(shape[0] * shape[1] + 1))
    state = counted["state"].astype("category")
    names = state.cat.categories.to_numpy().astype(str)
    days, states = counted["days"].to_numpy(np.float64)[order], state.cat.codes.to_numpy()[order]
    values = np.full((shape[0] * shape[1], len(MEASURES)), np.nan)
    within = np.full((*values.shape, 2), np.nan)
    for number in np.flatnonzero(np.diff(edges)):
        own = slice(edges[number], edges[number + 1])
        seen = days[own], names[states[own]]
        values[number] = measured(*seen, time.followup_days)
        if is_alone[number // shape[1]]:
            within[number] = intervals_within(*seen, time.followup_days)
    sizes = np.diff(edges).reshape(shape)
    return _Cells(
        grouping, groups.names, values.reshape(*shape, len(MEASURES)), sizes, within.reshape(*shape, len(MEASURES), 2)
    )


def measured(days: Floats, states: npt.NDArray[np.str_], limit: float) -> list[float]:
    """Return the :data:`MEASURES` of episodes.

    Args:
        days: From onset to the state; shape (episodes,), days.
        states: Shape (episodes,).
        limit: Of the restricted mean, days.
    """
    curve = cumulative_incidence(days, states)
    end = known_until(days, states)
    supported = days[states == SUPPORTED]
    return [
        *(value_at(*curve, day) if end >= day else math.nan for day in BY_DAYS),
        *(quantile(*curve, share) for share in QUARTILES.values()),
        restricted_mean(*curve, limit),
        float(np.mean(supported)) if len(supported) else math.nan,
    ]


def intervals_within(days: Floats, states: npt.NDArray[np.str_], limit: float) -> list[tuple[float, float]]:
    """Return the pointwise 95 % intervals of the :data:`MEASURES` from the episodes of one world.

    Args:
        days: As of :func:`measured`.
        states: As of :func:`measured`.
        limit: As of :func:`measured`.
    """
    times, values = cumulative_incidence(days, states)
    low, high = incidence_interval(values, incidence_error(days, states))
    end = known_until(days, states)
    mean = restricted_mean(times, values, limit)
    error = restricted_mean_error(days, states, limit)
    # Where nobody varies the error is 0: an interval of no width would claim what nobody knows.
    half = normal_quantile() * error if error > 0 else math.nan
    naive = interval_of(days[states == SUPPORTED])
    return [
        *(
            (value_at(times, low, day), value_at(times, high, day)) if end >= day else (math.nan,) * 2
            for day in BY_DAYS
        ),
        *(quantile_interval(times, low, high, share) for share in QUARTILES.values()),
        (mean - half, mean + half),
        (naive.low, naive.high),
    ]


def _rows(cells: _Cells, runs: pd.DataFrame, arm: str, baseline: str) -> list[tuple[object, ...]]:
    """Return the rows of one arm in one grouping."""
    own, base = (np.flatnonzero(runs["arm"] == name) for name in (arm, baseline))
    worlds, of_base = runs["replicate"].to_numpy()[own], runs["replicate"].to_numpy()[base]
    has_difference = arm != baseline and cells.grouping != PATH
    rows: list[tuple[object, ...]] = []
    for place, group in enumerate(cells.groups):
        episodes = float(np.mean(cells.sizes[own, place]))
        for number, measure in enumerate(MEASURES):
            values = pd.Series(cells.values[own, place, number], worlds)
            mean = interval_of(values.to_numpy())
            low, high = cells.within[own[0], place, number] if len(own) == 1 else (mean.low, mean.high)
            gap = Interval(math.nan, math.nan, math.nan, len(own))
            if has_difference:
                gap = paired(values, pd.Series(cells.values[base, place, number], of_base))
            kind = WITHIN_ONE if len(own) == 1 else OVER_WORLDS
            reached = int(values.notna().sum())
            of_gap = (gap.mean, gap.low, gap.high, gap.n)
            rows.append((arm, cells.grouping, group, measure, mean.mean, low, high, kind, *of_gap, episodes, reached))
    return rows
