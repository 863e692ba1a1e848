"""A service: one desk of a provider, with a queue and a number of places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.agents.spell import Spell
from sim.codes import Activity, Decision, Reason
from sim.draws import absorb, exponential, happens, key_of
from sim.events import Phase
from sim.ledger import NOBODY
from sim.rules.waiting import EXPONENTIAL, FIXED, LOGNORMAL, attends, expected_wait, service_days
from sim.schema.tables import Duration, ServiceRow, Stage

if TYPE_CHECKING:
    from sim.agents.episode import Episode
    from sim.agents.provider import Provider
    from sim.model import JourneyModel

_KINDS = {Duration.EXPONENTIAL: EXPONENTIAL, Duration.LOGNORMAL: LOGNORMAL, Duration.FIXED: FIXED}


class Service:
    """One desk.

    Attributes:
        number: Row in the outcomes; the rows of services.csv come first.
        name: Unique name.
        key: Address of the desk, the same in every landscape.
        provider: Whose desk it is.
        is_support: Whether it supports (else it assesses).
        assessed_first: Whether it supports only those who have been assessed.
        places: People served at once.
        threshold: Severity below which people are turned away.
        taken: Places taken now.
        queue: Who waits.
    """

    def __init__(self, model: JourneyModel, provider: Provider, number: int, row: ServiceRow) -> None:
        self.model = model
        self.provider = provider
        self.number = number
        self.name = row.service
        self.key = key_of("service", row.service)
        self.is_support = row.stage is Stage.SUPPORT
        self.assessed_first = row.assessed_first
        self.places = row.places
        self.threshold = row.threshold
        self.taken = 0
        self.queue = model.discipline(absorb(model.world, self.key))
        self._time = (_KINDS[row.service_time], row.service_days, row.service_cv)
        journey = model.parameters.journey
        self._missed_slot = min(row.service_days, journey.missed_slot_days)
        self._journey = journey

    def join(self, episode: Episode) -> None:
        """An episode joins the queue; its spell starts."""
        now = self.model.calendar.now
        spell = Spell(episode, self, now)
        self._record(Activity.JOINED, spell)
        citizen = episode.citizen
        borne = exponential(citizen.key, episode.address, Decision.WAIT_BORNE, spell.occasion, citizen.patience)
        citizen.later(borne, Phase.LEAVE, self.lose_patience, spell)
        self.queue_up(spell)

    def queue_up(self, spell: Spell) -> None:
        """Put a spell in the queue, unless it has left meanwhile."""
        if not spell.is_over:
            spell.is_queued = True
            self.queue.push(spell)
            self.call_next()

    def call_next(self) -> None:
        """Offer appointments while there are places and people waiting."""
        while self.taken < self.places and len(self.queue) and not self.provider.is_closed:
            spell = self.queue.pop()
            spell.is_queued = False
            self.taken += 1
            if self._is_attended(spell):
                self._start(spell)
            else:
                self._miss(spell)

    def free_place(self) -> None:
        """A place comes free and goes to whoever is next."""
        self.taken -= 1
        self.call_next()

    def expected_wait(self) -> float:
        """Return the days that somebody who joins now may expect to wait."""
        return expected_wait(len(self.queue), self.taken, self.places, self._time[1])

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
        self._record(Activity.LEFT, spell, reason)
        episode = spell.episode
        if episode.handoff is not None:
            episode.handoff.drop(reason)
        else:
            episode.citizen.suffer_setback(episode, reason, self.provider)

    def lose_list(self) -> None:
        """Everybody who waits has to leave: the service has closed."""
        for spell in tuple(self.queue):
            self.leave(spell, Reason.SERVICE_CLOSED)

    def _is_attended(self, spell: Spell) -> bool:
        episode, journey = spell.episode, self._journey
        citizen, handoff = episode.citizen, episode.handoff
        help_odds = 1.0 if handoff is None else handoff.mode.numbers.attendance_odds
        if citizen.navigator is not None:
            help_odds *= citizen.navigator.attendance_odds
        return attends(
            citizen.key,
            episode.address,
            Decision.ATTENDANCE,
            spell.appointment(),
            journey.attendance,
            journey.attendance_odds_week,
            self.model.calendar.now - spell.joined,
            journey.attendance_odds_capability,
            citizen.capability,
            help_odds,
        )

    def _miss(self, spell: Spell) -> None:
        """The appointment is missed: the place is wasted; another one may be offered."""
        citizen, episode = spell.episode.citizen, spell.episode
        self._record(Activity.MISSED, spell, detail=self._missed_slot)
        citizen.later(self._missed_slot, Phase.RELEASE, Service.free_place, self)
        occasion = spell.appointment()
        spell.missed += 1
        if happens(citizen.key, episode.address, Decision.REBOOKING, occasion, self._journey.rebook):
            citizen.later(self._journey.rebook_days, Phase.ARRIVE, self.queue_up, spell)
        else:
            self.leave(spell, Reason.DID_NOT_ATTEND)

    def _start(self, spell: Spell) -> None:
        spell.is_over = True
        episode = spell.episode
        citizen = episode.citizen
        if episode.handoff is not None:
            episode.handoff.attend()
        kind, mean, cv = self._time
        days = service_days(citizen.key, episode.address, Decision.SERVICE_DAYS, spell.occasion, kind, mean, cv)
        if self.is_support:
            self._record(Activity.SUPPORT_STARTED, spell)
            citizen.later(days, Phase.RELEASE, self._end_support, spell)
            citizen.is_supported(episode)
        else:
            self._record(Activity.ASSESSMENT_STARTED, spell)
            citizen.later(days, Phase.RELEASE, self._end_assessment, spell)

    def _end_assessment(self, spell: Spell) -> None:
        self._record(Activity.ASSESSMENT_ENDED, spell)
        self.free_place()
        self.provider.conclude_assessment(spell.episode)

    def _end_support(self, spell: Spell) -> None:
        self._record(Activity.SUPPORT_ENDED, spell)
        self.free_place()
        spell.episode.citizen.support_ends(spell.episode)

    def _record(self, activity: Activity, spell: Spell, reason: int = 0, detail: float = 0.0) -> None:
        episode = spell.episode
        self.model.ledger.record(
            self.model.calendar.now,
            activity,
            episode.citizen.row,
            episode.number,
            self.provider.number,
            self.number,
            NOBODY,
            reason,
            0,
            0,
            detail,
        )
