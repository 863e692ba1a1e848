"""The title of each arm beside the end of its line, moved apart where titles would overlap."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from experiments.figures import style
from experiments.figures.layout import moved_apart, wrapped
from experiments.figures.style import Look

LABEL_WIDTH, NARROW_LABEL_WIDTH, LABEL_GAP = 34.0, 25.0, 6.5
"""In mm: of the text at the end of a line at most, of that on a figure of a single column, from the right edge of the
axes to it."""
BEYOND = 4.0
"""In mm: how far texts that were moved may stand above the axes, and below them."""


@dataclass(frozen=True)
class End:
    """The end of the line of an arm.

    Attributes:
        arm: Whose.
        text: What is written beside it.
        x: Where the line ends, in units of the axis.
        y: Likewise.
        look: Of the arm.
    """

    arm: str
    text: str
    x: float
    y: float
    look: Look


def markers(look: Look) -> dict[str, Any]:
    """Return the settings of a line that is nothing but the markers of an arm."""
    return {
        "linestyle": "none",
        "marker": look.marker,
        "markersize": 4.0,
        "markerfacecolor": look.colour,
        "markeredgecolor": "white",
        "markeredgewidth": 0.5,
    }


def room_for(width: float) -> float:
    """Return how wide the text at the end of a line may be on a figure of some width, both in mm."""
    return NARROW_LABEL_WIDTH if style.is_narrow(width) else LABEL_WIDTH


def height_for(texts: Iterable[str], room: float, least: float, above: float = BEYOND) -> float:
    """Return how high axes must be for the texts at the ends of their lines to stand clear of each other, in mm.

    Args:
        texts: One for each line.
        room: For the width of a text, in mm.
        least: Height of the axes if the texts do not take more, in mm.
        above: How far texts may stand above the axes, in mm.
    """
    return max(least, sum(_height_of(wrapped(text, room)) for text in texts) - above - BEYOND)


def label_ends(
    axes: Axes,
    ends: Sequence[End],
    width: float,
    height: float,
    with_markers: bool,
    room: float = LABEL_WIDTH,
    above: float = BEYOND,
) -> None:
    """Write beside the axes what belongs to the end of each line.

    Args:
        axes: With their final limits.
        ends: Of the lines.
        width: Of the axes, in mm.
        height: Likewise.
        with_markers: Whether the lines have the markers of the arms, which then stand beside the texts too.
        room: For the width of a text, in mm.
        above: How far texts may stand above the axes, in mm.
    """
    last, (bottom, top) = axes.get_xlim()[1], axes.get_ylim()
    texts = [wrapped(end.text, room) for end in ends]
    sizes = [_height_of(lines) for lines in texts]
    wanted = [(end.y - bottom) / (top - bottom) * height for end in ends]
    centres = moved_apart(wanted, sizes, -BEYOND, height + above)
    before = 1.8 if with_markers else 1.0
    for end, lines, start, centre in zip(ends, texts, wanted, centres, strict=True):
        if end.x < last:
            # In the colour of the arm it would look like data.
            axes.plot([end.x, last], [end.y, end.y], color=style.GREY, linestyle=style.DOTTED, linewidth=0.5,
                      zorder=2.5, gid=f"to-label-{end.arm}")  # fmt: skip
        leader = Line2D(
            [1 + 1.2 / width, 1 + 2.0 / width, 1 + (LABEL_GAP - before) / width],
            [start / height, start / height, centre / height],
            transform=axes.transAxes, color=end.look.colour, linewidth=0.7, clip_on=False,
        )  # fmt: skip
        axes.add_line(leader)
        if with_markers:
            symbol = Line2D([1 + (LABEL_GAP - 1.4) / width], [centre / height], transform=axes.transAxes)
            symbol.set(**markers(end.look), clip_on=False)
            axes.add_line(symbol)
        place = (1 + LABEL_GAP / width, centre / height)
        axes.text(
            *place, "\n".join(lines), transform=axes.transAxes, va="center", linespacing=1.2, gid=f"label-{end.arm}"
        )


def _height_of(lines: Sequence[str]) -> float:
    return len(lines) * style.LINE_HEIGHT + 0.6
