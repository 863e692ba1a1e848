"""What each mechanism does, seen in the ledger of small places and of the town."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim import BadInputError, Coordination, Result, Scenario, simulate
from sim.mechanisms import registry
from sim.rules.waiting import attendance_chance, expected_wait, with_odds
from tests.places import TWO_PROVIDERS, changed, write_place

SHORT = {"time": {"horizon_days": 200, "warmup_days": 20, "followup_days": 60}}
NO_BARRIERS = {"funding": 0.0, "geography": 0.0, "culture": 0.0, "data_sharing": 0.0, "learning": 0.0}


@pytest.fixture(scope="module")
def town() -> Scenario:
    return Scenario.load("three_journeys", SHORT)


def arm(**mechanisms: str | float) -> Coordination:
    """Return the fragmented arm with some mechanisms changed."""
    return Coordination.model_validate(mechanisms)


def of(result: Result, *activities: str) -> pd.DataFrame:
    """Return the ledger's entries of some activities."""
    return result.ledger[result.ledger["activity"].isin(activities)]


# --- entry ----------------------------------------------------------------------------------------------------


def test_who_is_more_capable_finds_the_right_door_more_often(town: Scenario) -> None:
    doors = {}
    for capability in (0.1, 0.9):
        settings = {"population": {"capability_median": capability, "capability_sigma": 0.0}, "barriers": NO_BARRIERS}
        people = town.changed(settings)
        result = simulate(people)
        turned = (of(result, "turned_away")["reason"] == "wrong_door").sum()
        doors[capability] = turned / len(of(result, "sought"))
    assert doors[0.1] > 3 * doors[0.9] > 0


def test_any_door_hands_on_whenever_it_knows_where_to(town: Scenario) -> None:
    by_themselves = simulate(town)
    handed = simulate(town, arm(entry="any_door"))
    after_no = [_what_follows_a_no(result) for result in (by_themselves, handed)]
    assert "setback" in after_no[0]
    assert after_no[1] <= {"handoff_made", "nowhere_to_send", "handoff_dropped"}


def _what_follows_a_no(result: Result) -> set[str]:
    ledger = result.ledger
    ledger = ledger[ledger["episode"] >= 0].sort_values("episode", kind="stable")
    following = ledger["activity"].shift(-1)
    return set(following[(ledger["activity"] == "turned_away") & (ledger["episode"] == ledger["episode"].shift(-1))])


def test_a_single_front_door_is_where_everybody_goes_first(town: Scenario) -> None:
    result = simulate(town, arm(entry="single_front_door"))
    assert set(result.episodes["first_door"]) - {""} == {"front_door"}
    assert "front_door" not in set(simulate(town).ledger["resource"])


def test_a_front_door_with_too_few_places_is_a_bottleneck(town: Scenario) -> None:
    wait = {}
    for places in (0.3, 30.0):
        spells = simulate(town, arm(entry="single_front_door", front_door_places=places)).spells
        wait[places] = spells.loc[(spells["provider"] == "front_door") & (spells["missed"] == 0), "wait"].mean()
    assert wait[0.3] > 10 > 0.1 > wait[30.0]


def test_informed_citizens_go_where_the_wait_is_shortest(tmp_path: Path) -> None:
    """Two clinics of unlike size that everybody sees alike: the informed share the load out, the others do not."""
    providers = [{"provider": name, "sector": "public", "profession": "health"} for name in ("large", "small")]
    services = [
        {**changed("services")[0], "service": name, "provider": name, "places": places, "service_days": 10}
        for name, places in (("large", 9), ("small", 2))
    ]
    settings = {"time": {"horizon_days": 1000}, "population": {"patience_days": 1e4}, "journey": {"wrong_door": 0.0}}
    districts = changed("districts", citizens_per_year=350)
    folder = write_place(tmp_path / "two", settings, providers=providers, services=services, districts=districts)
    place = Scenario.load(folder)
    informed, others = simulate(place, arm(entry="informed_choice")), simulate(place)
    doors = [result.episodes["first_door"].value_counts(normalize=True)["small"] for result in (informed, others)]
    assert doors[0] < 0.3 < 0.45 < doors[1]
    waits = [result.spells.query("missed == 0")["wait"].mean() for result in (informed, others)]
    assert waits[0] < 0.2 * waits[1]


