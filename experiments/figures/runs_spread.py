"""Figure: how much random worlds differ in the headline outcomes, and what the pairing of worlds buys."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from experiments.figures import style
from experiments.figures.layout import EDGE, Frame, Page, shortened, text_width, wrapped
from experiments.figures.spread import Floats, has_several
from experiments.figures.tables import counted
from experiments.paired import in_pairs
from experiments.text import UNITS, scaled
from sim.outcomes.headline import HEADLINE

NAME = "spread_between_runs"
TITLE = "How much random worlds differ, and what is left of that between arms in the same world"

ACROSS = 2
"""Outcomes side by side."""
NAME_WIDTH, WORTH_WIDTH, GUTTER, BETWEEN = 36.0, 9.0, 5.0, 4.0
"""In mm: of the titles of arms at most, of the worth behind a row, between outcomes, between values and differences."""
ROW, LABEL, AXIS, ABOVE = 4.6, 4.2, 6.0, 4.5
"""In mm: of an arm, of the name of an outcome, of the axis below, of the heads of the columns."""
DEPTH = 0.66
"""Part of a row over which its worlds are spread."""
MARKER: dict[str, Any] = {"linestyle": "none", "markersize": 2.6, "markeredgewidth": 0.3, "markeredgecolor": "white"}


def runs_spread_data(runs: pd.DataFrame, arms: Mapping[str, str]) -> pd.DataFrame:
    """Return the headline outcomes of each run and its difference from the baseline in the same world.

    Args:
        runs: A row a run, with ``arm``, ``replicate`` and a column for each headline outcome.
        arms: Titles by name of the arm; the first is the baseline.

    Returns:
        Columns ``outcome``, ``arm``, ``replicate``, ``value`` and ``difference``, both in days, percent, per 100 or GBP
        as the outcome has it: ``value`` is NaN where the outcome is missing, ``difference`` also for the baseline and
        where the world was not run in it.
    """
    baseline = next(iter(arms))
    parts = []
    for outcome in HEADLINE:
        values = {
            arm: runs[runs["arm"] == arm].set_index("replicate")[outcome.name].sort_index().astype(float)
            * scaled(1.0, outcome)
            for arm in arms
        }
        for arm, own in values.items():
            gaps = own - values[baseline].reindex(own.index) if arm != baseline else own * math.nan
            columns = {"replicate": own.index, "value": own.to_numpy(), "difference": gaps.to_numpy()}
            parts.append(pd.DataFrame({"outcome": outcome.name, "arm": arm, **columns}))
    return pd.concat(parts, ignore_index=True)


def worth_of_pairing(data: pd.DataFrame, arms: Mapping[str, str]) -> dict[tuple[str, str], float]:
    """Return by outcome and arm how many times as many unpaired runs would be needed for the same precision.

    Args:
        data: From :func:`runs_spread_data`.
        arms: Titles by name of the arm; the first is the baseline.

    Returns:
        Of each arm but the baseline: see :func:`experiments.paired.variance_ratio`. NaN where a value is missing in
        one of the worlds, or there are fewer than two.
    """
    baseline, *others = arms
    values = data.set_index(["outcome", "arm", "replicate"])["value"]
    return {
        (outcome.name, arm): in_pairs(_of(values, outcome.name, arm), _of(values, outcome.name, baseline))[1]
        for outcome in HEADLINE
        for arm in others
    }


def draw_runs_spread(
    data: pd.DataFrame, runs: Mapping[str, list[int]], arms: Mapping[str, str], foot: str = ""
) -> Figure:
    """Draw the figure.

    Args:
        data: From :func:`runs_spread_data`.
        runs: Replicates by arm.
        arms: Titles by name of the arm; the first is the baseline.
        foot: What else to say below: place, worlds, settings.
    """
    with style.house():
        others = list(arms)[1:]
        if data["value"].isna().all():
            return (
                Frame(TITLE, "", [foot], style.DOUBLE_COLUMN).empty("No outcomes to show: no need was counted.").figure
            )
        frame = Frame(TITLE, _subtitle(arms), [*_notes(data, runs, arms), foot], style.DOUBLE_COLUMN)
        names = _names(arms)
        row = max(ROW, max(map(len, names.values())) * style.LINE_HEIGHT + 0.6)
        height = row * len(arms)
        block = LABEL + height + AXIS
        first = EDGE + max(text_width(line) for lines in names.values() for line in lines) + 2.0
        width = (style.DOUBLE_COLUMN - EDGE - first - (ACROSS - 1) * GUTTER) / ACROSS
        above = ABOVE if others else 0.0
        page = frame.page(above + block * math.ceil(len(HEADLINE) / ACROSS))
        worths = worth_of_pairing(data, arms)
        strip = (width - BETWEEN - WORTH_WIDTH) / 2 if others else width
        for number, outcome in enumerate(HEADLINE):
            line, column = divmod(number, ACROSS)
            top, left = frame.top + above + line * block, first + column * (width + GUTTER)
            after = left + strip + BETWEEN
            if line == 0 and others:
                _write_heads(page, left, after, left + width, frame.top)
            page.text(left, top, [outcome.label + UNITS[outcome.unit].replace(" ", ", ", 1)], fontweight="bold")
            if column == 0:
                for position, lines in enumerate(names.values()):
                    page.text(first - 2.0, top + LABEL + (position + 0.5) * row, lines, ha="right", va="center")
            own = data[data["outcome"] == outcome.name]
            values = page.canvas_axes(left, top + LABEL, strip, height)
            _set_axis(values, own["value"].to_numpy(float), _length(own))
            _draw_strips(values, own, "value", arms, row, runs)
            if others:
                gaps = page.canvas_axes(after, top + LABEL, strip, height)
                _set_axis(gaps, np.append(own["difference"].to_numpy(float), 0.0), _length(own))
                gaps.axvline(0.0, color=style.GREY, linewidth=0.6, zorder=1, gid=f"zero-{outcome.name}")
                _draw_strips(gaps, own, "difference", arms, row, runs)
                for position, arm in enumerate(others, 1):
                    words = _times(worths[outcome.name, arm])
                    place = (left + width, top + LABEL + (position + 0.5) * row)
                    page.text(*place, [words], ha="right", va="center")
        return page.figure


def _of(values: pd.Series, outcome: str, arm: str) -> pd.Series:
    """Return the values of an arm by replicate; none for an arm without runs."""
    inside = (values.index.get_level_values(0) == outcome) & (values.index.get_level_values(1) == arm)
    return values[inside].droplevel([0, 1])


def _subtitle(arms: Mapping[str, str]) -> str:
    if len(arms) == 1:
        return "A point a world."
    baseline = next(iter(arms.values()))
    return (
        f"A point a world; the points of a world are joined. Beside it the difference from {baseline} in the same "
        "world, on the same scale."
    )


def _notes(data: pd.DataFrame, runs: Mapping[str, list[int]], arms: Mapping[str, str]) -> list[str]:
    sizes = {len(numbers) for numbers in runs.values()}
    each = "; ".join(f"{title} {len(runs[arm]):,}" for arm, title in arms.items())
    worlds = f"{counted(sizes.pop(), 'world')} an arm." if len(sizes) == 1 else f"Worlds: {each}."
    if not has_several(runs):
        return [f"{worlds} How much worlds differ takes more than one.", _missing(data, arms)]
    worth = (
        "Worth: how many times as many runs the same precision would take if each arm had worlds of its own (variance "
        "of unpaired over paired differences); below 1 it would take fewer."
    )
    return [
        f"{worlds} In each row worlds are one below the other in the same order; upright lines: means.",
        worth if len(arms) > 1 else "",
        _missing(data, arms),
    ]


def _missing(data: pd.DataFrame, arms: Mapping[str, str]) -> str:
    """Return which outcomes are missing in some world, "" if none: there is no mean then."""
    gone = data["value"].isna().groupby([data["outcome"], data["arm"]], sort=False).agg(["sum", "size"])
    labels = {outcome.name: outcome.label for outcome in HEADLINE}
    parts = [
        f"{labels[outcome]}, {arms[arm]}, in {number} of {size}"
        for (outcome, arm), number, size in zip(gone.index, gone["sum"], gone["size"], strict=True)
        if number
    ]
    return f"Not reached, or nothing to count, so without a mean: {'; '.join(parts)}." if parts else ""


def _names(arms: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the title of each arm in at most two lines, or in as many as it takes to tell all of them apart."""
    short = {arm: shortened(title, NAME_WIDTH, 2) for arm, title in arms.items()}
    shown = list(short.values())
    return {arm: lines if shown.count(lines) == 1 else wrapped(arms[arm], NAME_WIDTH) for arm, lines in short.items()}


