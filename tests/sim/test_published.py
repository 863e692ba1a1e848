"""Measures to set beside published figures, counted by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from sim.outcomes.published import compare_with_published, first_waits, measure, second_waits
from sim.schema.tables import Measure, PublishedRow

NAN = math.nan


def episodes_of(rows: list[tuple[str, int, bool]]) -> pd.DataFrame:
    """Return episodes of a state, with so many assessments, in the cohort or not."""
    return pd.DataFrame(rows, columns=["state", "stories", "cohort"])


def spells_of(rows: list[tuple[int, str, float, float, bool]]) -> pd.DataFrame:
    """Return spells of an episode at a stage, joined and started on some days, in the cohort or not."""
    spells = pd.DataFrame(rows, columns=["episode", "stage", "joined", "started", "cohort"])
    spells["wait"] = spells["started"] - spells["joined"]
    spells["stage"] = pd.Categorical(spells["stage"], ["assessment", "support", "crisis"])
    return spells


EPISODES = episodes_of([("supported", 1, True), ("gave_up", 2, True), ("open", 0, True), ("open", 1, True)])
NO_SPELLS = spells_of([])


def test_shares_of_all_episodes() -> None:
    """Three of four have been assessed, one of four is supported."""
    assert measure(Measure.SHARE_ASSESSED, EPISODES, NO_SPELLS) == 0.75
    assert measure(Measure.SHARE_SUPPORTED, EPISODES, NO_SPELLS) == 0.25


def first_of(*days: float) -> pd.DataFrame:
    """Return spells of assessments that began after so many days."""
    return spells_of([(number, "assessment", 100.0, 100.0 + wait, True) for number, wait in enumerate(days)])


@pytest.mark.parametrize(
    ("which", "share"),
    [
        (Measure.WAIT_FIRST_WITHIN_28, 3 / 8),
        (Measure.WAIT_FIRST_29_56, 2 / 8),
        (Measure.WAIT_FIRST_57_90, 2 / 8),
        (Measure.WAIT_FIRST_OVER_90, 1 / 8),
    ],
)
def test_bands_of_waits_hold_their_last_day(which: Measure, share: float) -> None:
    """0, 27 and 28 days are within 28; 28.5 and 56 are from 29 to 56; 57 and 90 from 57 to 90; 91 is over 90."""
    assert measure(which, EPISODES, first_of(0.0, 27.0, 28.0, 28.5, 56.0, 57.0, 90.0, 91.0)) == share


def test_a_first_wait_is_that_for_an_assessment_which_began() -> None:
    spells = spells_of([
        (0, "assessment", 10.0, 15.0, True), (1, "support", 10.0, 40.0, True), (2, "assessment", 10.0, NAN, True),
    ])  # fmt: skip
    assert first_waits(spells).tolist() == [5.0]


def test_a_second_wait_runs_from_the_last_assessment_to_support() -> None:
    """Two assessments on days 15 and 30, support on day 90; one never assessed, one never supported."""
    spells = spells_of([
        (0, "assessment", 10.0, 15.0, True), (0, "assessment", 20.0, 30.0, True), (0, "support", 31.0, 90.0, True),
        (1, "support", 10.0, 40.0, True), (2, "assessment", 10.0, 12.0, True), (2, "support", 13.0, NAN, True),
    ])  # fmt: skip
    assert second_waits(spells).tolist() == [60.0]
    assert measure(Measure.WAIT_SECOND_57_90, EPISODES, spells) == 1.0
    assert measure(Measure.WAIT_SECOND_29_56, EPISODES, spells) == 0.0
    # The first wait is another one: 5, 10 and 2 days.
    assert measure(Measure.WAIT_FIRST_WITHIN_28, EPISODES, spells) == 1.0


@pytest.mark.parametrize("stage", ["assessment", "support"])
def test_without_both_stages_there_is_no_second_wait(stage: str) -> None:
    assert second_waits(spells_of([(0, stage, 10.0, 15.0, True)])).tolist() == []


def test_waits_of_nobody_are_not_a_number() -> None:
    for which in (Measure.WAIT_FIRST_WITHIN_28, Measure.WAIT_SECOND_OVER_90):
        assert math.isnan(measure(which, EPISODES, NO_SPELLS))


def test_figures_stand_side_by_side_and_only_the_cohort_counts() -> None:
    """Of the two in the cohort one is supported; the two waits that count are 5 and 40 days."""
    episodes = episodes_of([("supported", 1, True), ("open", 0, True), ("supported", 1, False)])
    spells = spells_of([
        (0, "assessment", 10.0, 15.0, True), (1, "assessment", 10.0, 50.0, True), (2, "assessment", 1.0, 2.0, False),
    ])  # fmt: skip
    rows = (
        PublishedRow(measure=Measure.SHARE_SUPPORTED, label="Supported", value=0.6, year="2024", source="A report"),
        PublishedRow(measure=Measure.WAIT_FIRST_29_56, label="Second month", value=0.1, source="B"),
    )
    table = compare_with_published(rows, episodes, spells)
    assert table.to_dict("records") == [
        {"measure": "share_supported", "label": "Supported", "modelled": 0.5, "published": 0.6, "year": "2024",
         "source": "A report"},
        {"measure": "wait_first_29_56", "label": "Second month", "modelled": 0.5, "published": 0.1, "year": "",
         "source": "B"},
    ]  # fmt: skip
    assert np.all(table["modelled"].between(0.0, 1.0))
