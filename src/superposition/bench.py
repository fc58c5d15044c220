"""Speed against the reference techniques: the two sides alternate in one process, and medians are compared.
Each part lists its comparisons in its module `engine.bench`."""

import gc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from statistics import median
from time import perf_counter
from typing import TypedDict

import numpy as np
from numba import config

import superposition
from superposition.compiled import spread
from superposition.errors import SuperpositionError, did_you_mean


class BenchError(SuperpositionError):
    """No comparison of that name."""


@dataclass(frozen=True)
class Comparison:
    """Two ways to do the same work: `what` says which, `repeats` how often each is timed.

    One call does `units` of it, such as training steps; times are printed for one. `products` is how many floating-point
    operations of matrix products in single precision are in one of ours."""

    name: str
    what: str
    ours: Callable[[], None]
    reference: Callable[[], None]
    repeats: int
    units: int = 1
    products: int | None = None


class Row(TypedDict):
    """Median milliseconds a unit of both sides; `ratio` is how many times faster ours is.

    `peak` is the share that our operations a second are of those of large products on as many threads, both at their best:
    what else the machine does would slow down one and not the other. None where ours has no products."""

    name: str
    ours_ms: float
    reference_ms: float
    ratio: float
    peak: float | None
    what: str


LARGE = 1024  # rows and columns of the matrices whose product is taken as the machine's peak


def large_product() -> Callable[[], None]:
    """The work that the machine's peak is taken from: 2 LARGE³ floating-point operations a thread of compiled code."""
    from threadpoolctl import ThreadpoolController

    matrices = np.ones((config.NUMBA_NUM_THREADS, 2, LARGE, LARGE), np.float32)
    blas = ThreadpoolController()

    def products() -> None:
        with blas.limit(limits=1):
            spread(lambda k: np.matmul(matrices[k, 0], matrices[k, 0], out=matrices[k, 1])[0, 0], len(matrices))

    return products


def measure(comparison: Comparison) -> Row:
    """Time both sides alternately, after one untimed run of each, so that a machine's drift hits both alike."""
    sides = [comparison.ours, comparison.reference]
    if comparison.products:
        sides.append(large_product())
    times: list[list[float]] = [[] for _ in sides]
    for side in sides:
        side()
    collecting = gc.isenabled()
    gc.disable()
    try:
        for turn in range(comparison.repeats):
            for which in range(len(sides))[:: 1 if turn % 2 == 0 else -1]:
                start = perf_counter()
                sides[which]()
                times[which].append(perf_counter() - start)
    finally:
        if collecting:
            gc.enable()
    ours, reference = (1000 * median(side) / comparison.units for side in times[:2])
    peak = None
    if comparison.products:
        fastest = 2 * LARGE**3 * config.NUMBA_NUM_THREADS / min(times[2])
        peak = comparison.products * comparison.units / min(times[0]) / fastest
    return Row(
        name=comparison.name, ours_ms=ours, reference_ms=reference, ratio=reference / ours, peak=peak, what=comparison.what
    )


def parts() -> list[str]:
    """The parts that have comparisons."""
    packages = (part.name for part in iter_modules(superposition.__path__) if part.ispkg)
    return sorted(
        part for part in packages if find_spec(f"superposition.{part}.engine") and find_spec(f"superposition.{part}.engine.bench")
    )


def rows(name: str = "") -> Iterator[Row]:
    """Measure the comparisons of a part, those whose names begin with `name`, or all.

    Raises BenchError where there is none."""
    seen: list[str] = []
    measured = False
    first = name.split(" ")[0]
    for part in [first] if first in parts() else parts():
        for comparison in import_module(f"superposition.{part}.engine.bench").comparisons():
            seen.append(comparison.name)
            if name == part or comparison.name.startswith(name):
                measured = True
                yield measure(comparison)
    if not measured:
        raise BenchError(f"no comparison is named {name!r}.{did_you_mean(name, seen)} There are: {', '.join(seen) or 'none'}")
