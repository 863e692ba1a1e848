"""Queues in the model, in Ciw and in SimPy: a small version of the comparison on the page about validation.

Error rate: seeds are fixed. Were they drawn anew, the comparisons of a test together would fail falsely in at most one
of a thousand runs (Bonferroni).
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from experiments.validation.compared import all_agree
from experiments.validation.peers import queues
from experiments.validation.peers.queues import CASES, Case, by_ciw, by_model, by_simpy
from experiments.validation.peers.running import compared_with, replicated

ERROR_RATE = 1e-3
REPLICATES, SEED = 12, 1


def shorter(case: Case) -> Case:
    """Return the case with a fifth of the time."""
    return replace(case, counted=case.counted / 5.0)


def test_the_model_agrees_with_ciw_and_simpy() -> None:
    compared = queues.comparisons(REPLICATES, SEED, 1, tuple(map(shorter, CASES)))
    assert {one.family for one in compared} == {"Ciw", "SimPy"}
    assert {one.case for one in compared} == {case.name for case in CASES}
    assert all_agree(compared, ERROR_RATE), [one for one in compared if abs(one.z) > 3]


@pytest.mark.parametrize(
    ("number", "changed"),
    [(1, {"patience": 4.0}), (2, {"severe": 0.6}), (3, {"returns": 0.1})],
    ids=["patience", "how many go first", "returns"],
)
def test_a_wrong_number_is_seen(number: int, changed: dict[str, float]) -> None:
    """The same comparison rejects a model with other numbers than the peer, and two peers that differ."""
    case = replace(CASES[number], counted=CASES[number].counted / 2.0)
    wrong = replace(case, **changed)  # type: ignore[arg-type]
    model, peer, other = replicated([(by_model, wrong), (by_simpy, case), (by_ciw, wrong)], SEED, REPLICATES, 1)
    assert not all_agree(compared_with("SimPy", case.name, peer, model), ERROR_RATE)
    assert not all_agree(compared_with("SimPy", case.name, peer, other), ERROR_RATE)
