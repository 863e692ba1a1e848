"""How full services are and how long people wait for them, by hand and against a walk through the ledger."""

from __future__ import annotations

import math
from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim import Result, simulate
from sim.codes import Activity, Reason
from sim.ledger import NOBODY, Ledger
from sim.outcomes import tables
from sim.outcomes.services import services_table
from sim.schema.parameters import Time
from tests.contract.rich_place import rich_place

CLOCK = Time(horizon_days=100.0, warmup_days=20.0, followup_days=30.0)
"""What is counted is from day 20 to day 100; queues are those that are joined from day 20 to day 70."""


def of_ledger(ledger: Ledger, places: list[int], citizens: int = 3, time: Time = CLOCK) -> pd.DataFrame:
    """Return the table of a ledger with one clinic and services that are numbered."""
    names = tables.Names(
        citizens=[f"c{number}" for number in range(citizens)], vignettes=[""] * citizens,
        districts=["town"] * citizens, needs_of_citizens=[1] * citizens, capabilities=[0.5] * citizens,
        needs=["illness"], providers=["clinic"], sectors=["public"], professions=["health"],
        services=[f"s{number}" for number in range(len(places))], stages=["support"] * len(places),
        providers_of_services=[0] * len(places),
    )  # fmt: skip
    columns = ledger.columns()
    spells = tables.spells_table(columns, names, tables.episodes_table(columns, names, time))
    return services_table(columns, names, places, spells, time)


def test_places_are_counted_from_the_warm_up_to_the_horizon() -> None:
    """Two places of 80 days: 30 of them with a person who came before the warm-up, 10 missed, 5 of coordination."""
    ledger = Ledger()
    ledger.record(1.0, Activity.ONSET, 0, 0, other=0)
    ledger.record(2.0, Activity.JOINED, 0, 0, 0, 0)
    ledger.record(10.0, Activity.SUPPORT_STARTED, 0, 0, 0, 0)
    ledger.record(50.0, Activity.SUPPORT_ENDED, 0, 0, 0, 0)
    ledger.record(60.0, Activity.MISSED, 0, 0, 0, 0, detail=10.0)
    ledger.record(95.0, Activity.COORDINATED, -1, -1, 0, 0, detail=20.0)
    table = of_ledger(ledger, [2, 7])
    assert table["service"].tolist() == ["s0", "s1"]
    assert table["places"].tolist() == [2.0, 7.0]
    shares = table[["busy", "missed", "coordination"]].to_numpy()
    assert shares[0] == pytest.approx(np.array([30.0, 10.0, 5.0]) / 160.0)
    assert shares[1].tolist() == [0.0, 0.0, 0.0]


def test_places_that_come_and_go_are_counted_while_they_are_there() -> None:
    """1 place before the warm-up and until day 40, none until day 60, 3 until day 100."""
    ledger = Ledger()
    ledger.record(10.0, Activity.PLACES, -1, -1, 0, 0, detail=1.0)
    ledger.record(40.0, Activity.PLACES, -1, -1, 0, 0, detail=0.0)
    ledger.record(60.0, Activity.PLACES, -1, -1, 0, 0, detail=3.0)
    table = of_ledger(ledger, [9, 0])
    assert table["places"].tolist() == pytest.approx([(20.0 + 0.0 + 120.0) / 80.0, 0.0])
    assert table.loc[0, "busy"] == 0.0
    assert table["busy"].isna().tolist() == [False, True]


def test_a_queue_is_followed_for_as_long_as_the_cohort() -> None:
    """Served after 5 days, left after 10, served after 40 and thus not within 30, waiting still; two do not count."""
    ledger = Ledger()
    joined = {0: 30.0, 1: 31.0, 2: 32.0, 3: 69.0, 4: 19.0, 5: 70.0}
    rows = [(day - 1.0, Activity.ONSET, number, Reason.NONE) for number, day in joined.items()]
    rows += [(day, Activity.JOINED, number, Reason.NONE) for number, day in joined.items()]
    rows += [
        (35.0, Activity.SUPPORT_STARTED, 0, Reason.NONE),
        (41.0, Activity.LEFT, 1, Reason.ABANDONED_WAIT),
        (72.0, Activity.SUPPORT_STARTED, 2, Reason.NONE),
        (25.0, Activity.SUPPORT_STARTED, 4, Reason.NONE),
        (90.0, Activity.SUPPORT_STARTED, 5, Reason.NONE),
    ]
    for day, activity, number, reason in sorted(rows):
        where = NOBODY if activity is Activity.ONSET else 0
        ledger.record(day, activity, number, number, where, where, other=0, reason=reason)
    (row,) = of_ledger(ledger, [5], citizens=6).to_dict("records")
    assert (row["joined"], row["served"], row["left"]) == (4, 1, 1)
    assert row["days"] == pytest.approx((5.0 + 10.0 + 30.0 + 30.0) / 4)
    # On the days from 20 to 100: all six, 5 of the days of the fifth and 31 of the fourth.
    assert row["waiting"] == pytest.approx((5.0 + 10.0 + 40.0 + 31.0 + 5.0 + 20.0) / 80.0)


def test_places_of_half_a_day_are_counted_too() -> None:
    """One place for the last half day, with coordination for half of that; and a run of which half a day counts."""
    ledger = Ledger()
    ledger.record(99.5, Activity.PLACES, -1, -1, 0, 0, detail=1.0)
    ledger.record(99.5, Activity.COORDINATED, -1, -1, 0, 0, detail=0.25)
    (row,) = of_ledger(ledger, [0]).to_dict("records")
    assert row["coordination"] == pytest.approx(0.5)
    short = Time(horizon_days=20.5, warmup_days=20.0, followup_days=0.25)
    assert of_ledger(Ledger(), [2], time=short)["places"].tolist() == [2.0]


