"""The last line of a figure of a comparison: the place, the worlds and the settings that it holds for."""

from __future__ import annotations

from experiments.factors import SCENARIO
from experiments.figures.labels import is_drawable
from experiments.figures.tables import counted
from experiments.plan import Plan, parameter_text
from experiments.sweeping import Sweep

BUDGET = "budget"
MOST_CHANGES = 8
"""Changed parameters that are named; of more, the rest is counted."""


def foot_of(plan: Plan, worlds: int) -> str:
    """Return the place, the worlds, the budget and the changed parameters of a plan in a line.

    Of a sweep, what differs between its points is left out.

    Args:
        plan: What was run.
        worlds: In how many random worlds.
    """
    scenario = plan.scenario
    varied = plan.said_by_points if isinstance(plan, Sweep) else ()
    place = next((name for name in (scenario.title, scenario.name) if is_drawable(name)), "")
    parts = [place] if place and SCENARIO not in varied else []
    parts.append(f"{counted(worlds, 'random world')}, seed {plan.seed}")
    if BUDGET not in varied:
        parts.append(f"budget: {scenario.parameters.budget.value}")
    # The budget has been said already; and what one place has changed may be what another has of its own.
    changes = [
        f"{path} {parameter_text(used)}" + ("" if SCENARIO in varied else f" (was {parameter_text(own)})")
        for path, (own, used) in plan.changes.items()
        if path not in (BUDGET, *varied)
    ]
    if changes:
        more = len(changes) - MOST_CHANGES
        parts.append("changed: " + ", ".join(changes[:MOST_CHANGES]) + (f" and {more} more" if more > 0 else ""))
    return "; ".join(parts) + "."
