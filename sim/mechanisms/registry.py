"""Where mechanisms are found by name. To register one is to have it tested and documented."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sim.schema.fields import Status

ClassT = TypeVar("ClassT", bound=type)

_MECHANISMS: dict[str, dict[str, type]] = {}


def mechanism(
    question: str, name: str, evidence: str = "", status: Status = Status.ASSUMED
) -> Callable[[ClassT], ClassT]:
    """Register a class as the mechanism ``name`` that answers ``question``.

    Args:
        question: Which question.
        name: Under which name it is chosen.
        evidence: What is known of its effect, for the reference page; ids are those of ``docs/evidence.md``.
        status: How far the evidence goes.

    Raises:
        ValueError: The name is taken, or the class says nothing of itself.
    """

    def register(kind: ClassT) -> ClassT:
        if not (kind.__doc__ or "").strip():
            raise ValueError(f"{question} mechanism {name!r} has no docstring")
        known = _MECHANISMS.setdefault(question, {})
        if name in known:
            raise ValueError(f"{question} mechanism {name!r} is registered twice")
        known[name] = kind
        kind.name = name  # type: ignore[attr-defined]
        kind.evidence = evidence  # type: ignore[attr-defined]
        kind.status = status  # type: ignore[attr-defined]
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
