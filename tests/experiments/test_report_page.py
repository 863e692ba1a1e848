"""The page of a report without a comparison: contrast of its colours, and figures put into it."""

from __future__ import annotations

import re

import pytest

from experiments.report.css import STYLE
from experiments.report.svg import inlined


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour, as WCAG 2.2 defines it."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_every_text_stands_out_from_its_ground() -> None:
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", STYLE))
    checked = 0
    for rule in re.findall(r"\{([^{}]*)\}", STYLE):
        text = re.search(r"(?<![-\w])color: var\(--(\w+)\)", rule)
        if text is None:
            continue
        ground = re.search(r"background: var\(--(\w+)\)", rule)
        lights = sorted(luminance(colours[name]) for name in (text[1], ground[1] if ground else "paper"))
        assert (lights[1] + 0.05) / (lights[0] + 0.05) >= 4.5, rule
        checked += 1
    assert checked >= 6
    assert not re.search(r"(?<![-\w])color: (?!var)", STYLE)


def test_names_inside_two_figures_do_not_meet() -> None:
    svg = (
        '<?xml version="1.0"?><!DOCTYPE svg PUBLIC "a"\n "b"><svg xmlns="http://x" viewBox="0 0 1 1" width="1pt">'
        "<title>old</title><metadata>http://x</metadata><style>*{a: b}</style><!-- c -->"
        '<g id="a" clip-path="url(#b)"/><g id="c"/><path id="b"/><use xlink:href="#a"/></svg>'
    )
    assert inlined(svg, "one", "A & B", "1 < 2") == (
        '<svg viewBox="0 0 1 1" role="img" aria-labelledby="one-title" aria-describedby="one-seen">'
        '<title id="one-title">A &amp; B</title><desc id="one-seen">1 &lt; 2</desc>'
        '<g id="one-a" clip-path="url(#one-b)"/><g/><path id="one-b"/><use href="#one-a"/></svg>'
    )
    with pytest.raises(ValueError, match="no SVG with a viewBox"):
        inlined("<html></html>", "one", "", "")
