"""A sensitivity analysis in words: which assumptions carry the difference between arms."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from experiments import sweep_text, text
from experiments.sensitivity import Factor
from experiments.sensitivity_plan import MORRIS, ONE_AT_A_TIME, SOBOL, Sensitivity
from sim.outcomes.headline import Outcome

METHODS = {
    ONE_AT_A_TIME: "One at a time: each factor at both ends of its range, the others as they are.",
    MORRIS: "Morris screening: random walks through the ranges that change each factor once.",
    SOBOL: "Sobol indices: which share of the variance over all ranges a factor answers for.",
}
SETTLING = {MORRIS: "mu_star", SOBOL: "total"}
"""The column by which factors are ordered, and of which is shown how it settled."""
ENDS = ("low", "high")
"""Of a range."""


def heading(plan: Sensitivity, worlds: int | None = None) -> str:
    """Return what is varied, where, how, and how often.

    Args:
        plan: What was run.
        worlds: In how many worlds all runs are there; None: nothing was run.
    """
    lines = [sweep_text.heading(plan), METHODS[plan.method]]
    if worlds is not None and worlds < len(plan.replicates):
        lost = len(plan.replicates) - worlds
        lines.append(f"{lost} of {len(plan.replicates)} worlds are left out: a run is missing there.")
    return "\n".join(lines)


def ranges_text(factors: Sequence[Factor]) -> str:
    """Return the ranges of factors."""
    rows = [["", "range", "unit"]]
    rows += [[factor.name, f"{factor.low:g} to {factor.high:g}", factor.unit] for factor in factors]
    return text.aligned(rows)


def unit_of_outcome(outcome: Outcome, is_difference: bool) -> str:
    """Return the unit of an outcome as it is shown."""
    if outcome.unit == "share":
        return "percentage points" if is_difference else "%"
    return outcome.unit


def subject_text(plan: Sensitivity, title: str, table: pd.DataFrame, settling: pd.DataFrame) -> str:
    """Return what was found about a difference between arms.

    Args:
        plan: What was run.
        title: Of the difference.
        table: A row a factor, from the statistics of the plan's method.
        settling: From :func:`experiments.convergence.convergence`; not looked at with one factor at a time.
    """
    unit = unit_of_outcome(plan.outcome, is_difference=True)
    head = f"{title}: {plan.outcome.label}"
    head += "" if unit in plan.outcome.label else f", {unit}"
    digits = text.decimals(plan.outcome)
    if plan.method == ONE_AT_A_TIME:
        return "\n".join([head, *_of_ranges(table, digits)])
    rows = _effects(table, digits) if plan.method == MORRIS else _indices(table)
    notes = _morris_notes(table, digits) if plan.method == MORRIS else _sobol_notes(table)
    column = SETTLING[plan.method]
    settled = _settled(settling, column, list(table["factor"]), digits if plan.method == MORRIS else 2)
    names = {"mu_star": "Size", "total": "Total"}
    share = f"{names[column]} from a part of the design: it has settled if it stays"
    return "\n".join([head, text.aligned(rows), *notes, "", share, text.aligned(settled)])


def _of_ranges(table: pd.DataFrame, digits: int) -> list[str]:
    """Return the ranges, widest effect first, and which of them the sign of the difference survives."""
    # Imported here because it draws as well, with a library that takes half a second to import.
    from experiments.figures.tornado import SIGNS

    rows = [["", "range", "base", "at the least", "at the greatest", "sign"]]
    for row in table.to_dict("records"):
        ends = [text.interval_text(row[end], row[f"{end}_from"], row[f"{end}_to"], digits) for end in ENDS]
        values = (row["low_value"], row["high_value"], row["base_value"])
        low, high, base = (f"{value:g}" for value in values)
        rows.append([row["factor"], f"{low} to {high}", base, *ends, SIGNS[row["sign_survives"]]])
    first = table.iloc[0]
    base_text = text.interval_text(first["base"], first["base_from"], first["base_to"], digits)
    return [f"With all factors at base: {base_text}", text.aligned(rows), *_survival(table)]


def _survival(table: pd.DataFrame) -> list[str]:
    """Return in words which factors carry the sign of the difference."""
    from experiments.figures.tornado import CHANGES, SURVIVES, UNCLEAR

    named = {sign: list(rows["factor"]) for sign, rows in table.groupby("sign_survives")}
    holds, changes, unclear = (named.get(sign, []) for sign in (SURVIVES, CHANGES, UNCLEAR))
    lines = [f"The sign of the difference survives the range of {len(holds)} of {len(table)} factors."]
    if changes:
        lines += text.wrapped(f"It changes within the range of: {', '.join(changes)}.")
    base = table.iloc[0]
    if base["base_from"] <= 0 <= base["base_to"]:
        lines.append(
            "With all factors at base it is not told apart from zero: ask for more worlds with replications=N."
        )
    elif unclear:
        lines += text.wrapped(f"Somewhere it is not told apart from zero: {', '.join(unclear)}.")
    if int(table["worlds"].iloc[0]) < 2:
        lines.append("One world alone has no interval: ask for more with replications=N.")
    return lines


def _effects(table: pd.DataFrame, digits: int) -> list[list[str]]:
    rows = [["", "size (95 % interval)", "mean (95 % interval)", "spread"]]
    for row in table.to_dict("records"):
        size, mean = _within(row, "mu_star", digits), _within(row, "mu", digits, sign="+")
        rows.append([row["factor"], size, mean, f"{row['sigma']:z,.{digits}f}"])
    return rows


def _indices(table: pd.DataFrame) -> list[list[str]]:
    rows = [["", "alone (95 % interval)", "with interactions (95 % interval)"]]
    for row in table.to_dict("records"):
        rows.append([row["factor"], *(_within(row, name, 2) for name in ("first", "total"))])
    return rows


def _within(row: Mapping[Any, Any], name: str, digits: int, sign: str = "") -> str:
    """Return a number of a row with its interval."""
    value, low, high = (f"{row[column]:{sign}z,.{digits}f}" for column in (name, f"{name}_low", f"{name}_high"))
    return f"{value} ({low} to {high})"


def _morris_notes(table: pd.DataFrame, digits: int) -> list[str]:
    notes = text.wrapped(
        "Effects of the whole range of a factor, while others are anywhere in theirs: mean of their sizes, mean, and "
        "standard deviation (interaction, or a response that is not linear)."
    )
    known = [value for value in table["noise"] if not math.isnan(value)]
    if known:
        notes.append(f"A factor without any effect may show a size of {max(known):.{digits}f}, because worlds differ.")
    return notes


def _sobol_notes(table: pd.DataFrame) -> list[str]:
    known = [value for value in table["noise"] if not math.isnan(value)]
    if not known:
        return []
    return [f"Up to {max(known):.2f} of each total is there only because worlds differ and are few."]


def _settled(settling: pd.DataFrame, column: str, factors: Sequence[str], digits: int) -> list[list[str]]:
    """Return how an index was with parts of a design and with all of it."""
    values = settling.set_index(["factor", "share"])[column]
    parts = sorted(settling["share"].unique())
    head = ["", *(f"{100 * share:.0f} %" for share in parts)]
    return [head, *([name, *(f"{values[name, share]:z,.{digits}f}" for share in parts)] for name in factors)]
