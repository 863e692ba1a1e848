"""Cases of journeys through two providers: handoffs, drops, chases, new tries and giving up, as Markov chains."""

from __future__ import annotations

from functools import partial

import pandas as pd

from experiments.validation.case import Case, Measure, Window, build
from experiments.validation.chains import GAVE_UP, NEW, SUPPORTED, Journey, journey_chain
from experiments.validation.network_cases import HELP, INTAKE, PLENTY, desk
from sim import Coordination, Scenario
from sim.outcomes.result import Result

CITIZENS, PER_DAY = 2500, 0.4


def journey_scenario(size: float, journey: Journey) -> Scenario:
    """Return the place of a journey: a clinic that assesses, and a charity that supports and is reached by handoff."""
    # Few a day for long: citizens do not meet, and those who arrive while the last are followed up are a small part.
    window = Window(PER_DAY, warmup=1.0, counted=CITIZENS * size / PER_DAY, tail=1500.0)
    mode = {"sent": journey.sent, "days": journey.days, "attendance_odds": journey.help_odds}
    if journey.mode in ("tracked", "accompanied", "walk"):
        mode["chases"] = journey.chases
    settings = {
        "population": {"persistence_median": journey.persistence, "persistence_sigma": 0,
                       "capability_median": journey.capability},
        "journey": {
            "attendance": journey.attendance, "attendance_odds_week": journey.odds_week,
            "attendance_odds_capability": journey.odds_capability, "rebook": journey.rebook,
            "rebook_days": journey.rebook_days, "retry_days": journey.retry_days,
            "unaware_days": journey.unaware_days,
        },
        "handoffs": {journey.mode: mode, "chase_days": journey.chase_days,
                     "carried_odds_capability": journey.carried_odds},
        "barriers": {"data_sharing": journey.data_sharing, "culture": journey.culture},
        "barrier_effects": {"data_lost": journey.data_lost, "data_slower": journey.data_slower,
                            "culture_declined": journey.declined, "culture_threshold": 0},
    }  # fmt: skip
    return build(
        window,
        settings,
        providers=[
            {"provider": "clinic", "sector": "public", "profession": "health", "hub": "house"},
            {"provider": "charity", "sector": "voluntary", "profession": "advice", "visibility": 0, "hub": "house"},
        ],
        services=[
            desk(INTAKE, "clinic", "assessment", PLENTY, journey.assessment_days),
            desk(HELP, "charity", "support", PLENTY, 3.0, assessed_first="yes"),
        ],
    )


def journey_case(name: str, journey: Journey) -> Case:
    """Return the case of a journey."""
    chain = journey_chain(journey)
    measures = (
        Measure("share supported", chain.ends_in(NEW, SUPPORTED), share_supported),
        Measure("handoffs made per need", chain.mean_visits(NEW, "handoff made"), partial(mean_of, column="handoffs")),
        Measure("days to support, of the supported", chain.mean_days_to(NEW, SUPPORTED), days_to_support),
        Measure("days to giving up, of those who do", chain.mean_days_to(NEW, GAVE_UP), days_to_giving_up),
    )
    coordination = Coordination(
        handoff="signposting" if journey.together else journey.mode,
        delivery="co_located" if journey.together else "separate_sites",
    )
    return Case("Journeys as Markov chains", name, partial(journey_scenario, journey=journey), measures, coordination)


def _settled(result: Result) -> pd.DataFrame:
    """Return the episodes of the cohort, all of which have come to their end.

    Raises:
        ValueError: Some are still open at the horizon.
    """
    episodes = result.episodes
    cohort = episodes[episodes["cohort"]]
    if (cohort["state"] == "open").any():
        raise ValueError("journeys were cut off by the horizon")
    return cohort


def share_supported(result: Result) -> float:
    """Return the share of needs that is supported in the end."""
    return float((_settled(result)["state"] == "supported").mean())


def mean_of(result: Result, column: str) -> float:
    """Return the mean of a column of the episodes."""
    return float(_settled(result)[column].mean())


def days_to_support(result: Result) -> float:
    """Return the mean days from onset to support, of the supported."""
    episodes = _settled(result)
    return float(episodes.loc[episodes["state"] == "supported", "days"].mean())


def days_to_giving_up(result: Result) -> float:
    """Return the mean days from onset to giving up, of those who give up."""
    episodes = _settled(result)
    return float(episodes.loc[episodes["state"] == "gave_up", "days"].mean())


JOURNEYS = {
    "signposting": Journey("signposting", 0.6, 7.0, capability=0.8),
    "letter": Journey("letter", 0.9, 10.0),
    "letter, data and culture barriers": Journey("letter", 0.95, 6.0, data_sharing=0.7, culture=0.6),
    "introduction, data barrier": Journey("introduction", 0.97, 3.0, 1.5, data_sharing=0.5, persistence=0.4),
    "tracked, two chases": Journey("tracked", 0.7, 5.0, 1.5, chases=2, persistence=0.5, odds_week=0.6),
    "tracked, one chase, both barriers": Journey(
        "tracked", 0.9, 5.0, 1.5, chases=1, data_sharing=0.8, culture=0.5, capability=0.3
    ),
    "accompanied, three chases, culture": Journey("accompanied", 0.8, 3.0, 4.0, chases=3, culture=0.7, attendance=0.6),
    "walk in a hub, one chase": Journey(
        "walk", 0.85, 0.5, 1.2, chases=1, data_sharing=1.0, culture=1.0, attendance=0.7, together=True
    ),
}
"""Journeys by their names."""


def chain_cases() -> list[Case]:
    """Return all cases of journeys as Markov chains."""
    return [journey_case(name, journey) for name, journey in JOURNEYS.items()]
