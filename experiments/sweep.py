"""``journeys sweep``: many design points, each with all arms in the same random worlds."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import pandas as pd

from experiments import text
from experiments.collecting import runs_table
from experiments.compare import OWN_STORE, carry_out
from experiments.factors import SCENARIO, point_label
from experiments.files import json_text
from experiments.launching import launch
from experiments.manifest import Manifest
from experiments.running import find
from experiments.store import Store, size_on_disk
from experiments.sweep_fit import main_effects
from experiments.sweep_points import cells_of, on_axes, points_along
from experiments.sweep_tables import averaged, break_even, is_numeric, point_table
from experiments.sweep_text import heading, points_text
from experiments.sweeping import Sweep, units_of_points
from experiments.units import Unit, facts_of, facts_of_units
from sim import simulate

SweepT = TypeVar("SweepT", bound=Sweep)
MOST_SHOWN = 20
"""Points that a dry run names."""


def command(arguments: Sequence[str]) -> int:
    """Do ``journeys sweep`` and return the exit status."""
    return launch("sweep", arguments, sweep)  # type: ignore[arg-type]


def sweep(plan: Sweep, folder: Path) -> int:
    """Run what is not yet stored of a sweep, then write tables and figures and print them.

    Args:
        plan: What to run.
        folder: Output folder.

    Returns:
        0, or 1 if runs failed.
    """
    return run_points("sweep", plan, folder, foreseen, report)


def run_points(
    command: str,
    plan: SweepT,
    folder: Path,
    foreseen: Callable[[SweepT, Sequence[Unit], Store], str],
    report: Callable[[SweepT, Sequence[Unit], Store, Path, Manifest], None],
) -> int:
    """Run what is not yet stored of a design and report on it, or say what would run.

    Args:
        command: Name of the experiment.
        plan: What to run.
        folder: Output folder.
        foreseen: Says what would run.
        report: Writes tables and figures of the stored units and prints them.

    Returns:
        0, or 1 if runs failed.
    """
    units = units_of_points(plan)
    if plan.dry_run:
        print(foreseen(plan, units, Store(plan.store or folder / OWN_STORE)))
        return 0
    return carry_out(command, plan, units, folder, report)


def foreseen(plan: Sweep, units: Sequence[Unit], store: Store) -> str:
    """Return which points there are, and what would run."""
    lines = [heading(plan), ""]
    shown = [f"  {number:>5}  {point_label(point.values)}" for number, point in enumerate(plan.points[:MOST_SHOWN])]
    lines += shown
    if len(plan.points) > MOST_SHOWN:
        lines.append(f"  ... and {len(plan.points) - MOST_SHOWN} more")
    return "\n".join([*lines, "", estimated(plan, units, store)])


def estimated(plan: Sweep, units: Sequence[Unit], store: Store) -> str:
    """Return how many runs there are, and an estimate of time and disk from one that is done here and not kept."""
    found = find(units, store, plan.retry_failed)
    missing, failed, different = found.waiting, len(found.failed), len({unit.key for unit in units})
    arms, worlds = len(plan.arms), len(plan.replicates)
    lines = [
        f"{len(plan.points):,} points x {arms} arms x {worlds} replications = {len(units):,} runs; "
        f"{different:,} of them differ, {len(found.stored):,} are already there.",
    ]
    if failed:
        lines.append(f"{failed:,} failed before and will not be tried again; retry_failed=true tries them again.")
    if found.damaged:
        lines.append(f"{len(found.damaged):,} are damaged and will be computed again.")
    if missing:
        start = time.perf_counter()
        unit = missing[0]
        result = simulate(unit.scenario, unit.coordination, unit.seed, unit.replicate)
        size = size_on_disk(len(json_text(facts_of(unit, result))))
        seconds = time.perf_counter() - start
        lines.append(
            f"About {_duration(seconds * len(missing))} of computing, divided by the number of processes, and "
            f"{math.ceil(size * len(missing) / 1e5) / 10:.1f} MB of disk: from one run, of {seconds:.1f} s."
        )
    return "\n".join([*lines, "Nothing was run."])


def report(plan: Sweep, units: Sequence[Unit], store: Store, folder: Path, manifest: Manifest) -> None:
    """Write tables and figures of stored runs and print the sweep."""
    runs = kept_runs(plan, units, store, folder)
    arms = {arm: title for arm, title in plan.titles.items() if (runs["arm"] == arm).any()}
    if plan.baseline not in arms:
        print(f"\nNothing can be compared: no run of the baseline, {plan.baseline}, was finished.", file=sys.stderr)
        return
    factors = list(plan.design.varied)
    labels = [point_label(point.values) for point in plan.points]
    table = point_table(runs.assign(label=[labels[point] for point in runs["point"]]), ["label", *factors], list(arms))
    _write_tables(folder / "tables", table, on_axes(runs, plan), plan, list(arms))
    print(f"\n{heading(plan)}\n\n{points_text(table, factors, arms)}")
    # Drawing needs a library that takes half a second to import.
    from experiments.figures.sweep import sweep_figures

    figures = sweep_figures(folder / "figures", runs, plan, arms, manifest.provenance(), plan.executor.processes)
    files = {
        "tables": "tables/points.csv and others",
        "data": "runs.parquet, runs.csv (a row a run, every varied parameter a column)",
    }
    print(text.results(folder, figures, files))


def _write_tables(folder: Path, points: pd.DataFrame, runs: pd.DataFrame, plan: Sweep, arms: Sequence[str]) -> None:
    """Write all points, break-evens along the factors with points that can be compared, and effects of the others.

    Args:
        folder: Where; made if it is missing.
        points: What to write of all points.
        runs: From :func:`experiments.sweep_points.on_axes`.
        plan: What was run.
        arms: Names; the first is the baseline.
    """
    folder.mkdir(exist_ok=True)
    points.to_csv(folder / "points.csv", index=False)
    factors = list(plan.design.varied)
    numeric = [factor for factor in factors if is_numeric(runs[factor])]
    along = {factor: points_along(runs, factor, factors, plan.design.sampled) for factor in numeric}
    for factor, path in along.items():
        if path is not None:
            found = break_even(averaged(path.runs, [factor]), factor, arms)
            found.to_csv(folder / f"break_even_{factor}.csv", index=False)
    if None in along.values():
        main_effects(runs, factors, arms).to_csv(folder / "main_effects.csv", index=False)


def kept_runs(plan: Sweep, units: Sequence[Unit], store: Store, folder: Path) -> pd.DataFrame:
    """Write a row a run as Parquet and CSV, and return them."""
    runs = runs_of(plan, units, store)
    runs.to_parquet(folder / "runs.parquet", index=False)
    runs.to_csv(folder / "runs.csv", index=False)
    return runs


def runs_of(plan: Sweep, units: Sequence[Unit], store: Store) -> pd.DataFrame:
    """Return a row a run: point, every varied factor, arm, replicate, headline outcomes, counts and costs."""
    changed = {path: used for path, (_, used) in plan.changes.items() if path not in plan.design.varied}
    runs = runs_table(facts_of_units(store, units), plan.scenario.name, changed)
    points = [unit.point for unit in units if unit.point is not None]
    runs = runs.drop(columns=SCENARIO) if SCENARIO in plan.design.varied else runs
    cells = {name: cells_of([point.values[name] for point in plan.points]) for name in plan.design.varied}
    columns = {name: [column[point] for point in points] for name, column in cells.items()}
    return pd.concat([pd.DataFrame({"point": points, **columns}), runs], axis=1)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
