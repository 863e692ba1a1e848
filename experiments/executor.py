"""Do many independent pieces of work, here or in a pool of processes that stays warm for the next experiment."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

TaskT = TypeVar("TaskT")
ResultT = TypeVar("ResultT")


class BrokenPoolError(Exception):
    """A worker process died, for example for want of memory."""


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
    count = min(workers or _cores(), len(tasks))
    if count <= 1:
        for task in tasks:
            yield task, work(task)
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
        initializer=_prepare_worker,
    )
    try:
        for number, result in pool(delayed(_numbered)(work, n, task) for n, task in enumerate(tasks)):
            yield tasks[number], result
    except BrokenProcessPool as error:
        raise BrokenPoolError(str(error)) from error
    except BaseException:
        # Ctrl-C, or nobody wants the rest: what is still running is stopped, what is stored is whole.
        get_reusable_executor().shutdown(wait=False, kill_workers=True)
        raise


def _numbered(work: Callable[[TaskT], ResultT], number: int, task: TaskT) -> tuple[int, ResultT]:
    return number, work(task)


def _prepare_worker() -> None:
    # Ctrl-C reaches every process of a terminal; the parent alone answers it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import sim  # noqa: F401

    # What was imported will never be garbage: not looking at it again saves a sixth to a third of a run.
    gc.collect()
    gc.freeze()


def _cores() -> int:
    """Return the number of cores that this process may use."""
    from joblib import cpu_count

    return cpu_count() or os.cpu_count() or 1
