"""Extremes of the input: a sensible result with well-formed tables, or one clear error. Never a crash."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sim import BadInputError, Coordination, Scenario, simulate
from sim.coordination import names as coordinations
from sim.draws import world_key
from sim.mechanisms import registry
from sim.outcomes.headline import HEADLINE
from sim.outcomes.result import Result
from sim.population import DAYS_PER_YEAR, draw_people
from tests.places import TWO_PROVIDERS, changed, write_place

COLUMNS = {
    "episodes": (
        "episode citizen vignette district need recurrence onset severity state days tries handoffs dropped setbacks "
        "stories first_door first_door_sector needs capability origin crises failure_contacts cohort"
    ),
    "handoffs": (
        "episode citizen number sender receiver sender_sector receiver_sector sender_profession receiver_profession "
        "mode made received accepted attended dropped state reason noticed followed sender_record receiver_record "
        "cohort"
    ),
    "spells": "episode citizen provider sector service stage joined started ended wait missed end cohort",
    "ledger": "case activity time resource sector service other episode need reason noticed followed detail",
}
FLOATS = {
    "onset", "severity", "days", "capability", "made", "received", "accepted", "attended", "joined", "started", "ended",
    "wait", "time", "detail",
}  # fmt: skip
WHOLE = {
    "episode", "recurrence", "tries", "handoffs", "setbacks", "stories", "number", "missed", "needs", "crises",
    "failure_contacts",
}  # fmt: skip
ARMS = coordinations()
FRONT_DOOR_ARMS = tuple(name for name in ARMS if Coordination.load(name).entry == "single_front_door")
PAID_FOR_ARMS = tuple(name for name in ARMS if name in FRONT_DOOR_ARMS or Coordination.load(name).navigation != "none")
"""Arms with somebody whose post has to be paid for."""


def check(result: Result) -> Result:
    """Check that a result is in balance and its tables well formed, and return it."""
    result.check_balance()
    for name, columns in COLUMNS.items():
        table: pd.DataFrame = getattr(result, name)
        assert list(table.columns) == columns.split(), name
        for column in table:
            dtype = table[column].dtype
            if column in FLOATS or (name, column) == ("handoffs", "dropped"):
                assert dtype == np.float64, (name, column)
            elif column in WHOLE or (name, column) == ("episodes", "dropped"):
                assert np.issubdtype(dtype, np.integer), (name, column, dtype)
            elif column == "cohort":
                assert dtype == np.bool_, (name, column)
            else:
                assert dtype.kind == "O", (name, column)
        assert list(table.index) == list(range(len(table)))
    assert set(result.episodes["state"].cat.categories) == {"supported", "gave_up", "open"}
    assert set(result.handoffs["state"].cat.categories) == {"attended", "dropped", "under_way"}
    assert (result.episodes["days"] >= 0).all()
    counts, values = result.counts(), result.headline()
    assert counts["onsets"] == counts["supported"] + counts["gave_up"] + counts["open"]
    assert list(values) == [outcome.name for outcome in HEADLINE]
    if not result.episodes["cohort"].any():
        assert all(math.isnan(value) for value in values.values())
    for name in ("supported_28", "supported_28", "gave_up"):
        # Exactly at most 1 is asked for in test_outcomes.py.
        assert math.isnan(values[name]) or 0 <= values[name] <= 1 + 1e-9
    assert isinstance(result.published(), pd.DataFrame)
    return result


def run(folder: Path, settings: dict[str, Any] | None = None, arm: str = "fragmented", **tables: Any) -> Result:
    """Write a small place, run it and check the result."""
    return check(simulate(Scenario.load(write_place(folder / "place", settings, **tables)), arm, seed=7))


every_arm = pytest.mark.parametrize("arm", ARMS)


# --- people -----------------------------------------------------------------------------------------------------------


@every_arm
def test_no_citizens(tmp_path: Path, arm: str) -> None:
    result = run(tmp_path, None, arm, districts=changed("districts", citizens_per_year=0))
    assert set(result.counts().values()) == {0}
    assert result.ledger.empty and result.episodes.empty and result.spells.empty and result.handoffs.empty


@every_arm
@pytest.mark.parametrize("scenario", ["three_journeys", "talking_therapies"])
def test_horizon_of_0(scenario: str, arm: str) -> None:
    result = check(simulate(Scenario.load(scenario).changed({"time.horizon_days": 0}), arm))
    assert result.ledger.empty


def test_horizon_below_the_cohort_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="leaves no days"):
        run(tmp_path, {"time": {"horizon_days": 50}})


def vignette(**cells: Any) -> dict[str, Any]:
    """Return the tables of a place in which only one given person lives."""
    person = {"vignette": "anna", "district": "town", "onset_day": 30, "capability": 0.5, "persistence": 0.5,
              "patience_days": 50, **cells}  # fmt: skip
    return {
        "districts": changed("districts", citizens_per_year=0),
        "vignettes": [person],
        "vignette_needs": [{"vignette": "anna", "need": "illness", "severity": 0.5}],
    }


@pytest.mark.parametrize("arm", [arm for arm in ARMS if arm not in FRONT_DOOR_ARMS])
def test_a_place_of_vignettes_only(tmp_path: Path, arm: str) -> None:
    """Nobody is drawn, and the one who is given is supported at once, whatever the place's prevalences."""
    result = run(tmp_path, None, arm, **vignette(), needs=changed("needs", prevalence=0), services=ALWAYS_THERE)
    assert list(result.episodes["vignette"]) == ["anna"] and list(result.episodes["citizen"]) == ["anna"]
    assert result.headline()["supported_28"] == 1.0 and result.headline()["median_days"] == 0.0


