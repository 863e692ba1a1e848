"""In random small landscapes holds what must hold everywhere; the checks can fail."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from experiments.validation import landscape_checks as checks
from experiments.validation import queue_checks
from experiments.validation.landscapes import ALL, check, check_number, run_landscape
from experiments.validation.queue_checks import check_queue, random_queue
from experiments.validation.random_places import random_landscape
from sim.coordination import MECHANISMS
from sim.mechanisms import registry
from sim.scenario import Scenario
from sim.schema.problems import BadInputError
from sim.schema.tables import ServiceRow

ALWAYS = ("flows and order of time", "places never exceeded", "tables of outcomes", "the same twice", "barriers nested")
IN_TURN = tuple(name for name in ALL if name not in ALWAYS)
"""Those that run a landscape again and again take turns."""
FIXED = settings(
    derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck), print_blob=False
)


@settings(FIXED, max_examples=110)
@given(st.randoms(use_true_random=False))
def test_odd_landscapes(luck: Random) -> None:
    """Drawn by a library that looks for the odd case: many zeros, many of the same, ends of ranges."""
    landscape = random_landscape(luck)
    turn = landscape.replicate % len(IN_TURN)
    assert check(landscape, names=(*ALWAYS, IN_TURN[turn])).broken == {}


def test_ordinary_landscapes() -> None:
    found = [check_number(number, 1, (*ALWAYS, IN_TURN[number % len(IN_TURN)])) for number in range(50)]
    assert [one.broken for one in found] == [{}] * 50
    assert sum(one.rows for one in found) > 20_000
    drawn = {name for one in found for name in one.mechanisms}
    assert drawn == {f"{question}: {name}" for question in MECHANISMS for name in registry.names(question)}


def test_another_process_with_other_hashes_has_the_same_ledgers() -> None:
    program = (
        "from experiments.validation.landscapes import check_number\n"
        "print(*(check_number(number, 1, ()).digest for number in range(12)))"
    )
    there = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONHASHSEED": "7"},
    )
    assert there.stdout.split() == [check_number(number, 1, ()).digest for number in range(12)]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> checks.Run:
    """A landscape in which people wait."""
    for number in range(100):
        folder = tmp_path_factory.mktemp("landscape") / "place"
        run = run_landscape(random_landscape(Random(f"landscape 1 {number}")), folder)
        if run.result.spells["wait"].sum() > 500 and len(run.result.handoffs) > 50:
            return run
    raise AssertionError("there is none")


def test_a_start_too_many_is_found(run: checks.Run) -> None:
    spells = run.result.spells.copy()
    waited = spells["wait"] > 1.0
    spells.loc[waited, "started"] = spells.loc[waited, "joined"]
    forged = replace(run, result=replace(run.result))
    forged.result.__dict__["spells"] = spells
    with pytest.raises(checks.BrokenError, match="people with"):
        checks.check_places(forged)


def test_a_time_out_of_order_is_found(run: checks.Run) -> None:
    columns = {name: values.copy() for name, values in run.result.columns.items()}
    columns["time"][0], columns["time"][1] = columns["time"][-1], 0.0
    forged = replace(run, result=replace(run.result, columns=columns))
    with pytest.raises(checks.BrokenError, match="in order"):
        checks.check_flows(forged)


def test_a_hole_in_a_table_is_found(run: checks.Run) -> None:
    columns = {name: values.copy() for name, values in run.result.columns.items()}
    columns["detail"] = np.where(columns["activity"] == 1, np.nan, columns["detail"])
    forged = replace(run, result=replace(run.result, columns=columns))
    with pytest.raises(checks.BrokenError):
        checks.check_tables(forged)


def test_another_world_is_found(run: checks.Run) -> None:
    forged = replace(run, result=replace(run.result, replicate=run.result.replicate ^ 1))
    with pytest.raises(checks.BrokenError, match="twice"):
        checks.check_twice(forged)
    with pytest.raises(checks.BrokenError, match="order of rows"):
        checks.check_order_of_tables(forged)


def test_a_newcomer_where_there_is_no_room_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Journeys of others do depend on a newcomer where places are short: in some of thirty landscapes at least."""
    monkeypatch.setattr(checks, "PLENTY", 1)
    found = []
    for number in range(30):
        run = run_landscape(random_landscape(Random(f"landscape 1 {number}")), tmp_path / str(number))
        try:
            checks.check_newcomer(run)
        except checks.BrokenError as error:
            found.append(str(error))
        except BadInputError:
            # One place each cannot pay for the coordination.
            continue
    assert found and all("one more citizen" in words for words in found)


def test_somebody_who_waits_longer_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Service times three times as long make somebody wait longer, whatever the number of places."""
    place = random_queue(Random(3), tmp_path / "queue")
    check_queue(place, 1, 0)
    faithful = queue_checks._with_service

    def slower(scenario: Scenario, service: ServiceRow) -> Scenario:
        return faithful(scenario, service.model_copy(update={"service_days": 3.0 * service.service_days}))

    monkeypatch.setattr(queue_checks, "_with_service", slower)
    with pytest.raises(checks.BrokenError, match="wait"):
        check_queue(place, 1, 0)
