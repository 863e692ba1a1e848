"""Barriers to data sharing: slower transfers, undocumented handoffs and stories told twice, handoff by handoff.

No error rates: under the same random numbers these are facts about each handoff. How referrals get lost is tested in
test_barriers.py.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from sim import Result
from tests.sim.test_barriers_felt import CHARITY, CLINIC, HELP, INTAKE, LEVELS, assert_grow, at, desk, people, place


@pytest.mark.parametrize("mode", ["letter", "introduction", "tracked"])
def test_a_transfer_takes_longer_in_proportion_to_the_level(tmp_path: Path, mode: str) -> None:
    """Three times as long at level 1, handoff by handoff."""
    scenario = place(tmp_path, {"barrier_effects.data_lost": 0.0})
    runs = [first_transfers(at(scenario, "data_sharing", level, handoff=mode)) for level in LEVELS]
    for level, days in zip(LEVELS, runs, strict=True):
        both = days.index.intersection(runs[0].index)
        assert len(both) > 150
        assert days[both].to_numpy() == pytest.approx(runs[0][both].to_numpy() * (1 + 2 * level))


def first_transfers(result: Result) -> pd.Series:
    """Return the days of the transfer of each episode's first handoff, if it has arrived."""
    rows = result.handoffs[(result.handoffs["number"] == 0) & result.handoffs["received"].notna()]
    return pd.Series((rows["received"] - rows["made"]).to_numpy(), rows["episode"].to_numpy())


@pytest.mark.parametrize("mode", ["signposting", "accompanied"])
def test_where_nothing_is_sent_data_sharing_changes_only_what_records_show(tmp_path: Path, mode: str) -> None:
    free, barred = (at(place(tmp_path), "data_sharing", level, handoff=mode) for level in (0.0, 1.0))
    shown = ["sender_record"]
    pd.testing.assert_frame_equal(free.handoffs.drop(columns=shown), barred.handoffs.drop(columns=shown))
    pd.testing.assert_frame_equal(free.episodes, barred.episodes)


@pytest.mark.parametrize("records", ["separate", "shared"])
def test_fewer_completed_handoffs_are_documented_the_less_data_is_shared(tmp_path: Path, records: str) -> None:
    runs = [at(place(tmp_path), "data_sharing", level, handoff="accompanied", records=records) for level in LEVELS]
    assert len({(result.handoffs["state"] == "attended").sum() for result in runs}) == 1
    shown = [set(result.handoffs.index[result.handoffs["sender_record"] == "completed"]) for result in reversed(runs)]
    assert_grow(shown)


@pytest.mark.parametrize("records", ["partial", "shared"])
def test_who_is_assessed_twice_at_a_level_is_at_every_higher_one(tmp_path: Path, records: str) -> None:
    """All of the barrier's effects at once: who arrives at both levels tells the story again at the higher one too."""
    same = [{**row, "record_system": "one"} for row in (CLINIC, CHARITY)]
    services = [INTAKE, HELP, desk("again", "charity", "assessment")]
    scenario = place(tmp_path, {"journey.attendance": 1.0}, same, services)
    twice = []
    for level in LEVELS:
        result = at(scenario, "data_sharing", level, records=records)
        stories = result.episodes.query("state == 'supported'")
        arrived = people(result, stories["episode"])
        twice.append((people(result, stories.query("stories == 2")["episode"]), arrived))
    assert not twice[0][0]
    for (lower, _), (higher, arrived) in pairwise(twice):
        assert lower & arrived <= higher
        assert len(lower) < len(higher)
