"""Figure: dropped handoffs by reason."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from experiments.figures import style
from experiments.figures.layout import EDGE, Frame, text_width, wrapped
from experiments.figures.saving import save
from experiments.figures.spread import runs_of_arms, sizes_note, spread, spread_note

NAME = "drops_by_reason"
TITLE = "Handoffs that never reach an appointment, by reason"
TOTAL = "all"

ROW, HEADER, GAP, BAR = 3.3, 4.0, 1.8, 2.2
"""In mm: of a row, of the words above the rows of a reason, between reasons, of a bar."""
NAME_WIDTH = 42.0
"""Of the longest title of an arm, in mm."""


def reasons_data(handoffs: pd.DataFrame, runs: pd.DataFrame, arms: Mapping[str, str]) -> pd.DataFrame:
    """Return dropped handoffs per 100 made by arm and reason.

    Args:
        handoffs: A row a handoff; only those of the cohort count.
        runs: A row a run.
        arms: Titles by name of the arm.

    Returns:
        Columns ``reason`` (``all``, then every reason that was found, in the order of the steps of a handoff), ``arm``,
        ``made``, ``dropped``, ``rate`` (per 100 made, all replicates pooled), ``low`` and ``high`` (5th and 95th percentile
        between the replicates in which a handoff was made; NaN for fewer than two). The rate is NaN for an arm
        without handoffs.
    """
    counted = style.cohort_of(handoffs)
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


def write_reasons(
    folder: Path, handoffs: pd.DataFrame, runs: pd.DataFrame, arms: Mapping[str, str], provenance: Mapping[str, str]
) -> list[Path]:
    """Draw and write the figure; see :func:`reasons_data` for the arguments."""
    figure = draw_reasons(reasons_data(handoffs, runs, arms), runs_of_arms(runs, arms), arms)
    return save(figure, folder, NAME, TITLE, provenance)


def draw_reasons(data: pd.DataFrame, runs: Mapping[str, list[int]], arms: Mapping[str, str]) -> Figure:
    """Draw the figure.

    Args:
        data: From :func:`reasons_data`.
        runs: Replicates by arm.
        arms: Titles by name of the arm.
    """
    with style.house():
        totals = data[data["reason"] == TOTAL].set_index("arm")
        unseen = [style.plain(reason).lower() for reason in style.REASONS if reason not in set(data["reason"])]
        notes = [
            sizes_note("Handoffs made for the needs counted", totals["made"].to_dict(), runs, arms),
            f"No arm dropped a handoff for these reasons: {', '.join(unseen)}." if unseen else "",
            spread_note("Bars: all runs of an arm together. Whiskers", runs),
        ]
        subtitle = "Dropped handoffs per 100 made; the reasons add up to the total."
        frame = Frame(TITLE, subtitle, notes, style.DOUBLE_COLUMN)
        if not totals["made"].sum():
            return frame.empty("No handoffs: nobody was handed from one provider to another.").figure
        reasons = list(data["reason"].unique())
        height = len(reasons) * (HEADER + ROW * len(arms) + GAP)
        page = frame.page(height + 10.0)
        names = {arm: wrapped(title, NAME_WIDTH)[0] for arm, title in arms.items()}
        left = EDGE + max(text_width(name) for name in names.values()) + 3.0
        width = style.DOUBLE_COLUMN - left - EDGE
        axes = page.canvas_axes(left, frame.top, width, height)
        widest = float(np.nanmax(data[["rate", "high"]].to_numpy(float)))
        axes.set_xlim(0.0, max(widest, 1.0) * width / (width - 28.0))
        axes.set_xlabel("Dropped handoffs per 100 made")
        axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10]))
        axes.spines["bottom"].set_visible(True)
        top = 0.0
        for reason in reasons:
            _draw_reason(axes, reason, data[data["reason"] == reason], names, top, width)
            top += HEADER + ROW * len(arms) + GAP
        return page.figure


def _draw_reason(
    axes: Axes, reason: str, data: pd.DataFrame, names: Mapping[str, str], top: float, width: float
) -> None:
    """Draw the words and the rows of a reason below ``top``."""
    mm = axes.get_xlim()[1] / width
    words = "All reasons" if reason == TOTAL else style.plain(reason) or "Reason not recorded"
    axes.text(0.0, top + HEADER / 2, words, va="center", fontweight="bold")
    meaning = style.REASONS.get(reason, "")
    axes.text((text_width(words, bold=True) + 2.0) * mm, top + HEADER / 2, meaning, va="center", color=style.GREY)
    looks = style.looks_of_arms(names)
    axes.plot([0, 0], [top + HEADER, top + HEADER + ROW * len(names)], color=style.GREY, linewidth=0.6, clip_on=False)
    for position, row in enumerate(data.itertuples()):
        centre = top + HEADER + ROW * (position + 0.5)
        arm = str(row.arm)
        axes.text(-1.5 * mm, centre, names[arm], ha="right", va="center")
        if not row.made:
            axes.text(1.0 * mm, centre, "no handoffs made", va="center", color=style.GREY)
            continue
        rate, low, high = float(row.rate), float(row.low), float(row.high)
        axes.barh(centre, rate, BAR, color=looks[arm].colour, gid=f"bar-{reason}-{arm}")
        end = rate
        if np.isfinite(low):
            axes.plot([low, high], [centre, centre], color=style.INK, linewidth=0.8, clip_on=False)
            axes.plot([low, high], [centre, centre], color=style.INK, linestyle="none", marker="|", markersize=4,
                      markeredgewidth=0.8, clip_on=False)  # fmt: skip
            end = max(rate, high)
        count = f"  ({row.dropped:,} of {row.made:,})" if reason == TOTAL else ""
        axes.text(end + 1.2 * mm, centre, f"{rate:.1f}{count}", va="center")
