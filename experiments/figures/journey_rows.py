"""Where everything goes from top to bottom in a journey figure: rows of needs, and rows of providers by sector."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from experiments.figures import style
from experiments.figures.journey_columns import Columns
from experiments.figures.journey_data import Journey
from experiments.figures.journey_texts import need_lines, outcome_text
from experiments.figures.journey_words import MARK, Span, Words, place_words
from experiments.figures.layout import shortened, wrapped
from experiments.figures.tables import rows_of

LINE, LEVEL, HEADER, PAD = 3.8, 2.8, 3.8, 0.7
"""In mm: a row without words above it, one level of words above its line, words above a group of rows, after it."""
ABOVE = 0.3
"""From the top of a lane to a name that stands above its rows, in mm."""
MARK_WIDTH = 62.0
"""Of the words beside a mark at most, in mm."""
CLEAR = 0.6
"""From the line of a row up to words above it, in mm."""
ON_LINE = 1.3
"""Half the height of words on the line of a row, in mm."""

Key = tuple[str, int]
"""A provider ("" is none) and an episode."""


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
        name: Where the middle of its name is, in mm.
        top: Upper edge, in mm.
        height: In mm.
    """

    provider: str
    sector: str
    lines: list[str]
    name: float
    top: float
    height: float


@dataclass(frozen=True)
class Name:
    """The name of a need, beside its row or above it.

    Attributes:
        episode: Of the need.
        lines: Its name in lines that fit.
        top: Where they begin, in mm.
        outcome: What became of it, in lines below its name; none where that stands beside the chart.
    """

    episode: int
    lines: list[str]
    top: float
    outcome: list[str]


@dataclass(frozen=True)
class Plan:
    """All rows of a figure.

    Attributes:
        rows: By provider ("" for the needs at the top) and episode; a need that arises again has the row of the
            former one at a provider where nothing is hidden by that.
        shared: Which rows are those of a former episode: that one, by provider and episode.
        names: Of the needs at the top.
        lanes: Providers from top to bottom.
        headers: Upper edge and words of what stands above a group of rows; the words are a sector's name or "".
        helped: The row of the navigator, if there was one.
        height: Of the chart, in mm.
    """

    rows: dict[Key, Row]
    shared: dict[Key, Key]
    names: list[Name]
    lanes: list[Lane]
    headers: list[tuple[float, str]]
    helped: Row | None
    height: float

    def each(self) -> Iterator[tuple[Key, Row]]:
        """Return every row once, with the first that it belongs to."""
        return ((key, row) for key, row in self.rows.items() if key not in self.shared)


def plan_rows(journey: Journey, columns: Columns, last: float) -> Plan:
    """Return where the rows go.

    Args:
        journey: What happened.
        columns: Of the figure.
        last: The last day that is shown.
    """
    scale = columns.width / last
    along = _along(journey, scale, columns.width)
    shared = _shared(journey, along, scale)
    words: dict[Key, list[tuple[float, str]]] = {}
    for mark in rows_of(journey.marks):
        said = shortened(str(mark.text), min(MARK_WIDTH, columns.width - 15.0))[0]
        key = (str(mark.provider), int(mark.episode))
        words.setdefault(shared.get(key, key), []).append((float(mark.time) * scale, said))
    drawn: dict[Key, list[Span]] = {}
    for key, spans in along.items():
        drawn.setdefault(shared.get(key, key), []).extend(spans)
    # Where lines cross words is known once there are rows; with the words elsewhere the rows hardly move.
    first = _planned(journey, columns, shared, words, {}, drawn)
    above, on_line = _crossings(journey, first, scale)
    for key, spans in on_line.items():
        drawn.setdefault(key, []).extend(spans)
    return _planned(journey, columns, shared, words, above, drawn)


def _along(journey: Journey, scale: float, width: float) -> dict[Key, list[Span]]:
    """Return from where to where something is drawn along the line of each row, beside marks with words, in mm."""
    found: dict[Key, list[Span]] = {}

    def add(provider: str, episode: int, begin: float, end: float) -> None:
        stop = width if math.isnan(end) else min(end * scale, width)
        found.setdefault((str(provider), int(episode)), []).append((begin * scale - MARK, stop + MARK))

    for need in rows_of(journey.needs):
        add("", need.episode, need.onset, math.nan if need.state == "open" else need.end)
    for stay in rows_of(journey.stays):
        add(stay.provider, stay.episode, stay.joined, stay.ended)
    for move in rows_of(journey.moves):
        if move.origin == move.target:
            add(move.origin, move.episode, move.left, move.came)
    return found


