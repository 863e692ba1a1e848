"""The house style of the figures: sizes, fonts, and the same colour for the same thing everywhere.

Colours are those of Okabe and Ito, which people with impaired colour vision can tell apart. No figure relies on colour
alone: arms also differ in line style and marker, needs in line style and marker, and everything is named in words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib

from experiments.figures.fonts import families

SINGLE_COLUMN, DOUBLE_COLUMN = 89.0, 183.0
"""Widths of figures in print, in mm."""
PAGE_HEIGHT = 247.0
"""Of what is printed on a page of A4 between its margins, in mm."""
TALLEST, NARROW_TALLEST = 225.0, 235.0
"""Of a figure with many rows, and of one of a single column, in mm: rows are lower than they should be where that keeps
the figure from being taller, so that it stands on a page with its caption."""
MM = 1.0 / 25.4
"""Inches."""

TEXT_SIZE, TITLE_SIZE = 7.0, 8.5
"""In points at print size."""
LINE_HEIGHT = 1.2 * TEXT_SIZE * 25.4 / 72.0
"""From one line of text to the next, in mm."""

INK, GREY, FAINT = "#1a1a1a", "#5a5a5a", "#d0d0d0"
BLACK, ORANGE, SKY, GREEN = "#1a1a1a", "#E69F00", "#56B4E9", "#009E73"
BLUE, VERMILLION, PURPLE = "#0072B2", "#D55E00", "#CC79A7"

DROP_COLOUR = VERMILLION
"""Dropped handoffs, whatever the reason; the reason is always written beside."""

LineStyle = str | tuple[int, tuple[float, ...]]
SOLID: LineStyle = "solid"
DASHED: LineStyle = (0, (5.0, 1.5))
DOTTED: LineStyle = (0, (1.2, 1.2))
DASH_DOT: LineStyle = (0, (6.0, 1.5, 1.2, 1.5))
LONG: LineStyle = (0, (10.0, 2.0))
DASH_DOT_DOT: LineStyle = (0, (6.0, 1.2, 1.2, 1.2, 1.2, 1.2))

_RC: dict[str, Any] = {
    "font.size": TEXT_SIZE,
    "axes.labelsize": TEXT_SIZE,
    "axes.titlesize": TEXT_SIZE,
    "xtick.labelsize": TEXT_SIZE,
    "ytick.labelsize": TEXT_SIZE,
    "text.color": INK,
    "text.parse_math": False,  # a label may have dollar signs
    "text.hinting": "none",  # as wide on every device as layout.text_width says
    "axes.labelcolor": INK,
    "axes.edgecolor": GREY,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "axes.formatter.useoffset": False,  # "1e-12" beside an axis would hide what is written there
    "hatch.linewidth": 0.5,
    "figure.dpi": 100.0,
    "savefig.dpi": 300.0,
    "savefig.bbox": None,
    "pdf.fonttype": 42,  # embedded TrueType
    "ps.fonttype": 42,
    "svg.fonttype": "path",  # looks the same where the font is missing
    "svg.hashsalt": "citizen-journeys",
    "path.simplify": False,
}


def is_narrow(width: float) -> bool:
    """Return whether a figure of some width in mm has no room for what stands side by side in one of two columns."""
    return width < DOUBLE_COLUMN


def tallest(width: float) -> float:
    """Return how tall a figure of some width with many rows should be at most, both in mm."""
    return NARROW_TALLEST if is_narrow(width) else TALLEST


@contextmanager
def house() -> Iterator[None]:
    """Draw and save in the house style, whatever the settings of the user's matplotlib."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_RC)  # type: ignore[arg-type]
        matplotlib.rcParams["font.family"] = list(families())
        yield


@dataclass(frozen=True)
class Look:
    """How one of several things looks.

    Attributes:
        colour: Of its lines and areas; text stays dark.
        line: Line style.
        marker: Marker.
    """

    colour: str
    line: LineStyle
    marker: str


_KNOWN_ARMS = {
    "fragmented": Look(VERMILLION, SOLID, "s"),
    "letter": Look(ORANGE, DASHED, "v"),
    "link_worker": Look(PURPLE, DASH_DOT, "D"),
    "key_worker": Look(GREEN, LONG, "^"),
    "single_point_of_access": Look(SKY, DASH_DOT_DOT, "P"),
    "integrated": Look(BLUE, SOLID, "o"),
}
# None is grey, which is for what belongs to no arm or to all of them.
_OTHER_ARMS = (
    Look(BLACK, DOTTED, "X"),
    Look(SKY, DOTTED, "h"),
    Look(ORANGE, DASH_DOT, "<"),
    Look(PURPLE, DASHED, ">"),
    Look(GREEN, DASH_DOT_DOT, "d"),
    Look(BLUE, DASHED, "*"),
)
_NEEDS = (
    Look(BLUE, SOLID, "o"),
    Look(ORANGE, DASHED, "s"),
    Look(GREEN, DASH_DOT, "^"),
    Look(PURPLE, LONG, "D"),
    Look(BLACK, DASHED, "v"),
    Look(SKY, DASH_DOT_DOT, "P"),
)


def looks_of_arms(arms: Iterable[str]) -> dict[str, Look]:
    """Return the look of each arm: a shipped coordination always has its own, others take one of the rest in order."""
    rest = 0
    result: dict[str, Look] = {}
    for arm in arms:
        if arm in _KNOWN_ARMS:
            result[arm] = _KNOWN_ARMS[arm]
        else:
            result[arm] = _OTHER_ARMS[rest % len(_OTHER_ARMS)]
            rest += 1
    return result


def look_of_need(position: int) -> Look:
    """Return the look of a person's need by its position in the order of onset, from 0."""
    return _NEEDS[position % len(_NEEDS)]


SECTORS: Mapping[str, str] = {"public": BLUE, "private": ORANGE, "voluntary": GREEN}
"""Sectors in the order in which they are shown, and their colours."""


def sectors_in_order(found: Iterable[str]) -> list[str]:
    """Return the sectors to show: the three of the model, then any others that were found."""
    return [*SECTORS, *sorted({sector for sector in found if sector} - set(SECTORS))]


def colour_of_sector(sector: str) -> str:
    """Return the colour of a sector; grey for one that the model does not have."""
    return SECTORS.get(sector, GREY)


REASONS: Mapping[str, str] = {
    "not_carried": "the person was told to go and did not",
    "not_transmitted": "the referral never arrived",
    "out_of_area": "the receiver does not serve the person's district",
    "wrong_door": "the receiver does not meet this need",
    "below_threshold": "not severe enough for the receiver",
    "declined": "the receiver refused a referral from another profession",
    "service_closed": "the receiver's contract had lapsed",
    "list_full": "the receiver's waiting list was full",
    "abandoned_wait": "the person left the receiver's queue",
    "did_not_attend": "the person missed the first appointment",
}
"""Reasons for a dropped handoff in the order of its steps, in the words of the ledger, and what they mean."""
