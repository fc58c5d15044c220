"""The measures of a matrix too large for the products of all pairs of its rows, exactly, from blocks of its rows.
Time and memory go with the smaller of its two Gram matrices."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from jaxtyping import Float, Shaped

from superposition import formulas

Array = np.ndarray

SIZE = 1 << 22  # numbers in float64 at a time


@dataclass(frozen=True)
class Blockwise:
    """The measures of a matrix too large for the products of all pairs of its rows, by the names that `metrics` has for them.

    They are exact: `in_blocks` gathers sums from which each of them follows."""

    squares: Float[Array, "n"]  # ‖W_i‖²
    fourths: Float[Array, "n"]  # Σ_k W_ik⁴
    overlaps: Float[Array, "n"]  # Σ_j (Ŵ_i·W_j)², the sum including j = i
    cosines: float  # Σ_ij (Ŵ_i·Ŵ_j)²
    neuron_squares: Float[Array, "m"]  # Σ_i W_ik²
    neuron_fourths: Float[Array, "m"]  # Σ_i W_ik⁴
    singular_values: Float[Array, "k"]

    def feature_dimensionality(self) -> Float[Array, "n"]:
        return np.divide(self.squares, self.overlaps, out=np.zeros_like(self.squares), where=self.overlaps > 0)

    def features_per_dimension(self) -> float:
        return float(self.squares.sum() / len(self.neuron_squares))

    def interference(self) -> Float[Array, "n"]:
        return np.maximum(self.overlaps - self.squares, 0)

    def polysemanticity(self) -> Float[Array, "m"]:
        squares, fourths = self.neuron_squares, self.neuron_fourths
        return np.divide(squares**2, fourths, out=np.zeros_like(squares), where=fourths > 0)

    def effective_features(self) -> float:
        return float(formulas.exp_entropy(self.squares))

    def effective_rank(self) -> float:
        return float(formulas.exp_entropy(self.singular_values))

    def squared_cosine(self) -> float:
        return float(formulas.over_pairs(np.array(self.cosines), (self.squares > 0).sum()))

    def basis_alignment(self) -> float:
        kurtosis = np.divide(self.fourths, self.squares, out=np.zeros_like(self.squares), where=self.squares > 0)
        total = self.squares.sum()
        return float(len(self.neuron_squares) * kurtosis.sum() / total) if total > 0 else 0.0


def cut(
    tall: Shaped[Array, "n k"], numbers: Callable[[Array], Array] = lambda stored: stored
) -> list[Callable[[], Float[Array, "_ k"]]]:
    """Calls that each give some rows of a matrix, as float64 that `numbers` makes of what is stored."""
    step = max(1, SIZE // tall.shape[1])
    return [partial(lambda start: numbers(tall[start : start + step]), start) for start in range(0, len(tall), step)]


def of(W: Float[Array, "n m"]) -> Blockwise:
    """The measures of a matrix in memory, with a feature in each row."""
    upright = W.shape[0] >= W.shape[1]
    return in_blocks(cut(W if upright else W.T), "rows" if upright else "columns")


def in_blocks(blocks: Sequence[Callable[[], Float[Array, "_ k"]]], features: Literal["rows", "columns"] = "rows") -> Blockwise:
    """The measures of a matrix that comes in blocks of rows, each called for two or three times, a few at a time.

    `features` says whether W has them in its rows or its columns. There should be no fewer rows than columns: memory is
    that of k × k numbers and some blocks, time n·k². All angles and lengths follow from a triangle R with RᵀR = WᵀW:
    Σ_j (Ŵ_i·W_j)² = ‖R Ŵ_i‖². It comes from the sum of the blocks' WᵀW, and where those squares are too far apart from
    the blocks themselves, at twice the time. Source: the blocked QR of Demmel et al. 2012.

    >>> W = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    >>> in_blocks([lambda: W[:2], lambda: W[2:]]).feature_dimensionality()
    array([1. , 0.5, 0.5])
    """
    rows, by_column, gram, overlaps, unit_gram = [], np.zeros((2, 1)), np.zeros((1, 1)), [], np.zeros((1, 1))
    with _workers() as each:
        for own_gram, own_rows, own_columns in each(_sums, blocks):
            rows.append(own_rows)
            by_column, gram = by_column + own_columns, gram + own_gram
        by_row, R = np.hstack(rows), _cholesky(gram)
        if R is None:
            for triangle in each(lambda block: np.linalg.qr(block(), mode="r"), blocks):
                R = triangle if R is None else np.linalg.qr(np.vstack([R, triangle]), mode="r")
        singular_values = np.linalg.svd(R, compute_uv=False)
        if features == "columns":
            directions = formulas.unit(R.T)
            cosines = float(((directions @ directions.T) ** 2).sum())
            return Blockwise(*by_column, ((directions @ R) ** 2).sum(1), cosines, *by_row, singular_values)
        for own, own_gram in each(lambda block: _against(block(), R), blocks):
            overlaps.append(own)
            unit_gram = unit_gram + own_gram
    cosines = float((unit_gram**2).sum())
    return Blockwise(*by_row, np.concatenate(overlaps), cosines, *by_column, singular_values)


def _sums(block: Callable[[], Float[Array, "rows k"]]) -> tuple[Array, Array, Array]:
    """WᵀW of a block, and the sums of its squares and fourth powers by row and by column."""
    W = block()
    squares = W**2
    fourths = squares**2
    by_row, by_column = (np.stack([squares.sum(axis), fourths.sum(axis)]) for axis in (1, 0))
    return W.T @ W, by_row, by_column


def _cholesky(gram: Float[Array, "k k"]) -> Float[Array, "k k"] | None:
    """R with RᵀR = WᵀW; None where WᵀW has lost what W holds, its squares being too far apart for ten digits."""
    try:
        R = np.linalg.cholesky(gram).T
    except np.linalg.LinAlgError:
        return None
    least, most = np.linalg.eigvalsh(gram)[[0, -1]]
    return R if least > 1e-6 * most else None


def _against(W: Float[Array, "rows k"], R: Float[Array, "r k"]) -> tuple[Float[Array, "rows"], Float[Array, "k k"]]:
    """‖R Ŵ_i‖² of each row, and ŴᵀŴ."""
    directions = formulas.unit(W)
    return ((directions @ R.T) ** 2).sum(1), directions.T @ directions


@contextmanager
def _workers() -> Iterator[Callable[[Callable, Sequence], Iterator]]:
    """A `map` over some threads, which holds few results at a time; the linear algebra in each has that one thread.

    Its own threads would wait for each other at every step of a QR, on a busy machine a hundred times as long."""
    from threadpoolctl import threadpool_limits

    count = min(4, os.cpu_count() or 1)

    def each(function: Callable, items: Sequence) -> Iterator:
        for start in range(0, len(items), 2 * count):
            yield from pool.map(function, items[start : start + 2 * count])

    with threadpool_limits(1), ThreadPoolExecutor(count) as pool:
        yield each
