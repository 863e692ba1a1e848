"""Figure: who gains and who loses: each group of people in the baseline and in another arm, on one row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from experiments.equity import MIN_EPISODES
from experiments.figures import style
from experiments.figures.arm_key import MARKER_WIDTH, MIDDLE, draw_marker, key_height, write_key
from experiments.figures.dumbbell_rows import (
    HEAD_ROW,
    VALUE_WIDTH,
    add_panel,
    draw_rows,
    height_of,
    places_of,
    size_text,
    write_heads,
)
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
NAME_WIDTH, SIZE_WIDTH, GUTTER = 26.0, 13.0, 4.0
"""In mm: of the names of the groups, of their sizes, between panels."""
ROW, AXIS, BLOCK_GAP, HEAD_GAP = 3.6, 9.0, 4.0, 1.5
"""In mm: of a group, of the axis below, between blocks of panels, below their titles."""
CLUSTER_NAME, CLUSTER_GAP, CLUSTER_BETWEEN, CLUSTER_HEAD, CLUSTER_AXIS = 22.0, 0.8, 2.5, 1.8, 8.2
"""In mm, with the arms of a group one below the other: of the names, between groups, between panels, between groupings
whose names take no room of their own, of the axis."""
LEAST_ROW, LEAST_LINE = 2.8, 2.6
"""In mm: of a group at least, of an arm in it at least, in a figure that would be too tall otherwise."""

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
    groups: pd.DataFrame,
    runs: Mapping[str, list[int]],
    arms: Mapping[str, str],
    days: float,
    foot: str = "",
    width: float = style.DOUBLE_COLUMN,
) -> Figure:
    """Draw the figure.

    Args:
        groups: From :func:`experiments.equity.groups_table`.
        runs: Replicates by arm.
        arms: Titles by name of the arm; the first is the baseline.
        days: The follow-up.
        foot: What else to say below: place, worlds, settings.
        width: Of the figure in mm: one of the two columns of style.
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
            return Frame(TITLE, "", [left_out, foot], width).empty(why).figure
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
        if style.is_narrow(width):
            subtitle = "The same people in every arm, a row an arm; further left is better."
            return _draw_clusters(Frame(TITLE, subtitle, notes, width), data, shown, arms, days).figure
        subtitle = "A row a group of people, the same in every arm; further left is better."
        return _draw_blocks(Frame(TITLE, subtitle, notes, width), data, shown, arms, days).figure


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


def _titles_above(arms: Mapping[str, str], arm: str, width: float) -> dict[str, list[str]]:
    """Return the titles of the baseline and of an arm, which have their markers before them."""
    return {name: wrapped(arms[name], width - MARKER_WIDTH) for name in (next(iter(arms)), arm)}


def _height_above(arms: Mapping[str, str], panel: Panel, width: float) -> float:
    """Return the room above a panel in mm: for the outcome, in one line, and the titles of its two arms."""
    lines = 1 + sum(map(len, _titles_above(arms, panel[0], width).values()))
    return lines * style.LINE_HEIGHT + HEAD_GAP


def _draw_blocks(frame: Frame, data: pd.DataFrame, shown: pd.DataFrame, arms: Mapping[str, str], days: float) -> Page:
    """Draw a panel for each arm and outcome, in which a group is a row."""
    blocks = _blocks(list(arms)[1:])
    across = max(map(len, blocks))
    width = (frame.width - 2 * EDGE - NAME_WIDTH - SIZE_WIDTH - across * GUTTER) / across
    above = [max(_height_above(arms, panel, width) for panel in block) for block in blocks]
    fixed = sum(above) + len(blocks) * (height_of(shown, 0.0) + AXIS + BLOCK_GAP) - BLOCK_GAP
    row = _fitting(ROW, LEAST_ROW, len(blocks) * len(shown), frame, fixed)
    below = height_of(shown, row) + AXIS + BLOCK_GAP
    page = frame.page(sum(above) + len(blocks) * below - BLOCK_GAP)
    top = frame.top
    for block, head in zip(blocks, above, strict=True):
        _draw_block(page, data, shown, arms, block, top, top + head, width, row, days)
        top += head + below
    return page


def _fitting(wanted: float, least: float, rows: int, frame: Frame, fixed: float) -> float:
    """Return the height of a row with which the figure is not taller than it should be, as far as that can be.

    Args:
        wanted: Height if there is room for it, in mm.
        least: Height in any case, in mm.
        rows: Number of rows one below the other.
        frame: Of the figure.
        fixed: Height of all else between title and notes, in mm.
    """
    return min(wanted, max(least, (style.tallest(frame.width) - frame.page(0.0).height - fixed) / rows))


