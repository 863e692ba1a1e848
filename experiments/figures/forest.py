"""Figure: how far each arm is from the baseline, in every headline outcome."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

from experiments.figures import style
from experiments.figures.arm_key import KEY_GAP, key_height, row_names, write_key
from experiments.figures.ends import markers
from experiments.figures.layout import EDGE, Frame, Page, shortened, text_width, wrapped
from experiments.figures.spread import sizes_note
from experiments.figures.tables import counted
from experiments.text import HAS_NEEDS, MISSING, NOT_OBSERVED, NOT_REACHED, NOTHING, UNITS, decimals, scaled
from sim.outcomes.headline import HEADLINE, Outcome

NAME = "forest"
TITLE = "What each arm changes"
AXIS_UNITS = {"share": "percentage points", "days": "days", "per 100": "per 100", "GBP": "GBP"}
"""What a difference is counted in."""
WHY = {
    NOT_REACHED: "Not reached: in at least one world fewer than half were supported in the time observed.",
    NOT_OBSERVED: "Not observed: in at least one world nobody was followed for so long.",
    NOTHING: "None: in at least one world there was nothing to count (needs, handoffs or supports).",
}
NO_WORLDS = "no world in common"
"""Of an arm none of whose worlds has been run with the baseline."""

ACROSS = 2
"""Outcomes beside each other."""
ROW, HEADER, AXIS, GAP = 4.2, 8.2, 6.0, 3.0
"""In mm: of an arm at least, of the words above a panel, of the numbers below it, between panels."""
NAME_WIDTH, GUTTER, BEFORE_TEXT = 34.0, 5.0, 1.5
"""In mm: of the title of an arm at most, between columns of panels, from a panel to its values."""
BETTER_GROUND = "#efefef"

STACKED_HEADER, STACKED_AXIS, STACKED_GAP, DENSE_GAP = 3.4, 3.6, 2.0, 0.4
"""In a single column, in mm: of the words above a panel, of the numbers below it, between panels, also if dense."""
LEAST_PANEL = 26.0
"""In mm: of a panel in a single column; titles of arms that would leave less are written once, in a key."""
DENSE = 2
"""Arms beside the baseline in a single column above which rows are as close as lines of text, and panels near."""
AROUND_TICKS = 1.2
"""In mm: at least from a number below a panel to the words beside it."""


def forest_data(comparison: pd.DataFrame, arms: Mapping[str, str]) -> pd.DataFrame:
    """Return the difference of each arm from the baseline in every headline outcome, as it is shown.

    Args:
        comparison: From :func:`experiments.paired.compare_arms`.
        arms: Titles by name of the arm; the first is the baseline.

    Returns:
        A row for each outcome and each arm but the baseline, in this order: ``outcome``, ``arm``, ``difference``,
        ``low`` and ``high`` of its 95 % confidence interval (shares in percentage points, others in their unit),
        ``why`` (why there is no difference, one of ``not reached``, ``not observed``, ``none`` and
        ``no world in common``; "" where there is one), ``where`` (in which arms that is so, in words) and ``n``
        (worlds). With more than one arm beside the baseline the intervals of an outcome hold together. Missing: NaN.
    """
    baseline, *others = arms
    cells = {(row["arm"], row["outcome"]): row for row in comparison.to_dict("records")}
    low, high = ("all_low", "all_high") if len(others) > 1 else ("low", "high")
    rows = []
    for outcome in HEADLINE:
        for arm in others:
            cell = cells[arm, outcome.name]
            shown = (scaled(float(cell[name]), outcome) for name in ("difference", low, high))
            difference, *ends = shown
            missing = _missing(cells, arm, baseline, outcome) if math.isnan(difference) else ("", "")
            rows.append((outcome.name, arm, difference, *ends, *missing, int(cell["n"])))
    columns = ["outcome", "arm", "difference", "low", "high", "why", "where", "n"]
    return pd.DataFrame(rows, columns=columns)


def draw_forest(
    comparison: pd.DataFrame,
    sizes: Mapping[str, int],
    runs: Mapping[str, list[int]],
    arms: Mapping[str, str],
    foot: str = "",
    width: float = style.DOUBLE_COLUMN,
) -> Figure:
    """Draw the figure.

    Args:
        comparison: From :func:`experiments.paired.compare_arms`.
        sizes: Number of needs counted by arm, all runs together.
        runs: Replicates by arm.
        arms: Titles by name of the arm; the first is the baseline.
        foot: What else to say below: place, worlds, settings.
        width: Of the figure in mm: one of the two columns of style.
    """
    with style.house():
        baseline, *others = arms
        if not others:
            message = f"Nothing to compare: {arms[baseline]} is the only arm."
            return Frame(TITLE, "", [sizes_note("Needs counted", sizes, runs, arms), foot], width).empty(message).figure
        data = forest_data(comparison, arms)
        is_narrow = style.is_narrow(width)
        names = _short_names(data, arms, width) if is_narrow else dict(arms)
        notes = [
            sizes_note("Needs counted", sizes, runs, names),
            _interval_note(data, names),
            *(WHY[why] for why in WHY if (data["why"] == why).any()),
            foot,
        ]
        subtitle = (
            f"Difference from {arms[baseline]} (baseline) in the same random worlds. Each outcome has its own axis; "
            "on grey ground an arm is better."
        )
        frame = Frame(TITLE, subtitle, notes, width)
        means = comparison[comparison["arm"] == baseline].set_index("outcome")["mean"]
        of_baseline = {outcome.name: _baseline_text(means, outcome) for outcome in HEADLINE}
        if is_narrow:
            return _draw_stacked(frame, data, of_baseline, arms, names)
        return _draw_side_by_side(frame, data, of_baseline, arms)


def _draw_side_by_side(
    frame: Frame, data: pd.DataFrame, of_baseline: Mapping[str, str], arms: Mapping[str, str]
) -> Figure:
    """Draw the panels of a figure of double column width: the titles of arms beside those in the first column.

    Args:
        frame: Around the panels.
        data: From :func:`forest_data`.
        of_baseline: What is written of the baseline, by outcome.
        arms: Titles by name of the arm; the first is the baseline.
    """
    names = {arm: wrapped(title, NAME_WIDTH) for arm, title in _without_baseline(arms).items()}
    rows = [max(ROW, len(lines) * style.LINE_HEIGHT + 0.8) for lines in names.values()]
    height = HEADER + sum(rows) + AXIS + GAP
    page = frame.page(-(-len(HEADLINE) // ACROSS) * height)
    before = max(text_width(line) for lines in names.values() for line in lines) + 2.0
    after = max(_after(data), BEFORE_TEXT + max(map(text_width, of_baseline.values())) + 0.5)
    whole = (frame.width - 2 * EDGE - before - (ACROSS - 1) * GUTTER) / ACROSS
    for position, outcome in enumerate(HEADLINE):
        down, across = divmod(position, ACROSS)
        left, top = EDGE + before + across * (whole + GUTTER), frame.top + down * height
        width = whole - after
        page.text(left, top, shortened(outcome.label + _unit(outcome), whole), fontweight="bold")
        axes = page.canvas_axes(left, top + HEADER, width, sum(rows))
        _draw_panel(axes, data[data["outcome"] == outcome.name], outcome, arms, rows, width)
        _write_above(axes, outcome, of_baseline[outcome.name], width)
        if across == 0:  # the rows of the panels beside it are the same arms'
            for lines, middle in zip(names.values(), _middles(rows), strict=True):
                page.text(EDGE + before - 2.0, top + HEADER + middle, lines, ha="right", va="center")
    return page.figure


def _short_names(data: pd.DataFrame, arms: Mapping[str, str], width: float) -> dict[str, str]:
    """Return what stands for each arm in a figure of single column width, of ``width`` mm: its title or a letter."""
    baseline, *_ = arms
    room = width - 2 * EDGE - _after(data) - LEAST_PANEL - 2.0
    return {baseline: arms[baseline], **row_names(_without_baseline(arms), room)}


def _draw_stacked(
    frame: Frame,
    data: pd.DataFrame,
    of_baseline: Mapping[str, str],
    arms: Mapping[str, str],
    short: Mapping[str, str],
) -> Figure:
    """Draw the panels of a figure of single column width: below each other, each with a line above and one below it.

    The line above has the outcome and the baseline's own value, the line below which side is better, around the
    numbers of the axis. Titles that are too long to stand beside every panel are written once, above all of them.

    Args:
        frame: Around the panels.
        data: From :func:`forest_data`.
        of_baseline: What is written of the baseline, by outcome.
        arms: Titles by name of the arm; the first is the baseline.
        short: From :func:`_short_names`.
    """
    room = frame.width - 2 * EDGE
    names = list(_without_baseline(short).values())
    key = _without_baseline(arms) if short != arms else {}
    is_dense = len(names) > DENSE
    before = max(2.0 + max(map(text_width, names)), 2 * AROUND_TICKS + text_width("\u2190 better"))
    width = room - before - _after(data)
    rows = [style.LINE_HEIGHT if is_dense else ROW] * len(names)
    height = sum(rows) + STACKED_AXIS + (DENSE_GAP if is_dense else STACKED_GAP)
    headers = [_header(outcome, of_baseline[outcome.name], room) for outcome in HEADLINE]
    above = [STACKED_HEADER + (len(lines) - 1) * style.LINE_HEIGHT for lines in headers]
    below_key = key_height(key, room, short) + KEY_GAP if key else 0.0
    page = frame.page(below_key + sum(above) + len(HEADLINE) * height)
    if key:
        write_key(page, key, EDGE, frame.top, room, short, style.looks_of_arms(arms))
    top = frame.top + below_key
    for outcome, lines, high in zip(HEADLINE, headers, above, strict=True):
        _write_header(page, top, outcome, lines, of_baseline[outcome.name])
        top += high
        axes = page.canvas_axes(EDGE + before, top, width, sum(rows))
        own = data[data["outcome"] == outcome.name]
        _draw_panel(axes, own, outcome, arms, rows, width)
        axes.tick_params(axis="x", length=1.5, pad=1.2)
        axes.xaxis.set_major_locator(FixedLocator(_few_ticks(_largest(own), axes.get_xlim()[1], width)))
        _write_below(axes, outcome, width)
        for name, middle in zip(names, _middles(rows), strict=True):
            page.text(EDGE + before - 2.0, top + middle, [name], ha="right", va="center")
        top += height
    return page.figure


def outcome_of(name: str) -> Outcome:
    """Return a headline outcome by its name."""
    return next(outcome for outcome in HEADLINE if outcome.name == name)


def value_text(row: Mapping[Any, Any], outcome: Outcome) -> str:
    """Return what is written beside the interval of an arm: its numbers, or why there are none.

    Args:
        row: Of :func:`forest_data`.
        outcome: Whose.
    """
    if row["why"]:
        return f"{row['why']}{row['where']}"
    form = f"+z,.{decimals(outcome)}f"
    value, low, high = (f"{row[name]:{form}}".replace("-", "\N{MINUS SIGN}") for name in ("difference", "low", "high"))
    return f"{value} (no interval)" if math.isnan(row["low"]) else f"{value} ({low} to {high})"


def _without_baseline(arms: Mapping[str, str]) -> dict[str, str]:
    return dict(list(arms.items())[1:])


def _after(data: pd.DataFrame) -> float:
    """Return the room in mm that what is written beside the intervals takes after a panel."""
    said = (value_text(cells, outcome_of(str(cells["outcome"]))) for cells in data.to_dict("records"))
    return BEFORE_TEXT + max(map(text_width, said)) + 0.5


def _missing(
    cells: Mapping[tuple[str, str], Mapping[Any, Any]], arm: str, baseline: str, outcome: Outcome
) -> tuple[str, str]:
    """Return why there is no difference, and in which of the two arms."""
    if not cells[arm, outcome.name]["n"]:
        return NO_WORLDS, ""
    without = [one for one in (arm, baseline) if math.isnan(cells[one, outcome.name]["mean"])]
    has_needs = all(not math.isnan(cells[one, HAS_NEEDS]["mean"]) for one in without)
    where = " in either arm" if len(without) == 2 else " in the baseline" if baseline in without else ""
    return MISSING.get(outcome.name, NOTHING) if has_needs else NOTHING, where


def _interval_note(data: pd.DataFrame, arms: Mapping[str, str]) -> str:
    """Return what the intervals are, or why there are none, and of how many worlds."""
    baseline, *others = arms
    worlds = data.groupby("arm")["n"].first()
    number = {arm: int(worlds[arm]) for arm in others}
    if max(number.values()) < 2:
        return "Points: differences in one world, so no interval can be given; ask for more with replications=N."
    kind = "Points: means over worlds of paired differences; lines: their 95 % confidence intervals (t)"
    if len(others) > 1:
        kind += f", which hold for all {len(others)} differences of an outcome together (Bonferroni)"
    if len(set(number.values())) == 1:
        return f"{kind}; {counted(number[others[0]], 'world')} in each arm."
    each = "; ".join(f"{arms[arm]} {number[arm]}" for arm in others)
    return f"{kind}; worlds in common with {arms[baseline]}: {each}."


def _unit(outcome: Outcome) -> str:
    """Return what follows the name of an outcome: the unit of its differences, unless the name says it."""
    unit = AXIS_UNITS[outcome.unit]
    return "" if unit in outcome.label else f", {unit}"


def _header(outcome: Outcome, of_baseline: str, room: float) -> list[str]:
    """Return the name of an outcome and its unit, in two lines if ``room`` mm are too few with the baseline's value."""
    unit = _unit(outcome)
    taken = text_width(outcome.label, bold=True) + text_width(unit) + 2.0 + text_width(of_baseline)
    return [outcome.label, unit.removeprefix(", ")] if unit and taken > room else [outcome.label + unit]


