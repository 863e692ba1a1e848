"""The font of the figures, and copies of it with fewer letters, from which a PDF takes what it needs far sooner.

Every PDF has the letters it needs inside. To take them out of the whole font, with its 6,000 letters and their tables,
makes half of the time of writing a PDF; out of a copy with the letters of European languages it is next to nothing.
The copies have the same outlines, widths and kerning: a figure looks the same with them. They are made once and kept
in matplotlib's own cache; where that does not work, the whole font is used.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from functools import cache
from pathlib import Path

import matplotlib
from matplotlib import font_manager
from matplotlib.font_manager import FontProperties

WHOLE = "DejaVu Sans"
"""Family of the font: comes with matplotlib, so that a figure looks the same on every machine."""
SLIM = "Citizen Journeys Sans"
"""Family of the copies."""
WEIGHTS = ("normal", "bold")
LETTERS = (
    *range(0x0020, 0x0180),  # Latin, with the accents of European languages
    *range(0x2010, 0x2060),  # dashes, quotes, ellipsis
    *(0x20AC, 0x2190, 0x2191, 0x2192, 0x2193, 0x2212, 0x221E, 0x2248, 0x2260, 0x2264, 0x2265, 0xFFFD),
)
"""Of the copies; others are taken from the whole font."""
FAMILY_NAMES = (1, 16)
"""Numbers of the names by which a font says of which family it is, in the tables of OpenType."""
_LAYOUT = 1
"""Number of the way copies are made; another number makes new ones."""


@cache
def families() -> tuple[str, ...]:
    """Return the families to write with, by name; matplotlib knows of them."""
    try:
        for weight in WEIGHTS:
            _register(_copy(weight), weight)
    except Exception:
        # Whatever it is, of fontTools, of matplotlib or of the disk: figures can be drawn without.
        return (WHOLE,)
    return (SLIM, WHOLE)


def _register(copy: Path, weight: str) -> None:
    """Let matplotlib know of a copy; a damaged one is made once more."""
    try:
        font_manager.fontManager.addfont(copy)
    except Exception:
        copy.unlink()
        font_manager.fontManager.addfont(_copy(weight))


def _copy(weight: str) -> Path:
    """Return the file of the copy of one weight; made if it is missing."""
    import fontTools

    whole = Path(font_manager.findfont(FontProperties(family=WHOLE, weight=weight), fallback_to_default=False))
    digest = hashlib.blake2b(whole.read_bytes(), digest_size=8)
    digest.update(f"{_LAYOUT} {fontTools.version} {SLIM} {LETTERS}".encode())
    file = Path(matplotlib.get_cachedir()) / f"citizen-journeys-{weight}-{digest.hexdigest()}.ttf"
    if not file.exists():
        # Several processes may be at it: each moves a whole file to its place.
        draft = file.with_name(f".{file.name}-{os.getpid()}-{uuid.uuid4().hex}")
        try:
            _make(whole, draft)
            draft.replace(file)
        finally:
            draft.unlink(missing_ok=True)
    return file


def _make(whole: Path, copy: Path) -> None:
    """Write a copy of a font that has some of its letters, all their forms, and a family of its own."""
    from fontTools import subset

    # As matplotlib itself has it for PDF: what else is in the font, such as ligatures and kerning, stays.
    options = subset.Options(glyph_names=True, recommended_glyphs=True, name_IDs=["*"])
    options.drop_tables += ["FFTM", "MATH"]
    font = subset.load_font(str(whole), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=LETTERS)
    subsetter.subset(font)
    for name in font["name"].names:
        if name.nameID in FAMILY_NAMES:
            name.string = SLIM
    font.save(copy)
