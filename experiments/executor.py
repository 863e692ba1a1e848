"""Do many independent pieces of work: here, in a pool of processes that stays warm, or on a Dask cluster."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import TypeVar, cast

from experiments.garbage import keep_what_is_there

TaskT = TypeVar("TaskT")
ResultT = TypeVar("ResultT")

LOOK = 1.0
"""Seconds between looks of a worker process whether its parent is still there."""
ADDRESS = re.compile(r"([a-z0-9]+://)?(\[[0-9a-fA-F:.]+\]|[\w.-]+):(\d{1,5})")
"""Of the scheduler of a Dask cluster."""


class BrokenPoolError(Exception):
    """A worker process died, for example for want of memory."""


@dataclass(frozen=True)
class Executor:
    """By whom work is done.

    Attributes:
        kind: ``serial``: this process; ``processes``: a pool on this machine; ``dask``: a Dask cluster.
        workers: Processes of a pool or of a cluster that is started here; None for all cores. One is no pool.
        address: Of the scheduler of a Dask cluster that is there; "": one is started here.
    """

    kind: str = "processes"
    workers: int | None = None
    address: str = ""

    def do_all(self, work: Callable[[TaskT], ResultT], tasks: Sequence[TaskT]) -> Iterator[tuple[TaskT, ResultT]]:
        """Yield each task with its result as it finishes, in any order.

        Args:
            work: What to do; a function that can be pickled.
            tasks: What to do it with.

        Raises:
            BrokenPoolError: A worker process died; what it was doing has no result.
            StoppedError: The cluster is gone.
        """
        if self.kind == "dask":
            from experiments.cluster import on_cluster

            yield from on_cluster(work, tasks, self.workers, self.address)
        else:
            yield from do_all(work, tasks, self.processes)

    def check(self, problem: Callable[[], str]) -> None:
        """Ask every worker that is there already, and is not started here, whether it can do what is wanted.

        Args:
            problem: Returns why a process cannot, "" if it can; a function that can be pickled.

        Raises:
            StoppedError: A worker cannot, or there is no cluster.
        """
        if self.kind == "dask":
            from experiments.cluster import check_workers

            check_workers(problem, self.workers, self.address)

    @property
    def processes(self) -> int | None:
        """Processes of this machine that may work; None for all cores."""
        return 1 if self.kind == "serial" else self.workers


SERIAL = Executor("serial")
"""This process alone."""


def do_all(
    work: Callable[[TaskT], ResultT], tasks: Sequence[TaskT], workers: int | None
) -> Iterator[tuple[TaskT, ResultT]]:
    """Yield each task with its result as it finishes, in any order.

    Args:
        work: What to do; a function that can be pickled.
        tasks: What to do it with.
        workers: Processes; None for all cores, 1 for this process alone.

    Raises:
        BrokenPoolError: A worker process died; what it was doing has no result.
    """
    count = min(workers or cores(), len(tasks))
    if count <= 1:
        for task in tasks:
            yield task, _interruptibly(work, task)
        return
    yield from _in_pool(work, tasks, count)


def _in_pool(work: Callable[[TaskT], ResultT], tasks: Sequence[TaskT], workers: int) -> Iterator[tuple[TaskT, ResultT]]:
    from joblib import Parallel, delayed
    from joblib.externals.loky import get_reusable_executor
    from joblib.externals.loky.process_executor import BrokenProcessPool

    pool = Parallel(
        n_jobs=workers,
        backend="loky",
        batch_size=1,
        return_as="generator_unordered",
        initializer=_prepare_process,
    )
    numbered = (delayed(_numbered)(work, n, task) for n, task in enumerate(tasks))
    results = cast(Generator[tuple[int, ResultT], None, None], pool(numbered))
    try:
        for number, result in results:
            yield tasks[number], result
    except BrokenProcessPool as error:
        raise BrokenPoolError(str(error)) from error
    except BaseException:
        # Ctrl-C, or nobody wants the rest: what is still running is stopped, what is stored is whole.
        with warnings.catch_warnings():
            # That the rest is not done is what is wanted.
            warnings.simplefilter("ignore", UserWarning)
            results.close()
        get_reusable_executor().shutdown(wait=False, kill_workers=True)
        raise


def _interruptibly(work: Callable[[TaskT], ResultT], task: TaskT) -> ResultT:
    """Do a task in this process; raise KeyboardInterrupt after it if one was dropped.

    Python drops one that is raised while something is finalised, libraries in C drop others, and the rest of the tasks
    would go on.
    """
    usual = signal.default_int_handler
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is not usual:
        return work(task)
    pressed = threading.Event()

    def interrupt(number: int, frame: FrameType | None) -> None:
        pressed.set()
        usual(number, frame)

    signal.signal(signal.SIGINT, interrupt)
    try:
        result = work(task)
    finally:
        signal.signal(signal.SIGINT, usual)
    if pressed.is_set():
        raise KeyboardInterrupt
    return result


def _numbered(work: Callable[[TaskT], ResultT], number: int, task: TaskT) -> tuple[int, ResultT]:
    return number, work(task)


def _prepare_process() -> None:
    # Ctrl-C reaches every process of a terminal; the parent alone answers it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    prepare_worker()


def _end_with(parent: int) -> None:
    """End this process soon after its parent: nobody else would stop it if that is killed."""
    while os.getppid() == parent:
        time.sleep(LOOK)
    os._exit(1)


def prepare_worker() -> None:
    """Make a process ready for many runs."""
    import sim  # noqa: F401
    from experiments.units import source_digest

    # The source that was just imported is named now: it may be changed on the disk while this process works.
    source_digest()
    keep_what_is_there()


def cores() -> int:
    """Return the number of cores that this process may use."""
    from joblib import cpu_count

    return cpu_count() or os.cpu_count() or 1
