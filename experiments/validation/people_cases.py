"""Cases of who comes: Poisson arrivals, zero-truncated negative binomial needs, kinds by prevalence and lift."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from experiments.validation import formulas
from experiments.validation.case import Case, Measure, Window, build, counted_days
from experiments.validation.network_cases import HELP, PLENTY, desk
from experiments.validation.places import Row
from sim import Scenario
from sim.outcomes.result import Result

BINS = 200
"""Into which the days that count are cut, to see how counts vary."""
CITIZENS = 3000


def crowd(size: float, per_day: float, population: dict[str, Any], needs: tuple[Row, ...], lifts: tuple[Row, ...] = ()
          ) -> Scenario:  # fmt: skip
    """Return a place where everybody with any need is served at once."""
    window = Window(per_day, warmup=1.0, counted=CITIZENS * size / per_day, tail=1e-3)
    services = [desk(HELP, "clinic", "support", PLENTY, 0.01)]
    settings = {"population": {"onset_lag_days": 0, **population}}
    return build(window, settings, services=services, needs=needs, cooccurrence=lifts or None)


def arrivals_case(per_day: float) -> Case:
    """Return citizens who arrive: how many, and how much counts vary from day to day."""
    mean = CITIZENS / BINS
    needs: tuple[Row, ...] = ({"need": "illness", "prevalence": 1},)
    measures = (
        Measure("variance over mean of counts", 1.0, dispersion),
        Measure("arrivals over those expected", 1.0, partial(arrivals, per_day=per_day)),
    )
    name = f"{per_day:g} a day, counts of {mean:g} on average"
    return Case("Poisson arrivals", name, partial(crowd, per_day=per_day, population={}, needs=needs), measures)


def arrivals(result: Result, per_day: float) -> float:
    """Return the number of citizens counted over its expectation."""
    first, last = counted_days(result)
    return float(result.episodes["cohort"].sum() / (per_day * (last - first)))


def dispersion(result: Result) -> float:
    """Return the unbiased variance of counts over their mean.

    Given their sum counts of a Poisson stream are multinomial, so that the expectation is exactly 1.
    """
    counts, _ = np.histogram(
        result.episodes["onset"], bins=np.linspace(*counted_days(result), BINS + 1)
    )  # fmt: skip
    return float(counts.var(ddof=1) / counts.mean())


def needs_case(mean: float, size: float, most: int) -> Case:
    """Return the number of needs: mean, variance, share with one need; with all kinds, what is above has all."""
    chances = formulas.zero_truncated_negative_binomial(mean, size, most)
    counts = np.arange(1, most + 1)
    average = float(chances @ counts)
    variance = float(chances @ counts**2) - average**2
    kinds: tuple[Row, ...] = tuple({"need": f"kind_{number}", "prevalence": 1 + number} for number in range(most))
    measures = (
        Measure("mean number of needs", average, mean_needs),
        Measure("variance of the number of needs", variance, partial(variance_of_needs, mean=average)),
        Measure("share with one need", float(chances[0]), share_with_one),
    )
    population = {"needs_mean": mean, "needs_size": size}
    return Case(
        "Number of needs (zero-truncated negative binomial)",
        f"mean {mean:g}, size {size:g}, at most {most}",
        partial(crowd, per_day=100.0, population=population, needs=kinds),
        measures,
    )


def _numbers(result: Result) -> np.ndarray[Any, np.dtype[np.int64]]:
    cohort = result.episodes[result.episodes["cohort"]]
    return np.unique(cohort["citizen"].to_numpy(), return_counts=True)[1]


def mean_needs(result: Result) -> float:
    """Return the mean number of needs of a citizen."""
    return float(_numbers(result).mean())


def variance_of_needs(result: Result, mean: float) -> float:
    """Return the mean squared distance of the number of needs from a mean that is known."""
    return float(((_numbers(result) - mean) ** 2).mean())


def share_with_one(result: Result) -> float:
    """Return the share of citizens with one need."""
    return float((_numbers(result) == 1).mean())


def kinds_case(prevalence: tuple[float, float, float], lift: float) -> Case:
    """Return three kinds of need, the first and the third of which come together: the first need, and the second."""
    names = ("common", "usual", "rare")
    kinds: tuple[Row, ...] = tuple(
        {"need": name, "prevalence": weight} for name, weight in zip(names, prevalence, strict=True)
    )
    lifts = ({"need": "common", "other": "rare", "lift": lift},)
    common, usual, rare = prevalence
    after_common = rare * lift / (rare * lift + usual)
    measures = (
        Measure("share whose second need is rare, of those whose first is common", after_common, rare_after_common),
        Measure("share whose first need is common", common / sum(prevalence), share_common),
        Measure("share whose second is common, of those whose first is usual", common / (common + rare), common_after),
    )
    return Case(
        "Kinds of need by prevalence and lift",
        f"prevalence {common:g}, {usual:g}, {rare:g}, lift {lift:g}",
        partial(crowd, per_day=100.0, population={"needs_mean": 1.5}, needs=kinds, lifts=lifts),
        measures,
    )


def _in_order(result: Result) -> list[list[str]]:
    """Return the needs of each citizen in the order in which they were drawn."""
    cohort = result.episodes[result.episodes["cohort"]].sort_values(["citizen", "episode"])
    edges = np.flatnonzero(np.r_[True, np.diff(cohort["citizen"].cat.codes) != 0, True])
    needs = cohort["need"].astype(str).tolist()
    return [needs[start:end] for start, end in pairwise(edges)]


def share_common(result: Result) -> float:
    """Return the share of citizens whose first need is common."""
    return float(np.mean([needs[0] == "common" for needs in _in_order(result)]))


def rare_after_common(result: Result) -> float:
    """Return how often the second need is rare after a common one."""
    return _share_of_second(result, "common", "rare")


def common_after(result: Result) -> float:
    """Return how often the second need is common after a usual one."""
    return _share_of_second(result, "usual", "common")


def _share_of_second(result: Result, first: str, second: str) -> float:
    return float(np.mean([needs[1] == second for needs in _in_order(result) if len(needs) > 1 and needs[0] == first]))


def people_cases() -> list[Case]:
    """Return all cases of who comes."""
    return [
        *(arrivals_case(per_day) for per_day in (0.5, 20.0)),
        *(needs_case(mean, size, most) for mean, size, most in ((2.7, 3.4, 12), (0.4, 0.5, 6), (6.0, 20.0, 8))),
        *(kinds_case(prevalence, lift) for prevalence, lift in (((6.0, 3.0, 1.0), 5.0), ((1.0, 2.0, 2.0), 0.25))),
    ]
