"""Tables for the terminal."""

from __future__ import annotations

import math
import os
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.collecting import ALL_MODES
from experiments.paired import ends_shown
from experiments.plan import Plan, parameter_text
from sim.outcomes.costs import LABELS
from sim.outcomes.headline import HEADLINE, Outcome
from sim.schema.parameters import Time
from sim.schema.resources import Budget

UNITS = {"share": " %", "days": " days", "per 100": "", "GBP": " GBP"}
"""What is written after a value; the labels of outcomes say of themselves what is counted per 100."""

BUDGETS = {
    Budget.EQUAL: "Budget: equal (staff time of services pays for navigators, front doors, meetings and handing on).",
    Budget.ADDED: "Budget: added (navigators, front doors, meetings and handing on come on top of the services).",
}
"""What is said of who pays."""

WIDTH, GAP = 110, "   "
"""Most characters in a line, and what is between columns."""

NOT_REACHED = "not reached"
NOT_OBSERVED = "not observed"
"""Shown for a share by a day that nobody was followed to."""
NOTHING = "none"
"""Shown where there was nothing to count: no needs in the cohort, no handoffs, or no supports."""
HAS_NEEDS = "restricted_mean_days"
"""The outcome that is there if there is any need in the cohort."""
MISSING = {"median_days": NOT_REACHED, "supported_28": NOT_OBSERVED, "supported_126": NOT_OBSERVED}

Column = Sequence[str]


def heading(plan: Plan, titles: Mapping[str, str], replications: int) -> str:
    """Return what a table is about: place, arms, changed parameters, replications, cohort and budget.

    Args:
        plan: What was asked for.
        titles: Title of each arm that there is, by name; the first is the baseline.
        replications: How many worlds there are.
    """
    baseline, *others = titles.values()
    against = f"{baseline} (baseline) against {', '.join(others)}" if others else baseline
    return "\n".join([*wrapped(f"{plan.scenario.title}: {against}"), *circumstances(plan, replications)])


def circumstances(plan: Plan, replications: int) -> list[str]:
    """Return what is said below the first line of a heading: changed parameters, replications, cohort and budget."""
    time = plan.scenario.parameters.time
    count = f"{replications} replication{'' if replications == 1 else 's'}"
    lines = []
    if plan.changes:
        changes = (
            f"{path} {parameter_text(own)} -> {parameter_text(used)}" for path, (own, used) in plan.changes.items()
        )
        lines += wrapped(f"Changed: {', '.join(changes)}")
    lines.append(f"{count}, seed {plan.seed}. Counted: {counted(time)}.")
    lines.append(BUDGETS[plan.scenario.parameters.budget])
    lines += [line for note in plan.notes for line in wrapped(f"Note: {note}")]
    return lines


def counted(time: Time) -> str:
    """Return which needs are counted, and for how long they are followed."""
    # A horizon of 0 is the only one that may end before the cohort begins.
    if not time.horizon_days:
        return "nobody"
    last = time.horizon_days - time.followup_days
    days = f"needs that arise from day {time.warmup_days:g} to day {last:g}"
    return f"{days}, followed for at least {time.followup_days:g} days"


def wrapped(line: str) -> list[str]:
    """Return a line as several that are no wider than a page."""
    return textwrap.wrap(line, WIDTH, subsequent_indent="  ", break_on_hyphens=False)


def headline_table(comparison: pd.DataFrame, titles: Mapping[str, str]) -> str:
    """Return the headline outcomes, arms as columns, with paired differences from the baseline.

    What is too wide for a page becomes several tables, one below the other.

    Args:
        comparison: From :func:`experiments.paired.compare_arms`.
        titles: Title of each arm by name; the first is the baseline.
    """
    cells = {(row["arm"], row["outcome"]): row for row in comparison.to_dict("records")}
    baseline, *others = titles
    labels = ["", *(outcome.label + UNITS[outcome.unit].replace(" ", ", ", 1) for outcome in HEADLINE)]
    means, gaps = [], []
    for arm in titles:
        rows = [(cells[arm, outcome.name], outcome) for outcome in HEADLINE]
        has_needs = not math.isnan(cells[arm, HAS_NEEDS]["mean"])
        means.append([titles[arm], *(_mean(row["mean"], outcome, has_needs) for row, outcome in rows)])
        low, high = ends_shown(comparison)
        shown = [_gap({**row, "low": row[low], "high": row[high]}, outcome) for row, outcome in rows]
        gaps.append([f"{titles[arm]} - {titles[baseline]} (95 % CI)", *shown])
    if not others:
        return aligned(_rows([labels, *means]))
    both = [labels, *means, *gaps[1:]]
    tables = [both] if _fits(both) else [*_pages([labels], means), *_pages([labels], gaps[1:])]
    return "\n\n".join([*(aligned(_rows(table)) for table in tables), "\n".join(_notes(comparison, others))])


