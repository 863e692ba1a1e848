"""Figures inside a page: their SVG without its own head, and with names that are unique in the page."""

from __future__ import annotations

import re
from html import escape

_HEAD = re.compile(r"<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->|<metadata>.*?</metadata>|<style.*?</style>", re.DOTALL)
_ROOT = re.compile(r"<svg\b[^>]*>", re.DOTALL)
_TITLE = re.compile(r"<title>.*?</title>", re.DOTALL)
_USES = re.compile(r'url\(#([^)]*)\)|href="#([^"]*)"')
_BOX = re.compile(r'\bviewBox="([^"]*)"')


def inlined(svg: str, name: str, title: str, alternative: str) -> str:
    """Return an SVG file as an element of a page.

    Two figures have the same names inside (of axes, of letters), and a page takes each name once: every name that is
    used gets that of the figure in front, the others go. What a page has no use for is left out too: the prolog, the
    metadata, sizes in points, and a style that would hold for the whole page.

    Args:
        svg: The file.
        name: Of the figure, unique in the page.
        title: What it is about.
        alternative: What is seen.

    Raises:
        ValueError: The file is no SVG with a view box.
    """
    text = _HEAD.sub("", svg)
    root = _ROOT.search(text)
    box = _BOX.search(root[0]) if root else None
    if root is None or box is None:
        raise ValueError(f"figure {name!r} is no SVG with a viewBox")
    inside = _TITLE.sub("", text[root.end() :], count=1)
    used = {found[1] or found[2] for found in _USES.finditer(inside)}

    def named(found: re.Match[str]) -> str:
        # A name that nothing leads to is of no use here, and may be there twice.
        if found[1] not in used:
            return ""
        used.remove(found[1])
        return f' id="{name}-{found[1]}"'

    inside = re.sub(r'\sid="([^"]*)"', named, inside)
    inside = re.sub(r"url\(#([^)]*)\)", rf"url(#{name}-\1)", inside)
    inside = re.sub(r'\b(?:xlink:)?href="#([^"]*)"', rf'href="#{name}-\1"', inside)
    inside = re.sub(r"\n\s*\n+", "\n", inside)
    labels = f'role="img" aria-labelledby="{name}-title" aria-describedby="{name}-seen"'
    head = f'<svg viewBox="{box[1]}" {labels}>'
    said = f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-seen">{escape(alternative)}</desc>'
    return f"{head}{said}{inside.strip()}"
