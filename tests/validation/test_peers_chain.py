"""The whole chain of a handoff in the model and in SimPy: a small version of the comparison on the page.

Error rate: seeds are fixed. Were they drawn anew, the comparisons of a test together would fail falsely in at most one
of a thousand runs (Bonferroni).
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from experiments.validation.compared import all_agree
from experiments.validation.peers import chain_simpy
from experiments.validation.peers.chain_numbers import SETTINGS, Setting
from experiments.validation.peers.chain_simpy import REASONS, by_model, by_simpy
from experiments.validation.peers.running import compared_with, replicated

ERROR_RATE = 1e-3
REPLICATES, SEED = 6, 1


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_the_model_agrees_with_the_town_in_simpy(setting: Setting) -> None:
    compared = chain_simpy.comparisons(REPLICATES, SEED, 1, (setting,))
    assert len(compared) >= 20
    assert all_agree(compared, ERROR_RATE), [one for one in compared if abs(one.z) > 3]


def test_every_reason_of_a_drop_happens_somewhere() -> None:
    runs = [by_model(setting, SEED, number) for setting in SETTINGS for number in range(3)]
    names = {reason: f"handoffs {reason.replace('_', ' ')} per 100 needs" for reason in REASONS}
    assert {reason for reason, name in names.items() if any(run[name] > 0 for run in runs)} == set(REASONS)


@pytest.mark.parametrize(
    ("number", "changed"),
    [(2, {"culture": 0.2}), (2, {"data_sharing": 0.4}), (3, {"any_door": False})],
    ids=["culture", "data sharing", "any door"],
)
def test_a_wrong_level_or_rule_is_seen(number: int, changed: dict[str, float]) -> None:
    setting = SETTINGS[number]
    wrong = replace(setting, **changed)  # type: ignore[arg-type]
    peer, model = replicated([(by_simpy, setting), (by_model, wrong)], SEED, REPLICATES, 1)
    happens = {name: values for name, values in peer.items() if values.any() or model[name].any()}
    assert not all_agree(compared_with("SimPy", setting.name, happens, model), ERROR_RATE)
