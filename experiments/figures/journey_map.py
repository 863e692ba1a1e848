"""Figures: the journey of each vignette in its typical random world, the baseline above another arm.

Both stand in one picture, over one axis of time. Where that is taller than a page there is a file of each arm too, with
the same axis.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from experiments.figures import style
from experiments.figures.arm_key import draw_marker
from experiments.figures.drawing import WIDTHS, Task
from experiments.figures.journey_columns import NAME_LEFT, columns_of
from experiments.figures.journey_data import UNLABELLED, Journey
from experiments.figures.journey_lanes import draw_lanes, last_of
from experiments.figures.journey_map_data import journey_until
from experiments.figures.journey_map_spread import draw_spread, spread_height, support_note, worlds_note
from experiments.figures.journey_marks import draw_marks_key, marks_key_height
from experiments.figures.journey_rows import plan_rows
from experiments.figures.journey_texts import summary
from experiments.figures.journeys import AXIS_HEIGHT, DROPS_NOTE, GAP
from experiments.figures.labels import Labels
from experiments.figures.layout import EDGE, Frame, Page, text_width, wrapped
from experiments.figures.saving import save
from experiments.figures.tables import counted
from experiments.typical import MAP, Typical, file_of
from sim.schema.parameters import Time

MARKER = 1.2
"""Middle of the marker of an arm, in mm from the margin."""
TITLE_ROOM = 0.6
"""From what is written above a chart to it, in mm."""


def map_tasks(
    folder: Path,
    vignettes: pd.DataFrame,
    typical: Sequence[Typical],
    arms: Mapping[str, str],
    time: Time,
    provenance: Mapping[str, str],
    labels: Labels = UNLABELLED,
    foot: str = "",
) -> list[Task]:
    """Remove all maps that are there and return what is to be done to write others, a task for each vignette and width.

    With more worlds another one may be typical, and other maps be taller than a page.

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
        Tasks that write ``journey_map_<vignette>``, and ``journey_map_<vignette>_<arm>`` for each arm where that is
        taller than a page; the same, as wide as one column, in ``single_column``. None where there are no vignettes.
    """
    for inside in WIDTHS:
        for old in (folder / inside).glob(f"{MAP}_*"):
            old.unlink()
    return [
        partial(
            _write, folder / inside, journeys_of(vignettes, one, list(arms), labels), arms, time, dict(provenance),
            labels, foot, one, width,
        )
        for one in typical
        for inside, width in WIDTHS.items()
    ]  # fmt: skip


def _write(
    folder: Path,
    journeys: Mapping[str, Journey],
    arms: Mapping[str, str],
    time: Time,
    provenance: Mapping[str, str],
    labels: Labels,
    foot: str,
    one: Typical,
    width: float,
) -> list[Path]:
    """Draw and write the maps of one vignette in one width."""
    title = title_of(one, labels)
    whole = draw_map(journeys, list(arms), one, arms, time, labels, foot, width)
    paths = save(whole, folder, file_of(one.vignette), title, provenance)
    if len(arms) > 1 and height_of(whole) > style.PAGE_HEIGHT:
        for arm in arms:
            part = draw_map(journeys, [arm], one, arms, time, labels, foot, width)
            paths += save(part, folder, file_of(one.vignette, arm), f"{title}, {arms[arm]}", provenance)
    return paths


def height_of(figure: Figure) -> float:
    """Return the height of a figure in mm."""
    return float(figure.get_size_inches()[1]) / style.MM


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
    width: float = style.DOUBLE_COLUMN,
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
        width: Of the figure, in mm; names stand above their rows where it is narrow.
    """
    with style.house():
        columns, room = columns_of(journeys.values(), width), width - 2 * EDGE
        last = max(last_of(journey) for journey in journeys.values())
        plans = {arm: plan_rows(journeys[arm], columns, last) for arm in shown}
        named = {arm: f"{arms[arm]} (baseline)" if arm == next(iter(arms)) else arms[arm] for arm in shown}
        heads = {arm: _Head(named[arm], summary(journeys[arm]), width) for arm in shown}
        above = sum(heads[arm].height + plans[arm].height + GAP for arm in shown) - GAP + AXIS_HEIGHT
        spread = spread_height(len(arms), columns)
        frame = Frame(
            title_of(typical, labels), subtitle(typical), [*notes(typical, time, bool(columns.beside)), foot], width
        )
        page = frame.page(above + GAP + spread + GAP + marks_key_height(room))
        looks, top = style.looks_of_arms(arms), frame.top
        for arm in shown:
            heads[arm].draw(page, top, looks[arm])
            top += heads[arm].height
            axes = draw_lanes(page, top, columns, journeys[arm], plans[arm], last)
            top += plans[arm].height + GAP
            if arm != shown[-1]:  # days are written once, below the last chart
                axes.tick_params(bottom=False, labelbottom=False)
                axes.spines["bottom"].set_visible(False)
        axes.set_xlabel(f"Days since the first need arose (day {typical.start:,.0f} of the run)")
        top = frame.top + above + GAP
        draw_spread(page, top, columns, typical, arms, looks)
        draw_marks_key(page, EDGE, top + spread + GAP, room)
        return page.figure


