"""From single stored runs to a gap divided among players: for each world, then over all worlds, then in words."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from experiments import text
from experiments.games import Attribution
from experiments.paired import interval_of
from experiments.shapley import shapley_values
from sim.outcomes.headline import HEADLINE, Outcome

GAP = "gap"
"""Stands for a player in the row that the players' rows add up to."""
GAP_LABEL = "All together"
SHOWN = ("restricted_mean_days", "supported_126", "dropped_per_100", "gave_up")
"""Headline outcomes on the terminal and in the figure; the files have all."""
HEADER_WIDTH = 14
"""Most characters in a line of a column's header."""
LABEL_WIDTH = 44
"""Most characters in a line of a player's label."""


def divided(runs: pd.DataFrame, plan: Attribution) -> pd.DataFrame:
    """Divide the gap of every headline outcome in every world of which all coalitions were run.

    Args:
        runs: A row a run, with ``coalition``, ``replicate`` and a column for each headline outcome.
        plan: The game.

    Returns:
        ``outcome``, ``replicate``, ``player``, the player's ``value``, the outcome of ``nobody`` and of
        ``everybody``, and their ``gap``, which the values add up to. All of them are NaN where the outcome of any
        coalition is.
    """
    coalitions = list(plan.arms)
    counts = runs["replicate"].value_counts()
    worlds = sorted(counts.index[counts == len(coalitions)])
    parts = []
    for outcome in HEADLINE:
        table = runs.pivot(index="replicate", columns="coalition", values=outcome.name)
        worth = table.reindex(index=worlds, columns=coalitions).to_numpy(np.float64)
        worth[np.isnan(worth).any(axis=1)] = math.nan
        gap = worth[:, -1] - worth[:, 0]
        values = dict(zip((player.name for player in plan.active), shapley_values(worth).T, strict=True))
        for player in plan.players:
            columns = {
                "outcome": outcome.name,
                "replicate": worlds,
                "player": player.name,
                "value": values.get(player.name, np.where(np.isnan(gap), math.nan, 0.0)),
                "nobody": worth[:, 0],
                "everybody": worth[:, -1],
                GAP: gap,
            }
            parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def attribution_table(values: pd.DataFrame, plan: Attribution) -> pd.DataFrame:
    """Return the mean of each player's value over worlds with its confidence interval, and the gap as a last row.

    Args:
        values: From :func:`divided`, of one world at least.
        plan: The game.

    Returns:
        ``outcome``, ``unit``, ``player``, ``label``, ``mean`` with ``low`` and ``high`` of its 95 % confidence
        interval, ``n`` worlds, the means of ``nobody``, ``everybody`` and their ``gap``, and the ``share`` of the gap;
        NaN where it is not clear that there is a gap. All NaN for an outcome that is missing in any run: nothing is
        averaged over the worlds in which it happened to be there.
    """
    labels = {player.name: player.label for player in plan.players} | {GAP: GAP_LABEL}
    rows = []
    for outcome in HEADLINE:
        of_outcome = values[values["outcome"] == outcome.name]
        world = of_outcome.groupby("replicate")[["nobody", "everybody", GAP]].first()
        ends = {name: float(np.mean(world[name].to_numpy())) for name in ("nobody", "everybody")}
        gap = interval_of(world[GAP].to_numpy())
        clear = gap.mean != 0.0 and not gap.low <= 0.0 <= gap.high
        by_player = {name: part["value"].to_numpy() for name, part in of_outcome.groupby("player")}
        for player, label in labels.items():
            found = gap if player == GAP else interval_of(by_player[player])
            rows.append(
                {
                    "outcome": outcome.name,
                    "unit": outcome.unit,
                    "player": player,
                    "label": label,
                    "mean": found.mean,
                    "low": found.low,
                    "high": found.high,
                    "n": found.n,
                    **ends,
                    GAP: gap.mean,
                    "share": found.mean / gap.mean if clear else math.nan,
                }
            )
    return pd.DataFrame(rows)


def shown_outcomes() -> list[Outcome]:
    """Return the outcomes of the terminal and the figure, in their order."""
    by_name = {outcome.name: outcome for outcome in HEADLINE}
    return [by_name[name] for name in SHOWN]


def by_size(table: pd.DataFrame) -> list[str]:
    """Return the players in the order in which they are shown: by what they do to the first outcome shown."""
    players = table[(table["outcome"] == SHOWN[0]) & (table["player"] != GAP)]
    sizes = players["mean"].abs().fillna(0.0)
    return players.assign(size=sizes).sort_values("size", ascending=False, kind="stable")["player"].tolist()


def heading(plan: Attribution, replications: int) -> str:
    """Return what was divided among whom, and what of."""
    count = len(plan.active)
    among = plan.among if count > 1 else plan.among.removesuffix("s")
    runs = f"{len(plan.arms)} combinations of {count} {among}, each run in the same random worlds"
    first = textwrap.wrap(f"{plan.scenario.title}: {plan.title}", text.WIDTH, subsequent_indent="  ")
    return "\n".join([*first, *text.circumstances(plan, replications), f"Divided among {plan.among}: {runs}."])


