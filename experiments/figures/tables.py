"""Reading the tables of runs, and turning their names and numbers into words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd


def cohort_of(table: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Return some columns of the rows of the cohort; all of them would be copied for each figure."""
    return table.loc[table["cohort"].astype(bool), list(columns)]


def rows_of(table: pd.DataFrame) -> Iterator[Any]:
    """Return the rows, each with its columns as attributes."""
    return table.itertuples(index=False)


def plain(name: str) -> str:
    """Return a name of the tables as words: ``council_housing`` becomes ``Council housing``."""
    words = str(name).replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def counted(number: int, thing: str) -> str:
    """Return a number with its noun: ``1 story``, ``1,200 stories``."""
    many = re.sub("([^aeiou])y$", r"\1ie", thing) + "s"
    return f"{number:,} {thing if number == 1 else many}"
