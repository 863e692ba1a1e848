"""Rules of handoffs: does it leave, how long does it take, does a barrier bite."""

from __future__ import annotations

from sim.compiled import compiled
from sim.rules.waiting import with_odds


@compiled("f8(f8,f8,f8)")
def carried_chance(base: float, odds_capability: float, capability: float) -> float:
    """Return the chance that a citizen who was told where to go goes there.

    Args:
        base: Chance at capability 0.5.
        odds_capability: Odds ratio of capability 1 against 0.
        capability: The citizen's, 0 to 1.
    """
    return with_odds(base, odds_capability ** (capability - 0.5))


@compiled("f8(f8,f8,f8)")
def transmitted_chance(base: float, level: float, lost: float) -> float:
    """Return the chance that a referral is transmitted.

    Args:
        base: Chance without a barrier to data sharing.
        level: Level of that barrier.
        lost: Share that the barrier loses at level 1.
    """
    return base * (1.0 - level * lost)


@compiled("f8(f8,f8,f8,f8)")
def transfer_mean(days: float, level: float, slower: float, records: float) -> float:
    """Return the mean time of a transfer.

    Args:
        days: Mean without barriers.
        level: Level of the barrier to data sharing.
        slower: What the barrier adds at level 1, as a share of the time.
        records: Factor of the records mechanism.
    """
    return days * (1.0 + level * slower) * records


@compiled("f8(f8,f8,f8,f8)")
def recorded_chance(own: float, shared: float, level: float, unseen: float) -> float:
    """Return the chance that the sender's records show a completed handoff as completed.

    Args:
        own: Chance by the mode of the handoff alone.
        shared: Chance by the records that sender and receiver share; 0 where they share none.
        level: Level of the barrier to data sharing.
        unseen: Share of records that the barrier hides at level 1.
    """
    return max(own, shared) * (1.0 - level * unseen)
