"""Figure: by how much more or fewer needs are supported than in the baseline, by days since they arose."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

from experiments.figures import style
from experiments.figures.ends import LABEL_GAP, LABEL_WIDTH, End, label_ends, markers
from experiments.figures.incidence import on_days
from experiments.figures.layout import EDGE, Frame, Page, shortened, text_width, wrapped
from experiments.figures.spread import Floats, runs_of_arms, sizes_note
from experiments.figures.tables import cohort_of, counted
from experiments.paired import interval_of
from sim.outcomes.survival import SUPPORTED, known_until
from sim.schema.parameters import Time

NAME = "difference_over_time"
TITLE = "More or fewer supported than in the baseline, by days since the need arose"
DAYS = (28.0, 63.0, 126.0, 252.0, 365.0, 730.0)
"""Days since onset that are marked, beside the first and the last, where they are far enough apart."""
APART = 0.09
"""Of the whole axis, the least that lies between two marked days: their numbers must not touch."""

ABOVE, PANEL_HEIGHT, BELOW, WORDS = 3.0, 62.0, 11.0, 4.5
"""In mm: free above the panel for labels that were moved, of the panel, from it to the strip of numbers, free within it
for words at the top and at the bottom."""
FIRST = EDGE + 15.0
"""In mm: from the left edge of the figure to the panel."""


def marked_days(time: Time) -> list[float]:
    """Return the days since onset that are marked: 0, the last, and those between that leave room for numbers."""
    last = time.followup_days
    marked = [0.0]
    for day in DAYS:
        if min(day - marked[-1], last - day) >= APART * last:
            marked.append(day)
    return [*marked, last]


def difference_data(episodes: pd.DataFrame, runs: pd.DataFrame, arms: Mapping[str, str], time: Time) -> pd.DataFrame:
    """Return the difference of each arm from the baseline in the cumulative incidence of support.

    Differences are paired, as those of the headline outcomes are: an arm less the baseline in the same world, and
    then the mean over the worlds that both have. Where one of these worlds has nothing to say, nothing is said.

    Args:
        episodes: A row an episode; only those of the cohort count.
        runs: A row a run.
        arms: Titles by name of the arm; the first is the baseline.
        time: The clock; its follow-up is the last day.

    Returns:
        Columns ``arm``, ``day`` (about 180 evenly from 0 to the last, and the marked ones), ``value`` (percentage
        points; NaN where a world has no needs or none observed for so long), ``low`` and ``high`` (pointwise 95 %
        t interval, NaN for fewer than two worlds) and ``n`` (worlds). Nothing for an arm that has no world in common
        with the baseline.
    """
    grid = np.union1d(np.linspace(0.0, time.followup_days, 181), marked_days(time))
    curves = _curves(cohort_of(episodes), grid)
    found = runs_of_arms(runs, arms)
    baseline, *others = arms
    nothing = np.full(len(grid), np.nan)
    parts = []
    for arm in others:
        worlds = [replicate for replicate in found[arm] if replicate in set(found[baseline])]
        if not worlds:
            continue
        own, base = (np.array([curves.get((one, world), nothing) for world in worlds]) for one in (arm, baseline))
        gaps = [interval_of(column) for column in 100.0 * (own - base).T]
        columns = {
            "arm": arm,
            "day": grid,
            "value": [gap.mean for gap in gaps],
            "low": [gap.low for gap in gaps],
            "high": [gap.high for gap in gaps],
            "n": len(worlds),
        }
        parts.append(pd.DataFrame(columns))
    if not parts:
        return pd.DataFrame(columns=["arm", "day", "value", "low", "high", "n"])
    return pd.concat(parts, ignore_index=True)


def at_risk_data(episodes: pd.DataFrame, runs: pd.DataFrame, arms: Mapping[str, str], time: Time) -> pd.DataFrame:
    """Return how many needs are still at risk: neither supported nor given up before a day, and observed up to it.

    Args:
        episodes: A row an episode; only those of the cohort count.
        runs: A row a run.
        arms: Titles by name of the arm.
        time: The clock.

    Returns:
        Columns ``arm``, ``day`` (the marked ones) and ``needs`` (mean over the runs of the arm; NaN without runs).
    """
    table = cohort_of(episodes)
    arm_of, lasting = table["arm"].astype(str).to_numpy(), table["days"].to_numpy(np.float64)
    found = runs_of_arms(runs, arms)
    rows = []
    for arm in arms:
        own = lasting[arm_of == arm]
        for day in marked_days(time):
            needs = float(np.sum(own >= day)) / len(found[arm]) if found[arm] else math.nan
            rows.append({"arm": arm, "day": day, "needs": needs})
    return pd.DataFrame(rows)


def draw_difference(
    data: pd.DataFrame,
    at_risk: pd.DataFrame,
    sizes: Mapping[str, int],
    runs: Mapping[str, list[int]],
    arms: Mapping[str, str],
    foot: str = "",
) -> Figure:
    """Draw the figure.

    Args:
        data: From :func:`difference_data`.
        at_risk: From :func:`at_risk_data`.
        sizes: Number of needs counted by arm, all runs together.
        runs: Replicates by arm.
        arms: Titles by name of the arm; the first is the baseline.
        foot: What else to say below: place, worlds, settings.
    """
    with style.house():
        baseline, *others = arms
        known = data[data["value"].notna()]
        size_note = sizes_note("Needs counted", sizes, runs, arms)
        if known.empty:
            message = _why_empty(arms)
            return Frame(TITLE, "", [size_note, foot], style.DOUBLE_COLUMN).empty(message).figure
        subtitle = (
            f"Share of needs for which support has started, less that of {arms[baseline]} in the same random worlds "
            "(Aalen-Johansen; who gives up can no longer be supported)."
        )
        gone = [arms[arm] for arm in others if arm not in set(known["arm"])]
        notes = [
            size_note,
            _lines_note(known, arms),
            f"No line, as a world without needs has no share, or no world is in common: {', '.join(gone)}."
            if gone
            else "",
            "Needs at risk: observed up to the day and neither supported nor given up before it, mean per world.",
            foot,
        ]
        frame = Frame(TITLE, subtitle, notes, style.DOUBLE_COLUMN)
        longest = max(text_width(line) for end in _ends(known, arms) for line in wrapped(end.text, LABEL_WIDTH))
        names = {arm: wrapped(title, LABEL_WIDTH) for arm, title in arms.items()}
        longest = max(longest, *(text_width(line) for lines in names.values() for line in lines))
        width = style.DOUBLE_COLUMN - FIRST - EDGE - LABEL_GAP - min(LABEL_WIDTH, longest + 0.5)
        strip = style.LINE_HEIGHT * (1 + sum(map(len, names.values()))) + 1.5
        page = frame.page(ABOVE + PANEL_HEIGHT + BELOW + strip)
        _draw_panel(page.axes(FIRST, frame.top + ABOVE, width, PANEL_HEIGHT), known, at_risk, arms, width)
        _write_at_risk(page, at_risk, names, frame.top + ABOVE + PANEL_HEIGHT + BELOW, width)
        return page.figure


def _curves(counted_needs: pd.DataFrame, grid: Floats) -> dict[tuple[str, int], Floats]:
    """Return the share supported on each day of a grid, by arm and replicate; NaN beyond what was observed."""
    days, states = counted_needs["days"].to_numpy(np.float64), counted_needs["state"].astype(str).to_numpy()
    arm_of, replicate_of = counted_needs["arm"].astype(str).to_numpy(), counted_needs["replicate"].to_numpy()
    curves = {}
    for arm in dict.fromkeys(arm_of.tolist()):
        own = np.flatnonzero(arm_of == arm)
        for replicate in np.unique(replicate_of[own]).tolist():
            rows = own[replicate_of[own] == replicate]
            values = on_days(grid, days[rows], states[rows], SUPPORTED)
            end = known_until(days[rows], states[rows])
            curves[arm, replicate] = np.where(grid <= end, values, np.nan)
    return curves


def _why_empty(arms: Mapping[str, str]) -> str:
    if len(arms) == 1:
        return f"Nothing to compare: {next(iter(arms.values()))} is the only arm."
    return "Nothing to compare: no arm has needs to count in every world that it has in common with the baseline."


def _lines_note(known: pd.DataFrame, arms: Mapping[str, str]) -> str:
    """Return what lines and bands are and of how many worlds, or why there are no bands."""
    worlds = {arm: int(known.loc[known["arm"] == arm, "n"].iloc[0]) for arm in arms if arm in set(known["arm"])}
    if max(worlds.values()) < 2:
        return "Lines: differences in one world, so no band can be given; ask for more with replications=N."
    if len(set(worlds.values())) == 1:
        number = f"of {counted(next(iter(worlds.values())), 'world')}"
    else:
        number = "(worlds: " + "; ".join(f"{arms[arm]} {count}" for arm, count in worlds.items()) + ")"
    together = ", for one arm at a time" if len(worlds) > 1 else ""
    return (
        f"Lines: means of paired differences {number}; bands: their 95 % confidence intervals (t), for one day at a "
        f"time{together}. Beside each line: the last day."
    )


def _draw_panel(axes: Axes, known: pd.DataFrame, at_risk: pd.DataFrame, arms: Mapping[str, str], width: float) -> None:
    """Draw the differences; ``width`` is that of the panel in mm."""
    baseline = next(iter(arms))
    marked = np.unique(at_risk["day"].to_numpy(float))
    last = float(marked[-1])
    axes.set_xlim(0.0, last)
    _set_height(axes, known)
    axes.set_xlabel("Days since the need arose")
    axes.set_ylabel("Difference in the share supported\n(percentage points)")
    axes.xaxis.set_major_locator(FixedLocator(marked.tolist()))
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda number, _: _signed(number, 6)))
    for day in marked[1:-1]:
        axes.axvline(day, color=style.FAINT, linewidth=0.8, zorder=0)
    axes.axhline(0.0, color=style.INK, linewidth=0.8, zorder=1, gid="zero")
    for place, side, words in ((1.0, "top", "\u2191 more"), (0.0, "bottom", "\u2193 fewer")):
        shift = (-0.8 if side == "top" else 0.8) / PANEL_HEIGHT
        text = shortened(f"{words} supported than under {arms[baseline]}", width - 4.0)[0]
        axes.text(
            1.5 / width, place + shift, text, transform=axes.transAxes, va=side, color=style.GREY,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0},
        )  # fmt: skip
    looks = style.looks_of_arms(arms)
    for arm, look in looks.items():
        curve = known[known["arm"] == arm]
        day, value, low, high = (curve[name].to_numpy(float) for name in ("day", "value", "low", "high"))
        if not len(day):
            continue
        if not np.isnan(low).any():
            axes.fill_between(day, low, high, color=look.colour, alpha=0.18, linewidth=0, zorder=2, gid=f"band-{arm}")
        axes.plot(day, value, color=look.colour, linestyle=look.line, linewidth=1.2, zorder=3, gid=f"line-{arm}")
        at = np.isin(day, marked[1:])
        axes.plot(day[at], value[at], **markers(look), clip_on=False, zorder=4, gid=f"marks-{arm}")
    label_ends(axes, _ends(known, arms), width, PANEL_HEIGHT, with_markers=False)


def _set_height(axes: Axes, known: pd.DataFrame) -> None:
    """Make room for all lines and bands, zero, and words above and below them."""
    values = known[["value", "low", "high"]].to_numpy(float)
    low, high = min(0.0, float(np.nanmin(values))), max(0.0, float(np.nanmax(values)))
    if low == high:
        low, high = -1.0, 1.0
    margin = (high - low) * WORDS / (PANEL_HEIGHT - 2 * WORDS)
    axes.set_ylim(low - margin, high + margin)


def _ends(known: pd.DataFrame, arms: Mapping[str, str]) -> list[End]:
    """Return the ends of all lines, with the last difference of each, and that of the zero line."""
    looks = style.looks_of_arms(arms)
    baseline = next(iter(arms))
    zero = replace(looks[baseline], colour=style.INK)
    ends = [End(baseline, f"{arms[baseline]} (baseline)", float(known["day"].max()), 0.0, zero)]
    for arm, title in arms.items():
        curve = known[known["arm"] == arm]
        if not curve.empty:
            day, value, low, high = (float(curve[name].iloc[-1]) for name in ("day", "value", "low", "high"))
            text = _signed(value)
            if not math.isnan(low):
                text += f" ({_signed(low)} to {_signed(high)})"
            ends.append(End(arm, f"{title} {text.replace(' ', chr(0xA0))}", day, value, looks[arm]))
    return ends


def _signed(value: float, digits: int | None = None) -> str:
    """Return a number with its sign, to a tenth or to as many digits as it takes; none where it is 0."""
    text = f"{value:+z.1f}" if digits is None else f"{value:+z.{digits}g}"
    return "0" if digits is not None and float(text) == 0 else text.replace("-", "\N{MINUS SIGN}")


def _write_at_risk(page: Page, at_risk: pd.DataFrame, names: Mapping[str, list[str]], top: float, width: float) -> None:
    """Write below the days of the panel how many needs are at risk, a row an arm."""
    last = float(at_risk["day"].max())
    page.text(FIRST, top, ["Needs at risk, mean per world"], fontweight="bold")
    line = top + style.LINE_HEIGHT + 1.0
    for arm, lines in names.items():
        for row in at_risk[at_risk["arm"] == arm].to_dict("records"):
            number = "-" if math.isnan(row["needs"]) else f"{row['needs']:,.0f}"
            page.text(FIRST + row["day"] / last * width, line, [number], ha="center")
        page.text(FIRST + width + LABEL_GAP, line, lines)
        line += len(lines) * style.LINE_HEIGHT
