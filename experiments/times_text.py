"""Time to support, in words for the terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from experiments.text import NOT_REACHED, NOTHING, aligned, interval_text, wrapped
from experiments.times import BY_DAYS, EVERYBODY, NAIVE, QUARTILES, RESTRICTED, WITHIN_ONE

NOT_KNOWN = "-"
"""Shown for a share by a day that nobody was followed to."""

Row = Mapping[Any, Any]


def times_text(table: pd.DataFrame, titles: Mapping[str, str], followup_days: float) -> str:
    """Return when support comes in each arm, and where the mean over the supported alone says the opposite.

    Args:
        table: From :func:`experiments.times.times_table`.
        titles: Title of each arm by name; the first is the baseline.
        followup_days: To which the mean is restricted.
    """
    if table.empty:
        return "Time to support: no needs in the cohort."
    everybody = table[table["grouping"] == EVERYBODY]
    blocks = {arm: everybody[everybody["arm"] == arm].set_index("measure").to_dict("index") for arm in titles}
    heads = ["", f"Mean to {followup_days:g} (95 % CI)"]
    heads += [f"{100 * share:.0f} % by" for share in QUARTILES.values()] + [f"by {day:.0f}" for day in BY_DAYS]
    rows = {arm: _cells(block) for arm, block in blocks.items()}
    head, rule, *lines = aligned([heads, *rows.values()]).splitlines()
    said = ["Time to support, days, and % supported by day 14 and later, of all needs", head, rule]
    for arm, line in zip(rows, lines, strict=True):
        said += [_wrapped(titles[arm]), line]
    opposites = [_wrapped(line) for line in _opposites(table, titles)]
    return "\n".join([*said, *opposites, *map(_wrapped, _notes(everybody, rows, bool(opposites)))])


def _cells(block: Mapping[Any, Row]) -> list[str]:
    """Return the row of an arm: restricted mean, quartiles, shares."""
    if math.isnan(block[RESTRICTED]["mean"]):
        return ["", *[NOTHING] * (1 + len(QUARTILES) + len(BY_DAYS))]
    quartiles = [_number(block[name]["mean"], NOT_REACHED) for name in QUARTILES]
    shares = [_number(100 * block[f"supported_{day:.0f}"]["mean"], NOT_KNOWN) for day in BY_DAYS]
    return ["", _with_interval(block[RESTRICTED]), *quartiles, *shares]


def _with_interval(row: Row) -> str:
    mean, low, high = (f"{row[name]:z,.1f}" for name in ("mean", "low", "high"))
    return mean if math.isnan(row["low"]) else f"{mean} ({low} to {high})"


def _number(value: float, missing: str) -> str:
    return missing if math.isnan(value) else f"{value:z,.1f}"


def _opposites(table: pd.DataFrame, titles: Mapping[str, str]) -> list[str]:
    """Return a line for each arm in which the naive mean of all needs, or of a kind of them, says the opposite.

    Kinds only where there is more than one world: of one, the signs of small groups are luck.
    """
    baseline, *others = titles
    lines = []
    for arm in others:
        own = table[(table["arm"] == arm) & table["grouping"].isin([EVERYBODY, "need"])]
        own = own[(own["n"] > 1) | (own["grouping"] == EVERYBODY)]
        places = []
        for group, rows in own.groupby("group", sort=False):
            naive, restricted = (rows[rows["measure"] == name].iloc[0] for name in (NAIVE, RESTRICTED))
            if _direction(naive) * _direction(restricted) < 0:
                gaps = [interval_text(row["difference"], math.nan, math.nan) for row in (naive, restricted)]
                places.append(
                    f"{gaps[0]} instead of {gaps[1]} days for {'all needs' if group == EVERYBODY else str(group)}"
                )
        if places:
            says = f"{titles[arm]} - {titles[baseline]}: the mean over the supported alone says the opposite"
            lines.append(f"{says}, {', '.join(places)}.")
    return lines


def _direction(row: pd.Series) -> int:
    """Return the sign of a difference, 0 where it cannot be told apart from none or there is no difference."""
    # Of one world there is no interval, and the sign is all there is.
    ends = [row["difference"]] if math.isnan(row["difference_low"]) else [row["difference_low"], row["difference_high"]]
    return int(all(end > 0 for end in ends)) - int(all(end < 0 for end in ends))


def _notes(everybody: pd.DataFrame, rows: Mapping[str, list[str]], has_opposites: bool) -> list[str]:
    shown = {cell for cells in rows.values() for cell in cells}
    notes = ["Mean: days without support up to that day (restricted mean); who gives up or still waits counts in full."]
    if has_opposites:
        notes.append("The mean over the supported alone leaves them out, and looks good where few are supported.")
    if NOTHING in shown:
        notes.append("None: in at least one world there were no needs in the cohort.")
    if NOT_REACHED in shown:
        notes.append("Not reached: in at least one world so many were not supported in the time observed.")
    if NOT_KNOWN in shown:
        notes.append(f"{NOT_KNOWN}: in at least one world nobody was followed for so long.")
    if WITHIN_ONE in set(everybody["interval"]):
        notes.append("The interval of an arm with one world is from the needs of this world: another may differ more.")
    notes.append("Intervals, and the same by need, number of needs and sectors met: tables/times.csv.")
    return notes


def _wrapped(line: str) -> str:
    return "\n".join(wrapped(line))
