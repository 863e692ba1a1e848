"""Who meets a crisis, in which order, and when a crisis starts a pursuit again."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sim import Coordination, Result, Scenario, simulate
from sim.schema.validation import merged
from tests.places import TABLES, changed, write_place

CLINIC = TABLES["providers"][0]
LINE = {**CLINIC, "provider": "line", "visibility": 0}
CALLS = {
    "service": "calls",
    "provider": "line",
    "stage": "crisis",
    "needs": "all",
    "places": 9999,
    "service_days": 2,
    "service_time": "fixed",
}
SETTINGS: dict[str, Any] = {
    "budget": "added",
    "time": {"horizon_days": 500, "warmup_days": 50, "followup_days": 30},
    "population": {"patience_days": 1e9, "persistence_median": 0},
    "journey": {"severity_growth": 0, "attendance": 1, "redirect": 0, "bandwidth": 1},
    "handoffs": {"letter": {"sent": 1, "days": 1}},
    "crises": {"hazard": 0.01, "missed_ratio": 1, "restart": 0},
}
"""Nobody leaves a queue, and who suffers a setback gives up at once."""
ALL_GIVE_UP: dict[str, Any] = {"threshold": 1}
LETTER = Coordination(handoff="letter")


def with_crisis_service(
    folder: Path,
    settings: dict[str, Any] | None = None,
    service: dict[str, Any] = ALL_GIVE_UP,
    calls: dict[str, Any] | None = None,
    **tables: list[dict[str, Any]],
) -> Scenario:
    """Return a place with a clinic that turns everybody away, and a crisis service.

    Args:
        folder: Where to write it.
        settings: Put over :data:`SETTINGS`.
        service: Other cells of the clinic's service.
        calls: Other cells of the crisis service.
        tables: Other tables.
    """
    usual = {
        "providers": [CLINIC, LINE],
        "services": [*changed("services", needs="all", **service), {**CALLS, **(calls or {})}],
        "needs": changed("needs", severity_sigma=0),
    }
    return Scenario.load(write_place(folder, merged(SETTINGS, settings or {}), **{**usual, **tables}))


def of(result: Result, *activities: str) -> pd.DataFrame:
    """Return the ledger's entries of some activities."""
    return result.ledger[result.ledger["activity"].isin(activities)]


# --- meeting crises -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("places", [1, 2, 5])
def test_crises_are_met_in_order_of_coming_as_soon_as_a_place_is_free(tmp_path: Path, places: int) -> None:
    """With a fixed time each contact starts when it comes, or when the one that many before it ends.

    Too few places for all; those who have support by then are seen too, and nobody leaves the line.
    """
    settings = {"crises": {"hazard": 0.05}}
    place = with_crisis_service(tmp_path / "place", settings, {"places": 2}, {"places": places})
    result = simulate(place)
    came, started, ended = (of(result, name) for name in ("crisis", "crisis_started", "crisis_ended"))
    expected = came["time"].to_numpy().copy()
    for number in range(places, len(expected)):
        expected[number] = max(expected[number], expected[number - places] + 2.0)
    is_seen = expected < 500
    assert is_seen.sum() > 100
    assert (expected > came["time"]).sum() > 20
    assert started["time"].to_numpy() == pytest.approx(expected[is_seen])
    assert ended["time"].to_numpy() == pytest.approx(expected[expected + 2.0 < 500] + 2.0)
    assert list(started["episode"]) == list(came["episode"][is_seen])
    assert list(ended["episode"]) == list(started["episode"][: len(ended)])
    supported = of(result, "support_started").set_index("episode")["time"]
    assert (supported.reindex(started["episode"]).to_numpy() < started["time"].to_numpy()).any()
    result.check_balance()


def test_a_crisis_service_serves_its_districts_and_kinds_of_need_alone(tmp_path: Path) -> None:
    """Elsewhere a crisis is recorded with nobody, and nothing comes of it."""
    place = with_crisis_service(
        tmp_path / "place",
        {"crises": {"restart": 1}},
        calls={"needs": "illness"},
        providers=[CLINIC, {**LINE, "districts": "town"}],
        districts=[{"district": name, "citizens_per_year": 200} for name in ("town", "hills")],
        needs=[{"need": name, "prevalence": 1} for name in ("illness", "debt")],
    )
    result = simulate(place, LETTER)
    crises = of(result, "crisis")
    served = crises["case"].str.startswith("town") & (crises["need"] == "illness")
    assert min(served.sum(), (~served).sum()) > 100
    assert set(crises["resource"][served]) == {"line"} and set(crises["service"][served]) == {"calls"}
    assert set(crises["resource"][~served]) == {""} == set(crises["service"][~served])
    after = of(result, "crisis_started", "crisis_ended", "handoff_made")
    assert after["case"].str.startswith("town").all() and set(after["need"]) == {"illness"}
    again = result.episodes[result.episodes["origin"] == "crisis"]
    assert len(again) > 20
    assert set(again["need"]) == {"illness"} and set(again["district"]) == {"town"}
    assert (of(result, "crisis_started")["episode"].isin(crises["episode"][served])).all()


