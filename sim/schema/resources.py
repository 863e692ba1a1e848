"""Working together, crises and money: numbers of delivery, pooling, crises and costs."""

from __future__ import annotations

from enum import StrEnum

from sim.schema.fields import Section, Status, parameter, probability

PUBLISHED, QUOTED, DERIVED = Status.PUBLISHED, Status.QUOTED, Status.DERIVED


class Team(Section):
    """Multidisciplinary teams: the providers of a hub that meet."""

    meeting_every_days: float = parameter(7.0, "From one meeting to the next.", unit="days", ge=0.5, le=3650)
    meeting_staff_days: float = parameter(
        0.1, "Time of each member's staff that one meeting takes.", unit="staff days", ge=0, le=100
    )


class Delivery(Section):
    """What delivery together changes."""

    team: Team = Team()


class Pooling(Section):
    """Pooled capacity: places that move to where the queue is."""

    move_days: float = parameter(5.0, "Time for which a place that moves serves nobody.", unit="days", ge=0, le=3650)
    keep: float = probability(0.5, "Share of its own places that a service keeps, at least one.", unit="share")


class Crises(Section):
    """Crises while a need is unmet (pursued, idle or given up), and what follows them."""

    hazard: float = parameter(
        0.00096,
        "Crises per day and unmet need at severity 0.5; 0: none.",
        unit="crises per day",
        status=DERIVED,
        source="P7: 8.4 % with an unplanned visit in 3 months after an attended appointment, -log(1 - 0.084) / 91; "
        "taken for each unmet need",
        ge=0,
        le=1,
    )
    severity_ratio: float = parameter(
        9.0, "Ratio of the hazard at severity 1 to that at severity 0.", unit="hazard ratio", ge=1, le=100
    )
    missed_ratio: float = parameter(
        1.59,
        "Ratio of the hazard after a missed appointment.",
        unit="hazard ratio",
        status=DERIVED,
        source="P7: log(1 - 0.13) / log(1 - 0.084)",
        ge=1,
        le=100,
    )
    missed_days: float = parameter(
        91.0,
        "For how long after it.",
        unit="days",
        status=PUBLISHED,
        source="P7: three months",
        ge=0,
        le=3650,
    )
    restart: float = probability(
        0.5, "Chance that the crisis worker hands on a need that is not being pursued, or was given up."
    )
    raises: float = parameter(
        0.0,
        "Further needs that an unmet need of severity 1 raises in a year, in proportion to severity; 0: none.",
        unit="needs per year",
        ge=0,
        le=100,
    )


class Costs(Section):
    """Prices. A staff day is a calendar day of one full-time member of staff."""

    staff_year: float = parameter(
        40000.0, "One full-time member of the services' staff for a year.", unit="GBP per year", ge=1, le=1e9
    )
    navigator_year: float = parameter(
        36428.0,
        "One navigator for a year.",
        unit="GBP per year",
        status=QUOTED,
        source="P17: social-prescribing link worker, 2022/23",
        ge=0,
        le=1e9,
    )
    meeting: float = parameter(
        50.0, "One meeting of a team beside its members' time (chair, minutes).", unit="GBP", ge=0, le=1e9
    )
    crisis_contact: float = parameter(
        200.0, "One crisis, beside the staff of the crisis service.", unit="GBP", ge=0, le=1e9
    )
    assessment_staff: float = parameter(
        1.0, "Staff per place for assessment or in a crisis, where services.csv does not say.", unit="staff per place",
        ge=0, le=1000,
    )  # fmt: skip
    support_staff: float = parameter(
        0.05, "Staff per place for support, where services.csv does not say.", unit="staff per place", ge=0, le=1000
    )


class Budget(StrEnum):
    """Who pays for coordination."""

    EQUAL = "equal"
    """Services: navigators, front door, meetings and the work of handing on take their staff time."""
    ADDED = "added"
    """Nobody: coordination comes on top."""
