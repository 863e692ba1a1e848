"""Figure: cumulative incidence of support and of giving up."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator

from experiments.figures import style
from experiments.figures.ends import LABEL_GAP, End, height_for, label_ends, markers, room_for
from experiments.figures.layout import EDGE, Frame, moved_apart, text_width
from experiments.figures.spread import Floats, runs_of_arms, sizes_note, spread, spread_note
from experiments.figures.tables import cohort_of
from sim.outcomes.headline import LATE_DAYS, SOON_DAYS
from sim.outcomes.survival import GAVE_UP, SUPPORTED, cumulative_incidence
from sim.schema.parameters import Time

NAME = "cumulative_incidence"
TITLE = "Who gets support, who gives up, and when"
EVENTS = {SUPPORTED: "Support has started", GAVE_UP: "Given up"}
SAME_DAY = 0.02
"""A share given up on day 0 above which the figure says why."""
MARKS = {SOON_DAYS: "28 days", LATE_DAYS: "18 weeks"}

PANEL_HEIGHT, NARROW_PANEL_HEIGHT, GUTTER = 62.0, 48.0, 4.0
"""In mm: of a panel, of one of two that stand on each other, between panels."""
ABOVE, BELOW = 9.0, 9.0
"""In mm: for the words above a panel, and for the days below it."""


def incidence_data(episodes: pd.DataFrame, runs: pd.DataFrame, arms: Mapping[str, str], time: Time) -> pd.DataFrame:
    """Return the cumulative incidence of both events by arm and day.

    Args:
        episodes: A row an episode; only those of the cohort count.
        runs: A row a run.
        arms: Titles by name of the arm.
        time: The clock; its follow-up is the last day.

    Returns:
        Columns ``arm``, ``event``, ``day``, ``value`` (all replicates of the arm pooled), ``low`` and ``high`` (the
        spread between replicates, NaN for fewer than two), all shares of 0 to 1. About 360 days evenly from 0 to the
        last, and the marked days. Nothing for an arm without episodes.
    """
    counted = cohort_of(episodes, ["arm", "replicate", "days", "state"])
    arm_of = counted["arm"]
    replicate_of = counted["replicate"].to_numpy()
    days, states = counted["days"].to_numpy(float), counted["state"].astype(str).to_numpy()
    limit = time.followup_days
    grid = np.union1d(np.linspace(0.0, limit, 361), [day for day in MARKS if day <= limit])
    parts = []
    for arm, replicates in runs_of_arms(runs, arms).items():
        inside = (arm_of == arm).to_numpy()
        if not inside.any():
            continue
        by_run = [inside & (replicate_of == replicate) for replicate in replicates]
        for event in EVENTS:
            curves = [on_days(grid, days[rows], states[rows], event) for rows in by_run if rows.any()]
            low, high = spread(np.array(curves).reshape(len(curves), len(grid)))
            value = on_days(grid, days[inside], states[inside], event)
            columns = {"arm": arm, "event": event, "day": grid, "value": value, "low": low, "high": high}
            parts.append(pd.DataFrame(columns))
    if not parts:
        return pd.DataFrame(columns=["arm", "event", "day", "value", "low", "high"])
    return pd.concat(parts, ignore_index=True)


def on_days(grid: Floats, days: Floats, states: Sequence[str] | np.ndarray, event: str) -> Floats:
    """Return the cumulative incidence of an event on each day of a grid."""
    times, values = cumulative_incidence(days, states, event)
    return values[np.searchsorted(times, grid, side="right") - 1]


def draw_incidence(
    data: pd.DataFrame,
    sizes: Mapping[str, int],
    runs: Mapping[str, list[int]],
    arms: Mapping[str, str],
    foot: str = "",
    width: float = style.DOUBLE_COLUMN,
) -> Figure:
    """Draw the figure.

    Args:
        data: From :func:`incidence_data`.
        sizes: Number of episodes by arm.
        runs: Replicates by arm.
        arms: Titles by name of the arm.
        foot: What else to say below: place, worlds, settings.
        width: Of the figure in mm: one of the two columns of :mod:`~experiments.figures.style`.
    """
    with style.house():
        limit = float(data["day"].max()) if len(data) else math.nan
        subtitle = "Share of needs by days since each arose; who gives up can no longer be supported (Aalen-Johansen)."
        notes = [
            sizes_note("Needs counted", sizes, runs, arms),
            f"Lines: all runs of an arm together; the figure beside each is its value on day {limit:g}.",
            spread_note("Bands", runs),
            _day_zero_note(data),
            foot,
        ]
        frame = Frame(TITLE, subtitle, notes, width)
        if data.empty:
            empty = Frame(TITLE, "", [notes[0], foot], width)
            return empty.empty("No needs to count: none arose on the days whose needs are counted.").figure
        stacked = style.is_narrow(width)
        labels = [_end_label(title, 100.0) for title in arms.values()]
        most = room_for(width)
        height = height_for(labels, most, NARROW_PANEL_HEIGHT if stacked else PANEL_HEIGHT)
        beside = LABEL_GAP + min(most, max(map(text_width, labels)) + 0.5)
        first = EDGE + 11.0
        across = width - first - EDGE - beside if stacked else (width - first - EDGE - GUTTER) / 2 - beside
        block = ABOVE + height + BELOW
        page = frame.page(2 * block + GUTTER if stacked else block)
        shared: Axes | None = None
        for position, (event, words) in enumerate(EVENTS.items()):
            left = first if stacked else first + position * (across + beside + GUTTER)
            top = frame.top + position * (block + GUTTER) if stacked else frame.top
            page.text(left, top, [words], fontweight="bold")
            shared = page.axes(left, top + ABOVE, across, height, sharey=shared)
            _draw_panel(shared, data[data["event"] == event], arms)
            if stacked or position == 0:
                shared.set_ylabel("Share of needs (%)")
            else:
                shared.tick_params(labelleft=False)
        assert shared is not None
        _set_height(shared, data)
        for axes, event in zip(page.figure.axes, EVENTS, strict=True):
            ends = _ends(data[data["event"] == event], arms)
            label_ends(axes, ends, across, height, with_markers=True, room=most)
            _label_marks(axes, across, height)
        return page.figure


def _day_zero_note(data: pd.DataFrame) -> str:
    """Return why a curve of giving up does not start near zero, if one does not."""
    first = data[(data["event"] == GAVE_UP) & (data["day"] == 0.0)]
    if not (first["value"] > SAME_DAY).any():
        return ""
    return "Who is turned away at the first door may give up the same day."


def _set_height(axes: Axes, data: pd.DataFrame) -> None:
    """Make room for all lines and bands of both panels, which share their axis of shares."""
    top = float(np.nanmax(data[["value", "high"]].to_numpy(float))) * 100
    axes.set_ylim(0.0, min(100.0, 10.0 * np.ceil((top + 1e-9) / 10.0)) if top > 0 else 10.0)
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))


def _draw_panel(axes: Axes, data: pd.DataFrame, arms: Mapping[str, str]) -> None:
    limit = float(data["day"].max())
    axes.set_xlim(0.0, limit)
    axes.set_xlabel("Days since the need arose")
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 3, 5, 6, 10], integer=True))
    for mark in MARKS:
        if mark <= limit:
            axes.axvline(mark, color=style.FAINT, linewidth=0.8, zorder=0)
    for arm, look in style.looks_of_arms(arms).items():
        curve = data[data["arm"] == arm]
        if curve.empty:
            continue
        day = curve["day"].to_numpy(float)
        value, low, high = (100 * curve[name].to_numpy(float) for name in ("value", "low", "high"))
        axes.fill_between(day, low, high, color=look.colour, alpha=0.18, linewidth=0, zorder=1)
        axes.plot(day, value, color=look.colour, linestyle=look.line, linewidth=1.2, zorder=3, gid=f"line-{arm}")
        at = np.isin(day, [*MARKS, limit])
        axes.plot(day[at], value[at], **markers(look), clip_on=False, zorder=4, gid=f"marks-{arm}")


def _ends(data: pd.DataFrame, arms: Mapping[str, str]) -> list[End]:
    """Return the end of the line of each arm, with its title and last value."""
    looks = style.looks_of_arms(arms)
    ends = []
    for arm, title in arms.items():
        curve = data[data["arm"] == arm]
        if not curve.empty:
            day, value = float(curve["day"].iloc[-1]), 100 * float(curve["value"].iloc[-1])
            ends.append(End(arm, _end_label(title, value), day, value, looks[arm]))
    return ends


def _end_label(title: str, value: float) -> str:
    return f"{title} {value:.1f}\N{NO-BREAK SPACE}%"


def _label_marks(axes: Axes, width: float, height: float) -> None:
    """Write above the panel, of ``width`` by ``height`` mm, which days are marked."""
    limit = axes.get_xlim()[1]
    marks = [day for day in MARKS if day <= limit]
    wanted = [day / limit * width for day in marks]
    sizes = [text_width(MARKS[day]) + 1.5 for day in marks]
    for day, centre in zip(marks, moved_apart(wanted, sizes, 0.0, width + 4.0), strict=True):
        axes.text(centre / width, 1 + 1.0 / height, MARKS[day], transform=axes.transAxes, ha="center", color=style.GREY)
    axes.xaxis.set_minor_locator(FixedLocator(marks))
