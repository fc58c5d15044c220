"""The measures of superposition as formulas for NumPy arrays, in the arrays' own precision, as experiments store them.
`metrics` is the door to them for anyone's weights, with their sources. W is as there: a row per feature, leading `*batch`."""

import numpy as np
from jaxtyping import Bool, Float, Integer

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
    """The share of a dimension that each feature has, D_i = ‖W_i‖² / Σ_j (Ŵ_i·W_j)², the sum including j = i."""
    overlaps = (np.einsum("...ih,...jh->...ij", unit(W), W) ** 2).sum(-1)
    return np.divide(norms(W) ** 2, overlaps, out=np.zeros_like(overlaps), where=overlaps > 0)


def features_per_dimension(W: Float[Array, "*batch n m"]) -> Float[Array, "*batch"] | np.floating:
    """‖W‖_F² / n_hidden: how many features each hidden dimension carries."""
    return (W**2).sum((-2, -1)) / W.shape[-1]


def interference(W: Float[Array, "*batch n m"]) -> Float[Array, "*batch n"]:
    """How much of a feature's direction is shared with the others, Σ_{j≠i} (Ŵ_i·W_j)²."""
    cosines = np.einsum("...ih,...jh->...ij", unit(W), W)
    return np.maximum((cosines**2).sum(-1) - (norms(W) ** 2), 0)


def polysemanticity(W: Float[Array, "*batch n m"]) -> Float[Array, "*batch m"]:
    """Effective number of features on each neuron, (Σ_i W_ik²)² / Σ_i W_ik⁴: 1 when a single feature uses neuron k."""
    squares, fourth = (W**2).sum(-2), (W**4).sum(-2)
    return np.divide(squares**2, fourth, out=np.zeros_like(squares), where=fourth > 0)


def exp_entropy(weights: Float[Array, "*batch k"]) -> Float[Array, "*batch"] | np.floating:
    """exp of the Shannon entropy (nats) of `weights` divided by their sum; 0 where all are 0."""
    total = weights.sum(-1, keepdims=True)
    share = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
    logs = np.log(share, out=np.zeros_like(share), where=share > 0)
    return np.where(total[..., 0] > 0, np.exp(-(share * logs).sum(-1)), 0.0)


def effective_features(W: Float[Array, "*batch n m"]) -> Float[Array, "*batch"] | np.floating:
    """exp(H) of the shares ‖W_i‖² / ‖W‖_F²: k for k features of equal length."""
    return exp_entropy((W**2).sum(-1))


def effective_rank(W: Float[Array, "*batch n m"]) -> Float[Array, "*batch"] | np.floating:
    """exp(H) of the singular values divided by their sum. Source: Roy and Vetterli 2007, "The effective rank"."""
    return exp_entropy(np.linalg.svd(W, compute_uv=False))


def squared_cosine(W: Float[Array, "*batch n m"]) -> Float[Array, "*batch"] | np.floating:
    """Mean of (Ŵ_i·Ŵ_j)² over the pairs i ≠ j of rows that aren't zero: 1 / n_hidden for random directions, at least Welch's."""
    cosines = np.einsum("...ih,...jh->...ij", unit(W), unit(W))
    return over_pairs((cosines**2).sum((-2, -1)), (norms(W) > 0).sum(-1))


def over_pairs(
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
    """Mean kurtosis of the rows of W, n_hidden · Σ_k W_ik⁴ / ‖W_i‖⁴, weighted by ‖W_i‖²."""
    squares, fourth = (W**2).sum(-1), (W**4).sum(-1)
    kurtosis = np.divide(W.shape[-1] * fourth, squares**2, out=np.zeros_like(squares), where=squares > 0)
    total = squares.sum(-1)
    return np.divide((kurtosis * squares).sum(-1), total, out=np.zeros_like(total), where=total > 0)
