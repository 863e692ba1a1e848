"""Which points of a sweep can be compared along a factor, and what their cells and places on an axis are."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments.factors import AS_IS, point_label
from experiments.sweep_points import cells_of, points_along
from experiments.sweep_tables import value_text


def runs_of(points: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame([{"point": number, **point} for number, point in enumerate(points)])


def test_cells_are_numbers_or_switches_or_words_and_never_mixed() -> None:
    assert cells_of([0.2, None, 1])[::2] == [0.2, 1] and math.isnan(cells_of([0.2, None, 1])[1])
    assert cells_of([True, None, False]) == [True, None, False]
    assert cells_of([0.2, {"all": 0.3, "voluntary": 0.8}, None]) == ["0.2", "{all:0.3,voluntary:0.8}", None]
    assert cells_of(["equal", None]) == ["equal", None]


def test_a_point_that_leaves_all_as_it_is_says_so() -> None:
    assert point_label({"a": None, "b": None}) == AS_IS == value_text(None) == value_text(math.nan)
    assert value_text(np.float64("nan")) == AS_IS
    assert point_label({"a": None, "b": 0.5}) == "b=0.5"


def test_all_points_of_a_grid_can_be_compared() -> None:
    runs = runs_of([{"x": x, "y": y, "z": "same"} for x, y in product((1.0, 2.0, 3.0), (1.0, 2.0))])
    along = points_along(runs, "x", ["x", "y", "z"], [])
    assert along is not None
    assert (len(along.runs), along.averaged, along.together, along.left_out) == (6, ("y",), (), 0)


def test_only_points_at_which_the_others_are_the_same_all_along_can_be_compared() -> None:
    """One factor at a time, around 0.5 of each: the points of the other one must not count at 0.5 of this one."""
    points = [{"x": x, "y": 0.5} for x in (0.0, 0.5, 1.0)] + [{"x": 0.5, "y": y} for y in (0.0, 0.5, 1.0)]
    along = points_along(runs_of(points), "x", ["x", "y"], [])
    assert along is not None
    assert along.runs["point"].tolist() == [0, 1, 2, 4]
    assert (along.averaged, along.together, along.left_out) == ((), (), 2)


def test_points_of_a_sample_cannot_be_compared_even_if_they_look_as_if_they_went_together() -> None:
    apart = [{"x": 0.1, "y": 0.5}, {"x": 0.4, "y": 0.9}, {"x": 0.7, "y": 0.2}]
    assert points_along(runs_of(apart), "x", ["x", "y"], ["x", "y"]) is None
    together = [{"x": 0.1, "y": 0.2}, {"x": 0.4, "y": 0.5}, {"x": 0.7, "y": 0.9}]
    assert points_along(runs_of(together), "x", ["x", "y"], ["x", "y"]) is None
    # Of a zip they do go together.
    zipped = points_along(runs_of(together), "x", ["x", "y"], [])
    assert zipped is not None and zipped.together == ("y",) and len(zipped.runs) == 3
    assert points_along(runs_of(apart), "x", ["x", "y"], []) is None


@pytest.mark.parametrize("budget", ["equal", "added"])
def test_a_factor_beside_a_sample_is_compared_over_all_of_it(budget: str) -> None:
    sample = [{"x": 0.1, "y": 0.5}, {"x": 0.4, "y": 0.9}, {"x": 0.7, "y": 0.2}]
    runs = runs_of([{"budget": word, **point} for word in ("equal", "added") for point in sample])
    along = points_along(runs, "budget", ["budget", "x", "y"], ["x", "y"])
    assert along is not None and set(along.averaged) == {"x", "y"} and along.left_out == 0
    assert (along.runs["budget"] == budget).sum() == 3
    assert points_along(runs, "x", ["budget", "x", "y"], ["x", "y"]) is None