def _baseline_text(means: pd.Series, outcome: Outcome) -> str:
    mean = float(means[outcome.name])
    if math.isnan(mean):
        has_needs = not math.isnan(float(means[HAS_NEEDS]))
        return f"baseline: {MISSING.get(outcome.name, NOTHING) if has_needs else NOTHING}"
    return f"baseline {scaled(mean, outcome):z,.{decimals(outcome)}f}{UNITS[outcome.unit]}"


def _middles(rows: Sequence[float]) -> list[float]:
    """Return the middles of rows that stand below each other, from the top of the first; all in mm."""
    return [sum(rows[:position]) + own / 2 for position, own in enumerate(rows)]


def _sides(outcome: Outcome) -> tuple[str, str]:
    """Return what the left and the right of a panel mean."""
    left, right = ("worse", "better") if outcome.better == "higher" else ("better", "worse")
    return f"\u2190 {left}", f"{right} \u2192"


def _write_above(axes: Axes, outcome: Outcome, of_baseline: str, width: float) -> None:
    """Write above a panel which side is better, and beside it the baseline's own value; ``width`` is in mm."""
    left, right = _sides(outcome)
    words = (0.0, "left", left), (1.0, "right", right), (1 + BEFORE_TEXT / width, "left", of_baseline)
    _write_around(axes, 1 + 1.6 / axes.get_ylim()[0], words)


