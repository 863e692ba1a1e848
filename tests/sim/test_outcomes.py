"""Outcomes against other people's code: lifelines for the estimators, plain integration for the restricted mean.

No error rates: estimates from the same data must agree to rounding. The data are random with fixed seeds.
"""

from __future__ import annotations

import math
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import AalenJohansenFitter, KaplanMeierFitter
from scipy import integrate

from sim.outcomes.headline import HEADLINE, headline
from sim.outcomes.survival import (
    GAVE_UP,
    OPEN,
    SUPPORTED,
    cumulative_incidence,
    quantile,
    restricted_mean,
    value_at,
)
from sim.outcomes.tables import in_cohort
from sim.schema.parameters import Time

CODES = {OPEN: 0, SUPPORTED: 1, GAVE_UP: 2}
SEEDS = range(6)


def sample(seed: int, chances: tuple[float, float, float], whole_days: bool, count: int = 400) -> tuple:
    """Return days and states drawn at random: chances of open, supported and given up."""
    random = np.random.default_rng(seed)
    days = random.exponential(50.0, count)
    if whole_days:
        days = np.ceil(days)
    return days, random.choice([OPEN, SUPPORTED, GAVE_UP], count, p=chances)


@pytest.mark.parametrize("whole_days", [False, True], ids=["distinct", "tied"])
@pytest.mark.parametrize("seed", SEEDS)
def test_without_competing_event_it_is_kaplan_meier(seed: int, whole_days: bool) -> None:
    days, states = sample(seed, (0.4, 0.6, 0.0), whole_days)
    curve = cumulative_incidence(days, states)
    fitted = KaplanMeierFitter().fit(days, states == SUPPORTED)
    at = np.linspace(0.0, days.max() * 1.1, 500)
    expected = 1.0 - fitted.survival_function_at_times(at).to_numpy()
    assert [value_at(*curve, day) for day in at] == pytest.approx(expected, abs=1e-8)
    assert quantile(*curve, 0.5) == pytest.approx(fitted.median_survival_time_)
    assert np.all(cumulative_incidence(days, states, GAVE_UP)[1] == 0)


@pytest.mark.parametrize("event", [SUPPORTED, GAVE_UP])
@pytest.mark.parametrize("seed", SEEDS)
def test_with_a_competing_event_it_is_aalen_johansen(seed: int, event: str) -> None:
    """Distinct times: lifelines shakes tied ones apart at random; ties are checked below."""
    days, states = sample(seed, (0.3, 0.4, 0.3), whole_days=False)
    times, values = cumulative_incidence(days, states, event)
    codes = np.array([CODES[state] for state in states])
    fitted = AalenJohansenFitter(calculate_variance=False).fit(days, codes, event_of_interest=CODES[event])
    density = fitted.cumulative_density_.iloc[:, 0]
    expected = density.to_numpy()[np.searchsorted(density.index.to_numpy(), times, side="right") - 1]
    assert values == pytest.approx(expected, abs=1e-8)
    assert value_at(times, values, days.max()) == pytest.approx(density.iloc[-1], abs=1e-8)


@pytest.mark.parametrize("seed", SEEDS)
def test_tied_times_share_one_risk_set(seed: int) -> None:
    """Tied: the two incidences and what is left add up to 1, and what is left is Kaplan-Meier of either event."""
    days, states = sample(seed, (0.3, 0.4, 0.3), whole_days=True)
    supported, gave_up = (cumulative_incidence(days, states, event) for event in (SUPPORTED, GAVE_UP))
    unmet = KaplanMeierFitter().fit(days, states != OPEN)
    for day in np.arange(0.0, days.max() + 1):
        both = value_at(*supported, day) + value_at(*gave_up, day)
        assert both == pytest.approx(1.0 - unmet.predict(day), abs=1e-8)


def test_tied_times_by_hand() -> None:
    """Ten people; on day 1 two are supported and one gives up, one is censored; on day 3 the rest are supported."""
    days = [1, 1, 1, 1, 2, 3, 3, 3, 3, 3]
    states = [SUPPORTED, SUPPORTED, GAVE_UP, OPEN, OPEN, *[SUPPORTED] * 5]
    times, values = cumulative_incidence(days, states)
    assert list(times) == [0, 1, 3]
    assert values == pytest.approx([0.0, 0.2, 0.2 + 0.7])
    times, values = cumulative_incidence(days, states, GAVE_UP)
    assert values == pytest.approx([0.0, 0.1, 0.1])


def test_events_on_the_day_of_onset_count() -> None:
    curve = cumulative_incidence([0.0, 0.0, 5.0, 7.0], [SUPPORTED, GAVE_UP, SUPPORTED, OPEN])
    assert value_at(*curve, 0.0) == pytest.approx(0.25)
    assert value_at(*curve, 4.999) == pytest.approx(0.25)
    assert value_at(*curve, 5.0) == pytest.approx(0.5)
    assert restricted_mean(*curve, 10.0) == pytest.approx(0.75 * 5 + 0.5 * 5)


