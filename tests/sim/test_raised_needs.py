"""Needs that raise needs: which, how often, how severe, and for how long.

Luck is keyed: what is raised at one severity is raised at every higher one, by the same day or sooner.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sim import Result, Scenario, simulate
from sim.draws import world_key
from sim.population import draw_people
from sim.schema.validation import merged
from tests.places import changed, write_place

HORIZON = 1000.0
RARE = 1e-9
"""A prevalence at which nobody is drawn with a need, though it can be raised."""
SETTINGS: dict[str, Any] = {
    "budget": "added",
    "time": {"horizon_days": HORIZON, "warmup_days": 20, "followup_days": 30},
    "population": {"patience_days": 1e9, "persistence_median": 0},
    "journey": {"severity_growth": 0, "attendance": 1, "redirect": 0},
    "crises": {"hazard": 0, "raises": 1},
}


def place(
    folder: Path, settings: dict[str, Any] | None = None, places: int = 0, **tables: list[dict[str, Any]]
) -> Scenario:
    """Return a place with one service for all needs, which by default serves nobody."""
    usual = {
        "districts": changed("districts", citizens_per_year=300),
        "services": changed("services", needs="all", places=places),
    }
    return Scenario.load(write_place(folder, merged(SETTINGS, settings or {}), **{**usual, **tables}))


def needs(severity: float = 0.5, **prevalences: float) -> list[dict[str, Any]]:
    """Return kinds of need with their prevalences, all of one severity."""
    return [
        {"need": name, "prevalence": prevalence, "severity_median": severity, "severity_sigma": 0}
        for name, prevalence in prevalences.items()
    ]


def raised(result: Result) -> pd.DataFrame:
    """Return the episodes that other needs have raised."""
    return result.episodes[result.episodes["origin"] == "raised"]


def assert_number(count: int, chances: np.ndarray) -> None:
    """Assert that a sum of independent events of unlike chances is within its exact interval, of 1 - 1/10,000."""
    distribution = np.ones(1)
    for chance in chances:
        distribution = np.convolve(distribution, (1.0 - chance, chance))
    below = np.cumsum(distribution)
    low, high = np.searchsorted(below, (0.5e-4, 1.0 - 0.5e-4))
    assert low <= count <= high, f"{count}, expected {chances.sum():.0f}"


def test_by_default_no_need_raises_another(tmp_path: Path) -> None:
    folder = write_place(
        tmp_path / "place", needs=needs(1.0, illness=1, debt=1), services=changed("services", places=0, needs="all")
    )
    result = simulate(Scenario.load(folder))
    assert len(result.episodes) > 30
    assert set(result.episodes["origin"]) == {""}
    assert len(result.episodes) == result.episodes["citizen"].nunique()


@pytest.mark.parametrize("severity", [0.3, 1.0])
@pytest.mark.parametrize("service", ["waiting", "gave_up"])
def test_unmet_needs_raise_others_at_the_rate_of_their_severity(tmp_path: Path, severity: float, service: str) -> None:
    """One need each, and one that can be raised: each citizen is an event of known chance.

    Outside the exact interval of their number once in 10,000 seeds; the Kolmogorov-Smirnov test of when fails as often.
    """
    kinds = needs(severity, illness=1, debt=RARE)
    desk = {"places": 0} if service == "waiting" else {"threshold": 1, "places": 1}
    settings = {"crises": {"raises": 0.7}}
    if service == "gave_up" and severity == 1.0:
        # Nobody is below a threshold; they leave the queue at once instead.
        settings = merged(settings, {"population": {"patience_days": 1e-6}})
        desk = {"places": 0}
    services = changed("services", needs="all", **desk)
    crowd = changed("districts", citizens_per_year=2000)
    result = simulate(place(tmp_path / "place", settings, needs=kinds, services=services, districts=crowd))
    own = result.episodes[result.episodes["origin"] == ""]
    assert set(own["state"]) == {"open" if service == "waiting" else "gave_up"}
    rate = 0.7 / 365.25 * severity
    observed = pd.Series(HORIZON - own["onset"].to_numpy(), own["citizen"].astype(str))
    assert_number(len(raised(result)), -np.expm1(-rate * observed.to_numpy()))
    onsets = pd.Series(own["onset"].to_numpy(), own["citizen"].astype(str))
    who = raised(result)["citizen"].astype(str)
    days = raised(result)["onset"].to_numpy() - onsets[who].to_numpy()
    # Of those who were raised, by when within the time that they were watched.
    shares = np.expm1(-rate * days) / np.expm1(-rate * observed[who].to_numpy())
    assert len(shares) > 1000
    assert stats.kstest(shares, "uniform").pvalue > 1e-4


def test_more_severe_needs_raise_what_less_severe_ones_do_and_more(tmp_path: Path) -> None:
    days = []
    for severity in (0.2, 0.6, 1.0):
        rows = raised(simulate(place(tmp_path / str(severity), needs=needs(severity, illness=1, debt=RARE))))
        days.append(dict(zip(rows["citizen"].astype(str), rows["onset"], strict=True)))
    for lower, higher in pairwise(days):
        assert 50 < len(lower) < len(higher)
        assert all(higher[citizen] <= day for citizen, day in lower.items())


def test_what_is_raised_is_new_to_the_citizen_and_will_stay_new(tmp_path: Path) -> None:
    """Never a kind that they were drawn with, though its onset may be far off, and no kind twice."""
    kinds = needs(0.8, **dict.fromkeys(("illness", "debt", "grief", "crime", "rent"), 1.0))
    settings = {"crises": {"raises": 5}, "population": {"needs_mean": 2, "onset_lag_days": 500}}
    scenario = place(tmp_path / "place", settings, needs=kinds)
    result = simulate(scenario, seed=3)
    people = draw_people(scenario, world_key(3, 0))
    names = [row["need"] for row in kinds]
    drawn = {
        people.labels[person.row]: {names[want.kind] for want in person.wants} for person in people.some(0, len(people))
    }
    rows = raised(result)
    assert len(rows) > 1000
    got = rows["need"].astype(str).groupby(rows["citizen"].astype(str)).apply(list)
    for citizen, others in got.items():
        assert len(set(others)) == len(others)
        assert not set(others) & drawn[str(citizen)]
    # Some have every kind that there is by now, and then nothing more can be raised.
    assert any(len(others) + len(drawn[str(citizen)]) == len(kinds) for citizen, others in got.items())
    assert any(len(wants) > 1 for wants in drawn.values())
    assert result.episodes.groupby(["citizen", "need"], observed=True).size().max() == 1
    result.check_balance()


def test_a_kind_that_was_raised_and_has_had_support_is_not_raised_again(tmp_path: Path) -> None:
    """Illness is never met and would raise 20 needs a year; debt, the only other kind, is supported at once."""
    clinic = {"provider": "clinic", "sector": "public", "profession": "health"}
    advice = {**changed("services", needs="debt", places=9999)[0], "service": "advice", "provider": "charity"}
    scenario = place(
        tmp_path / "place",
        {"crises": {"raises": 20}, "journey": {"wrong_door": 0}},
        providers=[clinic, {**clinic, "provider": "charity"}],
        services=[*changed("services", needs="illness", places=0), advice],
        needs=needs(1.0, illness=1, debt=RARE),
    )
    rows = raised(simulate(scenario))
    assert len(rows) > 300
    assert set(rows["state"]) == {"supported"} and set(rows["days"]) == {0.0}
    assert rows["citizen"].is_unique


def test_a_kind_that_was_raised_and_given_up_is_not_raised_again(tmp_path: Path) -> None:
    """Nobody bears any wait: illness is given up, and so is debt, and both would go on to raise 20 needs a year.

    Somebody who has given everything up is still there, with what they have had.
    """
    settings = {"crises": {"raises": 20}, "population": {"patience_days": 1e-6}}
    rows = raised(simulate(place(tmp_path / "place", settings, needs=needs(1.0, illness=1, debt=RARE))))
    assert len(rows) > 300
    assert set(rows["state"]) == {"gave_up"}
    assert rows["citizen"].is_unique


def test_nothing_is_raised_once_support_has_started(tmp_path: Path) -> None:
    """Few places, so that needs are unmet for a while; each raises only before the end of that."""
    scenario = place(tmp_path / "place", {"crises": {"raises": 3}}, 2, needs=needs(0.9, illness=1, debt=RARE))
    episodes = simulate(scenario).episodes
    supported = episodes[(episodes["need"] == "illness") & (episodes["state"] == "supported")].set_index("citizen")
    rows = episodes[(episodes["origin"] == "raised") & episodes["citizen"].isin(supported.index)].set_index("citizen")
    firsts = supported.loc[rows.index]
    assert len(rows) > 50
    assert len(rows) < len(supported)
    assert (rows["onset"] < firsts["onset"] + firsts["days"]).all()


def test_which_kind_is_raised_follows_prevalence_and_lift(tmp_path: Path) -> None:
    """Of illness alone: debt has half the prevalence and six times the lift of grief, so it comes in 3 of 4 cases.

    Crime has a prevalence of 0. First needs raised only; binomial, outside its interval once in 10,000 seeds.
    """
    kinds = needs(0.9, illness=1, debt=RARE, grief=2 * RARE, crime=0)
    pairs = [{"need": "debt", "other": "illness", "lift": 6}]
    rows = raised(simulate(place(tmp_path / "place", needs=kinds, cooccurrence=pairs)))
    firsts = rows.drop_duplicates("citizen")["need"].astype(str).value_counts()
    assert firsts.sum() > 200
    assert set(firsts.index) == {"debt", "grief"}
    assert stats.binomtest(int(firsts["debt"]), int(firsts.sum()), 0.75).pvalue > 1e-4


def test_a_lift_of_0_keeps_one_need_from_raising_another(tmp_path: Path) -> None:
    """Illness raises grief alone; it is grief that raises debt, never before it is there."""
    pairs = [{"need": "illness", "other": "debt", "lift": 0}]
    settings = {"crises": {"raises": 5}}
    two = simulate(place(tmp_path / "two", settings, needs=needs(0.9, illness=1, debt=RARE), cooccurrence=pairs))
    assert len(two.episodes) > 300 and raised(two).empty
    kinds = needs(0.9, illness=1, debt=RARE, grief=RARE)
    rows = raised(simulate(place(tmp_path / "three", settings, needs=kinds, cooccurrence=pairs)))
    onsets = {kind: rows[rows["need"] == kind].set_index("citizen")["onset"] for kind in ("grief", "debt")}
    assert len(onsets["debt"]) > 100
    assert (onsets["grief"].reindex(onsets["debt"].index) < onsets["debt"]).all()


def test_raised_needs_are_as_severe_as_their_kind_and_counted_like_others(tmp_path: Path) -> None:
    kinds = [
        *needs(0.6, illness=1),
        *needs(0.25, debt=RARE),
        {"need": "grief", "prevalence": RARE, "severity_median": 0.7, "severity_sigma": 0.8},
    ]
    result = simulate(place(tmp_path / "place", {"crises": {"raises": 5}}, needs=kinds))
    rows = raised(result)
    assert rows.loc[rows["need"] == "debt", "severity"].to_numpy() == pytest.approx(0.25)
    drawn = rows.loc[rows["need"] == "grief", "severity"].to_numpy()
    logits = (np.log(drawn / (1.0 - drawn)) - np.log(0.7 / 0.3)) / 0.8
    assert len(logits) > 200
    # Standard normal; fails falsely once in 10,000 seeds.
    assert stats.kstest(logits, "norm").pvalue > 1e-4
    assert list(rows["cohort"]) == list((rows["onset"] >= 20) & (rows["onset"] < HORIZON - 30))
    assert rows["cohort"].any()
    onsets = result.ledger[result.ledger["activity"] == "onset"]
    assert list(onsets["episode"][onsets["reason"] == "raised"]) == list(rows["episode"])
    # Who has a need raised still counts as somebody who was drawn with one.
    assert set(rows["needs"]) == {1}
