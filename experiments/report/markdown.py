"""The report as Markdown, with links to the figures beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from experiments.report.document import Block, Code, Document, Items, Paragraph, Picture, Table

_MARKS = re.compile(r"([\\`*_\[\]<>|#~])")


def markdown_of(document: Document) -> str:
    """Return the same as the page has, in GitHub's Markdown."""
    parts = [f"# {_plain(document.title)}", _plain(document.subtitle)]
    for section in document.sections:
        parts.append(f"## {_plain(section.title)}")
        parts += [_block(block, document.folder) for block in section.blocks]
    return "\n\n".join([*parts, f"*{_plain(document.provenance)}*"]) + "\n"


def _block(block: Block, folder: Path) -> str:
    if isinstance(block, Paragraph):
        return _plain(block.text)
    if isinstance(block, Code):
        return f"```\n{block.text}\n```"
    if isinstance(block, Items):
        marks = [f"{number}." if block.is_ordered else "-" for number in range(1, len(block.items) + 1)]
        return "\n".join(
            f"{mark} **{_plain(head)}** {_plain(text)}" if head else f"{mark} {_plain(text)}"
            for mark, (head, text) in zip(marks, block.items, strict=True)
        )
    return _table(block) if isinstance(block, Table) else _picture(block, folder)


def _table(table: Table) -> str:
    rules = [":---" if column < table.words else "---:" for column in range(len(table.head))]
    lines = [_row(table.head), f"| {' | '.join(rules)} |", *(_row(row) for row in table.rows)]
    note = f"\n\n{_plain(table.note)}" if table.note else ""
    return f"**{_plain(table.caption)}**\n\n" + "\n".join(lines) + note


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(_plain(cell) for cell in cells)} |"


def _picture(picture: Picture, folder: Path) -> str:
    path = picture.file.relative_to(folder).as_posix()
    return f"**{_plain(picture.title)}**\n\n![{_plain(picture.alternative)}](<{path}>)"


def _plain(text: str) -> str:
    """Return text that means itself, in a line."""
    return _MARKS.sub(r"\\\1", " ".join(text.split()))
