"""Standard errors and intervals of time to support against lifelines, brute force and known truth.

The data are random with fixed seeds. Where two ways to the same number are compared they must agree to rounding;
where a share of intervals is counted, its own error is said.
"""

from __future__ import annotations

import math
from time import perf_counter

import numpy as np
import pytest
from lifelines import AalenJohansenFitter

from sim import Scenario, simulate
from sim.outcomes.survival import (
    GAVE_UP,
    OPEN,
    SUPPORTED,
    cumulative_incidence,
    incidence_error,
    incidence_interval,
    known_until,
    normal_quantile,
    quantile_interval,
    restricted_mean,
    restricted_mean_error,
    value_at,
)

CODES = {OPEN: 0, SUPPORTED: 1, GAVE_UP: 2}
SEEDS = range(6)
CHANCES = {"competing": (0.3, 0.4, 0.3), "without a competing event": (0.4, 0.6, 0.0), "complete": (0.0, 0.6, 0.4)}
"""Of open, supported and given up."""


def sample(seed: int, chances: tuple[float, ...], whole_days: bool, count: int = 400) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    days = random.exponential(50.0, count)
    if whole_days:
        days = np.floor(days)
    return days, random.choice([OPEN, SUPPORTED, GAVE_UP], count, p=chances)


@pytest.fixture
def lifelines_with_ties(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep lifelines from shaking tied events apart: its formulas are sums over days and hold with ties."""
    monkeypatch.setattr(AalenJohansenFitter, "_check_for_duplicates", staticmethod(lambda durations, events: False))


def assert_agrees_with_lifelines(days: np.ndarray, states: np.ndarray, event: str) -> None:
    """Compare incidence, standard error and interval at each step.

    A day later for lifelines, which leaves out events on day 0; the estimates depend on the order of the days alone. It
    has no variance where all that are left end on a day, and no interval where the incidence is 0 or 1.
    """
    times, values = cumulative_incidence(days, states, event)
    errors = incidence_error(days, states, event)
    low, high = incidence_interval(values, errors)
    codes = np.array([CODES[state] for state in states])
    with np.errstate(all="ignore"):
        fitted = AalenJohansenFitter(calculate_variance=True).fit(days + 1, codes, event_of_interest=CODES[event])
    at = np.searchsorted(fitted.timeline, times[1:] + 1)
    assert values[1:] == pytest.approx(fitted.cumulative_density_.iloc[at, 0].to_numpy(), abs=1e-8)
    variance = fitted.variance_.to_numpy()[at]
    known = np.isfinite(variance)
    assert np.all(known[:-1])
    assert errors[1:][known] ** 2 == pytest.approx(variance[known], abs=1e-12)
    assert errors[1:][known] == pytest.approx(np.sqrt(np.maximum(variance[known], 0)), abs=1e-8)
    ends = np.sort(fitted.confidence_interval_.to_numpy()[at], axis=1)
    known = np.isfinite(ends).all(axis=1) & np.isfinite(low[1:])
    inside = (values[1:] > 0) & (values[1:] < 1 - 1e-9)
    assert np.all(known[:-1] == inside[:-1])
    assert low[1:][known] == pytest.approx(ends[known, 0], abs=1e-8)
    assert high[1:][known] == pytest.approx(ends[known, 1], abs=1e-8)


@pytest.mark.usefixtures("lifelines_with_ties")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("event", [SUPPORTED, GAVE_UP])
@pytest.mark.parametrize("whole_days", [False, True], ids=["distinct", "tied"])
@pytest.mark.parametrize("chances", CHANCES.values(), ids=CHANCES)
@pytest.mark.parametrize("seed", SEEDS)
def test_errors_and_intervals_are_those_of_lifelines(
    seed: int, chances: tuple[float, ...], whole_days: bool, event: str
) -> None:
    assert_agrees_with_lifelines(*sample(seed, chances, whole_days), event)


@pytest.mark.usefixtures("lifelines_with_ties")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("whole_days", [False, True], ids=["as simulated", "whole days"])
@pytest.mark.parametrize("event", [SUPPORTED, GAVE_UP])
def test_durations_of_the_shipped_town_agree_with_lifelines(event: str, whole_days: bool) -> None:
    time = {"horizon_days": 150.0, "warmup_days": 30.0, "followup_days": 60.0}
    episodes = simulate(Scenario.load("three_journeys", {"time": time}), "fragmented", seed=1).episodes
    counted = episodes[episodes["cohort"]]
    states = counted["state"].astype(str).to_numpy()
    assert len(counted) > 500 and set(states) == {OPEN, SUPPORTED, GAVE_UP}
    days = counted["days"].to_numpy()
    assert_agrees_with_lifelines(np.floor(days) if whole_days else days, states, event)


@pytest.mark.parametrize("seed", SEEDS)
def test_without_censoring_the_variance_is_binomial(seed: int) -> None:
    days, states = sample(seed, CHANCES["complete"], whole_days=True)
    share = cumulative_incidence(days, states)[1]
    assert incidence_error(days, states) ** 2 == pytest.approx(share * (1 - share) / len(days), abs=1e-15)


def test_where_everybody_is_supported_the_error_ends_at_0() -> None:
    """And is a number: a variance that rounding leaves below 0 has no root."""
    for count in range(2, 200):
        errors = incidence_error(np.arange(1.0, count + 1), [SUPPORTED] * count)
        assert np.all(np.isfinite(errors)), count
        assert errors[-1] == pytest.approx(0.0, abs=1e-7), count


@pytest.mark.parametrize("seed", SEEDS)
def test_without_a_competing_event_the_variance_is_greenwood_s(seed: int) -> None:
    days, states = sample(seed, CHANCES["without a competing event"], whole_days=True)
    times, values = cumulative_incidence(days, states)
    at_risk = np.array([np.sum(days >= day) for day in times[1:]])
    ended = np.array([np.sum((days == day) & (states == SUPPORTED)) for day in times[1:]])
    with np.errstate(all="ignore"):
        expected = (1 - values[1:]) ** 2 * np.cumsum(ended / (at_risk * (at_risk - ended)))
    known = np.isfinite(expected)
    assert (incidence_error(days, states)[1:] ** 2)[known] == pytest.approx(expected[known], abs=1e-14)


def test_error_by_hand() -> None:
    """Four people: supported on day 1, given up on day 2, censored on day 3, supported on day 4.

    At day 1: F = 1/4, var = 1/4 * 3/4 / 4. Nobody is censored before day 4; there F = 1/4 + 1/2 * 1 = 3/4, and
    the terms of the formula are (1/2)^2 / (4 * 3) + (1/2)^2 / (3 * 2), 3/64 + 0 and -2 * 1/2 / 16.
    """
    days, states = [1, 2, 3, 4], [SUPPORTED, GAVE_UP, OPEN, SUPPORTED]
    expected = [0, 3 / 64, 3 / 64, 1 / 48 + 1 / 24 + 3 / 64 - 1 / 16]
    assert incidence_error(days, states) ** 2 == pytest.approx(expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_intervals_stay_within_0_and_1(seed: int) -> None:
    """Three people: an interval of the share plus and minus two errors would leave both ends."""
    days, states = sample(seed, CHANCES["competing"], whole_days=False, count=3)
    values, errors = cumulative_incidence(days, states)[1], incidence_error(days, states)
    low, high = incidence_interval(values, errors)
    known = ~np.isnan(low)
    assert np.all(known == ((values > 0) & (values < 1)))
    assert np.all((low[known] >= 0) & (low[known] < values[known]))
    assert np.all((values[known] < high[known]) & (high[known] <= 1))


def test_a_quantile_lies_between_the_days_on_which_the_band_reaches_it() -> None:
    times, low, high = np.array([0.0, 5.0, 9.0]), np.array([np.nan, 0.1, 0.3]), np.array([np.nan, 0.5, 0.8])
    assert quantile_interval(times, low, high, 0.3) == (5.0, 9.0)
    early, late = quantile_interval(times, low, high, 0.6)
    assert early == 9.0
    assert math.isnan(late)


# --- restricted mean ------------------------------------------------------------------------------------------------


def jackknife(days: np.ndarray, states: np.ndarray, limit: float, event: str) -> float:
    """Return the standard error from restricted means that are estimated anew without each episode."""
    everybody = range(len(days))
    means = np.array(
        [
            restricted_mean(*cumulative_incidence(np.delete(days, one), np.delete(states, one), event), limit)
            for one in everybody
        ]
    )
    return math.sqrt((len(days) - 1) / len(days) * np.sum((means - means.mean()) ** 2))


@pytest.mark.parametrize("event", [SUPPORTED, GAVE_UP])
@pytest.mark.parametrize("limit", [20.0, 60.0, 1000.0])
@pytest.mark.parametrize("whole_days", [False, True], ids=["distinct", "tied"])
@pytest.mark.parametrize("count", [2, 3, 10, 60])
def test_error_of_the_restricted_mean_is_the_jackknife(count: int, whole_days: bool, limit: float, event: str) -> None:
    """The same number by another way, so that only rounding is left: 60 sums of 60 terms of at most 1000 days."""
    for seed, chances in enumerate(CHANCES.values()):
        days, states = sample(seed, chances, whole_days, count)
        expected = jackknife(days, states, limit, event)
        assert restricted_mean_error(days, states, limit, event) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("limit", [30.0, 1e4])
def test_error_of_the_restricted_mean_of_complete_data_is_that_of_a_mean(limit: float) -> None:
    days, states = sample(1, (0.0, 1.0, 0.0), whole_days=False)
    restricted = np.minimum(days, limit)
    expected = restricted.std(ddof=1) / math.sqrt(len(days))
    assert restricted_mean_error(days, states, limit) == pytest.approx(expected, abs=1e-9)


def test_intervals_of_one_sample_cover_the_truth() -> None:
    """Exponential times to support (mean 100) and to giving up (200), censored evenly on days 20 to 120.

    Of 2,000 samples of 150, 95 % intervals should cover the truth in 95 %; the standard error of that share is 0.5
    points, and an estimator for large samples may be off by 1 point in samples of this size.
    """
    random = np.random.default_rng(20)
    rate, limit, day, samples = 1 / 100 + 1 / 200, 90.0, 60.0, 2000
    true_share = (1 / 100) / rate * (1 - math.exp(-rate * day))
    true_mean = limit - (1 / 100) / rate * (limit - (1 - math.exp(-rate * limit)) / rate)
    share_covered = mean_covered = 0
    for _ in range(samples):
        supported, gave_up, end = (
            random.exponential(100, 150),
            random.exponential(200, 150),
            random.uniform(20, 120, 150),
        )
        days = np.minimum(np.minimum(supported, gave_up), end)
        states = np.where(days == end, OPEN, np.where(days == supported, SUPPORTED, GAVE_UP))
        times, values = cumulative_incidence(days, states)
        low, high = incidence_interval(values, incidence_error(days, states))
        share_covered += value_at(times, low, day) <= true_share <= value_at(times, high, day)
        half = normal_quantile() * restricted_mean_error(days, states, limit)
        mean_covered += abs(restricted_mean(times, values, limit) - true_mean) <= half
    assert 0.93 <= share_covered / samples <= 0.97
    assert 0.93 <= mean_covered / samples <= 0.97


@pytest.mark.parametrize(("level", "errors"), [(0.5, 0.674490), (0.9, 1.644854), (0.99, 2.575829)])
def test_how_many_errors_an_interval_reaches(level: float, errors: float) -> None:
    assert normal_quantile(level) == pytest.approx(errors, abs=1e-6)
    assert normal_quantile() == pytest.approx(1.959964, abs=1e-6)


# --- edges ----------------------------------------------------------------------------------------------------------


def test_nobody() -> None:
    assert list(incidence_error([], [])) == [0.0]
    assert all(np.isnan(end).all() for end in incidence_interval(np.zeros(1), np.zeros(1)))
    assert math.isnan(restricted_mean_error([], [], 180.0))
    assert known_until([], []) == 0.0


@pytest.mark.parametrize("state", [OPEN, SUPPORTED, GAVE_UP])
def test_one_person_has_no_interval(state: str) -> None:
    values, errors = cumulative_incidence([5.0], [state])[1], incidence_error([5.0], [state])
    assert len(values) == len(errors)
    assert np.all(errors == 0)
    assert all(np.isnan(end).all() for end in incidence_interval(values, errors))
    assert math.isnan(restricted_mean_error([5.0], [state], 180.0))
    assert known_until([5.0], [state]) == (5.0 if state == OPEN else math.inf)


def test_everybody_censored() -> None:
    days, states = [3.0, 3.0, 8.0], [OPEN] * 3
    assert list(incidence_error(days, states)) == [0.0]
    assert restricted_mean_error(days, states, 180.0) == 0.0
    assert known_until(days, states) == 8.0


def test_everybody_on_the_day_of_onset() -> None:
    days, states = [0.0] * 4, [SUPPORTED, SUPPORTED, SUPPORTED, GAVE_UP]
    assert incidence_error(days, states) == pytest.approx([0.0, math.sqrt(0.75 * 0.25 / 4)])
    # Of 0, 0, 0 and 180 days the mean is 45 and its standard error 90 / 2.
    assert restricted_mean_error(days, states, 180.0) == pytest.approx(45.0)
    assert list(incidence_error(days, [SUPPORTED] * 4)) == [0.0, 0.0]
    assert restricted_mean_error(days, [SUPPORTED] * 4, 180.0) == 0.0


def test_two_hundred_thousand_episodes_take_less_than_a_second() -> None:
    days, states = sample(0, CHANCES["competing"], whole_days=False, count=200_000)
    start = perf_counter()
    values, errors = cumulative_incidence(days, states)[1], incidence_error(days, states)
    incidence_interval(values, errors)
    restricted_mean_error(days, states, 180.0)
    assert perf_counter() - start < 1.0
