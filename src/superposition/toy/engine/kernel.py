"""The training step of `networks.Networks` as one compiled loop: sample, forward, backward and AdamW.
An instance's batch goes by in blocks that stay in the first-level cache, and each core trains its own instances."""

# Why it is fast: PyTorch passes over arrays of batch × instance × feature a dozen times a step, drawing them from a
# serial generator; here nothing of that size ever leaves the cache.

import math
from typing import NamedTuple

import numpy as np
from numba import njit, types, uint32, uint64
from numba.extending import overload

from superposition import training
from superposition.compiled import spread
from superposition.toy.engine import features

BLOCK = 128

# The numbers of what `networks` has by name and in this order. An activation is 0 at 0: the empty end of a batch's last
# block relies on it.
IDENTITY, RELU, LEAKY_RELU, GELU, TANH = range(5)
UNIFORM, SIGNED, BINARY, SIGN = range(4)
COPY, ABS, SQUARE, AND, OR, MAX = range(6)
LEAK = 0.01
# Dropout's masks are drawn like features, with steps counted from here on, far beyond those of held-out data.
MASKS = 2 * features.HELD_OUT


class Shape(NamedTuple):
    """What all instances of a stack share: their sizes, and what they are trained on."""

    n_in: int
    n_hidden: int
    n_out: int
    tied: bool
    windows: bool
    inputs: int
    target: int


class Settings(NamedTuple):
    """What each instance has of its own, with the instance as every array's first axis."""

    seeds: np.ndarray
    density: np.ndarray
    group: np.ndarray
    low: np.ndarray
    high: np.ndarray
    importance: np.ndarray
    hidden: np.ndarray
    output: np.ndarray
    dropout: np.ndarray
    l1: np.ndarray


class Room(NamedTuple):
    """Where one block of examples is worked on: one row a unit, one column an example."""

    x: np.ndarray
    target: np.ndarray
    hidden: np.ndarray
    slope: np.ndarray
    mask: np.ndarray
    dropped: np.ndarray
    d_hidden: np.ndarray
    output: np.ndarray
    d_output: np.ndarray


@njit
def _rows(count, T):
    """Room for one number of each example a row; rows begin with a cache line, or every wide load would touch two."""
    space = np.empty(count * BLOCK + 16, T)
    first = (-space.ctypes.data % 64) // space.itemsize
    return space[first : first + count * BLOCK].reshape(count, BLOCK)


@njit
def _room(shape, theta):
    n, m, k, T = shape.n_in, shape.n_hidden, shape.n_out, theta.dtype
    mask = _rows(m, T)
    mask[:] = 1
    hidden, slope, dropped, d_hidden = _rows(m, T), _rows(m, T), _rows(m, T), _rows(m, T)
    return Room(_rows(n, T), _rows(k, T), hidden, slope, mask, dropped, d_hidden, _rows(k, T), _rows(k, T))


@njit
def _split(shape, theta):
    """W1, W2ᵀ and b of an instance, as views of its flat parameters; where the weights are tied, W2ᵀ is W1."""
    n, m, k = shape.n_in, shape.n_hidden, shape.n_out
    start = 0 if shape.tied else n * m
    end = start + k * m
    return theta[: n * m].reshape(n, m), theta[start:end].reshape(k, m), theta[end:]


_A, _C, _D, _E, _F = (uint32(word) for word in features.ROUND)


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


@njit
def _draw_windows(x, size, start, k0, k1, group, low, high):
    """The same for features that are active where the number of their group lies in a window."""
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
def _shape_inputs(kind, x):
    """Turn features drawn from [0, 1] into inputs of another kind: an inactive one stays 0."""
    zero, half, one = np.float32(0), np.float32(0.5), np.float32(1)
    for i in range(x.shape[0]):
        if kind == SIGNED:
            for e in range(BLOCK):
                u = np.float32(x[i, e])  # as it was drawn, whatever the precision of x
                x[i, e] = u + u - one if u > zero else zero
        elif kind == BINARY:
            for e in range(BLOCK):
                x[i, e] = one if x[i, e] > zero else zero
        elif kind == SIGN:
            for e in range(BLOCK):
                x[i, e] = zero if x[i, e] == zero else -one if x[i, e] < half else one


