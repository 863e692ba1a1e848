"""Figure: dropped handoffs by reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from experiments.figures import style
from experiments.figures.arm_key import KEY_GAP, key_height, row_names, write_key
from experiments.figures.layout import EDGE, Frame, Page, kept_apart, text_width, wrapped
from experiments.figures.spread import handoffs_note, has_several, no_handoffs, runs_of_arms, spread, spread_note
from experiments.figures.tables import cohort_of, plain
from sim.schema.parameters import Time

NAME = "drops_by_reason"
TITLE = "Handoffs that never reach an appointment, by reason"
TOTAL = "all"
POOLED = (
    "Bars: all runs of an arm together; the table on the terminal shows means over runs and may differ in the first "
    "decimal."
)

ROW, HEADER, GAP, BAR = 3.3, 4.0, 1.8, 2.2
"""In mm: of a row, of the words above the rows of a reason, between reasons, of a bar."""
NAME_WIDTH, LABEL_GAP, LONGEST = 42.0, 1.2, 170.0
"""In mm: of the title of an arm at most, from a bar to its label, of one column of reasons before there are two."""
NARROW_ROW, NARROW_GAP, NARROW_NAME = 3.1, 1.4, 28.0
"""In a figure of single column width, in mm: of a row, between reasons, of the title of an arm at most before the rows;
longer ones are written once, in a key."""
NARROW_AXIS, BETWEEN, AFTER = 9.5, 4.0, 1.0
"""Likewise: of the axis below, between two columns of reasons, after the last for the number at the end of its axis."""


def reasons_data(handoffs: pd.DataFrame, runs: pd.DataFrame, arms: Mapping[str, str]) -> pd.DataFrame:
    """Return dropped handoffs per 100 made by arm and reason.

    Args:
        handoffs: A row a handoff; only those of the cohort count.
        runs: A row a run.
        arms: Titles by name of the arm.

    Returns:
        Columns ``reason`` (``all``, then every reason that was found, in the order of the steps of a handoff),
        ``arm``, ``made``, ``dropped``, ``rate`` (per 100 made, all replicates pooled), ``low`` and ``high`` (the
        spread between the replicates in which a handoff was made; NaN for fewer than two). The rate is NaN for an arm
        without handoffs.
    """
    counted = cohort_of(handoffs, ["arm", "replicate", "reason", "state"])
    table = counted.assign(reason=counted["reason"].where(counted["state"] == "dropped"))
    found = set(table["reason"].dropna().unique())
    reasons = [reason for reason in style.REASONS if reason in found] + sorted(found - set(style.REASONS))
    parts = []
    for arm, replicates in runs_of_arms(runs, arms).items():
        inside = table[table["arm"] == arm]
        made = inside["replicate"].value_counts().reindex(replicates, fill_value=0)
        drops = pd.crosstab(inside["replicate"], inside["reason"])
        drops = drops.reindex(index=replicates, columns=reasons, fill_value=0)
        drops.insert(0, TOTAL, drops.sum(axis=1))
        with_handoffs = made.to_numpy() > 0
        by_run = 100.0 * drops.to_numpy(float)[with_handoffs] / made.to_numpy(float)[with_handoffs, None]
        low, high = spread(by_run)
        dropped, total = drops.sum().to_numpy(int), int(made.sum())
        parts.append(
            pd.DataFrame(
                {
                    "reason": drops.columns,
                    "arm": arm,
                    "made": total,
                    "dropped": dropped,
                    "rate": 100.0 * dropped / total if total else np.nan,
                    "low": low,
                    "high": high,
                }
            )
        )
    data = pd.concat(parts, ignore_index=True)
    order = {reason: position for position, reason in enumerate([TOTAL, *reasons])}
    return data.sort_values("reason", key=lambda column: column.map(order), kind="stable", ignore_index=True)


def draw_reasons(
    data: pd.DataFrame,
    runs: Mapping[str, list[int]],
    arms: Mapping[str, str],
    time: Time,
    foot: str = "",
    width: float = style.DOUBLE_COLUMN,
) -> Figure:
    """Draw the figure.

    Args:
        data: From :func:`reasons_data`.
        runs: Replicates by arm.
        arms: Titles by name of the arm.
        time: The clock; its follow-up limits which handoffs count.
        foot: What else to say below: place, worlds, settings.
        width: Of the figure in mm: one of the two columns of style.
    """
    with style.house():
        totals = data[data["reason"] == TOTAL].set_index("arm")
        made, dropped = (
            dict(zip(totals.index.astype(str), totals[name].to_numpy(int), strict=True)) for name in ("made", "dropped")
        )
        if not sum(made.values()):
            return no_handoffs(TITLE, [handoffs_note(made, runs, arms, time), foot], width)
        is_narrow = style.is_narrow(width)
        names = row_names(arms, NARROW_NAME) if is_narrow else dict(arms)
        unseen = [plain(reason).lower() for reason in style.REASONS if reason not in set(data["reason"])]
        notes = [
            handoffs_note(made, runs, names, time),
            "Dropped: " + "; ".join(f"{names[arm]} {number:,}" for arm, number in dropped.items()) + "."
            if is_narrow
            else "",
            f"No arm dropped a handoff for these reasons: {', '.join(unseen)}." if unseen else "",
            POOLED if has_several(runs) else "",
            spread_note("Whiskers", runs),
            foot,
        ]
        subtitle = "Dropped handoffs per 100 made; the reasons add up to the total."
        if is_narrow:
            return _draw_narrow(subtitle, notes, width, data, arms, names)
        return _draw_wide(Frame(TITLE, subtitle, notes, width), data, arms)


def _draw_wide(frame: Frame, data: pd.DataFrame, arms: Mapping[str, str]) -> Figure:
    """Draw the bars of a figure of double column width: what a reason means stands beside its name.

    Args:
        frame: Around the bars.
        data: From :func:`reasons_data`.
        arms: Titles by name of the arm.
    """
    reasons = list(data["reason"].unique())
    names = _names(arms)
    row = max(ROW, max(map(len, names.values())) * style.LINE_HEIGHT + 0.3)
    group = HEADER + row * len(arms) + GAP
    across = 1 if len(reasons) * group <= LONGEST else 2
    down = -(-len(reasons) // across)
    page = frame.page(down * group + 10.0)
    before = _before(names)
    width = (frame.width - 2 * EDGE - (across - 1) * 2 * EDGE) / across - before
    widest = _units_for_labels(data, width, with_counts=across == 1)
    for column in range(across):
        left = EDGE + column * (before + width + 2 * EDGE) + before
        shown = reasons[column * down : (column + 1) * down]
        axes = page.canvas_axes(left, frame.top, width, len(shown) * group)
        axes.set_xlim(0.0, widest)
        axes.set_xlabel("Dropped handoffs per 100 made")
        axes.xaxis.set_major_locator(MaxNLocator(8 if across == 1 else 5, steps=[1, 2, 5, 10]))
        axes.spines["bottom"].set_visible(True)
        for position, reason in enumerate(shown):
            shown_rows, top = data[data["reason"] == reason], position * group
            _write_reason(axes, reason, -before, top, width / widest)
            _draw_rows(axes, shown_rows, names, top + HEADER, row, width / widest, across == 1)
    return page.figure


def _draw_narrow(
    subtitle: str,
    notes: list[str],
    page_width: float,
    data: pd.DataFrame,
    arms: Mapping[str, str],
    short: Mapping[str, str],
) -> Figure:
    """Draw the bars of a figure of single column width.

    Many arms need two columns of reasons. Then the names of the arms stand before the first only, and what a reason
    means stands below its name. Titles that are too long for that are written once, above all bars.

    Args:
        subtitle: Of the figure.
        notes: Likewise.
        page_width: Likewise, in mm.
        data: From :func:`reasons_data`.
        arms: Titles by name of the arm.
        short: What stands before the row of each arm.
    """
    reasons = list(data["reason"].unique())
    names = {arm: [name] for arm, name in short.items()}
    rows, before, room = NARROW_ROW * len(arms), _before(names), page_width - 2 * EDGE
    across = 1 if len(reasons) * (style.LINE_HEIGHT + rows + NARROW_GAP) <= LONGEST else 2
    if across == 2:
        subtitle += " The rows are the same arms in both columns."
    down = -(-len(reasons) // across)
    width = (room - before - AFTER - (across - 1) * BETWEEN) / across
    words = [_words(reason, width if position >= down else before + width) for position, reason in enumerate(reasons)]
    # Reasons beside each other begin at the same height.
    headers = [max(map(len, words[line::down])) * style.LINE_HEIGHT + 0.3 for line in range(down)]
    tops = np.concatenate([[0.0], np.cumsum([header + rows + NARROW_GAP for header in headers])])
    key = {} if short == arms else arms
    frame = Frame(TITLE, subtitle, notes, page_width)
    below_key = key_height(key, room, short) + KEY_GAP if key else 0.0
    page = frame.page(below_key + float(tops[-1]) + NARROW_AXIS)
    if key:
        looks = {arm: replace(look, marker="s") for arm, look in style.looks_of_arms(arms).items()}
        write_key(page, key, EDGE, frame.top, room, short, looks)
    start = frame.top + below_key
    widest = _units_for_labels(data, width, with_counts=False)
    for column in range(across):
        left = EDGE + before + column * (width + BETWEEN)
        shown = range(column * down, min((column + 1) * down, len(reasons)))
        axes = page.canvas_axes(left, start, width, float(tops[len(shown)]))
        axes.set_xlim(0.0, widest)
        axes.set_xlabel("Dropped handoffs per 100 made" if across == 1 else "Per 100 made")
        axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        axes.spines["bottom"].set_visible(True)
        for position, top, header in zip(shown, tops, headers, strict=False):
            bottom = start + float(top) + header
            _write_words(page, EDGE if column == 0 else left, bottom, words[position])
            own = data[data["reason"] == reasons[position]]
            beside = names if column == 0 else {}
            _draw_rows(axes, own, beside, float(top) + header, NARROW_ROW, width / widest, False)
    return page.figure


def _names(arms: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the title of each arm in at most two lines, or in as many as it takes to tell all of them apart."""
    short = kept_apart(arms, NAME_WIDTH, 2)
    return {arm: short[arm] if arm in short else wrapped(title, NAME_WIDTH) for arm, title in arms.items()}


