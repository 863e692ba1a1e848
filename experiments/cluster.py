"""Work on a Dask cluster, one that is there or one on this machine."""

from __future__ import annotations

import atexit
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from experiments.executor import BrokenPoolError, cores, prepare_worker
from experiments.stopping import StoppedError

if TYPE_CHECKING:
    from distributed import Client

TaskT = TypeVar("TaskT")
ResultT = TypeVar("ResultT")
MOST_NAMED = 3
"""Workers that a message names."""
PATIENCE = 10
"""Seconds after which no scheduler is expected to answer any more."""


class ClusterError(StoppedError):
    """There is no cluster, or one that cannot do the work."""


def check_workers(problem: Callable[[], str], workers: int | None, address: str) -> None:
    """Ask every worker of a cluster whether it can do what is wanted.

    Args:
        problem: Returns why a process cannot, "" if it can; a function that can be pickled.
        workers: Processes of a cluster that is started here; None for all cores.
        address: Of the scheduler of a cluster that is there; "": one is started here.

    Raises:
        ClusterError: A worker cannot, or there is no cluster.
    """
    client = _client(workers, address)
    try:
        answers = client.run(problem, on_error="return")
    except (OSError, TimeoutError) as error:
        raise _lost(client, address) from error
    unfit = {worker: _said(answer) for worker, answer in answers.items() if answer}
    if unfit:
        named = [f"{worker} {why}" for worker, why in list(unfit.items())[:MOST_NAMED]]
        more = [f"and {len(unfit) - len(named)} more"] if len(unfit) > len(named) else []
        which = f"{len(unfit)} of {len(answers)} workers of the Dask cluster cannot be used"
        raise ClusterError(f"{which}: {'; '.join([*named, *more])}")
    if not answers:
        print("the Dask cluster has no workers yet: waiting for one", file=sys.stderr)


def on_cluster(
    work: Callable[[TaskT], ResultT], tasks: Sequence[TaskT], workers: int | None, address: str
) -> Iterator[tuple[TaskT, ResultT]]:
    """Yield each task with its result as it finishes, in any order.

    What a worker was doing when it died is done again by another one.

    Args:
        work: What to do; a function that can be pickled.
        tasks: What to do it with.
        workers: Processes of a cluster that is started here; None for all cores.
        address: Of the scheduler of a cluster that is there; "": one is started here.

    Raises:
        BrokenPoolError: Several workers died of the same task.
        ClusterError: The cluster is gone, or a worker cannot even begin with a task.
    """
    from concurrent.futures import CancelledError

    from distributed import KilledWorker, as_completed

    client = _client(workers, address)
    futures = client.map(work, tasks, pure=False)
    position = {future.key: number for number, future in enumerate(futures)}
    try:
        for future in as_completed(futures):
            try:
                result = future.result()
            except KilledWorker as error:
                raise BrokenPoolError(str(error)) from error
            except (CancelledError, OSError) as error:
                raise _lost(client, address) from error
            except Exception as error:
                # What goes wrong within a run is part of its result.
                raise ClusterError(f"a worker of the Dask cluster cannot be used: it {_said(error)}") from error
            yield tasks[position[future.key]], result
    finally:
        if client.status == "running":
            # Nobody waits for the rest after an error or Ctrl-C.
            client.cancel(futures)


def _said(answer: str | Exception) -> str:
    """Return what a worker said, or what kept it from saying anything."""
    if isinstance(answer, str):
        return answer
    return f"cannot run this version of the program ({type(answer).__name__}: {answer})"


def _lost(client: Client, address: str) -> ClusterError:
    """Forget a connection that is no more, and return the error that says so."""
    _client.cache_clear()
    client.close(timeout=1)
    which = f"the scheduler of the Dask cluster at {address}" if address else "the Dask cluster of this machine"
    return ClusterError(f"{which} does not answer any more")


@cache
def _client(workers: int | None, address: str) -> Client:
    """Return the connection to a cluster, which lasts until the process ends."""
    from distributed import Client, LocalCluster

    # What happens to a connection comes back as an error, and is said once, in words.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    if address:
        try:
            client = Client(address, timeout=PATIENCE)
        except (OSError, TimeoutError, ValueError) as error:
            raise ClusterError(f"there is no scheduler of a Dask cluster at {address}: {error}") from error
    else:
        # Runs are single-threaded; for the page of the cluster, which few open, any port will do.
        cluster = LocalCluster(n_workers=workers or cores(), threads_per_worker=1, dashboard_address=":0")
        atexit.register(cluster.close)
        client = Client(cluster)
    atexit.register(client.close)
    # A worker that cannot even import the model is found when it is asked.
    client.run(prepare_worker, on_error="ignore")
    return client
