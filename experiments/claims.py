"""Who is computing what: files that name a process, and what becomes of them when it is gone."""

from __future__ import annotations

import os
import socket
import time
import uuid
from contextlib import suppress
from pathlib import Path

LOST_AFTER = 3600.0
"""Seconds after which the claim or the draft of another machine is taken as lost: nobody can ask whether it lives."""
UNSIGNED_LOST_AFTER = 10.0
"""Seconds after which a claim without a name is taken as lost: the name is written as soon as the file is there."""


def claim(file: Path) -> bool:
    """Say in a file that this process is at something; return False if another one is.

    Raises:
        OSError: The file cannot be written; none is left behind.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    for _ in range(2):
        try:
            handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        except FileExistsError:
            if not is_lost(file, _holder(file)) or not take_away(file):
                return False
            continue
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(me())
        except BaseException:
            file.unlink(missing_ok=True)
            raise
        return True
    return False


def release(file: Path) -> None:
    """Give up a claim, if it is that of this process."""
    if _holder(file) == me():
        file.unlink(missing_ok=True)


def take_away(file: Path) -> bool:
    """Remove a claim that was found to be lost, and return whether it was this process that did.

    Of several processes that have found it lost only one can move it aside; the others may move aside the new claim of
    the first, which is seen there, and put back.
    """
    aside = file.with_name(f".{file.name}-{uuid.uuid4().hex}")
    try:
        file.rename(aside)
    except FileNotFoundError:
        return False
    was_lost = is_lost(aside, _holder(aside))
    if not was_lost:
        # Where that fails, a run is computed twice, with the same result.
        with suppress(OSError):
            os.link(aside, file)
    aside.unlink(missing_ok=True)
    return was_lost


def remove_lost(file: Path) -> None:
    """Remove a claim if its process is gone."""
    if is_lost(file, _holder(file)):
        take_away(file)


def me() -> str:
    """Return the name of this process among those of all machines: host:number+birth."""
    return f"{socket.gethostname()}:{os.getpid()}+{_birth(os.getpid())}".replace("/", "_")


def is_lost(path: Path, holder: str, after: float = LOST_AFTER) -> bool:
    """Return whether the process that made something is gone.

    Args:
        path: What it made.
        holder: Its name; "": not known.
        after: Seconds after which this is assumed of a process of another machine.
    """
    host, _, process = holder.rpartition(":")
    number, _, birth = process.partition("+")
    if host == socket.gethostname() and number.isdecimal():
        return not _lives(int(number), birth)
    try:
        return time.time() - path.stat().st_mtime > (after if holder else UNSIGNED_LOST_AFTER)
    except OSError:
        return False


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


def _holder(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError:
        return ""


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
