"""Short-term funding, to the people of a place: closed doors, lost lists and vacant posts.

No error rates: what each contract does follows from the draws that docs/model.md names, so every assertion is exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sim import Result, Scenario, simulate
from sim.codes import Decision
from sim.draws import happens
from tests.places import TABLES, write_place
from tests.sim.test_funding import SEED, Spans, closed, ends, places_at, vacancies

STAY = 5.0
CONTRACT = 60.0


def busy(
    folder: Path, level: Any = 1.0, places: int = 3, tables: Mapping[str, Any] | None = None, **more: Any
) -> Result:
    """Return a run of a place whose only clinic has a contract, with a queue that nobody leaves by themselves.

    Args:
        folder: Where to write it.
        level: Of short-term funding.
        places: Of the clinic; 3 are just enough.
        tables: Further tables.
        more: Effects of the barrier that differ from: every contract lapses, no posts fall vacant.
    """
    effects = {"lapse_voluntary": 1.0, "turnover_voluntary": 0.0, "gap_days": 10.0, **more}
    settings = {
        "time": {"horizon_days": 1500},
        "population": {"persistence_median": 0, "patience_days": 1e9},
        "journey": {"attendance": 1},
        "crises": {"hazard": 0},
        "barriers": {"funding": level},
        "barrier_effects": {f"funding_{name}": value for name, value in effects.items()},
    }
    clinic = {"provider": "clinic", "sector": "voluntary", "profession": "health", "contract_days": CONTRACT}
    desk = {**TABLES["services"][0], "places": places, "service_days": STAY, "service_time": "fixed"}
    write_place(folder, settings, **{"providers": [clinic], "services": [desk], **(tables or {})})
    return simulate(Scenario.load(folder), seed=SEED)


def queue_at(spells: pd.DataFrame, day: float) -> pd.DataFrame:
    """Return the spells of those who wait just before a moment."""
    over = spells["started"].fillna(spells["ended"]).fillna(float("inf"))
    return spells[(spells["joined"] < day) & (over >= day)]


def is_inside(times: pd.Series, spans: Spans) -> pd.Series:
    """Return which times are in one of some spans, their ends left out."""
    return pd.Series([any(begin < time < end for begin, end in spans) for time in times], times.index, dtype=bool)


def test_who_comes_while_the_doors_are_closed_is_turned_away_and_nobody_else_is(tmp_path: Path) -> None:
    result = busy(tmp_path)
    ledger, spans = result.ledger, closed(result)["clinic"]
    sought, refused = (ledger[ledger["activity"] == name] for name in ("sought", "turned_away"))
    came = sought[is_inside(sought["time"], spans)]
    assert 50 < len(came) < len(sought) - 50
    assert set(refused["reason"]) == {"service_closed"}
    assert list(refused["episode"]) == list(came["episode"])


def test_nobody_is_let_in_or_thrown_out_while_the_doors_are_closed(tmp_path: Path) -> None:
    result = busy(tmp_path, list_lost=0.0)
    spells, spans = result.spells, closed(result)["clinic"]
    served = spells[spells["started"] < 1500 - STAY]
    assert (served["ended"] - served["started"]).to_numpy() == pytest.approx(STAY)
    assert is_inside(served["ended"], spans).sum() > 10
    assert not is_inside(spells["started"], spans).any()
    assert not is_inside(spells["joined"], spans).any()


def test_who_waits_when_the_doors_close_waits_on_if_the_list_is_kept(tmp_path: Path) -> None:
    """And is served from the moment in which they open again, as far as there are places."""
    result = busy(tmp_path, list_lost=0.0)
    spells = result.spells
    assert "service_closed" not in set(spells["end"])
    in_queue = 0
    for begin, end in closed(result)["clinic"]:
        waiting = queue_at(spells, begin)
        in_queue += len(waiting)
        if end - begin > STAY and end < 1500:
            assert (waiting["started"] == end).sum() == min(3, len(waiting))
    assert in_queue > 20


def test_everybody_who_waits_leaves_at_once_if_the_list_is_lost(tmp_path: Path) -> None:
    """Whether it is lost is the draw of that end of a contract; at half the level, half the chance."""
    result = busy(tmp_path, level=0.8, list_lost=0.5, lapse_voluntary=1.0)
    spells, lost, kept = result.spells, 0, 0
    left = spells[spells["end"] == "service_closed"]
    begins = {begin for begin, _ in closed(result)["clinic"]}
    for number, day, key in ends("clinic", CONTRACT, 1500):
        if day not in begins:
            continue
        waiting = set(queue_at(spells, day).index)
        if happens(key, 0, Decision.LIST_LOST, number, 0.8 * 0.5):
            assert set(left.index[left["ended"] == day]) == waiting
            lost += len(waiting)
        else:
            assert not (left["ended"] == day).any()
            kept += len(waiting)
    assert lost == len(left) > 5 and kept > 5


def test_a_lost_list_is_a_setback_to_those_on_it(tmp_path: Path) -> None:
    """Nobody here tries again: they give up, each with the closed door as the reason."""
    result = busy(tmp_path, list_lost=1.0)
    left = result.spells.query("end == 'service_closed'")
    setbacks = result.ledger.query("activity == 'setback'")
    of_lists = setbacks[~setbacks["episode"].isin(result.ledger.query("activity == 'turned_away'")["episode"])]
    assert set(of_lists["reason"]) == {"service_closed"}
    assert set(of_lists["episode"]) == set(left["episode"]) != set()
    assert set(result.episodes["state"][left["episode"]]) == {"gave_up"}


def test_posts_that_fall_vacant_take_places_when_they_come_free_and_bring_them_back(tmp_path: Path) -> None:
    """Nobody in a place is thrown out; nobody comes in until fewer are taken than there are left."""
    result = busy(tmp_path, places=4, lapse_voluntary=0.0, turnover_voluntary=0.5, vacancy_days=10.0)
    assert not closed(result)
    spells, changes = result.spells, vacancies(result)["care"]
    served = spells[spells["started"] < 1500 - STAY]
    assert (served["ended"] - served["started"]).to_numpy() == pytest.approx(STAY)
    assert {places for _, places in changes} == {2, 4}

    over = 0
    for day, places in changes:
        inside = ((spells["started"] < day) & ~(spells["ended"] <= day)).sum()
        over += inside > places
        waiting, coming = len(queue_at(spells, day)), (spells["started"] == day).sum()
        assert coming == min(waiting, max(0, places - inside))
    assert over > 3
    for start in spells["started"].dropna():
        inside = ((spells["started"] <= start) & ~(spells["ended"] <= start)).sum()
        assert inside <= places_at(changes, 4, start)


def test_a_crisis_service_neither_closes_nor_loses_staff(tmp_path: Path) -> None:
    """Its provider has a contract that lapses, and its other service loses posts."""
    services = [
        {**TABLES["services"][0], "places": 8},
        {**TABLES["services"][0], "service": "ward", "stage": "crisis", "places": 8},
    ]
    result = busy(tmp_path, tables={"services": services}, turnover_voluntary=0.9)
    assert set(vacancies(result)) == {"care"} and closed(result)
