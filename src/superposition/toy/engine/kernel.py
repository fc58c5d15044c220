"""The training step of `autoencoders.Autoencoders` as one compiled loop: sample, forward, backward and AdamW.
An instance's batch goes by in blocks that stay in the first-level cache, and each core trains its own instances."""

# Why it is fast: PyTorch passes over arrays of batch × instance × feature a dozen times a step, drawing them from a
# serial generator; here nothing of that size ever leaves the cache. The functions share this file, because Numba's
# compile cache only watches the file that a function is in.

import numpy as np
from numba import njit, prange, uint32, uint64

from superposition.toy.engine.features import ROUND

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
def _draw(x, size, start, k0, k1, density):
    """Fill x[:, :size] with the features of the examples from `start` on: `features.sample`, number by number."""
    for i in range(x.shape[0]):
        p = np.float32(density[i])
        sparsity, scale = np.float32(1) - p, np.float32(1) / p
        counter, stride = uint32(start * x.shape[0] + i), uint32(x.shape[0])
        for e in range(size):
            word = _mix(_mix(uint32(counter + uint32(e) * stride) + k0) ^ k1)
            x[i, e] = max(np.float32(0), (np.float32(word >> uint32(8)) * np.float32(2**-24) - sparsity) * scale)
        x[i, size:] = 0


# In the three products examples run along the last axis, BLOCK of them, so every inner loop is a vector operation of a
# length that the compiler knows. Two go by four hidden units at a time, to read and write their other operand less often.


@njit(fastmath=True)
def _project(W, x, h):
    """h = Wᵀ x."""
    n, m = W.shape
    h[:] = 0
    for i in range(n):
        for j in range(m):
            for e in range(BLOCK):
                h[j, e] += W[i, j] * x[i, e]


@njit(fastmath=True)
def _lift(W, h, y):
    """y = W h."""
    n, m = W.shape
    fours = m - m % 4
    for i in range(n):
        y[i] = 0
        for j in range(0, fours, 4):
            w0, w1, w2, w3 = W[i, j], W[i, j + 1], W[i, j + 2], W[i, j + 3]
            for e in range(BLOCK):
                y[i, e] += w0 * h[j, e] + w1 * h[j + 1, e] + w2 * h[j + 2, e] + w3 * h[j + 3, e]
        for j in range(fours, m):
            for e in range(BLOCK):
                y[i, e] += W[i, j] * h[j, e]


@njit(fastmath=True)
def _add_outer(x, h, dW):
    """dW += x hᵀ, summed over the block."""
    n, m = dW.shape
    fours = m - m % 4
    zero = dW.dtype.type(0)
    for i in range(n):
        for j in range(0, fours, 4):
            t0, t1, t2, t3 = zero, zero, zero, zero
            for e in range(BLOCK):
                t0 += x[i, e] * h[j, e]
                t1 += x[i, e] * h[j + 1, e]
                t2 += x[i, e] * h[j + 2, e]
                t3 += x[i, e] * h[j + 3, e]
            dW[i, j] += t0
            dW[i, j + 1] += t1
            dW[i, j + 2] += t2
            dW[i, j + 3] += t3
        for j in range(fours, m):
            total = zero
            for e in range(BLOCK):
                total += x[i, e] * h[j, e]
            dW[i, j] += total


@njit(fastmath=True)
def _error(x, b, importance, floor, size, y, db):
    """Turn y = W h into the gradient of Σ_i I_i (x_i - x'_i)² / 2 with respect to it, and return the sum.

    `floor` is where the output is cut: 0 for a ReLU, -inf for none. db grows by the gradient's sum over the block."""
    loss = 0.0
    for i in range(x.shape[0]):
        squares, total = x.dtype.type(0), x.dtype.type(0)
        for e in range(size):
            z = y[i, e] + b[i]
            error = max(z, floor) - x[i, e]
            squares += error * error
            y[i, e] = importance[i] * error if z > floor else x.dtype.type(0)
            total += y[i, e]
        y[i, size:] = 0
        db[i] += total
        loss += importance[i] * squares
    return loss


@njit
def _gradient(W, b, importance, relu, density, seed, step, batch, x, h, y, dh, dW, db):
    """The loss of one instance on batch `step`, its gradient left in dW and db; x, h, y and dh are room to work in."""
    k0, k1 = _key(seed, step)
    floor = W.dtype.type(0) if relu else W.dtype.type(-np.inf)
    dW[:] = 0
    db[:] = 0
    loss = 0.0
    for start in range(0, batch, BLOCK):
        size = min(BLOCK, batch - start)
        _draw(x, size, start, k0, k1, density)
        _project(W, x, h)
        _lift(W, h, y)
        loss += _error(x, b, importance, floor, size, y, db)
        _project(W, y, dh)
        _add_outer(y, h, dW)
        _add_outer(x, dh, dW)
    scale = W.dtype.type(2 / batch)
    for i in range(W.shape[0]):
        db[i] *= scale
        for j in range(W.shape[1]):
            dW[i, j] *= scale
    return loss / batch


@njit
def _room(W):
    """x, h, y and dh for one block of one instance, in the precision of W."""
    n, m = W.shape[-2:]
    T = W.dtype
    return np.empty((n, BLOCK), T), np.empty((m, BLOCK), T), np.empty((n, BLOCK), T), np.empty((m, BLOCK), T)


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
    instances = W.shape[0]
    loss, dW, db = np.empty(instances), np.empty_like(W), np.empty_like(b)
    for i in prange(instances):
        x, h, y, dh = _room(W)
        loss[i] = _gradient(W[i], b[i], importance[i], relu[i], density[i], seeds[i], step, batch, x, h, y, dh, dW[i], db[i])
    return loss, dW, db


@njit(parallel=True, cache=True)
def advance(W, b, moments, importance, relu, density, seeds, step, lr, batch, decay, beta1, beta2, eps):
    """Train every instance in place for len(lr) steps from `step` on, and return the mean loss of each over them.

    `moments` holds AdamW's first moments of W and b, then the second."""
    first_W, first_b, second_W, second_b = moments
    instances, steps = W.shape[0], lr.size
    loss = np.zeros(instances)
    for i in prange(instances):
        x, h, y, dh = _room(W)
        dW, db = np.empty_like(W[i]), np.empty_like(b[i])
        for t in range(steps):
            at = step + t
            loss[i] += _gradient(W[i], b[i], importance[i], relu[i], density[i], seeds[i], at, batch, x, h, y, dh, dW, db)
            _adamw(W[i].ravel(), dW.ravel(), first_W[i].ravel(), second_W[i].ravel(), lr[t], decay, beta1, beta2, eps, at)
            _adamw(b[i], db, first_b[i], second_b[i], lr[t], decay, beta1, beta2, eps, at)
        loss[i] /= steps
    return loss
