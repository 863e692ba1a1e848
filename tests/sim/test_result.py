"""What a run leaves behind: tables made once, names in the order of their numbers, nothing that can be overwritten."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from pathlib import Path

import pandas as pd
import pytest

from sim import Result, Scenario, simulate
from sim.outcomes.equity import GROUPINGS
from sim.outcomes.headline import HEADLINE
from tests.places import TWO_PROVIDERS, changed, write_place

VIGNETTE = {
    "vignette": "ann", "label": "Ann", "district": "hills", "onset_day": 30, "capability": 0.25, "persistence": 0.5,
    "patience_days": 90,
}  # fmt: skip
PUBLISHED = {"measure": "share_supported", "label": "Supported", "value": 0.5, "source": "A report"}


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """A run of two districts, two providers and somebody who is given."""
    folder: Path = tmp_path_factory.mktemp("place") / "place"
    write_place(
        folder,
        **TWO_PROVIDERS,
        districts=[*changed("districts"), {"district": "hills", "citizens_per_year": 50}],
        needs=[{"need": "illness", "prevalence": 1}, {"need": "debt", "prevalence": 1}],
        vignettes=[VIGNETTE],
        vignette_needs=[{"vignette": "ann", "need": need, "severity": 0.5} for need in ("illness", "debt")],
        published=[PUBLISHED],
    )
    return simulate(Scenario.load(folder), "fragmented", seed=4, replicate=2)


@pytest.mark.parametrize("name", ["ledger", "vignettes", "episodes", "spells", "handoffs", "services", "groups"])
def test_a_table_is_made_once(result: Result, name: str) -> None:
    table = getattr(result, name)
    assert isinstance(table, pd.DataFrame) and len(table) > 0
    assert getattr(result, name) is table


def test_which_run_it_is(result: Result) -> None:
    assert (result.seed, result.replicate) == (4, 2)
    # The arrays and the bytes of a run are not for reading.
    for long in ("names=Names(", "columns={", "capacity=Capacity(", "periods=[", "raw=b"):
        assert long not in repr(result)


def test_numbers_have_the_names_of_the_tables(result: Result) -> None:
    """The given person is in the hills, has two needs and capability 0.25; nobody else has a name."""
    names = result.names
    assert names.needs == ["illness", "debt"]
    assert names.providers == ["clinic", "charity"]
    assert names.sectors == ["public", "voluntary"]
    assert names.professions == ["health", "advice"]
    assert (names.services, names.stages) == (["intake", "help"], ["assessment", "support"])
    assert names.providers_of_services == [0, 1]
    assert result.capacity.places == [2, 5]
    number = names.citizens.index("ann")
    assert (names.vignettes[number], names.districts[number]) == ("ann", "hills")
    assert (names.needs_of_citizens[number], names.capabilities[number]) == (2, 0.25)
    others = [row for row in range(len(names.citizens)) if row != number]
    assert {names.vignettes[row] for row in others} == {""}
    assert all(names.citizens[row].startswith(f"{names.districts[row]}-") for row in others)


def test_the_first_vignette_of_several_is_one_too(tmp_path: Path) -> None:
    """Vignettes are numbered from 0 on."""
    two = [VIGNETTE, {**VIGNETTE, "vignette": "bob", "label": "Bob"}]
    needs = [{"vignette": row["vignette"], "need": "illness", "severity": 0.5} for row in two]
    hills = [*changed("districts"), {"district": "hills", "citizens_per_year": 50}]
    folder = write_place(tmp_path / "place", districts=hills, vignettes=two, vignette_needs=needs)
    names = simulate(Scenario.load(folder), "fragmented").names
    assert {name for name in names.vignettes if name} == {"ann", "bob"}


def test_published_figures_stand_beside_the_run_s_own(result: Result) -> None:
    (row,) = result.published().to_dict("records")
    counted = result.episodes[result.episodes["cohort"]]
    assert row["modelled"] == pytest.approx((counted["state"] == "supported").mean())


def test_cost_per_support_is_part_of_the_headline(result: Result) -> None:
    assert result.headline()["cost_per_supported"] == result.costs()["per_supported"] > 0


def test_nothing_of_a_run_can_be_overwritten(result: Result) -> None:
    for fixed in (result, result.names, result.capacity, HEADLINE[0], GROUPINGS[0]):
        with pytest.raises(FrozenInstanceError):
            setattr(fixed, next(iter(vars(fixed))), None)
