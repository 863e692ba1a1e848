"""What a report says of the warm-up: whether services had settled before needs were counted, from ``warm_up.csv``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from experiments.report.stored import Stored

_VERDICTS = {"yes": "settled", "no": "not settled", "not told": "too little to tell"}


def caution(stored: Stored) -> str:
    """Return what to keep in mind where services had not settled when counting began; "" where nothing tells so."""
    moving = [row for row in _rows(stored) if row["is_long_enough"] == "no"]
    if not moving:
        return ""
    time = stored.time
    found = ", ".join(f"{_drift(row)} under {stored.titles[row['arm']]}" for row in moving)
    return (
        f"Services open empty on day 0 and had not settled when counting began: the number of needs that wait still "
        f"changes: {found}. The answer holds for needs that arise from day {time.warmup_days:g} to day "
        f"{time.horizon_days - time.followup_days:g}, and may be another one later; see the warm-up figure."
    )


def found(stored: Stored) -> str:
    """Return what the check of the warm-up found of each arm; "" where it was not made."""
    said = [f"{stored.titles[row['arm']]}: {_VERDICTS[row['is_long_enough']]}, {_drift(row)}" for row in _rows(stored)]
    if not said:
        return ""
    return f"The number of needs that wait, while needs are counted (95 % intervals over worlds). {'; '.join(said)}."


def seen(stored: Stored) -> str:
    """Return what is seen on the figure of waiting needs; "" where what it was drawn from is missing."""
    parts = [
        f"{stored.titles[row['arm']]} {row['waiting']:,.0f} on average while needs are counted, {_drift(row)}"
        for row in _rows(stored)
    ]
    return f"A line for each arm of how many needs wait on each day of the run: {'; '.join(parts)}." if parts else ""


def _rows(stored: Stored) -> list[dict[Any, Any]]:
    """Return a row for each arm of which something is known."""
    if "warm_up" not in stored.tables:
        return []
    table = stored.tables["warm_up"]
    return table[table["arm"].isin(list(stored.titles)) & table["drift_per_100_days_low"].notna()].to_dict("records")


def _drift(row: Mapping[Any, Any]) -> str:
    names = ("drift_per_100_days", "drift_per_100_days_low", "drift_per_100_days_high")
    mean, low, high = (f"{100 * row[name]:+z.1f}".replace("-", "\N{MINUS SIGN}") for name in names)
    return f"{mean} % per 100 days ({low} to {high})"
