"""Figure: how full each service is, and how long people wait for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FixedLocator, MaxNLocator

from experiments.figures import style
from experiments.figures.arm_key import key_height, write_key
from experiments.figures.ends import markers
from experiments.figures.labels import Labels
from experiments.figures.layout import EDGE, Frame, Page, shortened, text_width
from experiments.figures.spread import has_several, sizes_note, spread_note
from experiments.figures.tables import plain, rows_of
from experiments.services import FULL
from sim.schema.parameters import Time

NAME = "services"
TITLE = "How full each service is, and how long people wait for it"
PANELS = {"used": "Places in use, %", "days": "Days in queue"}
"""What is shown side by side, and in which unit."""
STAGES = {"assessment": "assessment", "support": "support", "crisis": "crises"}
"""Stages in the order in which they are shown, and what is done there."""

BAND, GUTTER, AXIS, KEY_GAP = 1.5, 4.0, 5.0, 2.5
"""In mm: of the strip in the colour of a sector, between parts side by side, of the axis below, below the key."""
NAME_WIDTH, NARROW_NAME_WIDTH = 52.0, 36.0
"""In mm: of the names of services."""
ROW, HEAD_ROW, OFFSET = 3.4, 3.9, 0.7
"""In mm: of a service, of the name of a group of them, from the marker of one of two arms to that of the other."""
MOST_WITH_LINES = 2
"""Arms whose spread between runs is drawn: of more there would be more lines than can be told apart."""
NARROW_PANEL = 30.0
"""In mm: a panel that is not as wide has fewer ticks."""
BEYOND = 4.0
"""In percent: what is drawn left of 0 and right of 100, so that markers there are whole."""


@dataclass(frozen=True)
class _Row:
    """A service, or the name of a group of them.

    Attributes:
        text: What is written.
        service: Its name, "" for the name of a group.
        sector: Whose it is.
        top: Where it begins, in mm from the top of the chart.
    """

    text: str
    service: str
    sector: str
    top: float

    @property
    def height(self) -> float:
        """In mm."""
        return ROW if self.service else HEAD_ROW


def draw_services(
    services: pd.DataFrame,
    labels: Labels,
    runs: Mapping[str, list[int]],
    arms: Mapping[str, str],
    time: Time,
    foot: str = "",
    width: float = style.DOUBLE_COLUMN,
) -> Figure:
    """Draw the figure.

    Args:
        services: From :func:`experiments.services.services_over_runs`.
        labels: Of the scenario.
        runs: Replicates by arm.
        arms: Titles by name of the arm.
        time: The clock; its follow-up limits the days in a queue that are counted.
        foot: What else to say below: place, worlds, settings.
        width: Of the figure in mm: one of the two columns of style.
    """
    with style.house():
        # A service without places may have the longest queue of all.
        shown = services[services["arm"].isin(list(arms)) & ((services["places"] > 0) | (services["joined"] > 0))]
        joined = _joined(shown, arms)
        notes = [
            "Places in use: by people who are served, by appointments that were missed, by coordination; share of the "
            f"place-days from day {time.warmup_days:g} to day {time.horizon_days:g}. Days in queue: mean of all "
            f"entries, served, left or waiting still, each followed for {time.followup_days:g} days. "
            + _missing(shown),
            sizes_note("Entries to queues on the days counted", joined, runs, arms),
            _of_runs(runs, has_lines=len(arms) <= MOST_WITH_LINES),
            foot,
        ]
        if shown.empty:
            return Frame(TITLE, "", [foot], width).empty("No service has any places.").figure
        names = NARROW_NAME_WIDTH if style.is_narrow(width) else NAME_WIDTH
        rows = _rows(shown, labels, names)
        height = rows[-1].top + rows[-1].height + 1.0
        frame = Frame(TITLE, "A row for each service of each provider.", notes, width)
        room = width - 2 * EDGE
        head = key_height(arms, room) + KEY_GAP + style.LINE_HEIGHT + 0.5
        page = frame.page(head + height + AXIS)
        write_key(page, arms, EDGE, frame.top, room)
        top = frame.top + head
        _write_names(page, rows, top)
        left = EDGE + BAND + 1.0 + names + GUTTER / 2
        panel = (width - EDGE - left - GUTTER) / len(PANELS)
        for number, (measure, words) in enumerate(PANELS.items()):
            start = left + number * (panel + GUTTER)
            page.text(start, top - style.LINE_HEIGHT - 0.5, [words], fontweight="bold")
            _draw_panel(page.canvas_axes(start, top, panel, height), shown, rows, measure, arms, panel < NARROW_PANEL)
        return page.figure


def _missing(services: pd.DataFrame) -> str:
    """Return why some services have no mark on the left or on the right; "" if none has."""
    parts = []
    if services["used"].isna().any():
        parts.append("No mark on the left: no places.")
    if services["days"].isna().any():
        parts.append("No mark on the right: nobody joined a queue; crises have none.")
    return " ".join(parts)


def _of_runs(runs: Mapping[str, list[int]], has_lines: bool) -> str:
    """Return how runs are put together, and what lines show where there are any."""
    if not has_several(runs):
        return ""
    return "All runs of an arm together." + (f" {spread_note('Lines', runs)}" if has_lines else "")


def seen(services: pd.DataFrame, arms: Mapping[str, str]) -> str:
    """Return what is seen on the figure, in words and numbers.

    Args:
        services: From :func:`experiments.services.services_over_runs`.
        arms: Titles by name of the arm.
    """
    parts = []
    for arm, title in arms.items():
        own = services[(services["arm"] == arm) & (services["joined"] > 0)]
        if own.empty:
            continue
        longest = own.sort_values("days", ascending=False, kind="stable").head(3)
        queues = ", ".join(f"{row.label} ({_done(row.stage)}) {row.days:.0f} days" for row in rows_of(longest))
        entries = own["joined"] * own["runs"]
        parts.append(
            f"under {title} in a run {own['full'].sum():.0f} of {len(own)} services that have a queue have "
            f"{100 * FULL:.0f} % or more of their places in use, and an entry to a queue lasts "
            f"{np.average(own['days'], weights=entries):.0f} days on average; the longest queues are {queues}"
        )
    if not parts:
        return ""
    return f"A row for each service with the share of its places in use and the days in its queue: {'; '.join(parts)}."


def _done(stage: str) -> str:
    """Return what is done at a stage, in words."""
    return STAGES.get(stage, plain(stage).lower())


def _joined(services: pd.DataFrame, arms: Mapping[str, str]) -> dict[str, int]:
    """Return how many entries there were to queues in all runs of each arm."""
    total = (services["joined"] * services["runs"]).groupby(services["arm"]).sum()
    return {arm: round(float(total.get(arm, 0.0))) for arm in arms}


def _rows(services: pd.DataFrame, labels: Labels, width: float) -> list[_Row]:
    """Return the services by sector and stage, each group below its name."""
    found = services.drop_duplicates("service")
    rows: list[_Row] = []
    top = 0.0
    for sector in style.sectors_in_order(found["sector"].unique()):
        for stage in [*STAGES, *sorted(set(found["stage"]) - set(STAGES))]:
            group = found[(found["sector"] == sector) & (found["stage"] == stage)]
            if group.empty:
                continue
            rows.append(_Row(f"{plain(sector)} sector: {_done(stage)}", "", sector, top))
            top += HEAD_ROW
            for row, text in zip(rows_of(group), _names(group, labels, width), strict=True):
                rows.append(_Row(text, row.service, sector, top))
                top += ROW
    return rows


def _names(group: pd.DataFrame, labels: Labels, width: float) -> list[str]:
    """Return what the services of one sector and stage are called, in a line of at most ``width`` mm each.

    That is their provider, or the service where a provider has several of them; of names that are alike when cut the
    end is shown, which is where they differ.
    """
    is_one_of_several = group["provider"].duplicated(keep=False)
    whole = [
        labels.service(row.service) if several else labels.provider(row.provider)
        for row, several in zip(rows_of(group), is_one_of_several, strict=True)
    ]
    cut = [shortened(text, width)[0] for text in whole]
    return [
        short if cut.count(short) == 1 or short == text else _end_of(text, width)
        for text, short in zip(whole, cut, strict=True)
    ]


def _end_of(text: str, width: float) -> str:
    """Return the end of a text after an ellipsis, in a line of at most ``width`` mm."""
    while len(text) > 1 and text_width("…" + text) > width:
        text = text[1:]
    return "…" + text.lstrip()


def _write_names(page: Page, rows: Sequence[_Row], top: float) -> None:
    """Write the names of services, and beside them a strip in the colour of their sector."""
    height = rows[-1].top + rows[-1].height
    band = page.canvas_axes(EDGE, top, BAND, height)
    band.set_axis_off()
    band.set_xlim(0.0, BAND)
    for row in rows:
        middle = top + row.top + row.height / 2
        if row.service:
            band.add_patch(
                Rectangle((0.0, row.top), BAND, row.height, facecolor=style.colour_of_sector(row.sector), linewidth=0)
            )
        page.text(
            EDGE + (BAND + 1.0 if row.service else 0.0),
            middle,
            [row.text],
            va="center",
            fontweight="normal" if row.service else "bold",
        )


def _draw_panel(
    axes: Axes, services: pd.DataFrame, rows: Sequence[_Row], measure: str, arms: Mapping[str, str], is_narrow: bool
) -> None:
    """Draw one measure of all services; y of the axes is in mm."""
    scale = 100.0 if measure == "used" else 1.0
    axes.spines["bottom"].set_visible(True)
    middles = {row.service: row.top + row.height / 2 for row in rows if row.service}
    for middle in middles.values():
        axes.axhline(middle, color=style.FAINT, linewidth=0.4, zorder=0.5)
    looks = style.looks_of_arms(arms)
    furthest = 0.0
    for (arm, look), offset in zip(looks.items(), _offsets(len(arms)), strict=True):
        own = services[(services["arm"] == arm) & services[measure].notna()]
        y = own["service"].map(middles).to_numpy(float) + offset
        values = scale * own[measure].to_numpy(float)
        low, high = (scale * own[f"{measure}_{end}"].to_numpy(float) for end in ("low", "high"))
        if len(arms) <= MOST_WITH_LINES:
            axes.hlines(y, low, high, color=look.colour, linewidth=0.7, gid=f"spread-{measure}-{arm}")
            furthest = max(furthest, float(np.nanmax(high, initial=0.0)))
        size = 4.0 if len(arms) <= MOST_WITH_LINES else 3.2
        axes.plot(values, y, **{**markers(look), "markersize": size}, gid=f"{measure}-{arm}", zorder=3)
        furthest = max(furthest, float(np.max(values, initial=0.0)))
    if measure == "used":
        axes.set_xlim(-BEYOND, max(100.0, furthest) + BEYOND)
        axes.xaxis.set_major_locator(FixedLocator([0, 50, 100] if is_narrow else [0, 25, 50, 75, 100]))
    else:
        room = BEYOND / 100.0 * (furthest or 1.0)
        axes.set_xlim(-room, (furthest or 1.0) + room)
        axes.xaxis.set_major_locator(MaxNLocator(3 if is_narrow else 5, steps=[1, 2, 2.5, 5, 10]))
    axes.grid(axis="x", color=style.FAINT, linewidth=0.4)
    axes.set_axisbelow(True)


def _offsets(arms: int) -> np.ndarray:
    """Return how far the marker of each arm is from the middle of a row, in mm."""
    reach = OFFSET / 2 if arms == 2 else OFFSET
    return np.linspace(-reach, reach, arms) if arms > 1 else np.zeros(1)
