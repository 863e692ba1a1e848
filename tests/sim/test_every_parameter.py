"""Every parameter of the schema does something: none is read and forgotten, none is silently overruled."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from sim import Coordination, Scenario, simulate
from sim.schema.parameters import Parameters
from sim.schema.validation import paths
from tests.contract.rich_place import rich_place

CLOCK = {"time.warmup_days", "time.followup_days"}
"""These decide what is counted, not what happens: tested with the cohort."""

OTHER_VALUES = {
    "journey.finding": 1.0,
    "time.horizon_days": 90,
    "navigation.key_worker.days": 20,
    "navigation.link_worker.caseload": 1,
    "barrier_effects.funding_lapse_private": 1.0,
    "handoffs.signposting.attendance_odds": 0.01,
    "handoffs.walk.attendance_odds": 0.01,
    "handoffs.walk.chases": 0,
    "handoffs.team.sent": 0.5,
    "handoffs.team.days": 5.0,
    "handoffs.team.attendance_odds": 0.01,
    "handoffs.team.staff_days": 3.0,
    "handoffs.team.recorded": 0.1,
    "handoffs.team.chases": 0,
    "delivery.team.meeting_staff_days": 5.0,
    "costs.meeting": 5000.0,
    "pooling.keep": 1.0,
    "crises.hazard": 0.05,
    "crises.missed_days": 0.0,
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
    "costs.assessment_staff": "link_worker",
    "costs.support_staff": "link_worker",
    "costs.navigator_year": "link_worker",
    "costs.meeting": "multidisciplinary",
}
"""In which arm a parameter, or all below a path, has something to do."""

PRICES = {"costs.crisis_contact"}
"""These decide what is paid, not what happens: tested with the costs."""

COORDINATION = {
    "front_door_places": ("single_front_door", 3.0),
    "front_door_days": ("single_front_door", 1.0),
    "navigators": ("link_worker", 0.5),
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    """A small place with half of every barrier, queues here and idle places there.

    It is busy, so that what is rare happens too; every contract ends often, every desk has a threshold, and none says
    how many staff it has.
    """
    rich = rich_place(tmp_path_factory.mktemp("parameters") / "rich_place")
    providers = tuple(row.model_copy(update={"contract_days": 20.0}) for row in rich.tables.providers)
    services = tuple(row.model_copy(update={"threshold": 0.3, "staff_per_place": None}) for row in rich.tables.services)
    districts = tuple(row.model_copy(update={"citizens_per_year": 700.0}) for row in rich.tables.districts)
    tables = replace(rich.tables, providers=providers, services=services, districts=districts)
    return replace(rich, tables=tables)


def digest(scenario: Scenario, arm: str | Coordination) -> str:
    """Return a short name for the ledger of a run."""
    return hashlib.sha256(simulate(scenario, arm).raw).hexdigest()


@pytest.fixture(scope="module")
def unchanged(place: Scenario) -> Callable[[str], str]:
    """What each arm's ledger is called as long as nothing is changed; each is run once."""
    return cache(lambda arm: digest(place, arm))


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


def value_of(place: Scenario, path: str) -> Any:
    value: Any = place.parameters
    for name in path.split("."):
        value = getattr(value, name)
    return value


@pytest.mark.parametrize("path", [path for path in paths(Parameters) if path not in CLOCK | PRICES])
def test_a_parameter_changes_what_happens(place: Scenario, unchanged: Callable[[str], str], path: str) -> None:
    changed = place.changed({path: other_value(path, value_of(place, path))})
    assert digest(changed, arm_for(path)) != unchanged(arm_for(path))


@pytest.mark.parametrize("name", COORDINATION)
def test_a_number_of_a_coordination_changes_what_happens(
    place: Scenario, unchanged: Callable[[str], str], name: str
) -> None:
    arm, value = COORDINATION[name]
    changed = Coordination.load(arm).model_copy(update={name: value})
    assert digest(place, changed) != unchanged(arm)


@pytest.mark.parametrize("path", sorted(CLOCK))
def test_the_clock_changes_what_is_counted(place: Scenario, path: str) -> None:
    changed = simulate(place.changed({path: value_of(place, path) + 30}))
    before = simulate(place)
    assert changed.raw == before.raw
    assert changed.episodes["cohort"].sum() < before.episodes["cohort"].sum()


@pytest.mark.parametrize("path", sorted(PRICES))
def test_a_price_changes_what_is_paid_and_nothing_that_happens(place: Scenario, path: str) -> None:
    changed, before = simulate(place.changed({path: 2.0 * value_of(place, path)})), simulate(place)
    assert changed.raw == before.raw
    assert changed.costs()["crises"] == 2.0 * before.costs()["crises"] > 0.0
