"""The Mesa side of the model: agents come and go, and nothing keeps a finished model alive."""

from __future__ import annotations

import gc
import struct
import weakref

import pytest
from mesa import Agent

from sim import Coordination, Scenario
from sim.agents.citizen import Citizen
from sim.agents.episode import Episode
from sim.agents.navigator import Navigator
from sim.agents.provider import Provider
from sim.codes import Activity
from sim.ledger import Ledger
from sim.model import JourneyModel

SHORT = {"time": {"horizon_days": 60, "warmup_days": 10, "followup_days": 20}}


def model(arm: str = "integrated") -> JourneyModel:
    return JourneyModel(Scenario.load("three_journeys", SHORT), Coordination.load(arm))


def test_citizens_join_with_their_first_need_and_leave_when_their_journey_ends() -> None:
    town = model()
    assert set(town.agent_types) == {Provider, Navigator}
    town.run()
    there = {citizen.row for citizen in town.agents_by_type[Citizen]}
    came = {row for row, day in enumerate(town.people.arrival) if day < 60}
    assert there < came
    columns = town.ledger.columns()
    assert len(town.agents) == len(there) + len(town.landscape.providers) + len(town.navigators.people)
    assert {int(row) for row in columns["citizen"] if row >= 0} == came


def test_a_day_at_a_time_is_the_same_run() -> None:
    whole, daily = model(), model()
    whole.run()
    while daily.running:
        daily.step()
    assert daily.steps == 60
    assert daily.ledger.to_bytes() == whole.ledger.to_bytes()


@pytest.mark.parametrize("by_day", [False, True])
def test_a_finished_model_is_let_go(by_day: bool) -> None:
    town = model()
    if by_day:
        while town.running:
            town.step()
    else:
        town.run()
    assert town not in Agent._ids
    trace = weakref.ref(town)
    del town
    gc.collect()
    assert trace() is None


def test_citizens_are_let_go_when_they_leave_though_their_patience_has_not_ended() -> None:
    """Else a town would keep for weeks whoever has been supported; it does keep those of whom a crisis may come."""
    calm = Scenario.load("three_journeys", {**SHORT, "crises": {"hazard": 0, "raises": 0}})
    town = JourneyModel(calm, Coordination.load("integrated"))
    town.calendar.run_until(40.0)
    there = {id(agent) for agent in town.agents if isinstance(agent, Citizen)}
    kept = {id(thing) for thing in gc.get_objects() if isinstance(thing, Citizen) and thing.model is town}
    assert len(there) > 20
    assert kept == there
    # What has arisen is kept once, as an episode.
    assert any(agent.wants for agent in town.agents_by_type[Citizen])
    assert not any(
        agent.wants and agent.wants[-1].lag + town.people.arrival[agent.row] < 40.0
        for agent in town.agents_by_type[Citizen]
    )


def test_a_row_that_cannot_be_is_refused_whole() -> None:
    ledger = Ledger()
    ledger.record(1.0, Activity.ONSET, 1, 2)
    before = ledger.to_bytes()
    for wrong in ({"citizen": 2**31}, {"citizen": 1, "service": 2**31}, {"citizen": 1, "other": -(2**31) - 1}):
        with pytest.raises((ValueError, struct.error)):
            ledger.record(2.0, Activity.ONSET, episode=3, **wrong)
    assert ledger.to_bytes() == before
    assert len(ledger) == 1


def test_a_weight_that_is_none_is_refused() -> None:
    town = model()
    doors = town.landscape.providers[:3]
    person = Citizen(town, town.people.some(0, 1)[0])
    episode = Episode(0, person, 0, 0, 0, 0.0, 0.5)
    with pytest.raises(ValueError, match="no such weight of a provider: 'turn'"):
        town.choose(episode, 0, 0, doors, "turn")  # type: ignore[arg-type]


def test_a_failing_run_lets_go_as_well_and_switches_the_collector_on_again() -> None:
    town = model()

    def fail(_: object) -> None:
        raise RuntimeError("broken on purpose")

    town.calendar.schedule(30.0, 0, 0, fail, None)
    with pytest.raises(RuntimeError, match="broken on purpose"):
        town.run()
    assert town not in Agent._ids
    assert gc.isenabled()
