"""Figure: outcomes over the days of a run, with the initiatives marked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from matplotlib.ticker import MaxNLocator

from experiments.figures import style
from experiments.figures.ends import BEYOND, LABEL_GAP, End, height_for, label_ends, room_for
from experiments.figures.labels import is_drawable
from experiments.figures.layout import EDGE, Frame, shortened, text_width, wrapped
from experiments.figures.spread import Floats, runs_of_arms, sizes_note, spread, spread_note
from sim.coordination import Coordination
from sim.outcomes.headline import SOON_DAYS
from sim.outcomes.survival import SUPPORTED
from sim.scenario import Scenario
from sim.schema.initiatives import InitiativeRow
from sim.schema.parameters import Time

NAME = "over_time"
TITLE = "Outcomes over the days of the run"
SERIES = {
    "supported": f"Needs supported within {SOON_DAYS:g} days, by the day on which they arose (%)",
    "dropped": f"Handoffs dropped within {SOON_DAYS:g} days, by the day on which they were made (per 100 made)",
}
"""What is drawn, and in which words."""
MOST_BINS = 40
BINS = (1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 90.0, 180.0, 365.0)
"""Lengths of a period in days: the shortest with no more periods than MOST_BINS."""

PANEL_HEIGHT, PANEL_GAP = 42.0, 17.0
"""In mm: of the axes of a panel at least, of the heading above them and the days below them."""
ROW_HEIGHT, BAR_HEIGHT = 8.0, 3.0
"""In mm: of an initiative with one line of words, of its bar at most."""
FIRST = EDGE + 11.0
"""Where the axes begin, in mm from the left of the figure."""


@dataclass(frozen=True)
class Mark:
    """One initiative on the figure.

    Attributes:
        label: Name for people.
        arm: The arm whose it is, or "" for all.
        title: Of that arm, or "".
        begin: Day on which it starts.
        full: Day from which it is fully there, or would be if it did not end before.
        end: Day on which it ends; the horizon if it does not end before.
        where: How many districts it reaches, in words; "" where that says nothing.
    """

    label: str
    arm: str
    title: str
    begin: float
    full: float
    end: float
    where: str = ""

    @property
    def height(self) -> float:
        """How far it gets before it ends, 0 to 1."""
        return min(1.0, (self.end - self.begin) / (self.full - self.begin)) if self.full > self.begin else 1.0


def marks_of(scenario: Scenario, arms: Mapping[str, Coordination], titles: Mapping[str, str]) -> list[Mark]:
    """Return the initiatives of a place and of its arms, one mark each, in order of their start."""
    horizon = scenario.parameters.time.horizon_days
    districts = len(scenario.tables.districts)
    marks = _marks(scenario.tables.initiatives, "", "", districts, horizon)
    for arm, rules in arms.items():
        marks += _marks(rules.initiatives, arm, titles[arm], districts, horizon)
    return sorted(marks, key=lambda mark: (mark.begin, mark.title, mark.label))


def over_time_data(
    episodes: pd.DataFrame, handoffs: pd.DataFrame, runs: pd.DataFrame, arms: Mapping[str, str], time: Time
) -> pd.DataFrame:
    """Return outcomes by arm and period of the run.

    Everything that arose or was made so late that it was not observed for long enough is left out, so that nothing is
    censored. All needs count, those of the warm-up too; one that is taken up again after it was given up has been
    counted already.

    Args:
        episodes: A row an episode, of all runs.
        handoffs: A row a handoff, of all runs.
        runs: A row a run.
        arms: Titles by name of the arm.
        time: The clock.

    Returns:
        Columns ``arm``, ``series``, ``day`` (middle of the period), ``value`` (per 100, mean over replicates), ``low``
        and ``high`` (the spread between replicates, NaN for fewer than two). Periods in which some replicate has
        nothing to count are left out.
    """
    length, count = _periods(time)
    new = _new(episodes)
    supported = (new["state"] == SUPPORTED) & (new["days"] <= SOON_DAYS)
    dropped = (handoffs["state"] == "dropped") & (handoffs["dropped"] - handoffs["made"] <= SOON_DAYS)
    series = {
        "supported": new[["arm", "replicate"]].assign(day=new["onset"], hit=supported),
        "dropped": handoffs[["arm", "replicate"]].assign(day=handoffs["made"], hit=dropped),
    }
    parts = []
    for name, table in series.items():
        for arm, replicates in runs_of_arms(runs, arms).items():
            shares = _shares(table[table["arm"] == arm], replicates, length, count)
            keep = ~np.isnan(shares).any(axis=0) if len(shares) else np.zeros(count, bool)
            if not keep.any():
                continue
            low, high = spread(shares[:, keep])
            middle = (np.flatnonzero(keep) + 0.5) * length
            value = shares[:, keep].mean(axis=0)
            columns = {"arm": arm, "series": name, "day": middle, "value": value, "low": low, "high": high}
            parts.append(pd.DataFrame(columns))
    if not parts:
        return pd.DataFrame(columns=["arm", "series", "day", "value", "low", "high"])
    return pd.concat(parts, ignore_index=True)


def needs_shown(episodes: pd.DataFrame, arms: Mapping[str, str], time: Time) -> dict[str, int]:
    """Return by arm how many needs arose on the days of the figure, all runs together."""
    length, count = _periods(time)
    new = _new(episodes)
    numbers = new.loc[new["onset"] < length * count, "arm"].value_counts()
    return {arm: int(numbers.get(arm, 0)) for arm in arms}


def draw_over_time(
    data: pd.DataFrame,
    sizes: Mapping[str, int],
    runs: Mapping[str, list[int]],
    arms: Mapping[str, str],
    time: Time,
    marks: Sequence[Mark] = (),
    foot: str = "",
    width: float = style.DOUBLE_COLUMN,
) -> Figure:
    """Draw the figure.

    Args:
        data: From :func:`over_time_data`.
        sizes: From :func:`needs_shown`.
        runs: Replicates by arm.
        arms: Titles by name of the arm.
        time: The clock.
        marks: From :func:`marks_of`.
        foot: What else to say below: place, worlds, settings.
        width: Of the figure in mm: one of the two columns of :mod:`~experiments.figures.style`.
    """
    with style.house():
        length, count = _periods(time)
        notes = [
            sizes_note(f"Needs that arose by day {length * count:g}", sizes, runs, arms),
            f"Lines: means over the runs of an arm, for each {length:g} days.",
            spread_note("Bands", runs),
            f"Grey ground: warm-up of {time.warmup_days:g} days, not counted in other figures."
            if time.warmup_days > 0
            else "",
            foot,
        ]
        if data.empty:
            return Frame(TITLE, "", [notes[0], foot], width).empty(_why_empty(sizes, count)).figure
        frame = Frame(TITLE, _subtitle(marks), notes, width)
        narrow = style.is_narrow(width)
        labels = room_for(width)
        # Words above a narrow panel reach to where its labels are.
        above = 1.0 if narrow else BEYOND
        across = width - FIRST - EDGE - LABEL_GAP - min(labels, max(map(text_width, arms.values())) + 0.5)
        height = height_for(arms.values(), labels, PANEL_HEIGHT, above)
        reach = width - FIRST - EDGE if narrow else across
        lines = [mark_lines(mark, time.horizon_days, reach, most=2 if narrow else 1) for mark in marks]
        strip = sum(map(_row_height, lines)) + (2.0 if marks else 0.0)
        headings = {name: wrapped(words, width - FIRST - EDGE, bold=True) for name, words in SERIES.items()}
        more = style.LINE_HEIGHT * (sum(map(len, headings.values())) - len(headings))
        page = frame.page(strip + len(headings) * (height + PANEL_GAP) + more)
        if marks:
            strip_axes = page.canvas_axes(FIRST, frame.top, across, strip)
            _draw_marks(strip_axes, marks, lines, arms, across, reach, time)
        top = frame.top + strip
        for name, words in headings.items():
            page.text(FIRST, top, words, fontweight="bold")
            top += (len(words) - 1) * style.LINE_HEIGHT
            axes = page.axes(FIRST, top + 5.0, across, height)
            ends = _draw_panel(axes, data[data["series"] == name], marks, arms, time, 5 if narrow else 8)
            label_ends(axes, ends, across, height, with_markers=False, room=labels, above=above)
            top += height + PANEL_GAP
        return page.figure


def _new(episodes: pd.DataFrame) -> pd.DataFrame:
    """Return the needs that were not there before; one that is taken up again after a crisis was."""
    needed = episodes[["arm", "replicate", "onset", "days", "state"]]
    return needed[episodes["origin"] != "crisis"]


def _why_empty(sizes: Mapping[str, int], count: int) -> str:
    if not count:
        return "Nothing to show: no period of the run was observed for long enough."
    if not any(sizes.values()):
        return f"No needs to show: none arose on the days that were observed for {SOON_DAYS:g} days."
    return "Nothing to show: in every period some run has no needs."


def _marks(rows: Sequence[InitiativeRow], arm: str, title: str, districts: int, horizon: float) -> list[Mark]:
    marks = []
    for name in dict.fromkeys(row.initiative for row in rows):
        own = [row for row in rows if row.initiative == name]
        dates = [(row, row.dates(_reached(row, districts))) for row in own]
        begin = min(min(days) for _, days in dates)
        if begin >= horizon:
            continue
        end = max(horizon if row.to_day is None else min(row.to_day, horizon) for row in own)
        full = max(row.from_day + row.ramp_days + row.spread_days * (_reached(row, districts) - 1) for row in own)
        label = next((row.label for row in own if is_drawable(row.label)), "") or name.replace("_", " ")
        marks.append(Mark(label, arm, title, begin, full, end, _where(own, districts)))
    return marks


def _where(rows: Sequence[InitiativeRow], districts: int) -> str:
    """Return how many districts an initiative reaches; places belong to a service, which is in no district."""
    rows = [row for row in rows if not row.service]
    if not rows or districts == 1:
        return ""
    reached = {district for row in rows for district in row.districts}
    if any(row.is_everywhere for row in rows) or len(reached) == districts:
        return f"in all {districts} districts"
    return f"in {len(reached)} of {districts} districts"


def _reached(row: InitiativeRow, districts: int) -> int:
    return 1 if row.is_everywhere else len(row.districts)


def _subtitle(marks: Sequence[Mark]) -> str:
    if not marks:
        return (
            "No initiative starts or ends in this run: what changes over time is chance, and the filling of services."
        )
    hatched = " hatched: of all arms;" if any(not mark.arm for mark in marks) else ""
    return (
        f"Bars: initiatives, rising while they are built up or spread over districts;{hatched} dotted lines: their "
        "dates."
    )


def _periods(time: Time) -> tuple[float, int]:
    """Return length and number of the periods that are observed for long enough."""
    observed = time.horizon_days - SOON_DAYS
    length = next((days for days in BINS if observed / days <= MOST_BINS), BINS[-1])
    return length, max(0, math.floor(observed / length))


def _shares(table: pd.DataFrame, replicates: Sequence[int], length: float, count: int) -> Floats:
    """Return hits per 100 by replicate and period, NaN where there is nothing to count."""
    period = (table["day"].to_numpy(np.float64) // length).astype(np.int64)
    row = np.searchsorted(replicates, table["replicate"].to_numpy())
    inside = period < count
    cell = row[inside] * count + period[inside]
    size = max(1, len(replicates)) * count
    made = np.bincount(cell, minlength=size)
    hits = np.bincount(cell, weights=table["hit"].to_numpy(np.float64)[inside], minlength=size)
    with np.errstate(invalid="ignore"):
        return (100.0 * hits / made).reshape(max(1, len(replicates)), count)


def _row_height(lines: Sequence[str]) -> float:
    """Return how much room the bar of an initiative takes with the lines above it, in mm."""
    return ROW_HEIGHT + (len(lines) - 1) * style.LINE_HEIGHT


def _draw_marks(
    axes: Axes,
    marks: Sequence[Mark],
    lines: Sequence[Sequence[str]],
    arms: Mapping[str, str],
    width: float,
    reach: float,
    time: Time,
) -> None:
    """Draw a bar for each initiative below its lines, which end ``reach`` mm from the left edge of the axes at most."""
    looks = style.looks_of_arms(arms)
    horizon = time.horizon_days
    axes.set_xlim(0.0, horizon)
    axes.tick_params(bottom=False, labelbottom=False)
    bottom = 0.0
    for position, (mark, words) in enumerate(zip(marks, lines, strict=True)):
        bottom += _row_height(words)
        base = bottom - 1.0
        top = base - mark.height * BAR_HEIGHT
        corners = [(mark.begin, base), (min(mark.full, mark.end), top), (mark.end, top), (mark.end, base)]
        fill: dict[str, Any] = {"facecolor": "white", "edgecolor": style.GREY, "hatch": "//////"}
        if mark.arm:
            colour = looks[mark.arm].colour
            fill = {"facecolor": colour, "edgecolor": colour, "alpha": 0.55}
        axes.add_patch(Polygon(corners, closed=True, linewidth=0.6, gid=f"mark-{position}", **fill))
        latest = (reach - max(map(text_width, words))) / width * horizon
        place = (max(0.0, min(mark.begin, latest)), base - BAR_HEIGHT - 0.6)
        axes.text(*place, "\n".join(words), va="bottom", ha="left")


def mark_lines(mark: Mark, horizon: float, width: float, most: int = 1) -> list[str]:
    """Return what is written above the bar of an initiative: where and when is never left out.

    Args:
        mark: The initiative.
        horizon: The last day of the run.
        width: Room for a line, in mm.
        most: Lines that may be written, one or two.
    """
    when = f"day {mark.begin:g} to {mark.end:g}" if mark.end < horizon else f"from day {mark.begin:g}"
    rest = f"{mark.where}, {when}" if mark.where else when
    room = width - text_width(f", {rest}")
    name = f"{mark.title}: {mark.label}" if mark.title else mark.label
    if most > 1 and text_width(name) > room:
        return [_shortened_name(mark, width), rest]
    return [f"{_shortened_name(mark, room)}, {rest}"]


def _shortened_name(mark: Mark, room: float) -> str:
    """Return the title of the arm and the name of the initiative, cut where they are wider than ``room`` mm."""
    title = ""
    if mark.title:
        # Its colour tells the arm as well: of the two the initiative's own name matters more.
        title = shortened(mark.title, max(room / 3, room - text_width(f": {mark.label}")))[0] + ": "
    return title + shortened(mark.label, room - text_width(title))[0]


def days_of_run(axes: Axes, time: Time, most: int = 8) -> None:
    """Let the axis be the days of the run, numbered in ``most`` steps at most, with the warm-up on grey ground."""
    axes.set_xlim(0.0, time.horizon_days)
    axes.set_xlabel("Day of the run")
    axes.xaxis.set_major_locator(MaxNLocator(most, steps=[1, 2, 5, 10], integer=True))
    axes.axvspan(0.0, time.warmup_days, color="#f0f0f0", zorder=0, linewidth=0, gid="warm-up")


def _draw_panel(
    axes: Axes,
    data: pd.DataFrame,
    marks: Sequence[Mark],
    arms: Mapping[str, str],
    time: Time,
    most: int,
) -> list[End]:
    """Draw one series with its days in ``most`` steps at most, and return the ends of its lines."""
    days_of_run(axes, time, most)
    for day in sorted({day for mark in marks for day in (mark.begin, mark.end)} - {0.0, time.horizon_days}):
        axes.axvline(day, color=style.GREY, linewidth=0.7, linestyle=style.DOTTED, zorder=1)
    looks = style.looks_of_arms(arms)
    ends = []
    for arm, look in looks.items():
        curve = data[data["arm"] == arm]
        if curve.empty:
            continue
        days, value, low, high = (curve[name].to_numpy(float) for name in ("day", "value", "low", "high"))
        axes.fill_between(days, low, high, color=look.colour, alpha=0.15, linewidth=0, zorder=2)
        axes.plot(days, value, color=look.colour, linestyle=look.line, linewidth=1.2, zorder=3, gid=f"line-{arm}")
        ends.append(End(arm, arms[arm], float(days[-1]), float(value[-1]), look))
    top = float(np.nanmax(data[["value", "high"]].to_numpy(float))) if len(data) else 0.0
    axes.set_ylim(0.0, min(100.0, 10.0 * math.ceil((top + 1e-9) / 10.0)) if top > 0 else 10.0)
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    return ends