def _before(names: Mapping[str, list[str]]) -> float:
    """Return the room in mm that the names of the arms take before the bars."""
    return max(text_width(line) for lines in names.values() for line in lines) + 2.0


def _label(row: pd.Series, with_counts: bool) -> str:
    counts = f"  ({row['dropped']:,} of {row['made']:,})" if with_counts and row["reason"] == TOTAL else ""
    return f"{row['rate']:.1f}{counts}"


def _units_for_labels(data: pd.DataFrame, width: float, with_counts: bool) -> float:
    """Return where the axis has to end so that every bar and whisker with its label fits into ``width`` mm."""
    shown = data[data["made"] > 0]
    ends = shown[["rate", "high"]].max(axis=1).to_numpy(float)
    labels = np.array([text_width(_label(row, with_counts)) for _, row in shown.iterrows()]) + LABEL_GAP + 0.5
    return max(1.0, float(np.max(ends * width / (width - labels))))


def _name(reason: str) -> str:
    """Return what a reason is called."""
    return "All reasons" if reason == TOTAL else plain(reason) or "Reason not recorded"


def _write_reason(axes: Axes, reason: str, left: float, top: float, scale: float) -> None:
    """Write the name of a reason and what it means below ``top``; ``left`` is in mm, ``scale`` mm per unit."""
    words = _name(reason)
    axes.text(left / scale, top + HEADER / 2, words, va="center", fontweight="bold")
    meaning_left = left + text_width(words, bold=True) + 2.0
    axes.text(meaning_left / scale, top + HEADER / 2, style.REASONS.get(reason, ""), va="center", color=style.GREY)


