"""How heads share features. From effects, features by heads: over how many of each they are spread, whatever the reason.
From what each head says: which features it tells apart, which damage that hits all features alike never does."""

import numpy as np
from jaxtyping import Bool, Float

from superposition import formulas

Array = np.ndarray
MEASURES = ("heads per circuit", "circuits per head", "score", "effective rank")
HEADS, CIRCUITS, SCORE, RANK = range(len(MEASURES))
QUANTILES = (0.05, 0.5, 0.95)


def heads_per_circuit(effect: Float[Array, "*batch circuit head"]) -> Float[Array, "*batch circuit"]:
    """Over how many heads the effects on a circuit are spread: (Σ|e|)² / Σe², 0 for a circuit that needs none."""
    return circuits_per_head(effect.swapaxes(-1, -2))


def circuits_per_head(effect: Float[Array, "*batch circuit head"]) -> Float[Array, "*batch head"]:
    """Over how many circuits the effects of a head are spread: (Σ|e|)² / Σe², 0 for a head that has none."""
    return formulas.polysemanticity(np.sqrt(np.abs(effect)))


def means(effect: Float[Array, "*batch circuit head"]) -> tuple[Array | np.floating, Array | np.floating]:
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
    heads, circuits = means(effect)
    return np.stack([heads, circuits, score(heads, circuits, *effect.shape[-2:]), formulas.effective_rank(effect)], -1)


def null(effect: Float[Array, "circuit head"], draws: int, rng: np.random.Generator) -> Float[Array, "quantile measure"]:
    """The QUANTILES of the MEASURES where heads and circuits meet by lot.

    For heads per circuit and the rank each head keeps its effects, and draws lots for the circuits that they go to.
    For circuits per head each circuit keeps its effects, and draws lots for the heads that they come from."""
    many = np.broadcast_to(effect, (draws, *effect.shape))
    by_head, by_circuit = rng.permuted(many, axis=1), rng.permuted(many, axis=2)
    heads, circuits = means(by_head)[0], means(by_circuit)[1]
    found = [heads, circuits, score(heads, circuits, *effect.shape), formulas.effective_rank(by_head)]
    return np.quantile(np.stack(found, -1), QUANTILES, axis=0)


def overlap(effect: Float[Array, "*batch circuit head"]) -> Float[Array, "*batch"] | np.floating:
    """How alike the heads of two circuits are: the mean cosine of two rows' amounts, over all pairs of circuits."""
    amount = np.abs(effect)
    count = (formulas.norms(amount) > 0).sum(-1)
    return ((formulas.unit(amount).sum(-2) ** 2).sum(-1) - count) / np.maximum(1, count * (count - 1))


def diffuse(own: Bool[Array, "circuit head"], share: float, rng: np.random.Generator) -> Float[Array, "circuit head"]:
    """Effects of heads that have their own circuits, and break a little everywhere else: `share` of that, of half-normal size."""
    return np.where(own, 1.0, share * np.abs(rng.standard_normal(own.shape)))


def recognised(logits: Float[Array, "*batch context feature candidate"]) -> Float[Array, "*batch feature"]:
    """In what share of contexts a feature's presence speaks for its own candidate, the one of its number, more than for others.

    `logits`: the same contexts with every feature in turn. In each context the mean over features goes first, so that what
    is said whatever feature is there, as by damage that hits all alike, counts nothing. By chance it is 1 / n_features."""
    turn = logits - logits.mean(-2, keepdims=True)
    return (turn.argmax(-1) == np.arange(turn.shape[-1])).mean(-2)


def shared_work(told: Bool[Array, "*batch feature head"]) -> dict[str, Array | np.generic]:
    """How many features any head tells apart alone, how many heads such a feature has, and how many features such a head.

    All are 0 where no head tells any. Modules, heads that divide the features, have one head a feature."""
    some, working = told.any(-1).sum(-1), told.any(-2).sum(-1)
    total = told.sum((-2, -1))
    return {"features": some, "heads a feature": total / np.maximum(some, 1), "features a head": total / np.maximum(working, 1)}


def by_lot(told: Bool[Array, "*batch feature head"]) -> Array | np.floating:
    """The heads a feature where every head tells as many features as it does, and it is drawn by lot which: exactly.

    A feature is left out by all heads with probability Π (1 − share of head); 0 where no head tells any.

    >>> by_lot(np.array([[True, True], [False, False]]))
    1.3333333333333333
    """
    some = told.shape[-2] * (1 - (1 - told.mean(-2)).prod(-1))
    return np.divide(told.sum((-2, -1)), some, out=np.zeros_like(some), where=some > 0)[()]


def by_lot_of_unequal(told: Bool[Array, "feature head"], ease: Float[Array, "feature"], draws: int = 1000) -> float:
    """The same where some features are easier: each head draws as many as it tells, one after another, by their `ease`."""
    keys = np.log(ease)[:, None] + np.random.default_rng(0).gumbel(size=(draws, *told.shape))
    drawn = (-keys).argsort(-2).argsort(-2) < told.sum(0)
    return float(told.sum() / max(1.0, drawn.any(-1).sum(-1).mean()))
