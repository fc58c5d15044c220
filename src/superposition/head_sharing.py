"""How heads share circuits. From effects, circuits by heads: over how many of each they are spread, and what is spread by lot.
From what each head says: which circuits it tells apart, which damage that hits all alike, however far spread, doesn't do."""

import numpy as np
from jaxtyping import Bool, Float, Int

from superposition import metrics

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
    """The score of superposition over heads: how many heads a circuit shares with others, seen from both sides.

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
    rng = np.random.default_rng([seed, 5])
    many = np.broadcast_to(effect, (draws, *effect.shape))
    by_head, by_circuit = rng.permuted(many, axis=1), rng.permuted(many, axis=2)
    heads, circuits = _means(by_head)[0], _means(by_circuit)[1]
    found = [heads, circuits, score(heads, circuits, *effect.shape), metrics.effective_rank(by_head)]
    return np.quantile(np.stack(found, -1), QUANTILES, axis=0)


def overlap(effect: Float[Array, "*batch circuit head"]) -> Float[Array, "*batch"] | np.floating:
    """How alike the heads of two circuits are: the mean cosine of two rows' amounts, over all pairs of circuits."""
    amount = np.abs(effect)
    length = np.linalg.norm(amount, axis=-1, keepdims=True)
    unit = np.divide(amount, length, out=np.zeros_like(amount), where=length > 0)
    count = (length > 0).sum((-1, -2))
    return ((unit.sum(-2) ** 2).sum(-1) - count) / np.maximum(1, count * (count - 1))


def confusion(logits: Float[Array, "*batch context feature candidate"]) -> Float[Array, "*batch feature candidate"]:
    """How often, where a feature is there, a candidate is what its presence speaks for most: the shares of contexts.

    Candidate j is feature j's own. `logits`: the same contexts with every feature in turn. In each context the mean over
    features goes first, so that what is said whatever feature is there, as by damage that hits all alike, counts nothing."""
    turn = logits - logits.mean(-2, keepdims=True)
    count = turn.shape[-1]
    return np.stack([(turn.argmax(-1) == candidate).mean(-2) for candidate in range(count)], -1)


def told_apart(confusion: Float[Array, "*batch feature feature"], least: float = 0.5) -> Bool[Array, "*batch feature"]:
    """Which features come out as themselves in more than this share of contexts; by lot they do in 1 of n_features."""
    return np.diagonal(confusion, axis1=-2, axis2=-1) > least


def by_lot(confusion: Float[Array, "*batch feature feature"], draws: int, seed: int) -> Float[Array, "draw *batch"]:
    """The mean share of contexts in which features come out as themselves, where it is drawn by lot which candidate is whose.

    Candidates that win whatever is there win as often."""
    rng, count = np.random.default_rng([seed, 8]), confusion.shape[-1]
    return np.stack([confusion[..., np.arange(count), rng.permutation(count)].mean(-1) for _ in range(draws)])


def shared_work(told: Bool[Array, "*batch feature head"]) -> dict[str, Array]:
    """How many features any head tells apart alone, how many heads such a feature has, and how many features such a head.

    All are 0 where no head tells any. Modules, heads that divide the features, have one head a feature."""
    some, working = told.any(-1).sum(-1), told.any(-2).sum(-1)
    total = told.sum((-2, -1))
    return {"features": some, "heads a feature": total / np.maximum(some, 1), "features a head": total / np.maximum(working, 1)}


def diffuse_modules(
    owner: Int[Array, "feature"], n_heads: int, damage: float, rng: np.random.Generator
) -> Float[Array, "feature head"]:
    """Effects of heads that divide the features, beside damage that each does to all: the opposite of sharing.

    A feature loses 1 without the head that owns it, and without any other head half-normal amounts of mean `damage`."""
    amounts = np.abs(rng.standard_normal((len(owner), n_heads))) * damage * np.sqrt(np.pi / 2)
    amounts[np.arange(len(owner)), owner] = 1.0
    return amounts
