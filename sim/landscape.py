"""The landscape of one world: its providers, and who is where, offers what and knows whom.

The luck of geography and learning is drawn here, by address; the level in force decides what comes of it, so that what
is blocked at one level of a barrier is blocked at every higher one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from sim.agents.crisis import CrisisDesk
from sim.agents.desk import Desk
from sim.agents.pooling import Pool
from sim.agents.provider import Provider
from sim.agents.service import Service
from sim.codes import Decision
from sim.direct import absorb, local_threshold, takes_wrong_door, uniform
from sim.draws import key_of
from sim.levels import Levels
from sim.native import mypyc_attr
from sim.scenario_checks import districts_of, needs_of
from sim.schema.tables import FRONT_DOOR, ProviderRow, Sector, ServiceRow, Stage

if TYPE_CHECKING:
    from sim.agents.episode import Episode
    from sim.in_force import Rules
    from sim.model import JourneyModel


class Knower(Protocol):
    """Whoever may know a provider: the workers of another provider, or the navigators."""

    key: int
    sector: str
    profession: str
    hub: str | None


@mypyc_attr(serializable=True, allow_interpreted_subclasses=True)
class Landscape:
    """Providers and their desks, and what can be looked up about them.

    Attributes:
        providers: By number.
        desks: All desks, by number.
        open_to_handoffs: Providers of the tables; not a single front door, to which nobody hands on.
    """

    def __init__(self, model: JourneyModel) -> None:
        self.model = model
        self.providers: list[Provider] = []
        self.desks: list[Desk] = []
        self._by_name: dict[str, Desk] = {}
        self._pools: dict[str, Pool] = {}
        self._crisis: dict[tuple[int, int], list[CrisisDesk]] = defaultdict(list)
        self._front_door: Provider | None = None
        self._effects = model.parameters.barrier_effects
        self._known: dict[tuple[int, int], float] = {}
        self._add_rows()
        self.open_to_handoffs = tuple(self.providers)
        self._index()
        self._draw_geography()

    def visible_doors(self, kind: int, district: int) -> Sequence[Provider]:
        """Return the doors that citizens of a district think of for a need and that take the unassessed."""
        return self._right[kind, district]

    def visible_wrong_doors(self, kind: int, district: int) -> Sequence[Provider]:
        """Return the other doors that citizens of a district see."""
        return self._wrong[kind, district]

    def chosen_door(self, episode: Episode, base: float, added: float) -> Provider | None:
        """Return the door that a citizen chooses by what is visible, perhaps a wrong one, or None if there is none.

        Args:
            episode: For which need.
            base: Chance of a wrong door at capability 0 without barriers.
            added: What limited learning adds to it.
        """
        citizen = episode.citizen
        doors = self.visible_doors(episode.kind, citizen.district)
        if base + added > 0.0 and takes_wrong_door(
            citizen.key, episode.address, Decision.WRONG_DOOR, episode.tries, base, added, citizen.capability
        ):
            doors = self.visible_wrong_doors(episode.kind, citizen.district) or doors
        # Where nobody new is left to ask, all are asked again: the need may be more severe by now.
        if episode.avoided:
            doors = [door for door in doors if door.number not in episode.avoided] or doors
        return self.model.choose(episode, Decision.CHOICE_OF_DOOR, episode.tries, doors, "visibility")

    def offering(self, episode: Episode) -> Sequence[Provider]:
        """Return who, by their nominal catchment, offers what an episode needs next.

        That is support for those who have been assessed, and a door open to the unassessed for the others.
        """
        table = self._supporting if episode.assessed_at else self._open
        return table[episode.kind, episode.citizen.district]

    def supporting(self, episode: Episode) -> Sequence[Provider]:
        """Return who, by their nominal catchment, supports a need."""
        return self._supporting[episode.kind, episode.citizen.district]

    def crisis_desks(self, kind: int, district: int) -> Sequence[CrisisDesk]:
        """Return the crisis services for a kind of need in a district."""
        return self._crisis[kind, district]

    def known_to(self, knower: Knower, episode: Episode, rules: Rules) -> Sequence[tuple[float, Provider]]:
        """Return who offers what an episode needs next and is known to workers, each with its threshold."""
        kind, district = episode.kind, episode.citizen.district
        asked = (knower.key, bool(episode.assessed_at), kind, district)
        known = rules.known.get(asked)
        if known is None:
            known = rules.known[asked] = tuple(
                (self._threshold[provider.number, kind], provider)
                for provider in self.offering(episode)
                if self.knows(knower, provider, rules)
            )
        return known

    def unfamiliar_to(self, knower: Knower, rules: Rules) -> Sequence[Provider]:
        """Return who may be handed on to and is not known to workers."""
        unfamiliar = rules.unfamiliar.get(knower.key)
        if unfamiliar is None:
            unfamiliar = rules.unfamiliar[knower.key] = tuple(
                provider for provider in self.open_to_handoffs if not self.knows(knower, provider, rules)
            )
        return unfamiliar

    def knows(self, knower: Knower, provider: Provider, rules: Rules) -> bool:
        """Return whether workers know of a provider; whoever works together does."""
        level = rules.levels.learning.between(knower, provider, knower)
        chance = level * self._effects.learning_unknown
        if chance <= 0.0 or rules.delivery.are_together(knower, provider):
            return True
        pair = (knower.key, provider.key)
        luck = self._known.get(pair)
        if luck is None:
            address = absorb(absorb(self.model.world, knower.key), provider.key)
            luck = self._known[pair] = uniform(address, 0, Decision.UNKNOWN_PROVIDER, 0)
        return luck >= chance

    def bring_geography_up_to_date(self, levels: Sequence[Levels]) -> None:
        """Set which districts providers cover, and what districts add to their thresholds.

        Args:
            levels: In force, by district.
        """
        effects = self._effects
        for provider, luck in self._geography:
            at = {district: levels[district].geography.of(provider) for district in luck}
            provider.covered = frozenset(d for d, (lost, _) in luck.items() if lost >= at[d] * effects.geography_lost)
            added = {d: local_threshold(at[d], effects.geography_threshold, own) for d, (_, own) in luck.items()}
            provider.local = {district: more for district, more in added.items() if more > 0.0}

    def set_funding(self, places: dict[str, int], front_door_places: int, has_front_door: bool) -> None:
        """Set the funded places of services, by name, and of the front door if there is one; else it is closed."""
        for name, count in places.items():
            self._by_name[name].funded = count
        # Once all are known, as a place that comes free may be lent at once; by key: no order of tables must matter.
        for name in sorted(places, key=lambda name: self._by_name[name].key):
            self._by_name[name].set_places()
        for provider in self.providers:
            provider.size = 1.0 + sum(desk.funded for desk in provider.services if desk.is_support)
        if self._front_door is not None:
            self._front_door.is_closed = not has_front_door
            for service in self._front_door.services:
                service.fund(front_door_places)
                if not has_front_door:
                    service.lose_list()

    def set_lending(self, lends: Callable[[Provider], bool]) -> None:
        """Set which services of a pool lend each other places now."""
        changed = []
        for desk in self.desks:
            if isinstance(desk, Service) and desk.pool is not None and desk.lends != lends(desk.provider):
                desk.lends = not desk.lends
                changed.append(desk)
        for service in sorted(changed, key=lambda service: service.key):
            assert service.pool is not None
            if service.lends:
                service.call_next()
            else:
                service.pool.dissolve(service)

    def front_door(self, places: int = 0) -> Provider:
        """Return the provider that assesses every need of every district, and to which nobody hands on.

        Args:
            places: At the start: it is added when it is first asked for.
        """
        if self._front_door is not None:
            return self._front_door
        tables, settings = self.model.scenario.tables, self.model.coordination
        everywhere = frozenset(range(len(tables.districts)))
        row = ProviderRow(
            provider=FRONT_DOOR,
            label="Single front door",
            sector=Sector.PUBLIC,
            profession="access",
            visibility=0.0,
        )
        door = self._front_door = Provider(self.model, len(self.providers), row, everywhere)
        self.providers.append(door)
        desk = ServiceRow(
            service=FRONT_DOOR,
            label="Single front door",
            provider=FRONT_DOOR,
            stage=Stage.ASSESSMENT,
            needs=tuple(need.need for need in tables.needs),
            places=places,
            service_days=settings.front_door_days,
        )
        self._add_service(door, desk, pays=False)
        return door

    def _add_rows(self) -> None:
        tables = self.model.scenario.tables
        districts = [row.district for row in tables.districts]
        by_name: dict[str, Provider] = {}
        for row in tables.providers:
            nominal = frozenset(districts.index(name) for name in districts_of(row, districts))
            provider = Provider(self.model, len(self.providers), row, nominal)
            self.providers.append(provider)
            by_name[row.provider] = provider
        for turn, provider in enumerate(sorted(self.providers, key=lambda provider: provider.key)):
            provider.turn = turn
        self._leave_out_hubs_of_one()
        for desk in tables.services:
            if desk.stage is Stage.CRISIS:
                self._add_crisis_desk(by_name[desk.provider], desk)
            else:
                self._add_service(by_name[desk.provider], desk)

    def _leave_out_hubs_of_one(self) -> None:
        """Who is alone in a hub works with nobody."""
        members = Counter(provider.hub for provider in self.providers)
        for provider in self.providers:
            if members[provider.hub] < 2:
                provider.hub = None

    def _add_crisis_desk(self, provider: Provider, row: ServiceRow) -> None:
        desk = CrisisDesk(self.model, provider, len(self.desks), row)
        self._add_desk(desk)
        for kind in self._kinds_of(row):
            for district in provider.nominal:
                self._crisis[kind, district].append(desk)

    def _add_service(self, provider: Provider, row: ServiceRow, pays: bool = True) -> None:
        service = Service(self.model, provider, len(self.desks), row, pays)
        self._add_desk(service)
        # In an order of its own: who is called first when doors open again must not depend on that of the tables.
        provider.services = sorted([*provider.services, service], key=lambda own: own.key)
        desks = provider.support if service.is_support else provider.assessment
        for kind in self._kinds_of(row):
            desks[kind] = service
        if row.pool is not None:
            service.pool = self._pools.setdefault(row.pool, Pool(self.model.parameters.pooling))
            service.pool.add(service)

    def _add_desk(self, desk: Desk) -> None:
        self.desks.append(desk)
        self._by_name[desk.name] = desk

    def _kinds_of(self, row: ServiceRow) -> list[int]:
        kinds = [need.need for need in self.model.scenario.tables.needs]
        return [kinds.index(name) for name in needs_of(row, kinds)]

    def _draw_geography(self) -> None:
        """Draw the luck of each provider in each district: does it lose it, and what does it add to thresholds."""
        keys = [key_of("district", row.district) for row in self.model.scenario.tables.districts]
        self._geography = []
        for provider in self.providers:
            at = {
                district: absorb(absorb(self.model.world, provider.key), keys[district])
                for district in provider.nominal
            }
            luck = {
                district: (
                    uniform(address, 0, Decision.CATCHMENT_LOST, 0),
                    uniform(address, 0, Decision.LOCAL_THRESHOLD, 0),
                )
                for district, address in at.items()
            }
            self._geography.append((provider, luck))

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
