"""The town of :mod:`experiments.validation.peers.chain_numbers` in SimPy, written from ``docs/model.md``.

Each need is a process that goes from door to door; desks are SimPy's resources. Nothing of ``sim/`` is used.
"""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Generator, Iterable
from functools import cache
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
import simpy

from experiments.validation.peers import chain_numbers as numbers
from experiments.validation.peers.chain_numbers import JOURNEY, KINDS, MODES, Desk, Mode, Setting, desk_of
from experiments.validation.peers.chain_records import Handoff, Need, Person, Stay

A_MOMENT = 1e-6
FINE = 10**12
"""SimPy's priorities are whole numbers: severities, from 0 to 1, times this."""
REFUSALS = ("wrong_door", "declined", "below_threshold", "list_full")
LEAST_WORK = 0.25
"""Days of a place; smaller pieces of coordination wait for more."""

Steps = Generator[simpy.Event, Any, "Action | None"]


class Action(NamedTuple):
    """What is done next for a need: ``seek``, ``greet`` (at a door), ``hand_on`` or ``send`` (to a receiver)."""

    what: str
    provider: str = ""
    receiver: str = ""
    chases: int = 0


class Town:
    """One replicate."""

    def __init__(self, setting: Setting, random: np.random.Generator) -> None:
        self.setting, self.random = setting, random
        self.mode: Mode = MODES[setting.mode]
        self.clock = simpy.Environment()
        self.rooms = {desk.name: simpy.PriorityResource(self.clock, desk.places) for desk in numbers.DESKS}
        self.owed = dict.fromkeys(self.rooms, 0.0)
        self.works = dict.fromkeys(self.rooms, False)
        self.needs: list[Need] = []
        self.handoffs: list[Handoff] = []
        self.stays: list[Stay] = []
        names = list(numbers.PROFESSIONS)
        unknown = setting.learning * numbers.EFFECTS["learning_unknown"]
        self.unknown = {(a, b) for a in names for b in names if a != b and random.random() < unknown}
        self.size = {
            name: 1.0 + sum(desk.places for desk in numbers.DESKS if desk.provider == name and desk.stage == "support")
            for name in names
        }

    def run(self) -> None:
        """Run to the horizon."""
        self.clock.process(self._arrivals())
        self.clock.run(numbers.HORIZON)

    # --- people ---------------------------------------------------------------------------------------------------

    def _arrivals(self) -> Generator[simpy.Event, Any, None]:
        while True:
            yield self.clock.timeout(self.random.exponential(365.25 / numbers.CITIZENS_PER_YEAR))
            person = Person(
                self._logit_normal(numbers.CAPABILITY_MEDIAN, numbers.CAPABILITY_SIGMA),
                self._logit_normal(numbers.PERSISTENCE_MEDIAN, numbers.PERSISTENCE_SIGMA),
                numbers.PATIENCE_DAYS
                * math.exp(numbers.PATIENCE_SIGMA * self.random.normal() - numbers.PATIENCE_SIGMA**2 / 2),
            )
            share = KINDS[numbers.CARE].weight / sum(kind.weight for kind in KINDS.values())
            kinds = [numbers.CARE, numbers.ADVICE] if self.random.random() < share else [numbers.ADVICE, numbers.CARE]
            self._arises(person, kinds[0], self._severity(kinds[0]))
            if self._count_of_needs() > 1:
                lag = self.random.exponential(numbers.LAG_DAYS)
                self.clock.process(self._arises_later(person, kinds[1], self._severity(kinds[1]), lag))

    def _count_of_needs(self) -> int:
        """Return a negative binomial number without its zeros."""
        size, mean = numbers.NEEDS_SIZE, numbers.NEEDS_MEAN
        while True:
            count = int(self.random.negative_binomial(size, size / (size + mean)))
            if count:
                return count

    def _arises_later(self, person: Person, kind: str, severity: float, days: float) -> Steps:
        yield self.clock.timeout(days)
        self._arises(person, kind, severity)
        return None

    def _arises(self, person: Person, kind: str, severity: float) -> None:
        need = Need(person, kind, severity, self.clock.now)
        self.needs.append(need)
        person.needs.append(need)
        self._take_up(person)

    def _take_up(self, person: Person) -> None:
        """Pursue the most severe of the idle needs, as many as one can at once."""
        while person.pursued < numbers.BANDWIDTH:
            idle = [need for need in person.needs if need.is_idle]
            if not idle:
                return
            self._pursue(max(idle, key=lambda need: need.severity), Action("seek"))

    def _pursue(self, need: Need, first: Action) -> None:
        need.is_idle = False
        need.person.pursued += 1
        self.clock.process(self._journey(need, first))

    def _settle(self, need: Need) -> None:
        need.person.pursued -= 1
        self._take_up(need.person)

    def _journey(self, need: Need, first: Action) -> Generator[simpy.Event, Any, None]:
        action: Action | None = first
        while action is not None:
            action = yield from self._act(need, action)

    def _act(self, need: Need, action: Action) -> Steps:
        if action.what == "seek":
            need.avoided |= need.refused
            need.refused.clear()
            need.tries += 1
            return (yield from self._at_door(need, self._first_door(need), None))
        if action.what == "greet":
            return (yield from self._at_door(need, action.provider, None))
        if action.what == "send":
            return (yield from self._send(need, action.provider, action.receiver, action.chases))
        return (yield from self._hand_on(need, action.provider, action.chases))

    # --- doors ----------------------------------------------------------------------------------------------------

    def _first_door(self, need: Need) -> str:
        """Return a wrong door with a chance that falls with capability, else a right one, by visibility."""
        visible = [name for name, weight in numbers.VISIBILITY.items() if weight > 0.0]
        doors = [name for name in visible if _is_door(name, need.kind, False)]
        added = self.setting.learning * numbers.EFFECTS["learning_wrong_door"]
        if self._chance(min(1.0, JOURNEY["wrong_door"] + added) * (1.0 - need.person.capability)):
            doors = [name for name in visible if name not in doors] or doors
        doors = [name for name in doors if name not in need.avoided] or doors
        return self._choose(doors, numbers.VISIBILITY)

    def _at_door(self, need: Need, provider: str, handoff: Handoff | None) -> Steps:
        desk = self._first_desk(need, provider)
        reason = self._why_not(need, provider, desk, handoff)
        if reason:
            return (yield from self._turned_away(need, provider, reason, handoff))
        if desk is not None:
            return (yield from self._stay(need, desk, handoff))
        # Assessed here before, and nothing else to be had here.
        need.refused.add(provider)
        if handoff is not None:
            handoff.end = "attended"
        return (yield from self._hand_on(need, provider, 0))

    def _turned_away(self, need: Need, provider: str, reason: str, handoff: Handoff | None) -> Steps:
        need.refused.add(provider)
        need.turned_away += 1
        if handoff is not None:
            return (yield from self._dropped(handoff, reason))
        if self.setting.any_door or self._chance(JOURNEY["redirect"]):
            return (yield from self._hand_on(need, provider, 0))
        return (yield from self._setback(need))

    def _why_not(self, need: Need, provider: str, desk: Desk | None, handoff: Handoff | None) -> str:
        if not _is_door(provider, need.kind, bool(need.assessed_at)):
            return "wrong_door"
        threshold = 0.0 if desk is None else desk.threshold
        distrust = 0.0
        if handoff is not None and numbers.PROFESSIONS[handoff.sender] != numbers.PROFESSIONS[provider]:
            distrust = self.setting.culture
            threshold = min(1.0, threshold + distrust * numbers.EFFECTS["culture_threshold"])
        if self._now(need) < threshold:
            return "below_threshold"
        if self._chance(distrust * numbers.EFFECTS["culture_declined"]):
            return "declined"
        return "list_full" if desk is not None and self._is_full(desk) else ""

    def _first_desk(self, need: Need, provider: str) -> Desk | None:
        assessment = desk_of(provider, "assessment", need.kind)
        if assessment is not None and provider not in need.assessed_at:
            return assessment
        return desk_of(provider, "support", need.kind)

    # --- desks ----------------------------------------------------------------------------------------------------

    def _stay(self, need: Need, desk: Desk, handoff: Handoff | None) -> Steps:
        """Wait for an appointment, attend it or not, and be served."""
        room, person, joined, missed = self.rooms[desk.name], need.person, self.clock.now, 0
        patient_until = joined + self.random.exponential(person.patience)
        rank = -round(self._now(need) * FINE) if self.setting.urgency else 0
        while True:
            request = room.request(priority=rank)
            yield request | self.clock.timeout(patient_until - self.clock.now)
            if not request.triggered:
                request.cancel()
                return (yield from self._leaves(need, desk, joined, missed, handoff, "abandoned_wait"))
            if self._attends(need, self.clock.now - joined, handoff):
                break
            missed += 1
            self.clock.process(self._hold(room, request, min(JOURNEY["missed_slot_days"], desk.days)))
            if not self._chance(JOURNEY["rebook"]):
                return (yield from self._leaves(need, desk, joined, missed, handoff, "did_not_attend"))
            yield self.clock.timeout(min(JOURNEY["rebook_days"], patient_until - self.clock.now))
            if self.clock.now >= patient_until:
                return (yield from self._leaves(need, desk, joined, missed, handoff, "abandoned_wait"))
        if handoff is not None:
            handoff.end = "attended"
        self.stays.append(Stay(need, desk.name, joined, self.clock.now, math.nan, missed))
        if desk.stage == "support":
            need.supported = self.clock.now
            self._settle(need)
        yield self.clock.timeout(self._service_days(desk))
        room.release(request)
        if desk.stage == "support":
            kind = KINDS[need.kind]
            if self._chance(kind.returns):
                yield self.clock.timeout(self.random.exponential(kind.return_days))
                self._arises(need.person, need.kind, need.severity)
            return None
        return (yield from self._assessed(need, desk.provider))

    def _leaves(
        self, need: Need, desk: Desk, joined: float, missed: int, handoff: Handoff | None, reason: str
    ) -> Steps:
        self.stays.append(Stay(need, desk.name, joined, math.nan, self.clock.now, missed))
        return (yield from self._setback(need) if handoff is None else self._dropped(handoff, reason))

    def _assessed(self, need: Need, provider: str) -> Steps:
        need.assessed_at.add(provider)
        self.clock.process(self._find_others(need, provider))
        support = desk_of(provider, "support", need.kind)
        if support is None:
            return (yield from self._hand_on(need, provider, 0))
        if self._now(need) < support.threshold:
            return (yield from self._turned_away(need, provider, "below_threshold", None))
        if self._is_full(support):
            return (yield from self._turned_away(need, provider, "list_full", None))
        return (yield from self._stay(need, support, None))

    def _find_others(self, assessed: Need, provider: str) -> Generator[simpy.Event, Any, None]:
        """A moment later, so that what is taken up because the assessed need is settled at once is not found."""
        yield self.clock.timeout(A_MOMENT)
        for need in [need for need in assessed.person.needs if need.is_idle]:
            if self._chance(JOURNEY["finding"]):
                need.found += 1
                is_door = _is_door(provider, need.kind, bool(need.assessed_at))
                self._pursue(need, Action("greet" if is_door else "hand_on", provider))

    def _attends(self, need: Need, days: float, handoff: Handoff | None) -> bool:
        base = JOURNEY["attendance"]
        odds = base / (1.0 - base) * JOURNEY["attendance_odds_week"] ** (days / 7.0)
        odds *= JOURNEY["attendance_odds_capability"] ** (need.person.capability - 0.5)
        odds *= 1.0 if handoff is None else self.mode.attendance_odds
        return self._chance(odds / (1.0 + odds))

    def _service_days(self, desk: Desk) -> float:
        if desk.cv == 1.0:
            return float(self.random.exponential(desk.days))
        variance = math.log(1.0 + desk.cv**2)
        return desk.days * math.exp(math.sqrt(variance) * self.random.normal() - variance / 2.0)

    def _hold(self, room: simpy.PriorityResource, request: Any, days: float) -> Generator[simpy.Event, Any, None]:
        yield self.clock.timeout(days)
        room.release(request)

    def _is_full(self, desk: Desk) -> bool:
        room = self.rooms[desk.name]
        people = len(room.queue) - self.works[desk.name]
        return desk.list_limit is not None and room.count >= room.capacity and people >= desk.list_limit

    # --- handing on -----------------------------------------------------------------------------------------------

    def _hand_on(self, need: Need, sender: str, chases: int) -> Steps:
        receiver = self._whom(need, sender)
        if receiver is None:
            return (yield from self._setback(need))
        return (yield from self._send(need, sender, receiver, chases))

    def _whom(self, need: Need, sender: str) -> str | None:
        others = [name for name in numbers.PROFESSIONS if name != sender and name not in need.refused]
        known = [name for name in others if (sender, name) not in self.unknown]
        suitable = [name for name in known if self._offers(need, name)]
        if suitable:
            return self._choose(suitable, self.size)
        unknown = [name for name in others if (sender, name) in self.unknown]
        return self._choose(unknown, self.size) if unknown and self._chance(JOURNEY["guess"]) else None

    def _offers(self, need: Need, provider: str) -> bool:
        desks = [desk_of(provider, stage, need.kind) for stage in ("assessment", "support")]
        offers = desks[1] is not None if need.assessed_at else _is_door(provider, need.kind, False)
        return offers and self._now(need) >= max(desk.threshold for desk in desks if desk is not None)

    def _send(self, need: Need, sender: str, receiver: str, chases: int) -> Steps:
        handoff = Handoff(need, sender, receiver, chases, self.clock.now)
        self.handoffs.append(handoff)
        self._owe(need, sender)
        barrier = self.setting.data_sharing if self.mode.on_paper else 0.0
        if self.setting.mode == "signposting":
            odds = self.mode.sent / (1.0 - self.mode.sent)
            odds *= numbers.CARRIED_ODDS_CAPABILITY ** (need.person.capability - 0.5)
            leaves = odds / (1.0 + odds)
        else:
            leaves = self.mode.sent * (1.0 - barrier * numbers.EFFECTS["data_lost"])
        if not self._chance(leaves):
            return (yield from self._dropped(handoff, "not_transmitted" if self.mode.on_paper else "not_carried"))
        mean = self.mode.days * (1.0 + barrier * numbers.EFFECTS["data_slower"])
        yield self.clock.timeout(self.random.exponential(mean))
        return (yield from self._at_door(need, receiver, handoff))

    def _owe(self, need: Need, sender: str) -> None:
        """Handing on is work: under an equal budget of the desk for the need, else of the one with the most staff."""
        if not self.setting.equal_budget or self.mode.staff_days <= 0.0:
            return
        own = [desk_of(sender, stage, need.kind) for stage in ("assessment", "support")]
        desks = [desk for desk in own if desk is not None] or sorted(
            (desk for desk in numbers.DESKS if desk.provider == sender), key=lambda desk: -desk.places * desk.staff
        )
        name = desks[0].name
        self.owed[name] += self.mode.staff_days / desks[0].staff
        if self.owed[name] >= LEAST_WORK and not self.works[name]:
            self.works[name] = True
            self.clock.process(self._work_off(name))

    def _work_off(self, name: str) -> Generator[simpy.Event, Any, None]:
        room = self.rooms[name]
        request = room.request(priority=-2 * FINE)
        yield request
        days, self.owed[name], self.works[name] = self.owed[name], 0.0, False
        yield self.clock.timeout(days)
        room.release(request)

    # --- setbacks -------------------------------------------------------------------------------------------------

    def _setback(self, need: Need) -> Steps:
        need.setbacks += 1
        return (yield from self._tries_again(need, self._chance(need.person.persistence)))

    def _dropped(self, handoff: Handoff, reason: str) -> Steps:
        handoff.end, need = reason, handoff.need
        persists = self._chance(need.person.persistence)
        if self.setting.any_door and reason in REFUSALS:
            return Action("hand_on", handoff.receiver, chases=handoff.chases + 1)
        may_chase = self.mode.told and handoff.chases < self.mode.chases
        if may_chase and (persists or reason != "abandoned_wait"):
            yield self.clock.timeout(numbers.CHASE_DAYS)
            if handoff.receiver in need.refused:
                return Action("hand_on", handoff.sender, chases=handoff.chases + 1)
            return Action("send", handoff.sender, handoff.receiver, handoff.chases + 1)
        if reason == "not_transmitted" and not self.mode.told:
            yield self.clock.timeout(JOURNEY["unaware_days"])
        return (yield from self._tries_again(need, persists))

    def _tries_again(self, need: Need, persists: bool) -> Steps:
        if persists:
            yield self.clock.timeout(self.random.exponential(JOURNEY["retry_days"]))
            return Action("seek")
        # Giving up comes after all else that happens at once.
        yield self.clock.timeout(2.0 * A_MOMENT)
        need.gave_up = self.clock.now
        self._settle(need)
        return None

    # --- numbers --------------------------------------------------------------------------------------------------

    def _now(self, need: Need) -> float:
        """Return the severity now."""
        return min(1.0, need.severity + JOURNEY["severity_growth"] / 365.25 * (self.clock.now - need.onset))

    def _severity(self, kind: str) -> float:
        return self._logit_normal(KINDS[kind].median, KINDS[kind].sigma)

    def _logit_normal(self, median: float, sigma: float) -> float:
        return 1.0 / (1.0 + (1.0 - median) / median * math.exp(-sigma * self.random.normal()))

    def _chance(self, chance: float) -> bool:
        return bool(self.random.random() < chance)

    def _choose(self, names: Iterable[str], weights: dict[str, float]) -> str:
        names = list(names)
        sums = list(accumulate(weights[name] for name in names))
        return names[bisect(sums, self.random.random() * sums[-1])]


@cache
def _is_door(provider: str, kind: str, is_assessed: bool) -> bool:
    """Return whether a provider takes this need: it assesses, or supports those who come like this."""
    support = desk_of(provider, "support", kind)
    return desk_of(provider, "assessment", kind) is not None or (
        support is not None and (is_assessed or not support.assessed_first)
    )
