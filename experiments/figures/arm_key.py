"""The titles of arms behind their markers, where there is no room for them at each row: in a line, or with letters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from matplotlib.lines import Line2D

from experiments.figures import style
from experiments.figures.ends import markers
from experiments.figures.layout import Page, text_width, wrapped

MARKER_WIDTH, BETWEEN = 3.5, 4.0
"""In mm: of the marker before a title, between a title and the next marker."""
KEY_GAP = 2.0
"""In mm: below a key."""
MIDDLE = 1.0
"""Of a marker, in mm from the left of its room."""
LETTERED_MIDDLE, LETTER_MIDDLE, LETTERED_WIDTH = 1.5, 4.5, 7.0
"""In mm from the left of a title's marker, with a letter behind it: middle of the marker and of the letter, the
title."""


@dataclass(frozen=True)
class Entry:
    """The title of an arm in a key.

    Attributes:
        arm: Whose.
        lines: Of its title.
        left: Of its marker, in mm from the left of the key.
        line: Line of the key in which it begins, from 0.
        letter: What stands for the title elsewhere; "" if nothing does.
    """

    arm: str
    lines: list[str]
    left: float
    line: int
    letter: str = ""


def row_names(titles: Mapping[str, str], room: float) -> dict[str, str]:
    """Return what stands before the row of each arm: its title, or a letter if not all titles fit.

    Args:
        titles: Of the arms, by their names.
        room: For a title in one line, in mm.
    """
    if all(text_width(title) <= room for title in titles.values()):
        return dict(titles)
    return {arm: _letter(position) for position, arm in enumerate(titles)}


def key_of(arms: Mapping[str, str], width: float, letters: Mapping[str, str] | None = None) -> list[Entry]:
    """Return the titles of arms in their order: as many in a line as fit, or below each other if they have letters.

    Args:
        arms: Titles by name of the arm.
        width: Of the key, in mm; a title that is wider has lines of its own.
        letters: From :func:`row_names`.
    """
    entries: list[Entry] = []
    left, line = 0.0, 0
    before = LETTERED_WIDTH if letters else MARKER_WIDTH
    for arm, title in arms.items():
        lines = wrapped(title, width - before)
        whole = before + max(map(text_width, lines))
        if entries and (letters or left + whole > width):
            left, line = 0.0, line + len(entries[-1].lines)
        entries.append(Entry(arm, lines, left, line, letters[arm] if letters else ""))
        left += whole + BETWEEN
    return entries


def key_height(arms: Mapping[str, str], width: float, letters: Mapping[str, str] | None = None) -> float:
    """Return how high the key of arms is in mm, for a given width in mm; ``letters`` as for :func:`key_of`."""
    last = key_of(arms, width, letters)[-1]
    return (last.line + len(last.lines)) * style.LINE_HEIGHT


def write_key(
    page: Page,
    arms: Mapping[str, str],
    left: float,
    top: float,
    width: float,
    letters: Mapping[str, str] | None = None,
    looks: Mapping[str, style.Look] | None = None,
) -> None:
    """Write the key of arms.

    Args:
        page: Where to write.
        arms: Titles by name of the arm.
        left: Of the key, in mm from the left of the page.
        top: Likewise from its top.
        width: Of the key, in mm.
        letters: As for :func:`key_of`.
        looks: Of the arms; those of a figure that has no other arms if missing.
    """
    looks = looks or style.looks_of_arms(arms)
    for entry in key_of(arms, width, letters):
        start, begin = top + entry.line * style.LINE_HEIGHT, left + entry.left
        middle = begin + (LETTERED_MIDDLE if entry.letter else MIDDLE)
        draw_marker(page, looks[entry.arm], middle, start + style.LINE_HEIGHT / 2)
        if entry.letter:
            page.text(begin + LETTER_MIDDLE, start, [entry.letter], ha="center", fontweight="bold")
        page.text(begin + (LETTERED_WIDTH if entry.letter else MARKER_WIDTH), start, entry.lines)


def draw_marker(page: Page, look: style.Look, x: float, y: float) -> None:
    """Draw the marker of an arm with its middle at a place in mm from the upper left corner of the page."""
    page.figure.add_artist(Line2D([x / page.width], [1 - y / page.height], **markers(look)))


def _letter(position: int) -> str:
    """Return A for 0, B for 1 and so on; AA after Z."""
    return (_letter(position // 26 - 1) if position >= 26 else "") + chr(ord("A") + position % 26)
