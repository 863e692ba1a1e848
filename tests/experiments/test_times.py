"""Time to support by arm and group, from episodes that are made by hand."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments.text import WIDTH
from experiments.times import MEASURES, OVER_WORLDS, PATH, WITHIN_ONE, times_table
from experiments.times_text import times_text
from sim import Scenario, simulate
from sim.outcomes.equity import by_group
from sim.outcomes.survival import GAVE_UP, OPEN, SUPPORTED
from sim.schema.parameters import Time

CLOCK = Time(horizon_days=500.0, warmup_days=100.0, followup_days=100.0)
End = tuple[float, str]
NO_HANDOFFS = pd.DataFrame(
    {name: pd.Series([], dtype=object) for name in ("arm", "receiver_sector")}
    | {name: pd.Series([], dtype=np.int64) for name in ("replicate", "episode", "number")}
    | {"received": pd.Series([], dtype=np.float64), "cohort": pd.Series([], dtype=bool)}
)


def episodes_of(arm: str, replicate: int, ends: Sequence[End], **columns: Any) -> pd.DataFrame:
    """Return the episodes of a run that arise on day 200, with their days and states; all else is alike."""
    alike = {"arm": arm, "replicate": replicate, "onset": 200.0, "district": "town", "need": "debt", "needs": 1}
    alike |= {"first_door_sector": "public", "capability": 0.5, "cohort": True}
    days, states = zip(*ends, strict=True)
    return pd.DataFrame({"episode": range(len(ends)), "days": days, "state": states, **(alike | columns)})


def table_of(
    worlds: Mapping[str, Sequence[Sequence[End]]], handoffs: pd.DataFrame = NO_HANDOFFS, **columns: Any
) -> pd.DataFrame:
    """Return the table of arms by the ends of the episodes of each of their worlds."""
    runs = [(arm, number, ends) for arm, own in worlds.items() for number, ends in enumerate(own)]
    episodes = pd.concat([episodes_of(*run, **columns) for run in runs], ignore_index=True)
    listed = pd.DataFrame([run[:2] for run in runs], columns=["arm", "replicate"])
    return times_table(episodes, handoffs, listed, list(worlds), CLOCK)


def row_of(table: pd.DataFrame, arm: str, measure: str, grouping: str = "all", group: str = "all") -> dict[str, Any]:
    keys = {"arm": arm, "grouping": grouping, "group": group, "measure": measure}
    (row,) = table[np.logical_and.reduce([table[name] == value for name, value in keys.items()])].to_dict("records")
    return {str(name): value for name, value in row.items()}


# --- the naive mean misleads ----------------------------------------------------------------------------------------

FAST = [(10.0, SUPPORTED)] * 2 + [(60.0, SUPPORTED)] * 4 + [(90.0, GAVE_UP)] * 2 + [(250.0, OPEN)] * 2
SLOW = [(20.0, SUPPORTED)] * 2 + [(50.0, GAVE_UP)] * 6 + [(250.0, OPEN)] * 2
"""Ten people each. At no time has the slow arm supported more of them."""


def test_the_naive_mean_prefers_the_arm_that_supports_fewer_and_later() -> None:
    """Of those supported the slow arm's waited 20 days, the fast one's (2 * 10 + 4 * 60) / 6 = 43.3.

    Of all, with 100 days for those not supported within 100: (2 * 20 + 8 * 100) / 10 = 84 in the slow arm and
    (2 * 10 + 4 * 60 + 4 * 100) / 10 = 66 in the fast one. Supported by day 14: 0 and 20 %; by day 90: 20 and 60 %.
    """
    table = table_of({"fast": [FAST], "slow": [SLOW]})
    naive, restricted = (row_of(table, "slow", measure) for measure in ("naive_mean_days", "restricted_mean_days"))
    assert (naive["mean"], naive["difference"]) == pytest.approx((20.0, 20.0 - 260 / 6))
    assert (restricted["mean"], restricted["difference"]) == pytest.approx((84.0, 18.0))
    for measure, shares in {"supported_14": (0.2, 0.0), "supported_28": (0.2, 0.2), "supported_90": (0.6, 0.2)}.items():
        assert [row_of(table, arm, measure)["mean"] for arm in ("fast", "slow")] == pytest.approx(shares)
    # Half of all are never supported in the slow arm.
    assert row_of(table, "fast", "median_days")["mean"] == 60.0
    assert math.isnan(row_of(table, "slow", "median_days")["mean"])
    shown = times_text(table, {"fast": "Fast", "slow": "Slow"}, 100.0)
    assert "Slow - Fast: the mean over the supported alone says the opposite" in shown
    assert "-23.3 instead of +18.0 days for all needs" in shown


def test_nothing_is_said_of_a_naive_mean_that_agrees() -> None:
    later = [(days + 5, state) for days, state in FAST]
    assert "opposite" not in times_text(table_of({"a": [FAST], "b": [later]}), {"a": "A", "b": "B"}, 100.0)


def test_a_naive_mean_that_cannot_be_told_apart_contradicts_nothing() -> None:
    """The restricted mean is surely longer, the naive one is shorter in one world and longer in the other."""
    mixed = [SLOW, [(70.0 if state == SUPPORTED else days, state) for days, state in SLOW]]
    assert "opposite" not in times_text(table_of({"a": [FAST] * 2, "b": mixed}), {"a": "A", "b": "B"}, 100.0)


# --- values and intervals -------------------------------------------------------------------------------------------


def test_intervals_over_worlds_and_paired_differences_by_hand() -> None:
    """Restricted means 10, 20 and 30 against 11, 22 and 33: t for 2 degrees of freedom is 4.302653."""
    base = [[(days, SUPPORTED)] * 2 for days in (10.0, 20.0, 30.0)]
    other = [[(days, SUPPORTED)] * 2 for days in (11.0, 22.0, 33.0)]
    table = table_of({"base": base, "other": other})
    row = row_of(table, "other", "restricted_mean_days")
    half = 4.302653 * 11 / math.sqrt(3)
    assert (row["mean"], row["low"], row["high"]) == pytest.approx((22.0, 22.0 - half, 22.0 + half), abs=1e-5)
    half = 4.302653 / math.sqrt(3)
    gap = (row["difference"], row["difference_low"], row["difference_high"])
    assert gap == pytest.approx((2.0, 2.0 - half, 2.0 + half), abs=1e-5)
    assert (row["interval"], row["n"], row["episodes"], row["reached"]) == (OVER_WORLDS, 3, 2.0, 3)
    assert math.isnan(row_of(table, "base", "restricted_mean_days")["difference"])


def test_a_quartile_that_some_world_does_not_reach_is_missing_and_counted() -> None:
    half_open = [(10.0, SUPPORTED), (20.0, SUPPORTED), (250.0, OPEN), (250.0, OPEN)]
    table = table_of({"a": [half_open, [(30.0, SUPPORTED)] * 4]})
    row = row_of(table, "a", "median_days")
    assert (row["mean"], row["reached"]) == (25.0, 2)
    row = row_of(table, "a", "third_quartile_days")
    assert row["reached"] == 1
    assert all(math.isnan(row[name]) for name in ("mean", "low", "high"))


def test_a_share_by_a_day_that_nobody_was_followed_to_is_missing() -> None:
    table = table_of({"a": [[(10.0, SUPPORTED), (100.0, OPEN)]]})
    assert row_of(table, "a", "supported_90")["mean"] == pytest.approx(0.5)
    assert math.isnan(row_of(table, "a", "supported_126")["mean"])
    assert "   -" in times_text(table, {"a": "A"}, 100.0)


def test_one_world_has_intervals_from_its_own_episodes() -> None:
    """Without censoring: 6 of 10 by day 90, by the transform with the binomial error; the restricted mean of ten."""
    table = table_of({"a": [[end if end[1] != OPEN else (95.0, GAVE_UP) for end in FAST]]})
    share, mean, naive = (
        row_of(table, "a", name) for name in ("supported_90", "restricted_mean_days", "naive_mean_days")
    )
    reach = 1.959964 * math.sqrt(0.6 * 0.4 / 10) / (0.6 * abs(math.log(0.6)))
    assert (share["low"], share["high"]) == pytest.approx((0.6 ** math.exp(reach), 0.6 ** math.exp(-reach)), abs=1e-6)
    half = 1.959964 * np.std([10, 10, 60, 60, 60, 60, 100, 100, 100, 100], ddof=1) / math.sqrt(10)
    assert (mean["low"], mean["high"]) == pytest.approx((66 - half, 66 + half), abs=1e-4)
    # t for 5 degrees of freedom is 2.570582.
    half = 2.570582 * np.std([10, 10, 60, 60, 60, 60], ddof=1) / math.sqrt(6)
    assert (naive["low"], naive["high"]) == pytest.approx((260 / 6 - half, 260 / 6 + half), abs=1e-4)
    median = row_of(table, "a", "median_days")
    # 2 of 10 by day 10 may be 47 % but not half; 6 of 10 may be fewer than half.
    assert (median["low"], median["mean"]) == (60.0, 60.0)
    assert math.isnan(median["high"])
    assert set(table["interval"]) == {WITHIN_ONE}


def test_groups_and_measures_of_a_run_are_those_of_the_headline() -> None:
    time = {"horizon_days": 400.0, "warmup_days": 100.0, "followup_days": 180.0}
    results = {
        arm: simulate(Scenario.load("three_journeys", {"time": time}), arm, seed=1)
        for arm in ("fragmented", "integrated")
    }
    tables = [
        pd.concat([getattr(result, name).assign(arm=arm, replicate=0) for arm, result in results.items()])
        for name in ("episodes", "handoffs")
    ]
    runs = pd.DataFrame({"arm": list(results), "replicate": 0})
    clock = results["fragmented"].scenario.parameters.time
    table = times_table(*(part.reset_index(drop=True) for part in tables), runs, list(results), clock)
    shared = ["supported_28", "supported_126", "median_days", "restricted_mean_days"]
    for arm, result in results.items():
        own = table[table["arm"] == arm]
        everybody = own[own["grouping"] == "all"].set_index("measure")["mean"]
        assert list(everybody[shared]) == pytest.approx([result.headline()[name] for name in shared], nan_ok=True)
        expected = by_group(result.episodes, result.handoffs, clock).query("grouping == 'needs'")
        found = own[own["grouping"] == "complexity"].set_index(["group", "measure"])["mean"]
        pairs = [(found[row.group, row.outcome], row.value) for row in expected.itertuples() if row.outcome in shared]
        assert [pair[0] for pair in pairs] == pytest.approx([pair[1] for pair in pairs], nan_ok=True)
        # Each way of dividing the cohort divides all of it.
        sizes = own[own["measure"] == MEASURES[0]].groupby("grouping")["episodes"].sum()
        assert set(sizes) == {float(result.episodes["cohort"].sum())}
        assert set(sizes.index) == {"all", "need", "complexity", PATH}


def test_the_order_of_rows_and_runs_does_not_matter() -> None:
    episodes = pd.concat([episodes_of("b", 0, SLOW), episodes_of("a", 1, FAST), episodes_of("a", 0, SLOW)])
    runs = pd.DataFrame({"arm": ["b", "a", "a"], "replicate": [0, 1, 0]})
    tables = [
        times_table(rows.reset_index(drop=True), NO_HANDOFFS, listed, ["a", "b"], CLOCK)
        for rows, listed in ((episodes, runs), (episodes.sample(frac=1, random_state=1), runs.iloc[::-1]))
    ]
    pd.testing.assert_frame_equal(*tables)
    assert list(dict.fromkeys(tables[0]["arm"])) == ["a", "b"]


# --- sector paths ---------------------------------------------------------------------------------------------------


def handoffs_of(episode: int, *steps: tuple[float, str]) -> pd.DataFrame:
    """Return the handoffs of an episode of the only run, by day after onset they were received, and by receiver."""
    days, sectors = zip(*steps, strict=True)
    received = 200.0 + np.array(days)
    rows = {"number": range(len(steps)), "receiver_sector": sectors, "received": received}
    return pd.DataFrame({"arm": "a", "replicate": 0, "episode": episode, **rows, "cohort": True})


def paths(handoffs: Sequence[pd.DataFrame], ends: Sequence[End], **columns: Any) -> dict[str, float]:
    """Return the number of episodes by path."""
    # The last first: a table of handoffs need not be in order.
    table = table_of({"a": [ends]}, pd.concat([*handoffs[::-1], NO_HANDOFFS]), **columns)
    own = table[(table["grouping"] == PATH) & (table["measure"] == MEASURES[0])]
    return dict(zip(own["group"], own["episodes"], strict=True))


def test_a_path_is_the_sectors_met_in_turn() -> None:
    steps = [(1.0, "public"), (2.0, "voluntary"), (3.0, "voluntary"), (4.0, "public")]
    assert paths([handoffs_of(0, *steps)], [(50.0, SUPPORTED)]) == {"public > voluntary > public": 1}


def test_a_path_ends_with_support_or_the_follow_up_and_needs_a_receipt() -> None:
    handoffs = [
        handoffs_of(0, (10.0, "voluntary"), (30.0, "private")),
        handoffs_of(1, (99.0, "voluntary"), (101.0, "private")),
        handoffs_of(2, (math.nan, "voluntary"), (20.0, "private")),
    ]
    ends = [(10.0, SUPPORTED), (250.0, OPEN), (20.0, GAVE_UP)]
    assert paths(handoffs, ends) == {"public > voluntary": 2, "public > private": 1}


def test_without_a_first_door_the_path_begins_with_a_receiver() -> None:
    found = paths([handoffs_of(0, (5.0, "private"))], [(50.0, SUPPORTED), (60.0, GAVE_UP)], first_door_sector="")
    assert found == {"private": 1, "none": 1}


def test_rare_and_long_paths_are_one_group() -> None:
    """Eight paths: the two that are rarer than six others, and the longest though it is the commonest."""
    sectors = ["public", "voluntary", "private"]
    steps = [[], ["voluntary"], ["private"], ["voluntary", "public"], ["voluntary", "private"], ["private", "public"]]
    rare = [["private", "voluntary"], ["private", "voluntary", "public"]]
    longest = [(sectors * 3)[1:]]
    every = steps * 2 + rare + longest * 5
    handoffs = [
        handoffs_of(number, *((day, sector) for day, sector in enumerate(path, 1)))
        for number, path in enumerate(every)
        if path
    ]
    found = paths(handoffs, [(50.0, SUPPORTED)] * len(every))
    assert found == {" > ".join(["public", *path]): 2 for path in steps} | {"other": 7}
    assert list(found)[-1] == "other"


def test_paths_have_no_differences_between_arms() -> None:
    table = table_of({"a": [FAST, SLOW], "b": [SLOW, SLOW]})
    of_paths = table[table["grouping"] == PATH]
    assert of_paths["difference"].isna().all()
    assert table[(table["grouping"] == "need") & (table["arm"] == "b")]["difference"].notna().any()


# --- text -----------------------------------------------------------------------------------------------------------


def test_no_needs_in_the_cohort() -> None:
    table = table_of({"a": [FAST], "b": [SLOW]}, cohort=False)
    assert list(table[table["grouping"] == "need"]["mean"]) == []
    assert "no needs in the cohort" in times_text(table, {"a": "A", "b": "B"}, 100.0)


@pytest.mark.parametrize("arms", [1, 9])
def test_the_text_fits_a_page_and_names_every_arm(arms: int) -> None:
    titles = {f"arm_{number}": f"A way of coordinating that has a long title {number}, " * 3 for number in range(arms)}
    shown = times_text(table_of({arm: [FAST, SLOW, SLOW] for arm in titles}), titles, 100.0)
    assert max(map(len, shown.splitlines())) <= WIDTH
    for number in range(arms):
        assert f"long title {number}" in shown


def test_the_text_says_mean_quartiles_and_shares() -> None:
    shown = times_text(table_of({"a": [FAST, FAST], "b": [SLOW, SLOW]}), {"a": "First", "b": "Second"}, 100.0)
    lines = [" ".join(line.split()) for line in shown.splitlines()]
    assert "Mean to 100 (95 % CI) 25 % by 50 % by 75 % by by 14 by 28 by 90 by 126" in lines
    assert lines[lines.index("First") + 1] == "66.0 (66.0 to 66.0) 60.0 60.0 not reached 20.0 20.0 60.0 60.0"
    assert lines[lines.index("Second") + 1] == (
        "84.0 (84.0 to 84.0) not reached not reached not reached 0.0 20.0 20.0 20.0"
    )
