"""Time one run in a process of its own: ``python -m experiments.benchmark.apart ENGINE CITIZENS SEED``.

For an engine that needs another environment than this process has: the model as it is, where this process has taken the
compiled one. The timing is the same, after a run of one block that loads what is loaded once.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from experiments.benchmark.engines import Engine, engine_of
from experiments.benchmark.reference import BLOCK, counted, reference_of


def seconds_of(action: Callable[[], Any]) -> tuple[float, Any]:
    """Return the processor time that an action takes, and what it returns.

    Processor time, since other programs on the machine would add to that on the clock. No engine uses more than one
    thread. The search for cyclic garbage is as each engine leaves it.
    """
    gc.collect()
    begin = time.process_time()
    result = action()
    return time.process_time() - begin, result


def timed(engine: Engine, prepared: Any, seed: int) -> tuple[float, int]:
    """Run an engine in this process, and return the processor time and the number of logical events."""
    seconds, outcome = seconds_of(lambda: engine.simulate(prepared, seed))
    return seconds, sum(counted(engine.record(outcome)).values())


def timed_apart(engine: Engine, citizens: int, seed: int) -> tuple[float, int]:
    """Run an engine in its own environment; return the same."""
    command = [sys.executable, "-m", "experiments.benchmark.apart", engine.key, str(citizens), str(seed)]
    environment = {**os.environ, **engine.environment}
    said = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.split()
    return float(said[0]), int(said[1])


def main(key: str, citizens: int, seed: int) -> None:
    """Time a run and print what is returned."""
    engine = engine_of(key)
    engine.simulate(engine.prepare(reference_of(BLOCK)), 0)
    print(*timed(engine, engine.prepare(reference_of(citizens)), seed))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
