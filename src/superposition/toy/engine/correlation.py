"""Features that keep company: sets active together, sets of which only one is active, and independent ones.
One sampler for the three, as a compiled training step on the CPU, and PCA's exact loss to hold it against."""

from dataclasses import dataclass
from typing import Literal, no_type_check

import numpy as np
import torch
from jaxtyping import Float, Int
from numba import njit, prange, uint32
from torch import Tensor

from superposition import runs
from superposition.toy.engine import features
from superposition.toy.engine.kernel import BLOCK, _adamw, _add_outer, _error, _key, _lift, _mix, _project, _room
from superposition.toy.engine.training import AdamW

Array = np.ndarray
Kind = Literal["correlated", "independent", "anticorrelated"]
KINDS: tuple[Kind, ...] = ("correlated", "independent", "anticorrelated")


@dataclass(frozen=True)
class Windows:
    """When each feature is active: where the latent number of its group, uniform on [0, 1), lies in [low, high).

    Features of one group with one window are active together, those with disjoint windows never, and features with
    groups of their own are independent. A feature's density is high - low."""

    group: Int[Array, "*instance n_features"]
    low: Float[Array, "*instance n_features"]
    high: Float[Array, "*instance n_features"]


def windows(kind: Kind, sets: int, size: int, density: float) -> Windows:
    """`sets` sets of `size` features, each feature active with probability `density`, neighbours in one set.

    Source: Elhage et al. 2022, "The Geometry of Superposition": correlated features of a set are active together, of
    anticorrelated ones exactly one is, when any is. Raises ValueError where that cannot be: size × density above 1."""
    n = sets * size
    if kind == "anticorrelated" and size * density > 1 + 1e-9:
        raise ValueError(f"{size} features that exclude each other cannot each have density {density:g}: together above 1")
    group = np.arange(n) if kind == "independent" else np.repeat(np.arange(sets), size)
    low = np.tile(np.arange(size), sets) * density if kind == "anticorrelated" else np.zeros(n)
    return Windows(group, low.astype(np.float32), (low + density).astype(np.float32))


def stack(of_each: list[Windows]) -> Windows:
    """Windows of several instances, one after another along a first axis."""
    return Windows(*(np.stack([getattr(one, name) for one in of_each]) for name in ("group", "low", "high")))


def sample(seeds: list[int], step: int, batch: int, active: Windows) -> Float[Tensor, "batch instance n_features"]:
    """One batch for every instance: magnitudes uniform on [0, 1), independent of each other and of what is active."""
    n = active.group.shape[-1]
    draws = features.uniform(seeds, step, batch, 2 * n)
    latent = torch.take_along_dim(draws[..., n:], torch.from_numpy(active.group)[None], dim=-1)
    on = (latent >= torch.from_numpy(active.low)) & (latent < torch.from_numpy(active.high))
    return torch.where(on, draws[..., :n], 0.0)


def covariance(kind: Kind, sets: int, size: int, density: float) -> Float[Array, "n_features n_features"]:
    """The exact covariance of the features.

    A feature has variance p/3 - p²/4; two of a set have covariance p/4 - p²/4 if correlated, -p²/4 if anticorrelated."""
    p = density
    within = {"correlated": p / 4 - p**2 / 4, "independent": 0.0, "anticorrelated": -(p**2) / 4}[kind]
    block = np.full((size, size), within)
    np.fill_diagonal(block, p / 3 - p**2 / 4)
    return np.kron(np.eye(sets), block)


def pca_loss(kind: Kind, sets: int, size: int, density: float, n_hidden: int) -> float:
    """The least loss of any linear model, PCA's: the sum of all but the n_hidden largest eigenvalues of the covariance."""
    return float(np.linalg.eigvalsh(covariance(kind, sets, size, density))[: sets * size - n_hidden].sum())


@njit
@no_type_check
def _draw(x, size, start, k0, k1, group, low, high):
    """Fill x[:, :size] with the features of the examples from `start` on: `sample`, number by number."""
    n = x.shape[0]
    stride = uint32(2 * n)
    for i in range(n):
        for e in range(size):
            at = uint32(start + e) * stride
            value = _mix(_mix(uint32(at + uint32(i)) + k0) ^ k1)
            latent = np.float32(_mix(_mix(uint32(at + uint32(n + group[i])) + k0) ^ k1) >> uint32(8)) * np.float32(2**-24)
            on = latent >= low[i] and latent < high[i]
            x[i, e] = np.float32(value >> uint32(8)) * np.float32(2**-24) if on else np.float32(0)
        x[i, size:] = 0


@njit
@no_type_check
def _gradient(W, b, group, low, high, seed, step, batch, x, h, y, dh, dW, db):
    """The loss of one instance on batch `step`, its gradient left in dW and db."""
    k0, k1 = _key(seed, step)
    ones = np.ones_like(b)
    dW[:] = 0
    db[:] = 0
    loss = 0.0
    for start in range(0, batch, BLOCK):
        size = min(BLOCK, batch - start)
        _draw(x, size, start, k0, k1, group, low, high)
        _project(W, x, h)
        _lift(W, h, y)
        loss += _error(x, b, ones, W.dtype.type(0), size, y, db)
        _project(W, y, dh)
        _add_outer(y, h, dW)
        _add_outer(x, dh, dW)
    scale = W.dtype.type(2 / batch)
    db *= scale
    dW *= scale
    return loss / batch


