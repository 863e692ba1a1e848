"""Modes of handoff: what they share. The modes themselves are mechanisms (:mod:`sim.mechanisms.handoff`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from sim.codes import Decision, ModeCode, Reason
from sim.direct import exponential, happens, transfer_mean, transmitted_chance
from sim.native import mypyc_attr

if TYPE_CHECKING:
    from sim.agents.handoff import Handoff
    from sim.levels import Levels
    from sim.model import JourneyModel


@mypyc_attr(serializable=True, allow_interpreted_subclasses=True)
class Mode:
    """What all modes share. Their numbers are the parameters ``handoffs.NAME``.

    Attributes:
        levels: Of the barriers.
        sent: Probability that the handoff leaves.
        days: Mean time until it reaches the receiver.
        recorded: Probability that the sender's records show that it was completed.
        attendance_odds: Factor on the odds of attending an appointment.
        staff_days: What it takes of the sender's staff.
        chases: How often the sender acts on a drop, if told.
    """

    name: ClassVar[str]
    code: ClassVar[ModeCode]
    sender_sees: ClassVar[bool] = False
    """Whether the sender is told of every drop."""

    def __init__(self, model: JourneyModel, levels: Levels) -> None:
        # Copied: to ask the parameters takes as long as a draw.
        numbers = getattr(model.parameters.handoffs, self.name)
        self.sent: float = numbers.sent
        self.days: float = numbers.days
        self.recorded: float = numbers.recorded
        self.attendance_odds: float = numbers.attendance_odds
        self.staff_days: float = numbers.staff_days
        self.chases: int = numbers.chases if self.sender_sees else 0
        self.levels = levels

    def why_lost(self, handoff: Handoff) -> Reason:
        """Return why the handoff does not even leave, or NONE."""
        return Reason.NONE if leaves(handoff, self.sent) else Reason.NOT_CARRIED

    def transfer_days(self, handoff: Handoff) -> float:
        """Return the time until the handoff reaches the receiver."""
        return days_on_the_way(handoff, self.days)


@mypyc_attr(serializable=True, allow_interpreted_subclasses=True)
class OnPaper(Mode):
    """A referral is sent: it can get lost and takes longer behind a barrier to data sharing."""

    def __init__(self, model: JourneyModel, levels: Levels) -> None:
        super().__init__(model, levels)
        effects = model.parameters.barrier_effects
        self._lost = effects.data_lost
        self._slower = effects.data_slower

    def why_lost(self, handoff: Handoff) -> Reason:
        """Return why the handoff does not even leave, or NONE."""
        chance = transmitted_chance(self.sent, barrier_to(handoff, self.levels), self._lost)
        return Reason.NONE if leaves(handoff, chance) else Reason.NOT_TRANSMITTED

    def transfer_days(self, handoff: Handoff) -> float:
        """Return the time until the handoff reaches the receiver."""
        records = handoff.episode.citizen.rules.records
        factor = records.transfer_factor(handoff.sender, handoff.receiver)
        mean = transfer_mean(self.days, barrier_to(handoff, self.levels), self._slower, factor)
        return days_on_the_way(handoff, mean)


def leaves(handoff: Handoff, chance: float) -> bool:
    """Return whether a handoff leaves that does so with a probability."""
    episode = handoff.episode
    return happens(episode.citizen.key, episode.address, Decision.SENT, handoff.occasion, chance)


def days_on_the_way(handoff: Handoff, mean: float) -> float:
    """Return how long a handoff takes that takes so many days in the mean."""
    episode = handoff.episode
    return exponential(episode.citizen.key, episode.address, Decision.TRANSFER_DAYS, handoff.occasion, mean)


def barrier_to(handoff: Handoff, levels: Levels) -> float:
    """Return the level of the barrier to data sharing between sender and receiver, 0 to 1."""
    return levels.data_sharing.between(handoff.sender, handoff.receiver, handoff.receiver)
