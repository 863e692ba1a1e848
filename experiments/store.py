"""Results of single runs, one folder each, written whole or not at all and found again by what they depend on.

::

    results/ARM/REPLICATE/run.json            key, digests of the tables, arm, replicate, seed, headline, counts,
                                              costs, modelled values of published figures
    results/ARM/REPLICATE/episodes.parquet    ... and the other tables
    results/ARM/REPLICATE/failure.json        instead, if the run failed: traceback and configuration
"""

from __future__ import annotations

import hashlib
import json
import shutil
import traceback
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from experiments.files import write_json

FACTS, FAILURE = "run.json", "failure.json"


@dataclass(frozen=True)
class Store:
    """A folder of results.

    Attributes:
        folder: Where it is.
    """

    folder: Path

    def place(self, arm: str, replicate: int) -> Path:
        """Return the folder of one run."""
        # A colon cannot be in the name of a file everywhere.
        return self.folder / arm.replace(":", "=") / str(replicate)

    def save(
        self,
        arm: str,
        replicate: int,
        key: str,
        facts: Mapping[str, Any],
        tables: Mapping[str, pd.DataFrame],
    ) -> None:
        """Store a run; what was stored of it before is replaced.

        Args:
            arm: Name of the arm.
            replicate: Number of the random world.
            key: Names all that the result depends on.
            facts: Numbers of the run, as plain data.
            tables: Tables of the run by name.
        """
        draft = self._draft()
        digests = {}
        for name, table in tables.items():
            file = draft / f"{name}.parquet"
            table.to_parquet(file, index=False)
            digests[name] = _digest(file)
        write_json(draft / FACTS, {"key": key, "tables": digests, **facts})
        self._put(draft, self.place(arm, replicate))

    def save_failure(self, arm: str, replicate: int, configuration: Mapping[str, Any], error: Exception) -> str:
        """Store why a run failed; what was stored of it before is replaced.

        Returns:
            The error in one line.
        """
        line = " ".join(f"{type(error).__name__}: {error}".split())
        draft = self._draft()
        trace = traceback.format_exception(error)
        write_json(draft / FAILURE, {"error": line, "traceback": "".join(trace), "configuration": dict(configuration)})
        self._put(draft, self.place(arm, replicate))
        return line

    def has(self, arm: str, replicate: int, key: str) -> bool:
        """Return whether a run is stored, whole, and with this key."""
        place = self.place(arm, replicate)
        try:
            facts = self.facts(arm, replicate)
            digests = facts["tables"]
            return facts["key"] == key and all(
                _digest(place / f"{name}.parquet") == digest for name, digest in digests.items()
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            # A missing, cut or foreign file: whatever it is, it is not this run.
            return False

    def facts(self, arm: str, replicate: int) -> dict[str, Any]:
        """Return the numbers of a stored run."""
        data = json.loads((self.place(arm, replicate) / FACTS).read_text(encoding="utf-8"))
        return dict(data)

    def arrow(self, arm: str, replicate: int, name: str) -> pa.Table:
        """Return a table of a stored run, its words as dictionaries."""
        file = self.place(arm, replicate) / f"{name}.parquet"
        # For a small file more threads cost more than they save.
        return pq.read_table(file, use_threads=False).replace_schema_metadata(None)

    def sweep(self) -> None:
        """Remove what was being written when a process was killed."""
        for draft in self.folder.glob(".draft-*"):
            shutil.rmtree(draft, ignore_errors=True)

    def _draft(self) -> Path:
        draft = self.folder / f".draft-{uuid.uuid4().hex}"
        draft.mkdir(parents=True)
        return draft

    def _put(self, draft: Path, place: Path) -> None:
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.exists():
            # A folder cannot replace another in one step: the old one is moved away first, as a draft to be removed.
            old = draft.with_name(f".draft-{uuid.uuid4().hex}")
            place.rename(old)
            shutil.rmtree(old, ignore_errors=True)
        draft.rename(place)


def _digest(file: Path) -> str:
    return hashlib.blake2b(file.read_bytes(), digest_size=16).hexdigest()
