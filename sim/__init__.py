"""Citizen journeys through fragmented and integrated services.

Example:
    >>> from sim import Scenario, simulate
    >>> result = simulate(Scenario.load("three_journeys"), coordination="integrated", seed=1, replicate=0)
    >>> result.episodes, result.handoffs, result.spells, result.ledger  # pandas tables
"""

from sim import prebuilt  # noqa: F401  (first: it decides where the other modules come from)
from sim.api import simulate
from sim.coordination import Coordination
from sim.outcomes.result import Result
from sim.scenario import Scenario
from sim.schema.problems import BadInputError

__version__ = "0.1.0"
__all__ = ["BadInputError", "Coordination", "Result", "Scenario", "__version__", "simulate"]
