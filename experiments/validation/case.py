"""One place whose outcomes theory gives exactly: how to build it, what to measure, and what to expect."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.validation.places import Table, load_place
from sim import Coordination, Scenario, simulate
from sim.outcomes.result import Result
from sim.schema.parameters import DAYS_PER_YEAR
from sim.schema.validation import merged

Floats = npt.NDArray[np.float64]

_WORLDS_EACH = 1 << 20
"""Replicates of a case have numbers of their own, so that no two cases share a world and err together."""


@dataclass(frozen=True)
class Measure:
    """What is measured in one replicate.

    Attributes:
        name: What it is, with its unit.
        expected: The exact value.
        of: From a run to the number; its expectation is ``expected``, up to terms that vanish with the length of a run.
    """

    name: str
    expected: float
    of: Callable[[Result], float]


@dataclass(frozen=True)
class Case:
    """One place under one coordination; can be pickled.

    Attributes:
        family: Which theory.
        name: Which place.
        scenario: From the size of a replicate (1: as on the validation page) to the place.
        measures: What is compared. The first is the one that speaks for the case where cases have to be independent.
        coordination: The rules.
    """

    family: str
    name: str
    scenario: Callable[[float], Scenario]
    measures: tuple[Measure, ...]
    coordination: Coordination = field(default_factory=Coordination)

    def world(self, replicate: int) -> int:
        """Return the number of a replicate's world: the same for this case whatever other cases there are."""
        return zlib.crc32(f"{self.family}/{self.name}".encode()) * _WORLDS_EACH + replicate

    def run(self, seed: int, replicate: int, size: float = 1.0) -> Result:
        """Return one run, its balance checked."""
        result = simulate(self.scenario(size), self.coordination, seed, self.world(replicate))
        result.check_balance()
        return result

    def replicate(self, seed: int, replicate: int, size: float = 1.0) -> list[float]:
        """Return the measures of one run."""
        result = self.run(seed, replicate, size)
        return [measure.of(result) for measure in self.measures]


_NOTHING_ELSE: dict[str, Any] = {
    "title": "A place that theory knows",
    "budget": "added",
    "population": {
        "needs_mean": 0,
        "persistence_median": 0,
        "patience_days": 1e12,
        "patience_sigma": 0,
        "capability_sigma": 0,
    },
    "journey": {"attendance": 1, "wrong_door": 0},
    "crises": {"hazard": 0},
}
"""Everything is switched off that a textbook's queue has not: everybody comes, nobody leaves, nothing is owed."""


@dataclass(frozen=True)
class Window:
    """The days of a run.

    Attributes:
        per_day: Citizens who arrive on a day.
        warmup: Days before anything is counted.
        counted: Days on which joining or arriving counts.
        tail: Days after these, so that what is counted can come to its end.
    """

    per_day: float
    warmup: float
    counted: float
    tail: float

    def time(self) -> dict[str, float]:
        """Return the settings of time."""
        return {
            "horizon_days": self.warmup + self.counted + self.tail,
            "warmup_days": self.warmup,
            "followup_days": self.tail,
        }


def build(window: Window, settings: dict[str, Any], **tables: Table) -> Scenario:
    """Return a place with one district, the town, and one need, unless tables say otherwise.

    Args:
        window: The days of a run, and how many citizens arrive.
        settings: Nested settings beside those that switch everything off.
        tables: Tables by name.
    """
    usual: dict[str, Table] = {
        "districts": [{"district": "town", "citizens_per_year": window.per_day * DAYS_PER_YEAR}],
        "providers": [{"provider": "clinic", "sector": "public", "profession": "health"}],
        "needs": [{"need": "illness", "prevalence": 1}],
    }
    return load_place(merged(merged(_NOTHING_ELSE, settings), {"time": window.time()}), {**usual, **tables})


# --- measures -----------------------------------------------------------------------------------------------------


def counted_days(result: Result) -> tuple[float, float]:
    """Return the first and the last of the days that count."""
    time = result.scenario.parameters.time
    return time.warmup_days, time.horizon_days - time.followup_days


def counted_spells(result: Result, service: str) -> pd.DataFrame:
    """Return the spells at a service that began on the days that count.

    Whether a wait is counted must not depend on how long it is.

    Raises:
        ValueError: A counted wait was cut off by the horizon.
    """
    first, last = counted_days(result)
    spells = result.spells
    spells = spells[(spells["service"] == service) & (spells["joined"] >= first) & (spells["joined"] < last)]
    if spells["wait"].isna().any():
        raise ValueError(f"{int(spells['wait'].isna().sum())} waits were cut off by the horizon")
    return spells


def mean_wait(result: Result, service: str) -> float:
    """Return the mean days of wait at a service, of all who came."""
    return float(counted_spells(result, service)["wait"].mean())


def mean_square_wait(result: Result, service: str) -> float:
    """Return the mean squared wait at a service."""
    return float((counted_spells(result, service)["wait"] ** 2).mean())


def share_delayed(result: Result, service: str) -> float:
    """Return the share of those who came to a service that had to wait."""
    return float((counted_spells(result, service)["wait"] > 0).mean())


def present_at(spells: pd.DataFrame, times: Floats) -> Floats:
    """Return how many of some spells have begun and not ended at some times."""
    ended = np.sort(spells["ended"].dropna().to_numpy())
    begun = np.searchsorted(np.sort(spells["joined"].to_numpy()), times, side="right")
    return np.asarray(begun - np.searchsorted(ended, times, side="right"), np.float64)


def present(result: Result, service: str, every: float) -> Floats:
    """Return how many were at a service, waiting or served, at regular times on the days that count.

    Args:
        result: The run.
        service: Which service.
        every: Days from one look to the next.
    """
    first, last = counted_days(result)
    spells = result.spells
    return present_at(spells[spells["service"] == service], np.arange(first, last, every))
