"""The headline outcomes of one run."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from sim.outcomes.survival import (
    GAVE_UP,
    SUPPORTED,
    cumulative_incidence,
    known_until,
    quantile,
    restricted_mean,
    value_at,
)
from sim.schema.parameters import Time

SOON_DAYS, LATE_DAYS = 28.0, 126.0


@dataclass(frozen=True)
class Outcome:
    """One headline outcome.

    Attributes:
        name: Column in the tables.
        label: Words for people.
        unit: ``share``, ``days``, ``per 100`` or ``GBP``.
        better: ``higher`` or ``lower``.
    """

    name: str
    label: str
    unit: str
    better: str


HEADLINE = (
    Outcome("supported_28", "Supported within 28 days", "share", "higher"),
    Outcome("supported_126", "Supported within 18 weeks", "share", "higher"),
    Outcome("median_days", "Median time to support", "days", "lower"),
    Outcome("restricted_mean_days", "Restricted mean time to support", "days", "lower"),
    Outcome("dropped_per_100", "Dropped handoffs per 100 made", "per 100", "lower"),
    Outcome("failed_per_100", "Failed attempts per 100 needs", "per 100", "lower"),
    Outcome("failure_per_100", "Failure demand, contacts per 100 needs", "per 100", "lower"),
    Outcome("crises_per_100", "Crisis contacts per 100 needs", "per 100", "lower"),
    Outcome("gave_up", "Episodes given up", "share", "lower"),
    Outcome("cost_per_supported", "Cost per support started", "GBP", "lower"),
)


def headline(
    episodes: pd.DataFrame, handoffs: pd.DataFrame, time: Time, cost_per_supported: float = math.nan
) -> dict[str, float]:
    """Return the headline outcomes of the cohort by name.

    Args:
        episodes: As of a result.
        handoffs: As of a result.
        time: The clock; its follow-up limits the restricted mean and the share that gives up.
        cost_per_supported: Of the run, in GBP; it has no meaning for a part of the episodes.

    Returns:
        NaN where there is nothing to count, nothing known that far, or a median not reached. A failed attempt is a
        dropped handoff or a setback outside a handoff: who is turned away and handed on, and who is turned away and
        left alone, count alike.
    """
    counted = episodes[episodes["cohort"]]
    made = handoffs[handoffs["cohort"]]
    if counted.empty:
        return {outcome.name: math.nan for outcome in HEADLINE}
    limit = time.followup_days
    days, states = counted["days"].to_numpy(), counted["state"].astype(str).to_numpy()
    support = cumulative_incidence(days, states, SUPPORTED)
    giving_up = cumulative_incidence(days, states, GAVE_UP)
    end = known_until(days, states)
    return {
        "supported_28": value_at(*support, SOON_DAYS) if end >= SOON_DAYS else math.nan,
        "supported_126": value_at(*support, LATE_DAYS) if end >= LATE_DAYS else math.nan,
        "median_days": quantile(*support, 0.5),
        "restricted_mean_days": restricted_mean(*support, limit),
        "dropped_per_100": 100.0 * float((made["state"] == "dropped").mean()) if len(made) else math.nan,
        "failed_per_100": 100.0 * float((counted["setbacks"] + counted["dropped"]).mean()),
        "failure_per_100": 100.0 * float(counted["failure_contacts"].mean()),
        "crises_per_100": 100.0 * float(counted["crises"].mean()),
        "gave_up": value_at(*giving_up, limit),
        "cost_per_supported": cost_per_supported,
    }
