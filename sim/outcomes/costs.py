"""What a run cost: the planned staff, and the work and crises that the ledger shows."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from sim.budget import Period
from sim.codes import Activity, ModeCode, Noticed
from sim.outcomes.tables import Columns
from sim.schema.parameters import DAYS_PER_YEAR, Parameters
from sim.schema.resources import Budget

LABELS = {
    "services": "Staff of services, for people",
    "crisis_services": "Staff of crisis services",
    "coordinators": "Navigators and front door",
    "handing_on": "Work of handing on",
    "meetings": "Meetings of teams",
    "total": "Total",
    "crises": "Crisis contacts, not in the total",
    "supported": "Supports started",
    "per_supported": "Total per support started",
    "per_supported_with_crises": "The same, with crisis contacts",
}
"""Words for people for what :func:`costs_of` returns."""


def costs_of(columns: Columns, periods: Sequence[Period], parameters: Parameters) -> dict[str, float]:
    """Return the costs from the end of the warm-up to the horizon, in GBP.

    Under an equal budget the work of handing on and of meetings is done within the staff time of services, and
    ``services`` is what is left of it for people; under an added budget both come on top. Either way the parts add up
    to ``total``. Under an equal budget the total is that of the services in the tables, whatever the arm.

    Args:
        columns: The ledger's columns.
        periods: Planned costs.
        parameters: Prices, budget and clock.

    Returns:
        By the names of ``LABELS``; per support NaN where there was none.
    """
    time = parameters.time
    begin, end = min(time.warmup_days, time.horizon_days), time.horizon_days
    spans = [max(0.0, min(period.end, end) - max(period.begin, begin)) for period in periods]
    is_equal = parameters.budget is Budget.EQUAL
    staff = sum(days * period.left for days, period in zip(spans, periods, strict=True))
    within = columns["time"] >= begin
    staff_day = parameters.costs.staff_year / DAYS_PER_YEAR
    handing_on = staff_day * _days_of_handing_on(columns, within, parameters)
    meetings = staff_day * float(columns["detail"][within & (columns["activity"] == Activity.MEETING)].sum())
    coordinators = sum(days * period.coordination for days, period in zip(spans, periods, strict=True))
    crisis_services = sum(days * period.crisis_services for days, period in zip(spans, periods, strict=True))
    crises = parameters.costs.crisis_contact * _count(columns, within, Activity.CRISIS)
    supported = _count(columns, within, Activity.SUPPORT_STARTED)
    services = staff - handing_on - meetings if is_equal else staff
    total = services + crisis_services + coordinators + handing_on + meetings
    return {
        "services": services,
        "crisis_services": crisis_services,
        "coordinators": coordinators,
        "handing_on": handing_on,
        "meetings": meetings,
        "total": total,
        "crises": crises,
        "supported": supported,
        "per_supported": total / supported if supported else math.nan,
        "per_supported_with_crises": (total + crises) / supported if supported else math.nan,
    }


def _count(columns: Columns, within: np.ndarray, activity: Activity) -> float:
    return float(np.sum(within & (columns["activity"] == activity)))


def _days_of_handing_on(columns: Columns, within: np.ndarray, parameters: Parameters) -> float:
    """Return the staff days of handing on by senders; that of navigators and the front door is paid for."""
    made = within & (columns["activity"] == Activity.HANDOFF_MADE) & (columns["noticed"] != Noticed.NAVIGATOR)
    counts = np.bincount(columns["detail"][made].astype(np.int64), minlength=len(ModeCode))
    return float(sum(counts[code] * getattr(parameters.handoffs, code.name.lower()).staff_days for code in ModeCode))
