"""Checks across the tables of a scenario: names that must be unique, exist, and be reachable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sim.schema.initiatives import InitiativeRow
from sim.schema.levels import selectors
from sim.schema.problems import Complaints
from sim.schema.tables import ALL, FRONT_DOOR, ProviderRow, Sector, ServiceRow, Stage

if TYPE_CHECKING:
    from sim.scenario import Tables


def check_references(tables: Tables, folder: str, complaints: Complaints) -> None:
    """Note every problem across tables.

    Args:
        tables: The rows, all of them valid.
        folder: Name of the scenario's folder, for messages.
        complaints: Receives every problem.
    """
    before = len(complaints.problems)
    districts = _unique([row.district for row in tables.districts], f"{folder}/districts.csv", "district", complaints)
    providers = _unique([row.provider for row in tables.providers], f"{folder}/providers.csv", "provider", complaints)
    _unique([row.service for row in tables.services], f"{folder}/services.csv", "service", complaints)
    needs = _unique([row.need for row in tables.needs], f"{folder}/needs.csv", "need", complaints)
    vignettes = _unique([row.vignette for row in tables.vignettes], f"{folder}/vignettes.csv", "vignette", complaints)

    for provider in tables.providers:
        where = f"{folder}/providers.csv: {provider.provider}"
        _exist(_but_all(provider.districts), where, "district", districts, complaints)
    for service in tables.services:
        where = f"{folder}/services.csv: {service.service}"
        _exist([service.provider], where, "provider", providers, complaints)
        _exist(_but_all(service.needs), where, "need", needs, complaints)
    _check_one_desk(tables.services, f"{folder}/services.csv", needs, complaints)
    _check_pools(tables.services, f"{folder}/services.csv", complaints)
    for pair in tables.cooccurrence:
        _exist(
            [pair.need, pair.other],
            f"{folder}/cooccurrence.csv: {pair.need}, {pair.other}",
            "need",
            needs,
            complaints,
        )
    pairs = [" and ".join(sorted((row.need, row.other))) for row in tables.cooccurrence]
    _unique(pairs, f"{folder}/cooccurrence.csv", "pair", complaints)
    for person in tables.vignettes:
        _exist([person.district], f"{folder}/vignettes.csv: {person.vignette}", "district", districts, complaints)
    for given in tables.vignette_needs:
        where = f"{folder}/vignette_needs.csv: {given.vignette}, {given.need}"
        _exist([given.vignette], where, "vignette", vignettes, complaints)
        _exist([given.need], where, "need", needs, complaints)
    given_needs = [f"{row.vignette}, {row.need}" for row in tables.vignette_needs]
    _unique(given_needs, f"{folder}/vignette_needs.csv", "vignette and need", complaints)
    with_needs = {row.vignette for row in tables.vignette_needs}
    for name in vignettes:
        if name not in with_needs:
            complaints.add(f"{folder}/vignette_needs.csv", f"vignette {name!r} has no need")
    if needs and all(row.prevalence == 0 for row in tables.needs) and tables.citizens_per_year > 0:
        complaints.add(f"{folder}/needs.csv", "every prevalence is 0", "at least one need above 0")
    if len(complaints.problems) == before:
        _check_reach(tables, folder, complaints)


def check_initiatives(initiatives: Iterable[InitiativeRow], tables: Tables, where: str, complaints: Complaints) -> None:
    """Note every district or service of an initiative that is not in the place.

    Args:
        initiatives: Of the scenario, or of an arm.
        tables: The place.
        where: What to call the initiatives in messages.
        complaints: Receives every problem.
    """
    districts = [row.district for row in tables.districts]
    services = [row.service for row in tables.services]
    for row in initiatives:
        _exist(_but_all(row.districts), f"{where}: {row.initiative}", "district", districts, complaints)
        if row.service:
            _exist([row.service], f"{where}: {row.initiative}", "service", services, complaints)


def check_levels(barriers: Any, tables: Tables, where: str, complaints: Complaints) -> None:
    """Note every sector or profession that a barrier has a level for and that the place has not.

    Args:
        barriers: Their levels as plain data, perhaps not valid: whatever is wrong with it has been said elsewhere.
        tables: The place.
        where: What to put before the name of a barrier in messages.
        complaints: Receives every problem.
    """
    known = sorted({*Sector, *OWN_PROFESSIONS, *(row.profession for row in tables.providers)})
    for name, level in barriers.items() if isinstance(barriers, Mapping) else ():
        _exist(dict.fromkeys(selectors(level)), f"{where}{name}", "sector or profession", known, complaints)


OWN_PROFESSIONS = ("access", "navigation")
"""Professions that coordination adds: of the single front door and of navigators."""


def needs_of(service: ServiceRow, needs: Iterable[str]) -> tuple[str, ...]:
    """Return the kinds of need a service is for, with 'all' spelt out."""
    return tuple(needs) if ALL in service.needs else service.needs


def districts_of(provider: ProviderRow, districts: Iterable[str]) -> tuple[str, ...]:
    """Return the districts of a provider's nominal catchment, with 'all' spelt out."""
    return tuple(districts) if ALL in provider.districts else provider.districts


