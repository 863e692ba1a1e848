"""Figure: outcomes of the arms over a factor that was varied, and where arms cross."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from experiments.figures import style
from experiments.figures.arm_key import MARKER_WIDTH, draw_marker, key_height, write_key
from experiments.figures.forest import outcome_of
from experiments.figures.layout import EDGE, Frame, Page, wrapped
from experiments.figures.sweep_panels import Panel, hollow_markers, number_axis, panel_of, points_note, write_missing
from experiments.figures.sweep_rows import draw_rows
from experiments.sweep_tables import break_even_text, clear_of_zero, evenly, is_numeric, together, values_of

NAME = "sweep_lines"
TITLE = "Outcomes over what was varied"
SHOWN = ("restricted_mean_days", "supported_126", "dropped_per_100", "gave_up")
"""Outcomes that are drawn where no others are asked for."""
MOST_VALUES, NARROW_MOST_VALUES = 5, 3
"""Values of a second factor that have panels of their own, and in a single column; of more, as many are chosen
evenly."""
NO_BREAK_EVEN = "no break-even"
INDENT = "\t"
"""Before a line that goes on with the one above it."""

PANEL_HEIGHT, SMALL_PANEL_HEIGHT, NUMBERS, BETWEEN, PANEL_GAP = 34.0, 26.0, 4.5, 3.5, 5.0
"""In mm: of a panel, of one among those of a second factor, of the numbers below it, from there to what comes below,
between panels side by side."""
FIRST, RIGHT = EDGE + 9.0, EDGE + 2.0
"""In mm: from the left edge of the figure to a panel, from it to the right edge."""
BAR = 1.4
"""In mm: from one interval of a break-even to the next, at the bottom of a panel."""


def draw_lines(
    table: pd.DataFrame,
    factor: str,
    arms: Mapping[str, str],
    break_evens: pd.DataFrame | None = None,
    outcomes: Sequence[str] = SHOWN,
    second: str = "",
    words: Mapping[str, str] | None = None,
    foot: str = "",
    width: float = style.DOUBLE_COLUMN,
) -> Figure:
    """Draw the figure: lines over a factor with numbers, points in rows over one with words.

    Args:
        table: From :func:`experiments.sweep_tables.point_table`. Other factors than the two that are named have to be
            averaged out before, see :func:`experiments.sweep_tables.averaged`; ``foot`` should say so.
        factor: Column of the factor along the axis.
        arms: Titles by name of the arm; the first is the baseline.
        break_evens: From :func:`experiments.sweep_tables.break_even`, ``within`` the second factor if there is one;
            None: nothing is said of them.
        outcomes: Names of the headline outcomes to draw.
        second: Column of a factor each of whose values has panels (or rows) of its own; "": there is none.
        words: What factors are called, by column, with their unit; others are called by their column.
        foot: What else to say below: place, worlds, settings.
        width: Of the figure in mm: one of the two columns of :mod:`~experiments.figures.style`.

    Raises:
        ValueError: Several points are at the same place.
    """
    varied = [factor, second] if second else [factor]
    if table.duplicated([*varied, "arm", "outcome"]).any():
        raise ValueError(f"several points have the same {' and '.join(varied)}: average over the other factors first")
    with style.house():
        called = {name: (words or {}).get(name, name) for name in varied}
        wanted = table[table["outcome"].isin(outcomes)]
        if wanted["mean"].isna().all():
            message = "Nothing to show: the outcomes are missing at every point."
            return Frame(TITLE, "", [foot], width).empty(message).figure
        there = values_of(wanted[second]) if second else [None]
        values = evenly(there, NARROW_MOST_VALUES if width <= style.SINGLE_COLUMN else MOST_VALUES)
        left_out = f"Of {len(there)} values, {len(values)} are drawn: {called[second]}." if there != values else ""
        has_numbers = is_numeric(table[factor])
        crossing = break_evens if has_numbers else None
        notes = [points_note(wanted, has_numbers), _break_even_note(crossing, arms), left_out, foot]
        if not has_numbers:
            frame = Frame(TITLE, f"Rows: {', '.join(called.values())}.", notes, width)
            return draw_rows(frame, wanted, varied, values, arms, outcomes)
        frame = Frame(TITLE, _subtitle(called, second), notes, width)
        panels = [
            panel_of(wanted, crossing, outcome_of(name), second, value, position == 0)
            for name in outcomes
            for position, value in enumerate(values)
        ]
        return _draw_panels(frame, panels, factor, called[factor], arms, len(values))


def _subtitle(called: Mapping[str, str], second: str) -> str:
    return f"Side by side: {called[second]}. Scales are the same within an outcome." if second else ""


def _break_even_note(break_evens: pd.DataFrame | None, arms: Mapping[str, str]) -> str:
    if break_evens is None:
        return ""
    baseline = next(iter(arms.values()))
    interval = "in brackets and as bars its 95 % interval"
    if np.isinf(break_evens[["low", "high"]].to_numpy(np.float64)).any():
        interval += ", open where the difference is not clear of zero as far as the values go"
    return (
        f"Above each panel: where an arm is better than {baseline}. Circles: break-even, where the mean difference in "
        f"the same worlds is zero (straight lines between points); {interval}."
    )


def _draw_panels(
    frame: Frame, panels: Sequence[Panel], factor: str, called: str, arms: Mapping[str, str], count: int
) -> Figure:
    """Draw panels in lines from left to right.

    Args:
        frame: Around them.
        panels: Of each outcome as many as ``count``.
        factor: Column of the factor along the axes.
        called: What it is called.
        arms: Titles by name of the arm.
        count: Values of the second factor; 1 without one.
    """
    is_narrow = frame.width <= style.SINGLE_COLUMN
    across = (1 if is_narrow else 2) if count == 1 else count
    # Panels of one outcome have the numbers of the first; those of different outcomes have their own.
    gap = PANEL_GAP if count > 1 else PANEL_GAP + FIRST - EDGE
    wide = (frame.width - FIRST - RIGHT - (across - 1) * gap) / across
    step = across if count == 1 else count
    blocks = [panels[start : start + step] for start in range(0, len(panels), step)]
    lines = [block[start : start + across] for block in blocks for start in range(0, len(block), across)]
    numbers = sorted({float(value) for panel in panels for value in panel.points[factor].dropna()})
    room = wide if count == 1 else frame.width - 2 * EDGE
    headings = [[wrapped(panel.heading, room, bold=True) for panel in line if panel.heading] for line in lines]
    said = [[_said(panel, numbers, wide) for panel in line] for line in lines]
    depths = [max(map(len, words), default=0) * style.LINE_HEIGHT for words in headings]
    tops = [depth + max(map(len, words)) * style.LINE_HEIGHT + 1.5 for depth, words in zip(depths, said, strict=True)]
    high = PANEL_HEIGHT if count == 1 else SMALL_PANEL_HEIGHT
    key = key_height(arms, frame.width - 2 * EDGE) + 2.0
    named = wrapped(called, frame.width - 2 * EDGE)
    page = frame.page(key + sum(tops) + len(lines) * (high + NUMBERS + BETWEEN) + len(named) * style.LINE_HEIGHT)
    write_key(page, arms, EDGE, frame.top, frame.width - 2 * EDGE)
    looks = style.looks_of_arms(arms)
    top = frame.top + key
    for line, heads, words, depth, above in zip(lines, headings, said, depths, tops, strict=True):
        for position, panel in enumerate(line):
            left = FIRST + position * (wide + gap)
            if position < len(heads):
                page.text(left if count == 1 else EDGE, top, heads[position], fontweight="bold")
            _write_said(page, left, top + depth, words[position], looks)
            axes = page.axes(left, top + above, wide, high)
            scale = [panel] if count == 1 else [one for one in panels if one.outcome == panel.outcome]
            _set_scale(axes, scale, high, has_numbers=count == 1 or position == 0)
            number_axis(axes, numbers, wide)
            _draw_arms(axes, panel, factor, looks)
            _draw_marks(axes, panel, factor, next(iter(arms)), looks, high)
        top += above + high + NUMBERS + BETWEEN
    page.text(FIRST + (frame.width - FIRST - RIGHT) / 2, top - BETWEEN + 1.0, named, ha="center")
    return page.figure


def _said(panel: Panel, numbers: Sequence[float], wide: float) -> list[tuple[str, str]]:
    """Return lines to write above a panel that is ``wide`` mm wide, each with the arm that it begins to speak of."""
    lines = [(line, "") for line in wrapped(panel.value, wide)] if panel.value else []
    if panel.marks is None or panel.points["mean"].isna().all():
        return lines
    for rows in together(panel.marks):
        side, _, interval = break_even_text(rows, numbers).partition(" (")
        text = side + (" (" + interval.replace(" ", "\N{NO-BREAK SPACE}") if interval else "")
        first, *others = wrapped(text, wide - MARKER_WIDTH)
        lines += [(first, str(rows[0]["arm"])), *((f"{INDENT}{line}", "") for line in others)]
    return lines if len(panel.marks) else [*lines, (NO_BREAK_EVEN, "")]


def _write_said(
    page: Page, left: float, top: float, lines: Sequence[tuple[str, str]], looks: Mapping[str, style.Look]
) -> None:
    for number, (line, arm) in enumerate(lines):
        start = top + number * style.LINE_HEIGHT
        is_more = line.startswith(INDENT)
        if arm:
            draw_marker(page, looks[arm], left, start + style.LINE_HEIGHT / 2)
        colour = style.GREY if line == NO_BREAK_EVEN else style.INK
        page.text(left + (MARKER_WIDTH if arm or is_more else 0.0), start, [line.strip()], color=colour)


def _set_scale(axes: Axes, panels: Sequence[Panel], high: float, has_numbers: bool) -> None:
    """Let the axis hold all that is drawn in panels of one outcome, with room for intervals of break-evens below."""
    known = np.concatenate([panel.points[["mean", "low", "high"]].to_numpy(np.float64).ravel() for panel in panels])
    known = known[np.isfinite(known)]
    least, most = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    margin = 0.06 * (most - least) or 0.5 * abs(most) or 1.0
    bars = max(0 if panel.marks is None else len(together(panel.marks)) for panel in panels) * BAR / high
    axes.set_ylim(least - margin - bars / (1 - bars) * (most - least + 2 * margin), most + margin)
    axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda number, _: f"{number:,.10g}"))
    axes.tick_params(labelleft=has_numbers)


def _draw_arms(axes: Axes, panel: Panel, factor: str, looks: Mapping[str, style.Look]) -> None:
    """Draw the line of each arm with its band; it is broken where the outcome is missing."""
    for arm, look in looks.items():
        own = panel.points[panel.points["arm"] == arm].sort_values(factor)
        at, mean, low, high = (own[name].to_numpy(np.float64) for name in (factor, "mean", "low", "high"))
        gid = f"{panel.outcome.name}-{panel.value}-{arm}"
        axes.fill_between(at, low, high, color=look.colour, alpha=0.15, linewidth=0, zorder=2, gid=f"band-{gid}")
        axes.plot(at, mean, color=look.colour, linestyle=look.line, linewidth=1.1, zorder=3, gid=f"line-{gid}")
        for is_clear, points in own.groupby(clear_of_zero(own)):
            place = (points[factor].to_numpy(np.float64), points["mean"].to_numpy(np.float64))
            axes.plot(*place, **hollow_markers(look, bool(is_clear)), zorder=3.5)
    if panel.points["mean"].isna().all():
        axes.tick_params(left=False, labelleft=False)
        write_missing(axes)


def _draw_marks(
    axes: Axes, panel: Panel, factor: str, baseline: str, looks: Mapping[str, style.Look], high: float
) -> None:
    """Draw a circle where an arm crosses the baseline, and its interval at the bottom of axes ``high`` mm high."""
    if panel.marks is None:
        return
    base = panel.points[panel.points["arm"] == baseline].sort_values(factor)
    (left, right), bottom = axes.get_xlim(), axes.get_ylim()[0]
    across = axes.get_xaxis_transform()
    circle: dict[str, Any] = {"markerfacecolor": "none", "markeredgecolor": style.INK, "markersize": 7.0}
    for number, rows in enumerate(together(panel.marks)):
        arm, level = str(rows[0]["arm"]), (number + 0.6) * BAR / high
        gid = f"{panel.outcome.name}-{panel.value}-{arm}"
        for row in rows:
            at = row["at"]
            height = float(np.interp(at, base[factor].astype(float), base["mean"]))
            axes.plot([at] * 2, [bottom, height], color=style.GREY, linestyle=style.DOTTED, linewidth=0.7, zorder=1)
            axes.plot([at], [height], "o", **circle, zorder=4, gid=f"break-even-{gid}")
            axes.plot([at], [level], "|", color=style.INK, markersize=3.5, transform=across)
        low, high_end = rows[0]["low"], rows[0]["high"]
        if not math.isnan(low):
            bar: dict[str, Any] = {"color": looks[arm].colour, "linewidth": 1.6, "solid_capstyle": "butt"}
            ends = [max(left, low), min(right, high_end)]
            axes.plot(ends, [level] * 2, **bar, transform=across, gid=f"interval-{gid}")
