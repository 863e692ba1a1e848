"""Places as ordinary scenario tables: written to a folder, and loaded as a user would load them."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from sim import Scenario

Row = Mapping[str, Any]
Table = Sequence[Row] | str | None
"""Rows, the text of the file, or None (or no rows) for no file at all."""


def write_tables(folder: Path, settings: Mapping[str, Any], tables: Mapping[str, Table]) -> Path:
    """Write a scenario folder.

    Args:
        folder: Where; created with its parents.
        settings: What ``scenario.yaml`` says.
        tables: Tables by name.

    Returns:
        The folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in tables.items():
        if isinstance(content, str):
            (folder / f"{name}.csv").write_text(content, encoding="utf-8")
        elif content:
            _write_rows(folder / f"{name}.csv", content)
    text = yaml.safe_dump(dict(settings), sort_keys=False)
    (folder / "scenario.yaml").write_text(text, encoding="utf-8")
    return folder


def load_place(settings: Mapping[str, Any], tables: Mapping[str, Table]) -> Scenario:
    """Return the scenario of some tables, by way of a folder that is gone afterwards.

    Args:
        settings: What ``scenario.yaml`` says.
        tables: Tables by name.
    """
    with TemporaryDirectory() as folder:
        return Scenario.load(write_tables(Path(folder) / "place", settings, tables))


def _write_rows(file: Path, rows: Sequence[Row]) -> None:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns)
        writer.writeheader()
        writer.writerows(rows)
