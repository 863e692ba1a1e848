"""Compute everything on ``docs/validation.md`` and write it: ``make validation``."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from experiments.validation import balance, fuzz, landscapes, mutation_part, theory
from experiments.validation.page import Made, failing, page
from experiments.validation.part import Part
from experiments.validation.peers import chain_simpy, queues, stroke, treatment_centre
from sim import __version__

FOLDER = Path(__file__).parents[2] / "docs"


def main(words: Sequence[str] | None = None) -> int:
    """Compute, write, and return 1 if a comparison is beyond its bound or something does not hold, else 0."""
    parser = argparse.ArgumentParser("python -m experiments.validation", description=__doc__)
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where validation.md and figures/ go")
    chosen = parser.parse_args(words)
    made = [_timed(name, make) for name, make in parts(chosen.folder, chosen.workers).items()]
    (chosen.folder / "validation.md").write_text(page(made), encoding="utf-8")
    return int(any(failing(one.part) or one.part.broken for one in made))


def parts(folder: Path, workers: int) -> dict[str, Callable[[], Part]]:
    """Return how each part of the page is made, in order."""
    return {
        "theory": partial(_theory, folder / "figures", workers),
        "accounts": lambda: balance.part(balance.accounts(workers)),
        "queues": partial(queues.part, workers=workers),
        "handoff chain": partial(chain_simpy.part, workers=workers),
        "treatment centre": partial(treatment_centre.part, workers=workers),
        "stroke wards": partial(stroke.part, workers=workers),
        "random landscapes": partial(landscapes.part, workers=workers),
        "odd input": partial(fuzz.part, workers=workers),
        "mutation": mutation_part.part,
    }


def _theory(figures: Path, workers: int) -> Part:
    found = theory.simulated(theory.cases(), theory.REPLICATES, workers=workers)
    provenance = {
        "software": f"citizen-journeys {__version__}",
        "seed": str(theory.SEED),
        "replicates": str(theory.REPLICATES),
    }
    theory.write_figure(found, figures, provenance)
    return theory.part(found)


def _timed(name: str, make: Callable[[], Part]) -> Made:
    print(f"{name} ...", file=sys.stderr, flush=True)
    begin = time.perf_counter()
    part = make()
    return Made(part, (time.perf_counter() - begin) / 60.0)


if __name__ == "__main__":
    sys.exit(main())
