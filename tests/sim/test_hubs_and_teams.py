"""Hubs and multidisciplinary teams: how people are handed on inside them.

Runs with the same luck are compared, and what is asserted holds for each citizen: there are no error rates, but where
a test states one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from scipy import stats

from sim import Coordination, Result, Scenario, simulate
from tests.places import write_place

TOGETHER = ("co_located", "multidisciplinary")
MODES = ("signposting", "letter", "introduction", "tracked", "accompanied")
NO_BARRIERS = {"funding": 0.0, "geography": 0.0, "culture": 0.0, "data_sharing": 0.0, "learning": 0.0}
CERTAIN = {
    "budget": "added",
    "time": {"horizon_days": 100, "warmup_days": 20, "followup_days": 30},
    "journey": {"attendance": 1.0, "wrong_door": 0.0, "bandwidth": 1, "finding": 0.0},
    "population": {"patience_days": 1e12, "patience_sigma": 0.0, "persistence_median": 0.0},
    "crises": {"hazard": 0.0},
    "barriers": NO_BARRIERS,
}


def provider(name: str, hub: str | None = "house", **more: Any) -> dict[str, Any]:
    """Return a provider of a profession of its own that nobody goes to by themselves."""
    return {"provider": name, "sector": "public", "profession": name, "visibility": 0, "hub": hub, **more}


def desk(owner: str, needs: str, **more: Any) -> dict[str, Any]:
    """Return the support desk of a provider for those who have been assessed; it takes ten days."""
    row = {"service": f"help_{owner}", "provider": owner, "stage": "support", "needs": needs, "places": 999}
    return {**row, "service_days": 10, "service_time": "fixed", "assessed_first": "yes", **more}


def intake(owner: str = "clinic", **more: Any) -> dict[str, Any]:
    """Return the assessment desk of a provider for everybody; it takes one day."""
    row = {"service": f"intake_{owner}", "provider": owner, "stage": "assessment", "needs": "all", "places": 999}
    return {**row, "service_days": 1, "service_time": "fixed", "assessed_first": "no", **more}


CLINIC = provider("clinic", visibility=1)


def place(
    folder: Path,
    providers: Sequence[Mapping[str, Any]],
    services: Sequence[Mapping[str, Any]],
    needs: Iterable[str] = ("debt", "housing"),
    anna: Sequence[tuple[str, float]] = (),
    on_day: float = 3.0,
    per_year: float = 0.0,
    **settings: Any,
) -> Scenario:
    """Load a place in which nothing is left to luck.

    Args:
        folder: Where to write it.
        providers: Rows of providers.csv.
        services: Rows of services.csv.
        needs: Kinds of need.
        anna: Needs of a vignette, each with the days after the first.
        on_day: When her first need arises.
        per_year: Citizens beside her in a year, with one need each.
        settings: Groups of parameters, put over those of ``CERTAIN``.
    """
    person = {"vignette": "anna", "district": "town", "onset_day": on_day, "capability": 1, "persistence": 0}
    wants = [
        {"vignette": "anna", "need": need, "severity": 0.9 - number / 10, "lag_days": lag}
        for number, (need, lag) in enumerate(anna)
    ]
    write_place(
        folder,
        {**CERTAIN, "population": {**CERTAIN["population"], "needs_mean": 0}},  # type: ignore[dict-item]
        districts=[{"district": "town", "citizens_per_year": per_year}, {"district": "far", "citizens_per_year": 0}],
        providers=providers,
        services=services,
        needs=[{"need": need, "prevalence": 1} for need in needs],
        vignettes=[{**person, "patience_days": 1e12}] if wants else None,
        vignette_needs=wants or None,
    )
    return Scenario.load(folder).changed(settings)


def of(result: Result, *activities: str) -> pd.DataFrame:
    """Return the ledger's entries of some activities."""
    return result.ledger[result.ledger["activity"].isin(activities)]


def inside_and_outside(folder: Path, **settings: Any) -> Scenario:
    """Load a place whose clinic hands debt on inside its hub, and housing to a provider outside."""
    providers = [CLINIC, provider("advice"), provider("homes", hub=None)]
    services = [intake(), desk("advice", "debt"), desk("homes", "housing")]
    return place(folder, providers, services, per_year=600.0, **settings)


