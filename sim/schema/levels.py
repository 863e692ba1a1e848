"""Levels of barriers: one number for all, or numbers for sectors, professions and pairs of them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from sim.schema.fields import is_plain_number

LevelValue = float | dict[str, float]

ALL = "all"
PAIR = "/"
OWN_ALLOWED = "0 to 1, or such numbers by sector or profession"
LEVEL_ALLOWED = "0 to 1, or such numbers by sector, profession or pair"
_NAME = r"[a-z][a-z0-9_]*"
_OWN, _PAIR = re.compile(_NAME), re.compile(rf"(?!{ALL}/){_NAME}/(?!{ALL}$){_NAME}")


def as_level(value: Any) -> LevelValue:
    """Return the level of a barrier between two parties as it was said, its numbers checked.

    Raises:
        ValueError: Some numbers are not between 0 and 1, or keys not names or pairs of names; a line for each.
    """
    return _checked(value, with_pairs=True)


def as_own_level(value: Any) -> LevelValue:
    """Return the level of a barrier of one party, for which pairs have no meaning.

    Raises:
        ValueError: Some numbers are not between 0 and 1, or keys not names; a line for each.
    """
    return _checked(value, with_pairs=False)


def selectors(value: Any) -> Iterable[str]:
    """Return the sectors and professions that a level names; of keys that are not valid none."""
    if isinstance(value, Mapping):
        for key in value:
            if _is_key(key, with_pairs=True):
                yield from (name for name in key.split(PAIR) if name != ALL)


def level_text(value: LevelValue) -> str:
    """Return a level as a person would type it."""
    if not isinstance(value, Mapping):
        return f"{value:g}"
    return "{" + ", ".join(f"{key}: {level:g}" for key, level in value.items()) + "}"


def _checked(value: Any, with_pairs: bool) -> LevelValue:
    if not isinstance(value, Mapping):
        return _number(value, "")
    levels, problems = {}, []
    for key, level in value.items():
        if not _is_key(key, with_pairs):
            pairs = "or a pair such as health/housing" if with_pairs else "or a profession, and no pair"
            known = "all, a sector, a profession, " if with_pairs else "all, a sector, "
            problems.append(f"has the key {key!r}; allowed: {known}{pairs}")
            continue
        try:
            levels[key] = _number(level, f"{key} ")
        except ValueError as error:
            problems.append(str(error))
    if problems:
        raise ValueError("\n".join(problems))
    return levels


def _is_key(key: Any, with_pairs: bool) -> bool:
    return isinstance(key, str) and bool(_OWN.fullmatch(key) or (with_pairs and _PAIR.fullmatch(key)))


def _number(value: Any, key: str) -> float:
    if isinstance(value, bool):
        raise ValueError(f"{key}is {'yes' if value else 'no'}; allowed: not yes or no")
    try:
        level = float(value)
    except (OverflowError, TypeError, ValueError):
        level = math.nan
    if isinstance(value, str) and not is_plain_number(value):
        level = math.nan
    if math.isnan(level):
        raise ValueError(f"{key}is {value!r}; allowed: a number")
    if level < 0.0:
        raise ValueError(f"{key}is {value!r}; allowed: at least 0")
    if level > 1.0:
        raise ValueError(f"{key}is {value!r}; allowed: at most 1")
    return level
