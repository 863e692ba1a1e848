"""What is kept of mutation testing: scores high enough, every survivor explained, explanations kept when run again."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.validation import mutation_part
from experiments.validation.mutation_part import (
    KINDS,
    Score,
    kept_scores,
    kept_survivors,
    part,
    save_scores,
    save_survivors,
    score_of,
    with_fewer_survivors,
)

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("folder", ["sim/rules", "sim/outcomes"])
def test_tests_notice_most_changes(folder: str) -> None:
    """Of all files of the folder 85 % or more, and none is missing."""
    scores = [one for one in kept_scores() if Path(one.module).parent == Path(folder)]
    files = {f"{folder}/{file.name}" for file in (ROOT / folder).glob("*.py") if file.name != "__init__.py"}
    assert {one.module for one in scores} == files
    noticed = sum(one.killed + one.timed_out for one in scores)
    assert noticed / sum(one.mutants for one in scores) >= 0.85
    for one in scores:
        assert one.mutants == one.killed + one.timed_out + one.survived


def test_every_survivor_is_explained() -> None:
    for one in kept_survivors():
        assert one.kind in KINDS, one
        assert len(one.why) > 10, one


def test_survivors_are_those_that_were_counted() -> None:
    survivors = [one.file for one in kept_survivors()]
    assert {one.module: one.survived for one in kept_scores()} == {
        one.module: survivors.count(one.module) for one in kept_scores()
    }


def test_a_mutant_that_never_ends_is_noticed() -> None:
    one = score_of("a.py", ["killed", "killed", "timed out", "survived"])
    assert one == Score("a.py", 4, 2, 1, 1)
    assert one.percent == 75.0


def test_what_no_longer_survives_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten mutants of which three survived; of those three one does when they are run again."""
    monkeypatch.setattr(mutation_part, "SCORES", tmp_path / "mutation.csv")
    save_scores([Score("a.py", 10, 5, 2, 3)])
    assert with_fewer_survivors(Score("a.py", 3, 2, 0, 1)) == Score("a.py", 10, 7, 2, 1)


def test_the_page_has_a_row_for_every_file_and_folder() -> None:
    text = part().before
    for one in kept_scores():
        assert f"| {one.module} | {one.mutants} |" in text
    assert "| all of sim/rules |" in text and "| all of sim/outcomes |" in text


def test_explanations_are_kept_when_lines_move(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is run again: one survivor has moved, one is new, one is gone; another file is left alone."""
    monkeypatch.setattr(mutation_part, "SURVIVORS", tmp_path / "survivors.csv")
    monkeypatch.setattr(mutation_part, "SCORES", tmp_path / "mutation.csv")
    save_survivors(
        ["a.py", "b.py"], [("a.py", 3, "Add_Sub", "x + y", "x - y"), ("b.py", 1, "AddNot", "if x", "if not x")]
    )
    text = mutation_part.SURVIVORS.read_text(encoding="utf-8")
    mutation_part.SURVIVORS.write_text(text.replace("x - y,,", "x - y,equivalent,y is 0"), encoding="utf-8")
    save_survivors(["a.py"], [("a.py", 8, "Add_Sub", "x + y", "x - y"), ("a.py", 9, "Add_Sub", "z + y", "z - y")])
    assert [(one.file, one.line, one.kind, one.why) for one in kept_survivors()] == [
        ("a.py", 8, "equivalent", "y is 0"),
        ("a.py", 9, "", ""),
        ("b.py", 1, "", ""),
    ]
    save_scores([Score("b.py", 4, 4, 0, 0), Score("a.py", 2, 1, 0, 1)])
    save_scores([Score("b.py", 5, 5, 0, 0)])
    assert kept_scores() == [Score("a.py", 2, 1, 0, 1), Score("b.py", 5, 5, 0, 0)]
