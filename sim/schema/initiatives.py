"""Initiatives: changes of rules, barriers and places from one day to another, in some districts or everywhere."""

from __future__ import annotations

import math
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, model_validator

from sim.schema.barriers import Barriers
from sim.schema.fields import Section, Status, is_plain_number, parameter
from sim.schema.problems import closest
from sim.schema.tables import ALL, Name, Names

SETTING = Status.SETTING
DATED = ("entry", "handoff", "navigation", "records", "delivery", "capacity")
"""Questions whose mechanism may change during a run. Not the discipline: a queue keeps the order that it has."""
RAMP_STEPS = 20
"""A ramp goes in this many steps."""
_BARRIER, _PLACES = "barriers.", "places."


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


class InitiativeRow(Section):
    """initiatives.csv: what changes on a date, and for how long.

    Rows of one initiative belong together; where rows say different things of the same, the later one counts.
    """

    initiative: Name = parameter(..., "Name of the initiative; it may have several rows.", unit="name", status=SETTING)
    label: str = parameter("", "Name for people; the name itself if empty.", unit="text", status=SETTING)
    change: str = parameter(
        ...,
        "What it changes: entry, handoff, navigation, records, delivery, capacity, barriers.NAME or places.SERVICE.",
        unit="name",
        status=SETTING,
    )
    value: Annotated[str, BeforeValidator(_as_text)] = parameter(
        ...,
        "To what: a mechanism, a level from 0 to 1, or a number of places.",
        unit="as what it changes",
        status=SETTING,
    )
    from_day: float = parameter(..., "Day on which it starts.", unit="days", status=SETTING, ge=0)
    to_day: float | None = parameter(
        None, "Day on which it ends, because its funding does; empty: never.", unit="days", status=SETTING, ge=0
    )
    districts: Names = parameter(
        (ALL,), "Districts that it reaches, in this order, separated by ';', or 'all'.", unit="names", status=SETTING
    )
    ramp_days: float = parameter(
        0.0,
        "Time until it is fully there: the share of citizens under a mechanism, or the way to a level or number, grows "
        f"in {RAMP_STEPS} steps.",
        unit="days",
        status=SETTING,
        ge=0,
    )
    spread_days: float = parameter(
        0.0, "Time from its start in one of the districts to its start in the next.", unit="days", status=SETTING, ge=0
    )

    @property
    def barrier(self) -> str:
        """The barrier that it changes, or ""."""
        return self.change.removeprefix(_BARRIER) if self.change.startswith(_BARRIER) else ""

    @property
    def service(self) -> str:
        """The service whose places it changes, or ""."""
        return self.change.removeprefix(_PLACES) if self.change.startswith(_PLACES) else ""

    @property
    def is_everywhere(self) -> bool:
        """Whether it reaches every district at once, or a service, which is in no district."""
        return ALL in self.districts

    @property
    def number(self) -> float:
        """The level or number of places that it changes to."""
        return float(self.value)

    def progress(self, place: int, day: float) -> float:
        """Return how far it has got on a day, 0 to 1, in the district that is at this place of its list."""
        begin = self.from_day + place * self.spread_days
        if day < begin or (self.to_day is not None and day >= self.to_day):
            return 0.0
        if self.ramp_days <= 0.0:
            return 1.0
        step = math.floor((day - begin) / self.ramp_days * RAMP_STEPS + 1e-6)
        # In the middle of each step the share is that of a straight line.
        return min(1.0, (step + 0.5) / RAMP_STEPS) if step < RAMP_STEPS else 1.0

    def dates(self, districts: int) -> list[float]:
        """Return the days on which something changes.

        Args:
            districts: How many districts it reaches.
        """
        found = [] if self.to_day is None else [self.to_day]
        for place in range(districts):
            begin = self.from_day + place * self.spread_days
            steps = range(RAMP_STEPS + 1) if self.ramp_days > 0.0 else range(1)
            found += [begin + step * self.ramp_days / RAMP_STEPS for step in steps]
        return [day for day in found if self.to_day is None or day <= self.to_day]

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.to_day is not None and self.to_day <= self.from_day:
            raise ValueError(f"to_day is {self.to_day:g}; allowed: after from_day = {self.from_day:g}")
        if self.service and self.districts != (ALL,):
            raise ValueError("districts: places belong to a service, not to a district; allowed: all")
        if self.is_everywhere and self.spread_days > 0.0:
            raise ValueError(
                "spread_days: there is no order in which all districts are reached; allowed: 0, or districts"
            )
        self._check_change()
        return self

    def _check_change(self) -> None:
        # Imported here because the mechanisms' own modules import the schema.
        from sim.mechanisms import registry

        if self.change in DATED:
            known = registry.names(self.change)
            if self.value not in known:
                raise ValueError(f"value is {self.value!r}; allowed: {', '.join(known)}{_hint(self.value, known)}")
        elif self.barrier:
            barriers = list(Barriers.model_fields)
            if self.barrier not in barriers:
                hint = _hint(self.barrier, barriers)
                raise ValueError(f"change: unknown barrier {self.barrier!r}; allowed: {', '.join(barriers)}{hint}")
            self._check_number(1.0, "a level from 0 to 1")
        elif self.service:
            self._check_number(1e7, "a whole number of places")
            if self.number != int(self.number):
                raise ValueError(f"value is {self.value!r}; allowed: a whole number of places")
        elif self.change == "discipline":
            raise ValueError(
                "change: the discipline holds for a whole run, because a queue keeps the order that it has"
            )
        else:
            known = [*DATED, *(_BARRIER + name for name in Barriers.model_fields), _PLACES + "SERVICE"]
            raise ValueError(f"change is {self.change!r}; allowed: {', '.join(known)}{_hint(self.change, known)}")

    def _check_number(self, most: float, allowed: str) -> None:
        number = float(self.value) if is_plain_number(self.value) else math.nan
        if not 0.0 <= number <= most:
            raise ValueError(f"value is {self.value!r}; allowed: {allowed}")


def _hint(name: str, known: list[str]) -> str:
    near = closest(name, known)
    return f"; did you mean {near!r}?" if near else ""
