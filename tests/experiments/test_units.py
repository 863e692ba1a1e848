"""Units of work: what they depend on, and that it does not matter where or when they are done."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from experiments import units as units_module
from experiments.collecting import runs_table, stacked
from experiments.executor import Executor
from experiments.factors import applied
from experiments.manifest import Manifest
from experiments.plan import Plan
from experiments.running import Way, run_units
from experiments.stopping import StoppedError
from experiments.store import Store
from experiments.units import (
    Done,
    Kind,
    Terms,
    Unit,
    configuration_of,
    facts_of_units,
    key_of,
    model_name,
    unit_again,
    units_of,
    work,
)
from sim import Coordination, Scenario
from sim.scenario import shipped_names
from sim.schema.problems import Complaints
from tests.places import TWO_PROVIDERS, changed, write_place


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    scenario = Scenario.load(write_place(tmp_path_factory.mktemp("places") / "place", **TWO_PROVIDERS))
    arms = {name: Coordination.load(name) for name in ("fragmented", "integrated")}
    return Plan(scenario, arms, seed=2**64 - 1, replicates=range(3))


def way(workers: int) -> Way:
    return Way(Executor("processes", workers))


def computed(plan: Plan, folder: Path, workers: int) -> Store:
    store = Store(folder / "store")
    with Manifest(folder, "compare", plan) as manifest:
        run_units(units_of(plan), store, way(workers), manifest)
    assert manifest.counts["failed"] == 0
    return store


def contents(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_all_arms_of_a_world_come_before_the_next_world(plan: Plan) -> None:
    assert [(unit.replicate, unit.arm) for unit in units_of(plan)] == [
        (number, arm) for number in range(3) for arm in ("fragmented", "integrated")
    ]


def test_serial_parallel_and_resumed_runs_are_identical(plan: Plan, tmp_path: Path) -> None:
    serial = computed(plan, tmp_path / "serial", workers=1)
    parallel = computed(plan, tmp_path / "parallel", workers=2)
    first = Plan(plan.scenario, plan.arms, plan.seed, range(1))
    computed(first, tmp_path / "resumed", workers=1)
    resumed = computed(plan, tmp_path / "resumed", workers=2)
    files = contents(serial.folder)
    assert len(files) == 6 * 6
    assert contents(parallel.folder) == files
    assert contents(resumed.folder) == files


def test_what_is_stored_is_not_computed_again(plan: Plan, tmp_path: Path) -> None:
    store = computed(plan, tmp_path, workers=1)
    spoilt = store.place(units_of(plan)[3].key) / "episodes.parquet"
    spoilt.write_bytes(b"")
    with Manifest(tmp_path, "compare", plan) as manifest:
        run_units(units_of(plan), store, way(1), manifest)
    assert (manifest.counts["reused"], manifest.counts["computed"]) == (5, 1)
    assert spoilt.stat().st_size > 0


def test_keys_name_all_that_a_result_depends_on(plan: Plan, tmp_path: Path) -> None:
    rules, digest = plan.arms["fragmented"], plan.scenario.digest()
    key = key_of(digest, rules, 1, 0)
    assert key == key_of(digest, rules.model_copy(update={"title": "Another title"}), 1, 0)
    other_place = Scenario.load(write_place(tmp_path / "place", needs=changed("needs", severity_median=0.4)))
    others = [
        key_of(digest, rules, 2, 0),
        key_of(digest, rules, 1, 1),
        key_of(digest, plan.arms["integrated"], 1, 0),
        key_of(plan.scenario.changed({"journey.rebook": 0.1}).digest(), rules, 1, 0),
        key_of(other_place.digest(), rules, 1, 0),
    ]
    assert len({key, *others}) == 6


def test_a_failing_unit_is_stored_with_what_is_needed_to_run_it_again(plan: Plan, tmp_path: Path) -> None:
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("on purpose")

    store, unit = Store(tmp_path), units_of(plan)[3]
    assert work(unit, store, broken) == Done(Kind.FAILED, "ZeroDivisionError: on purpose")
    assert (store.place(unit.key) / "failure.json").is_file()
    assert not store.has(unit.key)
    assert work(unit, store) == Done(Kind.COMPUTED)
    assert store.has(unit.key, unit.tables)
    assert work(unit, store) == Done(Kind.STORED)


@pytest.mark.parametrize("place", shipped_names())
def test_a_unit_is_made_again_from_its_configuration_alone(place: str) -> None:
    """What the factors of a point have made of the tables of the place is in it, and what the point was."""
    point = {"place.demand": 1.2, "place.places": 0.7, "journey.rebook": 0.3}
    arms, complaints = {"integrated": Coordination.load("integrated")}, Complaints()
    made = applied(point, Scenario.load(place), arms, Scenario.load, "point 3", complaints)
    assert made is not None, complaints.problems
    scenario, rules = made[0], made[1]["integrated"]
    key = key_of(scenario.digest(), rules, 7, 4)
    unit = Unit(scenario, "integrated", rules, 7, 4, key, point=3, values=point)
    again = unit_again(json.loads(json.dumps(configuration_of(unit))))
    assert (again.key, again.point, again.values) == (key, 3, point)
    assert again.scenario.tables == scenario.tables and again.coordination == rules


def test_who_has_another_model_or_store_does_nothing(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, unit = Store(tmp_path / "store"), units_of(plan)[0]
    with store.marked() as mark:
        terms = Terms(model_name(), mark)
        elsewhere = work(unit, Store(tmp_path / "mine"), terms=terms)
        with monkeypatch.context() as patch:
            patch.setattr(units_module, "source_digest", lambda: "another")
            other = work(unit, store, terms=terms)
        assert (elsewhere.kind, other.kind) == (Kind.STOPPED, Kind.STOPPED)
        assert "does not see the store" in elsewhere.error and "another version of the model" in other.error
        assert not list(store.folder.glob("??/*")) and not (tmp_path / "mine").exists()
        assert work(unit, store, terms=terms) == Done(Kind.COMPUTED)


def test_a_unit_that_cannot_be_stored_stops_the_rest(plan: Plan, tmp_path: Path) -> None:
    store, units = Store(tmp_path / "store"), units_of(plan)[:3]
    blocked = store.place(units[1].key)
    blocked.parent.mkdir(parents=True)
    blocked.touch()
    with Manifest(tmp_path, "compare", plan) as manifest, pytest.raises(StoppedError, match="is a file, not a folder"):
        run_units(units, store, way(1), manifest)
    assert (manifest.counts["computed"], manifest.counts["not_run"]) == (1, 2)
    assert not list(store.folder.glob(".token-*"))


def test_an_imbalance_is_a_failure(plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sim.outcomes import balance

    def unbalanced(*_: Any) -> None:
        raise balance.ImbalanceError("somebody was counted twice")

    monkeypatch.setattr(balance, "check_balance", unbalanced)
    assert "ImbalanceError" in work(units_of(plan)[0], Store(tmp_path)).error


def test_tables_of_all_runs(plan: Plan, tmp_path: Path) -> None:
    store, units = computed(plan, tmp_path, workers=1), units_of(plan)
    runs = runs_table(facts_of_units(store, units), "town", {"journey.rebook": 0.5})
    assert runs["scenario"].unique().tolist() == ["town"]
    assert runs["journey.rebook"].unique().tolist() == [0.5]
    assert runs["seed"].tolist() == [plan.seed] * 6
    episodes = stacked(store, units, "episodes", list(plan.arms)).to_pandas()
    assert len(episodes) == runs["onsets"].sum()
    assert (episodes["state"] == "supported").sum() == runs["episodes_supported"].sum()
    for name in ("arm", "citizen", "district", "state"):
        assert isinstance(episodes[name].dtype, pd.CategoricalDtype)


def die_in_replicate_1(unit: Unit, store: Store, terms: Terms) -> Done:
    import os

    if unit.replicate == 1:
        os._exit(1)
    return work(unit, store)


def test_what_a_dead_worker_leaves_is_not_run_and_no_crash(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch, Manifest(tmp_path, "compare", plan) as manifest:
        patch.setattr("experiments.running.work", die_in_replicate_1)
        run_units(units_of(plan), Store(tmp_path / "store"), way(2), manifest)
    assert manifest.failures == []
    assert manifest.counts["not_run"] >= 2
    assert manifest.counts["computed"] + manifest.counts["not_run"] == 6
    assert manifest.data["status"] == "failed"
    # The next experiment gets a pool that works.
    again = computed(plan, tmp_path / "again", workers=2)
    assert again.has(units_of(plan)[-1].key)


@pytest.mark.parametrize(("retry", "failed"), [(False, 1), (True, 0)])
def test_a_failure_of_before_is_not_taken_for_that_of_who_tries_again(
    retry: bool, failed: int, plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process is at a run that failed before; when it is done with it, the run is there."""
    store, units = Store(tmp_path / "store"), units_of(plan)[:1]
    looks: list[str] = []

    def busy_first(unit: Unit, store: Store, terms: Terms) -> Done:
        looks.append(unit.key)
        if len(looks) == 1:
            store.save_failure(unit.key, {}, ValueError("before"))
            return Done(Kind.BUSY)
        return work(unit, store)

    monkeypatch.setattr("experiments.running.work", busy_first)
    monkeypatch.setattr("experiments.running.POLL", 0.0)
    with Manifest(tmp_path, "compare", plan) as manifest:
        stored = run_units(units, store, Way(Executor("serial"), retry_failed=retry), manifest)
    assert (len(manifest.failures), len(stored)) == (failed, 1 - failed)
