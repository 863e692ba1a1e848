"""Random numbers by address: the one place where they come from.

A draw is a function of (root seed, replicate, citizen, need, decision, occasion), never of the order of calls.
One more citizen, provider or draw therefore changes nobody else's luck, and the same replicate is the same world
in every arm.

An address is absorbed word by word into a 64-bit state; each word goes through the finaliser of SplitMix64
(Steele, Lea and Flood 2014, doi 10.1145/2714064.2660195), which is a bijection with full avalanche.
"""

from __future__ import annotations

import hashlib
import math

import numpy as np

from sim.compiled import compiled

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_M1 = np.uint64(0xBF58476D1CE4E5B9)
_M2 = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11, _S32 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11), np.uint64(32)
_TO_UNIT = 2.0**-53

Word = int | np.uint64
"""A 64-bit word of an address: Python's integers outside, numpy's inside the compiled functions."""

MASK = (1 << 64) - 1
"""Keeps Python's unbounded integers within 64 bits."""


@compiled("u8(u8)")
def mix(word: Word) -> Word:
    """Return SplitMix64's finaliser of a 64-bit word."""
    word = (word ^ (word >> _S30)) * _M1
    word = (word ^ (word >> _S27)) * _M2
    return word ^ (word >> _S31)


@compiled("u8(u8,u8)")
def absorb(state: Word, word: Word) -> Word:
    """Return the state after one more word of an address."""
    return mix((state ^ mix(word + GOLDEN)) + GOLDEN)


@compiled("f8(u8)")
def to_unit(state: Word) -> float:
    """Return a number strictly between 0 and 1 made from the upper 53 bits of a state."""
    return (float(state >> _S11) + 0.5) * _TO_UNIT


@compiled("u8(u8,u8,u8,u8)")
def address(key: Word, need: Word, decision: Word, occasion: Word) -> Word:
    """Return the state of a full address.

    Args:
        key: Key of the citizen (or provider), which already holds root seed and replicate.
        need: Which need of the citizen.
        decision: A :class:`sim.codes.Decision`.
        occasion: Which time, or where, this decision is taken.
    """
    return absorb(absorb(key, (need << _S32) | decision), occasion)


@compiled("f8(u8,u8,u8,u8)")
def uniform(key: Word, need: Word, decision: Word, occasion: Word) -> float:
    """Return the uniform number strictly between 0 and 1 at an address."""
    return to_unit(address(key, need, decision, occasion))


@compiled("b1(u8,u8,u8,u8,f8)")
def happens(key: Word, need: Word, decision: Word, occasion: Word, chance: float) -> bool:
    """Return whether something of the given probability happens at an address.

    Nested: what happens at one probability happens at every higher one. Never at 0, always at 1.
    """
    return uniform(key, need, decision, occasion) < chance


@compiled("f8(u8,u8,u8,u8,f8)")
def exponential(key: Word, need: Word, decision: Word, occasion: Word, mean: float) -> float:
    """Return the exponential number of the given mean at an address."""
    return -math.log(uniform(key, need, decision, occasion)) * mean


@compiled("f8(u8,u8,u8,u8)")
def normal(key: Word, need: Word, decision: Word, occasion: Word) -> float:
    """Return the standard normal number at an address (Box and Muller 1958)."""
    state = address(key, need, decision, occasion)
    radius = math.sqrt(-2.0 * math.log(to_unit(state)))
    return radius * math.cos(2.0 * math.pi * to_unit(mix(state + GOLDEN)))


@compiled("f8(u8,u8,f8)")
def finish(state: Word, runner: Word, weight: float) -> float:
    """Return when one alternative would be chosen, after the state of the address of the choice; see race_time."""
    return -math.log(to_unit(absorb(state, runner))) / weight


@compiled("f8(u8,u8,u8,u8,u8,f8)")
def race_time(key: Word, need: Word, decision: Word, occasion: Word, runner: Word, weight: float) -> float:
    """Return when one alternative would be chosen; the earliest is.

    With exponential times of rate ``weight`` each alternative wins with probability in proportion to its weight,
    and an alternative that never wins changes nobody's choice.
    """
    return finish(address(key, need, decision, occasion), runner, weight)


def key_of(*names: str) -> int:
    """Return the 64-bit key of a name, the same on every machine."""
    digest = hashlib.blake2b("\0".join(names).encode(), digest_size=8)
    return int.from_bytes(digest.digest(), "little")


def world_key(seed: int, replicate: int) -> int:
    """Return the key of a replicate's world.

    Args:
        seed: Root seed, 0 to 2**64 - 1.
        replicate: Number of the replicate, 0 to 2**64 - 1.

    Raises:
        ValueError: A number is outside its range.
    """
    for name, value in (("seed", seed), ("replicate", replicate)):
        if not 0 <= value <= MASK:
            raise ValueError(f"{name} is {value}; allowed: 0 to {MASK}")
    return int(absorb(mix(seed), replicate))