def test_informed_citizens_are_not_turned_away(town: Scenario) -> None:
    """Who chooses a door knows that it takes them; only where none does they try as others do."""
    result = simulate(town, arm(entry="informed_choice"))
    refused = of(result, "turned_away")
    by_themselves = simulate(town)
    assert len(refused) < 0.5 * len(of(by_themselves, "turned_away"))
    assert result.episodes["tries"].mean() < by_themselves.episodes["tries"].mean()


def test_the_expected_wait_is_that_of_the_queue() -> None:
    assert expected_wait(0, 2, 3, 12.0) == 0.0
    assert expected_wait(0, 3, 3, 12.0) == 4.0
    assert expected_wait(5, 3, 3, 12.0) == 24.0
    assert expected_wait(0, 0, 0, 12.0) == np.inf


# --- handoff --------------------------------------------------------------------------------------------------


@pytest.fixture
def pair(tmp_path: Path) -> Scenario:
    """A clinic that assesses and a charity that supports: every journey needs one handoff."""
    settings = {"time": {"horizon_days": 1000}, "journey": {"wrong_door": 0.0}}
    return Scenario.load(write_place(tmp_path / "pair", settings, **TWO_PROVIDERS))


@pytest.mark.parametrize(
    ("mode", "reason", "noticed"),
    [
        ("signposting", "not_carried", "nobody"),
        ("letter", "not_transmitted", "nobody"),
        ("introduction", "not_transmitted", "nobody"),
        ("tracked", "not_transmitted", "sender"),
        ("accompanied", "not_carried", "sender"),
    ],
)
def test_what_is_not_sent_is_dropped_and_noticed_as_the_mode_has_it(
    pair: Scenario, mode: str, reason: str, noticed: str
) -> None:
    result = simulate(pair.changed({f"handoffs.{mode}.sent": 0.5}), arm(handoff=mode))
    lost = result.handoffs[result.handoffs["received"].isna() & (result.handoffs["state"] == "dropped")]
    assert set(lost["reason"]) == {reason}
    assert set(lost["noticed"]) == {noticed}
    # A fair coin: within four standard errors (false alarm 1 in 16,000 if the seed were random).
    made = len(result.handoffs)
    assert abs(len(lost) / made - 0.5) < (0.15 if mode == "signposting" else 4 * 0.5 / np.sqrt(made))


def test_only_who_tracks_sends_again_and_not_more_often_than_allowed(pair: Scenario) -> None:
    lossy = {"handoffs": {"tracked": {"sent": 0.2}, "letter": {"sent": 0.2}}}
    letters = simulate(pair.changed(lossy), arm(handoff="letter")).handoffs
    tracked = simulate(pair.changed(lossy), arm(handoff="tracked")).handoffs
    assert not (letters["followed"] == "sent_again").any()
    again = (tracked["followed"] == "sent_again").to_numpy()
    assert again.any()
    assert _longest_run(tracked["episode"].to_numpy(), again) == 2


def _longest_run(episodes: np.ndarray, flags: np.ndarray) -> int:
    longest = run = 0
    for number, flag in enumerate(flags):
        same = number > 0 and episodes[number] == episodes[number - 1]
        run = (run + 1 if same else 1) if flag else 0
        longest = max(longest, run)
    return longest


def test_a_lost_letter_is_noticed_by_the_citizen_only_after_a_while(pair: Scenario) -> None:
    settings = {"handoffs": {"letter": {"sent": 0.0}}, "population": {"persistence_median": 1.0}}
    result = simulate(pair.changed(settings), arm(handoff="letter"))
    dropped, sought = of(result, "handoff_dropped"), of(result, "sought")
    pairs = dropped[["episode", "time"]].merge(sought[["episode", "time"]], on="episode", suffixes=("", "_sought"))
    waited = (pairs["time_sought"] - pairs["time"])[pairs["time_sought"] > pairs["time"]]
    assert len(waited) > 100
    assert waited.min() >= 28.0


