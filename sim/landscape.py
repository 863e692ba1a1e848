"""The landscape of one world: its providers, and who is where, offers what and knows whom.

Barriers to geography and learning act here, once, when the world is made: by address, so that what is blocked at
one level of a barrier is blocked at every higher one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from sim.agents.provider import Provider
from sim.agents.service import Service
from sim.codes import Decision
from sim.draws import absorb, happens, key_of
from sim.scenario_checks import districts_of, needs_of
from sim.schema.tables import ProviderRow, Sector, ServiceRow, Stage

if TYPE_CHECKING:
    from sim.agents.episode import Episode
    from sim.model import JourneyModel


class Knower(Protocol):
    """Whoever may know a provider: the workers of another provider, or the navigators."""

    key: int


class Landscape:
    """Providers and their desks, and what can be looked up about them.

    Attributes:
        providers: By number.
        services: By number.
        open_to_handoffs: Providers of the tables; not a single front door, to which nobody hands on.
        has_gaps_of_knowledge: Whether anybody does not know anybody.
    """

    def __init__(self, model: JourneyModel) -> None:
        self.model = model
        self.providers: list[Provider] = []
        self.services: list[Service] = []
        effects, barriers = model.parameters.barrier_effects, model.parameters.barriers
        self._unknown_chance = barriers.learning * effects.learning_unknown
        self._lost_chance = barriers.geography * effects.geography_lost
        self.has_gaps_of_knowledge = self._unknown_chance > 0.0
        self._known: dict[tuple[int, int], bool] = {}
        self._add_rows()
        self.open_to_handoffs = tuple(self.providers)
        self._index()

    def visible_doors(self, kind: int, district: int) -> Sequence[Provider]:
        """Return the doors that citizens of a district think of for a need and that take the unassessed."""
        return self._right[kind, district]

    def visible_wrong_doors(self, kind: int, district: int) -> Sequence[Provider]:
        """Return the other doors that citizens of a district see."""
        return self._wrong[kind, district]

    def offering(self, episode: Episode) -> Sequence[Provider]:
        """Return who, by their nominal catchment, offers what an episode needs next.

        That is support for those who have been assessed, and a door open to the unassessed for the others.
        """
        table = self._supporting if episode.assessed_at else self._open
        return table[episode.kind, episode.citizen.district]

    def threshold(self, provider: Provider, kind: int) -> float:
        """Return the severity from which a provider takes a need on, at its desks for it."""
        return self._threshold[provider.number, kind]

    def knows(self, knower: Knower, provider: Provider) -> bool:
        """Return whether workers know of a provider."""
        if self._unknown_chance <= 0.0:
            return True
        pair = (knower.key, provider.key)
        known = self._known.get(pair)
        if known is None:
            address = absorb(absorb(self.model.world, knower.key), provider.key)
            known = not happens(address, 0, Decision.UNKNOWN_PROVIDER, 0, self._unknown_chance)
            self._known[pair] = known
        return known

    def add_front_door(self, name: str, places: int, days: float) -> Provider:
        """Add a provider that assesses every need of every district, and to which nobody hands on."""
        tables = self.model.scenario.tables
        everywhere = frozenset(range(len(tables.districts)))
        row = ProviderRow(
            provider=name,
            label="Single front door",
            sector=Sector.PUBLIC,
            profession="access",
            visibility=0.0,
        )
        door = Provider(self.model, len(self.providers), row, everywhere, everywhere)
        self.providers.append(door)
        desk = ServiceRow(
            service=name,
            label="Single front door",
            provider=name,
            stage=Stage.ASSESSMENT,
            needs=tuple(need.need for need in tables.needs),
            places=places,
            service_days=days,
        )
        self._add_service(door, desk)
        return door

    def _add_rows(self) -> None:
        tables = self.model.scenario.tables
        districts = [row.district for row in tables.districts]
        by_name: dict[str, Provider] = {}
        for row in tables.providers:
            nominal = frozenset(districts.index(name) for name in districts_of(row, districts))
            covered = frozenset(number for number in nominal if self._covers(row.provider, districts[number]))
            provider = Provider(self.model, len(self.providers), row, nominal, covered)
            self.providers.append(provider)
            by_name[row.provider] = provider
        for desk in tables.services:
            self._add_service(by_name[desk.provider], desk)

    def _covers(self, provider: str, district: str) -> bool:
        address = absorb(absorb(self.model.world, key_of("provider", provider)), key_of("district", district))
        return not happens(address, 0, Decision.CATCHMENT_LOST, 0, self._lost_chance)

    def _add_service(self, provider: Provider, row: ServiceRow) -> None:
        service = Service(self.model, provider, len(self.services), row)
        self.services.append(service)
        provider.services.append(service)
        kinds = [need.need for need in self.model.scenario.tables.needs]
        desks = provider.support if service.is_support else provider.assessment
        for name in needs_of(row, kinds):
            desks[kinds.index(name)] = service
        if service.is_support:
            provider.size += service.places

    def _index(self) -> None:
        self._right: dict[tuple[int, int], list[Provider]] = defaultdict(list)
        self._wrong: dict[tuple[int, int], list[Provider]] = defaultdict(list)
        self._open: dict[tuple[int, int], list[Provider]] = defaultdict(list)
        self._supporting: dict[tuple[int, int], list[Provider]] = defaultdict(list)
        self._threshold: dict[tuple[int, int], float] = {}
        for provider in self.providers:
            for kind, (assessment, support) in enumerate(zip(provider.assessment, provider.support, strict=True)):
                takes_unassessed = assessment is not None or (support is not None and not support.assessed_first)
                desks = [desk for desk in (assessment, support) if desk is not None]
                self._threshold[provider.number, kind] = max((desk.threshold for desk in desks), default=0.0)
                for district in provider.nominal:
                    cell = (kind, district)
                    if takes_unassessed:
                        self._open[cell].append(provider)
                    if support is not None:
                        self._supporting[cell].append(provider)
                    if provider.visibility > 0.0:
                        (self._right if takes_unassessed else self._wrong)[cell].append(provider)
