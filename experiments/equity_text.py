"""Who gains and who loses, in words for the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from experiments.equity import MIN_EPISODES, Equity
from experiments.text import WIDTH, aligned, interval_text
from sim.outcomes.equity import GROUPINGS, MANY_NEEDS, Grouping

SHOWN = "restricted_mean_days"
"""The outcome in the text, all are in the tables: it is in days and, unlike a median, there for every group."""

ALIKE = "all alike"
"""Shown where the best group is no better off than the worst."""

NONE = "-"
"""Shown where there are fewer than two groups that are large enough."""
_LONGEST_NAME = 15
"""Characters of a group: with longer names a line would be wider than a page."""

Rows = list[tuple[str, ...]]


def equity_text(equity: Equity, titles: Mapping[str, str]) -> str:
    """Return who gains and who loses: best and worst groups, whom an arm changes most for, and the worst-off tenth.

    Args:
        equity: The tables.
        titles: Title of each arm by name; the first is the baseline.
    """
    if equity.groups.empty:
        return "Who gains, who loses: no needs in the cohort."
    baseline, *others = titles
    heads = ["", "Best off", "Worst off", "Gap (95 % CI)"]
    parts = [
        "Who gains, who loses: restricted mean time to support, days, by group",
        _by_arm(heads, {titles[arm]: _ends(equity, arm) for arm in titles}),
    ]
    if others:
        against = f"against {titles[baseline]} (95 % CI)"
        heads = ["", "Gains most, or loses least", "Gains least, or loses most"]
        blocks = {f"{titles[arm]}, {against}": _changes(equity, arm) for arm in others}
        parts.append(_by_arm(heads, blocks))
    worst = equity.worst.to_dict("records")
    tenths = (_wrapped(f"{titles[row['arm']]}: {_tenth(row, row['arm'] != baseline)}", "  ") for row in worst)
    parts.append("\n".join(["The worst-off tenth: longest without support, then most failed attempts", *tenths]))
    return "\n\n".join([*parts, _notes(bool(others))])


def _ends(equity: Equity, arm: str) -> Rows:
    """Return the best and the worst group of an arm in each grouping, and the gap between them."""
    groups, gaps = equity.groups, equity.gaps
    mine = groups[(groups["arm"] == arm) & (groups["outcome"] == SHOWN)]
    means = mine.set_index(["grouping", "group"])["mean"]
    own = gaps[(gaps["arm"] == arm) & (gaps["outcome"] == SHOWN)].set_index("grouping").to_dict("index")
    rows: Rows = []
    for grouping in GROUPINGS:
        row = own[grouping.name]
        if row["gap"] == 0.0:
            rows.append((_label(grouping), ALIKE, ALIKE, interval_text(row["gap"], row["low"], row["high"])))
            continue
        best, worst = (
            f"{_short(group)} {means[grouping.name, group]:.1f}" if group else NONE
            for group in (row["best"], row["worst"])
        )
        rows.append((_label(grouping), best, worst, interval_text(row["gap"], row["low"], row["high"])))
    return rows


def _changes(equity: Equity, arm: str) -> Rows:
    """Return for which group of the same people an arm changes most for the better, and for which for the worse."""
    groups = equity.groups
    mine = groups[(groups["arm"] == arm) & (groups["outcome"] == SHOWN) & (groups["episodes"] >= MIN_EPISODES)]
    rows: Rows = []
    for grouping in GROUPINGS:
        if not grouping.is_of_person:
            continue
        # Fewer days are better: the first gains most.
        ranked = mine[(mine["grouping"] == grouping.name) & mine["difference"].notna()].sort_values("difference")
        ends = ranked.iloc[[0, -1]].to_dict("records") if len(ranked) > 1 else []
        is_same = bool(ends) and ends[0]["difference"] == ends[1]["difference"]
        names = [ALIKE if is_same else _short(end["group"]) for end in ends]
        cells = [
            f"{name} {interval_text(end['difference'], end['low'], end['high'])}"
            for name, end in zip(names, ends, strict=True)
        ]
        rows.append((_label(grouping), *(cells or (NONE, NONE))))
    return rows


def _tenth(row: Mapping[Any, Any], has_baseline: bool) -> str:
    """Return how the worst-off tenth of an arm fared, and who they are."""

    def value(name: str, words: str, scale: float = 1.0) -> str:
        text = f"{scale * row[name]:.1f}{words}"
        if not has_baseline:
            return text
        return f"{text}, {interval_text(*(scale * row[f'{name}_{part}'] for part in ('difference', 'low', 'high')))}"

    def share(name: str) -> str:
        return f"{100 * row[name]:.1f} % ({100 * row[f'{name}_in_cohort']:.1f} % of all)"

    return (
        f"{value('restricted_days', ' days without support')}; {value('failed_per_episode', ' failed attempts each')}; "
        f"{value('gave_up', ' % given up', 100)}; {MANY_NEEDS} needs {share('many_needs')}, "
        f"low capability {share('low_capability')}; "
        f"of all needs {100 * row['unsupported_in_cohort']:.1f} % had no support within the follow-up"
    )


def _notes(has_others: bool) -> str:
    notes = [
        "Gap: how far the worst group is behind the best; both are chosen by their means over runs.",
        "Capability: low is below 1/3, high above 2/3. First door: sector of the provider first sought. It is chosen "
        "under the arm's own rules, so that these groups are not the same people in each arm.",
        f"Groups of fewer than {MIN_EPISODES} needs a run are left out ({NONE}: fewer than two are left). "
        "All outcomes and groups: tables/equity.csv.",
    ]
    if has_others:
        notes.insert(1, "With a sign, of the worst-off tenth: the difference from the baseline (95 % CI).")
    return "\n".join(_wrapped(note) for note in notes)


def _by_arm(heads: Sequence[str], blocks: Mapping[str, Rows]) -> str:
    """Return rows below the title of their arm, all in the same columns."""
    head, rule, *lines = aligned([heads, *(row for rows in blocks.values() for row in rows)]).splitlines()
    said = [head, rule]
    for title, rows in blocks.items():
        said += [_wrapped(title), *lines[: len(rows)]]
        lines = lines[len(rows) :]
    return "\n".join(said)


def _label(grouping: Grouping) -> str:
    return f"  {grouping.label.lower()}"


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 2]}.."


def _wrapped(line: str, indent: str = "") -> str:
    return textwrap.fill(line, WIDTH, subsequent_indent=indent, break_on_hyphens=False)
