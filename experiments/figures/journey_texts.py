"""What a journey figure says in words: the journey in a sentence, the names of needs and what became of them."""

from __future__ import annotations

import math

import pandas as pd

from experiments.figures.journey_data import CRISIS, Journey
from experiments.figures.layout import shortened, text_width, wrapped
from experiments.figures.tables import counted

LABEL_WIDTH = 42.0
"""Of the name of a need beside the rows of providers at most, in mm."""
OUTCOME_HEADS = ("Outcome, days", "Stories", "Drops")
"""Heads of the columns of :func:`outcome_cells`."""
STATES = {"supported": "supported", "gave_up": "given up", "open": "still open"}
"""How a need ended, in words."""


def summary(journey: Journey) -> str:
    """Return the journey in a sentence of numbers."""
    needs = journey.needs
    ends = [
        f"{(needs['state'] == state).sum()} {words}"
        for state, words in STATES.items()
        if (needs["state"] == state).any()
    ]
    parts = [
        f"{counted(len(needs), 'need')}: {', '.join(ends)}",
        f"{counted(len(journey.providers), 'provider')} met",
        f"story told {counted(int(needs['stories'].sum()), 'time')}",
        _drops(int(needs["handoffs"].sum()), int(needs["dropped"].sum())),
        counted(int((journey.marks["kind"] == CRISIS).sum()), "crisis contact"),
    ]
    return "; ".join(parts) + "."


def need_line(need: pd.Series) -> str:
    """Return the name of a need in one line that is not too long to stand beside the chart."""
    again = str(need["again"])
    name = str(need["label"]).removesuffix(again)
    return shortened(name, LABEL_WIDTH - text_width(again))[0] + again


def need_lines(need: pd.Series, width: float) -> list[str]:
    """Return the name of a need in at most two lines no wider than ``width`` mm."""
    again = str(need["again"])
    lines = wrapped(str(need["label"]), width)
    if len(lines) > 2 and again:
        return [*shortened(str(need["label"]).removesuffix(again), width), again.removeprefix(", ")]
    return shortened(str(need["label"]), width, 2)


def outcome_cells(need: pd.Series) -> tuple[str, str, str]:
    """Return how and after how many days a need ended, stories told and handoffs dropped, as cells of a table."""
    days = f"{math.floor(float(need['days']) + 0.5):,}"
    state = {**STATES, "open": "open"}[str(need["state"])]
    return f"{state}, {days}", str(int(need["stories"])), f"{int(need['dropped'])} of {int(need['handoffs'])}"


def outcome_text(need: pd.Series) -> str:
    """Return how and when a need ended, stories told and handoffs dropped."""
    days = float(need["days"])
    after = (
        "at once" if days == 0 else "within a day" if days < 1 else f"after {counted(math.floor(days + 0.5), 'day')}"
    )
    drops = _drops(int(need["handoffs"]), int(need["dropped"]))
    return f"{STATES[str(need['state'])]} {after}; {counted(int(need['stories']), 'story')} told, {drops}"


def _drops(handoffs: int, dropped: int) -> str:
    if not handoffs:
        return "no handoffs"
    return f"{dropped} of {counted(handoffs, 'handoff')} dropped"
