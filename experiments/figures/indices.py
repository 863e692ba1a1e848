"""Figures: how much each factor matters, by Morris' effects and by Sobol's indices."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from experiments.figures import style
from experiments.figures.ends import LABEL_GAP, End, height_for, label_ends, markers, room_for
from experiments.figures.layout import EDGE, Frame, text_width
from experiments.figures.style import Look
from experiments.figures.tables import counted, rows_of
from experiments.figures.tornado import (
    AXIS,
    AXIS_LINE,
    GUTTER,
    HALF_ROW,
    KEY,
    TICK_ROOM,
    draw_bar,
    draw_pair_key,
    middles,
    row_heights,
    separate,
    wrapped_names,
)

MORRIS, SOBOL = "morris", "sobol"
"""Names of the files."""
MORRIS_TITLE, SOBOL_TITLE = "Which factors matter: screening", "Which factors matter: shares of the variance"
NOTHING = "Nothing to show: no factor was varied."

RAISES = Look(style.BLUE, style.SOLID, "^")
LOWERS = Look(style.VERMILLION, style.SOLID, "v")
EITHER = Look(style.BLACK, style.SOLID, "o")
"""How a factor looks by the sign of its mean effect, if that is told apart from zero."""

FIRST, BELOW = EDGE + 14.0, 10.0
PLANE_HEIGHT, NARROW_PLANE_HEIGHT = 74.0, 52.0
"""In mm: from the edge to the plane, below it, its height at least."""
SHARE_LABEL = "Share of the variance"


def draw_morris(
    effects: pd.DataFrame, outcome: str, unit: str, foot: str = "", width: float = style.DOUBLE_COLUMN
) -> Figure:
    """Draw the plane of Morris' effects: how large they are, and how much they differ.

    Args:
        effects: From :func:`experiments.sensitivity.morris_effects`, outcomes as they are to be shown.
        outcome: What it is, in words.
        unit: Of the outcome.
        foot: What else to say below: place, worlds, settings.
        width: Of the figure in mm: one of the two columns of :mod:`~experiments.figures.style`.
    """
    with style.house():
        if effects.empty:
            return Frame(MORRIS_TITLE, outcome, [foot], width).empty(NOTHING).figure
        frame = Frame(MORRIS_TITLE, f"{outcome}. Effects in {unit}.", [*_morris_notes(effects), foot], width)
        room = room_for(width)
        labels = [str(label) for label in effects["label"]]
        least = NARROW_PLANE_HEIGHT if width <= style.SINGLE_COLUMN else PLANE_HEIGHT
        height = height_for(labels, room, least, above=1.0)
        across = width - FIRST - EDGE - LABEL_GAP - min(room, max(map(text_width, labels)) + 0.5)
        page = frame.page(2.0 + height + BELOW)
        axes = page.axes(FIRST, frame.top + 2.0, across, height)
        axes.set_xlabel("Mean size of the effect")
        axes.set_ylabel("Standard deviation of the effect")
        ends = _draw_plane(axes, effects, across)
        label_ends(axes, ends, across, height, with_markers=True, room=room, above=1.0)
        return page.figure


def draw_sobol(indices: pd.DataFrame, outcome: str, foot: str = "", width: float = style.DOUBLE_COLUMN) -> Figure:
    """Draw the first-order and the total index of each factor, the largest total first.

    Args:
        indices: From :func:`experiments.sensitivity.sobol_indices`.
        outcome: What it is, in words.
        foot: What else to say below: place, worlds, settings.
        width: Of the figure in mm: one of the two columns of :mod:`~experiments.figures.style`.
    """
    with style.house():
        if indices.empty:
            return Frame(SOBOL_TITLE, outcome, [foot], width).empty(NOTHING).figure
        table = indices.sort_values("total", ascending=False, kind="stable")
        frame = Frame(SOBOL_TITLE, f"{outcome}.", [*_sobol_notes(table), foot], width)
        names = wrapped_names([str(label) for label in table["label"]], width)
        heights = row_heights(names)
        values = {kind: [_index_text(row, kind) for row in table.to_dict("records")] for kind in ("first", "total")}
        left = EDGE + max(text_width(line) for lines in names for line in lines) + GUTTER
        right = max(text_width(words) for column in values.values() for words in column) + 0.5
        across = width - left - EDGE - GUTTER - right
        page = frame.page(KEY + sum(heights) + AXIS + AXIS_LINE + style.LINE_HEIGHT)
        draw_pair_key(page, frame.top, ("Alone (first order)", "With interactions (total)"), (style.BLUE, style.SKY))
        top = frame.top + KEY
        axes = page.canvas_axes(left, top, across, sum(heights))
        axes.spines["bottom"].set_visible(True)
        _draw_shares(axes, table, heights, across)
        page.text(left + across / 2, top + sum(heights) + AXIS + AXIS_LINE, [SHARE_LABEL], ha="center")
        for position, middle in enumerate(middles(heights)):
            page.text(left - GUTTER, top + middle, names[position], ha="right", va="center")
            for kind, place in (("first", middle - HALF_ROW / 2), ("total", middle + HALF_ROW / 2)):
                page.text(width - EDGE - right, top + place, [values[kind][position]], va="center")
        return page.figure


def _draw_plane(axes: Axes, effects: pd.DataFrame, width: float) -> list[End]:
    """Draw the points on axes that are ``width`` mm wide, and return where their labels belong."""
    last = 1.06 * float(np.max(effects["mu_star_high"])) or 1.0
    top = 1.06 * float(np.max(effects["sigma_high"])) or last
    axes.set_xlim(0.0, last)
    axes.set_ylim(0.0, top)
    axes.xaxis.set_major_locator(MaxNLocator(max(2, int(width / TICK_ROOM)), steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    noise = float(np.max(effects["noise"]))
    if noise > 0:  # not NaN
        axes.axvspan(0.0, min(noise, last), color="#efefef", linewidth=0, zorder=0, gid="noise")
    both = min(last, top)
    axes.plot([0.0, both], [0.0, both], color=style.GREY, linestyle=style.DASHED, linewidth=0.6, zorder=1, gid="even")
    ends = []
    for row in rows_of(effects):
        look = _look(row.mu_low, row.mu_high)
        line: dict[str, Any] = {"color": look.colour, "linewidth": 0.7, "zorder": 2}
        interval = (row.mu_star_low, row.mu_star_high)
        axes.plot(interval, [row.sigma, row.sigma], **line, gid=f"mu_star-{row.factor}")
        axes.plot([row.mu_star, row.mu_star], (row.sigma_low, row.sigma_high), **line, gid=f"sigma-{row.factor}")
        axes.plot([row.mu_star], [row.sigma], **markers(look), clip_on=False, zorder=4, gid=f"point-{row.factor}")
        ends.append(End(row.factor, row.label, row.mu_star, row.sigma, look))
    return ends


def _look(low: float, high: float) -> Look:
    """Return how a factor looks by the interval of its mean effect."""
    return RAISES if low > 0 else LOWERS if high < 0 else EITHER


def _draw_shares(axes: Axes, table: pd.DataFrame, heights: Sequence[float], width: float) -> None:
    """Draw the bars on axes that are ``width`` mm wide."""
    least = float(table[["first_low", "total_low"]].to_numpy(np.float64).min())
    most = float(table[["first_high", "total_high"]].to_numpy(np.float64).max())
    room = 0.02 * (max(most, 0.0) - min(least, 0.0))
    axes.set_xlim(min(least - room, 0.0), most + room)
    axes.xaxis.set_major_locator(MaxNLocator(max(2, int(width / TICK_ROOM)), steps=[1, 2, 5, 10]))
    separate(axes, heights)
    for row, middle in zip(table.to_dict("records"), middles(heights), strict=True):
        for kind, place, colour in (("first", -HALF_ROW / 2, style.BLUE), ("total", HALF_ROW / 2, style.SKY)):
            interval = (row[f"{kind}_low"], row[f"{kind}_high"])
            draw_bar(axes, middle + place, 0.0, row[kind], interval, color=colour, gid=f"{kind}-{row['factor']}")
    axes.axvline(0.0, color=style.INK, linewidth=0.6, zorder=2)


def _index_text(row: Mapping[Any, Any], kind: str) -> str:
    value, low, high = (f"{row[name]:z.2f}".replace("-", "−") for name in (kind, f"{kind}_low", f"{kind}_high"))
    return f"{value} ({low} to {high})"


def _how_many(table: pd.DataFrame, kind: str) -> str:
    blocks, worlds = (int(table[name].iloc[0]) for name in ("blocks", "worlds"))
    return f"{counted(blocks, kind)}, mean over {counted(worlds, 'random world')}, the same at every point."


def _morris_notes(effects: pd.DataFrame) -> list[str]:
    noise = float(np.max(effects["noise"]))
    ground = ""
    if not math.isnan(noise):
        ground = f"Grey ground: up to {noise:.2g} a factor without any effect can show, because worlds differ."
    return [
        f"An effect is what a step of one factor changes, as for its whole range. {_how_many(effects, 'trajectory')}",
        "Lines: 95 % intervals, from a bootstrap of trajectories and worlds. Triangles: the mean effect raises or "
        "lowers the outcome, told apart from zero; circles: it is not told apart.",
        "Dashed: effects differ as much as they are large. Towards it and above, the factor interacts with others or "
        "its response is not linear.",
        ground,
    ]


def _sobol_notes(table: pd.DataFrame) -> list[str]:
    noise = float(np.max(table["noise"]))
    part = ""
    if not math.isnan(noise):
        part = f"Of each total up to {noise:.2g} is there only because worlds differ and are few."
    return [
        "Which share of the variance of the outcome, over the ranges of all factors, a factor answers for. "
        f"{_how_many(table, 'row')} {part}".rstrip(),
        "Whiskers: 95 % intervals, from a bootstrap of rows of the design and worlds; shares may come out a "
        "little below 0 or above 1.",
    ]
