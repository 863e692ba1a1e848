"""A stored comparison, as its folder has it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.manifest import FILE
from experiments.plan import unique_titles
from sim.schema.parameters import Time
from sim.schema.problems import Complaints
from sim.schema.reading import in_one_line

_TEXTS = (
    "arm", "outcome", "unit", "grouping", "group", "best", "worst", "left_out", "item", "label", "reason", "mode",
    "sender_sector", "receiver_sector", "vignette", "measure", "source", "is_long_enough",
    "provider", "sector", "service", "stage", "sender", "receiver", "sender_label",
    "receiver_label", "step", "series",
)  # fmt: skip
"""Columns of tables that hold words, whatever they look like: a number of needs is the name of a group."""
NEEDED = ("headline", "costs", "drops_by_reason")
"""Tables without which there is no report; the others have their place in it where they are there."""


@dataclass(frozen=True)
class Stored:
    """What is stored of a comparison.

    Attributes:
        folder: Where.
        manifest: What was run, with what, and how it ended.
        tables: The tables in ``tables/`` by name.
    """

    folder: Path
    manifest: Mapping[str, Any]
    tables: Mapping[str, pd.DataFrame]

    @cached_property
    def runs(self) -> pd.DataFrame:
        """A row a run."""
        return pd.read_parquet(self.folder / "runs.parquet")

    @property
    def over_time(self) -> pd.DataFrame:
        """Outcomes by arm and period of the run, as the figure over time has them; empty if the table is missing."""
        return self.tables.get("over_time", pd.DataFrame(columns=["arm", "series", "day", "value"]))

    @cached_property
    def titles(self) -> dict[str, str]:
        """Title of each arm that there are runs of, by name, unique among them; the first is the baseline."""
        unique = unique_titles({name: arm["title"] for name, arm in self.manifest["arms"].items()})
        return {name: unique[name] for name in dict.fromkeys(self.tables["headline"]["arm"])}

    @property
    def place(self) -> str:
        """Title of the place."""
        return str(self.manifest["scenario"]["title"] or self.manifest["scenario"]["name"])

    @property
    def time(self) -> Time:
        """The clock."""
        return Time.model_validate(self.manifest["parameters"]["time"])

    @property
    def worlds(self) -> int:
        """Number of random worlds."""
        return int(self.runs["replicate"].nunique())


def stored(folder: Path) -> Stored:
    """Read a stored comparison.

    Args:
        folder: Output folder of ``journeys compare``.

    Raises:
        BadInputError: The folder holds no comparison that came to its end.
    """
    complaints = Complaints()
    where, wanted = "report", "the output folder of a comparison that came to its end"
    file = folder / FILE
    if not file.is_file():
        complaints.add(where, f"{str(folder)!r} has no {FILE}", wanted)
    complaints.raise_if_any()
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
        command = manifest["command"]
    except (ValueError, KeyError, TypeError):
        command = None
    if command != "compare":
        what = f"is of the command {command!r}" if isinstance(command, str) else f"{FILE} is not one of this program"
        complaints.add(where, f"{str(folder)!r}: {what}", wanted)
        complaints.raise_if_any()
    if manifest["status"] == "running":
        what = f"{str(folder)!r}: the comparison is still running, or was killed"
        complaints.add(where, what, f"{wanted}; it goes on with hydra.run.dir=FOLDER")
    for name in (*(f"tables/{table}.csv" for table in NEEDED), "runs.parquet"):
        if not (folder / name).is_file():
            complaints.add(where, f"{str(folder)!r} has no {name}", wanted)
    complaints.raise_if_any()
    tables = {}
    for path in sorted((folder / "tables").glob("*.csv")):
        try:
            tables[path.stem] = _table(path)
        except ValueError as error:
            complaints.add(where, f"{str(path)!r} cannot be read: {in_one_line(error)}", "what the comparison wrote")
    complaints.raise_if_any()
    return Stored(folder, manifest, tables)


def _table(file: Path) -> pd.DataFrame:
    """Return a table with exactly the numbers and words that were written."""
    texts = dict.fromkeys(_TEXTS, str)
    table = pd.read_csv(file, dtype=texts, keep_default_na=False, na_values=[""], float_precision="round_trip")
    words = [name for name in table if name in _TEXTS]
    return table.fillna(dict.fromkeys(words, ""))
