"""The balance check by hand: short ledgers that are just in balance, and the same with one thing too much.

What a whole run looks like and how it is refused when it is tampered with is in ``test_tampering``.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sim.codes import Activity
from sim.ledger import Ledger
from sim.outcomes.balance import Capacity, ImbalanceError, check_balance, counts

HORIZON = 50.0

Row = tuple[float, Activity, int, float]
"""Day, activity, episode, detail."""


def refused(rows: list[Row], places: list[int] | None = None, caseloads: list[int] | None = None) -> str:
    """Return what is wrong with a ledger, or "" if nothing is.

    Episodes are of the citizen with the same number. Everything happens at service 0 (or in a row of five parts at
    the service that its last part says).
    """
    ledger = Ledger()
    for day, activity, episode, detail, *service in rows:
        where = service[0] if service else 0
        ledger.record(day, activity, episode, episode, 0, where, detail=detail)
    try:
        check_balance(ledger.columns(), Capacity(places or [1, 1], caseloads or [1, 1]), HORIZON)
    except ImbalanceError as error:
        return str(error)
    return ""


def onsets(*episodes: int) -> list[Row]:
    """Return the onsets of some episodes on day 0."""
    return [(0.0, Activity.ONSET, episode, 0.5) for episode in episodes]


def support(episode: int, begin: float, end: float | None = None, service: int = 0) -> list:
    """Return the rows of a support that begins at once, and ends if it does."""
    rows = [
        (begin, Activity.JOINED, episode, 0.0, service),
        (begin, Activity.SUPPORT_STARTED, episode, 0.0, service),
    ]
    return [*rows, (end, Activity.SUPPORT_ENDED, episode, 0.0, service)] if end is not None else rows


# --- time -----------------------------------------------------------------------------------------------------


def test_an_empty_ledger_is_in_balance() -> None:
    assert refused([]) == ""


def test_a_run_begins_on_day_0_and_ends_before_its_horizon() -> None:
    assert refused(onsets(0)) == ""
    assert refused([*onsets(0), (49.999, Activity.SOUGHT, 0, 0.0)]) == ""
    for wrong in ([*onsets(0), (50.0, Activity.SOUGHT, 0, 0.0)], [(-0.001, Activity.ONSET, 0, 0.5)]):
        assert "time does not run from 0 to 50 in order" in refused(wrong)


def test_things_may_happen_at_the_same_time_but_not_backwards() -> None:
    days = [(1.0, Activity.ONSET, 0, 0.5), (2.0, Activity.SOUGHT, 0, 0.0), (2.0, Activity.SOUGHT, 0, 0.0)]
    assert refused(days) == ""
    assert "time does not run" in refused([*days, (1.999, Activity.SOUGHT, 0, 0.0)])


# --- episodes -------------------------------------------------------------------------------------------------


def test_episodes_are_numbered_in_order_of_onset() -> None:
    assert refused(onsets(0, 1, 2)) == ""
    for wrong in (onsets(1, 0), onsets(0, 0), onsets(0, 2), onsets(1)):
        assert "not one onset" in refused(wrong)
    assert "not one onset" in refused([*onsets(0), (1.0, Activity.SOUGHT, 1, 0.0)])


@pytest.mark.parametrize("episode", [0, 1, 2])
def test_an_episode_ends_once(episode: int) -> None:
    given_up = (3.0, Activity.GAVE_UP, episode, 0.0)
    assert refused([*onsets(0, 1, 2), given_up]) == ""
    message = f"episode {episode} was supported or given up more than once"
    assert refused([*onsets(0, 1, 2), given_up, given_up]) == message
    others = [(2.0, Activity.GAVE_UP, other, 0.0) for other in range(3) if other != episode]
    assert refused([*onsets(0, 1, 2), *others, given_up, given_up]) == message


@pytest.mark.parametrize("episode", [0, 1, 2])
def test_nothing_happens_before_the_onset_or_after_the_end(episode: int) -> None:
    before = [row for row in onsets(0, 1, 2) if row[2] < episode]
    after = [row for row in onsets(0, 1, 2) if row[2] >= episode]
    sought = (0.0, Activity.SOUGHT, episode, 0.0)
    message = f"episode {episode} has events before its onset or after its end"
    assert message in refused([*before, sought, *after])
    assert refused([*before, *after, sought]) == ""
    gave_up = (0.0, Activity.GAVE_UP, episode, 0.0)
    assert message in refused([*before, *after, gave_up, sought])


def test_the_first_of_several_episodes_is_named() -> None:
    ends = [(1.0, Activity.GAVE_UP, episode, 0.0) for episode in (0, 1)]
    late = [(2.0, Activity.SOUGHT, episode, 0.0) for episode in (1, 0)]
    assert refused([*onsets(0, 1), *ends, *late]).startswith("episode 1 has events")
    received = [(1.0, RECEIVED, episode, 0.0) for episode in (1, 0)]
    assert refused([*onsets(0, 1), *received]) == "HANDOFF_RECEIVED out of order in episode 0"


def test_a_need_that_was_given_up_may_lead_to_a_crisis() -> None:
    begun, ended = (4.0, Activity.CRISIS_STARTED, 0, 0.0), (5.0, Activity.CRISIS_ENDED, 0, 0.0)
    crisis = [(4.0, Activity.CRISIS, 0, 0.5), begun, ended]
    assert refused([*onsets(0), (3.0, Activity.GAVE_UP, 0, 0.0), *crisis]) == ""


def test_what_is_of_nobody_belongs_to_no_episode() -> None:
    """A change of places before the first onset, and a block after the last end."""
    rows = [(0.0, Activity.PLACES, -1, 1.0), *onsets(0), (1.0, Activity.GAVE_UP, 0, 0.0)]
    assert refused([*rows, (2.0, Activity.COORDINATED, -1, 1.0)]) == ""


# --- order ----------------------------------------------------------------------------------------------------

MADE, RECEIVED, ACCEPTED = Activity.HANDOFF_MADE, Activity.HANDOFF_RECEIVED, Activity.HANDOFF_ACCEPTED
ATTENDED, DROPPED = Activity.HANDOFF_ATTENDED, Activity.HANDOFF_DROPPED
JOINED, LEFT, MISSED = Activity.JOINED, Activity.LEFT, Activity.MISSED
BEGUN, ENDED = Activity.ASSESSMENT_STARTED, Activity.ASSESSMENT_ENDED
OFFERED, HELPED, CLOSED = Activity.NAVIGATION_OFFERED, Activity.NAVIGATION_STARTED, Activity.NAVIGATION_ENDED


def steps(*activities: Activity) -> list[Row]:
    """Return an episode with some steps a day apart."""
    return [*onsets(0), *((1.0 + day, activity, 0, 0.0) for day, activity in enumerate(activities))]


@pytest.mark.parametrize(
    "activities",
    [
        (MADE, RECEIVED, ACCEPTED, ATTENDED, MADE, DROPPED, MADE, RECEIVED, DROPPED, MADE, RECEIVED, ACCEPTED, DROPPED),
        (JOINED, LEFT, JOINED, BEGUN, ENDED, JOINED, MISSED, MISSED, LEFT, JOINED, MISSED, BEGUN, ENDED),
        (OFFERED, OFFERED, HELPED, CLOSED, OFFERED),
    ],
)
def test_orders_that_are_allowed(activities: tuple[Activity, ...]) -> None:
    assert refused(steps(*activities)) == ""


@pytest.mark.parametrize(
    ("activities", "step"),
    [
        ((RECEIVED,), RECEIVED),
        ((MADE, ACCEPTED), ACCEPTED),
        ((MADE, RECEIVED, ATTENDED), ATTENDED),
        ((MADE, MADE), MADE),
        ((DROPPED,), DROPPED),
        ((MADE, RECEIVED, ACCEPTED, ATTENDED, DROPPED), DROPPED),
        ((JOINED, JOINED), JOINED),
        ((LEFT,), LEFT),
        ((BEGUN,), BEGUN),
        ((MISSED,), MISSED),
        ((JOINED, ENDED), ENDED),
        ((HELPED,), HELPED),
        ((OFFERED, CLOSED), CLOSED),
        ((OFFERED, HELPED, OFFERED), OFFERED),
    ],
)
def test_orders_that_are_not(activities: tuple[Activity, ...], step: Activity) -> None:
    assert f"{step.name} out of order in " in refused(steps(*activities))


def test_each_holder_has_an_order_of_its_own() -> None:
    """Two episodes whose handoffs overlap; what is out of order is named after the one in which it is."""
    both = [*onsets(0, 1), (1.0, MADE, 0, 0.0), (1.0, MADE, 1, 0.0)]
    assert refused([*both, (2.0, RECEIVED, 1, 0.0), (2.0, RECEIVED, 0, 0.0)]) == ""
    assert refused([*both, (2.0, ACCEPTED, 1, 0.0)]) == "HANDOFF_ACCEPTED out of order in episode 1"
    assert refused([*onsets(0, 1), (1.0, OFFERED, 0, 0.0), (2.0, HELPED, 1, 0.0)]) == (
        "NAVIGATION_STARTED out of order in citizen 1"
    )


# --- places ---------------------------------------------------------------------------------------------------


def test_a_place_is_given_away_once() -> None:
    first = support(0, 1.0)
    assert refused([*onsets(0, 1), *first, *support(1, 2.0)], [2]) == ""
    assert refused([*onsets(0, 1), *first, *support(1, 2.0)], [1]) == "service 0 served 2 people with 1 places"


def test_a_place_that_is_freed_can_be_taken_at_once() -> None:
    assert refused([*onsets(0, 1), *support(0, 1.0, 5.0), *support(1, 5.0)], [1]) == ""


def test_each_service_has_places_of_its_own() -> None:
    both = [*onsets(0, 1), *support(0, 1.0, service=0), *support(1, 2.0, service=1)]
    assert refused(both, [1, 1]) == ""
    assert refused(both, [1, 0]) == "service 1 served 1 people with 0 places"
    assert refused(both, [0, 1]) == "service 0 served 1 people with 0 places"


@pytest.mark.parametrize("activity", [Activity.MISSED, Activity.COORDINATED])
def test_a_place_is_blocked_for_a_time(activity: Activity) -> None:
    """From day 2 for 3 days."""
    joined = [(1.0, JOINED, 1, 0.0)] if activity is MISSED else []
    blocked = [*onsets(0, 1), *joined, (2.0, activity, 1 if joined else -1, 3.0)]
    assert refused([*blocked, *support(0, 5.0)], [1]) == ""
    assert refused([*blocked, *support(0, 4.999)], [1]) == "service 0 served 2 people with 1 places"


def test_blocks_take_places_that_are_there() -> None:
    rows = [*onsets(0), (1.0, Activity.COORDINATED, -1, 3.0), (2.0, Activity.COORDINATED, -1, 1.0)]
    assert refused(rows, [2]) == ""
    assert refused(rows, [1]) == "service 0 served 2 people with 1 places"


def test_places_come_and_go() -> None:
    """A second place from day 3 on; a place that is lost while it is taken stays with who has it."""
    more = [(3.0, Activity.PLACES, -1, 2.0)]
    assert refused([*onsets(0, 1), *support(0, 1.0), *more, *support(1, 3.0)], [1]) == ""
    assert "with 1 places" in refused([*onsets(0, 1), *support(0, 1.0), *support(1, 2.0), *more], [1])
    less = [(3.0, Activity.PLACES, -1, 0.0)]
    assert refused([*onsets(0), *support(0, 1.0), *less], [1]) == ""
    late = [*onsets(0, 1), *support(0, 1.0), *less, (4.0, Activity.SUPPORT_ENDED, 0, 0.0), *support(1, 5.0)]
    assert refused(late, [1]) == "service 0 served 1 people with 0 places"


def test_a_service_is_checked_where_those_before_it_serve_nobody() -> None:
    assert refused([*onsets(0), *support(0, 1.0, service=1)], [1, 0]) == "service 1 served 1 people with 0 places"


def test_places_that_change_at_one_service_do_not_elsewhere() -> None:
    more = (0.0, Activity.PLACES, -1, 2.0, 0)
    twice = [more, *onsets(0, 1), *support(0, 1.0, service=1), *support(1, 2.0, service=1)]
    assert refused(twice, [1, 1]) == "service 1 served 2 people with 1 places"


def test_too_many_are_reported_when_it_begins() -> None:
    """Two with one place already, then three."""
    rows = [*onsets(0, 1, 2), *support(0, 1.0), *support(1, 2.0), *support(2, 3.0)]
    assert refused(rows, [1]) == "service 0 served 2 people with 1 places"


# --- caseloads ------------------------------------------------------------------------------------------------


def helped(citizen: int, begin: float, end: float | None, navigator: int = 0) -> list[Row]:
    """Return the rows of a navigator's case."""
    rows = [(begin, OFFERED, citizen, 0.0), (begin, HELPED, citizen, float(navigator))]
    return [*rows, (end, CLOSED, citizen, float(navigator))] if end is not None else rows


