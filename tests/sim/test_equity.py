"""Groups and the worst-off tenth against hand-made tables, and what must hold for any run."""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sim import Scenario, simulate
from sim.coordination import names as coordinations
from sim.outcomes.equity import GROUPINGS, by_group, groups_of, worst_tenth
from sim.outcomes.headline import HEADLINE, headline
from sim.outcomes.result import Result
from sim.schema.parameters import Time
from tests.places import changed, write_place

CLOCK = Time(horizon_days=500.0, warmup_days=100.0, followup_days=150.0)
STATES = ["supported", "gave_up", "open"]
USUAL: dict[str, Any] = {
    "state": "open", "days": 200.0, "dropped": 0, "setbacks": 0, "stories": 0, "district": "town", "needs": 1,
    "capability": 0.5, "first_door_sector": "public", "crises": 0, "failure_contacts": 0, "cohort": True,
}  # fmt: skip


def episodes_of(*rows: dict[str, Any]) -> pd.DataFrame:
    """Return episodes of which only what matters is said."""
    table = pd.DataFrame([{"episode": number, **USUAL, **row} for number, row in enumerate(rows)])
    return table.assign(state=pd.Categorical(table["state"], STATES))


def handoffs_of(*rows: tuple[int, str, bool]) -> pd.DataFrame:
    """Return handoffs: of which episode, state, whether of the cohort."""
    return pd.DataFrame(list(rows), columns=["episode", "state", "cohort"]).astype({"cohort": bool})


def value(table: pd.DataFrame, grouping: str, group: str, outcome: str, column: str = "value") -> float:
    row = table[(table["grouping"] == grouping) & (table["group"] == group) & (table["outcome"] == outcome)]
    return float(row[column].item())


# --- groups ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("grouping", "column", "group"),
    [
        ("needs", {"needs": 1}, "1"),
        ("needs", {"needs": 3}, "3"),
        ("needs", {"needs": 4}, "4 or more"),
        ("needs", {"needs": 9}, "4 or more"),
        ("district", {"district": "hills"}, "hills"),
        ("capability", {"capability": 0.0}, "low"),
        ("capability", {"capability": 0.3333}, "low"),
        ("capability", {"capability": 1 / 3}, "middle"),
        ("capability", {"capability": 2 / 3}, "middle"),
        ("capability", {"capability": 0.6667}, "high"),
        ("capability", {"capability": 1.0}, "high"),
        ("first_door", {"first_door_sector": "voluntary"}, "voluntary"),
        ("first_door", {"first_door_sector": ""}, "none"),
    ],
)
def test_the_group_of_an_episode(grouping: str, column: dict[str, Any], group: str) -> None:
    assert list(groups_of(episodes_of({}, column))[grouping])[1] == group


def test_only_the_first_door_is_not_of_the_person() -> None:
    """In another arm the same people are in every other group."""
    of_person = {grouping.name: grouping.is_of_person for grouping in GROUPINGS}
    assert of_person == {"needs": True, "district": True, "capability": True, "first_door": False}


def test_outcomes_of_a_group_by_hand() -> None:
    """Two with one need, one with two; what is not of the cohort counts nowhere."""
    episodes = episodes_of(
        {"state": "supported", "days": 10.0, "setbacks": 1},
        {"state": "gave_up", "days": 40.0, "dropped": 2},
        {"state": "supported", "days": 100.0, "needs": 2},
        {"state": "supported", "days": 1.0, "needs": 2, "setbacks": 9, "cohort": False},
    )
    handoffs = handoffs_of(
        (1, "dropped", True), (1, "dropped", True), (2, "attended", True), (1, "attended", False), (3, "dropped", False)
    )
    # The numbers of the rows of a stacked table begin anywhere.
    episodes.index = pd.Index([70, 71, 72, 73])
    table = by_group(episodes, handoffs, CLOCK)
    assert value(table, "needs", "1", "supported_28") == pytest.approx(0.5)
    assert value(table, "needs", "1", "restricted_mean_days") == pytest.approx(10 + 0.5 * 140)
    assert value(table, "needs", "1", "failed_per_100") == pytest.approx(150.0)
    assert value(table, "needs", "1", "dropped_per_100") == pytest.approx(100.0)
    assert value(table, "needs", "1", "gave_up") == pytest.approx(0.5)
    assert value(table, "needs", "2", "restricted_mean_days") == pytest.approx(100.0)
    assert value(table, "needs", "2", "dropped_per_100") == 0.0
    assert value(table, "needs", "1", "gave_up", "episodes") == 2
    assert value(table, "needs", "2", "gave_up", "episodes") == 1


