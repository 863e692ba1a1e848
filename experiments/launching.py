"""From a command line to jobs: check everything, then let Hydra run them."""

from __future__ import annotations

import argparse
import os
import socket
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import hydra
from hydra._internal.utils import get_args_parser
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from experiments.checking import Request, check, message, plan_job
from experiments.composing import VERSION_BASE, choose_folders, config_folder, register_defaults, spell_out
from experiments.manifest import FILE
from experiments.overrides import COMMAND_LINE, blamed, with_levels_replaced
from experiments.plan import Plan
from experiments.reusing import check_reuse
from experiments.stopping import FULL
from sim.schema.problems import BadInputError, Complaints, Problem, closest

DRY_RUN = ("--dry-run", "dry_run=true")
"""A flag that people expect, and the setting that it stands for."""
Job = Callable[[Plan, Path], int]
"""Does the work of one plan in an output folder and returns the exit status."""


class ElsewhereError(Exception):
    """A job that a launcher of Hydra had run by another process did not end well.

    Args:
        status: Its exit status.
        said: What is to be said of it.
    """

    def __init__(self, status: int, said: str) -> None:
        super().__init__(status, said)
        self.status, self.said = status, said


def launch(command: str, arguments: Sequence[str], job: Job) -> int:
    """Check a command line, then run its jobs or show what Hydra is asked to show.

    Args:
        command: ``run``, ``compare`` or ``attribute``.
        arguments: The command line after the command's name.
        job: What to do for each job.

    Returns:
        The exit status, the worst of all jobs.

    Raises:
        BadInputError: With all problems, before anything has run.
    """
    flags, arguments, complaints = read(command, arguments)
    request = request_of(command, flags)
    if not (flags.help or flags.hydra_help or flags.shell_completion):
        check(request, complaints, spelling_only=bool(flags.cfg or flags.info))
        complaints.raise_if_any()
    statuses = [0]
    crashes: list[Exception] = []
    here = _process()

    def task(config: DictConfig) -> None:
        # Of what a job does in another process, only what it raises comes back.
        is_elsewhere = _process() != here
        try:
            settings = HydraConfig.get()
            if settings.mode == RunMode.MULTIRUN:
                # Hydra writes a colon as it would have to be typed in some other places.
                name = settings.job.override_dirname.replace("\\:", ":")
                print(f"\nJob {settings.job.num}: {name}", file=sys.stderr)
            folder = Path(settings.runtime.output_dir)
            plan = _plan(command, config, folder)
            with _told_of_old_tables(folder):
                statuses.append(job(plan, folder))
        except Exception as error:
            if is_elsewhere:
                traceback.print_exc()
                status = 2 if isinstance(error, BadInputError) else 1
                raise ElsewhereError(status, f"{type(error).__name__}: {error}") from error
            crashes.append(error)
            raise
        if is_elsewhere and statuses[-1]:
            raise ElsewhereError(statuses[-1], f"runs failed, see {folder / FILE}")

    try:
        with _as_arguments(with_levels_replaced(arguments)):
            hydra.main(config_path=str(config_folder()), config_name=command, version_base=VERSION_BASE)(task)()
    except ElsewhereError as error:
        print(f"journeys {command}: {error.said}", file=sys.stderr)
        return error.status
    except Exception as error:
        if error in crashes or (isinstance(error, OSError) and error.errno in FULL):
            raise
        # Not the model but Hydra failed: at the latest here it meets a value of its own that it cannot use.
        raise BadInputError([Problem(COMMAND_LINE, blamed(flags.overrides) + message(error))]) from error
    return max(statuses)


def _process() -> str:
    """Return the name of this process among those of all machines."""
    return f"{socket.gethostname()}:{os.getpid()}"


def _plan(command: str, config: DictConfig, folder: Path) -> Plan:
    """Check a job again as Hydra composed it: a sweep set in a file was not seen before."""
    complaints = Complaints()
    plan = plan_job(command, config, HydraConfig.get(), complaints)
    if plan is not None:
        check_reuse(folder, command, plan, complaints)
    complaints.raise_if_any()
    assert plan is not None
    return plan


def read(command: str, arguments: Sequence[str]) -> tuple[argparse.Namespace, list[str], Complaints]:
    """Read a command line as Hydra does, with the places in it made known to Hydra.

    Args:
        command: ``run``, ``compare``, ``attribute`` or ``check``.
        arguments: The command line after the command's name.

    Returns:
        What was read; the command line to give to Hydra; problems with flags and folders.

    Raises:
        BadInputError: The value of a flag is missing or wrong.
    """
    register_defaults()
    complaints = Complaints()
    parser = _Parser(f"journeys {command}")
    spelt = [DRY_RUN[1] if argument == DRY_RUN[0] else argument for argument in arguments]
    flags, unknown = parser.parse_known_intermixed_args(spelt)
    known = [_flag(name) for name in vars(flags) if name != "overrides"]
    for flag in unknown:
        near = closest(flag.partition("=")[0], known)
        complaints.add(COMMAND_LINE, f"unknown flag {flag!r}", f"what {parser.prog} --help shows", near)
    flags.overrides = spell_out(choose_folders(flags.overrides, complaints))
    return flags, _in_order(flags), complaints


def request_of(command: str, flags: argparse.Namespace) -> Request:
    """Return what a command line asks for; ``check`` asks for what ``compare`` does."""
    job = "compare" if command == "check" else command
    return Request(
        command=job,
        config_name=flags.config_name or job,
        overrides=tuple(flags.overrides),
        config_dir=flags.config_dir,
        multirun=flags.multirun or "hydra.mode=MULTIRUN" in flags.overrides,
        only_check=command == "check",
    )


@contextmanager
def _told_of_old_tables(folder: Path) -> Iterator[None]:
    """Say after Ctrl-C that tables and figures of an earlier end are still there, beside a manifest of new work."""
    old = [name for name in ("tables", "figures", "report.html") if (folder / name).exists()]
    try:
        yield
    except KeyboardInterrupt:
        if old:
            which = f"{' and '.join(old).capitalize()} may still be those of an earlier end"
            print(f"{which}: they are written anew when all is done.", file=sys.stderr)
        raise


class _Parser(argparse.ArgumentParser):
    """Hydra's own, except that problems are reported as all others are."""

    def __init__(self, program: str) -> None:
        super().__init__(program, parents=[get_args_parser()], add_help=False)

    def error(self, message: str) -> NoReturn:
        raise BadInputError([Problem(COMMAND_LINE, message.removeprefix("argument "))])


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _in_order(flags: argparse.Namespace) -> list[str]:
    """Return a command line with the overrides together at its end: Hydra takes no others after a flag."""
    result = []
    for name, value in vars(flags).items():
        if name != "overrides" and value not in (None, False):
            result.append(_flag(name) if value is True else f"{_flag(name)}={value}")
    return [*result, *flags.overrides]


@contextmanager
def _as_arguments(arguments: Sequence[str]) -> Iterator[None]:
    """Hydra reads ``sys.argv``, and explains failures of the program itself in its own way unless told not to."""
    before, explain = sys.argv, os.environ.get("HYDRA_FULL_ERROR")
    sys.argv = ["journeys", *arguments]
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        yield
    finally:
        sys.argv = before
        if explain is None:
            del os.environ["HYDRA_FULL_ERROR"]
        else:
            os.environ["HYDRA_FULL_ERROR"] = explain
