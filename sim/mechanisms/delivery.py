"""Delivery: do providers of a hub work together, and how?

Which providers would is a column of providers.csv, ``hub``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from sim.codes import ModeCode
from sim.mechanisms.handoff import Mode
from sim.mechanisms.registry import mechanism

if TYPE_CHECKING:
    from sim.agents.handoff import Handoff
    from sim.agents.provider import Provider
    from sim.landscape import Knower
    from sim.levels import Levels
    from sim.model import JourneyModel


class Walk(Mode):
    """A walk across the hall: nothing is sent, hardly anybody gets lost, and the sender sees who does."""

    name = "walk"
    code = ModeCode.WALK
    sender_sees = True


class WithinTeam(Mode):
    """Agreed upon at the team's next meeting: nothing is sent, nothing lost, and the team sees every drop."""

    name = "team"
    code = ModeCode.TEAM
    sender_sees = True

    def __init__(self, model: JourneyModel, levels: Levels) -> None:
        super().__init__(model, levels)
        self._every = model.parameters.delivery.team.meeting_every_days
        self._calendar = model.calendar

    def transfer_days(self, handoff: Handoff) -> float:
        """Return the time until the team's next meeting, and what it takes from there."""
        until_meeting = self._every - self._calendar.now % self._every
        return until_meeting + super().transfer_days(handoff)


@mechanism("delivery", "separate_sites", evidence="the usual state of places")
class SeparateSites:
    """Every provider works at its own site."""

    name: ClassVar[str]
    assesses_together: ClassVar[bool] = False
    """Whether one assessment in a hub is for all needs of the citizen, and its record for all members."""
    meets: ClassVar[bool] = False
    """Whether the members of a hub meet, which takes their time."""

    def __init__(self, model: JourneyModel, levels: Levels) -> None:
        pass

    def are_together(self, one: Knower, other: Provider) -> bool:
        """Return whether two providers work together: their workers know each other and hand on to each other first."""
        return False

    def mode_between(self, sender: Provider, receiver: Provider) -> Mode | None:
        """Return how they hand on to each other where they work together, else None."""
        return None


class Together(SeparateSites):
    """What hubs and teams share: providers of the same hub work together."""

    mode: ClassVar[type[Mode]]

    def __init__(self, model: JourneyModel, levels: Levels) -> None:
        self._mode = self.mode(model, levels)

    def are_together(self, one: Knower, other: Provider) -> bool:
        """Return whether two providers are in the same hub."""
        return one.hub is not None and one.hub == other.hub

    def mode_between(self, sender: Provider, receiver: Provider) -> Mode | None:
        """Return how they hand on to each other where they work together, else None."""
        return self._mode if self.are_together(sender, receiver) else None


@mechanism("delivery", "co_located", evidence="on-site delivery works (Friedmann et al., in words); numbers assumed")
class CoLocated(Together):
    """Providers of a hub are under one roof: a handoff inside it is a walk across the hall."""

    mode = Walk


@mechanism(
    "delivery",
    "multidisciplinary",
    evidence="multidisciplinary teams in English pilots: gains in access, rarely in cost; numbers assumed",
)
class Multidisciplinary(Together):
    """Providers of a hub are a team: one assessment for all needs, supports in parallel, meetings that take time."""

    mode = WithinTeam
    assesses_together = True
    meets = True
