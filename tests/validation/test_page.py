"""The page on validation says what fails, and what is large, at its top."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from experiments.validation.compared import Compared
from experiments.validation.page import Made, bound_of, failing, overview, page
from experiments.validation.part import Part

RIGHT = Compared("Erlang C", "3 places", "mean wait, days", 2.0, 2.01, 0.01, 0.99, 24)
LARGE = replace(RIGHT, case="5 places", z=-3.2)
WRONG = replace(RIGHT, case="9 places", z=6.0)


def made(*compared: Compared, title: str = "Against theory") -> Made:
    return Made(Part(title, "Words before.", compared, "Words after."), 1.26)


def test_the_bound_is_that_of_bonferroni() -> None:
    assert bound_of(1) == pytest.approx(3.2905, abs=1e-4)
    assert bound_of(100) == pytest.approx(4.4172, abs=1e-4)
    assert bound_of(0) == bound_of(1)


def test_what_is_beyond_the_bound_fails() -> None:
    assert failing(made(RIGHT, LARGE, WRONG).part) == [WRONG]
    assert failing(made(replace(RIGHT, z=float("nan"))).part), "what is not a number does not agree"
    assert failing(made(replace(RIGHT, z=float("inf"))).part)


def test_what_fails_and_what_is_large_is_named_at_the_top() -> None:
    top = page([made(RIGHT, LARGE, WRONG)]).split("## Against theory")[0]
    fails = re.search(r"Beyond the bound of its section: (.*)", top)[1]
    large = re.search(r"\|z\| above 3 .*?: (.*)", top)[1]
    assert fails == "Erlang C, 9 places, mean wait, days (+6.00)."
    assert large == "Erlang C, 5 places, mean wait, days (-3.20)."


def test_that_nothing_fails_is_said() -> None:
    top = page([made(RIGHT)]).split("## Against theory")[0]
    assert "Beyond the bound of its section: nothing." in top
    assert top.rstrip().splitlines()[-3].endswith("none.")


def test_what_does_not_hold_is_named_at_the_top() -> None:
    broken = Made(Part("Odd input", "Words.", broken=["input 7, tables: a cell"]), 0.5)
    text = page([made(RIGHT), broken])
    assert "Does not hold: Odd input: input 7, tables: a cell." in text
    assert "| [Odd input](#odd-input) |  |  |  | 1 broken | 0.5 |" in text
    assert "Does not hold: nothing." in page([made(RIGHT)])


def test_each_section_has_a_row_with_an_address_and_its_own_heading() -> None:
    text = page([made(RIGHT, LARGE), made(title="Nobody is lost, and Little's law holds")])
    assert "| [Against theory](#against-theory) | 2 | 3.20 | 3.48 | 0 | 1.3 |" in text
    assert "(#nobody-is-lost-and-littles-law-holds) |  |  |  |  | 1.3 |" in overview(
        [made(title="Nobody is lost, and Little's law holds")]
    )
    assert text.index("## Against theory") < text.index("| Erlang C | 3 places |") < text.index("Words after.")
