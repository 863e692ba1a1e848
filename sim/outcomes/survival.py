"""Time to support as a right-censored outcome, with giving up as a competing event.

Estimates are of all episodes, whether they ended or not; standard errors take the episodes as independent of each
other. Those of one run are not quite: they wait for the same places, and some are of the same citizen. An interval
over worlds needs no such assumption and is to be preferred where there are several.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_ROUNDING = 1e-12
"""A share of exactly one half may come out of a long sum a little below it."""

OPEN, SUPPORTED, GAVE_UP = "open", "supported", "gave_up"
"""States of an episode at the end of its observation."""


@dataclass(frozen=True)
class _Steps:
    """What happened on each day on which anything ended, observations included; all of shape (days,).

    Attributes:
        days: In order, each once.
        at_risk: Episodes that were observed up to the day and had not ended before it.
        ended: Episodes with either event on the day.
        of_interest: Episodes with the event that is asked for.
        censored: Episodes whose observation ended.
        before: Share without either event just before the day: the Kaplan-Meier estimate of both together.
        rises: By how much the cumulative incidence rises on the day.
    """

    days: Floats
    at_risk: Floats
    ended: Floats
    of_interest: Floats
    censored: Floats
    before: Floats
    rises: Floats

    @property
    def incidence(self) -> Floats:
        """Cumulative incidence from each day on."""
        # Where everybody has the event the sum may end a rounding error above 1.
        return np.minimum(np.cumsum(self.rises), 1.0)


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
    steps = _steps_of(days, states, event)
    keep = steps.ended > 0
    return np.concatenate([[0.0], steps.days[keep]]), np.concatenate([[0.0], steps.incidence[keep]])


def incidence_error(days: npt.ArrayLike, states: npt.ArrayLike, event: str = SUPPORTED) -> Floats:
    """Return the standard error of a cumulative incidence at each of its steps.

    The estimator of the delta method (Marubini and Valsecchi 1995, Analysing Survival Data from Clinical Trials and
    Observational Studies, chapter 10; Collett 2015, Modelling Survival Data in Medical Research, 3rd edition,
    p. 411). With F the cumulative incidence, S the share without either event just before a time, n at risk, d ended
    and e with the event of interest at time s, the sums being over times s up to t::

        var F(t) = sum (F(t) - F(s))^2 d / (n (n - d)) + sum S^2 e (n - e) / n^3 - 2 sum (F(t) - F(s)) S e / n^2

    Without a competing event this is Greenwood's formula; without censoring it is F (1 - F) / episodes.

    Args:
        days: As of :func:`cumulative_incidence`.
        states: As of :func:`cumulative_incidence`.
        event: Which of the two events.

    Returns:
        One for each step of :func:`cumulative_incidence`, the first of them 0.
    """
    steps = _steps_of(days, states, event)
    at_risk, ended, of_interest = steps.at_risk, steps.ended, steps.of_interest
    left = at_risk - ended
    # Where all that are left end on a day, F(t) is F(s) for every t that there still is.
    weight = np.divide(ended, at_risk * left, out=np.zeros_like(at_risk), where=left > 0)
    # F(t) - F(s) is U(s) - U(t) with U = 1 - F. In U terms that cancel do so within a day, before they are summed.
    without = 1.0 - steps.incidence
    shared = steps.before * of_interest / at_risk**2
    own = steps.before * shared * (at_risk - of_interest) / at_risk
    variance = (
        np.cumsum(weight * without**2 + own - 2.0 * without * shared)
        - 2.0 * without * np.cumsum(weight * without - shared)
        + without**2 * np.cumsum(weight)
    )
    # A variance of 0 may come out a rounding error below it.
    return np.concatenate([[0.0], np.sqrt(np.maximum(variance[ended > 0], 0.0))])


def incidence_interval(values: Floats, errors: Floats, level: float = 0.95) -> tuple[Floats, Floats]:
    """Return pointwise confidence intervals of a cumulative incidence by the complementary log-log transform.

    The interval is symmetric in log(-log F) (Kalbfleisch and Prentice 1980, The Statistical Analysis of Failure Time
    Data), with the standard error of F over F |log F|; back on the scale of F its ends are powers of F and are never
    outside 0 to 1. It holds for one time at a time, not for the whole curve.

    Args:
        values: F at each step; shape (steps,).
        errors: From :func:`incidence_error`; shape (steps,).
        level: Of confidence.

    Returns:
        The lower and the upper ends, shape (steps,). NaN where F is 0 or 1: the transform is not defined there, and
        an interval of no width would claim what nobody knows.
    """
    inside = (values > _ROUNDING) & (values < 1.0 - _ROUNDING)
    share, error = np.where(inside, values, 0.5), np.where(inside, errors, 0.0)
    reach = normal_quantile(level) * error / (share * -np.log(share))
    return np.where(inside, share ** np.exp(reach), np.nan), np.where(inside, share ** np.exp(-reach), np.nan)


def known_until(days: npt.ArrayLike, states: npt.ArrayLike) -> float:
    """Return the day up to which a cumulative incidence is known, 0 where nobody is observed.

    Beyond the longest observation nothing is known, unless every episode has ended before.
    """
    if not np.size(days):
        return 0.0
    return math.inf if np.all(np.asarray(states) != OPEN) else float(np.max(np.asarray(days, np.float64)))


def value_at(times: Floats, values: Floats, day: float) -> float:
    """Return the value of a step function on a day."""
    return float(values[np.searchsorted(times, day, side="right") - 1])


def quantile(times: Floats, values: Floats, share: float) -> float:
    """Return the day on which a cumulative incidence reaches a share, or NaN where it never does."""
    reached = np.flatnonzero(values >= share - _ROUNDING)
    return float(times[reached[0]]) if len(reached) else math.nan


def quantile_interval(times: Floats, low: Floats, high: Floats, share: float) -> tuple[float, float]:
    """Return the confidence interval of a quantile: the days on which the ends of the band reach the share.

    The test-based interval of Brookmeyer and Crowley (1982, Biometrics 38: 29-41), with the band in place of theirs.

    Args:
        times: Of the steps; shape (steps,), days.
        low: From :func:`incidence_interval`; shape (steps,).
        high: The same.
        share: Of all episodes.

    Returns:
        The first day by which so many may be supported and the first by which they surely are, to the level of the
        band; NaN where an end of the band never gets there.
    """
    return quantile(times, high, share), quantile(times, low, share)


def restricted_mean(times: Floats, values: Floats, limit: float) -> float:
    """Return the mean number of days without the event within the first ``limit`` days.

    The area above the cumulative incidence up to the limit: who gives up or is never supported counts in full.
    """
    inside = times < limit
    edges = np.concatenate([times[inside], [limit]])
    return float(np.sum((1.0 - values[inside]) * np.diff(edges)))


def restricted_mean_error(days: npt.ArrayLike, states: npt.ArrayLike, limit: float, event: str = SUPPORTED) -> float:
    """Return the standard error of a restricted mean: the jackknife one, from its pseudo-values.

    Each episode is left out in turn, exactly, and its pseudo-value is n times the estimate less n - 1 times the
    estimate without it (Andersen, Klein and Rosthoj 2003, Biometrika 90: 15-27); the standard error is that of their
    mean. Without censoring it is the standard error of the mean of min(days to the event, limit).

    It takes no longer than one estimate. Up to the day on which an episode ends leaving it out makes those at risk
    one fewer, whichever episode it is; from then on it changes nothing but the share that is left to go on with.

    Args:
        days: As of :func:`cumulative_incidence`.
        states: As of :func:`cumulative_incidence`.
        limit: To which the mean is restricted, days.
        event: Which of the two events.

    Returns:
        In days; NaN for fewer than two episodes.
    """
    steps = _steps_of(days, states, event)
    count = float(np.sum(steps.ended + steps.censored))
    if count < 2:
        return math.nan
    numbers = np.stack([steps.of_interest, steps.ended - steps.of_interest, steps.censored])
    without = _restricted_means_without_one(steps, limit)
    gap = without - np.sum(numbers * without) / count
    return math.sqrt((count - 1) / count * float(np.sum(numbers * gap**2)))


def _restricted_means_without_one(steps: _Steps, limit: float) -> Floats:
    """Return the restricted mean without one episode, by how (of interest, otherwise, censored) and when it ends.

    Returns:
        Shape (3, days), in days; without meaning where no episode ends so on that day.
    """
    # A rise on a day saves the days from there to the limit.
    saved = np.maximum(limit - steps.days, 0.0)
    # At least one: where the episode left out was the only one at risk nothing happens on the day without it.
    fewer = np.maximum(steps.at_risk - 1.0, 1.0)
    left = np.cumprod(1.0 - steps.ended / fewer)
    left_before = np.concatenate([[1.0], left[:-1]])
    saved_before = np.concatenate([[0.0], np.cumsum(left_before * steps.of_interest / fewer * saved)[:-1]])
    # What is saved after the day, per share that is left then.
    saved_later = np.concatenate([np.cumsum((steps.rises * saved)[::-1])[::-1][1:], [0.0]])
    goes_on = steps.before * (1.0 - steps.ended / steps.at_risk)
    per_left = np.divide(saved_later, goes_on, out=np.zeros_like(saved), where=goes_on > 0)
    means = []
    for is_of_interest, has_ended in ((1.0, 1.0), (0.0, 1.0), (0.0, 0.0)):
        on_the_day = left_before * (steps.of_interest - is_of_interest) / fewer * saved
        afterwards = left_before * (1.0 - (steps.ended - has_ended) / fewer) * per_left
        means.append(limit - (saved_before + on_the_day + afterwards))
    return np.stack(means)


def _steps_of(days: npt.ArrayLike, states: npt.ArrayLike, event: str) -> _Steps:
    time = np.asarray(days, np.float64)
    state = np.asarray(states)
    steps, where = np.unique(time, return_inverse=True)
    if not len(steps):
        return _Steps(*np.zeros((7, 0)))
    everybody = np.bincount(where).astype(np.float64)
    ended = np.asarray(np.bincount(where, weights=state != OPEN), np.float64)
    of_interest = np.asarray(np.bincount(where, weights=state == event), np.float64)
    at_risk = len(time) - np.concatenate([[0.0], np.cumsum(everybody)[:-1]])
    still_unmet = np.cumprod(1.0 - ended / at_risk)
    before = np.concatenate([[1.0], still_unmet[:-1]])
    return _Steps(steps, at_risk, ended, of_interest, everybody - ended, before, before * of_interest / at_risk)


def normal_quantile(level: float = 0.95) -> float:
    """Return how many standard errors an interval of a level reaches to either side."""
    return NormalDist().inv_cdf(0.5 + level / 2)
