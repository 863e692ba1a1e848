"""Figure: the gap of some outcomes divided among barriers or mechanisms."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from experiments.dividing import GAP, by_size, shown_outcomes, why_not_run
from experiments.figures import style
from experiments.figures.drawing import Drawing, write
from experiments.figures.foot import foot_of
from experiments.figures.layout import EDGE, Frame, Page, text_width, wrapped
from experiments.figures.spread import Floats
from experiments.games import Attribution
from experiments.text import counted, scaled
from sim.outcomes.headline import Outcome

NAME = "attribution"
TITLES = {"barriers": "Which barrier matters most?", "mechanisms": "Which mechanism makes the difference?"}
CHANGES = {"barriers": "what taking a barrier away does", "mechanisms": "what changing to a mechanism does"}
CHANGE_UNITS = {"share": "percentage points"}
"""What a change is measured in, where it is not the unit itself."""
NO_NEEDS = "no needs to count in some run"
BETTER, WORSE = style.BLUE, style.ORANGE

ACROSS = 2
"""Outcomes side by side, in a figure of two columns."""
LABEL_WIDTH, LABEL_GAP, BETWEEN = 50.0, 1.2, 5.0
"""In mm: of the players' labels at most, from the end of a bar to its value, between panels."""
LINE, PAD, BAR, AXIS = style.LINE_HEIGHT, 1.6, 2.4, 11.0
"""In mm: of a line of text, around the lines of a row, of a bar, below the rows of a panel."""
NARROW_LABEL, NARROW_AXIS, BELOW_NUMBERS = 48.0, 10.5, 5.0
"""In mm, in a figure of one column: of the players' labels at most, of the axis below the rows of a panel, from it to
what is below its numbers."""
LEAST_PAD = 0.6
"""In mm: around the lines of a row at least, in a figure that would be too tall otherwise."""
PARTS = 6
"""Into which an axis is divided at most, if its numbers have room."""
LEAST_SPAN = 1.0
"""Of an axis, in its unit: what is written has one decimal."""


def write_attribution(
    folder: Path, table: pd.DataFrame, plan: Attribution, provenance: Mapping[str, str]
) -> list[Path]:
    """Write the figure ``attribution``, as wide as a page and, in ``single_column``, as one column.

    Args:
        folder: Where; made if it is missing.
        table: From :func:`experiments.dividing.attribution_table`.
        plan: The game.
        provenance: What goes into the metadata of each file.

    Returns:
        The paths of the files.
    """
    drawing = Drawing(NAME, TITLES[plan.among], partial(draw_attribution, table, plan))
    return write(drawing, folder, provenance)