# --- handing on ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("usual", MODES)
@pytest.mark.parametrize(("delivery", "inside"), [("co_located", "walk"), ("multidisciplinary", "team")])
def test_the_mode_inside_is_that_of_the_delivery_and_outside_the_usual_one(
    tmp_path: Path, delivery: str, inside: str, usual: str
) -> None:
    handoffs = simulate(inside_and_outside(tmp_path / "x"), Coordination(delivery=delivery, handoff=usual)).handoffs
    modes = handoffs.groupby("receiver", observed=True)["mode"].agg(set)
    assert modes.to_dict() == {"advice": {inside}, "homes": {usual}}


def test_a_walk_replaces_even_the_mode_of_a_key_worker(tmp_path: Path) -> None:
    settings = {"navigation": {"offered": 1.0, "key_worker": {"min_needs": 1, "caseload": 999}}}
    town = inside_and_outside(tmp_path / "x", **settings)
    arm = Coordination(delivery="co_located", navigation="key_worker", navigators=2.0)
    modes = simulate(town, arm).handoffs.groupby("receiver", observed=True)["mode"].agg(set)
    assert modes.to_dict() == {"advice": {"walk"}, "homes": {"accompanied"}}


def test_without_delivery_together_a_hub_changes_nothing(tmp_path: Path) -> None:
    town = inside_and_outside(tmp_path / "x")
    rows = [{**row, "hub": None} for row in (CLINIC, provider("advice"), provider("homes"))]
    services = [intake(), desk("advice", "debt"), desk("homes", "housing")]
    assert simulate(town).raw == simulate(place(tmp_path / "none", rows, services, per_year=600.0)).raw


@pytest.mark.parametrize("delivery", TOGETHER)
def test_a_hub_of_one_changes_nothing(tmp_path: Path, delivery: str) -> None:
    """Three providers, each alone in its hub or in none; the budget is equal, so that a meeting would be felt."""
    rows = [CLINIC, provider("advice", hub="island"), provider("homes", hub=None)]
    services = [intake(), desk("advice", "debt"), desk("homes", "housing")]
    town = place(tmp_path / "x", rows, services, per_year=600.0, budget="equal")
    assert len(simulate(town).handoffs) > 50
    assert simulate(town, Coordination(delivery=delivery)).raw == simulate(town).raw


def test_a_walk_has_its_own_chance_of_being_made_and_its_sender_sees_who_is_lost(tmp_path: Path) -> None:
    lost = {"handoffs": {"walk": {"sent": 0.0, "chases": 0}, "letter": {"sent": 1.0}}}
    handoffs = simulate(
        inside_and_outside(tmp_path / "x", **lost), Coordination(delivery="co_located", handoff="letter")
    ).handoffs
    inside, outside = (handoffs[handoffs["receiver"] == name] for name in ("advice", "homes"))
    assert set(inside["reason"]) == {"not_carried"} and set(inside["noticed"]) == {"sender"}
    assert "not_transmitted" not in set(outside["reason"]) and len(outside) > 20


def test_a_walk_takes_its_own_time(tmp_path: Path) -> None:
    """Of the same luck: three times the mean is three times the days, for each citizen.

    The days are exponential, so that their sum has a gamma distribution; outside its interval for one seed in 10,000.
    """
    days = []
    for mean in (1.0, 3.0):
        settings = {"handoffs": {"walk": {"sent": 1.0, "days": mean}, "letter": {"sent": 1.0}}}
        arm = Coordination(delivery="co_located", handoff="letter", records="shared")
        handoffs = simulate(inside_and_outside(tmp_path / f"{mean}", **settings), arm).handoffs.set_index("citizen")
        # Of the last days of the run only the quick ones would be seen.
        early = (handoffs["receiver"] == "advice") & (handoffs["made"] < 80.0)
        days.append((handoffs["received"] - handoffs["made"])[early].dropna())
    both = days[0].index.intersection(days[1].index)
    assert len(both) > 50
    assert days[1][both].to_numpy() == pytest.approx(3.0 * days[0][both].to_numpy())
    low, high = stats.gamma.interval(0.9999, len(days[0]))
    assert low < days[0].sum() < high


def test_who_is_walked_across_the_hall_attends_more_often(tmp_path: Path) -> None:
    """Whoever comes at the lower odds comes at the higher ones; outside the hub nothing changes."""
    came = []
    for odds in (1.0, 6.0):
        settings = {
            "handoffs": {"walk": {"sent": 1.0, "attendance_odds": odds, "chases": 0}},
            "journey": {"attendance": 0.6, "rebook": 0.0},
        }
        handoffs = simulate(inside_and_outside(tmp_path / f"{odds}", **settings), Coordination(delivery="co_located"))
        attended = handoffs.handoffs[handoffs.handoffs["state"] == "attended"]
        came.append({name: set(attended.loc[attended["receiver"] == name, "citizen"]) for name in ("advice", "homes")})
    assert came[0]["advice"] < came[1]["advice"]
    assert len(came[1]["advice"]) > 1.2 * len(came[0]["advice"])
    assert came[0]["homes"] == came[1]["homes"] != set()


