"""Figure: dropped handoffs by sending and receiving sector."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize, to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from experiments.figures import style
from experiments.figures.layout import EDGE, Frame, Page, text_width, wrapped
from experiments.figures.spread import handoffs_note, no_handoffs, short_titles
from experiments.figures.tables import cohort_of, plain, rows_of
from sim.schema.parameters import Time

NAME = "drops_by_sector"
TITLE = "Dropped handoffs between and within sectors"
COLUMNS = 3
"""Arms side by side at most."""
CELL_HEIGHT, GAP = 10.0, 4.0
"""In mm: of a cell, between panels; cells are as wide as the page allows."""
LOW_CELL, NAMES = 6.8, 4.3
"""In mm: of a cell where many panels stand below each other, of the names of the sectors below a panel."""
LEVELS, LOW_LEVELS = (0.34, 0.68), (0.29, 0.72)
"""Of the two texts of a cell and of a low one, in parts of its height from its top."""
BESIDE = 5.0
"""In mm: of what rows are, written upright at the left edge of the figure."""
SENDER, RECEIVER = "From a sender in this sector", "To a receiver in this sector"
LEAST_RANGE = 20.0
"""Of the scale of colours, in percent."""
FEW = 20
"""Handoffs below which the share of a pair of sectors is mostly chance: it is written, but has no colour."""
NO_COLOUR = "#f2f2f2"
BAR_WIDTH = 60.0
"""Of the bar of colours at most, in mm."""
COLOURS = LinearSegmentedColormap.from_list("drops", ["#fff7ec", "#fdbb84", "#d7301f", "#67000d"])
"""From light to dark in grey as well."""


def sectors_data(handoffs: pd.DataFrame, arms: Mapping[str, str]) -> pd.DataFrame:
    """Return the share of handoffs dropped by arm, sending and receiving sector, replicates pooled.

    Args:
        handoffs: A row a handoff; only those of the cohort count.
        arms: Titles by name of the arm.

    Returns:
        Columns ``arm``, ``sender_sector``, ``receiver_sector``, ``made``, ``dropped`` and ``percent`` (NaN where none
        was made): a row for each pair of sectors in each arm, pairs without handoffs too.
    """
    keys = ["arm", "sender_sector", "receiver_sector"]
    counted = cohort_of(handoffs, [*keys, "state"])
    table = counted[keys].assign(dropped=(counted["state"] == "dropped").astype(int))
    sectors = style.sectors_in_order([*table["sender_sector"].unique(), *table["receiver_sector"].unique()])
    cells = pd.MultiIndex.from_product([list(arms), sectors, sectors], names=keys)
    sums = table.groupby(keys, observed=True)["dropped"].agg(["size", "sum"]).reset_index()
    sums = sums.astype(dict.fromkeys(keys, str)).set_index(keys).reindex(cells, fill_value=0)
    data = sums.reset_index().rename(columns={"size": "made", "sum": "dropped"})
    data["percent"] = 100.0 * data["dropped"] / data["made"].where(data["made"] > 0, np.nan)
    return data


def draw_sectors(
    data: pd.DataFrame,
    runs: Mapping[str, list[int]],
    arms: Mapping[str, str],
    time: Time,
    foot: str = "",
    width: float = style.DOUBLE_COLUMN,
) -> Figure:
    """Draw the figure.

    Args:
        data: From :func:`sectors_data`.
        runs: Replicates by arm.
        arms: Titles by name of the arm.
        time: The clock; its follow-up limits which handoffs count.
        foot: What else to say below: place, worlds, settings.
        width: Of the figure in mm: one of the two columns of style. Few sectors of a single arm take a single column in
            any case.
    """
    with style.house():
        made = {arm: int(data.loc[data["arm"] == arm, "made"].sum()) for arm in arms}
        notes = [
            handoffs_note(made, runs, short_titles(arms) if style.is_narrow(width) else arms, time),
            "n: handoffs made from the sector of the row to the sector of the column, all runs of an arm together.",
            f"Without colour: fewer than {FEW} handoffs, too few to tell from chance."
            if data["made"].between(1, FEW - 1).any()
            else "",
            foot,
        ]
        if not sum(made.values()):
            return no_handoffs(TITLE, [notes[0], foot], width)
        subtitle = "Handoffs dropped, in % of those made" + (
            "; the same colours in every panel." if len(arms) > 1 else "."
        )
        sectors = list(data["sender_sector"].unique())
        is_small = len(arms) == 1 and len(sectors) <= len(style.SECTORS)
        frame = Frame(TITLE, subtitle, notes, style.SINGLE_COLUMN if is_small else width)
        if style.is_narrow(width):
            return _draw_stacked(frame, data, arms, sectors)
        return _draw_side_by_side(frame, data, arms, sectors)


def _draw_side_by_side(frame: Frame, data: pd.DataFrame, arms: Mapping[str, str], sectors: list[str]) -> Figure:
    """Draw panels in lines of up to three; sectors are named at the edges of the whole.

    Args:
        frame: Around the panels.
        data: From :func:`sectors_data`.
        arms: Titles by name of the arm.
        sectors: In the order of rows and columns.
    """
    left = EDGE + BESIDE + max(text_width(plain(sector)) for sector in sectors) + 1.5
    across = min(COLUMNS, len(arms)) if len(arms) != 4 else 2
    down = math.ceil(len(arms) / across)
    panel_width = (frame.width - left - EDGE + GAP) / across - GAP
    panel_height = CELL_HEIGHT * len(sectors)
    titles = {arm: _title(arms[arm], data[data["arm"] == arm], panel_width) for arm in arms}
    title_height = max(len(lines) for lines in titles.values()) * style.LINE_HEIGHT + 1.0
    step = title_height + panel_height + 5.0
    span = colour_range(data)
    page = frame.page(down * step + (19.0 + style.LINE_HEIGHT if span else 8.0))
    norm = Normalize(*(span or (0.0, 100.0)))
    for position, arm in enumerate(arms):
        row, column = divmod(position, across)
        x, y = left + column * (panel_width + GAP), frame.top + row * step
        page.text(x, y, titles[arm][:-1], fontweight="bold")
        page.text(x, y + (len(titles[arm]) - 1) * style.LINE_HEIGHT, titles[arm][-1:])
        axes = page.axes(x, y + title_height, panel_width, panel_height)
        is_last = position + across >= len(arms)
        _draw_panel(axes, data[data["arm"] == arm], sectors, norm, LEVELS)
        _name_sectors(axes, sectors, column == 0, is_last)
        if is_last:
            axes.set_xlabel(RECEIVER)
        if column == 0:
            axes.set_ylabel(SENDER)
    if span:
        width = min(BAR_WIDTH, frame.width - left - EDGE - 4.0)
        _draw_bar(page, left, frame.top + down * step + 8.0, width, span)
    return page.figure


def _draw_stacked(frame: Frame, data: pd.DataFrame, arms: Mapping[str, str], sectors: list[str]) -> Figure:
    """Draw panels below each other; sectors are named at each, and what rows and columns are once.

    Args:
        frame: Around the panels.
        data: From :func:`sectors_data`.
        arms: Titles by name of the arm.
        sectors: In the order of rows and columns.
    """
    left = EDGE + BESIDE + max(text_width(plain(sector)) for sector in sectors) + 1.5
    room = frame.width - 2 * EDGE - BESIDE
    cell, levels = (CELL_HEIGHT, LEVELS) if len(arms) <= COLUMNS else (LOW_CELL, LOW_LEVELS)
    titles = [_title(title, data[data["arm"] == arm], room) for arm, title in arms.items()]
    heights = [_height_of_title(title, room) for title in titles]
    panel = cell * len(sectors)
    tops = np.concatenate([[0.0], np.cumsum([height + panel + NAMES + 0.8 for height in heights])]) + frame.top
    span = colour_range(data)
    page = frame.page(float(tops[-1]) - frame.top + 3.5 + (12.4 + style.LINE_HEIGHT if span else 0.0))
    norm = Normalize(*(span or (0.0, 100.0)))
    for arm, title, height, top in zip(arms, titles, heights, tops, strict=False):
        _write_title(page, title, float(top), room)
        axes = page.axes(left, float(top) + height, frame.width - left - EDGE, panel)
        _draw_panel(axes, data[data["arm"] == arm], sectors, norm, levels)
        _name_sectors(axes, sectors, True, True)
    page.text(EDGE, (float(tops[0]) + heights[0] + float(tops[-1]) - NAMES) / 2, [SENDER], rotation=90, va="center")
    page.text((left + frame.width - EDGE) / 2, float(tops[-1]) - 0.5, [RECEIVER], ha="center")
    if span:
        _draw_bar(page, left, float(tops[-1]) + 5.0, min(BAR_WIDTH, frame.width - left - EDGE - 4.0), span)
    return page.figure


def _draw_bar(page: Page, left: float, top: float, width: float, span: tuple[float, float]) -> None:
    """Draw the scale of colours; places and ``width`` are in mm, ``span`` is from :func:`colour_range`."""
    bar = page.axes(left, top, width, 2.5)
    colours = page.figure.colorbar(ScalarMappable(Normalize(*span), COLOURS), cax=bar, orientation="horizontal")
    words = f"colours span the data, in tens: {span[0]:.0f} to {span[1]:.0f} %"
    colours.set_label(f"Handoffs dropped (% of those made);\n{words}")
    # Both ends have a tick.
    colours.set_ticks(np.linspace(*span, round((span[1] - span[0]) / 10.0) + 1).tolist())


def colour_range(data: pd.DataFrame) -> tuple[float, float] | None:
    """Return where the scale of colours begins and ends: tens of percent around the data, and not too narrow a range.

    Otherwise cells that differ by chance would look far apart. Cells with few handoffs do not count; None if there are
    no others.
    """
    percent = data.loc[data["made"] >= FEW, "percent"]
    if percent.empty:
        return None
    low = math.floor(float(percent.min()) / 10.0) * 10.0
    high = math.ceil(float(percent.max()) / 10.0) * 10.0
    high = max(high, LEAST_RANGE)
    return min(low, high - LEAST_RANGE), high


def _title(title: str, data: pd.DataFrame, width: float) -> list[str]:
    """Return the lines above a panel; the last one has the total."""
    made, dropped = int(data["made"].sum()), int(data["dropped"].sum())
    total = f"{100 * dropped / made:.0f} % of {made:,} dropped" if made else "no handoffs made"
    return [*wrapped(title, width, bold=True), total]


def _is_one_line(title: list[str], room: float) -> bool:
    """Return whether the title of a panel with its total fits into a line of ``room`` mm."""
    return len(title) == 2 and text_width(title[0], bold=True) + 3.0 + text_width(title[1]) <= room


def _height_of_title(title: list[str], room: float) -> float:
    return (1 if _is_one_line(title, room) else len(title)) * style.LINE_HEIGHT + 1.0


def _write_title(page: Page, title: list[str], top: float, room: float) -> None:
    """Write the title of a panel, and its total at the right edge of the same line, or below."""
    if _is_one_line(title, room):
        level = top + 0.8 * style.LINE_HEIGHT
        page.text(EDGE + BESIDE, level, title[:1], va="baseline", fontweight="bold")
        page.text(EDGE + BESIDE + room, level, title[1:], va="baseline", ha="right")
    else:
        page.text(EDGE + BESIDE, top, title[:-1], fontweight="bold")
        page.text(EDGE + BESIDE, top + (len(title) - 1) * style.LINE_HEIGHT, title[-1:])


def _draw_panel(
    axes: Axes, data: pd.DataFrame, sectors: list[str], norm: Normalize, levels: tuple[float, float]
) -> None:
    """Draw the heat map of an arm; ``levels`` are of the texts of a cell, in parts of it."""
    axes.set_xlim(0, len(sectors))
    axes.set_ylim(len(sectors), 0)
    for row in rows_of(data):
        x, y = sectors.index(str(row.receiver_sector)), sectors.index(str(row.sender_sector))
        if not row.made:
            axes.add_patch(
                Rectangle((x, y), 1, 1, facecolor=NO_COLOUR, edgecolor=style.FAINT, hatch="////", linewidth=0)
            )
            box = {"facecolor": NO_COLOUR, "edgecolor": "none", "pad": 1.0}
            axes.text(x + 0.5, y + 0.5, "none\nmade", ha="center", va="center", color=style.GREY, bbox=box)
            continue
        percent = float(row.percent)
        is_small = row.made < FEW
        shade = to_rgba(NO_COLOUR) if is_small else COLOURS(norm(percent))
        axes.add_patch(
            Rectangle((x, y), 1, 1, facecolor=shade, linewidth=0, gid=f"cell-{row.sender_sector}-{row.receiver_sector}")
        )
        ink = style.GREY if is_small else "white" if _lightness(shade) < 0.5 else style.INK
        weight = "normal" if is_small else "bold"
        axes.text(x + 0.5, y + levels[0], f"{percent:.0f} %", ha="center", va="center", color=ink, fontweight=weight)
        axes.text(x + 0.5, y + levels[1], f"n={row.made:,}", ha="center", va="center", color=ink)
    for edge in range(len(sectors) + 1):
        axes.axhline(edge, color="white", linewidth=1.2)
        axes.axvline(edge, color="white", linewidth=1.2)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)


def _name_sectors(axes: Axes, sectors: list[str], with_rows: bool, with_columns: bool) -> None:
    """Write the names of the sectors beside the rows and below the columns of a panel."""
    centres = [position + 0.5 for position in range(len(sectors))]
    words = [plain(sector) for sector in sectors]
    axes.set_xticks(centres, words if with_columns else [])
    axes.set_yticks(centres, words if with_rows else [])
    axes.tick_params(length=0)


def _lightness(colour: tuple[float, ...]) -> float:
    """Return how light a colour looks, 0 to 1."""
    red, green, blue = colour[:3]
    return 0.299 * red + 0.587 * green + 0.114 * blue
