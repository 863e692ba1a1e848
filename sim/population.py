"""The citizens of one world as arrays, drawn before and without regard to the landscape."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sim.codes import Decision
from sim.draws import absorb, key_of
from sim.rules import people
from sim.rules.waiting import with_odds
from sim.scenario import Scenario, Tables
from sim.schema.parameters import DAYS_PER_YEAR
from sim.schema.parameters import Population as PopulationParameters
from sim.schema.tables import CooccurrenceRow, NeedRow

Floats = npt.NDArray[np.float64]
Keys = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]


class Want(NamedTuple):
    """One need of one citizen: kind, severity at onset, and lag from the citizen's first onset in days."""

    kind: int
    severity: float
    lag: float


class Person(NamedTuple):
    """One citizen, needs in order of onset; see :class:`People`."""

    row: int
    wants: list[Want]
    arrival: float
    key: int
    district: int
    capability: float
    persistence: float
    patience: float


@dataclass(frozen=True)
class People:
    """Citizens in order of arrival, and their needs.

    Needs of citizen ``i`` are the rows ``first[i]`` to ``first[i + 1]`` of the need arrays.

    Attributes:
        labels: A name that does not depend on who else lives here.
        keys: Address of each citizen's draws.
        district: Row of the districts table.
        arrival: Day on which the first need arises.
        capability: 0 to 1.
        persistence: Probability of trying again.
        patience: Mean wait borne, in days.
        vignette: Row of the vignettes table, or -1.
        first: Where each citizen's needs start.
        kind: Row of the needs table.
        severity: At onset, 0 to 1.
        lag: Days from the citizen's arrival to the onset of the need.
    """

    labels: list[str]
    keys: Keys
    district: Ints
    arrival: Floats
    capability: Floats
    persistence: Floats
    patience: Floats
    vignette: Ints
    first: Ints
    kind: Ints
    severity: Floats
    lag: Floats

    def __len__(self) -> int:
        return len(self.labels)

    def some(self, start: int, count: int) -> list[Person]:
        """Return up to so many citizens from a row on, as plain numbers."""
        rows = range(start, min(start + count, len(self)))
        columns = (self.arrival, self.keys, self.district, self.capability, self.persistence, self.patience)
        numbers = (column[rows.start : rows.stop].tolist() for column in columns)
        return list(map(Person._make, zip(rows, self._wants(rows), *numbers, strict=True)))

    def _wants(self, rows: range) -> list[list[Want]]:
        """Return the needs of some citizens, in order of onset."""
        edges = self.first[rows.start : rows.stop + 1].tolist()
        columns = (self.kind, self.severity, self.lag)
        needs = slice(edges[0], edges[-1])
        flat = list(map(Want._make, zip(*(column[needs].tolist() for column in columns), strict=True)))
        return [flat[begin - edges[0] : end - edges[0]] for begin, end in pairwise(edges)]


def draw_people(scenario: Scenario, world: int) -> People:
    """Return the people of a world: drawn citizens and vignettes, in order of arrival.

    Args:
        scenario: The place.
        world: Key of the replicate's world.
    """
    horizon = scenario.parameters.time.horizon_days
    drawn = _drawn(scenario, world, horizon)
    given = _given(scenario.tables, world, horizon)
    return _in_order(_joined(drawn, given))


def count_distribution(mean: float, size: float, most: int) -> Floats:
    """Return the cumulative distribution of the number of needs: 1, 2, ..., ``most``.

    A negative binomial without its zeros; what would exceed ``most`` has ``most``.
    """
    if mean <= 0:
        return np.ones(1)
    log_none = -size * math.log1p(mean / size)
    chances = np.empty(most + 1)
    chances[0] = math.exp(log_none)
    for count in range(1, most + 1):
        chances[count] = chances[count - 1] * (count - 1 + size) / count * mean / (size + mean)
    # Not 1 - chances[0], which loses all digits where nearly nobody has a need.
    cumulative: Floats = np.cumsum(chances[1:]) / -math.expm1(log_none)
    cumulative[-1] = 1.0
    return cumulative


def _drawn(scenario: Scenario, world: int, horizon: float) -> People:
    tables, parameters = scenario.tables, scenario.parameters.population
    labels, keys, district, arrival = _arrivals(tables, world, horizon)
    counts = np.empty(len(keys), np.int64)
    usable = sum(row.prevalence > 0 for row in tables.needs)
    if len(keys):
        cumulative = count_distribution(parameters.needs_mean, parameters.needs_size, usable)
        people.draw_counts(keys, cumulative, counts)
    first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    kind, severity, lag = _needs(tables.needs, tables.cooccurrence, parameters, keys, first)
    medians = [with_odds(parameters.capability_median, row.capability_odds) for row in tables.districts]
    capability = _logit_normals(keys, Decision.CAPABILITY, np.array(medians)[district], parameters.capability_sigma)
    persistence = _logit_normals(
        keys,
        Decision.PERSISTENCE,
        np.full(len(keys), parameters.persistence_median),
        parameters.persistence_sigma,
    )
    patience = _normals(keys, Decision.PATIENCE)
    people.lognormals_of_mean(parameters.patience_days, parameters.patience_sigma, patience)
    nobody = np.full(len(keys), -1, np.int64)
    return People(
        labels, keys, district, arrival, capability, persistence, patience, nobody, first, kind, severity, lag
    )


