"""The strip of a journey map that shows how random worlds differ, and where the one that is drawn is among them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from experiments.figures import style
from experiments.figures.journey_rows import NAME_WIDTH
from experiments.figures.layout import EDGE, Page, shortened
from experiments.figures.tables import counted
from experiments.typical import MEASURES, Typical

ROW, HEAD, AXIS, BETWEEN = 7.0, 3.6, 5.2, 5.0
"""In mm: a row of an arm, the words above the panels, the axes below them, from panel to panel."""
BAR, LINE = 2.0, 0.58
"""Height of the bar from quartile to quartile, in mm, and how far down a row its middle is, as a share of the row."""
SPREAD_NOTE = (
    "Spread between worlds: bar between quartiles, dark line at the median, thin line from the lowest to the highest; "
    "triangle: the world that is drawn."
)


def spread_height(arms: int) -> float:
    """Return the height of the strip, in mm."""
    return HEAD + ROW * arms + AXIS


def draw_spread(
    page: Page, top: float, typical: Typical, arms: Mapping[str, str], looks: Mapping[str, style.Look]
) -> None:
    """Draw a panel of each measure, with a row of each arm.

    Args:
        page: Where, as wide as the page.
        top: Where the strip begins, in mm.
        typical: How worlds differ.
        arms: Titles of the arms, from top to bottom.
        looks: Of the arms.
    """
    worlds = typical.worlds["replicate"].nunique()
    page.text(EDGE, top + HEAD / 2, [counted(worlds, "random world")], va="center", fontweight="bold")
    for number, title in enumerate(arms.values()):
        lines = shortened(title, NAME_WIDTH, 2)
        page.text(EDGE + 3.0, top + HEAD + (number + LINE) * ROW, lines, va="center")
    first = EDGE + 3.0 + NAME_WIDTH + 1.5
    width = (page.width - EDGE - first - BETWEEN * (len(MEASURES) - 1)) / len(MEASURES)
    words = {
        "first_support": "Days to first support",
        "supported": f"Needs supported, of {len(typical.needs)}",
        "failed": "Failed attempts",
        "stories": "Times story told",
    }
    for number, measure in enumerate(MEASURES):
        left = first + number * (width + BETWEEN)
        page.text(left, top + HEAD / 2, [words[measure]], va="center")
        axes = page.canvas_axes(left, top + HEAD, width, ROW * len(arms))
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
    if len(values) > 1:
        low, lower, middle, upper, high = np.quantile(values, (0.0, 0.25, 0.5, 0.75, 1.0))
        axes.plot([low, high], [y, y], color=style.GREY, linewidth=0.8, zorder=2)
        axes.add_patch(Rectangle((lower, y - BAR / 2), upper - lower, BAR, facecolor=colour, linewidth=0, zorder=3))
        ends = [y - BAR / 2 - 0.4, y + BAR / 2 + 0.4]
        axes.plot([middle, middle], ends, color=style.INK, linewidth=1.2, zorder=4, solid_capstyle="butt")
    drawn = worlds.loc[worlds["replicate"] == replicate, measure]
    axes.plot(drawn, [y - BAR / 2 - 1.4], marker="v", markersize=4.0, color=style.INK, markeredgewidth=0, zorder=5,
              linestyle="none", clip_on=False, gid=f"drawn-{measure}")  # fmt: skip
