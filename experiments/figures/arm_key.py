"""The titles of arms behind their markers, in lines from left to right: where there is no room for them at each row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from matplotlib.lines import Line2D

from experiments.figures import style
from experiments.figures.ends import markers
from experiments.figures.layout import Page, text_width, wrapped

MARKER_WIDTH, BETWEEN = 3.5, 4.0
"""In mm: of the marker before a title, between a title and the next marker."""


@dataclass(frozen=True)
class Entry:
    """The title of an arm in a key.

    Attributes:
        arm: Whose.
        lines: Of its title.
        left: Of its marker, in mm from the left of the key.
        line: Line of the key in which it begins, from 0.
    """

    arm: str
    lines: list[str]
    left: float
    line: int


def key_of(arms: Mapping[str, str], width: float) -> list[Entry]:
    """Return the titles of arms in their order, as many in a line as fit.

    Args:
        arms: Titles by name of the arm.
        width: Of the key, in mm; a title that is wider has lines of its own.
    """
    entries: list[Entry] = []
    left, line = 0.0, 0
    for arm, title in arms.items():
        lines = wrapped(title, width - MARKER_WIDTH)
        whole = MARKER_WIDTH + max(map(text_width, lines))
        if entries and left + whole > width:
            left, line = 0.0, line + len(entries[-1].lines)
        entries.append(Entry(arm, lines, left, line))
        left += whole + BETWEEN
    return entries


def key_height(arms: Mapping[str, str], width: float) -> float:
    """Return how high the key of arms is in mm, for a given width in mm."""
    last = key_of(arms, width)[-1]
    return (last.line + len(last.lines)) * style.LINE_HEIGHT


def write_key(page: Page, arms: Mapping[str, str], left: float, top: float, width: float) -> None:
    """Write the key of arms.

    Args:
        page: Where to write.
        arms: Titles by name of the arm, of all arms of the figure: their looks depend on it.
        left: Of the key, in mm from the left of the page.
        top: Likewise from its top.
        width: Of the key, in mm.
    """
    looks = style.looks_of_arms(arms)
    for entry in key_of(arms, width):
        start = top + entry.line * style.LINE_HEIGHT
        draw_marker(page, looks[entry.arm], left + entry.left, start + style.LINE_HEIGHT / 2)
        page.text(left + entry.left + MARKER_WIDTH, start, entry.lines)


def draw_marker(page: Page, look: style.Look, left: float, middle: float) -> None:
    """Draw the marker of an arm at the left end of its room of ``MARKER_WIDTH``, which begins at ``left``, in mm."""
    marker = Line2D([(left + 1.0) / page.width], [1 - middle / page.height], **markers(look))
    page.figure.add_artist(marker)
