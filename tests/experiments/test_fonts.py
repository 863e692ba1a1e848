"""Copies of the font of the figures look like the font, are made once, and are not needed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.font_manager import FontProperties, findfont, get_font

from experiments.figures import fonts, style
from experiments.figures.layout import Page
from experiments.figures.saving import save

TEXTS = (
    "Very few offices: 1,234.5 (+z) – AVATAR ’d’ ß ﬁ",
    "Ünïcôdé ŁÓDŹ → − ≤ ∞ …",
    "Αθήνα, Київ: fi ffl fj T. Wa\N{REPLACEMENT CHARACTER}",
)


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Let copies be made in a folder of the test."""
    monkeypatch.setattr(matplotlib, "get_cachedir", lambda: str(tmp_path))
    fonts.families.cache_clear()
    yield tmp_path
    fonts.families.cache_clear()


def drawn(folder: Path) -> np.ndarray:
    """Return the picture of some texts, written as figures are."""
    with style.house():
        page = Page(60.0, 40.0)
        for number, text in enumerate(TEXTS):
            page.text(2.0, 2.0 + 10.0 * number, [text])
            page.text(2.0, 7.0 + 10.0 * number, [text], fontweight="bold", fontsize=style.TITLE_SIZE)
    save(page.figure, folder, "texts", "Texts", {})
    return matplotlib.image.imread(folder / "texts.png")


def test_texts_look_the_same_with_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert fonts.families() == (fonts.SLIM, fonts.WHOLE)
    copies = drawn(tmp_path)
    assert copies.min() < 0.5
    monkeypatch.setattr(style, "families", lambda: (fonts.WHOLE,))
    np.testing.assert_array_equal(copies, drawn(tmp_path))


@pytest.mark.parametrize("weight", fonts.WEIGHTS)
def test_copies_are_found_by_their_family_and_have_few_letters(weight: str) -> None:
    fonts.families()
    file = findfont(FontProperties(family=fonts.SLIM, weight=weight), fallback_to_default=False)
    whole = get_font(findfont(FontProperties(family=fonts.WHOLE, weight=weight)))
    copy = get_font(file)
    assert set(copy.get_charmap()) == set(fonts.LETTERS) & set(whole.get_charmap())
    assert copy.num_glyphs < whole.num_glyphs / 5
    # By this name a PDF says which font it has inside.
    assert copy.postscript_name == whole.postscript_name


def test_copies_are_made_once(own_cache: Path) -> None:
    assert fonts.families() == (fonts.SLIM, fonts.WHOLE)
    made = {file: file.stat().st_mtime_ns for file in own_cache.iterdir()}
    assert len(made) == 2 and all(file.suffix == ".ttf" for file in made)
    fonts.families.cache_clear()
    fonts.families()
    assert {file: file.stat().st_mtime_ns for file in own_cache.iterdir()} == made


def test_where_copies_cannot_be_made_the_font_itself_is_used(
    own_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(whole: Path, copy: Path) -> None:
        raise OSError("no room")

    monkeypatch.setattr(fonts, "_make", fail)
    assert fonts.families() == (fonts.WHOLE,)
    assert drawn(tmp_path).min() < 0.5


def test_a_damaged_copy_is_made_again(own_cache: Path) -> None:
    assert fonts.families() == (fonts.SLIM, fonts.WHOLE)
    copies = sorted(own_cache.iterdir())
    whole = [file.read_bytes() for file in copies]
    for file in copies:
        file.write_bytes(b"")
    fonts.families.cache_clear()
    assert fonts.families() == (fonts.SLIM, fonts.WHOLE)
    assert sorted(own_cache.iterdir()) == copies
    assert [len(file.read_bytes()) for file in copies] == [len(content) for content in whole]
