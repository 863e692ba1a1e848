"""Integration can fail, and can help: each on a place of its own, by paired runs in the same worlds.

What is claimed of a difference is that the one-sided t interval of the paired differences, at 99.9 %, lies on the right
side of a number. If the model did not do what is claimed, but stood exactly at that number, such a test would pass once
in 1,000 seeds. Each test also shows that it could fail: that the same measure does move where there is reason for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from sim import Coordination, Result, Scenario, simulate
from tests.contract.rich_place import journeys
from tests.places import TWO_PROVIDERS, changed, write_place

WORLDS = 8
SURE = 0.999
Measure = Callable[[Result], float]

BOUNDED = {"horizon_days": 500, "warmup_days": 100, "followup_days": 120}
NOBODY_LOST = {"wrong_door": 0.0, "finding": 0.0}


def arm(**settings: Any) -> Coordination:
    return Coordination.model_validate(settings)


def bounds(differences: list[float]) -> tuple[float, float]:
    """Return the lower and the upper limit of the mean difference, each wrong once in 1,000 times."""
    reach = float(stats.t.ppf(SURE, len(differences) - 1)) * np.std(differences, ddof=1) / math.sqrt(len(differences))
    mean = float(np.mean(differences))
    return mean - float(reach), mean + float(reach)


_KNOWN: dict[tuple[str, str], list[Result]] = {}


def worlds(place: Scenario, coordination: Coordination) -> list[Result]:
    """Return the runs of an arm in all worlds; several tests compare with the same ones."""
    key = place.digest(), coordination.model_dump_json()
    if key not in _KNOWN:
        _KNOWN[key] = [simulate(place, coordination, replicate=world) for world in range(WORLDS)]
    return _KNOWN[key]


def more(one: list[Result], other: list[Result], measure: Measure) -> list[float]:
    """Return by how much a measure is higher in the second arm, world by world."""
    return [measure(second) - measure(first) for first, second in zip(one, other, strict=True)]


def supported(result: Result) -> float:
    """Return how many supports started after the warm-up."""
    return result.costs()["supported"]


def share_supported(result: Result) -> float:
    """Return the share of the cohort that is supported within the follow-up."""
    limit = result.scenario.parameters.time.followup_days
    counted = result.episodes[result.episodes["cohort"]]
    return float(((counted["state"] == "supported") & (counted["days"] <= limit)).mean())


def days_without(result: Result) -> float:
    return result.headline()["restricted_mean_days"]


def median_days(result: Result) -> float:
    """Return the median days to support, or the whole follow-up and more where half are never supported."""
    median = result.headline()["median_days"]
    return math.inf if math.isnan(median) else median


def share_attended(result: Result) -> float:
    """Return the share of first handoffs let in after the warm-up whose first appointment was attended."""
    handoffs = result.handoffs
    let_in = handoffs[(handoffs["number"] == 0) & handoffs["accepted"].notna() & handoffs["cohort"]]
    return float((let_in["state"] == "attended").mean())


def two_providers(folder: Path, places: int, citizens: int = 200, **settings: Any) -> Scenario:
    """Return a place where a clinic assesses, a charity supports, and every journey needs a handoff."""
    intake, help_ = TWO_PROVIDERS["services"]
    services = [{**intake, "places": 20}, {**help_, "places": places, "service_days": 10, "service_time": "fixed"}]
    given = {"time": BOUNDED, "budget": "added", "journey": NOBODY_LOST, **settings}
    tables = {"districts": changed("districts", citizens_per_year=citizens), "services": services}
    return Scenario.load(write_place(folder, given, providers=TWO_PROVIDERS["providers"], **tables))


# --- navigation without places --------------------------------------------------------------------------------


def test_navigators_do_not_raise_the_number_supported_where_no_place_is_free(tmp_path: Path) -> None:
    """Not even by one, though they cost nothing; with places for all the same navigators raise it by a tenth and more.

    Support takes 10 days for everybody, and a missed appointment no time, so that two places that are never idle start
    80 supports in 400 days.
    """
    settings: dict[str, Any] = {
        "navigation": {"link_worker": {"min_needs": 1, "days": 200}, "offered": 1.0},
        "journey": {**NOBODY_LOST, "missed_slot_days": 0.0},
        "population": {"patience_days": 400},
    }
    full, free = (
        [worlds(place, which) for which in (arm(), arm(navigation="link_worker", navigators=100))]
        for place in (two_providers(tmp_path / f"{places}", places, **settings) for places in (2, 200))
    )
    assert {supported(result) for results in full for result in results} == {80}
    usual, helped = ([supported(result) for result in results] for results in free)
    assert bounds([after - 1.1 * before for before, after in zip(usual, helped, strict=True)])[0] > 0.0


# --- an introduction alone ------------------------------------------------------------------------------------


@pytest.mark.parametrize("usual", ["signposting", "letter"])
def test_an_introduction_alone_changes_attendance_by_less_than_three_points(tmp_path: Path, usual: str) -> None:
    """With the same chance of being sent and the same days; going along changes it by more.

    By hand: an odds ratio of 1.1 on a chance of about 0.85 is about 1.2 points.
    """
    handoffs: dict[str, Any] = {
        name: {"sent": 0.9, "days": 5.0} for name in ("signposting", "letter", "introduction", "accompanied")
    }
    place = two_providers(
        tmp_path / "place",
        200,
        handoffs={**handoffs, "carried_odds_capability": 1.0},
        journey={**NOBODY_LOST, "attendance": 0.85, "rebook": 0.0},
        time={"horizon_days": 350, "warmup_days": 20, "followup_days": 60},
        citizens=600,
    )
    before, introduced, accompanied = (
        worlds(place, arm(handoff=mode)) for mode in (usual, "introduction", "accompanied")
    )
    gains = more(before, introduced, share_attended)
    assert bounds(gains)[1] < 0.03
    # Luck is keyed, and an introduction makes nobody less likely to come.
    assert min(gains) >= 0.0
    assert max(gains) > 0.0
    assert bounds(more(before, accompanied, share_attended))[0] > 0.03


# --- a single front door --------------------------------------------------------------------------------------


def many_doors(folder: Path) -> Scenario:
    """Return a place of four clinics, each of which assesses and supports, for everybody in time."""
    names = [f"clinic_{number}" for number in range(4)]
    services = [
        {**desk, "service": f"{desk['service']}_{name}", "provider": name, "places": places}
        for name in names
        for desk, places in zip(TWO_PROVIDERS["services"], (2, 20), strict=True)
    ]
    providers = [{"provider": name, "sector": "public", "profession": "health"} for name in names]
    settings = {"time": BOUNDED, "budget": "added", "journey": NOBODY_LOST, "handoffs": {"letter": {"sent": 1.0}}}
    return Scenario.load(write_place(folder, settings, providers=providers, services=services))


def test_one_front_door_with_too_few_places_is_worse_than_many_doors(tmp_path: Path) -> None:
    """One place sees 73 people a year, and 200 come: fewer are supported, and later. With places enough it is not so.

    A front door without a queue costs little more than its own assessment and a letter, 15 days in the mean.
    """
    place = many_doors(tmp_path / "doors")
    doors = worlds(place, arm(handoff="letter"))
    few, enough = (
        worlds(place, arm(handoff="letter", entry="single_front_door", front_door_places=places, front_door_days=5.0))
        for places in (1.0, 500.0)
    )
    assert bounds(more(doors, few, share_supported))[1] < -0.30
    assert bounds(more(doors, few, days_without))[0] > 30.0
    assert bounds(more(doors, enough, share_supported))[0] > -0.10
    assert bounds(more(doors, enough, days_without))[1] < 30.0
    for results in zip(doors, enough, few, strict=True):
        medians = [median_days(result) for result in results]
        assert medians[0] < medians[1] < medians[2]
        assert medians[2] > 60.0


# --- meetings with nothing to coordinate ----------------------------------------------------------------------


def test_meetings_with_nothing_to_coordinate_take_support_away(tmp_path: Path) -> None:
    """At the same budget; nobody has two needs or is handed on. Where meetings are paid for on top nobody notices."""
    names = ("clinic", "nursing")
    providers = [{"provider": name, "sector": "public", "profession": "health", "hub": "centre"} for name in names]
    needs = [{"need": f"need_{name}", "prevalence": 1} for name in names]
    services = [
        {**changed("services")[0], "service": f"care_{name}", "provider": name, "needs": f"need_{name}"}
        for name in names
    ]
    desk = {"places": 2, "service_days": 10, "service_time": "fixed", "staff_per_place": 0.3}
    services = [{**row, **desk} for row in services]
    settings = {"time": BOUNDED, "journey": {**NOBODY_LOST, "redirect": 0.0}}
    folder = write_place(tmp_path / "place", settings, providers=providers, services=services, needs=needs)
    place = Scenario.load(folder)
    arms = arm(), arm(delivery="multidisciplinary")
    apart, team = (worlds(place, which) for which in arms)
    # Each of two members has 0.6 staff, 4.2 staff days a week, of which a meeting takes 0.33, or 8 %.
    usual = float(np.mean([supported(result) for result in apart]))
    lower, upper = bounds(more(apart, team, supported))
    assert lower > -0.12 * usual
    assert upper < -0.04 * usual
    for without, with_it in zip(*(worlds(place.changed({"budget": "added"}), which) for which in arms), strict=True):
        assert "handoff_made" not in set(without.ledger["activity"])
        assert "meeting" in set(with_it.ledger["activity"])
        assert journeys(without) == journeys(with_it)


# --- and it can help ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("usual", ["signposting", "letter"])
@pytest.mark.parametrize("mode", ["tracked", "accompanied"])
def test_where_places_are_free_and_handoffs_fail_doing_their_work_helps(tmp_path: Path, mode: str, usual: str) -> None:
    """Behind a barrier to sharing data, for people of whom half try again; the work takes staff time, as it should.

    More than 5 in 100 more are supported; where people are handed on in vain, because no place is free, hardly any.
    """
    settings: dict[str, Any] = {
        "budget": "equal",
        "population": {"persistence_median": 0.5, "capability_median": 0.3},
        "barriers": {"data_sharing": 0.8},
    }
    gains = {}
    for name, places in (("free", 200), ("full", 1)):
        place = two_providers(tmp_path / name, places, **settings)
        before, after = (worlds(place, arm(handoff=how)) for how in (usual, mode))
        gains[name] = more(before, after, share_supported)
    assert bounds(gains["free"])[0] > 0.05
    assert bounds(gains["full"])[1] < 0.05