def test_of_several_crisis_services_each_is_chosen_by_its_places(tmp_path: Path) -> None:
    """In proportion to 1 + places, also where there are none; the chi-squared test fails once in 10,000 seeds."""
    places = {"small": 0, "middle": 1, "large": 4}
    services = [
        *changed("services", threshold=1),
        *({**CALLS, "service": name, "provider": name, "places": count} for name, count in places.items()),
    ]
    providers = [CLINIC, *({**LINE, "provider": name} for name in places)]
    settings = {"crises": {"hazard": 0.05}}
    result = simulate(with_crisis_service(tmp_path / "place", settings, providers=providers, services=services))
    chosen = of(result, "crisis")["service"].astype(str).value_counts()
    weights = np.array([1.0, 2.0, 5.0]) / 8.0
    counts = chosen[list(places)].to_numpy()
    assert counts.sum() > 2000
    assert stats.chisquare(counts, weights * counts.sum()).pvalue > 1e-4
    assert set(of(result, "crisis_started")["service"]) == {"middle", "large"}


def test_a_further_crisis_service_takes_crises_from_the_others_and_moves_none_between_them(tmp_path: Path) -> None:
    """The choice is a race: who is not chosen by a newcomer's entry is where they were."""
    names = ("one", "two", "three")
    chosen = []
    for count in (2, 3):
        services = [
            *changed("services", threshold=1),
            *({**CALLS, "service": name, "provider": name} for name in names[:count]),
        ]
        providers = [CLINIC, *({**LINE, "provider": name} for name in names[:count])]
        place = with_crisis_service(tmp_path / str(count), providers=providers, services=services)
        chosen.append(of(simulate(place), "crisis")["service"].astype(str).to_numpy())
    moved = chosen[0] != chosen[1]
    assert set(chosen[1][moved]) == {"three"}
    assert set(chosen[1][~moved]) == {"one", "two"}


def test_what_crises_cost(tmp_path: Path) -> None:
    """By hand: the price of each crisis from the warm-up on, met or not; a place of the service for that time."""
    place = with_crisis_service(
        tmp_path / "place",
        {"crises": {"hazard": 0.05}},
        {"places": 2},
        {"places": 3, "staff_per_place": 2},
        providers=[CLINIC, {**LINE, "districts": "town"}],
        districts=[{"district": name, "citizens_per_year": 300} for name in ("town", "hills")],
    )
    place = place.changed({"costs": {"crisis_contact": 70, "staff_year": 36525}})
    result = simulate(place)
    crises = of(result, "crisis")["time"]
    assert 0 < (crises < 50).sum() < len(crises)
    assert 0 < len(of(result, "crisis_started")) < len(crises)
    costs = result.costs()
    assert costs["crises"] == 70.0 * (crises >= 50).sum()
    # 3 places of 2 staff at 100 a day, and 2 places of 0.05 staff, for 450 days.
    assert costs["crisis_services"] == pytest.approx(3 * 2 * 100 * 450)
    assert costs["total"] == pytest.approx((3 * 2 + 2 * 0.05) * 100 * 450)
    supported = (of(result, "support_started")["time"] >= 50).sum()
    assert costs["per_supported"] == pytest.approx(costs["total"] / supported)
    assert costs["per_supported_with_crises"] == pytest.approx((costs["total"] + costs["crises"]) / supported)


# --- starting again -------------------------------------------------------------------------------------------


@pytest.fixture
def town(tmp_path: Path) -> Scenario:
    """A clinic that turns everybody away, and a charity to which only handoffs lead, and which has time for nobody."""
    charity = {**CLINIC, "provider": "charity", "visibility": 0}
    clinic, help_ = changed("services", threshold=1)[0], {**changed("services", places=0)[0], "service": "help"}
    services = [clinic, {**help_, "provider": "charity"}, CALLS]
    providers, crowd = [CLINIC, LINE, charity], changed("districts", citizens_per_year=800)
    return with_crisis_service(tmp_path / "town", providers=providers, services=services, districts=crowd)


def test_a_crisis_worker_hands_on_at_once_what_was_given_up(town: Scenario) -> None:
    """Restart is certain: each end of a contact of a need that was given up begins an episode that is handed on."""
    result = simulate(town.changed({"crises.restart": 1}), LETTER)
    episodes = result.episodes
    again, ended = episodes[episodes["origin"] == "crisis"], of(result, "crisis_ended")
    made = of(result, "handoff_made").set_index("episode")
    assert len(again) > 100
    gave_up = episodes["state"].to_numpy() == "gave_up"
    firsts = ended[gave_up[ended["episode"]]].drop_duplicates("episode")
    assert list(again["onset"]) == list(firsts["time"]) == list(made["time"])
    assert list(again["citizen"].astype(str)) == list(firsts["case"].astype(str))
    assert list(again["episode"]) == list(made.index)
    assert set(made["resource"]) == {"line"} and set(made["other"]) == {"charity"}
    # It is in the charity's queue, not at a first door, and what it was before stays given up.
    assert not again["tries"].any() and set(again["state"]) == {"open"}
    assert not again["cohort"].any()
    result.check_balance()


