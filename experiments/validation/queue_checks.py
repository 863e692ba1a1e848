"""One queue under first come: what theory promises for every citizen, not only on average.

A place with one support service that anybody can walk into, endless patience, every appointment kept, no returns and no
crises is the queue G/G/c under first come. Each citizen's service time is a function of the citizen alone. The vector
of workloads of Kiefer and Wolfowitz (1955) grows with every service time, and shrinks with every place more and with
every gap more between arrivals; so, pathwise,

- more places make nobody wait longer;
- shorter service times make nobody wait longer;
- one citizen fewer makes nobody else wait longer;
- if all arrive earlier, in the same order, nobody starts later.

None of this is promised with abandonment (who waits less stays and is in the way of others), with another discipline
(who is next changes with when a place comes free), or in a network; so none of it is tested there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from random import Random

from experiments.validation.landscape_checks import BrokenError
from experiments.validation.places import write_tables
from experiments.validation.random_places import Row
from sim.api import simulate
from sim.scenario import Scenario
from sim.schema.tables import ServiceRow

ROUNDING = 1e-9
"""Days by which rounding in another order may put a start later."""


def random_queue(luck: Random, folder: Path) -> Scenario:
    """Draw a queue: a Poisson stream and given people together."""
    kind = luck.choice(["exponential", "lognormal", "fixed"])
    days, places = round(luck.uniform(0.5, 20.0), 2), luck.choice([1, 2, 3, 7])
    load = luck.choice([0.3, 0.8, 1.0, 1.5])
    people: list[Row] = [
        {
            "vignette": f"v{number}",
            "district": "d",
            "onset_day": round(luck.uniform(0.0, 90.0), 2),
            "capability": 0.5,
            "persistence": 0.5,
            "patience_days": 1e12,
        }
        for number in range(luck.randint(2, 30))
    ]
    tables: dict[str, list[Row]] = {
        "districts": [{"district": "d", "citizens_per_year": round(365.25 * load * places / days, 2)}],
        "providers": [{"provider": "p", "sector": "public", "profession": "health"}],
        "services": [
            {
                "service": "s",
                "provider": "p",
                "stage": "support",
                "needs": "n",
                "places": places,
                "service_days": days,
                "service_time": kind,
                "service_cv": luck.choice([0.3, 2]),
            }
        ],
        "needs": [{"need": "n", "prevalence": 1}],
        "vignettes": people,
        "vignette_needs": [{"vignette": row["vignette"], "need": "n", "severity": 0.5} for row in people],
    }
    settings = {
        "time": {"horizon_days": 120, "warmup_days": 0, "followup_days": 20},
        "population": {"needs_mean": 0, "patience_days": 1e12, "patience_sigma": 0},
        "journey": {"attendance": 1},
        "crises": {"hazard": 0, "raises": 0},
    }
    return Scenario.load(write_tables(folder, settings, tables))


def check_queue(place: Scenario, seed: int, replicate: int) -> None:
    """Check all four promises in one world.

    Raises:
        BrokenError: One of them does not hold.
    """
    tables = place.tables
    service = tables.services[0]
    waits = _waits(place, seed, replicate)
    roomier = _with_service(place, service.model_copy(update={"places": service.places + 1}))
    _none_longer(waits, _waits(roomier, seed, replicate), "one place more")
    quicker = _with_service(place, service.model_copy(update={"service_days": 0.9 * service.service_days}))
    _none_longer(waits, _waits(quicker, seed, replicate), "shorter service times")
    gone = tables.vignettes[0].vignette
    fewer = replace(tables, vignettes=tables.vignettes[1:], vignette_needs=tables.vignette_needs[1:])
    others = {name: wait for name, wait in waits.items() if name != gone}
    _none_longer(others, _waits(replace(place, tables=fewer), seed, replicate), "one citizen fewer")
    _check_earlier(place, seed, replicate)


def _check_earlier(place: Scenario, seed: int, replicate: int) -> None:
    tables = place.tables
    nobody_else = tuple(row.model_copy(update={"citizens_per_year": 0.0}) for row in tables.districts)
    later = replace(tables, districts=nobody_else)
    people = tuple(row.model_copy(update={"onset_day": 0.7 * row.onset_day}) for row in tables.vignettes)
    sooner = replace(later, vignettes=people)
    starts = [_starts(replace(place, tables=rows), seed, replicate) for rows in (later, sooner)]
    for name, (_, start) in starts[0].items():
        if starts[1][name][1] > start + ROUNDING:
            raise BrokenError(f"{name} starts later where all arrive earlier")


def _with_service(place: Scenario, service: ServiceRow) -> Scenario:
    return replace(place, tables=replace(place.tables, services=(service,)))


def _starts(place: Scenario, seed: int, replicate: int) -> dict[str, tuple[float, float]]:
    """Return when each citizen joined and was served; who still waits at the end is served at an endless time."""
    spells = simulate(place, "fragmented", seed, replicate).spells
    started = spells["started"].fillna(math.inf)
    return {name: pair for name, *pair in zip(spells["citizen"], spells["joined"], started, strict=True)}  # type: ignore[misc]


def _waits(place: Scenario, seed: int, replicate: int) -> dict[str, float]:
    return {name: start - joined for name, (joined, start) in _starts(place, seed, replicate).items()}


def _none_longer(before: Mapping[str, float], after: Mapping[str, float], what: str) -> None:
    if before.keys() != after.keys():
        raise BrokenError(f"{what} changes who comes")
    for name, wait in before.items():
        if after[name] > wait + ROUNDING:
            raise BrokenError(f"{what} makes {name} wait {after[name]:g} days instead of {wait:g}")
