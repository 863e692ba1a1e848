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
from sim.outcomes.headline import HEADLINE
from tests.places import write_place


@pytest.fixture
def scenario(tmp_path: Path) -> Scenario:
    return Scenario.load(write_place(tmp_path / "place"))


def heading(scenario: Scenario, *arms: str, **others: Any) -> str:
    return text.heading(Plan(scenario, {arm: Coordination.load(arm) for arm in arms}, 1, range(3), **others), 3)


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
    assert "none" in table(2, dropped_per_100=math.nan)


def test_tables_and_figures_are_told_apart() -> None:
    assert "means over runs; figures pool all runs" in table(2)
