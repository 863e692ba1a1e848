"""Where things stand from left to right in a journey figure, whether it is as wide as a page or as one column."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from experiments.figures import style
from experiments.figures.journey_data import Journey
from experiments.figures.journey_texts import OUTCOME_HEADS, need_line, outcome_cells
from experiments.figures.layout import EDGE, text_width

BAR, SYMBOL, SYMBOL_NARROW = 1.5, 2.6, 3.4
"""In mm: of the bar in the colour of a sector; of the symbol of a need with the room after it, before text and before
the chart."""
NAME_LEFT = EDGE + BAR + 1.5
"""Where names begin, in mm."""
SHORTEST_NAME, LONGEST_NAME = 28.0, 46.5
"""Room for names beside the chart at least and at most, in mm."""
BEFORE_CHART, AFTER_CHART, BETWEEN = 2.2, 3.5, 2.5
"""In mm: from names to the chart, from the chart to the texts beside it, between columns of these."""


@dataclass(frozen=True)
class Columns:
    """Where things stand, all in mm.

    Attributes:
        page: Width of the figure.
        names: Room for names of providers and needs.
        chart: Where the chart begins.
        width: Of the chart.
        beside: Where each column of the texts beside the chart begins; none if names stand above their rows.
    """

    page: float
    names: float
    chart: float
    width: float
    beside: tuple[float, ...]

    @property
    def is_narrow(self) -> bool:
        """Whether names stand above their rows."""
        return not self.beside

    @property
    def name(self) -> float:
        """Where names begin, in mm."""
        return self.chart + 0.5 if self.is_narrow else NAME_LEFT


def columns_of(journeys: Iterable[Journey], page: float) -> Columns:
    """Return the columns of a figure that shows some journeys, one above the other.

    Args:
        journeys: Which.
        page: Width of the figure, in mm.
    """
    if style.is_narrow(page):
        chart = EDGE + BAR + 0.7 + SYMBOL_NARROW
        return Columns(page, page - EDGE - chart - 0.5, chart, page - AFTER_CHART - chart, ())
    shown = list(journeys)
    needs = [need for journey in shown for _, need in journey.needs.iterrows()]
    names = [text_width(str(name)) for one in shown for name in [*one.providers["label"], *one.needs["label"]]]
    room = min(max([SHORTEST_NAME, *names]) + 0.5, LONGEST_NAME)
    cells = zip(OUTCOME_HEADS, *(outcome_cells(need) for need in needs), strict=True)
    sizes = [max(text_width(cell) for cell in column) for column in cells]
    lines = max((SYMBOL + text_width(need_line(need)) for need in needs), default=0.0)
    table = sum(sizes) + BETWEEN * (len(sizes) - 1)
    first = page - EDGE - max(lines, table)
    beside = [first + sum(sizes[:number]) + BETWEEN * number for number in range(len(sizes))]
    chart = NAME_LEFT + room + BEFORE_CHART
    return Columns(page, room, chart, first - AFTER_CHART - chart, tuple(beside))
