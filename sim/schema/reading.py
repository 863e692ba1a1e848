"""Read the files of a scenario, naming file, line and column of every problem."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml

from sim.schema.fields import Section
from sim.schema.problems import Complaints, closest, listing
from sim.schema.validation import validate

RowT = TypeVar("RowT", bound=Section)
_YAML_MARK = re.compile(r'\s*in "[^"]*", (line \d+, column \d+)(:\n.*\n\s*\^)?')
"""Where something is wrong, as YAML says it: over several lines."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""Control characters but for tabs and ends of lines, which spreadsheets put into cells."""


def read_table(
    folder: Path, table: str, kind: type[RowT], complaints: Complaints, required: bool = True
) -> tuple[RowT, ...]:
    """Read ``folder/table.csv``.

    An empty cell takes the column's default. Lines with only empty cells are passed over.

    Args:
        folder: The scenario's folder.
        table: Name of the table.
        kind: Class of a row.
        complaints: Receives every problem.
        required: Whether the table must be there.

    Returns:
        The rows that are valid.
    """
    file, where = folder / f"{table}.csv", f"{folder.name}/{table}.csv"
    if not file.is_file():
        # A folder or a dead link under this name would be passed over in silence where the table may be missing.
        if os.path.lexists(file):
            complaints.add(where, "is not a file")
        elif required:
            complaints.add(where, "is missing")
        return ()
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            lines = [(reader.line_num, cells) for cells in reader]
    except (csv.Error, UnicodeDecodeError, OSError) as error:
        complaints.add(where, f"is not readable CSV: {error}")
        return ()
    if not lines:
        complaints.add(where, "is empty", "a header line: " + ", ".join(kind.model_fields))
        return ()
    columns = [name.strip() for name in lines[0][1]]
    for separator, words in ((";", "semicolons"), ("\t", "tabs")):
        if len(columns) == 1 and separator in columns[0]:
            complaints.add(where, f"is separated by {words}", "commas (and ';' only between names in one cell)")
            return ()
    if not _columns_fit(columns, kind, where, complaints):
        return ()
    return tuple(_rows(lines[1:], columns, kind, where, complaints))


class _StrictLoader(yaml.SafeLoader):
    """YAML without what goes wrong silently.

    That is a name given twice, references to other parts of the file, tags that force a type, and texts that YAML 1.1
    takes for other numbers than people do (010 for 8, 1:30 for 90, 1_0 for 10) or for dates.
    """

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="references (*name) are not allowed", problem_mark=event.start_mark)
        tag = getattr(self.peek_event(), "tag", None)  # type: ignore[no-untyped-call]
        if tag is not None:
            problem = f"tags ({tag.replace('tag:yaml.org,2002:', '!!')}) are not allowed"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=self.peek_event().start_mark)  # type: ignore[no-untyped-call]
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        names = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key, name in zip(node.value, names, strict=True):
            if names.count(name) > 1:
                problem = f"{name!r} is given {names.count(name)} times"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key[0].start_mark)
        return super().construct_mapping(node, deep)


def _resolve_plain_numbers_only() -> None:
    others = {
        sign: [(tag, pattern) for tag, pattern in found if tag.rpartition(":")[2] not in ("int", "float", "timestamp")]
        for sign, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    _StrictLoader.yaml_implicit_resolvers = others
    whole, broken = (
        re.compile(r"[-+]?(0|[1-9][0-9]*)$"),
        re.compile(r"([-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$"),
    )
    _StrictLoader.add_implicit_resolver("tag:yaml.org,2002:int", whole, list("-+0123456789"))
    _StrictLoader.add_implicit_resolver("tag:yaml.org,2002:float", broken, list("-+0123456789."))


_resolve_plain_numbers_only()


def in_one_line(error: Exception) -> str:
    """Return what YAML says is wrong in one line, with lines and columns but without the file."""
    return " ".join(_YAML_MARK.sub(r" (\1)", str(error)).split())


def read_yaml(file: Path, where: str, complaints: Complaints) -> dict[str, Any]:
    """Read a YAML file of named values; an empty file has none.

    Args:
        file: The file.
        where: What to call it in messages.
        complaints: Receives every problem.
    """
    if not file.is_file():
        complaints.add(where, "is missing")
        return {}
    try:
        data = yaml.load(file.read_text(encoding="utf-8-sig"), _StrictLoader) or {}
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        complaints.add(where, f"is not readable YAML: {in_one_line(error)}")
        return {}
    if not isinstance(data, Mapping):
        complaints.add(where, "is not a mapping", "name: value lines")
        return {}
    return dict(data)


def is_folder(path: str | Path) -> bool:
    """Return whether a path leads to a folder; one that is too long, or of the home of nobody, does not."""
    try:
        return Path(path).expanduser().is_dir()
    except (OSError, RuntimeError, ValueError):
        return False


def check_file_names(folder: Path, tables: Sequence[str], complaints: Complaints) -> None:
    """Note every CSV file that is no table of a scenario: it would be passed over in silence."""
    for file in sorted(folder.glob("*.[cC][sS][vV]")):
        if file.name not in [f"{table}.csv" for table in tables]:
            known = ", ".join(f"{table}.csv" for table in tables)
            complaints.add(
                f"{folder.name}/{file.name}",
                "is no table of a scenario",
                known,
                closest(file.name.lower(), known.split(", ")),
            )


def _columns_fit(columns: Sequence[str], kind: type[Section], where: str, complaints: Complaints) -> bool:
    before = len(complaints.problems)
    known = kind.model_fields
    for name in columns:
        if name not in known:
            complaints.add(where, f"unknown column {name!r}", listing(list(known)), closest(name, known))
    for name in sorted({name for name in columns if columns.count(name) > 1}):
        complaints.add(where, f"column {name!r} is there twice")
    for name, field in known.items():
        if field.is_required() and name not in columns:
            complaints.add(where, f"column {name!r} is missing")
    return len(complaints.problems) == before


def _rows(
    lines: list[tuple[int, list[str]]],
    columns: list[str],
    kind: type[RowT],
    where: str,
    complaints: Complaints,
) -> list[RowT]:
    rows = []
    for number, cells in lines:
        values = [cell.strip() for cell in cells]
        if not any(values):
            continue
        place = f"{where} line {number}"
        if any(_CONTROL.search(value) for value in values):
            complaints.add(place, "has a control character, which nobody sees and a terminal obeys")
            continue
        if len(values) != len(columns):
            complaints.add(place, f"has {len(values)} cells", f"{len(columns)}, one for each column")
            continue
        data = {name: value for name, value in zip(columns, values, strict=True) if value}
        row = validate(kind, data, place, complaints)
        if row is not None:
            rows.append(row)
    return rows
