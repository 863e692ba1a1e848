"""One comparison: what is expected, what was simulated, and how far apart they are by the noise between replicates."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats


@dataclass(frozen=True)
class Compared:
    """One number of the model beside what it should be.

    Attributes:
        family: Which theory or peer, such as "Erlang C".
        case: Which place, such as "10 places, load 0.9".
        measure: What is compared, with its unit.
        expected: The exact value, or the mean of the peer's replicates.
        simulated: Mean of the model's replicates.
        error: Standard error of the difference.
        z: The difference in standard errors, brought from Student's t to the standard normal by equal probability,
            so that z of few and of many replicates can be shown together.
        replicates: How many independent replicates of the model it rests on.
    """

    family: str
    case: str
    measure: str
    expected: float
    simulated: float
    error: float
    z: float
    replicates: int


def with_theory(family: str, case: str, measure: str, expected: float, replicates: npt.ArrayLike) -> Compared:
    """Compare replicates of the model with an exact value, by Student's t.

    Raises:
        ValueError: Fewer than two replicates, or one that is not a number.
    """
    values = _replicates(replicates)
    error = float(values.std(ddof=1)) / math.sqrt(len(values))
    return _compared(family, case, measure, expected, values, error, len(values) - 1.0)


def with_peer(family: str, case: str, measure: str, peer: npt.ArrayLike, replicates: npt.ArrayLike) -> Compared:
    """Compare replicates of the model with independent replicates of a peer, by Welch's t.

    Raises:
        ValueError: Fewer than two replicates of either, or one that is not a number.
    """
    values, others = _replicates(replicates), _replicates(peer)
    squares = np.array([values.var(ddof=1) / len(values), others.var(ddof=1) / len(others)])
    error = math.sqrt(squares.sum())
    degrees = np.array([len(values) - 1.0, len(others) - 1.0])
    freedom = squares.sum() ** 2 / float((squares**2 / degrees).sum()) if error > 0.0 else float(degrees.min())
    return _compared(family, case, measure, float(others.mean()), values, error, freedom)


def all_agree(compared: list[Compared], error_rate: float) -> bool:
    """Return whether a family of comparisons agrees, false alarms in it at most at an error rate (Bonferroni)."""
    bound = float(stats.norm.isf(error_rate / len(compared) / 2.0))
    return all(abs(one.z) < bound for one in compared)


def _replicates(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    found = np.asarray(values, np.float64)
    if found.ndim != 1 or len(found) < 2 or not np.isfinite(found).all():
        raise ValueError(f"at least two replicates, all of them numbers, are needed: {found}")
    return found


def _compared(
    family: str,
    case: str,
    measure: str,
    expected: float,
    values: npt.NDArray[np.float64],
    error: float,
    freedom: float,
) -> Compared:
    simulated = float(values.mean())
    return Compared(
        family, case, measure, expected, simulated, error, _z(simulated - expected, error, freedom), len(values)
    )


def _z(difference: float, error: float, freedom: float) -> float:
    """Return the standard normal deviate as improbable as Student's t of this difference."""
    if error == 0.0:
        return 0.0 if difference == 0.0 else math.copysign(math.inf, difference)
    t = difference / error
    return math.copysign(float(stats.norm.isf(stats.t.sf(abs(t), freedom))), t)
