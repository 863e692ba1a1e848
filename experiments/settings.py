"""What ``journeys run`` and ``journeys compare`` can be told: the model's parameters and a few settings more."""

from __future__ import annotations

from typing import Annotated, Any

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


def _as_list(value: Any) -> Any:
    """Take ``arms=integrated`` for ``arms=[integrated]``."""
    return [value] if isinstance(value, str) else value


class CompareSettings(Settings):
    """``journeys compare``."""

    arms: Annotated[tuple[str, ...], BeforeValidator(_as_list)] = parameter(
        ..., "Coordinations; the first is the baseline.", unit="names", status=Status.SETTING
    )
    replications: int = parameter(..., "Random worlds.", unit="-", status=Status.SETTING, ge=1, le=1_000_000)
    workers: int | None = parameter(
        ..., "Processes; null for all cores, 1 for no pool.", unit="-", status=Status.SETTING, ge=1, le=10_000
    )
