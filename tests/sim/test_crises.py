"""Crises of unmet needs: how many, when, and what happens at one hazard happens at every higher one.

A crisis that nobody hands on changes nothing, so that the days for which needs are unmet do not depend on crises, and
given these days the number of crises is a Poisson number. It is compared with its exact interval; each such test fails
for at most one seed in 10,000 if the model is right. Everything else holds for each crisis, not on average.
"""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sim import Result, Scenario, simulate
from sim.schema.validation import merged
from tests.places import TABLES, changed, write_place

HORIZON = 1000.0
HAZARD, RATIO = 0.01, 9.0
SETTINGS: dict[str, Any] = {
    "budget": "added",
    "time": {"horizon_days": HORIZON, "warmup_days": 20, "followup_days": 30},
    "population": {"patience_days": 1e9, "persistence_median": 0},
    "journey": {"severity_growth": 0, "attendance": 1, "redirect": 0, "bandwidth": 1},
    "crises": {"hazard": HAZARD, "severity_ratio": RATIO, "missed_ratio": 1, "restart": 0},
}
"""Nobody leaves a queue, nobody tries again, severity is that of the onset, and nothing but severity matters."""

NOBODY_IS_SERVED: dict[str, Any] = {"places": 0}
ALL_GIVE_UP: dict[str, Any] = {"threshold": 1}
EVERYBODY_MISSES = {"journey": {"attendance": 0, "rebook": 0}}


def unmet(
    folder: Path,
    severity: float = 0.5,
    settings: dict[str, Any] | None = None,
    service: dict[str, Any] = NOBODY_IS_SERVED,
    **tables: list[dict[str, Any]],
) -> Scenario:
    """Return a place with one service, in which all needs are equally severe at onset.

    Args:
        folder: Where to write it.
        severity: Of every need.
        settings: Put over :data:`SETTINGS`.
        service: Cells of the service; by default it serves nobody.
        tables: Other tables.
    """
    usual = {
        "districts": changed("districts", citizens_per_year=300),
        "needs": changed("needs", severity_median=severity, severity_sigma=0),
        "services": changed("services", needs="all", **service),
    }
    return Scenario.load(write_place(folder, merged(SETTINGS, settings or {}), **{**usual, **tables}))


def crises_of(result: Result) -> pd.DataFrame:
    """Return each crisis with its time and the onset of its episode."""
    crises = result.ledger[result.ledger["activity"] == "crisis"][["case", "episode", "time", "detail"]]
    return crises.merge(result.episodes[["episode", "onset", "severity"]], on="episode")


def moments(result: Result) -> set[tuple[str, float]]:
    """Return whose crises there were, and when."""
    crises = crises_of(result)
    return set(zip(crises["case"].astype(str), crises["time"], strict=True))


def unmet_days(episodes: pd.DataFrame) -> np.ndarray:
    """Return for how long each need was unmet: to the start of support, else to the horizon."""
    supported = (episodes["state"] == "supported").to_numpy()
    return np.where(supported, episodes["days"], HORIZON - episodes["onset"])


def assert_poisson(count: int, mean: float) -> None:
    """Assert that a count is within the exact interval that a Poisson number leaves once in 10,000 times."""
    low, high = stats.poisson.interval(1.0 - 1e-4, mean)
    assert low <= count <= high, f"{count} crises, expected {mean:.0f}"


def assert_nested(runs: list[Result]) -> None:
    """Assert that each run has the crises of the one before at the same moments, and more."""
    for fewer, more in pairwise(moments(result) for result in runs):
        assert fewer, "no crises at all"
        assert fewer < more


# --- how many -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("severity", [0.2, 0.9])
@pytest.mark.parametrize(
    ("service", "state"), [(NOBODY_IS_SERVED, "open"), (ALL_GIVE_UP, "gave_up"), ({"places": 2}, "supported")]
)
def test_crises_come_at_the_hazard_of_their_severity(
    tmp_path: Path, service: dict[str, Any], state: str, severity: float
) -> None:
    """In a queue, after giving up, and until support: once in 10,000 seeds outside the interval."""
    result = simulate(unmet(tmp_path / "place", severity, service=service))
    assert (result.episodes["state"] == state).sum() > 300
    hazard = HAZARD * RATIO ** (severity - 0.5)
    assert_poisson(len(crises_of(result)), hazard * unmet_days(result.episodes).sum())
    details = crises_of(result)["detail"]
    assert details.to_numpy() == pytest.approx(np.full(len(details), severity))


def test_needs_for_which_there_is_no_time_have_crises_too(tmp_path: Path) -> None:
    """Two needs each, one pursued at a time and never met: the other stays idle. Once in 10,000 seeds outside."""
    kinds = [{**changed("needs", severity_median=0.7, severity_sigma=0)[0], "need": name} for name in ("debt", "grief")]
    result = simulate(unmet(tmp_path / "place", settings={"population": {"needs_mean": 50}}, needs=kinds))
    idle = result.episodes[result.episodes["tries"] == 0]
    assert len(idle) > 300
    crises = crises_of(result)
    assert_poisson(int(crises["episode"].isin(idle["episode"]).sum()), HAZARD * RATIO**0.2 * unmet_days(idle).sum())


