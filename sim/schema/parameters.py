"""Every number of the model that is not a row of a scenario's tables.

The tree below is the one schema: ``scenario.yaml``, the command line and Python all set these names
(``journey.retry_days``), and ``docs/parameters.md`` is generated from it. Evidence ids (P1, C4, ...)
are explained in ``docs/evidence.md``.
"""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from sim.schema.barriers import BarrierEffects, Barriers
from sim.schema.fields import Section, Status, parameter, probability
from sim.schema.resources import Budget, Costs, Crises, Delivery, Pooling

DAYS_PER_YEAR = 365.25

PUBLISHED, QUOTED, DERIVED, SETTING = Status.PUBLISHED, Status.QUOTED, Status.DERIVED, Status.SETTING


class Time(Section):
    """The clock of a run and the cohort whose outcomes are counted."""

    horizon_days: float = parameter(
        910.0,
        "The run ends here; what is open then is censored.",
        unit="days",
        status=SETTING,
        ge=0,
        le=36525,
    )
    warmup_days: float = parameter(
        365.0,
        "Needs that arise before this day fill the services but are not counted.",
        unit="days",
        status=SETTING,
        ge=0,
    )
    followup_days: float = parameter(
        180.0,
        "Counted needs arise at least this long before the horizon; also the limit of restricted means.",
        unit="days",
        status=SETTING,
        gt=0,
    )

    @model_validator(mode="after")
    def _cohort_fits(self) -> Self:
        if self.horizon_days > 0 and self.warmup_days + self.followup_days >= self.horizon_days:
            raise ValueError(
                f"warmup_days + followup_days = {self.warmup_days + self.followup_days:g} leaves no days before "
                f"horizon_days = {self.horizon_days:g} in which needs are counted"
            )
        return self


class Population(Section):
    """Who the citizens are. Drawn before, and without regard to, the landscape."""

    needs_mean: float = parameter(
        2.7,
        "Mean of the negative binomial number of needs, before those with none are left out; 0: exactly one.",
        unit="needs",
        status=PUBLISHED,
        source="P2: Gottlieb 2016",
        ge=0,
        le=50,
    )
    needs_size: float = parameter(
        3.4,
        "Size of that negative binomial (smaller is more unequal).",
        unit="-",
        status=DERIVED,
        source="P2: from mean 2.7 and SD 2.2",
        gt=0,
    )
    onset_lag_days: float = parameter(
        60.0, "Mean lag from one need of a citizen to the next (exponential).", unit="days", ge=0
    )
    capability_median: float = probability(0.5, "Median capability to navigate services (logit-normal).", unit="0 to 1")
    capability_sigma: float = parameter(1.0, "Spread of capability on the logit scale.", unit="logits", ge=0, le=10)
    persistence_median: float = probability(0.7, "Median probability of trying again after a setback (logit-normal).")
    persistence_sigma: float = parameter(0.5, "Spread of persistence on the logit scale.", unit="logits", ge=0, le=10)
    patience_days: float = parameter(
        150.0,
        "Mean wait that a citizen bears at one service before leaving (exponential for each citizen).",
        unit="days",
        gt=0,
    )
    patience_sigma: float = parameter(
        0.5, "Spread of mean patience between citizens (lognormal, mean kept).", unit="log days", ge=0, le=5
    )


class Journey(Section):
    """What citizens and workers do between doors."""

    bandwidth: int = parameter(2, "Needs that a citizen pursues at once without help.", unit="needs", ge=1, le=50)
    wrong_door: float = probability(
        0.4,
        "Chance that a citizen of capability 0 chooses a wrong door; falls in proportion to 0 at capability 1.",
    )
    redirect: float = probability(
        0.4, "Chance that a worker who says no hands the citizen on, where no rule obliges them to."
    )
    guess: float = probability(
        0.5, "Chance that a worker who knows no suitable provider hands on to an unfamiliar one at a guess."
    )
    finding: float = probability(
        0.3, "Chance that an assessment finds another need that has arisen and is not being pursued."
    )
    attendance: float = probability(
        0.927,
        "Chance to attend an appointment without a wait, at capability 0.5.",
        status=DERIVED,
        source="P5: 7.3 % of outpatient appointments missed after any wait, taken as the share without a wait",
    )
    attendance_odds_week: float = parameter(
        0.95,
        "Odds ratio of attending per week waited.",
        unit="odds ratio",
        status=PUBLISHED,
        source="P1: Psychol Serv 2023;20:983",
        gt=0,
        le=10,
    )
    attendance_odds_capability: float = parameter(
        2.0, "Odds ratio of attending, capability 1 against 0.", unit="odds ratio", gt=0, le=1000
    )
    missed_slot_days: float = parameter(
        0.5,
        "A missed appointment wastes the place this long, at most the mean service time.",
        unit="days",
        ge=0,
    )
    rebook: float = probability(0.7, "Chance that a missed appointment is offered again (else discharged).")
    rebook_days: float = parameter(
        7.0, "Time from a missed appointment until another one can be offered.", unit="days", ge=0.01
    )
    retry_days: float = parameter(21.0, "Mean time from a setback to the next try (exponential).", unit="days", ge=0.01)
    unaware_days: float = parameter(
        28.0, "Time until a citizen learns that a referral never arrived.", unit="days", ge=0.01
    )
    severity_growth: float = parameter(
        0.1,
        "Growth of severity in a year while the need is unmet (severity stops at 1).",
        unit="severity per year",
        ge=0,
        le=100,
    )


