"""A unit of work: one arm in one replicate, from the model to a folder of the store."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_type_hints

from experiments.plan import Plan
from experiments.stopping import StoppedError
from experiments.store import Store
from sim import __version__, simulate
from sim.coordination import Coordination
from sim.outcomes.result import Result
from sim.scenario import Scenario, Tables, digest_of
from sim.schema.parameters import Parameters

LAYOUT = 5
"""Number of the layout of a stored run; another number makes everything be computed again."""


TABLES = ("episodes", "handoffs", "vignettes", "services", "groups")
"""Of a result, stored beside its numbers where a comparison wants them."""


@dataclass(frozen=True)
class Unit:
    """One run that is to be stored.

    Attributes:
        scenario: The place.
        arm: Name of the arm.
        coordination: Its mechanisms.
        seed: Root seed.
        replicate: Number of the random world.
        key: Names all that the result depends on.
        tables: Which tables of the result are stored beside its numbers.
        point: Number of the point of a design, None where there is no design.
        values: Of the factors at that point, by name; they have changed the scenario and the coordination already.
    """

    scenario: Scenario
    arm: str
    coordination: Coordination
    seed: int
    replicate: int
    key: str
    tables: tuple[str, ...] = TABLES
    point: int | None = None
    values: Mapping[str, Any] = field(default_factory=dict)


def units_of(plan: Plan) -> list[Unit]:
    """Return the runs of a plan: all arms of a replicate before the next one, so that early results are paired."""
    digest = plan.scenario.digest()
    return [
        Unit(plan.scenario, arm, rules, plan.seed, replicate, key_of(digest, rules, plan.seed, replicate))
        for replicate in plan.replicates
        for arm, rules in plan.arms.items()
    ]


def key_of(scenario_digest: str, coordination: Coordination, seed: int, replicate: int) -> str:
    """Return a name for everything that a run's result depends on; the words of a title are not among it."""
    return digest_of(
        {
            "layout": LAYOUT,
            "version": __version__,
            "source": source_digest(),
            "scenario": scenario_digest,
            "coordination": coordination.model_dump(mode="json", exclude={"title", "description"}),
            "seed": seed,
            "replicate": replicate,
        }
    )


@cache
def source_digest() -> str:
    """Return a name for the source of the model as it is installed."""
    import sim

    package = Path(sim.__file__).parent
    digest = hashlib.blake2b(digest_size=16)
    for file in sorted(package.rglob("*.py")):
        digest.update(file.relative_to(package).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


@dataclass(frozen=True)
class Terms:
    """What a process must have in common with the one whose units it does.

    Attributes:
        model: Name of the model and of how its results are stored.
        mark: Of the store, from :meth:`Store.marked`.
    """

    model: str
    mark: str


def model_name() -> str:
    """Return a name for the model that is installed, and for how its results are stored."""
    return f"{LAYOUT} {__version__} {source_digest()}"


def unfit(store: Store, terms: Terms) -> str:
    """Return why this process must not do units of another one; "" if it may."""
    if terms.model != model_name():
        return (
            "has another version of the model in its memory or on its disk, whose results would be stored under wrong "
            "names: install the same one and start the worker again"
        )
    if not store.has_mark(terms.mark):
        return f"does not see the store: in its folder {str(store.folder)!r} is not what this command has written there"
    return ""


class Kind(Enum):
    """What became of a unit of work."""

    COMPUTED = "computed"
    STORED = "stored"
    """It was there already: another process was faster."""
    BUSY = "busy"
    """Another process is at it."""
    FAILED = "failed"
    STOPPED = "stopped"
    """Its result cannot be stored, or not by this process: the others need not be tried."""


@dataclass(frozen=True)
class Done:
    """What became of a unit of work.

    Attributes:
        kind: What.
        error: In one line, where it failed or was stopped.
    """

    kind: Kind
    error: str = ""


def work(unit: Unit, store: Store, run: Callable[..., Result] = simulate, terms: Terms | None = None) -> Done:
    """Run a unit and store its result, or the failure, unless it is there or another process is at it.

    Args:
        unit: What to run.
        store: Where results go.
        run: The model; another one in tests.
        terms: What this process must have in common with the one that named the unit; None: it is the same one.
    """
    # Workers of a cluster may join late, or be started again with something else.
    if terms is not None and (why := unfit(store, terms)):
        return Done(Kind.STOPPED, f"a worker, {socket.gethostname()}:{os.getpid()}, {why}")
    try:
        if store.has(unit.key, unit.tables):
            return Done(Kind.STORED)
        if not store.claim(unit.key):
            return Done(Kind.BUSY)
        try:
            # Another process may have finished it, and given up its claim, since the first look.
            if store.has(unit.key, unit.tables):
                return Done(Kind.STORED)
            return _computed(unit, store, run)
        finally:
            store.release(unit.key)
    except StoppedError as error:
        return Done(Kind.STOPPED, str(error))


def _computed(unit: Unit, store: Store, run: Callable[..., Result]) -> Done:
    try:
        result = run(unit.scenario, unit.coordination, unit.seed, unit.replicate)
        result.check_balance()
        tables = {name: getattr(result, name) for name in unit.tables}
        facts = facts_of(unit, result)
    except Exception as error:
        # Whatever it is, it must not take the other runs with it.
        return Done(Kind.FAILED, store.save_failure(unit.key, configuration_of(unit), error))
    store.save(unit.key, facts, tables)
    return Done(Kind.COMPUTED)


def facts_of(unit: Unit, result: Result) -> dict[str, Any]:
    """Return the numbers of a run that fit into one row."""
    published = result.published()
    return {
        "seed": unit.seed,
        "headline": result.headline(),
        "counts": result.counts(),
        "costs": result.costs(),
        "worst_tenth": result.worst_tenth(),
        "published": [float(value) for value in published["modelled"]],
    }


def facts_of_units(store: Store, units: Iterable[Unit]) -> list[dict[str, Any]]:
    """Return the stored numbers of units, each with its ``arm`` and ``replicate``."""
    return [{"arm": unit.arm, "replicate": unit.replicate, **store.facts(unit.key)} for unit in units]


def configuration_of(unit: Unit) -> dict[str, Any]:
    """Return all that is needed to run a unit again alone, the place's tables as the factors left them."""
    return {
        "point": unit.point,
        "values": dict(unit.values),
        "arm": unit.arm,
        "seed": unit.seed,
        "replicate": unit.replicate,
        "scenario": unit.scenario.name,
        "scenario_digest": unit.scenario.digest(),
        "coordination": unit.coordination.model_dump(mode="json"),
        **unit.scenario.content(),
    }


def unit_again(configuration: Mapping[str, Any]) -> Unit:
    """Return the unit whose configuration is in a ``failure.json``: what is in it, nothing from other files.

    Args:
        configuration: From :func:`configuration_of`.
    """
    rows = {
        name: tuple(get_args(kind)[0].model_validate(row) for row in configuration["tables"][name])
        for name, kind in get_type_hints(Tables).items()
    }
    name = configuration["scenario"]
    parameters = Parameters.model_validate(configuration["parameters"])
    scenario = Scenario(name, name, "", Tables(**rows), parameters)
    coordination = Coordination.model_validate(configuration["coordination"])
    seed, replicate = configuration["seed"], configuration["replicate"]
    key = key_of(scenario.digest(), coordination, seed, replicate)
    point, values = configuration["point"], configuration["values"]
    return Unit(scenario, configuration["arm"], coordination, seed, replicate, key, point=point, values=values)
