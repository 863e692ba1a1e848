"""Whoever runs a sweep, and however many at once, the results are the same to the byte."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from experiments.executor import Executor
from experiments.store import CLAIMS, Store
from experiments.units import Done, Kind, Unit, key_of, work
from sim import Coordination, Scenario
from tests.cli.conftest import Answer, Journeys
from tests.cli.test_sweep_killed import (
    ARGUMENTS,
    ROOT,
    finished,
    path_without_figures,
    place,
    runs_of,
    started,
    wait_for_runs,
    write_design,
)

__all__ = ["place"]

pytestmark = pytest.mark.slow
RUNS = 40
# All of it in one process, which can be killed at once.
CLUSTER = """
from distributed import LocalCluster
cluster = LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=":0", protocol="tcp")
print(cluster.scheduler_address, flush=True)
input()
"""


@pytest.fixture
def design(tmp_path: Path) -> None:
    write_design(tmp_path, {"barriers.culture": {"from": 0, "to": 1, "steps": RUNS}})


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """Start a scheduler and two workers, in another folder than the commands, and yield the scheduler's address."""
    pytest.importorskip("distributed", reason="a Dask cluster needs the packages of the extra 'cluster'")
    from distributed import LocalCluster

    from experiments import cluster

    workers: Any = LocalCluster
    with workers(n_workers=2, threads_per_worker=1, dashboard_address=":0") as started_here:
        address = str(started_here.scheduler_address)
        yield address
        # The connection is kept until the process ends; this cluster does not last so long.
        client: Any = cluster._client(None, address)
        client.close()
        cluster._client.cache_clear()


def swept(journeys: Journeys, name: str, *arguments: str) -> Answer:
    answer = journeys("sweep", *ARGUMENTS, f"store={name}/store", f"hydra.run.dir={name}", *arguments)
    assert answer.status == 0, answer
    return answer


def results(folder: Path, store: Path | None = None) -> dict[str, bytes]:
    """Return the files with the numbers of an output folder and of its store, by name."""
    found = {name: (folder / name).read_bytes() for name in ("runs.csv", "runs.parquet", "tables/points.csv")}
    return {**found, **files_of(store or folder / "store")}


def files_of(store: Path) -> dict[str, bytes]:
    return {f"{file.parent.name}/{file.name}": file.read_bytes() for file in store.glob("??/*/*")}


def unit_of(scenario: Scenario, replicate: int) -> Unit:
    arm = Coordination.load("fragmented")
    return Unit(scenario, "fragmented", arm, 1, replicate, key_of(scenario.digest(), arm, 1, replicate), tables=())


@pytest.mark.usefixtures("design")
def test_serial_processes_and_dask_are_identical(journeys: Journeys, scheduler: str) -> None:
    swept(journeys, "serial", "executor=serial")
    expected = results(Path("serial"))
    assert len(expected) == 3 + RUNS
    swept(journeys, "processes", "executor=processes", "workers=2")
    assert results(Path("processes")) == expected
    swept(journeys, "dask", "executor=dask", f"executor.address={scheduler}")
    assert results(Path("dask")) == expected
    assert runs_of(Path("dask"))["computed"] == RUNS


def test_a_dask_worker_that_is_killed_does_no_harm(journeys: Journeys, scheduler: str, tmp_path: Path) -> None:
    count = 2 * RUNS
    write_design(tmp_path, {"barriers.culture": {"from": 0, "to": 1, "steps": count}})
    killed: list[int] = []
    killer = threading.Thread(target=kill_a_worker, args=(tmp_path / "dask/store", killed), daemon=True)
    killer.start()
    swept(journeys, "dask", "executor=dask", f"executor.address={scheduler}")
    killer.join()
    assert len(killed) == 1
    runs = runs_of(Path("dask"))
    # What the worker had stored, but not yet reported, is found when it is done again.
    assert runs["computed"] + runs["reused"] == count and runs["reused"] <= 1
    swept(journeys, "serial", "executor=serial")
    assert results(Path("dask")) == results(Path("serial"))


def another_model(patch: pytest.MonkeyPatch) -> str:
    patch.setattr("experiments.units.source_digest", lambda: "another")
    return "has another version of the model"


