"""Titles of arms that are too long to stand beside every row: written once, with a letter that stands for each."""

from __future__ import annotations

from collections.abc import Mapping

from experiments.figures import style
from experiments.figures.ends import markers
from experiments.figures.layout import EDGE, Page, shortened, text_width, wrapped

INDENT = 7.0
"""In mm: of the titles in a key, after a mark and a letter."""
SHORT = 28.0
"""In mm: of a title in a note at most."""


def row_names(titles: Mapping[str, str], room: float) -> dict[str, str]:
    """Return what stands before the row of each arm: its title, or a letter if not all titles fit.

    Args:
        titles: Of the arms, by their names.
        room: For a title in one line, in mm.
    """
    if all(text_width(title) <= room for title in titles.values()):
        return dict(titles)
    return {arm: _letter(position) for position, arm in enumerate(titles)}


def short_titles(titles: Mapping[str, str]) -> dict[str, str]:
    """Return titles for a note of a figure that has them whole elsewhere: cut where that leaves them different."""
    short = {arm: shortened(title, SHORT)[0] for arm, title in titles.items()}
    cut = list(short.values())
    return {arm: title if cut.count(title) == 1 else titles[arm] for arm, title in short.items()}


def key_height(titles: Mapping[str, str], width: float) -> float:
    """Return the room in mm that a key of ``width`` mm takes, with the space below it; 0 without titles."""
    lines = sum(len(wrapped(title, width - INDENT)) for title in titles.values())
    return lines * style.LINE_HEIGHT + 2.0 if lines else 0.0


def draw_key(
    page: Page, top: float, titles: Mapping[str, str], letters: Mapping[str, str], looks: Mapping[str, style.Look]
) -> None:
    """Write the titles of arms below each other, each with its mark and the letter that stands for it.

    Args:
        page: To write on, over its whole width.
        top: Of the key, in mm.
        titles: By name of the arm.
        letters: From :func:`row_names`.
        looks: Of the arms.
    """
    width = page.width - 2 * EDGE
    height = key_height(titles, width)
    axes = page.canvas_axes(EDGE, top, width, height)
    axes.set_axis_off()
    axes.set_xlim(0.0, width)
    first = style.LINE_HEIGHT / 2
    for arm, title in titles.items():
        lines = wrapped(title, width - INDENT)
        axes.plot([1.5], [first], **markers(looks[arm]), gid=f"key-{arm}")
        axes.text(4.5, first, letters[arm], ha="center", va="center", fontweight="bold")
        for line in lines:
            axes.text(INDENT, first, line, va="center")
            first += style.LINE_HEIGHT


def _letter(position: int) -> str:
    """Return A for 0, B for 1 and so on; AA after Z."""
    return (_letter(position // 26 - 1) if position >= 26 else "") + chr(ord("A") + position % 26)
