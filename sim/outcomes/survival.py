"""Time to support as a right-censored outcome, with giving up as a competing event."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_ROUNDING = 1e-12
"""A share of exactly one half may come out of a long sum a little below it."""

OPEN, SUPPORTED, GAVE_UP = "open", "supported", "gave_up"
"""States of an episode at the end of its observation."""


def cumulative_incidence(days: npt.ArrayLike, states: npt.ArrayLike, event: str = SUPPORTED) -> tuple[Floats, Floats]:
    """Return the Aalen-Johansen estimate of the cumulative incidence of an event.

    Args:
        days: Time from onset to the state, or to the end of observation; shape (episodes,), days.
        states: ``supported``, ``gave_up`` or ``open`` (censored); shape (episodes,).
        event: Which of the two events.

    Returns:
        The times of the steps, beginning with 0, and the probability from each time on. Both hold only 0 where
        nobody is observed.
    """
    time = np.asarray(days, np.float64)
    state = np.asarray(states)
    steps, where = np.unique(time, return_inverse=True)
    if not len(steps):
        return np.zeros(1), np.zeros(1)
    ended = np.bincount(where, weights=state != OPEN)
    of_interest = np.bincount(where, weights=state == event)
    at_risk = len(time) - np.concatenate([[0], np.cumsum(np.bincount(where))[:-1]])
    still_unmet = np.cumprod(1.0 - ended / at_risk)
    before = np.concatenate([[1.0], still_unmet[:-1]])
    # Where everybody has the event the sum may end a rounding error above 1.
    incidence = np.minimum(np.cumsum(before * of_interest / at_risk), 1.0)
    keep = ended > 0
    return np.concatenate([[0.0], steps[keep]]), np.concatenate([[0.0], incidence[keep]])


def value_at(times: Floats, values: Floats, day: float) -> float:
    """Return the value of a step function on a day."""
    return float(values[np.searchsorted(times, day, side="right") - 1])


def quantile(times: Floats, values: Floats, share: float) -> float:
    """Return the day on which a cumulative incidence reaches a share, or NaN where it never does."""
    reached = np.flatnonzero(values >= share - _ROUNDING)
    return float(times[reached[0]]) if len(reached) else math.nan


def restricted_mean(times: Floats, values: Floats, limit: float) -> float:
    """Return the mean number of days without the event within the first ``limit`` days.

    The area above the cumulative incidence up to the limit: who gives up or is never supported counts in full.
    """
    inside = times < limit
    edges = np.concatenate([times[inside], [limit]])
    return float(np.sum((1.0 - values[inside]) * np.diff(edges)))
