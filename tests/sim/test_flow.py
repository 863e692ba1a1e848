"""Nobody is lost or counted twice: every shipped scenario under every coordination; and the checks do detect.

The tables and the headline are rebuilt by a plain walk over ``result.ledger``, which shares no code with the
package.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim import Coordination, Scenario, simulate
from sim.coordination import names as coordinations
from sim.outcomes.result import Result
from sim.scenario import shipped_names
from tests.places import TWO_PROVIDERS, write_place

SHORT = {"horizon_days": 130, "warmup_days": 20, "followup_days": 50}
RUNS = [(scenario, arm) for scenario in shipped_names() for arm in coordinations()]
HARD = {"funding": 0.9, "geography": 0.9, "culture": 0.9, "data_sharing": 0.9, "learning": 0.9}


@lru_cache
def run(scenario: str, coordination: str) -> Result:
    """Return a short run, with strong barriers and quick returns so that everything happens."""
    settings: dict[str, Any] = {"time": SHORT}
    if scenario != "talking_therapies":
        settings |= {"barriers": HARD, "population.onset_lag_days": 15.0, "crises.hazard": 0.02, "crises.raises": 0.5}
    return simulate(Scenario.load(scenario).changed(settings), coordination, seed=11)


every_run = pytest.mark.parametrize(("scenario", "coordination"), RUNS)


# --- flow, places and order -----------------------------------------------------------------------------------------


@every_run
def test_balance(scenario: str, coordination: str) -> None:
    run(scenario, coordination).check_balance()


@every_run
def test_counts_add_up(scenario: str, coordination: str) -> None:
    result = run(scenario, coordination)
    counts, activities = result.counts(), Counter(result.ledger["activity"])
    assert counts["onsets"] == counts["supported"] + counts["gave_up"] + counts["open"] == activities["onset"]
    ends = counts["handoffs_attended"] + counts["handoffs_dropped"] + counts["handoffs_under_way"]
    assert counts["handoffs_made"] == ends == activities["handoff_made"]
    assert counts["supported"] == activities["support_started"] > 0
    assert counts["gave_up"] == activities["gave_up"] > 0
    assert counts["open"] > 0
    assert counts["handoffs_attended"] == activities["handoff_attended"] > 0
    assert counts["handoffs_dropped"] == activities["handoff_dropped"] > 0
    by_reason = result.handoffs["reason"][result.handoffs["state"] == "dropped"].value_counts()
    assert by_reason[""] == 0 and by_reason.sum() == counts["handoffs_dropped"]
    assert len(result.spells) == activities["joined"]


TAKEN = ("assessment_started", "support_started", "crisis_started")
FREED = ("assessment_ended", "support_ended", "crisis_ended")
BLOCKED = ("missed", "coordinated")
"""A place is taken for a time that the row itself says."""


@every_run
def test_places_and_caseloads_are_never_exceeded(scenario: str, coordination: str) -> None:
    """Nobody is let in where all places are taken, whatever places there are by then."""
    result = run(scenario, coordination)
    places = dict(zip(result.names.services, result.capacity.places, strict=True))
    for row in result.scenario.tables.services:
        assert places[row.service] == row.places
    held: Counter[str] = Counter()
    cases: Counter[int] = Counter()
    blocks: dict[str, list[float]] = defaultdict(list)
    was_full, activities = False, set()
    for row in result.ledger.itertuples():
        activities.add(row.activity)
        if row.activity in (*TAKEN, *BLOCKED):
            over = [end for end in blocks[row.service] if end <= row.time]
            blocks[row.service] = [end for end in blocks[row.service] if end > row.time]
            held[row.service] += 1 - len(over)
            assert held[row.service] <= places[row.service], row
            was_full |= held[row.service] == places[row.service]
            if row.activity in BLOCKED:
                blocks[row.service].append(row.time + row.detail)
        elif row.activity in FREED:
            held[row.service] -= 1
            assert held[row.service] >= 0
        elif row.activity == "places":
            places[row.service] = int(row.detail)
            assert row.detail == places[row.service] >= 0
        elif row.activity in ("navigation_started", "navigation_ended"):
            number = int(row.detail)
            cases[number] += 1 if row.activity.endswith("started") else -1
            assert 0 <= cases[number] <= result.capacity.caseloads[number]
    assert was_full
    costs = result.costs()
    has_coordination = costs["handing_on"] + costs["meetings"] > 1000.0
    assert {"support_started", "missed", *(("coordinated",) if has_coordination else ())} <= activities


# --- the ledger alone rebuilds every outcome ------------------------------------------------------------------------


class Walk:
    """The tables of a run, rebuilt row by row from the ledger in words."""

    def __init__(self, result: Result) -> None:
        time = result.scenario.parameters.time
        self.horizon, self.warmup, self.followup = time.horizon_days, time.warmup_days, time.followup_days
        self.episodes: dict[int, dict[str, Any]] = {}
        self.handoffs: dict[int, list[dict[str, Any]]] = defaultdict(list)
        self.spells: dict[int, list[dict[str, Any]]] = defaultdict(list)
        self.kinds: Counter[tuple[str, str]] = Counter()
        self.latest: dict[tuple[str, str], int] = {}
        self.begun: dict[int, int] = {}
        """Where the pursuit of an episode began: another one, if it goes on from one that was given up."""
        self.supports = 0
        for row in result.ledger.itertuples(index=False):
            if row.episode >= 0:
                self._read(row)
        for episode in self.episodes.values():
            is_early = self.warmup <= episode["onset"] < self.horizon - self.followup
            episode["cohort"] = is_early and episode["origin"] != "crisis"
            # The last of the contacts is the one that had to be, if it led to support.
            episode["failure_contacts"] = max(0, episode.pop("in_vain") - episode.pop("led_there"))
        for number, own in self.handoffs.items():
            for handoff in own:
                handoff |= self._records_of(handoff)
                is_early = handoff["made"] - self.episodes[number]["onset"] <= self.followup
                handoff["cohort"] = is_early and self.episodes[number]["cohort"]

    def _read(self, row: Any) -> None:
        activity, number = row.activity, row.episode
        if activity == "onset":
            assert number == len(self.episodes)
            pair = (row.case, row.need)
            self.begun[number] = number
            if row.reason == "crisis":
                assert self.episodes[self.latest[pair]]["state"] == "gave_up"
                self.begun[number] = self.begun[self.latest[pair]]
            self.latest[pair] = number
            self.episodes[number] = {
                "citizen": row.case, "need": row.need, "onset": row.time, "severity": row.detail, "state": "open",
                "days": self.horizon - row.time, "tries": 0, "handoffs": 0, "dropped": 0, "setbacks": 0, "stories": 0,
                "first_door": "", "recurrence": self.kinds[row.case, row.need], "origin": row.reason, "crises": 0,
                "in_vain": 0, "led_there": 0, "first_handoff": "", "told": False,
            }  # fmt: skip
            self.kinds[row.case, row.need] += 1
            return
        episode = self.episodes[number]
        assert (row.case, row.need) == (episode["citizen"], episode["need"])
        if activity == "support_started" and row.time >= self.warmup:
            self.supports += 1
        if activity in ("support_started", "gave_up"):
            assert episode["state"] == "open"
            episode["state"] = "supported" if activity == "support_started" else "gave_up"
            episode["days"] = row.time - episode["onset"]
        counted = {"sought": "tries", "handoff_made": "handoffs", "handoff_dropped": "dropped",
                   "setback": "setbacks", "assessment_started": "stories"}  # fmt: skip
        if activity in counted:
            episode[counted[activity]] += 1
        if activity == "sought" and episode["tries"] == 1:
            episode["first_door"] = row.resource
        if activity.startswith("handoff_"):
            self._pass_on(row)
        self._stay(row)
        self._count_demand(row)

    def _count_demand(self, row: Any) -> None:
        """Count crises and the contacts after a first handoff that was dropped, in the follow-up of the pursuit."""
        activity, whole = row.activity, self.episodes[self.begun[row.episode]]
        if row.time - whole["onset"] > self.followup:
            return
        is_repeated = activity == "assessment_started" and whole["told"]
        whole["told"] |= activity == "assessment_started"
        whole["crises"] += activity == "crisis"
        if whole["first_handoff"] == "dropped":
            whole["in_vain"] += is_repeated or activity in ("sought", "handoff_received", "crisis")
            whole["led_there"] |= activity == "support_started"
        elif not whole["first_handoff"] and activity in ("handoff_attended", "handoff_dropped"):
            whole["first_handoff"] = activity.removeprefix("handoff_")

    @staticmethod
    def _records_of(handoff: dict[str, Any]) -> dict[str, str]:
        """Return what sender and receiver have on record of a handoff."""
        sender = receiver = "open"
        if handoff["state"] != "under_way":
            ended = {"attended": "completed", "dropped": "dropped"}[handoff["state"]]
            receiver = ended
            if handoff["noticed"] == "sender":
                sender = ended
        if "received" not in handoff or handoff["mode"] == "signposting":
            receiver = "none"
        # Of an attendance it says in the ledger only whether it is documented; the table has it in the record.
        noticed = handoff["noticed"] if handoff["state"] == "dropped" else ""
        return {"sender_record": sender, "receiver_record": receiver, "noticed": noticed}

    def _pass_on(self, row: Any) -> None:
        step = row.activity.removeprefix("handoff_")
        own = self.handoffs[row.episode]
        if step == "made":
            assert not own or own[-1]["state"] != "under_way"
            modes = ("signposting", "letter", "introduction", "tracked", "accompanied", "walk", "team")
            own.append({"sender": row.resource, "receiver": row.other, "mode": modes[int(row.detail)],
                        "state": "under_way", "reason": "", "noticed": "", "followed": ""})  # fmt: skip
        handoff = own[-1]
        assert handoff["state"] == "under_way"
        if step != "made":
            assert (row.other, row.resource) == (handoff["sender"], handoff["receiver"])
        handoff[step] = row.time
        if step in ("attended", "dropped"):
            handoff |= {"state": step, "reason": row.reason, "noticed": row.noticed, "followed": row.followed}

    def _stay(self, row: Any) -> None:
        own = self.spells[row.episode]
        if row.activity == "joined":
            assert not own or own[-1]["end"] not in ("waiting", "in_service")
            own.append({"service": row.service, "joined": row.time, "missed": 0, "end": "waiting"})
        elif row.activity == "missed":
            assert own[-1]["end"] == "waiting"
            own[-1]["missed"] += 1
        elif row.activity in ("assessment_started", "support_started"):
            assert own[-1]["end"] == "waiting" and own[-1]["service"] == row.service
            own[-1] |= {"started": row.time, "end": "in_service", "wait": row.time - own[-1]["joined"]}
        elif row.activity in ("assessment_ended", "support_ended"):
            assert own[-1]["end"] == "in_service" and own[-1]["service"] == row.service
            own[-1] |= {"ended": row.time, "end": "served"}
        elif row.activity == "left":
            assert own[-1]["end"] == "waiting" and own[-1]["service"] == row.service
            own[-1] |= {"ended": row.time, "end": row.reason, "wait": row.time - own[-1]["joined"]}

    def headline(self, total_cost: float) -> dict[str, float]:
        """Return the headline of the cohort, by following the risk set from day to day."""
        followup = self.followup
        counted = [episode for episode in self.episodes.values() if episode["cohort"]]
        made = [handoff for own in self.handoffs.values() for handoff in own if handoff["cohort"]]
        at_risk, area, last = len(counted), 0.0, 0.0
        # Exact, because whether half are supported can hang on the last digit.
        unmet, supported, gave_up = Fraction(1), Fraction(0), Fraction(0)
        values = dict.fromkeys(("median_days", "supported_28", "supported_126"), math.nan)
        by_day = defaultdict(list)
        for episode in counted:
            by_day[episode["days"]].append(episode["state"])
        longest = max((episode["days"] for episode in counted), default=0.0)
        known = all(episode["state"] != "open" for episode in counted)
        for limit in (28.0, 126.0, followup):
            by_day.setdefault(limit, [])
        for day in sorted(by_day):
            area += float(1 - supported) * (min(day, followup) - min(last, followup))
            last = day
            ends = Counter(by_day[day])
            if ends["supported"] or ends["gave_up"]:
                supported += unmet * Fraction(ends["supported"], at_risk)
                gave_up += unmet * Fraction(ends["gave_up"], at_risk)
                unmet *= 1 - Fraction(ends["supported"] + ends["gave_up"], at_risk)
            at_risk -= len(by_day[day])
            if supported >= Fraction(1, 2) and math.isnan(values["median_days"]):
                values["median_days"] = day
            for name, limit in (("supported_28", 28.0), ("supported_126", 126.0)):
                if day == limit and (known or limit <= longest):
                    values[name] = float(supported)
            if day == followup:
                values |= {"gave_up": float(gave_up), "restricted_mean_days": area}
        dropped = sum(handoff["state"] == "dropped" for handoff in made)
        values["dropped_per_100"] = 100.0 * dropped / len(made) if made else math.nan
        failed = sum(episode["setbacks"] + episode["dropped"] for episode in counted)
        values["failed_per_100"] = 100.0 * failed / len(counted)
        values["failure_per_100"] = 100.0 * sum(episode["failure_contacts"] for episode in counted) / len(counted)
        values["crises_per_100"] = 100.0 * sum(episode["crises"] for episode in counted) / len(counted)
        values["cost_per_supported"] = total_cost / self.supports
        return values


def cost_of_staff(scenario: Scenario) -> float:
    """Return what the staff of all desks cost after the warm-up: under an equal budget that is all there is."""
    costs, time = scenario.parameters.costs, scenario.parameters.time
    by_stage = {"support": costs.support_staff, "assessment": costs.assessment_staff, "crisis": costs.assessment_staff}
    staff = 0.0
    for row in scenario.tables.services:
        per_place = by_stage[row.stage] if row.staff_per_place is None else row.staff_per_place
        staff += row.places * per_place
    return staff * costs.staff_year / 365.25 * (time.horizon_days - time.warmup_days)


def assert_same(table: list[dict[str, Any]], rebuilt: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    """Assert that the rows of a table are the rebuilt ones; where a rebuilt row has no value, the table has NaN."""
    assert len(table) == len(rebuilt)
    for row, expected in zip(table, rebuilt, strict=True):
        for column in columns:
            wanted = expected.get(column, math.nan)
            if isinstance(wanted, float):
                assert row[column] == pytest.approx(wanted, abs=1e-9, nan_ok=True), (column, row)
            else:
                assert row[column] == wanted, (column, row)


@every_run
def test_the_ledger_alone_rebuilds_every_outcome(scenario: str, coordination: str) -> None:
    result = run(scenario, coordination)
    walk = Walk(result)
    assert_same(
        result.episodes.to_dict("records"),
        [walk.episodes[number] for number in range(len(walk.episodes))],
        ("citizen", "need", "onset", "severity", "state", "days", "tries", "handoffs", "dropped", "setbacks", "stories",
         "first_door", "recurrence", "origin", "crises", "failure_contacts", "cohort"),
    )  # fmt: skip
    handoffs = [handoff | {"episode": number, "number": order} for number in sorted(walk.handoffs)
                for order, handoff in enumerate(walk.handoffs[number])]  # fmt: skip
    assert_same(
        result.handoffs.to_dict("records"),
        handoffs,
        ("episode", "number", "sender", "receiver", "mode", "state", "reason", "noticed", "followed", "made",
         "received", "accepted", "attended", "dropped", "sender_record", "receiver_record", "cohort"),
    )  # fmt: skip
    if scenario == "three_journeys":
        assert {"", "crisis", "raised"} == {episode["origin"] for episode in walk.episodes.values()}
        assert sum(episode["failure_contacts"] > 0 for episode in walk.episodes.values()) > 20
    spells = [spell | {"episode": number} for number in sorted(walk.spells) for spell in walk.spells[number]]
    columns = ("episode", "service", "joined", "started", "ended", "wait", "missed", "end")
    assert_same(result.spells.to_dict("records"), spells, columns)
    headline = result.headline()
    rebuilt = walk.headline(cost_of_staff(result.scenario))
    assert set(headline) == set(rebuilt)
    for name, value in rebuilt.items():
        assert headline[name] == pytest.approx(value, abs=1e-9, nan_ok=True), name


def test_nobody_hands_on_to_the_front_door(tmp_path: Path) -> None:
    """People come to it; workers hand on from it, never to it, though here nobody knows anybody and all guess."""
    settings = {"barriers.learning": 1.0, "barrier_effects.learning_unknown": 1.0, "journey.guess": 1.0}
    # Without places for support all providers are equally likely to be guessed.
    services = [{**row, "places": 0 if row["stage"] == "support" else 99} for row in TWO_PROVIDERS["services"]]
    folder = write_place(tmp_path, providers=TWO_PROVIDERS["providers"], services=services)
    place = Scenario.load(folder).changed(settings)
    handoffs = simulate(place, "single_point_of_access", seed=11).handoffs
    assert {"front_door", "clinic"} <= set(handoffs["sender"])
    assert set(handoffs["receiver"]) == {"clinic", "charity"}


@pytest.mark.parametrize("navigation", ["link_worker", "key_worker"])
def test_navigators_help_only_those_with_something_to_do(navigation: str) -> None:
    """A case starts for a citizen who has a need that is neither supported nor given up, however long the list."""
    kind = f"navigation.{navigation}"
    short = {f"{kind}.caseload": 1, f"{kind}.days": 10.0, f"{kind}.min_needs": 1, "time": SHORT}
    town = Scenario.load("three_journeys").changed(short)
    ledger = simulate(town, Coordination(navigation=navigation), seed=11).ledger
    unsettled: Counter[str] = Counter()
    idle, cases = 0, 0
    for activity, citizen in zip(ledger["activity"], ledger["case"], strict=True):
        if activity == "onset":
            unsettled[citizen] += 1
        elif activity in ("support_started", "gave_up"):
            unsettled[citizen] -= 1
        elif activity == "navigation_started":
            cases += 1
            idle += unsettled[citizen] == 0
    assert cases > 50
    assert idle == 0, f"{idle} of {cases} cases are of citizens with nothing to do"


# --- the checks detect ----------------------------------------------------------------------------------------------

Columns = dict[str, np.ndarray]
