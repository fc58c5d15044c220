"""Measures that don't mind how long the weights are, which dropout shrinks, and the theory of dropout on a linear layer.
Dropout at rate r multiplies each hidden unit by 0, or with probability 1 - r by 1 / (1 - r)."""

import numpy as np
from jaxtyping import Bool, Float, Real

from superposition import formulas
from superposition.toy.engine import features
from superposition.toy.measures import polytopes

Array = np.ndarray


def represented(W: Float[Array, "*batch n m"]) -> Bool[Array, "*batch n"]:
    """Which features are at least half as long as the longest: dropout shrinks all lengths, so no fixed one will do."""
    length = formulas.norms(W)
    return length >= length.max(-1, keepdims=True) / 2


def paired(W: Float[Array, "*batch n m"]) -> Float[Array, "*batch"] | np.floating:
    """The share of the represented features that have an antipode, another represented feature at a cosine below -0.9."""
    there = represented(W)
    opposite = (formulas.cosines(W) < -0.9) & there[..., None] & there[..., None, :]
    return opposite.any(-1).sum(-1) / there.sum(-1)


def halfway(W: Float[Array, "*batch n m"]) -> Float[Array, "*batch"] | np.floating:
    """The share of features neither in nor out: between a quarter and three quarters as long as the longest."""
    share = formulas.norms(W) / formulas.norms(W).max(-1, keepdims=True)
    return ((share > 0.25) & (share < 0.75)).mean(-1)


def crowding(W: Float[Array, "*batch n m"]) -> Float[Array, "*batch"] | np.floating:
    """Mean over the represented features of 1 - D_i, the share of its direction that a feature leaves to others."""
    there = represented(W)
    return ((1 - formulas.feature_dimensionality(W)) * there).sum(-1) / there.sum(-1)


def at_levels(W: Float[Array, "*batch n m"]) -> Float[Array, "*batch"]:
    """The share of represented features whose D_i is that of a perfect polytope."""
    return polytopes.at_levels(W, represented(W))


def penalty(W: Float[Array, "n m"], density: float | int, importance: Float[Array, "n"], rate: float | int) -> float:
    """What dropout adds to the expected loss of the linear model: r / (1 - r) Σ_j E[h_j²] Σ_i I_i W_ij².

    Features are uniform on [0, 1] with probability `density`: of mean p/2 and variance p/3 - p²/4."""
    hidden = features.variance(density) * (W**2).sum(0) + (density / 2 * W.sum(0)) ** 2
    return float(rate / (1 - rate) * hidden @ (importance @ W**2))


def lost(neurons: Real[Array, "*any"] | int, rate: float | int) -> Float[Array, "*any"] | float:
    """The share of a feature's loss that is left when k neurons carry it alike, alone: q / (k + q), q = r / (1 - r)."""
    q = rate / (1 - rate)
    return q / (neurons + q)
