"""Initiatives in a running place: nothing before their first day, nothing elsewhere, nothing left after their end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim import Coordination, Result, Scenario, simulate
from sim.agents.citizen import Citizen
from sim.coordination import MECHANISMS
from sim.in_force import MixedRules
from sim.mechanisms import registry
from sim.model import JourneyModel
from sim.schema.barriers import Barriers
from sim.schema.initiatives import DATED, InitiativeRow
from sim.schema.resources import Budget
from tests.contract.rich_place import FAR, NEAR, OWN_SERVICES, journeys, rich_place, with_places
from tests.places import changed, write_place

START = 400.0
Once = Callable[[Scenario, Coordination], Result]
BARRIERS = [(f"barriers.{name}", level) for name in Barriers.model_fields for level in ("0", "1")]
CHANGES = [
    *((question, name) for question in DATED for name in registry.names(question)),
    *BARRIERS,
    ("places.listeners_support", "9"),
    ("places.clinic_assessment", "0"),
    ("places.emergency_contact", "3"),
]
"""Everything that may be dated, to each of its values; of the numbers two each."""
EVERY_CHANGE = pytest.mark.parametrize(("change", "value"), CHANGES, ids=[f"{c}:{v}" for c, v in CHANGES])


def row(change: str, value: str, from_day: float, **others: Any) -> InitiativeRow:
    return InitiativeRow(initiative="trial", change=change, value=value, from_day=from_day, **others)


def dated(base: Coordination, *rows: InitiativeRow) -> Coordination:
    return base.model_copy(update={"initiatives": rows})


def base_of(change: str, value: str) -> Coordination:
    """Return an arm in which the change does change something: letters, which barriers act on, or another mechanism."""
    usual = Coordination.load("fragmented+handoff:letter")
    if change in DATED and getattr(usual, change) == value:
        other = [name for name in registry.names(change) if name != value][-1]
        usual = usual.model_copy(update={change: other})
    return usual.model_copy(update={"navigators": 20.0, "front_door_places": 20.0})


def thinned(place: Scenario, share: float) -> Scenario:
    """Return a place with a share of its people and of its places, at least one at each desk."""
    districts = tuple(
        one.model_copy(update={"citizens_per_year": share * one.citizens_per_year}) for one in place.tables.districts
    )
    services = tuple(
        one.model_copy(update={"places": max(1, round(share * one.places))}) for one in place.tables.services
    )
    return replace(place, tables=replace(place.tables, districts=districts, services=services))


def before_and_after(result: Result, day: float) -> tuple[bytes, bytes]:
    """Return the rows of the ledger, with all columns, before a day and from it on."""
    times = result.columns["time"]
    cut = len(result.raw) // len(times) * int((times < day).sum())
    return result.raw[:cut], result.raw[cut:]


@pytest.fixture(scope="module")
def once() -> Once:
    """Return ``simulate`` that remembers: many changes are compared with the same arm."""
    known: dict[tuple[str, str], Result] = {}

    def run(place: Scenario, coordination: Coordination) -> Result:
        key = place.digest(), coordination.model_dump_json()
        if key not in known:
            known[key] = simulate(place, coordination)
        return known[key]

    return run


@pytest.fixture(scope="module")
def long_place(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    """The rich place with a fifth of its people and places, for longer; culture and funding are felt by many."""
    place = thinned(rich_place(tmp_path_factory.mktemp("initiatives") / "long_place"), 0.2)
    times = {"horizon_days": 450.0, "warmup_days": 100.0, "followup_days": 50.0}
    return place.changed({"time": times, "barrier_effects": {"culture_declined": 1.0, "funding_lapse_voluntary": 1.0}})


@pytest.fixture(scope="module")
def short_place(long_place: Scenario) -> Scenario:
    return long_place.changed({"time": {"horizon_days": 120.0, "warmup_days": 20.0, "followup_days": 50.0}})


# --- before the first day -------------------------------------------------------------------------------------


@pytest.mark.parametrize("budget", list(Budget))
@EVERY_CHANGE
def test_nothing_is_different_before_the_first_day_and_something_is_after_it(
    long_place: Scenario, once: Once, budget: Budget, change: str, value: str
) -> None:
    """Event by event, in all columns. Under an equal budget too: what is paid for later is not paid for yet."""
    place, base = long_place.changed({"budget": budget.value}), base_of(change, value)
    without, with_it = once(place, base), simulate(place, dated(base, row(change, value, START)))
    (early, late), (early_with, late_with) = (before_and_after(result, START) for result in (without, with_it))
    assert (without.columns["time"] < START).sum() > 2000
    assert early == early_with
    assert late != late_with


def test_every_question_but_the_discipline_can_be_dated() -> None:
    assert {change for change, _ in CHANGES if change in MECHANISMS} == set(MECHANISMS) - {"discipline"}


@pytest.mark.parametrize("budget", list(Budget))
def test_a_town_that_is_integrated_on_a_day_is_fragmented_until_then(budget: Budget) -> None:
    settings = {"budget": budget.value, "time": {"horizon_days": 420.0, "warmup_days": 100.0, "followup_days": 30.0}}
    town = thinned(Scenario.load("three_journeys", settings), 0.2)
    fragmented, integrated = (Coordination.load(name) for name in ("fragmented", "integrated"))
    rows = [row(question, getattr(integrated, question), START) for question in DATED]
    without = simulate(town, fragmented)
    with_it = simulate(town, dated(fragmented.model_copy(update={"navigators": integrated.navigators}), *rows))
    (early, late), (early_with, late_with) = (before_and_after(result, START) for result in (without, with_it))
    assert (without.columns["time"] < START).sum() > 10_000
    assert early == early_with
    assert late != late_with


@EVERY_CHANGE
def test_what_starts_at_the_horizon_or_later_changes_nothing(
    short_place: Scenario, once: Once, change: str, value: str
) -> None:
    base = base_of(change, value)
    expected = once(short_place, base).raw
    assert simulate(short_place, dated(base, row(change, value, 120.0))).raw == expected
    assert simulate(short_place, dated(base, row(change, value, 300.0, ramp_days=40.0))).raw == expected


@EVERY_CHANGE
def test_an_initiative_of_all_days_is_the_arm_or_place_that_has_it_from_the_start(
    short_place: Scenario, change: str, value: str
) -> None:
    base = base_of(change, value)
    dated_arm = simulate(short_place, dated(base, row(change, value, 0.0)))
    if change in DATED:
        same = simulate(short_place, base.model_copy(update={change: value}))
    elif change.startswith("barriers."):
        same = simulate(short_place.changed({change: float(value)}), base)
    else:
        services = tuple(
            one.model_copy(update={"places": int(value)}) if change == f"places.{one.service}" else one
            for one in short_place.tables.services
        )
        # The scenario's initiatives count as part of the place, so that these places pay as its own do.
        here = replace(short_place.tables, initiatives=(row(change, value, 0.0),))
        dated_arm = simulate(replace(short_place, tables=here), base)
        same = simulate(replace(short_place, tables=replace(short_place.tables, services=services)), base)
    assert journeys(dated_arm) == journeys(same)


# --- elsewhere ------------------------------------------------------------------------------------------------

LOCAL = [
    (question, name)
    for question in DATED
    for name in registry.names(question)
    if name != getattr(Coordination.load("fragmented+handoff:letter"), question)
] + BARRIERS


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    """Places for everybody but at what belongs to the far district alone, whose providers alone have contracts."""
    place = with_places(rich_place(tmp_path_factory.mktemp("apart") / "apart"), 1_000_000, keeping=OWN_SERVICES)
    own = {one.provider for one in place.tables.services if one.service in OWN_SERVICES}
    providers = tuple(
        one.model_copy(update={"contract_days": 20.0 if one.provider in own else None})
        for one in place.tables.providers
    )
    tables = replace(place.tables, providers=providers)
    return replace(place, tables=tables).changed({"budget": "added", "barrier_effects.funding_gap_days": 20.0})


def changed_districts(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    """Return where those live for whom something is different."""
    assert before.keys() == after.keys()
    return {case.rpartition("-")[0] for case in before if before[case] != after[case]}


@pytest.mark.parametrize(("change", "value"), LOCAL, ids=[f"{c}:{v}" for c, v in LOCAL])
def test_what_one_district_gets_changes_its_own_people_and_nobody_elsewhere(
    apart: Scenario, once: Once, change: str, value: str
) -> None:
    base = Coordination.load("fragmented+handoff:letter")
    before = journeys(once(apart, base))
    after = journeys(simulate(apart, dated(base, row(change, value, 20.0, districts=(FAR,)))))
    assert {case.rpartition("-")[0] for case in before} == {NEAR, FAR}
    assert changed_districts(before, after) == {FAR}


def test_an_equal_budget_carries_to_other_districts_what_one_gets(apart: Scenario) -> None:
    """Navigators for one district take the staff time of services that all use."""
    pays = with_places(apart, 500, keeping=OWN_SERVICES).changed({"budget": "equal"})
    base = Coordination.load("fragmented")
    before = journeys(simulate(pays, base))
    after = journeys(simulate(pays, dated(base, row("navigation", "link_worker", 20.0, districts=(FAR,)))))
    assert changed_districts(before, after) == {NEAR, FAR}


# --- part way, and after the end ------------------------------------------------------------------------------


def test_who_is_reached_at_one_share_is_reached_at_every_higher_one(long_place: Scenario) -> None:
    """A letter once is a letter ever after, for each citizen; of all, more and more have them, and in the end all."""
    ramp = row("handoff", "letter", 100.0, ramp_days=300.0)
    ledger = simulate(long_place, dated(Coordination.load("fragmented"), ramp)).ledger
    made = ledger[(ledger["activity"] == "handoff_made") & ledger["detail"].isin([0, 1])]
    by_letter = made["detail"] == 1
    by_citizen = by_letter.groupby(made["case"], observed=True)
    assert by_citizen.is_monotonic_increasing.all()
    assert by_citizen.nunique().max() == 2
    assert not by_letter[made["time"] < 100.0].any()
    assert by_letter[made["time"] >= 400.0].all()
    assert by_letter[made["time"].between(100.0, 200.0)].any()
    assert not by_letter[made["time"].between(300.0, 395.0)].all()


def test_one_luck_counts_for_all_initiatives(long_place: Scenario) -> None:
    """The share reached is that of the ramp, within 5 standard errors: wrong once in 1.7 million if the seed varied."""
    arm = dated(
        Coordination.load("fragmented"),
        row("handoff", "tracked", 50.0, ramp_days=100.0),
        row("records", "shared", 80.0, ramp_days=200.0),
    )
    model = JourneyModel(long_place, arm)
    for _ in range(111):
        model.step()
    rules = model.rules[0]
    assert isinstance(rules, MixedRules)
    people = [Citizen(model, person) for person in model.people.some(0, len(model.people))]
    under = [rules.of(person) for person in people]
    sender, receiver = model.landscape.providers[:2]
    modes = [one.mode(person, sender, receiver) for one, person in zip(under, people, strict=True)]
    tracked = np.array([mode.name == "tracked" for mode in modes])
    shared = np.array([one.records.name == "shared" for one in under])
    for reached, share in ((tracked, 0.625), (shared, 0.175)):
        assert abs(reached.mean() - share) < 5 * np.sqrt(share * (1 - share) / len(people))
    assert (tracked >= shared).all()
    assert (tracked > shared).any()


# Where nobody waits there is nothing to pool.
EMPTYING = [one for one in LOCAL if one != ("capacity", "pooled")]


@pytest.mark.parametrize(("change", "value"), EMPTYING, ids=[f"{c}:{v}" for c, v in EMPTYING])
def test_who_comes_after_the_end_finds_the_place_as_if_it_had_never_been(
    apart: Scenario, once: Once, change: str, value: str
) -> None:
    """Where nobody waits for anybody. Doors that a contract has closed may stay closed a little longer."""
    empty = with_places(apart, 1_000_000).changed({"barrier_effects.culture_declined": 1.0})
    if change != "barriers.funding":
        empty = empty.changed({"barriers.funding": 0.0})
    base = Coordination.load("fragmented+handoff:letter").model_copy(update={"navigators": 1000.0})
    trial = dated(base, row(change, value, 5.0, to_day=40.0, ramp_days=8.0))
    without, with_it = once(empty, base), simulate(empty, trial)
    before, after = journeys(without), journeys(with_it)
    came = without.ledger[without.ledger["case"] != ""].groupby("case", observed=True)["time"].min()
    as_before = 75.0 if change == "barriers.funding" else 40.0
    late, meanwhile = came[came >= as_before].index, came[came < 40.0].index
    assert len(late) > 30
    assert {case: before[case] for case in late} == {case: after[case] for case in late}
    assert any(before[case] != after[case] for case in meanwhile)


@pytest.mark.parametrize(
    ("change", "value", "activity", "mode"),
    [
        ("handoff", "letter", "handoff_made", 1),
        ("navigation", "link_worker", "handoff_made", 2),
        ("delivery", "co_located", "handoff_made", 5),
        ("delivery", "multidisciplinary", "handoff_made", 6),
        ("delivery", "multidisciplinary", "meeting", None),
        ("navigation", "link_worker", "navigation_started", None),
        ("entry", "single_front_door", "front_door", None),
    ],
)
def test_what_an_initiative_brings_is_seen_while_it_lasts_and_not_a_day_longer(
    long_place: Scenario, change: str, value: str, activity: str, mode: int | None
) -> None:
    trial = dated(Coordination.load("fragmented"), row(change, value, 150.0, to_day=350.0))
    ledger = simulate(long_place.changed({"budget": "added"}), trial).ledger
    at_door = (ledger["activity"] == "sought") & (ledger["resource"] == "front_door")
    traces = ledger[at_door if activity == "front_door" else ledger["activity"] == activity]
    if mode is not None:
        traces = traces[traces["detail"] == mode]
    assert len(traces) > 10
    assert traces["time"].between(150.0, 350.0, inclusive="left").all()
    assert traces["time"].max() > 300.0
    begun, ended = (ledger.loc[ledger["activity"] == f"navigation_{what}", "time"] for what in ("started", "ended"))
    assert len(begun) == len(ended)
    assert (ended <= 350.0).all()


def test_the_initiatives_of_the_place_hold_in_every_arm_and_those_of_an_arm_come_on_top(tmp_path: Path) -> None:
    """A closed desk of the place and a front door of the arm: both are seen, each from its own day."""
    shut = {"initiative": "shut", "change": "places.care", "value": 0, "from_day": 60}
    busy = changed("districts", citizens_per_year=1000)
    folder = write_place(tmp_path / "place", {"budget": "added"}, districts=busy, initiatives=[shut])
    place = Scenario.load(folder)
    arm = dated(Coordination.load("fragmented"), row("entry", "single_front_door", 40.0))
    for coordination in (Coordination.load("fragmented"), arm):
        ledger = simulate(place, coordination).ledger
        supports = ledger.loc[ledger["activity"] == "support_started", "time"]
        assert 50.0 < supports.max() < 60.0
        sought = ledger[ledger["activity"] == "sought"]
        first = sought["resource"] == "front_door"
        assert first.tolist() == ((sought["time"] >= 40.0) & (coordination is arm)).tolist()
