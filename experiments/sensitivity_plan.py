"""What ``journeys sensitivity`` will do: factors with ranges, made into points that are checked before anything runs.

A file of ``conf/sensitivity/`` says ``title``, ``question`` and ``factors: {FACTOR: [low, high], ...}``, and perhaps
``replications``, ``trajectories`` (Morris) and ``samples`` (Sobol). What a factor may be: :mod:`experiments.factors`,
as far as it is a number. The place's own value, or that of the arms, is the base and must lie within the range.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from experiments.designs import MOST_POINTS, Design, range_of
from experiments.factors import (
    check_arms,
    is_whole,
    unit_of,
)
from experiments.plan import executor_of, load_arms, parameter_text, settings_and_place, store_of
from experiments.sensitivity import LEAST_TRAJECTORIES, Factor, Floats, morris_design, sobol_design
from experiments.settings import MOST_WORLDS, Samples, SensitivitySettings
from experiments.sweep_points import base_of
from experiments.sweeping import Sweep, points_of
from sim.coordination import Coordination
from sim.outcomes.headline import HEADLINE, Outcome
from sim.scenario import Scenario
from sim.schema.fields import Section, Status, parameter
from sim.schema.problems import BadInputError, Complaints
from sim.schema.validation import validate

ONE_AT_A_TIME, MORRIS, SOBOL = "one_at_a_time", "morris", "sobol"
REPLICATIONS, TRAJECTORIES, SAMPLES = 10, 10, 64
"""What is done where neither the file nor the command line says so."""
SEEDS = 2**32
"""Designs are drawn from numbers below this; a root seed may be larger."""


class SensitivityFile(Section):
    """A file of ``conf/sensitivity/``, its factors not yet looked at."""

    title: str = parameter(..., "Name for people.", unit="text", status=Status.SETTING)
    question: str = parameter(..., "The question that it answers, in one sentence.", unit="text", status=Status.SETTING)
    factors: dict[str, Any] = parameter(
        ..., "Lowest and highest value by factor.", unit="values", status=Status.SETTING
    )
    replications: int | None = parameter(
        None, "Random worlds; null: the command's.", unit="-", status=Status.SETTING, ge=1, le=MOST_WORLDS
    )
    trajectories: int | None = parameter(
        None, "Morris: walks; null: the command's.", unit="-", status=Status.SETTING, ge=LEAST_TRAJECTORIES
    )
    samples: Samples = parameter(
        None, "Sobol: rows of the design; null: the command's.", unit="-", status=Status.SETTING
    )


@dataclass(frozen=True, kw_only=True)
class Sensitivity(Sweep):
    """What ``journeys sensitivity`` will do.

    Attributes:
        method: ``one_at_a_time``, ``morris`` or ``sobol``.
        outcome: What is analysed.
        factors: What is varied, with ranges.
        at: The points of the design, shape (points, factors).
    """

    method: str
    outcome: Outcome
    factors: tuple[Factor, ...]
    at: Floats = field(repr=False, compare=False)

    @property
    def said_by_points(self) -> tuple[str, ...]:
        """Names of what differs between points; one at a time, each is at base nearly everywhere."""
        return () if self.method == ONE_AT_A_TIME else self.design.varied

    @property
    def particulars(self) -> dict[str, Any]:
        """Method, outcome, ranges, and all points in order."""
        return {
            "sensitivity": {
                "name": self.name,
                "title": self.design.title,
                "question": self.design.question,
                "method": self.method,
                "outcome": self.outcome.name,
                "factors": {factor.name: [factor.low, factor.high] for factor in self.factors},
                "points": [dict(point.values) for point in self.points],
            }
        }


def plan_sensitivity(
    config: Mapping[str, Any], name: str, folders: Sequence[Path], complaints: Complaints
) -> Sensitivity | None:
    """Check the configuration of ``journeys sensitivity``, every point of its design.

    Args:
        config: The composed configuration as plain data.
        name: Name of the set of factors that was chosen.
        folders: Where to look for coordinations before the shipped ones.
        complaints: Receives every problem.

    Returns:
        The plan, or None if there were problems.
    """
    before = len(complaints.problems)
    where = f"sensitivity {name}"
    settings, scenario, changes = settings_and_place(SensitivitySettings, config, complaints)
    arms = load_arms(config.get("arms"), folders, complaints)
    if arms is not None and len(arms) < 2:
        complaints.add("arms", f"are [{', '.join(arms)}]", "the baseline and at least one arm to compare with it")
    content = config.get("sensitivity")
    file = validate(SensitivityFile, content, where, complaints)
    factors = factors_of(content, where, complaints)
    if settings is None or scenario is None or arms is None or file is None or len(complaints.problems) > before:
        return None
    executor = executor_of(settings, complaints)
    check_arms((factor.name for factor in factors), arms, where, complaints)
    base = _bases(factors, scenario, arms, where, complaints) if len(complaints.problems) == before else {}
    if executor is None or len(complaints.problems) > before:
        return None
    at = _design(settings, file, factors, base, where, complaints)
    if at is None:
        return None
    values = [_point(factors, row) for row in at.tolist()]
    # Another place is no number, and so no factor here: no place has to be loaded.
    points = points_of(values, scenario, arms, Scenario.load, where, complaints)
    if len(complaints.problems) > before:
        return None
    varied = tuple(factor.name for factor in factors)
    return Sensitivity(
        scenario,
        arms,
        settings.seed,
        range(settings.replications or file.replications or REPLICATIONS),
        executor,
        changes,
        store=store_of(settings),
        retry_failed=settings.retry_failed,
        name=name,
        design=Design(file.title, file.question, tuple(arms), file.replications, varied, tuple(values)),
        points=points,
        dry_run=settings.dry_run,
        method=settings.method,
        outcome=next(outcome for outcome in HEADLINE if outcome.name == settings.outcome),
        factors=factors,
        at=at,
    )


def factors_of(content: Any, where: str, complaints: Complaints) -> tuple[Factor, ...]:
    """Return the factors of a file that have a range within the schema's; what is wrong with others is noted.

    Args:
        content: Of the file, as plain data.
        where: What to call the file in messages.
        complaints: Receives every problem.
    """
    ranges = content.get("factors") if isinstance(content, Mapping) else None
    if not isinstance(ranges, Mapping):
        return ()
    if not ranges:
        complaints.add(f"{where}: factors", "is empty", "{FACTOR: [low, high], ...}")
    found = []
    for name, ends in ranges.items():
        ends_found = range_of(str(name), ends, f"{where}: factors.{name}", complaints)
        if ends_found is not None:
            label, unit = label_of(str(name)), unit_of(str(name))
            # Retry days are in days: once is enough.
            unit = "" if label.endswith(unit) else unit
            found.append(Factor(str(name), label, *ends_found, is_whole(str(name)), unit))
    return tuple(found)


def label_of(name: str) -> str:
    """Return the name of a factor in words: ``Barrier effects: data lost`` for ``barrier_effects.data_lost``."""
    *groups, last = name.replace("_", " ").split(".")
    words = f"{', '.join(groups)}: {last}" if groups else last
    return words[:1].upper() + words[1:]


def _bases(
    factors: Sequence[Factor],
    scenario: Scenario,
    arms: Mapping[str, Coordination],
    where: str,
    complaints: Complaints,
) -> dict[str, float]:
    """Return the base of each factor; note those that have not one number within their range."""
    bases = {}
    for factor in factors:
        at, ends = f"{where}: factors.{factor.name}", f"{factor.low:g} to {factor.high:g}"
        values = base_of(factor.name, scenario, arms)
        if len(values) > 1:
            several = ", ".join(f"{value:g}" for value in values)
            complaints.add(at, f"has no one base: arms have {several}", f"arms.ARM.{factor.name.rpartition('.')[2]}")
        elif not isinstance(values[0], int | float):
            complaints.add(
                at, f"has no one base: it is {parameter_text(values[0])} here", "a factor that is one number"
            )
        elif not factor.low <= values[0] <= factor.high:
            complaints.add(at, f"is {values[0]:g} in this place or its arms, outside the range", f"within {ends}")
        else:
            bases[factor.name] = float(values[0])
    return bases


def _design(
    settings: SensitivitySettings,
    file: SensitivityFile,
    factors: Sequence[Factor],
    base: Mapping[str, float],
    where: str,
    complaints: Complaints,
) -> Floats | None:
    """Return the points of the method, shape (points, factors); None, with a complaint, if there are none."""
    trajectories = settings.trajectories or file.trajectories or TRAJECTORIES
    samples = settings.samples or file.samples or SAMPLES
    counts = {MORRIS: trajectories * (len(factors) + 1), SOBOL: samples * (len(factors) + 2)}
    if (count := counts.get(settings.method, 0)) > MOST_POINTS:
        complaints.add(where, f"has {count:,} points", f"at most {MOST_POINTS:,}")
        return None
    try:
        if settings.method == MORRIS:
            return morris_design(factors, trajectories, settings.seed % SEEDS)
        if settings.method == SOBOL:
            return sobol_design(factors, samples, settings.seed % SEEDS)
        # Imported here because it draws as well, with a library that takes half a second to import.
        from experiments.figures.tornado import one_at_a_time

        return one_at_a_time(factors, base)
    except BadInputError as error:
        complaints.problems.extend(error.problems)
        return None


def _point(factors: Sequence[Factor], row: Sequence[float]) -> dict[str, Any]:
    """Return a row of a design by name of the factor."""
    return {factor.name: int(value) if factor.is_whole else value for factor, value in zip(factors, row, strict=True)}
