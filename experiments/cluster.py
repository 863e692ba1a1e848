"""Work on a Dask cluster, one that is there or one on this machine."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from experiments.executor import BrokenPoolError, cores, prepare_worker

if TYPE_CHECKING:
    from distributed import Client

TaskT = TypeVar("TaskT")
ResultT = TypeVar("ResultT")


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
        BrokenPoolError: Several workers died of the same task, or the cluster is gone.
    """
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
            yield tasks[position[future.key]], result
    finally:
        # Nobody waits for the rest after an error or Ctrl-C.
        client.cancel(futures)


@cache
def _client(workers: int | None, address: str) -> Client:
    """Return the connection to a cluster, which lasts until the process ends."""
    from distributed import Client, LocalCluster

    if address:
        client = Client(address)
    else:
        # Runs are single-threaded; for the page of the cluster, which few open, any port will do.
        cluster = LocalCluster(n_workers=workers or cores(), threads_per_worker=1, dashboard_address=":0")
        atexit.register(cluster.close)
        client = Client(cluster)
    atexit.register(client.close)
    client.run(prepare_worker)
    return client
