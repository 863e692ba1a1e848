"""Scenario folders with something odd in them: a cell, a column, a whole file, or ``scenario.yaml``."""

from __future__ import annotations

import csv
import io
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from random import Random

from experiments.validation.fuzz_values import misspelt, nearly, odd_text, says
from experiments.validation.fuzz_verdicts import RAN, FailureError, expect, run_bounded
from experiments.validation.places import write_tables
from experiments.validation.random_places import random_landscape
from sim import shipped
from sim.coordination import Coordination
from sim.scenario import Scenario, shipped_names
from sim.schema.fields import Section
from sim.schema.initiatives import InitiativeRow
from sim.schema.problems import BadInputError
from sim.schema.tables import (
    CooccurrenceRow,
    DistrictRow,
    NeedRow,
    ProviderRow,
    PublishedRow,
    ServiceRow,
    VignetteNeedRow,
    VignetteRow,
)

KINDS: Mapping[str, type[Section]] = {
    "districts": DistrictRow,
    "providers": ProviderRow,
    "services": ServiceRow,
    "needs": NeedRow,
    "cooccurrence": CooccurrenceRow,
    "vignettes": VignetteRow,
    "vignette_needs": VignetteNeedRow,
    "published": PublishedRow,
    "initiatives": InitiativeRow,
}
"""Class of the rows of each table."""


def valid_folder(luck: Random, folder: Path, with_settings: bool = False) -> None:
    """Write a folder that is valid: mostly a random landscape, sometimes a shipped scenario.

    Args:
        luck: Who draws.
        folder: Where.
        with_settings: Whether a landscape has many settings; few are read faster.
    """
    folder.mkdir(parents=True)
    place = luck.choice(shipped_names()) if luck.random() < 0.06 else str(luck.randrange(60))
    for name, content in _files(place, with_settings).items():
        (folder / name).write_bytes(content)


@cache
def _files(place: str, with_settings: bool) -> Mapping[str, bytes]:
    """Return the files of a shipped scenario, or of one of a few landscapes: drawing a new one takes longer."""
    if not place.isdecimal():
        return {file.name: file.read_bytes() for file in (shipped.folder("scenarios") / place).iterdir()}
    drawn = random_landscape(Random(f"fuzz {place}"))
    sections = drawn.settings if with_settings else ("time", "barriers", "population")
    # In some landscapes coordination costs more than the services: there it comes on top.
    settings = {name: drawn.settings[name] for name in sections} | {"budget": "added"}
    with tempfile.TemporaryDirectory() as folder:
        write_tables(Path(folder), settings, drawn.tables)
        return {file.name: file.read_bytes() for file in Path(folder).iterdir()}


def load_and_run(folder: Path, check: Callable[[Scenario], None] = lambda scenario: None) -> str:
    """Load a folder, check that every table says what its file says, and run it.

    Args:
        folder: The scenario.
        check: What else to check of what was loaded.

    Raises:
        BadInputError: The folder is refused, in words that name one of its files.
        FailureError: A table does not say what its file says, or a refusal does not say where.
    """
    try:
        scenario = Scenario.load(folder)
    except BadInputError as refusal:
        for problem in refusal.problems:
            where = problem.where.startswith((folder.name, "districts.csv and time.horizon_days"))
            expect(where, f"does not say in which file: {problem}")
        raise
    check_tables(scenario, folder)
    check(scenario)
    try:
        run_bounded(scenario, Coordination.load(_ARMS[len(scenario.tables.services) % len(_ARMS)]))
    except BadInputError as refusal:
        # The place is valid, and this arm does not fit it: that services cannot pay for it, say.
        expect("coordination" in refusal.problems[0].where, f"the place was loaded, but cannot be run: {refusal}")
        run_bounded(scenario)
    return RAN


_ARMS = ("fragmented", "integrated", "multiple_disadvantage", "single_point_of_access", "informed_choice")


def check_tables(scenario: Scenario, folder: Path) -> None:
    """Check that what was loaded is what the files say, by a second reading of them.

    Raises:
        FailureError: It is not.
    """
    for name, kind in KINDS.items():
        rows = getattr(scenario.tables, name)
        said = _said(folder / f"{name}.csv")
        expect(len(rows) == len(said), f"{name}.csv has {len(said)} rows, and {len(rows)} were loaded")
        for row, cells in zip(rows, said, strict=True):
            for column, field in kind.model_fields.items():
                text, value = cells.get(column, ""), getattr(row, column)
                expect(
                    isinstance(text, str) and says(text, field, value),
                    f"{name}.csv says {column} {str(text)[:80]!r}, and {str(value)[:80]!r} was loaded",
                )
            unknown = [column for column in cells if column not in kind.model_fields]
            expect(not unknown, f"{name}.csv has columns that were passed over: {unknown}")


