"""Odd input of every kind: each must be refused clearly or run as it says.

``python -m experiments.validation.fuzz --inputs 20000 --seed 1`` tries so many, on all cores; ``--only 17`` tries
number 17 alone and says everything about it, as the same number with the same seed is always the same input.

An input is a valid scenario folder (a random landscape or a shipped scenario), coordination, design, list of settings
or command line in which something is changed. It must be refused with a message that says where and what, in words and
without a traceback, or it must run, with balanced flows; what was loaded must then be what the files say, by a second
reading of them, so that nothing is left out or replaced in silence. A valid input may ask for much: times, citizens and
points are cut down before it is run (:func:`experiments.validation.fuzz_verdicts.bounded`).
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random

import joblib

from experiments.validation import fuzz_commands, fuzz_folders, fuzz_settings
from experiments.validation.fuzz_verdicts import FAILED, RAN, REFUSED, Verdict, judged
from experiments.validation.part import Part

Treat = Callable[[], str]
MOST_MEMORY = 8 * 1024**3
"""Address space that a process may take, in bytes; compiled code takes a good part of it."""


def _folder(change: Callable[[Random, Path], str]) -> Callable[[Random, Path], tuple[str, Treat]]:
    def make(luck: Random, folder: Path) -> tuple[str, Treat]:
        place = folder / "place"
        fuzz_folders.valid_folder(luck, place)
        what = change(luck, place)
        return what, lambda: fuzz_folders.load_and_run(place)

    return make


def _settings_file(luck: Random, folder: Path) -> tuple[str, Treat]:
    place = folder / "place"
    fuzz_folders.valid_folder(luck, place, with_settings=True)
    what = fuzz_settings.settings_file(luck, place)
    return what, lambda: fuzz_settings.load_settings(place)


def _dotted(luck: Random, folder: Path) -> tuple[str, Treat]:
    setting = fuzz_settings.dotted_settings(luck)
    return f"{setting[0]} = {str(setting[1])[:100]}", lambda: fuzz_settings.change_settings(setting)


def _coordination(luck: Random, folder: Path) -> tuple[str, Treat]:
    what = fuzz_settings.coordination_file(luck, folder)
    return what, lambda: fuzz_settings.load_coordination(folder)


def _arm(luck: Random, folder: Path) -> tuple[str, Treat]:
    text = fuzz_settings.arm_text(luck)
    return repr(text[:200]), lambda: fuzz_settings.load_arm(text)


def _design(luck: Random, folder: Path) -> tuple[str, Treat]:
    content = fuzz_settings.design(luck)
    return str(content.get("design"))[:200], lambda: fuzz_settings.plan_design(content)


def _factors(luck: Random, folder: Path) -> tuple[str, Treat]:
    content = fuzz_settings.factors(luck)
    return str(content.get("factors"))[-200:], lambda: fuzz_settings.plan_factors(content)


def _command(luck: Random, folder: Path) -> tuple[str, Treat]:
    words = fuzz_commands.command_line(luck, folder)
    return repr(words)[:300], lambda: fuzz_commands.call(words, folder)


FAMILIES: Mapping[str, tuple[float, Callable[[Random, Path], tuple[str, Treat]]]] = {
    "cells of tables": (40.5, _folder(fuzz_folders.odd_cell)),
    "columns of tables": (8, _folder(fuzz_folders.odd_column)),
    "rows of tables": (8, _folder(fuzz_folders.odd_rows)),
    "bytes and files": (12, _folder(fuzz_folders.odd_file)),
    "scenario.yaml": (12, _settings_file),
    "settings by dotted name": (6, _dotted),
    "coordination files and dated changes": (5, _coordination),
    "arms by name": (4, _arm),
    "designs of sweeps": (2, _design),
    "factors of sensitivity analyses": (1, _factors),
    "command lines": (1.5, _command),
}
"""Kinds of input, each with its share of all inputs in percent."""


def try_number(number: int, seed: int = 1) -> Verdict:
    """Make one input by its number, and say what came of it.

    Args:
        number: Of the input.
        seed: Another seed has other inputs.
    """
    luck = Random(f"input {seed} {number}")
    family = luck.choices(list(FAMILIES), [share for share, _ in FAMILIES.values()])[0]
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # A warning of numpy would be printed among the results, where nobody knows what it is about.
        warnings.simplefilter("error", RuntimeWarning)
        what, treat = FAMILIES[family][1](luck, Path(folder))
        return judged(number, family, what, treat)


def try_many(inputs: int, seed: int = 1, workers: int | None = None, first: int = 0) -> list[Verdict]:
    """Try inputs by their numbers, in several processes.

    Args:
        inputs: How many.
        seed: Another seed has other inputs.
        workers: Processes; None: as many as there are cores.
        first: Number of the first one.
    """
    size, end = 100, first + inputs
    jobs = (joblib.delayed(_some)(range(at, min(at + size, end)), seed) for at in range(first, end, size))
    parts: list[list[Verdict]] = joblib.Parallel(n_jobs=-1 if workers is None else workers, batch_size=1)(jobs)
    return [verdict for part_ in parts for verdict in part_]


def _some(numbers: range, seed: int) -> list[Verdict]:
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, hard))
    return [try_number(number, seed) for number in numbers]


def part(inputs: int = 20_000, seed: int = 1, workers: int | None = None) -> Part:
    """Try inputs and return the part of the page on validation about them."""
    verdicts = try_many(inputs, seed, workers)
    lines = ["| input | tried | refused | run | neither |", "| --- | ---: | ---: | ---: | ---: |"]
    lines += [f"| {' | '.join(row)} |" for row in _rows(verdicts)]
    before = (
        f"{inputs:,} inputs were made from valid ones by changing something at random (seed {seed}). Each had to be "
        "refused in words that say where and what, or to run with balanced flows, and then to have been loaded as the "
        "files say by a second reading of them. A traceback, a hang or a value replaced in silence is a failure.\n\n"
        + "\n".join(lines)
    )
    after = "Valid inputs that ask for much are cut down before they are run: to 40 days and about 100 citizens."
    failed = [f"input {one.number}, {one.family}: {one.what}" for one in verdicts if one.came == FAILED]
    return Part("Odd input", before, after=after, broken=failed)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 1 if an input was neither refused clearly nor run as it says."""
    parser = argparse.ArgumentParser(prog="python -m experiments.validation.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=20_000, help="how many inputs")
    parser.add_argument("--first", type=int, default=0, help="number of the first one")
    parser.add_argument("--seed", type=int, default=1, help="another seed has other inputs")
    parser.add_argument("--only", type=int, help="number of the one input to try")
    parser.add_argument("--workers", type=int, help="processes; all cores if not given")
    said = parser.parse_args(arguments)
    if said.only is not None:
        verdict = try_number(said.only, said.seed)
        print(f"{verdict.family}: {verdict.what}\n{verdict.came}: {verdict.said}")
        return 1 if verdict.came == FAILED else 0
    verdicts = try_many(said.inputs, said.seed, said.workers, said.first)
    print(f"{'':40} {'tried':>8} {'refused':>8} {'run':>8} {'neither':>8}")
    for name, *counts in _rows(verdicts):
        print(f"{name:40} {' '.join(f'{count:>8}' for count in counts)}")
    failed = [verdict for verdict in verdicts if verdict.came == FAILED]
    for verdict in failed:
        print(f"number {verdict.number}, {verdict.family}: {verdict.what}\n    {verdict.said}")
    return 1 if failed else 0


def _rows(verdicts: Sequence[Verdict]) -> list[list[str]]:
    counts = Counter((verdict.family, verdict.came) for verdict in verdicts)
    table = {name: [counts[name, came] for came in (REFUSED, RAN, FAILED)] for name in FAMILIES}
    table["all"] = [sum(numbers) for numbers in zip(*table.values(), strict=True)]
    return [[name, f"{sum(numbers):,}", *(f"{number:,}" for number in numbers)] for name, numbers in table.items()]


if __name__ == "__main__":
    sys.exit(main())
