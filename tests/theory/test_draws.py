"""Draws by address: each part of an address, counted up one by one, gives independent numbers of the right law.

Error rate: seeds are fixed. Were they drawn anew, all comparisons of this file together would fail falsely in at
most one of a thousand runs (Bonferroni over ``FAMILY`` comparisons).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from sim import draws
from sim.draws import absorb, address, exponential, happens, key_of, mix, normal, race_time, uniform, world_key

ERROR_RATE = 1e-3
FAMILY = 64
ALPHA = ERROR_RATE / FAMILY
COUNT = 20_000
PARTS = ("key", "need", "decision", "occasion")
BASE = (key_of("a citizen"), 3, 40, 7)


def addresses(part: str) -> list[tuple[int, int, int, int]]:
    """Return addresses in which only one part counts up, from 0."""
    place = PARTS.index(part)
    return [(*BASE[:place], number, *BASE[place + 1 :]) for number in range(COUNT)]


def drawn(part: str, draw: Callable[..., float], *more: float) -> np.ndarray:
    """Return the draws at consecutive addresses."""
    return np.array([draw(*where, *more) for where in addresses(part)])


def uncorrelated(values: np.ndarray, lag: int = 1) -> bool:
    """Return whether neighbours are uncorrelated at the file's error rate."""
    return bool(stats.pearsonr(values[:-lag], values[lag:]).pvalue > ALPHA)


def test_finaliser_is_that_of_splitmix64() -> None:
    """Against the published sequence of SplitMix64 from state 1234567 (Vigna's reference code)."""
    golden = int(draws.GOLDEN)
    published = [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    assert [int(mix((1234567 + golden * (n + 1)) & draws.MASK)) for n in range(5)] == published


@pytest.mark.parametrize("part", PARTS)
def test_uniforms_of_consecutive_addresses(part: str) -> None:
    """Five comparisons for each part: 100 cells, 16 x 16 cells of neighbours, the law, two correlations."""
    values = drawn(part, uniform)
    assert values.min() > 0.0 and values.max() < 1.0
    cells = np.bincount((values * 100).astype(int), minlength=100)
    assert stats.chisquare(cells).pvalue > ALPHA
    pairs = (values[0::2] * 16).astype(int) * 16 + (values[1::2] * 16).astype(int)
    assert stats.chisquare(np.bincount(pairs, minlength=256)).pvalue > ALPHA
    assert stats.kstest(values, "uniform").pvalue > ALPHA
    assert uncorrelated(values) and uncorrelated(values, 2)


@pytest.mark.parametrize("part", PARTS)
def test_normals_and_exponentials_of_consecutive_addresses(part: str) -> None:
    """Four comparisons for each part; a law that is off by a twentieth would be rejected."""
    normals, exponentials = drawn(part, normal), drawn(part, exponential, 5.0) / 5.0
    assert stats.kstest(normals, "norm").pvalue > ALPHA and uncorrelated(normals)
    assert stats.kstest(exponentials, "expon").pvalue > ALPHA and uncorrelated(exponentials)
    assert stats.kstest(normals + 0.05, "norm").pvalue < ALPHA
    assert stats.kstest(exponentials * 1.05, "expon").pvalue < ALPHA


def test_parts_of_an_address_do_not_stand_in_for_each_other() -> None:
    """Six comparisons: draws at (.., n, ..) of one part do not correlate with those of another part."""
    values = {part: drawn(part, uniform) for part in PARTS}
    for row, one in enumerate(PARTS):
        for other in PARTS[row + 1 :]:
            assert stats.pearsonr(values[one], values[other]).pvalue > ALPHA


def test_no_two_addresses_or_worlds_share_a_state() -> None:
    """With 64 bits, two of these 60,000 addresses meet by chance once in ten thousand million trials."""
    states = [int(address(key, need, decision, occasion)) for key in range(10) for need in (0, 1, 65536)
              for decision in range(40) for occasion in range(50)]  # fmt: skip
    assert len(set(states)) == len(states)
    worlds = {world_key(seed, replicate) for seed in range(200) for replicate in range(200)}
    assert len(worlds) == 200 * 200


def test_neighbouring_bits_of_an_address_flip_half_of_the_state() -> None:
    """Two comparisons: any bit of key or occasion, when flipped, flips each bit of the state with chance 1/2."""
    state = int(address(*BASE))
    for place in (0, 3):
        flips = []
        for bit in range(64):
            changed = list(BASE)
            changed[place] ^= 1 << bit
            flips.append((int(address(*changed)) ^ state).bit_count())
        assert stats.binomtest(sum(flips), 64 * 64).pvalue > ALPHA


def test_alternatives_win_in_proportion_to_their_weights() -> None:
    """One comparison; and an alternative that is not there changes the choice of nobody who did not choose it."""
    weights = {11: 1.0, 12: 2.0, 13: 5.0}
    times = {runner: [race_time(*where, runner, weight) for where in addresses("key")]
             for runner, weight in weights.items()}  # fmt: skip
    order = sorted(weights)
    winners = np.argmin([times[runner] for runner in order], axis=0)
    found = np.bincount(winners, minlength=3)
    assert stats.chisquare(found, np.array([1, 2, 5]) / 8 * COUNT).pvalue > ALPHA
    assert stats.chisquare(found, np.array([1, 2, 4]) / 7 * COUNT).pvalue < ALPHA
    without = np.argmin([times[11], times[12]], axis=0)
    assert np.array_equal(without[winners < 2], winners[winners < 2])


def test_what_happens_at_a_chance_happens_at_every_higher_one() -> None:
    """Nested at every address; never at 0, always at 1; one comparison of the share."""
    levels = (0.0, 0.3, 0.6, 1.0)
    happened = np.array([[happens(*where, level) for where in addresses("occasion")] for level in levels])
    assert not happened[0].any() and happened[-1].all()
    assert np.all(np.diff(happened.astype(int), axis=0) >= 0)
    assert stats.binomtest(int(happened[1].sum()), COUNT, 0.3).pvalue > ALPHA


def test_plain_python_agrees_with_the_compiled_functions() -> None:
    """To the bit, on the same machine words."""
    with np.errstate(over="ignore"):
        for number in range(300):
            words = tuple(np.uint64(value + number) for value in BASE)
            for function in (mix, absorb, address, uniform, normal):
                arguments = words[: {"mix": 1, "absorb": 2}.get(function.__name__, 4)]
                assert function.py_func(*arguments) == function(*arguments)  # type: ignore[attr-defined]
            assert exponential.py_func(*words, 3.0) == exponential(*words, 3.0)  # type: ignore[attr-defined]
            assert happens.py_func(*words, 0.5) == happens(*words, 0.5)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("seed", "replicate"), [(-1, 0), (0, -1), (1 << 64, 0), (0, 1 << 64)])
def test_seeds_out_of_range_are_refused(seed: int, replicate: int) -> None:
    with pytest.raises(ValueError, match="allowed: 0 to"):
        world_key(seed, replicate)
