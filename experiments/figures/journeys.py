"""Figures: the journey of each vignette of a run, as swim lanes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from experiments.figures import style
from experiments.figures.drawing import Drawing, write
from experiments.figures.journey_columns import columns_of
from experiments.figures.journey_data import Journey, journey_data
from experiments.figures.journey_lanes import draw_lanes, last_of
from experiments.figures.journey_marks import draw_marks_key, marks_key_height
from experiments.figures.journey_rows import plan_rows
from experiments.figures.journey_texts import summary
from experiments.figures.labels import labels_of
from experiments.figures.layout import EDGE, Frame
from experiments.figures.saving import save

if TYPE_CHECKING:
    from sim.outcomes.result import Result

AXIS_HEIGHT, GAP = 8.5, 2.4
"""In mm: of the axis below a chart, between parts of a figure."""
DROPS_NOTE = "Drops: of handoffs made."
"""Explains a column of the table beside the chart."""


def write_journeys(folder: Path, result: Result, provenance: Mapping[str, str]) -> list[Path]:
    """Draw and write the journey of each vignette of a run.

    Args:
        folder: Where.
        result: The run.
        provenance: For the metadata.

    Returns:
        The paths of the files: ``journey_<vignette>``, as wide as a page and, in ``single_column``, as one column; or
        ``journey_none``, which says why, if the run has no vignettes.
    """
    episodes = result.episodes
    vignettes = [str(name) for name in episodes["vignette"].astype(str).unique() if name]
    arm = f"{result.coordination.title} (seed {result.seed}, replicate {result.replicate})"
    if not vignettes:
        with style.house():
            frame = Frame("Journeys of given people", arm, [], style.DOUBLE_COLUMN)
            page = frame.empty(why_none(result))
        return save(page.figure, folder, "journey_none", "Journeys of given people", provenance)
    paths = []
    labels = labels_of(result.scenario)
    for vignette in vignettes:
        citizen = str(episodes.loc[episodes["vignette"] == vignette, "citizen"].iloc[0])
        journey = journey_data(episodes, result.spells, result.handoffs, result.ledger, citizen, labels)
        title = f"Journey of a given person: {labels.vignette(vignette)}"
        name = "journey_" + re.sub(r"[^\w-]+", "_", vignette)
        paths += write(Drawing(name, title, partial(draw_journey, journey, title, arm)), folder, provenance)
    return paths


def why_none(result: Result) -> str:
    """Return why nobody who was given lived in a run."""
    given = result.scenario.tables.vignettes
    if not given:
        return "No vignettes: none of the people of this run was given by the scenario."
    people = "1 person" if len(given) == 1 else f"{len(given)} people"
    first, horizon = min(row.onset_day for row in given), result.scenario.parameters.time.horizon_days
    return (
        f"No journeys: the scenario gives {people}, but the first of their needs arises on day {first:g}, and the run "
        f"ends on day {horizon:g}."
    )


def draw_journey(journey: Journey, title: str, arm: str, width: float = style.DOUBLE_COLUMN) -> Figure:
    """Draw a journey.

    Args:
        journey: From :func:`experiments.figures.journey_data.journey_data`.
        title: Of the figure.
        arm: Under which coordination, and in which world.
        width: Of the figure, in mm.
    """
    with style.house():
        last, columns = last_of(journey), columns_of([journey], width)
        plan = plan_rows(journey, columns, last)
        frame = Frame(title, f"{arm}. {summary(journey)}", [DROPS_NOTE] if columns.beside else [], width)
        room = width - 2 * EDGE
        page = frame.page(plan.height + AXIS_HEIGHT + GAP + marks_key_height(room))
        axes = draw_lanes(page, frame.top, columns, journey, plan, last)
        axes.set_xlabel(f"Days since the first need arose (day {journey.start:,.0f} of the run)")
        draw_marks_key(page, EDGE, frame.top + plan.height + AXIS_HEIGHT + GAP, room)
        return page.figure
