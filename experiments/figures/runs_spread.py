"""Figure: how much random worlds differ in the headline outcomes, and what the pairing of worlds buys."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from experiments.figures import style
from experiments.figures.arm_key import KEY_GAP, MARKER_WIDTH, MIDDLE, draw_marker, key_height, write_key
from experiments.figures.layout import EDGE, Frame, Page, kept_apart, text_width, wrapped
from experiments.figures.spread import Floats, has_several
from experiments.figures.tables import counted
from experiments.paired import in_pairs
from experiments.text import UNITS, scaled
from sim.outcomes.headline import HEADLINE

NAME = "spread_between_runs"
TITLE = "How much random worlds differ, and what is left of that between arms in the same world"

ACROSS = 2
"""Outcomes side by side, in a figure of two columns."""
NAME_WIDTH, WORTH_WIDTH, GUTTER, BETWEEN = 36.0, 9.0, 5.0, 4.0
"""In mm: of the titles of arms at most, of the worth behind a row, between outcomes, between values and differences."""
ROW, LABEL, AXIS, ABOVE = 4.6, 4.2, 6.0, 4.5
"""In mm: of an arm, of the name of an outcome, of the axis below, of the heads of the columns."""
LABEL_WIDTH, LABEL_GAP, NARROW_AXIS = 25.0, 1.0, 4.0
"""In mm, in a figure of one column: of the names of outcomes beside their rows, behind them, of the axis below."""
LEAST_ROW = 2.6
"""In mm: of a row at least, in a figure that would be too tall otherwise."""
DEPTH, POINT = 0.66, 1.0
"""Part of a row over which its worlds are spread at most; room of a point in mm: none reaches out of its row."""
BEYOND = 1.8
"""How far in mm the number at a tick may reach beyond the end of a short axis."""
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
    of_arms = {arm: runs[runs["arm"] == arm].set_index("replicate").sort_index() for arm in arms}
    parts = []
    for outcome in HEADLINE:
        values = {arm: own[outcome.name].astype(float) * scaled(1.0, outcome) for arm, own in of_arms.items()}
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


@dataclass(frozen=True)
class _Plan:
    """Where everything is; lengths in mm.

    Attributes:
        across: Outcomes side by side.
        names: Lines of the title of each arm beside its row; none where a key above has the titles.
        key: Height of the key; 0 without one.
        labels: Lines of the name of each outcome.
        is_beside: Whether these are beside the rows, instead of above them.
        first: From the left of the page to the first outcome.
        width: Of an outcome: values, differences and worth.
        strip: Of its values, and of its differences.
        row: Height of an arm.
        axis: Height of the axis below the rows.
    """

    across: int
    names: Mapping[str, list[str]]
    key: float
    labels: Mapping[str, list[str]]
    is_beside: bool
    first: float
    width: float
    strip: float
    row: float
    axis: float

    @property
    def label(self) -> float:
        """Height of the name of an outcome above its rows."""
        return 0.0 if self.is_beside else LABEL


def draw_runs_spread(
    data: pd.DataFrame,
    runs: Mapping[str, list[int]],
    arms: Mapping[str, str],
    foot: str = "",
    width: float = style.DOUBLE_COLUMN,
) -> Figure:
    """Draw the figure.

    Args:
        data: From :func:`runs_spread_data`.
        runs: Replicates by arm.
        arms: Titles by name of the arm; the first is the baseline.
        foot: What else to say below: place, worlds, settings.
        width: Of the figure in mm: one of the two columns of style.
    """
    with style.house():
        if data["value"].isna().all():
            return Frame(TITLE, "", [foot], width).empty("No outcomes to show: no need was counted.").figure
        frame = Frame(TITLE, _subtitle(arms), [*_notes(data, runs, arms), foot], width)
        plan = _plan(frame, arms)
        above = plan.key + (ABOVE if len(arms) > 1 else 0.0)
        block = plan.label + plan.row * len(arms) + plan.axis
        page = frame.page(above + block * math.ceil(len(HEADLINE) / plan.across))
        if plan.key:
            write_key(page, arms, EDGE, frame.top, width - 2 * EDGE)
        worths = worth_of_pairing(data, arms)
        for number, outcome in enumerate(HEADLINE):
            line, column = divmod(number, plan.across)
            top, left = frame.top + above + line * block, plan.first + column * (plan.width + GUTTER)
            if line == 0 and len(arms) > 1:
                _write_heads(page, plan, left, frame.top + plan.key)
            page.text(EDGE if plan.is_beside else left, top, plan.labels[outcome.name], fontweight="bold")
            if column == 0:
                _write_names(page, plan, arms, top + plan.label)
            _draw_outcome(page, plan, data[data["outcome"] == outcome.name], runs, arms, left, top + plan.label)
            for position, arm in enumerate(list(arms)[1:], 1):
                place = (left + plan.width, top + plan.label + (position + 0.5) * plan.row)
                page.text(*place, [_times(worths[outcome.name, arm])], ha="right", va="center")
        return page.figure


def _plan(frame: Frame, arms: Mapping[str, str]) -> _Plan:
    """Return where everything is on a page of one column or of two."""
    is_narrow = style.is_narrow(frame.width)
    across, axis = (1, NARROW_AXIS) if is_narrow else (ACROSS, AXIS)
    units = {outcome.name: UNITS[outcome.unit].replace(" ", ", ", 1) for outcome in HEADLINE}
    labels = {outcome.name: [outcome.label + units[outcome.name]] for outcome in HEADLINE}
    names = {} if is_narrow else _names(arms)
    key = 0.0 if names else key_height(arms, frame.width - 2 * EDGE) + KEY_GAP
    row, before = ROW, MARKER_WIDTH
    if is_narrow:
        labels = {name: wrapped(lines[0], LABEL_WIDTH, bold=True) for name, lines in labels.items()}
        before += LABEL_WIDTH + LABEL_GAP
        row = max(row, max(map(len, labels.values())) * style.LINE_HEIGHT / len(arms))
    elif names:
        before = max(text_width(line) for lines in names.values() for line in lines) + 2.0
        row = max(row, max(map(len, names.values())) * style.LINE_HEIGHT + 0.6)
    lines = math.ceil(len(HEADLINE) / across)
    fixed = frame.page(0.0).height + key + ABOVE + lines * (axis + (0.0 if is_narrow else LABEL))
    row = min(row, max(LEAST_ROW, (style.tallest(frame.width) - fixed) / (lines * len(arms))))
    first = EDGE + before
    width = (frame.width - EDGE - first - (across - 1) * GUTTER) / across
    strip = (width - BETWEEN - WORTH_WIDTH) / 2 if len(arms) > 1 else width
    return _Plan(across, names, key, labels, is_narrow, first, width, strip, row, axis)


def _draw_outcome(
    page: Page,
    plan: _Plan,
    own: pd.DataFrame,
    runs: Mapping[str, list[int]],
    arms: Mapping[str, str],
    left: float,
    top: float,
) -> None:
    """Draw the values of an outcome and, of several arms, the differences; from ``left`` and ``top`` on, in mm."""
    height = plan.row * len(arms)
    values = page.canvas_axes(left, top, plan.strip, height)
    _set_axis(values, own["value"].to_numpy(float), _length(own))
    _draw_strips(values, own, "value", arms, plan.row, runs)
    panels = [values]
    if len(arms) > 1:
        gaps = page.canvas_axes(left + plan.strip + BETWEEN, top, plan.strip, height)
        _set_axis(gaps, np.append(own["difference"].to_numpy(float), 0.0), _length(own))
        gaps.axvline(0.0, color=style.GREY, linewidth=0.6, zorder=1, gid=f"zero-{own['outcome'].iloc[0]}")
        _draw_strips(gaps, own, "difference", arms, plan.row, runs)
        panels.append(gaps)
    if plan.is_beside:
        for axes in panels:
            _set_few_ticks(axes, plan.strip)


def _write_names(page: Page, plan: _Plan, arms: Mapping[str, str], top: float) -> None:
    """Write the titles of arms before their rows, which begin at ``top``; or draw the markers that the key explains."""
    looks = style.looks_of_arms(arms)
    for position, arm in enumerate(arms):
        middle = top + (position + 0.5) * plan.row
        if plan.key:
            draw_marker(page, looks[arm], plan.first - MARKER_WIDTH + MIDDLE, middle)
        else:
            page.text(plan.first - 2.0, middle, plan.names[arm], ha="right", va="center")


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
    """Return the title of each arm in at most two lines; none if that does not tell all of them apart."""
    short = kept_apart(arms, NAME_WIDTH, 2)
    return short if len(short) == len(arms) else {}


def _write_heads(page: Page, plan: _Plan, left: float, top: float) -> None:
    """Write what the columns of an outcome are, which begins at ``left``; all in mm."""
    page.text(left, top, ["Values"], color=style.GREY)
    page.text(left + plan.strip + BETWEEN, top, ["Differences"], color=style.GREY)
    page.text(left + plan.width, top, ["Worth"], color=style.GREY, ha="right")


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
    axes.xaxis.set_major_formatter(lambda number, _: _tick(number))
    axes.spines["bottom"].set_visible(True)
    axes.tick_params(axis="x", pad=1.5)


def _set_few_ticks(axes: Axes, width: float) -> None:
    """Set few short ticks on an axis ``width`` mm wide, whose numbers stay clear of those of the next one."""
    low, high = axes.get_xlim()
    scale = (high - low) / width
    shown: list[float] = []
    for parts in range(2, 9):
        kept: list[float] = []
        free = low - BEYOND * scale
        for tick in MaxNLocator(parts, steps=[1, 2, 5, 10]).tick_values(low, high):
            half = text_width(_tick(tick)) / 2 * scale
            if low <= tick <= high and tick - half >= free and tick + half <= high + BEYOND * scale:
                kept.append(float(tick))
                free = tick + half + scale
        shown = max(shown, kept, key=len)
        if len(shown) > 1:
            break
    axes.set_xticks(shown)
    axes.tick_params(axis="x", length=1.5, pad=1.0)


def _tick(number: float) -> str:
    return f"{number:,.10g}".replace("-", "\N{MINUS SIGN}")


def _heights(numbers: Sequence[int], runs: Mapping[str, list[int]], centre: float, row: float) -> Floats:
    """Return at which height in mm the point of each world is: a world has the same place in every row."""
    worlds = sorted({number for known in runs.values() for number in known})
    place = np.searchsorted(worlds, np.asarray(numbers, np.int64))
    return centre + min(row * DEPTH, row - POINT) * ((place + 0.5) / len(worlds) - 0.5)


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
