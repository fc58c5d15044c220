"""What can be read from hidden vectors: by a ReLU for each feature, by linear probes, and how much the probes mix up."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from superposition.sparse.engine.hidden import Hidden
from superposition.sparse.engine.known import Known

Array = np.ndarray


def padded(arrays: Sequence[Array]) -> Float[Array, "model most_rows most_columns"]:
    """Matrices of different sizes in one stack, with zeros below and to the right."""
    shape = np.max([a.shape for a in arrays], 0)
    return np.stack([np.pad(a, [(0, most - size) for most, size in zip(shape, a.shape, strict=True)]) for a in arrays])


@dataclass(frozen=True)
class Stack:
    """Several models at once. Hidden vectors are in units of their own spread, features in units of theirs."""

    models: Sequence[Known]
    generator: torch.Generator

    def hidden(self, copies: int = 1) -> Hidden:
        """The models' hidden vectors, the variance of a coordinate 1 in the mean; each model `copies` times."""
        of_causes = [one.mixing @ one.W for one in self.models]
        scale = [np.sqrt(one.variance * (A**2).sum() / A.shape[1]) for one, A in zip(self.models, of_causes, strict=True)]
        W = padded([A / s for A, s in zip(of_causes, scale, strict=True)])
        density = torch.tensor([one.density for one in self.models])
        return Hidden(torch.from_numpy(W.astype(np.float32)), density, copies, self.generator)

    def features(self) -> Float[Tensor, "model cause n"]:
        """What makes features of causes, a feature that is not there being 0."""
        B = [one.mixing / np.sqrt(one.variance * (one.mixing**2).sum(0)) for one in self.models]
        return torch.from_numpy(padded(B).astype(np.float32))


def held(stack: Stack, steps: int, batch: int, held_out: int, lr: float, noise: float) -> Float[Array, "model n"]:
    """The share of each feature's variance that the best ReLU of a hidden vector gives back: R of x' = ReLU(a · h + b).

    Every coordinate of h has noise besides, in units of its spread, so that nothing counts that is too faint to use.
    0 for what is no better than the mean. The readouts begin at linear regression, and are trained with Adam."""
    hidden, B = stack.hidden(), stack.features()

    def draw(size):
        c = hidden.features(size)
        h = hidden.vectors(c)
        return c @ B, h + noise * torch.randn(h.shape, generator=stack.generator)

    a, b = regression(*draw(held_out))
    a.requires_grad_(True), b.requires_grad_(True)
    adam = torch.optim.Adam([a, b], lr, fused=True)
    for step in range(steps):
        adam.param_groups[0]["lr"] = lr * (1 + np.cos(np.pi * step / steps)) / 2
        x, h = draw(batch)
        adam.zero_grad()
        (((torch.baddbmm(b, h, a).relu() - x) ** 2).sum() / batch).backward()
        adam.step()
    with torch.no_grad():
        missed = total = torch.zeros(())
        for _ in range(8):
            x, h = draw(held_out)
            missed, total = missed + ((torch.baddbmm(b, h, a).relu() - x) ** 2).mean(1), total + x.var(1)
    return np.where(total > 0, np.maximum(1 - (missed / total.clamp(min=1e-9)).numpy(), 0), 0)


def regression(
    x: Float[Tensor, "model example n"], h: Float[Tensor, "model example m"], ridge: float = 1e-3
) -> tuple[Float[Tensor, "model m n"], Float[Tensor, "model 1 n"]]:
    """The linear readouts with the least squared error, and their biases."""
    mean_x, mean_h = x.mean(1, keepdim=True), h.mean(1, keepdim=True)
    x, h = x - mean_x, h - mean_h
    a = torch.linalg.solve(h.mT @ h + ridge * h.shape[1] * torch.eye(h.shape[2]), h.mT @ x)
    return a, mean_x - mean_h @ a


def told_apart(score: Float[Tensor, "*batch example n"], active: Float[Tensor, "*batch example n"]) -> Float[Tensor, "*batch n"]:
    """The area under the ROC curve of scores that should be higher where a feature is active; ½ where it always or never is."""
    rank = score.argsort(-2).argsort(-2).to(score.dtype) + 1
    some, all_of_them = active.sum(-2), score.shape[-2]
    area = ((rank * active).sum(-2) - some * (some + 1) / 2) / (some * (all_of_them - some)).clamp(min=1)
    return torch.where((some > 0) & (some < all_of_them), area, 0.5)
