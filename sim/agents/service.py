"""A service: one desk of a provider, with a queue and a number of places."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sim.agents.desk import Desk
from sim.agents.spell import Spell
from sim.codes import Activity, Decision, Reason
from sim.direct import absorb, attends, expected_wait, exponential, happens, service_days
from sim.events import Phase
from sim.schema.tables import ServiceRow

if TYPE_CHECKING:
    from sim.agents.episode import Episode
    from sim.agents.pooling import Pool
    from sim.agents.provider import Provider
    from sim.model import JourneyModel

_LEAST_BLOCK = 0.25
"""Coordination is done in pieces of at least this many days of a place."""


class Service(Desk):
    """One desk that assesses or supports.

    Attributes:
        is_support: Whether it supports (else it assesses).
        assessed_first: Whether it supports only those who have been assessed.
        threshold: Severity below which people are turned away.
        list_limit: How many may wait; None for any number.
        queue: Who waits.
        pays: Whether its staff time pays for coordination under an equal budget.
        pool: The pool it belongs to, if any.
        lends: Whether the places of the pool move now.
        borrowed: Places of others of the pool that are here.
        away: Places of its own that are with others, or on their way.
        coming: Places on their way to it.
    """

    def __init__(
        self, model: JourneyModel, provider: Provider, number: int, desk: ServiceRow, pays: bool = True
    ) -> None:
        super().__init__(model, provider, number, desk)
        self.assessed_first = desk.assessed_first
        self.threshold = desk.threshold
        self.list_limit = desk.list_limit
        self.queue = model.discipline(absorb(model.world, self.key))
        self.pays = pays
        self.pool: Pool | None = None
        self.lends = False
        self.borrowed = 0
        self.away = 0
        self.coming = 0
        self._owed = 0.0
        # A bound method is made anew each time that it is asked for.
        self._at_end: Callable[[Episode], None] = self._end_support if self.is_support else self._end_assessment
        self._lose_patience: Callable[[Spell], None] = self.lose_patience
        journey = model.parameters.journey
        self._missed_slot = min(desk.service_days, journey.missed_slot_days)
        self._attendance = journey.attendance
        self._odds_week = journey.attendance_odds_week
        self._odds_capability = journey.attendance_odds_capability
        self._rebook = journey.rebook
        self._rebook_days = journey.rebook_days

    @property
    def is_full(self) -> bool:
        """Whether nobody more may join: no place is free, and as many wait as may."""
        return self.list_limit is not None and self.taken >= self.places and self.queue.waiting >= self.list_limit

    def join(self, episode: Episode) -> None:
        """An episode joins the queue; its spell starts."""
        spell = Spell(episode, self, self._calendar.now)
        self._record(Activity.JOINED, episode)
        if self.taken < self.places and not (self.queue.waiting or self.lends or self.provider.is_closed):
            self._offer(spell)
            if not spell.is_over:
                self._be_patient(spell)
        else:
            self._be_patient(spell)
            self.queue_up(spell)

    def _be_patient(self, spell: Spell) -> None:
        """Arrange for the end of a wait that lasts too long."""
        episode = spell.episode
        citizen = episode.citizen
        borne = exponential(citizen.key, episode.address, Decision.WAIT_BORNE, spell.occasion, citizen.patience)
        citizen.later(borne, Phase.LEAVE, self._lose_patience, spell)

    def queue_up(self, spell: Spell) -> None:
        """Put a spell in the queue, unless it has left meanwhile, or the front door has closed for good."""
        if spell.is_over:
            return
        if self.provider.is_front_door and self.provider.is_closed:
            self.leave(spell, Reason.SERVICE_CLOSED)
            return
        spell.is_queued = True
        self.queue.push(spell)
        self.call_next()

    def call_next(self) -> None:
        """Offer appointments while there are places and people waiting."""
        while self.taken < self.places and self.queue.waiting and not self.provider.is_closed:
            spell = self.queue.pop()
            spell.is_queued = False
            self._offer(spell)
        if self.lends:
            assert self.pool is not None
            self.pool.balance(self)

    def _offer(self, spell: Spell) -> None:
        """Offer a free place."""
        self.taken += 1
        if self._is_attended(spell):
            self._start(spell)
        else:
            self._miss(spell)

    def free_place(self) -> None:
        """A place comes free: staff do the coordination that they owe, or see whoever is next."""
        self.taken -= 1
        if self._owed:
            self._work_off()
        if self.queue.waiting or self.lends:
            self.call_next()

    def set_places(self) -> None:
        """Bring the number of places up to date with funding, vacancies and what is lent, and offer them."""
        if self.pool is not None and self.is_short:
            self.pool.recall(self, self.away - max(0, self.funded - self.vacant))
        if self.count_places():
            self._work_off()
            self.call_next()

    def count_places(self) -> bool:
        """Bring the number of places up to date and return whether it is another one."""
        own = max(0, self.funded - self.vacant)
        # What is borrowed does not make up for own places that are on their way and no longer paid for.
        return self._change_places(max(0, own - self.away) + self.borrowed)

    @property
    def is_short(self) -> bool:
        """Whether more places of its own are away than it still has."""
        return self.away > max(0, self.funded - self.vacant)

    def owe(self, staff_days: float) -> None:
        """Staff have coordination to do: it takes a place, at once or when one comes free.

        A place has less staff where a part of the staff time pays for coordination already.
        """
        self._owed += staff_days / (self.staff * self.model.pace if self.pays else self.staff)
        self._work_off()

    def expected_wait(self) -> float:
        """Return the days that somebody who joins now may expect to wait."""
        return expected_wait(self.queue.waiting, self.taken, self.places, self._mean_days())

    def lose_patience(self, spell: Spell) -> None:
        """The wait has lasted longer than the citizen bears, unless it is over."""
        if not spell.is_over:
            self.leave(spell, Reason.ABANDONED_WAIT)

    def leave(self, spell: Spell, reason: Reason) -> None:
        """The spell ends unserved, and with it the attempt."""
        spell.is_over = True
        if spell.is_queued:
            spell.is_queued = False
            self.queue.discard(spell)
        self._record(Activity.LEFT, spell.episode, reason)
        episode = spell.episode
        if episode.handoff is not None:
            episode.handoff.drop(reason)
        else:
            episode.citizen.suffer_setback(episode, reason, self.provider)

    def lose_list(self) -> None:
        """Everybody who waits has to leave: the service has closed."""
        for spell in tuple(self.queue):
            self.leave(spell, Reason.SERVICE_CLOSED)

    def _work_off(self) -> None:
        if self._owed >= _LEAST_BLOCK and self.taken < self.places:
            days, self._owed = self._owed, 0.0
            self.taken += 1
            self._record(Activity.COORDINATED, detail=days)
            self.provider.later(days, Phase.RELEASE, Service.free_place, self)

    def _mean_days(self) -> float:
        """Return the mean service time: longer where a part of the staff time pays for coordination."""
        return self._time[1] / self.model.pace if self.pays else self._time[1]

    def _is_attended(self, spell: Spell) -> bool:
        if self._attendance >= 1.0:
            return True
        episode = spell.episode
        citizen, handoff = episode.citizen, episode.handoff
        help_odds = 1.0 if handoff is None else handoff.mode.attendance_odds
        if citizen.navigator is not None:
            help_odds *= citizen.navigator.attendance_odds
        return attends(
            citizen.key,
            episode.address,
            Decision.ATTENDANCE,
            spell.appointment(),
            self._attendance,
            self._odds_week,
            self._calendar.now - spell.joined,
            self._odds_capability,
            citizen.capability,
            help_odds,
        )

    def _miss(self, spell: Spell) -> None:
        """The appointment is missed: the place is wasted; another one may be offered."""
        citizen, episode = spell.episode.citizen, spell.episode
        self._record(Activity.MISSED, episode, detail=self._missed_slot)
        episode.missed_at = self.model.calendar.now
        citizen.later(self._missed_slot, Phase.RELEASE, Service.free_place, self)
        occasion = spell.appointment()
        spell.missed += 1
        if happens(citizen.key, episode.address, Decision.REBOOKING, occasion, self._rebook):
            citizen.later(self._rebook_days, Phase.ARRIVE, self.queue_up, spell)
        else:
            self.leave(spell, Reason.DID_NOT_ATTEND)

    def _start(self, spell: Spell) -> None:
        spell.is_over = True
        episode = spell.episode
        citizen = episode.citizen
        if episode.handoff is not None:
            episode.handoff.attend()
        kind, mean, cv = self._time
        if self.pays:
            mean /= self.model.pace
        days = service_days(citizen.key, episode.address, Decision.SERVICE_DAYS, spell.occasion, kind, mean, cv)
        # The spell stays in the calendar until patience would have ended; the citizen need not.
        del spell.episode
        if self.is_support:
            self._record(Activity.SUPPORT_STARTED, episode)
            citizen.later(days, Phase.RELEASE, self._at_end, episode)
            citizen.is_supported(episode)
        else:
            self._record(Activity.ASSESSMENT_STARTED, episode)
            citizen.later(days, Phase.RELEASE, self._at_end, episode)

    def _end_assessment(self, episode: Episode) -> None:
        self._record(Activity.ASSESSMENT_ENDED, episode)
        self.free_place()
        self.provider.conclude_assessment(episode)

    def _end_support(self, episode: Episode) -> None:
        self._record(Activity.SUPPORT_ENDED, episode)
        self.free_place()
        episode.citizen.support_ends(episode)
