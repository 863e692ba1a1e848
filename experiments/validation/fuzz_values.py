"""Odd values to put where a number, a name or a word belongs, and what a cell or a setting plainly says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from random import Random
from types import UnionType
from typing import Any, get_args, get_origin

from pydantic.fields import FieldInfo

TEXTS = (
    "", " ", "\t", "\u00a0", "\u200b", "\ufeff", "abc", "yes", "no", "true", "False", "None", "null", "~", "NaN",
    "nan", "inf", "-inf", "Infinity", "1e400", "-1e400", "-1", "-0", "-0.0", "0", "1", "1.0", "01", "007", "+1",
    "1.", ".5", "1e3", "1E-320", "5e-324", "1e308", "1e16", "9007199254740993", "99999999999999999999", "1000000",
    "10000001", "0.1", "0.999999999999999999", "1.0000000000000002", "2", "0x10", "0b1", "1_000", "1,000", "1 000",
    "1.000,5", "½", "٣", "１", "−1", "1%", "£5", "5 days", "1:30", "12:00", "2026-01-01", "=1+1", "+1+1", "@SUM(A1)",
    "-2+3", "=HYPERLINK(1)", "'1", '"', '""', "''", "`", ";", ";;", "a;a", "a;;b", "all", "all;all", "all;n0",
    "\x00", "\x07", "\x7f", "\x1b[31mred", "a\nb", "a\rb", "a\r\nb", "a\u2028b", "é", "日本", "🙂", "e\u0301", "A",
    "Town", "_a", "a-b", "a b", "9a", "front_door", "navigation", "../../x", "${oc.env:HOME}", "${x}", "{{x}}",
    "%s%n", "{0}", "\\", "\\n", "<b>", "&amp;", "1;2", "[1]", "{a: 1}", "*a", "&a", "!x", "#", "1 # one", "public",
    "support", "crisis", "barriers.x", "places.", "places.x", "barriers.", "entry",
)  # fmt: skip
"""Texts that people, spreadsheets and programs write by mistake, or on purpose."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
LONG = (1_000, 50_000)


def odd_text(luck: Random) -> str:
    """Return a text that may not belong where it is put."""
    kind = luck.random()
    if kind < 0.6:
        return luck.choice(TEXTS)
    if kind < 0.75:
        return repr(luck.choice([1, -1]) * 10 ** luck.uniform(-12, 12))
    if kind < 0.85:
        return str(luck.randint(-3, 400))
    if kind < 0.88:
        return luck.choice(["a", "9", "é", ";", "0.", "a;"]) * luck.choice(LONG)
    return "".join(luck.choice("abc019_ .;,-+e\"'\n\u00e9\u4e00") for _ in range(luck.randint(1, 12)))


def nearly(luck: Random, text: str) -> str:
    """Return another number in place of a number, and otherwise the text with a small change."""
    if not _NUMBER.fullmatch(text):
        return luck.choice([text.upper(), text + ";", f" {text} ", text[:-1], f"{text};{text}", "", odd_text(luck)])
    number = float(text)
    return luck.choice(
        [
            repr(number * 10 ** luck.uniform(-3, 3)),
            f"{number * luck.choice([0, 0.5, 2, 10, 1000]):g}",
            f"{number:.3e}",
            f" {text}",
            f"{text}0",
            f"0{text}",
            f"+{text}",
            str(luck.randint(0, 60)),
            f"{luck.random():.3f}",
            f"{luck.random():.1e}",
        ]
    )


def odd_value(luck: Random, depth: int = 0) -> Any:
    """Return a value as YAML can have it: a text, a number, a truth value, nothing, a list or a mapping."""
    kind = luck.random()
    if kind < 0.35:
        return luck.choice(
            [0, 1, -1, 2, 0.5, 1.5, -0.0, 1e-320, 1e308, 10**30, 10**400, float("inf"), float("nan"), 36525, 1000, 365]
        )
    if kind < 0.5:
        return luck.choice([-1, 1]) * 10 ** luck.uniform(-6, 9)
    if kind < 0.8 or depth > 2:
        return luck.choice([None, True, False, *TEXTS])
    if kind < 0.9:
        return [odd_value(luck, depth + 1) for _ in range(luck.randint(0, 3))]
    return {luck.choice(["all", "health", "a/b", "all/x", "", "x", "from"]): odd_value(luck, depth + 1) for _ in "ab"}


def misspelt(luck: Random, name: str) -> str:
    """Return a name as somebody might type it by mistake."""
    place = luck.randrange(len(name)) if name else 0
    return luck.choice(
        [
            name[:place] + name[place + 1 :],
            name[:place] + name[place : place + 1] * 2 + name[place + 1 :],
            name[:place] + luck.choice("xyz_9 é.") + name[place + 1 :],
            name.upper(),
            name.replace("_", "-"),
            f" {name}",
            f"{name}.",
            f"\u200b{name}",
            name + "s",
            "",
        ]
    )


def says(text: str, field: FieldInfo, value: Any) -> bool:
    """Return whether a value is what the text of a cell plainly says, by the type of its column.

    Spaces around it are no part of it; an empty cell says the default.
    """
    text = text.strip()
    if not text:
        return bool(value == field.get_default(call_default_factory=True))
    kind = _without_none(field.annotation)
    if kind in (int, float):
        return bool(_NUMBER.fullmatch(text)) and not isinstance(value, bool) and float(text) == value
    if kind is bool:
        return text in ("yes", "no") and value is (text == "yes")
    if isinstance(kind, type) and issubclass(kind, Enum):
        return bool(value == text)
    if get_origin(kind) is tuple:
        return bool(value == tuple(part.strip() for part in text.split(";") if part.strip()))
    return bool(value == text)


def scalar_says(text: Any, value: Any) -> bool:
    """Return whether a value is what a setting plainly says, both perhaps mappings or lists of such.

    Args:
        text: As a reader of YAML sees it who takes every scalar for a text.
        value: The value that was loaded.
    """
    if isinstance(text, Mapping):
        return isinstance(value, Mapping) and all(
            name in value and scalar_says(inside, value[name]) for name, inside in text.items()
        )
    if isinstance(text, list):
        return isinstance(value, list | tuple) and len(text) == len(value) and all(map(scalar_says, text, value))
    if isinstance(value, bool):
        return str(text).lower() in (("true", "yes", "on") if value else ("false", "no", "off"))
    if value is None:
        return text in ("", "~", "null", "Null", "NULL")
    if isinstance(value, int | float):
        plain = str(text).strip()
        return bool(_NUMBER.fullmatch(plain)) and float(plain) == value
    return str(value) == str(text)


def _without_none(annotation: Any) -> Any:
    """Return the type of a column that may be empty, without the emptiness."""
    if get_origin(annotation) is UnionType:
        return next(kind for kind in get_args(annotation) if kind is not type(None))
    return annotation
