"""Navigators who come and go: pilots, districts, ramps, and who is helped when posts end.

Where people are vignettes every day is worked out by hand: debt and housing are supported on the day on which they
arise, and a hard need never is, which keeps a case open. The other tests run random places with fixed seeds and assert
what holds in every run. There are no error rates.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from sim import Coordination, Result, Scenario, simulate
from sim.model import JourneyModel
from sim.schema.initiatives import InitiativeRow
from tests.places import write_place

KIND = {"caseload": 99, "days": 1e4, "min_needs": 2}
SETTINGS: dict[str, Any] = {
    "budget": "added",
    "time": {"horizon_days": 120, "warmup_days": 20, "followup_days": 30},
    "journey": {"attendance": 1.0, "wrong_door": 0.0, "bandwidth": 9},
    "population": {"patience_days": 1e12, "patience_sigma": 0.0, "needs_mean": 0},
    "crises": {"hazard": 0.0},
    "navigation": {"offered": 1.0, "link_worker": KIND, "key_worker": KIND},
}
OPEN = (("debt", 0.0), ("hard", 0.0))
"""Needs of somebody whose case stays open."""

Who = Mapping[str, tuple[float, str, Sequence[tuple[str, float]]]]


def place(folder: Path, who: Who, residents: Mapping[str, float], **kind: float) -> Scenario:
    """Load a place of vignettes; others have one need, so that no navigator is for them.

    Args:
        folder: Where to write it.
        who: Day on which they come, district, and needs with their days after that.
        residents: Citizens a year of each district: with ``pilot`` there are as many navigators.
        kind: Changes to how both kinds of navigators work.
    """
    person = {"capability": 1, "persistence": 1, "patience_days": 1e12}
    services = [
        {"service": f"help_{need}", "provider": "clinic", "stage": "support", "needs": need, "places": places}
        for need, places in (("debt", 999), ("housing", 999), ("hard", 0))
    ]
    write_place(
        folder,
        {**SETTINGS, "navigation": {"offered": 1.0, "link_worker": KIND | kind, "key_worker": KIND | kind}},
        districts=[{"district": name, "citizens_per_year": number} for name, number in residents.items()],
        services=[{**row, "service_days": 10, "service_time": "fixed"} for row in services],
        needs=[{"need": need, "prevalence": 1} for need in ("debt", "housing", "hard")],
        vignettes=[
            {"vignette": name, "onset_day": day, "district": at, **person} for name, (day, at, _) in who.items()
        ],
        vignette_needs=[
            {"vignette": name, "need": need, "severity": 0.5, "lag_days": lag}
            for name, (_, _, wants) in who.items()
            for need, lag in wants
        ],
    )
    return Scenario.load(folder)


def pilot(*rows: Mapping[str, Any], navigators: float = 1000.0, **arm: str) -> Coordination:
    """Return an arm with navigators by initiatives; link workers unless told otherwise."""
    base = {"initiative": "pilot", "change": "navigation", "value": "link_worker"}
    made = tuple(InitiativeRow.model_validate({**base, **row}) for row in rows)
    return Coordination.model_validate({"navigators": navigators, "initiatives": made, **arm})


def days_of(result: Result, what: str) -> dict[str, list[float]]:
    """Return the days on which something about navigation happened, by citizen."""
    rows = result.ledger[result.ledger["activity"] == f"navigation_{what}"]
    found: dict[str, list[float]] = defaultdict(list)
    for citizen, time in zip(rows["case"].astype(str), rows["time"], strict=True):
        found[citizen].append(time)
    return dict(found)


def takers(result: Result) -> dict[str, list[int]]:
    """Return the numbers of the navigators who took on each citizen."""
    rows = result.ledger[result.ledger["activity"] == "navigation_started"]
    found: dict[str, list[int]] = defaultdict(list)
    for citizen, number in zip(rows["case"].astype(str), rows["detail"], strict=True):
        found[citizen].append(int(number))
    return dict(found)


# --- a pilot ------------------------------------------------------------------------------------------------------


def test_a_pilot_helps_those_who_meet_a_provider_while_it_lasts_and_nobody_after(tmp_path: Path) -> None:
    """Whoever was met before counts only if met again. All cases that are open on the last day are closed on it."""
    who: Who = {
        "before": (10.0, "west", OPEN),
        "met_again": (11.0, "west", [*OPEN, ("housing", 24.0)]),
        "first_day": (30.0, "west", OPEN),
        "within": (40.0, "west", OPEN),
        "settled": (41.0, "west", [("debt", 0.0), ("housing", 0.0)]),
        "one_need": (42.0, "west", [("hard", 0.0)]),
        "last_day": (60.0, "west", OPEN),
        "after": (70.0, "west", OPEN),
    }
    result = simulate(place(tmp_path / "x", who, {"west": 1}), pilot({"from_day": 30, "to_day": 60}))
    taken_on = {"met_again": [35.0], "first_day": [30.0], "within": [40.0], "settled": [41.0]}
    assert days_of(result, "offered") == taken_on == days_of(result, "started")
    assert days_of(result, "ended") == {**{name: [60.0] for name in taken_on}, "settled": [41.0]}
    result.check_balance()


def test_a_pilot_in_some_districts_is_for_their_citizens_from_their_day_on(tmp_path: Path) -> None:
    """It starts in the west on day 20 and in the north on day 40; the east is left out."""
    districts = ("west", "north", "east")
    who: Who = {f"{name}_{day}": (float(day), name, OPEN) for name in districts for day in (10, 25, 45)}
    row = {"from_day": 20, "districts": "west;north", "spread_days": 20, "to_day": 100}
    result = simulate(place(tmp_path / "x", who, dict.fromkeys(districts, 1.0)), pilot(row))
    assert days_of(result, "started") == {"west_25": [25.0], "west_45": [45.0], "north_45": [45.0]}


def test_where_a_pilot_ends_in_one_district_the_cases_of_the_other_go_on(tmp_path: Path) -> None:
    who: Who = {"anna": (10.0, "west", OPEN), "bert": (11.0, "east", OPEN)}
    rows = ({"from_day": 0, "to_day": 90, "districts": "west"}, {"from_day": 0, "to_day": 60, "districts": "east"})
    result = simulate(place(tmp_path / "x", who, {"west": 1, "east": 1}), pilot(*rows))
    assert days_of(result, "ended") == {"anna": [90.0], "bert": [60.0]}


def test_who_waits_when_a_pilot_ends_is_let_go_and_considered_anew_by_the_next(tmp_path: Path) -> None:
    """One navigator with one case. Nobody is left on the list; who meets a provider in the second pilot comes on it."""
    who: Who = {
        "helped": (12.0, "west", OPEN),
        "met_again": (13.0, "west", [*OPEN, ("housing", 57.0)]),
        "not_met": (14.0, "west", OPEN),
    }
    arm = pilot({"from_day": 10, "to_day": 40}, {"from_day": 60, "to_day": 90})
    result = simulate(place(tmp_path / "x", who, {"west": 1}, caseload=1), arm)
    assert days_of(result, "offered") == {"helped": [12.0], "met_again": [13.0, 70.0], "not_met": [14.0]}
    assert days_of(result, "started") == {"helped": [12.0], "met_again": [70.0]}
    assert days_of(result, "ended") == {"helped": [40.0], "met_again": [90.0]}


def test_who_waits_where_a_pilot_ends_leaves_the_list_to_the_others(tmp_path: Path) -> None:
    """Bert of the east is before Carl on the list of the one navigator who is left when the east's pilot ends."""
    who: Who = {
        "anna": (10.0, "west", OPEN),
        "arne": (11.0, "west", OPEN),
        "bert": (12.0, "east", OPEN),
        "carl": (13.0, "west", OPEN),
    }
    rows = ({"from_day": 0, "districts": "west"}, {"from_day": 0, "to_day": 60, "districts": "east"})
    town = place(tmp_path / "x", who, {"west": 1, "east": 1}, caseload=1, days=70.0)
    assert days_of(simulate(town, pilot(*rows)), "started") == {"anna": [10.0], "arne": [11.0], "carl": [80.0]}


