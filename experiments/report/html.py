"""The report as one page that needs nothing else: no network, no script, figures inside."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from experiments.report.css import STYLE
from experiments.report.document import Block, Code, Document, Items, Paragraph, Picture, Section, Table
from experiments.report.svg import inlined


def html_of(document: Document) -> str:
    """Return the page.

    Headings go down in order: one ``h1``, an ``h2`` for each section. What may be wider than the screen scrolls inside
    a box of its own, which the keyboard reaches.
    """
    links = "".join(f'<li><a href="#{section.name}">{_text(section.title)}</a></li>' for section in document.sections)
    sections = "\n".join(_section(section) for section in document.sections)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="{_text(document.provenance)}">
<link rel="icon" href="data:,">
<title>{_text(document.title)}</title>
<style>
{STYLE}</style>
</head>
<body>
<a class="skip" href="#answer">Skip to the answer</a>
<header>
<h1>{_text(document.title)}</h1>
<p>{_text(document.subtitle)}</p>
<nav aria-label="Sections"><ul>{links}</ul></nav>
</header>
<main>
{sections}
</main>
<footer><p>{_text(document.provenance)}</p></footer>
</body>
</html>
"""


def _text(text: str) -> str:
    """Return text for the page; a number and its percent sign stay in one line."""
    return escape(text).replace(" %", "\N{NO-BREAK SPACE}%")


def _section(section: Section) -> str:
    blocks = "\n".join(_block(block) for block in section.blocks)
    heading = f'<h2 id="{section.name}-heading">{_text(section.title)}</h2>'
    return f'<section id="{section.name}" aria-labelledby="{section.name}-heading">\n{heading}\n{blocks}\n</section>'


def _block(block: Block) -> str:
    if isinstance(block, Paragraph):
        return f"<p>{_text(block.text)}</p>"
    if isinstance(block, Code):
        return f"<pre><code>{_text(block.text)}</code></pre>"
    if isinstance(block, Items):
        return _items(block)
    return _table(block) if isinstance(block, Table) else _picture(block)


def _items(items: Items) -> str:
    tag = "ol" if items.is_ordered else "ul"
    lines = "\n".join(
        f"<li><strong>{_text(head)}</strong> {_text(text)}</li>" if head else f"<li>{_text(text)}</li>"
        for head, text in items.items
    )
    return f"<{tag}>\n{lines}\n</{tag}>"


def _table(table: Table) -> str:
    name = f"table-{table.name}"
    head = "".join(_cells(table, table.head, "col"))
    body = "\n".join(f"<tr>{''.join(_cells(table, row, ''))}</tr>" for row in table.rows)
    note = f'\n<p class="note">{_text(table.note)}</p>' if table.note else ""
    return f"""<div class="box" role="region" aria-labelledby="{name}" tabindex="0">
<table>
<caption id="{name}">{_text(table.caption)}</caption>
<thead><tr>{head}</tr></thead>
<tbody>
{body}
</tbody>
</table>
</div>{note}"""


def _cells(table: Table, cells: Iterable[str], scope: str) -> Iterable[str]:
    """Yield the cells of a row: all headers of columns, or the first the header of the row."""
    for column, cell in enumerate(cells):
        kind = ' class="words"' if column < table.words else ""
        if scope or column == 0:
            yield f'<th scope="{scope or "row"}"{kind}>{_text(cell)}</th>'
        else:
            yield f"<td{kind}>{_text(cell)}</td>"


def _picture(picture: Picture) -> str:
    svg = inlined(picture.file.read_text(encoding="utf-8"), picture.name, picture.title, picture.alternative)
    kind, narrow = "", ""
    if picture.narrow is not None:
        # Which of the two is shown, seen and heard is a matter of the width of the screen.
        kind = " wide"
        own = picture.narrow.read_text(encoding="utf-8")
        image = inlined(own, f"{picture.name}-narrow", picture.title, picture.alternative)
        narrow = f'\n<div class="narrow">{image}</div>'
    box = f'<div class="box{kind}" role="region" aria-label="{_text(picture.title)}" tabindex="0">{svg}</div>'
    return f"<figure>\n{box}{narrow}\n<figcaption>{_text(picture.alternative)}</figcaption>\n</figure>"
