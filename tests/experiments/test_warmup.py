"""The warm-up check finds the beginning of runs in what is counted, and seldom finds it where it is not."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pandas as pd
import pytest

from experiments.paired import Floats, level_of_each
from experiments.warmup import (
    LOOKS,
    WarmUp,
    checked,
    finding,
    mser,
    undisturbed_until,
    waiting,
    warm_up_table,
    warm_ups,
    warning,
)
from sim import Scenario, simulate
from sim.schema.initiatives import InitiativeRow
from sim.schema.parameters import Time

TIME = Time(horizon_days=910.0, warmup_days=365.0, followup_days=180.0)
SHORT = Time(horizon_days=910.0, warmup_days=20.0, followup_days=180.0)
TITLES = {"a": "Fragmented", "b": "Integrated"}


def episodes_of(rows: list[tuple[str, int, float, float, str]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["arm", "replicate", "onset", "days", "state"])


def autoregressive(runs: int, relaxation: float, seed: int = 1, days: int = 911) -> Floats:
    """Return settled stocks of 100 on average that swing by 20, and forget it in ``relaxation`` days."""
    random = np.random.default_rng(seed)
    keep = math.exp(-1.0 / relaxation)
    stock = np.empty((runs, days))
    state = random.normal(0.0, 20.0, runs)
    for day in range(days):
        state = keep * state + random.normal(0.0, 20.0 * math.sqrt(1.0 - keep**2), runs)
        stock[:, day] = 100.0 + state
    return stock


def queue(runs: int, load: float, before: int = 0, seed: int = 1, days: int = 911) -> Floats:
    """Return how many people are in a queue of 20 servers who each take 10 days, from empty on or from later on.

    Args:
        runs: How many.
        load: Demand as a share of what the servers can do.
        before: Days to let pass first.
        seed: Of the random numbers.
        days: Days to return.
    """
    random = np.random.default_rng(seed)
    stock = np.empty((runs, days))
    inside = np.zeros(runs, np.int64)
    for day in range(before + days):
        served = random.binomial(np.minimum(inside, 20), 1.0 - math.exp(-0.1))
        inside = inside + random.poisson(load * 2.0, runs) - served
        if day >= before:
            stock[:, day - before] = inside
    return stock


def checks_of(stock: Floats, worlds: int, time: Time, arms: int = 1) -> list[WarmUp]:
    """Return the checks of many comparisons with so many worlds each."""
    level = level_of_each(LOOKS * arms)
    parts = stock.reshape(-1, worlds, stock.shape[1])
    return [checked("a", part, time, level, time.horizon_days) for part in parts]


def share_warned(stock: Floats, worlds: int, time: Time) -> float:
    checks = checks_of(stock, worlds, time)
    return sum(check.is_long_enough is False for check in checks) / len(checks)


def steady(worlds: int, slope: float = 0.0, deficit: float = 0.0, lasting: float = 40.0) -> Floats:
    """Return stocks of 1,000, with a trend of ``slope`` a day and a deficit that fades in ``lasting`` days."""
    random = np.random.default_rng(5)
    day = np.arange(911)
    return 1000.0 + slope * day - deficit * np.exp(-day / lasting) + random.normal(0.0, 5.0, (worlds, 911))


# --- the stock --------------------------------------------------------------------------------------------------------


def test_needs_wait_from_onset_until_they_are_supported_or_given_up() -> None:
    time = Time(horizon_days=6.5, warmup_days=1.0, followup_days=2.0)
    episodes = episodes_of(
        [
            ("a", 3, 0.0, 2.0, "supported"),
            ("a", 3, 1.5, 2.0, "gave_up"),
            ("a", 3, 4.2, 2.3, "open"),
            # Never seen at the end of a day.
            ("a", 3, 5.1, 0.2, "supported"),
            ("a", 7, 6.2, 0.3, "open"),
        ]
    )
    expected = [[1, 1, 1, 1, 0, 1, 1], [0] * 7, [0] * 7]
    np.testing.assert_array_equal(waiting(episodes, [3, 5, 7], time), expected)


def test_the_stock_is_that_of_a_slow_count() -> None:
    random = np.random.default_rng(2)
    rows = [
        ("a", int(random.integers(3)), onset, min(days, 60.0 - onset), "supported" if onset + days < 60 else "open")
        for onset, days in zip(random.uniform(0, 60, 300), random.exponential(20, 300), strict=True)
    ]
    stock = waiting(episodes_of(rows), [0, 1, 2], Time(horizon_days=60.0, warmup_days=10.0, followup_days=20.0))
    for run, day in product(range(3), range(61)):
        slow = sum(
            replicate == run and onset <= day and (state == "open" or onset + days > day)
            for _, replicate, onset, days, state in rows
        )
        assert stock[run, day] == slow


def test_at_the_horizon_those_wait_who_are_open() -> None:
    clock = {"time": {"horizon_days": 150.0, "warmup_days": 30.0, "followup_days": 60.0}}
    result = simulate(Scenario.load("three_journeys", clock))
    episodes = result.episodes.assign(arm="a", replicate=0)
    time = Time(horizon_days=150.0, warmup_days=30.0, followup_days=60.0)
    assert waiting(episodes, [0], time)[0, -1] == (episodes["state"] == "open").sum()
    (check,) = warm_ups(episodes, {"a": [0]}, time)
    assert (check.worlds, check.counted) == (1, 60)
    assert check.is_long_enough is None


# --- MSER-5 -----------------------------------------------------------------------------------------------------------


def test_mser_leaves_out_what_a_slow_search_leaves_out() -> None:
    random = np.random.default_rng(4)
    for lasting in (0.1, 5.0, 20.0):
        series = 50.0 - 40.0 * np.exp(-np.arange(203) / lasting) + random.normal(0.0, 3.0, 203)
        means = series[:200].reshape(40, 5).mean(axis=1)
        errors = [np.sum((means[d:] - means[d:].mean()) ** 2) / (40 - d) ** 2 for d in range(21)]
        assert np.argmin(errors) < 20
        assert mser(series) == 5 * np.argmin(errors)


def test_mser_finds_where_a_clear_transient_ends() -> None:
    assert mser(np.concatenate([np.zeros(60), np.tile([100.0, 101.0], 200)])) == 60.0


def test_mser_does_not_tell_where_a_series_grows_all_the_time_or_is_too_short() -> None:
    assert math.isnan(mser(np.arange(400.0)))
    assert math.isnan(mser(np.arange(9.0)))


def test_mser_alone_would_cry_wolf() -> None:
    """So it only proposes: settled stocks that swing slowly are cut after a year in many cases."""
    checks = checks_of(autoregressive(1000, 100.0), 1, TIME)
    too_late = sum(not check.truncation <= TIME.warmup_days for check in checks) / len(checks)
    assert 0.08 < too_late < 0.14


# --- false alarms and power -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("relaxation", [5.0, 30.0, 100.0])
def test_settled_stocks_are_warned_of_in_one_case_of_twenty_at_most(relaxation: float) -> None:
    """Of 1,000 comparisons of 10 worlds; measured: 3.1, 4.6 and 4.2 %."""
    assert share_warned(autoregressive(10_000, relaxation), 10, TIME) <= 0.05


@pytest.mark.slow
def test_a_settled_queue_is_warned_of_in_one_case_of_twenty_at_most() -> None:
    """Of 1,000 comparisons of 10 worlds."""
    assert share_warned(queue(10_000, load=0.9, before=1500), 10, TIME) <= 0.05


@pytest.mark.slow
def test_all_arms_together_are_warned_of_in_one_case_of_twenty_at_most() -> None:
    """Of 1,000 comparisons of 3 arms and 5 worlds."""
    checks = checks_of(autoregressive(15_000, 30.0), 5, TIME, arms=3)
    warned = np.array([check.is_long_enough is False for check in checks]).reshape(-1, 3).any(axis=1)
    assert warned.mean() <= 0.05


def test_a_queue_that_starts_empty_is_found_with_a_warm_up_of_20_days() -> None:
    """Even where it is small, so that chance is large: 20 servers, 31 people on average who vary by as many."""
    assert share_warned(queue(4000, load=0.9), 20, SHORT) >= 0.8
    assert share_warned(queue(4000, load=0.95), 20, SHORT) >= 0.99


def test_the_same_queue_is_not_found_with_a_warm_up_of_a_year() -> None:
    assert share_warned(queue(4000, load=0.9), 20, TIME) <= 0.06


def test_a_town_with_a_warm_up_of_20_days_is_found_with_five_worlds() -> None:
    clock = {"horizon_days": 150.0, "warmup_days": 20.0, "followup_days": 60.0}
    town = Scenario.load("three_journeys", {"time": clock})
    tables = [simulate(town, replicate=run).episodes.assign(arm="a", replicate=run) for run in range(5)]
    (check,) = warm_ups(pd.concat(tables, ignore_index=True), {"a": range(5)}, town.parameters.time)
    assert check.is_long_enough is False


# --- the verdict ------------------------------------------------------------------------------------------------------


def check_of(stock: Floats, time: Time = TIME, until: float | None = None) -> WarmUp:
    return checked("a", stock, time, level_of_each(LOOKS), time.horizon_days if until is None else until)


def test_a_level_stock_is_long_enough() -> None:
    check = check_of(steady(10))
    assert check.is_long_enough is True
    assert warning([check], TITLES) == ""
    assert finding(check).startswith("settled, ")


def test_drift_is_the_slope_as_a_share_of_the_mean() -> None:
    check = check_of(steady(10, slope=2.0))
    # On the counted days 365 to 729 the mean is 1,000 + 2 * 547.
    assert check.mean == pytest.approx(2094.0, abs=1.0)
    assert check.drift_per_100_days.mean == pytest.approx(200.0 / 2094.0, abs=1e-3)
    assert check.drift_per_100_days.low < check.drift_per_100_days.mean < check.drift_per_100_days.high
    assert check.is_long_enough is False
    assert math.isnan(check.truncation) and not check.has_end
    assert check.proposed == 730.0


def test_a_falling_stock_is_warned_of_too() -> None:
    check = check_of(steady(10, slope=-0.5))
    assert check.is_long_enough is False
    assert check.drift_per_100_days.high < 0.0


def test_a_transient_that_ends_soon_is_found_at_the_start_and_mser_says_where_it_ends() -> None:
    check = check_of(steady(10, deficit=900.0), SHORT)
    assert check.start.matters and check.has_end
    assert 200.0 <= check.proposed <= 350.0
    assert check.proposed == check.truncation
    said = warning([check], TITLES)
    assert "after the first 71 counted days" in said
    assert f"time.warmup_days={check.proposed:g} time.horizon_days={890 + check.proposed:g}." in said


def test_what_is_certain_but_small_is_not_warned_of() -> None:
    check = check_of(steady(10, slope=0.1))
    assert check.drift.is_certain
    assert check.is_long_enough is True


def test_little_that_can_be_seen_is_not_long_enough() -> None:
    check = check_of(autoregressive(3, 100.0))
    assert check.is_long_enough is None
    assert warning([check], TITLES) == ""
    assert finding(check).startswith("too few runs to tell, ")


def test_what_is_said_is_what_the_verdict_rests_on() -> None:
    stock = steady(4)
    # The start differs from world to world, the halves hardly do.
    stock[:, 365:402] += np.array([[-200.0], [-100.0], [100.0], [150.0]])
    check = check_of(stock)
    assert check.is_long_enough is None and check.drift.is_none
    assert "after the first 36 counted days" in finding(check)


def test_one_world_cannot_be_judged() -> None:
    check = check_of(steady(1, slope=2.0))
    assert check.is_long_enough is None
    assert finding(check) == "not judged, which takes two runs at least"


def test_few_counted_days_cannot_be_judged() -> None:
    check = check_of(steady(5, slope=2.0), until=380.0)
    assert (check.counted, check.is_long_enough) == (15, None)
    assert finding(check) == "not judged, fewer than 20 counted days to look at"


def test_a_run_of_no_days_and_a_place_where_nobody_waits_are_no_error() -> None:
    assert check_of(np.zeros((3, 1)), Time(horizon_days=0.0, warmup_days=0.0)).is_long_enough is None
    assert check_of(np.zeros((0, 911))).is_long_enough is None
    nobody = check_of(np.zeros((3, 911)))
    assert (nobody.is_long_enough, nobody.mean, nobody.drift_per_100_days.mean) == (True, 0.0, 0.0)


def test_the_warning_names_arms_numbers_and_what_to_do() -> None:
    level = level_of_each(LOOKS * 2)
    first = checked("a", steady(10), TIME, level, TIME.horizon_days)
    second = checked("b", steady(10, slope=2.0), TIME, level, TIME.horizon_days)
    said = warning([first, second], TITLES)
    assert said.startswith("Warning: the warm-up of 365 days is too short.")
    assert "Integrated +9.6 % (+9.5 to +9.6) per 100 days" in said
    assert "Fragmented" not in said
    assert "try time.warmup_days=730 time.horizon_days=1275 (if it goes on then" in said
    assert "initiatives" not in said


def test_the_table_has_all_that_was_found() -> None:
    table = warm_up_table([check_of(steady(10)), check_of(steady(10, slope=2.0)), check_of(steady(1))])
    assert table["is_long_enough"].tolist() == ["yes", "no", "not told"]
    assert table["n"].tolist() == [10, 10, 1]
    assert table["counted_days"].tolist() == [365] * 3
    assert table["drift_per_100_days_low"].isna().tolist() == [False, False, True]


# --- initiatives ------------------------------------------------------------------------------------------------------


def initiative(**cells: object) -> InitiativeRow:
    return InitiativeRow.model_validate(
        {"initiative": "pilot", "change": "handoff", "value": "letter", "from_day": 50.0} | cells
    )


def test_days_after_an_initiative_changes_something_are_not_looked_at() -> None:
    assert undisturbed_until([], TIME) == 910.0
    assert undisturbed_until([initiative(), initiative(from_day=5000.0)], TIME) == 910.0
    assert undisturbed_until([initiative(to_day=500.0)], TIME) == 500.0
    spread = initiative(from_day=300.0, districts="riverside;town_centre", spread_days=200.0)
    assert undisturbed_until([spread], TIME) == 500.0
    stock = steady(10)
    stock[:, 600:] += 500.0
    assert check_of(stock).is_long_enough is False
    check = check_of(stock, until=600.0)
    assert (check.is_long_enough, check.counted) == (True, 235)


def test_a_later_warm_up_moves_initiatives_too() -> None:
    assert "with initiatives later by as much" in warning([check_of(steady(10, slope=2.0), until=600.0)], TITLES)
