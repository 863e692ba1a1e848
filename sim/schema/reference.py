"""The reference page of all parameters, mechanisms and tables, made from the schema.

``python -m sim.schema.reference`` writes ``docs/parameters.md``; with ``--check`` it only says whether the page is
current.
"""

from __future__ import annotations

import argparse
import dataclasses
import inspect
import sys
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_type_hints

from pydantic.fields import FieldInfo

from sim.coordination import MECHANISMS, Coordination
from sim.mechanisms import registry
from sim.scenario import ScenarioFile, Tables
from sim.schema.fields import Note, Section, Status, note_of
from sim.schema.parameters import Parameters

PAGE = Path(__file__).resolve().parents[2] / "docs" / "parameters.md"

_STATUSES = {
    Status.PUBLISHED: "seen on the publisher's own page",
    Status.QUOTED: "quoted by a third party",
    Status.DERIVED: "computed from published or quoted figures; the source says how",
    Status.ASSUMED: "chosen here, without a source",
    Status.SETTING: "no claim about the world: a choice of the person who runs the model, or a name",
}

_HEAD = """\
# Parameters

Generated from the schema by `make docs`; edit the schema, not this page.

Every number of the model is here: the parameters that a `scenario.yaml`, the command line and Python set by their
dotted names, the settings of a coordination, and the columns of a scenario's tables. What they do is described in
[model.md](model.md). Sources such as P1 or C4 are rows of [evidence.md](evidence.md).

The status says how far a default can be trusted:
"""

_TABLES = """\
A place is a folder of CSV tables with these columns, in any order. An empty cell takes the default of its column.
A name is lower-case letters, digits and `_`, starting with a letter; several names are separated by `;`.
Required figures describe the place: the README of the scenario gives their sources.
"""


@dataclasses.dataclass(frozen=True)
class Entry:
    """One parameter with its actual default.

    Attributes:
        path: Dotted name.
        field: As declared.
        default: The value where nobody says otherwise.
    """

    path: str
    field: FieldInfo
    default: Any

    @property
    def note(self) -> Note:
        """Unit, status and source."""
        return note_of(self.field)

    @property
    def meaning(self) -> str:
        """One sentence."""
        return self.field.description or ""


def entries(section: Section, prefix: str = "") -> Iterator[Entry]:
    """Yield every parameter below a section, with the values that this section holds as defaults.

    Args:
        section: An instance; a nested section may hold other values than its class has as defaults.
        prefix: Dotted path of the section, with a final dot.
    """
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if isinstance(value, Section):
            yield from entries(value, f"{prefix}{name}.")
        else:
            yield Entry(prefix + name, field, value)


def render() -> str:
    """Return the page as Markdown."""
    blocks = [_HEAD + "\n" + _table(("status", "meaning"), [(s.value, _STATUSES[s]) for s in Status])]
    parameters = Parameters()
    alone = [name for name in Parameters.model_fields if not isinstance(getattr(parameters, name), Section)]
    alone_entries = [entry for entry in entries(parameters) if entry.path in alone]
    blocks.append(f"## Budget\n\nWho pays for coordination.\n\n{_parameters(alone_entries)}")
    for name in Parameters.model_fields:
        if name in alone:
            continue
        group = getattr(parameters, name)
        blocks.append(f"## {name}\n\n{_doc(type(group))}\n\n{_parameters(entries(group, f'{name}.'))}")
    blocks.append(f"## Coordination\n\n{_doc(Coordination)}\n\n{_parameters(entries(Coordination()))}")
    blocks.append(f"## Mechanisms\n\n{_mechanisms()}")
    extra = [name for name in ScenarioFile.model_fields if name not in Parameters.model_fields]
    said = [entry for entry in entries(ScenarioFile()) if entry.path in extra]
    blocks.append(f"## scenario.yaml\n\nBeside any of the parameters above:\n\n{_parameters(said)}")
    blocks.append(f"## Tables of a scenario\n\n{_TABLES}")
    for table in dataclasses.fields(Tables):
        rows: type[Section] = get_args(get_type_hints(Tables)[table.name])[0]
        must = "required" if table.default is dataclasses.MISSING else "optional"
        about = _doc(rows).removeprefix(f"{table.name}.csv: ")
        blocks.append(f"### {table.name}.csv ({must})\n\n{about[0].upper()}{about[1:]}\n\n{_columns(rows)}")
    return "\n\n".join(block.strip() for block in blocks) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Write the page, or say whether it is current.

    Returns:
        1 if ``--check`` was asked for and the page is not current, else 0.
    """
    parser = argparse.ArgumentParser(prog="python -m sim.schema.reference", description="Write docs/parameters.md.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if the page is not current")
    if not parser.parse_args(arguments).check:
        PAGE.write_text(render(), encoding="utf-8", newline="\n")
        return 0
    if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == render():
        return 0
    print("docs/parameters.md is not current; write it again with: make docs", file=sys.stderr)
    return 1


def _parameters(rows: Iterable[Entry]) -> str:
    head = ("parameter", "meaning", "unit", "range", "default", "status", "source")
    body = []
    for row in rows:
        note = row.note
        shown = (_allowed(row.field, row.path), _shown(row.default), note.status.value, note.source)
        body.append((f"`{row.path}`", row.meaning, note.unit, *shown))
    return _table(head, body)


def _mechanisms() -> str:
    body = []
    for question in MECHANISMS:
        for name in registry.names(question):
            kind = registry.find(question, name)
            body.append((question, f"`{name}`", _doc(kind), kind.evidence, kind.status.value))
    return _table(("question", "mechanism", "what it is", "evidence of its effect", "status"), body)


def _columns(rows: type[Section]) -> str:
    body = []
    for name, field in rows.model_fields.items():
        note, must = note_of(field), field.is_required()
        default = "required" if must else _shown(field.default)
        trust = "" if must else note.status.value
        body.append((f"`{name}`", field.description or "", note.unit, _allowed(field, name), default, trust))
    return _table(("column", "meaning", "unit", "range", "default", "status of the default"), body)


def _allowed(field: FieldInfo, name: str) -> str:
    if name in MECHANISMS:
        return ", ".join(registry.names(name))
    if note_of(field).allowed:
        return note_of(field).allowed
    kind = field.annotation
    if isinstance(kind, type) and issubclass(kind, Enum):
        return ", ".join(str(member.value) for member in kind)
    if kind is bool:
        return "yes, no"
    bounds = {bound: getattr(item, bound) for item in field.metadata for bound in _WORDS if hasattr(item, bound)}
    whole = "whole, " if kind is int else ""
    if set(bounds) == {"ge", "le"}:
        return f"{whole}{_shown(bounds['ge'])} to {_shown(bounds['le'])}"
    return whole + ", ".join(f"{words} {_shown(bounds[bound])}" for bound, words in _WORDS.items() if bound in bounds)


_WORDS = {"gt": "above", "ge": "at least", "lt": "below", "le": "at most"}


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "empty"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return "; ".join(value)
    return f"{value:,.10g}" if isinstance(value, int | float) else str(value)


def _doc(kind: type) -> str:
    return " ".join((inspect.getdoc(kind) or "").split()).replace("``", "`")


def _table(head: tuple[str, ...], body: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *body]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
