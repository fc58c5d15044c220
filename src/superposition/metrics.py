"""Measures of superposition, one definition each with its source, used by every part of the book.
A weight matrix W has a row per feature, W_i in R^n_hidden; a leading `*batch` may hold seeds, densities, instances."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Integer, Num, Shaped

Array = np.ndarray

REPRESENTED = 0.5  # a feature is represented from this length on


def unit(W: Float[Array, "*batch n m"]) -> Float[Array, "*batch n m"]:
    """Rows of length one; a row of zeros stays zero."""
    length = np.linalg.norm(W, axis=-1, keepdims=True)
    return np.divide(W, length, out=np.zeros_like(W), where=length > 0)


def norms(W: Float[Array, "*batch n m"]) -> Float[Array, "*batch n"]:
    """Length of each feature's direction, ‖W_i‖: near 1 when the feature is represented, near 0 when it is not."""
    return np.linalg.norm(W, axis=-1)


def cosines(W: Float[Array, "*batch n m"]) -> Float[Array, "*batch n n"]:
    """Cosines between all features' directions; 0 with a feature of length 0."""
    directions = unit(W)
    return directions @ directions.swapaxes(-1, -2)


def is_represented(W: Float[Array, "*batch n m"], threshold: float = REPRESENTED) -> Bool[Array, "*batch n"]:
    """Which features have ‖W_i‖ above `threshold`."""
    return norms(W) > threshold


def represented(W: Float[Array, "*batch n m"], threshold: float = REPRESENTED) -> Integer[Array, "*batch"] | np.integer:
    """Number of features with ‖W_i‖ above `threshold`."""
    return is_represented(W, threshold).sum(-1)


def feature_dimensionality(W: Float[Array, "*batch n m"]) -> Float[Array, "*batch n"]:
    """The share of a dimension that each feature has, D_i = ‖W_i‖² / Σ_j (Ŵ_i·W_j)², the sum including j = i.

    1 for a feature with a dimension of its own, 1/2 in an antipodal pair, 2/5 in a pentagon, 0 where W_i = 0.
    Source: Elhage et al. 2022, "The Geometry of Superposition"."""
    overlaps = (np.einsum("...ih,...jh->...ij", unit(W), W) ** 2).sum(-1)
    return np.divide(norms(W) ** 2, overlaps, out=np.zeros_like(overlaps), where=overlaps > 0)


def features_per_dimension(W: Float[Array, "*batch n m"]) -> Float[Array, "*batch"] | np.floating:
    """‖W‖_F² / n_hidden: how many features each hidden dimension carries.

    Its inverse is the paper's "dimensions per feature". Source: Elhage et al. 2022, "The Geometry of Superposition"."""
    return (W**2).sum((-2, -1)) / W.shape[-1]


def interference(W: Float[Array, "*batch n m"]) -> Float[Array, "*batch n"]:
    """How much of a feature's direction is shared with the others, Σ_{j≠i} (Ŵ_i·W_j)².

    0 for a direction of its own; 1 or more when others cover it. Source: Elhage et al. 2022, "Demonstrating Superposition"."""
    cosines = np.einsum("...ih,...jh->...ij", unit(W), W)
    return np.maximum((cosines**2).sum(-1) - (norms(W) ** 2), 0)


def polysemanticity(W: Float[Array, "*batch n m"]) -> Float[Array, "*batch m"]:
    """Effective number of features on each neuron, (Σ_i W_ik²)² / Σ_i W_ik⁴: 1 when a single feature uses neuron k.

    It means something only where the neurons are a privileged basis; compare with a random rotation of W.
    Source: the participation ratio; 0 for a neuron that no feature uses."""
    squares, fourth = (W**2).sum(-2), (W**4).sum(-2)
    return np.divide(squares**2, fourth, out=np.zeros_like(squares), where=fourth > 0)


def _exp_entropy(weights: Float[Array, "*batch k"]) -> Float[Array, "*batch"] | np.floating:
    """exp of the Shannon entropy (nats) of `weights` divided by their sum; 0 where all are 0."""
    total = weights.sum(-1, keepdims=True)
    share = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
    logs = np.log(share, out=np.zeros_like(share), where=share > 0)
    return np.where(total[..., 0] > 0, np.exp(-(share * logs).sum(-1)), 0.0)


def effective_features(W: Float[Array, "*batch n m"]) -> Float[Array, "*batch"] | np.floating:
    """exp(H) of the shares ‖W_i‖² / ‖W‖_F²: k for k features of equal length.

    Source: the entropy measure of Bereska et al. 2025, with the known features in place of a sparse autoencoder's."""
    return _exp_entropy((W**2).sum(-1))


def effective_rank(W: Float[Array, "*batch n m"]) -> Float[Array, "*batch"] | np.floating:
    """exp(H) of the singular values divided by their sum. Source: Roy and Vetterli 2007, "The effective rank"."""
    return _exp_entropy(np.linalg.svd(W, compute_uv=False))


def squared_cosine(W: Float[Array, "*batch n m"]) -> Float[Array, "*batch"] | np.floating:
    """Mean of (Ŵ_i·Ŵ_j)² over the pairs i ≠ j of rows that aren't zero: 1 / n_hidden for random directions, at least Welch's.

    0 where there are fewer than two such rows. For its least value see `welch_bound`."""
    cosines = np.einsum("...ih,...jh->...ij", unit(W), unit(W))
    return _over_pairs((cosines**2).sum((-2, -1)), (norms(W) > 0).sum(-1))


