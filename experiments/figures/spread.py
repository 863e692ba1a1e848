"""What the figures of a comparison share: replicates pooled for the value, and the spread between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd
from matplotlib.figure import Figure

from experiments.figures.layout import Frame, kept_apart
from experiments.spread import FEW
from experiments.spread import Floats as Floats
from experiments.spread import spread as spread
from sim.schema.parameters import Time

NO_INTERVAL = "spread between runs, not a confidence interval"
SHORT = 28.0
"""In mm: of a title in a note at most."""


def runs_of_arms(runs: pd.DataFrame, arms: Iterable[str]) -> dict[str, list[int]]:
    """Return the replicates of each arm.

    Args:
        runs: A row a run, with columns ``arm`` and ``replicate``.
        arms: Arms to look for.

    Returns:
        Sorted numbers of replicates by arm; empty for an arm without runs.
    """
    replicates = runs["replicate"].groupby(runs["arm"].astype(str)).unique()
    return {arm: sorted(int(number) for number in replicates.get(arm, [])) for arm in arms}


def sizes_note(what: str, sizes: Mapping[str, int], runs: Mapping[str, list[int]], arms: Mapping[str, str]) -> str:
    """Return a sentence with the number of things counted and runs in each arm."""
    many = {len(runs[arm]) for arm in arms}
    if len(many) == 1 and len(arms) > 1:
        each = "; ".join(f"{title} {sizes[arm]:,}" for arm, title in arms.items())
        number = many.pop()
        return f"{what}, {number} run{'' if number == 1 else 's'} an arm: {each}."
    each = "; ".join(
        f"{title} {sizes[arm]:,} in {len(runs[arm])} run{'' if len(runs[arm]) == 1 else 's'}"
        for arm, title in arms.items()
    )
    return f"{what}: {each}."


def handoffs_note(made: Mapping[str, int], runs: Mapping[str, list[int]], arms: Mapping[str, str], time: Time) -> str:
    """Return a sentence with the number of handoffs of the cohort in each arm, and which handoffs these are."""
    what = f"Handoffs made within {time.followup_days:g} days of onset for the needs counted"
    return sizes_note(what, made, runs, arms)


def short_titles(titles: Mapping[str, str]) -> dict[str, str]:
    """Return titles for a note of a figure that has them whole elsewhere: cut where that leaves them different."""
    short = kept_apart(titles, SHORT)
    return {arm: short[arm][0] if arm in short else title for arm, title in titles.items()}


def no_handoffs(title: str, notes: Sequence[str], width: float) -> Figure:
    """Return what takes the place of a figure of handoffs where there are none.

    Args:
        title: Of the figure.
        notes: Likewise.
        width: Likewise, in mm.
    """
    return Frame(title, "", notes, width).empty("No handoffs: nobody was handed from one provider to another.").figure


def has_several(runs: Mapping[str, list[int]]) -> bool:
    """Return whether any arm has more than one run."""
    return any(len(replicates) > 1 for replicates in runs.values())


def spread_note(drawn: str, runs: Mapping[str, list[int]]) -> str:
    """Return a sentence that explains how spread is drawn, or why it is not."""
    if not has_several(runs):
        return "There is one run an arm, so no spread between runs can be shown."
    sizes = [len(replicates) for replicates in runs.values() if len(replicates) > 1]
    if max(sizes) < FEW:
        return f"{drawn}: range over the {max(sizes)} runs of an arm ({NO_INTERVAL})."
    of_few = f", range over runs for an arm with fewer than {FEW}" if min(sizes) < FEW else ""
    return f"{drawn}: 5th to 95th percentile of the runs of an arm{of_few} ({NO_INTERVAL})."
