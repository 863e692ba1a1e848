"""Measures of a run that published figures can be set beside."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.outcomes.survival import SUPPORTED
from sim.schema.tables import Measure, PublishedRow

Floats = npt.NDArray[np.float64]

_BANDS = {
    "within_28": (-np.inf, 28.0),
    "29_56": (28.0, 56.0),
    "57_90": (56.0, 90.0),
    "over_90": (90.0, np.inf),
}


def compare_with_published(
    rows: tuple[PublishedRow, ...], episodes: pd.DataFrame, spells: pd.DataFrame
) -> pd.DataFrame:
    """Return modelled beside published figures, one row a published figure."""
    counted = episodes[episodes["cohort"]]
    waits = spells[spells["cohort"]]
    return pd.DataFrame(
        {
            "measure": [row.measure.value for row in rows],
            "label": [row.label for row in rows],
            "modelled": [measure(row.measure, counted, waits) for row in rows],
            "published": [row.value for row in rows],
            "year": [row.year for row in rows],
            "source": [row.source for row in rows],
        }
    )


def measure(which: Measure, episodes: pd.DataFrame, spells: pd.DataFrame) -> float:
    """Return one measure of the episodes and spells of a cohort; NaN where nobody counts.

    A first wait is from joining the queue for an assessment to its start (one for each assessment); a second wait
    is from the start of an episode's last assessment to the start of its support.
    """
    if which is Measure.SHARE_ASSESSED:
        return float((episodes["stories"] > 0).mean())
    if which is Measure.SHARE_SUPPORTED:
        return float((episodes["state"] == SUPPORTED).mean())
    stage, _, band = which.value.removeprefix("wait_").partition("_")
    waits = first_waits(spells) if stage == "first" else second_waits(spells)
    low, high = _BANDS[band]
    return float(np.mean((waits > low) & (waits <= high))) if len(waits) else float("nan")


def first_waits(spells: pd.DataFrame) -> Floats:
    """Return the days from joining the queue for an assessment to its start."""
    assessed = spells[(spells["stage"] == "assessment") & spells["started"].notna()]
    return assessed["wait"].to_numpy(np.float64)


def second_waits(spells: pd.DataFrame) -> Floats:
    """Return the days from the start of an episode's last assessment to the start of its support."""
    started = spells[spells["started"].notna()]
    by_stage = started.groupby(["episode", started["stage"].astype(str)])["started"].max().unstack()
    if not {"assessment", "support"} <= set(by_stage.columns):
        return np.empty(0)
    return (by_stage["support"] - by_stage["assessment"]).dropna().to_numpy(np.float64)
