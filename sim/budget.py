"""What a place and its coordination cost, and what services have left when they pay for it.

Planned costs are known before anything happens: they follow from the tables, the coordination and the dates. Under an
equal budget the staff time of services pays for navigators and front doors: a service with a share ``pace`` of its
staff time left takes 1 / pace times as long for each person. The time that meetings and handing on take is taken by the
model as it happens (:meth:`sim.agents.service.Service.owe`), and costs nothing more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from sim.scenario import Scenario
from sim.scenario_checks import check_initiatives
from sim.schema.parameters import DAYS_PER_YEAR
from sim.schema.problems import Complaints
from sim.schema.resources import Budget
from sim.schema.tables import ServiceRow, Stage
from sim.timeline import Timeline

NO_NAVIGATION, FRONT_DOOR_ENTRY = "none", "single_front_door"


@dataclass(frozen=True)
class Period:
    """Planned costs between two dates.

    Attributes:
        begin: First day.
        end: Last day.
        places: Funded places of each service of the tables, by name.
        navigators: Navigators of each kind.
        front_door_places: Places of the single front door.
        services: Staff of services, GBP per day, as the tables of the scenario have them on these days.
        arm_services: The same with the places that the arm itself changes.
        crisis_services: Staff of crisis services, GBP per day; they pay for nothing, and services for more of them.
        coordination: Navigators and front door, GBP per day.
        left: What is left for the staff of services, GBP per day.
        pace: Share of the staff time of services that is left for people.
    """

    begin: float
    end: float
    places: dict[str, int]
    navigators: dict[str, int]
    front_door_places: int
    services: float
    arm_services: float
    crisis_services: float
    coordination: float
    left: float
    pace: float


def planned(timeline: Timeline) -> list[Period]:
    """Return the planned costs of an arm, period by period, to the horizon."""
    horizon = timeline.scenario.parameters.time.horizon_days
    without = Timeline(timeline.scenario, timeline.coordination.model_copy(update={"initiatives": ()}))
    return [_period(timeline, without, begin, end) for begin, end in pairwise([*timeline.dates, horizon])]


def check_affordable(periods: list[Period], where: str, complaints: Complaints) -> None:
    """Note it if coordination costs as much as all services together."""
    for period in periods:
        if period.pace <= 0.0:
            costs = period.services - period.left
            also = ", with crisis services that only it has," if costs > period.coordination else ""
            what = (
                f"coordination costs {costs * DAYS_PER_YEAR:,.0f} GBP a year from day {period.begin:g}{also} "
                f"and services {period.services * DAYS_PER_YEAR:,.0f}"
            )
            complaints.add(where, what, "less than the services that pay for it, or budget=added")
            return


def checked_periods(timeline: Timeline, name: str = "") -> list[Period]:
    """Return the planned costs of an arm, period by period.

    Args:
        timeline: What holds where and when under the arm.
        name: What to call the arm in messages; its title if empty.

    Raises:
        BadInputError: The arm does not fit the place, or cannot be paid for.
    """
    complaints = Complaints()
    coordination = timeline.coordination
    where = f"coordination {name or coordination.title}".strip()
    check_initiatives(coordination.initiatives, timeline.scenario.tables, f"{where}: initiatives", complaints)
    complaints.raise_if_any()
    periods = planned(timeline)
    check_affordable(periods, where, complaints)
    complaints.raise_if_any()
    return periods


def staff_per_place(row: ServiceRow, scenario: Scenario) -> float:
    """Return the staff for one place of a service."""
    if row.staff_per_place is not None:
        return row.staff_per_place
    costs = scenario.parameters.costs
    return costs.support_staff if row.stage is Stage.SUPPORT else costs.assessment_staff


def _period(timeline: Timeline, without: Timeline, begin: float, end: float) -> Period:
    scenario, settings = timeline.scenario, timeline.at(begin)
    costs, coordination = scenario.parameters.costs, timeline.coordination
    people = [row.citizens_per_year for row in scenario.tables.districts]
    kinds = sorted(timeline.ever["navigation"] - {NO_NAVIGATION})
    served = {
        kind: math.fsum(n * s.share_with("navigation", kind) for n, s in zip(people, settings, strict=True))
        for kind in kinds
    }
    navigators = {kind: _rounded_up(coordination.navigators * served[kind] / 1000.0) for kind in kinds}
    entering = math.fsum(n * s.share_with("entry", FRONT_DOOR_ENTRY) for n, s in zip(people, settings, strict=True))
    front_door = _rounded_up(coordination.front_door_places * entering / 1000.0)
    staff_day = costs.staff_year / DAYS_PER_YEAR
    places = timeline.places(begin)
    services = staff_day * _staff(scenario, without.places(begin), is_crisis=False)
    arm_services = staff_day * _staff(scenario, places, is_crisis=False)
    spent = (
        sum(navigators.values()) * costs.navigator_year / DAYS_PER_YEAR
        + front_door * costs.assessment_staff * staff_day
    )
    pays = scenario.parameters.budget is Budget.EQUAL
    crisis_services = staff_day * _staff(scenario, places, is_crisis=True)
    more_for_crises = crisis_services - staff_day * _staff(scenario, without.places(begin), is_crisis=True)
    left = services - spent - more_for_crises if pays else arm_services
    pace = left / arm_services if arm_services > 0.0 else float(left >= 0.0)
    return Period(
        begin=begin,
        end=end,
        places=places,
        navigators=navigators,
        front_door_places=front_door,
        services=services,
        arm_services=arm_services,
        crisis_services=crisis_services,
        coordination=spent,
        left=left,
        pace=pace,
    )


def _staff(scenario: Scenario, places: dict[str, int], is_crisis: bool) -> float:
    # Exact, so that the order of the tables does not matter to the last bit.
    return math.fsum(
        places[row.service] * staff_per_place(row, scenario)
        for row in scenario.tables.services
        if (row.stage is Stage.CRISIS) == is_crisis
    )


def _rounded_up(number: float) -> int:
    # A sum of shares may come out a rounding error above a whole number.
    return math.ceil(number - 1e-9)
