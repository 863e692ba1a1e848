"""Cases of one service: M/M/c, M/G/1, with patience, with a limited waiting list, in three orders."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from scipy import special, stats

from experiments.validation import case, formulas
from experiments.validation.case import Case, Measure, Window, build
from experiments.validation.formulas import ServiceTime
from sim import Coordination, Scenario
from sim.outcomes.result import Result

CARE = "care"
MEAN_WAIT, SQUARE, DELAYED = "mean wait, days", "mean squared wait, days²", "share that waits"
SEVERITY_SIGMA = 0.8


@dataclass(frozen=True)
class Queue:
    """One service that anybody can walk into; times in days.

    Attributes:
        servers: Places.
        load: Work offered per place.
        service: Law of the service time.
        patience: Mean patience, in mean service times; None for endless.
        room: How many may wait; None for any number.
        severities: Median severity of each kind of need, all of one kind being alike; none: one kind whose severity is
            spread out.
        customers: Expected number of citizens counted in a replicate of size 1.
    """

    servers: int
    load: float
    service: ServiceTime = field(default_factory=lambda: ServiceTime(1.0))
    patience: float | None = None
    room: int | None = None
    severities: tuple[float, ...] = ()
    customers: int = 8000

    @property
    def offered(self) -> float:
        """Work offered."""
        return self.servers * self.load

    @property
    def per_day(self) -> float:
        """Arrivals a day."""
        return self.offered / self.service.mean

    @property
    def words(self) -> str:
        """What it is, for the table."""
        laws = {"exponential": "", "fixed": "", "lognormal": f", cv {self.service.cv:g}"}
        places = f"{self.servers} place{'s' if self.servers > 1 else ''}, load {self.load:g}{laws[self.service.law]}"
        return places if self.room is None else f"{places}, room for {self.room}"

    def window(self, size: float, in_order: bool) -> Window:
        """Return the days of a run.

        The queue forgets its start at the rate (1 - sqrt(load))^2 per service and place; after eight times that long a
        mean is off by less than a thousandth. Whoever comes last must be served before the end; where others may be
        called first that takes long.
        """
        steady = self.patience is None and self.room is None
        memory = self.load / (1.0 - math.sqrt(self.load)) ** 2 * self._spread() if steady else 10.0 * self.servers
        slowest = 50.0 * self.load / (1.0 - self.load) * self._spread() if steady and in_order else 25.0 * memory
        return Window(
            per_day=self.per_day,
            warmup=(8.0 * memory + 10.0 * self.servers) / self.per_day,
            counted=self.customers * size / self.per_day,
            tail=(slowest + 50.0 * self.servers) / self.per_day,
        )

    def _spread(self) -> float:
        return max(1.0, self.service.moment(2) / self.service.mean**2 / 2.0)

    def scenario(self, size: float, in_order: bool = True) -> Scenario:
        """Return the place with this queue."""
        patience = {} if self.patience is None else {"patience_days": self.patience * self.service.mean}
        kinds = [{"need": "illness", "prevalence": 1, "severity_sigma": SEVERITY_SIGMA}]
        if self.severities:
            kinds = [
                {"need": f"class_{number}", "prevalence": 1, "severity_median": median, "severity_sigma": 0}
                for number, median in enumerate(self.severities)
            ]
        service = {
            "service": CARE,
            "provider": "clinic",
            "stage": "support",
            "needs": "all",
            "places": self.servers,
            "service_days": self.service.mean,
            "service_time": self.service.law,
            "service_cv": self.service.cv,
            "list_limit": "" if self.room is None else self.room,
        }
        return build(self.window(size, in_order), {"population": patience}, services=[service], needs=kinds)


def measure_wait(expected: float) -> Measure:
    """Return the measure of the mean wait."""
    return Measure(MEAN_WAIT, expected, partial(case.mean_wait, service=CARE))


def measure_square(expected: float) -> Measure:
    """Return the measure of the mean squared wait."""
    return Measure(SQUARE, expected, partial(case.mean_square_wait, service=CARE))


def erlang_c_case(queue: Queue) -> Case:
    """Return M/M/c, first come first served."""
    wait = formulas.mean_wait(queue.servers, queue.offered, queue.service.mean)
    delayed = formulas.erlang_c(queue.servers, queue.offered)
    measures = (measure_wait(wait), Measure(DELAYED, delayed, partial(case.share_delayed, service=CARE)))
    return Case("M/M/c", queue.words, queue.scenario, measures)


def random_order_case(queue: Queue) -> Case:
    """Return M/M/c in random order."""
    wait = formulas.mean_wait(queue.servers, queue.offered, queue.service.mean)
    square = formulas.mean_square_wait(queue.servers, queue.offered, queue.service.mean, random_order=True)
    return Case(
        "M/M/c, random order",
        queue.words,
        partial(queue.scenario, in_order=False),
        (measure_square(square), measure_wait(wait)),
        Coordination(discipline="random_order"),
    )


def one_place_case(queue: Queue, random_order: bool = False) -> Case:
    """Return M/G/1, first come first served or in random order.

    Of a law with a long tail only the mean: the mean square over a replicate is too skewed for Student's t.
    """
    measures = [measure_wait(formulas.mean_wait_one_place(queue.per_day, queue.service))]
    if queue.service.law == "fixed" or queue.service.cv < 1.0:
        square = formulas.mean_square_wait_one_place(queue.per_day, queue.service, random_order)
        measures.insert(0 if random_order else 1, measure_square(square))
    names = {"fixed": "M/D/1", "lognormal": "M/G/1, lognormal"}
    return Case(
        names[queue.service.law] + (", random order" if random_order else ""),
        queue.words,
        partial(queue.scenario, in_order=not random_order),
        tuple(measures),
        Coordination(discipline="random_order" if random_order else "first_come"),
    )


def erlang_a_case(queue: Queue) -> Case:
    """Return M/M/c+M: everybody's patience is exponential."""
    assert queue.patience is not None
    share, wait = formulas.erlang_a(queue.servers, queue.offered, queue.patience)
    name = f"{queue.words}, patience {queue.patience:g} services"
    measures = (Measure("share that leaves", share, share_abandoned), measure_wait(wait * queue.service.mean))
    return Case("M/M/c+M (Erlang A)", name, queue.scenario, measures)


