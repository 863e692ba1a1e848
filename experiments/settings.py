"""What the commands that run the model can be told: the model's parameters and a few settings more."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from sim.coordination import Coordination
from sim.schema.fields import Section, Status, parameter
from sim.schema.parameters import Parameters

MOST_SEED = 2**64 - 1


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


class ReplicatedSettings(Settings):
    """What the commands that run many random worlds have in common."""

    replications: int = parameter(..., "Random worlds.", unit="-", status=Status.SETTING, ge=1, le=1_000_000)
    workers: int | None = parameter(
        ..., "Processes; null for all cores, 1 for no pool.", unit="-", status=Status.SETTING, ge=1, le=10_000
    )


def _as_list(value: Any) -> Any:
    """Take ``arms=integrated`` for ``arms=[integrated]``."""
    return [value] if isinstance(value, str) else value


class CompareSettings(ReplicatedSettings):
    """``journeys compare``."""

    arms: Annotated[tuple[str, ...], BeforeValidator(_as_list)] = parameter(
        ..., "Coordinations; the first is the baseline.", unit="names", status=Status.SETTING
    )


class AttributeSettings(ReplicatedSettings):
    """``journeys attribute``."""

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
