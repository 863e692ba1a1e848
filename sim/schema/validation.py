"""Turn nested plain data into the schema's objects, with messages a person can act on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from sim.schema.problems import Complaints, closest, listing

SectionT = TypeVar("SectionT", bound=BaseModel)

_ALLOWED = {
    "greater_than_equal": ("ge", "at least"),
    "greater_than": ("gt", "more than"),
    "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "less than"),
}
_CHOICES = ("enum", "literal_error")
_QUOTED = re.compile(r"'([^']*)'")
_TYPES = {
    "float_parsing": "a number",
    "float_type": "a number",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "finite_number": "a finite number",
    "bool_parsing": "yes or no",
    "bool_type": "yes or no",
    "string_type": "text",
    "model_type": "a group of named values",
    "model_attributes_type": "a group of named values",
    "dict_type": "a group of named values",
    "tuple_type": "a list",
}


def validate(kind: type[SectionT], data: Any, source: str, complaints: Complaints) -> SectionT | None:
    """Validate ``data`` against a section of the schema.

    Args:
        kind: The section's class.
        data: Nested plain data, as from YAML.
        source: What to call the data in messages (a file, ``command line``).
        complaints: Receives every problem.

    Returns:
        The section, or None if there were problems.
    """
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        for detail in error.errors():
            _complain(kind, detail, source, complaints)
        return None


def _complain(kind: type[BaseModel], detail: ErrorDetails, source: str, complaints: Complaints) -> None:
    path = [str(part) for part in detail["loc"]]
    where = f"{source}: {'.'.join(path)}" if path else source
    code, value = detail["type"], detail["input"]
    if code == "extra_forbidden":
        complaints.unknown(where, "name", path[-1], field_names(kind, path[:-1]))
    elif code == "missing":
        complaints.add(where, "is missing")
    elif code in _ALLOWED:
        bound, words = _ALLOWED[code]
        complaints.add(where, f"is {value!r}", f"{words} {detail['ctx'][bound]:g}")
    elif code in _CHOICES:
        known = _QUOTED.findall(detail["ctx"]["expected"])
        complaints.add(where, f"is {value!r}", listing(known), closest(str(value), known))
    elif code in _TYPES:
        complaints.add(where, f"is {value!r}", _TYPES[code])
    elif code == "value_error":
        for problem in str(detail["ctx"]["error"]).splitlines():
            complaints.add(where, problem)
    else:
        complaints.add(where, f"is {value!r}: {detail['msg']}")


def field_names(kind: type[BaseModel], path: list[str]) -> list[str]:
    """Return the names allowed in the section that ``path`` leads to, from ``kind``."""
    for name in path:
        if name.isdecimal():
            # The number of a row: its class is known already.
            continue
        if name not in kind.model_fields:
            return []
        annotation = kind.model_fields[name].annotation
        if get_origin(annotation) is tuple:
            annotation = get_args(annotation)[0]
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return []
        kind = annotation
    return list(kind.model_fields)


def paths(kind: type[BaseModel], prefix: str = "") -> list[str]:
    """Return the dotted paths of all parameters below a section."""
    found = []
    for name, field in kind.model_fields.items():
        annotation = field.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            found += paths(annotation, f"{prefix}{name}.")
        else:
            found.append(prefix + name)
    return found


def merged(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``base`` with the nested values of ``change`` put over it."""
    result = dict(base)
    for name, value in change.items():
        old = result.get(name)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        result[name] = merged(old, value) if both else value  # type: ignore[arg-type]
    return result
