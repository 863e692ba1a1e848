"""Little's law by two computations, and an account that does not balance is seen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from experiments.validation.balance import Account, Queueing, flows, part, queues
from sim import Scenario, simulate
from sim.outcomes.result import Result
from tests.places import TWO_PROVIDERS, write_place

COMPLICATED = {
    "population": {"needs_mean": 0, "patience_days": 20, "patience_sigma": 0.5},
    "journey": {"attendance": 0.7},
    "barriers": {"data_sharing": 0.5},
}


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """A crowded place with missed appointments, people who leave, and a queue at the end."""
    folder: Path = tmp_path_factory.mktemp("place")
    services = [dict(row) for row in TWO_PROVIDERS["services"]]
    services[1] |= {"places": 2, "service_days": 10}
    return simulate(Scenario.load(write_place(folder, COMPLICATED, **{**TWO_PROVIDERS, "services": services})))


def test_littles_law_holds_to_rounding(result: Result) -> None:
    found = queues(result)
    assert [queue.service for queue in found] == ["intake", "help"]
    assert found[1].present > 1.0 and (result.spells["end"] == "waiting").any()
    for queue in found:
        assert queue.present == pytest.approx(queue.flow, rel=1e-9)


def test_waits_that_are_off_are_seen(result: Result) -> None:
    """The integral takes nothing from the table of spells: where only that changes the two do not agree."""
    changed = replace(result)
    vars(changed)["spells"] = result.spells.assign(wait=result.spells["wait"] * 1.001)
    for queue in queues(changed):
        assert queue.flow > queue.present * (1.0 + 1e-6)


def test_nothing_is_lost_and_what_is_lost_is_counted(result: Result) -> None:
    counts = flows(result)
    whole = Account("place", "fragmented", counts, queues(result))
    assert counts["onsets"] > 20 and counts["handoffs_dropped"] > 0
    assert whole.lost == 0 and whole.furthest < 1e-9
    short = Account("place", "fragmented", {**counts, "supported": counts["supported"] - 1}, whole.queues)
    assert short.lost == 1


def test_part_has_a_row_for_each_run() -> None:
    counts = dict.fromkeys(
        ("onsets", "supported", "gave_up", "open", "handoffs_made", "handoffs_attended", "handoffs_dropped",
         "handoffs_under_way"), 0,
    )  # fmt: skip
    one = Account("town", "letter", {**counts, "onsets": 1200, "open": 1200}, [Queueing("care", 5, 2.0, 2.1)])
    assert "| town | letter | 1,200 | 0 | 0 | 1 | 2.0 | 5e-02 |" in part([one]).before