def test_a_front_door_scaled_to_nobody_has_no_places(tmp_path: Path) -> None:
    """Its places are per 1,000 drawn citizens a year: the one who is given waits there until the end."""
    result = run(tmp_path, None, "single_point_of_access", **vignette(patience_days=1e12))
    assert list(result.episodes["state"]) == ["open"]
    assert list(result.spells["service"]) == ["front_door"] and list(result.spells["end"]) == ["waiting"]


@pytest.mark.parametrize(("day", "there"), [(0, True), (99.9, True), (100, False), (5000, False)])
def test_onset_at_the_edges_of_the_run(tmp_path: Path, day: float, there: bool) -> None:
    result = run(tmp_path, None, **vignette(onset_day=day))
    assert len(result.episodes) == there
    assert not result.episodes["cohort"].any()


def test_onset_lag_beyond_the_horizon(tmp_path: Path) -> None:
    """A citizen whose second need would arise after the run has one episode."""
    tables = vignette()
    later = {**tables["vignette_needs"][0], "need": "debt", "lag_days": 70}
    tables["vignette_needs"] = [*tables["vignette_needs"], later]
    needs = [{"need": "illness", "prevalence": 1}, {"need": "debt", "prevalence": 1}]
    services = changed("services", needs="all")
    assert list(run(tmp_path, None, **tables, needs=needs, services=services).episodes["need"]) == ["illness"]


def test_needs_of_no_prevalence_never_arise(tmp_path: Path) -> None:
    needs = [{"need": "illness", "prevalence": 1}, {"need": "debt", "prevalence": 0}]
    settings = {"population": {"needs_mean": 20}}
    result = run(tmp_path, settings, needs=needs, services=changed("services", needs="all"))
    assert len(result.episodes) > 30
    assert (result.episodes["need"] == "illness").all()
    assert not result.episodes["citizen"].duplicated().any()


def test_needs_all_of_no_prevalence_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="every prevalence is 0"):
        run(tmp_path, needs=changed("needs", prevalence=0))


