"""The marks of a journey figure: waits, stories, support, handoffs, setbacks, and the key that explains them."""

from __future__ import annotations

import math

from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, Rectangle

from experiments.figures import style
from experiments.figures.journey_data import CRISIS, Journey
from experiments.figures.journey_rows import LEVEL, Plan, Row
from experiments.figures.layout import Page, text_width
from experiments.figures.style import LineStyle, Look
from experiments.figures.tables import rows_of

ASSESSMENT, SUPPORT = 1.4, 2.2
"""Heights of bars, in mm."""
FIRST_LEVEL = 0.3
"""How much nearer to the line than one level the first level of words above it is, in mm."""
BEHIND_WORDS = {"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 0.4}
"""The box behind words that lines may pass behind."""
KEY_LEFT, KEY_LINE, SAMPLE, AFTER_WORDS = 8.0, 3.6, 6.5, 3.5
"""In mm, of the key: its title, from line to line, a sample with the room after it, from words to the next sample."""


class Pen:
    """Draws a journey on axes in days and mm.

    Args:
        axes: Where.
        journey: What happened.
        plan: Where the rows are.
        last: The last day that is shown.
        day: Days a mm.
    """

    def __init__(self, axes: Axes, journey: Journey, plan: Plan, last: float, day: float) -> None:
        self._axes, self._journey, self._plan, self._last, self._day = axes, journey, plan, last, day
        self._looks = {
            int(episode): style.look_of_need(int(look))
            for episode, look in zip(journey.needs["episode"], journey.needs["look"], strict=True)
        }

    def draw_all(self) -> None:
        """Draw everything, what lies below first."""
        self._draw_needs()
        self._draw_moves()
        self._draw_stays()
        self._draw_passes()
        self._draw_marks()

    def _row(self, provider: str, episode: int) -> Row:
        return self._plan.rows[provider, episode]

    def _draw_needs(self) -> None:
        for need in rows_of(self._journey.needs):
            episode, onset, end = int(need.episode), float(need.onset), float(need.end)
            look, line = self._looks[episode], self._row("", episode).line
            self._line(onset, math.nan if need.state == "open" else end, line, look, 1.6)
            if need.state != "gave_up" or end - onset > 2.0 * self._day:
                draw_need(self._axes, onset, line, look)
            if need.state == "supported":
                draw_supported(self._axes, end, line, look)
            elif need.state == "gave_up":
                draw_given_up(self._axes, end, line)
        if self._plan.helped is not None:
            for began, ended in self._journey.helped.itertuples(index=False):
                end = self._last if math.isnan(ended) else min(ended, self._last)
                place = (began, self._plan.helped.line - ASSESSMENT / 2)
                self._axes.add_patch(Rectangle(place, end - began, ASSESSMENT, facecolor=style.GREY, linewidth=0))
                self._go_on(ended, self._plan.helped.line, style.GREY)

    def _draw_moves(self) -> None:
        for move in rows_of(self._journey.moves):
            episode = int(move.episode)
            start, target = self._row(str(move.origin), episode), self._row(str(move.target), episode)
            draw_way(self._axes, (float(move.left), start.line), (float(move.came), target.line), self._looks[episode])

    def _draw_stays(self) -> None:
        for stay in rows_of(self._journey.stays):
            episode = int(stay.episode)
            look, line = self._looks[episode], self._row(str(stay.provider), episode).line
            joined, started, ended = float(stay.joined), float(stay.started), float(stay.ended)
            if math.isnan(started):
                self._line(joined, ended, line, look, 1.0)
                continue
            self._line(joined, started, line, look, 1.0)
            height = SUPPORT if stay.stage == "support" else ASSESSMENT
            end = self._last if math.isnan(ended) else min(ended, self._last)
            size = max(end - started, 0.25 * self._day)
            self._axes.add_patch(
                Rectangle((started, line - height / 2), size, height, facecolor=look.colour, linewidth=0, zorder=3)
            )
            self._go_on(ended, line, look.colour)
            if stay.stage == "assessment":
                draw_story(self._axes, started, line, look)

    def _line(self, begin: float, end: float, y: float, look: Look, width: float) -> None:
        """Draw a line of a need; it goes on beyond the chart if it has no end or a later one."""
        stop = self._last if math.isnan(end) else min(end, self._last)
        self._axes.plot([begin, stop], [y, y], color=look.colour, linestyle=look.line, linewidth=width, zorder=2)
        self._go_on(end, y, look.colour)

    def _go_on(self, end: float, y: float, colour: str) -> None:
        if math.isnan(end) or end > self._last:
            draw_goes_on(self._axes, self._last + 0.8 * self._day, y, colour)

    def _draw_passes(self) -> None:
        for handoff in rows_of(self._journey.passes):
            received = float(handoff.received)
            if math.isnan(received):
                continue  # never reached the receiver: a mark at the sender, or still on its way
            episode = int(handoff.episode)
            sender, receiver = self._row(str(handoff.sender), episode), self._row(str(handoff.receiver), episode)
            start, end = (float(handoff.made), sender.line), (received, receiver.line)
            draw_handoff(self._axes, start, end, str(handoff.state))

    def _draw_marks(self) -> None:
        for mark in rows_of(self._journey.marks):
            line = self._row(str(mark.provider), int(mark.episode)).line
            draw_mark(self._axes, float(mark.time), line, str(mark.kind))
        for _, row in self._plan.each():
            for words in row.words:
                y = row.line - words.level * LEVEL + (FIRST_LEVEL if words.level else 0.0)
                place = (words.x * self._day, y)
                self._axes.text(
                    *place, words.text, va="center", zorder=3.6, bbox=BEHIND_WORDS
                )  # above arrows: words come first
                is_away = words.joint != words.at
                if words.level or is_away:
                    ends = [words.at * self._day, words.joint * self._day]
                    heights = [row.line - 0.8, y if is_away else y + 1.0]
                    self._axes.plot(ends, heights, color=style.GREY, linewidth=0.4, zorder=3.3)


# --- one mark each: in the chart and in the key -------------------------------------------------------------------


def draw_need(axes: Axes, x: float, y: float, look: Look) -> None:
    """Draw the onset of a need."""
    axes.plot(x, y, marker=look.marker, markersize=5, color=look.colour, markeredgecolor="white",
              markeredgewidth=0.5, clip_on=False, zorder=5)  # fmt: skip


def draw_supported(axes: Axes, x: float, y: float, look: Look) -> None:
    """Draw the end of a need by support."""
    axes.plot(x, y, marker="|", markersize=9, markeredgewidth=2.2, color=look.colour, clip_on=False, zorder=4)


def draw_given_up(axes: Axes, x: float, y: float) -> None:
    """Draw the end of a need by giving up."""
    axes.plot(x, y, marker="s", markersize=6.5, color=style.INK, clip_on=False, zorder=4)
    axes.plot(x, y, marker="x", markersize=3.5, color="white", markeredgewidth=1.0, clip_on=False, zorder=6)


def draw_goes_on(axes: Axes, x: float, y: float, colour: str) -> None:
    """Draw that something goes on beyond the chart."""
    axes.plot(x, y, marker=">", markersize=3.5, color=colour, clip_on=False)


def draw_story(axes: Axes, x: float, y: float, look: Look) -> None:
    """Draw an assessment's beginning, at which the story is told."""
    axes.plot(x, y, marker="o", markersize=5, markerfacecolor="white", markeredgecolor=look.colour,
              markeredgewidth=1.3, clip_on=False, zorder=4)  # fmt: skip


def draw_way(axes: Axes, start: tuple[float, float], end: tuple[float, float], look: Look) -> None:
    """Draw a way that the person goes alone."""
    axes.plot(
        [start[0], end[0]], [start[1], end[1]], color=look.colour, linestyle=style.DOTTED, linewidth=0.8, zorder=1
    )


def draw_handoff(axes: Axes, start: tuple[float, float], end: tuple[float, float], state: str) -> None:
    """Draw a handoff that reached the receiver and was ``attended``, ``dropped`` or is ``under_way``."""
    colour = {"attended": style.INK, "dropped": style.DROP_COLOUR}.get(state, style.GREY)
    line: LineStyle = {"attended": style.SOLID, "dropped": (0, (3, 1.5))}.get(state, (0, (1, 1)))
    arrow = FancyArrowPatch(
        start, end, arrowstyle="-|>", mutation_scale=6, shrinkA=0, shrinkB=2.0, zorder=3.5, linewidth=1.0,
        color=colour, linestyle=line,
    )  # fmt: skip
    axes.add_patch(arrow)


def draw_mark(axes: Axes, x: float, y: float, kind: str) -> None:
    """Draw where something went wrong."""
    if kind == CRISIS:
        axes.plot(x, y, marker="*", markersize=8, color=style.INK, markeredgecolor="white", markeredgewidth=0.5,
                  clip_on=False, zorder=5)  # fmt: skip
    elif kind == "under_way":
        axes.plot(x, y, marker="$…$", markersize=6, color=style.GREY, clip_on=False, zorder=5)
    elif kind == "drop":
        axes.plot(x, y, marker="x", markersize=5, color=style.DROP_COLOUR, markeredgewidth=1.6, clip_on=False, zorder=5)
    else:
        fill = "white" if kind == "setback" else style.INK
        axes.plot(x, y, marker="v", markersize=4.5, markerfacecolor=fill, markeredgecolor=style.INK,
                  markeredgewidth=0.8, clip_on=False, zorder=5)  # fmt: skip


def marks_key_height(width: float) -> float:
    """Return the height of the key, in mm, in lines no longer than ``width`` mm."""
    return KEY_LINE * (1 + max(line for _, _, line in _key_places(width)))


def draw_marks_key(page: Page, left: float, top: float, width: float) -> None:
    """Draw what the marks mean, in as many lines as it takes."""
    axes = page.canvas_axes(left, top, width, marks_key_height(width))
    axes.set_axis_off()
    axes.set_xlim(0.0, width)
    look = Look(style.GREY, style.SOLID, "o")
    axes.text(0.0, KEY_LINE / 2, "Key", va="center", fontweight="bold")
    for words, x, line in _key_places(width):
        y = KEY_LINE * (line + 0.5)
        _draw_sample(axes, words, x, y, look)
        axes.text(x + SAMPLE, y, words, va="center", color=style.GREY)


def _key_places(width: float) -> list[tuple[str, float, int]]:
    """Return the words of the key, where the sample of each begins (mm), and in which line, from 0."""
    places = []
    x, line = KEY_LEFT, 0
    for words in KEY:
        size = SAMPLE + text_width(words)
        if x > KEY_LEFT and x + size > width:
            x, line = KEY_LEFT, line + 1
        places.append((words, x, line))
        x += size + AFTER_WORDS
    return places


KEY = (
    "need arises",
    "waits",
    "assessed: tells the story",
    "support starts",
    "supported",
    "goes on",
    "goes alone",
    "handoff attended",
    "handoff under way",
    "handoff dropped, with reason",
    "setback, with reason",
    "missed appointment",
    "crisis, an unplanned contact",
    "gives up",
)


def _draw_sample(axes: Axes, words: str, x: float, y: float, look: Look) -> None:
    """Draw the sample of a mark over 5 mm from ``x``."""
    middle = x + 2.5
    if words == "need arises":
        draw_need(axes, middle, y, look)
    elif words == "waits":
        axes.plot([x, x + 5], [y, y], color=look.colour, linewidth=1.0)
    elif words.startswith("assessed"):
        axes.add_patch(Rectangle((x + 1.5, y - ASSESSMENT / 2), 3.5, ASSESSMENT, facecolor=look.colour, linewidth=0))
        draw_story(axes, x + 1.5, y, look)
    elif words == "supported":
        axes.add_patch(Rectangle((x, y - SUPPORT / 2), 5, SUPPORT, facecolor=look.colour, linewidth=0))
    elif words == "support starts":
        axes.plot([x, middle], [y, y], color=look.colour, linewidth=1.6)
        draw_supported(axes, middle, y, look)
    elif words == "goes on":
        axes.plot([x, x + 4.0], [y, y], color=look.colour, linewidth=1.0)
        draw_goes_on(axes, x + 4.4, y, look.colour)
    elif words == "goes alone":
        draw_way(axes, (x, y), (x + 5, y), look)
    elif words == "handoff attended":
        draw_handoff(axes, (x, y), (x + 5.5, y), "attended")
    elif words == "handoff under way":
        draw_handoff(axes, (x, y), (x + 5.5, y), "under_way")
    elif words.startswith("handoff dropped"):
        draw_handoff(axes, (x - 0.8, y), (x + 3.9, y), "dropped")
        draw_mark(axes, x + 4.5, y, "drop")
    elif words == "gives up":
        draw_given_up(axes, middle, y)
    else:
        kinds = {"setback": "setback", "missed": "missed", "crisis": CRISIS}
        draw_mark(axes, middle, y, next(kind for start, kind in kinds.items() if words.startswith(start)))
