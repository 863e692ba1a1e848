"""The swim lanes of a journey figure: its chart, and what is written beside and above the rows."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from experiments.figures import style
from experiments.figures.journey_columns import BAR, SYMBOL, SYMBOL_NARROW, Columns
from experiments.figures.journey_data import Journey
from experiments.figures.journey_marks import BEHIND_WORDS, Pen, draw_need
from experiments.figures.journey_rows import HEADER, Plan
from experiments.figures.journey_texts import OUTCOME_HEADS, need_line, outcome_cells
from experiments.figures.layout import EDGE, Page
from experiments.figures.tables import plain

MARGIN = 0.25
"""From the edge of a lane to its background, in mm."""
BASELINE = 0.9
"""From the middle of a line of digits down to where they stand, in mm."""


def last_of(journey: Journey) -> float:
    """Return the last day that the chart of a journey shows, in days since the first need arose."""
    last = max(1.04 * journey.end, 7.0)
    return min(last, journey.cut) if journey.cut > 0 else last


def draw_lanes(page: Page, top: float, columns: Columns, journey: Journey, plan: Plan, last: float) -> Axes:
    """Draw the swim lanes of a journey on a page.

    Args:
        page: Where.
        top: Where the rows begin, in mm.
        columns: Of the page.
        journey: What happened.
        plan: Of its rows, made for these columns and this last day.
        last: The last day that is shown.

    Returns:
        The axes of the chart, in days and mm, with ticks below and no title.
    """
    axes = page.canvas_axes(columns.chart, top, columns.width, plan.height)
    axes.set_xlim(0.0, last)
    axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 2.5, 5, 10], integer=True))
    axes.grid(axis="x", color=style.FAINT, linewidth=0.4, zorder=0)
    axes.set_axisbelow(True)
    axes.spines["bottom"].set_visible(True)
    for header, sector in plan.headers:
        words = f"{plain(sector)} sector" if sector else "Needs"
        page.text(EDGE, top + header + HEADER / 2, [words], va="center", fontweight="bold", bbox=_box(columns))
    _draw_providers(page, axes, top, plan, columns)
    _write_needs(page, top, columns, journey, plan)
    _draw_symbols(page, top, columns, journey, plan)
    if plan.helped is not None:
        middle = plan.helped.top + style.LINE_HEIGHT / 2 if columns.is_narrow else plan.helped.line
        page.text(columns.name, top + middle, ["Helped by a navigator"], va="center", bbox=_box(columns))
    Pen(axes, journey, plan, last, last / columns.width).draw_all()
    return axes


def _draw_providers(page: Page, axes: Axes, top: float, plan: Plan, columns: Columns) -> None:
    """Draw the background and the name of each provider, and its sector as a bar at the edge."""
    bars = page.canvas_axes(EDGE, top, BAR, plan.height)
    bars.set_axis_off()
    for lane in plan.lanes:
        colour = style.colour_of_sector(lane.sector)
        height = lane.height - 2 * MARGIN
        place = (0.0, lane.top + MARGIN)
        axes.add_patch(Rectangle(place, axes.get_xlim()[1], height, facecolor=colour, alpha=0.1, linewidth=0))
        bars.add_patch(Rectangle(place, 1.0, height, facecolor=colour, linewidth=0))
        page.text(columns.name, top + lane.name, lane.lines, va="center", bbox=_box(columns))


def _box(columns: Columns) -> dict[str, object] | None:
    """Return what is behind names: where they stand above their rows, lines to other rows pass behind them."""
    return BEHIND_WORDS if columns.is_narrow else None


def _write_needs(page: Page, top: float, columns: Columns, journey: Journey, plan: Plan) -> None:
    """Write the name of each need, and what became of it below its name or in a table beside its row."""
    for name in plan.names:
        page.text(columns.name, top + name.top, name.lines, bbox=_box(columns))
        if name.outcome:
            below = name.top + len(name.lines) * style.LINE_HEIGHT
            page.text(columns.name, top + below, name.outcome, color=style.GREY, bbox=_box(columns))
    if not columns.beside:
        return
    needs = {int(need["episode"]): need for _, need in journey.needs.iterrows()}
    table = [(HEADER / 2, OUTCOME_HEADS, style.GREY)]
    table += [(plan.rows["", name.episode].line, outcome_cells(needs[name.episode]), style.INK)
              for name in plan.names]  # fmt: skip
    for y, cells, colour in table:
        for x, cell in zip(columns.beside, cells, strict=True):
            page.text(x, top + y + BASELINE, [cell], va="baseline", color=colour)


def _draw_symbols(page: Page, top: float, columns: Columns, journey: Journey, plan: Plan) -> None:
    """Draw the symbol of each need beside its name, and say of each row of a provider to which need it belongs."""
    needs = {int(need["episode"]): need for _, need in journey.needs.iterrows()}
    at_names = columns.chart - SYMBOL_NARROW if columns.is_narrow else EDGE
    at_rows = columns.chart - SYMBOL_NARROW if columns.is_narrow else columns.beside[0]
    before, beside = (page.canvas_axes(x, top, SYMBOL, plan.height) for x in (at_names, at_rows))
    for axes in (before, beside):
        axes.set_axis_off()
        axes.set_xlim(0.0, SYMBOL)
    for name in plan.names:
        look = style.look_of_need(int(needs[name.episode]["look"]))
        middle = name.top + style.LINE_HEIGHT / 2 if columns.is_narrow else plan.rows["", name.episode].line
        draw_need(before, 0.9, middle, look)
    for (provider, episode), row in plan.each():
        if not provider:
            continue
        draw_need(beside, 0.9, row.line, style.look_of_need(int(needs[episode]["look"])))
        if columns.beside:
            line = need_line(needs[episode])
            page.text(columns.beside[0] + SYMBOL, top + row.line, [line], va="center", color=style.GREY)