def subtitle(typical: Typical) -> str:
    """Return which world is drawn."""
    count = typical.worlds["replicate"].nunique()
    if count == 1:
        return f"Random world {typical.replicate}, the only one."
    return f"Random world {typical.replicate}, the most typical of {count} for this person, under all arms of the map."


def notes(typical: Typical, time: Time, has_table: bool = True) -> list[str]:
    """Return how the world was chosen, what is counted, and how the spread is drawn.

    Args:
        typical: The world that is drawn.
        time: The clock.
        has_table: Whether what became of the needs stands in a table beside the chart.
    """
    days = f"{time.followup_days:g}"
    shown = (
        f"Shown and counted up to {days} days after the last of the {counted(len(typical.needs), 'given need')} arose "
        f"(day {typical.until - typical.start:,.0f}). Needs supported: given ones, within {days} days, and not given "
        "up before. Failed attempts: dropped handoffs, and setbacks outside handoffs."
    )
    if has_table:
        shown += f" {DROPS_NOTE}"
    is_chosen = typical.worlds["replicate"].nunique() > 1
    chosen = (
        "Most typical: nearest to the medians of all worlds, in median absolute deviations, in days to support of each "
        f"given need ({days} if not supported), failed attempts and stories told."
    )
    parts = (chosen if is_chosen else "", shown, worlds_note(typical), support_note(typical))
    return [" ".join(part for part in parts if part)]


class _Head:
    """What stands above the chart of an arm: its title, and its journey in numbers, in one line if there is room.

    Args:
        title: Of the arm.
        text: The journey in numbers.
        width: Of the figure, in mm.

    Attributes:
        height: The room down to the chart, in mm.
    """

    def __init__(self, title: str, text: str, width: float) -> None:
        self._title = wrapped(title, width - EDGE - NAME_LEFT, bold=True)
        self._indent = NAME_LEFT + text_width(title, bold=True) + 3.0
        if self._indent + text_width(text) <= width - EDGE:
            self._lines, self._below = [text], 0.0
        else:
            self._lines = wrapped(text, width - EDGE - NAME_LEFT)
            self._indent, self._below = NAME_LEFT, len(self._title) * style.LINE_HEIGHT
        lines = max(len(self._title), len(self._lines) + round(self._below / style.LINE_HEIGHT))
        self.height = lines * style.LINE_HEIGHT + TITLE_ROOM

    def draw(self, page: Page, top: float, look: style.Look) -> None:
        """Write it on a page from ``top`` mm on, with the marker of the arm."""
        draw_marker(page, look, EDGE + MARKER, top + style.LINE_HEIGHT / 2)
        page.text(NAME_LEFT, top, self._title, fontweight="bold")
        page.text(self._indent, top + self._below, self._lines, color=style.GREY)