class Mode(Section):
    """One way of handing a citizen on.

    Where a navigator helps, the navigator does the work; ``staff_days`` is the time of the sender's staff otherwise.
    """

    sent: float = probability(
        ..., "Chance that it leaves: the citizen goes (signposting), or the referral is transmitted."
    )
    days: float = parameter(..., "Mean time until it reaches the receiver (exponential).", unit="days", ge=0)
    attendance_odds: float = parameter(
        1.0, "Odds ratio of attending the first appointment.", unit="odds ratio", gt=0, le=1000
    )
    staff_days: float = parameter(
        0.02, "Time of the sender's staff that making one such handoff takes.", unit="staff days", ge=0, le=100
    )
    recorded: float = probability(
        0.0, "Chance that a completed handoff is documented as completed in the sender's records, without shared ones."
    )


class WatchedMode(Mode):
    """A way of handing on in which the sender is told of drops."""

    chases: int = parameter(0, "Times the sender acts on a drop.", unit="times", ge=0, le=100)


class Letter(Mode):
    """A referral letter; the evidence is about what records show of it."""

    recorded: float = probability(
        0.44,
        "Chance that a completed handoff is documented as completed in the sender's records, without shared ones.",
        status=DERIVED,
        source="C5 and C6: 34.8 % documented as completed over 79.2 % completed by physicians' own account",
    )


class Handoffs(Section):
    """The modes of handoff, from least to most work for the sender; ``walk`` is inside a hub, ``team`` inside a team.

    The transfer inside a team lasts until its next meeting, whatever ``team.days`` adds to it.
    """

    signposting: Mode = Mode(sent=0.6, days=7.0, staff_days=0.0, recorded=0.0)
    letter: Letter = Letter(sent=0.95, days=10.0, staff_days=0.04)
    introduction: Mode = Mode(sent=0.97, days=3.0, attendance_odds=1.1, staff_days=0.06, recorded=0.5)
    tracked: WatchedMode = WatchedMode(
        sent=0.97, days=5.0, attendance_odds=1.5, chases=2, staff_days=0.08, recorded=0.95
    )
    accompanied: WatchedMode = WatchedMode(
        sent=0.99, days=3.0, attendance_odds=4.0, chases=2, staff_days=0.4, recorded=0.95
    )
    walk: WatchedMode = WatchedMode(sent=0.99, days=0.05, attendance_odds=1.5, chases=1, staff_days=0.03, recorded=0.8)
    team: WatchedMode = WatchedMode(sent=1.0, days=0.0, attendance_odds=1.5, chases=2, staff_days=0.0, recorded=0.95)
    carried_odds_capability: float = parameter(
        4.0,
        "Odds ratio of going where one was signposted, capability 1 against 0.",
        unit="odds ratio",
        gt=0,
        le=1000,
    )
    chase_days: float = parameter(
        7.0, "Time from a noticed drop to the next attempt of the sender or navigator.", unit="days", ge=0.01
    )


class Records(Section):
    """What shared records change."""

    shared_days: float = parameter(
        0.5, "Factor on the transfer time of a referral where records are shared.", unit="factor", ge=0, le=1
    )
    shared_recorded: float = probability(
        0.95, "Chance that a completed handoff shows in the sender's records where they are shared with the receiver."
    )


class NavigatorKind(Section):
    """How one kind of navigator works."""

    caseload: int = parameter(..., "Citizens helped at once by one navigator.", unit="citizens", ge=1, le=10000)
    days: float = parameter(..., "Longest time that a case is kept.", unit="days", gt=0)
    min_needs: int = parameter(
        ..., "Citizens in whose life at least this many needs have arisen are offered help.", unit="needs", ge=1, le=50
    )
    follow_up: float = probability(
        ..., "Chance that the navigator acts on a setback instead of leaving it to the citizen."
    )
    attendance_odds: float = parameter(
        ..., "Odds ratio of attending any appointment while helped.", unit="odds ratio", gt=0, le=1000
    )


class LinkWorkerKind(NavigatorKind):
    """How link workers work; the evidence is about their caseload."""

    caseload: int = parameter(
        40,
        "Citizens helped at once by one navigator.",
        unit="citizens",
        status=DERIVED,
        source="P10: with cases of 60 days 243 people a year; 200-250 are planned, about 394 actual",
        ge=1,
        le=10000,
    )


class KeyWorkerKind(NavigatorKind):
    """How key workers work; the evidence is about their caseload."""

    caseload: int = parameter(
        7,
        "Citizens helped at once by one navigator.",
        unit="citizens",
        status=QUOTED,
        source="P11: Housing First, one worker to seven people",
        ge=1,
        le=10000,
    )


class Navigation(Section):
    """Navigators: people who help a citizen through the landscape."""

    link_worker: LinkWorkerKind = LinkWorkerKind(days=60.0, min_needs=2, follow_up=0.5, attendance_odds=1.3)
    key_worker: KeyWorkerKind = KeyWorkerKind(days=365.0, min_needs=4, follow_up=0.9, attendance_odds=2.5)
    offered: float = probability(
        0.8,
        "Chance that an eligible citizen is put on the navigators' list at the first contact with a provider.",
    )


class Parameters(Section):
    """The whole tree."""

    budget: Budget = parameter(
        Budget.EQUAL,
        "equal: the staff time of services pays for coordination; added: it comes on top.",
        unit="budget",
        status=SETTING,
    )

    time: Time = Time()
    population: Population = Population()
    journey: Journey = Journey()
    handoffs: Handoffs = Handoffs()
    records: Records = Records()
    navigation: Navigation = Navigation()
    delivery: Delivery = Delivery()
    pooling: Pooling = Pooling()
    crises: Crises = Crises()
    costs: Costs = Costs()
    barriers: Barriers = Barriers()
    barrier_effects: BarrierEffects = BarrierEffects()
