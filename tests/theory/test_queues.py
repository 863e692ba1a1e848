"""One service from ordinary scenario tables against queueing theory; arrivals and needs against their distributions.

Error rates: seeds are fixed, so that every test passes or fails for ever. Were they drawn anew, the comparisons in
this file together would fail falsely in at most one of a thousand runs: each of at most ``FAMILY`` comparisons is
made at ``ERROR_RATE / FAMILY`` (Bonferroni). Replicates are the unit, so that waits of neighbours in a queue need
not be independent. Whether a wait is counted depends only on when the citizen came: arrivals are Poisson and see
what the clock sees on average.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, special, stats

from sim import Coordination, Scenario, simulate
from sim.draws import world_key
from sim.population import DAYS_PER_YEAR, People, count_distribution, draw_people
from tests.places import changed, write_place
from tests.theory import formulas

ERROR_RATE = 1e-3
FAMILY = 64
ALPHA = ERROR_RATE / FAMILY
REPLICATES = 16
SEED = 20


@dataclass(frozen=True)
class Queue:
    """One service; times in days.

    Attributes:
        servers: Places.
        load: Work offered per place.
        service: Mean service time.
        patience: Mean patience, in service times; None for endless.
        customers: Expected number of citizens counted in a replicate.
        warmup: Expected number of citizens before them.
    """

    servers: int
    load: float
    service: float
    patience: float | None
    customers: int
    warmup: int

    @property
    def offered(self) -> float:
        """Work offered."""
        return self.servers * self.load

    @property
    def per_day(self) -> float:
        """Arrivals a day."""
        return self.offered / self.service

    def scenario(self) -> Scenario:
        """Return the place with this queue."""
        warmup, counted = self.warmup / self.per_day, self.customers / self.per_day
        tail = 100.0 * self.service
        settings = {
            "time": {"horizon_days": warmup + counted + tail, "warmup_days": warmup, "followup_days": tail},
            "population": {
                "needs_mean": 0,
                "persistence_median": 0,
                "patience_days": 1e12 if self.patience is None else self.patience * self.service,
                "patience_sigma": 0,
            },
            "journey": {"attendance": 1},
        }
        service = {"places": self.servers, "service_days": self.service, "service_time": "exponential"}
        with TemporaryDirectory() as folder:
            write_place(
                Path(folder),
                settings,
                districts=changed("districts", citizens_per_year=self.per_day * DAYS_PER_YEAR),
                services=changed("services", **service),
            )
            return Scenario.load(Path(folder))


ERLANG_C = (
    Queue(1, 0.5, 2.0, None, 2000, 100),
    Queue(3, 0.8, 1.0, None, 4500, 500),
    Queue(10, 0.9, 0.5, None, 9000, 2000),
)
ERLANG_A = (
    Queue(2, 0.7, 1.0, 1.0, 2000, 100),
    Queue(5, 1.0, 0.5, 2.0, 2000, 200),
    Queue(10, 1.3, 2.0, 0.5, 2500, 200),
)


@lru_cache
def waits(queue: Queue, discipline: str = "first_come") -> tuple[pd.DataFrame, ...]:
    """Return the counted spells of each replicate, with the severity of their needs.

    Raises:
        AssertionError: A counted wait was cut off by the horizon, or a spell is not all of the citizen's story.
    """
    scenario, rule = queue.scenario(), Coordination(discipline=discipline)
    # Worlds of their own for each queue: the same arrivals would make the comparisons err together.
    first = 1000 * (ERLANG_C + ERLANG_A).index(queue)
    found = []
    for replicate in range(first, first + REPLICATES):
        result = simulate(scenario, rule, seed=SEED, replicate=replicate)
        spells = result.spells.assign(severity=result.episodes["severity"].to_numpy()[result.spells["episode"]])
        assert len(spells) == len(result.episodes)
        counted = spells[spells["cohort"]]
        assert counted["wait"].notna().all()
        found.append(counted[["wait", "end", "severity"]])
    return tuple(found)


def per_replicate(queue: Queue, measure: Callable[[pd.DataFrame], float], discipline: str = "first_come") -> np.ndarray:
    """Return a measure of the spells of each replicate."""
    return np.array([measure(spells) for spells in waits(queue, discipline)])


def agrees(replicates: np.ndarray, expected: float) -> bool:
    """Return whether replicates agree with theory at the file's error rate."""
    t = formulas.t_statistic(replicates, expected)
    print(f"expected {expected:.5g}, found {replicates.mean():.5g}, t = {t:.2f}")
    return abs(t) < formulas.largest_t(len(replicates), FAMILY, ERROR_RATE)


