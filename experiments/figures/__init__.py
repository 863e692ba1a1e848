"""Figures of comparisons and runs, each as PDF, SVG and PNG with its provenance inside, and readable without a caption.

The numbers of every figure come from a pure function (``incidence_data``,
``difference_data``, ``at_risk_data``, ``forest_data``, ``reasons_data``, ``sectors_data``,
``over_time_data``, ``waiting_data``, ``funnel_data``, ``flows_data``, ``dumbbells_data``,
``runs_spread_data``, ``journey_data``; those of services from :func:`experiments.services.services_over_runs`), which
anybody may call to draw their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.figures.difference import at_risk_data, difference_data
from experiments.figures.drawing import each_done, tasks_of
from experiments.figures.dumbbells import dumbbells_data
from experiments.figures.flows_data import flows_data
from experiments.figures.foot import foot_of
from experiments.figures.forest import forest_data
from experiments.figures.funnel import funnel_data
from experiments.figures.incidence import incidence_data
from experiments.figures.journey_data import journey_data
from experiments.figures.journey_map import map_tasks
from experiments.figures.journeys import write_journeys
from experiments.figures.material import Material, drawings_of, material_of
from experiments.figures.over_time import marks_of, over_time_data
from experiments.figures.reasons import reasons_data
from experiments.figures.runs_spread import runs_spread_data
from experiments.figures.sectors import sectors_data
from experiments.figures.warmup import waiting_data

if TYPE_CHECKING:
    from sim.outcomes.result import Result

__all__ = [
    "Material",
    "at_risk_data",
    "compare_figures",
    "difference_data",
    "dumbbells_data",
    "flows_data",
    "foot_of",
    "forest_data",
    "funnel_data",
    "incidence_data",
    "journey_data",
    "marks_of",
    "material_of",
    "over_time_data",
    "reasons_data",
    "run_figures",
    "runs_spread_data",
    "sectors_data",
    "waiting_data",
]


def compare_figures(
    folder: Path, material: Material, provenance: Mapping[str, str], workers: int | None = 1
) -> list[Path]:
    """Write the figures of a comparison, each as wide as a page, and in ``single_column`` as wide as a column.

    Args:
        folder: Where; made if it is missing.
        material: What they are drawn from.
        provenance: What goes into the metadata of each file.
        workers: Processes; None for all cores, 1 for this process alone.

    Returns:
        The paths of the files.
    """
    # Maps take longest.
    maps = map_tasks(
        folder, material.vignettes, material.typical, material.mapped, material.time, provenance, material.labels,
        material.foot,
    )  # fmt: skip
    drawn = tasks_of(drawings_of(material), folder, provenance)
    paths = each_done([*maps, *drawn], workers)
    return [path for own in [*paths[len(maps) :], *paths[: len(maps)]] for path in own]


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