# The run-time check of types would wrap what Numba compiles: hence `no_type_check`.
# Not cached: Numba's cache would not see a change of the functions that these take from `kernel`.
@njit(parallel=True)
@no_type_check
def _gradients(W, b, group, low, high, seeds, step, batch):
    loss, dW, db = np.empty(len(W)), np.empty_like(W), np.empty_like(b)
    for i in prange(len(W)):
        room = _room(W)
        loss[i] = _gradient(W[i], b[i], group[i], low[i], high[i], seeds[i], step, batch, *room, dW[i], db[i])
    return loss, dW, db


@njit(parallel=True)
@no_type_check
def _advance(W, b, first_W, first_b, second_W, second_b, group, low, high, seeds, step, lr, batch, decay, beta1, beta2, eps):
    for i in prange(len(W)):
        room = _room(W)
        dW, db = np.empty_like(W[i]), np.empty_like(b[i])
        for t in range(lr.size):
            at = step + t
            _gradient(W[i], b[i], group[i], low[i], high[i], seeds[i], at, batch, *room, dW, db)
            _adamw(W[i].ravel(), dW.ravel(), first_W[i].ravel(), second_W[i].ravel(), lr[t], decay, beta1, beta2, eps, at)
            _adamw(b[i], db, first_b[i], second_b[i], lr[t], decay, beta1, beta2, eps, at)


def gradients(
    W: Float[Array, "instance n_features n_hidden"], b: Float[Array, "instance n_features"],
    active: Windows, seeds: list[int], step: int, batch: int,
) -> tuple[Float[Array, "instance"], Float[Array, "instance n_features n_hidden"], Float[Array, "instance n_features"]]:  # fmt: skip  # noqa: E501
    """The loss Σ_i (x_i - ReLU(x W Wᵀ + b)_i)² of every instance on batch `step`, and its gradient: (loss, dW, db)."""
    return _gradients(W, b, active.group, active.low, active.high, np.array(seeds, np.uint64), step, batch)


def train(
    W: Float[Array, "instance n_features n_hidden"], b: Float[Array, "instance n_features"],
    active: Windows, seeds: list[int], steps: int, batch: int, optimiser: AdamW, stops: list[int],
    job: runs.Job, key: str,
) -> tuple[Float[Array, "stop instance n_features n_hidden"], Float[Array, "stop instance n_features"]]:  # fmt: skip
    """Train every instance in place, on the CPU whatever the device, and return W and b as they were at the `stops`.

    `stops` are rising steps, the last of them `steps`. A run that was killed goes on from its last checkpoint, named
    `key`, to the bit-identical end."""
    seeded, rates = np.array(seeds, np.uint64), optimiser.rates(steps)
    state = {"W": W, "b": b, "first_W": 0 * W, "first_b": 0 * b, "second_W": 0 * W, "second_b": 0 * b}
    kept_W, kept_b = np.zeros((len(stops), *W.shape), W.dtype), np.zeros((len(stops), *b.shape), b.dtype)
    done = 0
    if saved := job.load_checkpoint(key):
        for name, array in state.items():
            array[:] = saved[name]
        kept_W[:], kept_b[:], done = saved["kept_W"], saved["kept_b"], int(saved["done"])
    with job.progress(f"{len(W)} models of {W.shape[1]} features", steps) as progress:
        progress.advance(stops[done - 1] if done else 0)
        for k in range(done, len(stops)):
            start = stops[k - 1] if k else 0
            _advance(
                *state.values(), active.group, active.low, active.high, seeded, start, rates[start : stops[k]], batch,
                optimiser.weight_decay, optimiser.beta1, optimiser.beta2, optimiser.eps,
            )  # fmt: skip
            kept_W[k], kept_b[k] = W, b
            progress.advance(stops[k] - start)
            job.save_checkpoint(key, state | {"kept_W": kept_W, "kept_b": kept_b, "done": np.array(k + 1)})
    return kept_W, kept_b


def evaluate(
    W: Float[Array, "instance n_features n_hidden"], b: Float[Array, "instance n_features"],
    active: Windows, seeds: list[int], batches: int = 32, batch: int = 4096,
) -> Float[Array, "instance"]:  # fmt: skip
    """The loss of each instance on held-out data; instances with equal seeds see equal data."""
    steps = range(features.HELD_OUT, features.HELD_OUT + batches)
    return np.mean([gradients(W, b, active, seeds, step, batch)[0] for step in steps], axis=0)


def start(seeds: list[int], n_features: int, n_hidden: int, scale: float = 1.0) -> Float[Array, "instance n_features n_hidden"]:
    """Xavier-normal weights times `scale`, each instance's by its seed alone."""
    size = scale * (2 / (n_features + n_hidden)) ** 0.5
    each = [np.random.default_rng(seed).standard_normal((n_features, n_hidden), np.float32) for seed in seeds]
    return (size * np.stack(each)).astype(np.float32)
