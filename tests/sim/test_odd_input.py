"""Odd input that fuzzing found to be taken for something else, passed over, or refused in words nobody can read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim import Coordination, Scenario
from sim.schema.problems import BadInputError, Problem
from tests.places import TABLES, changed, write_place


def refused(place: Path) -> str:
    with pytest.raises(BadInputError) as error:
        Scenario.load(place)
    assert len(error.value.problems) == 1
    return str(error.value.problems[0])


@pytest.mark.parametrize("text", ["1_000", "１０"])
def test_a_number_is_written_as_everybody_writes_it(text: str, tmp_path: Path) -> None:
    """Python would take both for numbers."""
    place = write_place(tmp_path / "place", needs=changed("needs", return_days=text))
    assert f"place/needs.csv line 2: return_days: is '{text}'; allowed: a number" in refused(place)


@pytest.mark.parametrize("text", ["１", "0_1", "1_0", "nan", "x"])
def test_a_level_is_written_as_everybody_writes_it(text: str, tmp_path: Path) -> None:
    place = write_place(tmp_path / "place", {"barriers": {"culture": text}})
    assert refused(place) == f"place/scenario.yaml: barriers.culture: is {text!r}; allowed: a number"
    rows = [{"initiative": "one", "change": "barriers.culture", "value": text, "from_day": 5}]
    place = write_place(tmp_path / "dated", initiatives=rows)
    assert refused(place).startswith(f"dated/initiatives.csv line 2: value is {text!r}; allowed: a level")


def test_a_level_that_no_float_can_hold(tmp_path: Path) -> None:
    place = write_place(tmp_path / "place", {"barriers": {"geography": 10**400}})
    assert "barriers.geography: is 1000" in refused(place)


@pytest.mark.parametrize("path", ["x" * 5000, "~nobody_of_this_name/x", "a\0b"])
def test_a_path_that_cannot_be(path: str) -> None:
    for place in (path, Path(path)):
        with pytest.raises(BadInputError, match=r"there is no folder|unknown scenario"):
            Scenario.load(place)


@pytest.mark.parametrize(("text", "days"), [("010", 10.0), ("1e1", 10.0), ("+3", 3.0), (".5", 0.5), ("'7'", 7.0)])
def test_numbers_in_yaml_are_decimal(text: str, days: float, tmp_path: Path) -> None:
    """YAML 1.1 takes 010 for 8."""
    assert yaml_place(tmp_path, text).parameters.journey.retry_days == days


@pytest.mark.parametrize("text", ["1:30", "0x10", "1_0", "2026-01-01"])
def test_what_is_no_plain_number_in_yaml_is_refused(text: str, tmp_path: Path) -> None:
    """YAML 1.1 takes the first for 90, the second for 16, the third for 10, and the last for a date."""
    with pytest.raises(BadInputError, match=f"journey.retry_days: is '{text}'; allowed: a number"):
        yaml_place(tmp_path, text)


@pytest.mark.parametrize("text", ["!!int x", "!!timestamp x", "!!str 5", "! 5"])
def test_a_tag_in_yaml_is_refused(text: str, tmp_path: Path) -> None:
    """Where the text was not of the type a tag said, reading ended with a traceback."""
    with pytest.raises(
        BadInputError, match=r"place/scenario\.yaml: is not readable YAML: tags \(!.*are not allowed \(line"
    ):
        yaml_place(tmp_path, text)


def test_a_date_in_yaml_is_text(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("description: 2026-01-01\n")
    assert Coordination.load("mine", [tmp_path]).description == "2026-01-01"


def yaml_place(folder: Path, days: str) -> Scenario:
    place = write_place(folder / "place")
    with (place / "scenario.yaml").open("a") as stream:
        stream.write(f"journey: {{retry_days: {days}}}\n")
    return Scenario.load(place)


@pytest.mark.parametrize("link", [False, True])
def test_what_has_the_name_of_a_table_and_is_no_file_is_not_passed_over(link: bool, tmp_path: Path) -> None:
    place = write_place(tmp_path / "place")
    if link:
        (place / "vignettes.csv").symlink_to("nowhere")
    else:
        (place / "vignettes.csv").mkdir()
    assert refused(place) == "place/vignettes.csv: is not a file"


@pytest.mark.parametrize("sign", ["\x00", "\x1b", "\x7f", "\x9b"])
def test_a_control_character_is_refused(sign: str, tmp_path: Path) -> None:
    place = write_place(tmp_path / "place", needs=changed("needs", label=f"ill{sign}[31mness"))
    assert refused(place).startswith("place/needs.csv line 2: has a control character")
    told: list[dict[str, Any]] = changed("needs", label="ill\nness")
    assert Scenario.load(write_place(tmp_path / "other", needs=told)).tables.needs[0].label == "ill\nness"


def test_a_long_value_is_cut_in_messages(tmp_path: Path) -> None:
    place = write_place(tmp_path / "place", districts=changed("districts", citizens_per_year="9x" * 30_000))
    said = refused(place)
    assert said.startswith("place/districts.csv line 2: citizens_per_year: is '9x9x")
    assert "(60,005 characters)" in said
    assert len(said) < 600


def test_a_message_is_one_line_of_signs_that_can_be_shown() -> None:
    said = str(Problem("a\x1b[31m", "is\nodd\u200b", "b\tc", "d\x07"))
    assert said == "a\\x1b[31m: is\\nodd\\u200b; allowed: b\\tc; did you mean 'd\\\\x07'?"


def test_a_need_cannot_return_at_once_for_ever(tmp_path: Path) -> None:
    """With support of no length either, a run would not get past one moment."""
    assert TABLES["needs"][0]["need"] == "illness"
    place = write_place(tmp_path / "place", needs=changed("needs", return_probability=1, return_days=1e-300))
    assert refused(place) == "place/needs.csv line 2: return_days: is '1e-300'; allowed: at least 0.01"
