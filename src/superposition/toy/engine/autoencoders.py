"""The toy model of superposition, as a stack of independent instances that train at once.
h = x W, x' = ReLU(h Wᵀ + b), or without ReLU: n_features squeezed through n_hidden dimensions and back."""

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn


class Autoencoders(nn.Module):
    """A stack of autoencoders with tied weights, as in Elhage et al. 2022, "Demonstrating Superposition".

    W is (instance, n_features, n_hidden), b is (instance, n_features), and `relu` says per instance whether the output
    has a ReLU. An instance's start depends on its seed alone: W is Xavier-normal per matrix, b is zero."""

    W: Float[nn.Parameter, "instance n_features n_hidden"]
    b: Float[nn.Parameter, "instance n_features"]
    relu: Bool[Tensor, "instance"]

    def __init__(self, seeds: list[int], n_features: int, n_hidden: int, relu: bool | list[bool] = True):
        super().__init__()
        scale = (2 / (n_features + n_hidden)) ** 0.5
        start = [np.random.default_rng(seed).standard_normal((n_features, n_hidden), np.float32) for seed in seeds]
        self.seeds = list(seeds)
        self.W = nn.Parameter(torch.from_numpy(scale * np.stack(start)))
        self.b = nn.Parameter(torch.zeros(len(seeds), n_features))
        self.register_buffer("relu", torch.tensor([relu] * len(seeds) if isinstance(relu, bool) else relu))

    def forward(self, x: Float[Tensor, "batch instance n_features"]) -> Float[Tensor, "batch instance n_features"]:
        """The reconstruction of x by every instance."""
        hidden = torch.einsum("bif,ifh->bih", x, self.W)
        output = torch.einsum("bih,ifh->bif", hidden, self.W) + self.b
        return torch.where(self.relu[:, None], output.relu(), output)

    def loss(
        self, x: Float[Tensor, "batch instance n_features"], importance: Float[Tensor, "instance n_features"]
    ) -> Float[Tensor, "instance"]:
        """Σ_i I_i (x_i - x'_i)², mean over the batch, for every instance."""
        return (importance * (x - self(x)) ** 2).sum(-1).mean(0)


def linear_optimum(
    density: Float[np.ndarray, "*density"], importance: Float[np.ndarray, "n_features"], n_hidden: int
) -> Float[np.ndarray, "*density"]:
    """The least loss of the linear model, Σ I_i (p/3 - p²/4) over all but the n_hidden most important features.

    It is the best that any model can do without superposition: a dimension for each of n_hidden features, and a guess at
    the mean of the others, whose variance is p/3 - p²/4. W Wᵀ is positive semidefinite of rank n_hidden and the features
    are independent, so entries off its diagonal only cost the linear model; it is best with ones where I_i is largest."""
    return np.sort(importance)[::-1][n_hidden:].sum() * (density / 3 - density**2 / 4)
