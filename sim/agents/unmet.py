"""While a need is unmet: crises happen, and one need may raise another.

Both are streams of candidates at the highest rate that can be, thinned to the rate that holds when a candidate comes
(Lewis and Shedler 1979): nothing is done between candidates, and what happens at one severity happens at every higher
one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.agents.crisis import Contact
from sim.codes import Activity, Decision, Reason
from sim.direct import crisis_hazard, exponential, happens, normal, race_time, raising_hazard
from sim.draws import MASK, key_of
from sim.events import Phase
from sim.ledger import NOBODY
from sim.native import mypyc_attr
from sim.rules.people import logit_normal
from sim.schema.parameters import DAYS_PER_YEAR

if TYPE_CHECKING:
    from sim.agents.crisis import CrisisDesk
    from sim.agents.episode import Episode
    from sim.model import JourneyModel

RAISED_SLOT = 1 << 12
"""Part of the slot of a need that was raised; drawn needs have lower ones. Each kind is raised once at most."""
_SLOT = (1 << 32) - 1
"""Keeps the slot of a raised need, which is made of the key of its kind, within its word of an address."""


@mypyc_attr(serializable=True, allow_interpreted_subclasses=True)
class Unmet:
    """What may happen to every unmet need of a model.

    Attributes:
        matters: Whether anything can.
    """

    def __init__(self, model: JourneyModel) -> None:
        self.model = model
        numbers = model.parameters.crises
        # Copied: to ask the parameters takes as long as a draw.
        self._base = numbers.hazard
        self._severity_ratio = numbers.severity_ratio
        self._missed_ratio = numbers.missed_ratio
        self._missed_days = numbers.missed_days
        self._raises = numbers.raises
        self._horizon = model.horizon
        self._peak = crisis_hazard(numbers.hazard, numbers.severity_ratio, 1.0, numbers.missed_ratio)
        self._raising_peak = raising_hazard(numbers.raises, DAYS_PER_YEAR, 1.0)
        self.matters = self._peak > 0.0 or self._raising_peak > 0.0
        needs = model.scenario.tables.needs
        self._kind_keys = [key_of("need", row.need) for row in needs]
        self._weights = [row.prevalence for row in needs]
        self._names = [row.need for row in needs]
        self._lifts = {frozenset((row.need, row.other)): row.lift for row in model.scenario.tables.cooccurrence}

    def watch(self, episode: Episode) -> None:
        """A need has arisen: from now on things may happen until it is supported."""
        if self._peak > 0.0:
            self._next_candidate(episode)
        if self._raising_peak > 0.0:
            self._next_raising(episode)

    # --- crises -----------------------------------------------------------------------------------------------

    def _next_candidate(self, episode: Episode) -> None:
        occasion = episode.candidates
        episode.candidates += 1
        key, address = episode.citizen.key, episode.address
        days = exponential(key, address, Decision.CRISIS_CANDIDATE, occasion, 1.0 / self._peak)
        if self.model.calendar.now + days < self._horizon:
            episode.citizen.later(days, Phase.ARRIVE, self._candidate, episode)

    def _candidate(self, episode: Episode) -> None:
        if not episode.is_unmet:
            return
        key, address, occasion = episode.citizen.key, episode.address, episode.candidates - 1
        if happens(key, address, Decision.CRISIS, occasion, self._hazard(episode) / self._peak):
            self._crisis(episode)
        self._next_candidate(episode)

    def _hazard(self, episode: Episode) -> float:
        now = self.model.calendar.now
        severity = episode.severity(now, self.model.severity_growth)
        has_missed = now - episode.missed_at <= self._missed_days
        ratio = self._missed_ratio if has_missed else 1.0
        return crisis_hazard(self._base, self._severity_ratio, severity, ratio)

    def _crisis(self, episode: Episode) -> None:
        model, citizen = self.model, episode.citizen
        desk = self._desk(episode)
        provider, service = (NOBODY, NOBODY) if desk is None else (desk.provider.number, desk.number)
        severity = episode.severity(model.calendar.now, model.severity_growth)
        model.ledger.record(
            model.calendar.now, Activity.CRISIS, citizen.row, episode.number, provider, service, detail=severity
        )
        occasion = episode.crises
        episode.crises += 1
        if desk is not None:
            desk.meet(Contact(episode, occasion))

    def _desk(self, episode: Episode) -> CrisisDesk | None:
        """Return the crisis service of the district for this kind of need, by places where there are several."""
        desks = self.model.landscape.crisis_desks(episode.kind, episode.citizen.district)
        if len(desks) <= 1:
            return desks[0] if desks else None
        key, address, occasion = episode.citizen.key, episode.address, episode.crises
        choice = Decision.CHOICE_OF_CRISIS_SERVICE
        return min(desks, key=lambda desk: race_time(key, address, choice, occasion, desk.key, 1.0 + desk.funded))

    # --- raising ----------------------------------------------------------------------------------------------

    def _next_raising(self, episode: Episode) -> None:
        occasion = episode.raisings
        episode.raisings += 1
        key, address = episode.citizen.key, episode.address
        days = exponential(key, address, Decision.RAISE_CANDIDATE, occasion, 1.0 / self._raising_peak)
        if self.model.calendar.now + days < self._horizon:
            episode.citizen.later(days, Phase.ARRIVE, self._raising_candidate, episode)

    def _raising_candidate(self, episode: Episode) -> None:
        if not episode.is_unmet:
            return
        severity = episode.severity(self.model.calendar.now, self.model.severity_growth)
        chance = raising_hazard(self._raises, DAYS_PER_YEAR, severity) / self._raising_peak
        key, address, occasion = episode.citizen.key, episode.address, episode.raisings - 1
        if happens(key, address, Decision.RAISE, occasion, chance):
            self._raise_need(episode, occasion)
        self._next_raising(episode)

    def _raise_need(self, episode: Episode, occasion: int) -> None:
        citizen = episode.citizen
        weights = {kind: self._weight(episode, kind) for kind in range(len(self._names))}
        open_kinds = [kind for kind, weight in weights.items() if weight > 0.0 and kind not in citizen.kinds]
        if not open_kinds:
            return
        key, address = citizen.key, episode.address
        kind = min(
            open_kinds,
            key=lambda k: race_time(key, address, Decision.RAISED_KIND, occasion, self._kind_keys[k], weights[k]),
        )
        row = self.model.scenario.tables.needs[kind]
        luck = normal(key, address, Decision.RAISED_SEVERITY, (occasion + self._kind_keys[kind]) & MASK)
        severity = logit_normal(row.severity_median, row.severity_sigma, luck)
        # By key, not by row: the order of the needs table must not matter.
        slot = RAISED_SLOT | (self._kind_keys[kind] & _SLOT)
        citizen.need_is_raised(slot, kind, severity, Reason.RAISED)

    def _weight(self, episode: Episode, kind: int) -> float:
        pair = frozenset((self._names[episode.kind], self._names[kind]))
        return self._weights[kind] * self._lifts.get(pair, 1.0)
