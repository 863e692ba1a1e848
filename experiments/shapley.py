"""Shapley values: what each player of a cooperative game contributes, over all orders in which they may join."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def shapley_values(worth: npt.ArrayLike) -> Floats:
    """Return the Shapley values of a game whose worth is known for every coalition.

    The value of a player is the mean, over all orders in which the players may join, of what its joining adds to the
    worth of those who are there before it (L. S. Shapley, "A value for n-person games", in: Contributions to the
    Theory of Games II, Annals of Mathematics Studies 28, Princeton University Press, 1953, pp. 307-317). The values
    of all players add up to the worth of all together less the worth of none, to rounding; a player who never adds
    anything has exactly 0; players who are interchangeable have exactly the same.

    Args:
        worth: Along the last axis the worth of each coalition: player ``i`` is in coalition ``c`` if bit ``i`` of
            ``c`` is set, so that there are 2**n of them, the first is nobody and the last is everybody. Axes in
            front of it are independent games, for example replicates.

    Returns:
        The same axes in front, and the n players along the last one. NaN where any coalition's worth is NaN.

    Raises:
        ValueError: The number of coalitions is not a power of two.
    """
    games = np.asarray(worth, dtype=np.float64)
    count = games.shape[-1] if games.ndim else 0
    players = count.bit_length() - 1
    if count < 1 or count != 1 << players:
        raise ValueError(f"{count} coalitions; there are 2**n of n players")
    coalitions = np.arange(count)
    sizes = np.array([coalition.bit_count() for coalition in range(count)])
    values = np.empty((*games.shape[:-1], players))
    for player in range(players):
        without = coalitions[(coalitions >> player) & 1 == 0]
        added = games[..., without | (1 << player)] - games[..., without]
        # The share of all orders in which exactly these players come before this one.
        shares = [1.0 / (players * math.comb(players - 1, size)) for size in sizes[without].tolist()]
        # Sorted, so that players who are interchangeable are summed in the same order.
        values[..., player] = np.sort(added * shares, axis=-1).sum(axis=-1)
    return values
