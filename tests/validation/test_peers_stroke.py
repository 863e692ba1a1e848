"""The published stroke wards: a small version of the comparison on the page, and the published numbers themselves.

Error rate: seeds are fixed. Were they drawn anew, the comparisons of a test together would fail falsely in at most one
of a thousand runs (Bonferroni).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from experiments.validation.compared import all_agree, with_theory
from experiments.validation.peers import stroke
from experiments.validation.peers.running import replicated
from experiments.validation.peers.stroke import ACUTE, BOTH, FULL_WARDS, SETTINGS

ERROR_RATE = 1e-3
REPLICATES, SEED = 10, 1


def test_the_published_chances_of_delay_follow_from_the_published_parameters() -> None:
    """All of them, within what rounding of the parameters allows; of other beds none."""
    numbers = 0
    for setting in SETTINGS:
        for ward, published in setting.published.items():
            for beds, number in published.items():
                low, high = stroke.of_rounding(setting, ward, beds)
                assert low <= number <= high
                assert not low <= 1.0 / stroke.erlang_b(beds + 3, stroke.offered(setting, ward)) <= high
                numbers += 1
    assert numbers == 34


def test_erlang_b_by_hand() -> None:
    assert stroke.erlang_b(1, 1.0) == pytest.approx(1 / 2)
    assert stroke.erlang_b(2, 1.0) == pytest.approx(1 / 5)


def test_mean_beds_of_current_admissions_by_hand() -> None:
    strokes = (0.87 * 7.4 + 0.13 * 4.6) / 1.2
    others = 1.8 / 9.3 + 4.0 / 3.6 + 3.8 / 3.2
    assert stroke.offered(SETTINGS[0], ACUTE) == pytest.approx(strokes + others)


def test_occupancy_of_a_few_stays() -> None:
    """One stay from before the count to day 4, one from 2 to 3, one after the end."""
    law = stroke.occupancy(np.array([-5.0, 2.0, 11.0]), np.array([4.0, 3.0, 12.0]), 0.0, 10.0)
    assert law[:3] == pytest.approx([0.6, 0.3, 0.1])
    assert law.sum() == pytest.approx(1.0)


def test_the_model_agrees_with_erlang() -> None:
    """Beds without limit, and a ward that turns away who finds none; another load is rejected."""
    compared = stroke.comparisons(REPLICATES, SEED, 1, SETTINGS[:1], FULL_WARDS[:1])
    assert {one.case for one in compared} == {"current admissions", "no waiting list"}
    assert all_agree(compared, ERROR_RATE), [one for one in compared if abs(one.z) > 3]
    (found,) = replicated([(stroke.by_model, replace(SETTINGS[0], admissions=1.1))], SEED, REPLICATES, 1)
    wrong = [
        with_theory(stroke.FAMILY, "", ward, stroke.offered(SETTINGS[0], ward), found[f"{ward}: mean beds taken"])
        for ward in (ACUTE, BOTH)
    ]
    assert not all_agree(wrong, ERROR_RATE)
