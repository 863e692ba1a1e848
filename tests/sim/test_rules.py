"""The pure rules: what each must do, and that the checks of it would notice if it did something else.

A check takes the rule as its argument. It is run on the compiled rule, on the rule executed from its source as plain
Python, and on mutants of that source, which it has to refuse.
"""

from __future__ import annotations

import inspect
import itertools
import math
import types
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from scipy.stats import chisquare

from sim.codes import Decision
from sim.draws import key_of, normal, uniform
from sim.rules import doors, handoffs, people, unmet, waiting
from sim.schema.parameters import DAYS_PER_YEAR, Parameters
from tests.sim.rule_mutants import MUTANTS, Mutant

Rule = Callable[..., Any]

MODULES = (doors, handoffs, people, unmet, waiting)
CHANCES = (0.01, 0.2, 0.5, 0.73, 0.99)
RATIOS = (0.05, 0.5, 0.95, 1.0, 2.0, 30.0)
SHARES = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)
KEY = key_of("somebody")


def close(value: float, rel: float = 1e-9) -> Any:
    """Return what equals a number but for rounding."""
    return pytest.approx(value, rel=rel, abs=1e-12)


def odds(chance: float) -> float:
    """Return the odds of a probability."""
    return chance / (1.0 - chance)


def rises(values: Sequence[float]) -> bool:
    """Return whether each number is above the one before."""
    return all(low < high for low, high in itertools.pairwise(values))


def falls(values: Sequence[float]) -> bool:
    """Return whether each number is below the one before."""
    return rises(values[::-1])


# --- doors ----------------------------------------------------------------------------------------------------


def check_wrong_door_chance(rule: Rule) -> None:
    """It is the whole chance at capability 0, falls in proportion to nothing at 1, and is never above 1."""
    for base, added in itertools.product(SHARES, SHARES):
        most = min(1.0, base + added)
        assert rule(base, added, 0.0) == most
        assert rule(base, added, 1.0) == 0.0
        assert rule(base, added, 0.25) == close(0.75 * most)
    assert falls([rule(0.4, 0.3, capability) for capability in SHARES])
    assert rises([rule(0.4, added, 0.3) for added in SHARES[:4]])


def check_takes_wrong_door(rule: Rule) -> None:
    """It is taken by those whose luck at the address is below the chance."""
    for need, occasion in itertools.product(range(20), range(20)):
        luck = uniform(KEY, need, Decision.WRONG_DOOR, occasion)
        taken = rule(KEY, need, Decision.WRONG_DOOR, occasion, 0.5, 0.2, 0.3)
        assert taken == (luck < doors.wrong_door_chance(0.5, 0.2, 0.3))


def check_severity_at(rule: Rule) -> None:
    """It grows in proportion to time from its onset to 1, and stops there."""
    assert rule(0.3, 0.01, 0.0) == 0.3
    assert rule(0.3, 0.01, 20.0) == close(0.5)
    assert rises([rule(0.3, 0.01, days) for days in (0.0, 1.0, 20.0, 69.0)])
    for onset, days in itertools.product((0.0, 0.3, 1.0), (100.0, 101.0, 1e6)):
        assert rule(onset, 0.01, days) == 1.0
    assert rule(0.3, 0.0, 1e6) == 0.3


def check_referral_threshold(rule: Rule) -> None:
    """It is higher for referrals by what is added, and at most 1."""
    for threshold, added in itertools.product(SHARES, SHARES):
        assert threshold <= rule(threshold, added) <= 1.0
        assert rule(threshold, added) == close(threshold + added) or threshold + added > 1.0
    assert rises([rule(0.2, added) for added in SHARES[:5]])
    assert rule(0.8, 0.75) == 1.0


# --- handoffs -------------------------------------------------------------------------------------------------


def check_carried_chance(rule: Rule) -> None:
    """It is the base at capability 0.5, and rises with capability by the stated odds ratio from 0 to 1."""
    for base, ratio in itertools.product(CHANCES, RATIOS):
        assert rule(base, ratio, 0.5) == close(base)
        assert odds(rule(base, ratio, 1.0)) / odds(rule(base, ratio, 0.0)) == close(ratio)
    assert rises([rule(0.6, 4.0, capability) for capability in SHARES])


def check_transmitted_chance(rule: Rule) -> None:
    """Nothing is lost without the barrier, its whole share at level 1, more the higher it is."""
    for base, lost in itertools.product(CHANCES, SHARES):
        assert rule(base, 0.0, lost) == base
        assert rule(base, 1.0, lost) == close(base * (1.0 - lost))
        assert all(0.0 <= rule(base, level, lost) <= base for level in SHARES)
    assert falls([rule(0.95, level, 0.3) for level in SHARES])
    assert falls([rule(0.95, 0.5, lost) for lost in SHARES])


