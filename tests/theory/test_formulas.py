"""The formulas themselves, against values worked out in another way."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, special, stats

from experiments.validation import formulas
from experiments.validation.chains import GAVE_UP, NEW, SUPPORTED, Chain, Journey, Step, journey_chain
from experiments.validation.formulas import ServiceTime


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


LAWS = (
    ServiceTime(2.0),
    ServiceTime(0.5, "fixed"),
    ServiceTime(3.0, "lognormal", 0.5),
    ServiceTime(1.0, "lognormal", 2.0),
)


@pytest.mark.parametrize("service", LAWS)
def test_moments_of_service_times(service: ServiceTime) -> None:
    """Against scipy's distributions, and the integral of the survival function."""
    sigma = math.sqrt(math.log(1.0 + service.cv**2))
    laws = {
        "exponential": stats.expon(scale=service.mean),
        "lognormal": stats.lognorm(sigma, scale=service.mean * math.exp(-(sigma**2) / 2)),
        "fixed": stats.uniform(service.mean - 1e-6, 2e-6),
    }
    law = laws[service.law]
    for order in (1, 2, 3):
        assert service.moment(order) == pytest.approx(law.moment(order), rel=1e-5)
    for limit in (0.1, 1.0, 7.0):
        area, _ = integrate.quad(law.sf, 0.0, limit, points=[service.mean] if service.mean < limit else None)
        assert service.mean_up_to(limit) == pytest.approx(area, rel=1e-4)


@pytest.mark.parametrize("load", [0.3, 0.9])
def test_one_place_with_exponential_service_is_erlangs(load: float) -> None:
    service = ServiceTime(2.0)
    rate = load / service.mean
    assert formulas.mean_wait_one_place(rate, service) == pytest.approx(formulas.mean_wait(1, load, 2.0))
    for random_order in (False, True):
        assert formulas.mean_square_wait_one_place(rate, service, random_order) == pytest.approx(
            formulas.mean_square_wait(1, load, 2.0, random_order)
        )


@pytest.mark.parametrize("service", LAWS)
@pytest.mark.parametrize("load", [0.4, 0.8])
def test_random_order_from_first_principles(service: ServiceTime, load: float) -> None:
    """The mean square of the wait in M/G/1 in random order, worked out from one end of service to the next.

    Let n wait, the tagged one among them, when a service ends. The tagged one is next with chance 1/n, or waits for a
    service S and is then among n - 1 + A, where A arrive during S. Trying a(n - 1) for the mean of what is left to wait
    and (n - 1)(bn + c) for its mean square satisfies these recursions. Who arrives while somebody is served waits for
    the rest R of that service and is then one of 1 + M, M being those left behind when it began, and those who arrived
    during all of it; those left behind are (N - 1)+ of a number N left by a departure, independent of that service.
    """
    rate = load / service.mean
    s, s2, s3 = (service.moment(order) for order in (1, 2, 3))
    a = s / (2.0 - load)
    b = 2.0 * a * s / (3.0 - 2.0 * load)
    c = (s2 - 4.0 * a * s + 2.0 * a * rate * s2 + b * (2.0 - 2.0 * load + rate**2 * s2)) / (2.0 - load)
    wait = formulas.mean_wait_one_place(rate, service)
    sojourn_square = formulas.mean_square_wait_one_place(rate, service) + 2.0 * wait * s + s2
    left = rate * (wait + s)
    left_square = rate**2 * sojourn_square + left
    behind, behind_square = left - load, left_square - 2.0 * left + load
    arrived = rate * s2 / s
    among = behind + arrived
    among_square = behind_square + 2.0 * behind * arrived + arrived + rate**2 * s3 / s
    rest, rest_square = s2 / s / 2.0, s3 / s / 3.0
    rest_times_among = rest * behind + rate * s3 / s / 2.0
    square = load * (rest_square + 2.0 * a * rest_times_among + b * among_square + (b + c) * among)
    assert load * (rest + a * among) == pytest.approx(wait)
    assert formulas.mean_square_wait_one_place(rate, service, random_order=True) == pytest.approx(square)


def test_classes_keep_the_mean_and_become_continuous() -> None:
    first = formulas.erlang_c(3, 2.4) / 3
    two = formulas.mean_wait_by_class(first, [0.3, 0.5])
    assert (0.3 * two[0] + 0.5 * two[1]) / 0.8 == pytest.approx(formulas.mean_wait(3, 2.4))
    many = formulas.mean_wait_by_class(first, [0.8 / 10_000] * 10_000)
    assert np.mean(many[:2000]) == pytest.approx(formulas.mean_wait_by_urgency(3, 2.4, 0.0, 0.2), rel=1e-3)