def _write_header(page: Page, top: float, outcome: Outcome, lines: Sequence[str], of_baseline: str) -> None:
    """Write the lines of :func:`_header` at ``top`` mm, and at the right edge what is said of the baseline."""
    level = top + 0.8 * style.LINE_HEIGHT
    page.text(EDGE, level, [outcome.label], fontweight="bold", va="baseline")
    place = EDGE + text_width(outcome.label, bold=True)
    page.text(place, level, [lines[0].removeprefix(outcome.label)], va="baseline")
    for number, line in enumerate(lines[1:], start=1):
        page.text(EDGE, level + number * style.LINE_HEIGHT, [line], va="baseline")
    page.text(page.width - EDGE, level, [of_baseline], ha="right", va="baseline", color=style.GREY)


def _write_below(axes: Axes, outcome: Outcome, width: float) -> None:
    """Write beside the numbers below a panel which side is better; ``width`` is in mm."""
    left, right = _sides(outcome)
    words = (-AROUND_TICKS / width, "right", left), (1 + AROUND_TICKS / width, "left", right)
    _write_around(axes, (0.8 - STACKED_AXIS) / axes.get_ylim()[0], words)


def _write_around(axes: Axes, level: float, words: Sequence[tuple[float, str, str]]) -> None:
    """Write texts, each with its place along the panel and how it is aligned; places are in parts of the panel."""
    for place, side, text in words:
        axes.text(place, level, text, transform=axes.transAxes, ha=side, va="baseline", color=style.GREY)


