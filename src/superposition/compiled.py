"""Compiled code by Numba: kept from one process to the next where it can be, never stale, and spread over the cores."""

# Threads are Python's, on functions that let go of its lock, and not Numba's `prange`: with fast arithmetic, a `prange` that
# has just been compiled rounds differently from the same one loaded from the disk, as it is optimised once more in between.
#
# Numba looks for an edit only in the file of the function that it keeps, and not in those of the functions that it calls.
# So the files of all folders with compiled code stamp all that is kept.

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numba import config, njit
from numba.core.caching import CompileResultCacheImpl, FunctionCache


def kept(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """`numba.njit(**options)` whose machine code the next process loads instead of compiling.

    Where nothing can be written, neither beside the source nor in the user's cache, every process compiles for itself."""

    def decorate(function: Callable[..., Any]) -> Any:
        dispatcher = njit(**options)(function)
        try:
            dispatcher._cache = _Cache(function)
        except RuntimeError:  # no place that can be written
            pass
        return dispatcher

    return decorate


def spread(function: Callable[[int], float], count: int) -> np.ndarray:
    """function(0) to function(count - 1), several at a time on as many threads as NUMBA_NUM_THREADS says, or cores there are."""
    with ThreadPoolExecutor(config.NUMBA_NUM_THREADS) as pool:
        return np.array(list(pool.map(function, range(count))))


class _Whole(CompileResultCacheImpl):
    """Keeps the code of a function with that of all it calls."""

    def reduce(self, compiled: Any) -> Any:
        return [library.serialize_using_bitcode() for library in _called(compiled.library)], super().reduce(compiled)

    def rebuild(self, context: Any, stored: Any) -> Any:
        called, own = stored
        self._alive = [context.codegen().unserialize_library(library) for library in called]
        return super().rebuild(context, own)


def _called(library: Any) -> list[Any]:
    """What the library calls, deepest first."""
    found: dict[Any, None] = {}
    for other in library._linking_libraries:
        found |= dict.fromkeys([*_called(other), other])
    return list(found)


class _Cache(FunctionCache):
    _impl_class = _Whole

    def __init__(self, function: Callable[..., Any]):
        super().__init__(function)
        self._cache_file._source_stamp = _stamp()


@cache
def _stamp() -> str:
    package = Path(__file__).parent
    sources = [package / "compiled.py", package / "training.py"]
    sources += sorted(path for room in ("engine", "theory", "measures") for path in package.glob(f"*/{room}/*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
