"""The distribution of z: what is standard normal passes, what is not does not; and the figure of it.

Seeds are fixed. Of standard normal numbers each p is below 0.001 once in a thousand.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from experiments.validation.z_scores import NAME, draw, normality, write

STANDARD = np.random.default_rng(4).standard_normal(80)


def test_standard_normal_numbers_pass() -> None:
    tested = normality(STANDARD)
    assert tested.count == 80
    assert tested.mean == pytest.approx(STANDARD.mean())
    assert tested.square == pytest.approx((STANDARD**2).mean())
    assert min(tested.square_p, tested.kolmogorov_p, tested.anderson_p) > 1e-3


@pytest.mark.parametrize("wrong", [1.6 * STANDARD, STANDARD / 2.0, STANDARD + 0.6])
def test_other_numbers_do_not(wrong: np.ndarray) -> None:
    """Too far apart, too close together (errors that are too large), all to one side."""
    tested = normality(wrong)
    assert min(tested.square_p, tested.kolmogorov_p, tested.anderson_p) < 1e-3
    assert tested.anderson_p < 0.01


def test_p_of_anderson_and_darling_is_that_of_the_known_limit() -> None:
    """Their statistic exceeds 2.492 with chance 0.05 where nothing is estimated (Stephens 1974)."""
    shift = np.linspace(0.0, 0.6, 61)
    tested = [normality(STANDARD + by, draws=4000) for by in shift]
    nearest = min(tested, key=lambda one: abs(one.anderson - 2.492))
    assert abs(nearest.anderson - 2.492) < 0.3
    assert nearest.anderson_p == pytest.approx(0.05, abs=0.02)


def test_figure_shows_every_case_and_the_band(tmp_path: Path) -> None:
    figure = draw(STANDARD[:30].tolist(), STANDARD.tolist())
    quantiles, histogram = figure.axes
    points = next(line for line in quantiles.lines if line.get_gid() == "z")
    assert np.array_equal(points.get_ydata(), np.sort(STANDARD[:30]))
    assert sum(patch.get_height() for patch in histogram.patches) == 80
    paths = write(STANDARD[:30].tolist(), STANDARD.tolist(), tmp_path, {"seed": "4"})
    assert {path.name for path in paths} == {f"{NAME}.{kind}" for kind in ("svg", "png")}
    assert sorted(tmp_path.iterdir()) == sorted(paths)
