"""When neurons fire on text, without keeping their activations: how they go together, and which tokens they like."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from superposition.stories.measures import reading

Array = np.ndarray
BATCH = 64  # stories at a time


@dataclass(frozen=True)
class Statistics:
    """The correlations of a layer's neurons over tokens, and for each token how often it stood and what it made neurons do."""

    correlations: Float[Array, "neuron neuron"]
    count: Int[Array, "d_vocab"]
    mean: Float[Array, "d_vocab neuron"]

    @classmethod
    def of(
        cls, model: Any, layer: int, tokens: Int[Array, "story position"], taken: Bool[Array, "story position"]
    ) -> "Statistics":
        """Of the layer's activations, behind its nonlinearity, at the places taken; a batch of stories in memory at a time.

        A neuron that never changes correlates with none."""
        sums: Array | float = 0.0
        products: Array | float = 0.0
        by_token = np.zeros((model.config.vocab_size, model.transformer.h[layer].mlp.c_fc.out_features))
        for start in range(0, len(tokens), BATCH):
            part = slice(start, start + BATCH)
            _, active = reading.mlp(model, tokens[part], taken[part], layer)
            sums, products = sums + active.sum(0, dtype=np.float64), products + active.astype(np.float64).T @ active
            seen, first = np.unique(tokens[part][taken[part]], return_inverse=True)
            order = np.argsort(first, kind="stable")
            by_token[seen] += np.add.reduceat(active[order], np.searchsorted(first[order], np.arange(len(seen))))
        count = np.bincount(tokens[taken], minlength=len(by_token))
        covariance = products / count.sum() - np.outer(sums, sums) / count.sum() ** 2
        spread = np.sqrt(np.maximum(np.diag(covariance), 0))
        scale = np.divide(1, spread, out=np.zeros_like(spread), where=spread > 1e-12)
        correlations = covariance * scale * scale[:, None]
        np.fill_diagonal(correlations, 1)
        return cls(correlations, count, by_token / np.maximum(count, 1)[:, None])

    def strongest(self, ranks: int, seen: int) -> Int[Array, "neuron rank"]:
        """The tokens at which each neuron's mean activation is largest, of those that stood at least `seen` times."""
        mean = np.where((self.count >= seen)[:, None], self.mean, -np.inf)
        return np.argsort(-mean, axis=0, kind="stable")[:ranks].T
