"""Placing things on a figure in millimetres: what fits, where lines break, what must move apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from itertools import accumulate, takewhile

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle
from matplotlib.textpath import text_to_path
from matplotlib.ticker import NullLocator
from scipy.optimize import isotonic_regression

from experiments.figures import style
from experiments.figures.fonts import WHOLE
from experiments.figures.labels import drawable

EDGE = 2.0
"""Empty margin around a figure, in mm."""


@lru_cache(maxsize=4096)
def text_width(text: str, size: float = style.TEXT_SIZE, bold: bool = False) -> float:
    """Return the width of one line of text in mm."""
    if not text.strip():
        return 0.0
    # A bar on both sides, taken off again: leading and trailing space counts.
    return float(_points(f"|{text}|", size, bold) - _bars(size, bold)) * 25.4 / 72.0


@cache
def _bars(size: float, bold: bool) -> float:
    """Return the width of two bars in points."""
    return _points("||", size, bold)


def _points(text: str, size: float, bold: bool) -> float:
    font = FontProperties(family=WHOLE, weight="bold" if bold else "normal", size=size)
    width, _, _ = text_to_path.get_text_width_height_descent(drawable(text), font, ismath=False)
    return float(width)


def wrapped(text: str, width: float, size: float = style.TEXT_SIZE, bold: bool = False) -> list[str]:
    """Return text in lines no wider than ``width`` mm, where words allow it; longer words are cut with an ellipsis."""
    words = text.split(" ")  # not at no-break spaces
    lines: list[str] = []
    while words:
        words[0] = _cut(words[0], width, size, bold)
        count = _fitting(words, width, size, bold)
        lines.append(" ".join(words[:count]))
        del words[:count]
    return lines


def _fitting(words: Sequence[str], width: float, size: float, bold: bool) -> int:
    """Return how many words, at least one, stand in a line of some width."""

    def fit(count: int) -> bool:
        return text_width(" ".join(words[:count]), size, bold) <= width

    # Measuring is slow: it begins near the end of the line. A letter is about half as wide as it is high.
    letters = width / (0.5 * size * 25.4 / 72.0)
    ends = accumulate(len(word) + 1 for word in words)
    count = max(1, sum(1 for _ in takewhile(lambda end: end <= letters, ends)))
    while count > 1 and not fit(count):
        count -= 1
    while count < len(words) and fit(count + 1):
        count += 1
    return count


def shortened(text: str, width: float, most: int = 1) -> list[str]:
    """Return text in at most ``most`` lines no wider than ``width`` mm; an ellipsis stands for what is left out."""
    lines = wrapped(text, width)
    if len(lines) <= most:
        return lines
    last = lines[most - 1].rstrip("…,;:( ")
    while len(last) > 1 and text_width(last + "…") > width:
        last = last[:-1].rstrip()
    return [*lines[: most - 1], last + "…"]


def kept_apart(titles: Mapping[str, str], width: float, most: int = 1) -> dict[str, list[str]]:
    """Return shortened titles, those alone which are still different from all others.

    Args:
        titles: By name.
        width: Of a line, in mm.
        most: Lines of a title.
    """
    short = {name: shortened(title, width, most) for name, title in titles.items()}
    shown = list(short.values())
    return {name: lines for name, lines in short.items() if shown.count(lines) == 1}


def _cut(word: str, width: float, size: float, bold: bool) -> str:
    if text_width(word, size, bold) <= width:
        return word
    while len(word) > 1 and text_width(word + "…", size, bold) > width:
        word = word[:-1]
    return word + "…"


def moved_apart(wanted: Sequence[float], sizes: Sequence[float], low: float, high: float) -> list[float]:
    """Return centres of labels that do not overlap, as near to the wanted ones as can be (least squares).

    Args:
        wanted: Where each label would best be centred.
        sizes: How much room each takes along the axis.
        low: Where room begins.
        high: Where room ends; labels that need more room than there is reach beyond it.

    Returns:
        The centres, in the order of the labels given.
    """
    if not wanted:
        return []
    order = sorted(range(len(wanted)), key=lambda position: (wanted[position], position))
    size = np.array([sizes[position] for position in order], float)
    # Where the centres would be if the labels stood close together from 0 on; keeping apart means keeping the order
    # of what is left after taking that away.
    packed = np.cumsum(size) - size / 2
    free = isotonic_regression(np.array([wanted[position] for position in order], float) - packed).x
    centres = np.clip(free, low, max(low, high - float(size.sum()))) + packed
    result = [0.0] * len(wanted)
    for position, centre in zip(order, centres, strict=True):
        result[position] = float(centre)
    return result


class Page:
    """A figure of known size on which everything is placed in mm from its upper left corner.

    Attributes:
        width: In mm.
        height: In mm.
        figure: The figure, with a canvas of its own; pyplot knows nothing of it.
    """

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self.figure = Figure(figsize=(width * style.MM, height * style.MM))
        FigureCanvasAgg(self.figure)

    def axes(self, left: float, top: float, width: float, height: float, sharey: Axes | None = None) -> Axes:
        """Add axes."""
        place = (left / self.width, 1 - (top + height) / self.height, width / self.width, height / self.height)
        return self.figure.add_axes(place, sharey=sharey)

    def canvas_axes(self, left: float, top: float, width: float, height: float) -> Axes:
        """Add axes without a frame in which y is mm from their top."""
        axes = self.axes(left, top, width, height)
        axes.set_ylim(height, 0.0)
        for side in ("left", "top", "right", "bottom"):
            axes.spines[side].set_visible(False)
        # Ticks that are not seen take as long as those that are.
        axes.yaxis.set_major_locator(NullLocator())
        axes.tick_params(left=False, labelleft=False)
        return axes

    def text(self, left: float, top: float, lines: Sequence[str], **settings: object) -> None:
        """Write lines of text; ``top`` is the top of the first one unless ``va`` says otherwise."""
        settings = {"ha": "left", "va": "top", "linespacing": 1.2, **settings}
        self.figure.text(left / self.width, 1 - top / self.height, "\n".join(lines), **settings)  # type: ignore[arg-type]


class Frame:
    """Title above, notes below, and the room between them for the chart itself.

    Args:
        title: What the figure shows.
        subtitle: What it is measured in, how and on how many.
        notes: What else one needs to know to read it, a paragraph each.
        width: Of the figure, in mm.
    """

    def __init__(self, title: str, subtitle: str, notes: Sequence[str], width: float) -> None:
        room = width - 2 * EDGE
        self.width = width
        self._title = wrapped(title, room, style.TITLE_SIZE, bold=True)
        self._subtitle = wrapped(subtitle, room) if subtitle else []
        self._notes = [line for note in notes if note for line in wrapped(note, room)]
        self._title_height = len(self._title) * style.LINE_HEIGHT * style.TITLE_SIZE / style.TEXT_SIZE
        self.top = EDGE + self._title_height + 0.8 + len(self._subtitle) * style.LINE_HEIGHT + 2.0
        self._below = 2.0 + len(self._notes) * style.LINE_HEIGHT + EDGE if self._notes else EDGE

    def page(self, body_height: float) -> Page:
        """Return the page with its texts; the body is from ``top`` to ``top + body_height``."""
        page = Page(self.width, self.top + body_height + self._below)
        page.text(EDGE, EDGE, self._title, fontsize=style.TITLE_SIZE, fontweight="bold")
        page.text(EDGE, EDGE + self._title_height + 0.8, self._subtitle, color=style.GREY)
        page.text(EDGE, self.top + body_height + 2.0, self._notes, color=style.GREY)
        return page

    def empty(self, message: str) -> Page:
        """Return a page that says that there is nothing to show."""
        page = self.page(24.0)
        axes = page.axes(EDGE, self.top, self.width - 2 * EDGE, 24.0)
        axes.set_axis_off()
        axes.add_patch(Rectangle((0, 0), 1, 1, facecolor="#f2f2f2", edgecolor=style.FAINT))
        lines = wrapped(message, self.width - 6 * EDGE)
        axes.text(0.5, 0.5, "\n".join(lines), ha="center", va="center", transform=axes.transAxes)
        return page
