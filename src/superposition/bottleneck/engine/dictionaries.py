"""Sparse autoencoders, which take features out of hidden vectors again: as many latents as there are features, an L1 penalty.
A stack of them trains at once, each on the hidden vectors of its own model."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from superposition.bottleneck.engine import tied_bottleneck

Array = np.ndarray


@dataclass
class Dictionaries:
    """z = ReLU((h - c) E + e), ĥ = z D + c, with rows of D of length one; D starts at random, E at Dᵀ."""

    E: Float[Tensor, "model m latent"]
    e: Float[Tensor, "model latent"]
    D: Float[Tensor, "model latent m"]
    c: Float[Tensor, "model m"]

    @classmethod
    def create(cls, models: int, m: int, latents: int, generator: torch.Generator) -> "Dictionaries":
        D = torch.randn(latents, m, generator=generator).repeat(models, 1, 1)
        D /= D.norm(dim=-1, keepdim=True)
        return cls(D.mT.clone(), torch.zeros(models, latents), D, torch.zeros(models, m))

    @property
    def rows(self) -> Float[Tensor, "model latent m"]:
        """The directions of the latents."""
        return self.D / self.D.norm(dim=-1, keepdim=True)

    def code(self, h: Float[Tensor, "model batch m"]) -> Float[Tensor, "model batch latent"]:
        """What each latent says of a hidden vector."""
        return torch.baddbmm(self.e[:, None], h - self.c[:, None], self.E).relu()


def train(
    W: Float[Tensor, "model n m"],
    density: Float[Tensor, "model"],
    l1: float,
    steps: int,
    batch: int,
    lr: float,
    generator: torch.Generator,
) -> Dictionaries:
    """Dictionaries trained on h = x W, on ‖h - ĥ‖² + l1 Σ z, mean over the batch, with fresh sparse features x at each step.

    Lengths are in units of the rows of W, so W should be scaled to have rows of about one."""
    found = Dictionaries.create(len(W), W.shape[2], W.shape[1], generator)

    def loss() -> Tensor:
        h = tied_bottleneck.sample(density, batch, W.shape[1], generator) @ W
        z = found.code(h)
        return (((h - torch.baddbmm(found.c[:, None], z, found.rows)) ** 2).sum() + l1 * z.sum()) / batch

    tied_bottleneck.descend([found.E, found.e, found.D, found.c], loss, steps, lr)
    return found


def recovered(
    W: Float[Array, "*batch n m"], rows: Float[Array, "*batch latent m"], alive: Float[Array, "*batch latent"], cosine: float
) -> Float[Array, "*batch"] | np.floating:
    """How many rows of W point where some live latent does, with a cosine of at least so much; rows of zeros don't."""
    length = np.linalg.norm(W, axis=-1, keepdims=True)
    unit = np.divide(W, length, out=np.zeros_like(W), where=length > 0)
    cosines = np.einsum("...ih,...jh->...ij", unit, rows * (alive > 0)[..., None])
    return (cosines.max(-1) >= cosine).sum(-1).astype(float)
