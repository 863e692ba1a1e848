"""Run what is not stored yet, here or wherever an executor has workers, beside others that use the same store."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from experiments.executor import BrokenPoolError, Executor
from experiments.manifest import Manifest
from experiments.progress import shown
from experiments.store import FullError, Store
from experiments.units import Done, Kind, Unit, work

POLL = 0.5
"""Seconds between looks at what another process computes."""


@dataclass(frozen=True)
class Way:
    """How runs are run.

    Attributes:
        executor: By whom.
        retry_failed: Whether runs that failed before are tried again.
    """

    executor: Executor
    retry_failed: bool = False


def run_units(units: Sequence[Unit], store: Store, way: Way, manifest: Manifest) -> set[str]:
    """Run the units that are not stored; failures go to the manifest.

    Units that depend on the same are run once. What another process is computing is waited for.

    Args:
        units: What is wanted.
        store: Where results are, and go.
        way: How to run.
        manifest: Receives counts and failures.

    Returns:
        The keys of the units that are stored.

    Raises:
        FullError: There is no room left for results; what is stored is whole.
    """
    store.sweep()
    # Of units with the same key the one with most tables; a run without them would have to be done again.
    wanted = {unit.key: unit for unit in sorted(units, key=lambda unit: len(unit.tables))}
    stored = {key for key, unit in wanted.items() if store.has(key, unit.tables)}
    failed: dict[str, str] = {}
    if not way.retry_failed:
        failed = {key: error for key in wanted if key not in stored and (error := store.failure(key))}
    waiting = [unit for unit in _once(units, wanted) if unit.key not in stored and unit.key not in failed]
    there = sum(unit.key in stored for unit in units)
    if there:
        print(f"{there} of {len(units)} runs are already there", file=sys.stderr)
    if failed:
        count = sum(unit.key in failed for unit in units)
        print(f"{count} of {len(units)} failed before; retry_failed=true tries them again", file=sys.stderr)
    computed = 0
    try:
        for unit, done in shown(_finished(waiting, store, way), len(units), len(units) - len(waiting)):
            computed += done.kind is Kind.COMPUTED
            if done.kind is Kind.FAILED:
                failed[unit.key] = done.error
            elif done.kind is Kind.FULL:
                raise FullError(done.error)
            else:
                stored.add(unit.key)
    except (BrokenPoolError, FullError) as error:
        # What workers finished before they were stopped is stored, though nobody heard of it.
        late = {unit.key for unit in waiting if unit.key not in stored and store.has(unit.key, unit.tables)}
        computed += len(late)
        stored |= late
        if isinstance(error, FullError):
            raise
    finally:
        _count(units, stored, failed, computed, manifest)
    return stored


def _once(units: Sequence[Unit], wanted: dict[str, Unit]) -> list[Unit]:
    """Return each run once, in the order of the units."""
    return [wanted[key] for key in dict.fromkeys(unit.key for unit in units)]


def _finished(units: Sequence[Unit], store: Store, way: Way) -> Iterator[tuple[Unit, Done]]:
    """Yield each unit with what became of it; what another process is at, when that has finished or is gone."""
    rest = list(units)
    has_told = False
    # Workers of a cluster may have been started in another folder.
    do = partial(work, store=replace(store, folder=store.folder.absolute()))
    while rest:
        busy = []
        for unit, done in way.executor.do_all(do, rest):
            if done.kind is Kind.BUSY:
                busy.append(unit)
            else:
                yield unit, done
        if busy and not has_told:
            has_told = True
            print(f"{len(busy)} runs are being computed by another process: waiting for them", file=sys.stderr)
        if busy:
            time.sleep(POLL)
        rest = []
        for unit in busy:
            # With retry_failed a failure that is there may be the one that the other process is trying again.
            if not way.retry_failed and (error := store.failure(unit.key)):
                yield unit, Done(Kind.FAILED, error)
            else:
                rest.append(unit)


def _count(units: Sequence[Unit], stored: set[str], failed: dict[str, str], computed: int, manifest: Manifest) -> None:
    """Bring the counts of a manifest up to date with one more round of units."""
    found = sum(unit.key in stored for unit in units)
    manifest.counts["computed"] += computed
    manifest.counts["reused"] += found - computed
    for unit in units:
        if unit.key in failed:
            manifest.fail(unit.name, unit.replicate, failed[unit.key], unit.key)
    manifest.counts["not_run"] += len(units) - found - sum(unit.key in failed for unit in units)
