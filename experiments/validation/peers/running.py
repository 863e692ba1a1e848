"""What all peers need: settings of a plain place, replicates on some processes, and random numbers of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from experiments.validation.compared import Compared, with_peer

Measures = dict[str, float]
Floats = npt.NDArray[np.float64]
Row = Mapping[str, Any]
Run = Callable[[Any, int, int], Measures]
Job = tuple[Run, Any]

PLAIN: dict[str, Any] = {
    "budget": "added",
    "crises": {"hazard": 0},
    "journey": {"attendance": 1, "wrong_door": 0, "finding": 0, "severity_growth": 0},
}
"""Settings of a place in which nothing happens but waiting and service."""


def generator(seed: int, *words: int) -> np.random.Generator:
    """Return the random numbers of one replicate of one peer."""
    return np.random.default_rng(np.random.SeedSequence([seed, *words]))


def replicated(jobs: Sequence[Job], seed: int, replicates: int, workers: int) -> list[dict[str, Floats]]:
    """Return each measure of all replicates, for each job.

    Args:
        jobs: What runs a replicate (case, seed, number of the replicate), and its case.
        seed: Root seed.
        replicates: How many of each job.
        workers: Processes; 1 for none beside this one.
    """
    runs = [(run, case, seed, number) for run, case in jobs for number in range(replicates)]
    if workers == 1:
        found = [_one(run) for run in runs]
    else:
        with ProcessPoolExecutor(workers) as pool:
            found = list(pool.map(_one, runs, chunksize=max(1, replicates // 4)))
    return [_columns(found[first : first + replicates]) for first in range(0, len(runs), replicates)]


def _one(run: tuple[Run, Any, int, int]) -> Measures:
    function, case, seed, number = run
    return function(case, seed, number)


def _columns(found: Sequence[Measures]) -> dict[str, Floats]:
    return {name: np.array([measures[name] for measures in found]) for name in found[0]}


def compared_with(family: str, case: str, peer: Mapping[str, Floats], model: Mapping[str, Floats]) -> list[Compared]:
    """Compare every measure of the model with that of a peer."""
    return [with_peer(family, case, measure, peer[measure], model[measure]) for measure in peer]