def test_a_place_that_was_lost_while_it_was_taken_is_a_share_of_nothing() -> None:
    """The only place is lost on day 10, and whoever has it stays until day 50: not a number, and not infinite."""
    ledger = Ledger()
    ledger.record(1.0, Activity.ONSET, 0, 0, other=0)
    ledger.record(2.0, Activity.JOINED, 0, 0, 0, 0)
    ledger.record(2.0, Activity.SUPPORT_STARTED, 0, 0, 0, 0)
    ledger.record(10.0, Activity.PLACES, -1, -1, 0, 0, detail=0.0)
    ledger.record(50.0, Activity.SUPPORT_ENDED, 0, 0, 0, 0)
    (row,) = of_ledger(ledger, [1]).to_dict("records")
    assert row["places"] == 0.0
    assert math.isnan(row["busy"])


def test_a_run_of_no_days_has_no_shares() -> None:
    """Nothing is divided by nothing on the way."""
    nothing = Time(horizon_days=0.0, warmup_days=0.0, followup_days=30.0)
    with np.errstate(all="raise"):
        (row,) = of_ledger(Ledger(), [1], time=nothing).to_dict("records")
    assert all(math.isnan(row[name]) for name in ("places", "busy", "missed", "coordination", "days", "waiting"))
    assert (row["joined"], row["served"], row["left"]) == (0, 0, 0)


def test_a_queue_of_one_who_is_served_on_the_last_day_of_the_follow_up() -> None:
    """And whose support ends: that is not to leave unserved."""
    ledger = Ledger()
    ledger.record(29.0, Activity.ONSET, 0, 0, other=0)
    ledger.record(30.0, Activity.JOINED, 0, 0, 0, 0)
    ledger.record(60.0, Activity.SUPPORT_STARTED, 0, 0, 0, 0)
    ledger.record(70.0, Activity.SUPPORT_ENDED, 0, 0, 0, 0)
    (row,) = of_ledger(ledger, [1]).to_dict("records")
    assert (row["joined"], row["served"], row["left"], row["days"]) == (1, 1, 0, 30.0)


def test_nobody_in_a_queue_has_no_days_in_it() -> None:
    (row,) = of_ledger(Ledger(), [1]).to_dict("records")
    assert (row["joined"], row["waiting"]) == (0, 0.0)
    assert math.isnan(row["days"])


def walked(result: Result) -> tuple[dict[str, float], dict[str, float]]:
    """Return place-days taken and people-days waited by service, from one row of the ledger to the next."""
    begin, end = result.scenario.parameters.time.warmup_days, result.scenario.parameters.time.horizon_days
    taken: dict[str, float] = defaultdict(float)
    waited: dict[str, float] = defaultdict(float)
    in_service: dict[tuple[int, str], float] = {}
    in_queue: dict[tuple[int, str], float] = {}

    def within(first: float, last: float) -> float:
        return max(0.0, min(last, end) - max(first, begin))

    for row in result.ledger.to_dict("records"):
        key = (row["episode"], row["service"])
        if row["activity"] == "joined":
            in_queue[key] = row["time"]
        elif row["activity"] == "left":
            waited[row["service"]] += within(in_queue.pop(key), row["time"])
        elif row["activity"] in ("assessment_started", "support_started", "crisis_started"):
            if row["activity"] != "crisis_started":
                waited[row["service"]] += within(in_queue.pop(key), row["time"])
            in_service[key] = row["time"]
        elif row["activity"] in ("assessment_ended", "support_ended", "crisis_ended"):
            taken[row["service"]] += within(in_service.pop(key), row["time"])
        elif row["activity"] in ("missed", "coordinated"):
            taken[row["service"]] += within(row["time"], row["time"] + row["detail"])
    for (_, service), start in in_service.items():
        taken[service] += within(start, end)
    for (_, service), start in in_queue.items():
        waited[service] += within(start, end)
    return taken, waited


@pytest.mark.parametrize("arm", ["fragmented", "integrated"])
def test_a_whole_run_adds_up_to_a_walk_through_its_ledger(arm: str, tmp_path: Path) -> None:
    result = simulate(rich_place(tmp_path / "rich_place"), arm, seed=3, replicate=0)
    time = result.scenario.parameters.time
    taken, waited = walked(result)
    table = result.services.set_index("service")
    days = time.horizon_days - time.warmup_days
    uses = table[["busy", "missed", "coordination"]].sum(axis=1) * table["places"] * days
    assert uses.sum() > 0 and table["waiting"].sum() > 0
    for service in table.index:
        assert uses[service] == pytest.approx(taken[service], abs=1e-6), service
        assert table.loc[service, "waiting"] * days == pytest.approx(waited[service], abs=1e-6), service


def test_every_service_has_its_provider_and_sector(tmp_path: Path) -> None:
    place = rich_place(tmp_path / "rich_place")
    result = simulate(place, "fragmented", seed=1, replicate=0)
    sectors = {row.provider: row.sector.value for row in place.tables.providers}
    owners = {row.service: row.provider for row in place.tables.services}
    shown = result.services.astype(str)
    assert {row["service"]: row["provider"] for row in shown.to_dict("records")} == owners
    assert shown["sector"].tolist() == [sectors[provider] for provider in shown["provider"]]