@pytest.mark.parametrize(("mode", "least", "most"), [("introduction", 0.0, 0.03), ("accompanied", 0.08, 0.20)])
def test_an_introduction_alone_does_little_and_going_along_does_more(
    pair: Scenario, mode: str, least: float, most: float
) -> None:
    """At the same chance of being sent and the same transfer time, only attendance differs from a letter."""
    same = {name: {"sent": 1.0, "days": 5.0} for name in ("letter", "introduction", "accompanied")}
    place = pair.changed({"handoffs": same, "journey": {"attendance": 0.8, "rebook": 0.0}})
    share = {}
    for name in ("letter", mode):
        handoffs = simulate(place, arm(handoff=name)).handoffs
        first = handoffs[(handoffs["number"] == 0) & handoffs["accepted"].notna()]
        share[name] = (first["state"] == "attended").mean()
    assert least <= share[mode] - share["letter"] < most


def test_who_left_the_queue_for_good_is_not_chased(pair: Scenario) -> None:
    """A citizen without persistence who leaves a queue has decided; a lost referral is still sent again."""
    crowded = pair.changed({"population": {"patience_days": 2.0, "persistence_median": 0.0}, "journey.rebook": 0.0})
    dropped = simulate(crowded, arm(handoff="tracked")).handoffs.query("state == 'dropped'")
    followed = {reason: set(rows["followed"]) for reason, rows in dropped.groupby("reason", observed=True)}
    assert followed["abandoned_wait"] == {"gave_up"}
    assert "sent_again" in followed["not_transmitted"]


def test_where_every_door_hands_on_the_receiver_does_so_at_once(town: Scenario) -> None:
    handoffs = simulate(town, arm(entry="any_door", handoff="tracked")).handoffs
    refused = handoffs[handoffs["reason"].isin(["out_of_area", "wrong_door", "declined"])]
    assert set(refused["followed"]) == {"sent_again"}
    after = handoffs.groupby("episode")[["sender", "made"]].shift(-1).loc[refused.index]
    at_once = after["made"] == refused["dropped"]
    assert at_once.mean() > 0.5
    assert (after["sender"].astype(str) == refused["receiver"].astype(str))[at_once].all()


# --- records --------------------------------------------------------------------------------------------------


@pytest.fixture
def assessors(tmp_path: Path) -> Scenario:
    """Both providers assess, only the second supports; they are on one record system."""
    providers = [
        {**row, "record_system": "common", "visibility": 1 - number}
        for number, row in enumerate(TWO_PROVIDERS["providers"])
    ]
    second_look = {**TWO_PROVIDERS["services"][0], "service": "second_look", "provider": "charity"}
    services = [*TWO_PROVIDERS["services"], second_look]
    folder = write_place(
        tmp_path / "assessors", {"journey": {"wrong_door": 0.0}}, providers=providers, services=services
    )
    return Scenario.load(folder)


@pytest.mark.parametrize(("records", "stories"), [("separate", 2), ("partial", 1), ("shared", 1)])
def test_records_decide_whether_the_story_is_told_again(assessors: Scenario, records: str, stories: int) -> None:
    episodes = simulate(assessors, arm(records=records, handoff="accompanied")).episodes
    assert set(episodes.loc[episodes["state"] == "supported", "stories"]) == {stories}


def test_partial_records_stop_at_the_border_of_a_system(assessors: Scenario, tmp_path: Path) -> None:
    providers = [{**row, "visibility": 1 - number} for number, row in enumerate(TWO_PROVIDERS["providers"])]
    second_look = {**TWO_PROVIDERS["services"][0], "service": "second_look", "provider": "charity"}
    services = [*TWO_PROVIDERS["services"], second_look]
    folder = write_place(tmp_path / "apart", {"journey": {"wrong_door": 0.0}}, providers=providers, services=services)
    episodes = simulate(Scenario.load(folder), arm(records="partial", handoff="accompanied")).episodes
    assert set(episodes.loc[episodes["state"] == "supported", "stories"]) == {2}


def test_shared_records_speed_a_transfer_up(pair: Scenario) -> None:
    days = {}
    for records in ("separate", "shared"):
        handoffs = simulate(pair, arm(handoff="letter", records=records)).handoffs
        days[records] = (handoffs["received"] - handoffs["made"]).mean()
    assert days["shared"] == pytest.approx(0.5 * days["separate"], rel=0.25)


