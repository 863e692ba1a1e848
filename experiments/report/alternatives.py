"""What is seen on each figure of a report, in words and numbers, computed from what is stored."""

from __future__ import annotations

import math
from collections.abc import Callable

import pandas as pd

from experiments.report import pictures, warm_up
from experiments.report.stored import Stored
from sim.outcomes.headline import HEADLINE

MOST_REASONS = 3
"""Reasons that are named of each arm: the commonest."""
FEWEST_HANDOFFS = 20
"""Handoffs made from one sector to another below which a share of them is not named."""


def trend_text(stored: Stored) -> str:
    """Return how outcomes develop over the counted days, which tells whether services had settled; "" if unknown."""
    data = stored.over_time
    parts = _trends(stored, data[data["day"] >= stored.time.warmup_days], "supported")
    if not parts:
        return ""
    return (
        f"The first {stored.time.warmup_days:g} days are not counted. Needs supported within 28 days, by when they "
        f"arose in the counted time: {'; '.join(parts)}. Had services settled before the counting began, there would "
        "be no trend in that beyond chance."
    )


def _incidence(stored: Stored) -> str:
    table = stored.tables["headline"].set_index(["arm", "outcome"])["mean"]
    parts = []
    for arm, title in stored.titles.items():
        soon, late, given_up = (100 * float(table[arm, name]) for name in ("supported_28", "supported_126", "gave_up"))
        parts.append(
            f"under {title} support has started for {_percent(soon)} by day 28 and {_percent(late)} by 18 weeks, "
            f"{_percent(given_up)} are given up by day {stored.time.followup_days:g}"
        )
    panels = "Two panels of rising curves over the days since a need arose, support started and given up"
    return f"{panels}: {'; '.join(parts)}."


def _difference(stored: Stored) -> str:
    baseline, *others = stored.titles
    table = stored.tables.get("times")
    if table is None or not others:
        return ""
    rows = table[(table["grouping"] == "all") & table["difference"].notna()]
    parts = []
    for arm in others:
        own = rows[rows["arm"] == arm].set_index("measure")["difference"]
        gaps = {day: float(own[f"supported_{day}"]) for day in (14, 28, 90, 126) if f"supported_{day}" in own.index}
        found = [f"{100 * gap:+z.1f} by day {day}".replace("-", "\N{MINUS SIGN}") for day, gap in gaps.items()]
        if found:
            parts.append(f"{stored.titles[arm]} {', '.join(found)}")
    if not parts:
        return ""
    what = f"the share supported, less that under {stored.titles[baseline]} in the same worlds"
    return (
        f"A line for each arm of {what}, over the {stored.time.followup_days:g} days since a need arose. In percentage "
        f"points: {'; '.join(parts)}."
    )


def _forest(stored: Stored) -> str:
    baseline, *others = stored.titles
    cells = {(row["arm"], row["outcome"]): row for row in stored.tables["headline"].to_dict("records")}
    low, high = ("all_low", "all_high") if len(others) > 1 else ("low", "high")
    parts = []
    for arm in others:
        better = worse = untold = 0
        for outcome in HEADLINE:
            row = cells.get((arm, outcome.name), {})
            if not row or math.isnan(row[low]) or row[low] <= 0 <= row[high]:
                untold += 1
            elif (row[low] > 0) == (outcome.better == "higher"):
                better += 1
            else:
                worse += 1
        parts.append(f"{stored.titles[arm]} is better in {better}, worse in {worse} and not told apart in {untold}")
    if not parts:
        return ""
    return (
        f"Points with 95 % intervals, the difference of each arm from {stored.titles[baseline]} in {len(HEADLINE)} "
        f"headline outcomes, an axis for each: {'; '.join(parts)}."
    )


def _reasons(stored: Stored) -> str:
    table = stored.tables["drops_by_reason"]
    parts = []
    for arm, title in stored.titles.items():
        mine = table[(table["arm"] == arm) & (table["dropped"] > 0)]
        mine = mine.sort_values("per_100", ascending=False, kind="stable").head(MOST_REASONS)
        if mine.empty:
            parts.append(f"under {title} none is dropped")
            continue
        reasons = [
            f"{str(reason).replace('_', ' ')} ({rate:.1f})"
            for reason, rate in zip(mine["reason"], mine["per_100"], strict=True)
        ]
        parts.append(f"under {title} {_and(reasons)}")
    return f"Bars of dropped handoffs per 100 made, by reason. The commonest reasons: {'; '.join(parts)}."


def _sectors(stored: Stored) -> str:
    table = stored.tables.get("drops_by_sector")
    if table is None:
        return ""
    parts = []
    for arm, title in stored.titles.items():
        mine = table[(table["arm"] == arm) & (table["made"] >= FEWEST_HANDOFFS)]
        if mine.empty:
            parts.append(f"under {title} there are too few handoffs to say")
            continue
        ranked = mine.sort_values("share_dropped", ascending=False, kind="stable")
        if len(ranked) == 1:
            row = ranked.iloc[0]
            only = f"{row['sender_sector']} to {row['receiver_sector']}"
            parts.append(f"under {title} only from {only} ({_percent(100 * row['share_dropped'])})")
            continue
        most, fewest = (
            f"{row['sender_sector']} to {row['receiver_sector']} ({_percent(100 * row['share_dropped'])})"
            for row in (ranked.iloc[0], ranked.iloc[-1])
        )
        parts.append(f"under {title} most are dropped from {most}, fewest from {fewest}")
    return f"A grid for each arm of the share of handoffs dropped, from sector to sector: {'; '.join(parts)}."


def _over_time(stored: Stored) -> str:
    data = stored.over_time
    words = {"supported": "needs supported within 28 days", "dropped": "handoffs dropped within 28 days"}
    parts = [
        f"{said}: {'; '.join(trends)}" for series, said in words.items() if (trends := _trends(stored, data, series))
    ]
    if not parts:
        return ""
    return f"Lines over the days of the run. {'. '.join(part[:1].upper() + part[1:] for part in parts)}."


SEEN: dict[str, Callable[[Stored], str]] = {
    "cumulative_incidence": _incidence,
    "difference_over_time": _difference,
    "forest": _forest,
    "spread_between_runs": pictures.worlds,
    "equity": pictures.groups,
    "handoff_funnel": pictures.steps,
    "drops_by_reason": _reasons,
    "drops_by_sector": _sectors,
    "flows": pictures.flows,
    "services": pictures.services,
    "over_time": _over_time,
    "warm_up": warm_up.seen,
}
"""What is seen on a figure, by its name; "" where what it was drawn from is missing."""


def _trends(stored: Stored, data: pd.DataFrame, series: str) -> list[str]:
    """Return the first and the last value of a line, by arm."""
    parts = []
    for arm, title in stored.titles.items():
        line = data[(data["arm"] == arm) & (data["series"] == series)].sort_values("day")
        if len(line) > 1:
            first, last = line.iloc[0], line.iloc[-1]
            parts.append(
                f"{title} from {_percent(float(first['value']))} around day {first['day']:.0f} "
                f"to {_percent(float(last['value']))} around day {last['day']:.0f}"
            )
    return parts


def _percent(value: float) -> str:
    return "an unknown share" if math.isnan(value) else f"{value:z.1f} %"


def _and(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
