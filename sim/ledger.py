"""The ledger: what happened, once, append-only. Every outcome is computed from it.

A row is 40 bytes in one growing buffer. Compiled, its numbers are written there one after the other; as Python has it,
the fastest is to make a row and append it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from sim.native import mypyc_attr

IS_COMPILED: Final = not __file__.endswith(".py")
if IS_COMPILED:
    # Comes with mypy, which has compiled this.
    from librt.strings import BytesWriter, write_f64_le, write_i32_le

if TYPE_CHECKING:
    from mypy_extensions import i32

NOBODY: Final = -1
"""Stands in a column that does not apply."""

_ROW = np.dtype(
    [
        ("time", "<f8"),
        ("code", "<u4"),
        ("citizen", "<i4"),
        ("episode", "<i4"),
        ("provider", "<i4"),
        ("service", "<i4"),
        ("other", "<i4"),
        ("detail", "<f8"),
    ]
)
_row: Final = struct.Struct("<dIiiiiid").pack

Column = npt.NDArray[np.float64] | npt.NDArray[np.int64]


@mypyc_attr(serializable=True, allow_interpreted_subclasses=True)
class Ledger:
    """Rows of what happened, in the order in which it happened."""

    __slots__ = ("_buffer", "_written")

    def __init__(self) -> None:
        self._buffer = bytearray()
        if IS_COMPILED:
            self._written = BytesWriter()

    def __reduce__(self) -> tuple[Callable[[bytes], Ledger], tuple[bytes]]:
        return ledger_of, (self.to_bytes(),)

    def __len__(self) -> int:
        return len(self._written if IS_COMPILED else self._buffer) // _ROW.itemsize

    def write(
        self,
        time: float,
        code: int,
        citizen: int,
        episode: int,
        provider: int,
        service: int,
        other: int,
        detail: float,
    ) -> None:
        """Append one row: for agents with much to say, as a tenth of a run is spent here; others ``record``.

        Args:
            time: Days since the start of the run.
            code: The :class:`sim.codes.Activity` and, shifted by 8, 16 and 24 bits, the reason, who noticed and what
                followed.
            citizen: Row of the population, or NOBODY.
            episode: Number of the episode, or NOBODY.
            provider: Number of the provider at which it happened, or NOBODY.
            service: Number of the service, or NOBODY.
            other: The provider on the other side of a handoff, or NOBODY.
            detail: A number whose meaning the activity gives.
        """
        if IS_COMPILED:
            # First all that can fail: half of a row would put the rest out of step.
            what: i32 = code
            who: i32 = citizen
            need: i32 = episode
            where: i32 = provider
            desk: i32 = service
            beyond: i32 = other
            written = self._written
            write_f64_le(written, time)
            write_i32_le(written, what)
            write_i32_le(written, who)
            write_i32_le(written, need)
            write_i32_le(written, where)
            write_i32_le(written, desk)
            write_i32_le(written, beyond)
            write_f64_le(written, detail)
        else:
            self._buffer += _row(time, code, citizen, episode, provider, service, other, detail)

    def record(
        self,
        time: float,
        activity: int,
        citizen: int,
        episode: int,
        provider: int = NOBODY,
        service: int = NOBODY,
        other: int = NOBODY,
        reason: int = 0,
        noticed: int = 0,
        followed: int = 0,
        detail: float = 0.0,
    ) -> None:
        """Append one row.

        Args:
            time: Days since the start of the run.
            activity: A :class:`sim.codes.Activity`.
            citizen: Row of the population, or NOBODY.
            episode: Number of the episode, or NOBODY.
            provider: Number of the provider at which it happened.
            service: Number of the service.
            other: The provider on the other side of a handoff.
            reason: A :class:`sim.codes.Reason`.
            noticed: A :class:`sim.codes.Noticed`.
            followed: A :class:`sim.codes.Followed`.
            detail: A number whose meaning the activity gives.
        """
        code = activity | reason << 8 | noticed << 16 | followed << 24
        self.write(time, code, citizen, episode, provider, service, other, detail)

    def columns(self) -> dict[str, Column]:
        """Return the rows as arrays by column, the packed code taken apart."""
        rows = np.frombuffer(self.to_bytes(), dtype=_ROW)
        code = rows["code"].astype(np.int64)
        integers = ("citizen", "episode", "provider", "service", "other")
        return {
            "time": rows["time"].copy(),
            "activity": code & 0xFF,
            "reason": code >> 8 & 0xFF,
            "noticed": code >> 16 & 0xFF,
            "followed": code >> 24 & 0xFF,
            **{name: rows[name].astype(np.int64) for name in integers},
            "detail": rows["detail"].copy(),
        }

    def to_bytes(self) -> bytes:
        """Return the raw rows, to compare two runs to the bit."""
        return self._written.getvalue() if IS_COMPILED else bytes(self._buffer)


def ledger_of(rows: bytes) -> Ledger:
    """Return a ledger of raw rows, which goes on from there."""
    ledger = Ledger()
    if IS_COMPILED:
        ledger._written.write(rows)
    else:
        ledger._buffer += rows
    return ledger
