"""Navigators: people who help citizens through the landscape, each with a caseload, and their waiting lists."""

from __future__ import annotations

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
    from sim.mechanisms.navigation import Navigating
    from sim.model import JourneyModel


class Navigator(Agent):
    """One link worker or key worker.

    Attributes:
        number: Number among all navigators.
        key: Address of what this navigator knows; the same for all, since they learn together.
        mode: How this navigator hands on.
        caseload: Citizens helped at once.
        cases: The citizens helped now, by row.
        follow_up: Chance of acting on a setback.
        attendance_odds: Odds ratio of attending while helped.
        is_retired: Whether the post no longer exists.
    """

    model: JourneyModel
    sector, profession, hub = "", "navigation", None

    def __init__(self, model: JourneyModel, team: Team, number: int) -> None:
        super().__init__(model)
        kind = team.kind
        self.team = team
        self.number = number
        self.key = key_of("navigators")
        self.mode = team.mode
        self.caseload = kind.caseload
        self.days = kind.days
        self.follow_up = kind.follow_up
        self.attendance_odds = kind.attendance_odds
        self.cases: dict[int, Citizen] = {}
        self.is_retired = False

    def take_on(self, citizen: Citizen) -> None:
        """Start a case: every need of the citizen is pursued from now on."""
        self.cases[citizen.row] = citizen
        self.team.note_load(self)
        citizen.navigator = self
        self._record(Activity.NAVIGATION_STARTED, citizen)
        citizen.later(self.days, Phase.RELEASE, self.time_is_up, citizen)
        citizen.take_up_needs()

    def right_door(self, episode: Episode) -> Provider | None:
        """Return a door that is right for a need as far as the navigators know, or None."""
        model, landscape = self.model, self.model.landscape
        severity = episode.severity(model.calendar.now, model.severity_growth)
        rules = episode.citizen.rules
        doors = [
            provider
            for provider in landscape.offering(episode)
            if severity >= landscape.threshold(provider, episode.kind) and landscape.knows(self, provider, rules)
        ]
        fresh = [door for door in doors if door.number not in episode.avoided] or doors
        return model.choose(episode, Decision.CHOICE_OF_DOOR, episode.tries, fresh, "size")

    def review(self, citizen: Citizen) -> None:
        """Close the case if every need that has arisen is supported or given up."""
        if is_settled(citizen):
            self.close(citizen)

    def time_is_up(self, citizen: Citizen) -> None:
        """Close the case because it has been kept as long as it may be."""
        if citizen.navigator is self:
            self.close(citizen)

    def close(self, citizen: Citizen) -> None:
        """Close the case and take on whoever is next on the list."""
        del self.cases[citizen.row]
        self.team.note_load(self)
        citizen.navigator = None
        self._record(Activity.NAVIGATION_ENDED, citizen)
        self.team.assign()

    def retire(self) -> None:
        """The post ends, and with it all cases."""
        self.is_retired = True
        for citizen in tuple(self.cases.values()):
            self.close(citizen)

    def _record(self, activity: Activity, citizen: Citizen) -> None:
        now = self.model.calendar.now
        self.model.ledger.record(now, activity, citizen.row, -1, detail=float(self.number))


class Team:
    """The navigators of one kind and their one waiting list, first come first served."""

    def __init__(self, navigators: Navigators, mechanism: Navigating) -> None:
        assert mechanism.kind is not None
        self.model = navigators.model
        self.name = mechanism.name
        self.kind = mechanism.kind
        self.mode = mechanism.mode
        self._navigators = navigators
        self._people: list[Navigator] = []
        self._by_load: list[tuple[int, int]] = []
        self._waiting: deque[Citizen] = deque()
        self._listed: set[int] = set()

    def resize(self, count: int) -> None:
        """Take on navigators, or let the last ones go."""
        while len(self._people) < count:
            navigator = self._navigators.employ(self)
            self._people.append(navigator)
            self.note_load(navigator)
        while len(self._people) > count:
            self._people.pop().retire()
        self.assign()

    def drop_who_left(self) -> None:
        """Close the cases of citizens for whom there is no such navigation any more, and take them off the list."""
        for citizen in self._waiting:
            if citizen.rules.navigation.name != self.name:
                self.forget(citizen)
        for navigator in self._people:
            for citizen in tuple(navigator.cases.values()):
                if citizen.rules.navigation.name != self.name:
                    navigator.close(citizen)

    def enlist(self, citizen: Citizen) -> None:
        """Put a citizen on the list."""
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
            if is_settled(citizen):
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
            navigator = self._navigators.people[number]
            if load == len(navigator.cases) and not navigator.is_retired:
                return navigator if load < navigator.caseload else None
            heappop(self._by_load)
        return None


class Navigators:
    """All navigators of the place, in teams by kind.

    Attributes:
        people: All that there ever were, by number.
    """

    def __init__(self, model: JourneyModel) -> None:
        self.model = model
        self.people: list[Navigator] = []
        self._teams: dict[str, Team] = {}

    def resize(self, mechanism: Navigating, count: int) -> None:
        """Have this many navigators of a kind from now on."""
        team = self._teams.get(mechanism.name)
        if team is None:
            if not count:
                return
            team = self._teams[mechanism.name] = Team(self, mechanism)
        team.resize(count)

    def drop_who_left(self) -> None:
        """Close the cases of citizens for whom the rules have changed."""
        for team in self._teams.values():
            team.drop_who_left()

    def employ(self, team: Team) -> Navigator:
        """Return a new navigator."""
        navigator = Navigator(self.model, team, len(self.people))
        self.people.append(navigator)
        return navigator

    def consider(self, citizen: Citizen) -> None:
        """Put a citizen on a list who has needs enough, if the worker thinks of it."""
        navigation = citizen.rules.navigation
        if navigation.kind is None or len(citizen.episodes) < navigation.kind.min_needs:
            return
        citizen.was_offered_navigation = True
        if happens(citizen.key, 0, Decision.NAVIGATION_OFFER, 0, self.model.parameters.navigation.offered):
            now = self.model.calendar.now
            self.model.ledger.record(now, Activity.NAVIGATION_OFFERED, citizen.row, -1)
            team = self._teams.get(navigation.name)
            if team is not None:
                team.enlist(citizen)

    def forget(self, citizen: Citizen) -> None:
        """Take a citizen off every list."""
        for team in self._teams.values():
            team.forget(citizen)


def is_settled(citizen: Citizen) -> bool:
    """Return whether every need of a citizen that has arisen is supported or given up."""
    return all(episode.is_settled for episode in citizen.episodes)
