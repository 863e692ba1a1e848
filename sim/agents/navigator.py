"""Navigators: people who help citizens through the landscape, each with a caseload, and their waiting lists."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from heapq import heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

from sim.agents.citizen import Citizen
from sim.codes import Activity, Decision
from sim.direct import happens
from sim.draws import key_of
from sim.events import Phase
from sim.mesa_model import LightAgent
from sim.native import mypyc_attr

if TYPE_CHECKING:
    from sim.agents.episode import Episode
    from sim.agents.provider import Provider
    from sim.mechanisms.navigation import Navigating
    from sim.model import JourneyModel


@mypyc_attr(serializable=True, allow_interpreted_subclasses=True)
class Navigator(LightAgent):
    """One link worker or key worker.

    Attributes:
        number: Number among all navigators.
        key: Address of what this navigator knows; the same for all, since they learn together.
        mode: How this navigator hands on.
        caseload: Citizens helped at once.
        cases: The citizens helped now, by row.
        follow_up: Chance of acting on a setback.
        attendance_odds: Odds ratio of attending while helped.
        is_retired: Whether the post has ended: it takes no new cases, and keeps those it has until they end.
    """

    model: JourneyModel
    sector: str = ""
    profession: str = "navigation"
    hub: str | None = None

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
        citizen.cases += 1
        self._record(Activity.NAVIGATION_STARTED, citizen)
        citizen.later(self.days, Phase.RELEASE, self.time_is_up, Case(citizen, citizen.cases))
        citizen.take_up_needs()

    def right_door(self, episode: Episode) -> Provider | None:
        """Return a door that is right for a need as far as the navigators know, or None."""
        model, landscape = self.model, self.model.landscape
        severity = episode.severity(model.calendar.now, model.severity_growth)
        rules = episode.citizen.rules
        doors = [provider for threshold, provider in landscape.known_to(self, episode, rules) if severity >= threshold]
        fresh = [door for door in doors if door.number not in episode.avoided] or doors
        return model.choose(episode, Decision.CHOICE_OF_DOOR, episode.tries, fresh, "size")

    def review(self, citizen: Citizen) -> None:
        """Close the case if every need that has arisen is supported or given up."""
        if is_settled(citizen):
            self.close(citizen)
            self.team.assign()

    def time_is_up(self, case: Case) -> None:
        """Close the case because it has been kept as long as it may be, unless it is closed already."""
        citizen, number = case
        if citizen.navigator is self and citizen.cases == number:
            self.close(citizen)
            self.team.assign()

    def close(self, citizen: Citizen) -> None:
        """Close the case."""
        del self.cases[citizen.row]
        self.team.note_load(self)
        citizen.navigator = None
        self._record(Activity.NAVIGATION_ENDED, citizen)

    def _record(self, activity: Activity, citizen: Citizen) -> None:
        now = self.model.calendar.now
        self.model.ledger.record(now, activity, citizen.row, -1, detail=float(self.number))


class Case(NamedTuple):
    """One time that somebody is helped."""

    citizen: Citizen
    number: int


@mypyc_attr(serializable=True, allow_interpreted_subclasses=True)
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
        self._waiting: deque[Case] = deque()
        self._listed: dict[int, int] = {}
        self._entries = 0

    def drop_who_left(self) -> None:
        """Let go of citizens for whom there is no such navigation any more; who meets it later is considered anew."""
        for citizen, entry in self._waiting:
            if self._listed.get(citizen.row) == entry and citizen.rules.navigation.name != self.name:
                self.forget(citizen)
                citizen.considered_for = ""
        for navigator in self._navigators.of(self):
            for citizen in tuple(navigator.cases.values()):
                if citizen.rules.navigation.name != self.name:
                    navigator.close(citizen)
                    citizen.considered_for = ""

    def resize(self, count: int) -> None:
        """Have this many navigators: new ones are taken on, or those with the fewest cases take no more."""
        while len(self._people) < count:
            navigator = self._navigators.employ(self)
            self._people.append(navigator)
            self.note_load(navigator)
        self._people.sort(key=lambda navigator: (-len(navigator.cases), navigator.number))
        while len(self._people) > count:
            self._people.pop().is_retired = True

    def enlist(self, citizen: Citizen) -> None:
        """Put a citizen on the list."""
        self._entries += 1
        self._waiting.append(Case(citizen, self._entries))
        self._listed[citizen.row] = self._entries
        self.assign()

    def forget(self, citizen: Citizen) -> None:
        """Take a citizen off the list who no longer needs help."""
        self._listed.pop(citizen.row, None)

    def assign(self) -> None:
        """Give free navigators to those who have waited longest."""
        while self._waiting:
            citizen, entry = self._waiting[0]
            if self._listed.get(citizen.row) != entry:
                self._waiting.popleft()
                continue
            navigator = self._next_free()
            if navigator is None:
                return
            self._waiting.popleft()
            self.forget(citizen)
            if is_settled(citizen):
                # Nothing is left to help with by now; a later need may bring the citizen here again.
                citizen.considered_for = ""
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


@mypyc_attr(serializable=True, allow_interpreted_subclasses=True)
class Navigators:
    """All navigators of the place, in teams by kind.

    Attributes:
        people: All that there ever were, by number.
    """

    def __init__(self, model: JourneyModel) -> None:
        self.model = model
        self.people: list[Navigator] = []
        self._teams: dict[str, Team] = {}

    def change(self, counts: Mapping[str, tuple[Navigating, int]]) -> None:
        """Bring teams up to date with the rules in force: first who leaves, then who comes.

        Args:
            counts: Mechanism and number of navigators from now on, by kind.
        """
        for team in self._teams.values():
            team.drop_who_left()
        for name, (mechanism, count) in counts.items():
            if count and name not in self._teams:
                self._teams[name] = Team(self, mechanism)
            if name in self._teams:
                self._teams[name].resize(count)
        for team in self._teams.values():
            team.assign()

    def of(self, team: Team) -> list[Navigator]:
        """Return all who are or were of a team."""
        return [navigator for navigator in self.people if navigator.team is team]

    def employ(self, team: Team) -> Navigator:
        """Return a new navigator."""
        navigator = Navigator(self.model, team, len(self.people))
        self.people.append(navigator)
        return navigator

    def consider(self, citizen: Citizen) -> None:
        """Put a citizen on a list who has needs enough, if the worker thinks of it."""
        navigation = citizen.rules.navigation
        if navigation.kind is None or _needs_of(citizen) < navigation.kind.min_needs:
            return
        citizen.considered_for = navigation.name
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


def _needs_of(citizen: Citizen) -> int:
    """Return how many needs have arisen; one that has returned or is taken up again is one need."""
    return len({episode.slot for episode in citizen.episodes})


def is_settled(citizen: Citizen) -> bool:
    """Return whether every need of a citizen that has arisen is supported or given up."""
    return all(episode.is_settled for episode in citizen.episodes)