def _largest(data: pd.DataFrame) -> float | None:
    """Return how far the differences and intervals of an outcome are from zero at most; None if there are none."""
    ends = data[["difference", "low", "high"]].to_numpy(float)
    known = np.abs(ends[np.isfinite(ends)])
    return float(known.max()) if known.size else None


def _few_ticks(largest: float | None, reach: float, width: float) -> list[float]:
    """Return zero and the furthest round numbers to both sides that can be written below a panel, or what of it fits.

    Args:
        largest: Difference or end of an interval; None if there are none, 0 if all are zero.
        reach: Where the axis ends on both sides.
        width: Of the panel, in mm.
    """
    if not largest:
        return [0.0]
    power = 10.0 ** math.floor(math.log10(reach))
    for number in (5 * power, 2 * power, power, power / 2, power / 5):
        place, half = number / reach * width / 2, text_width(_tick(number)) / 2
        if place + half <= width / 2:
            if place > half + 2.0:
                return [-number, 0.0, number]
            return [-number, number] if place > half + 0.5 else [0.0]  # the zero line is seen without its number
    return [0.0]


def _draw_panel(
    axes: Axes, data: pd.DataFrame, outcome: Outcome, arms: Mapping[str, str], rows: Sequence[float], width: float
) -> None:
    """Draw one outcome; ``rows`` are the heights of the arms and ``width`` is that of the panel, in mm."""
    largest = _largest(data)
    reach = 1.1 * largest if largest else 1.0
    # As far to either side, so that the zero lines of all panels stand below each other and no side looks likelier.
    axes.set_xlim(-reach, reach)
    better = (0.0, reach) if outcome.better == "higher" else (-reach, 0.0)
    axes.axvspan(*better, color=BETTER_GROUND, zorder=0, linewidth=0, gid=f"better-{outcome.name}")
    axes.axvline(0.0, color=style.INK, linewidth=0.8, zorder=1, gid=f"zero-{outcome.name}")
    axes.spines["bottom"].set_visible(True)
    axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]) if largest is not None else FixedLocator([0.0]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda number, _: _tick(number)))
    looks = style.looks_of_arms(arms)
    for cells, middle in zip(data.to_dict("records"), _middles(rows), strict=True):
        arm = str(cells["arm"])
        if not cells["why"]:
            line: dict[str, Any] = {"color": looks[arm].colour, "linewidth": 1.2, "solid_capstyle": "butt"}
            gid = f"interval-{outcome.name}-{arm}"
            if not math.isnan(cells["low"]):
                axes.plot(
                    [cells["low"], cells["high"]], [middle] * 2, marker="|", markersize=4, zorder=2, gid=gid, **line
                )
            gid = f"point-{outcome.name}-{arm}"
            axes.plot([cells["difference"]], [middle], **markers(looks[arm]), zorder=3, gid=gid)
        colour = style.GREY if cells["why"] else style.INK
        place = (1 + BEFORE_TEXT / width, 1 - middle / sum(rows))
        axes.text(*place, value_text(cells, outcome), transform=axes.transAxes, va="center", color=colour)


def _tick(number: float) -> str:
    return "0" if abs(number) < 1e-12 else f"{number:+,.6g}".replace("-", "\N{MINUS SIGN}")
