"""Queues in Ciw, in SimPy and in the model: the same numbers, three programs that share no code.

Ciw: Palmer, Knight, Harper and Hawa 2019, J Simul 13:68-82. SimPy: https://simpy.readthedocs.io.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import ciw
import numpy as np
import simpy

from experiments.validation.compared import Compared
from experiments.validation.part import Part
from experiments.validation.peers.running import PLAIN, Measures, Run, compared_with, generator, replicated
from experiments.validation.places import load_place
from sim import Coordination, Scenario, simulate
from sim.schema.parameters import DAYS_PER_YEAR

MILD, SEVERE = "mild", "severe"
SEVERITIES = {MILD: 0.3, SEVERE: 0.8}


@dataclass(frozen=True)
class Station:
    """Places, and mean and coefficient of variation of the service time in days (1: exponential, else lognormal)."""

    places: int
    days: float
    cv: float = 1.0


@dataclass(frozen=True)
class Case:
    """One network of queues; times in days.

    Attributes:
        name: What it is.
        number: Keeps its random numbers apart from those of the other cases.
        per_day: Customers who come in a day.
        stations: One after another.
        counted: Length of the time that is counted, after a tenth of it and before another tenth.
        patience: Mean of the exponential wait that is borne; None for endless.
        severe: Share of customers who go first.
        returns: Share of those served who come back to the first station.
        return_days: Mean of the exponential time until then.
        long_wait: Waits above this are long.
    """

    name: str
    number: int
    per_day: float
    stations: tuple[Station, ...]
    counted: float
    patience: float | None = None
    severe: float = 0.0
    returns: float = 0.0
    return_days: float = 5.0
    long_wait: float = 1.0

    @property
    def window(self) -> tuple[float, float]:
        """From when to when visits are counted."""
        return 0.1 * self.counted, 1.1 * self.counted

    @property
    def horizon(self) -> float:
        """End of the run."""
        return 1.2 * self.counted


CASES = (
    Case("M/M/3, load 0.8", 0, 2.4, (Station(3, 1.0),), 1500.0),
    Case("M/M/5+M, load 1.1, patience 2 services", 1, 5.5, (Station(5, 1.0),), 600.0, patience=2.0),
    Case("M/M/2, load 0.85, two classes, 30 % first", 2, 1.7, (Station(2, 1.0),), 1500.0, severe=0.3, long_wait=2.0),
    Case("assessment M/2, support M/8, 25 % return", 3, 1.5, (Station(2, 0.8), Station(8, 3.2)), 1200.0, returns=0.25),
    Case("M/lognormal/2, cv 2, load 0.7", 4, 1.4, (Station(2, 1.0, 2.0),), 2000.0),
)


class Visit(NamedTuple):
    """One visit to one station: whose, from when to when; the start is not a number for who left unserved."""

    station: int
    is_severe: bool
    joined: float
    started: float
    ended: float


def measures_of(case: Case, visits: list[Visit]) -> Measures:
    """Return what is compared."""
    station, severe, joined, started, ended = (np.array(column, float) for column in zip(*visits, strict=True))
    begin, end = case.window
    counted = (joined >= begin) & (joined < end)
    wait = np.where(np.isnan(started), ended, started) - joined
    found: Measures = {}
    for number in range(len(case.stations)):
        here = station == number
        name = f"station {number + 1}: " if len(case.stations) > 1 else ""
        of_these = here & counted
        finished = here & ~np.isnan(started) & (ended >= begin) & (ended < end)
        present = np.clip(ended, begin, end) - np.clip(joined, begin, end)
        found[f"{name}mean wait, days"] = float(wait[of_these].mean())
        found[f"{name}share waiting over {case.long_wait:g} days"] = float((wait[of_these] > case.long_wait).mean())
        found[f"{name}served per day"] = float(finished.sum() / (end - begin))
        found[f"{name}mean number present"] = float(present[here].sum() / (end - begin))
        if case.patience is not None:
            found[f"{name}share that leaves"] = float(np.isnan(started[of_these]).mean())
        if case.severe:
            for word, which in ((SEVERE, severe == 1.0), (MILD, severe == 0.0)):
                found[f"{name}mean wait of the {word}, days"] = float(wait[of_these & which].mean())
    return found


# --- the model ----------------------------------------------------------------------------------------------------


@lru_cache
def _scenario(case: Case) -> Scenario:
    kinds = {MILD: 1.0 - case.severe, SEVERE: case.severe} if case.severe else {MILD: 1.0}
    settings = {
        **PLAIN,
        "time": {"horizon_days": case.horizon, "warmup_days": 0, "followup_days": 0.1 * case.counted},
        "population": {
            "needs_mean": 0,
            "persistence_median": 0,
            "patience_days": 1e12 if case.patience is None else case.patience,
            "patience_sigma": 0,
        },
    }
    stages = ("support",) if len(case.stations) == 1 else ("assessment", "support")
    return load_place(
        settings,
        {
            "districts": [{"district": "town", "citizens_per_year": case.per_day * DAYS_PER_YEAR}],
            "providers": [{"provider": "clinic", "sector": "public", "profession": "health"}],
            "services": [
                {
                    "service": stage,
                    "provider": "clinic",
                    "stage": stage,
                    "needs": "all",
                    "places": station.places,
                    "service_days": station.days,
                    "service_time": "exponential" if station.cv == 1.0 else "lognormal",
                    "service_cv": station.cv,
                }
                for stage, station in zip(stages, case.stations, strict=True)
            ],
            "needs": [
                {
                    "need": kind,
                    "prevalence": share,
                    "severity_median": SEVERITIES[kind],
                    "severity_sigma": 0,
                    "return_probability": case.returns,
                    "return_days": case.return_days,
                }
                for kind, share in kinds.items()
            ],
        },
    )


def by_model(case: Case, seed: int, replicate: int) -> Measures:
    """Run one replicate in the model."""
    rules = Coordination(discipline="urgency" if case.severe else "first_come")
    result = simulate(_scenario(case), rules, seed, 100_000 * case.number + replicate)
    spells = result.spells
    first = (spells["stage"] == "support").to_numpy(int) if len(case.stations) == 2 else np.zeros(len(spells), int)
    severe = (result.episodes["need"] == SEVERE).to_numpy()[spells["episode"]]
    # Who is still there at the horizon ends there.
    ended = spells["ended"].fillna(case.horizon)
    columns = zip(first.tolist(), severe.tolist(), spells["joined"], spells["started"], ended, strict=True)
    return measures_of(case, [Visit(*row) for row in columns])


# --- Ciw ----------------------------------------------------------------------------------------------------------


def _lognormal(mean: float, cv: float) -> tuple[float, float]:
    """Return mean and standard deviation of the logarithm."""
    variance = math.log(1.0 + cv * cv)
    return math.log(mean) - variance / 2.0, math.sqrt(variance)


def _in_ciw(station: Station) -> Any:
    if station.cv == 1.0:
        return ciw.dists.Exponential(1.0 / station.days)
    return ciw.dists.Lognormal(*_lognormal(station.days, station.cv))


def _network(case: Case) -> Any:
    """Return the network in Ciw: stations in a row, and a node without limit where those who return spend the time."""
    count, returns = len(case.stations), case.returns > 0.0
    shares = {MILD: 1.0 - case.severe, SEVERE: case.severe} if case.severe else {MILD: 1.0}
    services = [_in_ciw(station) for station in case.stations]
    nodes = count + returns
    routing = [[float(to == at + 1 and to < count) for to in range(nodes)] for at in range(nodes)]
    if returns:
        services.append(ciw.dists.Exponential(1.0 / case.return_days))
        routing[count - 1][count] = case.returns
        routing[count][0] = 1.0
    more = {}
    if case.patience is not None:
        more["reneging_time_distributions"] = {
            kind: [ciw.dists.Exponential(1.0 / case.patience)] + [None] * (nodes - 1) for kind in shares
        }
    return ciw.create_network(
        arrival_distributions={
            kind: [ciw.dists.Exponential(case.per_day * share)] + [None] * (nodes - 1) for kind, share in shares.items()
        },
        service_distributions=dict.fromkeys(shares, services),
        number_of_servers=[station.places for station in case.stations] + [float("inf")] * returns,
        routing=dict.fromkeys(shares, routing),
        priority_classes={SEVERE: 0, MILD: 1} if case.severe else {MILD: 0},
        **more,
    )


def by_ciw(case: Case, seed: int, replicate: int) -> Measures:
    """Run one replicate in Ciw."""
    # Ciw draws from the generators of the process: one number seeds both.
    ciw.seed(int(generator(seed, case.number, 1, replicate).integers(2**31)))
    simulation = ciw.Simulation(_network(case))
    simulation.simulate_until_max_time(case.horizon)
    return measures_of(
        case,
        [
            Visit(
                record.node - 1,
                record.customer_class == SEVERE,
                record.arrival_date,
                math.nan if record.record_type == "renege" else record.service_start_date,
                record.exit_date,
            )
            for record in simulation.get_all_records()
            if record.node <= len(case.stations)
        ],
    )


# --- SimPy --------------------------------------------------------------------------------------------------------


def by_simpy(case: Case, seed: int, replicate: int) -> Measures:
    """Run one replicate in SimPy."""
    random = generator(seed, case.number, 2, replicate)
    clock = simpy.Environment()
    desks = [simpy.PriorityResource(clock, station.places) for station in case.stations]
    visits: list[Visit] = []

    def visit(number: int, is_severe: bool) -> Generator[simpy.Event, Any, bool]:
        joined, station = clock.now, case.stations[number]
        with desks[number].request(priority=0 if is_severe else 1) as request:
            if case.patience is None:
                yield request
            else:
                yield request | clock.timeout(random.exponential(case.patience))
                if not request.triggered:
                    visits.append(Visit(number, is_severe, joined, math.nan, clock.now))
                    return False
            started = clock.now
            days = (
                random.exponential(station.days)
                if station.cv == 1.0
                else random.lognormal(*_lognormal(station.days, station.cv))
            )
            yield clock.timeout(days)
        visits.append(Visit(number, is_severe, joined, started, clock.now))
        return True

    def customer(is_severe: bool) -> Generator[simpy.Event, Any, None]:
        while True:
            for number in range(len(case.stations)):
                stays = yield from visit(number, is_severe)
                if not stays:
                    return
            if random.random() >= case.returns:
                return
            yield clock.timeout(random.exponential(case.return_days))

    def arrivals() -> Generator[simpy.Event, Any, None]:
        while True:
            yield clock.timeout(random.exponential(1.0 / case.per_day))
            clock.process(customer(bool(random.random() < case.severe)))

    clock.process(arrivals())
    clock.run(case.horizon)
    return measures_of(case, visits)


# --- the comparison -----------------------------------------------------------------------------------------------

PEERS: dict[str, Run] = {"Ciw": by_ciw, "SimPy": by_simpy}


def comparisons(replicates: int, seed: int, workers: int, cases: tuple[Case, ...] = CASES) -> list[Compared]:
    """Compare every case with both peers."""
    programs = (by_model, *PEERS.values())
    found = replicated([(run, case) for case in cases for run in programs], seed, replicates, workers)
    compared = []
    for number, case in enumerate(cases):
        model, *peers = found[number * len(programs) : (number + 1) * len(programs)]
        for name, peer in zip(PEERS, peers, strict=True):
            compared += compared_with(name, case.name, peer, model)
    return compared


def part(replicates: int = 100, seed: int = 1, workers: int = 2) -> Part:
    """Return the part of the page."""
    return Part(
        "Queues in Ciw and SimPy",
        "The same queues in the model (from ordinary tables), in Ciw and in a few lines of SimPy. None of the three "
        f"shares code or random numbers with another; {replicates} replicates of each. First come first served, "
        "impatient customers, two classes of urgency, assessment before support with needs that return, and "
        "service times that are more variable than exponential ones.",
        comparisons(replicates, seed, workers),
        "Both peers are compared with the same runs of the model, so that the two z of a measure go together.",
    )
