"""Figure: how far handoffs come, step by step, and what is lost before each step."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FixedLocator

from experiments.figures import style
from experiments.figures.layout import EDGE, Frame, Page, shortened, text_width, wrapped
from experiments.figures.spread import (
    handoffs_note,
    has_several,
    no_handoffs,
    runs_of_arms,
    short_titles,
    spread,
    spread_note,
)
from experiments.figures.tables import cohort_of, counted, plain, rows_of
from sim.schema.parameters import Time

NAME = "handoff_funnel"
TITLE = "How far handoffs come, and where they are lost"
STEPS = {
    "made": "Made",
    "received": "Reaches the receiver",
    "accepted": "Accepted",
    "attended": "First appointment attended",
}
"""The steps whose day is stored of every handoff, in order, and what they are called."""
SMALLEST = 0.05
"""Per 100 made: what is less would be written as 0.0."""
CASING = withStroke(linewidth=1.8, foreground="white")
"""Around a whisker, which would not be seen on a dark bar."""

ACROSS = 3
"""Arms side by side; more begin a new line."""
NAME_WIDTH, VALUE_WIDTH, GUTTER = 25.0, 9.0, 4.0
"""In mm: of the names of the steps, of the number behind a bar, between arms."""
BAR, ROW_GAP, AXIS, BLOCK_GAP = 4.0, 2.0, 9.0, 4.0
"""In mm: of a bar, between the rows of two steps, of the axis below, between lines of arms."""
NARROW_ACROSS = 2
"""Arms side by side in a figure of single column width."""
LOW_BAR, LOW_GAP, NARROW_GUTTER, NARROW_GAP = 3.0, 1.3, 4.0, 3.0
"""In such a figure, in mm: of a bar, between two steps, between arms, between lines of arms."""
LEVEL = 0.72
"""Of the foot of the name of a step, in lines from its top: what hangs below it does not touch the bar."""


def funnel_data(handoffs: pd.DataFrame, runs: pd.DataFrame, arms: Mapping[str, str]) -> pd.DataFrame:
    """Return how many handoffs come as far as each step, by arm, and what is lost before it.

    A handoff that came as far as a step has passed all before it. At each step ``rate`` of the step before is ``rate``
    plus ``lost`` plus ``under_way`` of this one.

    Args:
        handoffs: A row a handoff; only those of the cohort count.
        runs: A row a run.
        arms: Titles by name of the arm.

    Returns:
        Columns ``arm``, ``step`` (of :data:`STEPS`, in order), ``made`` (handoffs of the arm), ``reached``: how many
        came as far; ``rate``: of these per 100 made, all replicates pooled, with ``low`` and ``high``, the spread
        between the replicates in which a handoff was made (NaN for fewer than two); ``lost``: dropped between the step
        before and this one, per 100 made; ``reason``: the commonest of these, "" for none; ``of_reason``: dropped for
        it, per 100 made; ``under_way``: at the end of the run on the way from the step before, per 100 made. Rates are
        NaN for an arm without handoffs.
    """
    own = cohort_of(handoffs, ["arm", "replicate", "state", "reason", *STEPS])
    table = own[["arm", "replicate", "reason"]].assign(last=_last_step(own), is_dropped=own["state"] == "dropped")
    parts = [_of_arm(table[table["arm"] == arm], arm, numbers) for arm, numbers in runs_of_arms(runs, arms).items()]
    return pd.concat(parts, ignore_index=True)


def draw_funnel(
    data: pd.DataFrame,
    runs: Mapping[str, list[int]],
    arms: Mapping[str, str],
    time: Time,
    foot: str = "",
    width: float = style.DOUBLE_COLUMN,
) -> Figure:
    """Draw the figure.

    Args:
        data: From :func:`funnel_data`.
        runs: Replicates by arm.
        arms: Titles by name of the arm.
        time: The clock; its follow-up limits which handoffs count.
        foot: What else to say below: place, worlds, settings.
        width: Of the figure in mm: one of the two columns of style.
    """
    with style.house():
        made = {arm: int(data.loc[data["arm"] == arm, "made"].iloc[0]) for arm in arms}
        notes = [
            handoffs_note(made, runs, short_titles(arms) if style.is_narrow(width) else arms, time),
            "Full colour: come as far as the step; pale: dropped since the step before; hatched: under way when the "
            "run ends." + (" All runs of an arm together." if has_several(runs) else ""),
            spread_note("Whiskers", runs),
            foot,
        ]
        if not sum(made.values()):
            return no_handoffs(TITLE, [notes[0], foot], width)
        subtitle = "Per 100 handoffs made: how many come as far as each step, and why most of the others are dropped."
        frame = Frame(TITLE, subtitle, notes, width)
        draw = _draw_narrow if style.is_narrow(width) else _draw_wide
        return draw(frame, data, arms)


def _draw_wide(frame: Frame, data: pd.DataFrame, arms: Mapping[str, str]) -> Figure:
    """Draw the bars of a figure of double column width: steps are named beside those of the first arm of a line.

    Args:
        frame: Around the bars.
        data: From :func:`funnel_data`.
        arms: Titles by name of the arm.
    """
    across = min(len(arms), ACROSS)
    width = (frame.width - 2 * EDGE - NAME_WIDTH - across * GUTTER) / across
    words = {arm: [_words(row, width) for row in rows_of(data[data["arm"] == arm])] for arm in arms}
    below = [max(len(words[arm][step]) for arm in arms) * style.LINE_HEIGHT for step in range(len(STEPS))]
    titles = {arm: wrapped(title, width, bold=True) for arm, title in arms.items()}
    head = max(map(len, titles.values())) * style.LINE_HEIGHT + 2.0
    tops = np.concatenate([[0.0], np.cumsum([BAR + room + ROW_GAP for room in below])])
    block = head + float(tops[-1]) + AXIS + BLOCK_GAP
    page = frame.page(block * math.ceil(len(arms) / across) - BLOCK_GAP)
    for number, (arm, look) in enumerate(style.looks_of_arms(arms).items()):
        line, column = divmod(number, across)
        top = frame.top + line * block
        left = EDGE + NAME_WIDTH + GUTTER + column * (width + GUTTER)
        page.text(left, top + head - 1.5, titles[arm], fontweight="bold", va="bottom")
        if column == 0:
            for step, start in zip(STEPS.values(), tops, strict=False):
                page.text(EDGE, top + head + start + BAR / 2, wrapped(step, NAME_WIDTH), va="center")
        bars = width - VALUE_WIDTH
        axes = page.canvas_axes(left, top + head, bars, float(tops[-1]))
        _draw_arm(axes, data[data["arm"] == arm], words[arm], tops, look, bars, BAR)
        _add_axis(axes, [0, 25, 50, 75, 100])
    return page.figure


def _draw_narrow(frame: Frame, data: pd.DataFrame, arms: Mapping[str, str]) -> Figure:
    """Draw the bars of a figure of single column width: each below the name of its step, the axis below the last ones.

    Args:
        frame: Around the bars.
        data: From :func:`funnel_data`.
        arms: Titles by name of the arm.
    """
    across = min(len(arms), NARROW_ACROSS)
    width = (frame.width - 2 * EDGE - (across - 1) * NARROW_GUTTER) / across
    looks = style.looks_of_arms(arms)
    names = list(arms)
    lines = [names[start : start + across] for start in range(0, len(names), across)]
    titles = {arm: wrapped(title, width, bold=True) for arm, title in arms.items()}
    words = {arm: [_words(row, width) for row in rows_of(data[data["arm"] == arm])] for arm in arms}
    heads = [max(len(titles[arm]) for arm in line) * style.LINE_HEIGHT + 0.8 for line in lines]
    tops = [_tops([words[arm] for arm in line]) for line in lines]
    starts = np.concatenate(
        [[0.0], np.cumsum([head + below[-1] + NARROW_GAP for head, below in zip(heads, tops, strict=True)])]
    )
    page = frame.page(float(starts[-1]) - NARROW_GAP + AXIS)
    for number, line in enumerate(lines):
        top, rows = frame.top + float(starts[number]) + heads[number], tops[number]
        for column, arm in enumerate(line):
            left = EDGE + column * (width + NARROW_GUTTER)
            page.text(left, top - 0.8, titles[arm], fontweight="bold", va="bottom")
            own, bars = data[data["arm"] == arm], width - VALUE_WIDTH
            _name_steps(page, left, top, rows, words[arm][0])
            axes = page.canvas_axes(left, top, bars, float(rows[-1]))
            _draw_arm(axes, own, [[], *words[arm][1:]], rows[:-1] + style.LINE_HEIGHT, looks[arm], bars, LOW_BAR)
            if number * across + column + across >= len(arms):  # no other arm of the column follows
                _add_axis(axes, [0, 50, 100])
            else:
                axes.xaxis.set_visible(False)
    return page.figure


def _tops(words: list[list[list[str]]]) -> np.ndarray:
    """Return where steps begin below each other, and where the last ends, in a figure of single column width; in mm.

    Args:
        words: What is written below the bar of each step, by arm of the same line.
    """
    below = [max(map(len, of_step)) for of_step in zip(*words, strict=True)]
    below[0] = 0  # how many were made stands beside the name of the first step
    heights = [style.LINE_HEIGHT * (1 + number) + LOW_BAR + LOW_GAP for number in below]
    return np.concatenate([[0.0], np.cumsum(heights)])


def _name_steps(page: Page, left: float, top: float, rows: np.ndarray, made: list[str]) -> None:
    """Write the name of each step above its bar, and beside the first how many were made; places are in mm."""
    for name, start in zip(STEPS.values(), rows, strict=False):
        page.text(left, top + float(start) + LEVEL * style.LINE_HEIGHT, [name], va="baseline")
    after = text_width(STEPS["made"]) + 1.5
    page.text(left + after, top + LEVEL * style.LINE_HEIGHT, made, va="baseline", color=style.GREY)


def _last_step(handoffs: pd.DataFrame) -> np.ndarray:
    """Return the number of the last step that each handoff came to."""
    last = np.zeros(len(handoffs), np.int64)
    for number, step in enumerate(STEPS):
        last[handoffs[step].notna().to_numpy()] = number
    return last


def _of_arm(table: pd.DataFrame, arm: str, replicates: list[int]) -> pd.DataFrame:
    """Return the rows of one arm, a row a step."""
    reached = pd.DataFrame({step: table["last"] >= number for number, step in enumerate(STEPS)})
    by_run = reached.groupby(table["replicate"]).sum().reindex(replicates, fill_value=0).to_numpy(float)
    by_run = by_run[by_run[:, 0] > 0]
    low, high = spread(100.0 * by_run / by_run[:, :1])
    made = len(table)
    per_100 = 100.0 / made if made else math.nan
    rows = []
    for number, step in enumerate(STEPS):
        before = table[table["last"] == number - 1]
        reasons = before.loc[before["is_dropped"], "reason"].astype(str).value_counts()
        count = int((table["last"] >= number).sum())
        rows.append(
            {
                "arm": arm,
                "step": step,
                "made": made,
                "reached": count,
                "rate": per_100 * count,
                "low": low[number],
                "high": high[number],
                "lost": per_100 * int(reasons.sum()),
                "reason": str(reasons.index[0]) if len(reasons) else "",
                "of_reason": per_100 * (int(reasons.iloc[0]) if len(reasons) else 0),
                "under_way": per_100 * int((~before["is_dropped"]).sum()),
            }
        )
    return pd.DataFrame(rows)


def _words(row: pd.Series, width: float) -> list[str]:
    """Return what is written below the bar of a step, in lines of at most ``width`` mm."""
    if row.step == "made":
        return [counted(row.made, "handoff")]
    lines = []
    if row.lost >= SMALLEST:
        reason = plain(row.reason).lower() or "reason not recorded"
        # A part that rounds to the whole is the whole: "30.1 not carried" and not "30.1, of which 30.1".
        is_all = f"{row.lost:.1f}" == f"{row.of_reason:.1f}"
        most = reason if is_all else f"most often {reason} ({row.of_reason:.1f})"
        lines += shortened(f"{row.lost:.1f} dropped: {most}", width, 2)
    if row.under_way >= SMALLEST:
        lines.append(f"{row.under_way:.1f} under way")
    return lines


def _add_axis(axes: Axes, ticks: list[int]) -> None:
    axes.set_xlabel("Per 100 made")
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.spines["bottom"].set_visible(True)


def _draw_arm(
    axes: Axes, data: pd.DataFrame, words: list[list[str]], tops: np.ndarray, look: style.Look, width: float, bar: float
) -> None:
    """Draw the bars of one arm.

    Args:
        axes: In which y is in mm from their top.
        data: Of the arm, from :func:`funnel_data`.
        words: Lines below the bar of each step.
        tops: Upper edges of the bars, in mm.
        look: Of the arm.
        width: Of the axes, in mm.
        bar: Height of a bar, in mm.
    """
    axes.set_xlim(0.0, 100.0)
    arm, beside = str(data["arm"].iloc[0]), axes.get_yaxis_transform()
    if not data["made"].iloc[0]:
        axes.text(1.0, tops[0] + bar / 2, "no handoffs made", va="center", color=style.GREY)
        return
    pale = tuple(1.0 - 0.3 * (1.0 - part) for part in to_rgb(look.colour))
    for row, lines, top in zip(rows_of(data), words, tops, strict=False):
        centre = top + bar / 2
        axes.barh(centre, row.rate, bar, color=look.colour, gid=f"bar-{row.step}-{arm}")
        axes.barh(centre, row.lost, bar, left=row.rate, color=pale, gid=f"lost-{row.step}-{arm}")
        if row.under_way >= SMALLEST:
            axes.barh(
                centre, row.under_way, bar, left=row.rate + row.lost, facecolor="white", edgecolor=style.GREY,
                hatch="////////", linewidth=0.4, gid=f"under-way-{row.step}-{arm}",
            )  # fmt: skip
        if row.high > row.low:  # not NaN either
            axes.plot(
                [row.low, row.high], [centre, centre], color=style.INK, linewidth=0.8, marker="|", markersize=4,
                markeredgewidth=0.8, path_effects=[CASING], gid=f"whisker-{row.step}-{arm}",
            )  # fmt: skip
        # All in one column, to be read off like a table.
        axes.text(1.0 + VALUE_WIDTH / width, centre, f"{row.rate:.1f}", ha="right", va="center", transform=beside)
        axes.text(0.0, top + bar + 0.3, "\n".join(lines), va="top", linespacing=1.2, color=style.GREY)
