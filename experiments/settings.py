"""What the commands that run the model can be told: the model's parameters and a few settings more."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from experiments.sensitivity import LEAST_ROWS, LEAST_TRAJECTORIES
from sim.coordination import Coordination
from sim.outcomes.headline import HEADLINE
from sim.schema.fields import Section, Status, parameter
from sim.schema.parameters import Parameters
from sim.schema.problems import closest

MOST_SEED = 2**64 - 1
MOST_WORLDS = 1_000_000
AUTO = "auto"


class Place(Section):
    """Which scenario."""

    folder: str = parameter(
        ..., "Name of a shipped scenario, or the path of a folder.", unit="path", status=Status.SETTING
    )


class Settings(Parameters):
    """What all commands that run the model have in common."""

    scenario: Place = parameter(..., "The place.", unit="-", status=Status.SETTING)
    seed: int = parameter(..., "Root of all random numbers.", unit="-", status=Status.SETTING, ge=0, le=MOST_SEED)


class RunSettings(Settings):
    """``journeys run``."""

    coordination: Coordination = parameter(..., "The mechanisms.", unit="-", status=Status.SETTING)
    replicate: int = parameter(..., "Which random world.", unit="-", status=Status.SETTING, ge=0, le=2**32 - 1)


class ExecutorSettings(Section):
    """By whom runs are run."""

    kind: Literal["serial", "processes", "dask"] = parameter(
        ..., "This process alone, a pool of processes, or a Dask cluster.", unit="-", status=Status.SETTING
    )
    address: str | None = parameter(
        ..., "Of the scheduler of a Dask cluster; null: one is started here.", unit="address", status=Status.SETTING
    )


class ReplicatedSettings(Settings):
    """What the commands that run many random worlds have in common."""

    executor: ExecutorSettings = parameter(..., "By whom runs are run.", unit="-", status=Status.SETTING)
    store: str | None = parameter(
        ..., "Folder of results of single runs; null: in the output folder.", unit="path", status=Status.SETTING
    )
    retry_failed: bool = parameter(
        ..., "Whether runs that failed before are tried again.", unit="-", status=Status.SETTING
    )
    workers: int | None = parameter(
        ..., "Processes; null for all cores, 1 for no pool.", unit="-", status=Status.SETTING, ge=1, le=10_000
    )


def _as_list(value: Any) -> Any:
    """Take ``arms=integrated`` for ``arms=[integrated]``."""
    return [value] if isinstance(value, str) else value


def _as_count(value: Any) -> Any:
    """Take a number of worlds, or ``auto``."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if value != AUTO and not (is_number and 1 <= value <= MOST_WORLDS):
        raise ValueError(f"is {value!r}; allowed: a whole number from 1 to {MOST_WORLDS:,}, or {AUTO}")
    return value


def _as_outcome(value: Any) -> Any:
    names = [outcome.name for outcome in HEADLINE]
    if value not in names:
        near = closest(str(value), names)
        hint = f"; did you mean {near!r}?" if near else ""
        raise ValueError(f"is {value!r}; allowed: {', '.join(names)}{hint}")
    return value


class CompareSettings(ReplicatedSettings):
    """``journeys compare``."""

    replications: Annotated[int | str, BeforeValidator(_as_count)] = parameter(
        ..., "Random worlds, or auto: until the difference is known well enough.", unit="-", status=Status.SETTING
    )
    precision: float = parameter(
        ..., "Auto: half-width of the interval, as a share of the difference.", unit="-", status=Status.SETTING, gt=0
    )
    half_width: float | None = parameter(
        ..., "Auto: the same in the outcome's own unit; either is enough.", unit="-", status=Status.SETTING, gt=0
    )
    precision_of: Annotated[str, BeforeValidator(_as_outcome)] = parameter(
        ..., "Auto: of which headline outcome.", unit="name", status=Status.SETTING
    )
    most_replications: int = parameter(
        ..., "Auto: random worlds after which it stops anyway.", unit="-", status=Status.SETTING, ge=2, le=MOST_WORLDS
    )

    arms: Annotated[tuple[str, ...], BeforeValidator(_as_list)] = parameter(
        ..., "Coordinations; the first is the baseline.", unit="names", status=Status.SETTING
    )
    title: str | None = parameter(None, "What an experiment is called.", unit="text", status=Status.SETTING)
    question: str | None = parameter(None, "The question that it answers.", unit="text", status=Status.SETTING)


