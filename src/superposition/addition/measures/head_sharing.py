"""How heads share circuits: from a matrix of effects, circuits by heads, a score of spread over heads, and its null.
An effect's size is an amount; participation ratios count how many heads, or circuits, the amounts are spread over."""

import numpy as np
from jaxtyping import Float

from superposition import metrics
from superposition.addition.engine import streams

Array = np.ndarray
MEASURES = ("heads per circuit", "circuits per head", "score", "effective rank")
QUANTILES = (0.05, 0.5, 0.95)


def heads_per_circuit(effect: Float[Array, "*batch circuit head"]) -> Float[Array, "*batch circuit"]:
    """Over how many heads the effects on a circuit are spread: (Σ|e|)² / Σe², 0 for a circuit that needs none."""
    return circuits_per_head(effect.swapaxes(-1, -2))


def circuits_per_head(effect: Float[Array, "*batch circuit head"]) -> Float[Array, "*batch head"]:
    """Over how many circuits the effects of a head are spread: (Σ|e|)² / Σe², 0 for a head that has none."""
    return metrics.polysemanticity(np.sqrt(np.abs(effect)))


def _means(effect):
    """Heads per circuit and circuits per head, each a mean in which every amount counts alike."""
    amount = np.abs(effect)
    total = np.maximum(amount.sum((-1, -2)), 1e-30)
    heads = (heads_per_circuit(effect) * amount.sum(-1)).sum(-1) / total
    return heads, (circuits_per_head(effect) * amount.sum(-2)).sum(-1) / total


def score(heads: Array | float, circuits: Array | float, n_circuits: int, n_heads: int) -> Array | float:
    """The score of spread over heads: over how many heads circuits are spread, seen from both sides.

    The geometric mean of the heads per circuit and of the circuits per head, the latter over n_circuits / n_heads, its
    value where heads divide the circuits among themselves. 1: each circuit has a head, and no head has more than its part.
    k: circuits as they are when groups of k heads serve each, and every head serves k times its part. At most n_heads."""
    return (heads * circuits * n_heads / n_circuits) ** 0.5


def measured(effect: Float[Array, "*batch circuit head"]) -> Float[Array, "*batch measure"]:
    """The MEASURES of effects."""
    heads, circuits = _means(effect)
    return np.stack([heads, circuits, score(heads, circuits, *effect.shape[-2:]), metrics.effective_rank(effect)], -1)


def null(effect: Float[Array, "circuit head"], draws: int, seed: int) -> Float[Array, "quantile measure"]:
    """The MEASURES where heads and circuits meet by lot.

    For heads per circuit and the rank each head keeps its effects, and draws lots for the circuits that they go to.
    For circuits per head each circuit keeps its effects, and draws lots for the heads that they come from."""
    rng = streams.generator(seed, stream=streams.SHARING_BY_LOT)
    many = np.broadcast_to(effect, (draws, *effect.shape))
    by_head, by_circuit = rng.permuted(many, axis=1), rng.permuted(many, axis=2)
    heads, circuits = _means(by_head)[0], _means(by_circuit)[1]
    found = [heads, circuits, score(heads, circuits, *effect.shape), metrics.effective_rank(by_head)]
    return np.quantile(np.stack(found, -1), QUANTILES, axis=0)


def overlap(effect: Float[Array, "*batch circuit head"]) -> Float[Array, "*batch"] | np.floating:
    """How alike the heads of two circuits are: the mean cosine of two rows' amounts, over all pairs of circuits."""
    amount = np.abs(effect)
    count = (metrics.norms(amount) > 0).sum(-1)
    return ((metrics.unit(amount).sum(-2) ** 2).sum(-1) - count) / np.maximum(1, count * (count - 1))