def _words(reason: str, room: float) -> list[tuple[str, str]]:
    """Return the lines above the rows of a reason, each its name and what it means: in one of ``room`` mm, or more."""
    name, meaning = _name(reason), style.REASONS.get(reason, "")
    if text_width(name, bold=True) + 2.0 + text_width(meaning) <= room:
        return [(name, meaning)]
    below = wrapped(meaning, room) if meaning else []
    return [*((line, "") for line in wrapped(name, room, bold=True)), *(("", line) for line in below)]


def _write_words(page: Page, left: float, bottom: float, lines: list[tuple[str, str]]) -> None:
    """Write the lines of :func:`_words`, the last just above ``bottom``; both places are in mm on the page."""
    for number, (name, meaning) in enumerate(lines):
        level = bottom - 0.3 - (len(lines) - number - 0.8) * style.LINE_HEIGHT
        page.text(left, level, [name], va="baseline", fontweight="bold")
        after = text_width(name, bold=True) + 2.0 if name else 0.0
        page.text(left + after, level, [meaning], va="baseline", color=style.GREY)


def _draw_rows(
    axes: Axes,
    data: pd.DataFrame,
    names: Mapping[str, list[str]],
    top: float,
    height: float,
    scale: float,
    with_counts: bool,
) -> None:
    """Draw the rows of a reason.

    Args:
        axes: In which y is in mm.
        data: The rows of the reason.
        names: What stands before the row of each arm; none for rows that go on from others to their left.
        top: Of the first row, in mm.
        height: Of a row, in mm.
        scale: In mm per unit of x.
        with_counts: Whether to write how many handoffs all reasons are.
    """
    reason, arms = str(data["reason"].iloc[0]), data["arm"].astype(str)
    looks = style.looks_of_arms(arms)
    axes.plot([0, 0], [top, top + height * len(arms)], color=style.GREY, linewidth=0.6, clip_on=False)
    for position, (_, row) in enumerate(data.iterrows()):
        centre = top + height * (position + 0.5)
        arm = str(row["arm"])
        if names:
            axes.text(-1.5 / scale, centre, "\n".join(names[arm]), ha="right", va="center", linespacing=1.2)
        if not row["made"]:
            axes.text(LABEL_GAP / scale, centre, "no handoffs made", va="center", color=style.GREY)
            continue
        rate, low, high = (float(row[name]) for name in ("rate", "low", "high"))
        axes.barh(centre, rate, BAR, color=looks[arm].colour, gid=f"bar-{reason}-{arm}")
        if high > 0:  # not NaN either
            whisker: dict[str, Any] = {"color": style.INK, "linewidth": 0.8, "clip_on": False}
            axes.plot([low, high], [centre, centre], marker="|", markersize=4, markeredgewidth=0.8, **whisker)
        end = np.nanmax([rate, high])
        axes.text(end + LABEL_GAP / scale, centre, _label(row, with_counts), va="center")