def test_nothing_happens_to_a_need_after_support_has_started(tmp_path: Path) -> None:
    result = simulate(unmet(tmp_path / "place", service={"places": 2}))
    supported = result.episodes[result.episodes["state"] == "supported"]
    crises = crises_of(result).merge(supported[["episode", "days"]], on="episode")
    since_onset = crises["time"] - crises["onset"]
    assert len(crises) > 100
    assert (since_onset < crises["days"]).all()
    assert (since_onset > 0.5 * crises["days"]).any()


def test_without_a_hazard_there_are_no_crises(tmp_path: Path) -> None:
    """Neither at severity 1 nor after a missed appointment."""
    settings = merged(EVERYBODY_MISSES, {"crises": {"hazard": 0, "severity_ratio": 100, "missed_ratio": 100}})
    result = simulate(unmet(tmp_path / "place", 1.0, settings, service={}))
    assert (result.ledger["activity"] == "missed").sum() > 300
    assert not set(result.ledger["activity"]) & {"crisis", "crisis_started", "crisis_ended"}
    assert not result.episodes["crises"].any()


def test_a_crisis_that_nobody_meets_changes_nothing(tmp_path: Path) -> None:
    """Without the crises the ledger is that of a place without a hazard, row for row."""
    settings = {"journey": {"attendance": 0.8, "rebook": 0.5}, "population": {"persistence_median": 0.5}}
    place = unmet(tmp_path / "place", settings=settings, service={"places": 3})
    result, quiet = simulate(place), simulate(place.changed({"crises.hazard": 0}))
    is_crisis = result.ledger["activity"] == "crisis"
    assert is_crisis.sum() > 100
    pd.testing.assert_frame_equal(result.ledger[~is_crisis].reset_index(drop=True), quiet.ledger)


# --- severity -------------------------------------------------------------------------------------------------


def test_more_severe_needs_have_the_crises_of_less_severe_ones_and_more(tmp_path: Path) -> None:
    """The highest rate does not depend on severity, so the candidates are the same."""
    severities = (0.1, 0.5, 1.0)
    assert_nested([simulate(unmet(tmp_path / str(severity), severity)) for severity in severities])


def test_severity_that_grows_adds_crises_and_takes_none_away(tmp_path: Path) -> None:
    place = unmet(tmp_path / "place", 0.2)
    assert_nested([simulate(place.changed({"journey.severity_growth": growth})) for growth in (0.0, 0.1, 0.5, 5.0)])


def test_a_weaker_effect_of_severity_below_1_adds_crises_where_the_highest_rate_is_the_same(tmp_path: Path) -> None:
    """The hazard at severity 1 is held: below it a lower ratio means a higher hazard."""
    place = unmet(tmp_path / "place", 0.4)
    highest = HAZARD * RATIO**0.5
    runs = [
        simulate(place.changed({"crises": {"severity_ratio": ratio, "hazard": highest / ratio**0.5}}))
        for ratio in (16.0, 4.0, 1.0)
    ]
    assert_nested(runs)
    assert_poisson(len(crises_of(runs[-1])), highest * unmet_days(runs[-1].episodes).sum())


def test_a_higher_hazard_brings_the_same_crises_forward(tmp_path: Path) -> None:
    """At constant severity each crisis comes after half as many days at twice the hazard, and more follow."""
    place = unmet(tmp_path / "place")
    found = [crises_of(simulate(place.changed({"crises.hazard": hazard}))) for hazard in (0.01, 0.02)]
    after = [(rows["time"] - rows["onset"]).groupby(rows["case"].astype(str)).apply(list).to_dict() for rows in found]
    assert len(after[0]) > 300
    for case, days in after[0].items():
        assert after[1][case][: len(days)] == pytest.approx([0.5 * day for day in days])
    assert len(found[1]) > 1.5 * len(found[0])


def test_the_number_of_crises_is_that_of_the_growing_severity(tmp_path: Path) -> None:
    """From 0.3 by 0.5 a year up to 1, where it stays; once in 10,000 seeds outside the interval."""
    result = simulate(unmet(tmp_path / "place", 0.3, {"journey": {"severity_growth": 0.5}}))
    growth = 0.5 / 365.25
    growing = np.minimum(unmet_days(result.episodes), 0.7 / growth)
    at_most = unmet_days(result.episodes) - growing
    # The integral of RATIO ** (0.3 + growth * days - 0.5) over the days for which severity grows.
    slope = growth * math.log(RATIO)
    mean = HAZARD * (RATIO**-0.2 * np.expm1(slope * growing) / slope + RATIO**0.5 * at_most).sum()
    assert at_most.sum() > 1e4
    assert_poisson(len(crises_of(result)), mean)
    crises = crises_of(result)
    days = (crises["time"] - crises["onset"]).to_numpy()
    assert crises["detail"].to_numpy() == pytest.approx(np.minimum(1.0, 0.3 + growth * days))