# --- another kind -------------------------------------------------------------------------------------------------


def test_citizens_are_considered_again_by_another_kind_of_navigators(tmp_path: Path) -> None:
    """Link workers until day 50, when they close their cases; then key workers."""
    who: Who = {
        "met_again": (10.0, "west", [*OPEN, ("housing", 50.0)]),
        "not_met": (11.0, "west", OPEN),
        "settled": (12.0, "west", [("debt", 0.0), ("housing", 0.0), ("hard", 49.0)]),
        "new": (70.0, "west", OPEN),
    }
    arm = pilot({"from_day": 50, "value": "key_worker"}, navigation="link_worker")
    result = simulate(place(tmp_path / "x", who, {"west": 1}), arm)
    assert days_of(result, "offered") == {
        "met_again": [10.0, 60.0],
        "not_met": [11.0],
        "settled": [12.0, 61.0],
        "new": [70.0],
    }
    assert days_of(result, "started") == days_of(result, "offered")
    assert days_of(result, "ended") == {"met_again": [50.0], "not_met": [50.0], "settled": [12.0]}
    assert takers(result) == {"met_again": [0, 1], "not_met": [0], "settled": [0, 1], "new": [1]}


def test_each_kind_asks_for_its_own_number_of_needs(tmp_path: Path) -> None:
    who: Who = {
        "two": (10.0, "west", [("hard", 0.0), ("debt", 50.0)]),
        "three": (11.0, "west", [*OPEN, ("housing", 50.0)]),
    }
    arm = pilot({"from_day": 50, "value": "key_worker"}, navigation="link_worker")
    town = place(tmp_path / "x", who, {"west": 1}).changed({"navigation.key_worker.min_needs": 3})
    assert days_of(simulate(town, arm), "started") == {"three": [11.0, 61.0]}


