"""Handoff: how is a citizen passed on, and who notices when that fails?

Who does the work of the handoff is what matters. The numbers of each mode are parameters (``handoffs``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from sim.codes import ModeCode, Reason
from sim.direct import carried_chance, transfer_mean, transmitted_chance
from sim.mechanisms.registry import mechanism
from sim.schema.fields import Status

if TYPE_CHECKING:
    from sim.agents.handoff import Handoff
    from sim.levels import Levels
    from sim.model import JourneyModel


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
        self.chases: int = getattr(numbers, "chases", 0)
        self.levels = levels

    def why_lost(self, handoff: Handoff) -> Reason:
        """Return why the handoff does not even leave, or NONE."""
        return Reason.NONE if handoff.leaves(self.sent) else Reason.NOT_CARRIED

    def transfer_days(self, handoff: Handoff) -> float:
        """Return the time until the handoff reaches the receiver."""
        return handoff.days_on_the_way(self.days)


class OnPaper(Mode):
    """A referral is sent: it can get lost and takes longer behind a barrier to data sharing."""

    def __init__(self, model: JourneyModel, levels: Levels) -> None:
        super().__init__(model, levels)
        effects = model.parameters.barrier_effects
        self._lost = effects.data_lost
        self._slower = effects.data_slower

    def why_lost(self, handoff: Handoff) -> Reason:
        """Return why the handoff does not even leave, or NONE."""
        chance = transmitted_chance(self.sent, handoff.barrier(self.levels), self._lost)
        return Reason.NONE if handoff.leaves(chance) else Reason.NOT_TRANSMITTED

    def transfer_days(self, handoff: Handoff) -> float:
        """Return the time until the handoff reaches the receiver."""
        records = handoff.episode.citizen.rules.records
        factor = records.transfer_factor(handoff.sender, handoff.receiver)
        return handoff.days_on_the_way(transfer_mean(self.days, handoff.barrier(self.levels), self._slower, factor))


@mechanism(
    "handoff", "signposting", evidence="chance assumed; C7 has 63 % of those who accept a coordinator's help attending"
)
class Signposting(Mode):
    """The citizen is told where to go and may or may not go. No paper, nobody looks."""

    code = ModeCode.SIGNPOSTING

    def __init__(self, model: JourneyModel, levels: Levels) -> None:
        super().__init__(model, levels)
        self._odds = model.parameters.handoffs.carried_odds_capability

    def why_lost(self, handoff: Handoff) -> Reason:
        """Return why the handoff does not even leave, or NONE."""
        chance = carried_chance(self.sent, self._odds, handoff.episode.citizen.capability)
        return Reason.NONE if handoff.leaves(chance) else Reason.NOT_CARRIED


@mechanism(
    "handoff",
    "letter",
    evidence="C5 and C6: a third of referrals documented as completed, four fifths completed by people's own account",
    status=Status.DERIVED,
)
class Letter(OnPaper):
    """A referral is sent; the sender hears no more."""

    code = ModeCode.LETTER


@mechanism(
    "handoff",
    "introduction",
    evidence="a personal introduction alone adds little or nothing (evaluations in words); numbers assumed",
)
class Introduction(OnPaper):
    """The worker introduces the citizen in person or by telephone. Alone it adds little."""

    code = ModeCode.INTRODUCTION


@mechanism("handoff", "tracked", evidence="chasing works (evaluations in words); numbers assumed")
class Tracked(OnPaper):
    """The sender is told what became of the referral and chases it."""

    code = ModeCode.TRACKED
    sender_sees = True


@mechanism(
    "handoff", "accompanied", evidence="accompaniment and transport work (evaluations in words); numbers assumed"
)
class Accompanied(Mode):
    """A worker goes with the citizen and stays until the first appointment.

    Nothing is sent, so nothing gets lost behind a barrier to data sharing.
    """

    code = ModeCode.ACCOMPANIED
    sender_sees = True


MODES_BY_WORK = ("signposting", "letter", "introduction", "tracked", "accompanied")
"""Modes from least to most work for the sender: a navigator's own mode replaces a lesser one."""
