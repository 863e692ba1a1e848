"""What ``journeys compare`` prints of a comparison."""

from __future__ import annotations

from experiments import text
from experiments.comparison import Comparison
from experiments.equity_text import equity_text
from experiments.plan import Plan
from experiments.times_text import times_text
from experiments.warmup import warning


def comparison_text(plan: Plan, comparison: Comparison, verdict: str = "") -> str:
    """Return the tables of a comparison as people read them on a terminal.

    Args:
        plan: What was compared.
        comparison: Its tables.
        verdict: How many worlds a stopping rule took and why; "" if their number was given.
    """
    titles, time = comparison.titles, plan.scenario.parameters.time
    head = text.wrapped(plan.asks) if plan.asks else []
    head.append(text.heading(plan, titles, comparison.runs["replicate"].nunique()))
    if verdict:
        head.append("\n" + "\n".join(text.wrapped(verdict)))
    if caution := warning(comparison.checks, titles):
        head.append("\n".join(text.wrapped(caution)))
    blocks = [
        "\n".join(head),
        text.headline_table(comparison.headline, titles),
        times_text(comparison.times, titles, time.followup_days),
        text.costs_text(comparison.costs, titles),
        text.views_text(comparison.views, titles),
    ]
    if not comparison.published.empty:
        blocks.append(text.published_text(comparison.published, titles))
    return "\n" + "\n\n".join([*blocks, equity_text(comparison.equity, titles)])
