"""Figure: who gains and who loses: each group of people in the baseline and in another arm, on one row."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from experiments.equity import MIN_EPISODES
from experiments.figures import style
from experiments.figures.ends import markers
from experiments.figures.layout import EDGE, Frame, Page, shortened, wrapped
from experiments.figures.tables import counted, plain, rows_of
from experiments.text import scaled
from sim.outcomes.equity import GROUPINGS
from sim.outcomes.headline import HEADLINE

NAME = "equity"
TITLE = "Who gains and who loses"
SHOWN = {
    "restricted_mean_days": ("Days without support", "Mean days without support, of {days}"),
    "gave_up": ("Given up, %", "Needs given up within {days} days (%)"),
}
"""The outcomes shown: below the axis, and above the panels. Of both less is better."""
MOST_GROUPS = 12
"""Groups of a grouping that are drawn, the largest; a place may have any number of districts."""

ACROSS = 4
"""Arms side by side; more begin a new line."""
NAME_WIDTH, SIZE_WIDTH, VALUE_WIDTH, GUTTER = 26.0, 13.0, 9.0, 4.0
"""In mm: of the names of the groups, of their sizes, of the difference behind a row, between panels."""
ROW, HEAD_ROW, AXIS, BLOCK_GAP, HEAD_GAP = 3.6, 4.6, 9.0, 4.0, 1.5
"""In mm: of a group, of the name of a grouping, of the axis below, between blocks of panels, below their titles."""
MARKER_WIDTH = 3.5
"""In mm: of the marker before a title."""

_COLUMNS = ["outcome", "arm", "grouping", "group", "episodes", "base", "value", "difference", "low", "high", "n"]

Panel = tuple[str, str]
"""An arm and an outcome."""


def dumbbells_data(groups: pd.DataFrame, arms: Mapping[str, str]) -> pd.DataFrame:
    """Return the outcomes of each group in the baseline and in each other arm.

    Groups by what a person is like alone: the others are not the same people in both arms. Groups with fewer than
    :data:`experiments.equity.MIN_EPISODES` episodes in one of the arms, mean over replicates, are left out in all:
    chance would decide.

    Args:
        groups: From :func:`experiments.equity.groups_table`.
        arms: Titles by name of the arm; the first is the baseline.

    Returns:
        Columns ``outcome``, ``arm`` (each but the baseline), ``grouping``, ``group``, ``episodes`` (of the baseline,
        mean over replicates), ``base`` and ``value``: means over replicates in the baseline and in the arm, in days or
        percent; ``difference`` in the same worlds with ``low`` and ``high`` of its 95 % confidence interval, likewise;
        ``n``: number of worlds behind it. NaN where a mean or an interval is missing.
    """
    baseline, *others = arms
    keys = ["outcome", "grouping", "group"]
    large = _large(groups, arms)
    in_baseline = large[large["arm"] == baseline].to_dict("records")
    base = {tuple(row[key] for key in keys): row for row in in_baseline}
    rows = []
    for outcome in (outcome for outcome in HEADLINE if outcome.name in SHOWN):
        own = large[large["outcome"] == outcome.name]
        for row in rows_of(own[own["arm"].isin(others)]):
            before = base[row.outcome, row.grouping, row.group]
            values = (before["mean"], row.mean, row.difference, row.low, row.high)
            shown = [scaled(float(value), outcome) for value in values]
            rows.append((row.outcome, row.arm, row.grouping, row.group, float(before["episodes"]), *shown, row.n))
    return pd.DataFrame(rows, columns=_COLUMNS)


def too_small(groups: pd.DataFrame, arms: Mapping[str, str]) -> list[str]:
    """Return in words the groups that are left out because they are too small.

    Args:
        groups: From :func:`experiments.equity.groups_table`.
        arms: Titles by name of the arm.
    """
    labels = {grouping.name: grouping.label.lower() for grouping in GROUPINGS}
    small = [group for group, size in _sizes(groups, arms).items() if size < MIN_EPISODES]
    return [f"{labels[grouping]} {group.replace('_', ' ')}" for grouping, group in small]


def draw_dumbbells(
    groups: pd.DataFrame, runs: Mapping[str, list[int]], arms: Mapping[str, str], days: float, foot: str = ""
) -> Figure:
    """Draw the figure.

    Args:
        groups: From :func:`experiments.equity.groups_table`.
        runs: Replicates by arm.
        arms: Titles by name of the arm; the first is the baseline.
        days: The follow-up.
        foot: What else to say below: place, worlds, settings.
    """
    with style.house():
        data = dumbbells_data(groups, arms)
        baseline, *others = arms
        small = too_small(groups, arms)
        worlds = len(set(runs[baseline]).intersection(*(runs[arm] for arm in others)))
        same = f"the same {worlds} worlds" if worlds > 1 else "the same world"
        left_out = f"Left out, with fewer than {MIN_EPISODES} needs a run: {', '.join(small)}." if small else ""
        if data.empty:
            why = "No group is large enough to show." if others else "Nothing to compare: there is one arm."
            return Frame(TITLE, "", [left_out, foot], style.DOUBLE_COLUMN).empty(why).figure
        shown = _most(data)
        hidden = data[["grouping", "group"]].drop_duplicates().shape[0] - len(shown)
        notes = [
            f"Means over the runs of an arm; n: needs of a group in a run, {arms[baseline]}. Capability: low is below "
            "1/3, high above 2/3.",
            f"Number behind a row: difference from {arms[baseline]} in {same}. {_joins(data)}",
            left_out,
            f"{counted(hidden, 'smaller group')} not drawn: see tables/equity.csv." if hidden else "",
            foot,
        ]
        frame = Frame(TITLE, "A row a group of people, the same in every arm; further left is better.", notes,
                      style.DOUBLE_COLUMN)  # fmt: skip
        blocks = _blocks(others)
        across = max(map(len, blocks))
        width = (style.DOUBLE_COLUMN - 2 * EDGE - NAME_WIDTH - SIZE_WIDTH - across * GUTTER) / across
        above = [max(_height_above(arms, panel, width) for panel in block) for block in blocks]
        below = _height(shown) + AXIS + BLOCK_GAP
        page = frame.page(sum(above) + len(blocks) * below - BLOCK_GAP)
        top = frame.top
        for block, head in zip(blocks, above, strict=True):
            _draw_block(page, data, shown, arms, block, top, top + head, width, days)
            top += head + below
        return page.figure


def _sizes(groups: pd.DataFrame, arms: Mapping[str, str]) -> dict[tuple[str, str], float]:
    """Return the number of episodes of each group of people, in the arm where it has fewest."""
    of_person = [grouping.name for grouping in GROUPINGS if grouping.is_of_person]
    own = groups[groups["arm"].isin(list(arms)) & groups["grouping"].isin(of_person)]
    smallest = own.groupby(["grouping", "group"], sort=False)["episodes"].min()
    return dict(zip([(str(grouping), str(group)) for grouping, group in smallest.index], smallest, strict=True))


def _large(groups: pd.DataFrame, arms: Mapping[str, str]) -> pd.DataFrame:
    large = {key for key, size in _sizes(groups, arms).items() if size >= MIN_EPISODES}
    is_large = [key in large for key in zip(groups["grouping"], groups["group"], strict=True)]
    return groups[np.array(is_large, bool)]


def _most(data: pd.DataFrame) -> pd.DataFrame:
    """Return the groups to draw with their sizes, in the order of the tables: of each grouping the largest."""
    found = data[["grouping", "group", "episodes"]].drop_duplicates(["grouping", "group"])
    rank = found.groupby("grouping", sort=False)["episodes"].rank(ascending=False, method="first")
    return found[rank <= MOST_GROUPS]


def _blocks(others: Sequence[str]) -> list[list[Panel]]:
    """Return the panels side by side: both outcomes of a single arm, else all arms in an outcome."""
    if len(others) == 1:
        return [[(others[0], outcome) for outcome in SHOWN]]
    lines = [others[start : start + ACROSS] for start in range(0, len(others), ACROSS)]
    return [[(arm, outcome) for arm in line] for outcome in SHOWN for line in lines]


def _height(shown: pd.DataFrame) -> float:
    return shown["grouping"].nunique() * HEAD_ROW + len(shown) * ROW + 1.0


def _places(shown: pd.DataFrame) -> tuple[dict[str, float], dict[tuple[str, str], float]]:
    """Return where the names of groupings and the rows of groups are centred, in mm from the top of a panel."""
    heads: dict[str, float] = {}
    rows: dict[tuple[str, str], float] = {}
    top = 0.0
    for row in rows_of(shown):
        if row.grouping not in heads:
            heads[row.grouping] = top + HEAD_ROW / 2
            top += HEAD_ROW
        rows[row.grouping, row.group] = top + ROW / 2
        top += ROW
    return heads, rows


def _limits(data: pd.DataFrame) -> tuple[float, float]:
    """Return the ends of the axis of an outcome, the same in every panel."""
    values = data[["base", "value"]].to_numpy(float)
    if np.isnan(values).all():
        return 0.0, 1.0
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    room = 0.08 * (high - low) or 1.0
    return low - room, high + room


def _titles_above(arms: Mapping[str, str], arm: str, width: float) -> dict[str, list[str]]:
    """Return the titles of the baseline and of an arm, which have their markers before them."""
    return {name: wrapped(arms[name], width - MARKER_WIDTH) for name in (next(iter(arms)), arm)}


def _height_above(arms: Mapping[str, str], panel: Panel, width: float) -> float:
    """Return the room above a panel in mm: for the outcome, in one line, and the titles of its two arms."""
    lines = 1 + sum(map(len, _titles_above(arms, panel[0], width).values()))
    return lines * style.LINE_HEIGHT + HEAD_GAP


def _draw_block(
    page: Page,
    data: pd.DataFrame,
    shown: pd.DataFrame,
    arms: Mapping[str, str],
    block: Sequence[Panel],
    top: float,
    start: float,
    width: float,
    days: float,
) -> None:
    """Draw panels side by side; their titles begin at ``top`` and their rows at ``start``, in mm."""
    _draw_names(page, shown, start)
    said = ""
    for position, (arm, outcome) in enumerate(block):
        left = EDGE + NAME_WIDTH + SIZE_WIDTH + GUTTER + position * (width + GUTTER)
        if outcome != said:
            page.text(left, top, [SHOWN[outcome][1].format(days=f"{days:g}")], fontweight="bold")
            said = outcome
        _write_titles(page, arms, arm, left, top + style.LINE_HEIGHT, width)
        axes = page.canvas_axes(left, start, width - VALUE_WIDTH, _height(shown))
        axes.set_xlim(*_limits(data[data["outcome"] == outcome]))
        axes.set_xlabel(SHOWN[outcome][0])
        axes.xaxis.set_major_locator(MaxNLocator(max(2, int(width / 14.0)), steps=[1, 2, 5, 10]))
        axes.spines["bottom"].set_visible(True)
        rows = data[(data["arm"] == arm) & (data["outcome"] == outcome)]
        _draw_panel(axes, rows, shown, arms, arm, width - VALUE_WIDTH)


def _write_titles(page: Page, arms: Mapping[str, str], arm: str, left: float, top: float, width: float) -> None:
    """Write the titles of the baseline and of an arm, each behind its marker."""
    looks = style.looks_of_arms(arms)
    for name, title in _titles_above(arms, arm, width).items():
        axes = page.canvas_axes(left, top, MARKER_WIDTH, style.LINE_HEIGHT)
        axes.set_axis_off()
        axes.set_xlim(0.0, MARKER_WIDTH)
        axes.plot([1.0], [style.LINE_HEIGHT / 2], **markers(looks[name]), clip_on=False)
        page.text(left + MARKER_WIDTH, top, title)
        top += len(title) * style.LINE_HEIGHT


def _draw_names(page: Page, shown: pd.DataFrame, top: float) -> None:
    """Write the names and sizes of groups beside the panels."""
    heads, places = _places(shown)
    labels = {grouping.name: grouping.label for grouping in GROUPINGS}
    for grouping, place in heads.items():
        page.text(EDGE, top + place, [labels[grouping]], fontweight="bold", va="center")
    for row in rows_of(shown):
        place = top + places[row.grouping, row.group]
        page.text(EDGE + 2.0, place, shortened(plain(row.group), NAME_WIDTH - 2.0), va="center")
        size = f"n={row.episodes:,.0f}"
        page.text(EDGE + NAME_WIDTH + SIZE_WIDTH, place, [size], va="center", ha="right", color=style.GREY)


def _draw_panel(
    axes: Axes, data: pd.DataFrame, shown: pd.DataFrame, arms: Mapping[str, str], arm: str, width: float
) -> None:
    """Draw the rows of one arm and outcome; ``width`` of the axes in mm."""
    looks = style.looks_of_arms(arms)
    baseline, beside = next(iter(arms)), axes.get_yaxis_transform()
    places = _places(shown)[1]
    outcome = str(data["outcome"].iloc[0])
    # Larger, so that its edge is seen where both are nearly the same.
    of_baseline = markers(looks[baseline]) | {"markersize": 5.2}
    for row in rows_of(data):
        if (place := places.get((row.grouping, row.group))) is None:
            continue
        name = f"{outcome}-{arm}-{row.grouping}-{row.group}"
        axes.plot([0, 1], [place, place], color="#ececec", linewidth=0.5, transform=beside, zorder=0)
        if math.isnan(row.base) or math.isnan(row.value):
            axes.text(0.5, place, "missing in some run", transform=beside, ha="center", va="center", color=style.GREY)
            continue
        line = style.SOLID if is_told_apart(row.low, row.high) else style.DOTTED
        axes.plot([row.base, row.value], [place, place], color=style.GREY, linestyle=line, linewidth=1.3, zorder=2,
                  gid=f"join-{name}")  # fmt: skip
        axes.plot([row.base], [place], **of_baseline, zorder=3, gid=f"base-{name}")
        axes.plot([row.value], [place], **markers(looks[arm]), zorder=4, gid=f"value-{name}")
        words = "" if math.isnan(row.difference) else f"{row.difference:+z.1f}".replace("-", "\N{MINUS SIGN}")
        axes.text(1.0 + VALUE_WIDTH / width, place, words, transform=beside, ha="right", va="center")


def is_told_apart(low: float, high: float) -> bool:
    """Return whether an interval lies on one side of zero; one that is missing does not."""
    return low > 0.0 or high < 0.0


def _joins(data: pd.DataFrame) -> str:
    """Return a sentence that says which joins are dotted."""
    if data["low"].isna().all():
        return "All joins are dotted: one world gives no interval."
    return "Dotted: its 95 % interval includes zero (one difference at a time)."
