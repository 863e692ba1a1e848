"""``journeys run``: one arm in one random world, and everything that happened in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from experiments import text
from experiments.launching import launch
from experiments.manifest import Manifest
from experiments.plan import Plan
from sim import simulate
from sim.outcomes.headline import HEADLINE
from sim.outcomes.result import Result


def command(arguments: Sequence[str]) -> int:
    """Do ``journeys run`` and return the exit status."""
    return launch("run", arguments, run)


def run(plan: Plan, folder: Path) -> int:
    """Run one arm in one world, write its tables and figures and print a summary.

    Args:
        plan: With one arm and one replicate.
        folder: Output folder.

    Returns:
        0; what goes wrong is raised.
    """
    with Manifest(folder, "run", plan) as manifest:
        result = simulate(plan.scenario, plan.arms[plan.baseline], plan.seed, plan.replicates[0])
        result.check_balance()
        manifest.counts["computed"] = 1
        _write_tables(result, folder)
        print(summary(plan, result))
        # Drawing needs a library that takes half a second to import.
        from experiments.figures import run_figures

        figures = run_figures(folder / "figures", result, manifest.provenance())
        files = {
            "ledger": "ledger.parquet (an event a row)",
            "tables": "episodes.parquet, handoffs.parquet, spells.parquet, headline.csv",
        }
        print(text.results(folder, figures, files))
    return 0


def summary(plan: Plan, result: Result) -> str:
    """Return what came out, in a few lines."""
    counts, outcomes = result.counts(), result.headline()
    rows = [["", plan.titles[plan.baseline]]]
    rows += [[outcome.label, text.value_text(outcomes, outcome)] for outcome in HEADLINE]
    flows = (
        f"{counts['onsets']:,} needs arose: {counts['supported']:,} supported, {counts['gave_up']:,} given up, "
        f"{counts['open']:,} open at the end.\n"
        f"{counts['handoffs_made']:,} handoffs made: {counts['handoffs_attended']:,} attended, "
        f"{counts['handoffs_dropped']:,} dropped, {counts['handoffs_under_way']:,} under way."
    )
    parts = [text.heading(plan, plan.titles, 1), text.aligned(rows), flows, _vignettes(result)]
    return "\n\n".join(part for part in parts if part)


def _vignettes(result: Result) -> str:
    labels = {row.vignette: row.label or row.vignette for row in result.scenario.tables.vignettes}
    needs = {row.need: row.label or row.need for row in result.scenario.tables.needs}
    lived = result.episodes[result.episodes["vignette"].astype(str).isin(labels)]
    rows = [["Vignette", "need", "how it ended", "after days", "handoffs", "dropped", "story told"]]
    for row in lived.sort_values(["vignette", "onset"]).to_dict("records"):
        state = {"supported": "supported", "gave_up": "gave up", "open": "still open"}[row["state"]]
        numbers = [f"{row['days']:.0f}", str(row["handoffs"]), str(row["dropped"]), str(row["stories"])]
        rows.append([labels[row["vignette"]], needs[row["need"]], state, *numbers])
    return text.aligned(rows) if len(rows) > 1 else ""


def _write_tables(result: Result, folder: Path) -> None:
    for name in ("ledger", "episodes", "handoffs", "spells"):
        getattr(result, name).to_parquet(folder / f"{name}.parquet", index=False)
    outcomes = result.headline()
    rows = [
        {"outcome": outcome.name, "label": outcome.label, "unit": outcome.unit, "value": outcomes[outcome.name]}
        for outcome in HEADLINE
    ]
    pd.DataFrame(rows).to_csv(folder / "headline.csv", index=False)
