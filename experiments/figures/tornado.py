"""Figure: what the range of each factor, one at a time, does to the difference between two arms.

The design and the table behind it are here too; see :mod:`experiments.sensitivity` for what points and outcomes are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from experiments.figures import style
from experiments.figures.layout import EDGE, Frame, Page, text_width, wrapped
from experiments.figures.tables import counted, rows_of
from experiments.paired import interval_of
from experiments.sensitivity import Factor, Floats, check_factors, in_blocks
from sim.schema.problems import Complaints

NAME = "tornado"
TITLE = "Does the conclusion survive the range of each assumption?"
SURVIVES, CHANGES, UNCLEAR = "yes", "no", "not told apart"
"""Whether the sign of an outcome is the same over the range of a factor."""
SIGNS = {SURVIVES: "holds", CHANGES: "changes", UNCLEAR: "unclear"}
"""In the words of the figure."""
SIGN_HEAD = "Sign"
CHANGED_GROUND = "#efefef"

DARK, LIGHT = style.BLUE, style.SKY
NAME_WIDTH, NARROW_NAME_WIDTH = 52.0, 27.0
HALF_ROW, ROW_GAP, BAR, KEY, HEAD, AXIS, AXIS_LINE, GUTTER = 3.1, 1.8, 2.5, 4.4, 4.0, 4.6, 1.0, 2.0
"""In mm: of a name at most; of half a row, between rows, of a bar; of the key, the line above the rows, the numbers
below them; above the words below these; between columns."""
TEXT_GAP = 1.2
"""In mm: from the end of a bar to its text."""
TICK_ROOM = 10.0
"""In mm: of the number below an axis."""


def one_at_a_time(factors: Sequence[Factor], base: Mapping[str, float]) -> Floats:
    """Return the base point, and for each factor its least and its greatest value with the others at base.

    Args:
        factors: What to vary.
        base: Value by name of the factor, within its range.

    Returns:
        Points, shape (1 + 2 * factors, factors).
    """
    complaints = Complaints()
    check_factors(factors, complaints)
    names = [factor.name for factor in factors]
    for name in base:
        if name not in names:
            complaints.unknown("base", "factor", name, names)
    for factor in factors:
        if factor.name not in base:
            complaints.add("base", f"no value of {factor.name!r}", f"{factor.low:g} to {factor.high:g}")
        elif not factor.low <= base[factor.name] <= factor.high:
            what = f"{factor.name!r} is {base[factor.name]:g}, outside its range"
            complaints.add("base", what, f"{factor.low:g} to {factor.high:g}")
    complaints.raise_if_any()
    points = np.tile(np.array([base[name] for name in names], np.float64), (1 + 2 * len(factors), 1))
    for column, factor in enumerate(factors):
        points[1 + 2 * column, column] = factor.low
        points[2 + 2 * column, column] = factor.high
    return points


def tornado_table(factors: Sequence[Factor], points: npt.ArrayLike, outcomes: npt.ArrayLike) -> pd.DataFrame:
    """Return what the range of each factor does to an outcome while the others stay at base.

    Args:
        factors: What was varied.
        points: From :func:`one_at_a_time`.
        outcomes: Shape (points, worlds); the same worlds at every point. For ``sign_survives`` a difference between
            two arms.

    Returns:
        A row a factor, the one that moves the outcome most first: ``factor``, ``label``, ``unit``, and for each ``end``
        of ``low``, ``base`` and ``high``: ``{end}_value`` of the factor, ``{end}`` (mean outcome over worlds) with
        ``{end}_from`` and ``{end}_to`` of its 95 % interval, and for ``low`` and ``high`` also ``{end}_change`` from
        the base in the same worlds with ``{end}_change_from`` and ``{end}_change_to``; ``width`` (from the least to
        the greatest of the three means), ``sign_survives`` (``yes``: told apart from zero at 95 %, on the same side,
        at all three; ``no``: told apart on both sides; else ``not told apart``) and ``worlds``.
    """
    _, (values,) = in_blocks(factors, points, outcomes, per_block=1 + 2 * len(factors))
    at = np.asarray(points, np.float64)
    rows = []
    for column, factor in enumerate(factors):
        ends = {"low": 1 + 2 * column, "base": 0, "high": 2 + 2 * column}
        row: dict[str, Any] = {"factor": factor.name, "label": factor.label, "unit": factor.unit}
        for end, point in ends.items():
            mean = interval_of(values[point])
            row |= {f"{end}_value": at[point, column], end: mean.mean, f"{end}_from": mean.low, f"{end}_to": mean.high}
            if end != "base":
                change = interval_of(values[point] - values[0])
                names = (f"{end}_change", f"{end}_change_from", f"{end}_change_to")
                row |= dict(zip(names, (change.mean, change.low, change.high), strict=True))
        means = [row[end] for end in ends]
        row["width"] = max(means) - min(means)
        row["sign_survives"] = _sign_survives([(row[f"{end}_from"], row[f"{end}_to"]) for end in ends])
        rows.append({**row, "worlds": values.shape[1]})
    return pd.DataFrame(rows).sort_values("width", ascending=False, kind="stable", ignore_index=True)


def draw_tornado(
    table: pd.DataFrame, outcome: str, unit: str, foot: str = "", width: float = style.DOUBLE_COLUMN
) -> Figure:
    """Draw the figure: two bars a factor, from the base to its least and to its greatest value.

    Args:
        table: From :func:`tornado_table`, outcomes as they are to be shown.
        outcome: What it is, in words: of which arms it is a difference.
        unit: Of the outcome.
        foot: What else to say below: place, worlds, settings.
        width: Of the figure in mm: one of the two columns of :mod:`~experiments.figures.style`.
    """
    with style.house():
        if table.empty:
            return Frame(TITLE, outcome, [foot], width).empty("Nothing to show: no factor was varied.").figure
        frame = Frame(TITLE, f"{outcome}. {_base_text(table)}", [*_notes(table), foot], width)
        named = [f"{row.label} ({row.unit})" if row.unit else row.label for row in rows_of(table)]
        names = wrapped_names(named, width)
        heights = row_heights(names)
        left = EDGE + max(text_width(line) for lines in names for line in lines) + GUTTER
        signs = max(text_width(word, bold=True) for word in (*SIGNS.values(), SIGN_HEAD)) + 0.5
        across = width - left - EDGE - GUTTER - signs
        label = wrapped(unit, across)
        page = frame.page(KEY + HEAD + sum(heights) + AXIS + AXIS_LINE + len(label) * style.LINE_HEIGHT)
        draw_pair_key(page, frame.top, ("At its least value", "At its greatest value"), (LIGHT, DARK))
        top = frame.top + KEY + HEAD
        axes = page.canvas_axes(left, top, across, sum(heights))
        axes.spines["bottom"].set_visible(True)
        _draw_rows(axes, table, heights, across)
        page.text(left + across / 2, top + sum(heights) + AXIS + AXIS_LINE, label, ha="center")
        page.text(width - EDGE - signs, top - HEAD + 0.4, [SIGN_HEAD], color=style.GREY)
        for row, lines, middle in zip(rows_of(table), names, middles(heights), strict=True):
            page.text(left - GUTTER, top + middle, lines, ha="right", va="center")
            weight = "normal" if row.sign_survives == SURVIVES else "bold"
            words = [SIGNS[row.sign_survives]]
            page.text(width - EDGE - signs, top + middle, words, va="center", fontweight=weight)
        return page.figure


def wrapped_names(names: Sequence[str], width: float) -> list[list[str]]:
    """Return the lines of the names of rows beside a panel of a figure of some width in mm."""
    return [wrapped(name, NARROW_NAME_WIDTH if width <= style.SINGLE_COLUMN else NAME_WIDTH) for name in names]


def row_heights(names: Sequence[Sequence[str]]) -> list[float]:
    """Return how high the row of each name is, in mm: two bars, or more if its name has more lines."""
    return [max(2 * HALF_ROW, len(lines) * style.LINE_HEIGHT) + ROW_GAP for lines in names]


def middles(heights: Sequence[float]) -> list[float]:
    """Return the middles of rows below each other, in mm from the top of the first."""
    return [float(end - height / 2) for end, height in zip(np.cumsum(heights), heights, strict=True)]


def draw_pair_key(page: Page, top: float, words: tuple[str, str], colours: tuple[str, str]) -> None:
    """Write in a line what the upper and the lower bar of a row are; ``top`` is in mm."""
    room = page.width - 2 * EDGE
    axes = page.canvas_axes(EDGE, top, room, KEY)
    axes.set_xlim(0.0, room)
    axes.tick_params(bottom=False, labelbottom=False)
    left = 0.0
    for name, colour in zip(words, colours, strict=True):
        axes.add_patch(Rectangle((left, 0.3), 4.0, BAR, facecolor=colour, linewidth=0))
        axes.text(left + 5.2, 0.3 + BAR / 2, name, va="center")
        left += 5.2 + text_width(name) + 5.0


def draw_bar(axes: Axes, middle: float, begin: float, end: float, interval: tuple[float, float], **looks: Any) -> None:
    """Draw a bar with the interval of its end.

    Args:
        axes: From :meth:`experiments.figures.layout.Page.canvas_axes`.
        middle: Of the bar, in mm from the top of the axes.
        begin: Where it begins, in units of the axis.
        end: Where it ends, likewise.
        interval: Of the end; NaN for none.
        **looks: Colour, and ``gid``, the name of the bar.
    """
    axes.barh(middle, end - begin, BAR, left=begin, **looks)
    if interval[0] < interval[1]:  # not NaN
        whisker: dict[str, Any] = {
            "color": style.INK,
            "linewidth": 0.7,
            "marker": "|",
            "markersize": 3.5,
            "markeredgewidth": 0.7,
        }
        axes.plot(interval, [middle, middle], **whisker, zorder=3, gid=f"interval-{looks['gid']}")


def separate(axes: Axes, heights: Sequence[float]) -> None:
    """Draw a faint line below each row but the last."""
    for end in np.cumsum(heights)[:-1]:
        axes.axhline(float(end), color=style.FAINT, linewidth=0.4, zorder=0)


def number(value: float) -> str:
    """Return a number of four digits, or more before the point, with a true minus sign."""
    return (f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}").replace("-", "\N{MINUS SIGN}")


def _draw_rows(axes: Axes, table: pd.DataFrame, heights: Sequence[float], width: float) -> None:
    """Draw the bars on axes that are ``width`` mm wide."""
    base = float(table["base"].iloc[0])
    axes.set_xlim(*_limits(table, base, width))
    axes.xaxis.set_major_locator(MaxNLocator(max(2, int(width / TICK_ROOM)), steps=[1, 2, 2.5, 5, 10]))
    separate(axes, heights)
    first, last = axes.get_xlim()
    gap = TEXT_GAP * (last - first) / width
    for row, middle, height in zip(table.to_dict("records"), middles(heights), heights, strict=True):
        ground = CHANGED_GROUND if row["sign_survives"] == CHANGES else "white"
        if row["sign_survives"] == CHANGES:
            ends = (middle - height / 2, middle + height / 2)
            axes.axhspan(*ends, color=ground, zorder=-1, linewidth=0, gid=f"changes-{row['factor']}")
        for end, place, colour in (("low", middle - HALF_ROW / 2, LIGHT), ("high", middle + HALF_ROW / 2, DARK)):
            from_, to = (base + row[f"{end}_change_{side}"] for side in ("from", "to"))
            draw_bar(axes, place, base, row[end], (from_, to), color=colour, gid=f"{end}-{row['factor']}")
            is_left = _is_left(row, end)
            beyond = np.fmin(row[end], from_) - gap if is_left else np.fmax(row[end], to) + gap
            words = number(row[f"{end}_value"])
            # On its own ground, so that the line of zero does not run through it.
            box = {"facecolor": ground, "linewidth": 0, "pad": 0.3}
            side = "right" if is_left else "left"
            axes.text(float(beyond), place, words, ha=side, va="center", bbox=box, zorder=2.5)
    axes.axvline(base, color=style.INK, linewidth=0.7, zorder=2, gid="base")
    _write_base(axes, base, width)
    if first < 0.0 < last and base != 0.0:
        axes.axvline(0.0, color=style.VERMILLION, linestyle=style.DASHED, linewidth=0.9, zorder=2, gid="zero")


def _write_base(axes: Axes, base: float, width: float) -> None:
    """Name the line of the base above it, moved where it would stand out of the axes, ``width`` mm wide."""
    first, last = axes.get_xlim()
    half = text_width("base") / 2 * (last - first) / width
    place = min(max(base, first + half), last - half)
    axes.text(place, -0.6, "base", ha="center", va="bottom", color=style.GREY)


def _is_left(row: Mapping[Any, Any], end: str) -> bool:
    """Return whether the text of an end of the range stands left of its bar."""
    change = row[f"{end}_change"]
    return bool(change < 0 or (change == 0 and end == "low"))


def _limits(table: pd.DataFrame, base: float, width: float) -> tuple[float, float]:
    """Return the ends of an axis, ``width`` mm wide, that has room for bars, intervals and texts, and zero if near."""
    low, high, left, right = [base], [base], [1.0], [1.0]
    for row in table.to_dict("records"):
        for end in ("low", "high"):
            places = [base, row[end], base + row[f"{end}_change_from"], base + row[f"{end}_change_to"]]
            room = text_width(number(row[f"{end}_value"])) + TEXT_GAP + 0.5
            is_left = _is_left(row, end)
            low.append(float(np.nanmin(places)))
            high.append(float(np.nanmax(places)))
            left.append(room if is_left else 1.0)
            right.append(1.0 if is_left else room)
    if min(abs(min(low)), abs(max(high))) <= max(high) - min(low):  # else it would leave no room for the bars
        low.append(min(0.0, min(low)))
        high.append(max(0.0, max(high)))
        left.append(1.0)
        right.append(1.0)
    lows, highs, lefts, rights = (np.array(values) for values in (low, high, left, right))
    free = width - lefts[:, None] - rights[None, :]
    # The fewest units of the axis in a mm with which every pair of a left and a right end fits.
    scale = float(np.max((highs[None, :] - lows[:, None]) / free)) or 1.0 / width
    return float(np.min(lows - lefts * scale)), float(np.max(highs + rights * scale))


def _base_text(table: pd.DataFrame) -> str:
    row = table.iloc[0]
    low, high = row["base_from"], row["base_to"]
    if not low < high:  # NaN, or the same in all worlds
        return f"At base: {number(row['base'])}."
    digits = max(0, 1 - math.floor(math.log10(high - low)))  # two of those in which worlds differ
    value, low, high = (f"{end:z,.{digits}f}".replace("-", "\N{MINUS SIGN}") for end in (row["base"], low, high))
    return f"At base: {value} ({low} to {high})."


def _notes(table: pd.DataFrame) -> list[str]:
    worlds = int(table["worlds"].iloc[0])
    kind = (
        "Whiskers: 95 % confidence intervals (t) of the change from the base in the same worlds."
        if worlds > 1
        else "One world alone has no interval."
    )
    return [
        "Each factor is set to the least and the greatest value of its range, written at its bars, while the others "
        f"stay at base; {counted(worlds, 'random world')}. {kind}",
        "Sign of the difference at the least value, the base and the greatest value. Holds: told apart from zero at "
        "95 % and on the same side at all three; changes: told apart on both sides (grey ground); unclear: not told "
        "apart from zero somewhere. Dashed: zero.",
    ]


def _sign_survives(intervals: Sequence[tuple[float, float]]) -> str:
    """Return whether intervals are all on the same side of zero; ends are NaN where there is no interval."""
    signs = {1 if low > 0 else -1 if high < 0 else 0 for low, high in intervals}
    if {1, -1} <= signs:
        return CHANGES
    return UNCLEAR if 0 in signs else SURVIVES
