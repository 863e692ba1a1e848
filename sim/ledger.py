"""The ledger: what happened, once, append-only. Every outcome is computed from it.

A row is 40 bytes in one growing buffer.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from sim.native import mypyc_attr

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
row: Final = struct.Struct("<dIiiiiid").pack
"""Makes a row for :meth:`Ledger.write`.

Out of: days since the start of the run; a code, which is the :class:`sim.codes.Activity` and, shifted by 8, 16 and 24
bits, the reason, who noticed and what followed; row of the citizen; numbers of the episode, the provider, the service
and the provider on the other side; a number whose meaning the activity gives. NOBODY for what does not apply.
"""

Column = npt.NDArray[np.float64] | npt.NDArray[np.int64]


@mypyc_attr(serializable=True, allow_interpreted_subclasses=True)
class Ledger:
    """Rows of what happened, in the order in which it happened.

    Attributes:
        write: Appends what :func:`row` returns. A tenth of a run is spent here: agents with much to say call it,
            others ``record``.
    """

    __slots__ = ("_buffer", "write")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.write: Callable[[bytes], None] = self._buffer.extend

    def __len__(self) -> int:
        return len(self._buffer) // _ROW.itemsize

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
        self.write(row(time, code, citizen, episode, provider, service, other, detail))

    def columns(self) -> dict[str, Column]:
        """Return the rows as arrays by column, the packed code taken apart."""
        rows = np.frombuffer(bytes(self._buffer), dtype=_ROW)
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
        return bytes(self._buffer)
