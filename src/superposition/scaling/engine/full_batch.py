"""Autoencoders with two hidden dimensions, x' = ReLU(x W Wᵀ + b), trained on a fixed set of sparse samples, all in every step."""

# A sample is a few active features out of many, so only the outputs are dense: n of them, from two hidden numbers. They are
# gone through feature by feature in vectors, four samples at a time; the active ones are mended after.

import numpy as np
from jaxtyping import Float, Int
from numba import njit

from superposition.training import AdamW, adamw

Array = np.ndarray
Parameters = Float[Array, "3*n"]  # both columns of W, then b
Samples = tuple[Int[Array, "samples k"], Float[Array, "samples k"]]
_adamw = njit(fastmath=True, error_model="numpy")(adamw)


def draw(rng: np.random.Generator, samples: int, n: int, density: float) -> Samples:
    """Samples of length one: which features are active, and their values, uniform before the length is divided out.

    Rows are filled up with feature 0 at 0; a sample without an active feature is drawn again. Source: Henighan et al. 2023."""
    active = rng.random((samples, n)) < density
    while (empty := ~active.any(1)).any():
        active[empty] = rng.random((empty.sum(), n)) < density
    most = active.sum(1).max()
    index = np.argsort(~active, axis=1, kind="stable")[:, :most]
    value = rng.random((samples, most)) * np.take_along_axis(active, index, 1)
    value /= np.linalg.norm(value, axis=1, keepdims=True)
    index[value == 0] = 0
    return index.astype(np.int32), value.astype(np.float32)


@njit(fastmath=True, error_model="numpy", nogil=True)
def _gradient(p, index, value, d, h, s):
    """The loss, ‖x - x'‖² in the mean over samples, and its gradient d, of p: all of one model."""
    T, K = index.shape
    n = p.size // 3
    w0, w1, b = p[:n], p[n : 2 * n], p[2 * n :]
    d0, d1, db = d[:n], d[n : 2 * n], d[2 * n :]
    zero = np.float32(0)
    for i in range(3 * n):
        d[i] = zero
    for t in range(T):
        a0, a1 = zero, zero
        for k in range(K):
            a0 += value[t, k] * w0[index[t, k]]
            a1 += value[t, k] * w1[index[t, k]]
        h[0, t], h[1, t] = a0, a1
    total = 0.0
    for t in range(0, T - T % 4, 4):
        x0, x1, x2, x3 = h[0, t], h[0, t + 1], h[0, t + 2], h[0, t + 3]
        y0, y1, y2, y3 = h[1, t], h[1, t + 1], h[1, t + 2], h[1, t + 3]
        l = zero
        s0, s1, s2, s3 = zero, zero, zero, zero
        r0, r1, r2, r3 = zero, zero, zero, zero
        for i in range(n):
            u, v, c = w0[i], w1[i], b[i]
            z0 = max(zero, u * x0 + v * y0 + c)
            z1 = max(zero, u * x1 + v * y1 + c)
            z2 = max(zero, u * x2 + v * y2 + c)
            z3 = max(zero, u * x3 + v * y3 + c)
            l += z0 * z0 + z1 * z1 + z2 * z2 + z3 * z3
            db[i] += z0 + z1 + z2 + z3
            d0[i] += z0 * x0 + z1 * x1 + z2 * x2 + z3 * x3
            d1[i] += z0 * y0 + z1 * y1 + z2 * y2 + z3 * y3
            s0 += z0 * u
            s1 += z1 * u
            s2 += z2 * u
            s3 += z3 * u
            r0 += z0 * v
            r1 += z1 * v
            r2 += z2 * v
            r3 += z3 * v
        total += l
        s[0, t], s[0, t + 1], s[0, t + 2], s[0, t + 3] = s0, s1, s2, s3
        s[1, t], s[1, t + 1], s[1, t + 2], s[1, t + 3] = r0, r1, r2, r3
    for t in range(T - T % 4, T):
        x0, y0 = h[0, t], h[1, t]
        l, s0, r0 = zero, zero, zero
        for i in range(n):
            z0 = max(zero, w0[i] * x0 + w1[i] * y0 + b[i])
            l += z0 * z0
            db[i] += z0
            d0[i] += z0 * x0
            d1[i] += z0 * y0
            s0 += z0 * w0[i]
            r0 += z0 * w1[i]
        total += l
        s[0, t], s[1, t] = s0, r0
    for t in range(T):
        x0, y0 = h[0, t], h[1, t]
        s0, r0 = s[0, t], s[1, t]
        for k in range(K):
            x, i = value[t, k], index[t, k]
            z = w0[i] * x0 + w1[i] * y0 + b[i]
            total += x * x
            if z > zero:
                total -= 2 * x * z
                db[i] -= x
                d0[i] -= x * x0
                d1[i] -= x * y0
                s0 -= x * w0[i]
                r0 -= x * w1[i]
        for k in range(K):
            d0[index[t, k]] += value[t, k] * s0
            d1[index[t, k]] += value[t, k] * r0
    scale = np.float32(2.0 / T)
    for i in range(3 * n):
        d[i] *= scale
    return total / T


@njit(fastmath=True, error_model="numpy", nogil=True)
def _train(p, index, value, rates, decay, beta1, beta2, eps):
    d, first, second = np.zeros_like(p), np.zeros_like(p), np.zeros_like(p)
    h, s = np.zeros((2, len(index)), np.float32), np.zeros((2, len(index)), np.float32)
    for step in range(len(rates)):
        _gradient(p, index, value, d, h, s)
        _adamw(p, d, first, second, rates[step], decay, beta1, beta2, eps, step)


def train(p: Parameters, samples: Samples, optimiser: AdamW, steps: int) -> Parameters:
    """What p becomes in so many steps, each on all samples."""
    p = p.copy()
    _train(p, *samples, optimiser.rates(steps), *optimiser.numbers)
    return p


def loss(p: Parameters, samples: Samples) -> float:
    """‖x - x'‖² in the mean over samples: 0 of a perfect copy, 1 of a model that always gives 0."""
    return gradient(p, samples)[0]


def gradient(p: Parameters, samples: Samples) -> tuple[float, Parameters]:
    """The loss and its gradient."""
    room = np.zeros((2, 2, len(samples[0])), np.float32)
    d = np.zeros_like(p)
    return float(_gradient(p, *samples, d, *room)), d


def start(rng: np.random.Generator, n: int, scale: float) -> Parameters:
    """Normal weights of this standard deviation, and no biases."""
    return np.concatenate([scale * rng.standard_normal(2 * n), np.zeros(n)]).astype(np.float32)


def features(p: Parameters) -> Float[Array, "n 2"]:
    """W, a row for each feature."""
    return p[: 2 * (p.size // 3)].reshape(2, -1).T


def hidden(p: Parameters, samples: Samples) -> Float[Array, "samples 2"]:
    """The hidden vector of every sample, x W."""
    index, value = samples
    return np.einsum("tk,tkm->tm", value, features(p)[index])
