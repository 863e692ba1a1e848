"""Settings with something odd in them: ``scenario.yaml``, dotted names, coordinations, arms, dated changes, designs."""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import yaml

from experiments.designs import design_of
from experiments.sensitivity_plan import SensitivityFile, factors_of
from experiments.sweeping import points_of
from experiments.validation.fuzz_folders import load_and_run
from experiments.validation.fuzz_values import misspelt, odd_text, odd_value, scalar_says
from experiments.validation.fuzz_verdicts import RAN, expect, run_bounded
from experiments.validation.random_places import random_landscape
from sim import shipped
from sim.coordination import Coordination
from sim.coordination import names as coordination_names
from sim.scenario import Scenario
from sim.schema.initiatives import DATED
from sim.schema.parameters import Parameters
from sim.schema.problems import BadInputError, Complaints
from sim.schema.validation import paths, validate

_PIECES = (
    "\t", "    ", ": ", "- ", "? ", "*a ", "&a ", "<<: *a\n", "!!python/object/apply:os.getcwd []\n", "!!set {a}\n",
    "!!binary aGk=\n", "!!str ", "!!int ", "!x ", "---\n", "...\n", "%YAML 9.9\n---\n", "{", "}", "[", "]", "'",
    '"', "#", "| ", "> ", "\x00", "\x07", "\ufeff", "\u2028", "é", "@", "`", "~", "null", "barriers: 1\n",
    "time:\n", "journey: []\n", "? [a, b]\n: 1\n", "{a: 1}: 2\n", "[1]: 2\n", "1: 2\n", "null: 1\n", "true: 1\n",
    "2026-01-01: 1\n", "x: 2026-01-01\n", "a: &x [1, 1]\nb: &y [*x, *x]\nc: [*y, *y, *y]\n", "seed: 1\n",
    "scenario: {folder: x}\n", "title: [1]\n", "title: 5\n", "description: null\n", "budget: Equal\n",
    "budget: 1\n", "budget: null\n", "journey: {retry_days: 010}\n", "journey: {retry_days: 1:30}\n",
    "journey: {retry_days: 0x10}\n", "journey: {retry_days: 1_0}\n", "journey: {retry_days: 1e1}\n",
    "journey: {retry_days: .inf}\n", "journey: {retry_days: '7'}\n", "journey: {retry_days: 7, retry_days: 8}\n",
    "journey: {bandwidth: 2.0}\n", "journey: {bandwidth: 2.5}\n", "barriers: {culture: {all: 0.3, all: 0.4}}\n",
    "barriers: {culture: {health/housing: yes}}\n", "barriers: {funding: {health/housing: 1}}\n",
    "barriers: {culture: {1: 0.3}}\n", "barriers: {culture: {all: null}}\n",
)  # fmt: skip
"""Pieces of YAML, right, wrong and dangerous."""


# --- scenario.yaml ------------------------------------------------------------------------------------------------


def settings_file(luck: Random, folder: Path) -> str:
    """Put something odd into the folder's ``scenario.yaml``: a value, a name, a piece of text."""
    file = folder / "scenario.yaml"
    if luck.random() < 0.35:
        text = file.read_text(encoding="utf-8")
        piece = luck.choice(_PIECES)
        lines = text.splitlines(keepends=True)
        place = luck.randrange(len(lines) + 1)
        if luck.random() < 0.3 and lines:
            line = lines[place - 1]
            at = luck.randrange(len(line) + 1)
            lines[place - 1] = line[:at] + piece + line[at:]
        else:
            lines.insert(place, piece)
        file.write_bytes("".join(lines).encode("utf-8", "surrogatepass"))
        return f"scenario.yaml line {place + 1}: {piece!r}"
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    done = changed_somewhere(luck, content, paths(Parameters))
    file.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return f"scenario.yaml: {done}"