def _draw_block(
    page: Page,
    data: pd.DataFrame,
    shown: pd.DataFrame,
    arms: Mapping[str, str],
    block: Sequence[Panel],
    top: float,
    start: float,
    width: float,
    row: float,
    days: float,
) -> None:
    """Draw panels side by side; their titles begin at ``top`` and their rows at ``start``, in mm."""
    _write_names(page, shown, start, row)
    said = ""
    for position, (arm, outcome) in enumerate(block):
        left = EDGE + NAME_WIDTH + SIZE_WIDTH + GUTTER + position * (width + GUTTER)
        if outcome != said:
            page.text(left, top, [SHOWN[outcome][1].format(days=f"{days:g}")], fontweight="bold")
            said = outcome
        _write_titles(page, arms, arm, left, top + style.LINE_HEIGHT, width)
        own = data[data["outcome"] == outcome]
        axes = add_panel(page, own, SHOWN[outcome][0], left, start, width, height_of(shown, row))
        draw_rows(axes, own[own["arm"] == arm], places_of(shown, row)[1], arms, arm, width - VALUE_WIDTH)


def _draw_clusters(frame: Frame, data: pd.DataFrame, shown: pd.DataFrame, arms: Mapping[str, str], days: float) -> Page:
    """Draw a panel for each outcome, in which the arms of a group are rows one below the other."""
    room = frame.width - 2 * EDGE
    width = (room - CLUSTER_NAME - len(SHOWN) * CLUSTER_BETWEEN) / len(SHOWN)
    titles = {name: wrapped(words.format(days=f"{days:g}"), width, bold=True) for name, (_, words) in SHOWN.items()}
    others = list(arms)[1:]
    key = key_height(arms, room) + 1.0
    above = max(map(len, titles.values())) * style.LINE_HEIGHT
    # The rows of many arms leave room beside them for the name of the grouping, above name and size of its first group:
    # then it takes no row of its own.
    is_head_beside = LEAST_LINE * len(others) > 3 * style.LINE_HEIGHT
    head = CLUSTER_HEAD if is_head_beside else HEAD_ROW
    fixed = key + above + height_of(shown, CLUSTER_GAP, head) + CLUSTER_AXIS
    wanted = max(ROW, 2 * style.LINE_HEIGHT / len(others))
    line = _fitting(wanted, LEAST_LINE, len(shown) * len(others), frame, fixed)
    row = max(line * len(others), 2 * style.LINE_HEIGHT) + CLUSTER_GAP
    height = height_of(shown, row, head)
    heads, places = places_of(shown, row, head)
    if is_head_beside:
        first = shown.drop_duplicates("grouping")
        heads = {
            group.grouping: places[group.grouping, group.group] - 1.6 * style.LINE_HEIGHT for group in rows_of(first)
        }
    page = frame.page(key + above + height + CLUSTER_AXIS)
    write_key(page, arms, EDGE, frame.top, room)
    top = frame.top + key
    _write_clusters(page, shown, heads, places, top + above)
    for position, outcome in enumerate(SHOWN):
        left = EDGE + CLUSTER_NAME + CLUSTER_BETWEEN + position * (width + CLUSTER_BETWEEN)
        page.text(left, top, titles[outcome], fontweight="bold")
        own = data[data["outcome"] == outcome]
        axes = add_panel(page, own, SHOWN[outcome][0], left, top + above, width, height)
        for number, arm in enumerate(others):
            offset = (number - (len(others) - 1) / 2) * line
            own_places = {group: place + offset for group, place in places.items()}
            draw_rows(axes, own[own["arm"] == arm], own_places, arms, arm, width - VALUE_WIDTH)
    return page


def _write_titles(page: Page, arms: Mapping[str, str], arm: str, left: float, top: float, width: float) -> None:
    """Write the titles of the baseline and of an arm, each behind its marker."""
    looks = style.looks_of_arms(arms)
    for name, title in _titles_above(arms, arm, width).items():
        draw_marker(page, looks[name], left + MIDDLE, top + style.LINE_HEIGHT / 2)
        page.text(left + MARKER_WIDTH, top, title)
        top += len(title) * style.LINE_HEIGHT


def _write_names(page: Page, shown: pd.DataFrame, top: float, height: float) -> None:
    """Write the names of groups before their rows, with their sizes behind them."""
    heads, places = places_of(shown, height)
    write_heads(page, heads, top)
    for row in rows_of(shown):
        place = top + places[row.grouping, row.group]
        page.text(EDGE + 2.0, place, shortened(plain(row.group), NAME_WIDTH - 2.0), va="center")
        right = EDGE + NAME_WIDTH + SIZE_WIDTH
        page.text(right, place, [size_text(row.episodes)], va="center", ha="right", color=style.GREY)


def _write_clusters(
    page: Page, shown: pd.DataFrame, heads: Mapping[str, float], places: Mapping[tuple[str, str], float], top: float
) -> None:
    """Write the names of groups before their rows, with their sizes below them; places are from ``top`` on, in mm."""
    write_heads(page, heads, top)
    for row in rows_of(shown):
        place = top + places[row.grouping, row.group]
        page.text(EDGE + 1.5, place, shortened(plain(row.group), CLUSTER_NAME - 1.5), va="bottom")
        page.text(EDGE + 1.5, place, [size_text(row.episodes)], va="top", color=style.GREY)


def _joins(data: pd.DataFrame) -> str:
    """Return a sentence that says which joins are dotted."""
    if data["low"].isna().all():
        return "All joins are dotted: one world gives no interval."
    return "Dotted: its 95 % interval includes zero (one difference at a time)."
