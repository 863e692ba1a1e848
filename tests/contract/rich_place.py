"""A small place in which every mechanism of coordination has something to do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from sim import Result, Scenario
from sim.schema.tables import VignetteNeedRow, VignetteRow
from tests.places import write_place

NEAR, FAR = "north", "south"
"""Its districts: what is put into force in the far one must not matter in the near one."""

OWN_SERVICES = ("south_club_support", "south_friends_support")
"""Services of the far district alone; they are a pool of one that is crowded and one that is not."""

IN_WORDS = ["activity", "time", "resource", "service", "other", "need", "reason", "noticed", "followed"]

_TABLES: dict[str, list[dict[str, Any]]] = {
    "districts": [
        {"district": NEAR, "citizens_per_year": 300, "capability_odds": 0.8},
        {"district": FAR, "citizens_per_year": 300, "capability_odds": 1.25},
    ],
    "providers": [
        {"provider": "clinic", "sector": "public", "profession": "health", "record_system": "common", "hub": "centre"},
        {
            "provider": "nursing",
            "sector": "public",
            "profession": "social_care",
            "visibility": 0.5,
            "record_system": "common",
            "hub": "centre",
        },
        {
            "provider": "advice",
            "sector": "voluntary",
            "profession": "advice",
            "contract_days": 50,
            "visibility": 0.7,
            "hub": "centre",
        },
        {
            "provider": "listeners",
            "sector": "voluntary",
            "profession": "mental_health",
            "contract_days": 40,
            "visibility": 0.4,
            "record_system": "common",
            "hub": "annexe",
        },
        {"provider": "homes", "sector": "private", "profession": "housing", "visibility": 0.6, "hub": "annexe"},
        {
            "provider": "north_friends",
            "sector": "voluntary",
            "profession": "community",
            "districts": NEAR,
            "visibility": 0.6,
        },
        {
            "provider": "south_friends",
            "sector": "voluntary",
            "profession": "community",
            "districts": FAR,
            "visibility": 0.8,
        },
        {
            "provider": "south_club",
            "sector": "voluntary",
            "profession": "community",
            "districts": FAR,
            "visibility": 0.2,
        },
        {"provider": "emergency", "sector": "public", "profession": "health", "visibility": 0},
    ],
    "services": [
        {
            "service": "clinic_assessment",
            "provider": "clinic",
            "stage": "assessment",
            "needs": "illness;low_mood",
            "places": 2,
            "service_days": 0.8,
            "staff_per_place": 1.1,
        },
        {
            "service": "clinic_support",
            "provider": "clinic",
            "stage": "support",
            "needs": "illness",
            "places": 9,
            "service_days": 12,
            "service_time": "lognormal",
            "service_cv": 0.6,
            "threshold": 0.2,
            "assessed_first": "yes",
            "staff_per_place": 0.3,
            "pool": "care",
        },
        {
            "service": "nursing_assessment",
            "provider": "nursing",
            "stage": "assessment",
            "needs": "illness;low_mood;homelessness",
            "places": 2,
            "service_days": 1.1,
            "staff_per_place": 1.1,
        },
        {
            "service": "nursing_support",
            "provider": "nursing",
            "stage": "support",
            "needs": "illness",
            "places": 12,
            "service_days": 9,
            "assessed_first": "yes",
            "staff_per_place": 0.3,
            "pool": "care",
        },
        {
            "service": "advice_assessment",
            "provider": "advice",
            "stage": "assessment",
            "needs": "debt;homelessness",
            "places": 2,
            "service_days": 1.0,
            "staff_per_place": 0.7,
        },
        {
            "service": "advice_support",
            "provider": "advice",
            "stage": "support",
            "needs": "debt",
            "places": 14,
            "service_days": 8,
            "assessed_first": "yes",
            "staff_per_place": 0.13,
        },
        {
            "service": "listeners_assessment",
            "provider": "listeners",
            "stage": "assessment",
            "needs": "low_mood",
            "places": 1,
            "service_days": 1.0,
            "staff_per_place": 0.7,
        },
        {
            "service": "listeners_support",
            "provider": "listeners",
            "stage": "support",
            "needs": "low_mood",
            "places": 14,
            "service_days": 9,
            "threshold": 0.15,
            "assessed_first": "yes",
            "staff_per_place": 0.17,
        },
        {
            "service": "homes_assessment",
            "provider": "homes",
            "stage": "assessment",
            "needs": "homelessness",
            "places": 1,
            "service_days": 1.2,
        },
        {
            "service": "homes_support",
            "provider": "homes",
            "stage": "support",
            "needs": "homelessness",
            "places": 10,
            "service_days": 14,
            "assessed_first": "yes",
            "staff_per_place": 0.19,
        },
        {
            "service": "north_friends_support",
            "provider": "north_friends",
            "stage": "support",
            "needs": "loneliness",
            "places": 6,
            "service_days": 15,
            "staff_per_place": 0.1,
        },
        {
            "service": "south_friends_support",
            "provider": "south_friends",
            "stage": "support",
            "needs": "loneliness",
            "places": 2,
            "service_days": 15,
            "staff_per_place": 0.1,
            "pool": "company",
        },
        {
            "service": "south_club_support",
            "provider": "south_club",
            "stage": "support",
            "needs": "loneliness",
            "places": 6,
            "service_days": 15,
            "staff_per_place": 0.1,
            "pool": "company",
        },
        {
            "service": "emergency_contact",
            "provider": "emergency",
            "stage": "crisis",
            "needs": "all",
            "places": 1,
            "service_days": 0.3,
        },
    ],
    "needs": [
        {"need": "illness", "prevalence": 5, "return_probability": 0.2, "return_days": 20},
        {"need": "low_mood", "prevalence": 4},
        {"need": "debt", "prevalence": 4, "return_probability": 0.1, "return_days": 30},
        {"need": "homelessness", "prevalence": 2, "severity_median": 0.6},
        {"need": "loneliness", "prevalence": 4},
    ],
    "cooccurrence": [{"need": "homelessness", "other": "debt", "lift": 2.0}],
}

_SETTINGS: dict[str, Any] = {
    "title": "Rich place",
    "time": {"horizon_days": 100, "warmup_days": 15, "followup_days": 40},
    "population": {"needs_mean": 1.5, "onset_lag_days": 20, "patience_days": 60},
    "navigation": {"link_worker": {"min_needs": 1, "days": 30}, "key_worker": {"min_needs": 1, "days": 60}},
    "barriers": dict.fromkeys(("funding", "geography", "culture", "data_sharing", "learning"), 0.5),
    "crises": {"hazard": 0.005, "raises": 0.5},
}


def rich_place(folder: Path) -> Scenario:
    """Return the place: queues in some services and idle places in others, half of every barrier."""
    return Scenario.load(write_place(folder, _SETTINGS, **_TABLES))


def with_places(scenario: Scenario, places: int, keeping: tuple[str, ...] = ()) -> Scenario:
    """Return the scenario with another number of places at all services but some."""
    services = tuple(
        row if row.service in keeping else row.model_copy(update={"places": places}) for row in scenario.tables.services
    )
    return replace(scenario, tables=replace(scenario.tables, services=services))


def upside_down(scenario: Scenario) -> Scenario:
    """Return the scenario with the rows of its tables in the opposite order."""
    names = ("districts", "providers", "services", "needs")
    turned = {name: getattr(scenario.tables, name)[::-1] for name in names}
    return replace(scenario, tables=replace(scenario.tables, **turned))


def with_newcomer(scenario: Scenario) -> Scenario:
    """Return the scenario with one more citizen, who has three needs and arrives on day 30."""
    needs = [row.need for row in scenario.tables.needs][:3]
    person = VignetteRow(
        vignette="newcomer",
        district=scenario.tables.districts[0].district,
        onset_day=30,
        capability=0.9,
        persistence=0.9,
        patience_days=100,
    )
    wants = tuple(VignetteNeedRow(vignette="newcomer", need=need, severity=0.7) for need in needs)
    tables = replace(
        scenario.tables,
        vignettes=(*scenario.tables.vignettes, person),
        vignette_needs=(*scenario.tables.vignette_needs, *wants),
    )
    return replace(scenario, tables=tables)


def journeys(result: Result) -> dict[str, list[tuple[object, ...]]]:
    """Return the ledger of each citizen in words, without numbers that depend on who else there is."""
    ledger = result.ledger
    found: dict[str, list[tuple[object, ...]]] = {}
    for case, *entry in zip(ledger["case"], *(ledger[name] for name in IN_WORDS), strict=True):
        if case:
            found.setdefault(case, []).append(tuple(entry))
    return found