def test_a_group_with_nobody_in_it_is_there_without_values() -> None:
    table = by_group(episodes_of({"needs": 2}), handoffs_of(), CLOCK)
    nobody = table[(table["grouping"] == "needs") & (table["group"] == "3")]
    assert list(nobody["outcome"]) == [outcome.name for outcome in HEADLINE]
    assert nobody["value"].isna().all()
    assert (nobody["episodes"] == 0).all()


# --- the worst-off tenth --------------------------------------------------------------------------------------------


def supported(days: float, **others: Any) -> dict[str, Any]:
    return {"state": "supported", "days": days, **others}


def test_the_worst_tenth_is_the_longest_without_support() -> None:
    rows = [supported(float(day), setbacks=9) for day in range(1, 19)]
    found = worst_tenth(episodes_of(*rows, supported(60.0, dropped=1), supported(80.0, setbacks=2)), CLOCK)
    assert found["episodes"] == 2.0
    assert found["restricted_days"] == pytest.approx(70.0)
    assert found["failed_per_episode"] == pytest.approx(1.5)
    assert found["gave_up"] == 0.0
    assert found["unsupported_in_cohort"] == 0.0


def test_never_supported_in_the_follow_up_counts_in_full_however_it_ended() -> None:
    """Given up on day 5, still open, supported after the follow-up: all alike, the failed attempts decide."""
    alike = [{"state": "gave_up", "days": 5.0}, {"state": "open"}, supported(151.0, setbacks=3), supported(150.0)]
    found = worst_tenth(episodes_of(*[supported(1.0)] * 6, *alike), CLOCK)
    assert found["restricted_days"] == 150.0
    assert found["failed_per_episode"] == 3.0
    assert found["gave_up"] == 0.0
    # Support on the last day of the follow-up is within it.
    assert found["unsupported_in_cohort"] == pytest.approx(0.3)


def test_stories_break_ties_of_failed_attempts() -> None:
    worse = {"dropped": 1, "setbacks": 1, "stories": 3, "capability": 0.1}
    less = {"dropped": 2, "stories": 2}
    found = worst_tenth(episodes_of(*[supported(1.0)] * 8, less, worse), CLOCK)
    assert found["low_capability"] == 1.0
    assert found["low_capability_in_cohort"] == pytest.approx(0.1)


def test_episodes_that_are_alike_count_in_part() -> None:
    """A tenth of 20 is two: the one that is worse, and one of four that are alike, a quarter of each."""
    alike = [{"state": "gave_up", "days": 9.0}, {"needs": 5}, {"needs": 4}, {}]
    rows = [*[supported(1.0)] * 15, {"setbacks": 4}, *alike]
    found = worst_tenth(episodes_of(*rows), CLOCK)
    assert found["episodes"] == 2.0
    assert found["failed_per_episode"] == pytest.approx(2.0)
    assert found["gave_up"] == pytest.approx(0.125)
    assert found["many_needs"] == pytest.approx(0.25)
    assert found["many_needs_in_cohort"] == pytest.approx(0.1)
    assert worst_tenth(episodes_of(*rows[::-1]), CLOCK) == pytest.approx(found)


@pytest.mark.parametrize(("count", "days"), [(19, 19 + 0.9 * 18), (20, 20 + 19), (21, 21 + 20 + 0.1 * 19)])
def test_the_last_of_a_tenth_counts_in_part(count: int, days: float) -> None:
    """Supported on days 1, 2, ... in turn: the longest count, and of the last of them what is left of the tenth."""
    found = worst_tenth(episodes_of(*[supported(float(day)) for day in range(1, count + 1)]), CLOCK)
    assert found["restricted_days"] == pytest.approx(days / (count / 10))


def test_failed_attempts_go_before_stories() -> None:
    """Of three that wait as long, the worst has most failed attempts, whatever it had to tell."""
    alike = [{"setbacks": 3, "needs": 4}, {"setbacks": 1, "stories": 5}, {"setbacks": 2, "stories": 1}]
    found = worst_tenth(episodes_of(*[supported(1.0)] * 7, *alike), CLOCK)
    assert found["failed_per_episode"] == pytest.approx(3.0)
    assert found["many_needs"] == 1.0


def test_giving_up_on_the_last_day_of_the_follow_up_is_within_it() -> None:
    for days, share in ((150.0, 1.0), (150.001, 0.0)):
        found = worst_tenth(episodes_of(*[supported(1.0)] * 9, {"state": "gave_up", "days": days}), CLOCK)
        assert found["gave_up"] == share