def test_a_walk_is_chased_as_often_as_it_may_be(tmp_path: Path) -> None:
    """Nobody arrives and nobody persists: each need is handed on once and then sent again."""
    for chases in (0, 1, 3):
        settings = {"handoffs": {"walk": {"sent": 0.0, "chases": chases}, "chase_days": 1.0}}
        handoffs = simulate(inside_and_outside(tmp_path / f"{chases}", **settings), Coordination(delivery="co_located"))
        walks = handoffs.handoffs[handoffs.handoffs["mode"] == "walk"]
        made = walks[walks.groupby("episode")["made"].transform("min") < 90].groupby("episode").size()
        assert len(made) > 20 and set(made) == {1 + chases}


def test_walks_and_handoffs_of_a_team_cost_the_staff_time_of_their_mode(tmp_path: Path) -> None:
    """In the costs of the counted part of the run; a staff day is a 365.25th of 36,525 GBP."""
    for delivery, mode in (("co_located", "walk"), ("multidisciplinary", "team")):
        settings = {
            "handoffs": {mode: {"staff_days": 0.5}, "letter": {"staff_days": 0.25}},
            "costs": {"staff_year": 36525.0},
        }
        result = simulate(
            inside_and_outside(tmp_path / mode, **settings), Coordination(delivery=delivery, handoff="letter")
        )
        made = result.handoffs.loc[result.handoffs["made"] >= 20.0, "mode"].value_counts()
        assert made[mode] > 10 and made["letter"] > 10
        assert result.costs()["handing_on"] == pytest.approx(50.0 * made[mode] + 25.0 * made["letter"])


def test_who_works_together_is_handed_on_to_before_others_until_they_say_no(tmp_path: Path) -> None:
    """The provider outside is a hundred times as large. The one in the hub, once it says no, is sent nobody else."""
    rows = [CLINIC, provider("small"), provider("large", hub=None)]
    services = [intake(), desk("small", "all", places=9), desk("large", "all", places=900)]
    town = place(tmp_path / "x", rows, services, per_year=600.0, handoffs={"letter": {"sent": 1.0}})
    apart, together = (
        simulate(town, Coordination(handoff="letter", delivery=delivery)).handoffs["receiver"]
        for delivery in ("separate_sites", "co_located")
    )
    assert (apart == "large").mean() > 0.9
    assert len(together) > 50 and set(together) == {"small"}
    # Nobody in the town can come to the small one, which everybody believes to be there.
    barriers = {"barriers": {"geography": {"all": 0.0, "small": 1.0}}, "barrier_effects": {"geography_lost": 1.0}}
    arm = Coordination(entry="any_door", delivery="co_located", handoff="letter")
    handoffs = simulate(town.changed(barriers), arm).handoffs
    first, second = (handoffs[handoffs["number"] == number] for number in (0, 1))
    assert set(first["receiver"]) == {"small"} and set(first["reason"]) <= {"out_of_area", "not_carried", ""}
    assert len(second[second["sender"] == "small"]) > 50
    assert set(second.loc[second["sender"] == "small", "receiver"]) == {"large"}


@pytest.mark.parametrize("delivery", TOGETHER)
@pytest.mark.parametrize(
    ("barrier", "effect"),
    [("learning", "learning_unknown"), ("culture", "culture_declined"), ("data_sharing", "data_lost")],
)
def test_who_works_together_knows_and_trusts_each_other_and_sends_nothing(
    tmp_path: Path, delivery: str, barrier: str, effect: str
) -> None:
    """Behind a barrier at its full effect everybody arrives inside the hub, and nobody outside it."""
    settings = {
        "barriers": {barrier: 1.0},
        "barrier_effects": {effect: 1.0},
        "journey": {"guess": 0.0},
        "handoffs": {"walk": {"sent": 1.0}},
    }
    result = simulate(inside_and_outside(tmp_path / "x", **settings), Coordination(delivery=delivery, handoff="letter"))
    early = result.episodes[result.episodes["onset"] < 80]
    states = early.groupby("need", observed=True)["state"].agg(set)
    assert states["debt"] == {"supported"}
    assert "supported" not in states["housing"]
