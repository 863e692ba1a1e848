"""Pooled capacity: which places move, when they arrive, whose they remain.

Where people are vignettes with fixed service times every day is worked out by hand. The other tests run random places
with fixed seeds and assert what holds in every run, so that there are no error rates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from sim import BadInputError, Coordination, Result, Scenario, simulate
from sim.schema.initiatives import InitiativeRow
from tests.places import write_place

POOLED = Coordination(capacity="pooled")
CERTAIN = {
    "budget": "added",
    "journey": {"attendance": 1.0, "wrong_door": 0.0},
    "population": {"patience_days": 1e12, "patience_sigma": 0.0},
    "crises": {"hazard": 0.0},
    "pooling": {"move_days": 3.0, "keep": 0.5},
}


def service(name: str, places: int, days: float = 10.0, **more: Any) -> dict[str, Any]:
    """Return a support service for a need of its own name, in the pool ``common`` unless told otherwise."""
    row = {"service": name, "provider": f"p_{name}", "stage": "support", "needs": f"n_{name}", "places": places}
    return {**row, "service_days": days, "service_time": "fixed", "pool": "common", **more}


def place(
    folder: Path,
    services: Sequence[Mapping[str, Any]],
    who: Sequence[tuple[str, float]] = (),
    per_year: float = 0.0,
    prevalence: Mapping[str, float] | None = None,
    districts: Sequence[str] = ("town",),
    **settings: Any,
) -> Scenario:
    """Load a place in which each service has a provider and a need of its own.

    Args:
        folder: Where to write it.
        services: Rows of services.csv.
        who: Vignettes: for which service, and on which day they come.
        per_year: Citizens of each district beside them.
        prevalence: Of the need of each service; 1 if not given.
        districts: Their names; vignettes live in the first.
        settings: Groups of parameters over those that leave nothing to luck.
    """
    names = [str(row["service"]) for row in services]
    person = {"district": districts[0], "capability": 1, "persistence": 1, "patience_days": 1e12}
    needs = [(f"{name}_{number}", name, day) for number, (name, day) in enumerate(who, start=1)]
    write_place(
        folder,
        {**CERTAIN, **settings},
        districts=[{"district": name, "citizens_per_year": per_year} for name in districts],
        providers=[{"provider": f"p_{name}", "sector": "public", "profession": "health"} for name in names],
        services=services,
        needs=[{"need": f"n_{name}", "prevalence": (prevalence or {}).get(name, 1)} for name in names],
        vignettes=[{"vignette": label, "onset_day": day, **person} for label, _, day in needs] or None,
        vignette_needs=[{"vignette": label, "need": f"n_{name}", "severity": 0.5} for label, name, _ in needs] or None,
    )
    return Scenario.load(folder)


def changes(result: Result) -> list[tuple[float, str, int]]:
    """Return when each service had how many places from then on."""
    rows = result.ledger[result.ledger["activity"] == "places"]
    found = zip(rows["time"], rows["service"], rows["detail"], strict=True)
    return [(time, str(name), int(count)) for time, name, count in found]


def starts(result: Result, name: str) -> list[float]:
    """Return the days on which support at a service started."""
    rows = result.ledger[(result.ledger["activity"] == "support_started") & (result.ledger["service"] == name)]
    return rows["time"].tolist()


def dated(change: str, value: str, **more: Any) -> InitiativeRow:
    """Return a row of an initiative."""
    return InitiativeRow.model_validate(
        {"initiative": change.replace(".", "_"), "change": change, "value": value} | more
    )


def with_rows(*rows: InitiativeRow, capacity: str = "pooled") -> Coordination:
    """Return an arm with initiatives of its own."""
    return Coordination(capacity=capacity, initiatives=rows)


# --- where places go --------------------------------------------------------------------------------------------

LOPSIDED = [service("idle", 4), service("busy", 1)]
THREE_AT_ONE = [("busy", 1.0), ("busy", 2.0), ("busy", 3.0)]


def test_an_idle_place_moves_to_a_queue_and_serves_nobody_on_the_way(tmp_path: Path) -> None:
    town = place(tmp_path / "two", LOPSIDED, THREE_AT_ONE)
    result = simulate(town, POOLED)
    assert changes(result) == [(2.0, "idle", 3), (3.0, "idle", 2), (5.0, "busy", 2), (6.0, "busy", 3)]
    assert starts(result, "busy") == [1.0, 5.0, 6.0]
    assert starts(simulate(town), "busy") == [1.0, 11.0, 21.0]
    result.check_balance()


def test_a_place_that_moves_without_delay_serves_at_once(tmp_path: Path) -> None:
    town = place(tmp_path / "two", LOPSIDED, THREE_AT_ONE, pooling={"move_days": 0.0, "keep": 0.0})
    assert starts(simulate(town, POOLED), "busy") == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(("keep", "left"), [(0.0, 1), (0.25, 1), (0.5, 2), (0.6, 3), (0.75, 3), (0.76, 4), (1.0, 4)])
def test_a_service_keeps_its_share_rounded_up_and_one_place_at_least(tmp_path: Path, keep: float, left: int) -> None:
    """Of four places; six people wait elsewhere."""
    town = place(tmp_path / "keep", LOPSIDED, [("busy", 1.0)] * 7, pooling={"move_days": 0.5, "keep": keep})
    result = simulate(town, POOLED)
    last = {name: count for _, name, count in changes(result)}
    assert last.get("idle", 4) == left
    assert last.get("busy", 1) == 1 + 4 - left


def test_no_more_places_move_than_people_wait(tmp_path: Path) -> None:
    """A second place is not sent for somebody for whom one is on its way, whoever else gets busy meanwhile."""
    town = place(
        tmp_path / "two", [service("idle", 9), service("busy", 1)], [("busy", 1.0), ("busy", 2.0), ("idle", 3)]
    )
    assert changes(simulate(town, POOLED)) == [(2.0, "idle", 8), (5.0, "busy", 2)]


def test_a_place_that_is_taken_moves_when_it_comes_free(tmp_path: Path) -> None:
    """Two of two places are taken until day 11, with none left to lend before."""
    town = place(
        tmp_path / "two", [service("first", 2), service("second", 1)], [("first", 1.0)] * 2 + [("second", 1.5)] * 2
    )
    result = simulate(town, POOLED)
    assert changes(result)[0] == (11.0, "first", 1)
    # The place at home comes free on day 11.5, before the one that was lent arrives.
    assert starts(result, "second") == [1.5, 11.5]


def test_a_place_stays_where_it_went_until_its_own_queue_calls(tmp_path: Path) -> None:
    """Both are idle from day 16 on; on day 40 the third person comes to the two places that the owner has left."""
    town = place(tmp_path / "two", LOPSIDED, [*THREE_AT_ONE, ("idle", 38.0), ("idle", 39.0), ("idle", 40.0)])
    result = simulate(town, POOLED)
    assert changes(result)[4:] == [(40.0, "busy", 2), (43.0, "idle", 3)]
    assert starts(result, "idle") == [38.0, 39.0, 43.0]


def test_a_place_that_was_lent_goes_on_to_a_third_service(tmp_path: Path) -> None:
    """The borrower, at what it keeps of its own, passes on what it borrowed; the owner has lent all that it may."""
    rows = [service("owner", 2), service("first", 1), service("second", 1)]
    town = place(tmp_path / "three", rows, [("first", 1.0), ("first", 2.0), ("second", 20.0), ("second", 21.0)])
    result = simulate(town, POOLED)
    assert changes(result) == [(2.0, "owner", 1), (5.0, "first", 2), (21.0, "first", 1), (24.0, "second", 2)]


def test_the_longest_queue_is_helped_first_and_the_idlest_service_lends_first(tmp_path: Path) -> None:
    rows = [service("few", 4), service("many", 6), service("long", 1), service("short", 1)]
    lenders = place(tmp_path / "lenders", rows, [("long", 1.0), ("long", 2.0), ("long", 3.0)])
    # Six idle against four, then five against four.
    assert changes(simulate(lenders, POOLED))[:2] == [(2.0, "many", 5), (3.0, "many", 4)]
    waiting = [("short", 2.0)] * 2 + [("long", 3.0)] * 4
    one = place(tmp_path / "one", [service("only", 2), *rows[2:]], [("only", 1.0)] * 2 + waiting)
    # Of the two who wait for nobody else, one place can go; it comes free on day 11.
    assert changes(simulate(one, POOLED))[:2] == [(11.0, "only", 1), (14.0, "long", 2)]


# --- within the pool --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pools", [(None, None), ("one", None), ("one", "other")])
def test_nothing_moves_where_nobody_shares_a_pool(tmp_path: Path, pools: tuple[str | None, str | None]) -> None:
    rows = [service("idle", 4, pool=pools[0]), service("busy", 1, pool=pools[1])]
    town = place(tmp_path / "apart", rows, THREE_AT_ONE, per_year=200.0)
    assert simulate(town, POOLED).raw == simulate(town).raw


def test_who_is_outside_the_pool_keeps_every_place(tmp_path: Path) -> None:
    rows = [*LOPSIDED, service("outside", 9, pool=None), service("elsewhere", 9, pool="another")]
    result = simulate(place(tmp_path / "four", rows, THREE_AT_ONE * 9), POOLED)
    assert {name for _, name, _ in changes(result)} == {"idle", "busy"}
    queue = place(tmp_path / "queue", [service("idle", 9), service("busy", 1, pool=None)], THREE_AT_ONE)
    assert not changes(simulate(queue, POOLED))


def test_crisis_services_are_in_no_pool(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="for crises"):
        place(tmp_path / "crisis", [service("idle", 4), service("ward", 1, stage="crisis")])
