"""A citizen: somebody with needs who looks for support, bears setbacks, and tries again or gives up."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sim.agents.episode import Episode, State
from sim.agents.handoff import REFUSALS
from sim.codes import Activity, Decision, Followed, Noticed, Reason
from sim.direct import exponential, happens
from sim.events import Phase
from sim.ledger import NOBODY
from sim.mesa_model import LightAgent
from sim.native import mypyc_attr

if TYPE_CHECKING:
    from sim.agents.handoff import Handoff
    from sim.agents.navigator import Navigator
    from sim.agents.provider import Provider
    from sim.in_force import Rules
    from sim.model import JourneyModel
    from sim.population import Person, Want

_EVENTS_EACH = 1 << 24
_NO_WANTS: list[Want] = []


@mypyc_attr(serializable=True, allow_interpreted_subclasses=True)
class Citizen(LightAgent):
    """One citizen; in the model from the first need's onset until nothing more can happen.

    Attributes:
        row: Row of the population.
        key: Address of the citizen's draws.
        district: Row of the districts table.
        capability: To navigate services, 0 to 1.
        persistence: Probability of trying again after a setback.
        patience: Mean wait borne at one service, in days.
        episodes: The needs that have arisen.
        navigator: Who helps, if anybody.
        considered_for: The kind of navigation for which a worker has considered the citizen, or "".
        cases: How many times navigators have helped.
        idle: How many needs have arisen and are not being pursued.
    """

    model: JourneyModel
    unique_id: int

    def __init__(self, model: JourneyModel, person: Person) -> None:
        # As a light agent does, without a call of what is not compiled.
        self.model = model
        self.unique_id = next(model.agent_numbers)
        self._register = model._agents
        self._register[self] = None
        self.row = person.row
        self.key = person.key
        self.district = person.district
        self.capability = person.capability
        self.persistence = person.persistence
        self.patience = person.patience
        self.wants = person.wants
        self.episodes: list[Episode] = []
        self.navigator: Navigator | None = None
        self.cases = 0
        self.idle = 0
        self.considered_for = ""
        self._calendar, self._ledger = model.calendar, model.ledger
        self._is_taking_up = False
        self._pursued = 0
        self._unmet = 0
        """Needs that were given up and may lead to a crisis: the citizen stays while there are any."""
        self._events = person.row * _EVENTS_EACH
        self._pending = len(self.wants)
        """Onsets, supports and returns still to come: the citizen stays while there are any."""

    @property
    def rules(self) -> Rules:
        """The rules in force for this citizen, here and now."""
        return self.model.rules[self.district].of(self)

    @property
    def kinds(self) -> set[int]:
        """The kinds of need that the citizen has, will have or has had."""
        return {want.kind for want in self.wants} | {episode.kind for episode in self.episodes}

    def arrive(self) -> None:
        """The first need arises; the others follow after their lags."""
        for slot in range(1, len(self.wants)):
            self.later(self.wants[slot].lag, Phase.ARRIVE, self.need_arises, slot)
        if self.wants:
            self.need_arises(0)

    def need_arises(self, slot: int) -> None:
        """A need arises: the clock of its time to support starts."""
        want = self.wants[slot]
        if slot == len(self.wants) - 1:
            # All have arisen, and are episodes now: a town has many citizens, and less is nearer.
            self.wants = _NO_WANTS
        self._begin(slot, 0, want.kind, want.severity)

    def need_is_raised(self, slot: int, kind: int, severity: float, reason: Reason) -> None:
        """Another need has raised this one."""
        self._pending += 1
        self._begin(slot, 0, kind, severity, reason)

    def takes_up_again(self, given_up: Episode) -> Episode:
        """Take up a need again that was given up: as a new episode, since the old one has ended."""
        given_up.is_superseded = True
        self._unmet -= 1
        self._pending += 1
        severity = given_up.severity(self.model.calendar.now, self.model.severity_growth)
        slot, recurrence = given_up.slot, given_up.recurrence + 1
        episode = self._new_episode(slot, recurrence, given_up.kind, severity, Reason.CRISIS)
        episode.missed_at = given_up.missed_at
        return episode

    def _begin(self, slot: int, recurrence: int, kind: int, severity: float, reason: Reason = Reason.NONE) -> None:
        self._new_episode(slot, recurrence, kind, severity, reason)
        self.take_up_needs()

    def _new_episode(self, slot: int, recurrence: int, kind: int, severity: float, reason: Reason) -> Episode:
        model = self.model
        self._pending -= 1
        episode = Episode(model.next_episode(), self, slot, recurrence, kind, model.calendar.now, severity)
        self.episodes.append(episode)
        self.idle += 1
        self._record(Activity.ONSET, episode, reason=reason, other=kind, detail=severity)
        if model.unmet.matters:
            model.unmet.watch(episode)
        return episode

    # --- pursuing ---------------------------------------------------------------------------------------------

    def idle_episodes(self) -> list[Episode]:
        """Return the needs that have arisen and are not being pursued, most severe first."""
        idle = [episode for episode in self.episodes if episode.state is State.IDLE]
        if len(idle) > 1:
            idle.sort(key=lambda episode: (-episode.onset_severity, episode.number))
        return idle

    def take_up_needs(self) -> None:
        """Pursue as many needs as the citizen can at once; all of them if somebody helps."""
        if self._is_taking_up:
            # Called from within, because a need was settled at once: the loop below goes on with the time that is free.
            return
        self._is_taking_up = True
        while self.idle and (self._pursued < self.model.bandwidth or self.navigator is not None):
            episode = self.episodes[0] if len(self.episodes) == 1 else self.idle_episodes()[0]
            self.pursue(episode)
            self.seek(episode)
        self._is_taking_up = False

    def pursue(self, episode: Episode) -> None:
        """Start to pursue a need."""
        episode.state = State.PURSUED
        self.idle -= 1
        self._pursued += 1

    def seek(self, episode: Episode) -> None:
        """Go to a first door: with help to the right one, else as the rule of entry has it."""
        if episode.refused:
            episode.avoided |= episode.refused
            episode.refused = frozenset()
        door = self.navigator.right_door(episode) if self.navigator is not None else None
        if door is None:
            door = self.rules.entry.first_door(episode)
        episode.tries += 1
        if door is None:
            self.suffer_setback(episode, Reason.NONE, None)
            return
        self._record(Activity.SOUGHT, episode, door)
        door.greet(episode)

    def meets_provider(self) -> None:
        """Speak to a worker, who may put the citizen on the navigators' list."""
        if self.considered_for != self.rules.navigation.name:
            self.model.navigators.consider(self)

    # --- setbacks ---------------------------------------------------------------------------------------------

    def suffer_setback(self, episode: Episode, reason: Reason, provider: Provider | None) -> None:
        """An attempt fails that was no handoff."""
        followed = self.recover(episode, reason, None, Noticed.NONE)
        self._record(Activity.SETBACK, episode, provider, reason, followed)

    def recover(self, episode: Episode, reason: Reason, handoff: Handoff | None, noticed: Noticed) -> Followed:
        """Arrange for what follows a failed attempt, and say what it is.

        In this order: a navigator acts; the receiver hands on (where every door that says no does); the sender
        chases, though not a citizen who has left a queue for good; the citizen tries again, with the probability of
        their persistence; the citizen gives up.
        """
        model = self.model
        occasion = episode.setbacks
        episode.setbacks += 1
        persists = happens(self.key, episode.address, Decision.PERSIST, occasion, self.persistence)
        if self._is_followed_up(episode, occasion):
            self._act_again(episode, handoff)
            return Followed.SENT_AGAIN
        if handoff is not None and self.rules.entry.always_hands_on and reason in REFUSALS:
            self.later(0.0, Phase.ARRIVE, type(handoff).hand_on_from_receiver, handoff)
            return Followed.SENT_AGAIN
        if handoff is not None and handoff.may_be_chased() and (persists or reason is not Reason.ABANDONED_WAIT):
            self.later(model.chase_days, Phase.ARRIVE, type(handoff).send_again, handoff)
            return Followed.SENT_AGAIN
        in_vain = model.unaware_days if reason is Reason.NOT_TRANSMITTED and noticed is Noticed.NOBODY else 0.0
        if persists:
            days = exponential(self.key, episode.address, Decision.RETRY_DAYS, occasion, model.retry_days)
            self.later(in_vain + days, Phase.ARRIVE, self.seek, episode)
            return Followed.TRIED_AGAIN
        self.later(in_vain, Phase.ARRIVE, self.give_up, episode)
        return Followed.GAVE_UP

    def _is_followed_up(self, episode: Episode, occasion: int) -> bool:
        """Return whether a navigator acts on a setback."""
        return self.navigator is not None and happens(
            self.key, episode.address, Decision.NAVIGATOR_FOLLOW_UP, occasion, self.navigator.follow_up
        )

    def _act_again(self, episode: Episode, handoff: Handoff | None) -> None:
        """The navigator has the same handoff made again, or finds another door where the receiver said no."""
        days = self.model.chase_days
        if handoff is None or handoff.receiver.number in episode.refused:
            self.later(days, Phase.ARRIVE, self.seek, episode)
        else:
            self.later(days, Phase.ARRIVE, type(handoff).send_again, handoff)

    def give_up(self, episode: Episode) -> None:
        """Stop pursuing a need; there is time for another one."""
        episode.state = State.GAVE_UP
        self._record(Activity.GAVE_UP, episode)
        self._unmet += self.model.unmet.matters
        self._settled()
        self._leave_if_done()

    # --- support ----------------------------------------------------------------------------------------------

    def is_supported(self, episode: Episode) -> None:
        """Support starts: the clock stops; there is time for another need."""
        episode.state = State.SUPPORTED
        self._pending += 1
        self._settled()

    def support_ends(self, episode: Episode) -> None:
        """Support ends: the need is resolved, or returns after a lag."""
        need = self.model.needs[episode.kind]
        self._pending -= 1
        chance = need.return_probability
        if chance > 0.0 and happens(self.key, episode.address, Decision.RETURN, 0, chance):
            days = exponential(self.key, episode.address, Decision.RETURN_DAYS, 0, need.return_days)
            self._pending += 1
            self.later(days, Phase.ARRIVE, self.need_returns, episode)
        self._leave_if_done()

    def need_returns(self, episode: Episode) -> None:
        """A need that was resolved is there again, as a new episode."""
        self._begin(episode.slot, episode.recurrence + 1, episode.kind, episode.onset_severity)

    def _settled(self) -> None:
        self._pursued -= 1
        if self.navigator is not None:
            self.navigator.review(self)
        if self.idle:
            self.take_up_needs()

    def _leave_if_done(self) -> None:
        if self._pending == 0 and self._pursued == 0 and self._unmet == 0 and self.idle == 0:
            if self.considered_for:
                self.model.navigators.forget(self)
            self.remove()
            self.episodes.clear()

    def remove(self) -> None:
        """Leave the model."""
        del self._register[self]

    # --- the calendar and the ledger --------------------------------------------------------------------------

    def later(self, days: float, phase: Phase, action: Callable[[Any], None], argument: Any) -> None:
        """Schedule something for this citizen; the key is the citizen's own count, so others change nothing."""
        self._events += 1
        self._calendar.schedule_in(days, phase, self._events, action, argument)

    def _record(
        self,
        activity: int,
        episode: Episode,
        provider: Provider | None = None,
        reason: int = 0,
        followed: int = 0,
        other: int = NOBODY,
        detail: float = 0.0,
    ) -> None:
        number = NOBODY if provider is None else provider.number
        code = activity | reason << 8 | followed << 24
        self._ledger.write(self._calendar.now, code, self.row, episode.number, number, NOBODY, other, detail)
