"""Levels of barriers that are refused, with the names and numbers that would be allowed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim import BadInputError, Scenario
from tests.places import TWO_PROVIDERS, write_place

OWN = ("funding", "geography")
BETWEEN = ("culture", "data_sharing", "learning")

KNOWN = "access, advice, health, navigation, private, public, voluntary"
NO_PAIR = "allowed: all, a sector, or a profession, and no pair"
OR_A_PAIR = "allowed: all, a sector, a profession, or a pair such as health/housing"


def problems(folder: Path, barrier: str, level: Any) -> list[str]:
    """Return what is said about a level when it is read, which is what is said when it is set later."""
    scenario = Scenario.load(write_place(folder / "valid", {}, **TWO_PROVIDERS))
    with pytest.raises(BadInputError) as later:
        scenario.changed({f"barriers.{barrier}": level})
    with pytest.raises(BadInputError) as read:
        Scenario.load(write_place(folder / "place", {"barriers": {barrier: level}}, **TWO_PROVIDERS))
    found = [str(problem).removeprefix("place/scenario.yaml: barriers.") for problem in read.value.problems]
    assert [str(problem).removeprefix("settings: barriers.") for problem in later.value.problems] == found
    return found


@pytest.mark.parametrize("barrier", [*OWN, *BETWEEN])
def test_an_unknown_sector_or_profession_is_refused_with_those_there_are(tmp_path: Path, barrier: str) -> None:
    expected = f"{barrier}: unknown sector or profession 'advise'; allowed: {KNOWN}; did you mean 'advice'?"
    assert problems(tmp_path, barrier, {"all": 0.1, "advise": 0.2, "health": 0.3}) == [expected]


@pytest.mark.parametrize("barrier", BETWEEN)
@pytest.mark.parametrize("pair", ["plumbing/health", "health/plumbing"])
def test_an_unknown_name_in_a_pair_is_refused_with_those_there_are(tmp_path: Path, barrier: str, pair: str) -> None:
    expected = f"{barrier}: unknown sector or profession 'plumbing'; allowed: {KNOWN}"
    assert problems(tmp_path, barrier, {pair: 0.2}) == [expected]


@pytest.mark.parametrize("barrier", OWN)
def test_a_pair_is_refused_for_a_barrier_of_one_provider(tmp_path: Path, barrier: str) -> None:
    expected = f"{barrier}: has the key 'health/advice'; {NO_PAIR}"
    assert problems(tmp_path, barrier, {"health/advice": 0.5}) == [expected]


@pytest.mark.parametrize("barrier", BETWEEN)
@pytest.mark.parametrize("key", ["all/health", "health/all", "health/", "/health", "a/b/c", "Health", "health-advice"])
def test_what_is_no_pair_is_refused(tmp_path: Path, barrier: str, key: str) -> None:
    assert problems(tmp_path, barrier, {key: 0.5}) == [f"{barrier}: has the key {key!r}; {OR_A_PAIR}"]


@pytest.mark.parametrize("barrier", [*OWN, *BETWEEN])
@pytest.mark.parametrize(
    ("level", "words"),
    [
        ({"health": 1.5}, "health is 1.5; allowed: at most 1"),
        ({"all": -0.1}, "all is -0.1; allowed: at least 0"),
        ({"voluntary": "much"}, "voluntary is 'much'; allowed: a number"),
        ({"advice": True}, "advice is yes; allowed: not yes or no"),
        (float("nan"), "is nan; allowed: a number"),
    ],
)
def test_a_number_that_is_no_level_is_refused(tmp_path: Path, barrier: str, level: Any, words: str) -> None:
    assert problems(tmp_path, barrier, level) == [f"{barrier}: {words}"]