def another_store(patch: pytest.MonkeyPatch) -> str:
    patch.setattr(Store, "marked", lambda self: nullcontext(".token-elsewhere"))
    return "does not see the store"


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("changed", [another_model, another_store])
def test_a_dask_worker_with_another_model_or_store_stores_nothing(
    changed: Callable[[pytest.MonkeyPatch], str],
    late: bool,
    journeys: Journeys,
    scheduler: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Found when all are asked before any run, or, of one that came later, when it gets a unit."""
    write_design(tmp_path, {"barriers.culture": [0, 1]})
    said = changed(monkeypatch)
    if late:
        monkeypatch.setattr(Executor, "check", lambda *_: None)
    arguments = ("store=store", "hydra.run.dir=out", "executor=dask", f"executor.address={scheduler}")
    answer = journeys("sweep", *ARGUMENTS, *arguments)
    assert (answer.status, answer.out) == (1, "")
    who = "Stopped: a worker, " if late else "Stopped: 2 of 2 workers of the Dask cluster cannot be used: tcp://"
    assert who in answer.err and said in answer.err
    assert "the same command goes on, with hydra.run.dir=out" in answer.err
    assert not finished(tmp_path / "store") and runs_of(tmp_path / "out")["not_run"] == 2


@pytest.mark.usefixtures("design")
def test_addresses_at_which_no_scheduler_is(journeys: Journeys, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="a Dask cluster needs the packages of the extra 'cluster'")
    monkeypatch.setattr("experiments.cluster.PATIENCE", 1)
    dask = (*ARGUMENTS, "store=store", "executor=dask")
    for address in ("nonsense", "host:port", "host:8786:1", "tcp://"):
        answer = journeys("sweep", *dask, f'executor.address="{address}"')
        assert answer.status == 2
        assert f"executor.address: is {address!r}; allowed: HOST:PORT of the scheduler" in answer.err
    with socket.socket() as taken:
        # It is bound, and nobody listens.
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        answer = journeys("sweep", *dask, f"executor.address={address}")
    assert answer.status == 1
    assert f"Stopped: there is no scheduler of a Dask cluster at {address}: " in answer.err


@pytest.mark.usefixtures("design")
def test_a_scheduler_that_vanishes_stops_the_rest(journeys: Journeys, tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="a Dask cluster needs the packages of the extra 'cluster'")
    environment, pipe = {**os.environ, "PYTHONPATH": str(ROOT)}, subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", CLUSTER], env=environment, stdin=pipe, stdout=pipe, text=True
    ) as cluster:
        assert cluster.stdout is not None
        address = cluster.stdout.readline().strip()
        killer = threading.Thread(target=kill_after, args=(cluster, tmp_path / "store", 3), daemon=True)
        killer.start()
        dask = ("executor=dask", f"executor.address={address}")
        answer = journeys("sweep", *ARGUMENTS, "store=store", "hydra.run.dir=out", *dask)
        killer.join()
    assert answer.status == 1
    assert f"Stopped: the scheduler of the Dask cluster at {address} does not answer any more." in answer.err
    assert "What is finished is kept: the same command goes on, with hydra.run.dir=out" in answer.err
    kept = len(finished(tmp_path / "store"))
    runs = runs_of(tmp_path / "out")
    assert (runs["computed"], runs["not_run"]) == (kept, RUNS - kept) and 3 <= kept < RUNS


def kill_after(process: subprocess.Popen[str], store: Path, count: int) -> None:
    """Kill a process once a store has so many runs."""
    deadline = time.monotonic() + 60
    while len(finished(store)) < count and time.monotonic() < deadline:
        time.sleep(0.002)
    process.kill()


def kill_a_worker(store: Path, killed: list[int]) -> None:
    """Kill the first process that is found in the middle of a run, once some are finished."""
    deadline = time.monotonic() + 60
    while not killed and time.monotonic() < deadline:
        time.sleep(0.002)
        if len(finished(store)) < 5:
            continue
        for claim in store.glob(f"{CLAIMS}/*"):
            try:
                number = int(re.findall(r":(\d+)", claim.read_text())[-1])
                os.kill(number, signal.SIGSTOP)
            except (OSError, IndexError):
                # It has just been released, or is just being written.
                continue
            if claim.exists():
                os.kill(number, signal.SIGKILL)
                killed.append(number)
                return
            os.kill(number, signal.SIGCONT)


def test_jobs_of_submitit_write_into_one_store(
    tmp_path: Path, journeys: Journeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of the runs failed before: the other jobs and runs do not mind, and the command tells."""
    pytest.importorskip(
        "hydra_plugins.hydra_submitit_launcher", reason="its launcher is one of the packages of the extra 'cluster'"
    )
    write_design(tmp_path, {"barriers.culture": [0, 0.5, 1]})
    for count in (2, 4):
        swept(journeys, f"serial_{count}", "executor=serial", f"replications={count}")
    store = tmp_path / "jobs/store"
    failed = unit_of(Scenario.load(tmp_path / "place").changed({"barriers.culture": 0.5}), replicate=3)
    Store(store).save_failure(failed.key, {}, RuntimeError("somebody was lost"))

    jobs = ("replications=2,4", "hydra.sweep.dir=jobs", "store=jobs/store", "executor=serial")
    monkeypatch.setenv("PYTHONPATH", path_without_figures(tmp_path))
    answer = journeys("sweep", *ARGUMENTS, "-m", "hydra/launcher=submitit_local", *jobs)
    assert answer.status == 1, answer
    assert "runs failed, see" in answer.err and "jobs/1/manifest.json" in answer.err
    runs = [runs_of(tmp_path / "jobs" / number) for number in ("0", "1")]
    assert [(one["planned"], one["failed"]) for one in runs] == [(6, 0), (12, 1)]
    # The worlds of the smaller job are also those of the larger one, and are computed by one of them.
    assert sum(one["computed"] for one in runs) == len(finished(store)) == 11
    for file in ("runs.csv", "runs.parquet", "tables/points.csv"):
        assert Path("jobs/0", file).read_bytes() == Path("serial_2", file).read_bytes()
    lines = Path("serial_4/runs.csv").read_text().splitlines()
    assert Path("jobs/1/runs.csv").read_text().splitlines() == [
        line for line in lines if not line.startswith("1,0.5,fragmented,3,")
    ]
    expected = files_of(Path("serial_4/store"))
    del expected[f"{failed.key}/run.json"]
    assert {name: content for name, content in files_of(store).items() if not name.startswith(failed.key)} == expected


def test_two_processes_at_once_share_the_work(tmp_path: Path, journeys: Journeys) -> None:
    count = 2 * RUNS
    write_design(tmp_path, {"barriers.culture": {"from": 0, "to": 1, "steps": count}})
    store = tmp_path / "shared"
    common = (*ARGUMENTS, "executor=serial", "store=shared")
    first, second = (started(tmp_path, *common, f"hydra.run.dir={name}") for name in ("first", "second"))
    wait_for_runs(first, store, 1)
    # Each goes on for a while without the other one, which stops somewhere, perhaps in the middle of a run.
    for stopped, working in ((first, second), (second, first)):
        os.killpg(stopped.pid, signal.SIGSTOP)
        try:
            wait_for_runs(working, store, len(finished(store)) + 5)
        finally:
            os.killpg(stopped.pid, signal.SIGCONT)
    for process in (first, second):
        said = process.communicate(timeout=120)[1]
        assert process.returncode == 0, said
    runs = [runs_of(tmp_path / name) for name in ("first", "second")]
    assert all(one["computed"] >= 5 and one["computed"] + one["reused"] == count for one in runs)
    assert sum(one["computed"] for one in runs) == len(finished(store)) == count
    swept(journeys, "serial", "executor=serial")
    expected = results(Path("serial"))
    assert results(Path("first"), store) == results(Path("second"), store) == expected


def test_what_another_process_has_just_finished_is_not_computed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look whether a run is there and the claim on it, another process may finish it."""
    unit = unit_of(Scenario.load(tmp_path / "place"), replicate=0)
    store = Store(tmp_path / "store")
    claim = Store.claim

    def claim_late(self: Store, key: str) -> bool:
        monkeypatch.setattr(Store, "claim", claim)
        assert work(unit, store) == Done(Kind.COMPUTED)
        return claim(self, key)

    monkeypatch.setattr(Store, "claim", claim_late)
    assert work(unit, store) == Done(Kind.STORED)
    assert not list(store.folder.glob(f"{CLAIMS}/*"))
