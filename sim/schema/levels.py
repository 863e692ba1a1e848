"""Levels of barriers: one number for all, or numbers for sectors, professions and pairs of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

LevelValue = float | dict[str, float]

ALL = "all"
PAIR = "/"
LEVEL_ALLOWED = "0 to 1, or such numbers by sector, profession or pair"
_KEY = re.compile(r"[a-z][a-z0-9_]*(/[a-z][a-z0-9_]*)?")


def as_level(value: Any) -> LevelValue:
    """Return a level as it was said, its numbers checked.

    Raises:
        ValueError: A number is not between 0 and 1, or a key is not a name or a pair of names.
    """
    if not isinstance(value, Mapping):
        return _number(value, "")
    levels = {}
    for key, level in value.items():
        if not isinstance(key, str) or not _KEY.fullmatch(key):
            raise ValueError(
                f"has the key {key!r}; allowed: all, a sector, a profession, or a pair such as health/housing"
            )
        if PAIR in key and ALL in key.split(PAIR):
            raise ValueError(f"has the key {key!r}; allowed: a pair of sectors or professions, without all")
        levels[key] = _number(level, f"{key} ")
    return levels


def selectors(value: LevelValue) -> Iterable[str]:
    """Return the sectors and professions that a level names."""
    if isinstance(value, dict):
        for key in value:
            yield from (name for name in key.split(PAIR) if name != ALL)


def _number(value: Any, key: str) -> float:
    if isinstance(value, bool):
        raise ValueError(f"{key}is {'yes' if value else 'no'}; allowed: not yes or no")
    try:
        level = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"{key}is {value!r}; allowed: a number") from None
    if not level >= 0.0:
        raise ValueError(
            f"{key}is {value!r}; allowed: at least 0" if level < 0 else f"{key}is {value!r}; allowed: a number"
        )
    if level > 1.0:
        raise ValueError(f"{key}is {value!r}; allowed: at most 1")
    return level
