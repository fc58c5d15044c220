"""A task that is no autoencoding: which of the active features is the largest, read from n_hidden dimensions.
Its answer stays put when the input moves a little, and the nearest input that flips a model's answer is known exactly."""

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

from superposition import runs
from superposition.toy.engine import features

Array = np.ndarray


def _loss(x, W, V, c, importance):
    """Σ of cross-entropies times the importance of the largest feature, over the inputs that aren't empty, per model."""
    logits = torch.einsum("bif,ifh,iho->bio", x, W, V) + c
    largest, label = x.max(-1)
    weight = importance[label] * (largest > 0)
    entropy = functional.cross_entropy(logits.flatten(0, 1), label.flatten(), reduction="none").view(label.shape)
    return (weight * entropy).sum(0) / (largest > 0).sum(0).clamp(min=1)


def train(
    seeds: list[int],
    density: Float[Array, "instance"],
    importance: Float[Array, "n_features"],
    n_hidden: int,
    steps: int,
    batch: int,
    lr: float,
    job: runs.Job,
) -> tuple[
    Float[Array, "instance n_features n_hidden"],
    Float[Array, "instance n_features n_features"],
    Float[Array, "instance n_features"],
]:
    """Train a stack of classifiers, logits = x W V + c, with Adam and a cosine schedule; returns W, C = W V, and c."""
    n = len(importance)
    draws = [np.random.default_rng(seed).standard_normal((2, n, n_hidden), np.float32) for seed in seeds]
    W, V = (torch.from_numpy(np.stack([d[k] for d in draws]) * (2 / (n + n_hidden)) ** 0.5) for k in (0, 1))
    V = V.mT.contiguous()
    c = torch.zeros(len(seeds), n)
    for parameter in (W, V, c):
        parameter.requires_grad_()
    optimiser = torch.optim.Adam([W, V, c], lr=lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    of_each = np.repeat(density[:, None], n, 1)
    weight = torch.tensor(importance, dtype=torch.float32)
    with job.progress(f"{len(seeds)} classifiers, {n_hidden} dimensions", steps) as progress:
        for step in range(steps):
            optimiser.zero_grad()
            _loss(features.sample(seeds, step, batch, of_each), W, V, c, weight).sum().backward()
            optimiser.step()
            schedule.step()
            progress.advance()
    W, V, c = (parameter.detach() for parameter in (W, V, c))
    return W.numpy(), (W @ V).numpy(), c.numpy()


def distances(
    C: Float[Array, "*model n k"], c: Float[Array, "*model k"], x: Float[Array, "*model point n"]
) -> tuple[Bool[Array, "*model point"], Float[Array, "*model point"]]:
    """Whether each model names the largest feature, and how far away the nearest input is at which it names another.

    The regions of a linear classifier are bounded by planes, so the distance is min_j (z_y − z_j) / ‖C_y − C_j‖, exactly;
    0 where the answer is wrong already. Inputs without an active feature count as wrong."""
    logits = x @ C + c[..., None, :]
    label = x.argmax(-1)
    margin = np.take_along_axis(logits, label[..., None], -1) - logits
    gaps = np.linalg.norm(C[..., :, None] - C[..., None, :], axis=-3)
    gap = np.take_along_axis(gaps, label[..., None], -2)
    distance = np.divide(margin, gap, out=np.full_like(margin, np.inf), where=gap > 0).min(-1)
    right = (distance > 0) & (x.max(-1) > 0)
    return right, np.where(right, distance, 0)


def true_distance(x: Float[Array, "*batch n"]) -> Float[Array, "*batch"]:
    """How far the nearest input lies at which another feature is the largest: (x₁ − x₂) / √2 for the two largest."""
    two = np.sort(x, -1)[..., -2:]
    return (two[..., 1] - two[..., 0]) / np.sqrt(2)


def held_out(seeds: list[int], density: Float[Array, "instance"], points: int, n: int) -> Tensor:
    """Inputs that training never draws, (instance, point, feature)."""
    of_each = np.repeat(density[:, None], n, 1)
    return features.sample(seeds, features.HELD_OUT, points, of_each).transpose(0, 1).contiguous()
