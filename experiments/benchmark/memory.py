"""Peak memory of one run, in a process of its own: ``python -m experiments.benchmark.memory ENGINE CITIZENS``.

Prints by how many bytes the memory in use grows, at its peak, beyond what the interpreter, the libraries and a first
run of a few days have left. What is made ready for the run and what it returns are part of it. Linux tells the peak of
resident memory and can set it back; elsewhere it is not measured.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from experiments.benchmark.engines import engine_of
from experiments.benchmark.reference import Reference, reference_of

FIRST_DAYS = 20.0
_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def peak_growth(key: str, citizens: int, environment: Mapping[str, str]) -> int | None:
    """Measure the peak memory of a run, or return None where the system does not tell.

    Args:
        key: Key of the engine.
        citizens: Size.
        environment: Variables of the environment that it needs.
    """
    if not _RESET.exists():
        return None
    command = [sys.executable, "-m", "experiments.benchmark.memory", key, str(citizens)]
    own = {**os.environ, **environment}
    return int(subprocess.run(command, env=own, check=True, capture_output=True, text=True).stdout)


def main(key: str, citizens: int) -> None:
    """Run an engine once and print the growth."""
    engine = engine_of(key)
    # What is loaded or compiled once, at the first run, is not what a citizen takes.
    engine.simulate(engine.prepare(Reference(days=FIRST_DAYS)), 0)
    gc.collect()
    _RESET.write_text("5", encoding="ascii")
    before = _resident("VmRSS")
    engine.simulate(engine.prepare(reference_of(citizens)), 1)
    print(max(0, _resident("VmHWM") - before))


def _resident(name: str) -> int:
    """Return a line of the status of this process, in bytes."""
    for line in _STATUS.read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise LookupError(name)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
