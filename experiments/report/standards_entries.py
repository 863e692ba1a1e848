"""What a reporting standard consists of: items, each with what a run says of it and what only a person can say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from experiments.report.document import Items, Section, Table

STRESS, QUALITY = "stress_abs.md", "quality_log.md"
"""Names of the files, beside ``report.html``."""
BESIDE = (
    f"{STRESS} (the STRESS-ABS checklist, for papers) and {QUALITY} (a log of what assures quality, as the Aqua Book "
    "asks for) lie beside this report: filled as far as the runs tell, the rest marked for a person."
)
"""What a report says of them."""
COPY = (
    "All of this is computed from what the comparison stored, or holds for every run of the program; docs/ and "
    "scenarios/ are folders of the project. Copy the file before you add to it: journeys report writes it again."
)

Place = tuple[str, str]
"""A page of the project and one of its sections: its number in model.md, its heading elsewhere."""


def model(section: str) -> Place:
    """Return a section of ``docs/model.md`` by its number."""
    return "docs/model.md", section


def evidence(heading: str) -> Place:
    """Return a section of ``docs/evidence.md`` by its heading."""
    return "docs/evidence.md", heading


@dataclass(frozen=True)
class Entry:
    """One item of a standard.

    Attributes:
        number: Of the item.
        title: What it asks for, in a few words.
        found: What the run and the program say of it, in sentences, or "".
        person: What only a person can say, in a sentence, or "".
        places: Where the project says more.
    """

    number: str
    title: str
    found: str = ""
    person: str = ""
    places: tuple[Place, ...] = ()

    @property
    def status(self) -> str:
        """How far it is filled."""
        if not self.person:
            return "filled"
        return "in part" if self.found else "for a person"


def section_of(name: str, title: str, entries: Sequence[Entry]) -> Section:
    """Return a section with what is known of each item and, below it, what is left for a person."""
    lines: list[tuple[str, str]] = []
    for entry in entries:
        if entry.found:
            lines.append((f"{entry.number} {entry.title}.", f"{entry.found}{_see(entry.places)}"))
        if entry.person:
            head = f"{entry.number} For a person:" if entry.found else f"{entry.number} {entry.title}. For a person:"
            lines.append((head, entry.person if entry.found else f"{entry.person}{_see(entry.places)}"))
    return Section(name, title, (Items(tuple(lines)),))


def filled_table(name: str, entries: Sequence[Entry]) -> Table:
    """Return how far each item is filled."""
    counts = {status: sum(entry.status == status for entry in entries) for status in ("filled", "in part")}
    rest = len(entries) - sum(counts.values())
    caption = f"Of {len(entries)} items: filled {counts['filled']}, in part {counts['in part']}, for a person {rest}"
    rows = tuple((f"{entry.number} {entry.title}", entry.status) for entry in entries)
    return Table(name, caption, ("Item", "State"), rows, words=2)


def _see(places: Sequence[Place]) -> str:
    """Return where to read more, one page after the other."""
    pages: dict[str, list[str]] = {}
    for page, section in places:
        pages.setdefault(page, []).append(section if section[0].isdigit() else f"“{section}”")
    said = "; ".join(f"{page}, {', '.join(sections)}" for page, sections in pages.items())
    return f" See {said}." if said else ""