def _arrivals(tables: Tables, world: int, horizon: float) -> tuple[list[str], Keys, Ints, Floats]:
    labels: list[str] = []
    keys, districts, arrivals = [np.empty(0, np.uint64)], [np.empty(0, np.int64)], [np.empty(0)]
    for number, row in enumerate(tables.districts):
        stream = absorb(world, key_of("district", row.district))
        rate = row.citizens_per_year / DAYS_PER_YEAR
        count = people.count_arrivals(stream, rate, horizon)
        times, own = np.empty(count), np.empty(count, np.uint64)
        people.draw_arrivals(stream, rate, times, own)
        labels += [f"{row.district}-{ordinal}" for ordinal in range(count)]
        keys.append(own)
        districts.append(np.full(count, number, np.int64))
        arrivals.append(times)
    return labels, np.concatenate(keys), np.concatenate(districts), np.concatenate(arrivals)


def _needs(
    needs: tuple[NeedRow, ...],
    pairs: tuple[CooccurrenceRow, ...],
    parameters: PopulationParameters,
    keys: Keys,
    first: Ints,
) -> tuple[Ints, Floats, Floats]:
    names = [row.need for row in needs]
    lifts = np.ones((len(needs), len(needs)))
    for pair in pairs:
        one, other = names.index(pair.need), names.index(pair.other)
        lifts[one, other] = lifts[other, one] = pair.lift
    # A lift of 0 may leave a citizen without a further kind: such needs have kind -1 and are taken out.
    kind, severity, lag = np.empty(first[-1], np.int64), np.empty(first[-1]), np.empty(first[-1])
    people.draw_needs(
        keys,
        first,
        np.array([key_of("need", name) for name in names], np.uint64),
        np.array([row.prevalence for row in needs]),
        lifts,
        np.array([row.severity_median for row in needs]),
        np.array([row.severity_sigma for row in needs]),
        parameters.onset_lag_days,
        kind,
        severity,
        lag,
    )
    there = kind >= 0
    if not there.all():
        counts = np.add.reduceat(there, first[:-1]) if len(keys) else np.empty(0, np.int64)
        first[:] = np.concatenate([[0], np.cumsum(counts)])
    return kind[there], severity[there], lag[there]


def _normals(keys: Keys, decision: int) -> Floats:
    out = np.empty(len(keys))
    people.draw_normals(keys, decision, out)
    return out


def _logit_normals(keys: Keys, decision: int, medians: Floats, sigma: float) -> Floats:
    out = _normals(keys, decision)
    people.logit_normals(medians, sigma, out)
    return out


def _given(tables: Tables, world: int, horizon: float) -> People:
    """Return the vignettes whose first need arises before the horizon."""
    districts = [row.district for row in tables.districts]
    kinds = [row.need for row in tables.needs]
    rows = [(n, row) for n, row in enumerate(tables.vignettes) if row.onset_day < horizon]
    needs = [
        sorted(
            (row for row in tables.vignette_needs if row.vignette == person.vignette),
            key=lambda row: (row.lag_days, row.need),
        )
        for _, person in rows
    ]
    flat = [row for own in needs for row in own]
    begins = [own[0].lag_days for own in needs]
    return People(
        labels=[row.vignette for _, row in rows],
        keys=np.array([absorb(world, key_of("vignette", row.vignette)) for _, row in rows], np.uint64),
        district=np.array([districts.index(row.district) for _, row in rows], np.int64),
        arrival=np.array([row.onset_day + lag for (_, row), lag in zip(rows, begins, strict=True)], np.float64),
        capability=np.array([row.capability for _, row in rows], np.float64),
        persistence=np.array([row.persistence for _, row in rows], np.float64),
        patience=np.array([row.patience_days for _, row in rows], np.float64),
        vignette=np.array([n for n, _ in rows], np.int64),
        first=np.concatenate([[0], np.cumsum([len(own) for own in needs])]).astype(np.int64),
        kind=np.array([kinds.index(row.need) for row in flat], np.int64),
        severity=np.array([row.severity for row in flat], np.float64),
        lag=np.array([row.lag_days - lag for own, lag in zip(needs, begins, strict=True) for row in own], np.float64),
    )


def _joined(one: People, other: People) -> People:
    together = {
        name: np.concatenate([getattr(one, name), getattr(other, name)])
        for name in vars(one)
        if name not in ("labels", "first")
    }
    first = np.concatenate([one.first, other.first[1:] + one.first[-1]])
    return People(labels=one.labels + other.labels, first=first, **together)


def _in_order(people_: People) -> People:
    """Return the same people in order of arrival; ties by key, so that the order is total."""
    order = np.lexsort((people_.keys, people_.arrival))
    counts = np.diff(people_.first)[order]
    first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    rows = np.repeat(people_.first[:-1][order] - first[:-1], counts) + np.arange(first[-1])
    citizens = ("keys", "district", "arrival", "capability", "persistence", "patience", "vignette")
    return People(
        labels=[people_.labels[row] for row in order],
        first=first,
        **{name: getattr(people_, name)[order] for name in citizens},
        **{name: getattr(people_, name)[rows] for name in ("kind", "severity", "lag")},
    )
