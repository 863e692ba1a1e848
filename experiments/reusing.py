"""A folder that already holds results goes on with the same work; it is not overwritten with other work."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from experiments.manifest import FILE, described
from experiments.plan import Plan, flat, parameter_text
from sim.schema.problems import Complaints

MOST = 5
"""Changed parameters that a message names one by one."""


def check_reuse(folder: Path, command: str, plan: Plan, complaints: Complaints) -> None:
    """Note a problem if a folder holds something else than what is to be written there.

    A comparison may be made longer: more replications of the same, or any number while it is not finished.

    Args:
        folder: Output folder, whether it exists or not.
        command: ``run``, ``compare`` or ``attribute``.
        plan: What is to be done.
        complaints: Receives the problem.
    """
    file = folder / FILE
    if not file.is_file():
        return
    try:
        there = json.loads(file.read_text(encoding="utf-8"))
        found = differences(there, {"command": command, **described(plan)})
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError):
        found = [f"{FILE} is not one of this program"]
    if found:
        what = f"{str(folder)!r} holds other results, which would be overwritten: {'; '.join(found)}"
        complaints.add("output folder", what, "the same again, or another folder")


def differences(there: Mapping[str, Any], here: Mapping[str, Any]) -> list[str]:
    """Return what is not the same in the manifest of a folder and in what is to be written there."""
    games = [one.get("attribution", {}) for one in (there, here)]
    # Between different kinds of work everything else differs, too: that would only hide what is wrong.
    for kind, before, after in (
        ("command", there["command"], here["command"]),
        ("among", *(game.get("among") for game in games)),
    ):
        if before != after:
            return [f"{kind} is {before} there, {after} here"]
    found = [] if there["seed"] == here["seed"] else [f"seed is {there['seed']} there, {here['seed']} here"]
    if _rules(there["arms"]) != _rules(here["arms"]):
        found.append(_of_the_coalitions(*games) if games[1] else _of_the_arms(there["arms"], here["arms"]))
    if there.get("sweep", {}).get("points") != here.get("sweep", {}).get("points"):
        found.append("points of the sweep")
    found += _of_the_sensitivity(*(one.get("sensitivity", {}) for one in (there, here)))
    if there["scenario"]["digest"] != here["scenario"]["digest"]:
        found += _of_the_place(there, here)
    (first, last), (begin, end) = there["replicates"], here["replicates"]
    if first != begin or (there["status"] == "finished" and end < last):
        what = "replicate" if here["command"] == "run" else "last replicate"
        found.append(f"{what} is {last} there, {end} here")
    return found


def _rules(arms: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    """Return what of arms matters for results, in order: the first is the baseline."""
    words = ("title", "description")
    return [(arm, {name: rule for name, rule in rules.items() if name not in words}) for arm, rules in arms.items()]


def _of_the_arms(there: Mapping[str, Any], here: Mapping[str, Any]) -> str:
    names = [", ".join(arms) for arms in (there, here)]
    if names[0] == names[1]:
        return f"mechanisms of the arms {names[0]}"
    return f"arms are [{names[0]}] there, [{names[1]}] here"


def _of_the_coalitions(there: Mapping[str, Any], here: Mapping[str, Any]) -> str:
    """Return what differs between two games; the names of all coalitions would be too many."""
    if there.get("title") != here["title"]:
        return f"the gap is {there.get('title')!r} there, {here['title']!r} here"
    names = [", ".join(player["name"] for player in game["players"] if player["active"]) for game in (there, here)]
    if names[0] == names[1]:
        return "mechanisms of the combinations"
    return f"it is divided among [{names[0]}] there, [{names[1]}] here"


def _of_the_sensitivity(there: Mapping[str, Any], here: Mapping[str, Any]) -> list[str]:
    """Return what differs between two analyses of sensitivity; another method has other points, too."""
    found = [
        f"{name} is {there.get(name)} there, {here[name]} here"
        for name in ("method", "outcome")
        if name in here and there.get(name) != here[name]
    ]
    return found or (["factors, their ranges or how many points"] if there.get("points") != here.get("points") else [])


def _of_the_place(there: Mapping[str, Any], here: Mapping[str, Any]) -> list[str]:
    names = [str(one["scenario"]["name"]) for one in (there, here)]
    if names[0] != names[1]:
        return [f"scenario is {names[0]} there, {names[1]} here"]
    before, after = flat(there["parameters"]), flat(here["parameters"])
    changed = [name for name in after if before.get(name) != after[name]]
    found = [
        f"{name} is {parameter_text(before.get(name))} there, {parameter_text(after[name])} here"
        for name in changed[:MOST]
    ]
    if len(changed) > MOST:
        found.append(f"{len(changed) - MOST} more parameters")
    return found or ["tables of the scenario"]