# --- navigation -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("navigation", "most_days", "caseload"), [("link_worker", 60.0, 40), ("key_worker", 365.0, 7)])
def test_navigators_help_who_has_needs_enough_within_their_caseload(
    town: Scenario, navigation: str, most_days: float, caseload: int
) -> None:
    result = simulate(town, arm(navigation=navigation, navigators=1.0))
    starts, ends = (of(result, f"navigation_{what}") for what in ("started", "ended"))
    assert len(starts) > 10
    least = getattr(town.parameters.navigation, navigation).min_needs
    onsets = of(result, "onset")
    for case, time in zip(starts["case"], starts["time"], strict=True):
        assert ((onsets["case"] == case) & (onsets["time"] <= time)).sum() >= least
    kept = ends.set_index("case")["time"] - starts.set_index("case")["time"]
    assert kept.max() <= most_days + 1e-9
    # Those who leave come first: the sort is stable, and a case is taken on at the moment when another is closed.
    helped_at_once = pd.concat([pd.Series(-1, ends["time"]), pd.Series(1, starts["time"])])
    workers = np.ceil(town.tables.citizens_per_year / 1000)
    assert helped_at_once.sort_index(kind="stable").cumsum().max() <= workers * caseload
    result.check_balance()


def test_a_key_worker_closes_the_case_once_everything_is_settled(town: Scenario) -> None:
    # So many that services could not pay for them.
    result = simulate(town.changed({"budget": "added"}), arm(navigation="key_worker", navigators=50.0))
    ends = of(result, "navigation_ended")
    early = ends[ends["time"] < 199]
    assert len(early) > 20
    final = of(result, "support_started", "gave_up")
    onsets = of(result, "onset")
    for case, time in zip(early["case"][:50], early["time"][:50], strict=True):
        arisen = onsets[(onsets["case"] == case) & (onsets["time"] <= time)]["episode"]
        assert set(arisen) <= set(final[final["time"] <= time]["episode"])


def test_without_help_a_citizen_pursues_no_more_needs_than_the_bandwidth(town: Scenario) -> None:
    """Needs that an assessment or a crisis worker found come on top: somebody helps with those."""
    alone = {"journey": {"bandwidth": 1, "finding": 0.0}, "crises": {"restart": 0.0}, "budget": "added"}
    lone = town.changed(alone)
    assert _most_pursued(simulate(lone)) == 1
    assert _most_pursued(simulate(lone, arm(navigation="link_worker", navigators=50.0))) > 1


def _most_pursued(result: Result) -> int:
    first = of(result, "sought").groupby("episode")["time"].min()
    final = of(result, "support_started", "gave_up").groupby("episode")["time"].min()
    cases = result.episodes.set_index("episode")["citizen"]
    change = pd.concat([pd.Series(1, first.index), pd.Series(-1, final.index)]).to_frame("change")
    change["time"] = [*first, *final]
    change["case"] = cases.loc[change.index].astype(str).to_numpy()
    # At one moment the end of one pursuit comes before the beginning of the next.
    change = change.sort_values(["case", "time", "change"])
    return int(change.groupby("case")["change"].cumsum().max())


def test_very_many_needs_are_taken_up_one_after_another(tmp_path: Path) -> None:
    """Each is settled on the day on which it is taken up, and makes room for the next one."""
    needs = [f"need_{number}" for number in range(400)]
    person = {"vignette": "anna", "district": "town", "onset_day": 5, "capability": 1, "persistence": 1}
    folder = write_place(
        tmp_path / "many",
        {"journey": {"bandwidth": 1, "attendance": 1.0}},
        districts=[{"district": "town", "citizens_per_year": 0}],
        needs=[{"need": need, "prevalence": 1} for need in needs],
        services=changed("services", needs="all", places=1000),
        vignettes=[{**person, "patience_days": 100}],
        vignette_needs=[{"vignette": "anna", "need": need, "severity": 0.5} for need in needs],
    )
    episodes = simulate(Scenario.load(folder)).episodes
    assert len(episodes) == 400
    assert (episodes["days"] == 0.0).all()