def test_lift_of_0_keeps_kinds_apart(tmp_path: Path) -> None:
    """Of three kinds two exclude each other: nobody has both, everybody has at least one, and no need is lost."""
    kinds = ("illness", "debt", "grief")
    needs = [{"need": kind, "prevalence": 1} for kind in kinds]
    lifts = [{"need": "illness", "other": "debt", "lift": 0}]
    settings = {"population": {"needs_mean": 20, "onset_lag_days": 0}}
    tables = {"needs": needs, "services": changed("services", needs="all")}
    result = run(tmp_path, settings, cooccurrence=lifts, **tables)
    together = result.episodes.groupby("citizen", observed=True)["need"].agg(lambda own: frozenset(own))
    assert set(together) == {frozenset({"illness", "grief"}), frozenset({"debt", "grief"})}
    free = run(tmp_path / "free", settings, **tables)
    assert set(together.index) == set(free.episodes["citizen"])


def test_lift_of_0_between_all_kinds_leaves_one_need_each(tmp_path: Path) -> None:
    kinds = ("illness", "debt", "grief")
    lifts = [
        {"need": one, "other": other, "lift": 0}
        for one, other in (("illness", "debt"), ("illness", "grief"), ("debt", "grief"))
    ]
    result = run(
        tmp_path,
        {"population": {"needs_mean": 20, "onset_lag_days": 0}},
        needs=[{"need": kind, "prevalence": 1} for kind in kinds],
        cooccurrence=lifts,
        services=changed("services", needs="all"),
    )
    assert not result.episodes["citizen"].duplicated().any()
    assert set(result.episodes["need"]) == set(kinds)


@pytest.mark.parametrize(
    "population",
    [{"needs_mean": 1e-15}, {"needs_size": 1e15, "needs_mean": 2}, {"needs_mean": 1e-18}, {"needs_mean": 50}],
)
def test_allowed_numbers_of_needs_are_drawn(tmp_path: Path, population: dict[str, float]) -> None:
    """Whatever mean and size are allowed: about as many needs as the distribution has."""
    kinds = [f"kind_{number}" for number in range(8)]
    place = Scenario.load(
        write_place(
            tmp_path,
            {"population": population},
            needs=[{"need": kind, "prevalence": 1} for kind in kinds],
            services=changed("services", needs="all"),
            districts=changed("districts", citizens_per_year=2000),
        )
    )
    people = draw_people(place, world_key(1, 0))
    per_citizen = len(people.kind) / len(people)
    mean = population["needs_mean"]
    # Mean of a Poisson number without its zeros: exact in the first three, an upper bound (eight kinds) in the last.
    expected = 1.0 if mean < 1e-9 else mean / -math.expm1(-mean)
    assert per_citizen == pytest.approx(min(expected, 8.0), rel=0.1)


# --- places -----------------------------------------------------------------------------------------------------------

ALWAYS_THERE = changed("services", places=10_000_000)


@every_arm
def test_no_places(tmp_path: Path, arm: str) -> None:
    """Nobody is served; everybody waits until they leave."""
    result = run(tmp_path, {"budget": "added"}, arm, services=changed("services", places=0))
    assert len(result.episodes) > 30
    assert not (result.episodes["state"] == "supported").any()
    assert result.headline()["supported_28"] == 0.0 and math.isnan(result.headline()["median_days"])
    assert result.headline()["restricted_mean_days"] == 30.0
    if arm not in FRONT_DOOR_ARMS:
        assert set(result.spells["end"]) <= {"waiting", "abandoned_wait"}


@every_arm
def test_without_places_there_is_nothing_to_pay_coordination_with(tmp_path: Path, arm: str) -> None:
    """Under an equal budget services pay: who has none cannot have navigators or a front door, and is told so once."""
    place = Scenario.load(write_place(tmp_path, services=changed("services", places=0)))
    assert place.parameters.budget == "equal"
    if arm not in PAID_FOR_ARMS:
        assert check(simulate(place, arm)).counts()["supported"] == 0
        return
    with pytest.raises(BadInputError) as error:
        simulate(place, arm)
    assert len(error.value.problems) == 1
    message = str(error.value)
    assert f"coordination {Coordination.load(arm).title}: coordination costs" in message
    assert "and services 0; allowed: less than the services that pay for it, or budget=added" in message


