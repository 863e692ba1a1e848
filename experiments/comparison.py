"""All tables of a comparison, from its stored runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from experiments.collecting import (
    costs_table,
    drops_by_reason,
    drops_by_sector,
    published_table,
    runs_table,
    stacked,
    two_views,
    worst_of_runs,
)
from experiments.equity import Equity, equity_of
from experiments.paired import compare_arms
from experiments.plan import Plan
from experiments.services import services_over_runs
from experiments.store import Store
from experiments.times import times_table
from experiments.typical import Typical, arms_of_map, spread_table, typical_worlds
from experiments.units import TABLES, Unit, facts_of_units
from experiments.warmup import WarmUp, undisturbed_until, warm_up_table, warm_ups

if TYPE_CHECKING:
    from experiments.figures.flows_data import Flows

OF_RUNS = tuple(name for name in TABLES if name != "groups")
"""Tables of all runs that are kept, one below the other."""


@dataclass(frozen=True)
class Collected:
    """What the runs of a comparison left behind, one below the other.

    Attributes:
        facts: The numbers of each run.
        runs: A row a run.
        tables: Of all runs, by name.
    """

    facts: Sequence[dict[str, Any]]
    runs: pd.DataFrame
    tables: Mapping[str, pa.Table]

    def write(self, folder: Path) -> None:
        """Write what is kept of it as Parquet."""
        self.runs.to_parquet(folder / "runs.parquet", index=False)
        for name in OF_RUNS:
            pq.write_table(self.tables[name], folder / f"{name}.parquet")


def collected(plan: Plan, units: Sequence[Unit], store: Store, arms: Sequence[str]) -> Collected:
    """Read the stored runs of a comparison.

    Args:
        plan: What was compared.
        units: The runs that are stored.
        store: Where.
        arms: Those of which there are runs, in order.
    """
    facts = facts_of_units(store, units)
    runs = runs_table(facts, plan.scenario.name, {path: used for path, (_, used) in plan.changes.items()})
    return Collected(facts, runs, {name: stacked(store, units, name, arms) for name in TABLES})


@dataclass(frozen=True)
class Comparison:
    """The tables of a comparison.

    Attributes:
        titles: Of the arms that there are runs of, by name; the first is the baseline.
        runs: A row a run.
        episodes: Of all runs.
        handoffs: Of all runs.
        vignettes: Of all runs.
        headline: From :func:`experiments.paired.compare_arms`.
        times: From :func:`experiments.times.times_table`.
        equity: From :func:`experiments.equity.equity_of`.
        checks: Of the warm-up, by arm.
        published: From :func:`experiments.collecting.published_table`.
        costs: From :func:`experiments.collecting.costs_table`.
        views: From :func:`experiments.collecting.two_views`.
        services: From :func:`experiments.services.services_over_runs`.
        steps: From :func:`experiments.figures.funnel.funnel_data`.
        over_time: From :func:`experiments.figures.over_time.over_time_data`.
        flows: From :func:`experiments.figures.flows_data.flows_data`.
        mapped: Titles of the arms whose journey maps are drawn.
        typical: The typical worlds of these maps.
    """

    titles: Mapping[str, str]
    runs: pd.DataFrame
    episodes: pd.DataFrame
    handoffs: pd.DataFrame
    vignettes: pd.DataFrame
    headline: pd.DataFrame
    times: pd.DataFrame
    equity: Equity
    checks: Sequence[WarmUp]
    published: pd.DataFrame
    costs: pd.DataFrame
    views: pd.DataFrame
    services: pd.DataFrame
    steps: pd.DataFrame
    over_time: pd.DataFrame
    flows: Flows
    mapped: Mapping[str, str]
    typical: Sequence[Typical]

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables that are written as CSV, by name."""
        return {
            "headline": self.headline,
            "times": self.times,
            "published": self.published,
            "costs": self.costs,
            "two_views": self.views,
            "drops_by_reason": drops_by_reason(self.handoffs, self.runs),
            "drops_by_sector": drops_by_sector(self.handoffs, self.runs),
            "equity": self.equity.groups,
            "equity_gaps": self.equity.gaps,
            "worst_tenth": self.equity.worst,
            "services": self.services,
            "flows": self.flows.edges,
            "handoff_steps": self.steps,
            "over_time": self.over_time,
            "journey_maps": spread_table(self.typical),
            "warm_up": warm_up_table(self.checks),
        }

    def write(self, folder: Path) -> None:
        """Write the tables as CSV, those that have any columns."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in self.tables.items():
            if not table.empty or len(table.columns):
                table.to_csv(folder / f"{name}.csv", index=False)


def comparison_of(plan: Plan, of_runs: Collected, arms: Sequence[str]) -> Comparison:
    """Return the tables of a comparison.

    Args:
        plan: What was compared.
        of_runs: What the runs left behind.
        arms: Those of which there are runs; the first is the baseline.
    """
    # Drawing needs a library that takes half a second to import.
    from experiments.figures.flows_data import flows_data, sectors_of
    from experiments.figures.funnel import funnel_data
    from experiments.figures.labels import labels_of
    from experiments.figures.over_time import over_time_data

    labels = labels_of(plan.scenario)
    time, runs, tables = plan.scenario.parameters.time, of_runs.runs, of_runs.tables
    titles = {arm: plan.titles[arm] for arm in arms}
    episodes, handoffs, vignettes = (tables[name].to_pandas() for name in ("episodes", "handoffs", "vignettes"))
    own = plan.scenario.tables.initiatives
    until = {arm: undisturbed_until([*own, *plan.arms[arm].initiatives], time) for arm in arms}
    replicates = {arm: sorted(runs.loc[runs["arm"] == arm, "replicate"]) for arm in arms}
    mapped = {arm: titles[arm] for arm in arms_of_map(arms)}
    return Comparison(
        titles=titles,
        runs=runs,
        episodes=episodes,
        handoffs=handoffs,
        vignettes=vignettes,
        headline=compare_arms(runs, arms),
        times=times_table(episodes, handoffs, runs, arms, time),
        equity=equity_of(tables["groups"].to_pandas().astype({"arm": str}), worst_of_runs(of_runs.facts), arms),
        checks=warm_ups(episodes, replicates, time, until),
        published=published_table(of_runs.facts, plan.scenario.tables.published, arms),
        costs=costs_table(of_runs.facts, arms),
        views=two_views(handoffs, runs),
        services=services_over_runs(tables["services"].to_pandas(), arms, labels.providers),
        steps=funnel_data(handoffs, runs, titles),
        over_time=over_time_data(episodes, handoffs, runs, titles, time),
        flows=flows_data(episodes, handoffs, titles, labels, sectors_of(plan.scenario)),
        mapped=mapped,
        typical=typical_worlds(vignettes, list(mapped), time),
    )
