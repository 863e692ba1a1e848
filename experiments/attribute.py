"""``journeys attribute``: which barrier, or which mechanism, accounts for how much of a gap."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from experiments import text
from experiments.collecting import runs_table
from experiments.compare import carry_out
from experiments.dividing import attribution_table, attribution_text, divided, heading
from experiments.games import Attribution, units_of_coalitions
from experiments.launching import launch
from experiments.manifest import Manifest
from experiments.plan import Plan, flat, parameter_text
from experiments.store import Store
from experiments.units import Unit, facts_of_units


def command(arguments: Sequence[str]) -> int:
    """Do ``journeys attribute`` and return the exit status."""
    return launch("attribute", arguments, attribute)


def attribute(plan: Plan, folder: Path) -> int:
    """Run what is not yet stored, then write table and figure and print the gap as it is divided.

    Args:
        plan: An :class:`Attribution`.
        folder: Output folder; results of the same plan that are already in it are used again.

    Returns:
        0, or 1 if runs failed.
    """
    assert isinstance(plan, Attribution)
    return carry_out("attribute", plan, units_of_coalitions(plan), folder, report)


def report(plan: Attribution, units: Sequence[Unit], store: Store, folder: Path, manifest: Manifest) -> None:
    """Write table and figure of stored runs and print the gap as it is divided."""
    facts = facts_of_units(store, units)
    runs = _runs(facts, plan)
    runs.to_parquet(folder / "runs.parquet", index=False)
    values = divided(runs, plan)
    if values.empty:
        print(f"\nNothing can be divided: no world has all of its {len(plan.arms)} runs.", file=sys.stderr)
        return
    values.to_parquet(folder / "attribution.parquet", index=False)
    table = attribution_table(values, plan)
    (folder / "tables").mkdir(exist_ok=True)
    table.to_csv(folder / "tables" / "attribution.csv", index=False)
    print(f"\n{heading(plan, values['replicate'].nunique())}\n\n{attribution_text(table, plan)}")
    # Drawing needs a library that takes half a second to import.
    from experiments.figures.attribution import write_attribution

    provenance = {**manifest.provenance(), "arms": plan.title}
    figures = write_attribution(folder / "figures", table, plan, provenance)
    files = {
        "table": "tables/attribution.csv",
        "data": "attribution.parquet (a row a world, outcome and player), runs.parquet (a row a run)",
    }
    print(text.results(folder, figures, files))


def _runs(facts: Sequence[dict[str, Any]], plan: Attribution) -> pd.DataFrame:
    """Return a row a run, with the parameters of the place of its coalition: those that were changed, and barriers."""
    used = {name: flat(place.parameters.model_dump(mode="json")) for name, place in plan.places.items()}
    paths = list(plan.changes)
    if plan.among == "barriers":
        paths += [path for player in plan.players for path in player.joining if path not in plan.changes]
    runs = runs_table(facts, plan.scenario.name, dict.fromkeys(paths)).rename(columns={"arm": "coalition"})
    for path in paths:
        levels = [used[name][path] for name in runs["coalition"]]
        runs[path] = [parameter_text(level) if isinstance(level, dict) else level for level in levels]
    return runs