def test_unlimited_places(tmp_path: Path) -> None:
    """Everybody is supported on the day of onset."""
    result = run(tmp_path, {"journey": {"attendance": 1}}, services=ALWAYS_THERE)
    assert (result.episodes["state"] == "supported").all()
    assert (result.episodes["days"] == 0).all() and (result.spells["wait"] == 0).all()
    values = result.headline()
    assert values["supported_28"] == pytest.approx(1) and values["median_days"] == 0
    assert values["restricted_mean_days"] == pytest.approx(0)


@pytest.mark.parametrize("discipline", registry.names("discipline"))
def test_no_places_under_every_discipline(tmp_path: Path, discipline: str) -> None:
    place = Scenario.load(write_place(tmp_path, {"population": {"patience_days": 1}}))
    closed = Scenario.load(write_place(tmp_path / "closed", services=changed("services", places=0)))
    check(simulate(place, Coordination(discipline=discipline)))
    assert check(simulate(closed, Coordination(discipline=discipline))).counts()["supported"] == 0


# --- handoffs ---------------------------------------------------------------------------------------------------------

MODES = registry.names("handoff")
PERFECT = {"journey": {"attendance": 1}, "population": {"patience_days": 1e12}}
ROOM = [{**row, "places": 10_000} for row in TWO_PROVIDERS["services"]]


@pytest.mark.parametrize("mode", MODES)
def test_handoffs_never_sent(tmp_path: Path, mode: str) -> None:
    """With sent at 0 every handoff is dropped at the first step, for the reason that fits the mode."""
    place = Scenario.load(write_place(tmp_path, **TWO_PROVIDERS)).changed({f"handoffs.{mode}.sent": 0})
    result = check(simulate(place, Coordination(handoff=mode), seed=7))
    assert len(result.handoffs) > 20
    reason = "not_carried" if mode in ("signposting", "accompanied") else "not_transmitted"
    assert set(result.handoffs["reason"]) == {reason} and set(result.handoffs["state"]) == {"dropped"}
    assert result.handoffs[["received", "accepted", "attended"]].isna().all().all()
    assert result.headline()["dropped_per_100"] == 100.0 and result.headline()["supported_28"] == 0.0


@pytest.mark.parametrize("mode", MODES)
def test_handoffs_always_completed(tmp_path: Path, mode: str) -> None:
    """With sent at 1, no transfer time, room for all and nobody who stays away, nothing is dropped or under way."""
    settings = {**PERFECT, "handoffs": {mode: {"sent": 1, "days": 0}}}
    place = write_place(tmp_path, settings, providers=TWO_PROVIDERS["providers"], services=ROOM)
    result = check(simulate(Scenario.load(place), Coordination(handoff=mode), seed=7))
    assert len(result.handoffs) > 30
    assert set(result.handoffs["state"]) == {"attended"} and set(result.handoffs["reason"]) == {""}
    assert np.array_equal(result.handoffs["made"], result.handoffs["attended"])
    assert result.headline()["dropped_per_100"] == 0.0


@pytest.mark.parametrize(
    "settings",
    [{"handoffs": {"letter": {"sent": 0}}}, {"navigation": {"key_worker": {"caseload": 1}}}],
    ids=str,
)
def test_one_number_of_a_group_can_be_set(tmp_path: Path, settings: dict[str, Any]) -> None:
    """A scenario.yaml may say any parameter and leave the others of its group as they are."""
    run(tmp_path, settings)


# --- attempts and appointments ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("persistence", [0, 1])
def test_persistence(tmp_path: Path, persistence: int) -> None:
    """Without it the first setback is the last; with all of it nobody ever gives up."""
    settings = {"population": {"persistence_median": persistence, "patience_days": 1}}
    result = run(tmp_path, settings, services=changed("services", places=0))
    activities = set(result.ledger["activity"])
    if persistence:
        assert "gave_up" not in activities
        assert result.episodes["tries"].max() > 2
        assert result.headline()["gave_up"] == 0.0
    else:
        assert set(result.episodes["tries"]) == {1}
        assert (result.episodes["state"] == "gave_up").mean() > 0.9
        assert set(result.ledger["followed"]) == {"", "gave_up"}


