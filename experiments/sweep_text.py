"""A sweep in words: its question, and the difference of each arm at each point."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from experiments import text
from experiments.sweep_tables import value_text
from experiments.sweeping import Sweep
from sim.outcomes.headline import HEADLINE, Outcome

SHOWN = ("restricted_mean_days", "supported_126", "dropped_per_100")
"""Outcomes on the terminal; the tables have all."""
MOST_POINTS = 60
"""Points of which the terminal shows a line each."""


def heading(plan: Sweep) -> str:
    """Return what is varied, where, and how often."""
    baseline, *others = plan.titles.values()
    lines = [
        f"{plan.design.title}: {plan.scenario.title or plan.scenario.name}, {baseline} (baseline)"
        + (f" against {', '.join(others)}" if others else ""),
        *text.wrapped(plan.design.question),
        f"{len(plan.points)} points, {len(plan.replicates)} replications of each, seed {plan.seed}.",
    ]
    return "\n".join(lines)


def points_text(table: pd.DataFrame, factors: Sequence[str], arms: Mapping[str, str]) -> str:
    """Return a table for each of a few outcomes, with a line for each point.

    Args:
        table: From :func:`experiments.sweep_tables.point_table`.
        factors: What is varied.
        arms: Titles by name; the first is the baseline.
    """
    baseline, *others = arms
    outcomes = {outcome.name: outcome for outcome in HEADLINE}
    points = list(dict.fromkeys(table["point"]))
    cells = {(row["point"], row["arm"], row["outcome"]): row for row in table.to_dict("records")}
    head = [*factors, arms[baseline], *(f"{arms[arm]} - {arms[baseline]}" for arm in others)]
    blocks = []
    for name in SHOWN:
        outcome = outcomes[name]
        rows = [head]
        for point in points[:MOST_POINTS]:
            first = cells[point, baseline, name]
            gaps = [_difference(cells.get((point, arm, name)), outcome) for arm in others]
            mean = text.scaled(float(first["mean"]), outcome)
            rows.append([*(value_text(first[factor]) for factor in factors), _number(mean), *gaps])
        unit = "%" if outcome.unit == "share" else outcome.unit
        label = outcome.label if unit in outcome.label else f"{outcome.label}, {unit}"
        blocks.append(f"{label}\n{text.aligned(rows)}")
    notes = ["With a sign: the difference in the same worlds; * its 95 % interval does not include zero."]
    if len(points) > MOST_POINTS:
        notes.append(f"{len(points) - MOST_POINTS} more points: tables/points.csv.")
    return "\n\n".join([*blocks, "\n".join(notes)])


def _number(value: float) -> str:
    return text.NOTHING if math.isnan(value) else f"{value:.1f}"


def _difference(row: Mapping[Any, Any] | None, outcome: Outcome) -> str:
    """Return a difference, marked if it is told apart from zero; where there is none, why not is in the tables."""
    if row is None or math.isnan(row["difference"]):
        return text.NOTHING
    gap = text.scaled(float(row["difference"]), outcome)
    is_clear = row["difference_low"] > 0 or row["difference_high"] < 0
    return f"{gap:+.1f}{'*' if is_clear else ' '}"