def check_transfer_mean(rule: Rule) -> None:
    """It takes longer behind the barrier (2 is three times as long at level 1), and in proportion to the factor."""
    assert rule(10.0, 0.0, 2.0, 1.0) == 10.0
    assert rule(10.0, 1.0, 2.0, 1.0) == 30.0
    assert rule(10.0, 0.5, 2.0, 1.0) == 20.0
    assert rule(10.0, 0.5, 2.0, 0.5) == 10.0
    assert rises([rule(10.0, level, 2.0, 0.5) for level in SHARES])
    assert rises([rule(10.0, 0.5, 2.0, factor) for factor in SHARES])


def check_recorded_chance(rule: Rule) -> None:
    """The better of the mode's and the shared records counts; the barrier hides a share of either."""
    for own, shared, unseen in itertools.product(SHARES, SHARES, SHARES):
        assert rule(own, shared, 0.0, unseen) == max(own, shared)
        assert rule(own, shared, 1.0, unseen) == close(max(own, shared) * (1.0 - unseen))
        assert all(0.0 <= rule(own, shared, level, unseen) <= 1.0 for level in SHARES)
    assert falls([rule(0.44, 0.95, level, 0.8) for level in SHARES])


# --- people ---------------------------------------------------------------------------------------------------


def check_logit_normal(rule: Rule) -> None:
    """Its logit is that of the median plus sigma times z; a median of 0 or 1 is certain."""
    for median, sigma, z in itertools.product(CHANCES, (0.0, 0.5, 2.0), (-3.0, -0.5, 0.0, 1.0, 4.0)):
        logit = math.log(odds(rule(median, sigma, z)))
        assert logit == close(math.log(odds(median)) + sigma * z)
    assert rises([rule(0.3, 0.8, z) for z in (-3.0, -0.5, 0.0, 1.0, 4.0)])
    for z in (-3.0, 0.0, 3.0):
        assert rule(0.0, 1.0, z) == 0.0
        assert rule(1.0, 1.0, z) == 1.0


def check_lognormal_of_mean(rule: Rule) -> None:
    """Its mean over a standard normal z is the mean that was asked for (by quadrature), its log-spread is sigma."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    for mean, sigma in itertools.product((0.5, 150.0), (0.0, 0.3, 1.0)):
        values = np.array([rule(mean, sigma, z) for z in nodes])
        assert float(values @ weights) / math.sqrt(2.0 * math.pi) == close(mean)
        assert math.log(rule(mean, sigma, 1.0) / rule(mean, sigma, 0.0)) == close(sigma)


# --- unmet ----------------------------------------------------------------------------------------------------


def check_crisis_hazard(rule: Rule) -> None:
    """It is the base at severity 0.5, rises with severity by the stated ratio from 0 to 1, and after a missed one."""
    for ratio, missed in itertools.product((1.0, 2.0, 9.0), (1.0, 1.59)):
        assert rule(0.001, ratio, 0.5, missed) == close(0.001 * missed)
        assert rule(0.001, ratio, 1.0, missed) / rule(0.001, ratio, 0.0, missed) == close(ratio)
        assert rule(0.001, ratio, 0.3, missed) / rule(0.001, ratio, 0.3, 1.0) == close(missed)
    assert rises([rule(0.001, 9.0, severity, 1.59) for severity in SHARES])
    # P7: of 100 people 8.4 have an unplanned visit in three months after an attended and 13 after a missed appointment.
    # The defaults are rounded to two and three digits: half of their last digit is 0.05 and 0.07 of a person.
    numbers = Parameters().crises
    for ratio, people_of_100 in ((1.0, 8.4), (numbers.missed_ratio, 13.0)):
        hazard = rule(numbers.hazard, numbers.severity_ratio, 0.5, ratio)
        assert 100.0 * (1.0 - math.exp(-91.0 * hazard)) == pytest.approx(people_of_100, abs=0.07)


def check_raising_hazard(rule: Rule) -> None:
    """It is the yearly number at severity 1, nothing at 0, and in proportion in between."""
    for per_year, severity in itertools.product((0.0, 0.5, 4.0), SHARES):
        assert rule(per_year, DAYS_PER_YEAR, severity) * DAYS_PER_YEAR == close(per_year * severity)
    assert rises([rule(0.5, DAYS_PER_YEAR, severity) for severity in SHARES])


def check_vacant_places(rule: Rule) -> None:
    """It is a share of the places, rounded up or down so that it is right in the mean; more at a higher share."""
    lucks = [(number + 0.5) / 200 for number in range(200)]
    for places, share in itertools.product((0.0, 1.0, 7.0, 40.0), SHARES):
        found = [rule(places, share, luck) for luck in lucks]
        assert set(found) <= {math.floor(places * share), math.ceil(places * share)}
        assert abs(sum(found) / len(found) - places * share) <= 0.5 / len(found) + 1e-9
        assert rule(places, 0.0, 0.999) == 0
        assert rule(places, 1.0, 1.0) == places
    for luck in (0.0, 0.3, 0.999):
        counts = [rule(7.0, share, luck) for share in np.linspace(0.0, 1.0, 50)]
        assert counts == sorted(counts)
        assert counts[-1] == 7


def check_local_threshold(rule: Rule) -> None:
    """It grows with the barrier and with the district's luck, and is never more than the most."""
    for level, luck in itertools.product(SHARES, SHARES):
        assert 0.0 <= rule(level, 0.1, luck) <= 0.1
    assert rule(1.0, 0.1, 1.0) == 0.1
    assert rule(0.0, 0.1, 1.0) == 0.0
    assert rises([rule(level, 0.1, 0.5) for level in SHARES])
    assert rises([rule(0.5, 0.1, luck) for luck in SHARES])


