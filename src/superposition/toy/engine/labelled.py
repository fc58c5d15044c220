"""Networks without biases, a stack at once in PyTorch, trained on any labels, with any power of two of the error.
Every model of a stack sees the same inputs; their labels may differ."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from superposition.training import AdamW


class Examples(NamedTuple):
    """A batch: inputs, labels, and what to divide the loss by.

    That is the number of examples, which may be more than there are rows of x: one that is 0, with labels 0, has no slope."""

    x: Float[Tensor, "batch n_in"]
    y: Float[Tensor, "model_or_1 batch n_out"]
    count: float


@dataclass
class Stack:
    """Networks ŷ = ReLU(x W1) W2, or x W1 W2 where they are `linear`; training brings down Σ_i (ŷ_i - y_i)^power.

    >>> Stack(torch.eye(3)[None], torch.eye(3)[None])(torch.tensor([[1.0, -1.0, 0.0]]))
    tensor([[[1., 0., 0.]]])
    """

    W1: Float[Tensor, "model n_in m"]
    W2: Float[Tensor, "model m n_out"]
    power: int = 2
    linear: bool = False

    @classmethod
    def create(
        cls, seeds: list[int], n_in: int, m: int, n_out: int, sizes: tuple[float, float], power: int = 2, linear: bool = False
    ) -> "Stack":
        """W1 and W2 start normal with these standard deviations; a model's start depends on its seed alone."""
        drawn = [np.random.default_rng(seed).standard_normal(n_in * m + m * n_out, np.float32) for seed in seeds]
        start = torch.from_numpy(np.stack(drawn))
        W1, W2 = start[:, : n_in * m].reshape(-1, n_in, m), start[:, n_in * m :].reshape(-1, m, n_out)
        return cls(sizes[0] * W1, sizes[1] * W2, power, linear)

    def neurons(self, x: Float[Tensor, "batch n_in"]) -> Float[Tensor, "model batch m"]:
        """The hidden layer."""
        h = torch.matmul(x, self.W1)
        return h if self.linear else h.relu_()

    def __call__(self, x: Float[Tensor, "batch n_in"]) -> Float[Tensor, "model batch n_out"]:
        """The outputs."""
        return self.neurons(x) @ self.W2

    def gradient(self, given: Examples) -> tuple[Float[Tensor, "model n_in m"], Float[Tensor, "model m n_out"]]:
        """The loss's gradient with respect to W1 and W2."""
        h = self.neurons(given.x)
        slope = error = torch.baddbmm(given.y.expand(len(h), -1, -1), h, self.W2, beta=-1)
        for _ in range(self.power.bit_length() - 2):  # ends at error^(power - 1)
            error = error * error
            slope = slope * error
        slope = slope * (self.power / given.count)
        back = slope @ self.W2.mT
        return given.x.mT @ (back if self.linear else back.mul_(h > 0)), h.mT @ slope


@torch.no_grad()
def train(stack: Stack, draw: Callable[[], Examples], steps: int, optimiser: AdamW) -> Stack:
    """Train a stack in place on a fresh batch at each step, and return it.

    >>> stack = Stack.create([0, 1], n_in=4, m=2, n_out=4, sizes=(0.1, 0.1), linear=True)
    >>> every = Examples(torch.eye(4), torch.eye(4)[None], 4)
    >>> trained = train(stack, lambda: every, 500, AdamW(0.03, schedule="cosine"))
    >>> ((trained(torch.eye(4)) - torch.eye(4)) ** 2).sum((1, 2)).round()  # of four, two are left: W2 has rank two
    tensor([2., 2.])
    """
    parameters = [stack.W1, stack.W2]
    betas = optimiser.beta1, optimiser.beta2
    adam = torch.optim.AdamW(parameters, optimiser.lr, betas, optimiser.eps, optimiser.weight_decay, fused=True)
    for rate in optimiser.rates(steps):
        adam.param_groups[0]["lr"] = float(rate)
        for parameter, slope in zip(parameters, stack.gradient(draw()), strict=True):
            parameter.grad = slope
        adam.step()
    return stack
