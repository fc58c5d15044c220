"""The training step of `models.Autoencoders` as one compiled loop: sample, forward, backward and AdamW.
An instance's batch goes by in blocks that stay in the first-level cache, and each core trains its own instances."""

# Why it is fast: PyTorch passes over arrays of batch × instance × feature a dozen times a step, drawing them from a
# serial generator; here nothing of that size ever leaves the cache. The functions share this file, because Numba's
# compile cache only watches the file that a function is in.

import numpy as np
from numba import njit, prange, uint32, uint64

from superposition.toy.features import ROUND

BLOCK = 128
_A, _C, _D, _E, _F = (uint32(word) for word in ROUND)


@njit(inline="always")
def _mix(x):
    x = uint32(uint32(x ^ (x >> _A)) * _C)
    x = uint32(uint32(x ^ (x >> _D)) * _E)
    return x ^ (x >> _F)


@njit
def _key(seed, step):
    z = uint64(seed) * uint64(0x9E3779B97F4A7C15) + uint64(step) * uint64(0xD1B54A32D192ED03) + uint64(0x8CB92BA72F3D8DD7)
    z = (z ^ (z >> uint64(30))) * uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> uint64(27))) * uint64(0x94D049BB133111EB)
    z ^= z >> uint64(31)
    return uint32(z & uint64(0xFFFFFFFF)), uint32(z >> uint64(32))


# No fastmath here: reassociating this product would change the draws.
@njit
def _feature(x, size, counter, stride, k0, k1, sparsity, scale):
    """Fill x[:size] with one feature's values in consecutive examples: `features.sample`, number by number."""
    for e in range(size):
        word = _mix(_mix(uint32(counter + uint32(e) * stride) + k0) ^ k1)
        x[e] = max(np.float32(0), (np.float32(word >> uint32(8)) * np.float32(2**-24) - sparsity) * scale)


@njit(fastmath=True)
def _block(W, b, importance, floor, size, x, h, dh, g, dW, db):
    """Add one block's gradient of Σ_i I_i (x_i - x'_i)² / 2 to dW and db, and return the block's sum of that loss.

    Its `size` examples lie along the last axis of x, h, dh and g, so every inner loop is a vector operation."""
    n, m = W.shape
    zero = W.dtype.type(0)
    h[:] = zero
    dh[:] = zero
    for i in range(n):
        x_i = x[i]
        for j in range(m):
            w, h_j = W[i, j], h[j]
            for e in range(size):
                h_j[e] += w * x_i[e]
    loss = 0.0
    for i in range(n):
        x_i, g_i, bias, weight = x[i], g[i], b[i], importance[i]
        for e in range(size):
            g_i[e] = bias
        for j in range(m):
            w, h_j = W[i, j], h[j]
            for e in range(size):
                g_i[e] += w * h_j[e]
        squares, total = zero, zero
        for e in range(size):
            error = max(g_i[e], floor) - x_i[e]
            squares += error * error
            g_i[e] = weight * error if g_i[e] > floor else zero
            total += g_i[e]
        loss += weight * squares
        db[i] += total
        for j in range(m):
            w, h_j, dh_j, through = W[i, j], h[j], dh[j], zero
            for e in range(size):
                dh_j[e] += w * g_i[e]
                through += g_i[e] * h_j[e]
            dW[i, j] += through
    for i in range(n):
        x_i = x[i]
        for j in range(m):
            dh_j, through = dh[j], zero
            for e in range(size):
                through += x_i[e] * dh_j[e]
            dW[i, j] += through
    return loss


@njit
def _gradient(W, b, importance, relu, density, seed, step, batch, x, h, dh, g, dW, db):
    """The loss of one instance on batch `step`, its gradient left in dW and db."""
    n = W.shape[0]
    k0, k1 = _key(seed, step)
    floor = W.dtype.type(0) if relu else W.dtype.type(-np.inf)
    dW[:] = 0
    db[:] = 0
    loss = 0.0
    for start in range(0, batch, BLOCK):
        size = min(BLOCK, batch - start)
        for i in range(n):
            p = np.float32(density[i])
            _feature(x[i], size, uint32(start * n + i), uint32(n), k0, k1, np.float32(1) - p, np.float32(1) / p)
        loss += _block(W, b, importance, floor, size, x, h, dh, g, dW, db)
    for i in range(n):
        db[i] *= W.dtype.type(2 / batch)
        for j in range(W.shape[1]):
            dW[i, j] *= W.dtype.type(2 / batch)
    return loss / batch


@njit(fastmath=True)
def _adamw(p, d, first, second, lr, decay, beta1, beta2, eps, step):
    """One step of AdamW on the flat parameters p with gradient d, as `torch.optim.AdamW` does it."""
    T = p.dtype.type
    shrink, rate = T(1 - lr * decay), T(lr / (1 - beta1 ** (step + 1)))
    correct, b1, b2, small = T(1 / np.sqrt(1 - beta2 ** (step + 1))), T(beta1), T(beta2), T(eps)
    one = T(1)
    for i in range(p.size):
        first[i] = b1 * first[i] + (one - b1) * d[i]
        second[i] = b2 * second[i] + (one - b2) * d[i] * d[i]
        p[i] = p[i] * shrink - rate * first[i] / (np.sqrt(second[i]) * correct + small)


@njit(parallel=True, cache=True)
def gradients(W, b, importance, relu, density, seeds, step, batch):
    """Loss and gradient of every instance on batch `step`: (loss, dW, db), in the precision of W."""
    instances, n, m = W.shape
    loss, dW, db = np.empty(instances), np.empty_like(W), np.empty_like(b)
    for i in prange(instances):
        x, g = np.empty((n, BLOCK), W.dtype), np.empty((n, BLOCK), W.dtype)
        h, dh = np.empty((m, BLOCK), W.dtype), np.empty((m, BLOCK), W.dtype)
        loss[i] = _gradient(W[i], b[i], importance[i], relu[i], density[i], seeds[i], step, batch, x, h, dh, g, dW[i], db[i])
    return loss, dW, db


@njit(parallel=True, cache=True)
def advance(W, b, moments, importance, relu, density, seeds, step, lr, batch, decay, beta1, beta2, eps):
    """Train every instance in place for len(lr) steps from `step` on, and return the mean loss of each over them.

    `moments` holds AdamW's first moments of W and b, then the second."""
    instances, n, m = W.shape
    first_W, first_b, second_W, second_b = moments
    loss = np.zeros(instances)
    for i in prange(instances):
        x, g = np.empty((n, BLOCK), W.dtype), np.empty((n, BLOCK), W.dtype)
        h, dh = np.empty((m, BLOCK), W.dtype), np.empty((m, BLOCK), W.dtype)
        dW, db = np.empty_like(W[i]), np.empty_like(b[i])
        for t in range(lr.size):
            loss[i] += _gradient(
                W[i], b[i], importance[i], relu[i], density[i], seeds[i], step + t, batch, x, h, dh, g, dW, db
            )
            _adamw(W[i].ravel(), dW.ravel(), first_W[i].ravel(), second_W[i].ravel(), lr[t], decay, beta1, beta2, eps, step + t)
            _adamw(b[i], db, first_b[i], second_b[i], lr[t], decay, beta1, beta2, eps, step + t)
        loss[i] /= lr.size
    return loss
