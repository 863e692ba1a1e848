"""The reference model: the question of the project in small, which every engine can express.

A block stands for ``BLOCK`` citizens a year: two doors of equal weight with an assessment service each, and another
provider with a support service for each of two kinds of need. Blocks do not touch each other, so that loads and queues
are the same at every size. All times but one are exponential.

1. A need of one of two kinds, equally likely, arises in a Poisson stream.
2. The citizen seeks one of the doors. Whoever has been assessed at that door is handed on at once; others join its
   queue. Whoever has lost patience before a place is free leaves: a setback.
3. After the assessment the door hands on by letter to the support service for the need. A letter may not be
   transmitted; the citizen learns so after a fixed time, which then is a setback. Else it is received after a
   transfer time and the citizen joins the queue. Whoever loses patience leaves: the handoff is dropped, a setback.
4. After a setback the citizen tries again with the probability of persistence: seeks a door after a time (2). Else
   the citizen gives up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BLOCK = 2_000
"""Citizens a year of one block."""
DOORS, KINDS = 2, 2

ONSET = "onset"
SOUGHT = "sought"
JOINED = "joined"
LEFT = "left"
ASSESSMENT_STARTED = "assessment started"
ASSESSMENT_ENDED = "assessment ended"
HANDOFF_MADE = "handoff made"
NOT_TRANSMITTED = "not transmitted"
HANDOFF_RECEIVED = "handoff received"
HANDOFF_DROPPED = "handoff dropped"
SETBACK = "setback"
SUPPORT_STARTED = "support started"
SUPPORT_ENDED = "support ended"
GAVE_UP = "gave up"
VOCABULARY = (
    ONSET, SOUGHT, JOINED, LEFT, ASSESSMENT_STARTED, ASSESSMENT_ENDED, HANDOFF_MADE, NOT_TRANSMITTED,
    HANDOFF_RECEIVED, HANDOFF_DROPPED, SETBACK, SUPPORT_STARTED, SUPPORT_ENDED, GAVE_UP,
)  # fmt: skip
"""The logical events: what every engine records. ``SETBACK`` is leaving the queue of an assessment service,
``HANDOFF_DROPPED`` that of a support service."""

Entry = tuple[float, str, int]
"""Time in days, what happened, number of the citizen."""
Record = list[Entry]
"""What happened, in the order of time for each citizen."""


@dataclass(frozen=True)
class Reference:
    """The reference model at one size; times are in days.

    Attributes:
        blocks: How many blocks there are.
        days: Length of the run.
        assessment_places: Places of each door.
        assessment_days: Mean time of an assessment.
        support_places: Places of each support service.
        support_days: Mean time of support.
        patience_days: Mean wait that is borne at one service.
        persistence: Probability of trying again after a setback.
        retry_days: Mean time from a setback to the next try.
        sent: Probability that a letter is transmitted.
        transfer_days: Mean time that a letter takes.
        unaware_days: Time after which a citizen learns that a letter was not transmitted; fixed.
    """

    blocks: int = 1
    days: float = 365.25
    assessment_places: int = 6
    assessment_days: float = 2.0
    support_places: int = 36
    support_days: float = 14.0
    patience_days: float = 14.0
    persistence: float = 0.6
    retry_days: float = 14.0
    sent: float = 0.9
    transfer_days: float = 5.0
    unaware_days: float = 14.0

    @property
    def citizens(self) -> int:
        """Citizens a year."""
        return self.blocks * BLOCK

    @property
    def arrivals_per_day(self) -> float:
        """Arrivals a day in one block."""
        return BLOCK / 365.25


def reference_of(citizens: int) -> Reference:
    """Return the reference model of a size.

    Raises:
        ValueError: The size is not a whole number of blocks.
    """
    if citizens <= 0 or citizens % BLOCK:
        raise ValueError(f"sizes are multiples of {BLOCK:,} citizens, the size of a block: {citizens:,}")
    return Reference(citizens // BLOCK)


def counted(record: Sequence[Entry]) -> dict[str, int]:
    """Return how often each kind of logical event happened.

    Raises:
        ValueError: An entry is not in the vocabulary.
    """
    counts = dict.fromkeys(VOCABULARY, 0)
    for _, what, _ in record:
        if what not in counts:
            raise ValueError(f"not a logical event: {what}")
        counts[what] += 1
    return counts


def outcomes(record: Sequence[Entry]) -> dict[str, float]:
    """Return the outcomes of a run, by name; shares of all in it, the wait in days."""
    counts = counted(record)
    joined: dict[int, float] = {}
    waits = []
    for time, what, who in record:
        if what == JOINED:
            joined[who] = time
        elif what in (ASSESSMENT_STARTED, SUPPORT_STARTED):
            waits.append(time - joined[who])
    lost = counts[NOT_TRANSMITTED] + counts[HANDOFF_DROPPED]
    setbacks = lost + counts[SETBACK]
    return {
        "supported, of needs": counts[SUPPORT_STARTED] / counts[ONSET],
        "given up, of needs": counts[GAVE_UP] / counts[ONSET],
        "abandoned, of waits": counts[LEFT] / counts[JOINED],
        "dropped, of handoffs": lost / counts[HANDOFF_MADE] if lost else 0.0,
        "tried again, of setbacks": (counts[SOUGHT] - counts[ONSET]) / setbacks if setbacks else 0.0,
        "mean wait until served, days": sum(waits) / len(waits),
    }