def share_abandoned(result: Result) -> float:
    """Return the share of those who came that left the queue."""
    return float((case.counted_spells(result, CARE)["end"] == "abandoned_wait").mean())


def losses_case(queue: Queue) -> Case:
    """Return M/M/c/K; without room to wait it is Erlang's loss system."""
    assert queue.room is not None
    exact = formulas.losses(queue.servers, queue.offered, queue.room)
    measures = [Measure("share turned away", exact.refused, share_turned_away)]
    if queue.room:
        measures.append(measure_wait(exact.wait * queue.service.mean))
    family = "M/M/c/K" if queue.room else "M/M/c/c (Erlang B)"
    return Case(family, queue.words, queue.scenario, tuple(measures))


def share_turned_away(result: Result) -> float:
    """Return the share of citizens of the cohort for whom there was no room."""
    episodes = result.episodes
    turned = result.ledger.loc[result.ledger["reason"] == "list_full", "episode"].to_numpy()
    return float(np.isin(np.flatnonzero(episodes["cohort"]), turned).mean())


def urgency_case(queue: Queue, fifths: Sequence[int] = (0, 2, 4)) -> Case:
    """Return M/M/c where the more severe go first: the mean wait of fifths of severity, and of all.

    Args:
        queue: The queue.
        fifths: Which of them, 0 being the most severe.
    """

    def fifth(number: int) -> Measure:
        low, high = number / 5, (number + 1) / 5
        wait = formulas.mean_wait_by_urgency(queue.servers, queue.offered, low, high, queue.service.mean)
        name = f"mean wait, days, {('most', 'second', 'third', 'fourth', 'least')[number]} severe fifth"
        return Measure(name, wait, partial(wait_of_share, low=low, high=high))

    mean = formulas.mean_wait(queue.servers, queue.offered, queue.service.mean)
    return Case(
        "M/M/c, urgency",
        queue.words,
        partial(queue.scenario, in_order=False),
        (*(fifth(number) for number in fifths), measure_wait(mean)),
        Coordination(discipline="urgency"),
    )


