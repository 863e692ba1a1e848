"""Figures: the journey of each vignette of a run, as swim lanes."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from experiments.figures import style
from experiments.figures.journey_data import CRISIS, Journey, journey_data
from experiments.figures.journey_marks import Pen, draw_key, draw_need
from experiments.figures.journey_rows import HEADER, NAME_WIDTH, Lane, Plan, plan_rows
from experiments.figures.labels import labels_of
from experiments.figures.layout import EDGE, Frame, Page, shortened, text_width, wrapped
from experiments.figures.saving import save
from experiments.figures.tables import counted, plain

if TYPE_CHECKING:
    from sim.outcomes.result import Result

AXIS_HEIGHT, KEY_HEIGHT, BESIDE = 10.0, 12.8, 3.5
"""In mm: of the axis below the chart, of the key, from the chart to the text beside it."""
LEFT = EDGE + 3.0 + NAME_WIDTH + 1.5
"""Where the chart begins, in mm."""
LABEL_WIDTH = 42.0
"""Of the name of a need beside the rows of providers at most, in mm."""
SYMBOL = "mm"
"""As wide as the symbol of a need."""


def write_journeys(folder: Path, result: Result, provenance: Mapping[str, str]) -> list[Path]:
    """Draw and write the journey of each vignette of a run.

    Args:
        folder: Where.
        result: The run.
        provenance: For the metadata.

    Returns:
        The paths of the files: ``journey_<vignette>``, or ``journey_none``, which says why, if the run has no
        vignettes.
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
        paths += save(draw_journey(journey, title, arm), folder, name, title, provenance)
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


def draw_journey(journey: Journey, title: str, arm: str) -> Figure:
    """Draw a journey.

    Args:
        journey: From :func:`experiments.figures.journey_data.journey_data`.
        title: Of the figure.
        arm: Under which coordination, and in which world.
    """
    with style.house():
        right, last = right_of(journey), last_of(journey)
        width = right - BESIDE - LEFT
        plan = plan_rows(journey, width / last, width)
        frame = Frame(title, f"{arm}. {summary(journey)}", [], style.DOUBLE_COLUMN)
        page = frame.page(plan.height + AXIS_HEIGHT + KEY_HEIGHT)
        axes = draw_lanes(page, frame.top, right, journey, plan, last)
        axes.set_xlabel(f"Days since the first need arose (day {journey.start:,.0f} of the run)")
        draw_key(page, EDGE, frame.top + plan.height + AXIS_HEIGHT + 1.0, style.DOUBLE_COLUMN - 2 * EDGE)
        return page.figure


def right_of(journey: Journey) -> float:
    """Return where the texts beside the chart of a journey begin, in mm, so that the longest still fits."""
    beside = [line for _, need in journey.needs.iterrows() for line in [need_line(need) + SYMBOL, *need_text(need)]]
    return style.DOUBLE_COLUMN - EDGE - max(text_width(line) for line in beside)


def last_of(journey: Journey) -> float:
    """Return the last day that the chart of a journey shows, in days since the first need arose."""
    last = max(1.04 * journey.end, 7.0)
    return min(last, journey.cut) if journey.cut > 0 else last


def draw_lanes(page: Page, top: float, right: float, journey: Journey, plan: Plan, last: float) -> Axes:
    """Draw the swim lanes of a journey on a page, as wide as the page.

    Args:
        page: Where.
        top: Where the rows begin, in mm.
        right: Where the texts beside the chart begin, in mm.
        journey: What happened.
        plan: Of its rows, made for a chart from ``LEFT`` to ``BESIDE`` before ``right``.
        last: The last day that is shown.

    Returns:
        The axes of the chart, in days and mm, with ticks below and no title.
    """
    width = right - BESIDE - LEFT
    axes = page.canvas_axes(LEFT, top, width, plan.height)
    axes.set_xlim(0.0, last)
    axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 2.5, 5, 10], integer=True))
    axes.grid(axis="x", color=style.FAINT, linewidth=0.4, zorder=0)
    axes.set_axisbelow(True)
    axes.spines["bottom"].set_visible(True)
    _draw_headers(page, top, plan)
    for lane in plan.lanes:
        _draw_lane(page, axes, top, lane)
    _draw_texts(page, top, right, journey, plan)
    Pen(axes, journey, plan, last, last / width).draw_all()
    return axes


