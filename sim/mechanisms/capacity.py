"""Capacity: who may use whose places?

Which services would share is a column of services.csv, ``pool``. How places move is in
:mod:`sim.agents.pooling`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from sim.mechanisms.registry import mechanism

if TYPE_CHECKING:
    from sim.levels import Levels
    from sim.model import JourneyModel


@mechanism("capacity", "separate_budgets", evidence="the usual state of places")
class SeparateBudgets:
    """Every service has its own places, used or not."""

    name: ClassVar[str]
    lends: ClassVar[bool] = False
    """Whether the services of a pool lend each other idle places."""

    def __init__(self, model: JourneyModel, levels: Levels) -> None:
        pass


@mechanism("capacity", "pooled", evidence="no comparative study isolates the effect of pooling money; assumed")
class Pooled(SeparateBudgets):
    """Idle places move to where the queue is, within a pool; a place that moves serves nobody for a while."""

    lends = True
