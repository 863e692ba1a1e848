"""The model against theory: all cases, and what comes of them. Tests and the validation page take the same way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from scipy import stats

from experiments.validation.case import Case, Floats
from experiments.validation.chain_cases import chain_cases
from experiments.validation.compared import Compared, with_theory
from experiments.validation.network_cases import network_cases
from experiments.validation.part import Part
from experiments.validation.people_cases import people_cases
from experiments.validation.queue_cases import queue_cases
from experiments.validation.z_scores import NAME, normality, write

SEED, REPLICATES = 20, 24
ERROR_RATE = 1e-3
"""Chance that any comparison of a model without an error is reported, whatever their number."""


def cases() -> list[Case]:
    """Return all cases."""
    return [*queue_cases(), *network_cases(), *chain_cases(), *people_cases()]


@dataclass(frozen=True)
class Found:
    """What was simulated of a case: a row a replicate, a column a measure."""

    case: Case
    values: Floats

    def compared(self) -> list[Compared]:
        """Return each measure beside its exact value."""
        return [
            with_theory(self.case.family, self.case.name, measure.name, measure.expected, self.values[:, column])
            for column, measure in enumerate(self.case.measures)
        ]


def simulated(
    chosen: Sequence[Case], replicates: int, seed: int = SEED, workers: int = 1, size: float = 1.0
) -> list[Found]:
    """Run replicates of cases.

    Args:
        chosen: Which cases.
        replicates: Replicates of each.
        seed: Root seed.
        workers: Processes.
        size: Of a replicate; 1 is that of the validation page.
    """
    tasks = [(case, number) for case in chosen for number in range(replicates)]
    rows = Parallel(n_jobs=workers)(delayed(case.replicate)(seed, number, size) for case, number in tasks)
    return [
        Found(case, np.array(rows[place * replicates : (place + 1) * replicates], np.float64))
        for place, case in enumerate(chosen)
    ]


def compare(
    chosen: Sequence[Case], replicates: int, seed: int = SEED, workers: int = 1, size: float = 1.0
) -> list[Compared]:
    """Return every measure of some cases beside its exact value; see :func:`simulated`."""
    return [one for found in simulated(chosen, replicates, seed, workers, size) for one in found.compared()]


def independent(found: Sequence[Found]) -> list[Compared]:
    """Return the first comparison of each case: cases have worlds of their own, so that these are independent."""
    return [one.compared()[0] for one in found]


def part(found: Sequence[Found]) -> Part:
    """Return the part of the page on theory.

    Args:
        found: See :func:`simulated`.
    """
    compared = [one for case in found for one in case.compared()]
    bound = float(stats.norm.isf(ERROR_RATE / len(compared) / 2.0))
    beyond = [f"{one.family}, {one.case}, {one.measure} ({one.z:+.2f})" for one in compared if abs(one.z) >= bound]
    fewest, most = (of(one.replicates for one in compared) for of in (min, max))
    worlds = f"{most}" if fewest == most else f"{fewest} to {most}"
    tested = normality([one.z for one in independent(found)])
    before = (
        f"{len(compared)} numbers that theory gives exactly, from {len(found)} places that are ordinary scenario "
        f"tables, each run in {worlds} worlds of its own. z is the difference in standard errors. "
        f"{len(compared)} comparisons of a model without an error exceed |z| = {bound:.2f} anywhere once in "
        f"{1 / ERROR_RATE:,.0f} times (Bonferroni). "
        + (f"Beyond it: {'; '.join(beyond)}." if beyond else "None does here.")
        + "\n\n"
        + _families(compared)
        + "\n\nChance should also spread z as a standard normal number is spread. The first comparison of each case "
        f"is independent of all others; of these {tested.count} the mean is {tested.mean:+.2f} and the mean square "
        f"{tested.square:.2f} (chi-square: p = {tested.square_p:.2f}; Kolmogorov and Smirnov: p = "
        f"{tested.kolmogorov_p:.2f}; Anderson and Darling: {tested.anderson:.2f}, p = {tested.anderson_p:.2f}).\n\n"
        f"![Quantiles of z against the standard normal, and their histogram](figures/{NAME}.svg)"
    )
    after = (
        "Where the wait has a long tail (lognormal service with a coefficient of variation of 2) only means are "
        "compared: a mean square over a run is too skewed for a t. Comparisons of one case share its runs."
    )
    return Part("Against theory", before, compared, after)


def _families(compared: Sequence[Compared]) -> str:
    """Return a table of how far off each family is."""
    lines = ["| family | comparisons | mean z² | largest z |", "| --- | ---: | ---: | ---: |"]
    for family in dict.fromkeys(one.family for one in compared):
        z = np.array([one.z for one in compared if one.family == family])
        lines.append(f"| {family} | {len(z)} | {(z**2).mean():.2f} | {z[np.abs(z).argmax()]:+.2f} |")
    return "\n".join(lines)


def write_figure(found: Sequence[Found], folder: Path, provenance: Mapping[str, str]) -> list[Path]:
    """Write the figure of the z of all comparisons; see :func:`simulated` for what was found."""
    every = [one.z for case in found for one in case.compared()]
    return write([one.z for one in independent(found)], every, folder, provenance)
