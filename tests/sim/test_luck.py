"""Luck is keyed: who else lives here, what else is offered and in which order it is written changes nobody's luck.

Everything here is exact: two journeys are the same if every entry of the ledger is the same to the last bit.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from sim import Coordination, Scenario, simulate
from sim.coordination import MECHANISMS
from sim.mechanisms import registry
from sim.schema.tables import ProviderRow, ServiceRow
from tests.contract.rich_place import IN_WORDS, journeys, upside_down, with_newcomer, with_places
from tests.places import TABLES, write_place

SHORT = {"time": {"horizon_days": 120, "warmup_days": 20, "followup_days": 60}}


COMPOSED = (
    "fragmented",
    "integrated",
    "multiple_disadvantage",
    "informed_choice+handoff:introduction+discipline:random_order",
    "single_front_door+handoff:accompanied+capacity:pooled",
)
"""Arms in which, between them, most mechanisms are in force; those of one mechanism alone are in tests/contract."""


def covered(arms: Iterable[str]) -> set[tuple[str, str]]:
    """Return the mechanisms that are in force in some arms."""
    loaded = [Coordination.load(arm) for arm in arms]
    return {(question, getattr(one, question)) for one in loaded for question in MECHANISMS}


def every_mechanism() -> list[str]:
    """Return arms in which every mechanism is in force: those composed, and any that they leave out by itself."""
    all_of_them = [(question, name) for question in MECHANISMS for name in registry.names(question)]
    left = [f"fragmented+{question}:{name}" for question, name in all_of_them if (question, name) not in IN_COMPOSED]
    return [*COMPOSED, *left]


IN_COMPOSED = covered(COMPOSED)
ARMS = every_mechanism()


@pytest.fixture(scope="module")
def town() -> Scenario:
    return Scenario.load("three_journeys", SHORT)


@pytest.fixture(scope="module")
def roomy(town: Scenario) -> Scenario:
    """The town with places for everybody: nobody waits for anybody."""
    return with_places(town, 1_000_000)


def arm(name: str) -> Coordination:
    """Return an arm with navigators and front-door places for everybody."""
    return Coordination.load(name).model_copy(update={"navigators": 1000.0, "front_door_places": 1000.0})


@pytest.mark.parametrize("name", ARMS)
def test_one_more_citizen_changes_nobody_else(roomy: Scenario, name: str) -> None:
    before = journeys(simulate(roomy, arm(name)))
    after = journeys(simulate(with_newcomer(roomy), arm(name)))
    newcomer = after.pop("newcomer")
    assert {"onset", "sought"} <= {entry[0] for entry in newcomer}
    assert len(before) > 500
    assert before == after


def test_in_a_crowded_town_one_more_citizen_does_change_others(town: Scenario) -> None:
    """The test above can fail: where places are short, a newcomer takes one."""
    before, after = journeys(simulate(town)), journeys(simulate(with_newcomer(town)))
    after.pop("newcomer")
    assert before != after


def with_unused_provider(scenario: Scenario, staff_per_place: float = 0.0) -> Scenario:
    """Return the scenario with one more provider, first in its table, that nobody thinks of or needs.

    It has no staff: under an equal budget the staff of all services pays for coordination, and with more of it
    everybody would have to pay less.
    """
    rare = scenario.tables.needs[0].model_copy(update={"need": "rare_need", "prevalence": 0.0})
    provider = ProviderRow(provider="unused", sector="private", profession="health", visibility=0.0)
    service = ServiceRow(
        service="unused",
        provider="unused",
        stage="support",
        needs="rare_need",
        places=1_000_000,
        service_days=5,
        staff_per_place=staff_per_place,
    )
    spelt_out = tuple(row.need for row in scenario.tables.needs)
    services = tuple(
        row.model_copy(update={"needs": spelt_out if "all" in row.needs else row.needs})
        for row in scenario.tables.services
    )
    tables = replace(
        scenario.tables,
        needs=(*scenario.tables.needs, rare),
        providers=(provider, *scenario.tables.providers),
        services=(service, *services),
    )
    return replace(scenario, tables=tables)


@pytest.mark.parametrize("name", ARMS)
def test_a_provider_that_nobody_uses_changes_nobody(town: Scenario, name: str) -> None:
    """Also in a crowded town. Workers know the landscape here: nobody is sent to the newcomer at a guess."""
    informed = town.changed({"barriers.learning": 0.0})
    before = journeys(simulate(informed, name))
    after = journeys(simulate(with_unused_provider(informed), name))
    assert before == after


def test_staff_that_nobody_uses_helps_to_pay_for_coordination(town: Scenario) -> None:
    """The reason why the provider above has no staff."""
    informed = town.changed({"barriers.learning": 0.0})
    idle = with_unused_provider(informed, staff_per_place=0.001)
    assert journeys(simulate(informed)) == journeys(simulate(idle))
    assert journeys(simulate(informed, "link_worker")) != journeys(simulate(idle, "link_worker"))
    added = {"budget": "added"}
    before, after = (journeys(simulate(where.changed(added), "link_worker")) for where in (informed, idle))
    assert before == after


def test_who_is_sent_to_a_new_provider_at_a_guess_is_the_only_one_affected(roomy: Scenario) -> None:
    before = journeys(simulate(roomy))
    after = journeys(simulate(with_unused_provider(roomy)))
    touched = {case for case, entries in after.items() if any("unused" in entry for entry in entries)}
    assert touched
    changed = {case for case, entries in before.items() if entries != after[case]}
    assert changed <= touched


@pytest.mark.parametrize("name", ARMS)
def test_the_order_of_the_tables_does_not_matter(town: Scenario, name: str) -> None:
    before, after = journeys(simulate(town, name)), journeys(simulate(upside_down(town), name))
    assert before == after


def test_levels_that_differ_between_districts_may_be_written_in_any_order(tmp_path: Path) -> None:
    """The funding of a provider is a mean over its districts: 0.1 + 0.2 + 0.3 is not 0.3 + 0.2 + 0.1 in every sum."""
    levels = {"east": 0.1, "north": 0.2, "west": 0.3}
    funding = [
        {"initiative": f"cuts_{name}", "change": "barriers.funding", "value": level, "from_day": 0, "districts": name}
        for name, level in levels.items()
    ]
    settings = {"barrier_effects": {"funding_lapse_voluntary": 1.0, "funding_gap_days": 20.0}}
    charity = {**TABLES["providers"][0], "sector": "voluntary", "contract_days": 5}
    districts = [{"district": name, "citizens_per_year": 100} for name in levels]
    folder = write_place(tmp_path / "cuts", settings, districts=districts, providers=[charity], initiatives=funding)
    place = Scenario.load(folder)
    closures = [
        [row for row in zip(ledger["activity"], ledger["time"], strict=True) if row[0].startswith("service_")]
        for ledger in (simulate(where).ledger for where in (place, upside_down(place)))
    ]
    assert len(closures[0]) > 4
    assert closures[0] == closures[1]


def test_every_mechanism_is_in_force_in_some_arm_of_these_tests() -> None:
    assert covered(ARMS) == {(question, name) for question in MECHANISMS for name in registry.names(question)}


def test_equal_coordination_gives_identical_ledgers(town: Scenario) -> None:
    one = Coordination.load("integrated")
    other = Coordination.model_validate({**one.model_dump(), "title": "Another name", "description": ""})
    assert simulate(town, one).raw == simulate(town, other).raw


def test_people_are_the_same_in_every_arm(town: Scenario) -> None:
    onsets = [
        [
            (row.citizen, row.need, row.onset, row.severity)
            for row in simulate(town, name).episodes.query("recurrence == 0").itertuples()
        ]
        for name in ("fragmented", "integrated")
    ]
    assert onsets[0] == onsets[1]


def test_another_seed_or_replicate_is_another_world(town: Scenario) -> None:
    """Also where their sums are equal: seeds are not added."""
    worlds = [(1, 0), (2, 0), (1, 1), (0, 2), (2**64 - 1, 0)]
    arrivals = [set(simulate(town, seed=s, replicate=r).episodes["onset"]) for s, r in worlds]
    given = {row.onset_day + need.lag_days for row in town.tables.vignettes for need in town.tables.vignette_needs}
    for one in range(len(worlds)):
        for other in range(one):
            assert not (arrivals[one] & arrivals[other]) - given


@pytest.mark.parametrize(("seed", "replicate"), [(-1, 0), (0, -1), (2**64, 0)])
def test_a_seed_out_of_range_is_refused(town: Scenario, seed: int, replicate: int) -> None:
    with pytest.raises(ValueError, match="allowed: 0 to"):
        simulate(town, seed=seed, replicate=replicate)


@pytest.mark.parametrize("name", ARMS)
def test_a_longer_horizon_changes_nothing_before_the_shorter_one(town: Scenario, name: str) -> None:
    longer = town.changed({"time.horizon_days": 150})
    short, long = simulate(town, name).ledger, simulate(longer, name).ledger
    columns = ["case", *IN_WORDS]
    begun = long.iloc[: len(short)]
    assert begun["time"].max() < 120 <= long["time"].iloc[len(short)]
    pd.testing.assert_frame_equal(short[columns].astype(str), begun[columns].astype(str))


def test_another_process_with_another_hash_seed_gives_the_same_ledger(town: Scenario) -> None:
    """In another order, too: the run before leaves no trace in the next one."""
    script = (
        "import hashlib; from sim import Scenario, simulate;"
        f"s = Scenario.load('three_journeys', {SHORT!r});"
        "simulate(s, 'integrated', replicate=3);"
        "print(hashlib.sha256(simulate(s, 'key_worker', replicate=2).raw).hexdigest())"
    )
    said = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONHASHSEED": "12345"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip() == hashlib.sha256(simulate(town, "key_worker", replicate=2).raw).hexdigest()
