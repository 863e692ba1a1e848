"""``journeys report``: the report of a stored comparison, made again without simulating."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from experiments.report import write_report
from experiments.text import shown_path
from sim.schema.problems import Complaints

HELP = """\
journeys report FOLDER: write the report of a stored comparison again

  journeys report outputs/compare/DATE     report.html, report.md and tables/latex/ from what the folder holds,
                                           and the reporting standards stress_abs.md and quality_log.md

Nothing is simulated, and no number changes.
"""


def command(arguments: Sequence[str]) -> int:
    """Do ``journeys report`` and return the exit status.

    Raises:
        BadInputError: Not one folder was given, or it holds no comparison that came to its end.
    """
    if any(argument in ("-h", "--help") for argument in arguments):
        print(HELP, end="")
        return 0
    if len(arguments) != 1:
        complaints = Complaints()
        complaints.add("command line", f"{len(arguments)} arguments", "one: the output folder of a comparison")
        complaints.raise_if_any()
    for file in write_report(Path(arguments[0])):
        print(shown_path(file))
    return 0
