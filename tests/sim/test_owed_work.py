"""Coordination that staff owe is worked off by whoever has staff, as soon as there are places."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sim import Coordination, Scenario, simulate
from sim.model import JourneyModel
from tests.places import TWO_PROVIDERS, write_place

INTAKE, HELP = TWO_PROVIDERS["services"]


def place(folder: Path, services: list[dict[str, Any]], **tables: list[dict[str, Any]]) -> Scenario:
    return Scenario.load(write_place(folder, **{**TWO_PROVIDERS, "services": services, **tables}))


def test_a_desk_without_staff_owes_nothing_even_where_no_other_has_places(tmp_path: Path) -> None:
    """The only staff of the clinic are at a desk that has no places: what it owes waits there."""
    spare = {**HELP, "service": "spare", "provider": "clinic", "needs": "other", "places": 0, "staff_per_place": 1}
    town = place(
        tmp_path / "place",
        [{**INTAKE, "staff_per_place": 0}, spare, {**HELP, "staff_per_place": 1}],
        needs=[{"need": "illness", "prevalence": 1}, {"need": "other", "prevalence": 0}],
    )
    result = simulate(town, "letter")
    assert (result.ledger["activity"] == "handoff_made").sum() > 20
    assert set(result.ledger[result.ledger["activity"] == "coordinated"]["resource"]) <= {"charity"}


def test_what_was_owed_without_places_is_worked_off_when_there_are_some_again(tmp_path: Path) -> None:
    """The meetings of 40 days without places: no citizen comes, so that nothing else would set the desk to work."""
    town = place(
        tmp_path / "place",
        [{**INTAKE, "staff_per_place": 0.5}, HELP],
        districts=[{"district": "town", "citizens_per_year": 0}],
        providers=[{**row, "hub": "centre"} for row in TWO_PROVIDERS["providers"]],
        initiatives=[{"initiative": "gone", "change": "places.intake", "value": 0, "from_day": 20, "to_day": 60}],
    )
    model = JourneyModel(town, Coordination.load("multidisciplinary"))
    for _ in range(62):
        model.step()
    intake = model.landscape.desks[0]
    assert (intake.places, intake.taken) == (2, 1)
    model.run()
    ledger = simulate(town, "multidisciplinary").ledger
    work = ledger[(ledger["activity"] == "coordinated") & (ledger["service"] == "intake")]
    meetings = ledger[(ledger["activity"] == "meeting") & (ledger["resource"] == "clinic")]
    owed = meetings[(meetings["time"] >= 20) & (meetings["time"] < 60)]["detail"].sum() / 0.5
    assert work[work["time"] == 60.0]["detail"].sum() >= owed > 1.0
