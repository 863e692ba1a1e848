"""``journeys list``: what there is to choose from."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import yaml
from pydantic import BaseModel

from sim import coordination as coordinations
from sim import shipped
from sim.coordination import MECHANISMS, Coordination
from sim.mechanisms import registry
from sim.scenario import find_folder, read_settings, shipped_names
from sim.schema.barriers import Barriers
from sim.schema.fields import note_of
from sim.schema.levels import level_text
from sim.schema.parameters import Parameters
from sim.schema.problems import Complaints

HELP = """\
journeys list: what there is to choose from

  journeys list                  scenarios, coordinations, mechanisms, barriers, experiments, sweeps, sensitivities
  journeys list scenarios        one of them
  journeys list parameters       every number of the model: name, default, unit, meaning
"""
WIDTH = 110


def command(arguments: Sequence[str]) -> int:
    """Do ``journeys list`` and return the exit status.

    Raises:
        BadInputError: There is no such list.
    """
    if any(argument in ("-h", "--help") for argument in arguments):
        print(HELP, end="")
        return 0
    complaints = Complaints()
    for argument in arguments:
        if argument not in LISTS:
            complaints.unknown("command line", "list", argument, LISTS)
    complaints.raise_if_any()
    chosen = arguments or [name for name in LISTS if name != "parameters"]
    print("\n\n".join(LISTS[name]() for name in chosen))
    return 0


def scenarios() -> str:
    """Return the shipped places."""
    entries = []
    for name in shipped_names():
        settings = read_settings(find_folder(name), Complaints())
        entries.append((name, str(settings.get("description") or settings.get("title") or "")))
    return _section("Scenarios (scenario=NAME, or scenario.folder=PATH for your own)", entries)


def named_coordinations() -> str:
    """Return the shipped coordinations."""
    entries = []
    for name in coordinations.names():
        coordination = Coordination.load(name)
        entries.append((name, f"{coordination.title}. {coordination.description}"))
    return _section("Coordinations (arms=[NAME,...] of compare, coordination=NAME of run)", entries)


def mechanisms() -> str:
    """Return the mechanisms by the question that they answer."""
    parts = ["Mechanisms (NAME+question:mechanism in arms, coordination.question=mechanism of run)"]
    for question in MECHANISMS:
        entries = []
        for name in registry.names(question):
            kind = registry.find(question, name)
            first = (kind.__doc__ or "").strip().splitlines()[0]
            entries.append((name, f"{first} Evidence: {kind.evidence}."))
        parts.append(_section(f"  {question}", entries, indent=4))
    return "\n".join(parts)


def barriers() -> str:
    """Return the barriers and the named sets of levels."""
    levels = [(f"barriers.{name}", str(field.description)) for name, field in Barriers.model_fields.items()]
    sets = []
    for file in sorted((shipped.folder("conf") / "barriers").glob("*.yaml")):
        data = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
        said = ", ".join(f"{name} {level_text(level)}" for name, level in data.items())
        sets.append((file.stem, said or "the levels that the scenario gives"))
    return "\n".join(
        [
            _section("Barriers (a level from 0 to 1, or several: {all:0.3,voluntary:0.8,health/housing:0.9})", levels),
            _section("  sets of levels (barriers=NAME)", sets, indent=4),
        ]
    )


def experiments() -> str:
    """Return the shipped comparisons with their questions."""
    return _section("Experiments (experiment=NAME of journeys compare)", _questions("experiment"))


def sweeps() -> str:
    """Return the shipped designs with their questions."""
    return _section("Sweeps (sweep=NAME of journeys sweep)", _questions("sweep"))


def sensitivities() -> str:
    """Return the shipped sets of factors with their questions."""
    return _section("Sensitivities (sensitivity=NAME of journeys sensitivity)", _questions("sensitivity"))


def parameters() -> str:
    """Return every number of the model."""
    return _section("Parameters (NAME=VALUE)", _parameters(Parameters(), ""))


def _questions(group: str) -> list[tuple[str, str]]:
    """Return the shipped files of a group, each with its title and its question."""
    entries = []
    for file in sorted((shipped.folder("conf") / group).glob("*.yaml")):
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
        entries.append((file.stem, f"{data['title']}. {data['question']}"))
    return entries


def _parameters(section: BaseModel, prefix: str) -> list[tuple[str, str]]:
    entries = []
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if isinstance(value, BaseModel):
            entries += _parameters(value, f"{prefix}{name}.")
        else:
            shown = f"{value:g}" if isinstance(value, int | float) else str(value)
            entries.append((prefix + name, f"{shown} [{note_of(field).unit}] {field.description}"))
    return entries


def _section(title: str, entries: Sequence[tuple[str, str]], indent: int = 2) -> str:
    width = max((len(name) for name, _ in entries), default=0)
    lines = [title]
    for name, words in entries:
        first = f"{' ' * indent}{name:{width}}  "
        lines += textwrap.wrap(words, WIDTH, initial_indent=first, subsequent_indent=" " * len(first)) or [first]
    return "\n".join(lines)


LISTS = {
    "scenarios": scenarios,
    "coordinations": named_coordinations,
    "mechanisms": mechanisms,
    "barriers": barriers,
    "experiments": experiments,
    "sweeps": sweeps,
    "sensitivities": sensitivities,
    "parameters": parameters,
}
