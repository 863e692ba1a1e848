"""Results of single runs, named by what they were computed from: never computed twice, whoever computed them.

::

    KEY[:2]/KEY/run.json            digests of all files, seed, headline, counts, costs, modelled published figures
    KEY[:2]/KEY/episodes.parquet    ... and the other tables that were asked for
    KEY[:2]/KEY/failure.json        instead, if the run failed: traceback and configuration
    claims/KEY                      who is computing it now

A run is written into a draft and moved to its place whole, so that what is there is whole, whenever a process is
killed. Several processes, on several machines that share the folder, may use one store at once.
"""

from __future__ import annotations

import errno
import hashlib
import json
import math
import shutil
import traceback
import uuid
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from experiments import claims
from experiments.files import json_text, write_text
from experiments.stopping import FULL, StoppedError
from sim.scenario import digest_of

FACTS, FAILURE, CLAIMS, DRAFT, TOKEN = "run.json", "failure.json", "claims", ".draft-", ".token-"
BLOCK = 4096
"""Bytes by which most file systems count."""


class StoreError(StoppedError):
    """Results cannot be stored."""


class FullError(StoreError):
    """There is no room left for results."""


@dataclass(frozen=True)
class Store:
    """A folder of results.

    Attributes:
        folder: Where it is.
    """

    folder: Path

    def place(self, key: str) -> Path:
        """Return the folder of one run."""
        return self.folder / key[:2] / key

    def save(self, key: str, facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]) -> None:
        """Store a run.

        Args:
            key: Names all that the result depends on.
            facts: Numbers of the run, as plain data.
            tables: Tables of the run by name.

        Raises:
            StoreError: It cannot be written, for example as there is no room for it.
        """
        with self._draft(key) as draft:
            digests = {}
            for name, table in tables.items():
                file = draft / f"{name}.parquet"
                table.to_parquet(file, index=False)
                digests[name] = _digest(file)
            content = json.loads(json_text({"key": key, "tables": digests, **facts}))
            write_text(draft / FACTS, json_text({"digest": digest_of(content), **content}))
            self._put(draft, self.place(key))

    def save_failure(self, key: str, configuration: Mapping[str, Any], error: Exception) -> str:
        """Store why a run failed; what was stored of it before is replaced.

        Returns:
            The error in one line.

        Raises:
            StoreError: It cannot be written, for example as there is no room for it.
        """
        line = " ".join(f"{type(error).__name__}: {error}".split())
        trace = "".join(traceback.format_exception(error))
        with self._draft(key) as draft:
            failure = {"error": line, "traceback": trace, "configuration": dict(configuration)}
            write_text(draft / FAILURE, json_text(failure))
            self._put(draft, self.place(key))
        return line

    def has(self, key: str, tables: Collection[str] = ()) -> bool:
        """Return whether a run is stored, whole, and with these tables."""
        there, damaged = self._looked(key)
        return there is not None and not damaged and set(tables) <= there

    def damaged(self, key: str) -> str:
        """Return which file of a run is missing, cut or changed, by its path in the store; "" if none is."""
        return self._looked(key)[1]

    def failure(self, key: str) -> str:
        """Return in one line why a run failed; "" if that is not stored."""
        place = self.place(key)
        try:
            error = str(json.loads((place / FAILURE).read_text(encoding="utf-8"))["error"])
        except (OSError, ValueError, KeyError, TypeError):
            return ""
        # Where one takes the place of the other, both are there for a moment.
        return "" if (place / FACTS).exists() else error

    def facts(self, key: str) -> dict[str, Any]:
        """Return the numbers of a stored run."""
        data = json.loads((self.place(key) / FACTS).read_text(encoding="utf-8"))
        return dict(data)

    def arrow(self, key: str, name: str) -> pa.Table:
        """Return a table of a stored run, its words as dictionaries."""
        # For a small file more threads cost more than they save, and so does looking for a data set of many files.
        path = self.place(key) / f"{name}.parquet"
        try:
            with pq.ParquetFile(path, memory_map=True) as file:
                return file.read(use_threads=False).replace_schema_metadata(None)
        except pa.ArrowInvalid as error:
            raise pa.ArrowInvalid(f"{path}: {error}") from error

    def claim(self, key: str) -> bool:
        """Say that this process computes a run; return False if another one is at it.

        Raises:
            StoreError: Nothing can be written, for example as there is no room.
        """
        with self._told(key):
            return claims.claim(self.folder / CLAIMS / key)

    def release(self, key: str) -> None:
        """Give up a claim of this process."""
        with self._told(key):
            claims.release(self.folder / CLAIMS / key)

    @contextmanager
    def marked(self) -> Iterator[str]:
        """Leave an empty file as long as the context lasts, with a name that no other folder has, and yield that.

        Raises:
            StoreError: Nothing can be written, for example as there is no room.
        """
        token = self.folder / f"{TOKEN}{claims.me()}-{uuid.uuid4().hex}"
        with self._told():
            self.folder.mkdir(parents=True, exist_ok=True)
            token.touch()
        try:
            yield token.name
        finally:
            with suppress(OSError):
                token.unlink()

    def has_mark(self, token: str) -> bool:
        """Return whether this is the folder in which another process has left a mark."""
        return (self.folder / token).exists()

    def sweep(self) -> None:
        """Remove what processes were writing or had claimed when they were killed, as far as that is allowed."""
        with suppress(OSError):
            for draft in self.folder.glob(f"{DRAFT}*"):
                if claims.is_lost(draft, _maker(draft, DRAFT)):
                    shutil.rmtree(draft, ignore_errors=True)
            for token in self.folder.glob(f"{TOKEN}*"):
                # A command may take weeks: nobody but its own machine knows whether it lives.
                if claims.is_lost(token, _maker(token, TOKEN), after=math.inf):
                    token.unlink(missing_ok=True)
            for claim in self.folder.glob(f"{CLAIMS}/*"):
                claims.remove_lost(claim)

    def _looked(self, key: str) -> tuple[set[str] | None, str]:
        """Return the names of a run's tables, None if there is no run; and which file is damaged, "" if none is."""
        place = self.place(key)
        shown = place.relative_to(self.folder)
        try:
            facts = self.facts(key)
            digests = facts["tables"]
            is_sound = facts.pop("digest") == digest_of(facts) and facts["key"] == key
            names = set(digests)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            # A missing, cut or foreign file: whatever it is, it is not this run.
            is_sound, names = False, set()
        if not is_sound:
            if not place.is_dir() or (self.failure(key) and not (place / FACTS).exists()):
                return None, ""
            is_failure = (place / FAILURE).exists() and not (place / FACTS).exists()
            return None, str(shown / (FAILURE if is_failure else FACTS))
        for name in sorted(names):
            try:
                if _digest(place / f"{name}.parquet") == digests[name]:
                    continue
            except OSError:
                pass
            return names, str(shown / f"{name}.parquet")
        return names, ""

    @contextmanager
    def _draft(self, key: str) -> Iterator[Path]:
        """Make a folder for what is to be stored under a key, and remove it if that cannot be written."""
        draft = self.folder / f"{DRAFT}{claims.me()}-{uuid.uuid4().hex}"
        with self._told(key):
            try:
                draft.mkdir(parents=True)
                yield draft
            except OSError:
                shutil.rmtree(draft, ignore_errors=True)
                raise

    def _put(self, draft: Path, place: Path) -> None:
        """Move a draft to its place; what is there already stays whole until it is replaced."""
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            draft.rename(place)
            return
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
        # A folder cannot take the place of another in one step. Its files can: the one that says which others belong
        # to it comes last, and is the first to go.
        new = sorted(draft.iterdir(), key=lambda file: file.name in (FACTS, FAILURE))
        for file in new:
            file.replace(place / file.name)
        rest = {file.name for file in place.iterdir()} - {file.name for file in new}
        for name in sorted(rest, key=lambda name: name not in (FACTS, FAILURE)):
            (place / name).unlink(missing_ok=True)
        draft.rmdir()

    @contextmanager
    def _told(self, key: str = "") -> Iterator[None]:
        """Say of an error of the system what it means for results."""
        try:
            yield
        except OSError as error:
            if error.errno in FULL:
                raise FullError(f"no room left for results: {error}") from error
            place = self.place(key)
            for path in (self.folder, self.folder / CLAIMS, place.parent, place):
                if path.exists() and not path.is_dir():
                    raise StoreError(f"results cannot be stored: {str(path)!r} is a file, not a folder") from error
            raise StoreError(f"results cannot be stored: {error}") from error


def size_on_disk(length: int) -> int:
    """Return how many bytes a run takes that has no tables, whole blocks of its file and its folder, from its text."""
    return BLOCK * (1 + math.ceil(length / BLOCK))


def _digest(file: Path) -> str:
    return hashlib.blake2b(file.read_bytes(), digest_size=16).hexdigest()


def _maker(path: Path, kind: str) -> str:
    """Return the process that made a draft or a token."""
    return path.name.removeprefix(kind).rpartition("-")[0]