# --- waiting --------------------------------------------------------------------------------------------------


def check_with_odds(rule: Rule) -> None:
    """The odds are multiplied; what is certain stays so; odds too large for a number are no trouble."""
    for chance, ratio in itertools.product(CHANCES, RATIOS):
        assert odds(rule(chance, ratio)) / odds(chance) == close(ratio)
        assert rule(rule(chance, ratio), 1.0 / ratio) == close(chance)
    for ratio in (*RATIOS, math.inf):
        assert rule(0.0, ratio) == 0.0
        assert rule(1.0, ratio) == 1.0
    assert rule(0.5, math.inf) == 1.0
    assert rule(0.5, 0.0) == 0.0


def check_attendance_chance(rule: Rule) -> None:
    """P1: the odds fall to 0.95 with each week waited. They rise with capability and with help."""
    for base, days in itertools.product(CHANCES, (0.0, 3.0, 70.0)):
        before, after = (rule(base, 0.95, days + more, 2.0, 0.4, 1.3) for more in (0.0, 7.0))
        assert odds(after) / odds(before) == close(0.95)
        low, high = (rule(base, 0.95, days, 2.0, capability, 1.0) for capability in (0.0, 1.0))
        assert odds(high) / odds(low) == close(2.0)
        alone, helped = (rule(base, 0.95, days, 2.0, 0.3, help_odds) for help_odds in (1.0, 1.5))
        assert odds(helped) / odds(alone) == close(1.5)
        assert rule(base, 0.95, 0.0, 2.0, 0.5, 1.0) == close(base)
    assert falls([rule(0.927, 0.95, days, 2.0, 0.5, 1.0) for days in (0.0, 1.0, 30.0, 365.0)])
    assert rises([rule(0.927, 0.95, 20.0, 2.0, capability, 1.0) for capability in SHARES])
    assert rises([rule(0.927, 0.95, 20.0, 2.0, 0.5, help_odds) for help_odds in RATIOS])
    assert Parameters().journey.attendance_odds_week == 0.95


def check_attends(rule: Rule) -> None:
    """Those attend whose luck at the address is below the chance."""
    numbers = (0.6, 0.95, 20.0, 2.0, 0.7, 1.3)
    for need, occasion in itertools.product(range(20), range(20)):
        luck = uniform(KEY, need, Decision.ATTENDANCE, occasion)
        came = rule(KEY, need, Decision.ATTENDANCE, occasion, *numbers)
        assert came == (luck < waiting.attendance_chance(*numbers))


def check_service_days(rule: Rule) -> None:
    """It is fixed, or made of the exponential or normal number at the address so that its mean is the mean."""
    for need in range(200):
        address = (KEY, need, Decision.SERVICE_DAYS, 3)
        assert rule(*address, waiting.FIXED, 12.0, 0.6) == 12.0
        assert rule(*address, waiting.LOGNORMAL, 12.0, 0.0) == 12.0
        assert rule(*address, waiting.EXPONENTIAL, 12.0, 0.6) == close(-12.0 * math.log(uniform(*address)))
        # A lognormal number of coefficient of variation 0.6 has the log-variance log(1 + 0.36).
        spread = math.sqrt(math.log(1.36))
        expected = people.lognormal_of_mean(12.0, spread, normal(*address))
        assert rule(*address, waiting.LOGNORMAL, 12.0, 0.6) == close(expected)


