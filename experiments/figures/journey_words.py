"""Words beside the marks of a journey figure, placed so that they hide nothing and do not overlap."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from experiments.figures.layout import text_width

BESIDE = 1.7
"""From a mark to its words, in mm."""
MOST_AWAY = 14.0
"""From a mark to its words at most where lines cross the place beside it, in mm."""
MARK = 1.4
"""Half the width of a mark, in mm."""
APART = 1.6
"""Between words on one level, in mm."""

Span = tuple[float, float]


@dataclass(frozen=True)
class Words:
    """Words beside a mark.

    Attributes:
        text: The words.
        x: Where they begin, in mm from the left of the chart.
        level: 0 on the line of the row, 1 for the first level above it, and so on.
        at: Where the mark is, in mm.
    """

    text: str
    x: float
    level: int
    at: float

    @property
    def joint(self) -> float:
        """Where the line from the mark to the words ends, in mm: above the mark, or at the nearer end of the words."""
        end = self.x + text_width(self.text)
        if self.x > self.at + BESIDE + 0.1:
            return self.x
        return end if end < self.at - BESIDE - 0.1 else self.at


def place_words(
    words: Iterable[tuple[float, str]], width: float, busy: Sequence[Span] = (), along: Sequence[Span] = ()
) -> list[Words]:
    """Return words that do not overlap: beside their mark on its line, or on a level above it if there is no room.

    The same words again, too near for both to be written, are written once with how many times they hold.

    Args:
        words: Where the mark is (mm) and the words beside it.
        width: Of the chart, in mm.
        busy: From where to where (mm) words above the line hide something; they go elsewhere if they can.
        along: From where to where (mm) there is something on the line itself, beside the marks; no words go there.
    """
    words = sorted(words)
    taken = [*along, *((at - MARK, at + MARK) for at, _ in words)]
    ends: list[float] = []
    placed = []
    for at, text, times in _grouped(words):
        said = text if times == 1 else f"{text} ({times} times)"
        size = text_width(said)
        right, left = at + BESIDE, at - BESIDE - size
        near = [x for x in (right, left) if 0.0 <= x <= width - size]
        free = [x for x in near if not _hits(taken, x - 0.2, x + size + 0.2)]
        if free:
            taken.append((free[0] - APART, free[0] + size + APART))
            placed.append(Words(said, free[0], 0, at))
            continue
        # Above the line: beside the mark, or a little further away, beyond what would be hidden there.
        beyond = [end + 0.5 for start, end in busy if start < right + size and end > right and end - at < MOST_AWAY]
        before = [
            start - 0.5 - size for start, end in busy if start < at - BESIDE and end > left and at - start < MOST_AWAY
        ]
        sides = [*near, *(x for x in (*beyond, *before) if 0.0 <= x <= width - size)]
        sides = sides or [max(0.0, width - size - 0.5)]
        choices = []
        for preference, x in enumerate(sides):
            level = next((number for number, end in enumerate(ends) if end <= x), len(ends))
            choices.append((_hits(busy, x, x + size), level, preference, x))
        _, level, _, x = min(choices)
        if level == len(ends):
            ends.append(0.0)
        ends[level] = x + size + APART
        placed.append(Words(said, x, 1 + level, at))
    return placed


def _hits(spans: Iterable[Span], begin: float, end: float) -> int:
    """Return how many spans there are between two places."""
    return sum(low < end and begin < high for low, high in spans)


def _grouped(words: Sequence[tuple[float, str]]) -> list[tuple[float, str, int]]:
    """Return where words first stand, the words, and how many times they stand too near to be written again."""
    groups: list[tuple[float, str, int]] = []
    ends: list[float] = []
    for at, text in words:
        near = [
            number
            for number in range(max(0, len(groups) - 2), len(groups))
            if groups[number][1] == text and at < ends[number]
        ]
        if near:
            first, _, times = groups[near[-1]]
            groups[near[-1]] = (first, text, times + 1)
            ends[near[-1]] = at + text_width(f"{text} (2 times)") + 2.0
        else:
            groups.append((at, text, 1))
            ends.append(at + text_width(text) + 2.0)
    return groups