def draw_attribution(table: pd.DataFrame, plan: Attribution, width: float = style.DOUBLE_COLUMN) -> Figure:
    """Draw the figure: a panel an outcome, a bar a player, the largest of the first panel on top.

    Args:
        table: From :func:`experiments.dividing.attribution_table`.
        plan: The game.
        width: Of the figure in mm: one of the two columns of style.
    """
    with style.house():
        is_narrow = style.is_narrow(width)
        across, label_width, axis = (1, NARROW_LABEL, NARROW_AXIS) if is_narrow else (ACROSS, LABEL_WIDTH, AXIS)
        outcomes, players = shown_outcomes(), by_size(table)
        names = dict(zip(table["player"], table["label"], strict=True))
        labels = [wrapped(names[player], label_width) for player in players]
        beside = [line for lines in labels for line in lines] + [_what(outcome) for outcome in outcomes if is_narrow]
        before = max(map(text_width, beside)) + 3.0
        own = (width - 2 * EDGE - before - (across - 1) * BETWEEN) / across
        # Above a narrow panel there is too little room, but none is taken beside it.
        heads = [_head(table, outcome, width - 2 * EDGE if is_narrow else own) for outcome in outcomes]
        head = max(map(len, heads)) * LINE + 1.0
        frame = Frame(TITLES[plan.among], _subtitle(plan), _notes(table, plan), width)
        down = -(-len(outcomes) // across)
        spare = style.tallest(width) - frame.page(0.0).height - down * (head + axis)
        lines = max(map(len, labels)) * LINE
        row = lines + min(PAD, max(LEAST_PAD, spare / (down * len(players)) - lines))
        panel = head + row * len(players) + axis
        page = frame.page(down * panel)
        for position, outcome in enumerate(outcomes):
            left = EDGE + before + position % across * (own + BETWEEN)
            top = frame.top + position // across * panel
            start = EDGE if is_narrow else left
            page.text(start, top, heads[position][:1], fontweight="bold")
            page.text(start, top + LINE, heads[position][1:], color=style.GREY)
            axes = page.canvas_axes(left, top + head, own, row * len(players))
            if position % across == 0:
                _write_labels(page, labels, left - 3.0, top + head, row)
            _write_axis(axes, outcome, own, is_narrow)
            _draw_panel(axes, table, players, outcome, row, own)
        return page.figure


def _head(table: pd.DataFrame, outcome: Outcome, width: float) -> list[str]:
    """Return what is above a panel: the outcome, its two ends and the gap between them."""
    gap = table[(table["outcome"] == outcome.name) & (table["player"] == GAP)].iloc[0]
    unit = "" if outcome.unit in outcome.label else f", {'%' if outcome.unit == 'share' else outcome.unit}"
    name = wrapped(outcome.label + unit, width, bold=True)[0]
    if np.isnan(gap["mean"]):
        return [name, _why_missing(table, outcome)]
    values = {end: scaled(float(gap[end]), outcome) for end in ("nobody", "everybody", "mean", "low", "high")}
    interval = "" if np.isnan(gap["low"]) else f" ({_signed(values['low'])} to {_signed(values['high'])})"
    ends = f"{values['nobody']:.1f} → {values['everybody']:.1f}"
    return [name, *wrapped(f"{ends}, all together {_signed(values['mean'])}{interval}", width)]


def _why_missing(table: pd.DataFrame, outcome: Outcome) -> str:
    """Return why an outcome is missing in some run."""
    # The share that gives up is known wherever there are needs.
    if table.loc[table["outcome"] == "gave_up", "mean"].isna().all():
        return NO_NEEDS
    if outcome.name == "dropped_per_100":
        return "no handoffs were made in some run"
    return "not reached or not observed in some run"


def _subtitle(plan: Attribution) -> str:
    first, last = plan.ends
    return (
        f"{plan.scenario.title}, {plan.title}. Bars: {CHANGES[plan.among]} to an outcome. Above each panel: the "
        f"outcome with {first} → {last}, and the gap, which the bars add up to."
    )


def _notes(table: pd.DataFrame, plan: Attribution) -> list[str]:
    worlds, count = int(table["n"].max()), len(plan.arms)
    time = plan.scenario.parameters.time
    absent = [player.label for player in plan.players if not player.active]
    return [
        f"Random worlds: {worlds}, each run with all {count} combinations of {plan.among}. "
        + ("Whiskers: 95 % confidence interval (t) of the mean." if worlds > 1 else "One alone has no interval."),
        "A bar is the mean, over all orders in which they may be changed one after another, of what this one changes "
        "(Shapley value).",
        f"Blue: better; orange: worse. Counted: {counted(time)}.",
        f"{why_not_run(plan)}, exactly 0 and not run: {', '.join(absent)}." if absent else "",
        foot_of(plan, worlds),
    ]


def _write_labels(page: Page, labels: list[list[str]], right: float, top: float, row: float) -> None:
    for position, lines in enumerate(labels):
        page.text(right, top + row * (position + 0.5), lines, ha="right", va="center")


def _what(outcome: Outcome) -> str:
    """Return what the axis of an outcome shows."""
    return f"change, {CHANGE_UNITS.get(outcome.unit, outcome.unit)}"


def _write_axis(axes: Axes, outcome: Outcome, width: float, is_narrow: bool) -> None:
    """Write below an axis, ``width`` mm wide, what it shows and which side is better."""
    axes.spines["bottom"].set_visible(True)
    left, right = ("better", "worse") if outcome.better == "lower" else ("worse", "better")
    if not is_narrow:
        axes.set_xlabel(f"← {left}     {_what(outcome)}     {right} →")
        return
    top = axes.get_ylim()[0] + BELOW_NUMBERS
    ends = ((f"← {left}", 0.0, "left"), (f"{right} →", 1.0, "right"))
    for words, place, side in ((_what(outcome), -3.0 / width, "right"), *ends):
        axes.text(place, top, words, transform=axes.get_yaxis_transform(), ha=side, va="top")


def _draw_panel(
    axes: Axes, table: pd.DataFrame, players: list[str], outcome: Outcome, row: float, width: float
) -> None:
    """Draw the bars of an outcome; ``row`` and ``width`` are in mm."""
    of_outcome = table[table["outcome"] == outcome.name].set_index("player")
    found = of_outcome.loc[players, ["mean", "low", "high"]].to_numpy(float)
    values = np.array([[scaled(value, outcome) for value in row_of] for row_of in found])
    if np.isnan(values[:, 0]).any():
        axes.set_xticks([])
        words = "no needs" if _why_missing(table, outcome) == NO_NEEDS else "nothing to divide"
        axes.text(0.5, 0.5, words, transform=axes.transAxes, ha="center", va="center", color=style.GREY)
        return
    ends = np.fmax(values[:, 0], values[:, 2]), np.fmin(values[:, 0], values[:, 1])
    texts = ["0" if mean == 0.0 else _signed(mean) for mean in values[:, 0]]
    to_right = (values[:, 0] > 0) | ((values[:, 0] == 0) & (outcome.better == "higher"))
    room = np.array([text_width(text) for text in texts]) + LABEL_GAP + 0.5
    low, high = _limits(ends[1], ends[0], np.where(to_right, 0.5, room), np.where(to_right, room, 0.5), width)
    axes.set_xlim(low, high)
    # With a decimal that the numbers below the axis do not have, which keeps them apart.
    longest = max(text_width(_signed(round(end))) for end in (low, high))
    axes.xaxis.set_major_locator(MaxNLocator(max(2, min(PARTS, int(width / longest))), steps=[1, 2, 5, 10]))
    gap = LABEL_GAP * (high - low) / width
    for position, (mean, lower, upper) in enumerate(values):
        centre = row * (position + 0.5)
        axes.axhline(row * (position + 1), color=style.FAINT, linewidth=0.4)
        colour = BETTER if (mean > 0) == (outcome.better == "higher") else WORSE
        axes.barh(centre, mean, BAR, color=colour, gid=f"bar-{outcome.name}-{players[position]}")
        if lower < upper:  # not NaN
            axes.plot(
                [lower, upper],
                [centre, centre],
                color=style.INK,
                linewidth=0.8,
                marker="|",
                markersize=4,
                markeredgewidth=0.8,
            )
        end = ends[0][position] + gap if to_right[position] else ends[1][position] - gap
        axes.text(end, centre, texts[position], ha="left" if to_right[position] else "right", va="center")
    axes.axvline(0.0, color=style.INK, linewidth=0.6)


def _limits(low: Floats, high: Floats, room_left: Floats, room_right: Floats, width: float) -> tuple[float, float]:
    """Return the ends of an axis on which all bars, from zero, have the room in mm that they need on either side.

    Where hardly anything changes it still has a range that can be read.
    """
    low, room_left = np.append(low, 0.0), np.append(room_left, 0.5)
    high, room_right = np.append(high, 0.0), np.append(room_right, 0.5)
    span = high[None, :] - low[:, None]
    free = width - room_left[:, None] - room_right[None, :]
    # The fewest units of the axis in a mm with which every pair of a left and a right end fits.
    scale = max(float(np.max(span / free)), LEAST_SPAN / width)
    first, last = float(np.min(low - room_left * scale)), float(np.max(high + room_right * scale))
    spare = max(0.0, LEAST_SPAN - (last - first)) / 2
    return first - spare, last + spare


def _signed(value: float) -> str:
    text = f"{value:+.1f}".replace("-", "−")
    return "0.0" if text in ("+0.0", "−0.0") else text
