"""Every parameter of the schema does something: none is read and forgotten, none is silently overruled."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from sim import Coordination, Scenario, simulate
from sim.schema.parameters import Parameters
from sim.schema.validation import paths

DAYS = 150
CLOCK = {"time.warmup_days", "time.followup_days"}
"""These decide what is counted, not what happens: tested with the cohort."""

OTHER_VALUES = {
    "journey.finding": 1.0,
    "time.horizon_days": 140,
    "navigation.key_worker.days": 20,
    "handoffs.team.sent": 0.5,
    "handoffs.team.days": 5.0,
    "handoffs.team.attendance_odds": 0.01,
    "handoffs.team.staff_days": 3.0,
    "handoffs.team.recorded": 0.1,
    "handoffs.team.chases": 0,
    "delivery.team.meeting_staff_days": 5.0,
    "costs.meeting": 5000.0,
    "crises.hazard": 0.05,
    "crises.missed_ratio": 50.0,
    "navigation.key_worker.attendance_odds": 0.01,
}

ARMS = {
    "budget": "link_worker",
    "handoffs.walk": "co_located",
    "handoffs.team": "multidisciplinary",
    "delivery": "multidisciplinary",
    "pooling": "pooled",
    "costs.staff_year": "link_worker",
    "costs.navigator_year": "link_worker",
    "costs.meeting": "multidisciplinary",
}
"""In which arm a parameter, or all below a path, has something to do."""

PRICES = {"costs.crisis_contact"}
"""These decide what is paid, not what happens: tested with the costs."""

COORDINATION = {
    "front_door_places": ("single_front_door", 0.1),
    "front_door_days": ("single_front_door", 1.0),
    "navigators": ("link_worker", 0.1),
}


@cache
def town() -> Scenario:
    """The town with all barriers half up; every provider's contract ends often."""
    settings = {
        "time": {"horizon_days": DAYS, "warmup_days": 20, "followup_days": 60},
        "barriers": dict.fromkeys(("funding", "geography", "culture", "data_sharing", "learning"), 0.5),
    }
    place = Scenario.load("three_journeys", settings)
    providers = tuple(row.model_copy(update={"contract_days": 40.0}) for row in place.tables.providers)
    return replace(place, tables=replace(place.tables, providers=providers))


def digest(scenario: Scenario, arm: str | Coordination) -> str:
    """Return a short name for the ledger of a run."""
    return hashlib.sha256(simulate(scenario, arm).raw).hexdigest()


@cache
def unchanged(arm: str) -> str:
    return digest(town(), arm)


def arm_for(path: str) -> str:
    """Return an arm in which a parameter has something to do."""
    words = path.split(".")
    for begin, arm in ARMS.items():
        if path.startswith(begin):
            return arm
    if words[0] == "handoffs" and len(words) == 3:
        return f"fragmented+handoff:{words[1]}"
    if words[0] == "navigation":
        return "fragmented+navigators:0.3+navigation:" + (words[1] if len(words) == 3 else "link_worker")
    if words[0] == "records" or "data" in path:
        return "fragmented+records:shared+handoff:letter"
    if path == "handoffs.chase_days":
        return "fragmented+handoff:tracked"
    if path == "journey.unaware_days":
        return "fragmented+handoff:letter"
    return "fragmented"


def other_value(path: str, value: Any) -> Any:
    """Return another value that is allowed."""
    if path in OTHER_VALUES:
        return OTHER_VALUES[path]
    if isinstance(value, str):
        return "added"
    if isinstance(value, int):
        return value + 1
    if value == 0.0:
        return 0.5
    return value / 2


def value_of(path: str) -> Any:
    value: Any = town().parameters
    for name in path.split("."):
        value = getattr(value, name)
    return value


@pytest.mark.parametrize("path", [path for path in paths(Parameters) if path not in CLOCK | PRICES])
def test_a_parameter_changes_what_happens(path: str) -> None:
    value = value_of(path)
    changed = town().changed({path: other_value(path, value)})
    assert digest(changed, arm_for(path)) != unchanged(arm_for(path))


@pytest.mark.parametrize("name", COORDINATION)
def test_a_number_of_a_coordination_changes_what_happens(name: str) -> None:
    arm, value = COORDINATION[name]
    changed = Coordination.load(arm).model_copy(update={name: value})
    assert digest(town(), changed) != unchanged(arm)


@pytest.mark.parametrize("path", sorted(CLOCK))
def test_the_clock_changes_what_is_counted(path: str) -> None:
    changed = simulate(town().changed({path: value_of(path) + 30}))
    before = simulate(town())
    assert changed.raw == before.raw
    assert changed.episodes["cohort"].sum() < before.episodes["cohort"].sum()
