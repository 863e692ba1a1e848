"""Who gains and who loses: outcomes by group and of the worst off, from the runs of a whole comparison.

What a group and the worst-off tenth are is defined in :mod:`sim.outcomes.equity`, for one run. Here the replicates are
put together; as everywhere, the replicate is the unit of inference.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from experiments.paired import Interval, mean_of, paired
from sim.outcomes.equity import GROUPINGS
from sim.outcomes.headline import HEADLINE

MIN_EPISODES = 20
"""Groups with fewer episodes, mean over replicates, are shown but are neither best nor worst: chance would decide."""

COMPARED = ("restricted_days", "failed_per_episode", "gave_up")
"""What is compared with the baseline of the worst-off tenth; the rest says who they are."""

# Said, so that a place without a need in the cohort has tables with the same columns.
_GROUP_COLUMNS = ["arm", "grouping", "group", "outcome", "mean", "episodes", "difference", "low", "high", "n"]
_GAP_COLUMNS = ["arm", "grouping", "outcome", "best", "worst", "gap", "low", "high", "n", "left_out"]

Cells = dict[tuple[str, str, str, str], pd.Series]
"""Values by replicate, of each arm, grouping, group and outcome."""


@dataclass(frozen=True)
class Equity:
    """The tables of who gains and who loses.

    Attributes:
        groups: From :func:`groups_table`.
        gaps: From :func:`gaps_table`.
        worst: From :func:`worst_table`.
    """

    groups: pd.DataFrame
    gaps: pd.DataFrame
    worst: pd.DataFrame


def equity_of(groups: pd.DataFrame, worst: pd.DataFrame, arms: Sequence[str]) -> Equity:
    """Return the tables of who gains and who loses.

    Args:
        groups: :func:`sim.outcomes.equity.by_group` of every run, with ``arm`` and ``replicate``.
        worst: :func:`sim.outcomes.equity.worst_tenth` of every run, a row a run, likewise.
        arms: Names; the first is the baseline.
    """
    # A group that has nobody in any run is in none of the tables.
    grouped = groups[groups.groupby(["grouping", "group"], observed=True)["episodes"].transform("sum") > 0]
    table = groups_table(grouped, arms)
    return Equity(table, gaps_table(grouped, table), worst_table(worst, arms))


def groups_table(grouped: pd.DataFrame, arms: Sequence[str]) -> pd.DataFrame:
    """Return the outcomes of each group in each arm.

    Nothing is averaged over the replicates in which there happened to be a value: where one is missing, because
    nobody was in the group or a median was not reached, the mean is missing too. Of groups by first door no
    difference is given: they are not the same people in both arms.

    Args:
        grouped: As ``groups`` of :func:`equity_of`, without groups that have nobody in any run.
        arms: Names; the first is the baseline.

    Returns:
        A row for each arm, grouping, group and outcome: ``mean`` over replicates, ``episodes``: of the cohort in the
        group, mean over replicates, ``difference`` from the same group of the baseline in the same worlds with ``low``
        and ``high`` of its 95 % confidence interval, and ``n``, the number of worlds behind the difference (behind the
        mean, where there is no difference). Missing: NaN.
    """
    cells = _cells(grouped)
    sizes = grouped.groupby(["arm", "grouping", "group"])["episodes"].mean().to_dict()
    of_person = {grouping.name for grouping in GROUPINGS if grouping.is_of_person}
    rows = []
    order = {arm: number for number, arm in enumerate(arms)}
    for key in sorted(cells, key=lambda key: order[key[0]]):
        values, (arm, grouping, group, outcome) = cells[key], key
        row = {"arm": arm, "grouping": grouping, "group": group, "outcome": outcome, "mean": mean_of(values)}
        # The same groups are there in every arm: a group that has nobody in any run is in none.
        base = cells[arms[0], grouping, group, outcome]
        is_comparable = arm != arms[0] and grouping in of_person
        gap = paired(values, base) if is_comparable else _no_difference(values)
        rows.append({**row, "episodes": sizes[arm, grouping, group], **_difference(gap), "n": gap.n})
    return pd.DataFrame(rows, columns=_GROUP_COLUMNS)


def gaps_table(grouped: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """Return how far the worst group is behind the best, by arm, grouping and outcome.

    The best and the worst group are chosen once for each arm, by their means over replicates: the extremes of each
    replicate would be chosen by its luck, and a gap between them be found where there is none. Some of that remains,
    most where groups are many, small and alike: an interval takes the two groups as given. Groups with fewer than
    :data:`MIN_EPISODES` episodes are not chosen. The best and the worst of two arms need not be the same groups.

    Args:
        grouped: As of :func:`groups_table`.
        groups: From :func:`groups_table`.

    Returns:
        A row for each arm, grouping and outcome: ``best`` and ``worst``, ``gap`` between them, the mean over
        replicates, from 0 up, whichever direction is better, ``low`` and ``high`` of its 95 % confidence interval, and
        ``n``, the number of replicates. ``best`` and ``worst`` are empty and the rest is missing where fewer than two
        groups can be chosen. ``left_out``: groups that are large enough but have no mean; where a median was
        not reached they may be worse than the worst.
    """
    cells = _cells(grouped)
    better = {outcome.name: outcome.better for outcome in HEADLINE}
    rows = []
    for key, own in groups.groupby(["arm", "grouping", "outcome"], sort=False):
        arm, grouping, outcome = map(str, key)
        is_lower_better = better[outcome] == "lower"
        large = own[own["episodes"] >= MIN_EPISODES]
        known = large[large["mean"].notna()]
        ranked = known.sort_values("mean", ascending=is_lower_better, kind="stable")["group"].tolist()
        best, worst, gap = "", "", Interval(math.nan, math.nan, math.nan, 0)
        if len(ranked) > 1:
            best, worst = ranked[0], ranked[-1]
            ends = [cells[arm, grouping, group, outcome] for group in (worst, best)]
            gap = paired(*(ends if is_lower_better else reversed(ends)))
        left_out = ", ".join(large[large["mean"].isna()]["group"])
        row = {"arm": arm, "grouping": grouping, "outcome": outcome, "best": best, "worst": worst}
        rows.append({**row, "gap": gap.mean, "low": gap.low, "high": gap.high, "n": gap.n, "left_out": left_out})
    return pd.DataFrame(rows, columns=_GAP_COLUMNS)


def worst_table(worst: pd.DataFrame, arms: Sequence[str]) -> pd.DataFrame:
    """Return how the worst-off tenth fared in each arm, and who they are.

    They are the worst off of each arm, and need not be the same people in two arms.

    Args:
        worst: As of :func:`equity_of`.
        arms: Names; the first is the baseline.

    Returns:
        A row an arm: all that :func:`sim.outcomes.equity.worst_tenth` says, the mean over replicates; for each of
        :data:`COMPARED` also ``NAME_difference`` from the baseline in the same worlds, with ``NAME_low`` and
        ``NAME_high`` of its 95 % confidence interval; and ``n``, the number of worlds behind the differences (behind
        the means, for the baseline).
    """
    worlds = {arm: worst[worst["arm"] == arm].set_index("replicate").drop(columns="arm") for arm in arms}
    base = worlds[arms[0]]
    rows = []
    for arm, own in worlds.items():
        row: dict[str, object] = {"arm": arm}
        n = len(own)
        for name in map(str, own):
            row[name] = mean_of(own[name])
            if name in COMPARED:
                gap = _no_difference(own[name]) if arm == arms[0] else paired(own[name], base[name])
                row |= {f"{name}_{part}": value for part, value in _difference(gap).items()}
                n = gap.n
        rows.append({**row, "n": n})
    return pd.DataFrame(rows)


def _cells(grouped: pd.DataFrame) -> Cells:
    by_replicate = grouped.set_index("replicate")
    cells = by_replicate.groupby(["arm", "grouping", "group", "outcome"], sort=False)["value"]
    return {(str(arm), str(grouping), str(group), str(outcome)): one for (arm, grouping, group, outcome), one in cells}


def _no_difference(values: pd.Series) -> Interval:
    return Interval(math.nan, math.nan, math.nan, len(values))


def _difference(gap: Interval) -> dict[str, float]:
    return {"difference": gap.mean, "low": gap.low, "high": gap.high}
