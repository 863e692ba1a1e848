"""What ``journeys sweep`` will do: a design, checked point by point before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from experiments.designs import Design, design_of
from experiments.factors import applied, check_arms
from experiments.plan import Plan, executor_of, load_arms, settings_and_place, store_of
from experiments.settings import SweepSettings
from experiments.units import Unit, key_of
from sim.coordination import Coordination
from sim.scenario import Scenario
from sim.schema.problems import Complaints

ARMS, REPLICATIONS = ("fragmented", "integrated"), 10
"""What a sweep compares where neither its file nor the command line says so."""


@dataclass(frozen=True)
class Point:
    """One point of a design.

    Attributes:
        values: Of the factors by name; None: as the place or the arms have it.
        scenario: The place.
        arms: Coordinations by name; the first is the baseline.
    """

    values: Mapping[str, Any]
    scenario: Scenario = field(repr=False)
    arms: Mapping[str, Coordination] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Sweep(Plan):
    """What ``journeys sweep`` will do.

    Attributes:
        name: Of the file of the design.
        design: What is varied.
        points: All of its points, in order.
        dry_run: Whether to say what would run, and run nothing.
    """

    name: str
    design: Design
    points: tuple[Point, ...] = field(repr=False)
    dry_run: bool = False

    @property
    def said_by_points(self) -> tuple[str, ...]:
        """Names of what differs between points, so that there is no one value to speak of."""
        return self.design.varied

    @property
    def particulars(self) -> dict[str, Any]:
        """What is varied, and all points in order."""
        return {
            "sweep": {
                "name": self.name,
                "title": self.design.title,
                "question": self.design.question,
                "varied": list(self.design.varied),
                "points": [dict(point.values) for point in self.points],
            }
        }


def plan_sweep(
    config: Mapping[str, Any],
    name: str,
    folders: Sequence[Path],
    complaints: Complaints,
    elsewhere: Callable[[str], Mapping[str, Any]],
) -> Sweep | None:
    """Check the configuration of ``journeys sweep``, every point of it.

    Args:
        config: The composed configuration as plain data.
        name: Name of the sweep that was chosen.
        folders: Where to look for coordinations before the shipped ones.
        complaints: Receives every problem.
        elsewhere: Returns the configuration composed with another place, by name or folder: what was said on the
            command line holds there as well, whatever that place has of its own. Raises BadInputError.

    Returns:
        The plan, or None if there were problems.
    """
    before = len(complaints.problems)
    settings, scenario, changes = settings_and_place(SweepSettings, config, complaints)
    where = f"sweep {name}"
    content = config.get("sweep")
    design = design_of(content, where, complaints) if isinstance(content, Mapping) else None
    if design is None or settings is None or scenario is None:
        return None
    arms = load_arms(list(settings.arms or design.arms or ARMS), folders, complaints)
    executor = executor_of(settings, complaints)
    if arms is None or executor is None or not check_arms(design.varied, arms, where, complaints):
        return None

    changed_in: dict[str, dict[str, tuple[Any, Any]]] = {}

    @cache
    def load(place: str) -> Scenario:
        own = Complaints()
        _, there, changed_in[place] = settings_and_place(SweepSettings, elsewhere(place), own)
        own.raise_if_any()
        assert there is not None
        return there

    points = points_of(design.points, scenario, arms, load, where, complaints)
    if len(complaints.problems) > before:
        return None
    # What is another place's own already in one of the places is still what was asked for.
    for found in changed_in.values():
        changes = {**found, **changes}
    return Sweep(
        scenario,
        arms,
        settings.seed,
        range(settings.replications or design.replications or REPLICATIONS),
        executor,
        changes,
        store=store_of(settings),
        retry_failed=settings.retry_failed,
        name=name,
        design=design,
        points=points,
        dry_run=settings.dry_run,
    )


def points_of(
    values: Sequence[Mapping[str, Any]],
    scenario: Scenario,
    arms: Mapping[str, Coordination],
    load: Callable[[str], Scenario],
    where: str,
    complaints: Complaints,
) -> tuple[Point, ...]:
    """Return the points that are possible; what is wrong with others is noted with their number and values.

    Args:
        values: Of the factors by name, of each point.
        scenario: The place of the command.
        arms: Coordinations by name; the first is the baseline.
        load: Returns another place by name or folder; raises BadInputError.
        where: What to call the design in messages.
        complaints: Receives every problem.
    """
    made = (
        (point, applied(point, scenario, arms, load, f"{where}: point {number}", complaints))
        for number, point in enumerate(values)
    )
    return tuple(Point(point, *place_and_arms) for point, place_and_arms in made if place_and_arms is not None)


def units_of_points(plan: Sweep) -> list[Unit]:
    """Return the runs: all points and arms of a world before the next one. Only the numbers of a run are stored."""
    return list(_units(plan))


def _units(plan: Sweep) -> Iterator[Unit]:
    digests = [point.scenario.digest() for point in plan.points]
    for replicate in plan.replicates:
        for number, (point, digest) in enumerate(zip(plan.points, digests, strict=True)):
            for arm, rules in point.arms.items():
                key = key_of(digest, rules, plan.seed, replicate)
                yield Unit(
                    point.scenario, arm, rules, plan.seed, replicate, key, tables=(), point=number, values=point.values
                )
