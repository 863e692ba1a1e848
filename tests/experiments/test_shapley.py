"""Shapley values against games whose answer is known, and against the axioms that define them."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import permutations

import numpy as np
import pytest

from experiments.shapley import shapley_values


def game(players: int, worth: Callable[[frozenset[int]], float]) -> np.ndarray:
    """Return the worth of every coalition, by the bits of its number."""
    members = [frozenset(p for p in range(players) if c >> p & 1) for c in range(1 << players)]
    return np.array([worth(coalition) for coalition in members], float)


def by_definition(worth: np.ndarray) -> list[float]:
    """Return the mean over all orders of joining, one order after another."""
    players = len(worth).bit_length() - 1
    orders = list(permutations(range(players)))
    total = [0.0] * players
    for order in orders:
        there = 0
        for player in order:
            total[player] += worth[there | 1 << player] - worth[there]
            there |= 1 << player
    return [value / len(orders) for value in total]


def test_gloves() -> None:
    # Player 0 has a left glove, 1 and 2 a right one each; a pair is worth 1.
    pairs = game(3, lambda who: float(0 in who and len(who) > 1))
    assert shapley_values(pairs) == pytest.approx([2 / 3, 1 / 6, 1 / 6])


def test_airport() -> None:
    # A runway costs what the largest aircraft needs; each stretch is shared by those who need it.
    needs = [8.0, 11.0, 13.0, 18.0]
    costs = game(4, lambda who: max((needs[player] for player in who), default=0.0))
    assert shapley_values(costs) == pytest.approx([2.0, 3.0, 4.0, 9.0])


def test_additive() -> None:
    own = [3.0, -1.5, 0.25]
    assert shapley_values(game(3, lambda who: 7.0 + sum(own[player] for player in who))) == pytest.approx(own)


def test_majority_with_a_dictator() -> None:
    assert shapley_values(game(3, lambda who: float(0 in who))).tolist() == pytest.approx([1.0, 0.0, 0.0])
    assert shapley_values(game(5, lambda who: float(len(who) >= 3))) == pytest.approx([0.2] * 5)


@pytest.mark.parametrize("players", [1, 2, 3, 5, 6])
def test_any_game(players: int) -> None:
    worth = np.random.default_rng(players).normal(50, 20, 1 << players)
    values = shapley_values(worth)
    assert values == pytest.approx(by_definition(worth), rel=1e-9)
    assert values.sum() == pytest.approx(worth[-1] - worth[0], rel=1e-12)


def test_who_never_adds_anything_has_exactly_nothing() -> None:
    worth = np.random.default_rng(4).normal(size=16)
    both = np.array([worth[c & 0b0111 | (c >> 1) & 0b1000] for c in range(32)])  # player 3 makes no difference
    values = shapley_values(both)
    assert values[3] == 0.0
    assert np.delete(values, 3) == pytest.approx(shapley_values(worth))


def test_interchangeable_players_have_exactly_the_same() -> None:
    random = np.random.default_rng(5)
    by_rest = {(rest, twins): random.normal() for rest in range(8) for twins in range(3)}
    worth = game(5, lambda who: by_rest[sum(1 << p for p in who if p < 3), len(who & {3, 4})])
    values = shapley_values(worth)
    assert values[3] == values[4]


def test_linear() -> None:
    one, other = np.random.default_rng(6).normal(size=(2, 32))
    assert shapley_values(3 * one - 2 * other) == pytest.approx(3 * shapley_values(one) - 2 * shapley_values(other))


def test_many_games_at_once() -> None:
    games = np.random.default_rng(7).normal(size=(4, 3, 8))
    values = shapley_values(games)
    assert values.shape == (4, 3, 3)
    for place in np.ndindex(4, 3):
        assert values[place].tolist() == shapley_values(games[place]).tolist()


def test_nobody_to_divide_among() -> None:
    assert shapley_values([5.0]).shape == (0,)


def test_what_is_not_known_is_not_made_up() -> None:
    assert np.isnan(shapley_values([1.0, math.nan, 2.0, 3.0])).all()


@pytest.mark.parametrize("count", [0, 3, 6])
def test_not_a_game(count: int) -> None:
    with pytest.raises(ValueError, match=f"{count} coalitions"):
        shapley_values(np.zeros(count))
