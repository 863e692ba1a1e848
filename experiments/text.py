"""Tables for the terminal."""

from __future__ import annotations

import math
import os
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from experiments.plan import Plan
from sim.outcomes.headline import HEADLINE, Outcome

UNITS = {"share": " %", "days": " days", "per 100": ""}
"""What is written after a value; the labels of outcomes say of themselves what is counted per 100."""

NOT_REACHED = "not reached"
NOTHING = "none"
"""Shown where there was nothing to count: no needs in the cohort, or no handoffs."""


def heading(plan: Plan, replications: int) -> str:
    """Return what a table is about: place, arms, cohort, replications and budget."""
    time = plan.scenario.parameters.time
    baseline, *others = plan.titles.values()
    against = f"{baseline} (baseline) against {', '.join(others)}" if others else baseline
    count = f"{replications} replication{'' if replications == 1 else 's'}"
    return "\n".join(
        [
            f"{plan.scenario.title}: {against}",
            f"{count}, seed {plan.seed}. Counted: needs that arise from day {time.warmup_days:g} to "
            f"day {time.horizon_days - time.followup_days:g}, followed for at least {time.followup_days:g} days.",
            "Budget: added (coordination staff is not yet paid for by services).",
        ]
    )


def headline_table(comparison: pd.DataFrame, titles: Mapping[str, str]) -> str:
    """Return the headline outcomes, arms as columns, with paired differences from the baseline.

    Args:
        comparison: From :func:`experiments.paired.compare_arms`.
        titles: Title of each arm by name; the first is the baseline.
    """
    cells = {(row["arm"], row["outcome"]): row for row in comparison.to_dict("records")}
    baseline, *others = titles
    means = [["", *titles.values()]]
    gaps = [["", *(f"{titles[arm]} - {titles[baseline]} (95 % CI)" for arm in others)]]
    for outcome in HEADLINE:
        label = outcome.label + UNITS[outcome.unit].replace(" ", ", ", 1)
        means.append([label, *(_mean(cells[arm, outcome.name]["mean"], outcome) for arm in titles)])
        gaps.append([label, *(_gap(cells[arm, outcome.name], outcome) for arm in others)])
    if not others:
        return aligned(means)
    both = aligned([[*mean, *gap[1:]] for mean, gap in zip(means, gaps, strict=True)])
    fits = max(map(len, both.splitlines())) <= max(_columns(), 100)
    return "\n".join([both if fits else f"{aligned(means)}\n\n{aligned(gaps)}", "", *_notes(comparison, others)])


def published_text(table: pd.DataFrame, titles: Mapping[str, str]) -> str:
    """Return modelled beside published figures, arms as columns.

    Args:
        table: From :func:`experiments.collecting.published_table`.
        titles: Title of each arm by name.
    """
    rows = [["Published figures beside modelled ones, %", "year", "published", *titles.values()]]
    # Different years may have the same measure: the figure's own words and year say which it is.
    for (label, year), group in table.groupby(["label", "year"], sort=False):
        modelled = group.set_index("arm")["modelled"]
        first, *rest = textwrap.wrap(str(label), 60)
        values = [_percent(float(modelled[arm])) for arm in titles]
        rows.append([first, str(year), _percent(float(group["published"].iloc[0])), *values])
        rows += [[f"  {line}", "", "", *("" for _ in titles)] for line in rest]
    return aligned(rows) + "\nModelled: mean over replications. Sources: tables/published.csv."


def aligned(rows: Sequence[Sequence[str]], rule: bool = True) -> str:
    """Return rows of text as columns, the first to the left, the others to the right, a rule below the first row."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "   ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    if rule:
        lines.insert(1, "-" * (sum(widths) + 3 * (len(widths) - 1)))
    return "\n".join(lines)


def value_text(value: float, outcome: Outcome) -> str:
    """Return a headline outcome with its unit, or why there is none."""
    text = _mean(value, outcome)
    return text if math.isnan(value) else text + UNITS[outcome.unit]


def _mean(value: float, outcome: Outcome) -> str:
    if math.isnan(value):
        return NOT_REACHED if outcome.name == "median_days" else NOTHING
    return f"{_scaled(value, outcome):.1f}"


def _gap(row: Mapping[Any, Any], outcome: Outcome) -> str:
    difference, low, high = (float(row[name]) for name in ("difference", "low", "high"))
    if math.isnan(difference):
        return "-"
    text = f"{_scaled(difference, outcome):+.1f}"
    if math.isnan(low):
        return text
    return f"{text} ({_scaled(low, outcome):+.1f} to {_scaled(high, outcome):+.1f})"


def _notes(comparison: pd.DataFrame, others: Sequence[str]) -> list[str]:
    worlds = comparison[comparison["arm"].isin(others)]["n"]
    few, many = int(worlds.min()), int(worlds.max())
    if many < 2:
        notes = ["Differences are of one world: no interval can be given; ask for more with replications=N."]
    else:
        count = f"{many}" if few == many else f"{few} to {many}"
        notes = [f"Differences are paired: the same {count} worlds in both arms; 95 % confidence intervals (t)."]
    notes.append("Differences of shares are in percentage points.")
    medians = comparison[comparison["outcome"] == "median_days"]
    if medians["mean"].isna().any():
        notes.append("Not reached: in at least one world fewer than half were supported in the time observed.")
    return notes


def _scaled(value: float, outcome: Outcome) -> float:
    return 100.0 * value if outcome.unit == "share" else value


def _percent(value: float) -> str:
    return NOTHING if math.isnan(value) else f"{100 * value:.1f}"


def _columns() -> int:
    try:
        return os.get_terminal_size().columns
    except OSError:
        return 120
