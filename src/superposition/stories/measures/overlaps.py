"""How far the rows of a matrix are from being orthogonal to each other, and what is least and what is chance."""

import numpy as np
from jaxtyping import Float

from superposition import metrics

Array = np.ndarray


def mean_squared(W: Float[Array, "row dim"]) -> float:
    """The mean squared cosine of two different rows: 1 / dim for random directions.

    A row of zeros is orthogonal to all others. Source: Liu, Liu and Gore 2025, section 4."""
    unit = metrics.unit(W.astype(np.float64))
    gram = unit.T @ unit
    return float(((gram**2).sum() - (metrics.norms(unit) ** 4).sum()) / (len(W) * (len(W) - 1)))


def centred(W: Float[Array, "row dim"]) -> Float[Array, "row dim"]:
    """The rows without their mean, a direction that they share and that tells none from another."""
    return W - W.mean(0)


def welch(rows: int, dim: int) -> float:
    """The least mean squared cosine that so many rows can have. Source: Welch 1974."""
    return max(0.0, (rows - dim) / (dim * (rows - 1)))
