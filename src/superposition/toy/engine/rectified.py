"""The toy model with a ReLU on its hidden layer as well, which makes the neurons a basis: h = ReLU(x W), x' = ReLU(h Wᵀ + b).
Forward in PyTorch, to be read and tested against; training as one compiled loop on the pieces of `kernel`."""

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Bool, Float, Integer
from numba import njit, prange
from torch import Tensor

from superposition import runs
from superposition.toy.engine import features, kernel
from superposition.toy.engine.kernel import BLOCK
from superposition.toy.engine.training import AdamW

Array = np.ndarray


def loss(
    W: Float[Tensor, "instance n m"],
    b: Float[Tensor, "instance n"],
    x: Float[Tensor, "batch instance n"],
    importance: Float[Tensor, "n"],
    rectified: Bool[Tensor, "instance"],
) -> Float[Tensor, "instance"]:
    """Σ_i I_i (x_i - x'_i)², mean over the batch; `rectified` says which instances have a ReLU on the hidden layer.

    Source: Elhage et al. 2022, "Superposition in a Privileged Basis"."""
    hidden = torch.einsum("bin,inm->bim", x, W)
    hidden = torch.where(rectified[:, None], hidden.relu(), hidden)
    output = (torch.einsum("bim,inm->bin", hidden, W) + b).relu()
    return (importance * (x - output) ** 2).sum(-1).mean(0)


@njit(fastmath=True)
def _gradient(W, b, importance, rectified, density, seed, step, batch, room, dW, db):
    """The loss of one instance on batch `step`, its gradient left in dW and db: `kernel`'s, but for the hidden ReLU."""
    x, h, y, dh = room
    k0, k1 = kernel._key(seed, step)
    zero = W.dtype.type(0)
    dW[:] = 0
    db[:] = 0
    total = 0.0
    for start in range(0, batch, BLOCK):
        size = min(BLOCK, batch - start)
        kernel._draw(x, size, start, k0, k1, density)
        kernel._project(W, x, h)
        if rectified:
            for j in range(h.shape[0]):
                for e in range(BLOCK):
                    h[j, e] = max(h[j, e], zero)
        kernel._lift(W, h, y)
        total += kernel._error(x, b, importance, zero, size, y, db)
        kernel._project(W, y, dh)
        if rectified:
            for j in range(h.shape[0]):
                for e in range(BLOCK):
                    dh[j, e] = dh[j, e] if h[j, e] > zero else zero
        kernel._add_outer(y, h, dW)
        kernel._add_outer(x, dh, dW)
    dW *= W.dtype.type(2 / batch)
    db *= W.dtype.type(2 / batch)
    return total / batch


@njit(fastmath=True)
def _adamw_isotropic(W, dW, first, second, lr, decay, beta1, beta2, eps, step):
    """AdamW with one second moment for each feature, the mean over its neurons: turning the hidden space turns its steps."""
    T = W.dtype.type
    shrink, rate = T(1 - lr * decay), T(lr / (1 - beta1 ** (step + 1)))
    correct = T(1 / np.sqrt(1 - beta2 ** (step + 1)))
    for i in range(W.shape[0]):
        mean = T(0)
        for j in range(W.shape[1]):
            mean += dW[i, j] * dW[i, j] / T(W.shape[1])
        for j in range(W.shape[1]):
            first[i, j] = T(beta1) * first[i, j] + T(1 - beta1) * dW[i, j]
            second[i, j] = T(beta2) * second[i, j] + T(1 - beta2) * mean
            W[i, j] = W[i, j] * shrink - rate * first[i, j] / (np.sqrt(second[i, j]) * correct + T(eps))


# Not cached: Numba's cache would miss an edit to `kernel`.
@njit(parallel=True)
def gradients(W, b, importance, rectified, density, seeds, step, batch):
    """Loss and gradient of every instance on batch `step`: (loss, dW, db)."""
    loss, dW, db = np.empty(len(W)), np.empty_like(W), np.empty_like(b)
    for i in prange(len(W)):
        loss[i] = _gradient(
            W[i], b[i], importance, rectified[i], density[i], seeds[i], step, batch, kernel._room(W), dW[i], db[i]
        )
    return loss, dW, db


