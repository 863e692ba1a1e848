"""The model: one arm of a scenario in one world."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from sim.agents.citizen import Citizen
from sim.agents.episode import Episode
from sim.agents.navigator import Navigators
from sim.agents.provider import Provider
from sim.agents.team import start_meetings
from sim.agents.unmet import Unmet
from sim.budget import FRONT_DOOR_ENTRY, checked_periods
from sim.coordination import Coordination
from sim.direct import address, finish
from sim.draws import world_key
from sim.events import Calendar, Phase
from sim.in_force import MixedRules, Rules
from sim.landscape import Landscape
from sim.ledger import Ledger
from sim.levels import Levels
from sim.mechanisms import registry
from sim.mesa_model import LightModel, collector_paused
from sim.native import mypyc_attr
from sim.population import Person, draw_people
from sim.scenario import Scenario
from sim.schema.parameters import DAYS_PER_YEAR
from sim.schema.resources import Budget
from sim.timeline import Setting, Timeline

Weight = Literal["size", "visibility"]

_BATCH = 250
"""Citizens who are made into plain numbers at once."""

_ARRIVALS_IN_SLOT = 4
"""Citizens who arrive in one slot of the calendar: some dozens of events. That was fastest where it was tried."""


@mypyc_attr(serializable=True, allow_interpreted_subclasses=True)
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
        landscape: The providers.
        navigators: The navigators and their lists.
        timeline: What holds where and when.
        needs: Rows of the needs table.
        rules: The rules in force now, by district.
        is_navigated: Whether there is navigation anywhere now.
        pace: Share of the staff time of services that is left for people now.
        services_pay: Whether coordination takes the staff time of services.
        unmet: What may happen while a need is unmet.

    Raises:
        BadInputError: An initiative of the coordination names what is not in the place, or coordination costs more than
            all services that are to pay for it.
    """

    def __init__(self, scenario: Scenario, coordination: Coordination, seed: int = 1, replicate: int = 0) -> None:
        # Mesa's own generators are seeded but never used: every draw comes from sim.draws.
        super().__init__(seed=0)
        self.scenario = scenario
        self.coordination = coordination
        self.parameters = scenario.parameters
        self.world = world_key(seed, replicate)
        self.ledger = Ledger()
        self._episodes = 0
        self._arrive = self._let_arrive
        self.severity_growth = self.parameters.journey.severity_growth / DAYS_PER_YEAR
        # Copied: to ask the parameters takes as long as a draw.
        journey = self.parameters.journey
        self.bandwidth = journey.bandwidth
        self.retry_days = journey.retry_days
        self.unaware_days = journey.unaware_days
        self.finding = journey.finding
        self.redirect = journey.redirect
        self.guess = journey.guess
        self.shared_recorded = self.parameters.records.shared_recorded
        effects = self.parameters.barrier_effects
        self.data_unseen = effects.data_unseen
        self.culture_threshold = effects.culture_threshold
        self.culture_declined = effects.culture_declined
        self.chase_days = self.parameters.handoffs.chase_days
        self.needs = scenario.tables.needs
        self.services_pay = self.parameters.budget is Budget.EQUAL
        self.timeline = Timeline(scenario, coordination)
        self.periods = checked_periods(self.timeline)
        self.pace = 1.0

        self.discipline = registry.find("discipline", coordination.discipline)
        self.horizon = self.parameters.time.horizon_days
        with collector_paused():
            self.people = draw_people(scenario, self.world)
        self._coming: list[Person] = []
        """Who comes next, the last of them first."""
        self._made = 0
        self.calendar = Calendar(self.horizon, 1 + len(self.people) // _ARRIVALS_IN_SLOT)
        self.landscape = Landscape(self)
        self.navigators = Navigators(self)
        self.unmet = Unmet(self)
        self._rules: dict[tuple[tuple[str, ...], Levels], Rules] = {}
        self.rules: list[Rules | MixedRules] = []
        self.is_navigated = False
        if FRONT_DOOR_ENTRY in self.timeline.ever["entry"]:
            self.landscape.front_door(self.periods[0].front_door_places)
        self._change(0)
        self._schedule_arrival()
        for number in range(1, len(self.periods)):
            self.calendar.schedule(self.periods[number].begin, Phase.CHANGE, number, self._change, number)
        for provider in self.landscape.providers:
            if provider.contracts is not None and self.timeline.ever_has_barrier("funding"):
                provider.contracts.start()
        start_meetings(self)

    def run(self) -> None:
        """Run to the horizon."""
        with collector_paused():
            self.calendar.run_until(self.horizon)

    def step(self) -> None:
        """Advance by one day, for those who drive a Mesa model step by step."""
        end = min(self.calendar.now + 1.0, self.horizon)
        self.calendar.run_until(end)
        self.running = end < self.horizon

    # --- what the agents ask ----------------------------------------------------------------------------------

    def rules_named(self, names: tuple[str, ...], levels: Levels) -> Rules:
        """Return the rules made of some mechanisms, in the order of ``DATED``, and levels of barriers."""
        rules = self._rules.get((names, levels))
        if rules is None:
            rules = self._rules[names, levels] = Rules(self, names, levels)
        return rules

    def choose(
        self, episode: Episode, decision: int, occasion: int, candidates: Sequence[Provider], weight: Weight
    ) -> Provider | None:
        """Return one of the candidates in proportion to a weight, or None if there are none.

        Args:
            episode: For which need.
            decision: What is decided.
            occasion: Which time.
            candidates: Providers.
            weight: Which attribute of a provider is its weight.
        """
        if len(candidates) <= 1:
            return candidates[0] if candidates else None
        state = address(episode.citizen.key, episode.address, decision, occasion)
        is_by_size = weight == "size"
        if not is_by_size and weight != "visibility":
            raise ValueError(f"no such weight of a provider: {weight!r} (allowed: size, visibility)")
        chosen, first = candidates[0], math.inf
        for provider in candidates:
            time = finish(state, provider.key, provider.size if is_by_size else provider.visibility)
            if time < first:
                chosen, first = provider, time
        return chosen

    def next_episode(self) -> int:
        """Return the number of the next episode."""
        self._episodes += 1
        return self._episodes - 1

    # --- arrivals ---------------------------------------------------------------------------------------------

    def _schedule_arrival(self) -> None:
        if not self._coming and self._made < len(self.people):
            # Not all at once: what has just been made is still near when it is asked for.
            self._coming = self.people.some(self._made, _BATCH)
            self._made += len(self._coming)
            self._coming.reverse()
        if self._coming:
            person = self._coming.pop()
            self.calendar.schedule(person.arrival, Phase.ARRIVE, -person.row - 1, self._arrive, person)

    def _let_arrive(self, person: Person) -> None:
        self._schedule_arrival()
        Citizen(self, person).arrive()

    # --- what a date changes ----------------------------------------------------------------------------------

    def _change(self, number: int) -> None:
        """Put into force what holds in a period."""
        period = self.periods[number]
        settings = self.timeline.at(period.begin)
        self.pace = period.pace
        self.rules = [self._rules_of(setting) for setting in settings]
        self.is_navigated = any(one.navigation.kind is not None for rules in self.rules for one in rules.all)
        self.landscape.bring_geography_up_to_date([setting.levels for setting in settings])
        has_front_door = any(setting.share_with("entry", FRONT_DOOR_ENTRY) > 0.0 for setting in settings)
        self.landscape.set_funding(period.places, period.front_door_places, has_front_door)
        self.landscape.set_lending(lambda provider: self.holds_for(provider, "capacity", "lends"))
        # Last: who is taken on goes to doors at once.
        self.navigators.change(
            {
                kind: (registry.find("navigation", kind)(self, settings[0].levels), count)
                for kind, count in period.navigators.items()
            }
        )

    def holds_for(self, provider: Provider, question: str, fact: str) -> bool:
        """Return whether a rule that concerns a provider holds in all of its districts, for all citizens."""
        rules = [one for district in provider.nominal for one in self.rules[district].all]
        return all(getattr(getattr(one, question), fact) for one in rules)

    def _rules_of(self, setting: Setting) -> Rules | MixedRules:
        if len(setting.kinds) == 1:
            return self.rules_named(setting.names(0.0), setting.levels)
        return MixedRules(self, setting)
