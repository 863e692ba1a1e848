"""Tables and text of who gains and who loses, from outcomes by group that are made by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd
import pytest

from experiments.equity import Equity, equity_of, gaps_table, groups_table, worst_table
from experiments.equity_text import equity_text
from sim.outcomes.equity import GROUPINGS, by_group, worst_tenth
from sim.outcomes.headline import HEADLINE
from sim.schema.parameters import Time

Values = dict[str, Sequence[float]]


def grouped(arm: str, outcome: str, values: Values, grouping: str = "district", episodes: float = 50) -> pd.DataFrame:
    """Return an outcome of the groups of one arm by replicate."""
    return pd.DataFrame(
        [
            {
                "arm": arm,
                "replicate": replicate,
                "grouping": grouping,
                "group": group,
                "outcome": outcome,
                "value": value,
                "episodes": episodes,
            }
            for group, own in values.items()
            for replicate, value in enumerate(own)
        ]
    )


def gap_of(table: pd.DataFrame) -> dict[str, Any]:
    (row,) = gaps_table(table, groups_table(table, [table["arm"].iloc[0]])).to_dict("records")
    return {str(name): value for name, value in row.items()}


@pytest.mark.parametrize("outcome", HEADLINE, ids=lambda outcome: outcome.name)
def test_best_and_worst_go_by_what_is_better(outcome: Any) -> None:
    row = gap_of(grouped("a", outcome.name, {"low": [1.0, 2.0], "middle": [3.0, 3.0], "high": [5.0, 8.0]}))
    ends = ("high", "low") if outcome.better == "higher" else ("low", "high")
    assert (row["best"], row["worst"]) == ends
    # 4 and 6: mean 5, standard error 1; t for 1 degree of freedom is 12.7062.
    assert row["gap"] == pytest.approx(5.0)
    assert (row["low"], row["high"]) == pytest.approx((5 - 12.7062, 5 + 12.7062), abs=1e-4)
    assert row["n"] == 2


def test_the_ends_are_chosen_once_and_not_in_each_replicate() -> None:
    """Each replicate has extremes 10 apart; between the two groups there is nothing but 1 on average."""
    row = gap_of(grouped("a", "gave_up", {"one": [0.0, 10.0, 0.0, 10.0], "other": [10.0, 0.0, 10.0, 4.0]}))
    assert (row["best"], row["worst"]) == ("one", "other")
    assert row["gap"] == pytest.approx((10 - 10 + 10 - 6) / 4)
    assert row["low"] < 0 < row["high"]


def test_small_groups_are_shown_but_not_chosen() -> None:
    table = pd.concat(
        [
            grouped("a", "gave_up", {"one": [0.2, 0.2], "other": [0.3, 0.3]}, episodes=20),
            grouped("a", "gave_up", {"few": [0.9, 0.9]}, episodes=19.5),
        ]
    )
    assert list(groups_table(table, ["a"])["group"]) == ["one", "other", "few"]
    row = gap_of(table)
    assert (row["best"], row["worst"], row["left_out"]) == ("one", "other", "")


def test_a_group_without_a_value_in_some_replicate_is_named() -> None:
    values = {"one": [10.0, 12.0], "other": [20.0, 22.0], "never": [90.0, math.nan]}
    row = gap_of(grouped("a", "median_days", values))
    assert (row["best"], row["worst"], row["left_out"]) == ("one", "other", "never")
    assert row["gap"] == pytest.approx(10.0)


def test_one_group_has_no_gap() -> None:
    row = gap_of(grouped("a", "gave_up", {"only": [0.1, 0.2]}))
    assert (row["best"], row["worst"], row["n"]) == ("", "", 0)
    assert math.isnan(row["gap"])


def test_groups_that_are_alike_have_a_gap_of_nothing() -> None:
    row = gap_of(grouped("a", "gave_up", {"one": [0.5, 0.5], "other": [0.5, 0.5]}))
    assert row["best"] != row["worst"]
    assert row["gap"] == 0.0


def test_differences_of_groups_are_paired_and_not_given_of_first_doors() -> None:
    table = pd.concat(
        [
            grouped("base", "gave_up", {"one": [0.1, 0.5]}),
            grouped("base", "gave_up", {"public": [0.1, 0.5]}, "first_door"),
            # The second replicate of the other arm is not there.
            grouped("other", "gave_up", {"one": [0.3]}),
            grouped("other", "gave_up", {"public": [0.3]}, "first_door"),
        ]
    )
    rows = groups_table(table, ["base", "other"]).set_index(["arm", "grouping"])
    assert rows.loc[("base", "district"), "mean"] == pytest.approx(0.3)
    assert math.isnan(rows.loc[("base", "district"), "difference"])
    assert rows.loc[("other", "district"), "difference"] == pytest.approx(0.2)
    assert rows.loc[("other", "district"), "n"] == 1
    assert math.isnan(rows.loc[("other", "first_door"), "difference"])


def tenth(arm: str, replicate: int, **values: float) -> dict[str, Any]:
    names = (
        "episodes restricted_days failed_per_episode gave_up many_needs low_capability many_needs_in_cohort "
        "low_capability_in_cohort unsupported_in_cohort"
    )
    return {"arm": arm, "replicate": replicate, **dict.fromkeys(names.split(), 0.5), **values}


def test_the_worst_tenth_is_compared_in_the_same_worlds() -> None:
    failed = {"base": [1.0, 5.0, 9.0], "other": [2.0, 7.0, 12.0]}
    rows = [tenth(arm, number, failed_per_episode=value) for arm in failed for number, value in enumerate(failed[arm])]
    table = worst_table(pd.DataFrame(rows), ["base", "other"]).set_index("arm")
    assert table.loc["base", "failed_per_episode"] == pytest.approx(5.0)
    assert math.isnan(table.loc["base", "failed_per_episode_difference"])
    # 1, 2 and 3: as in the tests of paired differences.
    ends = table.loc["other", ["failed_per_episode_difference", "failed_per_episode_low", "failed_per_episode_high"]]
    assert list(ends) == pytest.approx([2.0, 2 - 2.484138, 2 + 2.484138], abs=1e-5)
    assert list(table["n"]) == [3, 3]
    assert "many_needs_difference" not in table


# --- text -----------------------------------------------------------------------------------------------------------


def equity(arms: Sequence[str], names: Sequence[str] = ("one", "other")) -> Equity:
    """Return tables in which the last group of each grouping is worse off, and more so in each further arm."""
    outcomes = [
        grouped(arm, "restricted_mean_days", {name: [60.0 + 40 * rank * number] * 3}, grouping.name)
        for number, arm in enumerate(arms, 1)
        for grouping in GROUPINGS
        for rank, name in enumerate(names)
    ]
    table = pd.concat(outcomes)
    groups = groups_table(table, arms)
    worst = pd.DataFrame([tenth(arm, number) for arm in arms for number in range(3)])
    return Equity(groups, gaps_table(table, groups), worst_table(worst, arms))


@pytest.mark.parametrize("arms", [1, 2, 9])
def test_the_text_fits_a_page_and_names_every_arm(arms: int) -> None:
    titles = {f"arm_{number}": f"A way of coordinating that has a long title {number}, " * 3 for number in range(arms)}
    shown = equity_text(equity(list(titles), ["short", "a district with a name that is long"]), titles)
    assert max(map(len, shown.splitlines())) <= 110
    for number in range(arms):
        assert f"long title {number}" in shown
    assert ("Gains most" in shown) == (arms > 1)


def test_the_text_says_who_gains_and_who_loses() -> None:
    shown = equity_text(equity(["a", "b"]), {"a": "First", "b": "Second"})
    lines = [" ".join(line.split()) for line in shown.splitlines()]
    assert "number of needs one 60.0 other 100.0 +40.0 (+40.0 to +40.0)" in lines
    assert "number of needs one 60.0 other 140.0 +80.0 (+80.0 to +80.0)" in lines
    assert "number of needs one +0.0 (+0.0 to +0.0) other +40.0 (+40.0 to +40.0)" in lines
    assert "Second, against First (95 % CI)" in lines
    assert any(line.startswith("Second: 0.5 days without support, +0.0 (+0.0 to +0.0)") for line in lines)
    assert "not the same people in each arm" in shown


def test_one_group_is_neither_best_nor_worst_in_the_text() -> None:
    shown = equity_text(equity(["a", "b"], ["only"]), {"a": "First", "b": "Second"})
    assert [line.split() for line in shown.splitlines() if "district" in line] == [
        ["district", "-", "-", "-"],
        ["district", "-", "-", "-"],
        ["district", "-", "-"],
    ]


def test_groups_that_are_alike_are_not_called_best_or_worst() -> None:
    table = pd.concat(
        grouped(arm, "restricted_mean_days", {"one": [60.0] * 3, "other": [60.0] * 3}, grouping.name)
        for arm in ("a", "b")
        for grouping in GROUPINGS
    )
    groups = groups_table(table, ["a", "b"])
    worst = worst_table(pd.DataFrame([tenth(arm, number) for arm in ("a", "b") for number in range(3)]), ["a", "b"])
    shown = equity_text(Equity(groups, gaps_table(table, groups), worst), {"a": "First", "b": "Second"})
    lines = [" ".join(line.split()) for line in shown.splitlines()]
    assert lines.count("district all alike all alike +0.0 (+0.0 to +0.0)") == 2
    assert lines.count("district all alike +0.0 (+0.0 to +0.0) all alike +0.0 (+0.0 to +0.0)") == 1


def test_no_needs_in_the_cohort() -> None:
    time = Time()
    episodes = pd.DataFrame(
        {"episode": [0], "cohort": False, "state": "open", "days": 1.0, "needs": 1}
        | {"capability": 0.5, "district": "town", "first_door_sector": "", "setbacks": 0, "dropped": 0, "stories": 0}
    )
    handoffs = pd.DataFrame({"episode": [], "state": [], "cohort": pd.Series([], dtype=bool)})
    groups = by_group(episodes, handoffs, time).assign(arm="a", replicate=0)
    worst = pd.DataFrame([{"arm": "a", "replicate": 0, **worst_tenth(episodes, time)}])
    found = equity_of(groups, worst, ["a"])
    assert found.groups.empty
    assert found.gaps.empty
    assert math.isnan(found.worst.loc[0, "restricted_days"])
    assert "no needs in the cohort" in equity_text(found, {"a": "First"})


def test_a_group_that_has_nobody_in_any_run_is_left_out() -> None:
    values = {"here": [1.0, 2.0], "there": [3.0, 4.0]}
    table = grouped("a", "gave_up", values)
    table.loc[table["group"] == "there", "episodes"] = 0
    found = equity_of(table, pd.DataFrame([tenth("a", number) for number in range(2)]), ["a"])
    assert found.groups["group"].tolist() == ["here"]