def mean_wait(spells: pd.DataFrame) -> float:
    return float(spells["wait"].mean())


def mean_square_wait(spells: pd.DataFrame) -> float:
    return float((spells["wait"] ** 2).mean())


def share_delayed(spells: pd.DataFrame) -> float:
    return float((spells["wait"] > 0).mean())


def share_abandoned(spells: pd.DataFrame) -> float:
    return float((spells["end"] == "abandoned_wait").mean())


# --- the formulas themselves --------------------------------------------------------------------------------------


def test_erlang_b_and_c_known_values() -> None:
    """Against values that can be worked out by hand, and the integral form of Erlang B."""
    assert formulas.erlang_b(1, 1.0) == pytest.approx(1 / 2)
    assert formulas.erlang_b(2, 1.0) == pytest.approx(1 / 5)
    assert formulas.erlang_c(1, 0.7) == pytest.approx(0.7)
    assert formulas.erlang_c(2, 1.0) == pytest.approx(1 / 3)
    assert formulas.erlang_c(3, 2.0) == pytest.approx(4 / 9)
    assert formulas.mean_wait(1, 0.5, 2.0) == pytest.approx(2.0)
    area, _ = integrate.quad(lambda t: math.exp(-9.0 * t) * (1 + t) ** 10, 0, 10)
    assert formulas.erlang_b(10, 9.0) == pytest.approx(1 / (9.0 * area), rel=1e-6)


def test_erlang_a_known_values() -> None:
    """Patience as long as service: the number present is Poisson. Endless patience: Erlang C. One place: Palm."""
    for servers, offered in ((1, 0.5), (4, 6.0), (10, 13.0)):
        present = np.arange(400)
        queue = float(np.sum(np.maximum(present - servers, 0) * stats.poisson.pmf(present, offered)))
        assert formulas.erlang_a(servers, offered, 1.0) == pytest.approx((queue / offered, queue / offered))
    assert formulas.erlang_a(3, 2.4, 1e6)[1] == pytest.approx(formulas.mean_wait(3, 2.4), rel=1e-4)
    # Of one place: the place is busy with probability p, so that the share p / offered is served.
    rate, ratio = 0.25, 0.8 / 0.25
    sums = 1.0 + 0.8 * math.exp(ratio) * ratio ** (-1 / rate) / rate * special.gammainc(1 / rate, ratio) * math.gamma(
        1 / rate
    )
    assert formulas.erlang_a(1, 0.8, 4.0)[0] == pytest.approx(1.0 - (1.0 - 1.0 / sums) / 0.8)


def test_urgency_formula_averages_to_the_mean_wait() -> None:
    assert formulas.mean_wait_by_urgency(3, 2.4, 0.0, 1.0) == pytest.approx(formulas.mean_wait(3, 2.4))
    halves = [formulas.mean_wait_by_urgency(3, 2.4, low, low + 0.5) for low in (0.0, 0.5)]
    assert np.mean(halves) == pytest.approx(formulas.mean_wait(3, 2.4))


