"""Misaligned geography: districts that are not covered, and a patchwork of thresholds.

No error rates: what a level does in a district follows from the luck that docs/model.md names.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from sim import Coordination, Scenario
from sim.codes import Decision
from sim.draws import absorb, key_of, uniform, world_key
from sim.model import JourneyModel
from tests.sim.test_barriers_felt import LEVELS, SEED, at, desk, place, provider

DISTRICTS = ("east", "north", "south", "west")
OWN_RULES = {"journey.redirect": 0.0, "barrier_effects.geography_threshold": 0.8}
CLINIC: dict[str, Any] = {
    "providers": [provider("clinic", "public", "health")],
    "services": [desk("care", "clinic", "support")],
}
"""One door open to all, so that every no is one of geography."""


def luck(decision: int, name: str, district: str) -> float:
    """Return the luck of a provider in a district, from its address."""
    key = absorb(absorb(world_key(SEED, 0), key_of("provider", name)), key_of("district", district))
    return float(uniform(int(key), 0, decision, 0))


def landscape_at(scenario: Scenario, level: float) -> JourneyModel:
    return JourneyModel(scenario.changed({"barriers.geography": level}), Coordination(), SEED)


def test_a_district_is_covered_and_adds_to_thresholds_as_its_luck_has_it(tmp_path: Path) -> None:
    """Below the level times what is lost at level 1 it is not covered; it adds the level times the most times luck."""
    clinics = [provider(f"clinic_{number}", "public", "health") for number in range(25)]
    services = [desk(f"care_{number}", f"clinic_{number}", "support") for number in range(25)]
    scenario = place(tmp_path, OWN_RULES, clinics, services)
    for level in LEVELS:
        lost = 0
        for one in landscape_at(scenario, level).landscape.providers:
            covered = {
                number
                for number, district in enumerate(DISTRICTS)
                if luck(Decision.CATCHMENT_LOST, one.name, district) >= level * 0.4
            }
            added = {
                number: level * 0.8 * luck(Decision.LOCAL_THRESHOLD, one.name, district)
                for number, district in enumerate(DISTRICTS)
            }
            assert one.covered == covered
            assert one.local == pytest.approx(added if level else {})
            lost += len(DISTRICTS) - len(covered)
        assert (lost > 0) == (level > 0)


def test_thresholds_rise_with_misaligned_geography_and_nowhere_fall(tmp_path: Path) -> None:
    scenario = Scenario.load("three_journeys")
    found = [
        {
            (one.name, district): one.local.get(district, 0.0)
            for one in landscape_at(scenario, level).landscape.providers
            for district in one.nominal
        }
        for level in LEVELS
    ]
    assert set(found[0].values()) == {0.0} and len(set(found[1].values())) == len(found[1])
    for lower, higher in pairwise(found):
        assert all(higher[key] > threshold for key, threshold in lower.items())


@pytest.mark.parametrize("level", LEVELS)
def test_who_is_turned_away_is_outside_the_area_or_below_the_threshold_of_their_district(
    tmp_path: Path, level: float
) -> None:
    """Area is asked for before severity."""
    result = at(place(tmp_path, OWN_RULES, **CLINIC), "geography", level)
    refused = result.ledger.query("activity == 'turned_away'")
    reasons = dict(zip(refused["episode"], refused["reason"].astype(str), strict=True))
    expected = {}
    for number, district, severity in result.episodes[["episode", "district", "severity"]].itertuples(index=False):
        if luck(Decision.CATCHMENT_LOST, "clinic", district) < level * 0.4:
            expected[number] = "out_of_area"
        elif severity < level * 0.8 * luck(Decision.LOCAL_THRESHOLD, "clinic", district):
            expected[number] = "below_threshold"
    assert reasons == expected
    assert bool(expected) == (level > 0)


def test_misaligned_geography_comes_on_its_day_and_goes_with_the_initiative(tmp_path: Path) -> None:
    """In the districts that it reaches; between its days, what a constant level does."""
    row = {"initiative": "reform", "change": "barriers.geography", "value": 1, "from_day": 150, "to_day": 450}
    effects = {"journey.redirect": 0.0, "barrier_effects.geography_lost": 1.0}
    reform = [{**row, "districts": "north;west"}]
    scenario = place(tmp_path, effects, **CLINIC, initiatives=reform)
    result = at(scenario, "geography", 0.0)
    refused = result.ledger.query("activity == 'turned_away'")["episode"]
    episodes = result.episodes.set_index("episode")
    reached = episodes["district"].isin(["north", "west"]) & (episodes["onset"] >= 150) & (episodes["onset"] < 450)
    assert set(refused) == set(episodes.index[reached]) != set()

    model = JourneyModel(scenario, Coordination(), SEED)
    clinic, seen = model.landscape.providers[0], {}
    for day in (0.0, 149.9, 150.1, 300.0, 449.9, 450.1, 600.0):
        model.calendar.run_until(day)
        seen[day] = (sorted(clinic.covered), sorted(clinic.local))
    nothing: list[int] = []
    before, during = ([0, 1, 2, 3], nothing), ([0, 2], [1, 3])
    assert list(seen.values()) == [before, before, during, during, during, before, before]