def _said(file: Path) -> list[dict[str, str]]:
    if not os.path.lexists(file):
        return []
    with file.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream))
    columns = [name.strip() for name in rows[0]]
    filled = [cells for cells in rows[1:] if any(cell.strip() for cell in cells)]
    if any(len(cells) != len(columns) for cells in filled):
        raise FailureError(f"{file.name} has rows of other lengths than its header, and was accepted")
    return [dict(zip(columns, cells, strict=True)) for cells in filled]


# --- what is done to a folder -----------------------------------------------------------------------------------


def odd_cell(luck: Random, folder: Path) -> str:
    """Put odd values into up to three cells."""
    done = []
    for _ in range(luck.choice([1, 1, 1, 2, 3])):
        file = luck.choice(sorted(folder.glob("*.csv")))
        rows = _rows(file)
        line = luck.randrange(len(rows))
        column = luck.randrange(len(rows[line])) if rows[line] else 0
        if line == 0 and luck.random() < 0.8:
            line = len(rows) - 1
        before = rows[line][column] if rows[line] else ""
        kind = luck.random()
        value = luck.choice(rows[-1] or [""]) if kind < 0.1 else nearly(luck, before) if kind < 0.5 else odd_text(luck)
        rows[line][column : column + 1] = [value]
        _write(file, rows)
        done.append(f"{file.name} line {line + 1} cell {column + 1} = {value[:60]!r}")
    return "; ".join(done)


def odd_column(luck: Random, folder: Path) -> str:
    """Leave a column out, name it otherwise, have it twice, or add one."""
    file = luck.choice(sorted(folder.glob("*.csv")))
    rows = _rows(file)
    column = luck.randrange(len(rows[0]))
    name = rows[0][column]
    act = luck.choice(["left out", "misspelt", "twice", "added", "swapped", "moved", "of another table"])
    if act == "left out":
        rows = [cells[:column] + cells[column + 1 :] for cells in rows]
    elif act == "misspelt":
        rows[0][column] = misspelt(luck, name)
    elif act == "twice":
        rows = [[*cells, cells[column]] for cells in rows]
    elif act == "added":
        rows = [[*cells, "notes" if number == 0 else ""] for number, cells in enumerate(rows)]
    elif act == "of another table":
        other = luck.choice(list(luck.choice(list(KINDS.values())).model_fields))
        rows[0][column] = other
    else:
        other_column = luck.randrange(len(rows[0]))
        moved = rows if act == "moved" else rows[:1]
        for cells in moved:
            cells[column], cells[other_column] = cells[other_column], cells[column]
    _write(file, rows)
    return f"{file.name}: column {name} {act}"


def odd_rows(luck: Random, folder: Path) -> str:
    """Have a row twice, leave one out, leave all out, or make one longer or shorter."""
    file = luck.choice(sorted(folder.glob("*.csv")))
    rows = _rows(file)
    line = luck.randrange(1, len(rows)) if len(rows) > 1 else 0
    act = luck.choice(["twice", "left out", "no rows", "longer", "shorter", "empty", "only commas", "turned round"])
    if act == "twice":
        rows.append(list(rows[line]))
    elif act == "left out":
        del rows[line]
    elif act == "no rows":
        del rows[1:]
    elif act == "longer":
        rows[line].append(odd_text(luck))
    elif act == "shorter":
        rows[line].pop()
    elif act == "turned round":
        rows[1:] = rows[:0:-1]
    else:
        rows.insert(line, [] if act == "empty" else [""] * len(rows[0]))
    _write(file, rows)
    return f"{file.name} line {line + 1}: {act}"


def odd_file(luck: Random, folder: Path) -> str:
    """Do something to the bytes of a file, or to the files of the folder."""
    file = luck.choice(sorted(path for path in folder.iterdir() if path.suffix in (".csv", ".yaml")))
    name = luck.choice(list(_ON_BYTES))
    if luck.random() < 0.25:
        name = luck.choice(list(_ON_FILES))
        _ON_FILES[name](luck, folder, file)
    else:
        file.write_bytes(_ON_BYTES[name](luck, file.read_bytes()))
    return f"{file.name}: {name}"


