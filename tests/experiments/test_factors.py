"""What a point of a sweep makes of a place and its arms, and the shipped sweeps."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from experiments.composing import compose_job, composer, plain, register_defaults
from experiments.designs import Design, design_of
from experiments.factors import applied, check_arms, factor_words
from experiments.place_factors import scaled
from sim import shipped
from sim.coordination import Coordination
from sim.scenario import Scenario
from sim.schema.problems import BadInputError, Complaints
from sim.schema.reading import read_yaml
from sim.schema.tables import ServiceRow, Stage
from tests.places import TABLES, TWO_PROVIDERS, write_place

FOLDER = shipped.folder("conf") / "sweep"
FILES = sorted(FOLDER.glob("*.yaml"))
ARMS = {name: Coordination.load(name) for name in ("fragmented", "letter", "integrated")}
REDIRECT, GUESS, RETRY = "journey.redirect", "journey.guess", "journey.retry_days"
BANDWIDTH, CULTURE = "journey.bandwidth", "barriers.culture"


def _shipped_design(name: str) -> Design:
    complaints = Complaints()
    design = design_of(read_yaml(FOLDER / f"{name}.yaml", name, complaints), f"sweep {name}", complaints)
    complaints.raise_if_any()
    assert design is not None
    return design


def _applied(point: Mapping[str, Any], place: Scenario, arms: Mapping[str, Coordination] = ARMS) -> Any:
    complaints = Complaints()
    result = applied(point, place, arms, Scenario.load, "sweep x: point 0", complaints)
    complaints.raise_if_any()
    return result


def _not_applied(point: Mapping[str, Any], place: Scenario, arms: Mapping[str, Coordination] = ARMS) -> list[str]:
    with pytest.raises(BadInputError) as caught:
        _applied(point, place, arms)
    return [str(problem) for problem in caught.value.problems]


@pytest.fixture(scope="module")
def town() -> Scenario:
    """The shipped town."""
    return Scenario.load("three_journeys")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    """A public assessment with 2 places, voluntary support with 5 and with none, a crisis service, an initiative."""
    services = [
        *TWO_PROVIDERS["services"],
        {**TABLES["services"][0], "service": "later", "provider": "clinic", "places": 0, "service_days": 5},
        {**TABLES["services"][0], "service": "crises", "provider": "clinic", "stage": "crisis", "places": 5},
    ]
    initiatives = [
        {"initiative": "more", "change": "places.help", "value": 15, "from_day": 10},
        {"initiative": "more", "change": "places.later", "value": 7, "from_day": 10},
        {"initiative": "more", "change": "places.intake", "value": 3, "from_day": 10},
        {"initiative": "shut", "change": "places.help", "value": 0, "from_day": 50},
    ]
    districts = [{"district": "town", "citizens_per_year": 200}, {"district": "hills", "citizens_per_year": 33.3}]
    tables = {"services": services, "initiatives": initiatives, "districts": districts}
    folder = write_place(
        tmp_path_factory.mktemp("places") / "small", {"barriers": {"culture": {"health": 0.5, "all": 0.1}}},
        providers=TWO_PROVIDERS["providers"], **tables,
    )  # fmt: skip
    return Scenario.load(folder)


def test_a_point_sets_parameters_and_leaves_the_rest(small: Scenario) -> None:
    place, arms = _applied({REDIRECT: 0.9, BANDWIDTH: 3, GUESS: None}, small)
    assert place == small.changed({REDIRECT: 0.9, BANDWIDTH: 3})
    assert arms == ARMS
    assert _applied({GUESS: None}, small)[0].digest() == small.digest()


def test_a_level_takes_the_place_of_those_that_the_place_has(small: Scenario) -> None:
    assert _applied({CULTURE: {"public": 0.8}}, small)[0].parameters.barriers.culture == {"public": 0.8}
    assert _applied({CULTURE: 0.3}, small)[0].parameters.barriers.culture == 0.3


def test_a_setting_is_that_of_every_arm_but_the_baseline_or_of_one_arm_alone(small: Scenario) -> None:
    _, arms = _applied({"coordination.handoff": "accompanied", "coordination.navigators": 1.5}, small)
    assert [arm.handoff for arm in arms.values()] == ["signposting", "accompanied", "accompanied"]
    assert [arm.navigators for arm in arms.values()] == [2.0, 1.5, 1.5]
    assert arms["fragmented"] == ARMS["fragmented"]
    assert arms["integrated"].title == "Integrated"
    _, arms = _applied({"arms.letter.handoff": "introduction", "coordination.handoff": "accompanied"}, small)
    assert [arm.handoff for arm in arms.values()] == ["signposting", "introduction", "accompanied"]
    _, arms = _applied({"arms.fragmented.records": "shared"}, small)
    assert [arm.records for arm in arms.values()] == ["shared", "separate", "shared"]


def test_an_arm_with_dots_in_its_name_can_be_varied(small: Scenario) -> None:
    name = "letter+navigators:1.5"
    arms = {"fragmented": ARMS["fragmented"], name: Coordination.load(name)}
    assert _applied({f"arms.{name}.records": "shared"}, small, arms)[1][name].records == "shared"


def test_another_place_comes_with_the_other_values_of_the_point(small: Scenario) -> None:
    place, _ = _applied({REDIRECT: 0.9, "scenario": "talking_therapies", "place.demand": 2}, small)
    own = Scenario.load("talking_therapies")
    assert place.name == "talking_therapies"
    assert place.parameters == own.changed({REDIRECT: 0.9}).parameters
    assert place.tables.citizens_per_year == pytest.approx(2 * own.tables.citizens_per_year)


def test_demand_multiplies_the_citizens_of_every_district_and_nothing_else(small: Scenario) -> None:
    place, _ = _applied({"place.demand": 1.1}, small)
    assert [row.citizens_per_year for row in place.tables.districts] == [220, 36.63]
    assert place.tables.services == small.tables.services
    assert place.tables.initiatives == small.tables.initiatives
    assert place.parameters == small.parameters


def test_places_of_services_are_multiplied_but_not_those_of_crisis_services(small: Scenario) -> None:
    tables = _applied({"place.places": 1.5}, small)[0].tables
    # 2 times 1.5 is 3. 5 times 1.5 is 7.5, rounded to 8, within a tenth of it. None stays none.
    assert [(row.service, row.places) for row in tables.services] == [
        ("intake", 3), ("help", 8), ("later", 0), ("crises", 5),
    ]  # fmt: skip
    assert [row.service_days for row in tables.services] == [row.service_days for row in small.tables.services]
    # Places that initiatives set: 22.5, 10.5 and 4.5, half up; shut is shut.
    assert [row.value for row in tables.initiatives] == ["23", "11", "5", "0"]
    assert tables.districts == small.tables.districts


def test_places_of_one_sector_are_multiplied_alone_and_together_with_those_of_all(small: Scenario) -> None:
    tables = _applied({"place.places.voluntary": 1.2}, small)[0].tables
    assert [row.places for row in tables.services] == [2, 6, 0, 5]
    assert [row.value for row in tables.initiatives] == ["18", "7", "3", "0"]
    tables = _applied({"place.places.voluntary": 1.2, "place.places.public": 2, "place.places": 3}, small)[0].tables
    assert [row.places for row in tables.services] == [12, 18, 0, 5]


def test_where_rounding_is_too_coarse_the_time_a_place_is_taken_changes_instead(small: Scenario) -> None:
    tables = _applied({"place.places": 1.25}, small)[0].tables
    # 2 times 1.25 is 2.5: 3 would be a fifth more. 5 times 1.25 is 6.25: 6 is near enough.
    assert [(row.places, row.service_days) for row in tables.services] == [(2, 0.8), (6, 5), (0, 5), (5, 5)]
    # Initiatives at a service whose time has changed keep their places, which now do more work.
    assert [row.value for row in tables.initiatives] == ["19", "9", "3", "0"]


def test_work_done_is_within_a_tenth_of_what_a_factor_says_whatever_the_places() -> None:
    def row(places: int) -> ServiceRow:
        return ServiceRow.model_validate({**TABLES["services"][0], "places": places, "service_days": 8})

    for places, percent in itertools.product(range(1, 40), range(5, 400, 5)):
        factor = Fraction(percent, 100)
        changed = row(places).model_copy(update=scaled(row(places), factor))
        done = changed.places / changed.service_days / (places / 8)
        assert done == pytest.approx(float(factor), rel=0.1)
        assert changed.places >= 1
        if changed.service_days != 8:
            assert changed.places == places
            assert done == pytest.approx(float(factor))
    # Half up in decimals, not in binary fractions: 35 times 1.1 is 38.5.
    assert scaled(row(35), Fraction("1.1")) == {"places": 39}
    assert scaled(row(45), Fraction("1.1")) == {"places": 50}


def test_factors_of_one_change_nothing(town: Scenario) -> None:
    point = {"place.demand": 1.0, "place.places": 1.0, "place.places.public": 1.0}
    assert _applied(point, town)[0].digest() == town.digest()


def test_what_is_wrong_at_a_point_is_said_with_its_values(small: Scenario) -> None:
    at = "sweep x: point 0"
    assert _not_applied({"time.warmup_days": 80.0, RETRY: 7.5}, small) == [
        f"{at} (time.warmup_days=80, journey.retry_days=7.5): time: warmup_days + followup_days = 110 leaves no days "
        "before horizon_days = 100 in which needs are counted"
    ]
    (problem,) = _not_applied({CULTURE: {"helth": 1.0}}, small)
    assert problem.startswith(f"{at} (barriers.culture={{helth:1}}): barriers.culture: unknown sector or profession")
    assert problem.endswith("did you mean 'health'?")
    (problem,) = _not_applied({"place.places.private": 2.0}, small)
    assert problem == (
        f"{at} (place.places.private=2): place.places.private: no service of the place is of this sector; "
        "allowed: public, voluntary"
    )
    (problem,) = _not_applied({"scenario": "nowhere"}, small)
    assert problem.startswith(f"{at} (scenario=nowhere): scenario: unknown scenario 'nowhere'")


def test_all_problems_of_a_point_are_said_at_once(small: Scenario) -> None:
    problems = _not_applied({CULTURE: {"helth": 1.0}, "arms.leter.handoff": "letter"}, small)
    assert [problem.partition("): ")[2].partition(": ")[0] for problem in problems] == [CULTURE, "arms.leter.handoff"]


def test_numbers_that_the_tables_cannot_hold_and_arms_that_cannot_be_paid_for_are_refused(small: Scenario) -> None:
    crowded = {"scenario": "talking_therapies", "place.demand": 100.0, "time.horizon_days": 36525.0}
    (problem,) = _not_applied(crowded, small, {"fragmented": ARMS["fragmented"]})
    assert "(scenario=talking_therapies, place.demand=100, time.horizon_days=36525): " in problem
    assert "citizens; allowed: at most 5,000,000 in a run" in problem
    (problem,) = _not_applied({"place.places": 0.01, "place.places.voluntary": 0.01}, small)
    assert problem == (
        "sweep x: point 0 (place.places=0.01, place.places.voluntary=0.01): help: service_days: is 50000.0; "
        "allowed: at most 36525"
    )
    (problem,) = _not_applied({"coordination.navigation": "key_worker", "coordination.navigators": 999.0}, small, {
        "fragmented": ARMS["fragmented"], "letter": ARMS["letter"],
    })  # fmt: skip
    assert "(coordination.navigation=key_worker, coordination.navigators=999): " in problem
    assert "letter" in problem
    assert "budget=added" in problem


def test_arms_can_be_checked_before_any_point_is_looked_at() -> None:
    complaints = Complaints()
    assert check_arms([REDIRECT, "arms.letter.handoff", "coordination.records"], ARMS, "sweep x", complaints)
    assert not check_arms(["arms.tracked.handoff"], ARMS, "sweep x", complaints)
    assert [problem.where for problem in complaints.problems] == ["sweep x: arms.tracked.handoff"]


def test_sweeps_for_what_policy_teams_ask_are_shipped() -> None:
    assert {file.stem for file in FILES} >= {
        "navigator_caseload", "each_barrier", "load", "sector_mix", "contracts", "front_door_places",
    }  # fmt: skip


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_shipped_sweep_loads_and_each_of_its_points_is_possible(file: Path, town: Scenario) -> None:
    design = _shipped_design(file.stem)
    arms = {name: Coordination.load(name) for name in design.arms or ()} or ARMS
    assert design.question.endswith("?")
    assert len(design.points) >= 5
    made = [_applied(point, town, arms) for point in design.points]
    worlds = {(place.digest(), *(arm.model_dump_json() for arm in changed.values())) for place, changed in made}
    # Each barrier alone comes by the place as it is five times.
    assert len(worlds) == len(design.points) - (4 if file.stem == "each_barrier" else 0)


def test_hydra_composes_every_shipped_sweep_as_it_is_written() -> None:
    register_defaults()
    with composer("compare", None):
        for file in FILES:
            data = plain(compose_job("compare", [f"+sweep={file.stem}"]))["sweep"]
            assert data == read_yaml(file, file.name, Complaints())


def test_each_barrier_goes_alone_from_absent_to_full(town: Scenario) -> None:
    design = _shipped_design("each_barrier")
    levels = [0.0, 0.25, 0.5, 0.75, 1.0]
    alone = [{name: value for name, value in point.items() if value is not None} for point in design.points]
    assert alone == [{name: level} for name in design.varied for level in levels]
    assert len(design.varied) == 5
    for point in design.points:
        assert sum(level != 0.5 for _, level in _applied(point, town)[0].parameters.barriers) <= 1


def test_the_mix_of_sectors_moves_places_at_an_equal_total(town: Scenario) -> None:
    def work(place: Scenario) -> dict[str, float]:
        """Places by sector; those at services whose time has changed count for what they do."""
        sector_of = {row.provider: str(row.sector) for row in place.tables.providers}
        own = {row.service: row.service_days for row in town.tables.services}
        total: dict[str, float] = dict.fromkeys(["public", "private", "voluntary"], 0.0)
        for row in place.tables.services:
            if row.stage is not Stage.CRISIS:
                total[sector_of[row.provider]] += row.places * own[row.service] / row.service_days
        return total

    before = work(town)
    assert (before["public"], before["voluntary"]) == (900, 742)
    for point in _shipped_design("sector_mix").points:
        after = work(_applied(point, town)[0])
        assert sum(after.values()) == pytest.approx(sum(before.values()), rel=0.01)
        assert after["private"] == before["private"]
        assert after["voluntary"] == pytest.approx(point["place.places.voluntary"] * 742, rel=0.01)
        assert after["public"] - 900 == pytest.approx(742 - after["voluntary"], abs=10)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("scenario", "scenario"),
        ("barriers.culture", "barriers.culture"),
        ("place.demand", "place.demand (times that of the place)"),
        ("place.places.public", "place.places.public (times that of the place)"),
        ("journey.retry_days", "journey.retry_days (days)"),
        ("arms.integrated.handoff", "arms.integrated.handoff"),
        ("navigation.link_worker.caseload", "navigation.link_worker.caseload (citizens)"),
    ],
)
def test_what_a_factor_is_called_on_an_axis(name: str, words: str) -> None:
    assert factor_words(name) == words
