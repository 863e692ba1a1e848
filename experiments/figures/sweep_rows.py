"""Outcomes of the arms over a factor that has words: points in rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from experiments.figures import style
from experiments.figures.arm_key import key_height, write_key
from experiments.figures.forest import outcome_of
from experiments.figures.layout import EDGE, Frame, text_width, wrapped
from experiments.figures.sweep_panels import hollow_markers, panel_of, write_missing
from experiments.sweep_tables import clear_of_zero, value_text
from sim.outcomes.headline import Outcome

NUMBERS, BETWEEN, PANEL_GAP, RIGHT = 4.5, 3.5, 5.0, EDGE + 2.0
"""In mm: of the numbers below a panel, from there to what comes below, between panels, to the edge of the figure."""
ROW, ROW_GAP, NAME_WIDTH = 2.8, 2.0, 36.0
"""In mm: of an arm in a row, between rows, of the name of a row at most."""


def draw_rows(
    frame: Frame,
    table: pd.DataFrame,
    varied: Sequence[str],
    values: Sequence[object],
    arms: Mapping[str, str],
    outcomes: Sequence[str],
) -> Figure:
    """Draw points in rows: for each value of a factor with words, and each of a second one if there is one.

    Args:
        frame: Around the rows.
        table: As of :func:`experiments.figures.sweep_lines.draw_lines`.
        varied: Column of the factor, and that of the second one.
        values: Of the second factor that are drawn.
        arms: Titles by name of the arm.
        outcomes: Names of those to draw.
    """
    shown = table[table[varied[1]].isin(values)] if len(varied) > 1 else table
    places = [tuple(row) for row in shown[list(varied)].drop_duplicates().itertuples(index=False)]
    names = [wrapped(" \N{MIDDLE DOT} ".join(value_text(part) for part in place), NAME_WIDTH) for place in places]
    before = max(text_width(line) for lines in names for line in lines) + 2.0
    across = 1 if frame.width <= style.SINGLE_COLUMN else 2
    wide = (frame.width - EDGE - RIGHT - before - (across - 1) * PANEL_GAP) / across
    heights = [max(len(arms) * ROW, len(lines) * style.LINE_HEIGHT) + ROW_GAP for lines in names]
    middles = [sum(heights[:number]) + own / 2 for number, own in enumerate(heights)]
    panels = [panel_of(shown, None, outcome_of(name), "", None, True) for name in outcomes]
    headings = [wrapped(panel.heading, wide, bold=True) for panel in panels]
    above = max(map(len, headings)) * style.LINE_HEIGHT + 1.0
    key, one = key_height(arms, frame.width - 2 * EDGE) + 2.0, above + sum(heights) + NUMBERS + BETWEEN
    page = frame.page(key + -(-len(panels) // across) * one)
    write_key(page, arms, EDGE, frame.top, frame.width - 2 * EDGE)
    looks = style.looks_of_arms(arms)
    for number, (panel, heading) in enumerate(zip(panels, headings, strict=True)):
        down, aside = divmod(number, across)
        left, top = EDGE + before + aside * (wide + PANEL_GAP), frame.top + key + down * one
        page.text(left, top, heading, fontweight="bold")
        axes = page.canvas_axes(left, top + above, wide, sum(heights))
        axes.spines["bottom"].set_visible(True)
        if panel.points["mean"].isna().all():
            axes.tick_params(bottom=False, labelbottom=False)
            write_missing(axes)
        else:
            axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
        for place, lines, middle, height in zip(places, names, middles, heights, strict=True):
            if aside == 0:
                page.text(EDGE + before - 2.0, top + above + middle, lines, ha="right", va="center")
            if middle > middles[0]:
                axes.axhline(middle - height / 2, color=style.FAINT, linewidth=0.5, zorder=0)
            here = panel.points[(panel.points[list(varied)] == place).all(axis=1)]
            _draw_row(axes, here, panel.outcome, looks, middle)
    return page.figure


def _draw_row(
    axes: Axes, points: pd.DataFrame, outcome: Outcome, looks: Mapping[str, style.Look], middle: float
) -> None:
    """Draw the points of one row, arms below each other around its ``middle`` in mm."""
    for number, (arm, look) in enumerate(looks.items()):
        level = middle + (number - (len(looks) - 1) / 2) * ROW
        own = points[points["arm"] == arm]
        for row, is_clear in zip(own.to_dict("records"), clear_of_zero(own), strict=True):
            if not math.isnan(row["low"]):
                axes.plot([row["low"], row["high"]], [level] * 2, color=look.colour, linewidth=1.2, zorder=2)
            symbol = hollow_markers(look, bool(is_clear))
            axes.plot([row["mean"]], [level], **symbol, zorder=3, gid=f"point-{outcome.name}-{arm}")
