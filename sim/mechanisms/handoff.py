"""Handoff: how is a citizen passed on, and who notices when that fails?

Who does the work of the handoff is what matters. The numbers of each mode are parameters (``handoffs``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from sim.codes import Decision, ModeCode, Reason
from sim.draws import happens
from sim.mechanisms.registry import mechanism
from sim.rules.handoffs import carried_chance, transmitted_chance

if TYPE_CHECKING:
    from sim.agents.handoff import Handoff
    from sim.model import JourneyModel


class OnPaper:
    """What all modes share in which a referral is sent: it can get lost, more so behind a barrier to data sharing."""

    name: ClassVar[str]
    code: ClassVar[ModeCode]
    is_sent: ClassVar[bool] = True
    """Whether something is sent: records and barriers to data sharing act on its way."""
    sender_sees: ClassVar[bool] = False
    """Whether the sender is told of every drop."""

    def __init__(self, model: JourneyModel) -> None:
        self.numbers = getattr(model.parameters.handoffs, self.name)
        barrier = model.parameters.barriers.data_sharing
        self._chance = transmitted_chance(self.numbers.sent, barrier, model.parameters.barrier_effects.data_lost)

    def why_lost(self, handoff: Handoff) -> Reason:
        """Return why the handoff does not even leave, or NONE."""
        episode = handoff.episode
        if happens(episode.citizen.key, episode.address, Decision.SENT, handoff.occasion, self._chance):
            return Reason.NONE
        return Reason.NOT_TRANSMITTED


@mechanism("handoff", "signposting")
class Signposting:
    """The citizen is told where to go and may or may not go. No paper, nobody looks.

    Evidence: assumed; C7 has 63 % of those who accept a coordinator's help attending.
    """

    name: ClassVar[str]
    code = ModeCode.SIGNPOSTING
    is_sent: ClassVar[bool] = False
    sender_sees: ClassVar[bool] = False

    def __init__(self, model: JourneyModel) -> None:
        self.numbers = model.parameters.handoffs.signposting
        self._odds = model.parameters.handoffs.carried_odds_capability

    def why_lost(self, handoff: Handoff) -> Reason:
        """Return why the handoff does not even leave, or NONE."""
        episode = handoff.episode
        chance = carried_chance(self.numbers.sent, self._odds, episode.citizen.capability)
        if happens(episode.citizen.key, episode.address, Decision.SENT, handoff.occasion, chance):
            return Reason.NONE
        return Reason.NOT_CARRIED


@mechanism("handoff", "letter")
class Letter(OnPaper):
    """A referral is sent; the sender hears no more. Evidence: C5, a third documented as completed."""

    code = ModeCode.LETTER


@mechanism("handoff", "introduction")
class Introduction(OnPaper):
    """The worker introduces the citizen in person or by telephone. Alone it adds little."""

    code = ModeCode.INTRODUCTION


@mechanism("handoff", "tracked")
class Tracked(OnPaper):
    """The sender is told what became of the referral and chases it."""

    code = ModeCode.TRACKED
    sender_sees = True


@mechanism("handoff", "accompanied")
class Accompanied:
    """A worker goes with the citizen and stays until the first appointment.

    Nothing is sent, so nothing gets lost behind a barrier to data sharing.
    """

    name: ClassVar[str]
    code = ModeCode.ACCOMPANIED
    is_sent: ClassVar[bool] = False
    sender_sees: ClassVar[bool] = True

    def __init__(self, model: JourneyModel) -> None:
        self.numbers = model.parameters.handoffs.accompanied

    def why_lost(self, handoff: Handoff) -> Reason:
        """Return why the handoff does not even leave, or NONE."""
        episode = handoff.episode
        if happens(episode.citizen.key, episode.address, Decision.SENT, handoff.occasion, self.numbers.sent):
            return Reason.NONE
        return Reason.NOT_CARRIED


MODES_BY_WORK = ("signposting", "letter", "introduction", "tracked", "accompanied")
"""Modes from least to most work for the sender: a navigator's own mode replaces a lesser one."""