def summary(journey: Journey) -> str:
    """Return the journey in a sentence of numbers."""
    needs = journey.needs
    states = {"supported": "supported", "gave_up": "given up", "open": "still open"}
    ends = [
        f"{(needs['state'] == state).sum()} {words}"
        for state, words in states.items()
        if (needs["state"] == state).any()
    ]
    parts = [
        f"{counted(len(needs), 'need')}: {', '.join(ends)}",
        f"{counted(len(journey.providers), 'provider')} met",
        f"story told {counted(int(needs['stories'].sum()), 'time')}",
        _drops(int(needs["handoffs"].sum()), int(needs["dropped"].sum())),
        counted(int((journey.marks["kind"] == CRISIS).sum()), "crisis contact"),
    ]
    return "; ".join(parts) + "."


def need_line(need: pd.Series) -> str:
    """Return the name of a need in one line that is not too long to stand beside the chart."""
    again = str(need["again"])
    name = str(need["label"]).removesuffix(again)
    return shortened(name, LABEL_WIDTH - text_width(again))[0] + again


def need_lines(need: pd.Series) -> list[str]:
    """Return the name of a need in at most two lines that fit before the chart."""
    again = str(need["again"])
    lines = wrapped(str(need["label"]), NAME_WIDTH)
    if len(lines) > 2 and again:
        return [*shortened(str(need["label"]).removesuffix(again), NAME_WIDTH), again.removeprefix(", ")]
    return shortened(str(need["label"]), NAME_WIDTH, 2)


def need_text(need: pd.Series) -> list[str]:
    """Return the two lines beside a need: how and when it ended, stories told and handoffs dropped."""
    days = float(need["days"])
    after = (
        "at once" if days == 0 else "within a day" if days < 1 else f"after {counted(math.floor(days + 0.5), 'day')}"
    )
    ends = {"supported": f"supported {after}", "gave_up": f"given up {after}", "open": f"still open {after}"}
    return [
        ends[str(need["state"])],
        f"{counted(int(need['stories']), 'story')} told, {_drops(int(need['handoffs']), int(need['dropped']))}",
    ]


def _drops(handoffs: int, dropped: int) -> str:
    if not handoffs:
        return "no handoffs"
    return f"{dropped} of {counted(handoffs, 'handoff')} dropped"


def _draw_headers(page: Page, top: float, plan: Plan) -> None:
    for header, sector in plan.headers:
        words = f"{plain(sector)} sector" if sector else "Needs"
        page.text(EDGE, top + header + HEADER / 2, [words], va="center", fontweight="bold")


def _draw_lane(page: Page, axes: Axes, top: float, lane: Lane) -> None:
    """Draw the background and the name of a provider."""
    colour = style.colour_of_sector(lane.sector)
    place = (0.0, lane.top + 0.25)
    axes.add_patch(Rectangle(place, axes.get_xlim()[1], lane.height - 0.5, facecolor=colour, alpha=0.1, linewidth=0))
    bar = page.axes(EDGE, top + lane.top + 0.25, 1.5, lane.height - 0.5)
    bar.set_axis_off()
    bar.add_patch(Rectangle((0, 0), 1, 1, facecolor=colour, linewidth=0))
    page.text(EDGE + 3.0, top + lane.top + lane.height / 2, lane.lines, va="center")


def _draw_texts(page: Page, top: float, right: float, journey: Journey, plan: Plan) -> None:
    """Write the names of needs, and what became of them, beside their rows."""
    left, beside = (page.canvas_axes(x, top, 4.0, plan.height) for x in (EDGE, right))
    for axes in (left, beside):
        axes.set_axis_off()
        axes.set_xlim(0.0, 4.0)
    for _, need in journey.needs.iterrows():
        row = plan.rows["", int(need["episode"])]
        page.text(EDGE + 3.0, top + row.line, need_lines(need), va="center")
        draw_need(left, 0.9, row.line, style.look_of_need(int(need["look"])))
        page.text(right, top + row.line, need_text(need), va="center")
    if plan.helped is not None:
        page.text(EDGE + 3.0, top + plan.helped.line, ["Helped by a navigator"], va="center")
    needs = journey.needs
    looks = dict(zip(needs["episode"], needs["look"], strict=True))
    labels = {int(need["episode"]): need_line(need) for _, need in needs.iterrows()}
    for (provider, episode), row in plan.rows.items():
        if provider:
            draw_need(beside, 0.9, row.line, style.look_of_need(int(looks[episode])))
            page.text(right + 2.6, top + row.line, [labels[episode]], va="center", color=style.GREY)