def _as_list_or_none(value: Any) -> Any:
    return None if value is None else _as_list(value)


class SweepSettings(ReplicatedSettings):
    """``journeys sweep``."""

    sweep: dict[str, Any] = parameter(..., "The design.", unit="-", status=Status.SETTING)
    arms: Annotated[tuple[str, ...] | None, BeforeValidator(_as_list_or_none)] = parameter(
        ..., "Coordinations; the first is the baseline; null: those of the design.", unit="names", status=Status.SETTING
    )
    replications: int | None = parameter(
        ..., "Random worlds; null: as many as the design says.", unit="-", status=Status.SETTING, ge=1, le=MOST_WORLDS
    )
    dry_run: bool = parameter(..., "Whether to say what would run, and run nothing.", unit="-", status=Status.SETTING)


def _as_samples(value: Any) -> Any:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if value is not None and not (is_number and value >= LEAST_ROWS and value.bit_count() == 1):
        raise ValueError(f"is {value!r}; allowed: a power of two, {LEAST_ROWS} or more")
    return value


Samples = Annotated[int | None, BeforeValidator(_as_samples)]
"""Rows of a design for Sobol indices."""


class SensitivitySettings(ReplicatedSettings):
    """``journeys sensitivity``."""

    sensitivity: dict[str, Any] = parameter(..., "Factors and their ranges.", unit="-", status=Status.SETTING)
    method: Literal["one_at_a_time", "morris", "sobol"] = parameter(
        ..., "How the ranges are gone through.", unit="-", status=Status.SETTING
    )
    outcome: Annotated[str, BeforeValidator(_as_outcome)] = parameter(
        ..., "Which headline outcome is analysed.", unit="name", status=Status.SETTING
    )
    arms: Annotated[tuple[str, ...], BeforeValidator(_as_list)] = parameter(
        ..., "Coordinations; the first is the baseline.", unit="names", status=Status.SETTING
    )
    replications: int | None = parameter(
        ..., "Random worlds; null: as many as the file says.", unit="-", status=Status.SETTING, ge=1, le=MOST_WORLDS
    )
    trajectories: int | None = parameter(
        ...,
        "Morris: walks through the ranges; null: as many as the file says.",
        unit="-",
        status=Status.SETTING,
        ge=LEAST_TRAJECTORIES,
    )
    samples: Samples = parameter(
        ..., "Sobol: rows of the design; null: as many as the file says.", unit="-", status=Status.SETTING
    )
    dry_run: bool = parameter(..., "Whether to say what would run, and run nothing.", unit="-", status=Status.SETTING)


class AttributeSettings(ReplicatedSettings):
    """``journeys attribute``."""

    replications: int = parameter(..., "Random worlds.", unit="-", status=Status.SETTING, ge=1, le=MOST_WORLDS)

    among: Literal["barriers", "mechanisms"] = parameter(
        ..., "What the gap is divided among.", unit="-", status=Status.SETTING
    )
    coordination: Coordination = parameter(
        ..., "Among barriers: the coordination under which they are taken away.", unit="-", status=Status.SETTING
    )
    baseline: str = parameter(
        "fragmented", "Among mechanisms: the arm that has none of them.", unit="name", status=Status.SETTING
    )
    to: str = parameter(
        "integrated", "Among mechanisms: the arm that has all of them.", unit="name", status=Status.SETTING
    )
