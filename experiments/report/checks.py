"""Sections of a report on how good the runs are, and on how to do them again."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping
from typing import Any

import pandas as pd

from experiments.precision import verdict_of, verdict_text
from experiments.report import warm_up
from experiments.report.alternatives import trend_text
from experiments.report.answer import FEW_WORLDS
from experiments.report.document import Block, Code, Items, Paragraph, Section, Table
from experiments.report.standards_entries import BESIDE
from experiments.report.stored import Stored
from experiments.report.verdicts import POINTS
from experiments.text import counted, decimals, scaled
from sim import __version__
from sim.coordination import WORDS, Coordination
from sim.outcomes.headline import HEADLINE
from sim.schema.problems import BadInputError


def quality(stored: Stored) -> Section:
    """Return what was checked: that runs are complete and balance, how many worlds, how precise, how settled."""
    counts = stored.manifest["runs"]
    done = f"{len(stored.runs)} runs are behind this report; the comparison is {stored.manifest['status']}. "
    done += ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in counts.items()) + "."
    items = [
        ("Runs.", done),
        ("Flow balance.", _balance(stored.runs)),
        ("Random worlds.", _worlds(stored)),
        ("What is counted.", f"{counted(stored.time).capitalize()}."),
    ]
    settled = " ".join(words for words in (warm_up.found(stored), trend_text(stored)) if words)
    if settled:
        items.append(("Warm-up.", settled))
    blocks: list[Block] = [Items(tuple(items))]
    if len(stored.titles) > 1:
        blocks.append(_precision_table(stored))
    return Section("quality", "Quality checks", tuple(blocks))


def reproduce(stored: Stored) -> Section:
    """Return the command that makes the same numbers again, and with what they were made."""
    manifest = stored.manifest
    source = manifest["source"]
    commit = "not from a checkout" if source is None else source["commit"]
    if source is not None and source["dirty"]:
        commit += ", with changes that were not committed: the same numbers cannot be promised"
    software = f"citizen-journeys {manifest['version']} ({commit})"
    if manifest["version"] != __version__:
        software += f"; this report was written by version {__version__}"
    scenario = manifest["scenario"]
    facts = (
        ("Software.", software),
        ("Place.", f"{scenario['name']}, digest {scenario['digest']} (of its tables and the parameters used)"),
        ("Seed.", f"{manifest['seed']}, replicates {manifest['replicates'][0]} to {manifest['replicates'][1]}"),
        ("Machine.", ", ".join(str(value) for value in manifest["platform"].values())),
        ("Packages.", ", ".join(f"{name} {version}" for name, version in manifest["versions"].items())),
        ("When.", f"{manifest['started']} to {manifest['finished'] or 'not finished'}"),
        ("Reporting standards.", BESIDE),
    )
    notes = [Paragraph(note) for note in _notes(manifest)]
    return Section("again", "How to do it again", (Code(command_of(manifest)), *notes, Items(facts)))


def command_of(manifest: Mapping[str, Any]) -> str:
    """Return the command line that makes the same runs."""
    scenario = manifest["scenario"]
    place = f"scenario={scenario['name']}" if scenario["shipped"] else f"scenario.folder=PATH/TO/{scenario['name']}"
    words = [
        place,
        f"arms=[{','.join(manifest['arms'])}]",
        f"seed={manifest['seed']}",
        f"replications={manifest['replicates'][1] + 1}",
        *(f"{path}={_typed(used)}" for path, (_, used) in manifest["changed"].items()),
    ]
    return " ".join(["journeys compare", *map(shlex.quote, words)])


def _notes(manifest: Mapping[str, Any]) -> list[str]:
    notes = []
    if not manifest["scenario"]["shipped"]:
        notes.append("The place does not come with the software: its folder is needed, unchanged.")
    foreign = [name for name, rules in manifest["arms"].items() if not _is_shipped(name, rules)]
    if foreign:
        notes.append(
            f"Not shipped, or not with these settings: {', '.join(foreign)}. Their files are needed (--config-dir); "
            "manifest.json has all their settings."
        )
    return notes


def _is_shipped(name: str, rules: Mapping[str, Any]) -> bool:
    try:
        shipped = Coordination.load(name).model_dump(mode="json")
    except BadInputError:
        return False
    return all(shipped.get(key) == value for key, value in rules.items() if key not in WORDS)


def _typed(value: Any) -> str:
    """Return a value as the command line takes it, with all its digits."""
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key}:{_typed(level)}" for key, level in value.items()) + "}"
    if isinstance(value, bool):
        return str(value).lower()
    return "null" if value is None else str(value)


def _balance(runs: pd.DataFrame) -> str:
    ends = runs[["episodes_supported", "episodes_gave_up", "episodes_open"]].sum(axis=1)
    handoffs = runs[["handoffs_attended", "handoffs_dropped", "handoffs_under_way"]].sum(axis=1)
    good = int(((runs["onsets"] == ends) & (runs["handoffs_made"] == handoffs)).sum())
    return (
        "Each run is checked when it ends, and one that does not balance fails and is left out. Again from the stored "
        f"counts: in {good} of {len(runs)} runs the needs that arose are those supported, given up and open, and the "
        "handoffs made are those attended, dropped and under way."
    )


def _worlds(stored: Stored) -> str:
    by_arm = stored.runs.groupby("arm", observed=True)["replicate"].nunique()
    shown = ", ".join(f"{title} {by_arm.get(arm, 0)}" for arm, title in stored.titles.items())
    text = f"{shown}. The same number of a world is the same people with the same luck in every arm."
    if by_arm.min() < FEW_WORLDS:
        text += f" Fewer than {FEW_WORLDS}: intervals rest on too little to be relied on."
    rule = stored.manifest.get("precision")
    if rule:
        text += f" {verdict_text(*verdict_of(rule), stored.titles)}"
    return text


def _precision_table(stored: Stored) -> Table:
    rows = {(row["arm"], row["outcome"]): row for row in stored.tables["headline"].to_dict("records")}
    baseline, *others = stored.titles
    body = []
    for outcome in HEADLINE:
        base = float(rows[baseline, outcome.name]["mean"])
        for arm in others:
            row = rows[arm, outcome.name]
            half = (float(row["high"]) - float(row["low"])) / 2.0
            shown = scaled(half, outcome)
            body.append(
                (
                    outcome.label,
                    stored.titles[arm],
                    "–" if math.isnan(half) else f"{shown:z,.{decimals(outcome) + 1}f}{POINTS[outcome.unit]}",
                    _share(half, base),
                    _share(half, abs(float(row["difference"]))),
                    str(int(row["n"])),
                )
            )
    head = ("Outcome", "Arm", "Half-width", "% of the baseline's mean", "% of the difference", "Worlds")
    caption = f"How precise the differences from {stored.titles[baseline]} are: half-widths of 95 % intervals"
    note = "Half-widths shrink with the square root of the number of worlds: four times as many halve them."
    return Table("precision", caption, head, tuple(body), words=2, note=note)


def _share(half: float, whole: float) -> str:
    return "–" if math.isnan(half) or math.isnan(whole) or whole == 0.0 else f"{100 * half / abs(whole):.1f}"