def test_patience_of_a_moment(tmp_path: Path) -> None:
    """Who is not served at once leaves at once; who finds a free place is still served."""
    settings = {"population": {"patience_days": 1e-9, "persistence_median": 0}, "journey": {"attendance": 1}}
    result = run(tmp_path, settings, districts=changed("districts", citizens_per_year=2000))
    assert set(result.spells["end"]) == {"served", "in_service", "abandoned_wait"}
    assert result.spells["wait"].max() < 1e-6
    assert set(result.episodes["state"]) == {"supported", "gave_up"}


@pytest.mark.parametrize("rebook", [0, 1])
def test_nobody_attends(tmp_path: Path, rebook: int) -> None:
    """Discharged after the first missed appointment, or offered another for ever."""
    settings = {"journey": {"attendance": 0, "rebook": rebook}, "population": {"persistence_median": 0}}
    result = run(tmp_path, settings)
    assert not result.spells["started"].notna().any()
    assert result.counts()["supported"] == 0
    if rebook:
        assert "did_not_attend" not in set(result.spells["end"])
        assert result.spells["missed"].max() > 3
    else:
        assert result.spells["missed"].max() == 1
        assert set(result.spells["end"]) <= {"did_not_attend", "waiting", "abandoned_wait"}
        assert (result.episodes["state"] == "gave_up").mean() > 0.9


def test_missed_appointments_waste_no_time_if_slots_are_refilled(tmp_path: Path) -> None:
    settings = {"journey": {"attendance": 0.5, "missed_slot_days": 0, "rebook_days": 0.01}}
    result = run(tmp_path, settings)
    assert result.spells["missed"].sum() > 10
    assert (result.ledger.loc[result.ledger["activity"] == "missed", "detail"] == 0).all()


@pytest.mark.parametrize(("odds", "attends"), [(10.0, True), (1e-300, False)])
def test_attendance_after_years_of_waiting(tmp_path: Path, odds: float, attends: bool) -> None:
    """An odds ratio per week far from 1 over ten years: the chance nears 1 or 0, and never leaves that range.

    One place is taken for ten years by the first to come; the others wait, and are then offered one.
    """
    settings = {
        "time": {"horizon_days": 4000, "warmup_days": 0, "followup_days": 100},
        "population": {"patience_days": 1e12},
        "journey": {"attendance_odds_week": odds, "rebook": 0, "attendance": 0.9999},
    }
    tables = vignette(onset_day=0, persistence=0, patience_days=1e12)
    person, need = tables["vignettes"][0], tables["vignette_needs"][0]
    tables["vignettes"] = [person, {**person, "vignette": "berta", "onset_day": 1}]
    tables["vignette_needs"] = [need, {**need, "vignette": "berta"}]
    long = changed("services", places=1, service_days=3650, service_time="fixed")
    result = run(tmp_path, settings, **tables, services=long)
    berta = result.spells[result.spells["citizen"] == "berta"].iloc[0]
    assert berta["end"] == ("in_service" if attends else "did_not_attend")


def test_severity_beyond_every_threshold(tmp_path: Path) -> None:
    """Growth so fast that severity is 1 within a moment, and a threshold of 1: the second try gets in."""
    settings = {
        "journey": {"severity_growth": 100, "redirect": 0, "attendance": 1},
        "population": {"persistence_median": 1},
    }
    result = run(tmp_path, settings, services=changed("services", threshold=1, places=1000))
    early = result.episodes[result.episodes["onset"] < 20]
    assert set(early["tries"]) <= {1, 2, 3} and (early["state"] == "supported").any()
    assert (result.episodes["days"][result.episodes["state"] == "supported"] > 0).all()


def test_expected_number_of_citizens_at_the_longest_horizon(tmp_path: Path) -> None:
    """A hundred years, one citizen a year; Poisson with mean 100 leaves 50 to 150 but once in a million."""
    settings = {"time": {"horizon_days": 36525, "warmup_days": 0, "followup_days": 30}}
    result = run(tmp_path, settings, districts=changed("districts", citizens_per_year=1))
    assert 50 < len(result.episodes) < 150
    assert result.episodes["onset"].max() > 0.5 * 36525 == 50 * DAYS_PER_YEAR
