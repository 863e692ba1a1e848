"""Figure: over two factors that were varied, where an arm is better than the baseline, by how much, and how surely."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FixedFormatter, FixedLocator, FuncFormatter, MaxNLocator

from experiments.figures import style
from experiments.figures.forest import AXIS_UNITS, outcome_of
from experiments.figures.layout import EDGE, Frame, Page, text_width, wrapped
from experiments.figures.tables import counted
from experiments.paired import Floats
from experiments.sweep_tables import clear_of_zero, is_numeric, value_text, values_of
from experiments.text import decimals, scaled
from sim.outcomes.headline import Outcome

NAME = "sweep_map"
TITLE = "Where an arm is better than the baseline"
COLOURS = LinearSegmentedColormap.from_list("better", [style.VERMILLION, "#f7f7f7", style.BLUE])
"""From worse over no difference to better; people with impaired colour vision can tell the ends apart."""
WORSE_HATCH = "////"
"""In cells without numbers, so that the sides can be told apart in grey."""

CELL, LEAST_CELL, MOST_HEIGHT, NARROW_MOST_HEIGHT = 7.0, 3.0, 75.0, 48.0
"""In mm: height of a cell at most and at least, of a panel about, of that in a single column."""
NUMBERS, BELOW, GUTTER, RIGHT = 4.5, 3.0, 4.0, EDGE + 2.0
"""In mm: of the numbers below a panel, from there to what comes below, between panels, from the last to the edge."""
SCALE_HEIGHT, SCALE_WIDTH = 2.6, 60.0
"""In mm."""
AROUND, CORNER = 0.8, 0.9
"""In mm: free on both sides of the number in a cell, from the upper left corner of a cell to the middle of a ring."""


@dataclass(frozen=True)
class Grid:
    """The differences of an arm from the baseline.

    Attributes:
        across: Values of the factor along the horizontal axis, increasing.
        up: Values of that along the vertical axis, increasing.
        differences: As they are shown (shares in percentage points); NaN: missing; shape (up, across).
        is_clear: Whether the 95 % interval of the difference leaves zero out; same shape.
        was_run: Whether the point is in the table; same shape.
    """

    across: list[float]
    up: list[float]
    differences: Floats
    is_clear: np.ndarray
    was_run: np.ndarray


def draw_heat_map(
    table: pd.DataFrame,
    factors: tuple[str, str],
    arms: Mapping[str, str],
    outcome: str = "restricted_mean_days",
    words: Mapping[str, str] | None = None,
    foot: str = "",
    width: float = style.DOUBLE_COLUMN,
) -> Figure:
    """Draw the figure, a panel for each arm but the baseline.

    Args:
        table: From :func:`experiments.sweep_tables.point_table`, of points on a grid. Other factors than the two have
            to be averaged out before, see :func:`experiments.sweep_tables.averaged`; ``foot`` should say so.
        factors: Columns of the two factors, with numbers; the first is along the horizontal axis.
        arms: Titles by name of the arm; the first is the baseline.
        outcome: Name of the headline outcome.
        words: What factors are called, by column, with their unit; others are called by their column.
        foot: What else to say below: place, worlds, settings.
        width: Of the figure in mm: one of the two columns of :mod:`~experiments.figures.style`.

    Raises:
        ValueError: A factor has words, or several points are at the same place.
    """
    for factor in factors:
        if not is_numeric(table[factor]):
            raise ValueError(f"{factor} has words, and a map needs numbers")
    if table.duplicated([*factors, "arm", "outcome"]).any():
        raise ValueError(f"several points have the same {' and '.join(factors)}: average over the other factors first")
    with style.house():
        baseline, *others = arms
        chosen = outcome_of(outcome)
        grids = {arm: grid_of(table, factors, arm, chosen) for arm in others}
        known = [abs(grid.differences[np.isfinite(grid.differences)]) for grid in grids.values()]
        if not any(map(len, known)):
            message = f"Nothing to show: {chosen.label} has no difference from {arms[baseline]} at any point."
            return Frame(TITLE, "", [foot], width).empty(message).figure
        reach = max(float(differences.max(initial=0.0)) for differences in known) or 1.0
        called = [(words or {}).get(factor, factor) for factor in factors]
        subtitle = (
            f"{chosen.label}: difference from {arms[baseline]} in the same random worlds "
            f"({AXIS_UNITS[chosen.unit]}). Upwards: {called[1]}."
        )
        across, wide, high = _sizes(next(iter(grids.values())), len(others), width)
        with_numbers = all(_has_room(grid, chosen, wide, high) for grid in grids.values())
        notes = [*_notes(table, grids, arms[baseline], with_numbers), foot]
        frame = Frame(TITLE, subtitle, notes, width)
        return _draw(frame, grids, arms, chosen, called[0], reach, (across, wide, high), with_numbers)


def grid_of(table: pd.DataFrame, factors: tuple[str, str], arm: str, outcome: Outcome) -> Grid:
    """Return the differences of an arm on the grid of all values of two factors.

    Args:
        table: As of :func:`draw_heat_map`.
        factors: Columns of the two factors.
        arm: Not the baseline.
        outcome: Whose differences.
    """
    across, up = (values_of(table[factor]) for factor in factors)
    differences = np.full((len(up), len(across)), np.nan)
    is_clear, was_run = np.zeros(differences.shape, bool), np.zeros(differences.shape, bool)
    own = table[(table["arm"] == arm) & (table["outcome"] == outcome.name)].dropna(subset=list(factors))
    for row, clear in zip(own.to_dict("records"), clear_of_zero(own), strict=True):
        place = up.index(row[factors[1]]), across.index(row[factors[0]])
        differences[place], is_clear[place], was_run[place] = scaled(row["difference"], outcome), clear, True
    return Grid([float(value) for value in across], [float(value) for value in up], differences, is_clear, was_run)


def _sizes(grid: Grid, count: int, width: float) -> tuple[int, float, float]:
    """Return how many panels stand side by side, and how wide and high each is in mm."""
    across = min(count, 1 if width <= style.SINGLE_COLUMN else 2)
    first = EDGE + max(text_width(value_text(value)) for value in grid.up) + 2.0
    wide = (width - first - RIGHT - (across - 1) * GUTTER) / across
    most = NARROW_MOST_HEIGHT if width <= style.SINGLE_COLUMN else MOST_HEIGHT
    cell = min(CELL, max(LEAST_CELL, most / len(grid.up)))
    return across, wide, cell * len(grid.up)


def _has_room(grid: Grid, outcome: Outcome, wide: float, high: float) -> bool:
    """Return whether the numbers fit into the cells of a panel, sizes in mm."""
    widest = max(text_width(_difference_text(value, outcome)) for value in grid.differences.ravel())
    return widest + 2 * AROUND <= wide / len(grid.across) and high / len(grid.up) >= style.LINE_HEIGHT


def _notes(table: pd.DataFrame, grids: Mapping[str, Grid], baseline: str, with_numbers: bool) -> list[str]:
    """Return what the marks mean that are there, and how many worlds are behind the numbers."""
    known = [np.isfinite(grid.differences) for grid in grids.values()]
    unclear = any((there & ~grid.is_clear).any() for there, grid in zip(known, grids.values(), strict=True))
    own = table[table["arm"].isin(list(grids))]["n"]
    least, most = int(own.min()), int(own.max())
    number = counted(most, "random world") if least == most else f"{least} to {most} random worlds"
    interval = "" if most > 1 else ", so no intervals can be given"
    marks = [f"Each cell: mean of paired differences in {number}{interval}; cells are of one size whatever the steps."]
    if unclear and most > 1:
        marks.append("Ring: the 95 % interval of the difference (t, each cell for itself) includes zero.")
    if not with_numbers:
        marks.append("Hatched: the arm is worse.")
    if any(_crosses_zero(grid) for grid in grids.values()):
        marks.append(f"Black line: break-even with {baseline} (straight lines between cells).")
    if not all(there.all() for there in known):
        marks.append("Grey with a cross: not run, or the outcome is missing in some world.")
    return [" ".join(marks)]


def _draw(
    frame: Frame,
    grids: Mapping[str, Grid],
    arms: Mapping[str, str],
    outcome: Outcome,
    called: str,
    reach: float,
    sizes: tuple[int, float, float],
    with_numbers: bool,
) -> Figure:
    """Draw the panels and the scale of colours below them.

    Args:
        frame: Around them.
        grids: By arm.
        arms: Titles by name of the arm.
        outcome: What is drawn.
        called: What the factor along the horizontal axis is called.
        reach: The largest difference, to either side.
        sizes: From :func:`_sizes`.
        with_numbers: Whether cells have their numbers.
    """
    across, wide, high = sizes
    first = frame.width - RIGHT - across * wide - (across - 1) * GUTTER
    titles = [wrapped(arms[arm], wide, bold=True) for arm in grids]
    above = max(map(len, titles)) * style.LINE_HEIGHT + 1.0
    one = above + high + NUMBERS + BELOW
    named = wrapped(called, frame.width - 2 * EDGE)
    lines = -(-len(grids) // across)
    scale = lines * one + len(named) * style.LINE_HEIGHT + 1.0
    page = frame.page(scale + SCALE_HEIGHT + NUMBERS + 1.0)
    for number, ((arm, grid), title) in enumerate(zip(grids.items(), titles, strict=True)):
        down, aside = divmod(number, across)
        left, top = first + aside * (wide + GUTTER), frame.top + down * one
        page.text(left, top, title, fontweight="bold")
        axes = page.axes(left, top + above, wide, high)
        _draw_cells(axes, grid, arm, outcome, reach, with_numbers)
        _draw_rings(axes, grid, arm, (wide, high), with_numbers)
        _draw_zero(axes, grid, arm)
        _number(axes, grid, wide, high, with_words=aside == 0)
    page.text(first + (frame.width - first - RIGHT) / 2, frame.top + lines * one - BELOW + 1.0, named, ha="center")
    _draw_scale(page, frame.top + scale, reach, outcome, with_hatch=not with_numbers)
    return page.figure


def _draw_cells(axes: Axes, grid: Grid, arm: str, outcome: Outcome, reach: float, with_numbers: bool) -> None:
    """Draw a cell for each point, with its number or hatching, and a ring where it is not clear of zero."""
    axes.set_xlim(-0.5, len(grid.across) - 0.5)
    axes.set_ylim(-0.5, len(grid.up) - 0.5)
    sign = 1.0 if outcome.better == "higher" else -1.0
    for (up, across), difference in np.ndenumerate(grid.differences):
        gid = f"cell-{arm}-{across}-{up}"
        corner = (across - 0.5, up - 0.5)
        if math.isnan(difference):
            axes.add_patch(Rectangle(corner, 1, 1, facecolor="#e8e8e8", edgecolor="white", linewidth=0.5, gid=gid))
            axes.plot([across], [up], "x", color=style.GREY, markersize=3.0, markeredgewidth=0.6)
            continue
        colour = COLOURS(0.5 + 0.5 * sign * difference / reach)
        is_worse = sign * difference < 0.0
        ink = _ink(colour)
        axes.add_patch(Rectangle(corner, 1, 1, facecolor=colour, edgecolor="white", linewidth=0.5, gid=gid))
        if is_worse and not with_numbers:
            axes.add_patch(_hatching(corner, 1, ink))
        if with_numbers:
            text = axes.text(across, up, _difference_text(difference, outcome), ha="center", va="center", color=ink)
            # The line of zero goes behind the numbers.
            text.set(path_effects=[withStroke(linewidth=2.0, foreground=colour)], zorder=5)


def _draw_rings(axes: Axes, grid: Grid, arm: str, size: tuple[float, float], with_numbers: bool) -> None:
    """Draw a ring in each cell that is not clear of zero: in its corner if it has a number; ``size`` is in mm."""
    wide, high = (whole / count for whole, count in zip(size, grid.differences.shape[::-1], strict=True))
    aside, above = (CORNER / wide - 0.5, 0.5 - CORNER / high) if with_numbers else (0.0, 0.0)
    ring: dict[str, Any] = {"markersize": 2.4, "markerfacecolor": "white", "markeredgecolor": style.INK}
    for up, across in np.argwhere(np.isfinite(grid.differences) & ~grid.is_clear):
        gid = f"unclear-{arm}-{across}-{up}"
        axes.plot([across + aside], [up + above], "o", **ring, markeredgewidth=0.6, zorder=4, gid=gid)


def _crosses_zero(grid: Grid) -> bool:
    return bool((grid.differences > 0.0).any() and (grid.differences < 0.0).any() and min(grid.differences.shape) > 1)


def _draw_zero(axes: Axes, grid: Grid, arm: str) -> None:
    """Draw where the difference is zero, between the middles of cells."""
    if not _crosses_zero(grid):
        return
    lines = axes.contour(np.ma.masked_invalid(grid.differences), levels=[0.0], colors=style.INK, linewidths=1.3)
    # On dark cells it is seen by its pale edge.
    lines.set(path_effects=[withStroke(linewidth=2.6, foreground="white")], zorder=3, gid=f"zero-{arm}")


def _number(axes: Axes, grid: Grid, wide: float, high: float, with_words: bool) -> None:
    """Write the values of both factors beside a panel, as many as have room; ``wide`` and ``high`` are in mm."""
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    texts = [value_text(value) for value in grid.across]
    step = wide / len(texts)
    every = math.ceil((max(map(text_width, texts)) + 1.5) / step)
    rows = math.ceil(style.LINE_HEIGHT / (high / len(grid.up)))
    for axis, all_texts, apart in ((axes.xaxis, texts, every), (axes.yaxis, list(map(value_text, grid.up)), rows)):
        axis.set_major_locator(FixedLocator(list(range(len(all_texts)))))
        axis.set_major_formatter(FixedFormatter([text if not n % apart else "" for n, text in enumerate(all_texts)]))
    axes.tick_params(length=0.0, labelleft=with_words)


def _draw_scale(page: Page, top: float, reach: float, outcome: Outcome, with_hatch: bool) -> None:
    """Draw the colours of all differences, with the words for both sides, and hatching on the side that is worse."""
    words = ("better", "worse") if outcome.better == "lower" else ("worse", "better")
    around = max(map(text_width, words)) + 2.0
    wide = min(SCALE_WIDTH, page.width - 2 * EDGE - 2 * around - 4.0)
    left = (page.width - wide) / 2
    axes = page.axes(left, top, wide, SCALE_HEIGHT)
    colours = np.linspace(-1.0, 1.0, 201)[np.newaxis] * (1.0 if outcome.better == "higher" else -1.0)
    axes.imshow(colours, cmap=COLOURS, vmin=-1.0, vmax=1.0, aspect="auto", extent=(-reach, reach, 0.0, 1.0))
    if with_hatch:
        worse = (0.0 if outcome.better == "lower" else -reach, 0.0)
        axes.add_patch(_hatching(worse, reach, style.INK))
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10], symmetric=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda number, _: _signed(number, ",.6g")))
    for place, side, word in ((left - 2.0, "right", words[0]), (left + wide + 2.0, "left", words[1])):
        page.text(place, top + SCALE_HEIGHT / 2, [word], ha=side, va="center", color=style.GREY)


def _hatching(corner: tuple[float, float], wide: float, ink: str) -> Rectangle:
    """Return the hatching of what is worse, on ground of a height of 1 that is drawn already."""
    return Rectangle(corner, wide, 1, fill=False, edgecolor=ink, linewidth=0, hatch=WORSE_HATCH)


def _ink(colour: Sequence[float]) -> str:
    """Return the colour of text and hatching on a ground, dark or white, whichever has more contrast."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour[:3]]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    # Halfway in contrast between ink and white.
    return style.INK if luminance > 0.2 else "white"


def _difference_text(difference: float, outcome: Outcome) -> str:
    return "" if math.isnan(difference) else _signed(difference, f",.{decimals(outcome)}f")


def _signed(number: float, form: str) -> str:
    return f"{number:+z{form}}".replace("-", "\N{MINUS SIGN}") if number else "0"