@pytest.mark.parametrize("states", [[], [OPEN, OPEN, OPEN]])
def test_nothing_observed(states: list[str]) -> None:
    curve = cumulative_incidence(np.arange(len(states)) + 1.0, states)
    assert [list(part) for part in curve] == [[0.0], [0.0]]
    assert value_at(*curve, 100.0) == 0.0
    assert math.isnan(quantile(*curve, 0.5))
    assert restricted_mean(*curve, 180.0) == 180.0


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("limit", [0.5, 28.0, 180.0, 2000.0])
def test_restricted_mean_is_the_area_above_the_curve(seed: int, limit: float) -> None:
    days, states = sample(seed, (0.3, 0.4, 0.3), whole_days=False, count=40)
    curve = cumulative_incidence(days, states)
    breaks = curve[0][curve[0] < limit]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pieces = [
            integrate.quad(lambda day: 1.0 - value_at(*curve, day), low, high)[0]
            for low, high in zip(breaks, [*breaks[1:], limit], strict=True)
        ]
    assert restricted_mean(*curve, limit) == pytest.approx(sum(pieces), abs=1e-8)


def test_restricted_mean_of_complete_data_is_the_mean() -> None:
    days, states = sample(1, (0.0, 1.0, 0.0), whole_days=False)
    curve = cumulative_incidence(days, states)
    assert restricted_mean(*curve, 1e4) == pytest.approx(days.mean())
    assert restricted_mean(*curve, 30.0) == pytest.approx(np.minimum(days, 30.0).mean())


def test_quantile_not_reached_is_not_a_number() -> None:
    curve = cumulative_incidence([1, 2, 3, 4, 5], [SUPPORTED, SUPPORTED, GAVE_UP, GAVE_UP, OPEN])
    assert quantile(*curve, 0.4) == 2.0
    assert math.isnan(quantile(*curve, 0.41))


