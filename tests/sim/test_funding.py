"""Short-term funding: contracts end, doors close for a while and posts fall vacant; here where nobody lives.

No error rates: what each contract does follows from the draws that docs/model.md names, so every assertion is exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from sim import BadInputError, Result, Scenario, simulate
from sim.codes import Decision
from sim.draws import MASK, absorb, exponential, happens, key_of, uniform, world_key
from tests.places import TABLES, write_place

SEED = 11
LAPSE = {"public": 0.1, "private": 0.3, "voluntary": 0.6}
TURNOVER = {"public": 0.05, "private": 0.1, "voluntary": 0.25}
GAP_DAYS = VACANCY_DAYS = 90.0
SECTORS = ("public", "private", "voluntary")
HORIZON = 4000.0
PLACES = {"look": 7, "help": 10}
Spans = list[tuple[float, float]]


# --- a place in which nobody lives: what its contracts do -----------------------------------------------------------


def fund(folder: Path, contract_days: float | None, level: Any, sector: str = "", **more: Any) -> Result:
    """Return a run of an empty place with twelve providers of two services each.

    Args:
        folder: Where to write it.
        contract_days: Of every provider.
        level: Of short-term funding.
        sector: Of every provider; if empty each sector has four.
        more: Effects of the barrier that differ from the defaults.
    """
    providers = [
        {
            "provider": f"provider_{number}",
            "sector": sector or SECTORS[number % 3],
            "profession": "health",
            "contract_days": contract_days,
        }
        for number in range(12)
    ]
    if contract_days is None:
        providers = [{name: value for name, value in row.items() if value is not None} for row in providers]
    services = [
        {
            "service": f"{name}_{number}",
            "provider": f"provider_{number}",
            "stage": {"look": "assessment", "help": "support"}[name],
            "needs": "illness",
            "places": places,
            "service_days": 5,
        }
        for number in range(12)
        for name, places in PLACES.items()
    ]
    settings = {
        "time": {"horizon_days": HORIZON},
        "barriers": {"funding": level},
        "barrier_effects": {f"funding_{name}": value for name, value in more.items()},
    }
    districts = [{"district": "town", "citizens_per_year": 0}]
    write_place(folder, settings, districts=districts, providers=providers, services=services)
    return simulate(Scenario.load(folder), seed=SEED)


def closed(result: Result) -> dict[str, Spans]:
    """Return from when to when the doors of each provider were closed; to the horizon if they do not open again."""
    ledger = result.ledger
    rows = ledger[ledger["activity"].isin(["service_closed", "service_opened"])]
    found: dict[str, Spans] = {}
    for provider, events in rows.groupby("resource", observed=True):
        times = [*events["time"], result.scenario.parameters.time.horizon_days]
        assert list(events["activity"]) == ["service_closed", "service_opened"] * (len(events) // 2) + [
            "service_closed"
        ] * (len(events) % 2)
        found[str(provider)] = list(zip(times[::2], times[1::2], strict=False))
    return found


def vacancies(result: Result) -> dict[str, list[tuple[float, int]]]:
    """Return the places of each service after each change of them, with the day."""
    rows = result.ledger[result.ledger["activity"] == "places"]
    return {
        str(service): list(zip(events["time"], events["detail"].astype(int), strict=True))
        for service, events in rows.groupby("service", observed=True)
    }


class End(NamedTuple):
    """One end of a contract: its number and day, and the address of what happens then."""

    number: int
    day: float
    key: int


def ends(provider: str, contract_days: float, horizon: float) -> Iterator[End]:
    """Yield the ends of the contracts of a provider, from the draws."""
    key = int(absorb(world_key(SEED, 0), key_of("provider", provider)))
    day, number = float(uniform(key, 0, Decision.CONTRACT_PHASE, 0)) * contract_days, 0
    while day <= horizon:
        yield End(number, day, key)
        day, number = day + contract_days, number + 1


def expected_closures(provider: str, sector: str, contract_days: float, level: float, horizon: float) -> Spans:
    """Return when the doors of a provider should be closed: from each lapse, to the latest end of all so far."""
    spans: Spans = []
    for number, day, key in ends(provider, contract_days, horizon):
        if happens(key, 0, Decision.CONTRACT_LAPSE, number, level * LAPSE[sector]):
            until = day + level * exponential(key, 0, Decision.CLOSURE_DAYS, number, GAP_DAYS)
            if spans and day < spans[-1][1]:
                spans[-1] = (spans[-1][0], max(spans[-1][1], until))
            else:
                spans.append((day, until))
    return [(begin, min(end, horizon)) for begin, end in spans]


def expected_places(
    service: str, provider: str, sector: str, funded: int, contract_days: float, level: float, horizon: float
) -> list[tuple[float, int]]:
    """Return the places that a service should have after each change of them: funded less all that is vacant."""
    changes = []
    for number, day, key in ends(provider, contract_days, horizon):
        occasion = (key_of("service", service) + number) & MASK
        luck = uniform(key, 0, Decision.TURNOVER, occasion)
        vacant = min(funded, int(funded * level * TURNOVER[sector] + luck))
        days = exponential(key, 0, Decision.VACANCY_DAYS, number, level * VACANCY_DAYS)
        changes += [(day, -vacant), (day + days, vacant)]
    found, places, shown = [], funded, funded
    for day, change in sorted(changes):
        places += change
        if day <= horizon and max(0, places) != shown:
            shown = max(0, places)
            found.append((day, shown))
    return found


def assert_alike(found: Sequence[tuple[float, float]], expected: Sequence[tuple[float, float]], whose: str) -> None:
    """Assert that two lists of pairs are the same but for the last bits."""
    assert np.array(found).shape == np.array(expected).shape, whose
    assert np.array(found).ravel() == pytest.approx(np.array(expected).ravel()), whose


@pytest.mark.parametrize("level", [0.4, 1.0])
@pytest.mark.parametrize("contract_days", [200.0, 30.0])
def test_closures_and_vacancies_are_those_of_the_documented_draws(
    tmp_path: Path, contract_days: float, level: float
) -> None:
    """With contracts longer than most gaps, and with contracts so short that several lapses and vacancies overlap."""
    result = fund(tmp_path / "place", contract_days, level)
    observed, changes = closed(result), vacancies(result)
    assert sum(map(len, observed.values())) > 12 and len(changes) > 12
    for number in range(12):
        provider, sector = f"provider_{number}", SECTORS[number % 3]
        spans = expected_closures(provider, sector, contract_days, level, HORIZON)
        assert_alike(observed.get(provider, []), spans, provider)
        for name, funded in PLACES.items():
            service = f"{name}_{number}"
            expected = expected_places(service, provider, sector, funded, contract_days, level, HORIZON)
            assert_alike(changes.get(service, []), expected, service)


def test_a_provider_closes_first_as_a_voluntary_one_then_as_a_private_then_as_a_public_one(tmp_path: Path) -> None:
    """The same providers with the same luck: only their sector differs."""
    lapses = []
    for sector in SECTORS:
        result = fund(tmp_path / sector, 50, 1.0, sector, gap_days=0.01, vacancy_days=0)
        lapses.append({(provider, begin) for provider, spans in closed(result).items() for begin, _ in spans})
    public, private, voluntary = lapses
    assert set() < public < private < voluntary


def places_at(changes: list[tuple[float, int]], funded: int, day: float) -> int:
    """Return the places of a service on a day."""
    return ([funded] + [places for when, places in changes if when <= day])[-1]


def test_whoever_has_vacant_posts_at_a_level_has_no_fewer_at_every_higher_one(tmp_path: Path) -> None:
    runs = [vacancies(fund(tmp_path / str(level), 150, level)) for level in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert not runs[0]
    lost = []
    days = sorted({day for run in runs for changes in run.values() for day, _ in changes})
    for lower, higher in pairwise(runs):
        for service in higher.keys() | lower.keys():
            funded = PLACES[service.split("_")[0]]
            for day in days:
                few = places_at(higher.get(service, []), funded, day)
                assert 0 <= few <= places_at(lower.get(service, []), funded, day) <= funded, (service, day)
        lost.append(sum(funded_days(changes) for changes in higher.values()))
    assert lost == sorted(set(lost)) and lost[0] > 0


def funded_days(changes: list[tuple[float, int]]) -> float:
    """Return for how many days a service had fewer places than the most that it ever had, in place-days."""
    most = max(places for _, places in changes)
    return sum((until - day) * (most - places) for (day, places), (until, _) in pairwise([*changes, (HORIZON, most)]))


@pytest.mark.parametrize(("contract_days", "level"), [(100.0, 0.0), (None, 1.0), (100.0, {"voluntary": 0.0})])
def test_nothing_ends_without_contracts_or_without_the_barrier(
    tmp_path: Path, contract_days: float | None, level: Any
) -> None:
    assert fund(tmp_path / "place", contract_days, level).ledger.empty
    assert not fund(tmp_path / "other", 100.0, 1.0).ledger.empty


def test_a_contract_of_no_days_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"contract_days.*allowed: at least 1"):
        fund(tmp_path, 0, 1.0)


def test_a_gap_of_no_days_is_over_at_once(tmp_path: Path) -> None:
    """The doors close and open in the same moment."""
    result = fund(tmp_path, 100.0, 1.0, gap_days=0.0)
    spans = [span for provider in closed(result).values() for span in provider]
    assert spans and all(begin == end for begin, end in spans)


# --- levels that change over time -------------------------------------------------------------------------------------


def dated(folder: Path, level: float, *rows: Mapping[str, Any]) -> Result:
    """Return a run of two districts with three providers, one in each and one in both; initiatives set the level."""
    providers = [
        {"provider": name, "sector": "voluntary", "profession": "health", "contract_days": 40, "districts": districts}
        for name, districts in (("eastern", "east"), ("western", "west"), ("common", "east;west"))
    ]
    services = [{**TABLES["services"][0], "service": row["provider"], "provider": row["provider"]} for row in providers]
    common = {"initiative": "cuts", "change": "barriers.funding", "value": 1}
    districts = [{"district": name, "citizens_per_year": 0} for name in ("east", "west")]
    settings = {"time": {"horizon_days": 3000}, "barriers": {"funding": level}}
    tables: dict[str, Any] = {"districts": districts, "providers": providers, "services": services}
    if rows:
        tables["initiatives"] = [{**common, **row} for row in rows]
    # Short gaps, so that each closure has one lapse for its cause.
    effects = {"barrier_effects": {"funding_gap_days": 1.0, "funding_vacancy_days": 1.0}}
    return simulate(Scenario.load(write_place(folder, {**settings, **effects}, **tables)), seed=SEED)


def test_an_initiative_begins_and_ends_the_closures_and_not_the_contracts(tmp_path: Path) -> None:
    """Within its time what happens is what happens at that level anyway; what has closed opens in its own time."""
    always = closed(dated(tmp_path / "always", 1.0))
    result = dated(tmp_path / "for_a_while", 0.0, {"from_day": 900, "to_day": 2100})
    assert closed(result) == {
        provider: [span for span in spans if 900 <= span[0] < 2100] for provider, spans in always.items()
    }
    assert all(len(spans) > 5 for spans in closed(result).values())
    changes = result.ledger.query("activity == 'places'")["time"]
    assert len(changes) and changes.min() >= 900


def test_the_level_of_a_provider_is_the_mean_of_those_of_its_districts(tmp_path: Path) -> None:
    """A level of 1 in the east alone is 1 for who is there, one half for who is in both, none for who is not."""
    half, full = (closed(dated(tmp_path / str(level), level)) for level in (0.5, 1.0))
    here = closed(dated(tmp_path / "here", 0.0, {"from_day": 0, "districts": "east"}))
    assert here == {"eastern": full["eastern"], "common": half["common"]}
    assert half["common"] != full["common"]
