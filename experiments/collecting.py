"""From single stored runs to the tables of a whole comparison."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from experiments.store import Store
from experiments.units import Unit
from sim.outcomes.costs import LABELS
from sim.outcomes.headline import HEADLINE
from sim.schema.levels import level_text
from sim.schema.tables import PublishedRow

COUNTS = {"supported": "episodes_supported", "gave_up": "episodes_gave_up", "open": "episodes_open"}
"""Columns of ``runs.parquet`` that are called differently from the counts of a run."""
ALL_MODES = "all"
"""Stands for every mode of handoff."""


def runs_table(facts: Iterable[dict[str, Any]], scenario: str, changed: Mapping[str, Any]) -> pd.DataFrame:
    """Return a row a run: arm, replicate, seed, scenario, changed parameters, headline outcomes, counts.

    Args:
        facts: The numbers of each run.
        scenario: Name of the place.
        changed: Parameters that differ from the scenario's own, by dotted path, so that tables of several
            comparisons can be put one below the other.
    """
    names = [outcome.name for outcome in HEADLINE]
    # Levels of several sectors or professions are one value of the table.
    parameters = {path: level_text(value) if isinstance(value, dict) else value for path, value in changed.items()}
    rows = []
    for fact in facts:
        headline = {name: _number(fact["headline"][name]) for name in names}
        row = {name: fact[name] for name in ("arm", "replicate", "seed")} | {"scenario": scenario, **parameters}
        # A count and a share may have the same name.
        counts = {COUNTS.get(name, name): count for name, count in fact["counts"].items()}
        costs = {f"costs_{name}": _number(cost) for name, cost in fact["costs"].items()}
        rows.append({**row, **headline, **counts, **costs})
    table = pd.DataFrame(rows)
    # A root seed may be larger than the largest signed integer.
    return table.astype({"seed": "uint64"})


def published_table(facts: Sequence[dict[str, Any]], rows: Sequence[PublishedRow], arms: Sequence[str]) -> pd.DataFrame:
    """Return modelled figures, the mean over replications of each arm, beside published ones."""
    table = []
    for number, row in enumerate(rows):
        for arm in arms:
            values = [_number(fact["published"][number]) for fact in facts if fact["arm"] == arm]
            modelled = sum(values) / len(values) if values else math.nan
            table.append(
                {
                    "arm": arm,
                    "measure": row.measure.value,
                    "label": row.label,
                    "modelled": modelled,
                    "published": row.value,
                    "year": row.year,
                    "source": row.source,
                    "n": len(values),
                }
            )
    return pd.DataFrame(table)


def stacked(store: Store, units: Sequence[Unit], table: str, arms: Sequence[str]) -> pd.DataFrame:
    """Return a table of all runs, one below the other, with ``arm`` and ``replicate`` in front.

    Words stay categories, so that a million rows are a few tens of megabytes.
    """
    frames = []
    for unit in units:
        frame = store.table(unit.arm, unit.replicate, table)
        frame.insert(0, "arm", pd.Series(pd.Categorical([unit.arm] * len(frame), list(arms))))
        frame.insert(1, "replicate", unit.replicate)
        frames.append(frame)
    words = [name for name in frames[0].columns if isinstance(frames[0][name].dtype, pd.CategoricalDtype)]
    for name in words:
        # Only tables with the same categories stay categorical when they are put together.
        every = list(dict.fromkeys(word for frame in frames for word in frame[name].cat.categories))
        for frame in frames:
            frame[name] = frame[name].cat.set_categories(every)
    return pd.concat(frames, ignore_index=True)


def drops_by_reason(handoffs: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """Return dropped handoffs of the cohort by arm and reason.

    Args:
        handoffs: Of all runs.
        runs: A row a run.

    Returns:
        ``arm``, ``reason``, ``dropped`` over all replications, and ``per_100``: dropped per 100 made, the mean over
        replications, which adds up to the headline outcome.
    """
    counted = handoffs[handoffs["cohort"]]
    made = counted.groupby(["arm", "replicate"], observed=True).size()
    dropped = counted[counted["state"] == "dropped"]
    by_run = dropped.groupby(["arm", "replicate", "reason"], observed=True).size().unstack(fill_value=0)
    by_run = by_run.reindex(made.index, fill_value=0).rename_axis(columns="reason")
    per_100 = 100.0 * by_run.div(made, axis=0)
    table = pd.DataFrame(
        {
            "dropped": by_run.groupby("arm", observed=True).sum().stack(),
            "per_100": per_100.groupby("arm", observed=True).mean().stack(),
        }
    )
    return _in_order(table.reset_index(), runs)


def two_views(handoffs: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """Return completed handoffs per 100 made, by arm and mode, as they happened and as records show them.

    Returns:
        ``arm``, ``mode`` (or ``all``), ``made`` over all replications, and means over replications per 100 made:
        ``completed`` (what happened), ``sender_record`` and ``receiver_record`` (completed by these records).
    """
    counted = handoffs[handoffs["cohort"]]
    marks = pd.DataFrame(
        {
            "arm": counted["arm"].astype(str),
            "replicate": counted["replicate"],
            "mode": counted["mode"].astype(str),
            "completed": 100.0 * (counted["state"] == "attended"),
            "sender_record": 100.0 * (counted["sender_record"] == "completed"),
            "receiver_record": 100.0 * (counted["receiver_record"] == "completed"),
        }
    )
    both = pd.concat([marks, marks.assign(mode=ALL_MODES)])
    by_run = both.groupby(["arm", "mode", "replicate"]).mean()
    table = by_run.groupby(["arm", "mode"]).mean()
    table.insert(0, "made", both.groupby(["arm", "mode"]).size())
    return _in_order(table.reset_index(), runs)


def costs_table(facts: Sequence[dict[str, Any]], arms: Sequence[str]) -> pd.DataFrame:
    """Return costs by arm and item: ``arm``, ``item``, ``label``, ``mean`` over replications, GBP."""
    rows = []
    for arm in arms:
        costs = [fact["costs"] for fact in facts if fact["arm"] == arm]
        for item, label in LABELS.items():
            values = [_number(cost[item]) for cost in costs]
            rows.append({"arm": arm, "item": item, "label": label, "mean": sum(values) / len(values)})
    return pd.DataFrame(rows)


def drops_by_sector(handoffs: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """Return made and dropped handoffs of the cohort by arm, sending and receiving sector, over all replications."""
    counted = handoffs[handoffs["cohort"]]
    keys = ["arm", "sender_sector", "receiver_sector"]
    groups = counted.assign(was_dropped=counted["state"] == "dropped").groupby(keys, observed=True)["was_dropped"]
    table = groups.agg(made="size", dropped="sum", share_dropped="mean").reset_index()
    return _in_order(table, runs)


def _in_order(table: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """Sort by arm as the runs are, then by the words of the other columns."""
    arms = list(dict.fromkeys(runs["arm"]))
    words = [name for name in ("mode", "reason", "sender_sector", "receiver_sector") if name in table]
    table = table.assign(**{name: table[name].astype(str) for name in ["arm", *words]})
    order = table["arm"].map({arm: number for number, arm in enumerate(arms)})
    return table.assign(order=order).sort_values(["order", *words]).drop(columns="order").reset_index(drop=True)


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
