"""Figure: dropped handoffs by reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from experiments.figures import style
from experiments.figures.layout import EDGE, Frame, shortened, text_width, wrapped
from experiments.figures.spread import handoffs_note, has_several, runs_of_arms, spread, spread_note
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
NAME_WIDTH, LABEL_GAP, TALLEST = 42.0, 1.2, 170.0
"""In mm: of the title of an arm at most, from a bar to its label, of one column of reasons before there are two."""


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
    counted = cohort_of(handoffs)
    table = pd.DataFrame(
        {
            "arm": counted["arm"].astype(str),
            "replicate": counted["replicate"],
            "reason": counted["reason"].astype(str).where(counted["state"].astype(str) == "dropped", None),
        }
    )
    found = set(table["reason"].dropna())
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
    data: pd.DataFrame, runs: Mapping[str, list[int]], arms: Mapping[str, str], time: Time, foot: str = ""
) -> Figure:
    """Draw the figure.

    Args:
        data: From :func:`reasons_data`.
        runs: Replicates by arm.
        arms: Titles by name of the arm.
        time: The clock; its follow-up limits which handoffs count.
        foot: What else to say below: place, worlds, settings.
    """
    with style.house():
        totals = data[data["reason"] == TOTAL].set_index("arm")
        made = dict(zip(totals.index.astype(str), totals["made"].to_numpy(int), strict=True))
        unseen = [plain(reason).lower() for reason in style.REASONS if reason not in set(data["reason"])]
        notes = [
            handoffs_note(made, runs, arms, time),
            f"No arm dropped a handoff for these reasons: {', '.join(unseen)}." if unseen else "",
            POOLED if has_several(runs) else "",
            spread_note("Whiskers", runs),
            foot,
        ]
        if not sum(made.values()):
            empty = Frame(TITLE, "", [notes[0], foot], style.DOUBLE_COLUMN)
            return empty.empty("No handoffs: nobody was handed from one provider to another.").figure
        subtitle = "Dropped handoffs per 100 made; the reasons add up to the total."
        frame = Frame(TITLE, subtitle, notes, style.DOUBLE_COLUMN)
        reasons = list(data["reason"].unique())
        names = _names(arms)
        row = max(ROW, max(map(len, names.values())) * style.LINE_HEIGHT + 0.3)
        group = HEADER + row * len(arms) + GAP
        across = 1 if len(reasons) * group <= TALLEST else 2
        down = -(-len(reasons) // across)
        page = frame.page(down * group + 10.0)
        before = _before(names)
        width = (style.DOUBLE_COLUMN - 2 * EDGE - (across - 1) * 2 * EDGE) / across - before
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
                shown_rows = data[data["reason"] == reason]
                _draw_reason(axes, shown_rows, names, position * group, row, width / widest, across == 1)
        return page.figure


def _names(arms: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the title of each arm in at most two lines, or in as many as it takes to tell all of them apart."""
    short = {arm: shortened(title, NAME_WIDTH, 2) for arm, title in arms.items()}
    shown = list(short.values())
    return {arm: lines if shown.count(lines) == 1 else wrapped(arms[arm], NAME_WIDTH) for arm, lines in short.items()}


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


def _draw_reason(
    axes: Axes,
    data: pd.DataFrame,
    names: Mapping[str, list[str]],
    top: float,
    height: float,
    scale: float,
    with_counts: bool,
) -> None:
    """Draw the words and the rows of a reason below ``top``; ``height`` is of a row, ``scale`` mm per unit."""
    reason = str(data["reason"].iloc[0])
    words = "All reasons" if reason == TOTAL else plain(reason) or "Reason not recorded"
    left = -_before(names)
    axes.text(left / scale, top + HEADER / 2, words, va="center", fontweight="bold")
    meaning_left = left + text_width(words, bold=True) + 2.0
    axes.text(meaning_left / scale, top + HEADER / 2, style.REASONS.get(reason, ""), va="center", color=style.GREY)
    looks = style.looks_of_arms(names)
    axes.plot(
        [0, 0], [top + HEADER, top + HEADER + height * len(names)], color=style.GREY, linewidth=0.6, clip_on=False
    )
    for position, (_, row) in enumerate(data.iterrows()):
        centre = top + HEADER + height * (position + 0.5)
        arm = str(row["arm"])
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
