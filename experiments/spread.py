"""The spread between runs: not a confidence interval, and never called one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

PERCENTILES = (5.0, 95.0)
"""Of the runs of an arm, between which its spread lies."""
FEW = 5
"""Runs of an arm below which its spread is from the lowest to the highest: percentiles of so few say no more."""


def spread(values: Floats) -> tuple[Floats, Floats]:
    """Return the 5th and 95th percentile between runs, of each column; of fewer than 5 runs the lowest and the highest.

    Args:
        values: A row a run; shape (runs, columns).

    Returns:
        Two arrays of shape (columns,): NaN everywhere if there are fewer than two runs.
    """
    if len(values) < 2:
        nothing = np.full(values.shape[1], np.nan)
        return nothing, nothing.copy()
    low, high = np.percentile(values, PERCENTILES if len(values) >= FEW else (0.0, 100.0), axis=0)
    return low, high
