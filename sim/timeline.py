"""What holds where and when: the mechanisms, levels and places of a place under one coordination.

Pure: made from a scenario and a coordination, before anything runs. Between two dates nothing changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from sim.coordination import Coordination
from sim.levels import Levels, levels_of
from sim.scenario import Scenario
from sim.schema.initiatives import DATED, InitiativeRow
from sim.schema.tables import ALL


@dataclass(frozen=True)
class Step:
    """A dated mechanism in force for a share of the citizens of a district.

    Attributes:
        share: Of citizens, 0 to 1: those whose luck is below it.
        question: Which question it answers.
        name: The mechanism.
    """

    share: float
    question: str
    name: str


@dataclass(frozen=True)
class Setting:
    """What holds in one district between two dates.

    Attributes:
        base: Mechanisms of the coordination, in the order of ``DATED``.
        steps: Dated mechanisms, later ones over earlier ones.
        levels: Of the barriers.
    """

    base: tuple[str, ...]
    steps: tuple[Step, ...]
    levels: Levels

    def names(self, luck: float) -> tuple[str, ...]:
        """Return the mechanisms for somebody, of whom a luck between 0 and 1 says who is reached first."""
        names = list(self.base)
        for step in self.steps:
            if luck < step.share:
                names[DATED.index(step.question)] = step.name
        return tuple(names)

    @cached_property
    def kinds(self) -> tuple[tuple[float, tuple[str, ...]], ...]:
        """The mechanisms that there are, each with the share of citizens under them, those reached first first."""
        edges = sorted({step.share for step in self.steps} | {0.0, 1.0})
        return tuple((high - low, self.names((low + high) / 2)) for low, high in pairwise(edges))

    def share_with(self, question: str, name: str) -> float:
        """Return the share of citizens under a mechanism."""
        place = DATED.index(question)
        return sum(share for share, names in self.kinds if names[place] == name)


class Timeline:
    """The settings of all districts, and the places of services, by day.

    Attributes:
        scenario: The place.
        coordination: The rules.
        dates: Days on which something changes, in order; the first is 0.
    """

    def __init__(self, scenario: Scenario, coordination: Coordination) -> None:
        self.scenario = scenario
        self.coordination = coordination
        self._districts = [row.district for row in scenario.tables.districts]
        self._base = tuple(getattr(coordination, question) for question in DATED)
        self._levels = levels_of(scenario.parameters.barriers)
        self._rows = (*scenario.tables.initiatives, *coordination.initiatives)
        self._known: dict[float, list[Setting]] = {}
        self._reached = [self._places_of(row) for row in self._rows]
        horizon = scenario.parameters.time.horizon_days
        found = {day for row, reached in zip(self._rows, self._reached, strict=True) for day in row.dates(len(reached))}
        self.dates = [0.0, *sorted(day for day in found if 0.0 < day < horizon)]

    def at(self, day: float) -> list[Setting]:
        """Return the setting of each district on a day."""
        known = self._known.get(day)
        if known is None:
            known = self._known[day] = [self._setting(district, day) for district in self._districts]
        return known

    def places(self, day: float) -> dict[str, int]:
        """Return the funded places of each service on a day, by name."""
        places = {row.service: row.places for row in self.scenario.tables.services}
        for row in self._rows:
            if row.service:
                own, share = places[row.service], row.progress(0, day)
                places[row.service] = round(own + (row.number - own) * share)
        return places

    @cached_property
    def ever(self) -> dict[str, frozenset[str]]:
        """The mechanisms of each dated question that are in force somewhere at some time."""
        found = {question: {name} for question, name in zip(DATED, self._base, strict=True)}
        for row in self._rows:
            if row.change in DATED:
                found[row.change].add(row.value)
        return {question: frozenset(names) for question, names in found.items()}

    def ever_has_barrier(self, name: str) -> bool:
        """Return whether a barrier is present somewhere at some time."""
        return not getattr(self._levels, name).is_nowhere() or any(
            row.barrier == name and row.number > 0.0 for row in self._rows
        )

    def _setting(self, district: str, day: float) -> Setting:
        steps, levels = [], self._levels
        for row, reached in zip(self._rows, self._reached, strict=True):
            place = reached.get(ALL, reached.get(district))
            share = 0.0 if place is None else row.progress(place, day)
            if share <= 0.0 or row.service:
                continue
            if row.barrier:
                level = getattr(levels, row.barrier).moved(row.number, share)
                levels = levels._replace(**{row.barrier: level})
            else:
                steps.append(Step(share, row.change, row.value))
        return Setting(self._base, tuple(steps), levels)

    def _places_of(self, row: InitiativeRow) -> dict[str, int]:
        """Return the place of each district in the order in which a row reaches them; ``all`` is reached at once."""
        return {ALL: 0} if row.is_everywhere else {name: place for place, name in enumerate(row.districts)}