def _splice(luck: Random, content: bytes, piece: bytes) -> bytes:
    place = luck.randrange(len(content) + 1)
    return content[:place] + piece + content[place:]


def _flip(luck: Random, content: bytes) -> bytes:
    changed = bytearray(content or b"x")
    for _ in range(luck.randint(1, 5)):
        changed[luck.randrange(len(changed))] = luck.randrange(256)
    return bytes(changed)


def _cut(luck: Random, content: bytes) -> bytes:
    return content[: luck.randrange(len(content) + 1)]


_ON_BYTES: Mapping[str, Callable[[Random, bytes], bytes]] = {
    "empty": lambda luck, content: b"",
    "only a line end": lambda luck, content: b"\n",
    "random bytes": lambda luck, content: luck.randbytes(luck.randint(1, 400)),
    "bytes flipped": _flip,
    "cut off": _cut,
    "byte order mark": lambda luck, content: b"\xef\xbb\xbf" + content,
    "two byte order marks": lambda luck, content: b"\xef\xbb\xbf" * 2 + content,
    "UTF-16": lambda luck, content: content.decode("utf-8", "replace").encode("utf-16"),
    "UTF-32": lambda luck, content: content.decode("utf-8", "replace").encode("utf-32"),
    "Latin-1": lambda luck, content: _splice(luck, content, b"\xe9"),
    "NUL": lambda luck, content: _splice(luck, content, b"\x00"),
    "quote": lambda luck, content: _splice(luck, content, b'"'),
    "comma": lambda luck, content: _splice(luck, content, b","),
    "backslash": lambda luck, content: _splice(luck, content, b"\\"),
    "odd text": lambda luck, content: _splice(luck, content, odd_text(luck).encode()),
    "carriage returns and line feeds": lambda luck, content: content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"),
    "carriage returns": lambda luck, content: content.replace(b"\r\n", b"\n").replace(b"\n", b"\r"),
    "mixed line ends": lambda luck, content: content.replace(b"\r\n", b"\n", 2),
    "semicolons": lambda luck, content: content.replace(b",", b";"),
    "tabs": lambda luck, content: content.replace(b",", b"\t").replace(b"  ", b"\t"),
    "bars": lambda luck, content: content.replace(b",", b"|"),
    "no end of line": lambda luck, content: content.rstrip(),
    "twice": lambda luck, content: content + content,
    "upper case": lambda luck, content: content.upper(),
    "a very long line": lambda luck, content: content.rstrip() + b"," * 200_000 + b"\n",
    "separator line": lambda luck, content: b"sep=,\n" + content,
    "comment": lambda luck, content: b"# a comment\n" + content,
}


def _missing(luck: Random, folder: Path, file: Path) -> None:
    file.unlink()


def _other_name(luck: Random, folder: Path, file: Path) -> None:
    file.rename(folder / luck.choice([f"{file.stem}s{file.suffix}", file.name.upper(), f"{file.stem}.CSV", "x.csv"]))


def _added_file(luck: Random, folder: Path, file: Path) -> None:
    (
        folder / luck.choice(["notes.csv", "Service.csv", "services (1).csv", "scenario.yml", ".csv", "~.csv"])
    ).write_text("x")


def _as_folder(luck: Random, folder: Path, file: Path) -> None:
    file.unlink()
    file.mkdir()


def _link_to_itself(luck: Random, folder: Path, file: Path) -> None:
    file.unlink()
    file.symlink_to(file.name)


def _content_of_another(luck: Random, folder: Path, file: Path) -> None:
    other = luck.choice(sorted(folder.glob("*.csv")))
    file.write_bytes(other.read_bytes())


_ON_FILES: Mapping[str, Callable[[Random, Path, Path], None]] = {
    "missing": _missing,
    "under another name": _other_name,
    "beside another file": _added_file,
    "a folder": _as_folder,
    "a link to itself": _link_to_itself,
    "the content of another": _content_of_another,
}


def _rows(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream)) or [[""]]


def _write(file: Path, rows: Sequence[Sequence[str]]) -> None:
    stream = io.StringIO()
    csv.writer(stream).writerows(rows)
    file.write_bytes(stream.getvalue().encode("utf-8", "surrogatepass"))
