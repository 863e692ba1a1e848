"""Whether the indices of a sensitivity analysis have settled: those of a part of its design beside those of all."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.sensitivity import Factor, morris_effects
from sim.schema.problems import BadInputError

PARTS = (0.25, 0.5, 0.75, 1.0)
"""Shares of a design from which indices are computed."""
LEAST_BLOCKS = 2
"""Trajectories or rows of a part of which something is said."""


def convergence(
    analysis: Callable[..., pd.DataFrame],
    factors: Sequence[Factor],
    points: npt.ArrayLike,
    outcomes: npt.ArrayLike,
    **settings: int,
) -> pd.DataFrame:
    """Return indices from the first quarter, half, three quarters and all of a design: they have settled if they stay.

    Args:
        analysis: :func:`~experiments.sensitivity.morris_effects` or :func:`~experiments.sensitivity.sobol_indices`.
        factors: As for the analysis.
        points: Likewise.
        outcomes: Likewise.
        **settings: Of its bootstrap.

    Returns:
        The tables of the analysis below each other, with ``share`` of the design as the first column. A part of a
        single trajectory or row is left out, and one in which the outcome is the same at every point.
    """
    at, values = np.asarray(points, np.float64), np.asarray(outcomes, np.float64)
    per_block = len(factors) + (1 if analysis is morris_effects else 2)
    tables = []
    for share in PARTS:
        blocks = math.ceil(share * len(at) / per_block)
        if blocks < LEAST_BLOCKS and share < 1.0:
            continue
        try:
            table = analysis(factors, at[: blocks * per_block], values[: blocks * per_block], **settings)
        except BadInputError:
            if share < 1.0:
                continue
            raise
        table.insert(0, "share", share)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)
