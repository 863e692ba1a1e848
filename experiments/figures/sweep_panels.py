"""What the figures of a sweep have in common: panels of outcomes, points of arms, an axis of what was varied."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter, FixedLocator, FuncFormatter, MaxNLocator

from experiments.figures import style
from experiments.figures.ends import markers
from experiments.figures.layout import text_width
from experiments.figures.tables import counted
from experiments.sweep_tables import value_text
from experiments.text import UNITS, scaled
from sim.outcomes.headline import Outcome

NUMBER_ROOM = 12.0
"""In mm: of a round number below an axis."""
DIGITS = 4
"""Of a value that somebody may have chosen; of those with more, as a sample has, round numbers are written instead."""


@dataclass(frozen=True)
class Panel:
    """One pair of axes.

    Attributes:
        outcome: What is drawn, in the units in which it is shown.
        heading: Words above it, one for each line; "" where it continues those beside it.
        value: Which value of the second factor it is of, in words; "" without one.
        points: Its rows of the table, the values as they are shown.
        marks: Its break-evens; None: nothing is said of them.
    """

    outcome: Outcome
    heading: str
    value: str
    points: pd.DataFrame
    marks: pd.DataFrame | None


def points_note(table: pd.DataFrame, has_numbers: bool) -> str:
    """Return what points are means of, and what their intervals and fillings mean."""
    most, least = int(table["n"].max()), int(table["n"].min())
    number = counted(most, "random world") if most == least else f"{least} to {most} random worlds"
    if most < 2:
        return "One random world, so no intervals can be given. Axes of outcomes need not begin at 0."
    drawn = "bands" if has_numbers else "lines"
    return (
        f"Points: means over {number}; {drawn}: their 95 % intervals (t). Hollow: the paired difference from the "
        "baseline is not clear of zero (95 %), whatever the intervals of two arms suggest. Axes of outcomes need not "
        "begin at 0."
    )


def panel_of(
    table: pd.DataFrame, break_evens: pd.DataFrame | None, outcome: Outcome, second: str, value: object, is_first: bool
) -> Panel:
    """Return the panel of an outcome, and of one value of a second factor if there is one (else ""), as it is shown."""
    here = table[table["outcome"] == outcome.name]
    marks = None if break_evens is None else break_evens[break_evens["outcome"] == outcome.name]
    if second:
        here = here[here[second] == value]
        marks = None if marks is None else marks[marks[second] == value]
    shown = here.assign(**{part: [scaled(one, outcome) for one in here[part]] for part in ("mean", "low", "high")})
    unit = UNITS[outcome.unit].replace(" ", ", ", 1)
    return Panel(outcome, outcome.label + unit if is_first else "", value_text(value) if second else "", shown, marks)


def number_axis(axes: Axes, numbers: Sequence[float], wide: float) -> None:
    """Mark the values of the factor below axes that are ``wide`` mm wide, and write as many of them as have room.

    Values that nobody chose, such as those of a sample, are not marked; then round numbers are.
    """
    reach = (numbers[-1] - numbers[0]) or abs(numbers[0]) or 1.0
    low, high = numbers[0] - 0.06 * reach, numbers[-1] + 0.06 * reach
    axes.set_xlim(low, high)
    if any(float(f"{number:.{DIGITS}g}") != number for number in numbers):
        axes.xaxis.set_major_locator(MaxNLocator(max(2, int(wide / NUMBER_ROOM)), steps=[1, 2, 5, 10]))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda number, _: value_text(float(f"{number:.10g}"))))
        return
    texts, end = [], -math.inf
    for number in numbers:
        text = value_text(number)
        middle, half = (number - low) / (high - low) * wide, text_width(text) / 2
        fits = middle - half >= end + 1.5
        texts.append(text if fits else "")
        end = middle + half if fits else end
    axes.xaxis.set_major_locator(FixedLocator(list(numbers)))
    axes.xaxis.set_major_formatter(FixedFormatter(texts))


def write_missing(axes: Axes) -> None:
    """Say in axes that there is nothing to draw."""
    box = {"facecolor": "white", "linewidth": 0, "pad": 1.5}
    axes.text(0.5, 0.5, "missing", transform=axes.transAxes, ha="center", va="center", color=style.GREY, bbox=box)


def hollow_markers(look: style.Look, is_clear: bool) -> dict[str, Any]:
    """Return the settings of the markers of an arm, hollow where its difference is not clear of zero."""
    hollow = {"markerfacecolor": "white", "markeredgecolor": look.colour, "markeredgewidth": 0.9}
    return markers(look) if is_clear else {**markers(look), **hollow}
