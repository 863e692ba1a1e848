"""Figure: the landscape as a map, with people on the arrows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Polygon

from experiments.figures import style
from experiments.figures.flows_data import Flows
from experiments.figures.flows_map import LARGEST, ROAD_POINTS, Floats, Map, Place, beside, edge_of, lane, map_of, way
from experiments.figures.layout import EDGE, Frame, Page, text_width, wrapped
from experiments.figures.spread import handoffs_note, has_several, no_handoffs, sizes_note
from experiments.figures.tables import counted, rows_of
from sim.schema.parameters import Time

NAME = "flows"
TITLE = "Who is sent where, and how many arrive"

Colour = str | tuple[float, ...]

MOST_WAYS = 40
"""Ways of an arm that are drawn as arrows, if that many can be told from the rest by how much they are used; more could
hardly be followed."""
MOST_NUMBERS, MOST_HIDDEN = 6, 20
"""Arrows of an arm with their numbers on them at most, and how much of others a number may hide (points of roads)."""
SEEN = 0.05
"""Per 100 needs: what is less would be written as 0.0."""
ARRIVES, UNDER_WAY = "#3c3c3c", "white"
LOST = tuple(1.0 - 0.55 * (1.0 - part) for part in to_rgb(style.DROP_COLOUR))
"""Of the parts of an arrow: dark, pale and white, in grey too."""
THIN = "#dadada"

GUTTER, HEAD_GAP = 4.0, 2.0
"""In mm: between panels, between the texts above a panel and its map."""
WIDEST, SMALLEST, NEAR, LEAST_WHITE = 3.0, 0.55, 0.15, 0.25
"""In mm: width of the most used way, radius of the smallest provider, from the middle of a road to its lanes, width of
what is under way from which on it is drawn."""
STEPS = [digit * 10.0**power for power in range(-4, 6) for digit in (1, 2, 5)]
"""Round numbers."""
KEY = 7.0
"""Height of a line of the key, in mm."""


@dataclass(frozen=True)
class Scale:
    """What numbers look like, the same in every panel.

    Attributes:
        least: Handoffs per 100 needs from which on a way is an arrow; 0 if all ways are.
        width: Of an arrow, in mm for 1 per 100 needs.
        radius: Of a provider, in mm for 1 per 100 needs; area is in proportion.
    """

    least: float
    width: float
    radius: float

    def radius_of(self, first: float) -> float:
        """Return the radius of a provider in mm."""
        return max(self.radius * math.sqrt(first), SMALLEST)


def draw_flows(
    flows: Flows,
    runs: Mapping[str, list[int]],
    arms: Mapping[str, str],
    time: Time,
    foot: str = "",
    width: float = style.DOUBLE_COLUMN,
    left_out: Sequence[str] = (),
) -> Figure:
    """Draw the figure.

    Args:
        flows: From :func:`experiments.figures.flows_data.flows_data`.
        runs: Replicates by arm.
        arms: Titles by name of the arm.
        time: The clock; its follow-up limits which handoffs count.
        foot: What else to say below: place, worlds, settings.
        width: Of the figure in mm: of a double column two panels are side by side, of a single one there is one.
        left_out: Titles of arms of the comparison that are not shown.
    """
    with style.house():
        edges = flows.edges
        made = {arm: int(edges.loc[edges["arm"] == arm, "handoffs"].sum()) for arm in arms}
        sizes = sizes_note("Needs counted", flows.needs, runs, arms)
        of_handoffs = handoffs_note(made, runs, arms, time)
        if not sum(made.values()):
            return no_handoffs(TITLE, [sizes, of_handoffs, foot], width)
        scale = scale_of(flows)
        others = f"Not shown: {', '.join(left_out)} (see tables/flows.csv)." if left_out else ""
        notes = [_how_to_read(edges, scale, runs), sizes, of_handoffs, others, foot]
        subtitle = (
            "Handoffs per 100 needs. Width of an arrow: handoffs made; dark: the person comes to the first "
            "appointment; pale: dropped on the way. Area of a circle: needs that are brought there first."
        )
        across = min(len(arms), 1 if style.is_narrow(width) else 2)
        if across == 1:
            width = style.SINGLE_COLUMN
        frame = Frame(TITLE, subtitle, notes, width)
        panel = (frame.width - 2 * EDGE + GUTTER) / across - GUTTER
        where = map_of(flows.nodes[flows.nodes["arm"] == next(iter(arms))], panel)
        heads = {arm: _head(title, edges[edges["arm"] == arm], scale, panel) for arm, title in arms.items()}
        head = max(len(title) + len(lines) for title, lines in heads.values()) * style.LINE_HEIGHT + HEAD_GAP
        step = head + where.height + GUTTER
        down = math.ceil(len(arms) / across)
        key = KEY * (1 if across > 1 else 2)
        page = frame.page(down * step + key)
        for number, arm in enumerate(arms):
            row, column = divmod(number, across)
            left, top = EDGE + column * (panel + GUTTER), frame.top + row * step
            title, lines = heads[arm]
            page.text(left, top, title, fontweight="bold")
            page.text(left, top + len(title) * style.LINE_HEIGHT, lines, color=style.GREY)
            axes = _canvas(page, left, top + head, panel, where.height)
            _draw_arm(axes, arm, flows, where, scale)
        _draw_key(_canvas(page, EDGE, frame.top + down * step, frame.width - 2 * EDGE, key), scale, across)
        return page.figure


def scale_of(flows: Flows) -> Scale:
    """Return what numbers look like: the most used way of all arms is the widest.

    A way is an arrow from the smallest round number on with which no arm has more than :data:`MOST_WAYS` arrows; where
    so many ways are used alike that there is none, from the largest round number on that is reached.
    """
    made, first = flows.edges["made"], flows.nodes["first"].max()

    def ways(least: float) -> int:
        return int(flows.edges.loc[made >= least, "arm"].value_counts().max())

    steps = [0.0, *(step for step in STEPS if step <= made.max())]
    least = next((step for step in steps if ways(step) <= MOST_WAYS), steps[-1])
    return Scale(least, WIDEST / made.max(), LARGEST / math.sqrt(first) if first > 0 else 0.0)


def _how_to_read(edges: pd.DataFrame, scale: Scale, runs: Mapping[str, list[int]]) -> str:
    """Return what one needs to know to read the arrows."""
    said = []
    if scale.least:
        said.append(
            f"Arrows: at least {scale.least:g} sent per 100 needs; thin grey: at least {scale.least / 10:g}; fewer are "
            "left out."
        )
    if edges["under_way"].max() * scale.width >= LEAST_WHITE:
        said.append("White: still under way when the run ends.")
    said.append(
        "Arrows keep to the right, so that each direction has its own lane. Numbers: how many arrive of how many are "
        "sent, per 100 needs, on the most used ways where there is room."
    )
    if has_several(runs):
        said.append("All runs of an arm together.")
    return " ".join(said)


def _canvas(page: Page, left: float, top: float, width: float, height: float) -> Axes:
    """Add axes in mm from their upper left corner."""
    axes = page.canvas_axes(left, top, width, height)
    axes.set_xlim(0.0, width)
    axes.set_axis_off()
    return axes


def _head(title: str, edges: pd.DataFrame, scale: Scale, width: float) -> tuple[list[str], list[str]]:
    """Return the title above a panel, and what is said below it of the arm as a whole."""
    made, attended = edges["made"].sum(), edges["attended"].sum()
    if not made:
        return wrapped(title, width, bold=True), ["Nobody is sent on."]
    drawn = edges.loc[edges["made"] >= scale.least, "made"]
    said = f"{made:.1f} sent on per 100 needs, {attended:.1f} arrive ({100.0 * attended / made:.0f} %)"
    if len(drawn) < len(edges):
        said += f"; arrows show {len(drawn)} of {counted(len(edges), 'way')} with {drawn.sum():.1f} of the {made:.1f}"
    return wrapped(title, width, bold=True), wrapped(said + ".", width)


def _draw_arm(axes: Axes, arm: str, flows: Flows, where: Map, scale: Scale) -> None:
    nodes, edges = (table[table["arm"] == arm] for table in (flows.nodes, flows.edges))
    radius = {row.provider: scale.radius_of(row.first) for row in rows_of(nodes)}
    roads = {
        (row.sender, row.receiver): way(
            where.places[row.sender], where.places[row.receiver], radius[row.sender], radius[row.receiver] + 0.3
        )
        for row in rows_of(edges[edges["made"] >= scale.least / 10])
    }
    arrows = edges[edges["made"] >= scale.least]
    little = edges[edges["made"].between(scale.least / 10, scale.least, inclusive="left")]
    # Hundreds of them: fewer points make smaller files, and look the same in so thin a line.
    few = np.linspace(0, ROAD_POINTS - 1, 16).astype(int)
    thin = [roads[row.sender, row.receiver][few] for row in rows_of(little)]
    axes.add_collection(LineCollection(thin, colors=THIN, linewidths=0.3, zorder=1, gid=f"thin-{arm}"), autolim=False)
    for sector, providers in where.sectors:
        line = [(where.places[name].x, where.places[name].y) for name in providers]
        axes.plot(*zip(*line, strict=True), color=style.colour_of_sector(sector), linewidth=0.8, alpha=0.5, zorder=2)
    for row in rows_of(arrows[::-1]):  # the most used on top
        _draw_arrow(axes, row, roads[row.sender, row.receiver], scale, arm)
    met = {*nodes.loc[nodes["first"] > 0, "provider"], *edges["sender"], *edges["receiver"]}
    for row in rows_of(nodes):
        place = where.places[row.provider]
        colour = style.colour_of_sector(row.sector)
        filling = colour if row.first >= SEEN else "white"
        axes.add_patch(Circle((place.x, place.y), radius[row.provider], facecolor=filling,
                              edgecolor=colour, linewidth=0.7, zorder=5, gid=f"node-{row.provider}-{arm}"))  # fmt: skip
        _write_name(axes, place, color=style.INK if row.provider in met else style.GREY)
    for place in where.headings:
        _write_name(axes, place, fontweight="bold")
    _write_numbers(axes, arrows, roads, where, scale)


def _draw_arrow(axes: Axes, row: Any, road: Floats, scale: Scale, arm: str) -> None:
    """Draw who is sent along a road: those who arrive next to its middle, those who do not beside them."""
    bounds = NEAR + scale.width * np.cumsum([0.0, row.attended, row.dropped, row.under_way])
    ends = (("dropped", LOST, 1, row.dropped), ("under-way", UNDER_WAY, 2, row.under_way))
    for part, colour, number, value in ends:
        # What is still under way is mostly too little to be told from the edge of the rest.
        if value * scale.width >= (LEAST_WHITE if part == "under-way" else 0.0) and value > 0:
            outline = lane(road, bounds[number], bounds[number + 1], end=0.62, tip=1.2)
            axes.add_patch(_area(outline, colour, f"{part}-{row.sender}-{row.receiver}-{arm}"))
    if row.attended > 0:
        outline = lane(road, bounds[0], bounds[1], tip=1.8, barb=0.5)
        axes.add_patch(_area(outline, ARRIVES, f"attended-{row.sender}-{row.receiver}-{arm}"))


def _area(outline: Floats, colour: Colour, name: str) -> Polygon:
    return Polygon(
        outline,
        closed=True,
        facecolor=colour,
        edgecolor=style.GREY if colour == UNDER_WAY else "white",
        linewidth=0.25,
        zorder=3,
        gid=name,
    )


def _write_name(axes: Axes, place: Place, **settings: Any) -> None:
    beside = place.x - place.inward * (LARGEST + 0.8)
    axes.text(beside, place.y, "\n".join(place.lines), ha="right" if place.inward > 0 else "left", va="center",
              linespacing=1.2, **settings)  # fmt: skip


def _write_numbers(
    axes: Axes, arrows: pd.DataFrame, roads: Mapping[tuple[str, str], Floats], where: Map, scale: Scale
) -> None:
    """Write on the most used ways how many arrive of how many are sent, where fewest other ways are hidden."""
    stands = np.array([(place.x, place.y) for place in where.places.values()])
    written = np.zeros((0, 3))  # middle and half the width of each number
    for row in rows_of(arrows.head(MOST_NUMBERS)):
        text = f"{row.attended:.1f} of {row.made:.1f}"
        half = text_width(text) / 2 + 0.4
        own = {(row.sender, row.receiver), (row.receiver, row.sender)}
        pairs = zip(arrows["sender"], arrows["receiver"], strict=True)
        others = np.concatenate([stands, *(roads[pair] for pair in pairs if pair not in own)])
        middle = beside(roads[row.sender, row.receiver], NEAR + scale.width * row.made / 2)[6:-6]
        sender, receiver = where.places[row.sender], where.places[row.receiver]
        if sender.inward == receiver.inward:
            # A way along one side is too near to the names to write on it, but not on the inside of its bend.
            middle = np.concatenate([middle, middle + np.array([sender.inward * (half + 0.5), 0.0])])
        free = [
            (_hidden(place, half, others), *place)
            for place in middle
            if _is_free(place, half, where, stands, written, axes.get_xlim()[1])
        ]
        hidden, x, y = min(free, default=(math.inf, 0.0, 0.0), key=lambda found: found[0])
        if hidden <= MOST_HIDDEN:
            written = np.vstack([written, (x, y, half)])
            axes.text(x, y, text, ha="center", va="center", zorder=6, gid=f"number-{row.sender}-{row.receiver}",
                      bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.4})  # fmt: skip


def _is_free(place: Floats, half: float, where: Map, stands: Floats, written: Floats, width: float) -> bool:
    """Return whether a number of some half width can be written at a place: not on providers or other numbers."""
    edge = edge_of(place[1], where.height) + half + 0.8
    from_stands, from_written = abs(stands - place), abs(written[:, :2] - place)
    return bool(
        edge <= place[0] <= width - edge
        and not np.any((from_stands[:, 0] < half + LARGEST) & (from_stands[:, 1] < LARGEST + 1.0))
        and not np.any((from_written[:, 0] < half + written[:, 2]) & (from_written[:, 1] < style.LINE_HEIGHT))
    )


def _hidden(place: Floats, half: float, points: Floats) -> int:
    """Return how many points a number of some half width would hide."""
    off = abs(points - place)
    return int(np.sum((off[:, 0] < half) & (off[:, 1] < style.LINE_HEIGHT / 2)))


def _draw_key(axes: Axes, scale: Scale, across: int) -> None:
    """Draw how large a circle and how wide an arrow is, in numbers."""
    made = max(step for step in STEPS if scale.width * step <= WIDEST)
    if scale.radius:
        first = max(step for step in STEPS if scale.radius * math.sqrt(step) <= LARGEST)
        axes.add_patch(Circle((LARGEST, KEY / 2), scale.radius_of(first), facecolor=style.GREY, zorder=5))
        axes.text(2 * LARGEST + 1.5, KEY / 2, f"{first:g} per 100 needs are brought here first", va="center")
    else:
        axes.text(0.0, KEY / 2, "no need was brought to a first door", va="center")
    left, top = (0.0, KEY) if across == 1 else (axes.get_xlim()[1] / 2, 0.0)
    ends = (Place(left, top + 2.0, 1, []), Place(left + 22.0, top + 2.0, -1, []))
    sent = pd.Series(
        {"sender": "key", "receiver": "key", "attended": 0.4 * made, "dropped": 0.6 * made, "under_way": 0.0}
    )
    _draw_arrow(axes, sent, way(*ends, 0.0, 0.0), scale, "key")
    room = axes.get_xlim()[1] - left - 24.0
    lines = wrapped(f"{made:g} handoffs per 100 needs: dark attended, pale dropped", room)
    axes.text(left + 24.0, top + KEY / 2, "\n".join(lines), va="center", linespacing=1.2)
