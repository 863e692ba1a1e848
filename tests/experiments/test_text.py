"""What the terminal says: headings, tables no wider than a page, and words for what is missing."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from experiments import text
from experiments.paired import compare_arms
from experiments.plan import Plan
from sim import Coordination, Scenario
from sim.outcomes.costs import LABELS
from sim.outcomes.headline import HEADLINE
from tests.places import write_place


@pytest.fixture
def scenario(tmp_path: Path) -> Scenario:
    return Scenario.load(write_place(tmp_path / "place"))


def heading(scenario: Scenario, *arms: str, **others: Any) -> str:
    plan = Plan(scenario, {arm: Coordination.load(arm) for arm in arms}, 1, range(3), **others)
    return text.heading(plan, plan.titles, 3)


def table(arms: int, **missing: float) -> str:
    titles = {f"arm_{number}": f"Way of coordinating {number}" for number in range(arms)}
    values = {outcome.name: 0.5 for outcome in HEADLINE} | missing
    runs = pd.DataFrame([{"arm": arm, "replicate": number, **values} for arm in titles for number in range(3)])
    return text.headline_table(compare_arms(runs, list(titles)), titles)


def test_the_heading_says_what_was_changed(scenario: Scenario) -> None:
    assert "Changed" not in heading(scenario, "fragmented")
    changes = {"barriers.data_sharing": (0.5, 0.8), "journey.retry_days": (14.0, 7.0)}
    lines = heading(scenario, "fragmented", changes=changes).splitlines()
    assert lines[1] == "Changed: barriers.data_sharing 0.5 -> 0.8, journey.retry_days 14 -> 7"


@pytest.mark.parametrize("budget", ["equal", "added"])
def test_the_heading_says_which_budget_holds(budget: str, scenario: Scenario) -> None:
    assert f"Budget: {budget} (" in heading(scenario.changed({"budget": budget}), "fragmented")


@pytest.mark.parametrize("arms", [1, 2, 3, 4, 9])
def test_every_arm_is_shown_on_a_page(arms: int) -> None:
    shown = table(arms)
    assert max(map(len, shown.splitlines())) <= 110
    for number in range(arms):
        assert f"Way of coordinating {number}" in shown
    for number in range(1, arms):
        assert f"Way of coordinating {number} - Way of coordinating 0 (95 % CI)" in shown


@pytest.mark.parametrize("arms", [2, 9])
def test_published_figures_are_shown_on_a_page(arms: int) -> None:
    titles = {f"arm_{number}": f"Way of coordinating {number}" for number in range(arms)}
    row = {"label": "Share of people " * 8, "year": 2020, "published": 0.5, "modelled": 0.25}
    shown = text.published_text(pd.DataFrame([{"arm": arm, **row} for arm in titles]), titles)
    assert max(map(len, shown.splitlines())) <= 110
    assert shown.count("25.0") == arms


def test_words_for_what_is_missing() -> None:
    assert "Not " not in table(2)
    late = table(2, supported_126=math.nan)
    assert "not observed" in late
    assert "Not observed: in at least one world" in late
    assert "ot reached" not in late
    median = table(2, median_days=math.nan)
    assert "not reached" in median
    assert "Not reached: in at least one world" in median
    handoffs = table(2, dropped_per_100=math.nan)
    assert "none" in handoffs
    assert "None: in at least one world there was nothing to count" in handoffs


def test_where_there_are_no_needs_nothing_else_is_said_to_be_missing() -> None:
    shown = table(2, **{outcome.name: math.nan for outcome in HEADLINE})
    assert shown.count("none") == 2 * len(HEADLINE)
    assert "None: in at least one world there was nothing to count" in shown
    assert "ot reached" not in shown and "ot observed" not in shown
    values = {outcome.name: math.nan for outcome in HEADLINE}
    assert {text.value_text(values, outcome) for outcome in HEADLINE} == {"none"}


def test_costs_per_support_where_nobody_was_supported_are_none() -> None:
    values = {item: math.nan if item.startswith("per_") else -0.2 for item in LABELS}
    costs = pd.DataFrame([{"arm": "a", "item": item, "mean": value} for item, value in values.items()])
    shown = text.costs_text(costs, {"a": "Alone"})
    assert shown.count("none") == 2
    assert "nan" not in shown and "-0" not in shown


def test_what_rounds_to_nothing_has_no_minus() -> None:
    assert text.interval_text(-0.04, -0.01, 0.02) == "+0.0 (+0.0 to +0.0)"
    assert text.interval_text(-1234.5, -2000.0, 0.0, 0) == "-1,234 (-2,000 to +0)"
    assert "-0" not in table(2, dropped_per_100=-0.001)


def test_a_long_heading_is_divided_among_lines(scenario: Scenario) -> None:
    arms = [f"fragmented+entry:any_door+navigators:{number}" for number in range(6)]
    lines = heading(scenario, *arms).splitlines()
    assert max(map(len, lines)) <= 110
    assert "(baseline) against" in lines[0]


def test_without_any_time_nobody_is_counted(scenario: Scenario) -> None:
    still = scenario.changed({"time.horizon_days": 0.0})
    assert "Counted: nobody." in heading(still, "fragmented")
    assert "Counted: needs that arise from day 20 to day 70, followed" in heading(scenario, "fragmented")


def test_tables_and_figures_are_told_apart() -> None:
    assert "Means over runs; curves of support and figures of handoffs pool all runs" in table(2)
