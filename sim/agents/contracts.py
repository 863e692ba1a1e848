"""Contracts of a provider: they end, may lapse for a while, and each end costs staff."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sim.agents.desk import Desk
from sim.codes import Activity, Decision
from sim.direct import absorb, exponential, happens, uniform, vacant_places
from sim.draws import MASK
from sim.events import Phase
from sim.native import mypyc_attr
from sim.schema.tables import Sector

if TYPE_CHECKING:
    from sim.agents.provider import Provider
    from sim.model import JourneyModel


class Vacancy(NamedTuple):
    """Places of a service for which there is nobody."""

    desk: Desk
    places: int


@mypyc_attr(serializable=True, allow_interpreted_subclasses=True)
class Contracts:
    """The cycle of contracts of one provider.

    Attributes:
        provider: Whose contracts they are.
    """

    def __init__(self, model: JourneyModel, provider: Provider, days: float) -> None:
        self.model = model
        self.provider = provider
        self._days = days
        self._key = absorb(model.world, provider.key)
        self._ended = 0
        self._closed_until = 0.0
        effects, sector = model.parameters.barrier_effects, provider.sector
        self._effects = effects
        self._lapse, self._turnover = {
            Sector.PUBLIC: (effects.funding_lapse_public, effects.funding_turnover_public),
            Sector.PRIVATE: (effects.funding_lapse_private, effects.funding_turnover_private),
            Sector.VOLUNTARY: (effects.funding_lapse_voluntary, effects.funding_turnover_voluntary),
        }[sector]

    def start(self) -> None:
        """Arrange for the first end of a contract: any day of it is equally likely to be today."""
        phase = uniform(self._key, 0, Decision.CONTRACT_PHASE, 0)
        self.provider.later(phase * self._days, Phase.FUNDING, Contracts.end, self)

    def end(self) -> None:
        """The contract ends: staff leave; it may lapse for a while, and the waiting list may be lost."""
        key, occasion, effects = self._key, self._ended, self._effects
        level = self.provider.funding_level()
        self._ended += 1
        self.provider.later(self._days, Phase.FUNDING, Contracts.end, self)
        self._lose_staff(level, occasion)
        if happens(key, 0, Decision.CONTRACT_LAPSE, occasion, level * self._lapse):
            self._close(level * exponential(key, 0, Decision.CLOSURE_DAYS, occasion, effects.funding_gap_days))
            if happens(key, 0, Decision.LIST_LOST, occasion, level * effects.funding_list_lost):
                for service in self.provider.services:
                    service.lose_list()

    def reopen(self) -> None:
        """A new contract starts, unless a further lapse keeps the doors closed: those who still wait are served."""
        provider = self.provider
        if provider.is_closed and self.model.calendar.now >= self._closed_until:
            provider.is_closed = False
            provider.record(Activity.SERVICE_OPENED)
            for service in provider.services:
                service.call_next()

    def _close(self, days: float) -> None:
        provider, now = self.provider, self.model.calendar.now
        self._closed_until = max(self._closed_until, now + days)
        if not provider.is_closed:
            provider.is_closed = True
            provider.record(Activity.SERVICE_CLOSED)
        provider.later(self._closed_until - now, Phase.FUNDING, Contracts.reopen, self)

    def _lose_staff(self, level: float, occasion: int) -> None:
        share = level * self._turnover
        mean = level * self._effects.funding_vacancy_days
        if share <= 0.0 or mean <= 0.0:
            return
        days = exponential(self._key, 0, Decision.VACANCY_DAYS, occasion, mean)
        for service in self.provider.services:
            luck = uniform(self._key, 0, Decision.TURNOVER, (service.key + occasion) & MASK)
            places = vacant_places(float(service.funded), share, luck)
            if places:
                service.vacant += places
                service.set_places()
                self.provider.later(days, Phase.FUNDING, _fill, Vacancy(service, places))


def _fill(vacancy: Vacancy) -> None:
    vacancy.desk.vacant -= vacancy.places
    vacancy.desk.set_places()
