"""The reference model as ordinary tables of this model."""

from __future__ import annotations

from typing import Any

import numpy as np

from experiments.benchmark import reference as vocabulary
from experiments.benchmark.reference import BLOCK, DOORS, KINDS, Record, Reference
from experiments.validation.places import load_place
from sim import Coordination, Scenario
from sim.codes import Activity, Reason
from sim.model import JourneyModel

COORDINATION = Coordination(handoff="letter")
"""The fragmented landscape, but for letters: who has been assessed at a door is known there and nowhere else."""

_SAME = {
    Activity.ONSET: vocabulary.ONSET,
    Activity.SOUGHT: vocabulary.SOUGHT,
    Activity.JOINED: vocabulary.JOINED,
    Activity.LEFT: vocabulary.LEFT,
    Activity.ASSESSMENT_STARTED: vocabulary.ASSESSMENT_STARTED,
    Activity.ASSESSMENT_ENDED: vocabulary.ASSESSMENT_ENDED,
    Activity.SUPPORT_STARTED: vocabulary.SUPPORT_STARTED,
    Activity.SUPPORT_ENDED: vocabulary.SUPPORT_ENDED,
    Activity.HANDOFF_MADE: vocabulary.HANDOFF_MADE,
    Activity.HANDOFF_RECEIVED: vocabulary.HANDOFF_RECEIVED,
    Activity.SETBACK: vocabulary.SETBACK,
    Activity.GAVE_UP: vocabulary.GAVE_UP,
}
_DROPPED = {
    Reason.NOT_TRANSMITTED: vocabulary.NOT_TRANSMITTED,
    Reason.ABANDONED_WAIT: vocabulary.HANDOFF_DROPPED,
}
_NOT_COUNTED = (Activity.HANDOFF_ACCEPTED, Activity.HANDOFF_ATTENDED)
"""Rows that the ledger has besides, and the others do not: they coincide with joining and with starting."""


def scenario_of(reference: Reference) -> Scenario:
    """Return the reference model as a scenario, by way of a folder of tables."""
    return load_place(settings(reference), tables(reference))


def simulate(scenario: Scenario, seed: int) -> JourneyModel:
    """Make a world and run it."""
    model = JourneyModel(scenario, COORDINATION, replicate=seed)
    model.run()
    return model


def record_of(model: JourneyModel) -> Record:
    """Return the logical events of a run from its ledger.

    Raises:
        ValueError: The ledger has a row that the reference model cannot have.
    """
    columns = model.ledger.columns()
    names = np.full((256, 256), "", dtype=object)
    for activity, name in _SAME.items():
        names[activity, :] = name
    for reason, name in _DROPPED.items():
        names[Activity.HANDOFF_DROPPED, reason] = name
    what = names[columns["activity"], columns["reason"]]
    strange = (what == "") & ~np.isin(columns["activity"], _NOT_COUNTED)
    if strange.any():
        raise ValueError(f"not in the reference model: {sorted(set(columns['activity'][strange].tolist()))}")
    kept = what != ""
    times, whose = columns["time"][kept].tolist(), columns["citizen"][kept].tolist()
    return list(zip(times, what[kept].tolist(), whose, strict=True))


def tables(reference: Reference) -> dict[str, list[dict[str, Any]]]:
    """Return the tables of the scenario."""
    blocks = range(reference.blocks)
    doors = [(block, door) for block in blocks for door in range(DOORS)]
    desks = [(block, kind) for block in blocks for kind in range(KINDS)]
    assessment = {"stage": "assessment", "needs": "all", "places": reference.assessment_places}
    support = {"stage": "support", "assessed_first": "yes", "places": reference.support_places}
    public, voluntary = {"sector": "public", "profession": "advice"}, {"sector": "voluntary", "profession": "care"}
    return {
        "districts": [{"district": f"d{block}", "citizens_per_year": BLOCK} for block in blocks],
        "needs": [{"need": f"need_{kind}", "prevalence": 1} for kind in range(KINDS)],
        "providers": [
            *({"provider": f"door_{b}_{d}", "districts": f"d{b}", "visibility": 1, **public} for b, d in doors),
            *({"provider": f"helper_{b}", "districts": f"d{b}", "visibility": 0, **voluntary} for b in blocks),
        ],
        "services": [
            *(
                {"service": f"intake_{b}_{d}", "provider": f"door_{b}_{d}", "service_days": reference.assessment_days}
                | assessment
                for b, d in doors
            ),
            *(
                {"service": f"help_{b}_{k}", "provider": f"helper_{b}", "service_days": reference.support_days}
                | {"needs": f"need_{k}", **support}
                for b, k in desks
            ),
        ],
    }


def settings(reference: Reference) -> dict[str, Any]:
    """Return the settings with which nothing happens that is not in the reference model."""
    letter = {"sent": reference.sent, "days": reference.transfer_days}
    return {
        "budget": "added",
        "time": {"horizon_days": reference.days, "warmup_days": 0, "followup_days": reference.days / 10},
        "population": {
            "needs_mean": 0,
            "capability_sigma": 0,
            "patience_days": reference.patience_days,
            "patience_sigma": 0,
            "persistence_median": reference.persistence,
            "persistence_sigma": 0,
        },
        "journey": {
            "attendance": 1,
            "wrong_door": 0,
            "retry_days": reference.retry_days,
            "unaware_days": reference.unaware_days,
        },
        "handoffs": {"letter": letter},
        "crises": {"hazard": 0},
    }