def _pages(front: Sequence[Column], columns: Sequence[Column]) -> list[list[Column]]:
    """Divide columns among tables that are no wider than a page, each with the same columns in front."""
    pages = [[*front]]
    for column in columns:
        if len(pages[-1]) > len(front) and not _fits([*pages[-1], column]):
            pages.append([*front])
        pages[-1].append(column)
    return pages


def _fits(columns: Sequence[Column]) -> bool:
    return sum(max(map(len, column)) for column in columns) + len(GAP) * (len(columns) - 1) <= WIDTH


def _rows(columns: Sequence[Column]) -> list[tuple[str, ...]]:
    return list(zip(*columns, strict=True))


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
        first, *rest = textwrap.wrap(str(label), 50)
        values = [_percent(float(modelled[arm])) for arm in titles]
        rows.append([first, str(year), _percent(float(group["published"].iloc[0])), *values])
        rows += [[f"  {line}", "", "", *("" for _ in titles)] for line in rest]
    columns = [list(column) for column in zip(*rows, strict=True)]
    tables = [aligned(_rows(page)) for page in _pages(columns[:3], columns[3:])]
    return "\n\n".join(tables) + "\nModelled: mean over replications. Sources: tables/published.csv."


def costs_text(table: pd.DataFrame, titles: Mapping[str, str]) -> str:
    """Return what each arm cost, by what for.

    Args:
        table: From :func:`experiments.collecting.costs_table`.
        titles: Title of each arm by name.
    """
    columns = [["Costs in the counted time, GBP", *LABELS.values()]]
    for arm in titles:
        values = table[table["arm"] == arm].set_index("item")["mean"]
        columns.append([titles[arm], *(_whole(float(values[item])) for item in LABELS)])
    tables = [aligned(_rows(page)) for page in _pages(columns[:1], columns[1:])]
    note = "From the end of the warm-up to the horizon, means over runs. Supports started are a number, not money."
    return "\n\n".join(tables) + "\n" + note


def views_text(table: pd.DataFrame, titles: Mapping[str, str]) -> str:
    """Return how many handoffs were completed, by what happened and by what records show.

    Args:
        table: From :func:`experiments.collecting.two_views`.
        titles: Title of each arm by name.
    """
    columns = [
        ["Completed handoffs per 100 made", "as it happened", "by the senders' records", "by the receivers' records"]
    ]
    everything = {row["arm"]: row for row in table[table["mode"] == ALL_MODES].to_dict("records")}
    for arm in titles:
        views = ("completed", "sender_record", "receiver_record")
        shown = [f"{float(everything[arm][view]):.1f}" if arm in everything else NOTHING for view in views]
        columns.append([titles[arm], *shown])
    tables = [aligned(_rows(page)) for page in _pages(columns[:1], columns[1:])]
    return "\n\n".join(tables)


