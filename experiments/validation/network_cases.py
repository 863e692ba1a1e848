"""Cases of several services: in series, with returns, with handoffs between providers, and with places without end."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from experiments.validation import case, formulas
from experiments.validation.case import Case, Floats, Measure, Window, build, counted_days
from experiments.validation.formulas import ServiceTime
from sim import Scenario
from sim.outcomes.result import Result

INTAKE, HELP = "intake", "help"
COVARIANCE = "covariance of the numbers at both"
PLENTY = 1_000_000
"""Places where nobody ever waits."""


@dataclass(frozen=True)
class Node:
    """A service with exponential times in a network.

    Attributes:
        servers: Places.
        load: Work per place that all who come bring, those who return included.
        days: Mean service time.
    """

    servers: int
    load: float
    days: float

    @property
    def offered(self) -> float:
        """Work offered."""
        return self.servers * self.load

    @property
    def rate(self) -> float:
        """Arrivals a day, those who return included."""
        return self.offered / self.days

    @property
    def wait(self) -> float:
        """Mean wait, in days."""
        return formulas.mean_wait(self.servers, self.offered, self.days)

    @property
    def present(self) -> float:
        """Mean number present."""
        return formulas.mean_present(self.servers, self.offered)


@dataclass(frozen=True)
class Network:
    """Assessment, then support, at one provider or at two, with returns or without.

    Attributes:
        intake: Places and time of assessment; its load follows from that of support.
        support: Support.
        returns: Chance that a need returns after support.
        away: Mean days until it returns.
        transfer: Mean days of the handoff to the provider of support; None: one provider does both.
        customers: Expected number of citizens counted in a replicate of size 1.
    """

    intake: Node
    support: Node
    returns: float = 0.0
    away: float = 5.0
    transfer: float | None = None
    customers: int = 6000

    @property
    def per_day(self) -> float:
        """Citizens a day: each comes 1 / (1 - returns) times on average."""
        return self.intake.rate * (1.0 - self.returns)

    def scenario(self, size: float) -> Scenario:
        """Return the place."""
        nodes = (self.intake, self.support)
        memory = sum(node.days / node.servers / (1.0 - node.load**0.5) ** 2 + 5.0 * node.days for node in nodes)
        memory += self.away / (1.0 - self.returns) * (self.returns > 0.0) + (self.transfer or 0.0)
        window = Window(
            self.per_day, warmup=8.0 * memory, counted=self.customers * size / self.per_day, tail=15.0 * memory
        )
        provider = "clinic" if self.transfer is None else "charity"
        providers: list[dict[str, Any]] = [{"provider": "clinic", "sector": "public", "profession": "health"}]
        if self.transfer is not None:
            providers.append({"provider": "charity", "sector": "voluntary", "profession": "advice", "visibility": 0})
        return build(
            window,
            {"handoffs": {"signposting": {"sent": 1, "days": self.transfer or 0.0}}},
            providers=providers,
            services=[
                desk(INTAKE, "clinic", "assessment", self.intake.servers, self.intake.days),
                desk(HELP, provider, "support", self.support.servers, self.support.days, assessed_first="yes"),
            ],
            needs=[{"need": "illness", "prevalence": 1, "return_probability": self.returns, "return_days": self.away}],
        )


def desk(name: str, provider: str, stage: str, places: int, days: float, **more: Any) -> dict[str, Any]:
    """Return a row of services.csv."""
    return {
        "service": name, "provider": provider, "stage": stage, "needs": "all", "places": places,
        "service_days": days, **more,
    }  # fmt: skip


def matched(servers: int, days: float, rate: float) -> Node:
    """Return the node of which a flow of so many a day makes some load."""
    return Node(servers, rate * days / servers, days)


def waits(network: Network) -> tuple[Measure, ...]:
    """Return the measures of waiting in a network: each service is M/M/c by itself."""
    intake, support = network.intake, network.support
    return (
        Measure("mean wait for support, days", support.wait, partial(case.mean_wait, service=HELP)),
        Measure(
            "share that waits for assessment",
            formulas.erlang_c(intake.servers, intake.offered),
            partial(case.share_delayed, service=INTAKE),
        ),
    )


def tandem_case(network: Network) -> Case:
    """Return two services in series: numbers present at one time are independent (Burke, Jackson)."""
    together = partial(
        covariance_of_present, means=(network.intake.present, network.support.present), every=network.support.days
    )
    measures = (
        *waits(network),
        Measure("mean present at support", network.support.present, mean_present_at_support),
        Measure(COVARIANCE, 0.0, together),
    )
    return Case("In series", words(network), network.scenario, measures)


def words(network: Network) -> str:
    """Return what a network is, for the table."""
    nodes = " then ".join(f"{node.servers} at load {node.load:.2g}" for node in (network.intake, network.support))
    returns = f", {network.returns:.0%} return after {network.away:g} days" if network.returns else ""
    return nodes + returns + (f", {network.transfer:g} days between" if network.transfer else "")


def covariance_of_present(result: Result, means: tuple[float, float], every: float) -> float:
    """Return the mean product of how far the numbers at the two services are from their means."""
    numbers = [case.present(result, service, every) - mean for service, mean in zip((INTAKE, HELP), means, strict=True)]
    return float((numbers[0] * numbers[1]).mean())


def mean_present_at_support(result: Result) -> float:
    """Return the mean number at support over the days that count, from the time that each spends there."""
    first, last = counted_days(result)
    spells = result.spells[result.spells["service"] == HELP]
    end = spells["ended"].fillna(last).clip(first, last)
    return float((end - spells["joined"].clip(first, last)).sum() / (last - first))


def feedback_case(network: Network) -> Case:
    """Return a network in which a share returns: no stream is Poisson, yet each service is as if (Jackson)."""
    returns = Measure("returns per citizen", network.returns / (1.0 - network.returns), mean_returns)
    twice = Measure("share that returns twice", network.returns**2, share_that_returns_twice)
    return Case("With returns (Jackson)", words(network), network.scenario, (*waits(network), returns, twice))


def _returns(result: Result) -> Floats:
    """Return how often the need of each citizen of the cohort came back."""
    episodes = result.episodes
    of_cohort = episodes.loc[episodes["cohort"] & (episodes["recurrence"] == 0), "citizen"]
    most = episodes.groupby("citizen", observed=True)["recurrence"].max()
    return most.loc[of_cohort].to_numpy(np.float64)


def mean_returns(result: Result) -> float:
    """Return the mean number of returns of a citizen."""
    return float(_returns(result).mean())


def share_that_returns_twice(result: Result) -> float:
    """Return the share of citizens whose need comes back at least twice."""
    return float((_returns(result) >= 2).mean())


def handoffs_case(network: Network) -> Case:
    """Return two providers with handoffs between them, which take their time side by side: M/G/infinity."""
    assert network.transfer is not None
    under_way = network.per_day * network.transfer
    measures = (
        *waits(network),
        Measure("mean of handoffs under way", under_way, partial(mean_under_way, every=network.transfer)),
        Measure(
            "variance of handoffs under way",
            under_way,
            partial(variance_under_way, every=network.transfer, mean=under_way),
        ),
    )
    return Case("With handoffs (Jackson)", words(network), network.scenario, measures)


def _under_way(result: Result, every: float) -> Floats:
    handoffs = result.handoffs.rename(columns={"made": "joined", "received": "ended"})
    first, last = counted_days(result)
    return case.present_at(handoffs, np.arange(first, last, every))


def mean_under_way(result: Result, every: float) -> float:
    """Return the mean number of handoffs made and not yet received."""
    return float(_under_way(result, every).mean())


def variance_under_way(result: Result, every: float, mean: float) -> float:
    """Return their mean squared distance from a mean that is known."""
    return float(((_under_way(result, every) - mean) ** 2).mean())


def occupancy_case(per_day: float, service: ServiceTime) -> Case:
    """Return M/G/infinity: Poisson numbers, whatever the law of the service time; also while it fills."""
    offered = per_day * service.mean
    early = service.mean
    filling = per_day * service.mean_up_to(early)
    law = service.law + (f", cv {service.cv:g}" if service.law == "lognormal" else "")
    measures = (
        Measure("variance of the number served", offered, partial(variance_served, mean=offered, every=service.mean)),
        Measure("mean number served", offered, partial(mean_served, every=service.mean)),
        Measure("number served after one service time", filling, partial(served_at, day=early)),
    )
    return Case("M/G/∞", f"{law}, offered {offered:g}", partial(occupancy, per_day=per_day, service=service), measures)


def occupancy(size: float, per_day: float, service: ServiceTime) -> Scenario:
    """Return a place where nobody waits."""
    looks = 100.0 * size
    window = Window(per_day, warmup=60.0 * service.mean, counted=looks * service.mean, tail=1e-3)
    row = desk(HELP, "clinic", "support", PLENTY, service.mean, service_time=service.law, service_cv=service.cv)
    return build(window, {}, services=[row])


def variance_served(result: Result, mean: float, every: float) -> float:
    """Return the mean squared distance of the number served from a mean that is known."""
    return float(((case.present(result, HELP, every) - mean) ** 2).mean())


def mean_served(result: Result, every: float) -> float:
    """Return the mean number served."""
    return float(case.present(result, HELP, every).mean())


def served_at(result: Result, day: float) -> float:
    """Return the number served on a day."""
    return float(case.present_at(result.spells, np.array([day]))[0])


def network_cases() -> list[Case]:
    """Return all cases of several services."""
    one, three, ten = Node(1, 0.6, 1.0), Node(3, 0.8, 2.0), Node(10, 0.7, 4.0)
    laws = (("exponential", 1.0), ("fixed", 1.0), ("lognormal", 1.5))
    return [
        *(
            tandem_case(Network(intake, matched(servers, load * servers / intake.rate, intake.rate)))
            for intake, servers, load in ((one, 1, 0.8), (three, 2, 0.5), (ten, 3, 0.8))
        ),
        *(
            feedback_case(Network(intake, matched(servers, load * servers / intake.rate, intake.rate), chance, away))
            for intake, servers, load, chance, away in (
                (one, 2, 0.8, 0.3, 10.0), (three, 1, 0.5, 0.5, 0.5), (ten, 3, 0.7, 0.6, 3.0),
            )
        ),
        *(
            handoffs_case(Network(intake, matched(servers, load * servers / intake.rate, intake.rate), transfer=days))
            for intake, servers, load, days in ((one, 3, 0.8, 10.0), (three, 1, 0.7, 2.0), (ten, 5, 0.6, 7.0))
        ),
        *(
            occupancy_case(offered / days, ServiceTime(days, law, cv))
            for (law, cv), (offered, days) in product(laws, ((20.0, 5.0), (100.0, 2.0)))
        ),
    ]  # fmt: skip
