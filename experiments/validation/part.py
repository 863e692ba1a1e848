"""A part of the page on validation: words, a table of comparisons, more words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from experiments.validation.compared import Compared


@dataclass(frozen=True)
class Part:
    """One section of ``docs/validation.md``.

    Attributes:
        title: Its heading.
        before: Markdown before the table: what is compared, and how.
        compared: Rows of the table; none for a part without one.
        after: Markdown after it: what is weak, what cannot be compared.
        broken: What does not hold that is no comparison, a line each.
    """

    title: str
    before: str
    compared: Sequence[Compared] = ()
    after: str = ""
    broken: Sequence[str] = ()


def table(compared: Sequence[Compared]) -> str:
    """Return the comparisons as a table in Markdown."""
    lines = [
        "| family | case | measure | expected | simulated | standard error | z |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for one in compared:
        numbers = (f"{one.expected:.5g}", f"{one.simulated:.5g}", f"{one.error:.2g}", f"{one.z:+.2f}")
        lines.append(f"| {one.family} | {one.case} | {one.measure} | {' | '.join(numbers)} |")
    return "\n".join(lines)