def aligned(rows: Sequence[Sequence[str]], rule: bool = True) -> str:
    """Return rows of text as columns, the first to the left, the others to the right, a rule below the first row."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        GAP.join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    if rule:
        lines.insert(1, "-" * (sum(widths) + len(GAP) * (len(widths) - 1)))
    return "\n".join(lines)


def value_text(values: Mapping[str, float], outcome: Outcome) -> str:
    """Return one of the headline outcomes of a run with its unit, or why there is none."""
    value = values[outcome.name]
    text = _mean(value, outcome, not math.isnan(values[HAS_NEEDS]))
    return text if math.isnan(value) else text + UNITS[outcome.unit]


def interval_text(difference: float, low: float, high: float, decimals: int = 1) -> str:
    """Return a difference with its interval, alone where there is none, and a dash where there is no difference."""
    if math.isnan(difference):
        return "-"
    # What rounds to 0 has no minus.
    form = f"+z,.{decimals}f"
    text = f"{difference:{form}}"
    return text if math.isnan(low) else f"{text} ({low:{form}} to {high:{form}})"


def _mean(value: float, outcome: Outcome, has_needs: bool) -> str:
    if math.isnan(value):
        return MISSING.get(outcome.name, NOTHING) if has_needs else NOTHING
    return f"{scaled(value, outcome):z,.{decimals(outcome)}f}"


def _whole(value: float) -> str:
    return NOTHING if math.isnan(value) else f"{value:z,.0f}"


def _gap(row: Mapping[Any, Any], outcome: Outcome) -> str:
    difference, low, high = (scaled(float(row[name]), outcome) for name in ("difference", "low", "high"))
    return interval_text(difference, low, high, decimals(outcome))


def decimals(outcome: Outcome) -> int:
    """Return how many digits of an outcome are shown after the point."""
    return 0 if outcome.unit == "GBP" else 1


def _notes(comparison: pd.DataFrame, others: Sequence[str]) -> list[str]:
    worlds = comparison[comparison["arm"].isin(others)]["n"]
    few, many = int(worlds.min()), int(worlds.max())
    if many < 2:
        notes = ["Differences are of one world: no interval can be given; ask for more with replications=N."]
    else:
        count = f"{many}" if few == many else f"{few} to {many}"
        notes = [f"Differences are paired: the same {count} worlds in both arms; 95 % confidence intervals (t)."]
        if len(others) > 1:
            notes[0] += f" They hold for\nall {len(others)} differences of an outcome together (Bonferroni)."
        notes += _worth(comparison[comparison["outcome"] == HAS_NEEDS]["variance_ratio"])
    notes.append("Differences of shares are in percentage points.")
    notes.append("Means over runs; curves of support and figures of handoffs pool all runs, and may differ a little.")
    needy = set(comparison[(comparison["outcome"] == HAS_NEEDS) & comparison["mean"].notna()]["arm"])
    gone = comparison[comparison["mean"].isna()]
    missing = {MISSING.get(name, NOTHING) for name in gone[gone["arm"].isin(needy)]["outcome"]}
    if NOTHING in missing or len(needy) < comparison["arm"].nunique():
        notes.append("None: in at least one world there was nothing to count (needs, handoffs or supports).")
    if NOT_REACHED in missing:
        notes.append("Not reached: in at least one world fewer than half were supported in the time observed.")
    if NOT_OBSERVED in missing:
        notes.append("Not observed: in at least one world nobody was followed for so long.")
    return notes


def _worth(ratios: pd.Series) -> list[str]:
    """Return what pairing was worth, if there is anything to say."""
    known = [ratio for ratio in ratios if math.isfinite(ratio)]
    if not known:
        return []
    least, most = f"{min(known):.1f}", f"{max(known):.1f}"
    times = least if least == most else f"{least} to {most}"
    return [f"Without pairing, the same precision of the restricted mean would take {times} times as many runs."]


def scaled(value: float, outcome: Outcome) -> float:
    """Return a value as it is shown: a share in percent."""
    return 100.0 * value if outcome.unit == "share" else value


def _percent(value: float) -> str:
    return NOTHING if math.isnan(value) else f"{100 * value:.1f}"


def results(folder: Path, figures: Sequence[Path], files: Mapping[str, str]) -> str:
    """Return where the results of a command are: its files by what they are, its figures, its manifest."""
    pages = [path.relative_to(folder) for path in figures if path.suffix == ".pdf"]
    drawn = [f"  figure    {page} (.svg, .png)" for page in pages if len(page.parts) == 2]
    # Figures of one column have the names of those as wide as a page, in a folder of their own.
    below = {str(page.parent): None for page in pages if len(page.parts) > 2}
    drawn += [f"  figures   as wide as a column: {where}" for where in below]
    named = [f"  {kind:<9} {names}" for kind, names in {**files, "manifest": "manifest.json"}.items()]
    return "\n".join([f"\nResults in {shown_path(folder)}:", *drawn, *named])


def shown_path(path: Path) -> str:
    """Return a path as a person in the current folder would type it."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