def test_two_kinds_help_the_citizens_of_their_own_districts(tmp_path: Path) -> None:
    who: Who = {"anna": (10.0, "west", OPEN), "bert": (11.0, "east", OPEN), "carl": (12.0, "west", OPEN)}
    rows = ({"from_day": 0, "districts": "west"}, {"from_day": 0, "districts": "east", "value": "key_worker"})
    result = simulate(place(tmp_path / "x", who, {"west": 1, "east": 1}, caseload=1), pilot(*rows))
    assert days_of(result, "started") == {"anna": [10.0], "bert": [11.0]}
    assert takers(result)["anna"] != takers(result)["bert"]


# --- more and fewer navigators ------------------------------------------------------------------------------------


def test_a_navigator_who_is_taken_on_helps_who_has_waited_longest_at_once(tmp_path: Path) -> None:
    """The pilot comes to the east on day 40, with a second navigator, who is for all who wait."""
    who: Who = {name: (day, "west", OPEN) for name, day in (("anna", 10.0), ("bert", 11.0), ("carl", 12.0))}
    rows = ({"from_day": 0, "districts": "west"}, {"from_day": 40, "districts": "east"})
    result = simulate(place(tmp_path / "x", who, {"west": 1, "east": 1}, caseload=1), pilot(*rows))
    assert days_of(result, "started") == {"anna": [10.0], "bert": [40.0]}
    assert takers(result) == {"anna": [0], "bert": [1]}


def test_a_navigator_whose_post_ends_keeps_the_cases_and_takes_no_new_one(tmp_path: Path) -> None:
    """From day 60 on there is a post for one of two. A case lasts 55 days: those of day 10 and 11 end on 65 and 66.

    Of two with as many cases the first keeps the post, and takes on who waits when the case has ended. The other one
    closes the last case a day later.
    """
    who: Who = {name: (day, "west", OPEN) for name, day in zip("abcd", (10.0, 11.0, 62.0, 63.0), strict=True)}
    rows = ({"from_day": 0, "districts": "west"}, {"from_day": 0, "to_day": 60, "districts": "east"})
    result = simulate(place(tmp_path / "x", who, {"west": 1, "east": 1}, caseload=1, days=55.0), pilot(*rows))
    assert days_of(result, "started") == {"a": [10.0], "b": [11.0], "c": [65.0]}
    assert days_of(result, "ended") == {"a": [65.0], "b": [66.0]}
    assert takers(result) == {"a": [0], "b": [1], "c": [0]}
    result.check_balance()


def test_the_post_that_ends_is_of_the_navigator_with_the_fewest_cases(tmp_path: Path) -> None:
    """The first navigator's only case is of the east, whose pilot ends on day 60; the second goes on with anna's."""
    who: Who = {"bert": (9.0, "east", OPEN), "anna": (10.0, "west", OPEN), "carl": (70.0, "west", OPEN)}
    rows = ({"from_day": 0, "districts": "west"}, {"from_day": 0, "to_day": 60, "districts": "east"})
    result = simulate(place(tmp_path / "x", who, {"west": 1, "east": 1}, caseload=1), pilot(*rows))
    assert takers(result) == {"bert": [0], "anna": [1]}
    assert days_of(result, "ended") == {"bert": [60.0]}
    assert days_of(result, "offered")["carl"] == [70.0]


def test_who_has_nothing_left_when_their_turn_comes_is_passed_over(tmp_path: Path) -> None:
    """One navigator, cases of 20 days: bert's turn on day 30 goes to carl; bert is listed again with another need."""
    who: Who = {
        "anna": (10.0, "west", OPEN),
        "bert": (11.0, "west", [("debt", 0.0), ("housing", 0.0), ("hard", 39.0)]),
        "carl": (12.0, "west", OPEN),
    }
    town = place(tmp_path / "x", who, {"west": 1}, caseload=1, days=20.0)
    result = simulate(town, Coordination(navigation="link_worker", navigators=1000.0))
    assert days_of(result, "offered") == {"anna": [10.0], "bert": [11.0, 50.0], "carl": [12.0]}
    assert days_of(result, "started") == {"anna": [10.0], "bert": [50.0], "carl": [30.0]}
    assert days_of(result, "ended") == {"anna": [30.0], "bert": [70.0], "carl": [50.0]}


