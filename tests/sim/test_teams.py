"""Multidisciplinary teams: one assessment for all needs, support in parallel, and meetings that take time.

People are vignettes with fixed service times, and every day is worked out by hand; random places have fixed seeds, and
what is asserted holds in every run. There are no error rates.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sim import Coordination, Result, Scenario, simulate
from sim.schema.initiatives import InitiativeRow
from tests.sim.test_hubs_and_teams import CLINIC, desk, inside_and_outside, intake, of, place, provider

TEAM = Coordination(delivery="multidisciplinary")
HUB = Coordination(delivery="co_located")
SURE = {"team": {"sent": 1.0, "days": 0.0}, "walk": {"sent": 1.0, "days": 0.0}}


def dated(**row: Any) -> Coordination:
    """Return an arm with one initiative, that of teams unless told otherwise."""
    row = {"initiative": "pilot", "change": "delivery", "value": "multidisciplinary"} | row
    return Coordination(initiatives=(InitiativeRow.model_validate(row),))


def supported_on(result: Result) -> dict[str, float]:
    """Return the day on which support for each need of the vignette starts."""
    rows = of(result, "support_started")
    return dict(zip(rows["need"].astype(str), rows["time"], strict=True))


# --- one assessment for all needs -------------------------------------------------------------------------------------


def three_needs(folder: Path, lag: float = 0.0, **settings: Any) -> Scenario:
    """Load a place in which Anna, who pursues one need at a time, has three from day 3 on.

    The clinic supports illness itself and hands the others on within the hub; debt is the most severe.
    """
    rows = [CLINIC, provider("advice"), provider("homes")]
    services = [intake(), desk("clinic", "illness"), desk("advice", "debt"), desk("homes", "housing")]
    wants = [("debt", 0.0), ("illness", 0.0), ("housing", lag)]
    return place(folder, rows, services, ("illness", "debt", "housing"), wants, handoffs=SURE, **settings)


def test_a_team_assesses_once_and_supports_in_parallel(tmp_path: Path) -> None:
    """Assessed by day 4, when the clinic starts with its part; the others start at the meeting on day 7."""
    result = simulate(three_needs(tmp_path / "x"), TEAM)
    assert len(of(result, "assessment_started")) == 1
    assert of(result, "found")["need"].tolist() == ["illness", "housing"]
    assert supported_on(result) == {"illness": 4.0, "debt": 7.0, "housing": 7.0}
    assert result.episodes.set_index("need")["stories"].to_dict() == {"debt": 1, "illness": 0, "housing": 0}
    # The support for all three goes on at the same time: each takes ten days.
    assert of(result, "support_ended")["time"].tolist() == [14.0, 17.0, 17.0]


def test_a_team_assesses_once_though_the_first_need_is_supported_at_once_by_the_same_provider(tmp_path: Path) -> None:
    """Its support leaves the citizen free for another need, which the team has assessed already."""
    rows = [CLINIC, provider("advice"), provider("homes")]
    desks = [intake(), desk("clinic", "illness"), desk("advice", "debt"), desk("homes", "housing")]
    wants = [("illness", 0.0), ("debt", 0.0), ("housing", 0.0)]
    town = place(tmp_path / "town", rows, desks, ("illness", "debt", "housing"), wants, handoffs=SURE)
    result = simulate(town, TEAM)
    assert of(result, "assessment_started")["time"].tolist() == [3.0]
    assert len(of(result, "support_started")) == 3


def test_a_hub_that_is_no_team_assesses_one_need_after_another(tmp_path: Path) -> None:
    """Each need is taken up when support for the one before starts, and assessed for a day."""
    result = simulate(three_needs(tmp_path / "x"), HUB)
    assert supported_on(result) == {"debt": 4.0, "illness": 5.0, "housing": 6.0}
    assert len(of(result, "assessment_started")) == 3 and of(result, "found").empty


def test_a_team_does_not_assess_what_has_not_arisen(tmp_path: Path) -> None:
    """Housing arises on day 9, after the assessment: it is taken up by itself and assessed by day 10."""
    result = simulate(three_needs(tmp_path / "x", lag=6.0), TEAM)
    assert supported_on(result) == {"illness": 4.0, "debt": 7.0, "housing": 14.0}
    assert len(of(result, "assessment_started")) == 2


@pytest.mark.parametrize("why", ["outside", "elsewhere", "nobody"])
def test_a_team_leaves_out_what_none_of_its_members_supports_here(tmp_path: Path, why: str) -> None:
    """Because who supports it is in no hub, in the hub but not in the district, or in another hub."""
    homes = {
        "outside": provider("homes", hub=None),
        "elsewhere": provider("homes", districts="far"),
        "nobody": provider("homes", hub="another"),
    }[why]
    rows = [CLINIC, provider("advice"), homes, provider("fourth", hub="another")]
    services = [intake(), desk("advice", "debt"), desk("homes", "housing"), desk("fourth", "nothing")]
    if why == "elsewhere":
        services.append(desk("anybody", "housing"))
        rows.append(provider("anybody", hub=None))
    needs = ("debt", "housing", "nothing")
    town = place(tmp_path / why, rows, services, needs, [("debt", 0.0), ("housing", 0.0)], handoffs=SURE)
    result = simulate(town, TEAM)
    assert of(result, "found").empty
    # Taken up when support for debt has started on day 7, and assessed by itself.
    assert of(result, "assessment_started")["time"].tolist() == [3.0, 7.0]


def test_who_has_no_team_assesses_for_one_need(tmp_path: Path) -> None:
    """The clinic is in no hub itself, its receivers are."""
    rows = [{**CLINIC, "hub": None}, provider("advice"), provider("homes")]
    services = [intake(), desk("advice", "debt"), desk("homes", "housing")]
    town = place(tmp_path / "x", rows, services, anna=[("debt", 0.0), ("housing", 0.0)])
    assert of(simulate(town, TEAM), "found").empty


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_a_record_of_the_team_is_always_seen_in_the_team(tmp_path: Path, level: float) -> None:
    """Both providers assess and records are separate, also where a barrier hides all that could be seen."""
    rows = [CLINIC, provider("advice"), provider("homes", hub=None)]
    services = [intake(), intake("advice"), intake("homes"), desk("advice", "debt"), desk("homes", "housing")]
    town = place(tmp_path / "x", rows, services, per_year=600.0, handoffs=SURE)
    town = town.changed({"barriers.data_sharing": level, "barrier_effects": {"data_unseen": 1.0, "data_lost": 0.0}})
    stories = {}
    for arm in (TEAM, HUB, Coordination(delivery="multidisciplinary", records="shared")):
        episodes = simulate(town, arm).episodes
        episodes = episodes[episodes["state"] == "supported"]
        stories[arm.delivery, arm.records] = episodes.groupby("need", observed=True)["stories"].agg(set).to_dict()
    assert stories["multidisciplinary", "separate"] == {"debt": {1}, "housing": {2}}
    assert stories["co_located", "separate"] == {"debt": {2}, "housing": {2}}
    assert stories["multidisciplinary", "shared"] == {"debt": {1}, "housing": {2} if level else {1}}


# --- handoffs wait for the meeting ----------------------------------------------------------------------------------


@pytest.mark.parametrize("every", [0.5, 3.5, 7.0, 30.0])
def test_a_handoff_in_a_team_reaches_the_receiver_at_the_next_meeting(tmp_path: Path, every: float) -> None:
    settings: dict[str, Any] = {"delivery": {"team": {"meeting_every_days": every}}, "handoffs": SURE}
    result = simulate(inside_and_outside(tmp_path / "x", **settings), TEAM)
    inside = result.handoffs[(result.handoffs["mode"] == "team") & result.handoffs["received"].notna()]
    ordinal = inside["received"] / every
    assert len(inside) > 20
    assert ordinal.to_numpy() == pytest.approx(ordinal.round().to_numpy(), abs=1e-9)
    waited = inside["received"] - inside["made"]
    assert waited.min() > 0.0 and waited.max() <= every + 1e-9
    assert set(ordinal.round() * every) <= set(of(result, "meeting")["time"])


def test_a_handoff_on_the_day_of_a_meeting_waits_for_the_next_one(tmp_path: Path) -> None:
    """Assessed by day 7, when the team has met."""
    town = place(
        tmp_path / "x",
        [CLINIC, provider("advice")],
        [intake(), desk("advice", "debt")],
        needs=("debt",),
        anna=[("debt", 0.0)],
        on_day=6.0,
        handoffs=SURE,
    )
    assert supported_on(simulate(town, TEAM)) == {"debt": 14.0}


def test_the_time_of_the_mode_comes_on_top_of_that_to_the_meeting(tmp_path: Path) -> None:
    """Of the same luck: what lies between the meeting and the receiver is in proportion to the mean."""
    after = []
    for mean in (1.0, 4.0):
        settings: dict[str, Any] = {"handoffs": {"team": {"sent": 1.0, "days": mean}}}
        handoffs = simulate(inside_and_outside(tmp_path / f"{mean}", **settings), TEAM).handoffs.set_index("citizen")
        inside = handoffs[(handoffs["mode"] == "team") & handoffs["received"].notna()]
        after.append(inside["received"] - 7.0 * (np.floor(inside["made"] / 7.0) + 1.0))
    both = after[0].index.intersection(after[1].index)
    assert len(both) > 20 and after[0].min() > 0.0
    assert after[1][both].to_numpy() == pytest.approx(4.0 * after[0][both].to_numpy())


# --- meetings -------------------------------------------------------------------------------------------------------

NO_MONEY: dict[str, float] = {"staff_year": 36525.0, "meeting": 0.0}
"""A staff day costs 100 GBP, and a meeting nothing beside the time of its members."""


def meeting_place(folder: Path, members: int = 2, per_year: float = 0.0, **settings: Any) -> Scenario:
    """Load a place with a team of the clinic and others, each with a desk of one place with one member of staff."""
    names = [f"member_{number}" for number in range(1, members)]
    staffed: dict[str, Any] = {"places": 1, "staff_per_place": 1.0}
    services = [intake(**staffed), *(desk(name, "debt", **staffed) for name in names)]
    rows = [CLINIC, *(provider(name) for name in names), provider("lonely", hub="island"), provider("free", hub=None)]
    services += [desk("lonely", "all", **staffed), desk("free", "housing", **staffed)]
    return place(folder, rows, services, per_year=per_year, budget="equal", **settings)


def meetings(result: Result) -> pd.DataFrame:
    """Return the entries of meetings."""
    return of(result, "meeting")


@pytest.mark.parametrize(("every", "days"), [(7.0, list(range(7, 100, 7))), (30.0, [30, 60, 90]), (100.0, [])])
def test_a_team_meets_at_every_interval_case_or_no_case(tmp_path: Path, every: float, days: list[float]) -> None:
    settings: dict[str, Any] = {"delivery": {"team": {"meeting_every_days": every}}}
    rows = meetings(simulate(meeting_place(tmp_path / "x", 3, **settings), TEAM))
    assert rows["time"].tolist() == [day for day in days for _ in range(3)]
    assert set(rows["resource"]) == ({"clinic", "member_1", "member_2"} if days else set())


@pytest.mark.parametrize("members", [2, 3, 5])
def test_a_meeting_takes_each_member_its_own_time_and_its_share_of_the_rest(tmp_path: Path, members: int) -> None:
    """A day is 100 GBP: 30 GBP of a meeting are 0.3 staff days, for all members together; costs from day 20 on."""
    settings: dict[str, Any] = {
        "costs": {**NO_MONEY, "meeting": 30.0},
        "delivery": {"team": {"meeting_staff_days": 0.2}},
    }
    result = simulate(meeting_place(tmp_path / "x", members, **settings), TEAM)
    assert meetings(result)["detail"].to_numpy() == pytest.approx(0.2 + 0.3 / members)
    # Meetings from day 21 to day 98.
    assert result.costs()["meetings"] == pytest.approx(12 * (members * 20.0 + 30.0))
    # Within the staff time of services: four places beside the members', of which the clinic has one.
    assert result.costs()["total"] == pytest.approx(80 * 100.0 * (members + 2))
    assert result.costs()["services"] == pytest.approx(result.costs()["total"] - result.costs()["meetings"])


def test_a_meeting_takes_a_place_of_each_member_for_its_time(tmp_path: Path) -> None:
    settings: dict[str, Any] = {
        "costs": NO_MONEY,
        "delivery": {"team": {"meeting_every_days": 40.0, "meeting_staff_days": 0.5}},
    }
    result = simulate(meeting_place(tmp_path / "x", **settings), TEAM)
    rows = of(result, "coordinated")[["time", "service", "detail"]].to_numpy().tolist()
    assert rows == [[day, name, 0.5] for day in (40.0, 80.0) for name in ("intake_clinic", "help_member_1")]
    result.check_balance()


def test_short_meetings_are_worked_off_together(tmp_path: Path) -> None:
    """Three of a tenth of a day make more than a quarter of a day."""
    settings: dict[str, Any] = {
        "costs": NO_MONEY,
        "delivery": {"team": {"meeting_every_days": 10.0, "meeting_staff_days": 0.1}},
    }
    rows = of(simulate(meeting_place(tmp_path / "x", **settings), TEAM), "coordinated")
    assert sorted(set(rows["time"])) == [30.0, 60.0, 90.0]
    assert rows["detail"].to_numpy() == pytest.approx(0.3)


def test_a_meeting_is_owed_by_the_desk_with_the_most_staff_and_by_the_place(tmp_path: Path) -> None:
    """Of the clinic: two places with two members of staff each against nine places with a third of one."""
    rows = [CLINIC, provider("advice")]
    services = [
        intake(places=9, staff_per_place=1 / 3),
        desk("clinic", "housing", places=2, staff_per_place=2.0),
        desk("advice", "debt", places=1, staff_per_place=0.0),
    ]
    settings: dict[str, Any] = {
        "costs": NO_MONEY,
        "delivery": {"team": {"meeting_every_days": 50.0, "meeting_staff_days": 3.0}},
    }
    coordinated = of(simulate(place(tmp_path / "x", rows, services, budget="equal", **settings), TEAM), "coordinated")
    # Three staff days are one and a half of a place. Who has no staff owes nothing.
    assert coordinated[["time", "service", "detail"]].to_numpy().tolist() == [[50.0, "help_clinic", 1.5]]


def test_who_comes_while_the_staff_catch_up_with_a_meeting_waits(tmp_path: Path) -> None:
    """Anna comes on day 8; the one place of the clinic is taken for two days from day 7 on, by an equal budget."""
    settings: dict[str, Any] = {"costs": NO_MONEY, "delivery": {"team": {"meeting_staff_days": 2.0}}}
    staffed: dict[str, Any] = {"places": 1, "staff_per_place": 1.0}
    services = [intake(**staffed), desk("advice", "debt", **staffed)]
    days = {}
    for budget in ("equal", "added"):
        town = place(
            tmp_path / budget, [CLINIC, provider("advice")], services, ("debt",), [("debt", 0.0)], 8.0, budget=budget,
            **settings,
        )  # fmt: skip
        result = simulate(town, TEAM)
        days[budget] = of(result, "assessment_started")["time"].tolist()
        assert len(meetings(result)) == 28
        assert of(result, "coordinated").empty == (budget == "added")
    assert days == {"equal": [9.0], "added": [8.0]}


def test_only_teams_meet_and_not_alone(tmp_path: Path) -> None:
    town = meeting_place(tmp_path / "two")
    assert meetings(simulate(town)).empty
    assert meetings(simulate(town, HUB)).empty
    assert {"lonely", "free"}.isdisjoint(meetings(simulate(town, TEAM))["resource"])
    assert meetings(simulate(meeting_place(tmp_path / "one", 1), TEAM)).empty


# --- over time and in districts -------------------------------------------------------------------------------------


def test_a_team_meets_while_the_rule_is_in_force(tmp_path: Path) -> None:
    """From day 21 on, and not on day 49, when it has ended."""
    arm = dated(from_day=21, to_day=49)
    assert sorted(set(meetings(simulate(meeting_place(tmp_path / "x"), arm))["time"])) == [21.0, 28.0, 35.0, 42.0]


def test_a_team_meets_where_the_rule_holds_for_anybody_in_a_district_of_a_member(tmp_path: Path) -> None:
    rows = [{**CLINIC, "districts": "town"}, provider("advice", districts="town"), provider("homes", districts="far")]
    rows.append(provider("alone", hub=None, visibility=1))
    services = [intake(), desk("advice", "debt"), desk("homes", "housing"), desk("alone", "all", assessed_first="no")]
    far = dated(from_day=0, districts="far")
    slowly = dated(from_day=0, to_day=20, ramp_days=1000)
    with_homes = place(tmp_path / "with", rows, services)
    without = place(tmp_path / "without", [*rows[:2], rows[3]], [*services[:2], services[3]])
    assert meetings(simulate(without, far)).empty
    assert set(meetings(simulate(with_homes, far))["resource"]) == {"clinic", "advice", "homes"}
    assert sorted(set(meetings(simulate(without, slowly))["time"])) == [7.0, 14.0]


@pytest.mark.parametrize(("delivery", "mode"), [("co_located", "walk"), ("multidisciplinary", "team")])
def test_handoffs_have_the_mode_of_the_day_on_which_they_are_made(tmp_path: Path, delivery: str, mode: str) -> None:
    town = inside_and_outside(tmp_path / "x", handoffs={"team": {"days": 5.0}, "walk": {"days": 5.0}})
    handoffs = simulate(town, dated(value=delivery, from_day=25, to_day=60)).handoffs
    handoffs = handoffs[handoffs["receiver"] == "advice"]
    while_it_lasts = handoffs["made"].between(25, 60, inclusive="left")
    assert set(handoffs.loc[while_it_lasts, "mode"]) == {mode}
    assert set(handoffs.loc[~while_it_lasts, "mode"]) == {"signposting"}
    # What is under way when it ends goes on as it began.
    late = handoffs[while_it_lasts & (handoffs["received"] >= 60)]
    assert len(late) > 1 and set(late["noticed"]) <= {"", "sender"}


def test_only_citizens_of_the_district_are_handed_on_in_a_team(tmp_path: Path) -> None:
    town = inside_and_outside(tmp_path / "x")
    here, there = (simulate(town, dated(from_day=0, districts=name)).handoffs for name in ("town", "far"))
    assert "team" in set(here["mode"]) and "team" not in set(there["mode"])
