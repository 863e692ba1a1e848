"""The ledger: what happened, once, append-only. Every outcome is computed from it.

A row is eight doubles in one growing buffer: 64 bytes an event.
"""

from __future__ import annotations

from array import array

import numpy as np
import numpy.typing as npt

COLUMNS = ("time", "code", "citizen", "episode", "provider", "service", "other", "detail")
NOBODY = -1
"""Stands in a column that does not apply."""


class Ledger:
    """Rows of what happened, in the order in which it happened."""

    __slots__ = ("_buffer", "_extend")

    def __init__(self) -> None:
        self._buffer = array("d")
        self._extend = self._buffer.extend

    def __len__(self) -> int:
        return len(self._buffer) // len(COLUMNS)

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
        self._extend((time, code, citizen, episode, provider, service, other, detail))

    def columns(self) -> dict[str, npt.NDArray[np.float64] | npt.NDArray[np.int64]]:
        """Return the rows as arrays by column, the packed code taken apart."""
        rows = np.frombuffer(self._buffer, dtype=np.float64).reshape(-1, len(COLUMNS))
        code = rows[:, 1].astype(np.int64)
        result: dict[str, npt.NDArray[np.float64] | npt.NDArray[np.int64]] = {
            "time": rows[:, 0].copy(),
            "activity": code & 0xFF,
            "reason": code >> 8 & 0xFF,
            "noticed": code >> 16 & 0xFF,
            "followed": code >> 24 & 0xFF,
        }
        for position, name in enumerate(COLUMNS):
            if name in ("citizen", "episode", "provider", "service", "other"):
                result[name] = rows[:, position].astype(np.int64)
        result["detail"] = rows[:, 7].copy()
        return result

    def to_bytes(self) -> bytes:
        """Return the raw rows, to compare two runs to the bit."""
        return self._buffer.tobytes()
