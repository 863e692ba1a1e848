"""Rules of doors: finding one, and being turned away."""

from __future__ import annotations

from sim.compiled import compiled
from sim.draws import Word, happens


@compiled("f8(f8,f8,f8)")
def wrong_door_chance(base: float, added: float, capability: float) -> float:
    """Return the chance of a wrong door.

    Args:
        base: Chance at capability 0 without barriers.
        added: What limited learning adds to it.
        capability: The citizen's, 0 to 1.
    """
    return min(1.0, base + added) * (1.0 - capability)


@compiled("b1(u8,u8,u8,u8,f8,f8,f8)")
def takes_wrong_door(
    key: Word, need: Word, decision: Word, occasion: Word, base: float, added: float, capability: float
) -> bool:
    """Return whether the citizen at an address goes to a wrong door; see :func:`wrong_door_chance`."""
    return happens(key, need, decision, occasion, wrong_door_chance(base, added, capability))


@compiled("f8(f8,f8,f8)")
def severity_at(onset: float, growth_per_day: float, days: float) -> float:
    """Return the severity of a need that has been unmet for some days: linear growth up to 1."""
    return min(1.0, onset + growth_per_day * days)


@compiled("f8(f8,f8)")
def referral_threshold(threshold: float, added: float) -> float:
    """Return the threshold that a referral from another profession meets, at most 1."""
    return min(1.0, threshold + added)
