"""Section of a report with what its results rest on: parameters and mechanisms, and how far each can be trusted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from experiments.plan import flat, parameter_text
from experiments.report.document import Block, Paragraph, Section, Table
from experiments.report.stored import Stored
from sim.coordination import MECHANISMS, Coordination
from sim.mechanisms import registry
from sim.schema.fields import Status
from sim.schema.parameters import Parameters
from sim.schema.reference import Entry, entries

OF_PLACE, CHANGED = "set by the place", "changed here"
"""Statuses of values that are not the schema's defaults, which alone have a status there."""
CLAIMS = (Status.PUBLISHED, Status.QUOTED, Status.DERIVED, Status.ASSUMED, OF_PLACE, CHANGED)
"""Statuses of numbers that say something of the world, in the order in which they are shown."""

RESTS = {
    "time": "which needs are counted, and for how long: every outcome",
    "population": "who people are, what they need, how long they wait: every outcome",
    "journey": "how people and workers find doors, come, miss and try again: every outcome",
    "handoffs": "whether a handoff arrives and is followed up: drops, failed attempts, time to support",
    "records": "what is seen of assessments and told again: time to support, what records show",
    "navigation": "whom link workers and key workers help, and how: arms with them",
    "delivery": "hubs and teams: arms with them",
    "pooling": "places that services lend each other: arms with pooled places",
    "crises": "crisis contacts, and who takes a need up again after one",
    "costs": "what things cost, and under an equal budget how much is left for people: every outcome of arms that pay",
    "barriers": "how high each barrier is: every outcome",
    "barrier_effects": "what a barrier does where it is high: every outcome",
    "budget": "who pays for coordination: how arms compare",
}
"""What rests on each group of parameters."""


@dataclass(frozen=True)
class Value:
    """One parameter as it was used.

    Attributes:
        entry: As the schema has it.
        used: Its value in the runs, as plain data.
        status: A :class:`Status`, or one of ``OF_PLACE`` and ``CHANGED``.
    """

    entry: Entry
    used: Any
    status: str

    @property
    def group(self) -> str:
        """First part of the dotted name."""
        return self.entry.path.partition(".")[0]


def values_of(manifest: Mapping[str, Any]) -> list[Value]:
    """Return every parameter of the schema as a comparison used it, with its status there."""
    used = flat(manifest["parameters"])
    defaults = flat(Parameters().model_dump(mode="json"))
    values = []
    for entry in entries(Parameters()):
        status: str = entry.note.status
        if status != Status.SETTING and entry.path in manifest["changed"]:
            status = CHANGED
        elif status != Status.SETTING and used[entry.path] != defaults[entry.path]:
            status = OF_PLACE
        values.append(Value(entry, used[entry.path], status))
    return values


def assumptions(stored: Stored) -> Section:
    """Return how far the parameters and mechanisms can be trusted, and what rests on them."""
    values = values_of(stored.manifest)
    blocks: list[Block] = [Paragraph(_in_words(values)), _status_table(values)]
    blocks += _changes(stored.manifest, values)
    blocks.append(_mechanisms_table(stored))
    blocks.append(Paragraph(_of_the_place(stored)))
    return Section("assumptions", "Assumptions, and what rests on them", tuple(blocks))


def _in_words(values: list[Value]) -> str:
    claims = [value for value in values if value.status in CLAIMS]
    counts = Counter(value.status for value in claims)
    with_source = sum(counts[status] for status in (Status.PUBLISHED, Status.QUOTED, Status.DERIVED))
    assumed = counts[Status.ASSUMED]
    text = (
        f"Of {len(claims)} parameters that say something of the world, {assumed} are assumed "
        f"({100 * assumed / len(claims):.0f} %), {with_source} have a source, {counts[OF_PLACE]} are set by the place "
        f"and {counts[CHANGED]} were changed for this comparison."
    )
    groups = Counter(value.group for value in claims)
    free = [group for group in groups if not any(v.group == group and v.status == Status.ASSUMED for v in claims)]
    text += f" In {len(groups) - len(free)} of {len(groups)} groups of parameters some are assumed"
    text += f" (in all but: {', '.join(free)})." if free else "."
    return (
        f"{text} So every result of this report rests on assumed parameters: it says what follows from them, "
        "and is no evidence that they hold."
    )


def _status_table(values: list[Value]) -> Table:
    statuses = (*CLAIMS, Status.SETTING)
    counts = Counter((value.group, value.status) for value in values)
    body = [
        (group, *(str(counts[group, status] or "–") for status in statuses), RESTS.get(group, "–"))
        for group in dict.fromkeys(value.group for value in values)
    ]
    total = Counter(value.status for value in values)
    body.append(("all", *(str(total[status] or "–") for status in statuses), "everything"))
    # What rests on a group is words: it stands beside the group's name.
    rows = tuple((row[0], row[-1], *row[1:-1]) for row in body)
    head = ("Parameters", "What rests on them", *(str(status) for status in statuses))
    note = (
        "Published: seen on the publisher's own page. Quoted: by a third party. Derived: computed from such figures. "
        "Assumed: chosen without a source. Setting: no claim about the world. Each parameter with its source: "
        "docs/parameters.md of the project. Also counted are those of ways of coordinating that no arm uses."
    )
    return Table("statuses", "Number of parameters by group and status", head, rows, words=2, note=note)


def _changes(manifest: Mapping[str, Any], values: list[Value]) -> list[Block]:
    if not manifest["changed"]:
        return [Paragraph("No parameter differs from the place's own.")]
    by_path = {value.entry.path: value for value in values}
    rows = []
    for path, (own, used) in manifest["changed"].items():
        value = by_path.get(path)
        meaning, unit = (value.entry.meaning, value.entry.note.unit) if value else ("–", "–")
        rows.append((path, meaning, unit, parameter_text(own), parameter_text(used)))
    head = ("Parameter", "Meaning", "Unit", "The place's own", "Used here")
    return [Table("changed", "Parameters that differ from the place's own", head, tuple(rows), words=3)]


def _mechanisms_table(stored: Stored) -> Table:
    arms = {name: stored.manifest["arms"][name] for name in stored.titles}
    rows = []
    for question in MECHANISMS:
        used: dict[str, list[str]] = {}
        for name, arm in arms.items():
            chosen = [arm[question], *(str(row["value"]) for row in arm["initiatives"] if row["change"] == question)]
            for mechanism in dict.fromkeys(chosen):
                used.setdefault(mechanism, []).append(stored.titles[name])
        for mechanism, titles in used.items():
            rows.append((mechanism, _question(question), ", ".join(titles), *_evidence(question, mechanism)))
    head = ("Mechanism", "Question", "Arms", "Evidence of its effect", "Status")
    note = "Ids such as C4 are rows of docs/evidence.md of the project. Also counted are mechanisms that start later."
    return Table("mechanisms", "Mechanisms of the arms", head, tuple(rows), words=5, note=note)


def _evidence(question: str, mechanism: str) -> tuple[str, str]:
    if mechanism not in registry.names(question):
        return "–", "not in this version"
    kind = registry.find(question, mechanism)
    return str(kind.evidence) or "–", str(kind.status)


def _question(name: str) -> str:
    return str(Coordination.model_fields[name].description).rstrip(".")


def _of_the_place(stored: Stored) -> str:
    scenario = stored.manifest["scenario"]
    if not scenario["shipped"]:
        return f"Providers, services and people of {stored.place} come from its own tables; their sources are not here."
    return (
        f"Providers, services and people of {stored.place} come from its own tables; "
        f"scenarios/{scenario['name']}/README.md of the project says where from."
    )
