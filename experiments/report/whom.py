"""Whom an arm changes most for, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from experiments.equity import MIN_EPISODES
from experiments.equity_text import SHOWN
from experiments.report.verdicts import signed
from sim.outcomes.equity import GROUPINGS


def gainers(groups: pd.DataFrame, arm: str) -> str:
    """Return which group of people clearly gains most and which clearly loses most, by mean days without support.

    Args:
        groups: From :func:`experiments.equity.groups_table`, or as read back from its file.
        arm: Name of the arm.
    """
    of_people = [grouping.name for grouping in GROUPINGS if grouping.is_of_person]
    mine = groups[(groups["arm"] == arm) & (groups["outcome"] == SHOWN) & groups["grouping"].isin(of_people)]
    # Nothing of so few: chance would decide.
    mine = mine[(mine["episodes"] >= MIN_EPISODES) & mine["low"].notna()]
    if mine.empty:
        return "who gains and who loses cannot be told"
    # Fewer days are better.
    ranked = mine.sort_values("difference", kind="stable")
    gain, loss = ranked[ranked["high"] < 0], ranked[ranked["low"] > 0]
    if gain.empty and loss.empty:
        return "no group of people clearly gains or loses time to support"
    gains = "no group of people clearly gains" if gain.empty else _named(gain.iloc[0], "gain")
    loses = "no group of people clearly loses" if loss.empty else _named(loss.iloc[-1], "lose")
    return f"{gains} and {loses}"


def people_of(grouping: str, group: Any) -> str:
    """Return a group of people in words: ``people of low capability``, ``people with 4 or more needs``."""
    words = str(group).replace("_", " ")
    if grouping == "needs":
        return f"people with {words} {'need' if words == '1' else 'needs'}"
    if grouping == "capability":
        return f"people of {words} capability"
    return f"people in the {grouping} {words}"


def _named(row: Mapping[str, Any] | pd.Series, verb: str) -> str:
    low, high = signed(float(row["low"]), 1), signed(float(row["high"]), 1)
    days = f"{signed(float(row['difference']), 1)} days without support, 95 % interval {low} to {high}"
    return f"{people_of(row['grouping'], row['group'])} {verb} most ({days})"
