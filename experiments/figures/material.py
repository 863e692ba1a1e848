"""What the figures of a comparison are drawn from, and which of them there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from types import ModuleType

import pandas as pd
from matplotlib.figure import Figure

from experiments.comparison import Comparison
from experiments.figures import (
    difference,
    dumbbells,
    flows,
    forest,
    funnel,
    incidence,
    over_time,
    reasons,
    runs_spread,
    sectors,
    services,
    warmup,
)
from experiments.figures.drawing import Drawing
from experiments.figures.flows_data import Flows
from experiments.figures.foot import foot_of
from experiments.figures.journey_data import UNLABELLED
from experiments.figures.labels import Labels, labels_of, titles_of
from experiments.figures.over_time import Mark, marks_of
from experiments.figures.spread import runs_of_arms
from experiments.figures.tables import cohort_of
from experiments.plan import Plan
from experiments.typical import Typical
from experiments.warmup import WarmUp
from sim.schema.parameters import Time


@dataclass(frozen=True)
class Material:
    """What the figures of a comparison are drawn from; figures of what is missing are not drawn.

    Attributes:
        arms: Titles of the arms to show, in order, by their names; the first is the baseline.
        time: The clock of the runs.
        runs: A row for each run that was finished, with ``arm``, ``replicate`` and the headline outcomes.
        episodes: Of all runs, as of a result, with columns ``arm`` and ``replicate``.
        handoffs: Of all runs, likewise.
        steps: From :func:`experiments.figures.funnel.funnel_data`.
        over_time: From :func:`experiments.figures.over_time.over_time_data`.
        checks: Of the warm-up.
        vignettes: The ledger's rows of vignettes in all runs, likewise.
        headline: From :func:`experiments.paired.compare_arms`.
        groups: From :func:`experiments.equity.groups_table`.
        services: From :func:`experiments.services.services_over_runs`.
        flows: From :func:`experiments.figures.flows_data.flows_data`; drawn of the arms of the journey maps.
        mapped: Titles of the arms whose journey maps are drawn.
        typical: The typical worlds of these maps.
        marks: Initiatives to mark on the figure over time.
        labels: Of the scenario.
        foot: The last line of each figure.
    """

    arms: Mapping[str, str]
    time: Time
    runs: pd.DataFrame
    episodes: pd.DataFrame
    handoffs: pd.DataFrame
    steps: pd.DataFrame
    over_time: pd.DataFrame
    checks: Sequence[WarmUp]
    vignettes: pd.DataFrame = field(default_factory=pd.DataFrame)
    headline: pd.DataFrame | None = None
    groups: pd.DataFrame | None = None
    services: pd.DataFrame | None = None
    flows: Flows | None = None
    mapped: Mapping[str, str] = field(default_factory=dict)
    typical: Sequence[Typical] = ()
    marks: Sequence[Mark] = ()
    labels: Labels = UNLABELLED
    foot: str = ""

    @cached_property
    def replicates(self) -> dict[str, list[int]]:
        """Replicates by arm."""
        return runs_of_arms(self.runs, self.arms)

    @cached_property
    def sizes(self) -> dict[str, int]:
        """Needs of the cohort by arm, all runs together."""
        counted = cohort_of(self.episodes, ["arm"])["arm"].value_counts()
        return {arm: int(counted.get(arm, 0)) for arm in self.arms}


def material_of(plan: Plan, comparison: Comparison) -> Material:
    """Return what the figures of a comparison are drawn from.

    Args:
        plan: What was compared.
        comparison: Its tables.
    """
    titles = titles_of(comparison.titles)
    return Material(
        arms=titles,
        time=plan.scenario.parameters.time,
        runs=comparison.runs,
        episodes=comparison.episodes,
        handoffs=comparison.handoffs,
        vignettes=comparison.vignettes,
        headline=comparison.headline,
        groups=comparison.equity.groups,
        services=comparison.services,
        steps=comparison.steps,
        over_time=comparison.over_time,
        flows=comparison.flows,
        checks=comparison.checks,
        mapped={arm: titles[arm] for arm in comparison.mapped},
        typical=comparison.typical,
        marks=marks_of(plan.scenario, {arm: plan.arms[arm] for arm in titles}, titles),
        labels=labels_of(plan.scenario),
        foot=foot_of(plan, comparison.runs["replicate"].nunique()),
    )


def drawings_of(material: Material) -> list[Drawing]:
    """Return the figures of a comparison but for its journey maps, in the order in which they are shown."""
    return [*_of_people(material), *_of_handoffs(material), *_of_time_and_place(material)]


def _of_people(material: Material) -> Iterator[Drawing]:
    """Yield ``cumulative_incidence``, ``difference_over_time``, ``forest`` and, with more than one arm, ``equity``."""
    arms, replicates, time, foot = material.arms, material.replicates, material.time, material.foot
    episodes, runs, sizes = material.episodes, material.runs, material.sizes
    curves = incidence.incidence_data(episodes, runs, arms, time)
    yield _drawing(incidence, partial(incidence.draw_incidence, curves, sizes, replicates, arms, foot))
    gaps = difference.difference_data(episodes, runs, arms, time)
    at_risk = difference.at_risk_data(episodes, runs, arms, time)
    yield _drawing(difference, partial(difference.draw_difference, gaps, at_risk, sizes, replicates, arms, foot))
    if material.headline is not None:
        yield _drawing(forest, partial(forest.draw_forest, material.headline, sizes, replicates, arms, foot))
    if material.groups is not None and len(arms) > 1:
        drawn = partial(dumbbells.draw_dumbbells, material.groups, replicates, arms, time.followup_days, foot)
        yield _drawing(dumbbells, drawn)


def _of_handoffs(material: Material) -> Iterator[Drawing]:
    """Yield ``handoff_funnel``, ``drops_by_reason``, ``drops_by_sector`` and ``flows``."""
    arms, replicates, time, foot = material.arms, material.replicates, material.time, material.foot
    handoffs, runs = material.handoffs, material.runs
    yield _drawing(funnel, partial(funnel.draw_funnel, material.steps, replicates, arms, time, foot))
    by_reason, by_sector = reasons.reasons_data(handoffs, runs, arms), sectors.sectors_data(handoffs, arms)
    yield _drawing(reasons, partial(reasons.draw_reasons, by_reason, replicates, arms, time, foot))
    yield _drawing(sectors, partial(sectors.draw_sectors, by_sector, replicates, arms, time, foot))
    if material.flows is not None:
        # Two arms side by side, as in the journey maps: more would be too small to be read.
        two, own = material.mapped, material.flows.of(material.mapped)
        left_out = [title for arm, title in arms.items() if arm not in two]
        drawn = partial(flows.draw_flows, own, runs_of_arms(runs, two), two, time, foot, left_out=left_out)
        yield _drawing(flows, drawn)


def _of_time_and_place(material: Material) -> Iterator[Drawing]:
    """Yield ``over_time``, ``warm_up``, ``services`` and ``spread_between_runs``."""
    arms, replicates, time, foot = material.arms, material.replicates, material.time, material.foot
    arisen = over_time.needs_shown(material.episodes, arms, time)
    yield _drawing(
        over_time,
        partial(over_time.draw_over_time, material.over_time, arisen, replicates, arms, time, material.marks, foot),
    )
    stock = warmup.waiting_data(material.episodes, replicates, time)
    yield _drawing(warmup, partial(warmup.draw_warm_up, stock, material.checks, replicates, arms, time, foot))
    if material.services is not None:
        drawn = partial(services.draw_services, material.services, material.labels, replicates, arms, time, foot)
        yield _drawing(services, drawn)
    worlds = runs_spread.runs_spread_data(material.runs, arms)
    yield _drawing(runs_spread, partial(runs_spread.draw_runs_spread, worlds, replicates, arms, foot))


def _drawing(kind: ModuleType, draw: Callable[..., Figure]) -> Drawing:
    """Return a figure of the kind that a module draws."""
    return Drawing(kind.NAME, kind.TITLE, draw)