def test_losses_between_erlang_b_and_c() -> None:
    assert formulas.losses(5, 4.0, 0).refused == pytest.approx(formulas.erlang_b(5, 4.0))
    assert formulas.losses(5, 4.0, 0).wait == 0.0
    much = formulas.losses(3, 2.4, 500)
    assert much.refused == pytest.approx(0.0, abs=1e-12)
    assert (much.delayed, much.wait) == pytest.approx((formulas.erlang_c(3, 2.4), formulas.mean_wait(3, 2.4)))
    # M/M/1/2 at load 1: each of three numbers present is as likely.
    assert formulas.losses(1, 1.0, 1).refused == pytest.approx(1 / 3)
    assert formulas.losses(1, 1.0, 1).wait == pytest.approx(1 / 2)


def test_mean_present_of_one_place() -> None:
    assert formulas.mean_present(1, 0.8) == pytest.approx(4.0)


# --- chains -------------------------------------------------------------------------------------------------------


def test_a_chain_of_which_all_is_known() -> None:
    """The gambler's ruin: from 1 of 3 with fair chances, the end at 3 has chance 1/3 and play lasts 2 rounds."""
    one, two, won, lost = ("one", 0, 0), ("two", 0, 0), ("won", 0, 0), ("lost", 0, 0)
    chain = Chain({one: [Step(0.5, two, 1.0), Step(0.5, lost, 1.0)], two: [Step(0.5, won, 1.0), Step(0.5, one, 1.0)]})
    assert chain.ends_in(one, won) == pytest.approx(1 / 3)
    assert chain.ends_in(one, lost) == pytest.approx(2 / 3)
    assert chain.mean_days(one) == pytest.approx(2.0)
    assert (chain.mean_visits(one, "one"), chain.mean_visits(one, "two")) == pytest.approx((4 / 3, 2 / 3))
    # Known of this game: 8/3 rounds if it is won, 5/3 if it is lost.
    assert chain.mean_days_to(one, won) == pytest.approx(8 / 3)
    assert chain.mean_days_to(one, lost) == pytest.approx(5 / 3)


def test_a_chain_whose_chances_do_not_add_up_is_refused() -> None:
    with pytest.raises(ValueError, match="do not add up"):
        Chain({NEW: [Step(0.5, SUPPORTED)]})


@pytest.mark.parametrize(("attendance", "persistence"), [(0.7, 0.6), (0.9, 0.3)])
def test_journey_chain_of_a_letter_by_hand(attendance: float, persistence: float) -> None:
    """Nothing rebooked, no barrier, attendance that does not depend on the wait: geometric sums."""
    journey = Journey("letter", 0.8, 10.0, persistence=persistence, attendance=attendance, odds_week=1.0, rebook=0.0)
    chain = journey_chain(journey)
    assessed = attendance / (1.0 - (1.0 - attendance) * persistence)
    works = 0.8 * attendance
    again = (1.0 - works) * persistence
    supported = works / (1.0 - again)
    assert chain.ends_in(NEW, SUPPORTED) == pytest.approx(assessed * supported)
    assert chain.ends_in(NEW, SUPPORTED) + chain.ends_in(NEW, GAVE_UP) == pytest.approx(1.0)
    assert chain.mean_visits(NEW, "handoff made") == pytest.approx(assessed / (1.0 - again))
    missed = (1.0 - attendance) * persistence
    # Before a new try: 20 days until a lost letter is noticed and 15, or 10 days of transfer and 15.
    wasted = 0.2 * (20.0 + 15.0) + 0.8 * (1.0 - attendance) * (10.0 + 15.0)
    days = missed / (1.0 - missed) * 15.0 + 2.0 + 10.0 + persistence * wasted / (1.0 - again)
    assert chain.mean_days_to(NEW, SUPPORTED) == pytest.approx(days)
    whole = chain.ends_in(NEW, SUPPORTED) * days + chain.ends_in(NEW, GAVE_UP) * chain.mean_days_to(NEW, GAVE_UP)
    assert chain.mean_days(NEW) == pytest.approx(whole)


def test_chases_follow_only_where_the_sender_sees_drops() -> None:
    letter, tracked = (Journey(mode, 0.8, 5.0, chases=2) for mode in ("letter", "tracked"))
    assert ("handoff made", 2, 0) not in journey_chain(letter).steps
    assert ("handoff made", 2, 0) in journey_chain(tracked).steps
    assert journey_chain(tracked).ends_in(NEW, SUPPORTED) > journey_chain(letter).ends_in(NEW, SUPPORTED)