def _unique(names: Sequence[str], where: str, kind: str, complaints: Complaints) -> list[str]:
    if not names and kind in ("district", "provider", "service", "need"):
        complaints.add(where, "has no rows")
    for name, count in Counter(names).items():
        if count > 1:
            complaints.add(where, f"{kind} {name!r} is there {count} times", "each once")
        if name == FRONT_DOOR and kind in ("provider", "service"):
            complaints.add(where, f"{kind} {name!r} cannot be a name: coordination with a single front door adds it")
        if name == ALL:
            complaints.add(where, f"{kind} {name!r} cannot be a name: it means every {kind}")
    return list(dict.fromkeys(names))


def _but_all(names: Iterable[str]) -> list[str]:
    return [name for name in names if name != ALL]


def _exist(names: Iterable[str], where: str, kind: str, known: Sequence[str], complaints: Complaints) -> None:
    for name in names:
        if name not in known:
            complaints.unknown(where, kind, name, known)


def _check_one_desk(services: Sequence[ServiceRow], where: str, needs: Sequence[str], complaints: Complaints) -> None:
    desks = Counter((row.provider, row.stage, need) for row in services for need in needs_of(row, needs))
    for (provider, stage, need), count in desks.items():
        if count > 1:
            what = f"provider {provider!r} has {count} services for {stage} of {need!r}"
            complaints.add(where, what, "one for each stage and need")


def _check_pools(services: Sequence[ServiceRow], where: str, complaints: Complaints) -> None:
    pools: dict[str, list[ServiceRow]] = {}
    for row in services:
        if row.pool is not None:
            pools.setdefault(row.pool, []).append(row)
    for pool, rows in pools.items():
        if len({(row.stage, row.staff_per_place) for row in rows}) > 1 or rows[0].stage is Stage.CRISIS:
            what = f"pool {pool!r} has services of several stages or staff_per_place, or for crises"
            complaints.add(where, what, "one stage, assessment or support, and one staff_per_place in a pool")


def _check_reach(tables: Tables, folder: str, complaints: Complaints) -> None:
    before = len(complaints.problems)
    needs = [row.need for row in tables.needs]
    districts = [row.district for row in tables.districts]
    rows = {row.provider: row for row in tables.providers}
    supported: set[tuple[str, str]] = set()
    doors: set[tuple[str, str]] = set()
    for service in tables.services:
        provider = rows[service.provider]
        cells = {(n, d) for n in needs_of(service, needs) for d in districts_of(provider, districts)}
        if service.stage is Stage.SUPPORT:
            supported |= cells
        if provider.visibility > 0 and service.stage is not Stage.CRISIS and not service.assessed_first:
            doors |= cells
    for district in districts:
        if not any((need, district) in supported for need in needs):
            complaints.add(f"{folder}/districts.csv", f"no provider covers district {district!r}")
    for need in needs:
        if not any((need, district) in supported for district in districts):
            complaints.add(f"{folder}/services.csv", f"no service supports need {need!r}")
    if len(complaints.problems) > before:
        return
    for need in needs:
        for district in districts:
            if (need, district) not in supported:
                complaints.add(f"{folder}/services.csv", f"no service supports need {need!r} in district {district!r}")
            elif (need, district) not in doors:
                what = f"no visible door is open to unassessed people with need {need!r} in district {district!r}"
                complaints.add(f"{folder}/providers.csv", what)
