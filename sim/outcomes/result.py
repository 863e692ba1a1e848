"""What a run leaves behind: the ledger, and the tables made from it when they are asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from sim.budget import Period
from sim.coordination import Coordination
from sim.model import JourneyModel
from sim.outcomes import balance, costs, equity, headline, published, services, tables
from sim.scenario import Scenario


@dataclass(frozen=True)
class Result:
    """One run: one arm in one replicate.

    Attributes:
        scenario: The place.
        coordination: The rules.
        seed: Root seed.
        replicate: Number of the world.
        names: The names behind the ledger's numbers.
        columns: The ledger as arrays.
        capacity: Places at the start, and caseloads.
        periods: Planned costs, from date to date.
        raw: The ledger's bytes, to compare runs.
    """

    scenario: Scenario
    coordination: Coordination
    seed: int
    replicate: int
    names: tables.Names = field(repr=False)
    columns: tables.Columns = field(repr=False)
    capacity: balance.Capacity = field(repr=False)
    periods: list[Period] = field(repr=False)
    raw: bytes = field(repr=False)

    @cached_property
    def ledger(self) -> pd.DataFrame:
        """What happened, an event a row."""
        return tables.ledger_table(self.columns, self.names)

    @cached_property
    def vignettes(self) -> pd.DataFrame:
        """The rows of the ledger about the people who are given; none where nobody is."""
        return tables.vignettes_table(self.columns, self.names)

    @cached_property
    def episodes(self) -> pd.DataFrame:
        """One row an episode."""
        return tables.episodes_table(self.columns, self.names, self.scenario.parameters.time)

    @cached_property
    def spells(self) -> pd.DataFrame:
        """One row a stay at a service."""
        return tables.spells_table(self.columns, self.names, self.episodes)

    @cached_property
    def handoffs(self) -> pd.DataFrame:
        """One row a handoff."""
        return tables.handoffs_table(self.columns, self.names, self.episodes, self.scenario.parameters.time)

    @cached_property
    def services(self) -> pd.DataFrame:
        """One row a service: how full it was, and how long people waited for it."""
        return services.services_table(
            self.columns, self.names, self.capacity.places, self.spells, self.scenario.parameters.time
        )

    @cached_property
    def groups(self) -> pd.DataFrame:
        """The headline outcomes of each group of people."""
        return equity.by_group(self.episodes, self.handoffs, self.scenario.parameters.time)

    def worst_tenth(self) -> dict[str, float]:
        """Return how the worst-off tenth of the cohort's episodes fared, and who they are."""
        return equity.worst_tenth(self.episodes, self.scenario.parameters.time)

    def headline(self) -> dict[str, float]:
        """Return the headline outcomes of the cohort."""
        return headline.headline(
            self.episodes, self.handoffs, self.scenario.parameters.time, self.costs()["per_supported"]
        )

    def costs(self) -> dict[str, float]:
        """Return what the counted part of the run cost, in GBP; see :func:`sim.outcomes.costs.costs_of`."""
        return costs.costs_of(self.columns, self.periods, self.scenario.parameters)

    def counts(self) -> dict[str, int]:
        """Return the flows: onsets and their ends, handoffs and theirs."""
        return balance.counts(self.episodes, self.handoffs)

    def published(self) -> pd.DataFrame:
        """Return modelled beside published figures; empty where a scenario has none."""
        return published.compare_with_published(self.scenario.tables.published, self.episodes, self.spells)

    def check_balance(self) -> None:
        """Check that nothing is lost or counted twice.

        Raises:
            ImbalanceError: With everything that does not hold.
        """
        balance.check_balance(self.columns, self.capacity, self.scenario.parameters.time.horizon_days)


def result_of(model: JourneyModel, seed: int, replicate: int) -> Result:
    """Return the result of a model that has run."""
    scenario, people, landscape = model.scenario, model.people, model.landscape
    vignettes = [row.vignette for row in scenario.tables.vignettes]
    districts = [row.district for row in scenario.tables.districts]
    names = tables.Names(
        citizens=people.labels,
        vignettes=[vignettes[number] if number >= 0 else "" for number in people.vignette],
        districts=[districts[number] for number in people.district],
        needs_of_citizens=np.diff(people.first).tolist(),
        capabilities=people.capability.tolist(),
        needs=[row.need for row in scenario.tables.needs],
        providers=[provider.name for provider in landscape.providers],
        sectors=[provider.sector.value for provider in landscape.providers],
        professions=[provider.profession for provider in landscape.providers],
        services=[desk.name for desk in landscape.desks],
        stages=[desk.stage.value for desk in landscape.desks],
        providers_of_services=[desk.provider.number for desk in landscape.desks],
    )
    capacity = balance.Capacity(
        places=[desk.initial for desk in landscape.desks],
        caseloads=[navigator.caseload for navigator in model.navigators.people],
    )
    ledger = model.ledger
    columns = ledger.columns()
    return Result(
        scenario, model.coordination, seed, replicate, names, columns, capacity, model.periods, ledger.to_bytes()
    )
