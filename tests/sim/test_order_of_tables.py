"""The order of rows in the tables does not matter, also where several services change at one moment.

Exact: the same citizens have the same journeys, whichever row comes first. In each place many of them wait for each
other, so that who is called first would matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sim import Coordination, Scenario, simulate
from sim.events import Phase
from sim.model import JourneyModel
from tests.contract.rich_place import journeys
from tests.places import write_place

KINDS = ("na", "nb", "nc")
"""Names by which, of two services that could be called first, a later row has the lower key."""
NEEDS = [{"need": kind, "prevalence": 1} for kind in KINDS]


def services(places: tuple[int, ...], days: float, **columns: Any) -> list[dict[str, Any]]:
    """Return a support service for each kind of need, each of a provider of its own unless ``columns`` has one."""
    return [
        {"service": f"s{number}", "provider": f"p{number}", "stage": "support", "needs": kind, "places": count}
        | {"service_days": days, **columns}
        for number, (kind, count) in enumerate(zip(KINDS, places, strict=True))
    ]


def pooled_place(folder: Path, places: tuple[int, ...], *initiatives: Mapping[str, Any]) -> Scenario:
    providers = [{"provider": f"p{number}", "sector": "public", "profession": "health"} for number in range(3)]
    settings = {"pooling": {"move_days": 1, "keep": 0}, "population": {"patience_days": 30}}
    tables = {"providers": providers, "services": services(places, 30, pool="all"), "needs": NEEDS}
    dated = {"initiatives": list(initiatives)} if initiatives else {}
    return Scenario.load(write_place(folder, settings, **tables, **dated))


def turned(place: Scenario, table: str) -> Scenario:
    """Return a place with the rows of one table in the opposite order."""
    return replace(place, tables=replace(place.tables, **{table: getattr(place.tables, table)[::-1]}))


@pytest.mark.parametrize("seed", [1, 2])
def test_pooling_that_starts_on_a_date(tmp_path: Path, seed: int) -> None:
    row = {"initiative": "together", "change": "capacity", "value": "pooled", "from_day": 50}
    place = pooled_place(tmp_path / "place", (1, 1, 9), row)
    expected = simulate(place, "fragmented", seed)
    assert (expected.ledger["activity"] == "places").sum() > 3
    assert journeys(simulate(turned(place, "services"), "fragmented", seed)) == journeys(expected)


@pytest.mark.parametrize("seed", [1, 2])
def test_places_of_a_pool_that_change_on_one_date(tmp_path: Path, seed: int) -> None:
    rows = [
        {"initiative": f"more_{number}", "change": f"places.s{number}", "value": value, "from_day": 30}
        for number, value in enumerate((5, 0, 5))
    ]
    place = pooled_place(tmp_path / "place", (2, 2, 2), *rows)
    arm = Coordination.load("pooled")
    assert journeys(simulate(turned(place, "services"), arm, seed)) == journeys(simulate(place, arm, seed))


@pytest.mark.parametrize("seed", range(1, 7))
def test_desks_of_a_provider_that_closes_and_opens_again(tmp_path: Path, seed: int) -> None:
    settings = {
        "barriers": {"funding": 1},
        "barrier_effects": {"funding_gap_days": 5, "funding_list_lost": 0, "funding_vacancy_days": 10},
        "population": {"needs_mean": 3, "onset_lag_days": 1, "patience_days": 100},
        "journey": {"bandwidth": 1},
    }
    provider = {"provider": "charity", "sector": "voluntary", "profession": "health", "contract_days": 10}
    tables = {"providers": [provider], "services": services((1, 1, 1), 3, provider="charity"), "needs": NEEDS}
    districts = [{"district": "town", "citizens_per_year": 100}]
    place = Scenario.load(write_place(tmp_path / "place", settings, **tables, districts=districts))
    expected = simulate(place, "urgency", seed)
    assert (expected.ledger["activity"] == "service_closed").sum() > 3
    assert journeys(simulate(turned(place, "services"), "urgency", seed)) == journeys(expected)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_needs_of_a_vignette_that_arise_on_one_day(tmp_path: Path, seed: int) -> None:
    person = {"vignette": "somebody", "district": "town", "onset_day": 3, "capability": 0.5, "persistence": 0.5}
    tables: dict[str, list[dict[str, Any]]] = {
        "districts": [{"district": "town", "citizens_per_year": 0}],
        "needs": NEEDS,
        "services": [services((5, 5, 5), 5, provider="clinic")[0] | {"needs": "all"}],
        "vignettes": [person | {"patience_days": 50}],
        "vignette_needs": [{"vignette": "somebody", "need": kind, "severity": 0.5} for kind in KINDS],
    }
    place = Scenario.load(write_place(tmp_path / "place", **tables))
    ends = []
    for where in (place, turned(place, "vignette_needs")):
        ledger = simulate(where, seed=seed).ledger
        rows = ledger[ledger["activity"] == "support_ended"]
        ends.append(dict(zip(rows["need"], rows["time"], strict=True)))
    assert len(ends[0]) == 3
    assert ends[0] == ends[1]


def test_events_of_several_providers_at_one_time(tmp_path: Path) -> None:
    """Meetings take the time of all members at once, so that places come free at one moment: in which order?"""
    place = pooled_place(tmp_path / "place", (1, 1, 9))
    orders = []
    for where in (place, turned(place, "providers")):
        model = JourneyModel(where, Coordination())
        done: list[str] = []
        for provider in model.landscape.providers:
            provider.later(1.0, Phase.RELEASE, done.append, provider.name)
        model.step()
        model.step()
        orders.append(done)
    assert len(orders[0]) == 3
    assert orders[0] == orders[1]
