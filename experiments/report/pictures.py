"""What is seen on the figures of steps, groups and worlds, in words and numbers."""

from __future__ import annotations

import math

from experiments.report.stored import Stored
from experiments.typical import arms_of_map

WORLDS_SHOWN = {"supported_28": "supported within 28 days (%)", "restricted_mean_days": "restricted mean time (days)"}
"""The outcomes whose spread is told, of all that are drawn."""


def steps(stored: Stored) -> str:
    """Return what is seen on the funnel of handoffs; "" where what it was drawn from is missing."""
    if "handoff_steps" not in stored.tables:
        return ""
    data = stored.tables["handoff_steps"]
    parts = []
    for arm, title in stored.titles.items():
        own = data[data["arm"] == arm].set_index("step")
        if not own["made"].iloc[0]:
            parts.append(f"under {title} no handoff is made")
            continue
        received, accepted, attended = (f"{rate:.1f}" for rate in own["rate"].iloc[1:])
        most = own.sort_values("lost", kind="stable").iloc[-1]
        why = f", most often {str(most['reason']).replace('_', ' ')}" if most["reason"] else ""
        parts.append(
            f"under {title} {received} reach the receiver, {accepted} are accepted and {attended} attended; most are "
            f"dropped before the handoff is {most.name} ({most['lost']:.1f}{why})"
        )
    return f"Bars that shorten from step to step, for each arm. Of 100 handoffs made: {'; '.join(parts)}."


def services(stored: Stored) -> str:
    """Return what is seen on the figure of services; "" where what it was drawn from is missing."""
    if "services" not in stored.tables:
        return ""
    from experiments.figures.services import seen

    return seen(stored.tables["services"], stored.titles)


def flows(stored: Stored) -> str:
    """Return what is seen on the map of who is sent where; "" where what it was drawn from is missing."""
    if "flows" not in stored.tables:
        return ""
    from experiments.figures.flows_data import seen

    shown = {arm: stored.titles[arm] for arm in arms_of_map(list(stored.titles))}
    return seen(stored.tables["flows"], shown)


def groups(stored: Stored) -> str:
    """Return what is seen on the figure of who gains and who loses; "" where what it was drawn from is missing."""
    if "equity" not in stored.tables or len(stored.titles) < 2:
        return ""
    from experiments.figures import dumbbells_data

    data = dumbbells_data(stored.tables["equity"], stored.titles)
    data = data[(data["outcome"] == "restricted_mean_days") & data["difference"].notna()]
    baseline = next(iter(stored.titles.values()))
    parts = []
    for arm, title in list(stored.titles.items())[1:]:
        own = data[data["arm"] == arm].sort_values("difference", kind="stable").to_dict("records")
        if own:
            ends = " to ".join(
                f"{_signed(row['difference'])} ({row['grouping']} {str(row['group']).replace('_', ' ')})"
                for row in (own[0], own[-1])
            )
            parts.append(f"{title} from {ends}")
    if not parts:
        return ""
    return (
        f"A row for each group of people with a point for {baseline} and one for another arm. Mean days without "
        f"support, difference from {baseline} in the group that gains most and the one that gains least: "
        f"{'; '.join(parts)}."
    )


def worlds(stored: Stored) -> str:
    """Return what is seen on the figure of the spread between runs."""
    from experiments.figures import runs_spread_data

    data = runs_spread_data(stored.runs, stored.titles)
    parts = []
    for outcome, words in WORLDS_SHOWN.items():
        for arm, title in stored.titles.items():
            own = data[(data["outcome"] == outcome) & (data["arm"] == arm)]
            value = (float(own["value"].min()), float(own["value"].max()))
            if math.isnan(value[0]):
                continue
            gap = (float(own["difference"].min()), float(own["difference"].max()))
            beside = "" if math.isnan(gap[0]) else f", differences from {_signed(gap[0])} to {_signed(gap[1])}"
            parts.append(f"{words}, {title}: from {value[0]:.1f} to {value[1]:.1f}{beside}")
    if not parts:
        return ""
    return f"A point for each random world and, beside it, its difference in the same world: {'; '.join(parts)}."


def _signed(value: float) -> str:
    return f"{value:+z.1f}".replace("-", "\N{MINUS SIGN}")
