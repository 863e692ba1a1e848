"""What every registered mechanism promises: to register one is to have it tested here.

Runs are compared exactly, to the last bit: nothing here is random but for the luck that seeds fix.
"""

from __future__ import annotations

import hashlib
import inspect
import itertools
import os
import pickle
import random
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from experiments.composing import compose_job, composer, plain, register_defaults
from sim import Coordination, Result, Scenario, simulate
from sim.budget import planned, staff_per_place
from sim.coordination import MECHANISMS, names
from sim.mechanisms import registry
from sim.model import JourneyModel
from sim.outcomes.result import result_of
from sim.schema import reference
from sim.schema.fields import Status
from sim.schema.initiatives import DATED, InitiativeRow
from sim.schema.parameters import DAYS_PER_YEAR
from sim.timeline import Timeline
from tests.contract.rich_place import FAR, NEAR, journeys, upside_down, with_newcomer, with_places

ALL = [(question, name) for question in registry.questions() for name in registry.names(question)]
EVERY_MECHANISM = pytest.mark.parametrize(("question", "name"), ALL, ids=[f"{q}:{n}" for q, n in ALL])
PAIRS = [(one, other) for one, other in itertools.combinations(ALL, 2) if one[0] != other[0]]
EVERY_PAIR = pytest.mark.parametrize(
    ("one", "other"), PAIRS, ids=["{}:{}+{}:{}".format(*one, *other) for one, other in PAIRS]
)


def arm(*mechanisms: tuple[str, str]) -> Coordination:
    """Return the fragmented arm with some mechanisms in place of its own."""
    return Coordination.load("+".join(["fragmented", *(f"{question}:{name}" for question, name in mechanisms)]))


def is_of_the_fragmented(question: str, name: str) -> bool:
    """Return whether the fragmented arm has this mechanism."""
    return bool(getattr(Coordination.load("fragmented"), question) == name)


def district_of(case: str) -> str:
    """Return where a citizen lives, by the label."""
    return case.rpartition("-")[0]


def counting(kind: type, asked: Counter[str]) -> type:
    """Return a mechanism that counts what it is asked for, by name, once it has been made."""

    class Counting(kind):  # type: ignore[misc, valid-type]
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            self._is_made = True

        def __getattribute__(self, what: str) -> Any:
            if not what.startswith("_") and what != "name" and "_is_made" in super().__getattribute__("__dict__"):
                asked[what] += 1
            return super().__getattribute__(what)

    return Counting


