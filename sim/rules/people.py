"""Who the citizens are: arrivals, traits and needs, drawn without regard to the landscape."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from sim.codes import Decision
from sim.compiled import compiled
from sim.draws import Word, absorb, exponential, normal, race_time, uniform

Floats = npt.NDArray[np.float64]
Keys = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]

_ARRIVAL = np.uint64(Decision.ARRIVAL)
_NEED_COUNT = np.uint64(Decision.NEED_COUNT)
_NEED_KIND = np.uint64(Decision.NEED_KIND)
_NEED_SEVERITY = np.uint64(Decision.NEED_SEVERITY)
_NEED_LAG = np.uint64(Decision.NEED_LAG)
_ZERO = np.uint64(0)


@compiled("f8(f8,f8,f8)")
def logit_normal(median: float, sigma: float, z: float) -> float:
    """Return a number between 0 and 1 whose logit is normal around that of ``median``."""
    if median <= 0.0 or median >= 1.0:
        return median
    return 1.0 / (1.0 + (1.0 - median) / median * math.exp(-sigma * z))


@compiled("f8(f8,f8,f8)")
def lognormal_of_mean(mean: float, sigma: float, z: float) -> float:
    """Return a lognormal number of the given mean and log-spread."""
    return mean * math.exp(sigma * z - 0.5 * sigma * sigma)


@compiled("void(f8[:],f8,f8[:])")
def logit_normals(medians: Floats, sigma: float, zs: Floats) -> None:
    """Turn standard normal numbers into logit-normal ones, in place."""
    for row in range(len(zs)):
        zs[row] = logit_normal(medians[row], sigma, zs[row])


@compiled("void(f8,f8,f8[:])")
def lognormals_of_mean(mean: float, sigma: float, zs: Floats) -> None:
    """Turn standard normal numbers into lognormal ones of the given mean, in place."""
    for row in range(len(zs)):
        zs[row] = lognormal_of_mean(mean, sigma, zs[row])


@compiled("i8(u8,f8,f8)")
def count_arrivals(district: Word, per_day: float, horizon: float) -> int:
    """Return how many citizens of a Poisson stream arrive before the horizon."""
    time, count = 0.0, 0
    if per_day <= 0.0:
        return 0
    while True:
        time += exponential(district, _ZERO, _ARRIVAL, np.uint64(count), 1.0 / per_day)
        if time >= horizon:
            return count
        count += 1


@compiled("void(u8,f8,f8[:],u8[:])")
def draw_arrivals(district: Word, per_day: float, times: Floats, keys: Keys) -> None:
    """Fill in the arrival times and keys of a district's citizens, in order of arrival."""
    time = 0.0
    for ordinal in range(len(times)):
        time += exponential(district, _ZERO, _ARRIVAL, np.uint64(ordinal), 1.0 / per_day)
        times[ordinal] = time
        keys[ordinal] = absorb(district, np.uint64(ordinal))


@compiled("void(u8[:],u8,f8[:])")
def draw_normals(keys: Keys, decision: Word, out: Floats) -> None:
    """Fill in one standard normal number for each citizen."""
    for row in range(len(keys)):
        out[row] = normal(keys[row], _ZERO, decision, _ZERO)


@compiled("void(u8[:],f8[:],i8[:])")
def draw_counts(keys: Keys, cumulative: Floats, out: Ints) -> None:
    """Fill in each citizen's number of needs from its cumulative distribution (``cumulative[0]`` is P(1))."""
    for row in range(len(keys)):
        position = int(np.searchsorted(cumulative, uniform(keys[row], _ZERO, _NEED_COUNT, _ZERO)))
        out[row] = min(position + 1, len(cumulative))


@compiled("void(u8[:],i8[:],u8[:],f8[:],f8[:,:],f8[:],f8[:],f8,i8[:],f8[:],f8[:])")
def draw_needs(
    keys: Keys,
    first: Ints,
    kind_keys: Keys,
    weights: Floats,
    lifts: Floats,
    severity_median: Floats,
    severity_sigma: Floats,
    lag_days: float,
    kinds: Ints,
    severities: Floats,
    lags: Floats,
) -> None:
    """Fill in the needs of each citizen.

    Kinds are drawn one after another without replacement, each in proportion to its weight times its lifts with
    the kinds that the citizen already has.

    Args:
        keys: Keys of the citizens, shape (citizens,).
        first: Where each citizen's needs start in the output, shape (citizens + 1,).
        kind_keys: Key of each kind of need, so that the order of the table does not matter.
        weights: Prevalence of each kind.
        lifts: Factor for each pair of kinds.
        severity_median: Median severity of each kind.
        severity_sigma: Its spread in logits.
        lag_days: Mean lag between the onsets of a citizen's needs.
        kinds: Output, shape (needs,).
        severities: Output, shape (needs,).
        lags: Output, days from the citizen's first onset, shape (needs,).
    """
    total = len(weights)
    left = np.empty(total, np.float64)
    for row in range(len(keys)):
        key = keys[row]
        left[:] = weights
        lag = 0.0
        for position in range(first[row], first[row + 1]):
            slot = np.uint64(position - first[row])
            best, chosen = math.inf, -1
            for kind in range(total):
                if left[kind] > 0.0:
                    time = race_time(key, slot, _NEED_KIND, _ZERO, kind_keys[kind], left[kind])
                    if time < best:
                        best, chosen = time, kind
            kinds[position] = chosen
            if chosen >= 0:
                for kind in range(total):
                    left[kind] *= lifts[chosen, kind]
                left[chosen] = 0.0
                z = normal(key, slot, _NEED_SEVERITY, _ZERO)
                severities[position] = logit_normal(severity_median[chosen], severity_sigma[chosen], z)
            if slot > _ZERO:
                lag += exponential(key, slot, _NEED_LAG, _ZERO, lag_days)
            lags[position] = lag
