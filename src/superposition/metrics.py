"""Measures of superposition for anyone's weights, one definition each with its source; and the intervals that the book prints.
W has a row per feature, W_i in R^n_hidden; a leading `*batch` may hold seeds, densities, instances."""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool, Float, Integer, Num, Shaped

from superposition import blocks, formulas, measuring, weights
from superposition.blocks import Blockwise
from superposition.formulas import REPRESENTED, welch_bound
from superposition.measuring import Measured
from superposition.weights import WeightsError

__all__ = [
    "REPRESENTED", "basis_alignment", "best_seed", "cosines", "count_interval", "effective_features", "effective_rank",
    "feature_dimensionality", "features_per_dimension", "interference", "is_represented", "mean_interval", "nearest", "norms",
    "polysemanticity", "rate_interval", "report", "represented", "squared_cosine", "unit", "welch_bound",
]  # fmt: skip

Array = np.ndarray
Weights = Any
"""A NumPy array, a PyTorch tensor (a parameter with a gradient, on any device) or lists, of floats or integers of any size.

Every measure computes in float64 and returns NumPy's; it raises WeightsError, a ValueError, for what it can't take: complex
numbers, fewer than two axes, NaN and infinity, which it says the place of."""

_DIRECT = 1 << 25  # up to so many multiplications, all pairs of rows are multiplied


def _given(W: Weights) -> Float[Array, "*batch n m"]:
    """Any weights in float64. Raises WeightsError, and says what to pass in place of what is often passed by mistake."""
    if hasattr(W, "weight"):
        raise WeightsError(f"W: got a {type(W).__name__}: pass its .weight")
    try:
        shape = np.shape(W)
    except ValueError:
        raise WeightsError("W: got lists of different lengths: expected as many numbers in each row") from None
    if len(shape) >= 2 and 0 in shape[-2:]:
        raise WeightsError(f"W: got the shape {tuple(shape)}, which has no {'columns' if shape[-2] else 'rows'}")
    return weights.given(W)


def _float64(W: Weights) -> Float[Array, "*batch n m"]:
    """The one door: any weights in float64. Raises WeightsError where their fourth powers would not fit that."""
    numbers = weights.given(W)
    largest = np.abs(numbers).max(initial=0)
    if largest and not 1e-75 < largest < 1e75:
        raise WeightsError(f"W has numbers up to {largest:.0e}, whose fourth powers float64 does not hold: scale it first")
    return numbers


def _pairwise(formula: Callable[[Array], Any], of_sums: Callable[[Blockwise], Any], W: Weights) -> Any:
    """The formula of W; for a large matrix from sums over blocks, in the memory of its smaller Gram matrix."""
    W = _float64(W)
    *batch, n, m = W.shape
    if n * n * m <= _DIRECT:
        return formula(W)[()]
    found = np.stack([of_sums(blocks.of(one)) for one in W.reshape(-1, n, m)])
    return np.reshape(found, (*batch, *found.shape[1:]))[()]


def report(W: Weights, features: Literal["rows", "columns"] | None = None) -> Measured:
    """All measures of one matrix, each beside what random directions of the same lengths give; printed, it is a table.

    `features` says which axis they lie along: without it the longer one, which the table says, as it says what *represented*
    means at the scale of W. The random directions are drawn, a large matrix's once; `superposition measure` has formulas for
    those of more than 1,000 features, and prints the same of files.
    Raises WeightsError and MeasuringError, both ValueErrors.

    >>> found = report([[1, 0], [0, 1], [0, -1]])
    >>> found.n, found.m, round(found.dimensionality, 3), round(found.random["dimensionality"], 1)
    (3, 2, 0.667, 0.5)
    """
    return measuring.report(_given(W), features)


def unit(W: Weights) -> Float[Array, "*batch n m"]:
    """Rows of length one; a row of zeros stays zero.

    >>> unit([[3, 4], [0, 0]])
    array([[0.6, 0.8],
           [0. , 0. ]])
    """
    return formulas.unit(_float64(W))


