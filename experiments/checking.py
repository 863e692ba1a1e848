"""Everything is checked before anything runs, and all problems of all jobs are reported at once."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from hydra._internal.hydra import Hydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict, read_write
from omegaconf.errors import InterpolationResolutionError, KeyValidationError, OmegaConfBaseException

from experiments.composing import (
    compose_job,
    composed_elsewhere,
    composer,
    coordination_folders,
    plain,
    registered_folder,
)
from experiments.games import plan_attribute
from experiments.overrides import COMMAND_LINE, blamed, check_value, is_within_level
from experiments.plan import Plan, plan_compare, plan_run
from experiments.reusing import check_reuse
from experiments.sensitivity_plan import plan_sensitivity
from experiments.settings import (
    AttributeSettings,
    CompareSettings,
    RunSettings,
    SensitivitySettings,
    Settings,
    SweepSettings,
)
from experiments.sweeping import plan_sweep
from sim.schema.problems import BadInputError, Complaints, Problem, closest, listing
from sim.schema.reading import in_one_line, is_folder
from sim.schema.validation import paths

SETTINGS: Mapping[str, type[Settings]] = {
    "run": RunSettings,
    "compare": CompareSettings,
    "attribute": AttributeSettings,
    "sweep": SweepSettings,
    "sensitivity": SensitivitySettings,
}
"""What each command can be told."""
BROKEN = (HydraException, OmegaConfBaseException, yaml.YAMLError, ValueError, TypeError, OSError)
"""What Hydra raises when a configuration cannot be composed."""
PARTS = ("results", "tables", "figures")
"""Folders in an output folder."""
ELSEWHERE = {
    "coordination": "arms=[NAME,...]",
    "arms": "coordination=NAME",
    "replicate": "replications=N",
    "replications": "replicate=N",
    "workers": "it is one run, in one process",
}
"""Names that one command has and another has not, and what the other has instead."""


@dataclass(frozen=True)
class Request:
    """What was asked for on the command line.

    Attributes:
        command: ``run``, ``compare`` or ``attribute``.
        config_name: Name of the configuration to start from.
        overrides: The NAME=VALUE arguments.
        config_dir: The user's folder of configuration, if any.
        multirun: Whether every combination of values is to be run.
        only_check: Whether ``journeys check`` was typed, which takes what ``compare`` takes.
    """

    command: str
    config_name: str
    overrides: tuple[str, ...]
    config_dir: str | None = None
    multirun: bool = False
    only_check: bool = False


def check(request: Request, complaints: Complaints, spelling_only: bool = False) -> list[Plan]:
    """Check all jobs that a command line asks for.

    Args:
        request: The command line.
        complaints: Receives every problem, each once.
        spelling_only: Check that the configuration can be composed, not what it says.

    Returns:
        The plans of all jobs without problems.
    """
    found = Complaints()
    plans = _check(request, found, spelling_only)
    for problem in found.problems:
        if problem not in complaints.problems:
            complaints.problems.append(problem)
    return plans


def plan_job(command: str, config: DictConfig, hydra: Any, complaints: Complaints) -> Plan | None:
    """Check one composed job.

    Args:
        command: ``run``, ``compare`` or ``attribute``.
        config: The job's configuration.
        hydra: Hydra's own part of it.
        complaints: Receives every problem.
    """
    try:
        data = plain(config)
    except OmegaConfBaseException as error:
        complaints.add("configuration", message(error))
        return None
    _check_place(data, hydra.runtime.choices.get("scenario"), complaints)
    folders = coordination_folders(hydra)
    if command == "compare":
        return plan_compare(data, folders, complaints)
    if command == "sweep":
        name = str(hydra.runtime.choices.get("sweep") or "sweep")
        return plan_sweep(data, name, folders, complaints, partial(_elsewhere, hydra))
    if command == "sensitivity":
        return plan_sensitivity(data, str(hydra.runtime.choices.get("sensitivity") or command), folders, complaints)
    name = str(hydra.runtime.choices.get("coordination") or "coordination")
    plan_one = plan_run if command == "run" else plan_attribute
    return plan_one(data, name, folders, complaints)


def message(error: BaseException) -> str:
    """Return what a message of Hydra begins with: the rest talks about Hydra. A message of YAML ends with the file."""
    cause = error.__cause__
    if isinstance(cause, KeyValidationError):
        below = f"below {cause.full_key}" if cause.full_key else "at the top of a file"
        return f"{below} a name is null (~), or of another kind that no name can be of"
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if not isinstance(error, yaml.YAMLError):
        lines = lines[:2]
        if isinstance(cause, OmegaConfBaseException):
            # "Error merging override ..." alone, or nothing; what is wrong with it is said by the cause.
            lines = [*(f"{line}:" for line in lines[:1]), *str(cause).splitlines()[:1]]
    said = " ".join(lines)
    # An error of Python itself says little without its name.
    named = not said or isinstance(error, AssertionError | LookupError)
    return f"{type(error).__name__}: {said}".removesuffix(": ") if named else said


def check_folder(folder: Path, complaints: Complaints) -> bool:
    """Note a problem if results cannot be written to a folder, and return whether there can be such a folder at all."""
    place = folder.absolute()
    try:
        while not place.exists() and place != place.parent:
            place = place.parent
    except OSError as error:
        complaints.add("output folder", f"{str(folder)!r} cannot be made: {error.strerror}")
        return False
    if not place.is_dir():
        complaints.add("output folder", f"{str(folder)!r} cannot be made: {str(place)!r} is not a folder")
    elif not os.access(place, os.W_OK | os.X_OK):
        complaints.add("output folder", f"{str(folder)!r} cannot be written: no permission in {str(place)!r}")
    for name in PARTS:
        if (folder / name).exists() and not (folder / name).is_dir():
            complaints.add("output folder", f"{str(folder / name)!r} is not a folder", "a folder, or nothing yet")
    return True


def _elsewhere(hydra: Any, place: str) -> dict[str, Any]:
    """Return a job's configuration with another place; raise BadInputError if what was said makes no sense there."""
    try:
        return composed_elsewhere(hydra, place)
    except (*BROKEN, AssertionError, LookupError) as error:
        raise BadInputError([Problem(f"with scenario {place}", message(error))]) from error


