"""Which figures a sweep has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import pandas as pd

from experiments.factors import factor_words
from experiments.figures import heat_map, sweep_lines, sweep_scatter
from experiments.figures.drawing import Drawing, write_all
from experiments.figures.foot import foot_of
from experiments.figures.labels import titles_of
from experiments.sweep_fit import fits_of
from experiments.sweep_points import Along, on_axes, own_value, points_along
from experiments.sweep_tables import averaged, break_even, is_numeric, point_table, value_text
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

    These are ``sweep_lines_FACTOR`` for each factor, averaged over the others; in place of it ``sweep_points_FACTOR``
    for numbers where no two values can be compared, as all factors change at once; and with two numeric factors that
    make a grid also ``sweep_map``.

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
    runs = on_axes(runs, plan)
    factors = [factor for factor in plan.design.varied if runs[factor].nunique() >= FEWEST]
    numeric = [factor for factor in factors if is_numeric(runs[factor])]
    foot = foot_of(plan, runs["replicate"].nunique())
    words = {factor: factor_words(factor) for factor in factors}
    for factor in factors:
        along = points_along(runs, factor, factors, plan.design.sampled)
        if along is None and factor in numeric and len(arms) > 1:
            table = point_table(runs, factors, list(arms))
            fits = fits_of(runs, factors, list(arms))
            said = _own_note(factor, plan) + foot
            draw = partial(sweep_scatter.draw_scatter, table, factor, arms, fits, words=words, foot=said)
            yield Drawing(f"{sweep_scatter.NAME}_{factor}", f"{sweep_scatter.TITLE}: {factor}", draw)
            continue
        if along is None and factor in numeric:
            # One arm has no differences, and points of which everything differs have no line.
            continue
        own = averaged(runs if along is None else along.runs, [factor])
        crossings = break_even(own, factor, list(arms)) if factor in numeric else None
        table = point_table(own, [factor], list(arms))
        others = [other for other in factors if other != factor]
        said = _points_note(along, others, runs["point"].nunique()) + _own_note(factor, plan) + foot
        draw = partial(sweep_lines.draw_lines, table, factor, arms, crossings, words=words, foot=said)
        yield Drawing(f"{sweep_lines.NAME}_{factor}", f"{sweep_lines.TITLE}: {factor}", draw)
    if len(factors) == len(numeric) == 2 and len(arms) > 1 and _is_grid(runs, numeric):
        table = point_table(averaged(runs, numeric), numeric, list(arms))
        said = "".join(_own_note(factor, plan) for factor in numeric) + foot
        draw = partial(heat_map.draw_heat_map, table, (numeric[0], numeric[1]), arms, words=words, foot=said)
        yield Drawing(heat_map.NAME, heat_map.TITLE, draw)


def _points_note(along: Along | None, others: Sequence[str], count: int) -> str:
    """Return which points stand behind a mean, if there is more to say than their values of the factor itself.

    Args:
        along: The points; None: all of them, though they cannot be compared.
        others: The other factors.
        count: How many points there are.
    """
    if along is None:
        return (
            f"Mean over the points of each row, which are not the same in {', '.join(others)}: what differs between "
            "rows may be because of that. "
        )
    said = []
    if along.left_out:
        said.append(
            f"Of {count} points, the {count - along.left_out} at which the others have the same values all along."
        )
    if along.averaged:
        said.append(f"Mean over the points of {', '.join(along.averaged)}, each with the same weight.")
    if along.together:
        verb = "changes" if len(along.together) == 1 else "change"
        said.append(f"{', '.join(along.together)} {verb} with it.")
    return "".join(f"{sentence} " for sentence in said)


def _own_note(factor: str, plan: Sweep) -> str:
    """Return where a point stands that leaves a factor as it is, if one does and stands among numbers."""
    own = {own_value(factor, point) for point in plan.points if point.values[factor] is None} - {None}
    if not own:
        return ""
    values = " and ".join(value_text(value) for value in own)
    return f"Where {factor} is left as it is, that is {values}. "


def _is_grid(runs: pd.DataFrame, factors: list[str]) -> bool:
    """Return whether every value of one factor was run with every value of the other."""
    first, second = (runs[factor].nunique() for factor in factors)
    return len(runs[factors].drop_duplicates()) == first * second
