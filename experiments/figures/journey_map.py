"""Figures: the journey of each vignette in its typical random world, the baseline above another arm.

Maps that are too tall for a page are divided, one file an arm; their axes of time are the same nevertheless.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from experiments.figures import style
from experiments.figures.ends import markers
from experiments.figures.journey_data import UNLABELLED, Journey
from experiments.figures.journey_map_data import journey_until
from experiments.figures.journey_map_spread import SPREAD_NOTE, draw_spread, spread_height
from experiments.figures.journey_marks import draw_key
from experiments.figures.journey_rows import plan_rows
from experiments.figures.journeys import BESIDE, KEY_HEIGHT, LEFT, draw_lanes, last_of, right_of, summary
from experiments.figures.labels import Labels
from experiments.figures.layout import EDGE, Frame, Page, wrapped
from experiments.figures.saving import save
from experiments.figures.tables import counted
from experiments.typical import MAP, Typical, file_of
from sim.schema.parameters import Time

PAGE = 210.0
"""Height of all between the title and the notes that still fits on a page of A4 with them and a caption, in mm."""
TITLE_ROOM, TICKS_ROOM, LABEL_ROOM, GAP = 1.2, 4.2, 8.5, 3.0
"""In mm: from what is written above a chart to it, below it for ticks, for ticks and the title of the axis, between
parts of the figure."""


def write_maps(
    folder: Path,
    vignettes: pd.DataFrame,
    typical: Sequence[Typical],
    arms: Mapping[str, str],
    time: Time,
    provenance: Mapping[str, str],
    labels: Labels = UNLABELLED,
    foot: str = "",
) -> list[Path]:
    """Draw and write the map of each vignette, in place of all maps that are there.

    With more worlds another one may be typical, and other maps be divided.

    Args:
        folder: Where; made if it is missing.
        vignettes: The ledger's rows of vignettes in all runs, with columns ``arm`` and ``replicate``.
        typical: The typical world of each vignette, from :func:`experiments.typical.typical_worlds`.
        arms: Titles of the arms to show, the baseline first, by name: those over which the worlds are typical.
        time: The clock of the runs.
        provenance: What goes into the metadata of each file.
        labels: Of the scenario.
        foot: The last line of each figure.

    Returns:
        The paths of the files: ``journey_map_<vignette>``, or ``journey_map_<vignette>_<arm>`` for each arm where that
        would not fit on a page; none where there are no vignettes.
    """
    for old in folder.glob(f"{MAP}_*"):
        old.unlink()
    paths = []
    for one in typical:
        journeys = journeys_of(vignettes, one, list(arms), labels)
        title = title_of(one, labels)
        if len(arms) == 1 or _Layout(journeys).height(list(arms)) <= PAGE:
            whole = draw_map(journeys, list(arms), one, arms, time, labels, foot)
            paths += save(whole, folder, file_of(one.vignette), title, provenance)
            continue
        for arm in arms:
            figure = draw_map(journeys, [arm], one, arms, time, labels, foot)
            paths += save(figure, folder, file_of(one.vignette, arm), f"{title}, {arms[arm]}", provenance)
    return paths


def title_of(typical: Typical, labels: Labels) -> str:
    """Return the title of a map."""
    return f"Journey map: {labels.vignette(typical.vignette)}"


def journeys_of(
    vignettes: pd.DataFrame, typical: Typical, arms: Sequence[str], labels: Labels = UNLABELLED
) -> dict[str, Journey]:
    """Return the journey of a vignette in its typical world under each arm."""
    mine = vignettes[(vignettes["replicate"] == typical.replicate) & (vignettes["case"] == typical.vignette)]
    return {
        arm: journey_until(mine[mine["arm"].astype(str) == arm], typical.vignette, typical.until, labels)
        for arm in arms
    }


def draw_map(
    journeys: Mapping[str, Journey],
    shown: Sequence[str],
    typical: Typical,
    arms: Mapping[str, str],
    time: Time,
    labels: Labels = UNLABELLED,
    foot: str = "",
) -> Figure:
    """Draw the map of a vignette.

    Args:
        journeys: From :func:`journeys_of`, of all arms: they have one axis of time, whichever are shown.
        shown: Arms whose journeys are drawn, from top to bottom.
        typical: The world that is drawn, and how worlds differ.
        arms: Titles of the arms, the baseline first.
        time: The clock of the runs.
        labels: Of the scenario.
        foot: The last line.
    """
    with style.house():
        layout = _Layout(journeys)
        frame = Frame(title_of(typical, labels), subtitle(typical), [*notes(typical, time), foot], style.DOUBLE_COLUMN)
        page = frame.page(layout.height(shown))
        looks, top = style.looks_of_arms(arms), frame.top
        for arm in shown:
            named = f"{arms[arm]} (baseline)" if arm == next(iter(arms)) else arms[arm]
            begin = _draw_head(page, top, named, layout.heads[arm], looks[arm])
            axes = draw_lanes(page, begin, layout.right, journeys[arm], layout.plans[arm], layout.last)
            top += layout.height_of(arm)
        axes.set_xlabel(f"Days since the first need arose (day {typical.start:,.0f} of the run)")
        top += LABEL_ROOM - TICKS_ROOM
        draw_spread(page, top, typical, arms, looks)
        draw_key(page, EDGE, top + spread_height(len(arms)) + GAP, style.DOUBLE_COLUMN - 2 * EDGE)
        return page.figure


def subtitle(typical: Typical) -> str:
    """Return which world is drawn."""
    count = typical.worlds["replicate"].nunique()
    if count == 1:
        return f"Random world {typical.replicate}, the only one."
    return f"Random world {typical.replicate}, the most typical of {count} for this person, under all arms of the map."


def notes(typical: Typical, time: Time) -> list[str]:
    """Return how the world was chosen, what is counted, and how the spread is drawn."""
    days = f"{time.followup_days:g}"
    shown = (
        f"Shown and counted up to {days} days after the last of the {counted(len(typical.needs), 'given need')} arose "
        f"(day {typical.until - typical.start:,.0f}). Needs supported: given ones, within {days} days; one that was "
        "given up is not, even if pursued again after a crisis. Failed attempts: dropped handoffs, and setbacks "
        "outside handoffs."
    )
    if typical.worlds["replicate"].nunique() == 1:
        return [shown, "There is one random world, so no spread between worlds can be shown."]
    chosen = (
        f"Most typical: days to support of each given need ({days} if not supported), failed attempts and stories told "
        "are together nearest to the medians of all worlds, in median absolute deviations."
    )
    return [f"{chosen} {shown} {SPREAD_NOTE}"]


class _Layout:
    """Where the parts of a map go.

    Args:
        journeys: Of all arms.

    Attributes:
        right: Where the texts beside the charts begin, in mm.
        last: The last day that is shown.
        plans: The rows of each arm.
        heads: The lines above the chart of each arm.
    """

    def __init__(self, journeys: Mapping[str, Journey]) -> None:
        self.right = min(right_of(journey) for journey in journeys.values())
        self.last = max(last_of(journey) for journey in journeys.values())
        width = self.right - BESIDE - LEFT
        room = style.DOUBLE_COLUMN - 2 * EDGE
        self.plans = {arm: plan_rows(journey, width / self.last, width) for arm, journey in journeys.items()}
        self.heads = {arm: wrapped(summary(journey), room) for arm, journey in journeys.items()}

    def height_of(self, arm: str) -> float:
        """Return the room from the title of an arm to what follows its chart, in mm."""
        above = (1 + len(self.heads[arm])) * style.LINE_HEIGHT + TITLE_ROOM
        return above + self.plans[arm].height + TICKS_ROOM + GAP

    def height(self, shown: Sequence[str]) -> float:
        """Return the room from the title of the first of some arms to the notes, in mm."""
        below = LABEL_ROOM - TICKS_ROOM + spread_height(len(self.plans)) + GAP + KEY_HEIGHT
        return sum(self.height_of(arm) for arm in shown) + below


def _draw_head(page: Page, top: float, title: str, lines: Sequence[str], look: style.Look) -> float:
    """Write the title of an arm and its journey in numbers; return where there is room again, in mm."""
    symbol = page.canvas_axes(EDGE, top, 3.0, style.LINE_HEIGHT)
    symbol.set_axis_off()
    symbol.set_xlim(0.0, 3.0)
    symbol.plot([1.2], [style.LINE_HEIGHT / 2], **markers(look), clip_on=False)
    page.text(EDGE + 3.0, top, [title], fontweight="bold")
    page.text(EDGE, top + style.LINE_HEIGHT, lines, color=style.GREY)
    return top + (1 + len(lines)) * style.LINE_HEIGHT + TITLE_ROOM
