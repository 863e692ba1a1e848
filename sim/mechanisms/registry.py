"""Where mechanisms are found by name. To register one is to have it tested and documented."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

ClassT = TypeVar("ClassT", bound=type)

_MECHANISMS: dict[str, dict[str, type]] = {}


def mechanism(question: str, name: str) -> Callable[[ClassT], ClassT]:
    """Register a class as the mechanism ``name`` that answers ``question``.

    Raises:
        ValueError: The name is taken.
    """

    def register(kind: ClassT) -> ClassT:
        known = _MECHANISMS.setdefault(question, {})
        if name in known:
            raise ValueError(f"{question} mechanism {name!r} is registered twice")
        known[name] = kind
        kind.name = name  # type: ignore[attr-defined]
        return kind

    return register


def names(question: str) -> list[str]:
    """Return the names of the mechanisms that answer a question, in order of registration."""
    return list(_all().get(question, {}))


def find(question: str, name: str) -> Any:
    """Return the class of a mechanism.

    Raises:
        KeyError: No such mechanism.
    """
    return _all()[question][name]


def questions() -> list[str]:
    """Return the questions that have mechanisms."""
    return list(_all())


def _all() -> dict[str, dict[str, type]]:
    # Imported here because the mechanisms' own modules import this one.
    import sim.mechanisms  # noqa: F401

    return _MECHANISMS
