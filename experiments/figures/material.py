"""What the figures of a comparison are drawn from, and which of them there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
from experiments.figures.labels import Labels, labels_of
from experiments.figures.over_time import Mark, marks_of
from experiments.figures.spread import runs_of_arms
from experiments.figures.tables import cohort_of
from experiments.plan import Plan
from experiments.typical import Typical
from experiments.warmup import WarmUp, warm_ups
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
        vignettes: The ledger's rows of vignettes in all runs, likewise.
        headline: From :func:`experiments.paired.compare_arms`.
        groups: From :func:`experiments.equity.groups_table`.
        services: From :func:`experiments.services.services_over_runs`.
        steps: From :func:`experiments.figures.funnel.funnel_data`; made here if missing.
        over_time: From :func:`experiments.figures.over_time.over_time_data`; made here if missing.
        flows: From :func:`experiments.figures.flows_data.flows_data`; drawn of the arms of the journey maps.
        checks: Of the warm-up; made here, without initiatives, if missing.
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
    vignettes: pd.DataFrame = field(default_factory=pd.DataFrame)
    headline: pd.DataFrame | None = None
    groups: pd.DataFrame | None = None
    services: pd.DataFrame | None = None
    steps: pd.DataFrame | None = None
    over_time: pd.DataFrame | None = None
    flows: Flows | None = None
    checks: Sequence[WarmUp] | None = None
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
    titles = comparison.titles
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
        mapped=comparison.mapped,
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
    arms, time, sizes = material.arms, material.time, material.sizes
    episodes, runs = material.episodes, material.runs
    curves = incidence.incidence_data(episodes, runs, arms, time)
    yield _drawing(material, incidence, incidence.draw_incidence, (curves, sizes))
    gaps = difference.difference_data(episodes, runs, arms, time)
    at_risk = difference.at_risk_data(episodes, runs, arms, time)
    yield _drawing(material, difference, difference.draw_difference, (gaps, at_risk, sizes))
    if material.headline is not None:
        yield _drawing(material, forest, forest.draw_forest, (material.headline, sizes))
    if material.groups is not None and len(arms) > 1:
        yield _drawing(material, dumbbells, dumbbells.draw_dumbbells, (material.groups,), (time.followup_days,))


def _of_handoffs(material: Material) -> Iterator[Drawing]:
    """Yield ``handoff_funnel``, ``drops_by_reason``, ``drops_by_sector`` and ``flows``."""
    arms, time, handoffs, runs = material.arms, material.time, material.handoffs, material.runs
    steps = funnel.funnel_data(handoffs, runs, arms) if material.steps is None else material.steps
    yield _drawing(material, funnel, funnel.draw_funnel, (steps,), (time,))
    yield _drawing(material, reasons, reasons.draw_reasons, (reasons.reasons_data(handoffs, runs, arms),), (time,))
    yield _drawing(material, sectors, sectors.draw_sectors, (sectors.sectors_data(handoffs, arms),), (time,))
    if material.flows is not None:
        # Two arms side by side, as in the journey maps: more would be too small to be read.
        two = replace(material, arms=material.mapped)
        yield _drawing(two, flows, flows.draw_flows, (material.flows.of(two.arms),), (time,))


def _of_time_and_place(material: Material) -> Iterator[Drawing]:
    """Yield ``over_time``, ``warm_up``, ``services`` and ``spread_between_runs``."""
    arms, time, episodes, runs = material.arms, material.time, material.episodes, material.runs
    development = material.over_time
    if development is None:
        development = over_time.over_time_data(episodes, material.handoffs, runs, arms, time)
    arisen = over_time.needs_shown(episodes, arms, time)
    yield _drawing(material, over_time, over_time.draw_over_time, (development, arisen), (time, material.marks))
    checks = warm_ups(episodes, material.replicates, time) if material.checks is None else material.checks
    stock = warmup.waiting_data(episodes, material.replicates, time)
    yield _drawing(material, warmup, warmup.draw_warm_up, (stock, checks), (time,))
    if material.services is not None:
        yield _drawing(material, services, services.draw_services, (material.services, material.labels), (time,))
    worlds = runs_spread.runs_spread_data(runs, arms)
    yield _drawing(material, runs_spread, runs_spread.draw_runs_spread, (worlds,))


def _drawing(
    material: Material,
    kind: ModuleType,
    draw: Callable[..., Figure],
    data: tuple[object, ...],
    more: tuple[object, ...] = (),
) -> Drawing:
    """Return a figure with its own ``data``, then what all figures take, then ``more`` of its own."""
    drawn = partial(draw, *data, material.replicates, material.arms, *more, foot=material.foot)
    return Drawing(kind.NAME, kind.TITLE, drawn)
