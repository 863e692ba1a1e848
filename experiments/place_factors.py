"""What factors on the citizens and the places of a place make of its tables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any, TypeVar

from sim.scenario import Tables
from sim.schema.fields import Section
from sim.schema.initiatives import InitiativeRow
from sim.schema.problems import Complaints, listing
from sim.schema.tables import Sector, ServiceRow, Stage
from sim.schema.validation import validate

RowT = TypeVar("RowT", bound=Section)

DEMAND, PLACES = "place.demand", "place.places"
"""Names of the factors."""
MOST_ROUNDING = Fraction(1, 10)
"""Places are rounded as long as that changes their exact number by no more than this share of it."""


def tables_of(values: Mapping[str, Any], tables: Tables, where: str, complaints: Complaints) -> Tables | None:
    """Return the tables of a place with other citizens and places; None if rows become impossible."""
    before = len(complaints.problems)
    sector_of = {row.provider: row.sector for row in tables.providers}
    has_places = {sector_of[row.provider] for row in tables.services if row.stage is not Stage.CRISIS}
    for sector in Sector:
        if (name := f"{PLACES}.{sector}") in values and sector not in has_places:
            complaints.add(f"{where}: {name}", "no service of the place is of this sector", listing(sorted(has_places)))
    demand = _exact(values.get(DEMAND, 1))
    factors = {sector: _product(values, (PLACES, f"{PLACES}.{sector}")) for sector in Sector}
    of_service = {
        row.service: factors[sector_of[row.provider]] if row.stage is not Stage.CRISIS else Fraction(1)
        for row in tables.services
    }
    changes = {row.service: scaled(row, of_service[row.service]) for row in tables.services}
    changed = replace(
        tables,
        districts=tuple(
            _revised(row, {"citizens_per_year": float(_exact(row.citizens_per_year) * demand)}, where, complaints)
            for row in tables.districts
        ),
        services=tuple(_revised(row, changes[row.service], where, complaints) for row in tables.services),
        initiatives=tuple(_initiative_of(row, of_service, changes, where, complaints) for row in tables.initiatives),
    )
    return changed if len(complaints.problems) == before else None


def scaled(row: ServiceRow, factor: Fraction) -> dict[str, Any]:
    """Return what a factor on the places of a service changes: its places, or its days where rounding is too coarse."""
    exact = row.places * factor
    if not exact:
        return {"places": 0}
    rounded = _rounded(exact)
    if abs(rounded - exact) > MOST_ROUNDING * exact:
        return {"service_days": float(_exact(row.service_days) / factor)}
    return {"places": rounded}


def _initiative_of(
    row: InitiativeRow,
    factors: Mapping[str, Fraction],
    changes: Mapping[str, Mapping[str, Any]],
    where: str,
    complaints: Complaints,
) -> InitiativeRow:
    """Return a row of initiatives.csv; places that it sets follow those of the service, as far as they are changed."""
    if not row.service or "places" not in changes[row.service] or row.number == 0 or factors[row.service] == 1:
        return row
    places = _rounded(_exact(row.number) * factors[row.service])
    return _revised(row, {"value": str(places)}, where, complaints)


def _revised(row: RowT, changes: Mapping[str, Any], where: str, complaints: Complaints) -> RowT:
    """Return a row with some cells changed; what is then wrong with it is noted, and the row is as it was."""
    own = row.model_dump()
    if all(own[name] == value for name, value in changes.items()):
        return row
    # The first column of a table is its name.
    return validate(type(row), {**own, **changes}, f"{where}: {next(iter(own.values()))}", complaints) or row


def _product(values: Mapping[str, Any], names: Iterable[str]) -> Fraction:
    return math.prod((_exact(values.get(name, 1)) for name in names), start=Fraction(1))


def _exact(number: float) -> Fraction:
    """Return a number as it is written: 0.1 is a tenth, so that 5 places times 1.1 are 5.5."""
    return Fraction(str(number))


def _rounded(places: Fraction) -> int:
    """Return whole places, half up, at least one."""
    return max(1, math.floor(places + Fraction(1, 2)))
