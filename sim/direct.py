"""The compiled rules and draws as the agents call them: without numba's search for the signature.

That search is more than half the time of a call, and each of them has one signature only. Compiled functions call each
other in their own modules.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, ParamSpec, TypeVar

from sim import draws
from sim.rules import doors, handoffs, unmet, waiting

P = ParamSpec("P")
R = TypeVar("R")


def direct(function: Callable[P, R]) -> Callable[P, R]:
    """Return what numba runs in the end when a function of one signature is called; itself if it is not compiled."""
    compiled: dict[Any, Any] = getattr(function, "overloads", {})
    entry: Callable[P, R] = next(iter(compiled.values())).entry_point if len(compiled) == 1 else function
    return entry


absorb: Final = direct(draws.absorb)
address: Final = direct(draws.address)
exponential: Final = direct(draws.exponential)
finish: Final = direct(draws.finish)
happens: Final = direct(draws.happens)
normal: Final = direct(draws.normal)
race_time: Final = direct(draws.race_time)
uniform: Final = direct(draws.uniform)

referral_threshold: Final = direct(doors.referral_threshold)
severity_at: Final = direct(doors.severity_at)
takes_wrong_door: Final = direct(doors.takes_wrong_door)

carried_chance: Final = direct(handoffs.carried_chance)
recorded_chance: Final = direct(handoffs.recorded_chance)
transfer_mean: Final = direct(handoffs.transfer_mean)
transmitted_chance: Final = direct(handoffs.transmitted_chance)

crisis_hazard: Final = direct(unmet.crisis_hazard)
local_threshold: Final = direct(unmet.local_threshold)
raising_hazard: Final = direct(unmet.raising_hazard)
vacant_places: Final = direct(unmet.vacant_places)

attends: Final = direct(waiting.attends)
expected_wait: Final = direct(waiting.expected_wait)
next_in_random_order: Final = direct(waiting.next_in_random_order)
service_days: Final = direct(waiting.service_days)
