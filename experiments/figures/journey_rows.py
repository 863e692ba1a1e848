"""Where everything goes in a journey figure: rows from top to bottom, and words beside marks that do not overlap."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from experiments.figures import style
from experiments.figures.journey_data import Journey
from experiments.figures.layout import shortened, text_width
from experiments.figures.tables import rows_of

LINE, LEVEL, HEADER, PAD = 4.2, 2.8, 4.6, 1.0
"""In mm: a row without words, one level of words above its line, words above a group of rows, after a group."""
NEED_ROW = 2 * style.LINE_HEIGHT + 1.2
"""A row of the needs at the top, with two lines of text beside it, in mm."""
NAME_WIDTH = 35.0
"""Room for the names of providers and needs, in mm."""
MARK_WIDTH = 62.0
"""Of the words beside a mark at most, in mm."""
BESIDE = 0.9
"""From a mark to its words, in mm."""
MOST_AWAY = 14.0
"""From a mark to its words at most where lines cross the place beside it, in mm."""
CLEAR = 0.6
"""From the line of a row up to its words, in mm."""

Span = tuple[float, float]


@dataclass(frozen=True)
class Words:
    """Words beside a mark.

    Attributes:
        text: The words.
        x: Where they begin, in mm from the left of the chart.
        level: How many levels above the line, from 0.
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


@dataclass
class Row:
    """One row.

    Attributes:
        top: Its upper edge, in mm from the top of the chart.
        height: In mm.
        below: From its line to its lower edge, in mm.
        words: Words beside its marks.
    """

    top: float
    height: float
    below: float = LINE / 2
    words: list[Words] = field(default_factory=list)

    @property
    def line(self) -> float:
        """Where its line is, in mm from the top of the chart."""
        return self.top + self.height - self.below


@dataclass(frozen=True)
class Lane:
    """The rows of one provider.

    Attributes:
        provider: Its name in the tables.
        sector: Its sector.
        lines: Its name in lines that fit.
        top: Upper edge, in mm.
        height: In mm.
    """

    provider: str
    sector: str
    lines: list[str]
    top: float
    height: float


@dataclass(frozen=True)
class Plan:
    """All rows of a figure.

    Attributes:
        rows: By provider ("" for the needs at the top) and episode.
        lanes: Providers from top to bottom.
        headers: Upper edge and words of what stands above a group of rows; the words are a sector's name or "".
        helped: The row of the navigator, if there was one.
        height: Of the chart, in mm.
    """

    rows: dict[tuple[str, int], Row]
    lanes: list[Lane]
    headers: list[tuple[float, str]]
    helped: Row | None
    height: float


def plan_rows(journey: Journey, scale: float, width: float) -> Plan:
    """Return where the rows go.

    Args:
        journey: What happened.
        scale: mm a day.
        width: Of the chart, in mm.
    """
    words: dict[tuple[str, int], list[tuple[float, str]]] = {}
    for mark in rows_of(journey.marks):
        said = shortened(str(mark.text), min(MARK_WIDTH, width - 15.0))[0]
        words.setdefault((str(mark.provider), int(mark.episode)), []).append((float(mark.time) * scale, said))
    # Where lines cross words is known once there are rows; with the words elsewhere the rows hardly move.
    return _planned(journey, words, _crossings(journey, _planned(journey, words, {}, width), scale), width)


def _planned(
    journey: Journey,
    words: Mapping[tuple[str, int], list[tuple[float, str]]],
    busy: Mapping[tuple[str, int], list[Span]],
    width: float,
) -> Plan:
    rows: dict[tuple[str, int], Row] = {}
    headers = [(0.0, "")]
    top = HEADER
    for episode in journey.needs["episode"]:
        key = ("", int(episode))
        row = rows[key] = _row(top, NEED_ROW, words.get(key, []), busy.get(key, []), width)
        top += row.height
    helped = None
    if len(journey.helped):
        helped = Row(top, LINE)
        top += LINE
    top += PAD
    lanes: list[Lane] = []
    for provider, label, sector in journey.providers[["provider", "label", "sector"]].itertuples(index=False):
        if not lanes or lanes[-1].sector != sector:
            top += PAD if lanes else 0.0
            headers.append((top, sector))
            top += HEADER
        lines = shortened(label, NAME_WIDTH, 3)
        episodes = journey.tracks.loc[journey.tracks["provider"] == provider, "episode"]
        begin = top
        for episode in episodes:
            key = (provider, int(episode))
            row = rows[key] = _row(top, LINE, words.get(key, []), busy.get(key, []), width)
            top += row.height
        more = begin + len(lines) * style.LINE_HEIGHT + 0.8 - top
        if more > 0:  # the name needs more room than the rows
            top, row.height, row.below = top + more, row.height + more, row.below + more / 2
        lanes.append(Lane(provider, sector, lines, begin, top - begin))
    return Plan(rows, lanes, headers, helped, top + PAD)


