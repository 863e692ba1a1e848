"""Luck is keyed: who else lives here, what else is offered and in which order it is written changes nobody's luck.

Everything here is exact: two journeys are the same if every entry of the ledger is the same to the last bit.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace

import pandas as pd
import pytest

from sim import Coordination, Result, Scenario, simulate
from sim.coordination import names
from sim.schema.tables import ProviderRow, ServiceRow, VignetteNeedRow, VignetteRow

SHORT = {"time": {"horizon_days": 120, "warmup_days": 20, "followup_days": 60}}
IN_WORDS = ["activity", "time", "resource", "service", "other", "need", "reason", "noticed", "followed"]


@pytest.fixture(scope="module")
def town() -> Scenario:
    return Scenario.load("three_journeys", SHORT)


@pytest.fixture(scope="module")
def roomy(town: Scenario) -> Scenario:
    """The town with places for everybody: nobody waits for anybody."""
    services = tuple(row.model_copy(update={"places": 1_000_000}) for row in town.tables.services)
    return replace(town, tables=replace(town.tables, services=services))


def arm(name: str) -> Coordination:
    """Return an arm with navigators and front-door places for everybody."""
    return Coordination.load(name).model_copy(update={"navigators": 1000.0, "front_door_places": 1000.0})


def journeys(result: Result) -> dict[str, list[tuple[object, ...]]]:
    """Return the ledger of each citizen in words, without numbers that depend on who else there is."""
    ledger = result.ledger
    found: dict[str, list[tuple[object, ...]]] = {}
    for case, *entry in zip(ledger["case"], *(ledger[name] for name in IN_WORDS), strict=True):
        if case:
            found.setdefault(case, []).append(tuple(entry))
    return found


def with_newcomer(scenario: Scenario) -> Scenario:
    """Return the scenario with one more citizen, who has three needs and arrives on day 30."""
    needs = [row.need for row in scenario.tables.needs][:3]
    person = VignetteRow(
        vignette="newcomer",
        district=scenario.tables.districts[0].district,
        onset_day=30,
        capability=0.3,
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


@pytest.mark.parametrize("name", names())
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


def with_unused_provider(scenario: Scenario) -> Scenario:
    """Return the scenario with one more provider, first in its table, that nobody thinks of or needs."""
    rare = scenario.tables.needs[0].model_copy(update={"need": "rare_need", "prevalence": 0.0})
    provider = ProviderRow(provider="unused", sector="private", profession="health", visibility=0.0)
    service = ServiceRow(
        service="unused", provider="unused", stage="support", needs="rare_need", places=1_000_000, service_days=5
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


@pytest.mark.parametrize("name", names())
def test_a_provider_that_nobody_uses_changes_nobody(town: Scenario, name: str) -> None:
    """Also in a crowded town. Workers know the landscape here: nobody is sent to the newcomer at a guess."""
    informed = town.changed({"barriers.learning": 0.0})
    before = journeys(simulate(informed, name))
    after = journeys(simulate(with_unused_provider(informed), name))
    assert before == after


def test_who_is_sent_to_a_new_provider_at_a_guess_is_the_only_one_affected(roomy: Scenario) -> None:
    before = journeys(simulate(roomy))
    after = journeys(simulate(with_unused_provider(roomy)))
    touched = {case for case, entries in after.items() if any("unused" in entry for entry in entries)}
    assert touched
    changed = {case for case, entries in before.items() if entries != after[case]}
    assert changed <= touched


@pytest.mark.parametrize("name", ["fragmented", "integrated", "fragmented+discipline:random_order", "key_worker"])
def test_the_order_of_the_tables_does_not_matter(town: Scenario, name: str) -> None:
    tables = town.tables
    upside_down = replace(
        town,
        tables=replace(
            tables, **{table: getattr(tables, table)[::-1] for table in ("districts", "providers", "services", "needs")}
        ),
    )
    before, after = journeys(simulate(town, name)), journeys(simulate(upside_down, name))
    assert before == after


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


@pytest.mark.parametrize("name", names())
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