def check_store(folder: Path | None, complaints: Complaints) -> None:
    """Note a problem if there cannot be a store at a path, or it cannot even be read.

    That it cannot be written is no problem here: everything that is wanted may be there already.

    Args:
        folder: Of the store; None: it is in the output folder.
        complaints: Receives the problem.
    """
    if folder is None:
        return
    place = folder.absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    if not place.is_dir():
        what = "is a file" if place == folder.absolute() else f"cannot be made: {str(place)!r} is a file"
        complaints.add("store", f"{str(folder)!r} {what}", "a folder, or nothing yet")
    elif not os.access(place, os.R_OK | os.X_OK):
        complaints.add("store", f"{str(folder)!r} cannot be read: no permission in {str(place)!r}")


def _check(request: Request, complaints: Complaints, spelling_only: bool) -> list[Plan]:
    if request.config_dir is not None and not is_folder(request.config_dir):
        complaints.add("--config-dir", f"there is no folder {request.config_dir!r}")
        return []
    with composer(request.command, request.config_dir) as hydra:
        try:
            base = compose_job(request.config_name, [])
        except BROKEN as error:
            _complain(error, "configuration", complaints)
            return []
        plans = []
        folders: dict[Path, int] = {}
        for number, job in enumerate(_jobs(request, hydra, complaints)):
            config = _compose(request, job, base, hydra, complaints)
            if config is None or spelling_only:
                continue
            plan = plan_job(request.command, config, config.hydra, complaints)
            folder = _output_folder(request, config, base, number, complaints)
            if folder is not None and check_folder(folder, complaints):
                first = folders.setdefault(folder.resolve(), number)
                if first != number:
                    what = f"{str(folder)!r} is that of job {first} and of job {number}"
                    complaints.add("output folder", what, "a folder for each job, as without hydra.sweep.subdir=")
                if plan is not None:
                    check_reuse(folder, request.command, plan, complaints)
            if plan is not None:
                check_store(plan.store, complaints)
                plans.append(plan)
        return plans


def _jobs(request: Request, hydra: Hydra, complaints: Complaints) -> list[tuple[str, ...]]:
    """Return the overrides of each job, those that cannot be read left out."""
    parser = OverridesParser.create(config_loader=hydra.config_loader)
    choices: list[list[str]] = []
    for text in request.overrides:
        try:
            override = parser.parse_override(text)
            if not override.is_sweep_override():
                choices.append([text])
            elif request.multirun:
                key = override.get_key_element()
                choices.append([f"{key}={value}" for value in override.sweep_string_iterator()])
            else:
                complaints.add(COMMAND_LINE, f"{text!r} has several values", "with -m, a job for each of them")
        except BROKEN as error:
            if "=" in text or text.startswith("~"):
                complaints.add(COMMAND_LINE, f"cannot read {text!r}: {message(error)}")
            else:
                complaints.add(COMMAND_LINE, f"cannot read {text!r}", "NAME=VALUE")
    return list(itertools.product(*choices))


def _compose(
    request: Request, job: Sequence[str], base: DictConfig, hydra: Hydra, complaints: Complaints
) -> DictConfig | None:
    parser = OverridesParser.create(config_loader=hydra.config_loader)
    # Hydra takes a third of a second to list them.
    groups = set(hydra.list_all_config_groups()) if job else set()
    good: dict[str, str] = {}
    for text in job:
        override = parser.parse_override(text)
        before = len(complaints.problems)
        name = override.get_key_element()
        if name in good:
            complaints.add(COMMAND_LINE, f"{name!r} is given twice: {good[name]!r} and {text!r}")
        elif override.key_or_group in groups and (override.is_add() or override.key_or_group in _chosen(base)):
            _check_choice(override, hydra, complaints)
        elif not override.is_add() and not override.is_force_add() and not is_within_level(override.key_or_group):
            _check_name(override.key_or_group, request, base, complaints)
            check_value(override, base, complaints)
        if len(complaints.problems) == before:
            good[name] = text
    try:
        return compose_job(request.config_name, list(good.values()))
    except BROKEN as error:
        _complain(error, COMMAND_LINE, complaints)
        return None
    except (AssertionError, LookupError) as error:
        complaints.add(COMMAND_LINE, blamed(good.values()) + message(error))
        return None


