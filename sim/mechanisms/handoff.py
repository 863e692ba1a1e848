"""Handoff: how is a citizen passed on, and who notices when that fails?

Who does the work of the handoff is what matters. The numbers of each mode are parameters (``handoffs``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from sim.codes import Decision, ModeCode, Reason
from sim.direct import carried_chance, exponential, happens, transfer_mean, transmitted_chance
from sim.mechanisms.registry import mechanism
from sim.schema.fields import Status

if TYPE_CHECKING:
    from sim.agents.handoff import Handoff
    from sim.levels import Levels
    from sim.model import JourneyModel


class Mode:
    """What all modes share. Their numbers are the parameters ``handoffs.NAME``."""

    name: ClassVar[str]
    code: ClassVar[ModeCode]
    sender_sees: ClassVar[bool] = False
    """Whether the sender is told of every drop."""

    def __init__(self, model: JourneyModel, levels: Levels) -> None:
        self.numbers = getattr(model.parameters.handoffs, self.name)
        self.levels = levels

    def why_lost(self, handoff: Handoff) -> Reason:
        """Return why the handoff does not even leave, or NONE."""
        return Reason.NONE if self._leaves(handoff, self.numbers.sent) else Reason.NOT_CARRIED

    def transfer_days(self, handoff: Handoff) -> float:
        """Return the time until the handoff reaches the receiver."""
        return self._days(handoff, self.numbers.days)

    def _leaves(self, handoff: Handoff, chance: float) -> bool:
        episode = handoff.episode
        return happens(episode.citizen.key, episode.address, Decision.SENT, handoff.occasion, chance)

    def _days(self, handoff: Handoff, mean: float) -> float:
        episode = handoff.episode
        return exponential(episode.citizen.key, episode.address, Decision.TRANSFER_DAYS, handoff.occasion, mean)


class OnPaper(Mode):
    """A referral is sent: it can get lost and takes longer behind a barrier to data sharing."""

    def __init__(self, model: JourneyModel, levels: Levels) -> None:
        super().__init__(model, levels)
        self._effects = model.parameters.barrier_effects

    def why_lost(self, handoff: Handoff) -> Reason:
        """Return why the handoff does not even leave, or NONE."""
        chance = transmitted_chance(self.numbers.sent, self._barrier(handoff), self._effects.data_lost)
        return Reason.NONE if self._leaves(handoff, chance) else Reason.NOT_TRANSMITTED

    def transfer_days(self, handoff: Handoff) -> float:
        """Return the time until the handoff reaches the receiver."""
        records = handoff.episode.citizen.rules.records
        factor = records.transfer_factor(handoff.sender, handoff.receiver)
        mean = transfer_mean(self.numbers.days, self._barrier(handoff), self._effects.data_slower, factor)
        return self._days(handoff, mean)

    def _barrier(self, handoff: Handoff) -> float:
        return self.levels.data_sharing.between(handoff.sender, handoff.receiver, handoff.receiver)


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
        chance = carried_chance(self.numbers.sent, self._odds, handoff.episode.citizen.capability)
        return Reason.NONE if self._leaves(handoff, chance) else Reason.NOT_CARRIED


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
