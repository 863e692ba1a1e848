"""Handoff: how is a citizen passed on, and who notices when that fails?

Who does the work of the handoff is what matters. The numbers of each mode are parameters (``handoffs``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.agents.modes import Mode, OnPaper, leaves
from sim.codes import ModeCode, Reason
from sim.direct import carried_chance
from sim.mechanisms.registry import mechanism
from sim.schema.fields import Status

if TYPE_CHECKING:
    from sim.agents.handoff import Handoff
    from sim.levels import Levels
    from sim.model import JourneyModel


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
        return Reason.NONE if leaves(handoff, chance) else Reason.NOT_CARRIED


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
