"""Sections of a report with what came out of the runs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from experiments.collecting import ALL_MODES
from experiments.equity_text import SHOWN
from experiments.paired import ends_shown
from experiments.report import warm_up
from experiments.report.answer import answer_of
from experiments.report.document import Items, Paragraph, Section, Table
from experiments.report.stored import Stored
from experiments.report.verdicts import signed
from experiments.text import HAS_NEEDS, decimals, scaled, value_text
from sim.outcomes.costs import LABELS
from sim.outcomes.equity import GROUPINGS
from sim.outcomes.headline import HEADLINE, Outcome

NONE = "–"
"""Shown where there is nothing."""
INTERVAL = "(95 % interval)"
UNITS = {"share": " points", "days": " days", "per 100": "", "GBP": " GBP"}
"""What is written after a difference in a cell: the row says what is counted per 100."""


def answer(stored: Stored) -> Section:
    """Return the answer in three sentences, and what to keep in mind."""
    found = answer_of(
        stored.tables["headline"], stored.titles, stored.place, stored.time.followup_days, stored.tables.get("equity")
    )
    heads = ("Sooner?", "Fewer dropped?", "And what else?")
    return Section(
        "answer",
        "The answer",
        (
            Items(tuple(zip(heads, found.sentences, strict=True)), is_ordered=True),
            Paragraph("To keep in mind:"),
            Items(
                (
                    *(("", words) for words in (warm_up.caution(stored), *found.cautions) if words),
                    (
                        "",
                        "A model compares ways of coordinating under its assumptions (below). It forecasts no place.",
                    ),
                )
            ),
        ),
    )


def headline(stored: Stored) -> Section:
    """Return all headline outcomes by arm, with differences from the baseline."""
    rows = {(row["arm"], row["outcome"]): row for row in stored.tables["headline"].to_dict("records")}
    titles = stored.titles
    ends = ends_shown(stored.tables["headline"])
    baseline, *others = titles
    head = ["Outcome", *titles.values(), *(f"{titles[arm]} − {titles[baseline]} {INTERVAL}" for arm in others)]
    body = []
    for outcome in HEADLINE:
        means = [
            value_text({name: float(rows[arm, name]["mean"]) for name in (outcome.name, HAS_NEEDS)}, outcome)
            for arm in titles
        ]
        gaps = [_headline_gap(rows[arm, outcome.name], outcome, ends) for arm in others]
        body.append((outcome.label, *means, *gaps))
    note = f"Means over {stored.worlds} random worlds"
    if others:
        note += ", the same in every arm; differences are of the same worlds, with t intervals. Points are percentage "
        note += "points"
    if len(others) > 1:
        note += "; intervals of an outcome hold for all arms together (Bonferroni)"
    table = Table("headline", "Headline outcomes by way of coordinating", tuple(head), tuple(body), note=f"{note}.")
    return Section("outcomes", "All outcomes", (table,))


def equity(stored: Stored) -> Section | None:
    """Return time to support by group of people, the gaps between groups, and the worst-off tenth."""
    groups = stored.tables.get("equity")
    if groups is None or groups.empty:
        return None
    blocks: list[Paragraph | Table] = [_groups_table(stored, groups)]
    if "equity_gaps" in stored.tables:
        blocks.append(_gaps_table(stored, stored.tables["equity_gaps"]))
    if "worst_tenth" in stored.tables:
        blocks.append(_worst_table(stored, stored.tables["worst_tenth"]))
    blocks.append(Paragraph("All outcomes of all groups: tables/equity.csv, tables/equity_gaps.csv."))
    return Section("whom", "Who gains and who loses", tuple(blocks))


def costs(stored: Stored) -> Section:
    """Return what each arm cost, by what for."""
    table = stored.tables["costs"].set_index(["arm", "item"])["mean"]
    body = [(label, *(_number(table[arm, item], 0) for arm in stored.titles)) for item, label in LABELS.items()]
    budget = str(stored.manifest["budget"])
    pays = {
        "equal": "Staff time of services pays for navigators, front doors, meetings and handing on: every arm costs "
        "the same, and what one does of these it does less of for people.",
        "added": "Navigators, front doors, meetings and handing on come on top: arms do not cost the same.",
    }
    note = "From the end of the warm-up to the horizon, means over runs. Supports started are a number, not money."
    head = ("Item", *stored.titles.values())
    shown = Table("costs", "Costs in the counted time, GBP", head, tuple(body), note=note)
    return Section("costs", "What it costs", (Paragraph(f"Budget: {budget}. {pays.get(budget, '')}".strip()), shown))


def drops(stored: Stored) -> Section:
    """Return how many handoffs are dropped, by reason, and between sectors."""
    from experiments.figures.style import REASONS

    table = stored.tables["drops_by_reason"]
    rates = table.set_index(["arm", "reason"])["per_100"].to_dict()
    found = [reason for reason in REASONS if (table["reason"] == reason).any()]
    found += sorted(set(table["reason"]) - set(found))
    sums = table.groupby("arm")["per_100"].sum()
    body = [
        (
            f"{reason.replace('_', ' ')}: {REASONS[reason]}" if reason in REASONS else reason,
            *(_number(rates.get((arm, reason), math.nan), 1) for arm in stored.titles),
        )
        for reason in found
    ]
    body.append(("All reasons", *(_number(sums.get(arm, math.nan), 1) for arm in stored.titles)))
    head = ("Reason", *stored.titles.values())
    note = "Handoffs made for the counted needs within their follow-up, means over runs."
    blocks = [Table("drops_by_reason", "Dropped handoffs per 100 made, by reason", head, tuple(body), note=note)]
    if "drops_by_sector" in stored.tables:
        blocks.append(_sectors_table(stored, stored.tables["drops_by_sector"]))
    return Section("drops", "What drops, and why", tuple(blocks))


def views(stored: Stored) -> Section | None:
    """Return completed handoffs as they happened and as records show them."""
    table = stored.tables.get("two_views")
    if table is None or table.empty:
        return None
    body = [
        (
            stored.titles[row["arm"]],
            "all modes" if row["mode"] == ALL_MODES else str(row["mode"]).replace("_", " "),
            _number(row["made"], 0),
            *(_number(row[name], 1) for name in ("completed", "sender_record", "receiver_record")),
        )
        for row in table.to_dict("records")
        if row["arm"] in stored.titles
    ]
    head = ("Arm", "Mode of handoff", "Made", "As it happened", "By the senders' records", "By the receivers' records")
    note = "Made: over all runs. Records decide nothing in the model; they are what an audit would find."
    caption = "Completed handoffs per 100 made, by what happened and by what records show"
    return Section(
        "views", "What records would show", (Table("two_views", caption, head, tuple(body), words=2, note=note),)
    )


def published(stored: Stored) -> Section | None:
    """Return modelled beside published figures, for a place that has such."""
    table = stored.tables.get("published")
    if table is None or table.empty:
        return None
    body = []
    for (label, year), group in table.groupby(["label", "year"], sort=False):
        modelled = group.set_index("arm")["modelled"]
        values = [_number(100 * float(modelled.get(arm, math.nan)), 1) for arm in stored.titles]
        first = group.iloc[0]
        body.append((str(label), str(year), _number(100 * float(first["published"]), 1), *values))
    head = ("Measure", "Year", "Published", *stored.titles.values())
    note = "Modelled: means over runs. Sources: tables/published.csv."
    caption = "Published figures beside modelled ones, %"
    return Section("published", "Beside published figures", (Table("published", caption, head, tuple(body), 2, note),))


def interval(difference: float, low: float, high: float, digits: int = 1, unit: str = "") -> str:
    """Return a difference with its interval, alone where there is none."""
    if math.isnan(difference):
        return NONE
    text = f"{signed(difference, digits)}{unit}"
    return text if math.isnan(low) else f"{text} ({signed(low, digits)} to {signed(high, digits)})"


def _headline_gap(row: Mapping[Any, Any], outcome: Outcome, ends: tuple[str, str]) -> str:
    difference, low, high = (scaled(float(row[part]), outcome) for part in ("difference", *ends))
    return interval(difference, low, high, decimals(outcome), UNITS[outcome.unit])


def _groups_table(stored: Stored, groups: pd.DataFrame) -> Table:
    mine = groups[groups["outcome"] == SHOWN]
    cells = {(row["arm"], row["grouping"], row["group"]): row for row in mine.to_dict("records")}
    baseline, *others = stored.titles
    body = []
    for grouping in GROUPINGS:
        for group in dict.fromkeys(mine[mine["grouping"] == grouping.name]["group"]):
            rows = [cells[arm, grouping.name, group] for arm in stored.titles]
            gaps = [_gap(row) for row in rows[1:]]
            means = [_number(row["mean"], 1) for row in rows]
            body.append((_group(grouping.label, group), _number(rows[0]["episodes"], 0), *means, *gaps))
    titles = stored.titles
    head = [
        "Group",
        f"Needs a run, {titles[baseline]}",
        *titles.values(),
        *(f"{titles[arm]} − {titles[baseline]} {INTERVAL}" for arm in others),
    ]
    days = f"{stored.time.followup_days:g}"
    note = (
        "Capability: low is below 1/3, high above 2/3. First door: sector of the provider first sought; chosen under "
        "the rules of each arm, so these are not the same people in each and no difference is given."
    )
    caption = f"Mean days without support in the first {days}, by group of people; less is better"
    return Table("groups", caption, tuple(head), tuple(body), note=note)


def _gaps_table(stored: Stored, gaps: pd.DataFrame) -> Table:
    labels = {grouping.name: grouping.label for grouping in GROUPINGS}
    body = [
        (
            labels[row["grouping"]],
            stored.titles[row["arm"]],
            _words(row["best"]),
            _words(row["worst"]),
            interval(row["gap"], row["low"], row["high"]),
        )
        for row in gaps[gaps["outcome"] == SHOWN].to_dict("records")
        if row["arm"] in stored.titles
    ]
    head = ("Grouping", "Arm", "Best off", "Worst off", f"Gap {INTERVAL}")
    note = "Both groups are chosen by their means over runs, for each arm; the interval takes them as given."
    caption = "How far the worst-off group is behind the best-off one, mean days without support"
    return Table("gaps", caption, head, tuple(body), words=4, note=note)


def _worst_table(stored: Stored, worst: pd.DataFrame) -> Table:
    rows = {row["arm"]: row for row in worst.to_dict("records")}
    mine = [rows[arm] for arm in stored.titles]
    values = (
        ("Days without support", "restricted_days", 1.0),
        ("Failed attempts each", "failed_per_episode", 1.0),
        ("Given up, %", "gave_up", 100.0),
    )
    body = [(label, *(_with_gap(row, name, scale) for row in mine)) for label, name, scale in values]
    body += [
        (
            f"{label}, % (of all counted needs, %)",
            *(f"{_number(100 * row[name], 1)} ({_number(100 * row[f'{name}_in_cohort'], 1)})" for row in mine),
        )
        for label, name in (("Of people with 4 or more needs", "many_needs"), ("Of low capability", "low_capability"))
    ]
    head = ("The worst-off tenth", *stored.titles.values())
    note = (
        "Longest without support, then most failed attempts. They are the worst off of each arm, and need not be the "
        "same people. With a sign: difference from the baseline, with its 95 % interval."
    )
    caption = "The tenth of the counted needs that fares worst, by arm"
    return Table("worst_tenth", caption, head, tuple(body), note=note)


def _with_gap(row: dict[Any, Any], name: str, scale: float) -> str:
    difference, low, high = (scale * float(row[f"{name}_{part}"]) for part in ("difference", "low", "high"))
    gap = interval(difference, low, high)
    value = _number(scale * float(row[name]), 1)
    return value if gap == NONE else f"{value}, {gap}"


def _sectors_table(stored: Stored, table: pd.DataFrame) -> Table:
    cells = {(row["arm"], row["sender_sector"], row["receiver_sector"]): row for row in table.to_dict("records")}
    ways = dict.fromkeys((sender, receiver) for _, sender, receiver in cells)
    body = []
    for sender, receiver in ways:
        rows = [cells.get((arm, sender, receiver)) for arm in stored.titles]
        shown = [NONE if row is None else f"{100 * row['share_dropped']:.1f} of {row['made']:,}" for row in rows]
        body.append((f"{sender} to {receiver}", *shown))
    head = ("From sector to sector", *stored.titles.values())
    caption = "Handoffs dropped between and within sectors, % of how many were made"
    return Table("drops_by_sector", caption, head, tuple(body), note="All runs of an arm together.")


def _gap(row: dict[Any, Any]) -> str:
    return interval(float(row["difference"]), float(row["low"]), float(row["high"]))


def _group(label: str, group: Any) -> str:
    return f"{label}: {_words(group)}"


def _words(name: Any) -> str:
    return str(name).replace("_", " ") or NONE


def _number(value: Any, digits: int) -> str:
    number = float(value)
    return NONE if math.isnan(number) else f"{number:z,.{digits}f}"


def present(sections: Iterable[Section | None]) -> Sequence[Section]:
    """Return the sections that there are."""
    return [section for section in sections if section is not None]
