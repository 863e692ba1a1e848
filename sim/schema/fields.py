"""How a parameter documents itself: unit, range, default, source and status in one place.

Configuration, validation and ``docs/parameters.md`` are all made from what is declared here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationInfo, field_validator
from pydantic.fields import FieldInfo


class Status(StrEnum):
    """How far a default can be trusted."""

    PUBLISHED = "published"
    """Seen on the publisher's own page."""
    QUOTED = "quoted"
    """Quoted by a third party."""
    DERIVED = "derived"
    """Computed from published or quoted figures; the source says how."""
    ASSUMED = "assumed"
    """Chosen here, without a source."""
    SETTING = "setting"
    """Not a claim about the world: a choice of the person who runs the model."""


_NUMBERS = (int, float, int | None, float | None)
_PLAIN = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*")


def is_plain_number(text: str) -> bool:
    """Return whether a text is a number as everybody writes it: no ``1_000`` and no digits of other scripts."""
    return _PLAIN.fullmatch(text) is not None


class Section(BaseModel):
    """A group of parameters. Read-only; unknown names are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _numbers_are_not_yes_or_no(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse ``yes`` where a number belongs, which would otherwise silently be 1."""
        annotation = cls.model_fields[str(info.field_name)].annotation
        if isinstance(value, bool) and annotation is not bool:
            raise ValueError(f"is {'yes' if value else 'no'}; allowed: not yes or no")
        # Python would take 1_000 for a thousand; a spreadsheet would not.
        if isinstance(value, str) and "_" in value and annotation in _NUMBERS:
            raise ValueError(f"is {value!r}; allowed: a number")
        return value


@dataclass(frozen=True)
class Note:
    """What the schema says of a parameter beside its type and range."""

    unit: str
    status: Status
    source: str
    allowed: str = ""


def parameter(
    default: Any,
    meaning: str,
    *,
    unit: str,
    status: Status = Status.ASSUMED,
    source: str = "",
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    lt: float | None = None,
    allowed: str = "",
) -> Any:
    """Declare one parameter.

    Args:
        default: Its value where nobody says otherwise; ``...`` if it must be given.
        meaning: One sentence for the reference page.
        unit: ``days``, ``probability``, ``odds ratio``, ``places``, ...
        status: How far the default can be trusted.
        source: Where the default comes from (an evidence id, a publication).
        ge: The value is at least this.
        gt: The value is more than this.
        le: The value is at most this.
        lt: The value is less than this.
        allowed: What the value may be, where bounds do not say it.

    Returns:
        A pydantic field.
    """
    extra: dict[str, JsonValue] = {"unit": unit, "status": status.value, "source": source, "allowed": allowed}
    return Field(default, description=meaning, json_schema_extra=extra, ge=ge, gt=gt, le=le, lt=lt)


def probability(default: Any, meaning: str, **rest: Any) -> Any:
    """Declare a parameter between 0 and 1."""
    return parameter(default, meaning, unit=rest.pop("unit", "probability"), ge=0.0, le=1.0, **rest)


def note_of(field: FieldInfo) -> Note:
    """Read back what :func:`parameter` was told.

    Raises:
        TypeError: The field was not declared with :func:`parameter`.
    """
    extra = field.json_schema_extra
    if not isinstance(extra, dict):
        raise TypeError(f"declared without sim.schema.fields.parameter: {field!r}")
    return Note(str(extra["unit"]), Status(str(extra["status"])), str(extra["source"]), str(extra["allowed"]))
