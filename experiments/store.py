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
import os
import shutil
import socket
import time
import traceback
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from experiments.files import json_text, write_text
from sim.scenario import digest_of

FACTS, FAILURE, CLAIMS, DRAFT = "run.json", "failure.json", "claims", ".draft-"
LOST_AFTER = 3600.0
"""Seconds after which the claim or the draft of another machine is taken as lost: nobody can ask whether it lives."""
UNSIGNED_LOST_AFTER = 10.0
"""Seconds after which a claim without a name is taken as lost: the name is written as soon as the file is there."""
FULL = (errno.ENOSPC, errno.EDQUOT)


class FullError(Exception):
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
            FullError: There is no room for it.
        """
        draft = self._draft()
        try:
            digests = {}
            for name, table in tables.items():
                file = draft / f"{name}.parquet"
                table.to_parquet(file, index=False)
                digests[name] = _digest(file)
            content = json.loads(json_text({"key": key, "tables": digests, **facts}))
            write_text(draft / FACTS, json_text({"digest": digest_of(content), **content}))
            self._put(draft, self.place(key))
        except OSError as error:
            shutil.rmtree(draft, ignore_errors=True)
            raise _told(error) from error

    def save_failure(self, key: str, configuration: Mapping[str, Any], error: Exception) -> str:
        """Store why a run failed; what was stored of it before is replaced.

        Returns:
            The error in one line.

        Raises:
            FullError: There is no room for it.
        """
        line = " ".join(f"{type(error).__name__}: {error}".split())
        trace = "".join(traceback.format_exception(error))
        draft = self._draft()
        try:
            failure = {"error": line, "traceback": trace, "configuration": dict(configuration)}
            write_text(draft / FAILURE, json_text(failure))
            self._put(draft, self.place(key))
        except OSError as problem:
            shutil.rmtree(draft, ignore_errors=True)
            raise _told(problem) from problem
        return line

    def has(self, key: str, tables: Collection[str] = ()) -> bool:
        """Return whether a run is stored, whole, and with these tables."""
        place = self.place(key)
        try:
            facts = self.facts(key)
            digests = facts["tables"]
            return (
                facts.pop("digest") == digest_of(facts)
                and facts["key"] == key
                and set(tables) <= set(digests)
                and all(_digest(place / f"{name}.parquet") == digest for name, digest in digests.items())
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            # A missing, cut or foreign file: whatever it is, it is not this run.
            return False

    def failure(self, key: str) -> str:
        """Return in one line why a run failed; "" if that is not stored."""
        try:
            return str(json.loads((self.place(key) / FAILURE).read_text(encoding="utf-8"))["error"])
        except (OSError, ValueError, KeyError, TypeError):
            return ""

    def facts(self, key: str) -> dict[str, Any]:
        """Return the numbers of a stored run."""
        data = json.loads((self.place(key) / FACTS).read_text(encoding="utf-8"))
        return dict(data)

    def arrow(self, key: str, name: str) -> pa.Table:
        """Return a table of a stored run, its words as dictionaries."""
        # For a small file more threads cost more than they save.
        return pq.read_table(self.place(key) / f"{name}.parquet", use_threads=False).replace_schema_metadata(None)

    def claim(self, key: str) -> bool:
        """Say that this process computes a run; return False if another one is at it."""
        file = self.folder / CLAIMS / key
        file.parent.mkdir(parents=True, exist_ok=True)
        for _ in range(2):
            try:
                handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
            except FileExistsError:
                if not _is_lost(file, _holder(file)):
                    return False
                file.unlink(missing_ok=True)
                continue
            except OSError as error:
                raise _told(error) from error
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(_me())
            return True
        return False

    def release(self, key: str) -> None:
        """Give up a claim of this process."""
        (self.folder / CLAIMS / key).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove what processes were writing or had claimed when they were killed."""
        for draft in self.folder.glob(f"{DRAFT}*"):
            if _is_lost(draft, draft.name.removeprefix(DRAFT).rpartition("-")[0]):
                shutil.rmtree(draft, ignore_errors=True)
        for claim in self.folder.glob(f"{CLAIMS}/*"):
            if _is_lost(claim, _holder(claim)):
                claim.unlink(missing_ok=True)

    def _draft(self) -> Path:
        draft = self.folder / f"{DRAFT}{_me()}-{uuid.uuid4().hex}"
        try:
            draft.mkdir(parents=True)
        except OSError as error:
            raise _told(error) from error
        return draft

    def _put(self, draft: Path, place: Path) -> None:
        place.parent.mkdir(parents=True, exist_ok=True)
        while True:
            try:
                draft.rename(place)
                return
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
            # A folder cannot replace another in one step: the old one is moved away first, as a draft to be removed.
            old = self.folder / f"{DRAFT}{_me()}-{uuid.uuid4().hex}"
            try:
                place.rename(old)
            except FileNotFoundError:
                continue
            shutil.rmtree(old, ignore_errors=True)


def _digest(file: Path) -> str:
    return hashlib.blake2b(file.read_bytes(), digest_size=16).hexdigest()


def _me() -> str:
    """Return the name of this process among those of all machines: host:number+birth."""
    return f"{socket.gethostname()}:{os.getpid()}+{_birth(os.getpid())}".replace("/", "_")


def _birth(number: int) -> str:
    """Return when a process was started, as the system counts; "" if that, or the process, is not known."""
    try:
        text = Path(f"/proc/{number}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    # In the name of the program, which stands in brackets, anything may be.
    state, *numbers = text.rpartition(")")[2].split()
    # A process that is dead stays listed until its parent asks for it; some parents never do.
    return "" if state in "ZX" else numbers[18]


def _holder(claim: Path) -> str:
    try:
        return claim.read_text(encoding="utf-8")
    except OSError:
        return ""


def _is_lost(path: Path, holder: str) -> bool:
    """Return whether the process that made something is gone; of another machine, whether it has been for long."""
    host, _, process = holder.rpartition(":")
    number, _, birth = process.partition("+")
    if host == socket.gethostname() and number.isdecimal():
        return not _lives(int(number), birth)
    try:
        return time.time() - path.stat().st_mtime > (LOST_AFTER if holder else UNSIGNED_LOST_AFTER)
    except OSError:
        return False


def _lives(number: int, birth: str) -> bool:
    """Return whether a process of this machine is still there, and not another one that was given its number."""
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        # Of somebody else, whose processes may be hidden.
        return True
    return not birth or _birth(number) == birth


def _told(error: OSError) -> OSError | FullError:
    """Return the error to raise instead of one of the system."""
    return FullError(f"no room left for results: {error}") if error.errno in FULL else error
