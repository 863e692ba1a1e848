"""Bad input: every problem is collected, then all are reported at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with the input.

    Attributes:
        where: File and line, or the path of a parameter.
        what: What was found, with the value.
        allowed: What would be allowed; empty if ``what`` says it.
        hint: What was perhaps meant; empty if nothing comes close.
    """

    where: str
    what: str
    allowed: str = ""
    hint: str = ""

    def __str__(self) -> str:
        text = f"{_shown(self.where)}: {_shown(self.what)}"
        if self.allowed:
            text += f"; allowed: {_shown(self.allowed, 1000)}"
        if self.hint:
            text += f"; did you mean {_shown(self.hint)!r}?"
        return text


class BadInputError(Exception):
    """The input is wrong; carries all problems found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__(str(self))

    def __reduce__(self) -> tuple[type[BadInputError], tuple[list[Problem]]]:
        return type(self), (self.problems,)

    def __str__(self) -> str:
        count = len(self.problems)
        head = f"{count} problem{'' if count == 1 else 's'} in the input:"
        return "\n".join([head, *(f"  - {problem}" for problem in self.problems)])


@dataclass
class Complaints:
    """A collector of problems."""

    problems: list[Problem] = field(default_factory=list)

    def add(self, where: str, what: str, allowed: str = "", hint: str = "") -> None:
        """Note one problem."""
        self.problems.append(Problem(where, what, allowed, hint))

    def unknown(self, where: str, kind: str, name: str, known: Iterable[str]) -> None:
        """Note a name that does not exist, with what exists and what was perhaps meant."""
        names = sorted(known)
        self.add(where, f"unknown {kind} {name!r}", listing(names), closest(name, names))

    def raise_if_any(self) -> None:
        """Raise one error with all problems.

        Raises:
            BadInputError: At least one problem was noted.
        """
        if self.problems:
            raise BadInputError(self.problems)


def _shown(text: str, most: int = 400) -> str:
    """Return a text as it can be shown in one line: long ones cut, and what a terminal would obey spelt out."""
    if len(text) > most:
        text = f"{text[: most - 100]} ... {text[-50:]} ({len(text):,} characters)"
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def closest(name: str, known: Iterable[str]) -> str:
    """Return the known name nearest to ``name``, or an empty string."""
    matches = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return matches[0] if matches else ""


def listing(names: list[str], most: int = 30) -> str:
    """Join names for a message, cutting a long list."""
    shown = ", ".join(names[:most]) or "(none)"
    return shown if len(names) <= most else f"{shown}, ... ({len(names)} in all)"