def _over_pairs(
    total: Float[Array, "*batch"] | np.floating, count: Integer[Array, "*batch"] | np.integer
) -> Float[Array, "*batch"] | np.floating:
    """The mean over pairs i ≠ j of `count` unit rows, from the sum of all their squared products, i = j included."""
    pairs = np.asarray(count * (count - 1), float)
    return np.divide(np.maximum(total - count, 0), pairs, out=np.zeros_like(pairs), where=pairs > 0)


def welch_bound(n: int, m: int) -> float:
    """The least mean squared cosine that n directions can have in m dimensions, (n - m) / (m (n - 1)); 0 where n ≤ m.

    Source: Welch 1974, "Lower bounds on the maximum cross correlation of signals", for k = 1.

    >>> welch_bound(5, 2)
    0.375
    """
    return max(0.0, (n - m) / (m * (n - 1))) if n > 1 else 0.0


def basis_alignment(W: Float[Array, "*batch n m"]) -> Float[Array, "*batch"] | np.floating:
    """Mean kurtosis of the rows of W, n_hidden · Σ_k W_ik⁴ / ‖W_i‖⁴, weighted by ‖W_i‖².

    n_hidden when each feature lies on one neuron, 1 when each is spread evenly over all, and 3·n_hidden / (n_hidden + 2)
    for random directions. Source: the kurtosis test for a privileged basis, Elhage et al. 2023, "Privileged Bases"."""
    squares, fourth = (W**2).sum(-1), (W**4).sum(-1)
    kurtosis = np.divide(W.shape[-1] * fourth, squares**2, out=np.zeros_like(squares), where=squares > 0)
    total = squares.sum(-1)
    return np.divide((kurtosis * squares).sum(-1), total, out=np.zeros_like(total), where=total > 0)


def mean_interval(
    values: Float[Array, "..."], axis: int = 0, level: float = 0.95
) -> tuple[Array | np.floating, Array | np.floating, Array | np.floating]:
    """Mean over an axis, that of the seeds, with Student's confidence interval: (mean, low, high), each of the remaining shape.

    Raises ValueError with fewer than two values, which have no spread."""
    count = np.shape(values)[axis]
    if count < 2:
        raise ValueError(f"an interval needs at least 2 seeds, got {count}")
    from scipy import stats  # a second of import that most commands need not pay

    mean = np.mean(values, axis=axis, dtype=np.float64)
    half = stats.t.ppf(0.5 + level / 2, count - 1) * np.std(values, axis=axis, ddof=1, dtype=np.float64) / np.sqrt(count)
    return mean, mean - half, mean + half


def rate_interval(successes: int, trials: int, level: float = 0.95) -> tuple[float, float, float]:
    """A rate with Wilson's score interval: (rate, low, high). Source: Wilson 1927, as in scipy's `proportion_ci`."""
    from scipy import stats

    interval = stats.binomtest(int(successes), int(trials)).proportion_ci(level, method="wilson")
    return successes / trials, float(interval.low), float(interval.high)


def count_interval(counts: Num[Array, "seed"], level: float = 0.95) -> tuple[float, float, float]:
    """A mean count over seeds with the exact interval of a Poisson rate, from their total: (mean, low, high).

    Source: Garwood 1936. Where a few seeds count the same, Student's interval would be certain of it."""
    from scipy import stats

    total, seeds, tail = float(counts.sum()), len(counts), (1 - level) / 2
    low = stats.chi2.ppf(tail, 2 * total) / 2 if total else 0.0
    return total / seeds, float(low) / seeds, float(stats.chi2.ppf(1 - tail, 2 * total + 2) / 2) / seeds


def nearest(grid: Shaped[Array, "k"], value: float) -> int:
    """The index of the value on the grid that is nearest to `value`; the first of two that are equally near.

    For a grid of ratios, such as densities, pass logarithms of both.

    >>> nearest(np.array([0.0, 0.5, 0.9]), 0.7)
    1
    """
    return int(np.abs(grid - value).argmin())


def best_seed(values: Shaped[Array, "..."], loss: Float[Array, "*grid seed"]) -> Shaped[Array, "..."]:
    """What the seed with the least loss has, at each place of a grid.

    `values`: grid × seed × rest, such as the weights; returns grid × rest."""
    place = np.expand_dims(loss.argmin(-1), tuple(range(loss.ndim - 1, values.ndim)))
    return np.take_along_axis(values, place, loss.ndim - 1).squeeze(loss.ndim - 1)


@dataclass(frozen=True)
class Blockwise:
    """The measures of a matrix too large for the products of all pairs of its rows, by the names of the functions above.

    They are exact: `in_blocks` gathers sums from which each of them follows."""

    squares: Float[Array, "n"]  # ‖W_i‖²
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
        return float(_exp_entropy(self.squares))

    def effective_rank(self) -> float:
        return float(_exp_entropy(self.singular_values))

    def squared_cosine(self) -> float:
        return float(_over_pairs(np.array(self.cosines), (self.squares > 0).sum()))


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
            directions = unit(R.T)
            cosines = float(((directions @ directions.T) ** 2).sum())
            return Blockwise(by_column[0], ((directions @ R) ** 2).sum(1), cosines, by_row[0], by_row[1], singular_values)
        for own, own_gram in each(lambda block: _against(block(), R), blocks):
            overlaps.append(own)
            unit_gram = unit_gram + own_gram
    cosines = float((unit_gram**2).sum())
    return Blockwise(by_row[0], np.concatenate(overlaps), cosines, by_column[0], by_column[1], singular_values)


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
    directions = unit(W)
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