@njit
def _answer(kind, x, target):
    """The target of every example, where it is not x itself."""
    if kind == COPY:
        return
    for i in range(target.shape[0]):
        for e in range(BLOCK):
            if kind == ABS:
                target[i, e] = abs(x[i, e])
            elif kind == SQUARE:
                target[i, e] = x[i, e] * x[i, e]
            elif kind == AND:
                target[i, e] = min(x[2 * i, e], x[2 * i + 1, e])
            elif kind == OR:
                target[i, e] = max(x[2 * i, e], x[2 * i + 1, e])
            elif kind == MAX:
                target[i, e] = max(abs(x[2 * i, e]), abs(x[2 * i + 1, e]))


@njit
def _draw_mask(mask, start, k0, k1, rate):
    """What dropout multiplies the hidden layer by: 0 at this rate, else 1 / (1 - rate)."""
    kept, stride = np.float32(1) / (np.float32(1) - rate), uint32(len(mask))
    for j in range(len(mask)):
        counter = uint32(start * len(mask) + j)
        for e in range(BLOCK):
            word = _mix(_mix(uint32(counter + uint32(e) * stride) + k0) ^ k1)
            mask[j, e] = kept if np.float32(word >> uint32(8)) * np.float32(2**-24) >= rate else np.float32(0)


# In the three products examples run along the last axis, BLOCK of them, so every inner loop is a vector operation of a
# length that the compiler knows. They go by four features or hidden units at a time, to read and write their other operand
# less often.


# No reassociation here: every sum runs over the features in their order, however many go at a time.
@njit(fastmath={"contract"})
def _project(W, x, h):
    """h = Wᵀ x."""
    n, m = W.shape
    fours = n - n % 4
    h[:] = 0
    for i in range(0, fours, 4):
        for j in range(m):
            w0, w1, w2, w3 = W[i, j], W[i + 1, j], W[i + 2, j], W[i + 3, j]
            for e in range(BLOCK):
                h[j, e] = h[j, e] + w0 * x[i, e] + w1 * x[i + 1, e] + w2 * x[i + 2, e] + w3 * x[i + 3, e]
    for i in range(fours, n):
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
def _exp_minus(t):
    """exp(-t) of a float32 t ≥ 0, to an ulp or two. Source: the polynomial of expf in Cephes, Moshier 1992."""
    t = min(t, np.float32(87))
    n = np.int32(t * np.float32(1.44269504) + np.float32(0.5))
    r = np.float32(n) * np.float32(0.693359375) - t + np.float32(n) * np.float32(-2.12194440e-4)
    p = np.float32(1.9875691500e-4)
    p = p * r + np.float32(1.3981999507e-3)
    p = p * r + np.float32(8.3334519073e-3)
    p = p * r + np.float32(4.1665795894e-2)
    p = p * r + np.float32(1.6666665459e-1)
    p = p * r + np.float32(5.0000001201e-1)
    return (p * r * r + r + np.float32(1)) * np.int32((np.int32(127) - n) << np.int32(23)).view(np.float32)


def _fast_normal(z):
    """The normal distribution's Φ and φ. Source: Abramowitz and Stegun 1964, 7.1.26, error 8e-8."""
    bell = _exp_minus(np.float32(0.5) * z * z)
    t = np.float32(1) / (np.float32(1) + np.float32(0.3275911 / math.sqrt(2)) * abs(z))
    p = np.float32(1.061405429)
    p = p * t + np.float32(-1.453152027)
    p = p * t + np.float32(1.421413741)
    p = p * t + np.float32(-0.284496736)
    p = p * t + np.float32(0.254829592)
    tail = np.float32(0.5) * p * t * bell
    return tail if z < np.float32(0) else np.float32(1) - tail, bell * np.float32(1 / math.sqrt(2 * math.pi))


def _exact_normal(z):
    return math.erfc(-z / math.sqrt(2)) / 2, math.exp(-z * z / 2) / math.sqrt(2 * math.pi)


