"""Rows of the figure of groups: where each group is, its two values joined, and the difference behind them."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from experiments.figures import style
from experiments.figures.ends import markers
from experiments.figures.layout import EDGE, Page
from experiments.figures.tables import rows_of
from sim.outcomes.equity import GROUPINGS

VALUE_WIDTH, HEAD_ROW = 9.0, 4.6
"""In mm: of the difference behind a row, height of the name of a grouping."""


def height_of(shown: pd.DataFrame, row: float, head: float = HEAD_ROW) -> float:
    """Return how high the rows of the groups shown are together, with the names of groupings, in mm.

    Args:
        shown: The groups in order.
        row: Height of a row, in mm.
        head: Of the name of a grouping, in mm.
    """
    return shown["grouping"].nunique() * head + len(shown) * row + 1.0


def places_of(
    shown: pd.DataFrame, height: float, head: float = HEAD_ROW
) -> tuple[dict[str, float], dict[tuple[str, str], float]]:
    """Return where the names of groupings and the rows of groups are centred, in mm from the top of a panel.

    Args:
        shown: The groups in order.
        height: Of a row, in mm.
        head: Of the name of a grouping, in mm.
    """
    heads: dict[str, float] = {}
    rows: dict[tuple[str, str], float] = {}
    top = 0.0
    for row in rows_of(shown):
        if row.grouping not in heads:
            heads[row.grouping] = top + head / 2
            top += head
        rows[row.grouping, row.group] = top + height / 2
        top += height
    return heads, rows


def add_panel(page: Page, data: pd.DataFrame, label: str, left: float, top: float, width: float, height: float) -> Axes:
    """Add the axes of an outcome with its label below, and room for the numbers behind them.

    Args:
        page: Where to add them.
        data: Of the outcome, all arms: see :func:`experiments.figures.dumbbells.dumbbells_data`.
        label: What the axis shows.
        left: Of the axes, in mm from the left of the page.
        top: Likewise from its top.
        width: Of the axes and the numbers behind them, in mm.
        height: Of the rows, in mm.
    """
    axes = page.canvas_axes(left, top, width - VALUE_WIDTH, height)
    axes.set_xlim(*_limits(data))
    axes.set_xlabel(label)
    axes.xaxis.set_major_locator(MaxNLocator(max(2, int(width / 14.0)), steps=[1, 2, 5, 10]))
    axes.spines["bottom"].set_visible(True)
    return axes


def _limits(data: pd.DataFrame) -> tuple[float, float]:
    """Return the ends of the axis of an outcome, the same in every panel."""
    values = data[["base", "value"]].to_numpy(float)
    if np.isnan(values).all():
        return 0.0, 1.0
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    room = 0.08 * (high - low) or 1.0
    return low - room, high + room


def write_heads(page: Page, heads: Mapping[str, float], top: float) -> None:
    """Write the names of groupings, which are centred at their places below ``top``, in mm."""
    labels = {grouping.name: grouping.label for grouping in GROUPINGS}
    for grouping, place in heads.items():
        page.text(EDGE, top + place, [labels[grouping]], fontweight="bold", va="center")


def size_text(episodes: float) -> str:
    """Return the number of needs of a group as it is written beside its name."""
    return f"n={episodes:,.0f}"


def draw_rows(
    axes: Axes,
    data: pd.DataFrame,
    places: Mapping[tuple[str, str], float],
    arms: Mapping[str, str],
    arm: str,
    width: float,
) -> None:
    """Draw the groups of one arm and outcome.

    Args:
        axes: From :func:`add_panel`.
        data: Of the arm and the outcome: see :func:`experiments.figures.dumbbells.dumbbells_data`.
        places: Where the row of each group is centred, in mm from the top of the axes; others are not drawn.
        arms: Titles by name of the arm, of all arms of the figure.
        arm: Whose rows these are.
        width: Of the axes, in mm.
    """
    looks = style.looks_of_arms(arms)
    baseline, beside = next(iter(arms)), axes.get_yaxis_transform()
    # Larger, so that its edge is seen where both are nearly the same.
    of_baseline = markers(looks[baseline]) | {"markersize": 5.2}
    for row in rows_of(data):
        if (place := places.get((row.grouping, row.group))) is None:
            continue
        name = f"{row.outcome}-{arm}-{row.grouping}-{row.group}"
        axes.plot([0, 1], [place, place], color="#ececec", linewidth=0.5, transform=beside, zorder=0)
        if math.isnan(row.base) or math.isnan(row.value):
            # The number that is not there leaves its room.
            middle = (1.0 + VALUE_WIDTH / width) / 2
            axes.text(
                middle, place, "missing in some run", transform=beside, ha="center", va="center", color=style.GREY
            )
            continue
        line = style.SOLID if is_told_apart(row.low, row.high) else style.DOTTED
        axes.plot([row.base, row.value], [place, place], color=style.GREY, linestyle=line, linewidth=1.3, zorder=2,
                  gid=f"join-{name}")  # fmt: skip
        axes.plot([row.base], [place], **of_baseline, zorder=3, gid=f"base-{name}")
        axes.plot([row.value], [place], **markers(looks[arm]), zorder=4, gid=f"value-{name}")
        words = "" if math.isnan(row.difference) else f"{row.difference:+z.1f}".replace("-", "\N{MINUS SIGN}")
        axes.text(1.0 + VALUE_WIDTH / width, place, words, transform=beside, ha="right", va="center")


def is_told_apart(low: float, high: float) -> bool:
    """Return whether an interval lies on one side of zero; one that is missing does not."""
    return low > 0.0 or high < 0.0
