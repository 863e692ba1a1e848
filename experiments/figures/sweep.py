"""Which figures a sweep has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import pandas as pd

from experiments.factors import factor_words
from experiments.figures import heat_map, sweep_lines
from experiments.figures.drawing import Drawing, write_all
from experiments.figures.foot import foot_of
from experiments.figures.labels import titles_of
from experiments.sweep_tables import averaged, break_even, is_numeric, point_table
from experiments.sweeping import Sweep

FEWEST = 2
"""Values of a factor from which on it is drawn."""


def sweep_figures(
    folder: Path,
    runs: pd.DataFrame,
    plan: Sweep,
    arms: Mapping[str, str],
    provenance: Mapping[str, str],
    workers: int | None = 1,
) -> list[Path]:
    """Write the figures of a sweep.

    These are ``sweep_lines_FACTOR`` for each factor, averaged over the others, and with two numeric factors that make
    a grid also ``sweep_map``.

    Args:
        folder: Where; made if it is missing.
        runs: A row a run, with ``point`` and every varied factor.
        plan: What was run.
        arms: Titles of the arms there are runs of, by name; the first is the baseline.
        provenance: For the metadata.
        workers: Processes; None for all cores, 1 for this process alone.

    Returns:
        The paths of the files.
    """
    return write_all(list(_drawings(runs, plan, titles_of(arms))), folder, provenance, workers)


def _drawings(runs: pd.DataFrame, plan: Sweep, arms: Mapping[str, str]) -> Iterator[Drawing]:
    factors = [factor for factor in plan.design.varied if runs[factor].nunique(dropna=False) >= FEWEST]
    foot = foot_of(plan, runs["replicate"].nunique())
    words = {factor: factor_words(factor) for factor in factors}
    for factor in factors:
        others = [other for other in factors if other != factor]
        own = averaged(runs, [factor]) if others else runs
        said = f"Mean over the points of {', '.join(others)}, each with the same weight. " if others else ""
        crossings = break_even(own, factor, list(arms)) if is_numeric(own[factor]) else None
        table = point_table(own, [factor], list(arms))
        draw = partial(sweep_lines.draw_lines, table, factor, arms, crossings, words=words, foot=said + foot)
        yield Drawing(f"{sweep_lines.NAME}_{factor}", f"{sweep_lines.TITLE}: {factor}", draw)
    numeric = [factor for factor in factors if is_numeric(runs[factor])]
    if len(factors) == len(numeric) == 2 and len(arms) > 1 and _is_grid(runs, numeric):
        table = point_table(runs, numeric, list(arms))
        draw = partial(heat_map.draw_heat_map, table, (numeric[0], numeric[1]), arms, words=words, foot=foot)
        yield Drawing(heat_map.NAME, heat_map.TITLE, draw)


def _is_grid(runs: pd.DataFrame, factors: list[str]) -> bool:
    """Return whether every value of one factor was run with every value of the other."""
    first, second = (runs[factor].nunique() for factor in factors)
    return len(runs[factors].drop_duplicates()) == first * second