def attribution_text(table: pd.DataFrame, plan: Attribution) -> str:
    """Return the table for the terminal: players as rows, some outcomes as columns, the gap as last row.

    Args:
        table: From :func:`attribution_table`.
        plan: The game.
    """
    cells = {(row["outcome"], row["player"]): row for row in table.to_dict("records")}
    labels = dict(zip(table["player"], table["label"], strict=True))
    players = by_size(table)
    nobody, everybody = (end[:1].upper() + end[1:] for end in plan.ends)
    columns = [["", nobody, *(labels[player] for player in players), everybody, GAP_LABEL]]
    headers = [[""]]
    for outcome in shown_outcomes():
        values = [cells[outcome.name, player] for player in (*players, GAP)]
        before, after = (_level(values[0][end], outcome) for end in ("nobody", "everybody"))
        changes = [_change(value, outcome) for value in values]
        columns.append(["", before, *changes[:-1], after, changes[-1]])
        label = outcome.label + text.UNITS.get(outcome.unit, f" {outcome.unit}").replace(" ", ", ", 1)
        headers.append(textwrap.wrap(label, HEADER_WIDTH))
    height = max(map(len, headers))
    for header, column in zip(headers, columns, strict=True):
        column[:1] = [*[""] * (height - len(header)), *header]
    rows = [line for row in zip(*columns, strict=True) for line in _with_label_wrapped(row)]
    lines = text.aligned(rows, rule=False).splitlines()
    rule = "-" * max(map(len, lines))
    return "\n".join([*lines[:height], rule, *lines[height:-1], rule, lines[-1], "", *_notes(table, plan)])


def _with_label_wrapped(row: Sequence[str]) -> list[list[str]]:
    """Return a row whose label is long as several, with the values in the first."""
    label, *cells = row
    first, *rest = textwrap.wrap(label, LABEL_WIDTH, subsequent_indent="  ") or [""]
    return [[first, *cells], *([line, *("" for _ in cells)] for line in rest)]


def _level(value: float, outcome: Outcome) -> str:
    if math.isnan(value):
        return text.MISSING.get(outcome.name, text.NOTHING)
    return f"{text.scaled(value, outcome):.1f}"


def _change(row: Mapping[Any, Any], outcome: Outcome) -> str:
    mean, half = (text.scaled(float(value), outcome) for value in (row["mean"], row["high"] - row["mean"]))
    if math.isnan(mean):
        return "-"
    if mean == 0.0 and not half > 0.0:
        return "0"
    return f"{mean:+z.1f}" + ("" if math.isnan(half) else f" ± {half:.1f}")


def why_not_run(plan: Attribution) -> str:
    """Return why a barrier or a setting can have no part in the gap."""
    if plan.among == "barriers":
        return "At level 0, so that there is nothing to take away"
    return "Of no effect, because no mechanism that uses it is ever in force"


def _notes(table: pd.DataFrame, plan: Attribution) -> list[str]:
    worlds = int(table["n"].max())
    what = "taking it away" if plan.among == "barriers" else "changing to it"
    notes = [
        f"Each row is what {what} does, the mean over all orders (Shapley value); these rows add up to the last one.",
        f"± 95 % confidence interval (t) over {worlds} worlds, the same in all combinations. Shares: percentage points."
        if worlds > 1
        else "Of one world: no interval can be given; ask for more with replications=N. Shares: percentage points.",
    ]
    absent = [player.label for player in plan.players if not player.active]
    if absent:
        notes.append(f"{why_not_run(plan)}, exactly 0 and not run: {', '.join(absent)}.")
    idle = _without_effect(table, plan)
    if idle:
        notes.append(f"Exactly 0 because no outcome changes in any run: {', '.join(idle)}.")
    left_out = len(plan.replicates) - worlds
    if left_out:
        notes.append(f"{left_out} of {len(plan.replicates)} worlds are left out: some of their runs are missing.")
    missing = table[table["mean"].isna()]["outcome"].unique()
    names = [outcome.label for outcome in HEADLINE if outcome.name in missing]
    if names:
        notes.append(f"Not reached or not observed in at least one run, so that nothing is said: {', '.join(names)}.")
    return [line for note in notes for line in textwrap.wrap(note, text.WIDTH, subsequent_indent="  ")]


def _without_effect(table: pd.DataFrame, plan: Attribution) -> list[str]:
    """Return the labels of players that were run, and that change nothing at all."""
    known = table[table["mean"].notna()]
    still = (known["mean"] == 0.0) & ~(known["low"] < 0.0)
    idle = still.groupby(known["player"]).all()
    return [player.label for player in plan.active if idle.get(player.name, False)]
