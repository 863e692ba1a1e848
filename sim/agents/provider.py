"""A provider: an organisation with a door, desks, and workers who know part of the landscape."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from sim.agents.contracts import Contracts
from sim.agents.episode import State
from sim.agents.handoff import Handoff
from sim.codes import Activity, Decision, Reason
from sim.direct import happens, referral_threshold
from sim.draws import MASK, key_of
from sim.events import Phase
from sim.mesa_model import LightAgent
from sim.native import mypyc_attr
from sim.schema.tables import FRONT_DOOR, ProviderRow

if TYPE_CHECKING:
    from sim.agents.citizen import Citizen
    from sim.agents.episode import Episode
    from sim.agents.service import Service
    from sim.model import JourneyModel

_EVENTS_EACH = 1 << 24


@mypyc_attr(serializable=True, allow_interpreted_subclasses=True)
class Provider(LightAgent):
    """One organisation.

    Attributes:
        number: Row in the outcomes; the rows of providers.csv come first.
        turn: Place among the providers when several have an event at one time; it does not depend on the tables' order.
        name: Unique name.
        key: Address of the provider, the same in every landscape.
        sector: public, private or voluntary.
        profession: Its profession.
        nominal: Districts (rows) that it says it covers.
        covered: Districts that it does cover now.
        local: What the own rules of a district add to its thresholds now, by district.
        hub: The hub or team to which it belongs, or None.
        is_front_door: Whether it is the single front door, whose work is coordination.
        visibility: Weight as a first door.
        record_system: Name of its record system, or None.
        assessment: Its assessment desk for each kind of need, or None.
        support: Its support desk for each kind of need, or None.
        services: All its desks, but those for crises.
        size: Weight among receivers of handoffs: 1 plus its places for support that are funded now.
        is_closed: Whether its contract has lapsed.
    """

    model: JourneyModel

    def __init__(self, model: JourneyModel, number: int, row: ProviderRow, nominal: frozenset[int]) -> None:
        super().__init__(model)
        self.number = number
        self.turn = number
        self.name = row.provider
        self.key = key_of("provider", row.provider)
        self.sector = row.sector
        self.profession = row.profession
        self.nominal = nominal
        self.covered = nominal
        self.local: dict[int, float] = {}
        self.visibility = row.visibility
        self.record_system = row.record_system
        self.hub = row.hub
        self.is_front_door = row.provider == FRONT_DOOR
        kinds = len(model.scenario.tables.needs)
        self.assessment: list[Service | None] = [None] * kinds
        self.support: list[Service | None] = [None] * kinds
        self.services: list[Service] = []
        self.size = 1.0
        self.is_closed = False
        self.contracts = None if row.contract_days is None else Contracts(model, self, row.contract_days)
        self._events = 0

    # --- the door ---------------------------------------------------------------------------------------------

    def greet(self, episode: Episode, handoff: Handoff | None = None) -> None:
        """Somebody comes to the door, by themselves or by a handoff: let them in or say no."""
        if self.model.is_navigated:
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
        episode.refused |= {self.number}
        if handoff is not None:
            handoff.attend()
        self.hand_on(episode)

    def why_not(self, episode: Episode, desk: Service | None, handoff: Handoff | None) -> Reason:
        """Ask the four questions of the door, in this order, and return the first no, or NONE.

        Do you live in our area? Do we do this? Are you above our threshold (and, for a referral from another
        profession, do we trust it)? Are we open, and is there room on the list?
        """
        if episode.citizen.district not in self.covered:
            return Reason.OUT_OF_AREA
        if not self.serves(episode):
            return Reason.WRONG_DOOR
        threshold = 0.0
        if desk is not None:
            threshold = self._threshold(desk, episode) if self.local else desk.threshold
        model = self.model
        distrust = 0.0 if handoff is None else self._distrust(episode, handoff)
        if distrust > 0.0:
            added = distrust * model.culture_threshold
            threshold = referral_threshold(threshold, added)
        if threshold > 0.0 and episode.severity(model.calendar.now, model.severity_growth) < threshold:
            return Reason.BELOW_THRESHOLD
        if distrust > 0.0 and self._declines(episode, distrust):
            return Reason.DECLINED
        if self.is_closed:
            return Reason.SERVICE_CLOSED
        if desk is not None and desk.is_full:
            return Reason.LIST_FULL
        return Reason.NONE

    def serves(self, episode: Episode) -> bool:
        """Return whether this is a door for this need, at this point of the journey."""
        if self.assessment[episode.kind] is not None:
            return True
        support = self.support[episode.kind]
        return support is not None and (not support.assessed_first or bool(episode.assessed_at))

    def turn_away(self, episode: Episode, reason: Reason, handoff: Handoff | None = None) -> None:
        """Say no, with the reason; who came by themselves may be handed on to somebody else."""
        episode.refused |= {self.number}
        self.record(Activity.TURNED_AWAY, episode, reason)
        if handoff is not None:
            handoff.drop(reason)
            return
        model = self.model
        occasion = (self.key + episode.tries) & MASK
        hands_on = episode.citizen.rules.entry.always_hands_on or happens(
            episode.citizen.key, episode.address, Decision.REDIRECT, occasion, model.redirect
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
        rules, model = episode.citizen.rules, self.model
        if rules.delivery.assesses_together and any(
            rules.delivery.are_together(holder, self) for holder in episode.assessed_at
        ):
            return True
        holders = [holder for holder in episode.assessed_at if rules.records.shares(holder, self)]
        if not holders:
            return False
        level = min(rules.levels.data_sharing.between(holder, self, self) for holder in holders)
        unseen = level * model.data_unseen
        occasion = (self.key + len(episode.assessed_at)) & MASK
        return not happens(episode.citizen.key, episode.address, Decision.RECORD_SEEN, occasion, unseen)

    def conclude_assessment(self, episode: Episode) -> None:
        """The assessment is over: support here, or a handoff; other needs may have been found."""
        episode.assessed_at += (self,)
        assessed = [episode]
        if self.hub is not None and episode.citizen.rules.delivery.assesses_together:
            assessed += self._assess_too(episode.citizen)
        for one in assessed:
            self._support_or_hand_on(one)
        self._find_other_needs(episode)

    def _support_or_hand_on(self, episode: Episode) -> None:
        support = self.support[episode.kind]
        if support is None:
            self.hand_on(episode)
            return
        severity = episode.severity(self.model.calendar.now, self.model.severity_growth)
        if severity < self._threshold(support, episode):
            self.turn_away(episode, Reason.BELOW_THRESHOLD)
        elif support.is_full:
            self.turn_away(episode, Reason.LIST_FULL)
        else:
            support.join(episode)

    def _assess_too(self, citizen: Citizen) -> list[Episode]:
        """The assessment of a team was for all idle needs that the team supports: they are pursued in parallel."""
        others = [episode for episode in citizen.idle_episodes() if self._team_supports(episode)]
        for episode in others:
            self.record(Activity.FOUND, episode)
            citizen.pursue(episode)
            episode.assessed_at += (self,)
        return others

    def _team_supports(self, episode: Episode) -> bool:
        rules, landscape = episode.citizen.rules, self.model.landscape
        return any(
            provider is self or rules.delivery.are_together(self, provider)
            for provider in landscape.supporting(episode)
        )

    def _find_other_needs(self, assessed: Episode) -> None:
        citizen = assessed.citizen
        if citizen.idle == 0:
            return
        chance = self.model.finding
        for episode in citizen.idle_episodes():
            occasion = (self.key + (assessed.address << 8) + len(assessed.assessed_at)) & MASK
            found = happens(citizen.key, episode.address, Decision.FINDING, occasion, chance)
            # What was done about one need may have led to another being taken up.
            if found and episode.state is State.IDLE:
                self.record(Activity.FOUND, episode)
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
            self.record(Activity.NOWHERE_TO_SEND, episode)
            episode.citizen.suffer_setback(episode, Reason.NONE, self)
        else:
            Handoff(self.model, episode, self, receiver, chases).make()

    def whom_to_send_to(self, episode: Episode) -> Provider | None:
        """Return the provider that a worker here would send to, or None.

        Of the providers that they know, those that offer what is needed in the district at this severity are
        considered, bigger ones more often; those with whom they work together, if there are any, before others. Who
        knows of none may guess among those that they do not know.
        What barriers have changed in secret (catchments, thresholds, closures) is not known.
        """
        model, landscape = self.model, self.model.landscape
        occasion = episode.receivers_sought
        episode.receivers_sought += 1
        severity = episode.severity(model.calendar.now, model.severity_growth)
        rules = episode.citizen.rules
        suitable = [
            provider
            for threshold, provider in landscape.known_to(self, episode, rules)
            if severity >= threshold and provider is not self and provider.number not in episode.refused
        ]
        suitable = [provider for provider in suitable if rules.delivery.are_together(self, provider)] or suitable
        if suitable:
            return model.choose(episode, Decision.CHOICE_OF_RECEIVER, occasion, suitable, "size")
        unfamiliar = self._unfamiliar(episode)
        guess = model.guess
        if unfamiliar and happens(episode.citizen.key, episode.address, Decision.GUESS, occasion, guess):
            return model.choose(episode, Decision.CHOICE_OF_RECEIVER, occasion, unfamiliar, "size")
        return None

    def _unfamiliar(self, episode: Episode) -> Sequence[Provider]:
        landscape, rules = self.model.landscape, episode.citizen.rules
        if rules.levels.learning.is_nowhere():
            return ()
        return [
            provider
            for provider in landscape.unfamiliar_to(self, rules)
            if provider is not self and provider.number not in episode.refused
        ]

    def _threshold(self, desk: Service, episode: Episode) -> float:
        """Return the threshold of a desk in the citizen's district, whose own rules may add to it."""
        return referral_threshold(desk.threshold, self.local.get(episode.citizen.district, 0.0))

    def _distrust(self, episode: Episode, handoff: Handoff) -> float:
        """Return 1 - trust in the sender, 0 to 1: nothing within a profession, or among those who work together."""
        sender, rules = handoff.sender, episode.citizen.rules
        if sender.profession == self.profession or rules.delivery.are_together(sender, self):
            return 0.0
        return rules.levels.culture.between(sender, self, self)

    def _declines(self, episode: Episode, distrust: float) -> bool:
        chance = distrust * self.model.culture_declined
        occasion = (self.key + episode.handoffs) & MASK
        return happens(episode.citizen.key, episode.address, Decision.DECLINE, occasion, chance)

    # --- staff and funding ------------------------------------------------------------------------------------

    def owe(self, staff_days: float, kind: int | None = None) -> None:
        """Staff have coordination to do, at the desk for a kind of need if there is one with staff.

        Under an equal budget it takes their time away from people; otherwise it comes on top.
        """
        if staff_days <= 0.0 or not self.model.services_pay:
            return
        own = () if kind is None else (self.assessment[kind], self.support[kind])
        desk = next((desk for desk in own if desk is not None and desk.staff > 0.0), None)
        if desk is None:
            staffed = [service for service in self.services if service.staff > 0.0]
            desk = max(staffed, key=lambda service: (service.funded * service.staff, service.key), default=None)
        if desk is not None:
            desk.owe(staff_days)

    @property
    def has_staff(self) -> bool:
        """Whether any of its services has staff who can do coordination."""
        return any(service.staff > 0.0 for service in self.services)

    def funding_level(self) -> float:
        """Return the level of short-term funding now: the mean over its districts."""
        rules = self.model.rules
        levels = [rules[district].levels.funding.of(self) for district in self.nominal]
        # Exact, so that the order of the districts does not matter to the last bit.
        return math.fsum(levels) / len(levels)

    # --- the calendar and the ledger --------------------------------------------------------------------------

    def later(self, days: float, phase: Phase, action: Callable[[Any], None], argument: Any) -> None:
        """Schedule something for this provider; keys below 0 keep it apart from citizens."""
        self._events += 1
        key = -(self.turn + 1) * _EVENTS_EACH - self._events
        self.model.calendar.schedule_in(days, phase, key, action, argument)

    def record(self, activity: Activity, episode: Episode | None = None, reason: Reason = Reason.NONE) -> None:
        """Enter something into the ledger that happened here."""
        citizen, number = (-1, -1) if episode is None else (episode.citizen.row, episode.number)
        self.model.ledger.record(self.model.calendar.now, activity, citizen, number, self.number, reason=reason)
