"""The model: one arm of a scenario in one world."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mesa import Agent

from sim.agents.citizen import Citizen
from sim.agents.episode import Episode
from sim.agents.navigator import Navigators
from sim.agents.provider import Provider
from sim.coordination import Coordination
from sim.draws import race_time, world_key
from sim.events import Calendar, Phase
from sim.landscape import Landscape
from sim.ledger import Ledger
from sim.mechanisms import registry
from sim.mechanisms.handoff import MODES_BY_WORK
from sim.mesa_model import LightModel, collector_paused
from sim.population import draw_people
from sim.scenario import Scenario
from sim.schema.parameters import DAYS_PER_YEAR


class JourneyModel(LightModel):
    """Citizens, providers and navigators under one coordination, in one replicate's world.

    Build it, ``run()`` it, read its ``ledger``.

    Attributes:
        scenario: The place.
        coordination: The rules.
        parameters: The scenario's parameters, read-only.
        world: Key of the replicate's world.
        calendar: What happens next.
        ledger: What has happened.
        people: Who lives here.
        traits: What each of them is like.
        wants: What each of them will need.
        landscape: The providers.
        navigators: The navigators and their list.
    """

    def __init__(self, scenario: Scenario, coordination: Coordination, seed: int = 1, replicate: int = 0) -> None:
        # Mesa's own generators are seeded but never used: every draw comes from sim.draws.
        super().__init__(seed=0)
        self.scenario = scenario
        self.coordination = coordination
        self.parameters = scenario.parameters
        self.world = world_key(seed, replicate)
        self.calendar = Calendar()
        self.ledger = Ledger()
        self._episodes = 0
        self.severity_growth = self.parameters.journey.severity_growth / DAYS_PER_YEAR
        self.culture = self.parameters.barriers.culture
        self.bandwidth = self.parameters.journey.bandwidth

        self.discipline = registry.find("discipline", coordination.discipline)
        with collector_paused():
            self.people = draw_people(scenario, self.world)
            self.traits, self.wants = self.people.traits(), self.people.wants()
        self._arrivals = self.people.arrival.tolist()
        self.landscape = Landscape(self)
        self.entry = registry.find("entry", coordination.entry)(self)
        self.records = registry.find("records", coordination.records)(self)
        self.navigation = registry.find("navigation", coordination.navigation)(self)
        self._mode = registry.find("handoff", coordination.handoff)(self)
        self._mode_with_help = self._stronger_mode()
        self.navigators = Navigators(self)
        self._next_arrival = 0
        self._schedule_arrival()
        for provider in self.landscape.providers:
            provider.start_contracts()

    def run(self) -> None:
        """Run to the horizon."""
        try:
            with collector_paused():
                self.calendar.run_until(self.parameters.time.horizon_days)
        finally:
            self._let_go()

    def step(self) -> None:
        """Advance by one day, for those who drive a Mesa model step by step."""
        end = min(self.calendar.now + 1.0, self.parameters.time.horizon_days)
        self.calendar.run_until(end)
        self.running = end < self.parameters.time.horizon_days
        if not self.running:
            self._let_go()

    # --- what the agents ask ----------------------------------------------------------------------------------

    def mode_for(self, citizen: Citizen) -> Any:
        """Return the mode in which a citizen is handed on: a navigator adds their own work to the rule."""
        return self._mode if citizen.navigator is None else self._mode_with_help

    def choose(
        self, episode: Episode, decision: int, occasion: int, candidates: Sequence[Provider], weight: str
    ) -> Provider | None:
        """Return one of the candidates in proportion to a weight, or None if there are none.

        Args:
            episode: For which need.
            decision: What is decided.
            occasion: Which time.
            candidates: Providers.
            weight: Name of the attribute of a provider that holds its weight.
        """
        if len(candidates) <= 1:
            return candidates[0] if candidates else None
        key, address = episode.citizen.key, episode.address
        return min(
            candidates,
            key=lambda provider: race_time(key, address, decision, occasion, provider.key, getattr(provider, weight)),
        )

    def next_episode(self) -> int:
        """Return the number of the next episode."""
        self._episodes += 1
        return self._episodes - 1

    def _let_go(self) -> None:
        """Mesa keeps every model that ever had an agent alive in a class attribute: take this one out."""
        Agent._ids.pop(self, None)

    # --- arrivals ---------------------------------------------------------------------------------------------

    def _schedule_arrival(self) -> None:
        row = self._next_arrival
        if row < len(self._arrivals):
            self.calendar.schedule(self._arrivals[row], Phase.ARRIVE, -row - 1, self._let_arrive, row)

    def _let_arrive(self, row: int) -> None:
        self._next_arrival = row + 1
        self._schedule_arrival()
        Citizen(self, row).arrive()

    def _stronger_mode(self) -> Any:
        name = self.coordination.handoff
        own = self.navigation.mode
        if own and MODES_BY_WORK.index(own) > MODES_BY_WORK.index(name):
            name = own
        return registry.find("handoff", name)(self)
