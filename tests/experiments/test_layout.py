"""The house style and the placing of texts: looks of arms, labels moved apart, lines broken and cut."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest

from experiments.figures import style
from experiments.figures.journey_rows import place_words
from experiments.figures.layout import moved_apart, shortened, text_width, wrapped
from experiments.figures.tables import counted


def test_arms_have_a_look_of_their_own() -> None:
    arms = ["fragmented", "letter", "link_worker", "key_worker", "single_point_of_access", "a+records:shared"]
    looks = style.looks_of_arms(arms)
    assert len({(look.colour, look.line, look.marker) for look in looks.values()}) == len(arms)
    assert looks["fragmented"] == style.looks_of_arms(["integrated", "fragmented"])["fragmented"]


def test_labels_are_moved_apart_and_no_further() -> None:
    assert moved_apart([10.0, 30.0], [4.0, 4.0], 0.0, 50.0) == [10.0, 30.0]
    assert moved_apart([20.0, 20.0, 40.0], [4.0, 4.0, 4.0], 0.0, 50.0) == [18.0, 22.0, 40.0]
    assert moved_apart([50.0, 49.0], [4.0, 4.0], 0.0, 50.0) == [48.0, 44.0]
    assert moved_apart([], [], 0.0, 1.0) == []


def test_words_beside_marks_do_not_overlap() -> None:
    placed = place_words([(10.0, "out of area"), (12.0, "declined"), (13.0, "declined"), (90.0, "wrong door")], 95.0)
    assert [words.text for words in placed] == ["out of area", "declined (2 times)", "wrong door"]
    for one, other in combinations(placed, 2):
        if one.level == other.level:
            assert one.x + text_width(one.text) < other.x or other.x + text_width(other.text) < one.x
    assert all(words.x >= 0.0 and words.x + text_width(words.text) <= 95.0 for words in placed)


def test_text_is_wrapped_to_its_width() -> None:
    lines = wrapped("one two three four five Donaudampfschifffahrtsgesellschaft", 20.0)
    assert len(lines) > 2 and all(text_width(line) <= 20.0 for line in lines) and lines[-1].endswith("…")
    assert wrapped("", 10.0) == [""]


@pytest.mark.parametrize("size", [5.0, 8.5])
def test_a_line_takes_every_word_that_it_has_room_for(size: float) -> None:
    # Narrow, wide and no letters at all: how many words a line has cannot be told from their letters.
    words = [*["iii"] * 30, *["WWW"] * 20, *[""] * 3, *["of", "capability"] * 9, "iii"]
    for width in (20.0, 40.0, 85.0, 179.0):
        lines = wrapped(" ".join(words), width, size)
        assert " ".join(lines) == " ".join(words)
        for line, following in pairwise(lines):
            assert text_width(line, size) <= width < text_width(f"{line} {following.split(' ')[0]}", size)
        assert text_width(lines[-1], size) <= width


def test_text_is_shortened_to_its_lines() -> None:
    text = "Council welfare and benefits office for the whole town"
    assert shortened(text, 200.0) == [text]
    for width, most in ((35.0, 1), (35.0, 2), (12.0, 3)):
        lines = shortened(text, width, most)
        assert len(lines) == most and lines[-1].endswith("…") and all(text_width(line) <= width for line in lines)


def test_nouns_agree_with_their_numbers() -> None:
    assert [counted(1, "day"), counted(2, "day"), counted(0, "story"), counted(1200, "handoff")] == [
        "1 day", "2 days", "0 stories", "1,200 handoffs",
    ]  # fmt: skip
