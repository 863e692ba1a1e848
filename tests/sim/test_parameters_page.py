"""The reference page is current, and every parameter says what it is and where its default comes from."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from sim.coordination import Coordination
from sim.scenario import Tables
from sim.schema import reference
from sim.schema.fields import Status, note_of
from sim.schema.parameters import Parameters
from sim.schema.reference import Entry, entries
from sim.schema.validation import paths

PARAMETERS = list(entries(Parameters()))
SETTINGS = list(entries(Coordination()))
COLUMNS = [
    (table.name, name, field)
    for table in dataclasses.fields(Tables)
    for name, field in get_args(get_type_hints(Tables)[table.name])[0].model_fields.items()
]


def test_page_is_current() -> None:
    assert reference.PAGE.read_text(encoding="utf-8") == reference.render(), "write it again with: make docs"


def test_check_tells_whether_the_page_is_current(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "parameters.md"
    monkeypatch.setattr(reference, "PAGE", page)
    assert reference.main(["--check"]) == 1
    assert reference.main([]) == 0
    assert reference.main(["--check"]) == 0
    page.write_text(page.read_text(encoding="utf-8").replace("0.927", "0.5"), encoding="utf-8")
    assert reference.main(["--check"]) == 1
    assert "make docs" in capsys.readouterr().err


def test_every_parameter_is_there_once() -> None:
    assert [entry.path for entry in PARAMETERS] == paths(Parameters)
    for entry in PARAMETERS:
        assert reference.render().count(f"| `{entry.path}` |") == 1


@pytest.mark.parametrize("entry", PARAMETERS + SETTINGS, ids=lambda entry: entry.path)
def test_parameter_documents_itself(entry: Entry) -> None:
    note = entry.note
    assert note.unit
    assert note.status in Status
    assert entry.meaning.endswith(".")
    if note.status not in (Status.ASSUMED, Status.SETTING):
        assert note.source


@pytest.mark.parametrize(("table", "name", "field"), COLUMNS, ids=lambda part: part if isinstance(part, str) else "")
def test_column_documents_itself(table: str, name: str, field: object) -> None:
    note = note_of(field)  # type: ignore[arg-type]
    assert note.unit
    assert note.status in Status
    assert field.description  # type: ignore[attr-defined]


def test_defaults_are_those_of_the_instances() -> None:
    shown = {entry.path: entry.default for entry in PARAMETERS}
    assert shown["handoffs.signposting.sent"] == Parameters().handoffs.signposting.sent
    assert shown["navigation.key_worker.caseload"] == Parameters().navigation.key_worker.caseload
    row = next(line for line in reference.render().splitlines() if "`handoffs.signposting.sent`" in line)
    assert f"| {Parameters().handoffs.signposting.sent:g} | assumed |" in row


def test_every_evidence_id_named_as_a_source_is_explained() -> None:
    explained = (reference.PAGE.parent / "evidence.md").read_text(encoding="utf-8")
    named = {found for entry in PARAMETERS for found in re.findall(r"\b[PC]\d+\b", entry.note.source)}
    assert named
    for name in named:
        assert f"\n| {name} |" in explained
