"""A spell: one stay at one service, from joining its queue to leaving it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.draws import MASK
from sim.native import mypyc_attr

if TYPE_CHECKING:
    from sim.agents.episode import Episode
    from sim.agents.service import Service

_STRIDE = 0x9E3779B97F4A7C15
"""Keeps the appointments of one stay apart from those of the next."""


@mypyc_attr(serializable=True, allow_interpreted_subclasses=True)
class Spell:
    """One stay.

    Attributes:
        episode: Whose stay it is; no longer there once service has started.
        service: Where.
        joined: Day of joining the queue.
        occasion: The address of this stay's draws: the service and which visit to it.
        missed: Appointments missed so far.
        is_queued: Whether it stands in the queue; not while an appointment is being offered again.
        is_over: Whether it has been served or has left.
        position: For the queue's own use.
    """

    __deletable__ = ("episode",)
    __slots__ = (
        "episode",
        "is_over",
        "is_queued",
        "joined",
        "missed",
        "occasion",
        "position",
        "service",
    )

    def __init__(self, episode: Episode, service: Service, joined: float) -> None:
        visit = episode.visited.count(service.number) if episode.visited else 0
        episode.visited += (service.number,)
        self.episode = episode
        self.service = service
        self.joined = joined
        self.occasion = (service.key + visit) & MASK if visit else service.key
        self.missed = 0
        self.is_queued = False
        self.is_over = False
        self.position = 0

    def appointment(self) -> int:
        """Return the address of the next appointment: this stay, and how many were missed before."""
        return (self.occasion + self.missed * _STRIDE) & MASK

    def severity(self) -> float:
        """Return the severity of the need on joining, 0 to 1."""
        return self.episode.severity(self.joined, self.service.model.severity_growth)
