"""The Python way in: three lines, no configuration files."""

from __future__ import annotations

from sim.coordination import Coordination
from sim.model import JourneyModel
from sim.outcomes.result import Result, result_of
from sim.scenario import Scenario


def simulate(
    scenario: Scenario, coordination: str | Coordination = "fragmented", seed: int = 1, replicate: int = 0
) -> Result:
    """Run one arm in one replicate's world.

    Args:
        scenario: The place, from :meth:`sim.Scenario.load`.
        coordination: A named coordination or one made in Python.
        seed: Root seed, 0 to 2**64 - 1.
        replicate: Number of the world; the same number is the same world in every arm.

    Returns:
        The result, with its tables.

    Raises:
        BadInputError: There is no coordination of this name.
        ValueError: Seed or replicate is out of range.
    """
    if isinstance(coordination, str):
        coordination = Coordination.load(coordination)
    model = JourneyModel(scenario, coordination, seed, replicate)
    model.run()
    return result_of(model, seed, replicate)