# --- the model ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("queue", ERLANG_C, ids=lambda queue: f"{queue.servers}_places_load_{queue.load}")
def test_waits_are_those_of_erlang_c(queue: Queue) -> None:
    """Mean wait and probability of delay of M/M/c: six comparisons of the family over the three loads.

    The same comparison rejects the formula for one place more: it has the power to see one place in eleven.
    """
    delayed, wait = per_replicate(queue, share_delayed), per_replicate(queue, mean_wait)
    assert agrees(delayed, formulas.erlang_c(queue.servers, queue.offered))
    assert agrees(wait, formulas.mean_wait(queue.servers, queue.offered, queue.service))
    assert not agrees(delayed, formulas.erlang_c(queue.servers + 1, queue.offered))
    assert not agrees(wait, formulas.mean_wait(queue.servers + 1, queue.offered, queue.service))


@pytest.mark.parametrize("queue", ERLANG_A, ids=lambda queue: f"{queue.servers}_places_load_{queue.load}")
def test_abandonment_is_that_of_erlang_a(queue: Queue) -> None:
    """Share that abandons and mean wait of M/M/c+M: six comparisons of the family over the three loads.

    The same comparison rejects the formula for one place more, and the wait for twice the patience.
    """
    assert queue.patience is not None
    abandoned, wait = per_replicate(queue, share_abandoned), per_replicate(queue, mean_wait)
    share, days = formulas.erlang_a(queue.servers, queue.offered, queue.patience)
    assert agrees(abandoned, share)
    assert agrees(wait, days * queue.service)
    share, days = formulas.erlang_a(queue.servers + 1, queue.offered, queue.patience)
    assert not agrees(abandoned, share)
    assert not agrees(wait, days * queue.service)
    # Under overload the share that leaves hardly depends on patience; the wait does.
    assert not agrees(wait, formulas.erlang_a(queue.servers, queue.offered, 2 * queue.patience)[1] * queue.service)


def test_random_order_keeps_the_mean_and_spreads_the_waits() -> None:
    """Three comparisons of the family; the second moments of the two disciplines are told apart."""
    queue = ERLANG_C[1]
    first_come = per_replicate(queue, mean_square_wait)
    random_order = per_replicate(queue, mean_square_wait, "random_order")
    in_order = formulas.mean_square_wait(queue.servers, queue.offered, queue.service)
    at_random = formulas.mean_square_wait(queue.servers, queue.offered, queue.service, random_order=True)
    mean = formulas.mean_wait(queue.servers, queue.offered, queue.service)
    assert agrees(per_replicate(queue, mean_wait, "random_order"), mean)
    assert agrees(first_come, in_order)
    assert agrees(random_order, at_random)
    # The same worlds: the difference within each is seen with far more power than either mean.
    assert not agrees(random_order - first_come, 0.0)
    assert np.all(random_order > first_come)


def test_urgency_lets_the_severe_wait_less() -> None:
    """Six comparisons of the family: the mean wait of all, and of each fifth of severity, as Cobham has it."""
    queue = ERLANG_C[1]
    assert agrees(
        per_replicate(queue, mean_wait, "urgency"), formulas.mean_wait(queue.servers, queue.offered, queue.service)
    )
    expected = []
    for fifth in range(5):
        low, high = fifth / 5, (fifth + 1) / 5

        def wait_of_fifth(spells: pd.DataFrame, low: float = low, high: float = high) -> float:
            more_urgent = stats.norm.sf(special.logit(spells["severity"]) / 0.8)
            return float(spells["wait"][(more_urgent >= low) & (more_urgent < high)].mean())

        found = per_replicate(queue, wait_of_fifth, "urgency")
        expected.append(formulas.mean_wait_by_urgency(queue.servers, queue.offered, low, high, queue.service))
        assert agrees(found, expected[-1])
        if fifth in (0, 4):
            assert not agrees(found, formulas.mean_wait(queue.servers, queue.offered, queue.service))
    assert expected == sorted(expected)


# --- who arrives --------------------------------------------------------------------------------------------------

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
