"""Odd input is refused clearly or run as it says; and the fuzzer would notice if it were not."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml

from experiments.validation import fuzz_folders, fuzz_settings
from experiments.validation.fuzz import FAMILIES, try_number
from experiments.validation.fuzz_commands import call
from experiments.validation.fuzz_values import says, scalar_says
from experiments.validation.fuzz_verdicts import FAILED, RAN, REFUSED, FailureError, judged, time_limit, unclear
from sim import Scenario
from sim.schema.problems import BadInputError, Problem
from sim.schema.tables import NeedRow, ServiceRow
from tests.places import changed, write_place


def test_odd_inputs() -> None:
    verdicts = [try_number(number, 2) for number in range(400)]
    assert [verdict for verdict in verdicts if verdict.came == FAILED] == []
    came = Counter(verdict.came for verdict in verdicts)
    assert came[REFUSED] > 100
    assert came[RAN] > 50
    assert {verdict.family for verdict in verdicts} == set(FAMILIES)


def test_a_number_is_always_the_same_input() -> None:
    assert try_number(11, 3) == try_number(11, 3)


def test_a_value_replaced_in_silence_is_found(tmp_path: Path) -> None:
    place = write_place(tmp_path / "place", {"journey": {"retry_days": 5}})
    loaded = Scenario.load(place)
    fuzz_folders.check_tables(loaded, place)
    fuzz_settings.check_settings(place / "scenario.yaml", loaded)
    write_place(place, {"journey": {"retry_days": 6}}, needs=changed("needs", prevalence=2))
    with pytest.raises(FailureError, match=r"needs\.csv says prevalence '2', and '1.0' was loaded"):
        fuzz_folders.check_tables(loaded, place)
    with pytest.raises(FailureError, match=r"scenario\.yaml says journey"):
        fuzz_settings.check_settings(place / "scenario.yaml", loaded)


@pytest.mark.parametrize(
    ("column", "text", "value", "holds"),
    [
        ("places", "5", 5, True),
        ("places", " 5.0 ", 5, True),
        ("places", "5_0", 50, False),
        ("places", "５", 5, False),
        ("service_cv", "", 1.0, True),
        ("service_cv", "", 2.0, False),
        ("assessed_first", "yes", True, True),
        ("assessed_first", "1", True, False),
        ("needs", "a; b", ("a", "b"), True),
        ("needs", "a; b", ("b", "a"), False),
        ("stage", "support", "support", True),
    ],
)
def test_what_a_cell_says(column: str, text: str, value: object, holds: bool) -> None:
    assert says(text, ServiceRow.model_fields[column], value) is holds


def test_what_a_setting_says() -> None:
    said = yaml.load("{a: 010, b: [1.0, x], c: yes, d: ~}", yaml.BaseLoader)
    assert scalar_says(said, {"a": 10.0, "b": (1, "x"), "c": True, "d": None, "e": 5})
    assert not scalar_says(said, {"a": 8.0, "b": (1, "x"), "c": True, "d": None})
    assert not scalar_says(said, {"a": 10.0, "b": (1,), "c": True, "d": None})
    assert not scalar_says(said, {"a": 10.0, "b": (1, "x"), "c": 1.0, "d": None})


def test_tracebacks_hangs_and_unclear_words_are_failures() -> None:
    def broken() -> str:
        raise KeyError("x")

    def endless() -> str:
        with time_limit(0.05):
            while True:
                pass

    assert judged(1, "", "", broken).said == "traceback: KeyError: 'x'"
    assert "hangs" in judged(1, "", "", endless).said
    assert unclear(BadInputError([Problem("a.csv line 2", "is 'x'")])) == ""
    assert "nothing about where" in unclear(BadInputError([Problem("", "is 'x'")]))
    assert "pydantic" in unclear(BadInputError([Problem("a", "see pydantic.dev")]))
    assert unclear(BadInputError([])) == "refused without a problem"


def test_a_command_that_ends_badly_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = sys.modules["experiments.validation.fuzz_commands"]
    assert call(["list", "scenarios"], tmp_path) == RAN
    assert call(["list", "scenaros"], tmp_path) == REFUSED
    for status, said in ((1, "status 1"), (2, "refused without a word")):
        monkeypatch.setattr(commands, "main", lambda words, status=status: status)
        with pytest.raises(FailureError, match=said):
            call(["check"], tmp_path)


def test_every_column_of_a_table_is_read_a_second_time() -> None:
    assert {"needs", "services", "initiatives", "published"} < set(fuzz_folders.KINDS)
    assert fuzz_folders.KINDS["needs"] is NeedRow
