"""Figure: differences of the arms over one factor of many that change at once, with a straight line of it alone.

Between two points of a sample every factor differs. So no line joins them and none of them is a break-even: the line is
that of :mod:`experiments.sweep_fit`, and where the difference is zero depends on the other factors as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from experiments.figures import style
from experiments.figures.arm_key import MARKER_WIDTH, draw_marker, key_height, write_key
from experiments.figures.ends import markers
from experiments.figures.forest import AXIS_UNITS, outcome_of
from experiments.figures.layout import EDGE, Frame, wrapped
from experiments.figures.sweep_panels import number_axis, write_missing
from experiments.figures.tables import counted
from experiments.paired import Floats
from experiments.sweep_fit import Fit
from experiments.text import scaled
from sim.outcomes.headline import Outcome

NAME = "sweep_points"
TITLE = "Differences over what was sampled"
SHOWN = ("restricted_mean_days", "supported_126", "dropped_per_100", "gave_up")
"""Outcomes that are drawn where no others are asked for."""
STEPS = 41
"""Places at which a band is worked out."""
PANEL_HEIGHT, NUMBERS, BETWEEN = 38.0, 4.5, 3.5
"""In mm: of a panel, of the numbers below it, from there to what comes below."""
FIRST, RIGHT, PANEL_GAP = EDGE + 11.0, EDGE + 2.0, 15.0
"""In mm: from the left edge of the figure to a panel, from it to the right edge, between panels side by side."""


@dataclass(frozen=True)
class Cloud:
    """What one panel has of an arm, in the units in which it is shown.

    Attributes:
        at: Values of the factor, increasing.
        gaps: Mean, low and high of the difference at each: shape (3, points).
        line: Values of the factor, and mean, low and high of the straight line there: shape (4, places); None: no line.
        explained: Share of the variance between points that the lines of all factors explain; NaN without.
    """

    at: Floats
    gaps: Floats
    line: Floats | None
    explained: float


def draw_scatter(
    table: pd.DataFrame,
    factor: str,
    arms: Mapping[str, str],
    fits: Mapping[tuple[str, str], Fit],
    outcomes: Sequence[str] = SHOWN,
    words: Mapping[str, str] | None = None,
    foot: str = "",
    width: float = style.DOUBLE_COLUMN,
) -> Figure:
    """Draw the figure, a panel for each outcome.

    Args:
        table: From :func:`experiments.sweep_tables.point_table`, of all points.
        factor: Column of the factor along the axis, with numbers.
        arms: Titles by name of the arm; the first is the baseline.
        fits: From :func:`experiments.sweep_fit.fits_of`; what has none has points alone.
        outcomes: Names of the headline outcomes to draw.
        words: What factors are called, by column, with their unit; others are called by their column.
        foot: What else to say below: place, worlds, settings.
        width: Of the figure in mm: one of the two columns of :mod:`~experiments.figures.style`.
    """
    with style.house():
        baseline, *others = arms
        shown = {name: {arm: _cloud(table, factor, arm, outcome_of(name), fits) for arm in others} for name in outcomes}
        if not any(np.isfinite(cloud.gaps[0]).any() for clouds in shown.values() for cloud in clouds.values()):
            message = f"Nothing to show: no outcome has a difference from {arms[baseline]} at any point."
            return Frame(TITLE, "", [foot], width).empty(message).figure
        has_lines = any(cloud.line is not None for clouds in shown.values() for cloud in clouds.values())
        subtitle = f"Difference from {arms[baseline]} in the same random worlds."
        frame = Frame(TITLE, subtitle, [*_notes(table, has_lines), foot], width)
        called = (words or {}).get(factor, factor)
        return _draw(frame, shown, called, {arm: arms[arm] for arm in others}, style.looks_of_arms(arms))


def _cloud(table: pd.DataFrame, factor: str, arm: str, outcome: Outcome, fits: Mapping[tuple[str, str], Fit]) -> Cloud:
    own = table[(table["arm"] == arm) & (table["outcome"] == outcome.name)].sort_values(factor)
    at = own[factor].to_numpy(np.float64)
    names = ("difference", "difference_low", "difference_high")
    unit = scaled(1.0, outcome)
    gaps = unit * np.array([own[name].to_numpy(np.float64) for name in names])
    fit = fits.get((arm, outcome.name))
    if fit is None:
        return Cloud(at, gaps, None, float("nan"))
    places = np.linspace(at[0], at[-1], STEPS)
    return Cloud(at, gaps, np.vstack([places, unit * fit.along(factor, places.tolist())]), fit.explained)


def _notes(table: pd.DataFrame, has_lines: bool) -> list[str]:
    points, worlds = table["point"].nunique(), int(table["n"].max())
    spread = "thin lines: their 95 % intervals (t)" if worlds > 1 else "one random world, so no intervals can be given"
    notes = [
        f"The {counted(points, 'point')} differ in several factors at once, not in this one alone. Points: means over "
        f"{counted(worlds, 'random world')}; {spread}."
    ]
    if has_lines:
        notes.append(
            "Line: what this factor does while the others are at their mean, if the effect of each is a straight line "
            "and has nothing to do with the others (least squares in each world; band: 95 % over worlds, which says "
            "how well the line is known and not how straight the truth is). Explained: share of the variance between "
            "points that the lines of all factors account for; the rest is bends, interactions and chance. Where the "
            "line is at zero is no break-even: that depends on the other factors. For one, vary this factor in a grid."
        )
    else:
        notes.append("No line: too few points for the number of factors, or an outcome is missing at some of them.")
    return notes


def _draw(
    frame: Frame,
    shown: Mapping[str, Mapping[str, Cloud]],
    called: str,
    titles: Mapping[str, str],
    looks: Mapping[str, style.Look],
) -> Figure:
    """Draw the panels in lines from left to right.

    Args:
        frame: Around them.
        shown: By outcome and arm.
        called: What the factor is called.
        titles: Of the arms but the baseline.
        looks: Of the arms.
    """
    across = 1 if style.is_narrow(frame.width) else 2
    wide = (frame.width - FIRST - RIGHT - (across - 1) * PANEL_GAP) / across
    outcomes = [outcome_of(name) for name in shown]
    headings = [wrapped(_heading(one), wide, bold=True) for one in outcomes]
    said = [_said(clouds) for clouds in shown.values()]
    above = (max(map(len, headings)) + max(map(len, said))) * style.LINE_HEIGHT + 1.5
    key = key_height(titles, frame.width - 2 * EDGE) + 2.0
    named = wrapped(called, frame.width - 2 * EDGE)
    one = above + PANEL_HEIGHT + NUMBERS + BETWEEN
    lines = -(-len(outcomes) // across)
    page = frame.page(key + lines * one + len(named) * style.LINE_HEIGHT)
    write_key(page, titles, EDGE, frame.top, frame.width - 2 * EDGE, looks=looks)
    for number, (outcome, heading, words) in enumerate(zip(outcomes, headings, said, strict=True)):
        down, aside = divmod(number, across)
        left, top = FIRST + aside * (wide + PANEL_GAP), frame.top + key + down * one
        page.text(left, top, heading, fontweight="bold")
        for line, (arm, text) in enumerate(words, start=len(heading)):
            start = top + line * style.LINE_HEIGHT
            draw_marker(page, looks[arm], left + 1.0, start + style.LINE_HEIGHT / 2)
            page.text(left + MARKER_WIDTH, start, [text])
        axes = page.axes(left, top + above, wide, PANEL_HEIGHT)
        _draw_panel(axes, outcome, shown[outcome.name], looks, wide)
    page.text(FIRST + (frame.width - FIRST - RIGHT) / 2, frame.top + key + lines * one - BETWEEN + 1.0, named,
              ha="center")  # fmt: skip
    return page.figure


def _said(clouds: Mapping[str, Cloud]) -> list[tuple[str, str]]:
    """Return what to write above a panel of each arm that has a line."""
    return [
        (arm, "explained: " + ("nothing to explain" if np.isnan(cloud.explained) else f"{100 * cloud.explained:.0f} %"))
        for arm, cloud in clouds.items()
        if cloud.line is not None
    ]


def _draw_panel(
    axes: Axes, outcome: Outcome, clouds: Mapping[str, Cloud], looks: Mapping[str, style.Look], wide: float
) -> None:
    """Draw points, their intervals and lines on axes that are ``wide`` mm wide."""
    number_axis(axes, sorted({float(value) for cloud in clouds.values() for value in cloud.at}), wide)
    drawn = [cloud.gaps.ravel() for cloud in clouds.values()]
    drawn += [cloud.line[1:].ravel() for cloud in clouds.values() if cloud.line is not None]
    known = np.concatenate(drawn)
    known = known[np.isfinite(known)]
    if not known.size:
        axes.tick_params(left=False, labelleft=False)
        write_missing(axes)
        return
    least, most = min(0.0, float(known.min())), max(0.0, float(known.max()))
    margin = 0.06 * (most - least) or 1.0
    axes.set_ylim(least - margin, most + margin)
    axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda number, _: f"{number:,.10g}".replace("-", "\N{MINUS SIGN}")))
    axes.axhline(0.0, color=style.INK, linewidth=0.6, zorder=1, gid="zero")
    for arm, cloud in clouds.items():
        look, gid = looks[arm], f"{outcome.name}-{arm}"
        mean, low, high = cloud.gaps
        axes.vlines(cloud.at, low, high, color=look.colour, linewidth=0.6, alpha=0.5, zorder=2, gid=f"intervals-{gid}")
        symbol = {**markers(look), "markersize": 3.2}
        axes.plot(cloud.at, mean, **symbol, zorder=3, gid=f"points-{gid}")
        if cloud.line is not None:
            at, middle, below, over = cloud.line
            axes.fill_between(at, below, over, color=look.colour, alpha=0.15, linewidth=0, zorder=1.5)
            axes.plot(at, middle, color=look.colour, linestyle=look.line, linewidth=1.1, zorder=2.5, gid=f"line-{gid}")


def _heading(outcome: Outcome) -> str:
    """Return what an outcome is called, with the unit of its differences unless the words say it."""
    unit = AXIS_UNITS[outcome.unit]
    return outcome.label if unit in outcome.label else f"{outcome.label} ({unit})"
