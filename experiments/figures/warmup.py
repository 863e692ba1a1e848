"""Figure: needs that wait for support over the days of the run, and what that says of the warm-up."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from experiments.figures import style
from experiments.figures.ends import BEYOND, LABEL_GAP, End, height_for, label_ends, markers, room_for
from experiments.figures.layout import EDGE, Frame, moved_apart, text_width
from experiments.figures.over_time import days_of_run
from experiments.figures.spread import spread, spread_note
from experiments.warmup import BATCH, WarmUp, finding, waiting
from sim.schema.parameters import Time

NAME = "warm_up"
TITLE = "Needs that wait for support, over the days of the run"
SUBTITLE = (
    "A run begins with empty services. Where lines are level on the days whose needs are counted, that no longer "
    "matters."
)
MOST_POINTS = 730
"""Of a longer run not every day is drawn."""

PANEL_HEIGHT, NARROW_PANEL_HEIGHT, STRIP_HEIGHT = 62.0, 50.0, 6.0
"""In mm: of the axes at least, of those of a single column, of the parts of the run above them."""
FIRST, NAME_GAP = EDGE + 13.0, 2.0
"""In mm: where the axes begin, from the left of the figure; between names of parts of the run at least."""


def waiting_data(
    episodes: pd.DataFrame, runs: Mapping[str, Sequence[int]], time: Time, most: int = MOST_POINTS
) -> pd.DataFrame:
    """Return how many needs wait, by arm and day.

    Args:
        episodes: A row an episode, of all runs.
        runs: Replicates by arm, sorted.
        time: The clock.
        most: Days to return about; all of them where there are fewer.

    Returns:
        Columns ``arm``, ``day``, ``value`` (needs, mean over replicates), ``low`` and ``high`` (the spread between
        replicates, NaN for fewer than two). Nothing for an arm without runs or without episodes.
    """
    needed = episodes[["arm", "replicate", "onset", "days", "state"]]
    parts = []
    for arm, replicates in runs.items():
        own = needed[needed["arm"] == arm]
        if own.empty or not replicates:
            continue
        stock = waiting(own, replicates, time)
        day = np.arange(0, stock.shape[1], math.ceil(stock.shape[1] / most))
        low, high = spread(stock[:, day])
        columns = {"arm": arm, "day": day, "value": stock[:, day].mean(axis=0), "low": low, "high": high}
        parts.append(pd.DataFrame(columns))
    if not parts:
        return pd.DataFrame(columns=["arm", "day", "value", "low", "high"])
    return pd.concat(parts, ignore_index=True)


def draw_warm_up(
    data: pd.DataFrame,
    checks: Sequence[WarmUp],
    runs: Mapping[str, list[int]],
    arms: Mapping[str, str],
    time: Time,
    foot: str = "",
    width: float = style.DOUBLE_COLUMN,
) -> Figure:
    """Draw the figure.

    Args:
        data: From :func:`waiting_data`.
        checks: From :func:`experiments.warmup.warm_ups`.
        runs: Replicates by arm.
        arms: Titles by name of the arm.
        time: The clock.
        foot: What else to say below: place, worlds, settings.
        width: Of the figure in mm: one of the two columns of :mod:`~experiments.figures.style`.
    """
    with style.house():
        if data.empty:
            message = "No needs to show: none arose in these runs."
            return Frame(TITLE, "", [_runs_note(runs, arms), foot], width).empty(message).figure
        notes = [
            _runs_note(runs, arms),
            spread_note("Bands", runs),
            _found_note(checks, arms),
            _marks_note(checks, arms),
            foot,
        ]
        frame = Frame(TITLE, SUBTITLE, notes, width)
        narrow = style.is_narrow(width)
        # The names of the parts of a short axis may reach to where labels are.
        room, above = room_for(width), 1.0 if narrow else BEYOND
        height = height_for(arms.values(), room, NARROW_PANEL_HEIGHT if narrow else PANEL_HEIGHT, above)
        across = width - FIRST - EDGE - LABEL_GAP - min(room, max(map(text_width, arms.values())) + 0.5)
        page = frame.page(STRIP_HEIGHT + height + 9.0)
        _draw_sections(page.canvas_axes(FIRST, frame.top, across, STRIP_HEIGHT), time, across)
        axes = page.axes(FIRST, frame.top + STRIP_HEIGHT, across, height)
        ends = _draw_panel(axes, data, checks, arms, time, 5 if narrow else 8)
        label_ends(axes, ends, across, height, with_markers=False, room=room, above=above)
        return page.figure


def sections(time: Time) -> list[tuple[float, float, tuple[str, ...]]]:
    """Return the parts of a run: first and last day, and what to call it, from the longest words to the shortest."""
    last = time.horizon_days - time.followup_days
    parts = [
        (0.0, time.warmup_days, ("Warm-up, not counted", "Warm-up")),
        (time.warmup_days, last, ("Needs that arise now are counted", "Counted")),
        (last, time.horizon_days, ("Counted needs are followed up", "Follow-up")),
    ]
    return [part for part in parts if part[0] < part[1]]


def _runs_note(runs: Mapping[str, list[int]], arms: Mapping[str, str]) -> str:
    each = "; ".join(f"{title} {len(runs[arm])}" for arm, title in arms.items())
    return (
        "Lines: needs that have arisen and are neither supported nor given up, mean over runs. Thick bar: days on "
        f"which needs that arise are counted. Runs: {each}."
    )


def _found_note(checks: Sequence[WarmUp], arms: Mapping[str, str]) -> str:
    each = "; ".join(f"{arms[check.arm]}: {finding(check)}" for check in checks)
    return f"Change while needs are counted, in % of their mean number (95 % CI). {each}."


def _marks_note(checks: Sequence[WarmUp], arms: Mapping[str, str]) -> str:
    """Return where the marks on the lines are, or why there are none."""
    each = "; ".join(
        f"{arms[check.arm]}: "
        + ("none, run too short" if math.isnan(check.truncation) else f"day {check.truncation:g}")
        for check in checks
    )
    return f"Marks: where MSER-{BATCH} proposes to end the warm-up. {each}."


def _draw_sections(axes: Axes, time: Time, width: float) -> None:
    """Draw a bar for each part of the run, with its name above: a short one, and moved, where there is little room."""
    axes.set_xlim(0.0, time.horizon_days)
    axes.tick_params(bottom=False, labelbottom=False)
    parts = sections(time)
    scale = width / time.horizon_days
    chosen = [
        next((words for words in names if text_width(words) + NAME_GAP <= (end - begin) * scale), names[-1])
        for begin, end, names in parts
    ]
    wanted = [(begin + end) / 2 * scale for begin, end, _ in parts]
    sizes = [text_width(name) + NAME_GAP for name in chosen]
    centres = moved_apart(wanted, sizes, 0.0, width + LABEL_GAP)
    for (begin, end, _), name, centre in zip(parts, chosen, centres, strict=True):
        colour = style.INK if begin == time.warmup_days else style.GREY
        axes.text(centre / scale, STRIP_HEIGHT - 2.4, name, ha="center", va="bottom", color=colour)
        gap = min(0.4 / width * time.horizon_days, (end - begin) / 4)
        axes.plot(
            [begin + gap, end - gap], [STRIP_HEIGHT - 1.4] * 2, color=colour, solid_capstyle="butt",
            linewidth=2.0 if begin == time.warmup_days else 0.8, gid=f"section-{begin:g}",
        )  # fmt: skip


def _draw_panel(
    axes: Axes,
    data: pd.DataFrame,
    checks: Sequence[WarmUp],
    arms: Mapping[str, str],
    time: Time,
    most: int,
) -> list[End]:
    """Draw the lines over the days in ``most`` steps at most, and return their ends."""
    days_of_run(axes, time, most)
    axes.set_ylabel("Needs that wait")
    last = time.horizon_days - time.followup_days
    axes.axvline(last, color=style.GREY, linewidth=0.7, linestyle=style.DOTTED, zorder=1, gid="last-counted")
    truncations = {check.arm: check.truncation for check in checks}
    ends = []
    for arm, look in style.looks_of_arms(arms).items():
        curve = data[data["arm"] == arm]
        if curve.empty:
            continue
        days, value, low, high = (curve[name].to_numpy(float) for name in ("day", "value", "low", "high"))
        axes.fill_between(days, low, high, color=look.colour, alpha=0.15, linewidth=0, zorder=2)
        axes.plot(days, value, color=look.colour, linestyle=look.line, linewidth=1.2, zorder=3, gid=f"line-{arm}")
        cut = truncations[arm]
        if not math.isnan(cut):
            height = float(np.interp(cut, days, value))
            axes.plot([cut], [height], **markers(look), clip_on=False, zorder=4, gid=f"mark-{arm}")
        ends.append(End(arm, arms[arm], float(days[-1]), float(value[-1]), look))
    top = float(np.nanmax(data[["value", "high"]].to_numpy(float)))
    axes.set_ylim(0.0, 1.05 * top if top > 0 else 1.0)
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(lambda number, _: f"{number:,.10g}")
    return ends