def _fast_tanh(z):
    e = _exp_minus(np.float32(2) * abs(z))
    size = (np.float32(1) - e) / (np.float32(1) + e)
    return size if z > np.float32(0) else -size


def _exact_tanh(z):
    return math.tanh(z)


def _normal(z):
    raise NotImplementedError("compiled code alone calls this")


def _tanh(z):
    raise NotImplementedError("compiled code alone calls this")


# float32 is for training, in functions that become vector operations; float64 for holding the gradient against autograd's.
# Numba's check for a division by zero would keep them from that.
VECTOR = {"fastmath": True, "error_model": "numpy"}
overload(_normal, jit_options=VECTOR)(lambda z: _fast_normal if z == types.float32 else _exact_normal)
overload(_tanh, jit_options=VECTOR)(lambda z: _fast_tanh if z == types.float32 else _exact_tanh)


@njit(**VECTOR)
def _activate(kind, z, slope):
    """Turn z into f(z), and leave f'(z) in `slope`, which the identity needn't."""
    if kind == IDENTITY:
        return
    one, zero = z.dtype.type(1), z.dtype.type(0)
    leak = z.dtype.type(LEAK if kind == LEAKY_RELU else 0)
    for j in range(len(z)):
        if kind == GELU:
            for e in range(BLOCK):
                share, bell = _normal(z[j, e])
                slope[j, e] = share + z[j, e] * bell
                z[j, e] *= share
        elif kind == TANH:
            for e in range(BLOCK):
                z[j, e] = _tanh(z[j, e])
                slope[j, e] = one - z[j, e] * z[j, e]
        else:
            for e in range(BLOCK):
                slope[j, e] = one if z[j, e] > zero else leak
                z[j, e] *= slope[j, e]


@njit
def _drop(mask, hidden, dropped):
    """dropped = mask * hidden."""
    for j in range(len(hidden)):
        for e in range(BLOCK):
            dropped[j, e] = hidden[j, e] * mask[j, e]


@njit
def _add_bias(b, y):
    """y += b."""
    for i in range(len(b)):
        for e in range(BLOCK):
            y[i, e] += b[i]


@njit(fastmath=True)
def _error(target, importance, kind, size, batch, output, d_output, db):
    """Turn the outputs' slopes into the gradient with respect to what goes in there; return Σ_i I_i (target_i - out_i)²."""
    zero, loss = output.dtype.type(0), 0.0
    for i in range(len(output)):
        squares, total, weight = zero, zero, output.dtype.type(2 * importance[i] / batch)
        for e in range(size):
            error = output[i, e] - target[i, e]
            squares += error * error
            d_output[i, e] = weight * error if kind == IDENTITY else d_output[i, e] * (weight * error)
            total += d_output[i, e]
        d_output[i, size:] = 0
        db[i] += total
        loss += importance[i] * squares
    return loss


@njit(fastmath=True)
def _penalty(l1, batch, hidden, d_hidden):
    """Add the gradient of l1 Σ |hidden| to d_hidden; return the sum."""
    zero, pull, loss = hidden.dtype.type(0), hidden.dtype.type(l1 / batch), 0.0
    for j in range(len(hidden)):
        total = zero
        for e in range(BLOCK):
            h = hidden[j, e]
            total += abs(h)
            d_hidden[j, e] += pull if h > zero else -pull if h < zero else zero
        loss += l1 * total
    return loss


@njit(fastmath=True)
def _multiply(factor, values):
    """values *= factor."""
    for j in range(len(values)):
        for e in range(BLOCK):
            values[j, e] *= factor[j, e]


