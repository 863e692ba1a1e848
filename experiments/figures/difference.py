"""Figure: by how much more or fewer needs are supported than in the baseline, by days since they arose."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

from experiments.figures import style
from experiments.figures.ends import LABEL_GAP, End, height_for, label_ends, markers, room_for
from experiments.figures.incidence import on_days
from experiments.figures.layout import EDGE, Frame, Page, text_width, wrapped
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

ABOVE, PANEL_HEIGHT, NARROW_PANEL_HEIGHT, BELOW, WORDS = 3.0, 62.0, 54.0, 11.0, 4.5
"""In mm: free above the panel for labels that were moved, of the panel, of that on a figure of a single column, from it
to the numbers at risk, free within it for words at the top and at the bottom."""
FIRST, NARROW_FIRST = EDGE + 15.0, EDGE + 9.0
"""In mm: from the left edge of the figure to the panel, beside words on its axis or where they stand above it."""
MEASURE = ("Difference in the share supported", "(percentage points)")
AT_RISK = "Needs at risk, mean per world"


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
    curves = _curves(cohort_of(episodes, ["arm", "replicate", "days", "state"]), grid)
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
    table = cohort_of(episodes, ["arm", "replicate", "days", "state"])
    arm_of, lasting = table["arm"], table["days"].to_numpy(np.float64)
    found = runs_of_arms(runs, arms)
    rows = []
    for arm in arms:
        own = lasting[(arm_of == arm).to_numpy()]
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
    width: float = style.DOUBLE_COLUMN,
) -> Figure:
    """Draw the figure.

    Args:
        data: From :func:`difference_data`.
        at_risk: From :func:`at_risk_data`.
        sizes: Number of needs counted by arm, all runs together.
        runs: Replicates by arm.
        arms: Titles by name of the arm; the first is the baseline.
        foot: What else to say below: place, worlds, settings.
        width: Of the figure in mm: one of the two columns of :mod:`~experiments.figures.style`.
    """
    with style.house():
        baseline, *others = arms
        known = data[data["value"].notna()]
        size_note = sizes_note("Needs counted", sizes, runs, arms)
        if known.empty:
            message = _why_empty(arms)
            return Frame(TITLE, "", [size_note, foot], width).empty(message).figure
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
        frame = Frame(TITLE, subtitle, notes, width)
        return (_draw_narrow if style.is_narrow(width) else _draw_wide)(frame, known, at_risk, arms)


def _draw_wide(frame: Frame, known: pd.DataFrame, at_risk: pd.DataFrame, arms: Mapping[str, str]) -> Figure:
    """Draw the numbers at risk below the days of the panel, and the names of arms beside both."""
    ends, room = _ends(known, arms), room_for(frame.width)
    names = {arm: wrapped(title, room) for arm, title in arms.items()}
    beside = [*(line for end in ends for line in wrapped(end.text, room)), *chain.from_iterable(names.values())]
    width = frame.width - FIRST - EDGE - LABEL_GAP - min(room, max(map(text_width, beside)) + 0.5)
    height = height_for((end.text for end in ends), room, PANEL_HEIGHT)
    strip = style.LINE_HEIGHT * (1 + sum(map(len, names.values()))) + 1.5
    page = frame.page(ABOVE + height + BELOW + strip)
    axes = page.axes(FIRST, frame.top + ABOVE, width, height)
    axes.set_ylabel("\n".join(MEASURE))
    _draw_panel(axes, known, at_risk, arms, width, height)
    label_ends(axes, ends, width, height, with_markers=False)
    _write_at_risk(page, at_risk, names, frame.top + ABOVE + height + BELOW, width)
    return page.figure


def _draw_narrow(frame: Frame, known: pd.DataFrame, at_risk: pd.DataFrame, arms: Mapping[str, str]) -> Figure:
    """Draw a panel with its measure above it, and the numbers at risk as a table as wide as the page."""
    ends, room = _ends(known, arms, " "), room_for(frame.width)
    longest = max(text_width(line) for end in ends for line in wrapped(end.text, room))
    width = frame.width - NARROW_FIRST - EDGE - LABEL_GAP - min(room, longest + 0.5)
    height = height_for((end.text for end in ends), room, NARROW_PANEL_HEIGHT)
    measure = wrapped(" ".join(MEASURE), frame.width - 2 * EDGE, bold=True)
    above = len(measure) * style.LINE_HEIGHT + 1.0 + ABOVE
    column = _column_width(at_risk)
    names_room = frame.width - 2 * EDGE - column * at_risk["day"].nunique()
    names = {arm: wrapped(title, names_room) for arm, title in arms.items()}
    below = above + height + BELOW
    page = frame.page(below + style.LINE_HEIGHT * (2 + sum(map(len, names.values()))) + 1.5)
    page.text(EDGE, frame.top, measure, fontweight="bold")
    axes = page.axes(NARROW_FIRST, frame.top + above, width, height)
    _draw_panel(axes, known, at_risk, arms, width, height)
    label_ends(axes, ends, width, height, with_markers=False, room=room, above=ABOVE)
    _write_table(page, at_risk, names, frame.top + below, column)
    return page.figure


def _curves(counted_needs: pd.DataFrame, grid: Floats) -> dict[tuple[str, int], Floats]:
    """Return the share supported on each day of a grid, by arm and replicate; NaN beyond what was observed."""
    days, states = counted_needs["days"].to_numpy(np.float64), counted_needs["state"].astype(str).to_numpy()
    arm_of, replicate_of = counted_needs["arm"], counted_needs["replicate"].to_numpy()
    curves = {}
    for arm in map(str, arm_of.unique()):
        own = np.flatnonzero((arm_of == arm).to_numpy())
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


def _draw_panel(
    axes: Axes, known: pd.DataFrame, at_risk: pd.DataFrame, arms: Mapping[str, str], width: float, height: float
) -> None:
    """Draw the differences in a panel of ``width`` by ``height`` mm."""
    baseline = next(iter(arms))
    marked = np.unique(at_risk["day"].to_numpy(float))
    last = float(marked[-1])
    axes.set_xlim(0.0, last)
    _set_height(axes, known, height)
    axes.set_xlabel("Days since the need arose")
    axes.xaxis.set_major_locator(FixedLocator(_apart(marked.tolist(), width)))
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda number, _: _signed(number, 6)))
    for day in marked[1:-1]:
        axes.axvline(day, color=style.FAINT, linewidth=0.8, zorder=0)
    axes.axhline(0.0, color=style.INK, linewidth=0.8, zorder=1, gid="zero")
    for place, side, words in ((1.0, "top", "\u2191 more"), (0.0, "bottom", "\u2193 fewer")):
        shift = (-0.8 if side == "top" else 0.8) / height
        text = f"{words} supported than under {arms[baseline]}"
        axes.text(
            1.5 / width, place + shift, text if text_width(text) <= width - 4.0 else f"{words} supported",
            transform=axes.transAxes, va=side, color=style.GREY,
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


def _apart(days: Sequence[float], width: float) -> list[float]:
    """Return the days of which the numbers fit below a panel of ``width`` mm; the first and the last always do."""
    first, *between, last = days

    def is_clear(one: float, other: float) -> bool:
        numbers = (text_width(f"{one:g}") + text_width(f"{other:g}")) / 2
        return (other - one) / last * width >= numbers + 1.0

    kept = [first]
    for day in between:
        if is_clear(kept[-1], day) and is_clear(day, last):
            kept.append(day)
    return [*kept, last]


def _set_height(axes: Axes, known: pd.DataFrame, height: float) -> None:
    """Make room for all lines and bands, zero, and words above and below them, on axes of ``height`` mm."""
    values = known[["value", "low", "high"]].to_numpy(float)
    low, high = min(0.0, float(np.nanmin(values))), max(0.0, float(np.nanmax(values)))
    if low == high:
        low, high = -1.0, 1.0
    margin = (high - low) * WORDS / (height - 2 * WORDS)
    axes.set_ylim(low - margin, high + margin)


def _ends(known: pd.DataFrame, arms: Mapping[str, str], between: str = "\N{NO-BREAK SPACE}") -> list[End]:
    """Return the ends of all lines, with the last difference of each, and that of the zero line.

    Args:
        known: Differences that can be told.
        arms: Titles by name of the arm.
        between: What stands between a difference and its interval; a space lets the line break there.
    """
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
                text += between + f"({_signed(low)} to {_signed(high)})".replace(" ", "\N{NO-BREAK SPACE}")
            ends.append(End(arm, f"{title} {text}", day, value, looks[arm]))
    return ends


def _signed(value: float, digits: int | None = None) -> str:
    """Return a number with its sign, to a tenth or to as many digits as it takes; none where it is 0."""
    text = f"{value:+z.1f}" if digits is None else f"{value:+z.{digits}g}"
    return "0" if digits is not None and float(text) == 0 else text.replace("-", "\N{MINUS SIGN}")


def _write_at_risk(page: Page, at_risk: pd.DataFrame, names: Mapping[str, list[str]], top: float, width: float) -> None:
    """Write below the days of the panel how many needs are at risk, a row an arm."""
    last = float(at_risk["day"].max())
    page.text(FIRST, top, [AT_RISK], fontweight="bold")
    line = top + style.LINE_HEIGHT + 1.0
    for arm, lines in names.items():
        for row in at_risk[at_risk["arm"] == arm].to_dict("records"):
            page.text(FIRST + row["day"] / last * width, line, [_number(row["needs"])], ha="center")
        page.text(FIRST + width + LABEL_GAP, line, lines)
        line += len(lines) * style.LINE_HEIGHT


def _write_table(page: Page, at_risk: pd.DataFrame, names: Mapping[str, list[str]], top: float, column: float) -> None:
    """Write how many needs are at risk as a table across the page: a column of ``column`` mm a day, a row an arm."""
    days = np.unique(at_risk["day"].to_numpy(float)).tolist()
    right = dict(zip(days, page.width - EDGE - column * np.arange(len(days))[::-1], strict=True))
    page.text(EDGE, top, [AT_RISK], fontweight="bold")
    line = top + style.LINE_HEIGHT + 1.0
    page.text(EDGE, line, ["Day"], color=style.GREY)
    for day, place in right.items():
        page.text(place, line, [f"{day:g}"], ha="right", color=style.GREY)
    for arm, lines in names.items():
        line += style.LINE_HEIGHT
        page.text(EDGE, line, lines)
        for row in at_risk[at_risk["arm"] == arm].to_dict("records"):
            page.text(right[row["day"]], line, [_number(row["needs"])], ha="right")
        line += (len(lines) - 1) * style.LINE_HEIGHT


def _column_width(at_risk: pd.DataFrame) -> float:
    """Return how wide a column of the table must be for its widest number, in mm."""
    texts = [*map(_number, at_risk["needs"]), *(f"{day:g}" for day in at_risk["day"])]
    return max(map(text_width, texts)) + 2.5


def _number(needs: float) -> str:
    return "-" if math.isnan(needs) else f"{needs:,.0f}"