def test_quantiles_of_complete_data() -> None:
    """The first day by which at least that share of all are supported, whatever the rounding of the products."""
    wrong = []
    for count in range(2, 200):
        curve = cumulative_incidence(np.arange(1.0, count + 1), [SUPPORTED] * count)
        for quarters in (1, 2, 3):
            found, expected = quantile(*curve, quarters / 4), -(-quarters * count // 4)
            if found != expected:
                wrong.append(f"{quarters}/4 of {count}: {found:g}, not {expected}")
    assert not wrong


def test_shares_are_at_most_1() -> None:
    """Where everybody is supported the share is 1, and not a rounding error more."""
    curves = [cumulative_incidence(np.arange(1.0, count + 1), [SUPPORTED] * count) for count in range(2, 200)]
    last = [float(values[-1]) for _, values in curves]
    assert last == pytest.approx([1.0] * len(last))
    assert max(last) <= 1.0


observations = st.lists(
    st.tuples(st.integers(0, 30).map(lambda half_days: half_days / 2), st.sampled_from([OPEN, SUPPORTED, GAVE_UP])),
    min_size=1,
    max_size=40,
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(observations)
def test_incidence_is_a_distribution(seen: list[tuple[float, str]]) -> None:
    """Rising from 0, the two events together at most 1, and in any order of the rows the same."""
    days, states = zip(*seen, strict=True)
    curves = [cumulative_incidence(days, states, event) for event in (SUPPORTED, GAVE_UP)]
    for times, values in curves:
        assert times[0] == 0 and values[0] == 0
        assert np.all(np.diff(times[1:]) > 0) and np.all(np.diff(values) >= 0)
    assert curves[0][1][-1] + curves[1][1][-1] <= 1.0 + 1e-12
    backwards = cumulative_incidence(days[::-1], states[::-1])
    assert np.array_equal(backwards, curves[0])


# --- the cohort and the headline ------------------------------------------------------------------------------------

NOTHING_FAILED = {"setbacks": 0, "dropped": 0, "crises": 0, "failure_contacts": 0}
CLOCK = Time(horizon_days=500.0, warmup_days=100.0, followup_days=150.0)


def test_edges_of_the_cohort() -> None:
    """From the end of the warm-up on, and before the last day on which the follow-up fits."""
    onset = np.array([0.0, 99.999, 100.0, 200.0, 349.999, 350.0, 499.0])
    assert list(in_cohort(onset, CLOCK)) == [False, False, True, True, True, False, False]
    assert in_cohort(np.empty(0), CLOCK).shape == (0,)


def frames() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return hand-made episodes (four counted, the others not) and handoffs."""
    rows = [
        (10.0, SUPPORTED, True), (40.0, GAVE_UP, True), (60.0, SUPPORTED, True), (200.0, OPEN, True),
        (1.0, SUPPORTED, False), (2.0, GAVE_UP, False),
    ]  # fmt: skip
    episodes = pd.DataFrame(rows, columns=["days", "state", "cohort"])
    episodes["state"] = pd.Categorical(episodes["state"], [SUPPORTED, GAVE_UP, OPEN])
    episodes["setbacks"], episodes["dropped"] = [2, 1, 0, 0, 9, 9], [1, 0, 0, 3, 9, 9]
    episodes["crises"], episodes["failure_contacts"] = [0, 0, 1, 0, 9, 9], [4, 0, 0, 2, 9, 9]
    ends = [("dropped", True)] * 3 + [("attended", True)] * 4 + [("under_way", True)] + [("dropped", False)] * 9
    return episodes, pd.DataFrame(ends, columns=["state", "cohort"])


def test_headline_by_hand() -> None:
    """Of four counted, one is supported by day 10, one gives up on day 40, one is supported by day 60, one is open."""
    values = headline(*frames(), CLOCK, 800.0)
    assert list(values) == [outcome.name for outcome in HEADLINE]
    assert values == {
        "supported_28": pytest.approx(0.25),
        "supported_126": pytest.approx(0.5),
        "median_days": 60.0,
        "restricted_mean_days": pytest.approx(10 + 0.75 * 50 + 0.5 * 90),
        "dropped_per_100": pytest.approx(100 * 3 / 8),
        "failed_per_100": pytest.approx(100 * 7 / 4),
        "failure_per_100": pytest.approx(150.0),
        "crises_per_100": pytest.approx(25.0),
        "cost_per_supported": 800.0,
        "gave_up": pytest.approx(0.25),
    }


def test_headline_takes_account_of_censoring() -> None:
    """Who is cut off on day 20 is not somebody who was not supported: two of three of the rest are."""
    episodes = pd.DataFrame({"days": [20.0, 30.0, 40.0, 200.0], "cohort": True, **NOTHING_FAILED})
    episodes["state"] = pd.Categorical([OPEN, SUPPORTED, SUPPORTED, OPEN], [SUPPORTED, GAVE_UP, OPEN])
    values = headline(episodes, frames()[1], CLOCK)
    assert values["supported_126"] == pytest.approx(2 / 3)
    assert values["median_days"] == 40.0
    assert values["gave_up"] == 0.0


def test_what_was_not_observed_is_not_claimed() -> None:
    """Nobody was followed for 126 days, and some were still waiting: the share by then is not known."""
    episodes = pd.DataFrame({"days": [20.0, 30.0], "cohort": True, **NOTHING_FAILED})
    for states, known in (([SUPPORTED, OPEN], False), ([SUPPORTED, GAVE_UP], True)):
        episodes["state"] = pd.Categorical(states, [SUPPORTED, GAVE_UP, OPEN])
        values = headline(episodes, frames()[1], CLOCK)
        assert values["supported_28"] == pytest.approx(0.5)
        assert math.isnan(values["supported_126"]) is not known


def test_what_is_known_to_the_day_is_claimed() -> None:
    """Somebody was still waiting after exactly 28 days, and somebody after exactly 126."""
    for longest, name in ((28.0, "supported_28"), (126.0, "supported_126")):
        episodes = pd.DataFrame({"days": [20.0, longest], "cohort": True, **NOTHING_FAILED})
        episodes["state"] = pd.Categorical([SUPPORTED, OPEN], [SUPPORTED, GAVE_UP, OPEN])
        assert headline(episodes, frames()[1], CLOCK)[name] == pytest.approx(0.5)


def test_support_on_the_last_day_is_within_it() -> None:
    """Within 28 days and within 18 weeks include day 28 and day 126, and nothing after them."""
    for name, last in (("supported_28", 28.0), ("supported_126", 126.0)):
        episodes = pd.DataFrame({"days": [last, last + 0.01, 300.0], "cohort": True, **NOTHING_FAILED})
        episodes["state"] = pd.Categorical([SUPPORTED, SUPPORTED, OPEN], [SUPPORTED, GAVE_UP, OPEN])
        assert headline(episodes, frames()[1], CLOCK)[name] == pytest.approx(1 / 3)


def test_headline_of_nobody_is_not_a_number() -> None:
    episodes, handoffs = frames()
    values = headline(episodes[~episodes["cohort"]], handoffs, CLOCK)
    assert list(values) == [outcome.name for outcome in HEADLINE]
    assert all(math.isnan(value) for value in values.values())
    without_handoffs = headline(episodes, handoffs[~handoffs["cohort"]], CLOCK)
    assert math.isnan(without_handoffs["dropped_per_100"])
    assert without_handoffs["supported_28"] == pytest.approx(0.25)
