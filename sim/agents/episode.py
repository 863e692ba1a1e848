"""An episode: one need of one citizen, from onset until it is supported, given up or cut off at the horizon."""

from __future__ import annotations

import math
from enum import IntEnum
from typing import TYPE_CHECKING

from sim.direct import severity_at
from sim.native import mypyc_attr

if TYPE_CHECKING:
    from sim.agents.citizen import Citizen
    from sim.agents.handoff import Handoff
    from sim.agents.provider import Provider

NO_PROVIDERS: frozenset[int] = frozenset()
RECURRENCES = 1 << 16
"""Address of a need that has returned: its slot plus this for each return."""


class State(IntEnum):
    """Where an episode stands."""

    IDLE = 0
    """The need has arisen; the citizen is busy with other needs."""
    PURSUED = 1
    """Looking for a door, on the way, in a queue, or being assessed."""
    SUPPORTED = 2
    """Support has started: the clock has stopped."""
    GAVE_UP = 3
    """The citizen no longer pursues it."""


@mypyc_attr(serializable=True, allow_interpreted_subclasses=True)
class Episode:
    """One need of one citizen.

    Attributes:
        number: Number in the order of onset; episodes are rows of the outcomes.
        citizen: Whose need it is.
        slot: Which of the citizen's needs.
        recurrence: How many times the need has returned.
        kind: Row of the needs table.
        address: The need's word in the addresses of draws.
        onset: Day of onset.
        onset_severity: Severity then, 0 to 1.
        state: Where it stands.
        tries: How many times a first door was sought.
        setbacks: How many attempts have failed.
        handoffs: How many handoffs were made.
        receivers_sought: How many times a worker looked for somebody to hand on to.
        visited: Numbers of the services at which there were spells, one for each spell.
        refused: Numbers of providers that said no, or had nothing left to do, in this try: workers do not send there
            again.
        avoided: Numbers of providers refused in earlier tries: the citizen does not go there first again.
        assessed_at: Providers that have assessed it.
        handoff: The handoff under way, if any.
        missed_at: Day of the last missed appointment.
        candidates: How many candidates for a crisis there were.
        crises: How many crises.
        raisings: How many candidates for raising another need.
        is_superseded: Whether it was given up and is pursued again, as a new episode.
    """

    __slots__ = (
        "address", "assessed_at", "avoided", "candidates", "citizen", "crises", "handoff", "handoffs", "is_superseded",
        "kind", "missed_at", "number", "onset", "onset_severity", "raisings", "receivers_sought", "recurrence",
        "refused", "setbacks", "slot", "state", "tries", "visited",
    )  # fmt: skip

    def __init__(
        self,
        number: int,
        citizen: Citizen,
        slot: int,
        recurrence: int,
        kind: int,
        onset: float,
        severity: float,
    ) -> None:
        self.number = number
        self.citizen = citizen
        self.slot = slot
        self.recurrence = recurrence
        self.kind = kind
        self.address = slot + RECURRENCES * recurrence
        self.onset = onset
        self.onset_severity = severity
        self.state = State.IDLE
        self.tries = 0
        self.setbacks = 0
        self.handoffs = 0
        self.receivers_sought = 0
        self.visited: tuple[int, ...] = ()
        self.refused: frozenset[int] = NO_PROVIDERS
        self.avoided: frozenset[int] = NO_PROVIDERS
        self.assessed_at: tuple[Provider, ...] = ()
        self.handoff: Handoff | None = None
        self.missed_at = -math.inf
        self.candidates = 0
        self.crises = 0
        self.raisings = 0
        self.is_superseded = False

    @property
    def is_unmet(self) -> bool:
        """Whether the need is still there: not supported, nor counted as a new episode."""
        return self.state is not State.SUPPORTED and not self.is_superseded

    @property
    def is_settled(self) -> bool:
        """Whether it has been supported or given up."""
        return self.state >= State.SUPPORTED

    def severity(self, now: float, growth_per_day: float) -> float:
        """Return the severity now, 0 to 1."""
        return severity_at(self.onset_severity, growth_per_day, now - self.onset)
