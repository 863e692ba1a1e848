"""A sweep in words: its question, and the difference of each arm at each point."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from experiments import text
from experiments.factors import SCENARIO
from experiments.sweep_tables import value_text
from experiments.sweeping import Sweep
from sim.outcomes.headline import HEADLINE, Outcome

SHOWN = ("restricted_mean_days", "supported_126", "dropped_per_100")
"""Outcomes on the terminal; the tables have all."""
MOST_PLACES = 3
"""Places that are named in a heading."""
MOST_POINTS = 60
"""Points of which the terminal shows a line each."""


def heading(plan: Sweep) -> str:
    """Return what is varied, where, and how often."""
    baseline, *others = plan.titles.values()
    lines = [
        f"{plan.design.title}: {_places(plan)}, {baseline} (baseline)"
        + (f" against {', '.join(others)}" if others else ""),
        *text.wrapped(plan.design.question),
        f"{len(plan.points)} points, {len(plan.replicates)} replications of each, seed {plan.seed}.",
    ]
    return "\n".join(lines)


def points_text(table: pd.DataFrame, factors: Sequence[str], arms: Mapping[str, str]) -> str:
    """Return a table for each of a few outcomes, with a line for each point.

    Args:
        table: From :func:`experiments.sweep_tables.point_table`, with ``label``, what to call a point.
        factors: What is varied.
        arms: Titles by name; the first is the baseline.
    """
    baseline, *others = arms
    outcomes = {outcome.name: outcome for outcome in HEADLINE}
    points = list(dict.fromkeys(table["point"]))
    cells = {(row["point"], row["arm"], row["outcome"]): row for row in table.to_dict("records")}
    shown = _columns(table, factors)
    head = [*shown.values(), arms[baseline], *(f"{arms[arm]} - {arms[baseline]}" for arm in others)]
    blocks = []
    for name in SHOWN:
        outcome = outcomes[name]
        rows = [head]
        for point in points[:MOST_POINTS]:
            first = cells[point, baseline, name]
            gaps = [_difference(cells.get((point, arm, name)), outcome) for arm in others]
            mean = text.scaled(float(first["mean"]), outcome)
            rows.append([*(value_text(first[column]) for column in shown), _number(mean), *gaps])
        unit = "%" if outcome.unit == "share" else outcome.unit
        label = outcome.label if unit in outcome.label else f"{outcome.label}, {unit}"
        blocks.append(f"{label}\n{text.aligned(rows)}")
    notes = ["With a sign: the difference in the same worlds; * its 95 % interval does not include zero."]
    if len(points) > MOST_POINTS:
        notes.append(f"{len(points) - MOST_POINTS} more points: tables/points.csv.")
    return "\n\n".join([*blocks, "\n".join(notes)])


def _places(plan: Sweep) -> str:
    """Return the place, or the places if they are varied."""
    own = plan.scenario.title or plan.scenario.name
    if SCENARIO not in plan.design.varied:
        return own
    places = dict.fromkeys(point.values[SCENARIO] or own for point in plan.points)
    return ", ".join(places) if len(places) <= MOST_PLACES else f"{len(places)} places"


def _columns(table: pd.DataFrame, factors: Sequence[str]) -> dict[str, str]:
    """Return the columns that say which point a line is of, with their heads: one for each factor.

    One alone says it shorter where every point varies one of several factors and leaves the others as they are.
    """
    said = table[list(factors)].notna().sum(axis=1)
    return {"label": ""} if len(factors) > 1 and (said <= 1).all() else {factor: factor for factor in factors}


def _number(value: float) -> str:
    return text.NOTHING if math.isnan(value) else f"{value:.1f}"


def _difference(row: Mapping[Any, Any] | None, outcome: Outcome) -> str:
    """Return a difference, marked if it is told apart from zero; where there is none, why not is in the tables."""
    if row is None or math.isnan(row["difference"]):
        return text.NOTHING
    gap = text.scaled(float(row["difference"]), outcome)
    is_clear = row["difference_low"] > 0 or row["difference_high"] < 0
    return f"{gap:+.1f}{'*' if is_clear else ' '}"
