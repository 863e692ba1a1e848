"""Work in this process can be interrupted, whenever the interrupt comes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import experiments
from experiments import claims
from experiments.executor import SERIAL

# Nobody wants the rest of the first tasks; then two workers wait for more. Warnings are errors.
POOL = """
import os, sys, time, warnings
from experiments.executor import do_all

warnings.simplefilter("error", UserWarning)
rest = do_all(time.sleep, [0.01] * 40, 2)
next(rest)
rest.close()
print(*{number for _, number in do_all(eval, ["__import__('time').sleep(0.1), __import__('os').getpid()"] * 8, 2)})
sys.stdout.flush()
input()
"""


@pytest.mark.slow
def test_workers_end_soon_after_a_parent_that_is_killed() -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(experiments.__file__).parents[1])}
    with subprocess.Popen(
        [sys.executable, "-c", POOL], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        workers = [int(number) for number in re.findall(r"(\d+)\)", parent.stdout.readline())]
        births = {number: claims._birth(number) for number in workers}
        assert len(workers) == 2 and all(claims._lives(number, birth) for number, birth in births.items())
        parent.kill()
    deadline = time.monotonic() + 30
    while any(claims._lives(number, birth) for number, birth in births.items()):
        assert time.monotonic() < deadline
        time.sleep(0.05)


class Finalised:
    """Ctrl-C is pressed while it is finalised, where Python drops the interrupt."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        # The handler runs between two steps of the interpreter: there have to be some.
        for _ in range(100):
            pass


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_that_python_drops_stops_the_rest() -> None:
    done = []

    def work(task: int) -> int:
        if task == 1:
            Finalised()
        return task

    with pytest.raises(KeyboardInterrupt):
        for task, _ in SERIAL.do_all(work, range(5)):
            done.append(task)
    assert done == [0]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_interrupt_stops_a_task() -> None:
    def work(task: int) -> int:
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(100):
            pass
        return task

    with pytest.raises(KeyboardInterrupt):
        list(SERIAL.do_all(work, range(5)))
