"""Sparse features through a bottleneck with tied weights, h = x W, x' = h Wᵀ + b with or without a ReLU, in plain PyTorch.
A stack of models trains at once: its leading axis may be anything, such as sparsities."""

import math
from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

Array = np.ndarray


def sample(density: Float[Tensor, "model"], batch: int, n: int, generator: torch.Generator) -> Float[Tensor, "model batch n"]:
    """Features that are each 0 with probability 1 - density, else uniform on [0, 1].

    One uniform number u gives both: above the sparsity S = 1 - density, (u - S) / (1 - S) is uniform again."""
    u = torch.rand(len(density), batch, n, generator=generator)
    return ((u - 1) / density[:, None, None] + 1).clamp(min=0)


def reconstruct(
    x: Float[Tensor, "model batch n"], W: Float[Tensor, "model n m"], b: Float[Tensor, "model n"], relu: bool
) -> Float[Tensor, "model batch n"]:
    """What each model gives back of its features."""
    output = torch.baddbmm(b[:, None], x @ W, W.mT)
    return output.relu() if relu else output


def descend(parameters: list[Tensor], loss: Callable[[], Tensor], steps: int, lr: float) -> None:
    """Adam on a loss that is drawn anew at each step, its rate brought to 0 along a cosine."""
    for parameter in parameters:
        parameter.requires_grad_(True)
    adam = torch.optim.Adam(parameters, lr)
    for step in range(steps):
        adam.param_groups[0]["lr"] = lr * (1 + math.cos(math.pi * step / steps)) / 2
        for parameter, gradient in zip(parameters, torch.autograd.grad(loss(), parameters), strict=True):
            parameter.grad = gradient
        adam.step()
    for parameter in parameters:
        parameter.requires_grad_(False)


def start(count: int, n: int, m: int, generator: torch.Generator) -> tuple[Float[Tensor, "model n m"], Float[Tensor, "model n"]]:
    """Weights of an untrained stack, Xavier-normal, the same in all its models; biases of 0."""
    W = torch.randn(n, m, generator=generator) * (2 / (n + m)) ** 0.5
    return W.repeat(count, 1, 1), torch.zeros(count, n)


def train(
    W: Float[Tensor, "model n m"],
    b: Float[Tensor, "model n"],
    relu: bool,
    density: Float[Tensor, "model"],
    steps: int,
    batch: int,
    lr: float,
    generator: torch.Generator,
) -> tuple[Float[Tensor, "model n m"], Float[Tensor, "model n"]]:
    """The stack after training on Σ_i (x_i - x'_i)², mean over the batch, all features equally important."""
    W, b = W.clone(), b.clone()

    def loss() -> Tensor:
        x = sample(density, batch, W.shape[1], generator)
        return ((x - reconstruct(x, W, b, relu)) ** 2).sum() / batch

    descend([W, b], loss, steps, lr)
    return W, b


def explained(
    W: Float[Tensor, "model n m"],
    b: Float[Tensor, "model n"],
    relu: bool,
    density: Float[Tensor, "model"],
    batch: int,
    generator: torch.Generator,
) -> Float[Array, "model n"]:
    """The share of each feature's variance that a model gives back on a fresh batch, 1 - E(x_i - x'_i)² / Var(x_i).

    1 for a perfect copy, 0 for a constant guess at the mean, negative for what is worse than that guess.
    Var(x_i) = p/3 - p²/4 at density p."""
    x = sample(density, batch, W.shape[1], generator)
    error = ((x - reconstruct(x, W, b, relu)) ** 2).mean(1)
    return (1 - error / (density / 3 - density**2 / 4)[:, None]).numpy()
