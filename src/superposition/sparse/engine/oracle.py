"""What a dictionary is held against: the true directions with the best code, PCA, ICA and k-means."""

import warnings

import numpy as np
import torch
from jaxtyping import Float
from sklearn.cluster import KMeans
from sklearn.decomposition import FastICA
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor

from superposition import formulas

Array = np.ndarray


def best_code(
    h: Float[Tensor, "model batch m"],
    rows: Float[Tensor, "model latent m"],
    penalty: Float[Tensor, "model"],
    steps: int = 200,
) -> Float[Tensor, "model batch latent"]:
    """The z ≥ 0 with the least ‖h - z D‖² + λ Σ z for every hidden vector, by FISTA. Source: Beck and Teboulle 2009.

    No encoder does better with these directions D; rows of zeros stay silent."""
    gram, seen = rows @ rows.mT, h @ rows.mT
    rate = 1 / torch.linalg.matrix_norm(gram, 2).clamp(min=1e-9)[:, None, None]
    z = ahead = torch.zeros_like(seen)
    momentum = 1.0
    for _ in range(steps):
        before, z = z, (ahead + rate * (seen - ahead @ gram - penalty[:, None, None] / 2)).relu()
        momentum, last = (1 + (1 + 4 * momentum**2) ** 0.5) / 2, momentum
        ahead = z + (last - 1) / momentum * (z - before)
    return z


def principal_directions(h: Float[Array, "example m"]) -> Float[Array, "direction m"]:
    """The principal components of hidden vectors, each in both directions."""
    _, axes = np.linalg.eigh(np.cov(h.T))
    return np.concatenate([axes.T, -axes.T])


def independent_directions(h: Float[Array, "example m"], seed: int) -> Float[Array, "direction m"]:
    """The columns of FastICA's mixing matrix, each in both directions: no more than the space has dimensions, times two.

    Source: Hyvärinen 1999, as scikit-learn has it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # where there is nothing to find, it says so and stops
        mixing = FastICA(whiten="unit-variance", random_state=seed, max_iter=200, tol=1e-3).fit(h.astype(float)).mixing_
    return np.concatenate([mixing.T, -mixing.T])


def cluster_directions(h: Float[Array, "example m"], count: int, seed: int) -> Float[Array, "direction m"]:
    """The centres of so many clusters of the directions of hidden vectors, by k-means; vectors of zeros have none."""
    directions = formulas.unit(h[np.linalg.norm(h, axis=-1) > 0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # there may be fewer directions than centres
        found = KMeans(min(count, len(directions)), n_init=1, max_iter=50, random_state=seed).fit(directions)
    return found.cluster_centers_
