"""The balance check does detect: a ledger that was tampered with is refused, and everything wrong is said at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from sim import Scenario, simulate
from sim.codes import Activity
from sim.outcomes.balance import ImbalanceError
from sim.outcomes.result import Result
from tests.sim.test_flow import SHORT

Columns = dict[str, np.ndarray]


def rows_of(columns: Columns, *activities: Activity) -> np.ndarray:
    """Return the rows of some activities."""
    return np.flatnonzero(np.isin(columns["activity"], activities))


def without(columns: Columns, row: int) -> Columns:
    """Return a ledger without one row."""
    return {name: np.delete(values, row) for name, values in columns.items()}


def with_copy(columns: Columns, row: int, position: int, **cells: float) -> Columns:
    """Return a ledger with a changed copy of a row before a position, at the time of what stands there."""
    cells = {"time": columns["time"][min(position, len(columns["time"]) - 1)], **cells}
    return {name: np.insert(values, position, cells.get(name, values[row])) for name, values in columns.items()}


def with_cell(columns: Columns, row: int, **cells: float) -> Columns:
    """Return a ledger with some cells of a row replaced."""
    changed = {name: values.copy() for name, values in columns.items()}
    for name, value in cells.items():
        changed[name][row] = value
    return changed


def first_row(columns: Columns, activity: Activity) -> int:
    return int(rows_of(columns, activity)[0])


def middle_row(columns: Columns, activity: Activity) -> int:
    rows = rows_of(columns, activity)
    return int(rows[len(rows) // 2])


def last_row_of_many(columns: Columns, activity: Activity) -> int:
    """Return the last row of an activity whose episode has more rows."""
    rows = rows_of(columns, activity)
    many = np.bincount(columns["episode"][columns["episode"] >= 0])[columns["episode"][rows]] > 1
    return int(rows[many][-1])


def dropping(activity: Activity, pick: Callable[[Columns, Activity], int] = middle_row) -> Callable[[Columns], Columns]:
    """Return what drops a row of an activity."""
    return lambda columns: without(columns, pick(columns, activity))


def twice(activity: Activity) -> Callable[[Columns], Columns]:
    """Return what records a row of an activity a second time, right after it."""

    def change(columns: Columns) -> Columns:
        row = middle_row(columns, activity)
        return with_copy(columns, row, row + 1)

    return change


def at_the_end(activity: Activity, of: Activity) -> Callable[[Columns], Columns]:
    """Return what adds a row of an activity, as the last, for an episode in which ``of`` happened."""

    def change(columns: Columns) -> Columns:
        episode = columns["episode"][middle_row(columns, of)]
        row = middle_row(columns, activity)
        return with_copy(columns, row, len(columns["time"]), episode=episode)

    return change


def swap_times(columns: Columns) -> Columns:
    row = len(columns["time"]) // 2
    times = columns["time"]
    return with_cell(with_cell(columns, row, time=times[row + 40]), row + 40, time=times[row])


def busiest(columns: Columns, starts: tuple[Activity, ...], ends: tuple[Activity, ...], holder: str) -> int:
    """Return a row of a start after which its holder holds as many as it ever does."""
    held: Counter[int] = Counter()
    best: dict[int, tuple[int, int]] = {}
    for row in rows_of(columns, *starts, *ends):
        number = int(columns[holder][row])
        held[number] += 1 if columns["activity"][row] in starts else -1
        if held[number] > best.get(number, (0, 0))[0]:
            best[number] = (held[number], int(row))
    return max(best.values())[1]


def one_place_too_many(columns: Columns) -> Columns:
    """An assessment starts while the desk is full."""
    row = busiest(columns, (Activity.ASSESSMENT_STARTED,), (Activity.ASSESSMENT_ENDED,), "service")
    return with_copy(columns, row, row + 1, time=columns["time"][row])


def one_case_too_many(columns: Columns) -> Columns:
    row = busiest(columns, (Activity.NAVIGATION_STARTED,), (Activity.NAVIGATION_ENDED,), "detail")
    return with_copy(columns, row, row + 1, time=columns["time"][row])


TAMPERED: dict[str, tuple[Callable[[Columns], Columns], str | None]] = {
    "time runs backwards": (swap_times, "time does not run"),
    "time before the start": (lambda columns: with_cell(columns, 0, time=-1.0), "time does not run"),
    "time after the horizon": (
        lambda columns: with_cell(columns, len(columns["time"]) - 1, time=130.0),
        "time does not run",
    ),
    "first onset missing": (dropping(Activity.ONSET, first_row), "not one onset"),
    "an onset missing": (dropping(Activity.ONSET), "not one onset"),
    "last onset missing": (dropping(Activity.ONSET, last_row_of_many), "not one onset"),
    "an onset twice": (twice(Activity.ONSET), "not one onset"),
    "supported twice": (twice(Activity.SUPPORT_STARTED), "more than once"),
    "gave up twice": (twice(Activity.GAVE_UP), "more than once"),
    "gave up after support": (at_the_end(Activity.GAVE_UP, Activity.SUPPORT_STARTED), "more than once"),
    "queues after support": (at_the_end(Activity.JOINED, Activity.SUPPORT_STARTED), "after its end"),
    "handed on after giving up": (at_the_end(Activity.HANDOFF_MADE, Activity.GAVE_UP), "after its end"),
    "seeks after giving up": (at_the_end(Activity.SOUGHT, Activity.GAVE_UP), "after its end"),
    "handoff not made": (dropping(Activity.HANDOFF_MADE), "out of order"),
    "handoff not received": (dropping(Activity.HANDOFF_RECEIVED, first_row), "out of order"),
    "handoff not accepted": (dropping(Activity.HANDOFF_ACCEPTED, first_row), "out of order"),
    "handoff made twice": (twice(Activity.HANDOFF_MADE), "out of order"),
    "handoff attended twice": (twice(Activity.HANDOFF_ATTENDED), "out of order"),
    "handoff dropped twice": (twice(Activity.HANDOFF_DROPPED), "out of order"),
    "a place given away twice": (one_place_too_many, "places"),
    "a navigator takes on one too many": (one_case_too_many, "caseload"),
    # Spells: each is joined, then served to its end or left.
    "support ended without a start": (dropping(Activity.SUPPORT_STARTED, first_row), None),
    "assessment ended without a start": (dropping(Activity.ASSESSMENT_STARTED, first_row), None),
    "assessment ended twice": (twice(Activity.ASSESSMENT_ENDED), None),
    "served without having joined": (dropping(Activity.JOINED, first_row), None),
    "left twice": (twice(Activity.LEFT), None),
    "navigation ended twice": (twice(Activity.NAVIGATION_ENDED), None),
}


def busy() -> Result:
    """Return a run in which navigators are full and some desks have a single place."""
    settings = {"time": SHORT, "navigation.link_worker.caseload": 2, "population.onset_lag_days": 5.0}
    return simulate(Scenario.load("three_journeys").changed(settings), "integrated", seed=11)


@pytest.fixture(scope="module")
def untouched() -> Result:
    """A run that is in balance."""
    result = busy()
    result.check_balance()
    return result


@pytest.mark.parametrize("kind", TAMPERED)
def test_tampering_is_detected(untouched: Result, kind: str) -> None:
    tamper, message = TAMPERED[kind]
    with pytest.raises(ImbalanceError, match=message):
        replace(untouched, columns=tamper(dict(untouched.columns))).check_balance()


def test_a_place_less_is_detected(untouched: Result) -> None:
    """Places and caseloads are those of the scenario, not what the ledger happens to show."""
    most = Counter(untouched.columns["service"][rows_of(untouched.columns, Activity.ASSESSMENT_STARTED)])
    desk = int(most.most_common(1)[0][0])
    places = list(untouched.capacity.places)
    places[desk] = 0
    with pytest.raises(ImbalanceError, match=f"service {desk} served"):
        replace(untouched, capacity=replace(untouched.capacity, places=places)).check_balance()
    fewer = [0] * len(untouched.capacity.caseloads)
    with pytest.raises(ImbalanceError, match="navigator 0 helped"):
        replace(untouched, capacity=replace(untouched.capacity, caseloads=fewer)).check_balance()


def test_everything_wrong_is_reported_at_once(untouched: Result) -> None:
    columns = twice(Activity.HANDOFF_MADE)(swap_times(dict(untouched.columns)))
    with pytest.raises(ImbalanceError, match=r"time does not run.*HANDOFF_MADE out of order"):
        replace(untouched, columns=columns).check_balance()