def wait_of_share(result: Result, low: float, high: float) -> float:
    """Return the mean wait of those of whom a share between ``low`` and ``high`` of all is more severe."""
    spells = case.counted_spells(result, CARE)
    severity = result.episodes["severity"].to_numpy()[spells["episode"]]
    more_severe = stats.norm.sf(special.logit(severity) / SEVERITY_SIGMA)
    return float(spells["wait"][(more_severe >= low) & (more_severe < high)].mean())


def classes_case(queue: Queue) -> Case:
    """Return a queue with a few classes of severity, equally frequent: M/M/c or M/D/1, the mean wait of each."""
    if queue.service.law == "exponential":
        first = formulas.erlang_c(queue.servers, queue.offered) * queue.service.mean / queue.servers
    else:
        first = queue.per_day * queue.service.moment(2) / 2.0
    loads = [queue.load / len(queue.severities)] * len(queue.severities)
    waits = formulas.mean_wait_by_class(first, loads)
    measures = [
        Measure(f"mean wait, days, class {number + 1}", wait, partial(wait_of_kind, kind=f"class_{number}"))
        for number, wait in enumerate(waits)
    ]
    return Case(
        "Priority classes (Cobham)",
        f"{queue.service.law} service, {queue.words}",
        partial(queue.scenario, in_order=False),
        tuple(measures),
        Coordination(discipline="urgency"),
    )


def wait_of_kind(result: Result, kind: str) -> float:
    """Return the mean wait of those with one kind of need."""
    spells = case.counted_spells(result, CARE)
    needs = result.episodes["need"].to_numpy()[spells["episode"]]
    return float(spells["wait"][needs == kind].mean())


def queue_cases() -> list[Case]:
    """Return all cases of one service."""
    fixed, narrow, wide = (
        ServiceTime(0.5, "fixed"),
        ServiceTime(1.0, "lognormal", 0.5),
        ServiceTime(0.5, "lognormal", 2.0),
    )
    return [
        *(
            erlang_c_case(Queue(servers, load, ServiceTime(days), customers=20_000 if load > 0.8 else 6000))
            for servers, days in ((1, 0.5), (3, 1.0), (10, 2.0))
            for load in (0.5, 0.8, 0.9)
        ),
        *(random_order_case(Queue(servers, load)) for servers, load in ((1, 0.5), (3, 0.8), (10, 0.8))),
        random_order_case(Queue(3, 0.9, customers=16_000)),
        *(one_place_case(Queue(1, load, fixed)) for load in (0.5, 0.8)),
        one_place_case(Queue(1, 0.9, fixed, customers=16_000)),
        *(one_place_case(Queue(1, load, narrow)) for load in (0.5, 0.8)),
        *(one_place_case(Queue(1, load, wide, customers=16_000)) for load in (0.5, 0.7)),
        *(one_place_case(Queue(1, load, fixed), True) for load in (0.5, 0.8)),
        one_place_case(Queue(1, 0.7, narrow), True),
        *(
            erlang_a_case(Queue(servers, load, ServiceTime(days), patience))
            for servers, load, days, patience in (
                (1, 1.0, 1.0, 3.0), (2, 0.7, 1.0, 1.0), (5, 1.0, 0.5, 2.0), (10, 1.3, 2.0, 0.5), (10, 1.0, 1.0, 4.0),
            )
        ),
        *(
            losses_case(Queue(servers, load, room=room))
            for servers, load, room in (
                (1, 0.5, 0), (5, 0.8, 0), (10, 1.2, 0), (1, 0.9, 3), (3, 1.0, 5), (10, 1.3, 10),
            )
        ),
        *(urgency_case(Queue(servers, load)) for servers, load in ((1, 0.6), (3, 0.8))),
        *(
            classes_case(Queue(servers, load, service, severities=medians))
            for servers, load, service, medians in (
                (2, 0.8, ServiceTime(1.0), (0.8, 0.3)), (1, 0.7, fixed, (0.9, 0.5, 0.2)),
            )
        ),
    ]  # fmt: skip
