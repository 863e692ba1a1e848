"""The shipped places are what their READMEs say."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from sim import Result, Scenario, simulate
from sim.scenario import shipped_names
from sim.schema.tables import Sector, Stage
from sim.shipped import folder

REPLICATES = 8


@pytest.mark.parametrize("name", shipped_names())
def test_a_place_says_where_its_figures_come_from(name: str) -> None:
    """Every table has its part in the README, and every part says 'assumed' or names a source."""
    place = folder("scenarios") / name
    readme = (place / "README.md").read_text(encoding="utf-8")
    for table in place.glob("*.csv"):
        assert table.name in readme, f"{name}/README.md does not mention {table.name}"
    assert "ssumed" in readme


def test_three_journeys_is_a_town_of_the_size_it_claims() -> None:
    tables = Scenario.load("three_journeys").tables
    assert tables.citizens_per_year == pytest.approx(3000)
    assert len(tables.districts) >= 6
    assert len(tables.providers) >= 24
    assert {row.sector for row in tables.providers} == set(Sector)
    assert len({row.profession for row in tables.providers}) >= 6
    assert len(tables.needs) >= 10
    assert len(tables.cooccurrence) >= 10
    assert len(tables.vignettes) == 3


def test_the_three_people_live_in_every_replicate() -> None:
    town = Scenario.load("three_journeys")
    given = {(row.vignette, row.need) for row in town.tables.vignette_needs}
    for replicate in (0, 1):
        episodes = simulate(town, replicate=replicate).episodes
        lived = episodes[(episodes["vignette"] != "") & (episodes["recurrence"] == 0)]
        assert set(zip(lived["vignette"], lived["need"], strict=True)) == given


def utilisation(result: Result) -> dict[str, float]:
    """Return the share of each service's place-days after the warm-up that are taken, missed appointments included.

    Services that meet crises are left out: nobody plans for their load, and their people have no spells.
    """
    time = result.scenario.parameters.time
    begin, end = time.warmup_days, time.horizon_days
    taken: dict[str, float] = defaultdict(float)
    spells = result.spells[result.spells["started"].notna()]
    ended = spells["ended"].fillna(end).clip(begin, end)
    for service, days in zip(spells["service"], ended - spells["started"].clip(begin, end), strict=True):
        taken[service] += days
    missed = result.ledger[result.ledger["activity"] == "missed"]
    for service, at, days in zip(missed["service"], missed["time"], missed["detail"], strict=True):
        taken[service] += min(days, end - at) if at >= begin else 0.0
    places = {row.service: row.places for row in result.scenario.tables.services if row.stage is not Stage.CRISIS}
    return {service: taken[service] / (count * (end - begin)) for service, count in places.items()}


def test_services_are_loaded_between_80_and_100_percent_in_the_fragmented_arm() -> None:
    """Means over worlds: no service is below 80 % beyond doubt, and all together they are well inside.

    One-sided t tests at 0.1 % divided among the services: a town that is right fails once in a thousand seeds.
    """
    town = Scenario.load("three_journeys")
    runs = [utilisation(simulate(town, replicate=replicate)) for replicate in range(REPLICATES)]
    loads = {service: np.array([run[service] for run in runs]) for service in runs[0]}
    assert all(load.max() <= 1.0 + 1e-9 for load in loads.values())
    limit = stats.t.ppf(1 - 0.001 / len(loads), REPLICATES - 1)
    for service, load in loads.items():
        assert load.mean() + limit * load.std(ddof=1) / np.sqrt(REPLICATES) > 0.80, service
    everywhere = np.mean([load.mean() for load in loads.values()])
    assert 0.80 < everywhere < 0.95


def test_demand_does_not_exceed_the_places_of_the_town() -> None:
    """With places for everybody nobody waits, gives up waiting or comes again for it: what is used then is demand.

    Means over worlds; demand for one service may be above its places, all together it is not, beyond doubt: a
    one-sided t test at 0.1 %, so that a town that is right fails once in a thousand seeds.
    """
    town = Scenario.load("three_journeys")
    roomy = tuple(row.model_copy(update={"places": row.places * 50}) for row in town.tables.services)
    plenty = replace(town, tables=replace(town.tables, services=roomy))
    runs = [utilisation(simulate(plenty, replicate=replicate)) for replicate in range(REPLICATES)]
    demand = {service: 50 * float(np.mean([run[service] for run in runs])) for service in runs[0]}
    together = np.array([50 * np.mean(list(run.values())) for run in runs])
    error = together.std(ddof=1) / np.sqrt(REPLICATES)
    assert 0.85 < together.mean() < 1.0 + stats.t.ppf(1 - 0.001, REPLICATES - 1) * error
    assert min(demand.values()) > 0.7
    assert max(demand.values()) < 1.3


def test_talking_therapies_has_the_published_shares_of_referrals_by_decile() -> None:
    """NHS England, Talking Therapies annual report 2022-23: referrals received by decile of deprivation."""
    referrals = [118036, 133154, 142790, 150141, 165884, 176591, 195205, 209998, 219719, 235496]
    tables = Scenario.load("talking_therapies").tables
    rates = np.array([row.citizens_per_year for row in tables.districts])
    assert rates / rates.sum() == pytest.approx(np.array(referrals) / sum(referrals), abs=2e-4)
    assert rates.sum() == pytest.approx(1759581 / 200, rel=1e-3)


def test_modelled_figures_stand_beside_published_ones() -> None:
    table = simulate(Scenario.load("talking_therapies")).published()
    assert len(table) >= 10
    assert table["modelled"].between(0, 1).all()
    assert table["source"].str.len().min() > 0
    for stage in ("first", "second"):
        bands = table[table["measure"].str.startswith(f"wait_{stage}") & (table["year"] == "2022-23")]
        assert len(bands) == 4
        assert bands["modelled"].sum() == pytest.approx(1.0)
        assert bands["published"].sum() == pytest.approx(1.0, abs=2e-3)


def test_published_shares_are_those_of_the_statistics() -> None:
    """Checked against the published file, where it is at hand beside the checkout."""
    import pandas as pd

    file = Path(__file__).parents[3] / "shared" / "data" / "talking_therapies_england_2017_2023.csv"
    if not file.is_file():
        pytest.skip("the published statistics are not at hand beside the checkout")
    data = pd.read_csv(file)
    data = data[(data["reporting_period"] == "2022-23") & (data["variable_type"] == "Waiting Time")]
    bands = {"<=28 days": "within_28", "29-56 days": "29_56", "57-90 days": "57_90", ">90 days": "over_90"}
    shipped = {
        row.measure.value: row.value
        for row in Scenario.load("talking_therapies").tables.published
        if row.year == "2022-23"
    }
    for words, stage in (("Accessing services", "first"), ("First to Second treatment", "second")):
        rows = data[(data["variable_a"] == words) & data["variable_b"].isin(list(bands))]
        counts = rows.set_index("variable_b")["value"]
        for band, name in bands.items():
            assert shipped[f"wait_{stage}_{name}"] == pytest.approx(counts[band] / counts.sum(), abs=5e-5)