@njit(fastmath=True)
def _gradient(shape, settings, i, theta, step, batch, room, d):
    """The loss of instance i on batch `step`, with its gradient left in d."""
    k0, k1 = _key(settings.seeds[i], step)
    m0, m1 = _key(settings.seeds[i], step + MASKS)
    W1, readout, b = _split(shape, theta)
    dW1, d_readout, db = _split(shape, d)
    f, g, rate, l1 = settings.hidden[i], settings.output[i], settings.dropout[i], settings.l1[i]
    density, importance = settings.density[i], settings.importance[i]
    group, low, high = settings.group[i], settings.low[i], settings.high[i]
    x, answer, hidden, slope, mask, dropped, d_hidden, output, d_output = room
    target, read = x if shape.target == COPY else answer, dropped if rate > 0 else hidden
    d[:] = 0
    loss = 0.0
    for start in range(0, batch, BLOCK):
        size = min(BLOCK, batch - start)
        if shape.windows:
            _draw_windows(x, size, start, k0, k1, group, low, high)
        else:
            _draw(x, size, start, k0, k1, density)
        _shape_inputs(shape.inputs, x)
        _answer(shape.target, x, answer)
        _project(W1, x, hidden)
        _activate(f, hidden, slope)
        if rate > 0:
            _draw_mask(mask, start, m0, m1, rate)
            _drop(mask, hidden, dropped)
        _lift(readout, read, output)
        _add_bias(b, output)
        _activate(g, output, d_output)
        loss += _error(target, importance, g, size, batch, output, d_output, db)
        _project(readout, d_output, d_hidden)
        if rate > 0:
            _multiply(mask, d_hidden)
        if l1 > 0:
            loss += _penalty(l1, batch, hidden, d_hidden)
        if f != IDENTITY:
            _multiply(slope, d_hidden)
        _add_outer(d_output, read, d_readout)
        _add_outer(x, d_hidden, dW1)
    return loss / batch


_adamw = njit(fastmath=True)(training.adamw)


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


@njit(nogil=True)
def _loss(shape, settings, i, theta, step, batches, batch, d):
    """The mean loss of instance i on so many batches from `step` on, with the gradient on the last left in d."""
    room, loss = _room(shape, theta), 0.0
    for t in range(batches):
        loss += _gradient(shape, settings, i, theta, step + t, batch, room, d)
    return loss / batches


def gradients(shape, settings, theta, step, batch):
    """Loss and gradient of every instance on batch `step`, in the precision of theta."""
    d = np.empty_like(theta)
    return spread(lambda i: _loss(shape, settings, i, theta[i], step, 1, batch, d[i]), len(theta)), d


def losses(shape, settings, theta, step, batches, batch):
    """The mean loss of every instance on so many batches from `step` on."""
    return spread(lambda i: _loss(shape, settings, i, theta[i], step, batches, batch, np.empty_like(theta[i])), len(theta))


@njit
def _descend(shape, theta, d, first, second, rate, optimiser, isotropic, step):
    """One step of the optimiser on an instance's parameters."""
    if isotropic:
        parts = _split(shape, theta), _split(shape, d), _split(shape, first), _split(shape, second)
        _adamw_isotropic(parts[0][0], parts[1][0], parts[2][0], parts[3][0], rate, *optimiser, step)
        if not shape.tied:
            _adamw_isotropic(parts[0][1], parts[1][1], parts[2][1], parts[3][1], rate, *optimiser, step)
        _adamw(parts[0][2], parts[1][2], parts[2][2], parts[3][2], rate, *optimiser, step)
    else:
        _adamw(theta, d, first, second, rate, *optimiser, step)


@njit(nogil=True)
def _advance(shape, settings, i, theta, first, second, step, rates, batch, optimiser, isotropic):
    """Train instance i in place for len(rates) steps from `step` on, and return its mean loss over them."""
    room, d, loss = _room(shape, theta), np.empty_like(theta), 0.0
    for t in range(len(rates)):
        loss += _gradient(shape, settings, i, theta, step + t, batch, room, d)
        _descend(shape, theta, d, first, second, rates[t], optimiser, isotropic, step + t)
    return loss / len(rates)


def advance(shape, settings, theta, first, second, step, rates, batch, optimiser, isotropic):
    """Train every instance in place for len(rates) steps from `step` on, and return the mean loss of each over them.

    `optimiser` holds AdamW's weight decay, betas and eps."""
    own = lambda i: (theta[i], first[i], second[i])
    return spread(lambda i: _advance(shape, settings, i, *own(i), step, rates, batch, optimiser, isotropic), len(theta))
