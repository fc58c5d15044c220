"""What spread over heads and likeness of circuits there is by lot, beside the measures of `superposition.sharing`."""

import numpy as np
from jaxtyping import Float

from superposition import formulas, sharing
from superposition.addition.engine import streams

Array = np.ndarray
QUANTILES = (0.05, 0.5, 0.95)


def null(effect: Float[Array, "circuit head"], draws: int, seed: int) -> Float[Array, "quantile measure"]:
    """The MEASURES where heads and circuits meet by lot.

    For heads per circuit and the rank each head keeps its effects, and draws lots for the circuits that they go to.
    For circuits per head each circuit keeps its effects, and draws lots for the heads that they come from."""
    rng = streams.generator(seed, stream=streams.SHARING_BY_LOT)
    many = np.broadcast_to(effect, (draws, *effect.shape))
    by_head, by_circuit = rng.permuted(many, axis=1), rng.permuted(many, axis=2)
    heads, circuits = sharing.means(by_head)[0], sharing.means(by_circuit)[1]
    found = [heads, circuits, sharing.score(heads, circuits, *effect.shape), formulas.effective_rank(by_head)]
    return np.quantile(np.stack(found, -1), QUANTILES, axis=0)


def overlap(effect: Float[Array, "*batch circuit head"]) -> Float[Array, "*batch"] | np.floating:
    """How alike the heads of two circuits are: the mean cosine of two rows' amounts, over all pairs of circuits."""
    amount = np.abs(effect)
    count = (formulas.norms(amount) > 0).sum(-1)
    return ((formulas.unit(amount).sum(-2) ** 2).sum(-1) - count) / np.maximum(1, count * (count - 1))
