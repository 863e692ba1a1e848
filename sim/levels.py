"""Levels of the barriers in force: for whom, and between whom."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from sim.native import mypyc_attr
from sim.schema.barriers import Barriers
from sim.schema.levels import ALL, PAIR, LevelValue


class Party(Protocol):
    """Whoever a barrier acts on: a provider, or the navigators."""

    sector: str
    profession: str


@mypyc_attr(serializable=True, allow_interpreted_subclasses=True)
class Level:
    """The level of one barrier, for all or by sector, profession and pair of them.

    Two levels are equal if they say the same.
    """

    __slots__ = ("_hash", "_particular", "general")

    def __init__(self, value: LevelValue) -> None:
        said = value if isinstance(value, dict) else {ALL: value}
        self.general = said.get(ALL, 0.0)
        self._particular = {key: level for key, level in said.items() if key != ALL}
        self._hash = hash((self.general, tuple(sorted(self._particular.items()))))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Level) and self.as_mapping() == other.as_mapping()

    def __hash__(self) -> int:
        return self._hash

    def of(self, party: Party) -> float:
        """Return the level for one party: that of its profession, else of its sector, else of all."""
        if not self._particular:
            return self.general
        particular = self._particular
        return particular.get(party.profession, particular.get(party.sector, self.general))

    def between(self, one: Party, other: Party, whose: Party) -> float:
        """Return the level from one party to another.

        Args:
            one: The sender, the holder of a record, or who knows.
            other: The receiver, the reader, or who is known.
            whose: Which of the two counts where there is no level for the pair.
        """
        if not self._particular:
            return self.general
        for first in (one.profession, one.sector):
            for second in (other.profession, other.sector):
                level = self._particular.get(first + PAIR + second)
                if level is not None:
                    return level
        return self.of(whose)

    def is_nowhere(self) -> bool:
        """Return whether the barrier is absent for everybody."""
        return self.general == 0.0 and not any(self._particular.values())

    def moved(self, target: float, share: float) -> Level:
        """Return the level part of the way (0 to 1) to a number that holds for all."""
        return Level({key: (1.0 - share) * level + share * target for key, level in self.as_mapping().items()})

    def as_mapping(self) -> dict[str, float]:
        """Return all that it says."""
        return {ALL: self.general, **self._particular}


class Levels(NamedTuple):
    """The levels of the five barriers in one district at one time."""

    funding: Level
    geography: Level
    culture: Level
    data_sharing: Level
    learning: Level


def levels_of(barriers: Barriers) -> Levels:
    """Return the levels that the parameters say."""
    return Levels(*(Level(getattr(barriers, name)) for name in Levels._fields))
