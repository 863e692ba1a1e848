"""Crisis services: they meet whoever comes, in order of coming, and may start a pursuit again."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from sim.agents.desk import Desk
from sim.agents.episode import Episode, State
from sim.codes import Activity, Decision
from sim.direct import happens, service_days
from sim.draws import MASK
from sim.events import Phase

if TYPE_CHECKING:
    from sim.agents.provider import Provider
    from sim.model import JourneyModel
    from sim.schema.tables import ServiceRow


class Contact(NamedTuple):
    """One crisis of one episode; ``occasion`` counts the episode's crises."""

    episode: Episode
    occasion: int


class CrisisDesk(Desk):
    """A desk for crises. Nobody is turned away, nobody leaves, and no appointment can be missed."""

    def __init__(self, model: JourneyModel, provider: Provider, number: int, row: ServiceRow) -> None:
        super().__init__(model, provider, number, row)
        self._line: deque[Contact] = deque()

    def meet(self, contact: Contact) -> None:
        """Somebody comes in a crisis."""
        self._line.append(contact)
        self.call_next()

    def set_places(self) -> None:
        """Bring the number of places up to date with funding."""
        if self._change_places(self.funded - self.vacant):
            self.call_next()

    def call_next(self) -> None:
        """See people while there are places."""
        while self.taken < self.places and self._line:
            contact = self._line.popleft()
            self.taken += 1
            self._start(contact)

    def _start(self, contact: Contact) -> None:
        episode, citizen = contact.episode, contact.episode.citizen
        self._record(Activity.CRISIS_STARTED, episode)
        kind, mean, cv = self._time
        occasion = (self.key + contact.occasion) & MASK
        days = service_days(citizen.key, episode.address, Decision.CRISIS_DAYS, occasion, kind, mean, cv)
        citizen.later(days, Phase.RELEASE, self._end, contact)

    def _end(self, contact: Contact) -> None:
        self._record(Activity.CRISIS_ENDED, contact.episode)
        self.taken -= 1
        self.call_next()
        self._restart(contact)

    def _restart(self, contact: Contact) -> None:
        """Hand on a need that nobody pursues: idle until now, or given up."""
        episode, citizen = contact.episode, contact.episode.citizen
        if episode.is_superseded or episode.state not in (State.IDLE, State.GAVE_UP):
            return
        chance = self.model.parameters.crises.restart
        if not happens(citizen.key, episode.address, Decision.RESTART, contact.occasion, chance):
            return
        if episode.state is State.GAVE_UP:
            episode = citizen.takes_up_again(episode)
        citizen.pursue(episode)
        self.provider.hand_on(episode)