def test_an_assessment_finds_needs_that_are_not_being_pursued(town: Scenario) -> None:
    assert len(of(simulate(town.changed({"journey": {"bandwidth": 1, "finding": 1.0}})), "found")) > 50
    assert of(simulate(town.changed({"journey": {"bandwidth": 1, "finding": 0.0}})), "found").empty


# --- waiting --------------------------------------------------------------------------------------------------


def test_attendance_falls_with_the_wait_as_published() -> None:
    """P1: odds ratio 0.95 a week."""
    chances = [attendance_chance(0.9, 0.95, 7.0 * weeks, 2.0, 0.5, 1.0) for weeks in range(3)]
    odds = [chance / (1 - chance) for chance in chances]
    assert odds == pytest.approx([9.0, 9.0 * 0.95, 9.0 * 0.95**2])
    assert attendance_chance(0.9, 0.95, 0.0, 2.0, 1.0, 1.0) == pytest.approx(with_odds(0.9, 2**0.5))
    assert with_odds(0.0, 3.0) == 0.0
    assert with_odds(1.0, 0.1) == 1.0


def test_a_missed_appointment_wastes_the_place(tmp_path: Path) -> None:
    """One place, everybody misses: between two offers lies at least the wasted slot."""
    services = changed("services", places=1, service_days=2)
    settings = {"journey": {"attendance": 0.0, "rebook": 0.0, "missed_slot_days": 0.5}}
    result = simulate(Scenario.load(write_place(tmp_path / "missed", settings, services=services)))
    missed = of(result, "missed")
    assert len(missed) > 30
    assert set(missed["detail"]) == {0.5}
    gaps = np.diff(missed["time"])
    assert gaps.min() >= 0.5 - 1e-9
    assert np.isclose(gaps, 0.5).any()


def test_a_missed_appointment_may_be_offered_again(pair: Scenario) -> None:
    result = simulate(pair.changed({"journey": {"attendance": 0.5, "rebook": 1.0}}))
    spells = result.spells
    assert (spells["end"] != "did_not_attend").all()
    assert spells["missed"].max() >= 2
    served = spells[spells["end"] == "served"]
    assert (served["wait"] >= 7.0 * served["missed"] - 1e-9).all()


def test_needs_return_with_their_probability(tmp_path: Path) -> None:
    needs = changed("needs", return_probability=0.5, return_days=10)
    settings = {"time": {"horizon_days": 1000}, "journey": {"attendance": 1.0}}
    result = simulate(Scenario.load(write_place(tmp_path / "return", settings, needs=needs)))
    episodes = result.episodes
    ended = of(result, "support_ended")
    early = ended[ended["time"] < 850]
    returned = episodes.groupby("citizen", observed=True)["recurrence"].max().sum()
    # Half of the ended supports return; those of the last 150 days may still be on their way.
    assert returned == pytest.approx(0.5 * len(early), rel=0.25)
    assert episodes["recurrence"].max() >= 3


def test_the_disciplines_serve_in_their_order(tmp_path: Path) -> None:
    services = changed("services", places=1, service_days=2)
    settings = {"population": {"patience_days": 1e6}, "time": {"horizon_days": 400}}
    place = Scenario.load(write_place(tmp_path / "queue", settings, services=services))
    order = {}
    for discipline in registry.names("discipline"):
        result = simulate(place, arm(discipline=discipline))
        spells = result.spells.merge(result.episodes[["episode", "severity"]], on="episode")
        order[discipline] = spells[spells["started"].notna() & (spells["missed"] == 0)].sort_values("started")
    assert order["first_come"]["joined"].is_monotonic_increasing
    assert not order["random_order"]["joined"].is_monotonic_increasing
    served = order["urgency"]
    waited = served["wait"] > 0.0
    assert np.corrcoef(served.loc[waited, "severity"], served.loc[waited, "wait"])[0, 1] < -0.2


def test_an_unknown_mechanism_is_named_with_what_was_perhaps_meant() -> None:
    with pytest.raises(BadInputError) as error:
        Coordination.load("fragmented+records:shraed+handoff:leter")
    assert len(error.value.problems) == 2
    assert "did you mean 'shared'" in str(error.value)
    assert "did you mean 'letter'" in str(error.value)
