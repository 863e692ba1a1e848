"""Who is in the town in SimPy, and what is written down of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple


@dataclass(eq=False)
class Person:
    """A citizen."""

    capability: float
    persistence: float
    patience: float
    needs: list[Need] = field(default_factory=list)
    pursued: int = 0


@dataclass(eq=False)
class Need:
    """One need, from its onset."""

    person: Person
    kind: str
    severity: float
    onset: float
    is_idle: bool = True
    supported: float = math.nan
    gave_up: float = math.nan
    tries: int = 0
    setbacks: int = 0
    turned_away: int = 0
    found: int = 0
    refused: set[str] = field(default_factory=set)
    avoided: set[str] = field(default_factory=set)
    assessed_at: set[str] = field(default_factory=set)


@dataclass(eq=False)
class Handoff:
    """One handoff and how it ended: attended, or the reason of the drop."""

    need: Need
    sender: str
    receiver: str
    chases: int
    made: float
    end: str = ""


class Stay(NamedTuple):
    """One stay at a desk that is over or in service: the start is not a number for who left."""

    need: Need
    desk: str
    joined: float
    started: float
    left: float
    missed: int
