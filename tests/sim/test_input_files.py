"""What could be misread in silence is refused: each file with one clear message."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim import BadInputError, Coordination, Scenario
from tests.places import changed, write_place

YAML = "time: {horizon_days: 100, warmup_days: 20, followup_days: 30}\n"


def message(folder: Path) -> str:
    """Return what loading a place complains of."""
    with pytest.raises(BadInputError) as error:
        Scenario.load(folder)
    return str(error.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (YAML + "time: {horizon_days: 50}\n", "'time' is given 2 times"),
        ("time: &a {horizon_days: 100}\nbarriers: *a\n", "references (*name) are not allowed"),
        ("barriers: &a\n  funding: *a\n", "references (*name) are not allowed"),
        (YAML + "barriers: {funding: yes}\n", "barriers.funding: is yes; allowed: not yes or no"),
        (YAML + "barriers: {funding: '0,5'}\n", "barriers.funding: is '0,5'; allowed: a number"),
        (YAML + "barrier: {funding: 1}\n", "did you mean 'barriers'?"),
        ("- a\n- b\n", "is not a mapping"),
        ("time:\n\thorizon_days: 5\n", "is not readable YAML"),
    ],
)
def test_a_scenario_file_that_is_wrong(tmp_path: Path, text: str, expected: str) -> None:
    folder = write_place(tmp_path / "place")
    (folder / "scenario.yaml").write_text(text, encoding="utf-8")
    assert expected in message(folder)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("need;prevalence\nillness;1\n", "is separated by semicolons; allowed: commas"),
        ("need\tprevalence\nillness\t1\n", "is separated by tabs; allowed: commas"),
        ("need,prevalance\nillness,1\n", "did you mean 'prevalence'?"),
        ("need,prevalence\nillness,1,2\n", "line 2: has 3 cells; allowed: 2"),
        ("need,prevalence\nillness,nan\n", "prevalence: is 'nan'; allowed: a finite number"),
        ("need,need,prevalence\nillness,illness,1\n", "column 'need' is there twice"),
        ("", "is empty; allowed: a header line"),
        ("need,prevalence\n", "has no rows"),
    ],
)
def test_a_table_that_is_wrong(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in message(write_place(tmp_path / "place", needs=text))


@pytest.mark.parametrize(("name", "meant"), [("neds.csv", "needs.csv"), ("Cooccurrence.csv", "cooccurrence.csv")])
def test_a_table_with_a_wrong_name_is_not_passed_over(tmp_path: Path, name: str, meant: str) -> None:
    folder = write_place(tmp_path / "place")
    (folder / name).write_text("a,b\n1,2\n", encoding="utf-8")
    assert f"did you mean '{meant}'?" in message(folder)


def test_a_place_too_large_to_run_is_refused_before_it_runs(tmp_path: Path) -> None:
    huge = write_place(tmp_path / "huge", districts=changed("districts", citizens_per_year=1e9))
    assert "would draw about 273,785,079 citizens; allowed: at most 5,000,000 in a run" in message(huge)
    small = Scenario.load(write_place(tmp_path / "small", districts=changed("districts", citizens_per_year=100_000)))
    with pytest.raises(BadInputError, match="would draw about 9,993,155 citizens"):
        small.changed({"time.horizon_days": 36500})


def test_a_byte_order_mark_windows_lines_and_quotes_are_read(tmp_path: Path) -> None:
    folder = write_place(tmp_path / "place")
    (folder / "needs.csv").write_bytes(
        b'\xef\xbb\xbf"need","prevalence"\r\n"illness"," 2 "\r\n,,\r\n'.replace(b",,\r", b",\r")
    )
    assert Scenario.load(folder).tables.needs[0].prevalence == 2.0


def test_all_files_are_read_before_complaining(tmp_path: Path) -> None:
    folder = write_place(
        tmp_path / "place",
        needs="need,prevalence\nillness,-1\n",
        districts=changed("districts", citizens_per_year="many"),
        services=changed("services", places=-3),
    )
    said = message(folder)
    assert said.startswith("3 problems")
    for part in ("needs.csv line 2", "districts.csv line 2", "services.csv line 2"):
        assert part in said


def test_a_coordination_is_a_name_not_a_path(tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("handoff: letter\n", encoding="utf-8")
    with pytest.raises(BadInputError, match="unknown coordination"):
        Coordination.load(str(tmp_path / "secret"))


def test_the_name_of_the_front_door_is_reserved(tmp_path: Path) -> None:
    folder = write_place(
        tmp_path / "place",
        providers=changed("providers", provider="front_door"),
        services=changed("services", provider="front_door"),
    )
    assert "provider 'front_door' cannot be a name" in message(folder)


def test_what_is_wrong_with_a_file_of_yaml_is_said_in_one_line(tmp_path: Path) -> None:
    folder = write_place(tmp_path / "place")
    (folder / "scenario.yaml").write_text("title: [\n", encoding="utf-8")
    with pytest.raises(BadInputError) as error:
        Scenario.load(folder)
    (problem,) = error.value.problems
    assert "\n" not in str(problem)
    assert "is not readable YAML: while parsing a flow node expected" in str(problem)
    assert "(line 2, column 1)" in str(problem)


def test_a_choice_names_what_there_is_and_what_was_perhaps_meant(tmp_path: Path) -> None:
    place = Scenario.load(write_place(tmp_path / "place"))
    with pytest.raises(BadInputError, match="budget: is 'equals'; allowed: equal, added; did you mean 'equal'"):
        place.changed({"budget": "equals"})
