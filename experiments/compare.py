"""``journeys compare``: arms side by side in the same random worlds."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import pandas as pd

from experiments import text
from experiments.collecting import (
    costs_table,
    drops_by_reason,
    drops_by_sector,
    published_table,
    runs_table,
    stacked,
    two_views,
)
from experiments.equity import equity_of
from experiments.equity_text import equity_text
from experiments.executor import BrokenPoolError, do_all
from experiments.launching import launch
from experiments.manifest import Manifest
from experiments.paired import compare_arms
from experiments.plan import Plan
from experiments.precision import first_worlds, judged, verdict_facts, verdict_text
from experiments.progress import shown
from experiments.store import Store
from experiments.times import times_table
from experiments.times_text import times_text
from experiments.typical import arms_of_map, spread_table, typical_worlds
from experiments.units import Unit, units_of, work
from experiments.warmup import undisturbed_until, warm_up_table, warm_ups, warning

HEADLINE_TABLE = "tables/headline.csv"
"""Without it there is nothing to make a report of."""
PlanT = TypeVar("PlanT", bound=Plan)


def command(arguments: Sequence[str]) -> int:
    """Do ``journeys compare`` and return the exit status."""
    return launch("compare", arguments, compare)


def compare(plan: Plan, folder: Path) -> int:
    """Run what is not yet stored, then write tables and figures and print the comparison.

    Args:
        plan: What to compare.
        folder: Output folder; results of the same plan that are already in it are used again.

    Returns:
        0, or 1 if runs failed.
    """
    first = plan if plan.rule is None else replace(plan, replicates=range(first_worlds(plan.rule)))
    more = None if plan.rule is None else partial(further, plan)
    status = carry_out("compare", plan, units_of(first), folder, report, more)
    if (folder / HEADLINE_TABLE).is_file():
        # After the manifest is closed, as the report says how the comparison ended.
        from experiments.report import write_report

        write_report(folder)
    return status


def further(plan: Plan, store: Store, units: Sequence[Unit], manifest: Manifest) -> list[Unit]:
    """Return the units that are wanted beside those that are stored, as the stopping rule of a plan has it."""
    assert plan.rule is not None
    runs = runs_table([store.facts(unit.arm, unit.replicate) for unit in units], plan.scenario.name, {})
    verdict = judged(runs, list(plan.arms), plan.rule)
    manifest.data["precision"] = verdict_facts(verdict, plan.rule)
    return [unit for unit in units_of(plan) if verdict.worlds <= unit.replicate < verdict.wanted]


def carry_out(
    command: str,
    plan: PlanT,
    units: Sequence[Unit],
    folder: Path,
    report: Callable[[PlanT, Sequence[Unit], Store, Path, Manifest], None],
    further: Callable[[Store, Sequence[Unit], Manifest], Sequence[Unit]] | None = None,
) -> int:
    """Run the units of an experiment that are not yet stored and report on all that are there.

    Args:
        command: Name of the experiment.
        plan: What it is.
        units: Its runs.
        folder: Output folder.
        report: Writes tables and figures of the stored units and prints them.
        further: Says which more runs are wanted, once all are stored that were wanted so far; none: it is enough.

    Returns:
        0, or 1 if runs failed.
    """
    store = Store(folder / "results")
    with Manifest(folder, command, plan) as manifest:
        try:
            _note_size(units, manifest)
            run_units(units, store, plan.workers, manifest)
            while further is not None and manifest.complete and (more := further(store, units, manifest)):
                units = [*units, *more]
                _note_size(units, manifest)
                run_units(more, store, plan.workers, manifest)
            good = [unit for unit in units if store.has(unit.arm, unit.replicate, unit.key)]
            if good:
                report(plan, good, store, folder, manifest)
        except KeyboardInterrupt:
            print(f"Stopped; what is finished is kept. Go on with {_again(folder)}", file=sys.stderr)
            raise
        _report_failures(manifest, folder)
    return 0 if manifest.complete else 1


def run_units(units: Sequence[Unit], store: Store, workers: int | None, manifest: Manifest) -> None:
    """Run the units that are not stored; failures go to the manifest."""
    store.sweep()
    waiting = [unit for unit in units if not store.has(unit.arm, unit.replicate, unit.key)]
    done = len(units) - len(waiting)
    manifest.counts["reused"] += done
    before = manifest.counts["computed"]
    if done:
        print(f"{done} of {len(units)} runs are already there", file=sys.stderr)
    try:
        for unit, failure in shown(do_all(partial(work, store=store), waiting, workers), len(units), done):
            if failure:
                manifest.fail(unit.arm, unit.replicate, failure)
            else:
                manifest.counts["computed"] += 1
    except BrokenPoolError:
        # What other workers finished before they were stopped is stored, though nobody heard of it.
        stored = sum(store.has(unit.arm, unit.replicate, unit.key) for unit in waiting)
        # This round's alone: those of earlier rounds are counted.
        manifest.counts["computed"] = before + stored
        manifest.counts["not_run"] = len(waiting) - stored - len(manifest.failures)


def report(plan: Plan, units: Sequence[Unit], store: Store, folder: Path, manifest: Manifest) -> None:
    """Write tables and figures of stored runs and print the comparison."""
    arms = [arm for arm in plan.arms if any(unit.arm == arm for unit in units)]
    titles = {arm: plan.titles[arm] for arm in arms}
    facts = [store.facts(unit.arm, unit.replicate) for unit in units]
    runs = runs_table(facts, plan.scenario.name, {path: used for path, (_, used) in plan.changes.items()})
    episodes, handoffs = (stacked(store, units, name, arms) for name in ("episodes", "handoffs"))
    for name, table in {"runs": runs, "episodes": episodes, "handoffs": handoffs}.items():
        table.to_parquet(folder / f"{name}.parquet", index=False)
    if plan.baseline not in arms:
        print(
            f"\nNothing can be compared: no run of the baseline, {plan.titles[plan.baseline]}, was finished; "
            "of the other arms see runs.parquet, episodes.parquet and handoffs.parquet",
            file=sys.stderr,
        )
        (folder / HEADLINE_TABLE).unlink(missing_ok=True)
        return
    comparison = compare_arms(runs, arms)
    time = plan.scenario.parameters.time
    equity = equity_of(episodes, handoffs, runs, arms, time)
    times = times_table(episodes, handoffs, runs, arms, time)
    own = plan.scenario.tables.initiatives
    until = {arm: undisturbed_until([*own, *plan.arms[arm].initiatives], time) for arm in arms}
    replicates = {arm: sorted(unit.replicate for unit in units if unit.arm == arm) for arm in arms}
    checks = warm_ups(episodes, replicates, time, until)
    published = published_table(facts, plan.scenario.tables.published, arms)
    costs, views = costs_table(facts, arms), two_views(handoffs, runs)
    vignettes = stacked(store, units, "vignettes", arms)
    vignettes.to_parquet(folder / "vignettes.parquet", index=False)
    mapped = {arm: titles[arm] for arm in arms_of_map(arms)}
    typical = typical_worlds(vignettes, list(mapped), time)
    _write_tables(
        folder / "tables",
        {
            "headline": comparison,
            "times": times,
            "published": published,
            "costs": costs,
            "two_views": views,
            "drops_by_reason": drops_by_reason(handoffs, runs),
            "drops_by_sector": drops_by_sector(handoffs, runs),
            "equity": equity.groups,
            "equity_gaps": equity.gaps,
            "worst_tenth": equity.worst,
            "journey_maps": spread_table(typical),
            "warm_up": warm_up_table(checks),
        },
    )
    print(f"\n{text.heading(plan, titles, runs['replicate'].nunique())}")
    if plan.rule is not None and manifest.complete:
        print("\n".join(text.wrapped(verdict_text(judged(runs, list(plan.arms), plan.rule), plan.rule, titles))))
    if caution := warning(checks, titles):
        print("\n".join(text.wrapped(caution)))
    print(f"\n{text.headline_table(comparison, titles)}")
    print(f"\n{times_text(times, titles, time.followup_days)}")
    print(f"\n{text.costs_text(costs, titles)}\n\n{text.views_text(views, titles)}")
    if not published.empty:
        print(f"\n{text.published_text(published, titles)}")
    print(f"\n{equity_text(equity, titles)}")
    # Drawing needs a library that takes half a second to import.
    from experiments.figures import compare_figures, foot_of, marks_of
    from experiments.figures.journey_map import write_maps
    from experiments.figures.labels import labels_of

    marks = marks_of(plan.scenario, {arm: plan.arms[arm] for arm in arms}, titles)
    foot = foot_of(plan, runs["replicate"].nunique())
    figures = compare_figures(
        folder / "figures",
        episodes,
        handoffs,
        runs,
        titles,
        time,
        manifest.provenance(),
        marks,
        foot,
        checks,
        comparison,
        equity.groups,
    )
    figures += write_maps(
        folder / "figures", vignettes, typical, mapped, time, manifest.provenance(), labels_of(plan.scenario), foot
    )
    print(
        text.results(
            folder,
            figures,
            {
                "report": "report.html, report.md",
                "tables": f"{HEADLINE_TABLE} and others",
                "data": "runs.parquet, episodes.parquet, handoffs.parquet, vignettes.parquet",
            },
        )
    )


def _note_size(units: Sequence[Unit], manifest: Manifest) -> None:
    """Note how many runs are wanted so far, and of which worlds."""
    manifest.counts["planned"] = len(units)
    manifest.data["replicates"] = [units[0].replicate, units[-1].replicate]


def _write_tables(folder: Path, tables: dict[str, pd.DataFrame]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        if not table.empty or len(table.columns):
            table.to_csv(folder / f"{name}.csv", index=False)


def _again(folder: Path) -> str:
    """Return the override with which the same comparison goes on."""
    return f"hydra.run.dir={text.shown_path(folder)}"


def _report_failures(manifest: Manifest, folder: Path) -> None:
    planned, not_run = manifest.counts["planned"], manifest.counts["not_run"]
    if not_run:
        print(
            f"\nA worker process died (out of memory?): {not_run} of {planned} runs were not run; what is finished is "
            f"kept. Go on with {_again(folder)}, perhaps with fewer workers=N",
            file=sys.stderr,
        )
    if not manifest.failures:
        return
    failures = manifest.failures
    print(f"\n{len(failures)} of {planned} runs failed:", file=sys.stderr)
    for failure in failures[:10]:
        print(f"  {failure['arm']}, replicate {failure['replicate']}: {failure['error']}", file=sys.stderr)
    if len(failures) > 10:
        print(f"  ... and {len(failures) - 10} more, see manifest.json", file=sys.stderr)
    print(f"Where and with what: {text.shown_path(folder)}/results/ARM/REPLICATE/failure.json", file=sys.stderr)