def norms(W: Weights) -> Float[Array, "*batch n"]:
    """Length of each feature's direction, ‖W_i‖: near 1 when a toy model represents the feature, near 0 when it does not.

    >>> norms([[3, 4], [0, 0]])
    array([5., 0.])
    """
    return formulas.norms(_float64(W))


def cosines(W: Weights) -> Float[Array, "*batch n n"]:
    """Cosines between all features' directions; 0 with a feature of length 0.

    >>> cosines([[2, 0], [0, 3], [-1, 0]])
    array([[ 1.,  0., -1.],
           [ 0.,  1.,  0.],
           [-1.,  0.,  1.]])
    """
    return formulas.cosines(_float64(W))


def is_represented(W: Weights, threshold: float = REPRESENTED) -> Bool[Array, "*batch n"]:
    """Which features have ‖W_i‖ above `threshold`, by default ½, half of what a toy model gives a feature that it keeps whole.

    At another scale choose another: `report` says how many are above half of the longest.

    >>> is_represented([[0.9, 0], [0, 0.1]])
    array([ True, False])
    """
    return formulas.is_represented(_float64(W), threshold)


def represented(W: Weights, threshold: float = REPRESENTED) -> Integer[Array, "*batch"] | np.integer:
    """Number of features with ‖W_i‖ above `threshold`.

    >>> int(represented([[0.9, 0], [0, 0.1]]))
    1
    """
    return formulas.represented(_float64(W), threshold)


def feature_dimensionality(W: Weights) -> Float[Array, "*batch n"]:
    """The share of a dimension that each feature has, D_i = ‖W_i‖² / Σ_j (Ŵ_i·W_j)², the sum including j = i.

    1 for a feature with a dimension of its own, 1/2 in an antipodal pair, 2/5 in a pentagon, 0 where W_i = 0.
    Source: Elhage et al. 2022, "The Geometry of Superposition".

    >>> feature_dimensionality([[1, 0], [0, 1], [0, -1]])
    array([1. , 0.5, 0.5])
    """
    return _pairwise(formulas.feature_dimensionality, Blockwise.feature_dimensionality, W)


def features_per_dimension(W: Weights) -> Float[Array, "*batch"] | np.floating:
    """‖W‖_F² / n_hidden: how many features each hidden dimension carries.

    Its inverse is the paper's "dimensions per feature". Source: Elhage et al. 2022, "The Geometry of Superposition".

    >>> float(features_per_dimension([[1, 0], [0, 1], [0, -1]]))
    1.5
    """
    return formulas.features_per_dimension(_float64(W))


def interference(W: Weights) -> Float[Array, "*batch n"]:
    """How much of a feature's direction is shared with the others, Σ_{j≠i} (Ŵ_i·W_j)².

    0 for a direction of its own; 1 or more when others cover it. Source: Elhage et al. 2022, "Demonstrating Superposition".

    >>> interference([[1, 0], [0, 1], [0, -1]])
    array([0., 1., 1.])
    """
    return _pairwise(formulas.interference, Blockwise.interference, W)


def polysemanticity(W: Weights) -> Float[Array, "*batch m"]:
    """Effective number of features on each neuron, (Σ_i W_ik²)² / Σ_i W_ik⁴: 1 when a single feature uses neuron k.

    It means something only where the neurons are a privileged basis; compare with a random rotation of W.
    Source: the participation ratio; 0 for a neuron that no feature uses.

    >>> polysemanticity([[1, 0], [0, 1], [0, -1]])
    array([1., 2.])
    """
    return formulas.polysemanticity(_float64(W))


def effective_features(W: Weights) -> Float[Array, "*batch"] | np.floating:
    """exp(H) of the shares ‖W_i‖² / ‖W‖_F²: k for k features of equal length.

    Source: the entropy measure of Bereska et al. 2025, with the known features in place of a sparse autoencoder's.

    >>> round(float(effective_features([[1, 0], [0, 1], [0, -1]])), 6)
    3.0
    """
    return formulas.effective_features(_float64(W))[()]


