"""Read a CSV table into rows of the schema, naming file, line and column of every problem."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from sim.schema.fields import Section
from sim.schema.problems import Complaints, closest, listing
from sim.schema.validation import validate

RowT = TypeVar("RowT", bound=Section)


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
        if required:
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
    if not _columns_fit(columns, kind, where, complaints):
        return ()
    return tuple(_rows(lines[1:], columns, kind, where, complaints))


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
        if len(values) != len(columns):
            complaints.add(place, f"has {len(values)} cells", f"{len(columns)}, one for each column")
            continue
        data = {name: value for name, value in zip(columns, values, strict=True) if value}
        row = validate(kind, data, place, complaints)
        if row is not None:
            rows.append(row)
    return rows
