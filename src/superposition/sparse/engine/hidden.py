"""Hidden vectors of models whose features are known: h = x W, with sparse features x that are drawn anew."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True)
class Hidden:
    """A stack of models' features in their hidden spaces, each feature active with its model's density.

    `copies`: how many dictionaries see the vectors of each model. An inactive feature is 0, an active one uniform on [0, 1]."""

    W: Float[Tensor, "model n m"]
    density: Float[Tensor, "model"]
    copies: int
    generator: torch.Generator

    def features(self, batch: int) -> Float[Tensor, "model batch n"]:
        """A batch of features for each model: where a uniform number u is below the density p, 1 - u / p is uniform again."""
        u = torch.rand(len(self.W), batch, self.W.shape[1], generator=self.generator)
        return (1 - u / self.density[:, None, None]).relu()

    def vectors(self, x: Float[Tensor, "model batch n"]) -> Float[Tensor, "stack batch m"]:
        """The hidden vectors of features, once for each copy."""
        return (x @ self.W).repeat_interleave(self.copies, 0)

    def examples(
        self, batches: int, batch: int
    ) -> Iterator[tuple[Float[Tensor, "model batch n"], Float[Tensor, "stack batch m"]]]:
        """Batches of features with their hidden vectors."""
        for _ in range(batches):
            x = self.features(batch)
            yield x, self.vectors(x)
