"""A provider: an organisation with a door, desks, and workers who know part of the landscape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from mesa import Agent

from sim.agents.episode import State
from sim.agents.handoff import Handoff
from sim.codes import Activity, Decision, Reason
from sim.draws import MASK, absorb, exponential, happens, key_of, uniform
from sim.events import Phase
from sim.rules.doors import referral_threshold
from sim.schema.tables import ProviderRow, Sector

if TYPE_CHECKING:
    from sim.agents.episode import Episode
    from sim.agents.service import Service
    from sim.model import JourneyModel

_EVENTS_EACH = 1 << 24


class Provider(Agent):
    """One organisation.

    Attributes:
        number: Row in the outcomes; the rows of providers.csv come first.
        name: Unique name.
        key: Address of the provider, the same in every landscape.
        sector: public, private or voluntary.
        profession: Its profession.
        nominal: Districts (rows) that it says it covers.
        covered: Districts that it does cover.
        visibility: Weight as a first door.
        record_system: Name of its record system, or None.
        assessment: Its assessment desk for each kind of need, or None.
        support: Its support desk for each kind of need, or None.
        services: All its desks.
        size: Weight among receivers of handoffs: 1 plus its places for support.
        is_closed: Whether its contract has lapsed.
    """

    model: JourneyModel

    def __init__(
        self,
        model: JourneyModel,
        number: int,
        row: ProviderRow,
        nominal: frozenset[int],
        covered: frozenset[int],
    ) -> None:
        super().__init__(model)
        self.number = number
        self.name = row.provider
        self.key = key_of("provider", row.provider)
        self.sector = row.sector
        self.profession = row.profession
        self.nominal = nominal
        self.covered = covered
        self.visibility = row.visibility
        self.record_system = row.record_system
        self.contract_days = row.contract_days
        kinds = len(model.scenario.tables.needs)
        self.assessment: list[Service | None] = [None] * kinds
        self.support: list[Service | None] = [None] * kinds
        self.services: list[Service] = []
        self.size = 1.0
        self.is_closed = False
        self._contracts = 0
        self._events = 0
        self._closed_until = 0.0

    # --- the door ---------------------------------------------------------------------------------------------

    def greet(self, episode: Episode, handoff: Handoff | None = None) -> None:
        """Somebody comes to the door, by themselves or by a handoff: let them in or say no."""
        episode.citizen.meets_provider()
        desk = self.first_desk(episode)
        reason = self.why_not(episode, desk, handoff)
        if reason:
            self.turn_away(episode, reason, handoff)
            return
        if handoff is not None:
            handoff.accept()
        if desk is not None:
            desk.join(episode)
            return
        # There is nothing left to do here (the need has been assessed): straight on to somebody who supports, and
        # no sending back here in this try.
        episode.refused.add(self.number)
        if handoff is not None:
            handoff.attend()
        self.hand_on(episode)

    def why_not(self, episode: Episode, desk: Service | None, handoff: Handoff | None) -> Reason:
        """Ask the four questions of the door, in this order, and return the first no, or NONE.

        Do you live in our area? Do we do this? Are you above our threshold (and, for a referral from another
        profession, do we trust it)? Are we open?
        """
        if episode.citizen.district not in self.covered:
            return Reason.OUT_OF_AREA
        if not self.serves(episode):
            return Reason.WRONG_DOOR
        threshold = 0.0 if desk is None else desk.threshold
        model = self.model
        is_foreign = handoff is not None and handoff.sender.profession != self.profession
        if is_foreign:
            added = model.culture * model.parameters.barrier_effects.culture_threshold
            threshold = referral_threshold(threshold, added)
        if threshold > 0.0 and episode.severity(model.calendar.now, model.severity_growth) < threshold:
            return Reason.BELOW_THRESHOLD
        if is_foreign and self._declines(episode):
            return Reason.DECLINED
        if self.is_closed:
            return Reason.SERVICE_CLOSED
        return Reason.NONE

    def serves(self, episode: Episode) -> bool:
        """Return whether this is a door for this need, at this point of the journey."""
        if self.assessment[episode.kind] is not None:
            return True
        support = self.support[episode.kind]
        return support is not None and (not support.assessed_first or bool(episode.assessed_at))

    def turn_away(self, episode: Episode, reason: Reason, handoff: Handoff | None = None) -> None:
        """Say no, with the reason; who came by themselves may be handed on to somebody else."""
        episode.refused.add(self.number)
        self._record(Activity.TURNED_AWAY, episode, reason)
        if handoff is not None:
            handoff.drop(reason)
            return
        model = self.model
        occasion = (self.key + episode.tries) & MASK
        hands_on = model.entry.always_hands_on or happens(
            episode.citizen.key, episode.address, Decision.REDIRECT, occasion, model.parameters.journey.redirect
        )
        if hands_on:
            self.hand_on(episode)
        else:
            episode.citizen.suffer_setback(episode, reason, self)

    # --- the desks --------------------------------------------------------------------------------------------

    def first_desk(self, episode: Episode) -> Service | None:
        """Return the desk where an episode starts here: assessment unless a record of one can be seen."""
        assessment = self.assessment[episode.kind]
        if assessment is not None and not self.sees_record(episode):
            return assessment
        return self.support[episode.kind]

    def expected_wait(self, episode: Episode) -> float:
        """Return the days that an episode may expect to wait at the desks that it still needs here."""
        desks = {self.first_desk(episode), self.support[episode.kind]}
        return sum(desk.expected_wait() for desk in desks if desk is not None)

    def sees_record(self, episode: Episode) -> bool:
        """Return whether a record of an assessment of this need can be seen here."""
        if not episode.assessed_at:
            return False
        if self in episode.assessed_at:
            return True
        model = self.model
        if not any(model.records.shares(holder, self) for holder in episode.assessed_at):
            return False
        unseen = model.parameters.barriers.data_sharing * model.parameters.barrier_effects.data_unseen
        occasion = (self.key + len(episode.assessed_at)) & MASK
        return not happens(episode.citizen.key, episode.address, Decision.RECORD_SEEN, occasion, unseen)

    def conclude_assessment(self, episode: Episode) -> None:
        """The assessment is over: support here, or a handoff; other needs may have been found."""
        episode.assessed_at.append(self)
        support = self.support[episode.kind]
        if support is None:
            self.hand_on(episode)
        elif episode.severity(self.model.calendar.now, self.model.severity_growth) < support.threshold:
            self.turn_away(episode, Reason.BELOW_THRESHOLD)
        else:
            support.join(episode)
        self._find_other_needs(episode)

    def _find_other_needs(self, assessed: Episode) -> None:
        chance = self.model.parameters.journey.finding
        citizen = assessed.citizen
        for episode in citizen.idle_episodes():
            occasion = (self.key + (assessed.address << 8) + len(assessed.assessed_at)) & MASK
            found = happens(citizen.key, episode.address, Decision.FINDING, occasion, chance)
            # What was done about one need may have led to another being taken up.
            if found and episode.state is State.IDLE:
                self._record(Activity.FOUND, episode)
                citizen.pursue(episode)
                if self.serves(episode) and citizen.district in self.covered:
                    self.greet(episode)
                else:
                    self.hand_on(episode)

    # --- handing on -------------------------------------------------------------------------------------------

    def hand_on(self, episode: Episode, chases: int = 0) -> None:
        """Pass an episode on to another provider, if a worker here knows where to."""
        receiver = self.whom_to_send_to(episode)
        if receiver is None:
            self._record(Activity.NOWHERE_TO_SEND, episode)
            episode.citizen.suffer_setback(episode, Reason.NONE, self)
        else:
            Handoff(self.model, episode, self, receiver, self.model.mode_for(episode.citizen), chases).make()

    def whom_to_send_to(self, episode: Episode) -> Provider | None:
        """Return the provider that a worker here would send to, or None.

        Of the providers that they know, those that offer what is needed in the district at this severity are
        considered, bigger ones more often. Who knows of none may guess among those that they do not know.
        What barriers have changed in secret (catchments, thresholds, closures) is not known.
        """
        model, landscape = self.model, self.model.landscape
        occasion = episode.receivers_sought
        episode.receivers_sought += 1
        severity = episode.severity(model.calendar.now, model.severity_growth)
        suitable = [
            provider
            for provider in landscape.offering(episode)
            if provider is not self
            and provider.number not in episode.refused
            and severity >= landscape.threshold(provider, episode.kind)
            and landscape.knows(self, provider)
        ]
        if suitable:
            return model.choose(episode, Decision.CHOICE_OF_RECEIVER, occasion, suitable, "size")
        unfamiliar = self._unfamiliar(episode)
        guess = model.parameters.journey.guess
        if unfamiliar and happens(episode.citizen.key, episode.address, Decision.GUESS, occasion, guess):
            return model.choose(episode, Decision.CHOICE_OF_RECEIVER, occasion, unfamiliar, "size")
        return None

    def _unfamiliar(self, episode: Episode) -> Sequence[Provider]:
        landscape = self.model.landscape
        if not landscape.has_gaps_of_knowledge:
            return ()
        return [
            provider
            for provider in landscape.open_to_handoffs
            if provider is not self and provider.number not in episode.refused and not landscape.knows(self, provider)
        ]

    def _declines(self, episode: Episode) -> bool:
        chance = self.model.culture * self.model.parameters.barrier_effects.culture_declined
        occasion = (self.key + episode.handoffs) & MASK
        return happens(episode.citizen.key, episode.address, Decision.DECLINE, occasion, chance)

    # --- funding ----------------------------------------------------------------------------------------------

    def start_contracts(self) -> None:
        """Arrange for the first end of a contract, if funding ends and the barrier is there."""
        if self.contract_days is not None and self.model.parameters.barriers.funding > 0.0:
            phase = uniform(absorb(self.model.world, self.key), 0, Decision.CONTRACT_PHASE, 0)
            self._later(phase * self.contract_days, Provider.end_contract)

    def end_contract(self) -> None:
        """The contract ends; it may lapse for a while, and the waiting list may be lost."""
        assert self.contract_days is not None
        model = self.model
        effects, level = model.parameters.barrier_effects, model.parameters.barriers.funding
        lapse = {
            Sector.PUBLIC: effects.funding_lapse_public,
            Sector.PRIVATE: effects.funding_lapse_private,
            Sector.VOLUNTARY: effects.funding_lapse_voluntary,
        }[self.sector]
        key, occasion = absorb(model.world, self.key), self._contracts
        self._contracts += 1
        self._later(self.contract_days, Provider.end_contract)
        if happens(key, 0, Decision.CONTRACT_LAPSE, occasion, level * lapse):
            self._close(level * exponential(key, 0, Decision.CLOSURE_DAYS, occasion, effects.funding_gap_days))
            if happens(key, 0, Decision.LIST_LOST, occasion, level * effects.funding_list_lost):
                for service in self.services:
                    service.lose_list()

    def _close(self, days: float) -> None:
        now = self.model.calendar.now
        self._closed_until = max(self._closed_until, now + days)
        if not self.is_closed:
            self.is_closed = True
            self._record(Activity.SERVICE_CLOSED)
        self._later(self._closed_until - now, Provider.reopen)

    def reopen(self) -> None:
        """A new contract starts, unless a further lapse keeps the doors closed: those who still wait are served."""
        if self.is_closed and self.model.calendar.now >= self._closed_until:
            self.is_closed = False
            self._record(Activity.SERVICE_OPENED)
            for service in self.services:
                service.call_next()

    def _later(self, days: float, action: Callable[[Provider], None]) -> None:
        calendar = self.model.calendar
        self._events += 1
        calendar.schedule(calendar.now + days, Phase.FUNDING, self.number * _EVENTS_EACH + self._events, action, self)

    def _record(self, activity: Activity, episode: Episode | None = None, reason: Reason = Reason.NONE) -> None:
        citizen, number = (-1, -1) if episode is None else (episode.citizen.row, episode.number)
        self.model.ledger.record(self.model.calendar.now, activity, citizen, number, self.number, reason=reason)