@EVERY_MECHANISM
class TestEveryMechanism:
    def test_answers_its_question_for_everybody_and_loses_nobody(
        self, place: Scenario, question: str, name: str
    ) -> None:
        result = simulate(place, arm((question, name)))
        result.check_balance()
        check_flows(result)
        ledger = result.ledger
        needy, seeking = (set(ledger.loc[ledger["activity"] == what, "case"]) for what in ("onset", "sought"))
        assert len(needy) > 100
        assert needy == seeking

    def test_is_asked_while_the_place_runs_and_changes_nothing_by_being_counted(
        self, place: Scenario, question: str, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: Counter[str] = Counter()
        find, made = registry.find, counting(registry.find(question, name), asked)
        # A date on which nothing changes: some questions are asked on such days only.
        level = place.parameters.barriers.culture
        row = InitiativeRow(initiative="nothing", change="barriers.culture", value=str(level), from_day=50)
        coordination = arm((question, name)).model_copy(update={"initiatives": (row,)})
        uncounted = simulate(place, coordination)
        monkeypatch.setattr(registry, "find", lambda q, n: made if (q, n) == (question, name) else find(q, n))
        model = JourneyModel(place, coordination)
        asked.clear()
        model.run()
        assert asked.total() > 0
        assert result_of(model, 1, 0).raw == uncounted.raw == simulate(place, arm((question, name))).raw

    def test_has_an_effect_unless_it_is_what_fragmented_places_have(
        self, place: Scenario, question: str, name: str
    ) -> None:
        is_same = simulate(place, arm((question, name))).raw == simulate(place, "fragmented").raw
        assert is_same == is_of_the_fragmented(question, name)

    def test_takes_the_staff_time_that_it_costs(self, place: Scenario, question: str, name: str) -> None:
        """What handing on and meetings cost is worked off at the desks, but for what they still owe at the end.

        Without hand-ons by crisis services, which have no desk that could work it off.
        """
        counted = place.changed(
            {"time.warmup_days": 0.0, "crises.restart": 0.0, "handoffs.signposting.staff_days": 0.01}
        )
        result = simulate(counted, arm((question, name)))
        costs = result.costs()
        owed = (costs["handing_on"] + costs["meetings"]) / (counted.parameters.costs.staff_year / DAYS_PER_YEAR)
        staff = {row.service: staff_per_place(row, counted) for row in counted.tables.services}
        work = result.ledger[result.ledger["activity"] == "coordinated"]
        # Of the staff of a place there is less where a part of their time pays for navigators or a front door.
        pays = {row.service: result.periods[0].pace for row in counted.tables.services}
        done = sum(
            staff[service] * pays[service] * days for service, days in zip(work["service"], work["detail"], strict=True)
        )
        # A desk does no piece of work that is shorter than a quarter of a day of a place.
        assert 0.0 < done <= owed <= done + 0.25 * sum(staff.values())

    def test_gives_the_same_ledger_each_time(self, place: Scenario, question: str, name: str) -> None:
        first, second = (simulate(place, arm((question, name)), seed=7, replicate=3) for _ in range(2))
        assert first.raw == second.raw
        assert first.raw != simulate(place, arm((question, name)), seed=7, replicate=4).raw

    def test_does_not_mind_the_order_of_the_tables(self, place: Scenario, question: str, name: str) -> None:
        coordination = arm((question, name))
        before, after = journeys(simulate(place, coordination)), journeys(simulate(upside_down(place), coordination))
        assert before == after

    def test_one_more_citizen_where_there_is_room_changes_nobody_else(
        self, roomy: Scenario, question: str, name: str
    ) -> None:
        coordination = arm((question, name)).model_copy(update={"navigators": 1000.0, "front_door_places": 1000.0})
        before = journeys(simulate(roomy, coordination))
        after = journeys(simulate(with_newcomer(roomy), coordination))
        newcomer = after.pop("newcomer")
        assert {"onset", "sought"} <= {entry[0] for entry in newcomer}
        assert len(before) > 100
        assert before == after

    def test_a_pickled_coordination_place_or_unfinished_run_goes_on_as_if_nothing_had_happened(
        self, place: Scenario, question: str, name: str
    ) -> None:
        coordination = arm((question, name))
        expected = simulate(place, coordination).raw
        again_place, again_coordination = pickle.loads(pickle.dumps((place, coordination)))
        assert simulate(again_place, again_coordination).raw == expected
        for days in (0, 40):
            model = JourneyModel(place, coordination)
            for _ in range(days):
                model.step()
            again = pickle.loads(pickle.dumps(model))
            again.run()
            assert again.ledger.to_bytes() == expected

    def test_changes_nobody_whom_it_does_not_concern(
        self, apart: Scenario, roomy: Scenario, question: str, name: str
    ) -> None:
        """In one district it changes nobody in the other; a discipline changes nobody where nobody waits.

        It comes to the district by steps and goes again; what people wait for belongs to that district alone.
        """
        if question not in DATED:
            always_open = roomy.changed({"barriers.funding": 0.0})
            assert simulate(always_open, arm((question, name))).raw == simulate(always_open, "fragmented").raw
            return
        before = journeys(simulate(apart, "fragmented"))
        row = InitiativeRow(
            initiative="trial", change=question, value=name, from_day=10, to_day=90, ramp_days=20, districts=(FAR,)
        )
        trial = Coordination.load("fragmented").model_copy(update={"initiatives": (row,)})
        after = journeys(simulate(apart, trial))
        assert before.keys() == after.keys()
        assert {district_of(case) for case in before} == {NEAR, FAR}
        changed = {district_of(case) for case, entries in before.items() if entries != after[case]}
        assert changed == (set() if is_of_the_fragmented(question, name) else {FAR})

    def test_says_what_it_is_and_what_is_known_of_it(self, question: str, name: str) -> None:
        kind = registry.find(question, name)
        assert kind.name == name
        assert isinstance(kind.status, Status)
        assert kind.evidence.strip()
        # Its own docstring: not one that it has inherited.
        about = " ".join(inspect.cleandoc(kind.__dict__["__doc__"]).split()).replace("``", "`")
        row = f"| {question} | `{name}` | {about} | {kind.evidence} | {kind.status.value} |"
        assert row in page().splitlines()

    def test_there_is_an_arm_of_it_alone(self, question: str, name: str) -> None:
        # How many navigators there are belongs to the kind of navigation; all else is as in the fragmented arm.
        free = {"title", "description", *(("navigators",) if question == "navigation" else ())}
        wanted = arm((question, name)).model_dump(exclude=free)
        alone = [found for found in names() if Coordination.load(found).model_dump(exclude=free) == wanted]
        assert len(alone) == 1
        assert (alone == ["fragmented"]) == is_of_the_fragmented(question, name)

    def test_it_can_be_switched_on_from_the_command_line(self, question: str, name: str) -> None:
        register_defaults()
        with composer("run", None):
            job = plain(compose_job("run", ["coordination=fragmented", f"coordination.{question}={name}"]))
        expected = arm((question, name)).model_dump(exclude={"title"})
        assert Coordination.model_validate(job["coordination"]).model_dump(exclude={"title"}) == expected


@pytest.fixture(scope="module")
def fragmented_total(place: Scenario) -> float:
    """What the place costs in the fragmented arm."""
    return simulate(place, "fragmented").costs()["total"]


@EVERY_PAIR
def test_two_mechanisms_together_lose_nobody_and_cost_what_fragmented_services_cost(
    place: Scenario, fragmented_total: float, one: tuple[str, str], other: tuple[str, str]
) -> None:
    result = simulate(place, arm(one, other))
    result.check_balance()
    check_flows(result)
    assert result.costs()["total"] == pytest.approx(fragmented_total, rel=1e-3)
    assert min(value for value in result.costs().values()) >= 0.0


def test_the_questions_are_those_of_a_coordination() -> None:
    assert sorted(registry.questions()) == sorted(MECHANISMS)
    assert set(DATED) == set(MECHANISMS) - {"discipline"}


def test_in_a_crowded_place_one_more_citizen_does_change_others(place: Scenario) -> None:
    """The test that one more changes nobody can fail: where places are short, a newcomer takes one."""
    crowded = with_places(place, 1)
    before, after = (journeys(simulate(where, "letter")) for where in (crowded, with_newcomer(crowded)))
    del after["newcomer"]
    assert before != after


def test_what_one_district_gets_does_change_others_who_share_its_queues(place: Scenario) -> None:
    """The test that it changes nobody elsewhere can fail."""
    crowded = with_places(place, 2).changed({"budget": "added"})
    row = InitiativeRow(initiative="trial", change="handoff", value="accompanied", from_day=10, districts=(FAR,))
    trial = Coordination.load("fragmented").model_copy(update={"initiatives": (row,)})
    before, after = journeys(simulate(crowded)), journeys(simulate(crowded, trial))
    assert {district_of(case) for case in before if before[case] != after[case]} == {NEAR, FAR}


@pytest.mark.parametrize("name", names())
def test_the_pace_of_services_does_not_depend_on_the_order_of_the_tables(place: Scenario, name: str) -> None:
    """Sums of such staff numbers, one after another, differ in the last bit; 40 places, of a fixed seed."""
    luck = random.Random(20240607)
    for _ in range(40):
        staffed = [
            row.model_copy(update={"staff_per_place": round(luck.uniform(0.02, 1.5), 2)})
            for row in place.tables.services
        ]
        town = replace(place, tables=replace(place.tables, services=tuple(staffed)))
        coordination = Coordination.load(name)
        periods = [planned(Timeline(where, coordination)) for where in (town, upside_down(town))]
        assert periods[0] == periods[1]


def test_needs_raised_by_others_do_not_depend_on_the_order_of_the_tables(place: Scenario) -> None:
    raising = place.changed({"crises.raises": 4.0})
    result = simulate(raising)
    assert (result.ledger["reason"] == "raised").sum() > 30
    assert journeys(result) == journeys(simulate(upside_down(raising)))


def test_runs_can_be_finished_by_another_process_with_another_hash_seed(place: Scenario) -> None:
    """As those who share work out do; barriers have levels of their own by sector, which are looked up by hash."""
    mixed = place.changed({"barriers.culture": {"all": 0.4, "voluntary": 0.8}})
    row = InitiativeRow(initiative="trial", change="barriers.culture", value="0.1", from_day=30, ramp_days=10)
    coordinations = [arm(pair).model_copy(update={"initiatives": (row,)}) for pair in ALL]
    models = [JourneyModel(mixed, coordination) for coordination in coordinations]
    for model in models:
        for _ in range(20):
            model.step()
    script = (
        "import hashlib, pickle, sys\n"
        "for model in pickle.load(sys.stdin.buffer):\n"
        "    model.run()\n"
        "    print(hashlib.sha256(model.ledger.to_bytes()).hexdigest())\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", script],
        input=pickle.dumps(models),
        env={**os.environ, "PYTHONHASHSEED": "4321"},
        capture_output=True,
        check=True,
    )
    expected = [hashlib.sha256(simulate(mixed, coordination).raw).hexdigest() for coordination in coordinations]
    assert said.stdout.decode().split() == expected


# --- what the tests share -------------------------------------------------------------------------------------


def check_flows(result: Result) -> None:
    """Check that whatever begins ends in one of its ways or is still open, by the ledger and by the counts."""
    flows, ledger = result.counts(), result.ledger["activity"].value_counts()
    assert flows["onsets"] == flows["supported"] + flows["gave_up"] + flows["open"] == ledger["onset"]
    assert flows["handoffs_made"] == ledger["handoff_made"]
    ends = ("handoffs_attended", "handoffs_dropped", "handoffs_under_way")
    assert flows["handoffs_made"] == sum(flows[end] for end in ends)
    assert flows["supported"] == ledger["support_started"] > 50
    assert flows["gave_up"] == ledger["gave_up"]
    assert ledger["joined"] == len(result.spells)


@cache
def page() -> str:
    """Return the reference page."""
    return reference.render()