def _write_heads(page: Page, values: float, gaps: float, worth: float, top: float) -> None:
    """Write what the columns are, each at its place in mm."""
    page.text(values, top, ["Values"], color=style.GREY)
    page.text(gaps, top, ["Differences"], color=style.GREY)
    page.text(worth, top, ["Worth"], color=style.GREY, ha="right")


def _length(data: pd.DataFrame) -> float:
    """Return how much of an outcome values and differences both show, so that a mm is the same in both."""
    spans = [0.0]
    for shown in (data["value"].to_numpy(float), np.append(data["difference"].to_numpy(float), 0.0)):
        if not np.isnan(shown).all():
            spans.append(float(np.nanmax(shown) - np.nanmin(shown)))
    return 1.12 * max(spans) or 1.0


def _set_axis(axes: Axes, shown: Floats, length: float) -> None:
    """Set an axis of a given length with the values in its middle."""
    middle = 0.0 if np.isnan(shown).all() else float(np.nanmax(shown) + np.nanmin(shown)) / 2
    axes.set_xlim(middle - length / 2, middle + length / 2)
    axes.xaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(lambda number, _: f"{number:,.10g}".replace("-", "\N{MINUS SIGN}"))
    axes.spines["bottom"].set_visible(True)
    axes.tick_params(axis="x", pad=1.5)