def test_the_episode_that_was_given_up_has_no_crises_of_its_own_any_more(town: Scenario) -> None:
    """Its need goes on as the new episode, which has them instead: the need has one hazard, not two."""
    result = simulate(town.changed({"crises": {"restart": 1, "hazard": 0.05}}), LETTER)
    episodes, crises = result.episodes, of(result, "crisis")
    again = episodes[episodes["origin"] == "crisis"]
    since = pd.Series(again["onset"].to_numpy(), again["citizen"].astype(str))
    assert since.index.is_unique
    later = crises[crises["time"] > since.reindex(crises["case"].astype(str)).to_numpy()]
    assert len(later) > 300
    assert later["episode"].isin(again["episode"]).all()


def test_a_new_start_takes_over_the_severity_of_its_day(town: Scenario) -> None:
    result = simulate(town.changed({"crises.restart": 1, "journey.severity_growth": 1.0}), LETTER)
    episodes = result.episodes.assign(citizen=result.episodes["citizen"].astype(str))
    again = episodes[episodes["origin"] == "crisis"].merge(
        episodes[episodes["origin"] == ""], on="citizen", suffixes=("", "_first")
    )
    assert len(again) > 100
    days = (again["onset"] - again["onset_first"]).to_numpy()
    grown = 0.5 + days / 365.25
    assert (grown < 1.0).any() and (grown > 1.0).any()
    assert again["severity"].to_numpy() == pytest.approx(np.minimum(1.0, grown))


def test_without_restart_nothing_comes_of_a_crisis(town: Scenario) -> None:
    """The ledger without crises and contacts is that of a place without a hazard."""
    result, quiet = simulate(town, LETTER), simulate(town.changed({"crises.hazard": 0}), LETTER)
    of_crises = result.ledger["activity"].isin(["crisis", "crisis_started", "crisis_ended"])
    assert (result.ledger["activity"] == "crisis_ended").sum() > 100
    pd.testing.assert_frame_equal(result.ledger[~of_crises].reset_index(drop=True), quiet.ledger)


def test_a_need_that_is_being_pursued_is_left_alone(tmp_path: Path) -> None:
    """All wait, so that a certain restart finds nothing to start."""
    place = with_crisis_service(tmp_path / "place", {"crises": {"restart": 1}}, {"places": 0})
    result = simulate(place, LETTER)
    assert len(of(result, "crisis_ended")) > 100
    assert not result.episodes["origin"].astype(bool).any()
    assert of(result, "handoff_made", "nowhere_to_send").empty


def test_an_idle_need_is_pursued_after_a_crisis_and_stays_the_same_episode(tmp_path: Path) -> None:
    """Two needs, time for one of them, nobody is ever served: the other one is handed on after its first crisis."""
    needs = [{"need": name, "prevalence": 1} for name in ("illness", "debt")]
    charity = {**CLINIC, "provider": "charity", "visibility": 0}
    services = [
        {**changed("services", needs="all", places=0)[0], "service": name, "provider": provider}
        for name, provider in (("care", "clinic"), ("help", "charity"))
    ]
    settings = {"crises": {"restart": 1}, "population": {"needs_mean": 50}}
    place = with_crisis_service(
        tmp_path / "place", settings, providers=[CLINIC, LINE, charity], services=[*services, CALLS], needs=needs
    )
    result = simulate(place, LETTER)
    idle = result.episodes[result.episodes["tries"] == 0]["episode"]
    firsts = of(result, "crisis_ended").drop_duplicates("episode")
    firsts = firsts[firsts["episode"].isin(idle)]
    made = of(result, "handoff_made")
    assert len(firsts) > 50
    assert list(zip(made["episode"], made["time"], strict=True)) == list(
        zip(firsts["episode"], firsts["time"], strict=True)
    )
    assert set(made["resource"]) == {"line"}
    assert set(result.episodes["origin"]) == {""}
    result.check_balance()


def test_the_chance_of_a_new_start_is_that_of_each_contact(town: Scenario) -> None:
    """First contacts of needs that were given up: binomial, outside its interval once in 10,000 seeds."""
    started: list[set[str]] = []
    for chance in (0.3, 0.7):
        result = simulate(town.changed({"crises": {"restart": chance, "hazard": 0.02}}), LETTER)
        firsts = of(result, "crisis_ended").drop_duplicates("case")
        starts = result.episodes[result.episodes["origin"] == "crisis"]
        moments = set(zip(starts["citizen"].astype(str), starts["onset"], strict=True))
        at_once = {case for case, time in zip(firsts["case"], firsts["time"], strict=True) if (case, time) in moments}
        assert len(firsts) > 800
        assert stats.binomtest(len(at_once), len(firsts), chance).pvalue > 1e-4
        assert len(starts) > len(at_once)
        started.append(at_once)
    # First contacts come at the same time whatever the chance is, and luck is nested.
    for lower, higher in pairwise(started):
        assert lower < higher
