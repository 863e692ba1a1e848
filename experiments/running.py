"""Run what is not stored yet, here or wherever an executor has workers, beside others that use the same store."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from experiments.executor import BrokenPoolError, Executor
from experiments.manifest import Manifest
from experiments.progress import shown
from experiments.stopping import StoppedError
from experiments.store import Store
from experiments.text import shown_path
from experiments.units import Done, Kind, Terms, Unit, model_name, unfit, work

POLL = 0.5
"""Seconds between looks at what another process computes."""
MOST_NAMED = 5
"""Damaged files that a message names."""


@dataclass(frozen=True)
class Way:
    """How runs are run.

    Attributes:
        executor: By whom.
        retry_failed: Whether runs that failed before are tried again.
    """

    executor: Executor
    retry_failed: bool = False


@dataclass(frozen=True)
class Found:
    """What a store has of the units that are wanted.

    Attributes:
        stored: Keys of runs that are there.
        failed: Why runs failed before that are not tried again, by key.
        damaged: Files that are missing, cut or changed, by their path in the store.
        waiting: Units that are to be run, each once.
    """

    stored: set[str]
    failed: dict[str, str]
    damaged: list[str]
    waiting: list[Unit]


def find(units: Sequence[Unit], store: Store, retry_failed: bool) -> Found:
    """Look in a store for units.

    Args:
        units: What is wanted; of units with the same key the one with most tables is run.
        store: Where to look.
        retry_failed: Whether runs that failed before are tried again.
    """
    wanted = {unit.key: unit for unit in sorted(units, key=lambda unit: len(unit.tables))}
    stored = {key for key, unit in wanted.items() if store.has(key, unit.tables)}
    missing = [unit for unit in _once(units, wanted) if unit.key not in stored]
    failures = {unit.key: error for unit in missing if (error := store.failure(unit.key))}
    damaged = [file for unit in missing if unit.key not in failures and (file := store.damaged(unit.key))]
    failed = {} if retry_failed else failures
    return Found(stored, failed, damaged, [unit for unit in missing if unit.key not in failed])


def run_units(units: Sequence[Unit], store: Store, way: Way, manifest: Manifest) -> set[str]:
    """Run the units that are not stored; failures go to the manifest.

    Units that depend on the same are run once. What another process is computing is waited for.

    Args:
        units: What is wanted.
        store: Where results are, and go.
        way: How to run.
        manifest: Receives counts, failures and damaged files.

    Returns:
        The keys of the units that are stored.

    Raises:
        StoppedError: Nothing can be stored, or there is nobody to run anything; what is stored is whole.
    """
    store.sweep()
    found = find(units, store, way.retry_failed)
    stored, failed, waiting = found.stored, found.failed, found.waiting
    manifest.damaged += found.damaged
    _tell(units, found, store)
    computed = 0
    try:
        for unit, done in shown(_finished(waiting, store, way), len(units), len(units) - len(waiting)):
            computed += done.kind is Kind.COMPUTED
            if done.kind is Kind.FAILED:
                failed[unit.key] = done.error
            elif done.kind is Kind.STOPPED:
                raise StoppedError(done.error)
            else:
                stored.add(unit.key)
    except (BrokenPoolError, StoppedError) as error:
        # What workers finished before they were stopped is stored, though nobody heard of it.
        late = {unit.key for unit in waiting if unit.key not in stored and store.has(unit.key, unit.tables)}
        computed += len(late)
        stored |= late
        if isinstance(error, StoppedError):
            raise
    finally:
        _count(units, stored, failed, computed, manifest)
    return stored


def _once(units: Sequence[Unit], wanted: Mapping[str, Unit]) -> list[Unit]:
    """Return each run once, in the order of the units."""
    return [wanted[key] for key in dict.fromkeys(unit.key for unit in units)]


def _tell(units: Sequence[Unit], found: Found, store: Store) -> None:
    """Say what of the units is there, what failed before, and what is damaged."""
    there = sum(unit.key in found.stored for unit in units)
    if there:
        print(f"{there} of {len(units)} runs are already there", file=sys.stderr)
    if found.failed:
        count = sum(unit.key in found.failed for unit in units)
        print(f"{count} of {len(units)} failed before; retry_failed=true tries them again", file=sys.stderr)
    if found.damaged:
        files = [shown_path(store.folder / file) for file in found.damaged[:MOST_NAMED]]
        more = len(found.damaged) - len(files)
        named = ", ".join(files) + (f" and {more} more, see manifest.json" if more else "")
        count = len(found.damaged)
        runs = "1 stored run is" if count == 1 else f"{count} stored runs are"
        print(f"{runs} damaged and computed again: {named}", file=sys.stderr)


def _finished(units: Sequence[Unit], store: Store, way: Way) -> Iterator[tuple[Unit, Done]]:
    """Yield each unit with what became of it; what another process is at, when that has finished or is gone."""
    if not units:
        return
    # Workers of a cluster may have been started in another folder.
    store = replace(store, folder=store.folder.absolute())
    with store.marked() as mark:
        terms = Terms(model_name(), mark)
        way.executor.check(partial(unfit, store, terms))
        yield from _worked(units, store, way, terms)


def _worked(units: Sequence[Unit], store: Store, way: Way, terms: Terms) -> Iterator[tuple[Unit, Done]]:
    rest = list(units)
    has_told = False
    do = partial(work, store=store, terms=terms)
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
            point = None if unit.point is None else {"point": unit.point, "values": dict(unit.values)}
            manifest.fail(unit.arm, unit.replicate, failed[unit.key], unit.key, point)
    manifest.counts["not_run"] += len(units) - found - sum(unit.key in failed for unit in units)
