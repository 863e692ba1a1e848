"""How fast the model is: logical events a second, beside the same queueing core in SimPy.

``make benchmark`` prints it. Both are measured in turn in one process, after a warm-up; quote the ratios. A logical
event is one entry of the record that both keep: a need arises, a door is sought, a queue joined, support started or
ended, a wait abandoned, a setback, giving up.
"""

from __future__ import annotations

import csv
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import simpy

from sim import Coordination, Scenario
from sim.coordination import names as coordinations
from sim.model import JourneyModel
from sim.outcomes.result import result_of

REPEATS = 5
CITIZENS_PER_YEAR, DAYS = 20_000.0, 365.0
SERVICES, PLACES, SERVICE_DAYS = 10, 6, 1.0
PATIENCE_DAYS, PERSISTENCE, RETRY_DAYS = 10.0, 0.5, 14.0


@dataclass
class Measured:
    """One run: logical events, seconds, and two results to show that both models are the same."""

    events: int
    seconds: float
    mean_wait: float
    abandoned: float


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        core = Scenario.load(write_core(Path(folder)))
    fragmented = Coordination.load("fragmented")
    JourneyModel(core, fragmented).run()
    ours, theirs = [], []
    for repeat in range(REPEATS):
        ours.append(run_core(core, fragmented, repeat))
        theirs.append(run_core_in_simpy(repeat))
    print(f"Queueing core: {CITIZENS_PER_YEAR:,.0f} citizens, {SERVICES} services of {PLACES} places")
    for name, runs in (("this model", ours), ("SimPy", theirs)):
        rate = statistics.median(run.events / run.seconds for run in runs)
        wait = statistics.mean(run.mean_wait for run in runs)
        left = statistics.mean(run.abandoned for run in runs)
        print(f"  {name:12s} {rate:10,.0f} events/s   mean wait {wait:.3f} days   abandoned {100 * left:.2f} %")
    ratios = [a.events / a.seconds * b.seconds / b.events for a, b in zip(ours, theirs, strict=True)]
    low, middle, high = min(ratios), statistics.median(ratios), max(ratios)
    print(f"  ratio, pair by pair: {low:.2f} / {middle:.2f} / {high:.2f} (min/median/max)")
    town = Scenario.load("three_journeys")
    print("three_journeys, one run of each arm:")
    for arm in coordinations():
        repeats = REPEATS if arm in ("fragmented", "integrated") else 1
        events, seconds = timed(town, Coordination.load(arm), repeats)
        print(f"  {arm:26s} {events / seconds:10,.0f} events/s   {events:,} events   {seconds:.2f} s")


def timed(scenario: Scenario, coordination: Coordination, repeats: int) -> tuple[int, float]:
    """Return the events and the median seconds of some runs."""
    seconds = []
    for repeat in range(repeats):
        model = JourneyModel(scenario, coordination, replicate=repeat)
        seconds.append(_seconds(model.run))
    return len(model.ledger), statistics.median(seconds)


def run_core(scenario: Scenario, coordination: Coordination, replicate: int) -> Measured:
    """Run the core in this model, the making of the world included."""
    begin = time.perf_counter()
    model = JourneyModel(scenario, coordination, replicate=replicate)
    model.run()
    seconds = time.perf_counter() - begin
    spells = result_of(model, 1, replicate).spells
    done = spells[spells["end"] != "waiting"]
    served = done[done["started"].notna()]
    return Measured(len(model.ledger), seconds, served["wait"].mean(), (done["end"] == "abandoned_wait").mean())


def write_core(folder: Path) -> Path:
    """Write the core as scenario tables: one need and one district for each service."""
    numbers = range(SERVICES)
    tables: dict[str, list[dict[str, Any]]] = {
        "districts": [{"district": f"d{n}", "citizens_per_year": CITIZENS_PER_YEAR / SERVICES} for n in numbers],
        "providers": [
            {"provider": f"p{n}", "sector": "public", "profession": "health", "districts": f"d{n}"} for n in numbers
        ],
        "services": [
            {
                "service": f"s{n}",
                "provider": f"p{n}",
                "stage": "support",
                "needs": "illness",
                "places": PLACES,
                "service_days": SERVICE_DAYS,
            }
            for n in numbers
        ],
        "needs": [{"need": "illness", "prevalence": 1}],
    }
    for name, rows in tables.items():
        with (folder / f"{name}.csv").open("w", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    (folder / "scenario.yaml").write_text(
        f"""
crises: {{hazard: 0}}
time: {{horizon_days: {DAYS}, warmup_days: 0, followup_days: 30}}
population: {{needs_mean: 0, patience_days: {PATIENCE_DAYS}, patience_sigma: 0,
             persistence_median: {PERSISTENCE}, persistence_sigma: 0}}
journey: {{attendance: 1, wrong_door: 0, retry_days: {RETRY_DAYS}}}
""",
        encoding="utf-8",
    )
    return folder


def run_core_in_simpy(seed: int) -> Measured:
    """Run the same core, written with SimPy's processes and resources."""
    draw = random.Random(seed)
    record: list[tuple[float, str, int]] = []
    waits: list[float] = []

    def citizen(env: simpy.Environment, number: int, service: simpy.Resource) -> Any:
        record.append((env.now, "onset", number))
        while True:
            record.append((env.now, "sought", number))
            record.append((env.now, "joined", number))
            joined = env.now
            with service.request() as place:
                yield place | env.timeout(draw.expovariate(1.0 / PATIENCE_DAYS))
                if place.triggered:
                    record.append((env.now, "started", number))
                    waits.append(env.now - joined)
                    yield env.timeout(draw.expovariate(1.0 / SERVICE_DAYS))
                    record.append((env.now, "ended", number))
                    return
            record.append((env.now, "left", number))
            record.append((env.now, "setback", number))
            if draw.random() >= PERSISTENCE:
                record.append((env.now, "gave_up", number))
                return
            yield env.timeout(draw.expovariate(1.0 / RETRY_DAYS))

    def arrivals(env: simpy.Environment, service: simpy.Resource) -> Any:
        rate = CITIZENS_PER_YEAR / SERVICES / 365.25
        while True:
            yield env.timeout(draw.expovariate(rate))
            env.process(citizen(env, len(record), service))

    def run() -> None:
        env = simpy.Environment()
        for _ in range(SERVICES):
            env.process(arrivals(env, simpy.Resource(env, PLACES)))
        env.run(until=DAYS)

    seconds = _seconds(run)
    left = sum(activity == "left" for _, activity, _ in record)
    return Measured(len(record), seconds, statistics.mean(waits), left / (left + len(waits)))


def _seconds(action: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
