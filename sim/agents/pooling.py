"""Pools: services that lend each other idle places, where capacity is pooled.

A place moves when it is idle where nobody waits and somebody waits elsewhere in the pool with no place free; it serves
nobody on the way. It stays where it has gone until a queue calls it, but remains its owner's: it goes home at once when
pooling ends for either of the two, or when the owner has lost more places than it has at home.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from sim.agents.service import Service
from sim.events import Phase
from sim.native import mypyc_attr

if TYPE_CHECKING:
    from sim.schema.resources import Pooling


class Move(NamedTuple):
    """A place on its way."""

    owner: Service
    receiver: Service


@mypyc_attr(serializable=True, allow_interpreted_subclasses=True)
class Pool:
    """The services of one pool.

    For each service it is known whose places it holds: ``_held[holder.number][owner.number]``.
    """

    def __init__(self, numbers: Pooling) -> None:
        self._numbers = numbers
        self._services: list[Service] = []
        self._held: dict[int, Counter[int]] = {}

    def add(self, service: Service) -> None:
        """Add a service; the order of the tables does not matter."""
        self._services = sorted([*self._services, service], key=lambda other: other.key)
        self._held[service.number] = Counter()

    def balance(self, service: Service) -> None:
        """Lend idle places of a service to those who need them, or borrow for it."""
        if service.queue.waiting:
            self._borrow(service)
        else:
            self._lend(service)

    def dissolve(self, service: Service) -> None:
        """Pooling has ended for a service: what it holds of others goes home, and what others hold of it."""
        for owner in self._services:
            self._send_home(owner, {service: self._held[service.number][owner.number]})
        self.recall(service, service.away)

    def recall(self, owner: Service, count: int) -> None:
        """Bring places home that others hold; those on the way turn up where they were going."""
        coming_home = {}
        for holder in self._services:
            coming_home[holder] = min(count, self._held[holder.number][owner.number])
            count -= coming_home[holder]
        self._send_home(owner, coming_home)

    def _send_home(self, owner: Service, counts: Mapping[Service, int]) -> None:
        """Give an owner places back, so many from each holder."""
        returning = {holder: count for holder, count in counts.items() if count > 0}
        for holder, count in returning.items():
            self._held[holder.number][owner.number] -= count
            holder.borrowed -= count
            owner.away -= count
        # Only once all are counted at home: to set the places of an owner who is short recalls more.
        for service in [*returning, owner] if returning else []:
            service.set_places()

    def _lend(self, donor: Service) -> None:
        while self._can_give(donor):
            wanting = [other for other in self._services if other is not donor and self._wants(other)]
            if not wanting:
                return
            self._move(donor, max(wanting, key=lambda other: (other.queue.waiting - other.coming, other.key)))

    def _borrow(self, receiver: Service) -> None:
        while self._wants(receiver):
            idle = [other for other in self._services if other is not receiver and self._can_give(other)]
            if not idle:
                return
            self._move(max(idle, key=lambda other: (other.places - other.taken, other.key)), receiver)

    def _can_give(self, service: Service) -> bool:
        if not service.lends or service.provider.is_closed or service.queue.waiting or service.taken >= service.places:
            return False
        return service.borrowed > 0 or service.places > max(1, math.ceil(self._numbers.keep * service.funded))

    def _wants(self, service: Service) -> bool:
        return service.lends and not service.provider.is_closed and service.queue.waiting > service.coming

    def _move(self, donor: Service, receiver: Service) -> None:
        """Send a place: the receiver's own first, then another's, then the donor's."""
        owners = [receiver, *(other for other in self._services if other is not receiver)]
        owner = next((other for other in owners if self._held[donor.number][other.number] > 0), donor)
        if owner is donor:
            donor.away += 1
        else:
            self._held[donor.number][owner.number] -= 1
            donor.borrowed -= 1
        receiver.coming += 1
        # Nobody waits at the donor: it has nobody to call, and the loop above goes on.
        donor.count_places()
        donor.provider.later(self._numbers.move_days, Phase.FUNDING, self._arrive, Move(owner, receiver))

    def _arrive(self, move: Move) -> None:
        owner, receiver = move
        receiver.coming -= 1
        is_wanted_at_home = not owner.lends or owner.is_short
        if receiver is owner or is_wanted_at_home or not receiver.lends:
            owner.away -= 1
            owner.set_places()
        else:
            self._held[receiver.number][owner.number] += 1
            receiver.borrowed += 1
            receiver.set_places()
