"""One town in which every step of a handoff can fail: its numbers, and nothing but numbers.

The model and the peer both read them; neither reads anything else of the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

CARE, ADVICE = "care", "advice"
HORIZON, WARMUP, FOLLOWUP = 700.0, 200.0, 200.0
CITIZENS_PER_YEAR = 700.0


@dataclass(frozen=True)
class Desk:
    """One desk; times in days.

    Attributes:
        provider: Whose it is.
        stage: Assessment or support.
        kinds: Needs that it serves.
        places: People served at once.
        days: Mean service time.
        cv: Its coefficient of variation, lognormal; 1: exponential.
        threshold: Severity below which people are turned away.
        assessed_first: Whether it supports only those who have been assessed.
        list_limit: People who may wait; None for any number.
    """

    provider: str
    stage: str
    kinds: tuple[str, ...]
    places: int
    days: float
    cv: float = 1.0
    threshold: float = 0.0
    assessed_first: bool = False
    list_limit: int | None = None

    @property
    def name(self) -> str:
        """Name of the desk."""
        return f"{self.provider}_{self.stage}"

    @property
    def staff(self) -> float:
        """Staff for one place."""
        return 1.0 if self.stage == "assessment" else 0.25


PROFESSIONS = {"surgery": "health", "council": "social_care", "clinic": "health", "charity": "advice",
               "bureau": "advice"}  # fmt: skip
VISIBILITY = {"surgery": 3.0, "council": 1.0, "clinic": 0.0, "charity": 1.0, "bureau": 1.0}
DESKS = (
    Desk("surgery", "assessment", (CARE, ADVICE), 5, 1.5),
    Desk("council", "assessment", (CARE,), 2, 2.0, 0.5, threshold=0.3),
    Desk("council", "support", (CARE,), 10, 14.0, 0.7, threshold=0.45),
    Desk("clinic", "support", (CARE,), 8, 14.0, threshold=0.25, assessed_first=True, list_limit=10),
    Desk("charity", "support", (ADVICE,), 7, 10.0, threshold=0.2, assessed_first=True),
    Desk("bureau", "support", (ADVICE,), 5, 10.0, 2.0, threshold=0.4),
)


@dataclass(frozen=True)
class Kind:
    """A kind of need: weight, median and spread of severity in logits, chance and mean days of a return."""

    weight: float
    median: float
    sigma: float
    returns: float
    return_days: float


KINDS = {CARE: Kind(3.0, 0.5, 0.8, 0.3, 60.0), ADVICE: Kind(2.0, 0.45, 0.6, 0.0, 60.0)}

NEEDS_MEAN, NEEDS_SIZE, LAG_DAYS = 1.0, 2.0, 5.0
CAPABILITY_MEDIAN, CAPABILITY_SIGMA = 0.45, 1.2
PERSISTENCE_MEDIAN, PERSISTENCE_SIGMA = 0.6, 0.8
PATIENCE_DAYS, PATIENCE_SIGMA = 30.0, 0.5

BANDWIDTH = 1
JOURNEY: dict[str, float] = {
    "wrong_door": 0.5,
    "redirect": 0.4,
    "guess": 0.5,
    "finding": 0.4,
    "attendance": 0.85,
    "attendance_odds_week": 0.8,
    "attendance_odds_capability": 3.0,
    "missed_slot_days": 0.75,
    "rebook": 0.6,
    "rebook_days": 6.0,
    "retry_days": 15.0,
    "unaware_days": 25.0,
    "severity_growth": 0.6,
}
CHASE_DAYS, CARRIED_ODDS_CAPABILITY = 5.0, 5.0


@dataclass(frozen=True)
class Mode:
    """Numbers of a mode of handoff; ``told`` is a rule: whether the sender is told of drops, and so may chase."""

    sent: float
    days: float
    attendance_odds: float
    staff_days: float
    on_paper: bool
    told: bool
    chases: int = 0


MODES = {
    "signposting": Mode(0.6, 4.0, 1.0, 0.0, on_paper=False, told=False),
    "letter": Mode(0.9, 8.0, 1.0, 0.05, on_paper=True, told=False),
    "tracked": Mode(0.9, 5.0, 1.5, 0.1, on_paper=True, told=True, chases=2),
    "accompanied": Mode(0.95, 2.0, 3.0, 0.3, on_paper=False, told=True, chases=1),
}
EFFECTS: dict[str, float] = {
    "culture_threshold": 0.25,
    "culture_declined": 0.4,
    "data_lost": 0.4,
    "data_slower": 2.0,
    "learning_unknown": 0.6,
    "learning_wrong_door": 0.3,
}


@dataclass(frozen=True)
class Setting:
    """What holds in the town.

    Attributes:
        name: What it is.
        number: Keeps its random numbers apart from those of the others.
        mode: How people are handed on.
        any_door: Whether every door that says no hands on.
        urgency: Whether the most severe go first.
        equal_budget: Whether handing on takes the time of staff.
        culture: Level of the barrier of professional culture.
        data_sharing: Level of the barrier to data sharing.
        learning: Level of limited learning.
    """

    name: str
    number: int
    mode: str
    any_door: bool = False
    urgency: bool = False
    equal_budget: bool = False
    culture: float = 0.0
    data_sharing: float = 0.0
    learning: float = 0.0


SETTINGS = (
    Setting("letters, no barriers", 0, "letter"),
    Setting("signposting behind barriers", 1, "signposting", culture=0.6, data_sharing=0.6, learning=0.5),
    Setting("tracked and chased, equal budget", 2, "tracked", equal_budget=True, culture=0.6, data_sharing=0.6),
    Setting("accompanied, any door, by urgency", 3, "accompanied", any_door=True, urgency=True, culture=0.4),
)


@cache
def desk_of(provider: str, stage: str, kind: str) -> Desk | None:
    """Return the desk of a provider for a stage and a kind of need, if there is one."""
    of_it = (desk for desk in DESKS if (desk.provider, desk.stage) == (provider, stage) and kind in desk.kinds)
    return next(of_it, None)
