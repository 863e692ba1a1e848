"""Everything that the benchmark finds, as data."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from experiments.benchmark.engines import OURS, OWN, Engine
from experiments.benchmark.measuring import Measured, Say, measured, outcomes_of
from experiments.benchmark.reference import BLOCK
from experiments.benchmark.town import Arm, arms
from experiments.validation.compared import Compared, with_peer

SIZES = (2_000, 20_000, 200_000)
REPEATS = 5
MOST_SECONDS = 40.0
AGREEMENT_RUNS = 30
"""Runs of each engine, of one block, that show whether they are the same model; no seed is used twice."""


@dataclass(frozen=True)
class Results:
    """What was measured.

    Attributes:
        measured: Time and memory, size by size.
        compared: Outcomes of the engines that are the reference model, beside ours.
        biased: Outcomes of those that approximate it.
        town: The full model; empty if it was left out.
    """

    measured: Sequence[Measured]
    compared: Sequence[Compared]
    biased: Sequence[Compared]
    town: Sequence[Arm]


def results(
    peers: Sequence[Engine],
    sizes: Sequence[int] = SIZES,
    repeats: int = REPEATS,
    most_seconds: float = MOST_SECONDS,
    with_town: bool = True,
    say: Say = print,
) -> Results:
    """Measure everything.

    Args:
        peers: What to compare with.
        sizes: Citizens a year; multiples of the size of a block.
        repeats: Repeats of each.
        most_seconds: Limit for all repeats of one engine at one size.
        with_town: Whether the full model is measured too.
        say: Where progress is told.
    """
    say("agreement ...")
    # This also compiles and loads what is compiled and loaded once.
    exact, biased = agreement(peers, AGREEMENT_RUNS)
    found = measured([*OWN, *peers], sizes, repeats, most_seconds, say)
    if with_town:
        say("three_journeys ...")
    return Results(found, exact, biased, arms(repeats) if with_town else [])


def agreement(peers: Sequence[Engine], runs: int) -> tuple[list[Compared], list[Compared]]:
    """Compare the outcomes of one block with ours, measure by measure.

    Returns:
        Those of engines that are the reference model, and those of engines that approximate it.
    """
    own = outcomes_of(OURS, BLOCK, range(runs))
    exact: list[Compared] = []
    biased: list[Compared] = []
    for number, peer in enumerate(peers, start=1):
        theirs = outcomes_of(peer, BLOCK, range(number * runs, (number + 1) * runs))
        (exact if peer.is_exact else biased).extend(
            with_peer("reference model", peer.name, measure, theirs[measure], own[measure]) for measure in own
        )
    return exact, biased


def beside_ours(found: Sequence[Measured], one: Measured) -> float | None:
    """Return the median, over repeats, of an engine's events a second over ours in the same repeat.

    None if there is no repeat of both.
    """
    ours = next(other for other in found if other.engine is OURS and other.citizens == one.citizens)
    pairs = zip(one.events, one.seconds, ours.events, ours.seconds, strict=False)
    ratios = [(a / b) / (c / d) for a, b, c, d in pairs]
    return statistics.median(ratios) if ratios else None