def _complain(error: BaseException, where: str, complaints: Complaints) -> None:
    """Note why a configuration cannot be composed, with its file if that is not YAML."""
    if isinstance(error.__cause__, KeyValidationError):
        # The names on a command line are words.
        where = "configuration"
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        complaints.add(where, message(error))
        return
    complaints.add(error.problem_mark.name, f"is not readable YAML: {in_one_line(error)}")


def _check_choice(override: Override, hydra: Hydra, complaints: Complaints) -> None:
    group = override.key_or_group
    options = hydra.config_loader.get_group_options(group)
    value = override.value()
    for name in value if isinstance(value, list) else [value]:
        base = str(name).partition("+")[0] if group == "coordination" else str(name)
        if override.is_delete() or (name is not None and str(name) in options and base in options):
            continue
        if name is None:
            complaints.add(COMMAND_LINE, f"{override.input_line!r} chooses nothing", listing(options))
        elif group == "scenario" and (is_folder(str(name)) or "/" in str(name)):
            complaints.add(COMMAND_LINE, f"{group}={name} is not a name", f"{group}.folder={name} for a folder")
        else:
            known = [option for option in options if "+" not in option]
            complaints.unknown(f"{COMMAND_LINE}: {group}", group, str(name) if base in known else base, known)


def _check_name(name: str, request: Request, base: DictConfig, complaints: Complaints) -> None:
    absent = object()
    try:
        if OmegaConf.select(base, name, default=absent) is not absent:
            return
    except InterpolationResolutionError:
        # It is there, with a reference to what is only known when the job runs.
        return
    except OmegaConfBaseException:
        pass
    first = name.partition(".")[0]
    known = paths(SETTINGS[request.command])
    if first == "hydra":
        complaints.add(COMMAND_LINE, f"unknown name {name!r}", "what --cfg hydra shows")
    elif first in ELSEWHERE and first not in _sections(known):
        command = "check, which takes what compare takes," if request.only_check else request.command
        complaints.add(COMMAND_LINE, f"journeys {command} has no {first!r}", ELSEWHERE[first])
    else:
        groups = [group for group in _chosen(base) if not group.startswith("hydra/")]
        hint = closest(name, [*known, *groups]) or _same_last_part(name, known)
        allowed = "" if hint else listing(_sections(known))
        complaints.add(COMMAND_LINE, f"unknown name {name!r}", allowed, hint)


def _chosen(base: DictConfig) -> list[str]:
    """Return the groups from which a configuration has chosen an option."""
    return [str(group) for group in base.hydra.runtime.choices]


def _same_last_part(name: str, known: Iterable[str]) -> str:
    """Return the parameter that was perhaps meant by its last part alone, ``journey.retry_days`` for ``retry_days``."""
    last = name.rpartition(".")[2]
    # The first of several with the same last part wins.
    by_last = {path.rpartition(".")[2]: path for path in reversed(list(known))}
    return by_last.get(closest(last, by_last), "")


def _sections(known: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(path.partition(".")[0] for path in known))


def _check_place(data: Mapping[str, Any], choice: str | None, complaints: Complaints) -> None:
    """Refuse a folder that was set in a file: its scenario.yaml would lose to the defaults of the schema."""
    place = data.get("scenario")
    if choice is None or not isinstance(place, Mapping) or "folder" not in place:
        complaints.add("scenario", "is not chosen", "scenario=NAME or scenario.folder=PATH")
    elif place["folder"] != registered_folder(choice):
        complaints.add("scenario", "a folder was set in a file", "scenario.folder=PATH on the command line")


def _output_folder(
    request: Request, config: DictConfig, base: DictConfig, number: int, complaints: Complaints
) -> Path | None:
    """Return the folder of a job; None, with a complaint, if it cannot be known.

    Args:
        request: The command line.
        config: The job's configuration.
        base: The configuration without what is on the command line.
        number: Of the job in a sweep.
        complaints: Receives the problem.
    """
    swept = request.multirun or config.hydra.mode == RunMode.MULTIRUN
    if swept:
        with read_write(config), open_dict(config):
            config.hydra.job.num = number
        # As in Hydra, all jobs have the same time of start.
        OmegaConf.select(base, "hydra.sweep.dir")
        OmegaConf.copy_cache(base, config)
    names = ("hydra.sweep.dir", "hydra.sweep.subdir") if swept else ("hydra.run.dir",)
    parts = []
    for name in names:
        try:
            part = str(OmegaConf.select(config, name, throw_on_missing=True) or "").strip()
        except BROKEN as error:
            complaints.add(COMMAND_LINE, f"{name}: {message(error)}")
            return None
        if not part:
            complaints.add(COMMAND_LINE, f"{name} is empty", "the path of a folder")
            return None
        parts.append(part)
    return Path(*parts)
