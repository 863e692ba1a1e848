"""Figures of comparisons and runs, each as PDF, SVG and PNG with its provenance inside, and readable without a caption.

The numbers of every figure come from a pure function (``incidence_data``,
``difference_data``, ``at_risk_data``, ``forest_data``, ``reasons_data``, ``sectors_data``,
``over_time_data``, ``waiting_data``, ``funnel_data``, ``dumbbells_data``,
``runs_spread_data``, ``journey_data``), which anybody may call to draw their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from experiments.figures import (
    difference,
    dumbbells,
    forest,
    funnel,
    incidence,
    over_time,
    reasons,
    runs_spread,
    sectors,
    warmup,
)
from experiments.figures.difference import at_risk_data, difference_data
from experiments.figures.dumbbells import dumbbells_data
from experiments.figures.foot import foot_of
from experiments.figures.forest import forest_data
from experiments.figures.funnel import funnel_data
from experiments.figures.incidence import incidence_data
from experiments.figures.journey_data import journey_data
from experiments.figures.journeys import write_journeys
from experiments.figures.over_time import Mark, marks_of, over_time_data
from experiments.figures.reasons import reasons_data
from experiments.figures.runs_spread import runs_spread_data
from experiments.figures.saving import save
from experiments.figures.sectors import sectors_data
from experiments.figures.spread import runs_of_arms
from experiments.figures.tables import cohort_of
from experiments.figures.warmup import waiting_data
from experiments.warmup import WarmUp, warm_ups
from sim.schema.parameters import Time

if TYPE_CHECKING:
    from sim.outcomes.result import Result

__all__ = [
    "at_risk_data",
    "compare_figures",
    "difference_data",
    "dumbbells_data",
    "foot_of",
    "forest_data",
    "funnel_data",
    "incidence_data",
    "journey_data",
    "marks_of",
    "over_time_data",
    "reasons_data",
    "run_figures",
    "runs_spread_data",
    "sectors_data",
    "waiting_data",
]


def compare_figures(
    folder: Path,
    episodes: pd.DataFrame,
    handoffs: pd.DataFrame,
    runs: pd.DataFrame,
    arms: Mapping[str, str],
    time: Time,
    provenance: Mapping[str, str],
    marks: Sequence[Mark] = (),
    foot: str = "",
    checks: Sequence[WarmUp] | None = None,
    comparison: pd.DataFrame | None = None,
    groups: pd.DataFrame | None = None,
) -> list[Path]:
    """Write the figures of a comparison.

    ``cumulative_incidence``, ``difference_over_time``, ``forest`` (with a comparison),
    ``drops_by_reason``, ``drops_by_sector``, ``over_time``, ``warm_up``, ``handoff_funnel``,
    ``spread_between_runs`` and ``equity`` (with groups and more than one arm).

    Args:
        folder: Where; made if it is missing.
        episodes: Episodes of all runs, as of a result, with columns ``arm`` and ``replicate``.
        handoffs: Handoffs of all runs, likewise.
        runs: A row for each run that was finished, with ``arm``, ``replicate`` and the headline outcomes.
        arms: Titles of the arms to show, in order, by their names.
        time: The clock of the runs.
        provenance: What goes into the metadata of each file.
        marks: Initiatives to mark on the figure over time.
        foot: The last line of each figure, from :func:`experiments.figures.foot.foot_of`.
        checks: Of the warm-up, from :func:`experiments.warmup.warm_ups`; made here, without initiatives, if missing.
        comparison: From :func:`experiments.paired.compare_arms`; without it there is no forest plot.
        groups: From :func:`experiments.equity.groups_table`; without it there is no figure of groups.

    Returns:
        The paths of the files.
    """
    replicates = runs_of_arms(runs, arms)
    counted = cohort_of(episodes)["arm"].astype(str).value_counts()
    sizes = {arm: int(counted.get(arm, 0)) for arm in arms}
    development = over_time_data(episodes, handoffs, runs, arms, time)
    arisen = over_time.needs_shown(episodes, arms, time)
    checks = warm_ups(episodes, replicates, time) if checks is None else checks
    stock = waiting_data(episodes, replicates, time)
    curves = incidence_data(episodes, runs, arms, time)
    gaps, at_risk = (make(episodes, runs, arms, time) for make in (difference_data, at_risk_data))
    drawn = [
        (incidence, incidence.draw_incidence(curves, sizes, replicates, arms, foot)),
        (difference, difference.draw_difference(gaps, at_risk, sizes, replicates, arms, foot)),
        (reasons, reasons.draw_reasons(reasons_data(handoffs, runs, arms), replicates, arms, time, foot)),
        (sectors, sectors.draw_sectors(sectors_data(handoffs, arms), replicates, arms, time, foot)),
        (over_time, over_time.draw_over_time(development, arisen, replicates, arms, time, marks, foot)),
        (warmup, warmup.draw_warm_up(stock, checks, replicates, arms, time, foot)),
        (funnel, funnel.draw_funnel(funnel_data(handoffs, runs, arms), replicates, arms, time, foot)),
        (runs_spread, runs_spread.draw_runs_spread(runs_spread_data(runs, arms), replicates, arms, foot)),
    ]
    if comparison is not None:
        drawn.insert(2, (forest, forest.draw_forest(comparison, sizes, replicates, arms, foot)))
    if groups is not None and len(arms) > 1:
        drawn.append((dumbbells, dumbbells.draw_dumbbells(groups, replicates, arms, time.followup_days, foot)))
    return [path for kind, figure in drawn for path in save(figure, folder, kind.NAME, kind.TITLE, provenance)]


def run_figures(folder: Path, result: Result, provenance: Mapping[str, str]) -> list[Path]:
    """Write the figures of a run: ``journey_<vignette>`` for each given person.

    Args:
        folder: Where; made if it is missing.
        result: The run.
        provenance: What goes into the metadata of each file.

    Returns:
        The paths of the files.
    """
    return write_journeys(folder, result, provenance)
