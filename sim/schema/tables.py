"""The rows of a scenario's tables: one class a table, one field a column."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, model_validator

from sim.schema.fields import Section, Status, parameter, probability

SETTING = Status.SETTING
_NAME = re.compile(r"[a-z][a-z0-9_]*")
ALL = "all"
FRONT_DOOR = "front_door"
"""Name of the provider and the service that a single front door adds; no other may have it."""


class Sector(StrEnum):
    """Who owns a provider."""

    PUBLIC = "public"
    PRIVATE = "private"
    VOLUNTARY = "voluntary"


class Stage(StrEnum):
    """What a service does with a need."""

    ASSESSMENT = "assessment"
    SUPPORT = "support"
    CRISIS = "crisis"
    """Meets crises; no door, no support."""


class Duration(StrEnum):
    """The distribution of a service time around its mean."""

    EXPONENTIAL = "exponential"
    LOGNORMAL = "lognormal"
    FIXED = "fixed"


class Measure(StrEnum):
    """What published figures can be set beside; computed in ``sim.outcomes.published``."""

    WAIT_FIRST_WITHIN_28 = "wait_first_within_28"
    WAIT_FIRST_29_56 = "wait_first_29_56"
    WAIT_FIRST_57_90 = "wait_first_57_90"
    WAIT_FIRST_OVER_90 = "wait_first_over_90"
    WAIT_SECOND_WITHIN_28 = "wait_second_within_28"
    WAIT_SECOND_29_56 = "wait_second_29_56"
    WAIT_SECOND_57_90 = "wait_second_57_90"
    WAIT_SECOND_OVER_90 = "wait_second_over_90"
    SHARE_ASSESSED = "share_assessed"
    SHARE_SUPPORTED = "share_supported"


def _as_name(value: Any) -> Any:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise ValueError(f"is {value!r}; a name is lower-case letters, digits and _, starting with a letter")
    return value


def _as_names(value: Any) -> Any:
    if isinstance(value, str):
        value = tuple(part.strip() for part in value.split(";") if part.strip())
    if not isinstance(value, list | tuple):
        raise ValueError(f"is {value!r}; allowed: names separated by ';'")
    if not value:
        raise ValueError("is empty; allowed: at least one name")
    for name in value:
        _as_name(name)
    if len(set(value)) < len(value):
        raise ValueError(f"names something twice: {'; '.join(value)}")
    return value


def _yes_no(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if value not in ("yes", "no"):
        raise ValueError(f"is {value!r}; allowed: yes, no")
    return value == "yes"


Name = Annotated[str, BeforeValidator(_as_name)]
Names = Annotated[tuple[str, ...], BeforeValidator(_as_names)]
YesNo = Annotated[bool, BeforeValidator(_yes_no)]


class DistrictRow(Section):
    """districts.csv: where citizens live."""

    district: Name = parameter(..., "Name, unique.", unit="name", status=SETTING)
    label: str = parameter("", "Name for people; the name itself if empty.", unit="text", status=SETTING)
    citizens_per_year: float = parameter(
        ..., "Citizens whose first need arises here in a year (Poisson).", unit="citizens per year", ge=0
    )
    capability_odds: float = parameter(
        1.0, "Odds ratio of capability here against the population's median.", unit="odds ratio", gt=0, le=1000
    )


class ProviderRow(Section):
    """providers.csv: the organisations."""

    provider: Name = parameter(..., "Name, unique.", unit="name", status=SETTING)
    label: str = parameter("", "Name for people; the name itself if empty.", unit="text", status=SETTING)
    sector: Sector = parameter(..., "public, private or voluntary.", unit="sector", status=SETTING)
    profession: Name = parameter(..., "Health, social_care, housing, ...", unit="name", status=SETTING)
    districts: Names = parameter(
        (ALL,),
        "Districts of the nominal catchment, separated by ';', or 'all'.",
        unit="names",
        status=SETTING,
    )
    visibility: float = parameter(
        1.0,
        "Relative weight with which citizens think of this provider as a first door; 0: only by handoff.",
        unit="weight",
        ge=0,
        le=1e6,
    )
    record_system: Name | None = parameter(
        None,
        "Record system; with partial records, providers on the same one see each other's records.",
        unit="name",
        status=SETTING,
    )
    contract_days: float | None = parameter(
        None, "Length of a contract; empty if funding does not end.", unit="days", ge=1
    )
    hub: Name | None = parameter(
        None,
        "Hub under whose roof it would be if delivery were co-located, or the team that it would belong to.",
        unit="name",
        status=SETTING,
    )


class ServiceRow(Section):
    """services.csv: the desks of the providers."""

    service: Name = parameter(..., "Name, unique.", unit="name", status=SETTING)
    label: str = parameter("", "Name for people; the name itself if empty.", unit="text", status=SETTING)
    provider: Name = parameter(..., "Whose desk it is.", unit="name", status=SETTING)
    stage: Stage = parameter(..., "assessment, support or crisis.", unit="stage", status=SETTING)
    needs: Names = parameter(
        ..., "Kinds of need that it serves, separated by ';', or 'all'.", unit="names", status=SETTING
    )
    places: int = parameter(..., "People served at once.", unit="places", ge=0, le=10_000_000)
    service_days: float = parameter(..., "Mean time that a place is taken by one person.", unit="days", gt=0, le=36525)
    service_time: Duration = parameter(Duration.EXPONENTIAL, "Its distribution.", unit="distribution")
    service_cv: float = parameter(1.0, "Coefficient of variation of a lognormal service time.", unit="-", ge=0, le=10)
    threshold: float = probability(0.0, "Severity below which people are turned away.", unit="severity")
    assessed_first: YesNo = parameter(
        False, "yes: support only for those who have been assessed.", unit="yes or no", status=SETTING
    )
    list_limit: int | None = parameter(
        None,
        "People who may wait; while they do, and all places are taken, others are turned away; empty: any number.",
        unit="people",
        status=SETTING,
        ge=0,
        le=10_000_000,
    )
    staff_per_place: float | None = parameter(
        None,
        "Staff for one place; empty: `costs.assessment_staff` or `costs.support_staff`.",
        unit="staff per place",
        ge=0,
        le=1000,
    )
    pool: Name | None = parameter(
        None, "Services of one pool lend each other places if capacity is pooled.", unit="name", status=SETTING
    )

    @model_validator(mode="after")
    def _assessments_need_no_assessment(self) -> Self:
        if self.stage is not Stage.SUPPORT and self.assessed_first:
            raise ValueError("assessed_first is for support; an assessment is where it happens, a crisis asks for none")
        return self

    @model_validator(mode="after")
    def _crises_have_no_list(self) -> Self:
        if self.stage is Stage.CRISIS and self.list_limit is not None:
            raise ValueError("list_limit is for assessment and support; a crisis service turns nobody away")
        return self


class NeedRow(Section):
    """needs.csv: the kinds of need."""

    need: Name = parameter(..., "Name, unique.", unit="name", status=SETTING)
    label: str = parameter("", "Name for people; the name itself if empty.", unit="text", status=SETTING)
    prevalence: float = parameter(..., "Relative weight among kinds of need.", unit="weight", ge=0, le=1e9)
    severity_median: float = probability(0.5, "Median severity at onset (logit-normal).", unit="severity")
    severity_sigma: float = parameter(0.8, "Spread of severity on the logit scale.", unit="logits", ge=0, le=10)
    return_probability: float = probability(0.0, "Chance that the need returns after support has ended.")
    return_days: float = parameter(
        180.0, "Mean time from the end of support to a return (exponential).", unit="days", ge=0.01
    )


class CooccurrenceRow(Section):
    """cooccurrence.csv: kinds of need that come together."""

    need: Name = parameter(..., "One kind of need.", unit="name", status=SETTING)
    other: Name = parameter(..., "Another.", unit="name", status=SETTING)
    lift: float = parameter(
        ..., "Factor on the weight of one where a citizen has the other.", unit="factor", ge=0, le=1e6
    )


class VignetteRow(Section):
    """vignettes.csv: citizens who are given, not drawn; they live in every replicate."""

    vignette: Name = parameter(..., "Name, unique.", unit="name", status=SETTING)
    label: str = parameter("", "Name for people; the name itself if empty.", unit="text", status=SETTING)
    district: Name = parameter(..., "Where they live.", unit="name", status=SETTING)
    onset_day: float = parameter(..., "Day on which their first need arises.", unit="days", ge=0)
    capability: float = probability(..., "Capability to navigate services.", unit="0 to 1")
    persistence: float = probability(..., "Probability of trying again after a setback.")
    patience_days: float = parameter(..., "Mean wait borne at one service.", unit="days", gt=0)


class VignetteNeedRow(Section):
    """vignette_needs.csv: what the given citizens need."""

    vignette: Name = parameter(..., "Whose need it is.", unit="name", status=SETTING)
    need: Name = parameter(..., "Kind of need.", unit="name", status=SETTING)
    severity: float = probability(..., "Severity at onset.", unit="severity")
    lag_days: float = parameter(0.0, "Days from the citizen's onset day to the onset of this need.", unit="days", ge=0)


class PublishedRow(Section):
    """published.csv: published figures to set beside the modelled ones."""

    measure: Measure = parameter(..., "What is compared.", unit="measure", status=SETTING)
    label: str = parameter(..., "What the figure says, in words.", unit="text", status=SETTING)
    value: float = parameter(..., "The published figure.", unit="as the measure", status=SETTING)
    year: str = parameter("", "Period that it describes.", unit="text", status=SETTING)
    source: str = parameter(..., "Where it was published.", unit="text", status=SETTING)
