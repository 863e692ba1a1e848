"""The command ``journeys``.

Nothing heavy is imported before it is known what was asked for.
"""

from __future__ import annotations

import difflib
import importlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version

from experiments.output import patient_output
from experiments.stopping import FULL

OK, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
"""Exit statuses: done; a run failed; the input is wrong and nothing ran; stopped by Ctrl-C."""


@dataclass(frozen=True)
class Command:
    """One sub-command.

    Attributes:
        summary: One line for the help.
        module: Where its ``command(arguments) -> exit status`` is.
    """

    summary: str
    module: str


COMMANDS = {
    "compare": Command("run arms side by side in the same random worlds: report and figures", "experiments.compare"),
    "report": Command("write the report of a stored comparison again, run nothing", "experiments.report.command"),
    "sweep": Command("run a design of many points: what is varied, and where arms cross", "experiments.sweep"),
    "sensitivity": Command("which assumptions carry the difference between arms", "experiments.sensitivity_command"),
    "attribute": Command("which barrier, or which mechanism, accounts for how much of a gap", "experiments.attribute"),
    "run": Command("run one arm in one random world: everything that happened", "experiments.run"),
    "check": Command("check a scenario and all settings, run nothing", "experiments.check"),
    "list": Command("show what there is to choose from", "experiments.listing"),
}

HELP = """\
journeys: how people get to support through fragmented and integrated public services

Usage: journeys COMMAND [NAME=VALUE ...]

Commands
{commands}

Start here
  journeys compare                                       fragmented against integrated, in an illustrative town
  journeys compare scenario=talking_therapies            beside published figures
  journeys compare 'arms=[fragmented,key_worker,integrated]' barriers.data_sharing=0.8
  journeys report outputs/compare/DATE                   its report again, from what is stored
  journeys sweep sweep=load --dry-run                    what would run, and for how long
  journeys sensitivity --dry-run                         does the difference survive what was assumed?
  journeys attribute                                     which barrier matters most? (320 runs)
  journeys run coordination=integrated replicate=7       one run, with the journeys of the vignettes
  journeys check scenario.folder=my_town                 is my own place right?
  journeys list                                          scenarios, coordinations, mechanisms, barriers
  eval "$(journeys -sc install=bash)"                    let the Tab key complete what is typed

Results go to a new folder in outputs/. More: journeys COMMAND --help
Exit status: 0 done, 1 a run failed, 2 wrong input (nothing ran), 130 interrupted.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a sub-command.

    Args:
        argv: Arguments after the program's name; those of the process if None.

    Returns:
        The exit status.
    """
    with patient_output():
        return _main(list(sys.argv[1:] if argv is None else argv))


def _main(arguments: list[str]) -> int:
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(_help(), end="")
        return OK
    if arguments[0] == "--version":
        print(f"journeys {version('citizen-journeys')}")
        return OK
    if arguments[0] in ("-sc", "--shell-completion"):
        return _complete(arguments)
    name, *rest = arguments
    if name not in COMMANDS:
        print(_unknown(name), file=sys.stderr)
        return BAD_INPUT
    return _call(name, rest)


def _call(name: str, arguments: list[str]) -> int:
    from sim.schema.problems import BadInputError

    try:
        return int(importlib.import_module(COMMANDS[name].module).command(arguments))
    except BadInputError as error:
        print(f"journeys {name}: {error}", file=sys.stderr)
        return BAD_INPUT
    except OSError as error:
        if error.errno not in FULL:
            raise
        print(f"journeys {name}: no room left: {error}; what is finished is kept", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print(f"journeys {name}: interrupted", file=sys.stderr)
        return INTERRUPTED
    except SystemExit as end:
        # argparse and Hydra end the process; in a program that calls main, that is not wanted.
        return end.code if isinstance(end.code, int) else OK if end.code is None else FAILED


def _complete(arguments: list[str]) -> int:
    """Answer the shell, which gives the whole line: first a command, then what Hydra completes for it."""
    program, *words = os.environ.get("COMP_LINE", "").split(maxsplit=2) or [""]
    if program and (not words or words[0] not in COMMANDS):
        print(" ".join(COMMANDS))
        return OK
    if words[0] == "report":
        # Its one argument is a folder: the shell completes that by itself.
        return OK
    os.environ["COMP_LINE"] = " ".join([program, *words[1:]]) + " "[: len(words) == 1]
    own = words[:1] in (["run"], ["attribute"], ["sweep"], ["sensitivity"])
    return _call(words[0] if own else "compare", arguments)


def _help() -> str:
    width = max(map(len, COMMANDS))
    return HELP.format(commands="\n".join(f"  {name:{width}}  {c.summary}" for name, c in COMMANDS.items()))


def _unknown(name: str) -> str:
    close = difflib.get_close_matches(name, COMMANDS, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return f"journeys: unknown command {name!r}; there are: {', '.join(COMMANDS)}{hint}"
