"""``journeys compare``: arms side by side in the same random worlds."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from experiments import text
from experiments.collecting import runs_table
from experiments.comparison import OF_RUNS, collected, comparison_of
from experiments.comparison_text import comparison_text
from experiments.factors import point_text
from experiments.launching import launch
from experiments.manifest import Manifest
from experiments.plan import Plan
from experiments.precision import first_worlds, judged, verdict_facts, verdict_text
from experiments.running import Way, run_units
from experiments.stopping import StoppedError
from experiments.store import FAILURE, Store
from experiments.units import Unit, facts_of_units, units_of

OWN_STORE = "store"
"""The folder of results, in an output folder, where no store is named."""
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
    runs = runs_table(facts_of_units(store, units), plan.scenario.name, {})
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
    store = Store(plan.store or folder / OWN_STORE)
    way = Way(plan.executor, plan.retry_failed)
    with Manifest(folder, command, plan) as manifest:
        try:
            _note_size(units, manifest)
            stored = run_units(units, store, way, manifest)
            while further is not None and manifest.complete and (more := further(store, units, manifest)):
                units = [*units, *more]
                _note_size(units, manifest)
                stored |= run_units(more, store, way, manifest)
        except KeyboardInterrupt:
            print(f"Stopped; what is finished is kept. Go on with {_again(folder)}", file=sys.stderr)
            raise
        except StoppedError as error:
            manifest.data["error"] = str(error)
            kept = f"What is finished is kept: the same command goes on, with {_again(folder)} in the same folder"
            print(f"\nStopped: {error}. {kept}", file=sys.stderr)
            return 1
        try:
            good = [unit for unit in units if unit.key in stored]
            if good:
                report(plan, good, store, folder, manifest)
        except KeyboardInterrupt:
            print(f"Stopped; what is finished is kept. Go on with {_again(folder)}", file=sys.stderr)
            raise
        _report_failures(manifest, store, folder)
    return 0 if manifest.complete else 1


def report(plan: Plan, units: Sequence[Unit], store: Store, folder: Path, manifest: Manifest) -> None:
    """Write tables and figures of stored runs and print the comparison."""
    arms = [arm for arm in plan.arms if any(unit.arm == arm for unit in units)]
    of_runs = collected(plan, units, store, arms)
    of_runs.write(folder)
    if plan.baseline not in arms:
        print(
            f"\nNothing can be compared: no run of the baseline, {plan.titles[plan.baseline]}, was finished; "
            f"of the other arms see runs.parquet, {', '.join(f'{name}.parquet' for name in OF_RUNS)}",
            file=sys.stderr,
        )
        (folder / HEADLINE_TABLE).unlink(missing_ok=True)
        return
    comparison = comparison_of(plan, of_runs, arms)
    comparison.write(folder / "tables")
    verdict = ""
    if plan.rule is not None and manifest.complete:
        verdict = verdict_text(judged(comparison.runs, list(plan.arms), plan.rule), plan.rule, comparison.titles)
    print(comparison_text(plan, comparison, verdict))
    # Drawing needs a library that takes half a second to import.
    from experiments.figures import compare_figures, material_of

    figures = compare_figures(
        folder / "figures", material_of(plan, comparison), manifest.provenance(), plan.executor.processes
    )
    print(
        text.results(
            folder,
            figures,
            {
                "report": "report.html, report.md",
                "tables": f"{HEADLINE_TABLE} and others",
                "data": f"runs.parquet, {', '.join(f'{name}.parquet' for name in OF_RUNS)}",
            },
        )
    )


def _note_size(units: Sequence[Unit], manifest: Manifest) -> None:
    """Note how many runs are wanted so far, and of which worlds."""
    manifest.counts["planned"] = len(units)
    manifest.data["replicates"] = [units[0].replicate, units[-1].replicate]


def _again(folder: Path) -> str:
    """Return the override with which the same comparison goes on."""
    return f"hydra.run.dir={text.shown_path(folder)}"


def _point(failure: Mapping[str, Any]) -> str:
    """Return number and values of the point at which a run failed; "" if there is no design."""
    if "point" not in failure:
        return ""
    said = point_text(failure["values"])
    return f"point {failure['point']} ({said}), " if said else f"point {failure['point']}, "


def _report_failures(manifest: Manifest, store: Store, folder: Path) -> None:
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
        run = f"{_point(failure)}{failure['arm']}, replicate {failure['replicate']}"
        print(f"  {run}: {failure['error']}", file=sys.stderr)
    if len(failures) > 10:
        print(f"  ... and {len(failures) - 10} more, see manifest.json", file=sys.stderr)
    keys = dict.fromkeys(failure["key"] for failure in failures[:10])
    where = ", ".join(text.shown_path(store.place(key) / FAILURE) for key in keys)
    print(f"Where and with what: {where}", file=sys.stderr)
