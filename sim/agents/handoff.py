"""A handoff: the passing of an episode from one provider to another, step by step.

``make`` -> (carried or sent) -> ``arrive`` -> (the four questions of the door) -> booked -> ``attend``; or, at any
step, ``drop`` with a reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.codes import Activity, Decision, Noticed, Reason
from sim.direct import exponential, happens, recorded_chance
from sim.events import Phase
from sim.ledger import NOBODY
from sim.native import mypyc_attr

if TYPE_CHECKING:
    from sim.agents.episode import Episode
    from sim.agents.provider import Provider
    from sim.levels import Levels
    from sim.mechanisms.handoff import Mode
    from sim.model import JourneyModel

REFUSALS = (
    Reason.OUT_OF_AREA, Reason.WRONG_DOOR, Reason.BELOW_THRESHOLD, Reason.DECLINED, Reason.SERVICE_CLOSED,
    Reason.LIST_FULL,
)  # fmt: skip


@mypyc_attr(serializable=True, allow_interpreted_subclasses=True)
class Handoff:
    """One handoff.

    Attributes:
        episode: What is passed on.
        sender: From whom.
        receiver: To whom.
        mode: The mechanism.
        chases: How many times the sender has acted on a drop before this attempt.
        occasion: Which handoff of the episode it is; part of the address of its draws.
    """

    __slots__ = ("chases", "episode", "mode", "model", "occasion", "receiver", "sender")

    def __init__(
        self,
        model: JourneyModel,
        episode: Episode,
        sender: Provider,
        receiver: Provider,
        chases: int,
    ) -> None:
        self.model = model
        self.episode = episode
        self.sender = sender
        self.receiver = receiver
        self.mode: Mode = episode.citizen.rules.mode(episode.citizen, sender, receiver)
        self.chases = chases
        self.occasion = episode.handoffs
        episode.handoffs += 1

    def make(self) -> None:
        """The sender hands on: the citizen is told or taken, or a referral is sent."""
        self.episode.handoff = self
        # Navigators and the front door are paid for this work already; a crisis service alone does it as it is.
        sender = self.sender
        is_paid = self.episode.citizen.navigator is not None or sender.is_front_door or not sender.has_staff
        who = Noticed.NAVIGATOR if is_paid else Noticed.NONE
        self._record(Activity.HANDOFF_MADE, self.sender, self.receiver, noticed=who, detail=float(self.mode.code))
        if not is_paid:
            self.sender.owe(self.mode.staff_days, self.episode.kind)
        lost = self.mode.why_lost(self)
        if lost:
            self.drop(lost)
        else:
            self.episode.citizen.later(self.mode.transfer_days(self), Phase.ARRIVE, Handoff.arrive, self)

    def leaves(self, chance: float) -> bool:
        """Return whether it leaves, which it does with a probability."""
        episode = self.episode
        return happens(episode.citizen.key, episode.address, Decision.SENT, self.occasion, chance)

    def days_on_the_way(self, mean: float) -> float:
        """Return how long it takes until it reaches the receiver, which takes so many days in the mean."""
        episode = self.episode
        return exponential(episode.citizen.key, episode.address, Decision.TRANSFER_DAYS, self.occasion, mean)

    def barrier(self, levels: Levels) -> float:
        """Return the level of the barrier to data sharing between sender and receiver, 0 to 1."""
        return levels.data_sharing.between(self.sender, self.receiver, self.receiver)

    def arrive(self) -> None:
        """The handoff reaches the receiver, who asks the four questions of the door."""
        self._record(Activity.HANDOFF_RECEIVED, self.receiver, self.sender)
        self.receiver.greet(self.episode, self)

    def accept(self) -> None:
        """The receiver has said yes."""
        self._record(Activity.HANDOFF_ACCEPTED, self.receiver, self.sender)

    def attend(self) -> None:
        """The citizen comes to the first appointment: the handoff is complete, whatever the sender's records say."""
        noticed = Noticed.SENDER if self._is_recorded() else Noticed.NOBODY
        self._record(Activity.HANDOFF_ATTENDED, self.receiver, self.sender, noticed=noticed)
        self.episode.handoff = None

    def drop(self, reason: Reason) -> None:
        """The handoff ends before it is attended."""
        episode = self.episode
        episode.handoff = None
        noticed = self.who_notices(reason)
        followed = episode.citizen.recover(episode, reason, self, noticed)
        self._record(Activity.HANDOFF_DROPPED, self.receiver, self.sender, reason, noticed, followed)

    def who_notices(self, reason: Reason) -> Noticed:
        """Return who sees that the handoff was dropped: navigator before sender before receiver."""
        if self.episode.citizen.navigator is not None:
            return Noticed.NAVIGATOR
        if self.mode.sender_sees:
            return Noticed.SENDER
        if reason in (Reason.NOT_CARRIED, Reason.NOT_TRANSMITTED):
            return Noticed.NOBODY
        return Noticed.RECEIVER

    def may_be_chased(self) -> bool:
        """Return whether the sender is told of a drop and has not acted too often yet."""
        return self.mode.sender_sees and self.chases < self.mode.chases

    def send_again(self) -> None:
        """The sender acts on a drop: the same receiver again, or another if that one said no."""
        if self.receiver.number in self.episode.refused:
            self.sender.hand_on(self.episode, self.chases + 1)
        else:
            Handoff(self.model, self.episode, self.sender, self.receiver, self.chases + 1).make()

    def hand_on_from_receiver(self) -> None:
        """The receiver, who said no, hands on instead (where every door hands on)."""
        self.receiver.hand_on(self.episode, self.chases + 1)

    def _is_recorded(self) -> bool:
        """Return whether the sender's records show that the handoff was completed."""
        citizen, model = self.episode.citizen, self.model
        rules = citizen.rules
        shared = model.shared_recorded if rules.records.shares(self.receiver, self.sender) else 0.0
        level = rules.levels.data_sharing.between(self.receiver, self.sender, self.sender)
        chance = recorded_chance(self.mode.recorded, shared, level, model.data_unseen)
        return happens(citizen.key, self.episode.address, Decision.RECORDED, self.occasion, chance)

    def _record(
        self,
        activity: int,
        provider: Provider,
        other: Provider,
        reason: int = 0,
        noticed: int = 0,
        followed: int = 0,
        detail: float = 0.0,
    ) -> None:
        episode = self.episode
        model, citizen = self.model, episode.citizen.row
        code = activity | reason << 8 | noticed << 16 | followed << 24
        model.ledger.write(
            model.calendar.now, code, citizen, episode.number, provider.number, NOBODY, other.number, detail
        )
