"""From single stored runs to the tables of a whole comparison."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

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


def stacked(store: Store, units: Sequence[Unit], table: str, arms: Sequence[str]) -> pa.Table:
    """Return a table of all runs, one below the other, with ``arm`` and ``replicate`` in front.

    Words stay categories, so that a million rows are a few tens of megabytes.
    """
    parts = []
    for unit in units:
        part = store.arrow(unit.key, table)
        code = np.full(len(part), list(arms).index(unit.arm), np.int32)
        part = part.add_column(0, "arm", pa.DictionaryArray.from_arrays(code, list(arms)))
        parts.append(part.add_column(1, "replicate", pa.array(np.full(len(part), unit.replicate, np.int64))))
    # Only columns with the same categories stay categorical when they are put together.
    return pa.concat_tables(parts).unify_dictionaries()


def worst_of_runs(facts: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """Return how the worst-off tenth of each run fared: ``arm``, ``replicate`` and the numbers of each."""
    return pd.DataFrame(
        [
            {"arm": fact["arm"], "replicate": fact["replicate"]}
            | {name: _number(value) for name, value in fact["worst_tenth"].items()}
            for fact in facts
        ]
    )


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
    views = ["completed", "sender_record", "receiver_record"]
    marks = counted[["arm", "replicate", "mode"]].assign(
        made=1,
        completed=counted["state"] == "attended",
        sender_record=counted["sender_record"] == "completed",
        receiver_record=counted["receiver_record"] == "completed",
    )
    by_mode = marks.groupby(["arm", "replicate", "mode"], observed=True).sum().reset_index()
    by_mode = by_mode.astype({"arm": str, "mode": str})
    of_all = by_mode.drop(columns="mode").groupby(["arm", "replicate"]).sum().reset_index()
    both = pd.concat([by_mode, of_all.assign(mode=ALL_MODES)])
    rates = both.assign(**{view: 100.0 * both[view] / both["made"] for view in views})
    made = both.groupby(["arm", "mode"])["made"].sum()
    table = rates.groupby(["arm", "mode"])[views].mean()
    table.insert(0, "made", made)
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