# --- after a missed appointment -------------------------------------------------------------------------------


def missers(folder: Path, **crises: float) -> Result:
    """Return a run in which all wait, miss their one appointment and give up; about two places a day come free."""
    settings = merged(EVERYBODY_MISSES, {"journey": {"missed_slot_days": 0.5}, "crises": crises})
    crowd = changed("districts", citizens_per_year=800)
    return simulate(unmet(folder, settings=settings, service={"places": 1}, districts=crowd))


def since_missed(result: Result, rows: pd.DataFrame) -> np.ndarray:
    """Return how long after the missed appointment of the same citizen each row is; negative before it."""
    missed = result.ledger[result.ledger["activity"] == "missed"].set_index("case")["time"]
    assert missed.index.is_unique
    return np.asarray(rows["time"].to_numpy() - missed.reindex(rows["case"]).fillna(math.inf).to_numpy())


def test_the_hazard_is_higher_for_some_days_after_a_missed_appointment(tmp_path: Path) -> None:
    """Before, during and after the 60 days: each outside its interval once in 10,000 seeds."""
    days, ratio = 60.0, 3.0
    result = missers(tmp_path / "place", missed_ratio=ratio, missed_days=days)
    episodes = result.episodes.rename(columns={"citizen": "case"})
    until_missed = -since_missed(result, episodes.assign(time=episodes["onset"]))
    before = np.minimum(until_missed, unmet_days(episodes))
    during = np.clip(unmet_days(episodes) - before, 0.0, days)
    after = unmet_days(episodes) - before - during
    gaps = since_missed(result, crises_of(result))
    assert min(before.sum(), during.sum(), after.sum()) > 2e4
    assert_poisson(int((gaps < 0).sum()), HAZARD * before.sum())
    assert_poisson(int(((gaps >= 0) & (gaps <= days)).sum()), ratio * HAZARD * during.sum())
    assert_poisson(int((gaps > days).sum()), HAZARD * after.sum())


def test_a_longer_memory_of_a_missed_appointment_adds_crises_within_it_alone(tmp_path: Path) -> None:
    """The highest rate does not depend on the days, so that all other crises stay as they are.

    That one of the added crises is within a day of each edge fails once in 100,000 seeds.
    """
    runs = [missers(tmp_path / str(days), missed_ratio=3.0, missed_days=days) for days in (0.0, 30.0, 91.0)]
    assert_nested(runs)
    for shorter, longer, (low, high) in zip(runs, runs[1:], ((0.0, 30.0), (30.0, 91.0)), strict=False):
        known = moments(shorter)
        rows = crises_of(longer)
        is_new = [moment not in known for moment in zip(rows["case"].astype(str), rows["time"], strict=True)]
        gaps = since_missed(longer, rows[is_new])
        assert low < gaps.min() < low + 1.0 and high - 1.0 < gaps.max() <= high


def test_a_new_start_after_a_crisis_does_not_make_the_missed_appointment_forgotten(tmp_path: Path) -> None:
    """All miss their only appointment on the day of onset; what a crisis worker sends gets lost, time and again.

    Many crises fall into the 91 days, most of them of new starts; once in 10,000 seeds outside each interval.
    """
    days, ratio = 91.0, 4.0
    crises = {"missed_ratio": ratio, "missed_days": days, "restart": 1, "hazard": 0.02}
    lossy = {"crises": crises, "journey": {"unaware_days": 0.01}, "handoffs": {"signposting": {"sent": 0}}}
    clinic = TABLES["providers"][0]
    calls = {"service": "calls", "provider": "line", "stage": "crisis", "needs": "all", "places": 9999}
    services = [*changed("services", places=9999), {**calls, "service_days": 0.01, "service_time": "fixed"}]
    settings = merged(EVERYBODY_MISSES, lossy)
    providers = [clinic, {**clinic, "provider": "line", "visibility": 0}]
    result = simulate(unmet(tmp_path / "place", settings=settings, providers=providers, services=services))
    first = result.episodes[result.episodes["origin"] == ""]
    observed = HORIZON - first["onset"].to_numpy()
    crises_after = since_missed(result, crises_of(result))
    is_new_start = result.episodes["origin"].to_numpy()[crises_of(result)["episode"]] == "crisis"
    assert (is_new_start & (crises_after <= days)).sum() > 1000
    assert_poisson(int((crises_after <= days).sum()), ratio * 0.02 * np.minimum(observed, days).sum())
    assert_poisson(int((crises_after > days).sum()), 0.02 * np.maximum(observed - days, 0.0).sum())
