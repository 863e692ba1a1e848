"""The treatment centre of the package treat-sim: a small version of the comparison on the page about validation.

Error rate: seeds are fixed. Were they drawn anew, the comparisons of a test together would fail falsely in at most one
of a thousand runs (Bonferroni).
"""

from __future__ import annotations

from experiments.validation.compared import all_agree
from experiments.validation.peers import treatment_centre
from experiments.validation.peers.running import compared_with, replicated
from experiments.validation.peers.treatment_centre import CASES, by_model, by_package

ERROR_RATE = 1e-3
REPLICATES, SEED = 12, 1


def test_the_cases_are_those_of_the_package() -> None:
    names = ["base", "triage+1", "exam+1", "treat+1", "swap_exam_treat", "short_exam"]
    assert [case.name for case in CASES] == names


def test_the_model_agrees_with_the_package() -> None:
    compared = treatment_centre.comparisons(REPLICATES, SEED, 1)
    assert len(compared) == 12 * len(CASES)
    assert all_agree(compared, ERROR_RATE), [one for one in compared if abs(one.z) > 3]


def test_one_room_more_is_seen() -> None:
    base, package, model = CASES[0], *replicated([(by_package, CASES[0]), (by_model, CASES[3])], SEED, REPLICATES, 1)
    compared = compared_with("treat-sim", base.name, package, model)
    assert not all_agree(compared, ERROR_RATE)
    assert max(compared, key=lambda one: abs(one.z)).measure == "wait for treatment, minutes"
