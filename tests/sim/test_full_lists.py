"""A waiting list with a limit: who comes when it is full is turned away."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim import Scenario, simulate
from sim.outcomes.result import Result
from sim.schema.problems import BadInputError
from tests.places import TWO_PROVIDERS, changed, write_place

SETTINGS = {
    "population": {"needs_mean": 0, "patience_days": 1e9},
    "journey": {"attendance": 1, "redirect": 0},
}


def crowded(folder: Path, **cells: object) -> Result:
    """Run a place in which five times as much work comes as two places can do."""
    services = changed("services", places=2, service_days=18.0, **cells)
    return simulate(Scenario.load(write_place(folder, SETTINGS, services=services)))


def longest_queue(result: Result) -> int:
    """Return how many waited at most, those who were served at once left out."""
    waited = result.spells[(result.spells["started"] > result.spells["joined"]) | result.spells["started"].isna()]
    until = waited["started"].fillna(np.inf)
    steps = pd.concat([pd.Series(1, waited["joined"]), pd.Series(-1, until)])
    return int(steps.groupby(level=0).sum().sort_index().cumsum().max()) if len(waited) else 0


@pytest.mark.parametrize("limit", [0, 1, 4])
def test_no_more_wait_than_may(tmp_path: Path, limit: int) -> None:
    result = crowded(tmp_path, list_limit=limit)
    turned_away = result.ledger[result.ledger["activity"] == "turned_away"]
    assert len(turned_away) > 10
    assert set(turned_away["reason"]) == {"list_full"}
    assert longest_queue(result) == limit
    result.check_balance()


def test_without_a_limit_nobody_is_turned_away(tmp_path: Path) -> None:
    result = crowded(tmp_path)
    assert "turned_away" not in set(result.ledger["activity"])
    assert longest_queue(result) > 10


def test_who_comes_by_handoff_is_dropped(tmp_path: Path) -> None:
    services = [dict(row) for row in TWO_PROVIDERS["services"]]
    services[1] |= {"list_limit": 0, "places": 1, "service_days": 30}
    place = write_place(tmp_path, SETTINGS, **{**TWO_PROVIDERS, "services": services})
    result = simulate(Scenario.load(place))
    dropped = result.handoffs[result.handoffs["reason"] == "list_full"]
    assert len(dropped) > 10
    # Refused at the door: received, and never in the queue.
    assert dropped["received"].notna().all() and dropped["accepted"].isna().all()


def test_after_an_assessment_the_list_of_the_support_may_be_full(tmp_path: Path) -> None:
    services = [
        {**TWO_PROVIDERS["services"][0], "places": 20},
        {**changed("services", places=1, service_days=40)[0], "list_limit": 2},
    ]
    result = simulate(Scenario.load(write_place(tmp_path, SETTINGS, services=services)))
    ledger = result.ledger
    assessed = ledger[ledger["activity"] == "assessment_ended"]
    turned_away = ledger[(ledger["activity"] == "turned_away") & (ledger["reason"] == "list_full")]
    assert len(turned_away) > 5
    assert set(turned_away["case"]) <= set(assessed["case"])


def test_the_informed_go_where_there_is_room(tmp_path: Path) -> None:
    """Two alike: whoever sees the lists goes to the one with room, and is turned away only when both are full."""
    providers = [{"provider": name, "sector": "public", "profession": "health"} for name in ("clinic", "hospital")]
    services = [
        {
            **changed("services", places=1, service_days=12)[0],
            "service": f"care_{name}",
            "provider": name,
            "list_limit": 0,
        }
        for name in ("clinic", "hospital")
    ]
    scenario = Scenario.load(write_place(tmp_path, SETTINGS, providers=providers, services=services))
    refusals = {}
    for arm in ("fragmented", "informed_choice"):
        ledger = simulate(scenario, arm).ledger
        refusals[arm] = int((ledger["reason"] == "list_full").sum())
    assert refusals["informed_choice"] < refusals["fragmented"]


def test_a_crisis_service_has_no_list(tmp_path: Path) -> None:
    services = [
        *changed("services"),
        {**changed("services")[0], "service": "emergency", "stage": "crisis", "list_limit": 3},
    ]
    with pytest.raises(BadInputError, match="list_limit is for assessment and support"):
        Scenario.load(write_place(tmp_path, services=services))


@pytest.mark.parametrize("value", ["-1", "2.5", "many"])
def test_a_limit_is_a_whole_number(tmp_path: Path, value: str) -> None:
    with pytest.raises(BadInputError, match="list_limit"):
        Scenario.load(write_place(tmp_path, services=changed("services", list_limit=value)))
