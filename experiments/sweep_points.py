"""The points of a sweep as cells of tables and as places on axes, and which of them can be compared along a factor.

A point may leave a factor as the place or the arms have it. In tables such a cell is empty, in words it is "as it is",
and on an axis of numbers it stands at the value that the place or the arms have, if that is one number.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from experiments.factors import AS_IS, IN_ALL, IN_ONE, PARAMETERS, point_text
from experiments.plan import flat
from experiments.sweep_tables import is_numeric
from experiments.sweeping import Point, Sweep
from sim.coordination import Coordination
from sim.scenario import Scenario


@dataclass(frozen=True)
class Along:
    """The points along a factor of which nothing else that is varied tells one value from another.

    Attributes:
        runs: Those of these points.
        together: Factors that change with it, each value of theirs with one of its own.
        averaged: Factors that have several values, the same ones at each value of the factor.
        left_out: How many points are not among them.
    """

    runs: pd.DataFrame
    together: tuple[str, ...]
    averaged: tuple[str, ...]
    left_out: int


def cells_of(values: Sequence[Any]) -> list[Any]:
    """Return the values of a factor as a column of a table: numbers or switches, else words; None: an empty cell.

    Levels by sector are one word; where one value is a word, all are.
    """
    known = [value for value in values if value is not None]
    if is_numeric(known):
        return [math.nan if value is None else value for value in values]
    if all(isinstance(value, bool) for value in known):
        return list(values)
    return [None if value is None else _word(value) for value in values]


def on_axes(runs: pd.DataFrame, plan: Sweep) -> pd.DataFrame:
    """Return runs with a value or a word in every cell of a factor, to be drawn and compared.

    Args:
        runs: A row a run, with ``point``.
        plan: What was run.
    """
    columns = {}
    for name in plan.design.varied:
        values = [point.values[name] for point in plan.points]
        own = [own_value(name, point) if point.values[name] is None else point.values[name] for point in plan.points]
        if is_numeric(own):
            cells: list[Any] = own
        elif None in values:
            cells = [AS_IS if value is None else _word(value) for value in values]
        else:
            cells = cells_of(values)
        columns[name] = [cells[point] for point in runs["point"]]
    return runs.assign(**columns)


def own_value(name: str, point: Point) -> float | None:
    """Return the number that a factor has at a point that does not say it; None if it is not one number."""
    if name not in PARAMETERS and not name.startswith((IN_ALL, IN_ONE, "place.")):
        return None
    found = base_of(name, point.scenario, point.arms)
    return found[0] if len(found) == 1 and is_numeric(found) else None


def base_of(name: str, scenario: Scenario, arms: Mapping[str, Coordination]) -> list[Any]:
    """Return the values that a factor has where it is not varied: one, or several where arms differ.

    Args:
        name: Of a factor that is a number.
        scenario: The place, with the parameters that were asked for.
        arms: Coordinations by name; the first is the baseline.
    """
    setting = name.rpartition(".")[2]
    if name.startswith(IN_ALL):
        return list(dict.fromkeys(getattr(arm, setting) for arm in list(arms.values())[1:]))
    if name.startswith(IN_ONE):
        return [getattr(arms[name.removeprefix(IN_ONE).rpartition(".")[0]], setting)]
    if name in PARAMETERS:
        return [flat(scenario.parameters.model_dump(mode="json"))[name]]
    return [1.0]  # the place as it is, not multiplied


def points_along(runs: pd.DataFrame, factor: str, factors: Iterable[str], sampled: Iterable[str]) -> Along | None:
    """Return the points that can be compared along a factor; None if there are none.

    At each of its values the other factors must have the same combinations of values, or the difference between two
    values might be that of another factor. A factor that changes with this one, as in a ``zip``, is allowed: then the
    points are along both.

    Args:
        runs: From :func:`on_axes`.
        factor: The factor.
        factors: All that are varied.
        sampled: Those that were drawn: they do not change together, even if by chance they seem to.
    """
    points = runs.drop_duplicates("point")
    others = [name for name in factors if name != factor]
    drawn = set(sampled)
    together = [name for name in others if not {factor, name} <= drawn and _go_together(points, factor, name)]
    rest = [name for name in others if name not in together]
    if not rest:
        return Along(runs, tuple(together), (), 0)
    where = pd.Series(list(points[rest].itertuples(index=False, name=None)), index=points.index)
    common = set.intersection(*(set(own) for _, own in where.groupby(points[factor])))
    if not common:
        return None
    kept = points[where.isin(common)]
    averaged = tuple(name for name in rest if kept[name].nunique() > 1)
    return Along(runs[runs["point"].isin(kept["point"])], tuple(together), averaged, len(points) - len(kept))


def _go_together(points: pd.DataFrame, factor: str, other: str) -> bool:
    """Return whether each value of one factor goes with one of the other; if both are numbers, in order."""
    pairs = points[[factor, other]].drop_duplicates()
    if not len(pairs) == pairs[factor].nunique() == pairs[other].nunique() > 1:
        return False
    if not (is_numeric(pairs[factor]) and is_numeric(pairs[other])):
        return True
    steps = np.diff(pairs.sort_values(factor)[other].to_numpy(np.float64))
    return bool((steps > 0).all() or (steps < 0).all())


def _word(value: Any) -> str:
    return point_text({"": value}).removeprefix("=")
