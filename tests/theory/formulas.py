"""Closed forms of queueing theory, independent of the model, and the statistic that compares the two.

References:
    Erlang 1917, as in Kleinrock 1975, Queueing Systems I, sections 3.5 and 3.6 (Erlang B and C).
    Palm 1957; Mandelbaum and Zeltyn 2007, in Advances in Services Innovations, 17-45 (Erlang A).
    Cobham 1954, Oper Res 2:70-76 (priorities), in its limit of a continuous priority.
    Kingman 1962, Proc Camb Phil Soc 58:163-164; Takacs 1963, Oper Res 11:705-722 (random order).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import stats


def erlang_b(servers: int, offered: float) -> float:
    """Return the blocking probability of M/M/c/c.

    Args:
        servers: c.
        offered: Arrival rate times mean service time.
    """
    blocked = 1.0
    for count in range(1, servers + 1):
        blocked = offered * blocked / (count + offered * blocked)
    return blocked


def erlang_c(servers: int, offered: float) -> float:
    """Return the probability that somebody has to wait in M/M/c; ``offered`` is below ``servers``."""
    blocked = erlang_b(servers, offered)
    return blocked / (1.0 - offered / servers * (1.0 - blocked))


def mean_wait(servers: int, offered: float, service: float = 1.0) -> float:
    """Return the mean wait in M/M/c, of all; ``service`` is the mean service time."""
    return erlang_c(servers, offered) * service / (servers - offered)


def mean_square_wait(servers: int, offered: float, service: float = 1.0, random_order: bool = False) -> float:
    """Return the mean of the squared wait in M/M/c, first come first served or in random order.

    Who waits, waits an exponential time when first come goes first. Random order leaves the mean as it is and
    multiplies the second moment by 2 / (2 - load).
    """
    square = 2.0 * erlang_c(servers, offered) * (service / (servers - offered)) ** 2
    return square * (2.0 / (2.0 - offered / servers) if random_order else 1.0)


def mean_wait_by_urgency(servers: int, offered: float, low: float, high: float, service: float = 1.0) -> float:
    """Return the mean wait in M/M/c of those of whom a share ``low`` to ``high`` of all is more urgent.

    Priority is continuous and does not interrupt. With the share s more urgent, Cobham's wait becomes
    W0 / (1 - load s)^2, where W0 is the probability of waiting over the rate of all places; averaged from ``low``
    to ``high``.
    """
    load = offered / servers
    first = erlang_c(servers, offered) * service / servers
    return first / load * (1.0 / (1.0 - load * high) - 1.0 / (1.0 - load * low)) / (high - low)


def erlang_a(servers: int, offered: float, patience: float) -> tuple[float, float]:
    """Return the share that abandons and the mean wait of all (until served or gone) in M/M/c+M.

    From the stationary distribution of the number present; ``patience`` is the mean patience in service times, so
    the mean queue q gives the share q / (patience x arrival rate) and, by Little's law, the mean wait q / arrival
    rate, in service times.
    """
    weight, total, queue = 1.0, 1.0, 0.0
    for present in range(1, 1_000_000):
        weight *= offered / (min(present, servers) + max(present - servers, 0) / patience)
        total += weight
        queue += weight * max(present - servers, 0)
        if present > servers + offered and weight < 1e-18 * total:
            break
    queue /= total
    return queue / patience / offered, queue / offered


def zero_truncated_negative_binomial(mean: float, size: float, most: int) -> npt.NDArray[np.float64]:
    """Return the probabilities of 1, 2, ..., ``most``; what would exceed ``most`` counts as ``most``."""
    whole = stats.nbinom(size, size / (size + mean))
    chances = whole.pmf(np.arange(1, most + 1))
    chances[-1] += whole.sf(most)
    return np.asarray(chances / whole.sf(0))


def t_statistic(replicates: npt.ArrayLike, expected: float) -> float:
    """Return how many standard errors the mean of the replicates is from what theory expects."""
    values = np.asarray(replicates, np.float64)
    return float((values.mean() - expected) / (values.std(ddof=1) / math.sqrt(len(values))))


def largest_t(replicates: int, comparisons: int, error_rate: float) -> float:
    """Return the bound on |t| that a family of comparisons exceeds by chance at most at the error rate.

    Bonferroni's bound, two-sided, with one degree of freedom less than there are replicates.
    """
    return float(stats.t.isf(error_rate / comparisons / 2.0, replicates - 1))
