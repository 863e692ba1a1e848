"""Pools: services that lend each other idle places, where capacity is pooled.

A place moves when it is idle where nobody waits and somebody waits elsewhere in the pool with no place free; it serves
nobody on the way. It stays where it has gone until a queue elsewhere calls it, and goes home when pooling ends.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from sim.events import Phase

if TYPE_CHECKING:
    from sim.agents.service import Service
    from sim.schema.resources import Pooling


class Move(NamedTuple):
    """A place on its way."""

    donor: Service
    receiver: Service


class Pool:
    """The services of one pool."""

    def __init__(self, numbers: Pooling) -> None:
        self._numbers = numbers
        self._services: list[Service] = []

    def add(self, service: Service) -> None:
        """Add a service; the order of the tables does not matter."""
        self._services = sorted([*self._services, service], key=lambda other: other.key)

    def balance(self, service: Service) -> None:
        """Lend idle places of a service to those who need them, or borrow for it."""
        if len(service.queue):
            self._borrow(service)
        else:
            self._lend(service)

    def send_home(self, service: Service) -> None:
        """Pooling has ended for a service: what it lent comes home, what it borrowed goes; what is on its way turns."""
        service.moved = -service.on_the_way
        service.set_places()

    def _lend(self, donor: Service) -> None:
        while self._can_lend(donor):
            wanting = [other for other in self._services if other is not donor and self._wants(other)]
            if not wanting:
                return
            self._move(donor, max(wanting, key=lambda other: (len(other.queue) - other.coming, other.key)))

    def _borrow(self, receiver: Service) -> None:
        while self._wants(receiver):
            idle = [other for other in self._services if other is not receiver and self._can_lend(other)]
            if not idle:
                return
            self._move(max(idle, key=lambda other: (other.places - other.taken, other.key)), receiver)

    def _can_lend(self, service: Service) -> bool:
        if not service.lends or service.provider.is_closed or len(service.queue):
            return False
        kept = max(1, math.ceil(self._numbers.keep * service.funded))
        return service.taken < service.places and service.places > kept

    def _wants(self, service: Service) -> bool:
        return service.lends and not service.provider.is_closed and len(service.queue) > service.coming

    def _move(self, donor: Service, receiver: Service) -> None:
        donor.moved -= 1
        donor.on_the_way += 1
        receiver.coming += 1
        donor.set_places()
        donor.provider.later(self._numbers.move_days, Phase.FUNDING, self._arrive, Move(donor, receiver))

    def _arrive(self, move: Move) -> None:
        donor, receiver = move
        donor.on_the_way -= 1
        receiver.coming -= 1
        # Where pooling has ended meanwhile the place turns round.
        home = receiver if receiver.lends else donor
        home.moved += 1
        home.set_places()
