"""Screening and indices are right on known functions, and random worlds are counted as what they are."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from experiments.convergence import convergence
from experiments.sensitivity import (
    MOST_POINTS,
    Factor,
    Floats,
    morris_design,
    morris_effects,
    sobol_design,
    sobol_indices,
)
from sim.schema.problems import BadInputError

SALIB = pytest.importorskip("SALib")

A, B = 7.0, 0.1
ISHIGAMI = [Factor(name, name, -math.pi, math.pi) for name in ("x1", "x2", "x3")]
UNIT = [Factor(name, name, 0.0, 1.0) for name in ("x1", "x2", "x3")]
MIXED = [Factor("days", "Days", 60.0, 360.0), Factor("needs", "Needs", 1, 4, is_whole=True), Factor("no", "No", 0, 1)]


def ishigami(points: Floats) -> Floats:
    x1, x2, x3 = points.T
    return np.sin(x1) + A * np.sin(x2) ** 2 + B * x3**4 * np.sin(x1)


def exact_ishigami() -> tuple[Floats, Floats]:
    """Return the first-order and the total indices, from the parts of the variance."""
    alone = np.array([0.5 * (1 + B * math.pi**4 / 5) ** 2, A**2 / 8, 0.0])
    together = 8 * B**2 * math.pi**8 / 225
    variance = alone.sum() + together
    return alone / variance, (alone + np.array([together, 0.0, together])) / variance


def standard_errors(function: Callable[[Floats], Floats], n: int) -> tuple[Floats, Floats]:
    """Return those of both Ishigami indices with ``n`` independent rows, by the delta method on 200,000 others."""
    random = np.random.default_rng(5)
    one, other = random.uniform(-math.pi, math.pi, (2, 200_000, 3))
    a, b = function(one), function(other)
    centre, variance = np.concatenate([a, b]).mean(), np.concatenate([a, b]).var()
    a, b = a - centre, b - centre
    both = (a**2 + b**2) / 2
    errors: tuple[list[float], list[float]] = ([], [])
    for column in range(3):
        mixed = one.copy()
        mixed[:, column] = other[:, column]
        apart = function(mixed) - centre - a
        for products, found in zip((b * apart, 0.5 * apart**2), errors, strict=True):
            index = products.mean() / variance
            found.append(float(np.std((products - index * both) / variance)) / math.sqrt(n))
    return np.array(errors[0]), np.array(errors[1])


def in_worlds(outcome: Floats, worlds: int, noise: float = 0.0, shift: float = 0.0, seed: int = 1) -> Floats:
    """Return an outcome in worlds that shift it everywhere alike, and each point by chance; shape (points, worlds)."""
    random = np.random.default_rng(seed)
    shifts, own = random.normal(0, 1, (1, worlds)), random.normal(0, 1, (len(outcome), worlds))
    return outcome[:, None] + shift * shifts + noise * own


def widths(table: pd.DataFrame, name: str) -> Floats:
    return (table[f"{name}_high"] - table[f"{name}_low"]).to_numpy(np.float64)


# --- known functions ----------------------------------------------------------------------------------------------


def test_sobol_indices_of_the_ishigami_function_are_the_exact_ones() -> None:
    # Four standard errors of independent rows; those of a Sobol sequence come nearer.
    n = 2048
    points = sobol_design(ISHIGAMI, n, seed=3)
    table = sobol_indices(ISHIGAMI, points, ishigami(points)[:, None], resamples=200)
    for name, exact, error in zip(("first", "total"), exact_ishigami(), standard_errors(ishigami, n), strict=True):
        found = table[name].to_numpy()
        assert (np.abs(found - exact) < 4 * error).all(), (name, found, exact, error)
        assert (error < 0.04).all()
        assert (table[f"{name}_low"] <= exact).all() and (exact <= table[f"{name}_high"]).all()
        # The bootstrap finds the same standard errors.
        assert widths(table, name) / 2 / 1.96 == pytest.approx(error, rel=0.25)


def test_sobol_indices_are_those_of_salib() -> None:
    from SALib.analyze import sobol

    points = sobol_design(ISHIGAMI, 64, seed=1)
    outcome = ishigami(points)
    table = sobol_indices(ISHIGAMI, points, outcome[:, None], resamples=10)
    rows = outcome.reshape(64, 5)
    a, b = (rows[:, [column]] - rows[:, [0, 4]].mean() for column in (0, 4))
    for column in range(3):
        mixed = rows[:, [1 + column]] - rows[:, [0, 4]].mean()
        assert table["first"][column] == pytest.approx(sobol.first_order(a, mixed, b)[0])
        assert table["total"][column] == pytest.approx(sobol.total_order(a, mixed, b)[0])
    # As a whole it takes the mean of all points, instead of that of the first and the last, from the outcomes.
    problem = {"num_vars": 3, "names": ["x1", "x2", "x3"], "bounds": [[-math.pi, math.pi]] * 3}
    other = sobol.analyze(problem, outcome, calc_second_order=False, num_resamples=10, seed=1)
    assert table["first"].to_numpy() == pytest.approx(other["S1"], abs=1e-3)
    assert table["total"].to_numpy() == pytest.approx(other["ST"])


def test_morris_effects_are_those_of_salib() -> None:
    from SALib.analyze import morris

    points = morris_design(UNIT, 12, seed=1)
    problem = {"num_vars": 3, "names": ["x1", "x2", "x3"], "bounds": [[0.0, 1.0]] * 3}
    outcome = ishigami(points)
    other = morris.analyze(problem, points, outcome, num_resamples=10, seed=1)
    table = morris_effects(UNIT, points, outcome[:, None], resamples=10)
    for name in ("mu", "mu_star", "sigma"):
        assert table[name].to_numpy() == pytest.approx(np.asarray(other[name], np.float64)), name


def test_effects_of_a_linear_function_are_its_slopes_over_the_ranges() -> None:
    points = morris_design(MIXED, 8, seed=1)
    assert points.shape == (8 * 4, 3)
    table = morris_effects(MIXED, points, (0.01 * points[:, 0] - 2.0 * points[:, 1])[:, None], resamples=50)
    assert table["mu"].to_numpy() == pytest.approx([3.0, -6.0, 0.0])
    for name in ("mu_star", "mu_star_low", "mu_star_high"):
        assert table[name].to_numpy() == pytest.approx([3.0, 6.0, 0.0]), name
    assert table["sigma"].to_numpy() == pytest.approx(0.0, abs=1e-9)


def test_an_interaction_shows_as_spread_of_the_effects() -> None:
    points = morris_design(UNIT, 40, seed=1)
    table = morris_effects(UNIT, points, (points[:, 0] * points[:, 1] + points[:, 2])[:, None], resamples=50)
    # Effects of the first are the values of the second: four of them, equally likely.
    expected = np.std([0.0, 1 / 3, 2 / 3, 1.0])
    assert table["sigma"].to_numpy() == pytest.approx([expected, expected, 0.0], abs=0.05)
    assert (table["sigma_low"] <= expected).all() and (table["sigma_high"][:2] >= expected).all()


def test_whole_numbers_are_whole_and_all_have_the_same_chance() -> None:
    walks, rows = morris_design(MIXED, 30, seed=2), sobol_design(MIXED, 256, seed=2)
    assert set(np.unique(walks[:, 1])) == set(np.unique(rows[:, 1])) == {1.0, 2.0, 3.0, 4.0}
    assert np.bincount(rows[:, 1].astype(int))[1:] / len(rows) == pytest.approx(0.25, abs=0.01)
    for points in (walks, rows):
        assert points[:, 0].min() >= 60.0 and points[:, 0].max() <= 360.0


# --- random worlds ------------------------------------------------------------------------------------------------


def test_what_a_world_adds_at_all_points_changes_nothing() -> None:
    for design, analysis, size in ((morris_design, morris_effects, 8), (sobol_design, sobol_indices, 32)):
        points = design(ISHIGAMI, size, 1)
        plain = in_worlds(ishigami(points), worlds=5, noise=0.5)
        shifted = plain + 50.0 * np.random.default_rng(9).normal(size=(1, 5))
        one, other = (analysis(ISHIGAMI, points, values, resamples=50) for values in (plain, shifted))
        pd.testing.assert_frame_equal(one, other, rtol=1e-6, atol=1e-9)


def test_differences_between_worlds_widen_intervals_and_more_worlds_narrow_them() -> None:
    linear = [5.0, 3.0, 2.0]
    for design, analysis, size, name in (
        (morris_design, morris_effects, 10, "mu_star"),
        (sobol_design, sobol_indices, 64, "total"),
    ):
        points = design(UNIT, size, 1)
        none, few, many = (
            analysis(UNIT, points, in_worlds(points @ linear, worlds, noise), resamples=200)
            for worlds, noise in ((8, 0.0), (8, 2.0), (80, 2.0))
        )
        assert (widths(none, name) < widths(few, name)).all(), name
        assert (widths(many, name) < widths(few, name)).all(), name
        assert none["noise"].to_numpy() == pytest.approx(0.0, abs=1e-9)
        assert (few["noise"] > 3 * many["noise"]).all()


def test_one_world_has_intervals_of_the_design_and_no_noise() -> None:
    points = morris_design(ISHIGAMI, 10, seed=1)
    table = morris_effects(ISHIGAMI, points, ishigami(points)[:, None], resamples=50)
    assert (widths(table, "mu") > 0).any() and table["noise"].isna().all()
    assert table["blocks"].tolist() == [10] * 3 and table["worlds"].tolist() == [1] * 3


def test_noise_is_the_size_of_the_effects_of_a_factor_without_any() -> None:
    points = morris_design(UNIT, 200, seed=1)
    table = morris_effects(UNIT, points, in_worlds(np.zeros(len(points)), 10, noise=1.0), resamples=20)
    # 200 effects of one factor: their mean size is known to 0.76 / sqrt(200), which is 5 % of it; three times that.
    assert (table["mu_star"] / table["noise"]).to_numpy() == pytest.approx(1.0, abs=0.17)
    points = sobol_design(UNIT, 256, seed=1)
    indices = sobol_indices(UNIT, points, in_worlds(points[:, 0], 10, noise=0.5), resamples=20)
    assert indices["noise"][1:].to_numpy() == pytest.approx(indices["total"][1:].to_numpy(), rel=0.25)
    assert indices["total_low"][1:].to_numpy() == pytest.approx(0.0, abs=0.02)


def test_intervals_hold_the_true_value_as_often_as_they_say() -> None:
    # The effect of the first factor is 1 + the second + what its world makes of it: 1.5 on average; the third has
    # none. 200 intervals of 95 % hold it in 190 cases, with a standard error of 3.1.
    held = np.zeros(2)
    for seed in range(200):
        points = morris_design(UNIT, 10, seed)
        random = np.random.default_rng(1000 + seed)
        slopes = 1.0 + points[:, [1]] + random.normal(0, 0.4, (1, 8))
        outcomes = points[:, [0]] * slopes + random.normal(0, 0.1, (len(points), 8))
        table = morris_effects(UNIT, points, outcomes, resamples=150, seed=seed)
        held += [table["mu_star_low"][0] <= 1.5 <= table["mu_star_high"][0], table["mu_star_low"][2] == 0.0]
    assert (held >= 181).all(), held
    assert held[0] < 200


def test_intervals_of_indices_hold_the_true_share() -> None:
    # Two factors of equal weight and one of half of it, which share the variance as 4 : 4 : 1, and worlds that make
    # more or less of the last one.
    held = np.zeros(2)
    for seed in range(100):
        points = sobol_design(UNIT, 32, seed)
        random = np.random.default_rng(1000 + seed)
        outcomes = (points @ [2.0, 2.0, 1.0])[:, None] + random.normal(0, 0.5, (len(points), 6))
        table = sobol_indices(UNIT, points, outcomes, resamples=150, seed=seed)
        for position, name in enumerate(("first", "total")):
            held[position] += np.mean((table[f"{name}_low"] <= [4 / 9, 4 / 9, 1 / 9])
                                      & (table[f"{name}_high"] >= [4 / 9, 4 / 9, 1 / 9]))  # fmt: skip
    assert (held >= 90).all(), held


def test_the_same_seed_gives_the_same_design_and_intervals() -> None:
    for design, analysis, size in ((morris_design, morris_effects, 8), (sobol_design, sobol_indices, 16)):
        one, other = design(ISHIGAMI, size, 4), design(ISHIGAMI, size, 4)
        assert np.array_equal(one, other) and not np.array_equal(one, design(ISHIGAMI, size, 5))
        outcomes = in_worlds(ishigami(one), 4, noise=1.0)
        tables = [analysis(ISHIGAMI, one, outcomes, resamples=20, seed=2) for _ in range(2)]
        pd.testing.assert_frame_equal(*tables)


def test_convergence_is_the_analysis_of_parts_of_the_design() -> None:
    for design, analysis, size, per_block in (
        (morris_design, morris_effects, 8, 4),
        (sobol_design, sobol_indices, 32, 5),
    ):
        points = design(ISHIGAMI, size, 1)
        outcomes = in_worlds(ishigami(points), 3, noise=0.1)
        table = convergence(analysis, ISHIGAMI, points, outcomes, resamples=20)
        assert table["share"].tolist() == [0.25] * 3 + [0.5] * 3 + [0.75] * 3 + [1.0] * 3
        blocks = [count for count in (size // 4, size // 2, size * 3 // 4, size) for _ in ISHIGAMI]
        assert table["blocks"].tolist() == blocks
        half = size // 2 * per_block
        for share, rows in ((0.5, half), (1.0, len(points))):
            own = table[table["share"] == share].drop(columns="share").reset_index(drop=True)
            pd.testing.assert_frame_equal(own, analysis(ISHIGAMI, points[:rows], outcomes[:rows], resamples=20))


def test_a_part_of_which_nothing_can_be_said_is_left_out() -> None:
    points = morris_design(ISHIGAMI, 4, 1)
    table = convergence(morris_effects, ISHIGAMI, points, in_worlds(ishigami(points), 3, noise=0.1), resamples=20)
    # A quarter is one trajectory.
    assert sorted(set(table["share"])) == [0.5, 0.75, 1.0]
    points = sobol_design(ISHIGAMI, 8, 1)
    outcomes = in_worlds(ishigami(points), 3, noise=0.1)
    outcomes[: 2 * 5] = 7.0
    table = convergence(sobol_indices, ISHIGAMI, points, outcomes, resamples=20)
    assert sorted(set(table["share"])) == [0.5, 0.75, 1.0]
    with pytest.raises(BadInputError, match="the same at every point"):
        convergence(sobol_indices, ISHIGAMI, points, outcomes * 0.0, resamples=20)


# --- bad input ----------------------------------------------------------------------------------------------------


def test_missing_outcomes_are_named_and_refused() -> None:
    points = morris_design(MIXED, 4, seed=1)
    outcomes = in_worlds(points[:, 0], 5)
    outcomes[3, [0, 4]] = math.nan
    outcomes[7, 2] = math.inf
    with pytest.raises(BadInputError) as error:
        morris_effects(MIXED, points, outcomes)
    first, second = map(str, error.value.problems)
    values = f"days={points[3, 0]:g}, needs={points[3, 1]:g}, no={points[3, 2]:g}"
    assert first == f"point 3 ({values}): no outcome in 2 of 5 worlds: 0, 4; allowed: a number in every world"
    assert second.startswith("point 7 (") and "no outcome in 1 of 5 worlds: 2;" in second


def test_of_many_missing_outcomes_the_rest_is_counted() -> None:
    points = sobol_design(MIXED, 8, seed=1)
    with pytest.raises(BadInputError) as error:
        sobol_indices(MIXED, points, np.full((len(points), 2), math.nan))
    assert len(error.value.problems) == MOST_POINTS + 1
    assert str(error.value.problems[-1]) == "outcomes: missing at 30 more of 40 points"


def test_all_that_is_wrong_with_factors_and_size_is_said_at_once() -> None:
    wrong = [Factor("a", "A", 2, 1), Factor("b", "B", 0, math.nan), Factor("c", "C", 0.5, 2, True), *UNIT, UNIT[0]]
    with pytest.raises(BadInputError) as error:
        sobol_design(wrong, 1000, seed=1)
    said = str(error.value)
    assert said.startswith("5 problems in the input:")
    for text in (
        "factor 'x1': named 2 times; allowed: once",
        "factor 'a': range 2 to 1;",
        "factor 'b': range 0 to nan;",
        "factor 'c': range 0.5 to 2; allowed: whole numbers",
        "rows of the design: 1000; allowed: a power of two, 8 or more; did you mean '1024'?",
    ):
        assert text in said
    with pytest.raises(BadInputError, match=r"factors: none(.|\n)*trajectories: 3; allowed: 4 or more"):
        morris_design([], 3, seed=1)


def test_points_that_are_not_of_the_design_are_refused() -> None:
    walks, rows = morris_design(UNIT, 4, seed=1), sobol_design(UNIT, 8, seed=1)
    with pytest.raises(BadInputError, match=r"points: trajectory 0, 1, 2, 3 does not change each factor once"):
        morris_effects(UNIT, walks[np.random.default_rng(1).permutation(16)], np.ones((16, 1)))
    rows[[5, 7]] = rows[[7, 5]]
    with pytest.raises(BadInputError, match="points: row 1 is not one of Saltelli's scheme"):
        sobol_indices(UNIT, rows, np.ones((40, 1)))
    with pytest.raises(BadInputError, match=r"points: shape \(15, 3\); allowed: a multiple of 4 points of 3 factors"):
        morris_effects(UNIT, walks[:15], np.ones((15, 1)))
    with pytest.raises(BadInputError, match=r"outcomes: shape \(16,\); allowed: \(16, worlds\)"):
        morris_effects(UNIT, walks, np.ones(16))


def test_an_outcome_that_never_changes_has_no_shares() -> None:
    points = sobol_design(UNIT, 8, seed=1)
    outcomes = in_worlds(np.full(len(points), 0.3), 3, shift=1.0)
    with pytest.raises(BadInputError, match="mean over worlds is the same at every point: nothing to share"):
        sobol_indices(UNIT, points, outcomes)
    effects = morris_effects(UNIT, walks := morris_design(UNIT, 4, seed=1), np.ones((len(walks), 2)), resamples=10)
    assert (effects[["mu", "mu_star", "sigma"]] == 0.0).all(axis=None)


@pytest.mark.parametrize(("module", "design"), [("morris", morris_design), ("sobol", sobol_design)])
def test_without_salib_it_is_said_how_to_get_it(
    module: str, design: Callable[..., Floats], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, f"SALib.sample.{module}", None)
    with pytest.raises(BadInputError, match=r"SALib is not installed; allowed: pip install 'citizen-journeys\[sens"):
        design(UNIT, 8, 1)
