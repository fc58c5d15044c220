"""When neurons fire on text, without keeping their activations: how they go together, and which tokens they like."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy import sparse

from superposition.stories.measures import reading

Array = np.ndarray
BATCH = 64  # stories at a time


@dataclass(frozen=True)
class Statistics:
    """Sums over tokens of a layer's activations, behind its nonlinearity: by token, and their products. Two can be added."""

    count: Int[Array, "d_vocab"]
    sums: Float[Array, "d_vocab neuron"]
    products: Float[Array, "neuron neuron"]

    @classmethod
    def of(
        cls, model: Any, layer: int, tokens: Int[Array, "story position"], taken: Bool[Array, "story position"]
    ) -> "Statistics":
        """At the places taken; a batch of stories in memory at a time."""
        n_vocab, d_mlp = model.config.vocab_size, model.transformer.h[layer].mlp.c_fc.out_features
        sums, products = np.zeros((n_vocab, d_mlp)), np.zeros((d_mlp, d_mlp))
        for start in range(0, len(tokens), BATCH):
            part = slice(start, start + BATCH)
            _, active = reading.mlp(model, tokens[part], taken[part], layer)
            active, token = active.astype(np.float64), tokens[part][taken[part]]
            where = sparse.csr_array((np.ones(len(token)), (token, np.arange(len(token)))), shape=(n_vocab, len(token)))
            sums, products = sums + where @ active, products + active.T @ active
        return cls(np.bincount(tokens[taken], minlength=n_vocab), sums, products)

    def __add__(self, other: "Statistics") -> "Statistics":
        return Statistics(self.count + other.count, self.sums + other.sums, self.products + other.products)

    def correlations(self) -> Float[Array, "neuron neuron"]:
        """Of the activations of two neurons over all tokens. A neuron that never changes correlates with none."""
        mean = self.sums.sum(0) / self.count.sum()
        covariance = self.products / self.count.sum() - np.outer(mean, mean)
        spread = np.sqrt(np.maximum(np.diag(covariance), 0))
        scale = np.divide(1, spread, out=np.zeros_like(spread), where=spread > 1e-12)
        found = covariance * scale * scale[:, None]
        np.fill_diagonal(found, 1)
        return found

    def strongest(self, ranks: int, seen: int) -> Int[Array, "neuron rank"]:
        """The tokens at which each neuron's mean activation is largest, of those that stood at least `seen` times."""
        mean = np.where((self.count >= seen)[:, None], self.sums / np.maximum(self.count, 1)[:, None], -np.inf)
        return np.argsort(-mean, axis=0, kind="stable")[:ranks].T
