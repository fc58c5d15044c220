"""The linear model x' = x W Wᵀ + b: the least loss that it can have, on independent features and on sets of them.
On independent features it is also the best that any model without superposition can do."""

import numpy as np
from jaxtyping import Float

from superposition.toy.engine.features import Kind, variance

Array = np.ndarray


def linear_optimum(
    density: Float[Array, "*density"], importance: Float[Array, "n_features"], n_hidden: int
) -> Float[Array, "*density"]:
    """The least loss of the linear model, Σ I_i (p/3 - p²/4) over all but the n_hidden most important features.

    It is the best that any model can do without superposition: a dimension for each of n_hidden features, and a guess at
    the mean of the others, whose variance is p/3 - p²/4. W Wᵀ is positive semidefinite of rank n_hidden and the features
    are independent, so entries off its diagonal only cost the linear model; it is best with ones where I_i is largest."""
    return np.sort(importance)[::-1][n_hidden:].sum() * variance(density)


def covariance(kind: Kind, sets: int, size: int, density: float) -> Float[Array, "n_features n_features"]:
    """The exact covariance of the features.

    A feature has variance p/3 - p²/4; two of a set have covariance p/4 - p²/4 if correlated, -p²/4 if anticorrelated."""
    p = density
    within = {"correlated": p / 4 - p**2 / 4, "independent": 0.0, "anticorrelated": -(p**2) / 4}[kind]
    block = np.full((size, size), within)
    np.fill_diagonal(block, variance(p))
    return np.kron(np.eye(sets), block)


def pca_loss(kind: Kind, sets: int, size: int, density: float, n_hidden: int) -> float:
    """The least loss of any linear model, PCA's: the sum of all but the n_hidden largest eigenvalues of the covariance."""
    return float(np.linalg.eigvalsh(covariance(kind, sets, size, density))[: sets * size - n_hidden].sum())
