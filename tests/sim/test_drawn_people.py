"""Who comes and with what needs, worked out again from the draws at each address.

No error rates: each citizen's numbers are functions of the addresses, which are part of what a run promises (one more
citizen or kind of need changes nobody else's luck).
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.codes import Decision
from sim.draws import absorb, exponential, key_of, normal, race_time, uniform
from sim.rules import people

DISTRICT = key_of("district")
KEYS = np.array([key_of(f"citizen {number}") for number in range(60)], np.uint64)


def arrivals(per_day: float, count: int) -> list[float]:
    """Return the times of the first citizens: sums of exponential gaps, the n-th drawn at occasion n."""
    gaps = [exponential(DISTRICT, 0, Decision.ARRIVAL, ordinal, 1.0 / per_day) for ordinal in range(count)]
    return list(np.cumsum(gaps))


def test_citizens_arrive_one_gap_after_another() -> None:
    times, keys = np.empty(5), np.empty(5, np.uint64)
    people.draw_arrivals(DISTRICT, 0.25, times, keys)
    assert times.tolist() == pytest.approx(arrivals(0.25, 5))
    assert keys.tolist() == [absorb(DISTRICT, ordinal) for ordinal in range(5)]


def test_who_arrives_before_the_horizon_is_counted_and_nobody_else() -> None:
    third = arrivals(0.25, 3)[2]
    assert people.count_arrivals(DISTRICT, 0.25, third) == 2
    assert people.count_arrivals(DISTRICT, 0.25, np.nextafter(third, math.inf)) == 3
    assert people.count_arrivals(DISTRICT, 0.25, 0.0) == 0


@pytest.mark.parametrize("per_day", [0.0, -1.0])
def test_nobody_arrives_where_nobody_is_expected(per_day: float) -> None:
    assert people.count_arrivals(DISTRICT, per_day, 1000.0) == 0


def test_few_and_many_arrive_as_often_as_expected() -> None:
    """At less than 1 a day and at 1 a day exactly."""
    for per_day in (0.5, 1.0):
        within = [time for time in arrivals(per_day, 500) if time < 100.0]
        assert people.count_arrivals(DISTRICT, per_day, 100.0) == len(within)


def test_each_citizen_has_one_normal_number_for_a_decision() -> None:
    out = np.empty(len(KEYS))
    people.draw_normals(KEYS, Decision.PATIENCE, out)
    assert out.tolist() == [normal(int(key), 0, Decision.PATIENCE, 0) for key in KEYS]


def test_normal_numbers_become_traits_in_place() -> None:
    zs = [-1.3, 0.0, 0.4, 2.1]
    patience, capability = np.array(zs), np.array(zs)
    people.lognormals_of_mean(150.0, 0.5, patience)
    people.logit_normals(np.full(4, 0.7), 1.2, capability)
    assert patience.tolist() == pytest.approx([150.0 * math.exp(0.5 * z - 0.125) for z in zs])
    odds = [0.7 / 0.3 * math.exp(1.2 * z) for z in zs]
    assert capability.tolist() == pytest.approx([one / (1.0 + one) for one in odds])


def test_the_number_of_needs_goes_by_the_citizens_luck() -> None:
    """One need for half of all, two for three in ten, three for the rest."""
    counts = np.empty(len(KEYS), np.int64)
    people.draw_counts(KEYS, np.array([0.5, 0.8, 1.0]), counts)
    lucks = [uniform(int(key), 0, Decision.NEED_COUNT, 0) for key in KEYS]
    assert counts.tolist() == [1 if luck <= 0.5 else 2 if luck <= 0.8 else 3 for luck in lucks]
    assert set(counts) == {1, 2, 3}


def test_nobody_has_more_needs_than_the_distribution_has() -> None:
    """A distribution that rounding leaves below 1 does not give the luckiest one need more."""
    counts = np.empty(len(KEYS), np.int64)
    people.draw_counts(KEYS, np.array([0.1, 0.2]), counts)
    assert set(counts) == {1, 2}


KINDS = np.array([key_of("need", name) for name in ("housing", "debt", "illness", "none")], np.uint64)
WEIGHTS = np.array([0.5, 0.2, 0.3, 0.0])
LIFTS = np.array([[1.0, 5.0, 1.0, 1.0], [5.0, 1.0, 0.5, 1.0], [1.0, 0.5, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0]])
MEDIANS, SIGMAS = np.array([0.2, 0.4, 0.6, 0.5]), np.array([0.5, 1.0, 0.1, 1.0])
LAG = 40.0


def drawn(each: int, lifts: np.ndarray = LIFTS) -> list[list[tuple[int, float, float]]]:
    """Return kind, severity and lag of ``each`` needs of every citizen."""
    first = np.arange(0, each * len(KEYS) + 1, each)
    kinds, severities, lags = np.full(first[-1], -9), np.full(first[-1], np.nan), np.full(first[-1], np.nan)
    people.draw_needs(KEYS, first, KINDS, WEIGHTS, lifts, MEDIANS, SIGMAS, LAG, kinds, severities, lags)
    needs = list(zip(kinds.tolist(), severities.tolist(), lags.tolist(), strict=True))
    return [needs[start : start + each] for start in range(0, len(needs), each)]


def winner(key: int, slot: int, before: list[int]) -> int:
    """Return the kind that wins the race for a slot: its weight is lifted by every kind that is there before."""
    weights = {
        kind: WEIGHTS[kind] * math.prod(LIFTS[other, kind] for other in before)
        for kind in range(len(WEIGHTS))
        if kind not in before and WEIGHTS[kind] > 0
    }
    times = {
        kind: race_time(key, slot, Decision.NEED_KIND, 0, int(KINDS[kind]), weight) for kind, weight in weights.items()
    }
    return min(times, key=times.__getitem__)


def test_kinds_are_drawn_one_after_another_by_weight_and_lift() -> None:
    for key, needs in zip(KEYS.tolist(), drawn(3), strict=True):
        before: list[int] = []
        for slot, (kind, _, _) in enumerate(needs):
            assert kind == winner(key, slot, before)
            before.append(kind)
        assert sorted(before) == [0, 1, 2]


def test_each_need_is_as_severe_as_its_kind_and_the_luck_of_its_slot() -> None:
    for key, needs in zip(KEYS.tolist(), drawn(2), strict=True):
        for slot, (kind, severity, _) in enumerate(needs):
            z = normal(key, slot, Decision.NEED_SEVERITY, 0)
            assert severity == pytest.approx(people.logit_normal(MEDIANS[kind], SIGMAS[kind], z))


def test_the_first_need_arises_at_once_and_each_other_one_a_gap_later() -> None:
    for key, needs in zip(KEYS.tolist(), drawn(3), strict=True):
        gaps = [exponential(key, slot, Decision.NEED_LAG, 0, LAG) for slot in (1, 2)]
        assert [lag for _, _, lag in needs] == pytest.approx([0.0, gaps[0], gaps[0] + gaps[1]])


def test_kinds_that_exclude_each_other_leave_no_further_need() -> None:
    """With lifts of 0 between all kinds the second slot has none, and says so with kind -1."""
    for needs in drawn(2, np.zeros_like(LIFTS)):
        assert needs[0][0] in (0, 1, 2)
        assert needs[1][0] == -1
