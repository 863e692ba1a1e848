"""When there are random worlds enough: the rule by hand, and how often the intervals with which it stops are right."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest

from experiments.paired import interval_of
from experiments.plan import StoppingRule
from experiments.precision import (
    FIRST,
    LOOK_AHEAD,
    first_worlds,
    is_narrow,
    judged,
    running,
    stopping_point,
    verdict_facts,
    verdict_of,
    verdict_text,
)

RULE = StoppingRule("restricted_mean_days", 0.1, None, 200)


def runs_of(*arms: list[float], outcome: str = "restricted_mean_days") -> pd.DataFrame:
    """Return a row a run of arms ``arm_0``, ``arm_1``, ..."""
    return pd.DataFrame(
        [
            {"arm": f"arm_{number}", "replicate": world, outcome: value}
            for number, values in enumerate(arms)
            for world, value in enumerate(values)
        ]
    )


def rule(**changes: object) -> StoppingRule:
    return StoppingRule(**{**RULE.__dict__, **changes})  # type: ignore[arg-type]


def test_running_intervals_are_those_of_the_first_worlds() -> None:
    values = np.random.default_rng(3).normal(1e6, 2.0, 30)
    means, halves = running(values, 0.95)
    for n in (2, 7, 30):
        expected = interval_of(values[:n])
        assert means[n] == pytest.approx(expected.mean, rel=1e-12)
        assert halves[n] == pytest.approx(expected.high - expected.mean, rel=1e-6)
    assert np.isnan(halves[:2]).all()
    assert math.isnan(means[0])


def test_an_interval_is_narrow_relative_to_the_difference_or_absolutely() -> None:
    means, halves = np.full(13, -20.0), np.array([math.nan] * 10 + [2.0, 2.1, 1.0])
    assert is_narrow(means, halves, rule())[FIRST:].tolist() == [True, False, True]
    assert is_narrow(means * 0, halves, rule())[FIRST:].tolist() == [False, False, False]
    assert is_narrow(means * 0, halves, rule(half_width=2.05))[FIRST:].tolist() == [True, False, True]


def test_few_worlds_are_never_enough() -> None:
    """However alike they are."""
    assert not is_narrow(np.ones(FIRST), np.zeros(FIRST), rule()).any()


def test_an_interval_has_to_stay_narrow() -> None:
    narrow = np.zeros(61, dtype=bool)
    narrow[12:] = True
    assert stopping_point(narrow[: 12 + LOOK_AHEAD]) is None
    assert stopping_point(narrow[: 12 + LOOK_AHEAD + 1]) == 12
    narrow[14] = False
    assert stopping_point(narrow[: 15 + LOOK_AHEAD]) is None
    assert stopping_point(narrow[: 15 + LOOK_AHEAD + 1]) == 15


def test_after_many_worlds_it_has_to_stay_narrow_for_longer() -> None:
    """5 % of 200 are 10."""
    narrow = np.arange(220) >= 200
    assert stopping_point(narrow[:210]) is None
    assert stopping_point(narrow[:211]) == 200


def test_more_worlds_are_wanted_until_the_most() -> None:
    random = np.random.default_rng(1)
    base, other = random.normal(0, 5, 15).tolist(), random.normal(1, 5, 15).tolist()
    verdict = judged(runs_of(base, other), ["arm_0", "arm_1"], rule())
    assert (verdict.is_precise, verdict.is_decided, verdict.wanted) == (False, False, 15 + LOOK_AHEAD)
    assert judged(runs_of(base, other), ["arm_0", "arm_1"], rule(most=17)).wanted == 17
    last = judged(runs_of(base, other), ["arm_0", "arm_1"], rule(most=15))
    assert (last.is_precise, last.is_decided) == (False, True)
    said = verdict_text(last, rule(most=15), {"arm_0": "One", "arm_1": "Other"})
    assert said.startswith("Replications: auto, 15: the most allowed, though the interval is not within 10 % of the")
    assert "allow more with most_replications=N" in said


def test_every_arm_has_to_be_known_well_enough() -> None:
    random = np.random.default_rng(1)
    base = random.normal(0, 5, 20)
    known, unknown = base + 10 + random.normal(0, 0.1, 20), base + 10 + random.normal(0, 20.0, 20)
    assert judged(runs_of(list(base), list(known)), ["arm_0", "arm_1"], rule()).is_precise
    both = judged(runs_of(list(base), list(known), list(unknown)), ["arm_0", "arm_1", "arm_2"], rule())
    assert not both.is_precise
    assert both.half_widths["arm_1"] < 0.2 < 5.0 < both.half_widths["arm_2"]


def test_the_order_of_the_rows_does_not_matter_and_that_of_the_worlds_does() -> None:
    random = np.random.default_rng(5)
    runs = runs_of(random.normal(0, 1, 25).tolist(), random.normal(30, 1, 25).tolist())
    assert judged(runs.sample(frac=1, random_state=1), ["arm_0", "arm_1"], rule()) == judged(
        runs, ["arm_0", "arm_1"], rule()
    )


def test_a_share_is_judged_in_percentage_points() -> None:
    shares = runs_of([0.2, 0.3] * 10, [0.4, 0.51] * 10, outcome="gave_up")
    verdict = judged(shares, ["arm_0", "arm_1"], rule(outcome="gave_up", precision=1e-9, half_width=0.3))
    assert verdict.is_precise
    assert verdict.differences["arm_1"] == pytest.approx(20.5)
    said = verdict_text(verdict, rule(outcome="gave_up", half_width=0.3), {"arm_1": "Other"})
    assert "or within 0.3 points, and has stayed so while more were run" in said
    assert "Episodes given up, difference: Other +20.5 ± 0.24 points." in said


def test_an_outcome_that_is_missing_stops_at_once() -> None:
    verdict = judged(runs_of([1.0] * 15, [1.0] * 14 + [math.nan]), ["arm_0", "arm_1"], rule())
    assert (verdict.is_decided, verdict.is_precise, verdict.is_missing) == (True, False, True)
    said = verdict_text(verdict, rule(), {"arm_1": "Other"})
    assert said == "Replications: auto, 15: the outcome is missing in some of them, and more would not help."


def test_what_is_stored_of_a_verdict_says_the_same_again() -> None:
    random = np.random.default_rng(1)
    runs = runs_of(random.normal(0, 5, 15).tolist(), random.normal(1, 5, 15).tolist())
    for asked in (rule(), rule(half_width=2.0)):
        verdict = judged(runs, ["arm_0", "arm_1"], asked)
        again, rule_again = verdict_of(json.loads(json.dumps(verdict_facts(verdict, asked))))
        assert rule_again == asked
        assert verdict_text(again, rule_again, {"arm_1": "Other"}) == verdict_text(verdict, asked, {"arm_1": "Other"})


def stopped(differences: np.ndarray, at_least: int, look_ahead: bool) -> int:
    """Return how many worlds the rule takes, or a rule without its precautions."""
    if look_ahead:
        n = first_worlds(RULE)
        zeros = np.zeros(len(differences)).tolist()
        while True:
            verdict = judged(runs_of(zeros[:n], differences[:n].tolist()), ["arm_0", "arm_1"], RULE)
            if verdict.is_decided:
                return n
            n = verdict.wanted
    means, halves = running(differences, 0.95)
    narrow = halves <= RULE.precision * np.abs(means)
    return next((n for n in range(at_least, len(narrow)) if narrow[n]), len(differences))


def test_the_rule_is_not_fooled_by_an_early_lucky_run() -> None:
    """Over 1,000 experiments the interval with which it stops is right in 93 to 97 % of them.

    With a true coverage of 95 % that holds but for 4 seeds in 1,000. A rule that stops as soon as the interval of three
    or more worlds is narrow is right less often: below 93 %.
    """
    random = np.random.default_rng(20261125)
    right = {"rule": 0, "hasty": 0}
    for _ in range(1000):
        differences = random.normal(10.0, 3.0, RULE.most)
        for name, n in {"rule": stopped(differences, 0, True), "hasty": stopped(differences, 3, False)}.items():
            found = interval_of(differences[:n])
            right[name] += found.low <= 10.0 <= found.high
            if name == "rule" and n < RULE.most:
                assert found.high - found.mean <= RULE.precision * abs(found.mean)
    assert 930 <= right["rule"] <= 970
    assert right["hasty"] < 930
