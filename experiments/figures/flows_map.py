"""Where providers and the roads between them are on the map of the landscape, in mm."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.figures import style
from experiments.figures.layout import shortened
from experiments.figures.tables import plain, rows_of

Floats = npt.NDArray[np.float64]
Group = tuple[str, list[str]]
"""A sector, and those of its providers that stand together."""

NAME_WIDTH, LARGEST = 24.5, 2.2
"""In mm: of names at most, radius of the largest provider."""
DEEPEST = 18.0
"""In mm: how far a road between two providers of one side goes into the map at most."""
ROW_GAP, BOW, LEAST_HEIGHT = 0.7, 4.0, 45.0
"""In mm: between two names, how far a side bends, of a map at least."""
ROAD_POINTS = 60
"""Of the middle of a road."""


@dataclass(frozen=True)
class Place:
    """Where a provider stands.

    Attributes:
        x: In mm from the left of the panel.
        y: In mm from the top of the map.
        inward: 1 on the left side, -1 on the right one.
        lines: Its name.
    """

    x: float
    y: float
    inward: int
    lines: list[str]


@dataclass(frozen=True)
class Map:
    """Where everything is in every panel.

    Attributes:
        places: By provider, in mm.
        headings: Names of sectors above their providers.
        sectors: The providers of each group that stands together, and its sector.
        height: In mm.
    """

    places: Mapping[str, Place]
    headings: Sequence[Place]
    sectors: Sequence[tuple[str, list[str]]]
    height: float


def map_of(nodes: pd.DataFrame, width: float) -> Map:
    """Return where providers stand: in two columns that bend apart, sectors together.

    Args:
        nodes: Of one arm.
        width: Of a panel, in mm.
    """
    groups = [(str(sector), group) for sector, group in nodes.groupby("sector", sort=False)]
    lines = {row.provider: shortened(row.label, NAME_WIDTH, 3) for row in rows_of(nodes)}
    sides = _sides([(sector, list(group["provider"])) for sector, group in groups], lines)
    heights = [sum(_heights(side, lines)) for side in sides]
    height = max(*heights, LEAST_HEIGHT)
    places: dict[str, Place] = {}
    headings = []
    for side, needed, inward in zip(sides, heights, (1, -1), strict=True):
        sizes = _heights(side, lines)
        # The first heading stays on top, so that those of both sides are level.
        room = np.array(sizes) + np.array([0.0, *[(height - needed) / max(len(sizes) - 1, 1)] * (len(sizes) - 1)])
        rows = iter(np.cumsum(room) - room / 2)
        for sector, providers in side:
            for name in [None, *providers]:
                y = float(next(rows))
                x = edge_of(y, height) if inward > 0 else width - edge_of(y, height)
                if name is None:
                    headings.append(Place(x, y, inward, [plain(sector) or "Other"]))
                else:
                    places[name] = Place(x, y, inward, lines[name])
    return Map(places, headings, [group for side in sides for group in side], height)


def edge_of(y: float, height: float) -> float:
    """Return how far from the outside of a map of some height its providers stand, in mm; ``y`` is from its top."""
    return NAME_WIDTH + LARGEST + 1.0 + BOW * (2.0 * y / height - 1.0) ** 2


def _heights(groups: Sequence[Group], lines: Mapping[str, list[str]]) -> list[float]:
    """Return the height of each row of a side: a heading and then the providers of each sector."""
    heights = []
    for _, providers in groups:
        heights.append(style.LINE_HEIGHT)
        heights += [max(len(lines[name]) * style.LINE_HEIGHT, 2 * LARGEST) for name in providers]
    return [height + ROW_GAP for height in heights]


def _sides(groups: list[Group], lines: Mapping[str, list[str]]) -> tuple[list[Group], list[Group]]:
    """Return the sectors of the left and those of the right side, so that the map is as low as can be."""
    if len(groups) == 1:
        ((sector, providers),) = groups
        half = math.ceil(len(providers) / 2)
        groups = [(sector, part) for part in (providers[:half], providers[half:]) if part]
    cut = min(
        range(1, len(groups) + 1),
        key=lambda cut: max(sum(_heights(side, lines)) for side in (groups[:cut], groups[cut:])),
    )
    return groups[:cut], groups[cut:]


def way(start: Place, end: Place, before: float, after: float) -> Floats:
    """Return the middle of the road between two providers, from its sender on.

    Args:
        start: The sender.
        end: The receiver.
        before: How far from the middle of the sender it begins, in mm.
        after: How far from the middle of the receiver it ends, in mm.

    Returns:
        Points in mm, shape (:data:`ROAD_POINTS`, 2), evenly spaced.
    """
    # On one side a road goes the deeper into the map the longer it is, but not as far as the names of the other side.
    deep = abs(start.x - end.x) / 2 if start.inward != end.inward else min(5.0 + 0.3 * abs(start.y - end.y), DEEPEST)
    points = np.array(
        [
            (start.x, start.y),
            (start.x + deep * start.inward, start.y),
            (end.x + deep * end.inward, end.y),
            (end.x, end.y),
        ]
    )
    t = np.linspace(0.0, 1.0, 300)[:, None]
    curve = ((1 - t) ** 3 * points[0] + 3 * (1 - t) ** 2 * t * points[1] + 3 * (1 - t) * t**2 * points[2]
             + t**3 * points[3])  # fmt: skip
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(curve, axis=0).T))])
    at = np.linspace(before, along[-1] - after, ROAD_POINTS)
    return np.column_stack([np.interp(at, along, curve[:, axis]) for axis in (0, 1)])


def lane(middle: Floats, near: float, far: float, end: float = 1.0, tip: float = 0.0, barb: float = 0.0) -> Floats:
    """Return the outline of a lane to the right of the middle of a road.

    Args:
        middle: Of the road, points in mm.
        near: Of the near edge from the middle, in mm.
        far: Of the far edge, in mm.
        end: Where it ends, as a share of the road.
        tip: Length of its pointed end, in mm.
        barb: How far the pointed end is wider on each side, in mm.

    Returns:
        Corners in mm: along the near edge and back along the far one.
    """
    length = float(np.hypot(*np.diff(middle, axis=0).T).sum())
    share = np.linspace(0.0, 1.0, len(middle))

    def at(where: Floats, out: float) -> Floats:
        return np.column_stack([np.interp(where, share, along) for along in beside(middle, out).T])

    neck = max(end - tip / length, 0.0)
    body = np.linspace(0.0, neck, 40)
    before, last = np.array([neck]), np.array([end])
    head = [at(before, near - barb), at(last, (near + far) / 2), at(before, far + barb)]
    return np.concatenate([at(body, near), *head, at(body, far)[::-1]])


def beside(middle: Floats, out: float) -> Floats:
    """Return the points that are ``out`` mm to the right of those of the middle of a road."""
    forward = np.gradient(middle, axis=0)
    right: Floats = np.column_stack([-forward[:, 1], forward[:, 0]]) / np.hypot(*forward.T)[:, None]
    return middle + out * right
