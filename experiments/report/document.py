"""What a report consists of, without a format: sections in order, each with its paragraphs, tables and figures.

Every text and number is computed from what a comparison stored; :mod:`experiments.report.html`,
:mod:`experiments.report.markdown` and :mod:`experiments.report.latex` only write it down.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True)
class Items:
    """A list, each item with a word or two in front that say what it is about, or "".

    Attributes:
        items: Pairs of these words and the text.
        is_ordered: Whether the order matters.
    """

    items: tuple[tuple[str, str], ...]
    is_ordered: bool = False


@dataclass(frozen=True)
class Code:
    """What is to be typed, a line each."""

    text: str


@dataclass(frozen=True)
class Table:
    """A table of texts.

    Attributes:
        name: Short, unique in the document; also the name of its file.
        caption: What it shows, in which unit.
        head: One for each column.
        rows: As many cells as the head each; the first says what the row is about.
        words: How many columns, from the left, hold words; the others hold numbers.
        note: What is to be known to read it, or "".
    """

    name: str
    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: int = 1
    note: str = ""


@dataclass(frozen=True)
class Picture:
    """A figure that is stored as a file.

    Attributes:
        name: Short, unique in the document.
        title: What it is about.
        alternative: What is seen, in words and numbers, for whoever does not see it.
        file: The SVG.
        narrow: The same figure as an SVG for narrow screens, or None.
    """

    name: str
    title: str
    alternative: str
    file: Path
    narrow: Path | None = None


Block = Paragraph | Items | Code | Table | Picture


@dataclass(frozen=True)
class Section:
    """A part of a report.

    Attributes:
        name: Short, unique in the document; the target of links.
        title: Heading.
        blocks: What is in it, in order.
    """

    name: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Document:
    """A whole report.

    Attributes:
        title: Heading of the page.
        subtitle: What was compared, in a line.
        sections: In order.
        folder: Of the comparison; files are given relative to it.
        provenance: What it was made from, in a line.
    """

    title: str
    subtitle: str
    sections: tuple[Section, ...]
    folder: Path
    provenance: str

    @property
    def tables(self) -> Iterator[Table]:
        """All tables, in order."""
        return (block for section in self.sections for block in section.blocks if isinstance(block, Table))
