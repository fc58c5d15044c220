"""Compiled code by Numba: kept for the next process where that is safe, and spread over the cores."""

# What is compiled with fast arithmetic is not kept. On its way to the disk it is optimised once more, together with all that
# it calls, and from there it would round differently than just compiled: a training would depend on what ran before.

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numba import config, njit


def kept(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """`numba.njit(**options)` whose machine code the next process loads, of exact arithmetic and calls within its file.

    Where nothing can be written, neither beside the source nor in the user's cache, every process compiles for itself."""

    def decorate(function: Callable[..., Any]) -> Any:
        try:
            return njit(cache=True, **options)(function)
        except RuntimeError:  # no place that can be written
            return njit(**options)(function)

    return decorate


def spread(function: Callable[[int], float], count: int) -> np.ndarray:
    """function(0) to function(count - 1), for a compiled `function` with `nogil`, on NUMBA_NUM_THREADS threads."""
    with ThreadPoolExecutor(config.NUMBA_NUM_THREADS) as pool:
        return np.array(list(pool.map(function, range(count))))
