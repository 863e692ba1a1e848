"""Failure demand against journeys counted by hand: contacts that a first handoff that worked would have spared.

No error rates: the ledgers are written by hand, or every chance in the runs is 0 or 1.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim import Coordination, Scenario, simulate
from sim.codes import Activity, Noticed, Reason
from sim.ledger import Ledger
from sim.outcomes import tables
from sim.outcomes.headline import headline
from sim.schema.parameters import Time
from tests.places import TWO_PROVIDERS, write_place

CLOCK = Time(horizon_days=500.0, warmup_days=50.0, followup_days=30.0)
START = 100.0
WORDS = {
    "sought": Activity.SOUGHT,
    "turned_away": Activity.TURNED_AWAY,
    "assessed": Activity.ASSESSMENT_STARTED,
    "sent": Activity.HANDOFF_MADE,
    "received": Activity.HANDOFF_RECEIVED,
    "accepted": Activity.HANDOFF_ACCEPTED,
    "attended": Activity.HANDOFF_ATTENDED,
    "dropped": Activity.HANDOFF_DROPPED,
    "supported": Activity.SUPPORT_STARTED,
    "gave_up": Activity.GAVE_UP,
    "crisis": Activity.CRISIS,
    "crisis_started": Activity.CRISIS_STARTED,
}
ONSETS = {"need": Reason.NONE, "raised": Reason.RAISED, "again": Reason.CRISIS}
"""What begins an episode: a need that arises or returns, that is raised, or that starts again after a crisis."""

Event = tuple[float, int, str]
"""Day since :data:`START`, episode, what happens."""


def written(events: list[Event], citizens: list[int] | None = None) -> tables.Columns:
    """Return the columns of a ledger written by hand.

    Args:
        events: What happens, in order; an episode begins with a word of :data:`ONSETS`.
        citizens: Whose each episode is; by default all are of one citizen, and of one kind of need.
    """
    ledger = Ledger()
    for day, episode, word in events:
        citizen = citizens[episode] if citizens else 0
        if word in ONSETS:
            ledger.record(START + day, Activity.ONSET, citizen, episode, other=0, reason=ONSETS[word], detail=0.5)
        else:
            ledger.record(START + day, WORDS[word], citizen, episode, 0, 0, 0, noticed=Noticed.NOBODY)
    return ledger.columns()


def demand(events: list[Event], citizens: list[int] | None = None) -> list[tuple[int, int]]:
    """Return contacts of failure demand and crises of each episode of a ledger written by hand."""
    columns = written(events, citizens)
    onset = np.flatnonzero(columns["activity"] == Activity.ONSET)
    found = tables.failure_demand(columns, onset, CLOCK.followup_days)
    return list(zip(found.contacts.tolist(), found.crises.tolist(), strict=True))


def journey(text: str) -> list[Event]:
    """Return the events of one episode: ``"0 need, 0 sought, 2 sent"``."""
    return [(float(day), 0, word) for day, word in (part.split() for part in text.split(","))]


FIRST_DROPPED = "0 need, 0 sought, 0 assessed, 1 sent, 2 received, 3 dropped"


@pytest.mark.parametrize(
    ("contacts", "crises", "text"),
    [
        # The first handoff works, or there is none, or it has not ended: nothing else counts.
        (0, 0, "0 need, 0 sought, 1 turned_away, 5 sought, 6 sought, 7 supported"),
        (0, 0, "0 need, 0 sought, 0 assessed, 1 sent, 2 received, 2 attended, 2 supported"),
        (0, 0, "0 need, 0 sought, 1 sent, 2 received, 2 attended, 2 assessed, 3 sent, 4 received, 5 dropped, 9 sought"),
        (0, 1, "0 need, 0 sought, 1 sent, 2 received, 2 attended, 3 sent, 4 dropped, 5 sought, 6 crisis, 7 sought"),
        (0, 1, "0 need, 0 sought, 1 sent, 5 crisis"),
        # It is dropped, and nothing more happens; what went before does not count.
        (0, 0, FIRST_DROPPED),
        (0, 1, "0 need, 0 sought, 1 crisis, 2 sent, 3 dropped, 3 gave_up"),
        # It is dropped, and the contact that leads to support would have been needed anyway.
        (0, 0, f"{FIRST_DROPPED}, 9 sought, 9 supported"),
        (1, 0, f"{FIRST_DROPPED}, 9 sought, 9 turned_away, 12 sought, 12 supported"),
        (0, 0, f"{FIRST_DROPPED}, 9 supported"),
        (2, 0, f"{FIRST_DROPPED}, 9 sought, 9 assessed, 10 sent, 12 received, 12 attended, 12 supported"),
        (0, 0, "0 need, 0 sought, 1 sent, 2 dropped, 9 sought, 9 assessed, 12 supported"),
        # It is dropped, and there is no support: every contact counts, but assessments only from the second one on.
        (1, 0, f"{FIRST_DROPPED}, 9 sought, 9 turned_away, 9 gave_up"),
        (2, 0, f"{FIRST_DROPPED}, 9 sought, 9 assessed"),
        (1, 0, "0 need, 0 sought, 1 sent, 2 dropped, 9 sought, 9 assessed"),
        (2, 0, "0 need, 0 sought, 1 sent, 2 dropped, 9 sought, 9 assessed, 10 assessed"),
        (3, 0, f"{FIRST_DROPPED}, 4 sent, 5 received, 6 dropped, 7 sent, 8 received, 9 dropped, 20 sought, 20 gave_up"),
        # Sending again that gets lost, and steps within a contact, are no contacts of their own.
        (0, 0, f"{FIRST_DROPPED}, 4 sent, 4 dropped, 5 sent, 5 dropped"),
        (1, 0, f"{FIRST_DROPPED}, 4 sent, 5 received, 6 accepted, 7 attended"),
        # Crises after the drop are contacts, the one that is met once; those before it are crises alone.
        (1, 1, f"{FIRST_DROPPED}, 3 gave_up, 9 crisis, 9 crisis_started"),
        (2, 3, "0 need, 0 crisis, 0 sought, 1 sent, 3 dropped, 3 gave_up, 9 crisis, 11 crisis"),
        (1, 1, f"{FIRST_DROPPED}, 5 crisis, 9 sought, 9 supported"),
        # Within the follow-up: its last day is part of it, what comes later is not.
        (1, 0, "0 need, 0 sought, 29 sent, 30 dropped, 30 sought"),
        (0, 0, "0 need, 0 sought, 29 sent, 30.5 dropped, 30.5 sought, 31 sought"),
        (0, 0, "0 need, 0 sought, 1 sent, 30.5 dropped, 31 crisis"),
        (1, 1, f"{FIRST_DROPPED}, 30 crisis, 30.5 crisis, 31 sought, 32 assessed"),
        (1, 0, f"{FIRST_DROPPED}, 9 sought, 31 supported"),
        (0, 0, f"{FIRST_DROPPED}, 9 sought, 30 supported"),
        # Somebody who hands on from where they were refused is a further contact for the next receiver.
        (1, 0, "0 need, 0 sought, 1 sent, 2 received, 2 turned_away, 2 dropped, 2 sent, 4 received, 4 attended"),
    ],
)  # fmt: skip
def test_failure_demand_of_a_journey(contacts: int, crises: int, text: str) -> None:
    assert demand(journey(text)) == [(contacts, crises)]


def test_what_follows_a_new_start_after_a_crisis_counts_for_the_need_that_was_given_up() -> None:
    """Two new starts; the second is within the follow-up of the first onset only in part."""
    events: list[Event] = [
        (0, 0, "need"), (0, 0, "sought"), (1, 0, "sent"), (2, 0, "dropped"), (2, 0, "gave_up"),
        (5, 0, "crisis"), (6, 1, "again"), (6, 1, "sent"), (8, 1, "received"), (9, 1, "dropped"), (9, 1, "gave_up"),
        (20, 1, "crisis"), (21, 2, "again"), (21, 2, "sent"), (25, 2, "received"), (25, 2, "attended"),
        (29, 2, "crisis"), (31, 2, "crisis"), (32, 2, "supported"),
    ]  # fmt: skip
    assert demand(events) == [(5, 3), (0, 0), (0, 0)]
    # With support by day 30 the contact that led to it would have been needed anyway.
    assert demand([*events[:-2], (30, 2, "supported")]) == [(4, 3), (0, 0), (0, 0)]


def test_a_drop_of_somebody_else_is_no_failure() -> None:
    """The last row of the ledger is a drop; who was never handed on has no contacts in vain."""
    events: list[Event] = [
        (0, 0, "need"), (0, 0, "sought"), (1, 1, "need"), (1, 1, "sought"), (2, 0, "sought"), (3, 1, "sent"),
        (4, 1, "dropped"),
    ]  # fmt: skip
    assert demand(events, citizens=[0, 1]) == [(0, 0), (0, 0)]


def test_the_first_handoff_of_a_need_may_be_that_of_a_crisis_worker() -> None:
    events: list[Event] = [
        (0, 0, "need"), (0, 0, "sought"), (0, 0, "gave_up"), (5, 0, "crisis"),
        (6, 1, "again"), (6, 1, "sent"), (8, 1, "dropped"), (9, 1, "crisis"), (12, 1, "sought"), (12, 1, "gave_up"),
    ]  # fmt: skip
    assert demand(events) == [(2, 2), (0, 0)]


def test_needs_that_return_or_are_raised_are_needs_of_their_own() -> None:
    """A return after support, and one of another citizen in between: nothing is counted across."""
    dropped: list[Event] = [(1, 0, "sent"), (2, 0, "dropped"), (3, 0, "sought"), (3, 0, "supported")]
    events: list[Event] = [
        (0, 0, "need"), *dropped,
        (4, 1, "need"), (4, 1, "sought"), (5, 1, "sent"),
        (6, 2, "need"), (6, 2, "sought"), (6, 2, "crisis"), (7, 2, "gave_up"),
        (7, 3, "raised"), (7, 3, "sought"), (7, 3, "sought"), (8, 1, "dropped"), (9, 1, "sought"), (9, 1, "crisis"),
    ]  # fmt: skip
    assert demand(events, citizens=[0, 1, 0, 2]) == [(0, 0), (2, 1), (0, 1), (0, 0)]


def test_a_new_start_goes_on_from_the_last_episode_of_that_need() -> None:
    """The need was met, came back, was given up and started again: only its second coming has the contacts."""
    events: list[Event] = [
        (0, 0, "need"), (0, 0, "sought"), (1, 0, "sent"), (2, 0, "dropped"), (3, 0, "sought"), (3, 0, "supported"),
        (5, 1, "need"), (5, 1, "sent"), (6, 1, "dropped"), (6, 1, "gave_up"), (7, 1, "crisis"),
        (8, 2, "again"), (8, 2, "sent"), (9, 2, "received"),
    ]  # fmt: skip
    assert demand(events) == [(0, 0), (2, 1), (0, 0)]


def test_the_headline_is_the_sum_over_the_cohort_per_100_needs() -> None:
    """Three of the cohort with 2, 0 and 1 contacts; one before it and one after it with more, and a new start."""
    pattern: list[tuple[float, str]] = [(0, "need"), (1, "sent"), (2, "dropped"), (3, "sought")]
    begins = {0: -60.0, 1: -50.0, 2: 0.0, 3: 369.9, 4: 370.0}
    events = [(begin + day, number, word) for number, begin in begins.items() for day, word in pattern]
    events += [(-47.0, 0, "sought"), (-46.0, 1, "crisis"), (3.0, 2, "supported"), (372.9, 3, "gave_up")]
    events += [(373.0, 5, "again"), (374.0, 4, "sought")]
    columns = written(sorted(events, key=lambda event: event[0]), citizens=[0, 1, 2, 3, 4, 3])
    names = tables.Names(
        citizens=list("abcde"), vignettes=[""] * 5, districts=["town"] * 5, needs_of_citizens=[1] * 5,
        capabilities=[0.5] * 5, needs=["illness"], providers=["clinic"], sectors=["public"], professions=["health"],
        services=["care"], stages=["support"], providers_of_services=[0],
    )  # fmt: skip
    episodes = tables.episodes_table(columns, names, CLOCK)
    handoffs = tables.handoffs_table(columns, names, episodes, CLOCK)
    assert list(episodes["cohort"]) == [False, True, True, True, False, False]
    assert list(episodes["failure_contacts"]) == [2, 2, 0, 1, 2, 0]
    assert list(episodes["crises"]) == [0, 1, 0, 0, 0, 0]
    values = headline(episodes, handoffs, CLOCK)
    assert values["failure_per_100"] == pytest.approx(100.0 * (2 + 0 + 1) / 3)
    assert values["crises_per_100"] == pytest.approx(100.0 * 1 / 3)


# --- runs in which every chance is 0 or 1 ---------------------------------------------------------------------


def pair(folder: Path, mode: str, handoffs: dict[str, Any], **population: float) -> Scenario:
    """Return a place of a clinic that assesses and a charity that supports, far from all bounds of time."""
    settings = {
        "budget": "added",
        "time": {"horizon_days": 200, "warmup_days": 20, "followup_days": 60},
        "population": {"patience_days": 1e9, "persistence_median": 0, **population},
        "journey": {"attendance": 1, "retry_days": 1e6, "wrong_door": 0},
        "handoffs": {mode: {"days": 0, **handoffs}, "chase_days": 1},
        "crises": {"hazard": 0},
    }
    services = [
        {**TWO_PROVIDERS["services"][0], "places": 9999, "service_days": 0.01},
        {**TWO_PROVIDERS["services"][1], "places": 9999 if population.get("patience_days", 1e9) > 1 else 0},
    ]
    return Scenario.load(write_place(folder, settings, providers=TWO_PROVIDERS["providers"], services=services))


def test_where_first_handoffs_work_there_is_no_failure_demand(tmp_path: Path) -> None:
    result = simulate(pair(tmp_path, "tracked", {"sent": 1}), Coordination(handoff="tracked"))
    assert set(result.episodes.loc[result.episodes["cohort"], "state"]) == {"supported"}
    assert result.headline()["failure_per_100"] == 0.0


def test_each_chase_that_leads_to_another_queue_without_places_is_one_contact(tmp_path: Path) -> None:
    """Nobody bears the wait, and the sender tries three more times: three more receipts for everybody."""
    place = pair(tmp_path, "tracked", {"sent": 1, "chases": 3}, patience_days=1e-6, persistence_median=1)
    place = place.changed({"journey.missed_slot_days": 0})
    result = simulate(place, Coordination(handoff="tracked"))
    counted = result.episodes[result.episodes["cohort"]]
    assert len(counted) > 30
    assert set(counted["handoffs"]) == {4} == set(counted["dropped"])
    assert set(counted["failure_contacts"]) == {3}
    assert result.headline()["failure_per_100"] == 300.0


def test_referrals_that_get_lost_and_are_sent_until_they_arrive_cost_no_contact(tmp_path: Path) -> None:
    """Half are dropped, but the citizen is seen once, as if the first had worked."""
    place = pair(tmp_path, "tracked", {"sent": 0.5, "chases": 100})
    result = simulate(place, Coordination(handoff="tracked"))
    counted = result.episodes[result.episodes["cohort"]]
    assert (counted["dropped"] > 0).sum() > 10
    assert set(counted["state"]) == {"supported"}
    assert result.headline()["failure_per_100"] == 0.0


def test_a_lost_letter_costs_the_try_that_follows(tmp_path: Path) -> None:
    """Nothing ever arrives; each tries once more within the follow-up, and is handed on by their record there."""
    place = pair(tmp_path, "letter", {"sent": 0}, persistence_median=1)
    place = place.changed({"journey": {"unaware_days": 50, "retry_days": 0.01}})
    result = simulate(place, Coordination(handoff="letter"))
    counted = result.episodes[result.episodes["cohort"]]
    assert (counted["tries"] >= 2).all() and (counted["stories"] == 1).all()
    assert set(counted["failure_contacts"]) == {1}
