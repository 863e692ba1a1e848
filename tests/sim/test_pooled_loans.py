"""Places lent within a pool: none is lost or made, each remains its owner's, and those who wait gain by them.

Random places have fixed seeds, and what is asserted holds in every run: there are no error rates.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sim import Coordination, Result, Scenario, simulate
from sim.agents.service import Service
from sim.model import JourneyModel
from tests.sim.test_pooling import LOPSIDED, POOLED, THREE_AT_ONE, changes, dated, place, service, starts, with_rows

# --- no place is lost or made ---------------------------------------------------------------------------------------


def with_contracts(town: Scenario, *days: float) -> Scenario:
    """Return a place whose providers have contracts of these lengths."""
    rows = zip(town.tables.providers, days, strict=True)
    providers = tuple(row.model_copy(update={"contract_days": length}) for row, length in rows)
    return replace(town, tables=replace(town.tables, providers=providers))


START = {"alpha": 4, "beta": 3, "gamma": 5}


def busy_place(folder: Path, **settings: Any) -> Scenario:
    """Load a place whose three services, with the places of ``START``, take turns at being short of them."""
    rows = [service("alpha", 4, 20.0), service("beta", 3, 15.0), service("gamma", 5, 25.0)]
    rows = [{**row, "service_time": "exponential"} for row in rows]
    return place(folder, rows, per_year=180.0, time={"horizon_days": 2000}, **settings)


def test_every_place_that_leaves_arrives_elsewhere_after_the_time_of_a_move(tmp_path: Path) -> None:
    """Of a random place with a hundred moves and more: read from the places in the ledger alone."""
    result = simulate(busy_place(tmp_path / "busy"), POOLED, seed=4)
    held = dict(START)
    left, came = Counter[float](), Counter[float]()
    for time, name, count in changes(result):
        (came if count > held[name] else left)[round(time, 6)] += abs(count - held[name])
        held[name] = count
        assert count >= {"alpha": 2, "beta": 2, "gamma": 3}[name], f"{name} lends what it ought to keep"
        assert sum(held.values()) <= 12
    due = Counter({round(time + 3.0, 6): count for time, count in left.items() if time + 3.0 < 2000.0})
    assert sum(left.values()) > 100
    assert came == due
    result.check_balance()


def test_places_leave_only_idle_services_for_queues(tmp_path: Path) -> None:
    """At each departure nobody waits at the lender, which has a place free, and somebody waits elsewhere."""
    result = simulate(busy_place(tmp_path / "busy"), POOLED, seed=4)
    held = dict(START)
    taken, waiting = Counter[str](), Counter[str]()
    departures = 0
    for activity, name, detail in result.ledger[["activity", "service", "detail"]].itertuples(index=False):
        if activity == "joined":
            waiting[name] += 1
        elif activity == "support_started":
            waiting[name] -= 1
            taken[name] += 1
        elif activity == "support_ended":
            taken[name] -= 1
        elif activity == "places":
            if detail < held[name]:
                departures += 1
                assert waiting[name] == 0 and taken[name] <= detail
                assert sum(waiting.values()) > 0
            held[name] = int(detail)
    assert departures > 100


def test_a_service_that_is_closed_neither_lends_nor_borrows(tmp_path: Path) -> None:
    """Each contract lapses at its end, and people go on waiting; a place may arrive while the doors are closed."""
    barriers = {"funding": 1.0, "geography": 0.0, "culture": 0.0, "data_sharing": 0.0, "learning": 0.0}
    effects = {"funding_lapse_public": 1.0, "funding_turnover_public": 0.0, "funding_gap_days": 15.0}
    effects["funding_list_lost"] = 0.0
    town = busy_place(tmp_path / "busy", barriers=barriers, barrier_effects=effects)
    result = simulate(with_contracts(town, 60.0, 90.0, 75.0), POOLED, seed=4)
    moves = [(round(time, 6), name, count) for time, name, count in changes(result)]
    held, left, lent = dict(START), dict[float, str](), list[tuple[float, str, str]]()
    for time, name, count in moves:
        if count < held[name]:
            left[time] = name
        else:
            begin = round(time - 3.0, 6)
            lent.append((begin, left[begin], name))
        held[name] = count
    closed = {name: closures(result, f"p_{name}") for name in START}
    for time, *both in lent:
        for name in both:
            assert not any(begin <= time < end for begin, end in closed[name]), f"{name} is closed on day {time}"
    assert len(lent) > 50 and all(len(spans) > 10 for spans in closed.values())


def closures(result: Result, provider: str) -> list[tuple[float, float]]:
    """Return from when to when a provider was closed."""
    rows = result.ledger[result.ledger["resource"] == provider]
    begins, ends = (
        rows.loc[rows["activity"] == f"service_{what}", "time"].round(6).tolist() for what in ("closed", "opened")
    )
    return list(zip(begins, [*ends, np.inf][: len(begins)], strict=True))


def assert_adds_up(model: JourneyModel, days: int) -> tuple[int, int]:
    """Run a model by the day and assert that its one pool has the places that are paid for and staffed.

    Returns:
        On how many days places are away from their owner, and on how many posts are vacant.
    """
    lent = vacant = 0
    for _ in range(days):
        model.step()
        pool = [desk for desk in model.landscape.desks if isinstance(desk, Service)]
        away, coming, borrowed = (sum(getattr(one, what) for one in pool) for what in ("away", "coming", "borrowed"))
        there = {one: one.funded - one.vacant for one in pool}
        assert min(min(one.places, one.away, one.coming, one.borrowed, there[one]) for one in pool) >= 0
        assert away == borrowed + coming
        # Who is short has lost places that are still on their way somewhere.
        missing = sum(max(0, one.away - there[one]) for one in pool)
        assert missing <= coming
        assert sum(one.places for one in pool) + coming == sum(there.values()) + missing
        lent += away > 0
        vacant += any(one.vacant > 0 for one in pool)
    return lent, vacant


def test_held_places_and_those_on_their_way_are_those_that_are_paid_for(tmp_path: Path) -> None:
    """While the number that is paid for changes, up and down to none, in each service."""
    arm = with_rows(
        dated("places.gamma", "1", from_day=200, to_day=420),
        dated("places.alpha", "7", from_day=300, to_day=500),
        dated("places.beta", "0", from_day=450, to_day=600),
        dated("places.alpha", "0", from_day=620, to_day=700),
    )
    lent, _ = assert_adds_up(JourneyModel(busy_place(tmp_path / "busy"), arm, seed=4), 800)
    assert lent > 400


def test_held_places_and_those_on_their_way_are_those_that_are_staffed(tmp_path: Path) -> None:
    """While staff leave at the ends of contracts; they are replaced before the next one ends."""
    barriers = {"funding": 1.0, "geography": 0.0, "culture": 0.0, "data_sharing": 0.0, "learning": 0.0}
    effects = {"funding_turnover_public": 0.6, "funding_lapse_public": 0.3, "funding_vacancy_days": 10.0}
    town = with_contracts(busy_place(tmp_path / "busy", barriers=barriers, barrier_effects=effects), 120.0, 90.0, 110.0)
    lent, vacant = assert_adds_up(JourneyModel(town, POOLED, seed=4), 800)
    assert lent > 400 and vacant > 50


# --- whose places they are -------------------------------------------------------------------------------------------

SIX_AT_ONE = [("busy", day) for day in (1.0, 2.0, 3.0, 20.0, 20.0, 20.0)]


def test_the_owner_calls_back_what_it_has_lost_beyond_what_it_has_at_home(tmp_path: Path) -> None:
    """Two of four are lent. Down to three or two the owner loses places at home; down to one, a loan as well."""
    town = place(tmp_path / "two", LOPSIDED, SIX_AT_ONE)
    for places, at_home, at_borrower in [(3, 1, 3), (2, 0, 3), (1, 0, 2), (0, 0, 1)]:
        result = simulate(town, with_rows(dated("places.idle", str(places), from_day=25)))
        last = {name: count for time, name, count in changes(result) if time <= 25.0}
        assert last == {"idle": at_home, "busy": at_borrower}
        result.check_balance()


def test_the_owner_calls_back_no_more_than_it_has_lost(tmp_path: Path) -> None:
    """Four of its eight places are with two others when it is left with one: three go home and are not paid for."""
    rows = [service("owner", 8), service("aa", 1), service("bb", 1)]
    town = place(tmp_path / "town", rows, [("aa", 1.0)] * 3 + [("bb", 2.0)] * 3)
    result = simulate(town, with_rows(dated("places.owner", "1", from_day=8)))
    held = {name: count for time, name, count in changes(result) if time <= 8}
    assert held == {"owner": 0, "aa": 2, "bb": 1}


def test_what_is_borrowed_does_not_fill_posts_that_are_vacant(tmp_path: Path) -> None:
    """Vacancies of several contracts may together be more than the places that there are."""
    model = JourneyModel(place(tmp_path / "town", LOPSIDED, THREE_AT_ONE), POOLED)
    for _ in range(8):
        model.step()
    borrower = model.landscape.desks[1]
    assert isinstance(borrower, Service)
    assert (borrower.funded, borrower.borrowed) == (1, 2)
    borrower.vacant = 2
    borrower.set_places()
    assert borrower.places == 2


def test_a_place_on_its_way_that_its_owner_no_longer_has_arrives_nowhere(tmp_path: Path) -> None:
    town = place(tmp_path / "two", LOPSIDED, [("busy", 1.0), ("busy", 2.0)])
    result = simulate(town, with_rows(dated("places.idle", "0", from_day=4)))
    assert changes(result) == [(2.0, "idle", 3), (4.0, "idle", 0)]
    assert starts(result, "busy") == [1.0, 11.0]


def test_loans_return_at_once_where_pooling_ends(tmp_path: Path) -> None:
    """Two places are lent and a third is on its way, which turns up at home on the day when it would have arrived."""
    town = place(tmp_path / "two", [service("idle", 6), service("busy", 1)], [*THREE_AT_ONE, ("busy", 9.0)])
    arm = with_rows(dated("capacity", "pooled", from_day=0, to_day=10), capacity="separate_budgets")
    result = simulate(town, arm)
    assert [change for change in changes(result) if change[0] >= 9.0] == [
        (9.0, "idle", 3),
        (10.0, "busy", 1),
        (10.0, "idle", 5),
        (12.0, "idle", 6),
    ]
    # Places that were taken when they left are lost as they come free: on days 11 and 15. The third is the last one's.
    assert starts(result, "busy") == [1.0, 5.0, 6.0, 16.0]
    result.check_balance()


@pytest.mark.parametrize("district", ["west", "east"])
@pytest.mark.parametrize(
    ("day", "then"),
    [
        (4.0, [(5.0, "idle", 4)]),
        (6.0, [(5.0, "busy", 2), (6.0, "busy", 1), (6.0, "idle", 4)]),
    ],
)
def test_a_place_goes_home_where_pooling_ends_for_either_side(
    tmp_path: Path, day: float, then: list[tuple[float, str, int]], district: str
) -> None:
    """The lender is in the east, the borrower in the west; pooling ends in one while the place moves, or is lent."""
    town = place(tmp_path / "two", LOPSIDED, [("busy", 1.0), ("busy", 2.0)], districts=("west", "east"))
    homes = {"p_busy": ("west",), "p_idle": ("east",)}
    rows = tuple(row.model_copy(update={"districts": homes[row.provider]}) for row in town.tables.providers)
    apart = replace(town, tables=replace(town.tables, providers=rows))
    result = simulate(apart, with_rows(dated("capacity", "separate_budgets", from_day=day, districts=district)))
    assert changes(result) == [(2.0, "idle", 3), *then]


def test_what_came_home_is_lent_again_only_to_a_queue(tmp_path: Path) -> None:
    """Pooling pauses for a day; its return does not undo what its end did."""
    town = place(tmp_path / "two", LOPSIDED, [("busy", 1.0), ("busy", 2.0)], pooling={"move_days": 3.0, "keep": 0.5})
    arm = with_rows(dated("capacity", "separate_budgets", from_day=6, to_day=7))
    result = simulate(town, arm)
    assert changes(result) == [(2.0, "idle", 3), (5.0, "busy", 2), (6.0, "busy", 1), (6.0, "idle", 4)]


def test_pooling_holds_only_where_it_is_the_rule_in_all_districts_for_all(tmp_path: Path) -> None:
    """The providers cover both districts."""
    town = place(tmp_path / "both", LOPSIDED, THREE_AT_ONE, districts=("east", "west"))
    one = with_rows(dated("capacity", "pooled", from_day=0, districts="east"), capacity="separate_budgets")
    both = with_rows(dated("capacity", "pooled", from_day=0, districts="west;east"), capacity="separate_budgets")
    slowly = with_rows(dated("capacity", "pooled", from_day=0, ramp_days=2.5), capacity="separate_budgets")
    assert not changes(simulate(town, one))
    assert starts(simulate(town, both), "busy") == [1.0, 5.0, 6.0]
    # Fully in force from day 2.5 on, when one person waits already.
    assert starts(simulate(town, slowly), "busy") == [1.0, 5.5, 6.0]


# --- what it is good for ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("move_days", [0.0, 4.0])
def test_nobody_waits_longer_for_the_places_of_a_service_that_nobody_needs(tmp_path: Path, move_days: float) -> None:
    """More places can only bring each start of service forward where people are served as they come.

    Paired: who comes when, and how long each takes, is the same.
    """
    town = place(
        tmp_path / "lopsided",
        [service("idle", 6), {**service("busy", 5, 20.0), "service_time": "exponential"}],
        per_year=120.0,
        prevalence={"idle": 0.0},
        time={"horizon_days": 1500},
        pooling={"move_days": move_days, "keep": 0.5},
    )
    waits: list[pd.Series] = []
    supported: list[np.ndarray] = []
    for arm in (Coordination(), POOLED):
        result = simulate(town, arm, seed=6)
        waits.append(result.spells.set_index("episode")["wait"].dropna())
        supported.append((result.episodes["state"] == "supported").to_numpy())
    assert (supported[1] >= supported[0]).all() and supported[1].sum() > supported[0].sum()
    both = waits[0].index.intersection(waits[1].index)
    assert len(both) > 250
    assert (waits[1][both] <= waits[0][both] + 1e-9).all()
    assert waits[1][both].mean() < 0.3 * waits[0][both].mean()
