"""What a run cost, by hand: planned staff from date to date, and the work that a short ledger shows."""

from __future__ import annotations

import math

import pytest

from sim.budget import Period
from sim.codes import Activity, ModeCode, Noticed
from sim.ledger import Ledger
from sim.outcomes.costs import LABELS, costs_of
from sim.schema.parameters import DAYS_PER_YEAR, Parameters
from sim.schema.validation import merged

SETTINGS = {
    "time": {"horizon_days": 100, "warmup_days": 20, "followup_days": 30},
    # A staff day costs 100 GBP.
    "costs": {"staff_year": 100 * DAYS_PER_YEAR, "crisis_contact": 30},
    "handoffs": {"letter": {"staff_days": 0.5}, "tracked": {"staff_days": 2}},
}


def parameters(budget: str = "added", **settings: dict) -> Parameters:
    """Return the defaults with the settings of these tests."""
    chosen = merged(SETTINGS, {"budget": budget, **settings})
    return Parameters.model_validate(merged(Parameters().model_dump(), chosen))


def period(begin: float, end: float, left: float, coordination: float = 0.0, crisis: float = 0.0) -> Period:
    """Return planned costs in GBP per day; what the services are paid for before coordination is not asked for."""
    return Period(begin, end, {}, {}, 0, 0.0, 0.0, crisis, coordination, left, 1.0)


PERIODS = [period(0.0, 10.0, 1000.0), period(10.0, 60.0, 5.0, 2.0, 1.0), period(60.0, 100.0, 7.0, 4.0, 3.0)]
"""From day 20 on 40 days of the second and 40 of the third; nothing of the first, which ended before."""


def busy() -> Ledger:
    """Return a ledger with work before the warm-up, on its last day and after it."""
    ledger = Ledger()
    for day in (19.0, 20.0, 50.0):
        ledger.record(day, Activity.HANDOFF_MADE, 0, 0, 0, other=1, detail=ModeCode.LETTER)
        ledger.record(day, Activity.HANDOFF_MADE, 0, 0, 0, other=1, detail=ModeCode.TRACKED, noticed=Noticed.NAVIGATOR)
        ledger.record(day, Activity.MEETING, -1, -1, 0, detail=0.25)
        ledger.record(day, Activity.CRISIS, 0, 0, detail=0.5)
        ledger.record(day, Activity.SUPPORT_STARTED, 0, 0, 0, 0)
    ledger.record(60.0, Activity.HANDOFF_MADE, 0, 0, 0, other=1, detail=ModeCode.TRACKED)
    # The detail of other activities is no staff day.
    ledger.record(60.0, Activity.MISSED, 0, 0, 0, 0, detail=40.0)
    return ledger


PARTS = {
    "services": 40 * 5.0 + 40 * 7.0,
    "crisis_services": 40 * 1.0 + 40 * 3.0,
    "coordinators": 40 * 2.0 + 40 * 4.0,
    # Two letters of half a day and a tracked handoff of two; what navigators hand on is paid for already.
    "handing_on": 100 * (2 * 0.5 + 2.0),
    "meetings": 100 * 2 * 0.25,
}


def test_under_an_added_budget_the_work_comes_on_top() -> None:
    found = costs_of(busy().columns(), PERIODS, parameters())
    total = sum(PARTS.values())
    assert found == pytest.approx({
        **PARTS, "total": total, "crises": 60.0, "supported": 2.0, "per_supported": total / 2,
        "per_supported_with_crises": (total + 60.0) / 2,
    })  # fmt: skip
    assert list(found) == list(LABELS)


def test_under_an_equal_budget_it_is_done_in_the_time_of_the_staff() -> None:
    found = costs_of(busy().columns(), PERIODS, parameters("equal"))
    assert found["services"] == pytest.approx(480.0 - 300.0 - 50.0)
    assert found["handing_on"] == pytest.approx(300.0)
    assert found["meetings"] == pytest.approx(50.0)
    assert found["total"] == pytest.approx(480.0 + 160.0 + 240.0)


def test_without_support_there_is_no_cost_per_support() -> None:
    found = costs_of(Ledger().columns(), PERIODS, parameters())
    assert found["total"] == pytest.approx(480.0 + 160.0 + 240.0)
    assert found["supported"] == 0.0
    assert math.isnan(found["per_supported"]) and math.isnan(found["per_supported_with_crises"])


def test_a_run_that_ends_at_once_costs_nothing() -> None:
    """A horizon of 0 lies before the end of the warm-up; no period reaches beyond it."""
    none = parameters(time={"horizon_days": 0})
    found = costs_of(Ledger().columns(), [period(0.0, 0.0, 5.0, 2.0, 1.0)], none)
    assert found["total"] == 0.0