def _heights(numbers: Sequence[int], runs: Mapping[str, list[int]], centre: float, row: float) -> Floats:
    """Return at which height in mm the point of each world is: a world has the same place in every row."""
    worlds = sorted({number for known in runs.values() for number in known})
    place = np.searchsorted(worlds, np.asarray(numbers, np.int64))
    return centre + row * DEPTH * ((place + 0.5) / len(worlds) - 0.5)


def _draw_strips(
    axes: Axes, data: pd.DataFrame, shown: str, arms: Mapping[str, str], row: float, runs: Mapping[str, list[int]]
) -> None:
    """Draw the points of each arm in its row, their mean, and for values the lines from each row to the next."""
    looks = style.looks_of_arms(arms)
    outcome = str(data["outcome"].iloc[0])
    before: pd.DataFrame | None = None
    for position, arm in enumerate(arms):
        centre = (position + 0.5) * row
        own = data[data["arm"] == arm].set_index("replicate")
        points = pd.DataFrame({"x": own[shown], "y": _heights(list(own.index), runs, centre, row)}).dropna()
        if shown == "value" and before is not None:
            both = before.join(points, how="inner", lsuffix="_before")
            ends = both[["x_before", "y_before", "x", "y"]].to_numpy().reshape(-1, 2, 2)
            axes.add_collection(LineCollection(list(ends), colors=style.FAINT, linewidths=0.4, zorder=1), autolim=False)
        before = points
        if points.empty:
            continue
        look = looks[arm]
        axes.plot(points["x"], points["y"], marker=look.marker, markerfacecolor=look.colour, **MARKER, zorder=3,
                  gid=f"{shown}-{outcome}-{arm}")  # fmt: skip
        if 1 < len(points) == len(own):
            mean = float(points["x"].mean())
            axes.plot([mean, mean], [centre - 0.46 * row, centre + 0.46 * row], color=style.INK, linewidth=0.9,
                      zorder=4, gid=f"mean-{shown}-{outcome}-{arm}")  # fmt: skip


def _times(worth: float) -> str:
    """Return in words what pairing was worth."""
    if math.isnan(worth):
        return "\N{EN DASH}"
    if math.isinf(worth):
        return "\N{INFINITY}"
    return f"{worth:.1f}" if worth < 100.0 else ">100"
