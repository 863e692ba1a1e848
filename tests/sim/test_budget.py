"""What arms cost, and what is left for people where services pay for it; by hand wherever that is possible."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sim import BadInputError, Coordination, Result, Scenario, shipped, simulate
from sim.budget import Period, planned
from sim.coordination import names
from sim.ledger import Ledger
from sim.outcomes.costs import costs_of
from sim.schema.initiatives import DATED, InitiativeRow
from sim.timeline import Timeline
from tests.contract.rich_place import rich_place
from tests.places import TABLES, TWO_PROVIDERS, changed, write_place

YEAR = 365.25
COUNTED = (910 - 365) / YEAR
"""Years of a run of the town whose costs are counted."""
EVERY_ARM = pytest.mark.parametrize("name", names())


@pytest.fixture(scope="module")
def town() -> Scenario:
    return Scenario.load("three_journeys")


@pytest.fixture(scope="module")
def yearly() -> dict[str, float]:
    """What the staff of the town's services cost in a year, for crises and for all else, by the table."""
    spent = {"crisis": 0.0, "other": 0.0}
    usual = {"assessment": 1.0, "support": 0.05, "crisis": 1.0}
    with (shipped.folder("scenarios") / "three_journeys" / "services.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            yearly_costs = int(row["places"]) * usual[row["stage"]] * 40_000
            spent["crisis" if row["stage"] == "crisis" else "other"] += yearly_costs
    return spent


def periods_of(place: Scenario, coordination: Coordination) -> list[Period]:
    return planned(Timeline(place, coordination))


def planned_costs(place: Scenario, coordination: Coordination) -> dict[str, float]:
    """Return the costs of a run in which nothing happens."""
    return costs_of(Ledger().columns(), periods_of(place, coordination), place.parameters)


def pilot(name: str, **cells: Any) -> Coordination:
    """Return the fragmented arm with a pilot of a named arm: its mechanisms but for the discipline, and what it has."""
    arm, usual = Coordination.load(name), Coordination.load("fragmented")
    rows = tuple(
        InitiativeRow(initiative="pilot", change=question, value=getattr(arm, question), **cells) for question in DATED
    )
    spent = {"navigators": arm.navigators, "front_door_places": arm.front_door_places}
    return usual.model_copy(update={**spent, "initiatives": rows})


# --- an equal budget ------------------------------------------------------------------------------------------


@EVERY_ARM
def test_under_an_equal_budget_every_arm_costs_what_the_services_of_the_town_cost(
    town: Scenario, yearly: dict[str, float], name: str
) -> None:
    expected = COUNTED * (yearly["crisis"] + yearly["other"])
    assert planned_costs(town, Coordination.load(name))["total"] == pytest.approx(expected, rel=1e-12)


@EVERY_ARM
def test_a_pilot_of_any_arm_costs_the_same_too_and_takes_staff_time_only_while_it_lasts(
    town: Scenario, yearly: dict[str, float], name: str
) -> None:
    """From day 400 to day 700, one district after another, each by degrees."""
    places = [row.district for row in town.tables.districts]
    trial = pilot(name, from_day=400, to_day=700, districts=places, spread_days=10, ramp_days=100)
    expected = COUNTED * (yearly["crisis"] + yearly["other"])
    assert planned_costs(town, trial)["total"] == pytest.approx(expected, rel=1e-12)
    does_cost = any(period.coordination > 0 for period in periods_of(town, Coordination.load(name)))
    for period in periods_of(town, trial):
        is_on = does_cost and 400 <= period.begin < 700
        assert (period.pace < 1.0) == (period.coordination > 0.0) == is_on


def test_places_that_an_arm_gives_itself_are_paid_for_by_stretching_the_staff(
    town: Scenario, yearly: dict[str, float]
) -> None:
    """Twice the places for debt advice with the same staff; and what it gives to crises is taken from all others."""
    usual = Coordination.load("fragmented")
    rows = {row.service: row for row in town.tables.services}
    advice = next(row for row in rows.values() if row.stage == "support" and "debt" in row.needs)
    crisis = next(row for row in rows.values() if row.stage == "crisis")
    more = [(advice.service, 2 * advice.places), (crisis.service, crisis.places + 1)]
    arm = usual.model_copy(
        update={
            "initiatives": tuple(
                InitiativeRow(initiative="more", change=f"places.{service}", value=str(places), from_day=500)
                for service, places in more
            )
        }
    )
    total = COUNTED * (yearly["crisis"] + yearly["other"])
    assert planned_costs(town, arm)["total"] == pytest.approx(total, rel=1e-12)
    before, after = periods_of(town, arm)
    left = yearly["other"] - 40_000
    assert before.pace == 1.0
    assert after.pace == pytest.approx(left / (yearly["other"] + advice.places * 0.05 * 40_000))


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    """The rich place with a third of its people."""
    place = rich_place(tmp_path_factory.mktemp("budget") / "rich")
    districts = tuple(row.model_copy(update={"citizens_per_year": 100.0}) for row in place.tables.districts)
    return replace(place, tables=replace(place.tables, districts=districts))


@pytest.fixture(scope="module")
def fragmented(rich: Scenario) -> Result:
    return simulate(rich, "fragmented")


@EVERY_ARM
def test_in_a_run_too_every_arm_costs_the_same_and_takes_what_it_costs_from_services(
    rich: Scenario, fragmented: Result, name: str
) -> None:
    costs, usual = simulate(rich, name).costs(), fragmented.costs()
    assert costs["total"] == pytest.approx(usual["total"], rel=1e-9)
    assert costs["crisis_services"] == pytest.approx(usual["crisis_services"], rel=1e-12)
    taken = costs["coordinators"] + costs["handing_on"] + costs["meetings"]
    before = usual["services"] + usual["handing_on"]
    assert costs["services"] == pytest.approx(before - taken, rel=1e-9)
    assert usual["coordinators"] == usual["meetings"] == 0.0


# --- an added budget ------------------------------------------------------------------------------------------

ON_TOP = {
    "link_worker": 6 * 36_428,
    "key_worker": 12 * 36_428,
    "integrated": 6 * 36_428,
    "primary_care_link_workers": 6 * 36_428,
    "early_help_hub": 6 * 36_428,
    "multiple_disadvantage": 12 * 36_428,
    "single_front_door": 5 * 40_000,
    "single_point_of_access": 5 * 40_000,
}
"""What arms need in the town of 3,000 citizens a year: 2 or 4 navigators, or 1.5 places, for each 1,000, rounded up."""


@EVERY_ARM
def test_under_an_added_budget_navigators_and_front_door_come_on_top(
    town: Scenario, yearly: dict[str, float], name: str
) -> None:
    free = town.changed({"budget": "added"})
    costs = planned_costs(free, Coordination.load(name))
    assert costs["coordinators"] == pytest.approx(COUNTED * ON_TOP.get(name, 0), rel=1e-12)
    expected = yearly["crisis"] + yearly["other"] + ON_TOP.get(name, 0)
    assert costs["total"] == pytest.approx(COUNTED * expected, rel=1e-12)
    assert [period.pace for period in periods_of(free, Coordination.load(name))] == [1.0]


def test_a_pilot_on_top_costs_what_it_has_while_it_lasts(town: Scenario) -> None:
    """6 navigators from day 400 to day 700; those before the end of the warm-up would not count."""
    free = town.changed({"budget": "added"})
    usual = planned_costs(free, Coordination.load("fragmented"))["total"]
    for begin, days in ((400, 300), (300, 335)):
        total = planned_costs(free, pilot("link_worker", from_day=begin, to_day=700))["total"]
        assert total - usual == pytest.approx(days / YEAR * 6 * 36_428, rel=1e-9)


IN_TOWN = InitiativeRow(initiative="front", change="entry", value="single_front_door", from_day=0, districts=("town",))
ALL_PARTS = Coordination(navigation="link_worker", delivery="multidisciplinary", initiatives=(IN_TOWN,))
"""In a place with 500 citizens a year in town and 500 in the hills: 2 link workers and 1 place of the front door."""


@pytest.fixture(scope="module")
def team_place(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    """Two providers in a team, and a crisis service: with a front door and link workers every part costs something."""
    emergency = {"provider": "emergency", "sector": "public", "profession": "health", "visibility": 0}
    contact = {"service": "contact", "provider": "emergency", "stage": "crisis", "needs": "all", "places": 1}
    settings = {
        "budget": "added",
        "navigation": {"link_worker": {"min_needs": 1}, "offered": 0.2},
        "handoffs": {"team": {"staff_days": 0.25}, "signposting": {"staff_days": 0.5}},
        "crises": {"hazard": 0.02},
    }
    folder = write_place(
        tmp_path_factory.mktemp("team") / "team",
        settings,
        districts=[{"district": name, "citizens_per_year": 500} for name in ("town", "hills")],
        providers=[*({**row, "hub": "centre"} for row in TWO_PROVIDERS["providers"]), emergency],
        services=[*TWO_PROVIDERS["services"], {**contact, "service_days": 1}],
    )
    return Scenario.load(folder)


def test_the_costs_of_a_small_place_are_those_counted_by_hand(team_place: Scenario) -> None:
    """80 days count. The team of two meets on days 21, 28, ..., 98, each time 0.1 staff days of each, and 50 GBP."""
    result = simulate(team_place, ALL_PARTS)
    costs, ledger = result.costs(), result.ledger[result.ledger["time"] >= 20.0]
    share, staff_day = 80 / YEAR, 40_000 / YEAR
    assert costs["services"] == pytest.approx(share * (2 * 1.0 + 5 * 0.05) * 40_000)
    assert costs["crisis_services"] == pytest.approx(share * 40_000)
    assert costs["coordinators"] == pytest.approx(share * (2 * 36_428 + 40_000))
    assert costs["meetings"] == pytest.approx(12 * (2 * 0.1 * staff_day + 50))
    made = ledger[ledger["activity"] == "handoff_made"]
    by_hand = made[made["noticed"] != "navigator"]
    # The front door, navigators and the crisis service, who signpost too, are paid for it already.
    assert set(by_hand["detail"]) == {6.0}
    assert set(made["detail"]) > {6.0}
    assert costs["handing_on"] == pytest.approx(len(by_hand) * 0.25 * staff_day)
    crises = (ledger["activity"] == "crisis").sum()
    assert costs["crises"] == 200 * crises > 0
    parts = ("services", "crisis_services", "coordinators", "meetings", "handing_on")
    assert costs["total"] == pytest.approx(sum(costs[part] for part in parts))
    supported = (ledger["activity"] == "support_started").sum()
    assert costs["per_supported"] == pytest.approx(costs["total"] / supported)


SHARE = 80 / YEAR
PRICES: dict[str, dict[str, float]] = {
    "navigator_year": {"coordinators": SHARE * 2 * 36_428},
    "meeting": {"meetings": 12 * 50},
    "crisis_contact": {"crises": math.nan},
    "support_staff": {"services": SHARE * 5 * 0.05 * 40_000},
    "assessment_staff": {
        "services": SHARE * 2 * 40_000,
        "crisis_services": SHARE * 40_000,
        "coordinators": SHARE * 40_000,
    },
    "staff_year": {
        "services": SHARE * 2.25 * 40_000,
        "crisis_services": SHARE * 40_000,
        "coordinators": SHARE * 40_000,
        "meetings": 12 * 2 * 0.1 * 40_000 / YEAR,
        "handing_on": math.nan,
    },
}
"""By how much each part grows when a price is doubled; not a number: doubles."""


@pytest.mark.parametrize("price", PRICES)
def test_a_price_changes_its_own_part_of_the_costs_and_nobodys_journey(team_place: Scenario, price: str) -> None:
    dearer = team_place.changed({f"costs.{price}": 2 * getattr(team_place.parameters.costs, price)})
    usual, doubled = (simulate(place, ALL_PARTS) for place in (team_place, dearer))
    before, after = usual.costs(), doubled.costs()
    parts = ("services", "crisis_services", "coordinators", "handing_on", "meetings", "crises")
    for part in parts:
        more = PRICES[price].get(part, 0.0)
        assert before[part] > 0.0
        assert after[part] - before[part] == pytest.approx(before[part] if math.isnan(more) else more, abs=1e-6)
    pd.testing.assert_frame_equal(usual.episodes, doubled.episodes)


# --- the pace -------------------------------------------------------------------------------------------------

NOBODY_HELPED = {"link_worker": {"min_needs": 50}}
"""Navigators who are paid and help nobody: whatever is different comes from the money."""


def roomy_clinic(folder: Path, budget: str, service_time: str, **districts: Any) -> Scenario:
    """Return a clinic with places for everybody and 5 staff, 200,000 GBP a year."""
    services = changed("services", places=1000, staff_per_place=0.005, service_time=service_time, service_cv=0.7)
    settings = {"budget": budget, "navigation": NOBODY_HELPED, "time": {"horizon_days": 400}}
    return Scenario.load(write_place(folder, settings, services=services, districts=changed("districts", **districts)))


def durations(result: Result, stage: str, service: str) -> pd.Series:
    """Return how long the first visit to a service took, by citizen and need."""
    ledger = result.ledger[result.ledger["service"] == service]
    starts, ends = (
        ledger[ledger["activity"] == f"{stage}_{what}"].drop_duplicates(["case", "need"]).set_index(["case", "need"])
        for what in ("started", "ended")
    )
    return (ends["time"] - starts["time"]).dropna().sort_index()


@pytest.mark.parametrize("service_time", ["exponential", "fixed", "lognormal"])
def test_everybody_takes_exactly_as_much_longer_as_staff_time_is_gone(tmp_path: Path, service_time: str) -> None:
    """One navigator of 36,428 GBP out of 200,000: the pace is 0.81786, and nothing else is different."""
    arm = Coordination.load("link_worker")
    runs = {kind: simulate(roomy_clinic(tmp_path / kind, kind, service_time), arm) for kind in ("equal", "added")}
    assert [period.pace for period in runs["equal"].periods] == pytest.approx([0.81786], rel=1e-12)
    took = {kind: durations(result, "support", "care") for kind, result in runs.items()}
    both = took["equal"].index
    assert len(both) > 150
    assert took["equal"].to_numpy() == pytest.approx(took["added"].loc[both].to_numpy() / 0.81786, rel=1e-9)


def test_the_pace_goes_with_the_number_of_navigators_from_date_to_date(tmp_path: Path) -> None:
    """1,000 citizens a year: one navigator for any share up to a half, two above it, none before and after."""
    place = roomy_clinic(tmp_path / "place", "equal", "fixed", citizens_per_year=1000)
    row = InitiativeRow(
        initiative="pilot", change="navigation", value="link_worker", from_day=100, to_day=300, ramp_days=40
    )
    arm = Coordination(initiatives=(row,))
    periods = periods_of(place, arm)
    paces = {(period.begin, period.end): period.pace for period in periods}
    expected = {
        (begin, end): 1 - navigators * 36_428 / 200_000
        for begin, end, navigators in (
            (0, 100, 0),
            *((day, day + 2, 1) for day in range(100, 120, 2)),
            *((day, day + 2, 2) for day in range(120, 140, 2)),
            (140, 300, 2),
            (300, 400, 0),
        )
    }
    assert paces == pytest.approx(expected)
    result = simulate(place, arm)
    ledger, took = result.ledger, durations(result, "support", "care")
    begun = ledger[ledger["activity"] == "support_started"].set_index(["case", "need"])["time"]
    for (begin, end), pace in expected.items():
        here = took[begun.loc[took.index].between(begin, end, inclusive="left")]
        assert here.to_numpy() == pytest.approx([5 / pace] * len(here), abs=1e-9)
    assert len(took) > 900


def test_the_front_door_and_crisis_services_do_not_slow_down(team_place: Scenario) -> None:
    """A front door of 3 places for 120,000 GBP, out of 890,000 for 20 staff who assess and 2.25 who support."""
    places = {"intake": 20, "help": 45, "contact": 50}
    services = tuple(row.model_copy(update={"places": places[row.service]}) for row in team_place.tables.services)
    place = replace(team_place, tables=replace(team_place.tables, services=services))
    arm = Coordination(front_door_places=5.0, initiatives=(IN_TOWN,))
    equal, added = (simulate(place.changed({"budget": kind}), arm) for kind in ("equal", "added"))
    slower = 1 / (1 - 120 / 890)
    for begin, service, factor in (
        ("assessment", "intake", slower),
        ("support", "help", slower),
        ("assessment", "front_door", 1.0),
        ("crisis", "contact", 1.0),
    ):
        took, usual = (durations(result, begin, service) for result in (equal, added))
        both = took.index.intersection(usual.index)
        assert len(both) > 30
        assert took.loc[both].to_numpy() == pytest.approx(factor * usual.loc[both].to_numpy(), rel=1e-9)


@pytest.mark.parametrize(("price", "is_too_much"), [(9_999, False), (10_000, True), (36_428, True)])
@pytest.mark.parametrize("from_day", [0, 60])
def test_coordination_that_costs_as_much_as_services_is_refused(
    tmp_path: Path, price: float, is_too_much: bool, from_day: float
) -> None:
    """5 places of 0.05 staff cost 10,000 GBP a year."""
    place = Scenario.load(write_place(tmp_path / "place", {"costs": {"navigator_year": price}}))
    row = InitiativeRow(initiative="pilot", change="navigation", value="link_worker", from_day=from_day)
    arm = Coordination(title="Dear", initiatives=(row,))
    simulate(place.changed({"budget": "added"}), arm)
    if not is_too_much:
        assert simulate(place, arm).periods[-1].pace == pytest.approx(0.0001)
        return
    with pytest.raises(BadInputError) as error:
        simulate(place, arm)
    (problem,) = error.value.problems
    assert problem.where == "coordination Dear"
    assert problem.what == f"coordination costs {price:,} GBP a year from day {from_day:g} and services 10,000"
    assert problem.allowed == "less than the services that pay for it, or budget=added"


def test_crisis_services_that_only_the_arm_has_are_named_where_it_cannot_be_paid_for(tmp_path: Path) -> None:
    """One place more for crises is one member of staff: 40,000 GBP a year."""
    crisis = {"service": "ward", "provider": "clinic", "stage": "crisis", "needs": "all", "places": 1}
    services = [*TABLES["services"], {**crisis, "service_days": 1}]
    place = Scenario.load(write_place(tmp_path / "place", services=services))
    row = InitiativeRow(initiative="more", change="places.ward", value="2", from_day=0)
    with pytest.raises(BadInputError, match="40,000 GBP a year from day 0, with crisis services that only it has, and"):
        simulate(place, Coordination(title="Dear", initiatives=(row,)))
