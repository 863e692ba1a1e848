"""How fast the full model is: the town ``three_journeys`` under each coordination."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from experiments.benchmark.apart import seconds_of
from sim import Coordination, Scenario
from sim.coordination import names as coordinations
from sim.model import JourneyModel

REPEATED = ("fragmented", "integrated")
"""The arms of the main comparison; the others are run once."""


@dataclass(frozen=True)
class Arm:
    """One coordination in the town.

    Attributes:
        name: Of the coordination.
        events: Rows of the ledger of the last repeat.
        seconds: Median processor time of a run, without the making of the world.
        repeats: How many it is the median of.
    """

    name: str
    events: int
    seconds: float
    repeats: int


def arms(repeats: int) -> list[Arm]:
    """Measure every coordination in the town."""
    town = Scenario.load("three_journeys")
    JourneyModel(town, Coordination.load("integrated")).run()
    return [_arm(town, name, repeats if name in REPEATED else 1) for name in coordinations()]


def _arm(town: Scenario, name: str, repeats: int) -> Arm:
    coordination = Coordination.load(name)
    seconds = []
    for repeat in range(repeats):
        model = JourneyModel(town, coordination, replicate=repeat)
        seconds.append(seconds_of(model.run)[0])
    return Arm(name, len(model.ledger), statistics.median(seconds), repeats)