def _crossings(journey: Journey, plan: Plan, scale: float) -> dict[tuple[str, int], list[Span]]:
    """Return from where to where lines between rows cross the room above the line of each row, for words, in mm."""
    lines = [
        (plan.rows[move.origin, move.episode], move.left, plan.rows[move.target, move.episode], move.came)
        for move in rows_of(journey.moves)
    ]
    lines += [
        (plan.rows[handoff.sender, handoff.episode], handoff.made, plan.rows[handoff.receiver, handoff.episode],
         handoff.received)
        for handoff in rows_of(journey.passes[journey.passes["received"].notna()])
    ]  # fmt: skip
    crossings: dict[tuple[str, int], list[Span]] = {}
    for start, left, target, came in lines:
        if start is target:
            continue
        (upper, first), (lower, last) = sorted([(start.line, left * scale), (target.line, came * scale)])
        for key, row in plan.rows.items():
            high, low = max(upper, row.top), min(lower, row.line - CLEAR)
            if high < low:
                ends = [first + (last - first) * (y - upper) / (lower - upper) for y in (high, low)]
                crossings.setdefault(key, []).append((min(ends), max(ends)))
    return crossings


def _row(top: float, least: float, words: Iterable[tuple[float, str]], busy: Sequence[Span], width: float) -> Row:
    placed = place_words(words, width, busy)
    levels = 1 + max((item.level for item in placed), default=-1)
    return Row(top, max(least, least / 2 + LINE / 2 + levels * LEVEL), least / 2, placed)


def place_words(words: Iterable[tuple[float, str]], width: float, busy: Sequence[Span] = ()) -> list[Words]:
    """Return words that do not overlap: beside their mark, and on a higher level where there is no room.

    The same words again, too near for both to be written, are written once with how many times they hold.

    Args:
        words: Where the mark is (mm) and the words beside it.
        width: Of the chart, in mm.
        busy: From where to where (mm) words hide something; they go elsewhere if they can.
    """
    ends: list[float] = []
    placed = []
    for at, text, times in _grouped(words):
        said = text if times == 1 else f"{text} ({times} times)"
        size = text_width(said)
        right, left = at + BESIDE, at - BESIDE - size
        # Beside the mark, or a little further away, beyond what would be hidden there.
        beyond = [end + 0.5 for start, end in busy if start < right + size and end > right and end - at < MOST_AWAY]
        before = [
            start - 0.5 - size for start, end in busy if start < at - BESIDE and end > left and at - start < MOST_AWAY
        ]
        sides = [x for x in (right, left, *beyond, *before) if 0.0 <= x <= width - size]
        sides = sides or [max(0.0, width - size - 0.5)]
        choices = []
        for preference, x in enumerate(sides):
            level = next((number for number, end in enumerate(ends) if end <= x), len(ends))
            hidden = sum(low < x + size and x < high for low, high in busy)
            choices.append((hidden, level, preference, x))
        _, level, _, x = min(choices)
        if level == len(ends):
            ends.append(0.0)
        ends[level] = x + size + 1.6
        placed.append(Words(said, x, level, at))
    return placed


def _grouped(words: Iterable[tuple[float, str]]) -> list[tuple[float, str, int]]:
    """Return where words first stand, the words, and how many times they stand too near to be written again."""
    groups: list[tuple[float, str, int]] = []
    ends: list[float] = []
    for at, text in sorted(words):
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