def test_a_navigator_helps_no_more_than_the_caseload() -> None:
    rows = [*onsets(0, 1), *helped(0, 1.0, None), *helped(1, 2.0, None)]
    assert refused(rows, caseloads=[2]) == ""
    assert refused(rows, caseloads=[1]) == "navigator 0 helped 2 people with a caseload of 1"


def test_a_case_that_is_closed_makes_room_at_once() -> None:
    assert refused([*onsets(0, 1), *helped(0, 1.0, 2.0), *helped(1, 2.0, None)], caseloads=[1]) == ""


def test_a_case_that_is_closed_makes_room_for_one() -> None:
    rows = [*onsets(0, 1, 2), *helped(0, 1.0, 2.0), *helped(1, 3.0, None), *helped(2, 4.0, None)]
    assert refused(rows, caseloads=[1]) == "navigator 0 helped 2 people with a caseload of 1"


def test_each_navigator_has_a_caseload_of_their_own() -> None:
    """Navigator 0 has one open case at the end, which is not one of navigator 1's."""
    both = [*onsets(0, 1), *helped(0, 1.0, None, 0), *helped(1, 2.0, None, 1)]
    assert refused(both, caseloads=[1, 1]) == ""
    assert refused(both, caseloads=[1, 0]) == "navigator 1 helped 1 people with a caseload of 0"
    assert refused(both, caseloads=[0, 1]) == "navigator 0 helped 1 people with a caseload of 0"


# --- flows ----------------------------------------------------------------------------------------------------


def test_flows_are_counted() -> None:
    episodes = pd.DataFrame({"state": ["supported"] * 3 + ["gave_up"] * 2 + ["open"]})
    handoffs = pd.DataFrame({"state": ["attended"] * 4 + ["dropped"] * 5 + ["under_way"] * 2})
    assert counts(episodes, handoffs) == {
        "onsets": 6, "supported": 3, "gave_up": 2, "open": 1,
        "handoffs_made": 11, "handoffs_attended": 4, "handoffs_dropped": 5, "handoffs_under_way": 2,
    }  # fmt: skip


def test_flows_of_nothing_are_0() -> None:
    nothing = pd.DataFrame({"state": np.empty(0, object)})
    assert set(counts(nothing, nothing).values()) == {0}