@njit(parallel=True)
def _advance(W, b, moments, importance, rectified, isotropic, density, seeds, step, rates, batch, decay, beta1, beta2, eps):
    """Train every instance in place for len(rates) steps from `step` on."""
    first_W, first_b, second_W, second_b = moments
    for i in prange(len(W)):
        room, dW, db = kernel._room(W), np.empty_like(W[i]), np.empty_like(b[i])
        for t in range(len(rates)):
            at = step + t
            _gradient(W[i], b[i], importance, rectified[i], density[i], seeds[i], at, batch, room, dW, db)
            if isotropic[i]:
                _adamw_isotropic(W[i], dW, first_W[i], second_W[i], rates[t], decay, beta1, beta2, eps, at)
            else:
                weights, slope = W[i].ravel(), dW.ravel()
                kernel._adamw(weights, slope, first_W[i].ravel(), second_W[i].ravel(), rates[t], decay, beta1, beta2, eps, at)
            kernel._adamw(b[i], db, first_b[i], second_b[i], rates[t], decay, beta1, beta2, eps, at)


def _stretches(steps: int, each: int) -> list[tuple[int, int]]:
    return [(start, min(steps, start + each)) for start in range(0, steps, each)]


def train(
    W: Float[Array, "instance n m"],
    density: Float[Array, "instance n"],
    importance: Float[Array, "n"],
    rectified: Bool[Array, "instance"],
    isotropic: Bool[Array, "instance"],
    seeds: Integer[Array, "instance"],
    steps: int,
    batch: int,
    optimiser: AdamW,
    job: runs.Job,
    key: str = "rectified",
) -> tuple[Float[Array, "instance n m"], Float[Array, "instance n"]]:
    """W and b after `steps` batches from the start `W` and a bias of zero; resumes from the job's checkpoint `key`.

    `rectified` instances have the hidden ReLU; `isotropic` ones an AdamW that knows no basis of the hidden space."""
    state = {"W": W.astype(np.float32), "b": np.zeros(W.shape[:2], np.float32)}
    for moment in ("first_W", "first_b", "second_W", "second_b"):
        state[moment] = np.zeros_like(state[moment[-1]])
    done, rates = 0, optimiser.rates(steps)
    if saved := job.load_checkpoint(key):
        state, done = {name: saved[name].copy() for name in state}, int(saved["done"])
    moments = tuple(state[name] for name in ("first_W", "first_b", "second_W", "second_b"))
    given = importance.astype(np.float32), rectified, isotropic, density.astype(np.float32), seeds.astype(np.uint64)
    with job.progress(f"{len(W)} models", steps) as progress:
        progress.advance(done)
        for start, stop in _stretches(steps, 100)[done // 100 :]:
            _advance(
                state["W"], state["b"], moments, *given, start, rates[start:stop], batch,
                optimiser.weight_decay, optimiser.beta1, optimiser.beta2, optimiser.eps,
            )  # fmt: skip
            progress.advance(stop - start)
            job.save_checkpoint(key, state | {"done": np.array(stop)})
    return state["W"], state["b"]


def held_out(
    W: Float[Array, "instance n m"],
    b: Float[Array, "instance n"],
    density: Float[Array, "instance n"],
    importance: Float[Array, "n"],
    rectified: Bool[Array, "instance"],
    seeds: Integer[Array, "instance"],
    batches: int = 64,
    batch: int = 4096,
) -> Float[Array, "instance"]:
    """The loss of each instance on `batches` × `batch` examples of its own that training never draws."""
    given = importance.astype(np.float32), rectified, density.astype(np.float32), seeds.astype(np.uint64)
    each: Callable[[int], Array] = lambda step: gradients(W, b, *given, features.HELD_OUT + step, batch)[0]
    return np.mean([each(step) for step in range(batches)], axis=0)