def _shared(journey: Journey, along: Mapping[Key, Sequence[Span]], scale: float) -> dict[Key, Key]:
    """Return which rows at providers can be those of a former episode of the same need, since that one is over."""
    looks = dict(zip(journey.needs["episode"], journey.needs["look"], strict=True))
    spans = {key: list(found) for key, found in along.items()}
    for mark in rows_of(journey.marks):
        place = (mark.time * scale - 2 * MARK, mark.time * scale + MARK)
        spans.setdefault((mark.provider, mark.episode), []).append(place)
    points = []
    for move in rows_of(journey.moves):
        points += [(move.origin, move.episode, move.left), (move.target, move.episode, move.came)]
    for handoff in rows_of(journey.passes[journey.passes["received"].notna()]):
        points.append((handoff.sender, handoff.episode, handoff.made))
        points.append((handoff.receiver, handoff.episode, handoff.received))
    for provider, episode, time in points:
        spans.setdefault((provider, episode), []).append((time * scale, time * scale))
    former: dict[tuple[str, int], tuple[Key, float]] = {}
    shared: dict[Key, Key] = {}
    for provider, episode in journey.tracks.itertuples(index=False):
        key = (str(provider), int(episode))
        begin = min((start for start, _ in spans.get(key, [])), default=math.inf)
        end = max((stop for _, stop in spans.get(key, [])), default=-math.inf)
        kind = (key[0], int(looks[episode]))
        if kind in former and former[kind][1] <= begin + MARK:  # an arrow may begin at a mark
            shared[key] = former[kind][0]
            former[kind] = (shared[key], max(end, former[kind][1]))
        else:
            former[kind] = (key, end)
    return shared


def _planned(
    journey: Journey,
    columns: Columns,
    shared: Mapping[Key, Key],
    words: Mapping[Key, list[tuple[float, str]]],
    above: Mapping[Key, list[Span]],
    along: Mapping[Key, list[Span]],
) -> Plan:
    rows: dict[Key, Row] = {}

    def placed(key: Key) -> list[Words]:
        return place_words(words.get(key, []), columns.width, above.get(key, []), along.get(key, []))

    headers = [(0.0, "")]
    top = HEADER
    names: list[Name] = []
    for _, need in journey.needs.iterrows():
        key = ("", int(need["episode"]))
        lines = need_lines(need, columns.names)
        size = len(lines) * style.LINE_HEIGHT
        if columns.is_narrow:
            outcome = wrapped(outcome_text(need), columns.names)
            names.append(Name(key[1], lines, top + ABOVE, outcome))
            top += ABOVE + size + len(outcome) * style.LINE_HEIGHT
            row = rows[key] = _row(top, LINE, placed(key))
        else:
            row = rows[key] = _row(top, max(LINE, size + 0.6), placed(key))
            names.append(Name(key[1], lines, row.line - size / 2, []))
        top += row.height
    helped = None
    if len(journey.helped):
        more = style.LINE_HEIGHT if columns.is_narrow else 0.0
        helped = Row(top, LINE + more)
        top += helped.height
    top += PAD
    lanes: list[Lane] = []
    for provider, label, sector in journey.providers[["provider", "label", "sector"]].itertuples(index=False):
        if not lanes or lanes[-1].sector != sector:
            top += PAD if lanes else 0.0
            headers.append((top, sector))
            top += HEADER
        lines = shortened(label, columns.names, 3)
        size = len(lines) * style.LINE_HEIGHT
        begin = top
        top += ABOVE + size if columns.is_narrow else 0.0
        for episode in journey.tracks.loc[journey.tracks["provider"] == provider, "episode"]:
            key = (provider, int(episode))
            if key in shared:
                rows[key] = rows[shared[key]]
                continue
            row = rows[key] = _row(top, LINE, placed(key))
            top += row.height
        more = 0.0 if columns.is_narrow else begin + size + 0.8 - top
        if more > 0:  # the name needs more room than the rows
            top, row.height, row.below = top + more, row.height + more, row.below + more / 2
        name = ABOVE + size / 2 if columns.is_narrow else (top - begin) / 2
        lanes.append(Lane(provider, sector, lines, begin + name, begin, top - begin))
    return Plan(rows, dict(shared), names, lanes, headers, helped, top + PAD)


def _crossings(journey: Journey, plan: Plan, scale: float) -> tuple[dict[Key, list[Span]], dict[Key, list[Span]]]:
    """Return from where to where lines between rows cross the room above the line of each row, and its line, in mm."""
    lines = [
        (plan.rows[move.origin, move.episode], move.left, plan.rows[move.target, move.episode], move.came)
        for move in rows_of(journey.moves)
    ]
    lines += [
        (plan.rows[handoff.sender, handoff.episode], handoff.made, plan.rows[handoff.receiver, handoff.episode],
         handoff.received)
        for handoff in rows_of(journey.passes[journey.passes["received"].notna()])
    ]  # fmt: skip
    above: dict[Key, list[Span]] = {}
    on_line: dict[Key, list[Span]] = {}
    for start, left, target, came in lines:
        if start is target:
            continue
        (upper, first), (lower, last) = sorted([(start.line, left * scale), (target.line, came * scale)])
        for key, row in plan.each():
            bands = ((above, row.top, row.line - CLEAR), (on_line, row.line - ON_LINE, row.line + ON_LINE))
            for found, top, bottom in bands:
                high, low = max(upper, top), min(lower, bottom)
                if high < low:
                    ends = [first + (last - first) * (y - upper) / (lower - upper) for y in (high, low)]
                    found.setdefault(key, []).append((min(ends), max(ends)))
    return above, on_line


def _row(top: float, least: float, placed: Iterable[Words]) -> Row:
    words = list(placed)
    levels = max((item.level for item in words), default=0)
    return Row(top, max(least, least / 2 + LINE / 2 + levels * LEVEL), least / 2, words)
