"""Coordination: a named composition of mechanisms. Named ones are data, in ``conf/coordination``."""

from __future__ import annotations

from collections.abc import Container, Iterable
from pathlib import Path
from typing import Any, Self

from pydantic import field_validator

from sim import shipped
from sim.mechanisms import registry
from sim.schema.fields import Section, Status, parameter
from sim.schema.initiatives import InitiativeRow
from sim.schema.problems import BadInputError, Complaints, closest
from sim.schema.reading import read_yaml
from sim.schema.validation import merged, validate

SETTING = Status.SETTING
MECHANISMS = ("entry", "handoff", "navigation", "records", "delivery", "capacity", "discipline")
WORDS = ("title", "description")
"""Settings that are words for people, without effect."""


class Coordination(Section):
    """Which mechanism answers each question, and how much is spent on coordinating.

    The defaults are the fragmented landscape, so that a named coordination says only what it changes.
    """

    title: str = parameter("", "Name for tables and figures; the file's name if empty.", unit="text", status=SETTING)
    description: str = parameter("", "What it stands for.", unit="text", status=SETTING)
    entry: str = parameter("self_directed", "How a citizen comes to a first door.", unit="mechanism", status=SETTING)
    handoff: str = parameter("signposting", "How a citizen is passed on.", unit="mechanism", status=SETTING)
    navigation: str = parameter("none", "Who helps citizens through the landscape.", unit="mechanism", status=SETTING)
    records: str = parameter("separate", "Who sees whose records.", unit="mechanism", status=SETTING)
    delivery: str = parameter(
        "separate_sites", "Whether providers work under one roof or as a team.", unit="mechanism", status=SETTING
    )
    capacity: str = parameter("separate_budgets", "Who may use whose places.", unit="mechanism", status=SETTING)
    discipline: str = parameter("first_come", "Who is next when a place comes free.", unit="mechanism", status=SETTING)
    front_door_places: float = parameter(
        1.5,
        "Places of the single front door per 1,000 citizens a year, rounded up.",
        unit="places per 1,000 citizens a year",
        ge=0,
        le=1000,
    )
    front_door_days: float = parameter(
        0.1, "Mean time that the front door takes for an assessment (exponential).", unit="days", gt=0
    )
    navigators: float = parameter(
        2.0,
        "Navigators per 1,000 citizens a year, rounded up.",
        unit="navigators per 1,000 citizens a year",
        ge=0,
        le=1000,
    )
    initiatives: tuple[InitiativeRow, ...] = parameter(
        (), "Dated changes of this arm, as rows of initiatives.csv.", unit="rows", status=SETTING
    )

    @field_validator(*MECHANISMS)
    @classmethod
    def _is_registered(cls, value: str, info: Any) -> str:
        known = registry.names(info.field_name)
        if value not in known:
            hint = closest(value, known)
            also = f"; did you mean {hint!r}?" if hint else ""
            raise ValueError(f"unknown mechanism {value!r}; allowed: {', '.join(known)}{also}")
        return value

    @classmethod
    def load(cls, name: str, folders: Iterable[Path] = ()) -> Self:
        """Load a coordination by an arm's name.

        Args:
            name: The name of a file in ``conf/coordination``, perhaps changed by single settings:
                ``fragmented+records:shared+handoff:tracked``.
            folders: Further folders to look in, before the shipped one.

        Raises:
            BadInputError: Unknown name, or a file with wrong content.
        """
        base, *changes = name.split("+")
        complaints = Complaints()
        data = _read(base, list(folders), complaints)
        changed: dict[str, str] = {}
        for change in changes:
            key, separator, value = change.partition(":")
            if not separator:
                complaints.add(f"arm {name!r}", f"cannot read {change!r}", "NAME or NAME+mechanism:value+...")
            changed[key] = value
        complaints.raise_if_any()
        coordination = validate(cls, merged(data, changed), f"coordination {name}", complaints)
        if coordination is None:
            raise BadInputError(complaints.problems)
        title = coordination.title or base
        if "title" not in changed:
            own = merged(cls().model_dump(), data)
            title = title_with(title, coordination, [key for key in changed if getattr(coordination, key) != own[key]])
        return coordination.model_copy(update={"title": title})


def title_with(title: str, coordination: Coordination, changed: Container[str]) -> str:
    """Return a title that also says what was changed: a mechanism by its own name, a number after its setting's.

    Args:
        title: Without the changes.
        coordination: With them.
        changed: Names of settings; those that a title has no words for are passed over.
    """
    untold = (*WORDS, "initiatives")
    told = [(key, value) for key, value in coordination if key in changed and key not in untold]
    words = [value if isinstance(value, str) else f"{key} {value:g}" for key, value in told]
    return f"{title} + {', '.join(words)}" if words else title


def names(folders: Iterable[Path] = ()) -> list[str]:
    """Return the names of all coordinations there are."""
    places = [*folders, shipped.folder("conf") / "coordination"]
    return sorted({file.stem for place in places if place.is_dir() for file in place.glob("*.yaml")})


def _read(name: str, folders: list[Path], complaints: Complaints) -> dict[str, Any]:
    known = names(folders)
    for place in [*folders, shipped.folder("conf") / "coordination"]:
        file = place / f"{name}.yaml"
        if name in known and file.is_file():
            return read_yaml(file, str(file), complaints)
    complaints.unknown("arms", "coordination", name, known)
    return {}
