"""Figure: whether the indices of a sensitivity analysis have settled, from parts of its design to all of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator, FuncFormatter, MaxNLocator

from experiments.figures import style
from experiments.figures.arm_key import key_height, write_key
from experiments.figures.ends import markers
from experiments.figures.layout import EDGE, Frame, shortened, wrapped
from experiments.figures.style import Look
from experiments.figures.tables import counted
from experiments.figures.tornado import number

TITLE = "Have the indices settled?"
NOTHING = "Nothing to show: no factor was varied."
KINDS: Mapping[str, str] = {
    "mu_star": "Mean size of the effect",
    "first": "Alone (first order)",
    "total": "With interactions (total)",
}
"""Columns of the tables, in words."""
SHORT: Mapping[str, str] = {"mu_star": "", "first": "alone\N{NO-BREAK SPACE}", "total": "total\N{NO-BREAK SPACE}"}
"""The same before a number."""
LOOKS: Mapping[str, Look] = {
    "mu_star": Look(style.BLUE, style.SOLID, "o"),
    "first": Look(style.BLUE, style.DASHED, "s"),
    "total": Look(style.SKY, style.SOLID, "o"),
}
SURE = 0.5
"""Share of a design from which on intervals have to fit in: those of a few walks or rows would press all else flat."""

ACROSS, NARROW_ACROSS = 5, 3
NAME_LINES = 3
PANEL_HEIGHT, LEAST_PANEL_HEIGHT, NUMBERS, BETWEEN, PANEL_GAP = 19.0, 12.0, 4.5, 3.0, 3.0
"""In mm: of a panel at most and at least, of the numbers below it, from there to what comes below, between
panels side by side."""
FIRST, RIGHT = EDGE + 9.0, EDGE + 1.0
"""In mm: from the left edge of the figure to a panel, from it to the right edge."""
ASIDE = 4.0
"""In percent of the design: how far apart two indices of the same part stand, so that both can be seen."""
SHARE_LABEL = "Part of the design that is used, %"


def draw_settling(
    table: pd.DataFrame,
    kinds: Sequence[str],
    outcome: str,
    unit: str = "",
    foot: str = "",
    width: float = style.DOUBLE_COLUMN,
) -> Figure:
    """Draw the figure, a panel for each factor, the one that matters most first.

    Args:
        table: From :func:`experiments.convergence.convergence`, outcomes as they are to be shown.
        kinds: Columns to draw; factors are in the order of the last one from all of the design.
        outcome: What it is, in words.
        unit: Of the outcome; "" where indices are shares.
        foot: What else to say below: place, worlds, settings.
        width: Of the figure in mm: one of the two columns of :mod:`~experiments.figures.style`.
    """
    with style.house():
        if table.empty:
            return Frame(TITLE, outcome, [foot], width).empty(NOTHING).figure
        low, high = _limits(table, kinds)
        scale = f"Size of effects in {unit}." if unit else "Shares of the variance."
        frame = Frame(TITLE, f"{outcome}. {scale}", [*_notes(table, kinds, low, high), foot], width)
        last = table[table["share"] == table["share"].max()]
        order = list(last.sort_values(kinds[-1], ascending=False, kind="stable")["factor"])
        return _draw(frame, table, kinds, order, (low, high))


def _limits(table: pd.DataFrame, kinds: Sequence[str]) -> tuple[float, float]:
    """Return the ends of the axes: all indices fit in, zero, and the intervals of the larger parts."""
    sure = table[table["share"] >= SURE]
    known = [table[list(kinds)], *(sure[[f"{kind}_low", f"{kind}_high"]] for kind in kinds)]
    values = np.concatenate([columns.to_numpy(np.float64).ravel() for columns in known])
    values = values[np.isfinite(values)]
    low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
    margin = 0.05 * (high - low) or 1.0
    return low - (margin if low < 0.0 else 0.0), high + margin


def _notes(table: pd.DataFrame, kinds: Sequence[str], low: float, high: float) -> list[str]:
    last = table[table["share"] == table["share"].max()].iloc[0]
    thing = "trajectory" if "mu_star" in kinds else "row"
    ends = table[[f"{kind}_{end}" for kind in kinds for end in ("low", "high")]].to_numpy(np.float64)
    cut = " Those that go beyond a panel are cut off." if (ends < low).any() or (ends > high).any() else ""
    return [
        f"Each index from the first part of the design and from all of it ({counted(int(last['blocks']), thing)}, mean "
        f"over {counted(int(last['worlds']), 'random world')}). It has settled if it stays where it is and its "
        "interval gets narrower: else ask for a larger design. Dotted, and the number: from all of it.",
        f"Upright lines: 95 % intervals, from a bootstrap of {thing.replace('y', 'ie')}s and worlds.{cut}",
    ]


def _draw(
    frame: Frame, table: pd.DataFrame, kinds: Sequence[str], order: Sequence[str], limits: tuple[float, float]
) -> Figure:
    """Draw the panels in lines from left to right.

    Args:
        frame: Around them.
        table: As of :func:`draw_settling`.
        kinds: Columns to draw.
        order: Names of the factors.
        limits: Of the vertical axes.
    """
    most = NARROW_ACROSS if style.is_narrow(frame.width) else ACROSS
    # As many in each line, rather than one alone in the last.
    across = -(-len(order) // -(-len(order) // most))
    wide = (frame.width - FIRST - RIGHT - (across - 1) * PANEL_GAP) / across
    tables = [table[table["factor"] == factor].sort_values("share") for factor in order]
    heads = [_head(own, kinds, wide) for own in tables]
    lines = [range(start, min(start + across, len(order))) for start in range(0, len(order), across)]
    depths = [max(len(heads[place]) for place in line) * style.LINE_HEIGHT + 1.2 for line in lines]
    titles = {kind: KINDS[kind] for kind in kinds}
    room = frame.width - 2 * EDGE
    key = key_height(titles, room) + 2.0
    around = key + sum(depths) + len(lines) * (NUMBERS + BETWEEN) + style.LINE_HEIGHT
    free = style.tallest(frame.width) - frame.page(around).height
    high = min(PANEL_HEIGHT, max(LEAST_PANEL_HEIGHT, free / len(lines)))
    page = frame.page(around + len(lines) * high)
    write_key(page, titles, EDGE, frame.top, room, looks=LOOKS)
    top = frame.top + key
    for line, depth in zip(lines, depths, strict=True):
        for aside, place in enumerate(line):
            left = FIRST + aside * (wide + PANEL_GAP)
            head = heads[place]
            # At the bottom of their room, so that names stand next to their panels.
            page.text(left, top + depth - 1.2 - len(head) * style.LINE_HEIGHT, head)
            axes = page.axes(left, top + depth, wide, high)
            _set_axes(axes, limits, [100 * share for share in sorted(table["share"].unique())], aside == 0)
            _draw_panel(axes, tables[place], kinds, order[place])
        top += depth + high + NUMBERS + BETWEEN
    page.text(FIRST + (frame.width - FIRST - RIGHT) / 2, top - BETWEEN + 1.0, [SHARE_LABEL], ha="center")
    return page.figure


def _head(own: pd.DataFrame, kinds: Sequence[str], wide: float) -> list[str]:
    """Return the name of a factor and its indices from all of the design, in lines ``wide`` mm wide."""
    last = own.iloc[-1]
    values = ", ".join(f"{SHORT[kind]}{_value_text(last[kind], kind)}" for kind in kinds)
    return [*shortened(str(last["label"]), wide, NAME_LINES), *wrapped(values, wide)]


def _value_text(value: float, kind: str) -> str:
    """Return a size of effects to two digits, a share to a hundredth."""
    return number(float(f"{value:.2g}")) if kind == "mu_star" else f"{value:z.2f}".replace("-", "\N{MINUS SIGN}")


def _set_axes(axes: Axes, limits: tuple[float, float], parts: Sequence[float], has_numbers: bool) -> None:
    axes.set_xlim(100 * SURE / 4, 100 + 100 * SURE / 4)
    axes.set_ylim(*limits)
    axes.xaxis.set_major_locator(FixedLocator(list(parts)))
    axes.xaxis.set_major_formatter(FixedFormatter([f"{part:.0f}" for part in parts]))
    axes.yaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}".replace("-", "\N{MINUS SIGN}")))
    axes.tick_params(labelleft=has_numbers)
    axes.axhline(0.0, color=style.INK, linewidth=0.5, zorder=1)


def _draw_panel(axes: Axes, own: pd.DataFrame, kinds: Sequence[str], factor: str) -> None:
    """Draw the indices of a factor with their intervals, and the last one as a level to compare the others with."""
    for place, kind in enumerate(kinds):
        look, gid = LOOKS[kind], f"{kind}-{factor}"
        at = 100 * own["share"].to_numpy(np.float64) + ASIDE * (place - (len(kinds) - 1) / 2)
        values = own[kind].to_numpy(np.float64)
        axes.axhline(values[-1], color=look.colour, linestyle=style.DOTTED, linewidth=0.6, zorder=1.5)
        line: dict[str, Any] = {"color": look.colour, "zorder": 2}
        for middle, low, high in zip(at, own[f"{kind}_low"], own[f"{kind}_high"], strict=True):
            axes.plot([middle, middle], [low, high], **line, linewidth=0.8, gid=f"interval-{gid}")
        axes.plot(at, values, **line, linestyle=look.line, linewidth=0.9, gid=f"line-{gid}")
        axes.plot(at, values, **{**markers(look), "markersize": 3.4}, zorder=3, gid=f"points-{gid}")
