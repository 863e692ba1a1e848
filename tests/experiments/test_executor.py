"""Work in this process can be interrupted, whenever the interrupt comes."""

from __future__ import annotations

import os
import signal

import pytest

from experiments.executor import SERIAL


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