def load_settings(folder: Path) -> str:
    """Load and run a folder, and check that its parameters are what its ``scenario.yaml`` says."""
    return load_and_run(folder, lambda scenario: check_settings(folder / "scenario.yaml", scenario))


def check_settings(file: Path, scenario: Scenario) -> None:
    """Check that a scenario's parameters are what a file says, by a reading that takes every scalar for a text.

    Raises:
        FailureError: They are not.
    """
    said = yaml.load(file.read_text(encoding="utf-8-sig"), yaml.BaseLoader) or {}
    loaded = {
        **scenario.parameters.model_dump(mode="json"),
        "title": scenario.title,
        "description": scenario.description,
    }
    for name, text in said.items():
        if name == "title" and not text:
            continue
        expect(
            name in loaded and scalar_says(text, loaded[name]),
            f"scenario.yaml says {name}: {str(text)[:200]}, and {str(loaded.get(name))[:300]} was loaded",
        )


def changed_somewhere(luck: Random, content: dict[str, Any], known: list[str]) -> str:
    """Change plain data in one place: a known name, one that is not known, or something that is there already."""
    act = luck.choice(["known", "known", "known", "there", "misspelt", "group"])
    if act == "there":
        return _change_inside(luck, content)
    path = luck.choice(known).split(".")
    if act == "misspelt":
        place = luck.randrange(len(path))
        path[place] = misspelt(luck, path[place])
    if act == "group":
        path = path[: luck.randint(1, len(path))]
    value = odd_value(luck)
    at: Any = content
    for name in path[:-1]:
        if not isinstance(at.get(name), dict):
            at[name] = {}
        at = at[name]
    at[path[-1]] = value
    return f"{'.'.join(path)} = {str(value)[:80]}"


def _change_inside(luck: Random, content: Any) -> str:
    at = content
    while True:
        keys = list(at) if isinstance(at, dict) else list(range(len(at)))
        if not keys:
            return "nothing"
        key = luck.choice(keys)
        if isinstance(at[key], dict | list) and luck.random() < 0.8 and at[key]:
            at = at[key]
            continue
        act = luck.choice(["changed", "changed", "left out", "renamed", "repeated"])
        if act == "left out":
            del at[key]
        elif act == "renamed" and isinstance(at, dict):
            at[misspelt(luck, str(key))] = at.pop(key)
        elif act == "repeated" and isinstance(at, list):
            at.append(copy.deepcopy(at[key]))
        else:
            at[key] = odd_value(luck)
        return f"{key} {act}: {str(at)[:120]}"


# --- settings in Python -------------------------------------------------------------------------------------------


def dotted_settings(luck: Random) -> tuple[str, Any]:
    """Return a dotted name with an odd value, of a parameter or nearly."""
    path = luck.choice(paths(Parameters))
    if luck.random() < 0.3:
        path = luck.choice([misspelt(luck, path), path.rpartition(".")[0], f"{path}.x", f"barriers.culture.{path}"])
    return path, odd_value(luck)


def change_settings(setting: tuple[str, Any]) -> str:
    """Change one parameter of a small place and run it."""
    path, value = setting
    scenario = _place().changed({path: value})
    at: Any = scenario.parameters.model_dump(mode="json")
    for name in path.split("."):
        expect(isinstance(at, Mapping) and name in at, f"{path} was accepted, and is no parameter")
        at = at[name]
    is_group = isinstance(value, Mapping)
    expect(is_group or scalar_says(str(value), at), f"{path} = {value!r} was accepted, and is {at!r}")
    run_bounded(scenario)
    return RAN


# --- coordinations, arms, dated changes -----------------------------------------------------------------------------


