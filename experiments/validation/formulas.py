"""Closed forms of queueing theory, independent of the model.

References:
    Erlang 1917, as in Kleinrock 1975, Queueing Systems I, sections 3.5 and 3.6 (Erlang B and C).
    Palm 1957; Mandelbaum and Zeltyn 2007, in Advances in Services Innovations, 17-45 (Erlang A).
    Cobham 1954, Oper Res 2:70-76 (priorities), in its limit of a continuous priority.
    Kingman 1962, Proc Camb Phil Soc 58:163-164; Takacs 1963, Oper Res 11:705-722 (random order).
    Pollaczek 1930, Khinchine 1932, as in Kleinrock 1975, section 5.6; Takacs 1962, Oper Res 10:182-187 (M/G/1).
    Burke 1956, Oper Res 4:699-704; Jackson 1957, Oper Res 5:518-521 (networks of queues).
    Takacs 1962, Introduction to the Theory of Queues, chapter 3 (endlessly many places).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True)
class ServiceTime:
    """A law of service times, by its moments.

    Attributes:
        mean: Mean.
        law: exponential, lognormal or fixed, as in services.csv.
        cv: Coefficient of variation of the lognormal law.
    """

    mean: float
    law: str = "exponential"
    cv: float = 1.0

    def moment(self, order: int) -> float:
        """Return the mean of the time raised to the power ``order``."""
        if self.law == "fixed":
            return self.mean**order
        if self.law == "lognormal":
            return self.mean**order * (1.0 + self.cv**2) ** (order * (order - 1) // 2)
        return self.mean**order * math.factorial(order)

    def mean_up_to(self, limit: float) -> float:
        """Return the mean of the smaller of the time and a limit: the integral of the survival function up to it."""
        if self.law == "fixed":
            return min(self.mean, limit)
        if self.law == "lognormal":
            sigma = math.sqrt(math.log(1.0 + self.cv**2))
            whole = stats.norm.cdf((math.log(limit / self.mean) - sigma**2 / 2) / sigma)
            longer = stats.norm.sf((math.log(limit / self.mean) + sigma**2 / 2) / sigma)
            return float(self.mean * whole + limit * longer)
        return self.mean * -math.expm1(-limit / self.mean)


def mean_wait_one_place(rate: float, service: ServiceTime) -> float:
    """Return the mean wait in M/G/1 (Pollaczek and Khinchine), whoever is next as long as that is not by length.

    Args:
        rate: Arrivals per unit of time.
        service: Law of the service time.
    """
    return rate * service.moment(2) / 2.0 / (1.0 - rate * service.mean)


def mean_square_wait_one_place(rate: float, service: ServiceTime, random_order: bool = False) -> float:
    """Return the mean of the squared wait in M/G/1: first come by Takacs' recursion, random order by Kingman's factor.

    Args:
        rate: Arrivals per unit of time.
        service: Law of the service time.
        random_order: Each of those waiting is equally likely to be next.
    """
    load = rate * service.mean
    square = 2.0 * mean_wait_one_place(rate, service) ** 2 + rate * service.moment(3) / 3.0 / (1.0 - load)
    return square * (2.0 / (2.0 - load) if random_order else 1.0)


def mean_wait_by_class(first_wait: float, loads: Sequence[float]) -> list[float]:
    """Return the mean wait of each class, the most urgent first (Cobham): priority that does not interrupt.

    Args:
        first_wait: Mean time until a place comes free for somebody who goes before all who wait: in M/M/c the
            probability of delay over the rate of all places, in M/G/1 half the rate times the second moment of the
            service time.
        loads: Load that each class brings, as a share of all places.
    """
    waits, before = [], 0.0
    for load in loads:
        waits.append(first_wait / (1.0 - before) / (1.0 - before - load))
        before += load
    return waits


@dataclass(frozen=True)
class Losses:
    """A queue with room for few, M/M/c/K.

    Attributes:
        refused: Share of those who come that finds no room.
        delayed: Share of those let in that has to wait.
        wait: Mean wait of those let in, in service times.
    """

    refused: float
    delayed: float
    wait: float


def losses(servers: int, offered: float, room: int) -> Losses:
    """Return what becomes of arrivals in M/M/c/K, from the stationary distribution of the number present.

    Args:
        servers: c.
        offered: Arrival rate times mean service time.
        room: How many may wait, K - c.
    """
    weights = [1.0]
    for present in range(1, servers + room + 1):
        weights.append(weights[-1] * offered / min(present, servers))
    share = np.array(weights) / sum(weights)
    let_in = 1.0 - share[-1]
    waiting = np.maximum(np.arange(servers + room + 1) - servers, 0)
    return Losses(
        refused=float(share[-1]),
        delayed=float(share[servers:-1].sum() / let_in),
        wait=float((waiting * share).sum() / (offered * let_in)),
    )


def mean_present(servers: int, offered: float) -> float:
    """Return the mean number present, waiting or served, in M/M/c."""
    return offered * (1.0 + mean_wait(servers, offered))
