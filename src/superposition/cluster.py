"""Items of an experiment computed by the workers of an existing Dask cluster; only a run with `--scheduler` imports it.
Each item is computed whole by one worker, as it would be here, so where it is computed changes nothing."""

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np

from superposition.digests import Code
from superposition.errors import SuperpositionError

State = dict[str, np.ndarray]
SECONDS = 10  # to wait for a scheduler's answer


class ClusterError(SuperpositionError):
    """Dask is missing, the scheduler doesn't answer, or its workers can't do the work."""


@cache
def _digest(module: str, name: str) -> str:
    return Code().digest([(module, name)])


def _shard(function: Callable[[Any], State], item: object, expected: str) -> State:
    """Runs on a worker: the item, by the code that the run was started with."""
    if _digest(function.__module__, function.__qualname__) != expected:
        host = socket.gethostname()
        raise ClusterError(f"worker on {host}: another version of {function.__module__} than where the run started")
    return function(item)


@contextmanager
def _client(address: str) -> Iterator[Any]:
    try:
        from distributed import Client
    except ImportError:
        raise ClusterError("--scheduler needs Dask: pip install 'superposition[cluster]'") from None
    try:
        client = Client(address, timeout=SECONDS)
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ClusterError(f"scheduler {address}: no answer within {SECONDS} s ({reason})") from None
    try:
        yield client
    finally:
        client.close()


def spread(address: str, function: Callable[[Any], State], items: Sequence[object]) -> Iterator[tuple[int, State]]:
    """Each item's index and result, in the order in which the workers finish them.

    A worker that is killed costs the item that it was at, which another takes over.
    Raises ClusterError where there is no Dask, no scheduler, no worker, or other code on a worker; an error of the
    function itself comes through as it is."""
    with _client(address) as client:
        from distributed import KilledWorker, as_completed

        if not client.scheduler_info()["workers"]:
            raise ClusterError(f"scheduler {address}: it has no workers: start some with `dask worker {address}`")
        expected = _digest(function.__module__, function.__qualname__)
        futures = {client.submit(_shard, function, item, expected, pure=False): k for k, item in enumerate(items)}
        try:
            finished = as_completed(list(futures))
            for future in finished:
                yield futures.pop(future), future.result()
        except KilledWorker as error:
            raise ClusterError(f"scheduler {address}: an item took several workers down with it ({error})") from None
        finally:
            client.cancel(list(futures))