def coordination_file(luck: Random, folder: Path) -> str:
    """Write a coordination of a user's own with something odd in it."""
    folder.mkdir(parents=True, exist_ok=True)
    content: dict[str, Any] = yaml.safe_load((_COORDINATIONS / f"{luck.choice(coordination_names())}.yaml").read_text())
    if luck.random() < 0.5:
        content["initiatives"] = [dated_change(luck) for _ in range(luck.randint(0, 3))]
    done = changed_somewhere(luck, content, list(Coordination.model_fields))
    if luck.random() < 0.3:
        changed_somewhere(luck, content, list(Coordination.model_fields))
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
    if luck.random() < 0.2:
        place = luck.randrange(len(text) + 1)
        piece = luck.choice(_PIECES)
        text, done = text[:place] + piece + text[place:], f"{piece!r}"
    (folder / "mine.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
    return done


def load_coordination(folder: Path) -> str:
    """Load a coordination of a user's own, check that it is what its file says, and run a small place under it."""
    arm = Coordination.load("mine", [folder])
    said = yaml.load((folder / "mine.yaml").read_text(encoding="utf-8-sig"), yaml.BaseLoader) or {}
    loaded = arm.model_dump(mode="json")
    for name, text in said.items():
        if name == "title" and not text:
            continue
        if name == "initiatives":
            _check_dated(text, loaded[name])
            continue
        expect(scalar_says(text, loaded[name]), f"says {name}: {str(text)[:200]}, and {loaded[name]!r} was loaded")
    run_bounded(_place(), arm)
    return RAN


def dated_change(luck: Random) -> dict[str, Any]:
    """Return a row of initiatives that is nearly right."""
    row: dict[str, Any] = {
        "initiative": "one",
        "change": luck.choice([*DATED, "barriers.culture", "barriers.funding", "places.p0_support"]),
        "value": luck.choice(["any_door", "letter", "shared", "pooled", 0.5, 1, 3, "key_worker"]),
        "from_day": luck.choice([0, 5, 30]),
    }
    if luck.random() < 0.6:
        row[luck.choice(["to_day", "ramp_days", "spread_days", "districts", "label", "value", "change"])] = odd_value(
            luck
        )
    return row


def arm_text(luck: Random) -> str:
    """Return the name of an arm, perhaps changed by single settings, with something odd in it."""
    text = luck.choice([*coordination_names(), odd_text(luck), misspelt(luck, "fragmented"), "../integrated", "/", "."])
    for _ in range(luck.choice([0, 1, 1, 2])):
        key = luck.choice([*Coordination.model_fields, odd_text(luck)])
        value = luck.choice(["letter", "shared", "pooled", "urgency", "none", "key_worker", odd_text(luck)])
        text += (
            luck.choice(["+", "+", "+", "++", " + ", ""]) + key + luck.choice([":", ":", ":", "=", "", "::"]) + value
        )
    return text


def load_arm(text: str) -> str:
    """Load an arm by its name, check that it is what the name says, and run a small place under it."""
    arm = Coordination.load(text)
    base, *changes = text.split("+")
    said = dict(change.split(":", 1) for change in changes)
    expect(len(said) == len(changes), f"{text!r} was accepted, and says something twice")
    named = Coordination.load(base).model_dump(mode="json")
    for name, value in arm.model_dump(mode="json").items():
        if name != "title":
            expect(
                scalar_says(said[name], value) if name in said else value == named[name], f"{text!r}: {name}={value!r}"
            )
    run_bounded(_place(), arm)
    return RAN


def _check_dated(said: Any, loaded: Any) -> None:
    expect(isinstance(said, list) and len(said) == len(loaded), "has other initiatives than it says")
    for texts, row in zip(said, loaded, strict=True):
        for name, text in texts.items():
            own = row[name]
            if name == "districts" and isinstance(text, str):
                own = ";".join(own)
                text = ";".join(part.strip() for part in text.split(";") if part.strip())
            expect(scalar_says(text, own), f"initiatives say {name}: {text!r}, and {own!r} was loaded")


# --- designs ------------------------------------------------------------------------------------------------------


def design(luck: Random) -> dict[str, Any]:
    """Return the content of a file of ``conf/sweep`` with something odd in it."""
    content: dict[str, Any] = copy.deepcopy(luck.choice(_designs("sweep")))
    if luck.random() < 0.5:
        content["design"] = [luck.choice(_PARTS)(luck)]
    for _ in range(luck.randint(1, 2)):
        _change_inside(luck, content)
    return content


def plan_design(content: dict[str, Any]) -> str:
    """Check a design, every point of it, and run the last one.

    Raises:
        BadInputError: It is refused.
    """
    complaints = Complaints()
    found = design_of(content, "sweep mine", complaints)
    complaints.raise_if_any()
    assert found is not None
    arms = {name: Coordination.load(name) for name in found.arms or ("fragmented", "integrated")}
    points = points_of(found.points[:50], _place(), arms, Scenario.load, "sweep mine", complaints)
    complaints.raise_if_any()
    for arm in points[-1].arms.values():
        run_bounded(points[-1].scenario, arm)
    return RAN


def factors(luck: Random) -> dict[str, Any]:
    """Return the content of a file of ``conf/sensitivity`` with something odd in it."""
    content: dict[str, Any] = copy.deepcopy(luck.choice(_designs("sensitivity")))
    for _ in range(luck.randint(1, 3)):
        if luck.random() < 0.5:
            content["factors"][luck.choice([*paths(Parameters), odd_text(luck)])] = [odd_value(luck), odd_value(luck)]
        else:
            _change_inside(luck, content)
        if not isinstance(content.get("factors"), dict):
            break
    return content


def plan_factors(content: dict[str, Any]) -> str:
    """Check the factors of a sensitivity analysis.

    Raises:
        BadInputError: They are refused.
    """
    complaints = Complaints()
    file = validate(SensitivityFile, content, "sensitivity mine", complaints)
    found = factors_of(content, "sensitivity mine", complaints)
    complaints.raise_if_any()
    assert file is not None
    expect(set(content["factors"]) == {factor.name for factor in found}, "has other factors than it says")
    for factor in found:
        expect(factor.low < factor.high, f"{factor.name} from {factor.low} to {factor.high} was accepted")
    return RAN


_COORDINATIONS = shipped.folder("conf") / "coordination"
_PARTS = (
    lambda luck: {"grid": {luck.choice(paths(Parameters)): [odd_value(luck), odd_value(luck)]}},
    lambda luck: {
        "grid": {luck.choice(["place.demand", "place.places", "arms.x.navigators", "budget"]): odd_value(luck)}
    },
    lambda luck: {"zip": {"place.demand": [1, 2], luck.choice(paths(Parameters)): [odd_value(luck), 0.5]}},
    lambda luck: {"list": [{"place.demand": odd_value(luck)}, {"place.demand": 1}]},
    lambda luck: {
        "sample": {"method": "sobol", "points": luck.choice([4, 0, "x"]), "ranges": {"place.demand": [1, 2]}}
    },
    lambda luck: {"grid": {"place.demand": {"from": odd_value(luck), "to": 2, "steps": luck.choice([3, 1, 10**9])}}},
)


@cache
def _designs(group: str) -> tuple[dict[str, Any], ...]:
    files = sorted((shipped.folder("conf") / group).glob("*.yaml"))
    return tuple(yaml.safe_load(file.read_text(encoding="utf-8")) for file in files)


@cache
def _place() -> Scenario:
    """Return a small place that is loaded once."""
    for number in range(100):
        with tempfile.TemporaryDirectory() as folder:
            drawn = random_landscape(Random(f"fuzz place {number}"))
            scenario, _ = drawn.load(Path(folder) / "place")
        services = [row.service for row in scenario.tables.services]
        if len(services) > 5 and "p0_support" in services and scenario.tables.citizens_per_year > 200:
            try:
                run_bounded(scenario, Coordination.load("multiple_disadvantage"))
            except BadInputError:
                continue
            return scenario
    raise AssertionError("there is none")
