"""Navigators: people who help citizens through the landscape, each with a caseload, and their waiting list."""

from __future__ import annotations

import math
from collections import deque
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from mesa import Agent

from sim.codes import Activity, Decision
from sim.draws import happens, key_of
from sim.events import Phase

if TYPE_CHECKING:
    from sim.agents.citizen import Citizen
    from sim.agents.episode import Episode
    from sim.agents.provider import Provider
    from sim.model import JourneyModel


class Navigator(Agent):
    """One link worker or key worker.

    Attributes:
        number: Number among the navigators.
        key: Address of what this navigator knows; the same for all, since they learn together.
        caseload: Citizens helped at once.
        cases: Rows of the citizens helped now.
        follow_up: Chance of acting on a setback.
        attendance_odds: Odds ratio of attending while helped.
    """

    model: JourneyModel

    def __init__(self, model: JourneyModel, team: Navigators, number: int) -> None:
        super().__init__(model)
        kind = model.navigation.kind
        assert kind is not None
        self.team = team
        self.number = number
        self.key = key_of("navigators")
        self.caseload = kind.caseload
        self.days = kind.days
        self.follow_up = kind.follow_up
        self.attendance_odds = kind.attendance_odds
        self.cases: set[int] = set()

    def take_on(self, citizen: Citizen) -> None:
        """Start a case: every need of the citizen is pursued from now on."""
        self.cases.add(citizen.row)
        self.team.note_load(self)
        citizen.navigator = self
        self._record(Activity.NAVIGATION_STARTED, citizen)
        citizen.later(self.days, Phase.RELEASE, self.time_is_up, citizen)
        citizen.take_up_needs()

    def right_door(self, episode: Episode) -> Provider | None:
        """Return a door that is right for a need as far as the navigators know, or None."""
        model, landscape = self.model, self.model.landscape
        severity = episode.severity(model.calendar.now, model.severity_growth)
        doors = [
            provider
            for provider in landscape.offering(episode)
            if severity >= landscape.threshold(provider, episode.kind) and landscape.knows(self, provider)
        ]
        fresh = [door for door in doors if door.number not in episode.avoided] or doors
        return model.choose(episode, Decision.CHOICE_OF_DOOR, episode.tries, fresh, "size")

    def review(self, citizen: Citizen) -> None:
        """Close the case if nothing is left to do."""
        if self.model.navigation.is_done(citizen):
            self.close(citizen)

    def time_is_up(self, citizen: Citizen) -> None:
        """Close the case because it has been kept as long as it may be."""
        if citizen.navigator is self:
            self.close(citizen)

    def close(self, citizen: Citizen) -> None:
        """Close the case and take on whoever is next on the list."""
        self.cases.discard(citizen.row)
        self.team.note_load(self)
        citizen.navigator = None
        self._record(Activity.NAVIGATION_ENDED, citizen)
        self.team.assign()

    def _record(self, activity: Activity, citizen: Citizen) -> None:
        now = self.model.calendar.now
        self.model.ledger.record(now, activity, citizen.row, -1, detail=float(self.number))


class Navigators:
    """All navigators of the place and their one waiting list, first come first served."""

    def __init__(self, model: JourneyModel) -> None:
        self.model = model
        kind = model.navigation.kind
        citizens = model.scenario.tables.citizens_per_year
        count = 0 if kind is None else math.ceil(model.coordination.navigators * citizens / 1000.0)
        self.kind = kind
        self.people = [Navigator(model, self, number) for number in range(count)]
        self._by_load = [(0, navigator.number) for navigator in self.people]
        self._waiting: deque[Citizen] = deque()
        self._listed: set[int] = set()

    def consider(self, citizen: Citizen) -> None:
        """Put a citizen on the list who has needs enough, if the worker thinks of it."""
        if self.kind is None or len(citizen.episodes) < self.kind.min_needs:
            return
        citizen.was_offered_navigation = True
        if happens(citizen.key, 0, Decision.NAVIGATION_OFFER, 0, self.model.parameters.navigation.offered):
            now = self.model.calendar.now
            self.model.ledger.record(now, Activity.NAVIGATION_OFFERED, citizen.row, -1)
            self._waiting.append(citizen)
            self._listed.add(citizen.row)
            self.assign()

    def forget(self, citizen: Citizen) -> None:
        """Take a citizen off the list who no longer needs help."""
        self._listed.discard(citizen.row)

    def assign(self) -> None:
        """Give free navigators to those who have waited longest."""
        while self._waiting:
            citizen = self._waiting[0]
            if citizen.row not in self._listed:
                self._waiting.popleft()
                continue
            navigator = self._next_free()
            if navigator is None:
                return
            self._waiting.popleft()
            self._listed.discard(citizen.row)
            if self.model.navigation.is_done(citizen):
                # Nothing is left to help with by now; a later need may bring the citizen here again.
                citizen.was_offered_navigation = False
            else:
                navigator.take_on(citizen)

    def note_load(self, navigator: Navigator) -> None:
        """Keep the navigators in order of their cases; an entry that no longer holds is passed over later."""
        heappush(self._by_load, (len(navigator.cases), navigator.number))

    def _next_free(self) -> Navigator | None:
        """Return the navigator with the fewest cases, unless even that one has no room."""
        while self._by_load:
            load, number = self._by_load[0]
            navigator = self.people[number]
            if load == len(navigator.cases):
                return navigator if load < navigator.caseload else None
            heappop(self._by_load)
        return None
