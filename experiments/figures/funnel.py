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
from experiments.figures.layout import EDGE, Frame, shortened, wrapped
from experiments.figures.spread import handoffs_note, has_several, runs_of_arms, spread, spread_note
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
    own = cohort_of(handoffs)
    table = pd.DataFrame(
        {
            "arm": own["arm"].astype(str),
            "replicate": own["replicate"],
            "last": _last_step(own),
            "is_dropped": own["state"].astype(str) == "dropped",
            "reason": own["reason"].astype(str),
        }
    )
    parts = [_of_arm(table[table["arm"] == arm], arm, numbers) for arm, numbers in runs_of_arms(runs, arms).items()]
    return pd.concat(parts, ignore_index=True)


def draw_funnel(
    data: pd.DataFrame, runs: Mapping[str, list[int]], arms: Mapping[str, str], time: Time, foot: str = ""
) -> Figure:
    """Draw the figure.

    Args:
        data: From :func:`funnel_data`.
        runs: Replicates by arm.
        arms: Titles by name of the arm.
        time: The clock; its follow-up limits which handoffs count.
        foot: What else to say below: place, worlds, settings.
    """
    with style.house():
        made = {arm: int(data.loc[data["arm"] == arm, "made"].iloc[0]) for arm in arms}
        notes = [
            handoffs_note(made, runs, arms, time),
            "Full colour: come as far as the step; pale: dropped since the step before; hatched: under way when the "
            "run ends." + (" All runs of an arm together." if has_several(runs) else ""),
            spread_note("Whiskers", runs),
            foot,
        ]
        if not sum(made.values()):
            empty = Frame(TITLE, "", [notes[0], foot], style.DOUBLE_COLUMN)
            return empty.empty("No handoffs: nobody was handed from one provider to another.").figure
        subtitle = "Per 100 handoffs made: how many come as far as each step, and why most of the others are dropped."
        frame = Frame(TITLE, subtitle, notes, style.DOUBLE_COLUMN)
        across = min(len(arms), ACROSS)
        width = (style.DOUBLE_COLUMN - 2 * EDGE - NAME_WIDTH - across * GUTTER) / across
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
            _draw_arm(axes, data[data["arm"] == arm], words[arm], tops, look, bars)
        return page.figure


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
        reasons = before.loc[before["is_dropped"], "reason"].value_counts()
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


def _draw_arm(
    axes: Axes, data: pd.DataFrame, words: list[list[str]], tops: np.ndarray, look: style.Look, width: float
) -> None:
    """Draw the bars of one arm; ``tops`` are the upper edges of the rows and ``width`` is of the axes, in mm."""
    axes.set_xlim(0.0, 100.0)
    axes.set_xlabel("Per 100 made")
    axes.xaxis.set_major_locator(FixedLocator([0, 25, 50, 75, 100]))
    axes.spines["bottom"].set_visible(True)
    arm, beside = str(data["arm"].iloc[0]), axes.get_yaxis_transform()
    if not data["made"].iloc[0]:
        axes.text(1.0, BAR / 2, "no handoffs made", va="center", color=style.GREY)
        return
    pale = tuple(1.0 - 0.3 * (1.0 - part) for part in to_rgb(look.colour))
    for row, lines, top in zip(rows_of(data), words, tops, strict=False):
        centre = top + BAR / 2
        axes.barh(centre, row.rate, BAR, color=look.colour, gid=f"bar-{row.step}-{arm}")
        axes.barh(centre, row.lost, BAR, left=row.rate, color=pale, gid=f"lost-{row.step}-{arm}")
        if row.under_way >= SMALLEST:
            axes.barh(
                centre, row.under_way, BAR, left=row.rate + row.lost, facecolor="white", edgecolor=style.GREY,
                hatch="////////", linewidth=0.4, gid=f"under-way-{row.step}-{arm}",
            )  # fmt: skip
        if row.high > row.low:  # not NaN either
            axes.plot(
                [row.low, row.high], [centre, centre], color=style.INK, linewidth=0.8, marker="|", markersize=4,
                markeredgewidth=0.8, path_effects=[CASING], gid=f"whisker-{row.step}-{arm}",
            )  # fmt: skip
        # All in one column, to be read off like a table.
        axes.text(1.0 + VALUE_WIDTH / width, centre, f"{row.rate:.1f}", ha="right", va="center", transform=beside)
        axes.text(0.0, top + BAR + 0.3, "\n".join(lines), va="top", linespacing=1.2, color=style.GREY)