def check_expected_wait(rule: Rule) -> None:
    """Nothing while a place is free; longer with the queue and the service time, shorter with more places."""
    assert rule(0, 2, 3, 12.0) == 0.0
    assert rule(0, 3, 3, 12.0) == 4.0
    assert rule(5, 3, 3, 12.0) == 24.0
    assert rule(2, 2, 3, 12.0) == 12.0
    assert rule(0, 0, 0, 12.0) == math.inf
    assert rule(0, 0, 1, 12.0) == 0.0
    assert rule(3, 1, 1, 12.0) == 48.0
    assert rises([rule(waiting_now, 3, 3, 12.0) for waiting_now in range(10)])
    assert falls([rule(5, places, places, 12.0) for places in range(1, 10)])
    assert rises([rule(5, 3, 3, mean) for mean in (0.5, 1.0, 12.0)])


def check_next_in_random_order(rule: Rule) -> None:
    """It is one of those waiting; each is equally likely.

    The test of that fails for 1 in a million keys if the rule is right; this key is fixed.
    """
    picks = [rule(KEY, Decision.NEXT_IN_RANDOM_ORDER, occasion, 6) for occasion in range(6000)]
    assert set(picks) == set(range(6))
    # The draw is the service's, for no need of anybody.
    lucks = [uniform(KEY, 0, Decision.NEXT_IN_RANDOM_ORDER, occasion) for occasion in range(100)]
    assert picks[:100] == [math.floor(6 * luck) for luck in lucks]
    assert chisquare(np.bincount(picks)).pvalue > 1e-6
    assert all(rule(KEY, Decision.NEXT_IN_RANDOM_ORDER, occasion, 1) == 0 for occasion in range(100))


# --- the rules, their checks and their mutants ----------------------------------------------------------------

CHECKS: dict[str, Callable[[Rule], None]] = {
    name.removeprefix("check_"): check for name, check in list(globals().items()) if name.startswith("check_")
}
"""By the name of the rule."""

DRAWN_TOGETHER = {
    "count_arrivals", "draw_arrivals", "draw_normals", "draw_counts", "draw_needs",
    "logit_normals", "lognormals_of_mean",
}  # fmt: skip
"""These fill arrays by other rules and have no formula of their own; who they make is tested by distributions."""


def rules_of(module: types.ModuleType) -> set[str]:
    """Return the names of the rules that a module defines, not those that it imports."""
    return {
        name
        for name, what in vars(module).items()
        if hasattr(what, "py_func") and what.py_func.__module__ == module.__name__
    }


def home_of(rule: str) -> types.ModuleType:
    """Return the module of a rule."""
    return next(module for module in MODULES if rule in rules_of(module))


def source_of(rule: str) -> str:
    """Return the text of one rule in the source of its module, decorator and all."""
    return inspect.getsource(getattr(home_of(rule), rule).py_func)


def executed(rule: str, mutant: Mutant | None = None) -> Rule:
    """Execute the source of a rule's module as plain Python and return the rule, or a mutant of it."""
    source = inspect.getsource(home_of(rule))
    importing = "from sim.compiled import compiled\n"
    assert source.count(importing) == 1
    source = source.replace(importing, "def compiled(signature): return lambda function: function\n")
    if mutant is not None:
        text = source_of(rule)
        code = text[text.rindex('"""') :]
        assert code.count(mutant.text) == 1, "the text of the mutation is not there, or not once"
        assert source.count(text) == 1
        source = source.replace(text, text[: text.rindex('"""')] + code.replace(mutant.text, mutant.instead))
    scope: dict[str, Any] = {"__name__": f"mutant_of_{rule}"}
    exec(compile(source, scope["__name__"], "exec"), scope)
    found: Rule = scope[rule]
    return found


@pytest.mark.parametrize("rule", CHECKS)
def test_a_rule_does_what_it_should(rule: str) -> None:
    CHECKS[rule](getattr(home_of(rule), rule))


@pytest.mark.parametrize("rule", CHECKS)
def test_its_source_as_plain_python_does_too(rule: str) -> None:
    CHECKS[rule](executed(rule))


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.rule}: {mutant.instead}")
def test_a_mutant_is_refused(mutant: Mutant) -> None:
    # Made before: that the text of the mutation is not there must not look like a mutant that is refused.
    changed = executed(mutant.rule, mutant)
    with pytest.raises(AssertionError):
        CHECKS[mutant.rule](changed)


def test_every_rule_is_checked_and_has_mutants() -> None:
    rules = set().union(*(rules_of(module) for module in MODULES))
    assert set(CHECKS) == rules - DRAWN_TOGETHER
    assert {mutant.rule for mutant in MUTANTS} == set(CHECKS)
    assert rules >= DRAWN_TOGETHER
