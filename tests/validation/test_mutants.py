"""Mutants: one thing changed in each, nothing that cannot matter, the same list every time."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

pytest.importorskip("cosmic_ray", reason="mutants are made by Cosmic Ray: install the extra mutation")

from experiments.validation import mutants
from experiments.validation.mutants import mutants_of
from experiments.validation.mutation import MODULES, TESTS, chosen

ROOT = mutants.ROOT

SOURCE = '''\
"""Adds 1 + 1."""

from __future__ import annotations


@compiled("f8(f8)")
def rule(value: float | None = None) -> float | None:
    """Return value + 1."""
    if value is None:
        return 0.0

    return value + 2.0
'''


@pytest.fixture
def changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[mutants.Mutant]:
    """The mutants of a short file."""
    monkeypatch.setattr(mutants, "ROOT", tmp_path)
    (tmp_path / "rule.py").write_text(SOURCE, encoding="utf-8")
    return mutants_of("rule.py")


def test_what_is_executed_is_changed_and_nothing_else(changes: list[mutants.Mutant]) -> None:
    """No annotation, docstring or decorator that compiles; one thing at a time."""
    assert [(one.line, one.before, one.after.replace("  ", " ")) for one in changes] == [
        (9, "if value is None:", "if not value is None:"),
        (9, "if value is None:", "if value is not None:"),
        (10, "return 0.0", "return 1.0"),
        (10, "return 0.0", "return -1.0"),
        (12, "return value + 2.0", "return value + 3.0"),
        (12, "return value + 2.0", "return value + 1.0"),
        (12, "return value + 2.0", "return value - 2.0"),
    ]


def test_every_mutant_is_python_and_another_program(changes: list[mutants.Mutant]) -> None:
    programs = {ast.dump(ast.parse(one.source)) for one in changes}
    assert len(programs) == len(changes)
    assert ast.dump(ast.parse(SOURCE)) not in programs


def test_names_tell_mutants_apart(changes: list[mutants.Mutant]) -> None:
    assert len({one.name for one in changes}) == len(changes)
    assert changes[-1].name == "rule.py:ReplaceBinaryOperator_Add_Sub:0"


def test_every_rule_and_outcome_has_tests_that_speak_of_it() -> None:
    files = {f"{module}/{file.name}" for module in MODULES for file in (ROOT / module).glob("*.py")}
    assert set(TESTS) == {file for file in files if not file.endswith("__init__.py")}
    for test in {test.split("::")[0] for tests in TESTS.values() for test in tests}:
        assert (ROOT / test).is_file(), test


def test_a_sample_is_the_same_every_time_and_of_every_file() -> None:
    modules = ["sim/rules/doors.py", "sim/rules/handoffs.py", "sim/rules/unmet.py"]
    every, some = chosen(modules), chosen(modules, limit=15)
    assert some == chosen(modules, limit=15) == every[::3]
    assert {one.file for one in some} == set(modules)
    assert chosen(modules, only=every[4].name) == [every[4]]