def test_the_number_of_navigators_grows_with_a_ramp_and_ends_with_the_pilot(tmp_path: Path) -> None:
    """Of four in the end: the first is there on the first day, one comes with each further quarter."""
    town = place(tmp_path / "x", {"anna": (10.0, "west", OPEN)}, {"west": 4})
    arm = pilot({"from_day": 20, "to_day": 100, "ramp_days": 40})
    model = JourneyModel(town, arm)
    counts = {}
    for day in range(1, 121):
        model.step()
        # What is in force in the day before the clock stops.
        counts[day - 1] = sum(not one.is_retired for one in model.navigators.people)
    expected = {0: 0, 20: 1, 30: 2, 40: 3, 50: 4, 100: 0}
    assert counts == {day: expected[max(begin for begin in expected if begin <= day)] for day in range(120)}
    assert len(model.navigators.people) == 4


# --- random places ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """Return a run with few navigators, each with three cases, in a pilot that spreads, grows and ends."""
    row = {"sector": "public", "profession": "health"}
    desk = {"needs": "all", "service_days": 5}
    folder = write_place(
        tmp_path_factory.mktemp("crowd") / "x",
        {
            **SETTINGS,
            "time": {"horizon_days": 400, "warmup_days": 20, "followup_days": 30},
            "population": {"needs_mean": 3, "onset_lag_days": 20},
            "navigation": {"offered": 0.9, "link_worker": {**KIND, "caseload": 3, "days": 25.0}},
        },
        districts=[{"district": name, "citizens_per_year": 250} for name in ("west", "east", "north")],
        providers=[{"provider": "clinic", **row}, {"provider": "charity", **row, "visibility": 0}],
        services=[
            {"service": "intake", "provider": "clinic", "stage": "assessment", "places": 20, **desk},
            {
                "service": "help",
                "provider": "charity",
                "stage": "support",
                "places": 90,
                "assessed_first": "yes",
                **desk,
            },
        ],
        needs=[{"need": f"need_{number}", "prevalence": 1} for number in range(4)],
    )
    first = {"from_day": 60, "to_day": 300, "ramp_days": 80, "districts": "west;east", "spread_days": 40}
    return simulate(Scenario.load(folder), pilot(first, navigators=8.0), seed=5)


def test_no_navigator_ever_has_more_cases_than_the_caseload(crowd: Result) -> None:
    cases: dict[float, int] = defaultdict(int)
    most = 0
    rows = crowd.ledger[crowd.ledger["activity"].isin(["navigation_started", "navigation_ended"])]
    for activity, navigator in zip(rows["activity"], rows["detail"], strict=True):
        cases[navigator] += 1 if activity == "navigation_started" else -1
        most = max(most, cases[navigator])
        assert 0 <= cases[navigator] <= 3
    assert most == 3
    assert not any(cases.values()), "a case is open after the end of the pilot"
    crowd.check_balance()


def test_no_more_navigators_take_cases_than_there_are_posts(crowd: Result) -> None:
    """The posts grow to four while the pilot spreads, and are there for both districts."""
    rows = crowd.ledger[crowd.ledger["activity"] == "navigation_started"]
    posts = [period.navigators["link_worker"] for period in crowd.periods]
    assert max(posts) == 4 and posts[0] == posts[-1] == 0
    for period, count in zip(crowd.periods, posts, strict=True):
        taking = set(rows["detail"][rows["time"].between(period.begin, period.end, inclusive="left")])
        assert len(taking) <= count
    assert rows["detail"].nunique() == 4


def test_only_citizens_of_the_districts_of_a_pilot_are_taken_on_and_only_then(crowd: Result) -> None:
    homes = crowd.episodes.drop_duplicates("citizen").set_index("citizen")["district"]
    rows = crowd.ledger[crowd.ledger["activity"].isin(["navigation_offered", "navigation_started"])]
    where = homes.loc[rows["case"].astype(str)].astype(str).to_numpy()
    first, last = rows["time"].groupby(where).min(), rows["time"].groupby(where).max()
    assert set(first.index) == {"west", "east"}
    assert first["west"] >= 60.0 and first["east"] >= 100.0 and last.max() < 300.0
    assert first["west"] < 100.0


def test_navigators_hand_on_in_their_own_way_while_a_case_is_open_and_nobody_else_does(crowd: Result) -> None:
    """At each handoff in the ledger: is the citizen somebody's case at that moment?"""
    helped: set[str] = set()
    made = {True: 0, False: 0}
    columns = crowd.ledger[["activity", "case", "detail", "noticed"]]
    for activity, citizen, detail, noticed in columns.itertuples(index=False):
        if activity == "navigation_started":
            helped.add(citizen)
        elif activity == "navigation_ended":
            helped.remove(citizen)
        elif activity == "handoff_made":
            is_helped = citizen in helped
            made[is_helped] += 1
            # Introductions are mode 2, signposting is 0.
            assert (detail, noticed) == ((2.0, "navigator") if is_helped else (0.0, ""))
    assert min(made.values()) > 20
