"""Arrivals, needs and traits against their distributions.

Error rate: seeds are fixed, so that every test passes or fails for ever. Were they drawn anew, the comparisons in
this file together would fail falsely in at most one of a thousand runs: each of at most ``FAMILY`` comparisons is made
at ``ERROR_RATE / FAMILY`` (Bonferroni).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import special, stats

from experiments.validation import formulas
from sim import Scenario
from sim.draws import world_key
from sim.population import DAYS_PER_YEAR, People, count_distribution, draw_people
from tests.places import changed, write_place

ERROR_RATE = 1e-3
FAMILY = 32
ALPHA = ERROR_RATE / FAMILY
SEED = 20

KINDS = ({"need": "common", "prevalence": 6}, {"need": "usual", "prevalence": 3}, {"need": "rare", "prevalence": 1})
MANY_KINDS = tuple({"need": f"kind_{number}", "prevalence": 1 + number} for number in range(12))


def worlds(folder: Path, count: int, settings: dict, **tables: object) -> list[People]:
    """Return the people of some replicates of a place."""
    services = changed("services", needs="all")
    scenario = Scenario.load(write_place(folder, settings, services=services, **tables))
    return [draw_people(scenario, world_key(SEED, replicate)) for replicate in range(count)]


def fits_counts(found: np.ndarray, expected: np.ndarray) -> bool:
    """Return whether counts agree with what is expected (Pearson's chi-square) at the file's error rate."""
    assert expected.min() >= 5
    return bool(stats.chisquare(found, expected * found.sum() / expected.sum()).pvalue > ALPHA)


def test_arrivals_are_poisson(tmp_path: Path) -> None:
    """Three comparisons: total count, dispersion of counts between replicates, spread over the run."""
    count, per_year, horizon = 400, 200, 100.0
    settings = {"time": {"horizon_days": horizon, "warmup_days": 20, "followup_days": 30}}
    people = worlds(tmp_path, count, settings, districts=changed("districts", citizens_per_year=per_year))
    counts = np.array([len(world) for world in people])
    expected = per_year * horizon / DAYS_PER_YEAR
    assert stats.poisson(count * expected).cdf(counts.sum()) == pytest.approx(0.5, abs=0.5 - ALPHA / 2)
    dispersion = np.sum((counts - expected) ** 2 / expected)
    assert stats.chi2(count).cdf(dispersion) == pytest.approx(0.5, abs=0.5 - ALPHA / 2)
    arrivals = np.concatenate([world.arrival for world in people])
    assert stats.kstest(arrivals / horizon, "uniform").pvalue > ALPHA
    # Power: one citizen in ten more would be seen, and so would counts that do not vary.
    assert not stats.poisson(1.1 * count * expected).cdf(counts.sum()) > ALPHA / 2
    assert stats.chi2(count).cdf(0.0) < ALPHA / 2


def test_number_of_needs_is_zero_truncated_negative_binomial(tmp_path: Path) -> None:
    """One comparison, over some ten thousand citizens; a mean of needs 10 % larger is rejected."""
    population = {"needs_mean": 2.7, "needs_size": 3.4}
    districts = changed("districts", citizens_per_year=40_000)
    people = worlds(tmp_path, 1, {"population": population}, districts=districts, needs=MANY_KINDS)[0]
    found = np.bincount(np.diff(people.first), minlength=13)[1:13]
    assert found.sum() == len(people)
    expected = formulas.zero_truncated_negative_binomial(2.7, 3.4, 12) * len(people)
    assert fits_counts(found, expected)
    assert not fits_counts(found, formulas.zero_truncated_negative_binomial(2.97, 3.4, 12) * len(people))


@pytest.mark.parametrize(("mean", "size", "most"), [(2.7, 3.4, 12), (0.1, 0.5, 3), (20.0, 50.0, 40), (1.0, 1.0, 1)])
def test_distribution_of_counts_is_that_of_scipy(mean: float, size: float, most: int) -> None:
    expected = np.cumsum(formulas.zero_truncated_negative_binomial(mean, size, most))
    assert count_distribution(mean, size, most) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("mean", "size"), [(1e-18, 3.4), (2.7, 1e18)])
def test_distribution_of_counts_near_its_limits(mean: float, size: float) -> None:
    """Almost nobody with a second need, and almost Poisson: still a distribution."""
    found = count_distribution(mean, size, 12)
    assert np.all(np.diff(found) >= 0) and found[-1] == 1.0
    poisson = stats.poisson(mean)
    expected = np.cumsum(poisson.pmf(np.arange(1, 12))) / -np.expm1(-mean)
    assert found[:11] == pytest.approx(expected, abs=1e-6)


def test_kinds_are_drawn_by_weight_and_lift(tmp_path: Path) -> None:
    """Four comparisons: the first kind by prevalence, the second given the first by prevalence times lift."""
    lifts = [{"need": "common", "other": "rare", "lift": 5}]
    people = worlds(
        tmp_path,
        1,
        {"population": {"needs_mean": 1.5}},
        districts=changed("districts", citizens_per_year=60_000),
        needs=KINDS,
        cooccurrence=lifts,
    )[0]
    start, counts = people.first[:-1], np.diff(people.first)
    first = people.kind[start]
    assert fits_counts(np.bincount(first, minlength=3), np.array([0.6, 0.3, 0.1]) * len(people))
    assert not fits_counts(np.bincount(first, minlength=3), np.ones(3) / 3 * len(people))
    several = counts > 1
    second = people.kind[start[several] + 1]
    weights = np.array([[0.0, 3.0, 5.0], [6.0, 0.0, 1.0], [30.0, 3.0, 0.0]])
    for kind in range(3):
        found = np.bincount(second[first[several] == kind], minlength=3)
        others = [other for other in range(3) if other != kind]
        assert found[kind] == 0
        expected = weights[kind, others] / weights[kind].sum() * found.sum()
        assert fits_counts(found[others], expected)


def test_traits_follow_their_distributions(tmp_path: Path) -> None:
    """Five comparisons by Kolmogorov and Smirnov: capability, persistence, patience, severity, lag."""
    settings = {
        "population": {
            "needs_mean": 1.5,
            "capability_median": 0.4,
            "capability_sigma": 1.2,
            "persistence_median": 0.7,
            "persistence_sigma": 0.5,
            "patience_days": 100,
            "patience_sigma": 0.5,
            "onset_lag_days": 30,
        }
    }
    districts = changed("districts", citizens_per_year=20_000)
    people = worlds(tmp_path, 1, settings, districts=districts, needs=MANY_KINDS)[0]
    second = people.first[:-1][np.diff(people.first) > 1] + 1
    standard = {
        "capability": (special.logit(people.capability) - special.logit(0.4)) / 1.2,
        "persistence": (special.logit(people.persistence) - special.logit(0.7)) / 0.5,
        "patience": (np.log(people.patience / 100) + 0.125) / 0.5,
        "severity": special.logit(people.severity) / 0.8,
    }
    for name, values in standard.items():
        assert stats.kstest(values, "norm").pvalue > ALPHA, name
        assert stats.kstest(values + 0.1, "norm").pvalue < ALPHA, name
    assert np.all(people.lag[people.first[:-1]] == 0)
    assert stats.kstest(people.lag[second] / 30, "expon").pvalue > ALPHA