def test_a_tenth_of_few_is_part_of_one() -> None:
    found = worst_tenth(episodes_of(supported(20.0), supported(30.0), supported(99.0, cohort=False)), CLOCK)
    assert found["episodes"] == pytest.approx(0.2)
    assert found["restricted_days"] == pytest.approx(30.0)


def test_the_worst_tenth_of_nobody_is_not_a_number() -> None:
    found = worst_tenth(episodes_of({"cohort": False}), CLOCK)
    assert found.pop("episodes") == 0.0
    assert all(math.isnan(one) for one in found.values())


# --- runs -----------------------------------------------------------------------------------------------------------

SHORT = {"time": {"horizon_days": 130, "warmup_days": 20, "followup_days": 50}, "population.onset_lag_days": 15.0}


@lru_cache
def run(arm: str) -> Result:
    return simulate(Scenario.load("three_journeys").changed(SHORT), arm, seed=5)


@pytest.mark.parametrize("arm", ["fragmented", "integrated"])
def test_groups_add_up_to_the_cohort(arm: str) -> None:
    result = run(arm)
    table = by_group(result.episodes, result.handoffs, result.scenario.parameters.time)
    overall = result.headline()
    cohort = int(result.episodes["cohort"].sum())
    for grouping in GROUPINGS:
        of_outcome = table[(table["grouping"] == grouping.name) & (table["outcome"] == "failed_per_100")]
        there = of_outcome[of_outcome["episodes"] > 0]
        assert there["episodes"].sum() == cohort
        mean = np.average(there["value"], weights=there["episodes"])
        assert mean == pytest.approx(overall["failed_per_100"])


def test_a_group_of_everybody_has_the_headline_outcomes() -> None:
    result = run("integrated")
    time = result.scenario.parameters.time
    everybody = result.episodes.assign(needs=2)
    table = by_group(everybody, result.handoffs, time)
    found = {outcome.name: value(table, "needs", "2", outcome.name) for outcome in HEADLINE}
    assert found == pytest.approx(headline(everybody, result.handoffs, time), nan_ok=True)


def test_a_citizen_has_the_same_needs_and_capability_in_every_arm() -> None:
    """Though not the same episodes: which needs return, and which are known of, depends on the arm."""
    seen: dict[str, tuple[int, float]] = {}
    shared = 0
    for arm in coordinations():
        own = run(arm).episodes.drop_duplicates("citizen")
        for citizen, needs, capability in zip(own["citizen"], own["needs"], own["capability"], strict=True):
            shared += citizen in seen
            assert seen.setdefault(citizen, (needs, capability)) == (needs, capability)
    assert shared > 100


def test_needs_are_all_that_were_drawn() -> None:
    """Never fewer than the kinds that have arisen, and more where some arise after the horizon."""
    episodes = run("fragmented").episodes
    by_citizen = episodes.groupby("citizen", observed=True)
    arisen, drawn = by_citizen["need"].nunique(), by_citizen["needs"].agg(["min", "max"])
    assert (drawn["min"] == drawn["max"]).all()
    assert (drawn["min"] >= arisen).all()
    assert (drawn["min"] > arisen).any()


def test_a_vignette_has_the_needs_and_the_capability_of_its_tables(tmp_path: Path) -> None:
    ann = {
        "vignette": "ann", "label": "Ann", "district": "town", "onset_day": 30, "capability": 0.25,
        "persistence": 0.5, "patience_days": 90,
    }  # fmt: skip
    needs = [{"vignette": "ann", "need": need, "severity": 0.5} for need in ("illness", "debt")]
    place = write_place(
        tmp_path / "place",
        vignettes=[ann],
        vignette_needs=needs,
        needs=[{"need": "illness", "prevalence": 1}, {"need": "debt", "prevalence": 0}],
        services=changed("services", needs="all"),
    )
    episodes = simulate(Scenario.load(place), "fragmented", seed=1).episodes
    hers = episodes["citizen"] == "ann"
    assert set(episodes[hers]["needs"]) == {2}
    assert set(episodes[hers]["capability"]) == {0.25}
    assert set(episodes[~hers]["needs"]) == {1}
    assert episodes[~hers]["capability"].nunique() > 10


def test_the_sector_of_the_first_door_is_that_of_its_provider() -> None:
    result = run("fragmented")
    sectors = {row.provider: row.sector.value for row in result.scenario.tables.providers} | {"": ""}
    expected = result.episodes["first_door"].astype(str).map(sectors)
    assert (result.episodes["first_door_sector"].astype(str) == expected).all()