def effective_rank(W: Weights) -> Float[Array, "*batch"] | np.floating:
    """exp(H) of the singular values divided by their sum. Source: Roy and Vetterli 2007, "The effective rank".

    >>> round(float(effective_rank([[1, 0], [0, 1], [0, 0]])), 6)
    2.0
    """
    return _pairwise(formulas.effective_rank, Blockwise.effective_rank, W)


def squared_cosine(W: Weights) -> Float[Array, "*batch"] | np.floating:
    """Mean of (Ŵ_i·Ŵ_j)² over the pairs i ≠ j of rows that aren't zero: 1 / n_hidden for random directions, at least Welch's.

    0 where there are fewer than two such rows. For its least value see `welch_bound`.

    >>> round(float(squared_cosine([[1, 0], [0, 1], [0, -1]])), 6)
    0.333333
    """
    return _pairwise(formulas.squared_cosine, Blockwise.squared_cosine, W)


def basis_alignment(W: Weights) -> Float[Array, "*batch"] | np.floating:
    """Mean kurtosis of the rows of W, n_hidden · Σ_k W_ik⁴ / ‖W_i‖⁴, weighted by ‖W_i‖².

    n_hidden when each feature lies on one neuron, 1 when each is spread evenly over all, and 3·n_hidden / (n_hidden + 2)
    for random directions. Source: the kurtosis test for a privileged basis, Elhage et al. 2023, "Privileged Bases".

    >>> float(basis_alignment([[1, 0], [0, 1], [0, -1]])), float(basis_alignment([[1, 1], [1, -1]]))
    (2.0, 1.0)
    """
    return formulas.basis_alignment(_float64(W))[()]


def mean_interval(
    values: Float[Array, "..."], axis: int = 0, level: float = 0.95
) -> tuple[Array | np.floating, Array | np.floating, Array | np.floating]:
    """Mean over an axis, that of the seeds, with Student's confidence interval: (mean, low, high), each of the remaining shape.

    Raises ValueError with fewer than two values, which have no spread.

    >>> [round(float(x), 3) for x in mean_interval(np.array([1.0, 2.0, 3.0]))]
    [2.0, -0.484, 4.484]
    """
    count = np.shape(values)[axis]
    if count < 2:
        raise ValueError(f"an interval needs at least 2 seeds, got {count}")
    from scipy import stats  # a second of import that most commands need not pay

    mean = np.mean(values, axis=axis, dtype=np.float64)
    half = stats.t.ppf(0.5 + level / 2, count - 1) * np.std(values, axis=axis, ddof=1, dtype=np.float64) / np.sqrt(count)
    return mean, mean - half, mean + half


def rate_interval(successes: int, trials: int, level: float = 0.95) -> tuple[float, float, float]:
    """A rate with Wilson's score interval: (rate, low, high). Source: Wilson 1927, as in scipy's `proportion_ci`.

    >>> [round(x, 3) for x in rate_interval(8, 10)]
    [0.8, 0.49, 0.943]
    """
    from scipy import stats

    interval = stats.binomtest(int(successes), int(trials)).proportion_ci(level, method="wilson")
    return successes / trials, float(interval.low), float(interval.high)


def count_interval(counts: Num[Array, "seed"], level: float = 0.95) -> tuple[float, float, float]:
    """A mean count over seeds with the exact interval of a Poisson rate, from their total: (mean, low, high).

    Source: Garwood 1936. Where a few seeds count the same, Student's interval would be certain of it.

    >>> [round(x, 3) for x in count_interval(np.array([0, 0, 0]))]
    [0.0, 0.0, 1.23]
    """
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

    `values`: grid × seed × rest, such as the weights; returns grid × rest.

    >>> best_seed(np.array([[1, 2], [3, 4]]), loss=np.array([0.2, 0.1]))
    array([3, 4])
    """
    place = np.expand_dims(loss.argmin(-1), tuple(range(loss.ndim - 1, values.ndim)))
    return np.take_along_axis(values, place, loss.ndim - 1).squeeze(loss.ndim - 1)
