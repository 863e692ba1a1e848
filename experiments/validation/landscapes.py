"""Random small landscapes in which everything that must hold is checked.

``python -m experiments.validation.landscapes --count 2000 --seed 1`` checks so many, on all cores; ``--only 17`` checks
number 17 alone, as the same number with the same seed is always the same landscape.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import joblib

from experiments.validation.landscape_checks import CHECKS, BrokenError, Run, run_of
from experiments.validation.part import Part
from experiments.validation.queue_checks import check_queue, random_queue
from experiments.validation.random_places import Landscape, random_landscape
from sim.coordination import MECHANISMS
from sim.schema.problems import BadInputError

QUEUE = "one queue under first come"
ALL = (*CHECKS, QUEUE)
"""Names of all checks."""
AGAIN_HERE = 20
"""Of so many landscapes one is run again in the process that asks for them, and must be the same as in another."""


@dataclass(frozen=True)
class Checked:
    """What came of one landscape.

    Attributes:
        number: Of the landscape.
        rows: Length of the ledger of its run.
        citizens: How many lived there.
        digest: Name of the content of the ledger.
        mechanisms: The mechanisms in force from the start, as ``question: name``.
        checks: Names of the checks that were made.
        broken: What did not hold, by the name of the check.
    """

    number: int
    rows: int
    citizens: int
    digest: str
    mechanisms: tuple[str, ...]
    checks: tuple[str, ...]
    broken: dict[str, str]


def check_number(number: int, seed: int = 1, names: Collection[str] = ALL) -> Checked:
    """Draw one landscape by its number and check it.

    Args:
        number: Of the landscape.
        seed: Another seed has other landscapes.
        names: Which checks, of :data:`ALL`.
    """
    return check(random_landscape(Random(f"landscape {seed} {number}")), number, names)


def check(landscape: Landscape, number: int = 0, names: Collection[str] = ALL) -> Checked:
    """Check one landscape.

    Args:
        landscape: As drawn.
        number: What to call it.
        names: Which checks, of :data:`ALL`.
    """
    with tempfile.TemporaryDirectory() as folder:
        run = run_landscape(landscape, Path(folder) / "place")
        broken = {name: said for name in names if (said := _said(name, run, landscape, Path(folder)))}
    return Checked(
        number=number,
        rows=len(run.result.columns["time"]),
        citizens=len(run.result.names.citizens),
        digest=hashlib.blake2b(run.result.raw, digest_size=16).hexdigest(),
        mechanisms=tuple(f"{name}: {getattr(run.coordination, name)}" for name in MECHANISMS),
        checks=tuple(names),
        broken=broken,
    )


def run_landscape(landscape: Landscape, folder: Path) -> Run:
    """Write, load and run a landscape; coordination that services cannot pay for comes on top of the budget."""
    scenario, coordination = landscape.load(folder)
    try:
        return run_of(scenario, coordination, landscape.seed, landscape.replicate)
    except BadInputError:
        return run_of(scenario.changed({"budget": "added"}), coordination, landscape.seed, landscape.replicate)


def check_many(count: int, seed: int = 1, workers: int | None = None) -> list[Checked]:
    """Check landscapes by their numbers, in several processes.

    Args:
        count: How many.
        seed: Another seed has other landscapes.
        workers: Processes; None: as many as there are cores.
    """
    jobs = (joblib.delayed(check_number)(number, seed) for number in range(count))
    checked: list[Checked] = joblib.Parallel(n_jobs=-1 if workers is None else workers, batch_size=8)(jobs)
    for number in range(0, count, AGAIN_HERE):
        if check_number(number, seed, ()).digest != checked[number].digest:
            checked[number].broken["the same in another process"] = "the ledger is another one"
    return checked


def part(count: int = 2000, seed: int = 1, workers: int | None = None) -> Part:
    """Check landscapes and return the part of the page on validation about them."""
    checked = check_many(count, seed, workers)
    broken = Counter(name for one in checked for name in one.broken)
    made = Counter(name for one in checked for name in one.checks)
    mechanisms = {name for one in checked for name in one.mechanisms}
    again = len(range(0, count, AGAIN_HERE))
    before = (
        f"{count:,} small landscapes were drawn at random (seed {seed}): one to three districts, providers of all "
        "sectors, desks of all stages, co-occurring needs, hubs, pools, record systems, contracts, given people, dated "
        "changes, levels of barriers by sector, profession and pair, both budgets, and coordinations mixed from all "
        f"{len(mechanisms)} mechanisms. They have {sum(one.citizens for one in checked):,} citizens and "
        f"{sum(one.rows for one in checked):,} entries in their ledgers.\n\n"
        "| what must hold | landscapes | broken |\n| --- | ---: | ---: |\n"
        + "\n".join(f"| {name} | {number:,} | {broken[name]} |" for name, number in made.items())
        + f"\n| the same in another process | {again:,} | {broken['the same in another process']} |"
    )
    after = (
        "That more places, shorter service times or fewer citizens make nobody wait longer is promised for one queue "
        "under first come, and checked there. It is not promised for a network, with abandonment or with retries, and "
        "not tested there."
    )
    words = [f"landscape {one.number}, {name}" for one in checked for name in one.broken]
    return Part("Random landscapes", before, after=after, broken=words)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 1 if anything does not hold."""
    parser = argparse.ArgumentParser(prog="python -m experiments.validation.landscapes", description=__doc__)
    parser.add_argument("--count", type=int, default=2000, help="how many landscapes")
    parser.add_argument("--seed", type=int, default=1, help="another seed has other landscapes")
    parser.add_argument("--only", type=int, help="number of the one landscape to check")
    parser.add_argument("--workers", type=int, help="processes; all cores if not given")
    said = parser.parse_args(arguments)
    if said.only is None:
        checked = check_many(said.count, said.seed, said.workers)
    else:
        checked = [check_number(said.only, said.seed)]
    made = Counter(name for one in checked for name in one.checks)
    broken = Counter(name for one in checked for name in one.broken)
    print(f"{len(checked):,} landscapes, {sum(one.rows for one in checked):,} entries in their ledgers")
    for name in [*made, *(name for name in broken if name not in made)]:
        print(f"  {name:30} {made[name]:6,} checked {broken[name]:4,} broken")
    for one in checked:
        for name, words in one.broken.items():
            print(f"number {one.number}, {name}: {words}")
    return 1 if broken else 0


def _said(name: str, run: Run, landscape: Landscape, folder: Path) -> str:
    """Return what a check has to say, or nothing."""
    try:
        if name == QUEUE:
            luck = Random(landscape.seed)
            check_queue(random_queue(luck, folder / "queue"), landscape.seed, landscape.replicate)
        else:
            CHECKS[name](run)
    except BrokenError as error:
        return str(error)
    return ""


if __name__ == "__main__":
    sys.exit(main())
