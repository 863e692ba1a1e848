"""The strip of a journey map that shows how random worlds differ, and where the one that is drawn is among them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from experiments.figures import style
from experiments.figures.journey_columns import Columns
from experiments.figures.layout import EDGE, Page, shortened
from experiments.figures.tables import counted
from experiments.spread import FEW
from experiments.typical import MEASURES, Typical

ROW, HEAD, AXIS, BETWEEN, BELOW = 6.2, 3.6, 5.0, 5.0, 1.5
"""In mm: a row of an arm, the words above a panel, the axis below it, to the panel beside it, to the panel below it."""
NARROW_TITLE = 20.0
"""Room for the titles of arms where names stand above their rows, in mm."""
BAR, LINE = 2.0, 0.6
"""Height of the bar from quartile to quartile, in mm, and how far down a row its middle is, as a share of the row."""
POINT = 3.0
"""Size of the point of a world, in points at print size."""


def worlds_note(typical: Typical) -> str:
    """Return how the spread between worlds is drawn, or why it is not."""
    count = typical.worlds["replicate"].nunique()
    if count == 1:
        return "There is one random world, so no spread between worlds can be shown."
    drawn = (
        f"a point a world, as there are fewer than {FEW}"
        if count < FEW
        else "bar between quartiles, dark line at the median, thin line from lowest to highest"
    )
    return f"Spread: {drawn}; triangle: world drawn."


def support_note(typical: Typical) -> str:
    """Return which days to first support are drawn of worlds where nothing was supported, "" if there are none."""
    if (typical.worlds["supported"] > 0).all():
        return ""
    return "Where no need was supported, days to first support are all days shown."


def spread_height(arms: int, columns: Columns) -> float:
    """Return the height of the panels with what is written above them, in mm."""
    panel = HEAD + ROW * arms + AXIS
    return HEAD + 2 * panel + BELOW if columns.is_narrow else panel


def draw_spread(
    page: Page,
    top: float,
    columns: Columns,
    typical: Typical,
    arms: Mapping[str, str],
    looks: Mapping[str, style.Look],
) -> None:
    """Draw a panel of each measure, with a row of each arm; two by two where names stand above their rows.

    Args:
        page: Where.
        top: Where the panels begin, in mm.
        columns: Of the page.
        typical: How worlds differ.
        arms: Titles of the arms, from top to bottom.
        looks: Of the arms.
    """
    across = len(MEASURES) // (2 if columns.is_narrow else 1)
    worlds = counted(typical.worlds["replicate"].nunique(), "random world")
    left, first = (EDGE, EDGE + NARROW_TITLE + 2.0) if columns.is_narrow else (columns.name, columns.chart)
    width = (page.width - EDGE - first - BETWEEN * (across - 1)) / across
    words = {
        "first_support": "Days to first support",
        "supported": f"Needs supported, of {len(typical.needs)}",
        "failed": "Failed attempts",
        "stories": "Times story told",
    }
    page.text(EDGE, top + HEAD / 2, [worlds], va="center", fontweight="bold")
    top += HEAD if columns.is_narrow else 0.0
    for number, measure in enumerate(MEASURES):
        row, column = divmod(number, across)
        x, y = first + column * (width + BETWEEN), top + row * (HEAD + ROW * len(arms) + AXIS + BELOW)
        if column == 0:
            for position, title in enumerate(arms.values()):
                page.text(
                    left, y + HEAD + (position + LINE) * ROW, shortened(title, first - left - 1.5, 2), va="center"
                )
        page.text(x, y + HEAD / 2, [words[measure]], va="center")
        axes = page.canvas_axes(x, y + HEAD, width, ROW * len(arms))
        _draw_panel(axes, typical, measure, arms, looks, width)


def _draw_panel(
    axes: Axes,
    typical: Typical,
    measure: str,
    arms: Mapping[str, str],
    looks: Mapping[str, style.Look],
    width: float,
) -> None:
    high = len(typical.needs) if measure == "supported" else float(typical.worlds[measure].max())
    high = max(high, 1.0)
    # Room for the triangle of a value at either end.
    room = 1.2 * high / (width - 2.4)
    axes.set_xlim(-room, high + room)
    axes.spines["bottom"].set_visible(True)
    axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10], integer=True))
    axes.grid(axis="x", color=style.FAINT, linewidth=0.4, zorder=0)
    axes.set_axisbelow(True)
    for number, arm in enumerate(arms):
        mine = typical.worlds[typical.worlds["arm"] == arm]
        _draw_row(axes, mine, measure, typical.replicate, (number + LINE) * ROW, looks[arm].colour)


def _draw_row(axes: Axes, worlds: pd.DataFrame, measure: str, replicate: int, y: float, colour: str) -> None:
    values = worlds[measure].to_numpy(float)
    if 1 < len(values) < FEW:
        # One below the other, so that worlds with the same value can be counted.
        heights = y + np.linspace(-BAR / 2, BAR / 2, len(values))
        axes.plot(values, heights, marker="o", markersize=POINT, color=colour, markeredgecolor="white",
                  markeredgewidth=0.3, zorder=3, linestyle="none", clip_on=False, gid=f"worlds-{measure}")  # fmt: skip
    elif len(values) >= FEW:
        low, lower, middle, upper, high = np.quantile(values, (0.0, 0.25, 0.5, 0.75, 1.0))
        axes.plot([low, high], [y, y], color=style.GREY, linewidth=0.8, zorder=2)
        axes.add_patch(Rectangle((lower, y - BAR / 2), upper - lower, BAR, facecolor=colour, linewidth=0, zorder=3))
        ends = [y - BAR / 2 - 0.4, y + BAR / 2 + 0.4]
        axes.plot([middle, middle], ends, color=style.INK, linewidth=1.2, zorder=4, solid_capstyle="butt")
    drawn = worlds.loc[worlds["replicate"] == replicate, measure]
    axes.plot(drawn, [y - BAR / 2 - 1.4], marker="v", markersize=4.0, color=style.INK, markeredgewidth=0, zorder=5,
              linestyle="none", clip_on=False, gid=f"drawn-{measure}")  # fmt: skip
