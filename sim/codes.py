"""The codes of the ledger and the addresses of draws. Values are stored: add, never renumber."""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class Activity(IntEnum):
    """What can happen; one code a row of the ledger."""

    ONSET = 1
    """A need arises: the episode and the clock of its time to support start.

    ``other`` is the kind of need (row of the needs table), ``detail`` its severity.
    """
    SOUGHT = 2
    """The citizen goes to a first door (``other``: -1)."""
    TURNED_AWAY = 3
    """A provider said no (``reason``)."""
    NOWHERE_TO_SEND = 4
    """A worker would hand on but knows of no provider to hand on to."""
    JOINED = 5
    """A spell starts: the episode joins the queue of a service."""
    MISSED = 6
    """An appointment was missed; the place is wasted for ``detail`` days."""
    LEFT = 7
    """The spell ends without having been served (``reason``)."""
    ASSESSMENT_STARTED = 8
    """A place is taken and the story is told once more."""
    ASSESSMENT_ENDED = 9
    """The spell ends, the place is free."""
    SUPPORT_STARTED = 10
    """A place is taken: the episode is supported, its clock stops."""
    SUPPORT_ENDED = 11
    """The spell ends, the place is free."""
    FOUND = 12
    """An assessment found this need, which was not being pursued."""
    HANDOFF_MADE = 13
    """``provider`` hands on to ``other``; ``detail`` is the mode. ``noticed`` is the navigator
    where the work is not that of the staff of a service: a navigator's, the front door's, a crisis service's."""
    HANDOFF_RECEIVED = 14
    """The handoff from ``other`` has reached ``provider``."""
    HANDOFF_ACCEPTED = 15
    """``provider`` said yes to all four questions of its door."""
    HANDOFF_ATTENDED = 16
    """The citizen came to the first appointment: the handoff is complete.

    ``noticed`` is the sender if its records show so, else nobody.
    """
    HANDOFF_DROPPED = 17
    """The handoff from ``other`` to ``provider`` ended before that (``reason``, ``noticed``, ``followed``)."""
    SETBACK = 18
    """An attempt failed outside a handoff (``followed`` says what came of it)."""
    GAVE_UP = 19
    """The citizen stops pursuing the need."""
    NAVIGATION_OFFERED = 20
    """The citizen is put on the navigators' list."""
    NAVIGATION_STARTED = 21
    """A navigator takes the case; ``detail`` is the navigator's number."""
    NAVIGATION_ENDED = 22
    """The navigator closes the case; ``detail`` is the navigator's number."""
    SERVICE_CLOSED = 23
    """The provider's contract has lapsed: its doors are closed."""
    SERVICE_OPENED = 24
    """The provider's doors are open again."""
    PLACES = 25
    """The places of a service change to ``detail``: a dated change, vacancies, or a place lent within a pool."""
    COORDINATED = 26
    """Staff are busy with coordination: one place serves nobody for ``detail`` days."""
    MEETING = 27
    """``provider`` is at a meeting of its team, which costs ``detail`` staff days of it."""
    CRISIS = 28
    """An unmet need leads to an unplanned contact (``detail``: severity; ``provider``: who meets it, if anybody)."""
    CRISIS_STARTED = 29
    """A place of a crisis service is taken."""
    CRISIS_ENDED = 30
    """It is free again."""


class Reason(IntEnum):
    """Why a handoff was dropped, a citizen turned away, or a spell ended unserved."""

    NONE = 0
    NOT_CARRIED = 1
    NOT_TRANSMITTED = 2
    OUT_OF_AREA = 3
    WRONG_DOOR = 4
    BELOW_THRESHOLD = 5
    DECLINED = 6
    SERVICE_CLOSED = 7
    ABANDONED_WAIT = 8
    DID_NOT_ATTEND = 9
    CRISIS = 10
    """Of an onset: a need that was given up is pursued again after a crisis."""
    RAISED = 11
    """Of an onset: another unmet need has raised this one."""
    LIST_FULL = 12


class Noticed(IntEnum):
    """Who noticed that a handoff was dropped."""

    NONE = 0
    SENDER = 1
    RECEIVER = 2
    NAVIGATOR = 3
    NOBODY = 4


class Followed(IntEnum):
    """What followed a drop or a setback."""

    NONE = 0
    SENT_AGAIN = 1
    TRIED_AGAIN = 2
    GAVE_UP = 3


class ModeCode(IntEnum):
    """Modes of handoff: those of the question, from least to most work for the sender, then those of delivery."""

    SIGNPOSTING = 0
    LETTER = 1
    INTRODUCTION = 2
    TRACKED = 3
    ACCOMPANIED = 4
    WALK = 5
    TEAM = 6


class Decision:
    """What a draw decides: a part of its address. Each is drawn for one question only.

    Plain integers: the compiled rules take a hundred times longer to receive a member of an enumeration.
    """

    ARRIVAL: Final = 1
    CAPABILITY: Final = 2
    PERSISTENCE: Final = 3
    PATIENCE: Final = 4
    NEED_COUNT: Final = 5
    NEED_KIND: Final = 6
    NEED_SEVERITY: Final = 7
    NEED_LAG: Final = 8
    WRONG_DOOR: Final = 20
    CHOICE_OF_DOOR: Final = 21
    REDIRECT: Final = 22
    GUESS: Final = 23
    CHOICE_OF_RECEIVER: Final = 24
    FINDING: Final = 25
    SENT: Final = 30
    TRANSFER_DAYS: Final = 31
    DECLINE: Final = 32
    RECORD_SEEN: Final = 33
    RECORDED: Final = 34
    WAIT_BORNE: Final = 40
    ATTENDANCE: Final = 41
    REBOOKING: Final = 42
    SERVICE_DAYS: Final = 43
    NEXT_IN_RANDOM_ORDER: Final = 44
    PERSIST: Final = 50
    RETRY_DAYS: Final = 51
    RETURN: Final = 52
    RETURN_DAYS: Final = 53
    NAVIGATION_OFFER: Final = 60
    NAVIGATOR_FOLLOW_UP: Final = 61
    CATCHMENT_LOST: Final = 70
    UNKNOWN_PROVIDER: Final = 71
    CONTRACT_PHASE: Final = 72
    CONTRACT_LAPSE: Final = 73
    CLOSURE_DAYS: Final = 74
    LIST_LOST: Final = 75
    TURNOVER: Final = 76
    VACANCY_DAYS: Final = 77
    LOCAL_THRESHOLD: Final = 78
    CRISIS_CANDIDATE: Final = 80
    CRISIS: Final = 81
    CHOICE_OF_CRISIS_SERVICE: Final = 82
    CRISIS_DAYS: Final = 83
    RESTART: Final = 84
    RAISE_CANDIDATE: Final = 85
    RAISE: Final = 86
    RAISED_KIND: Final = 87
    RAISED_SEVERITY: Final = 88
    INITIATIVE: Final = 90
