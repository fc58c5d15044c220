"""The training step of `networks.Networks` as one compiled loop: sample, forward, backward and AdamW.
As in `kernel`, a batch goes by in blocks that stay in the cache, and each core trains its own instances."""

import math
from typing import NamedTuple

import numpy as np
from numba import njit, prange, types, uint32
from numba.extending import overload

from superposition.toy.engine import features, kernel
from superposition.toy.engine.kernel import BLOCK

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
    inputs: int
    target: int


class Settings(NamedTuple):
    """What each instance has of its own, with the instance as every array's first axis."""

    seeds: np.ndarray
    density: np.ndarray
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
def _room(shape, theta):
    n, m, k, T = shape.n_in, shape.n_hidden, shape.n_out, theta.dtype
    hidden, slope, mask = np.empty((m, BLOCK), T), np.empty((m, BLOCK), T), np.ones((m, BLOCK), T)
    dropped, d_hidden = np.empty((m, BLOCK), T), np.empty((m, BLOCK), T)
    x, target = np.empty((n, BLOCK), T), np.empty((k, BLOCK), T)
    return Room(x, target, hidden, slope, mask, dropped, d_hidden, np.empty((k, BLOCK), T), np.empty((k, BLOCK), T))


@njit
def _split(shape, theta):
    """W1, W2ᵀ and b of an instance, as views of its flat parameters; where the weights are tied, W2ᵀ is W1."""
    n, m, k = shape.n_in, shape.n_hidden, shape.n_out
    start = 0 if shape.tied else n * m
    end = start + k * m
    return theta[: n * m].reshape(n, m), theta[start:end].reshape(k, m), theta[end:]


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
    """The target of every example."""
    for i in range(target.shape[0]):
        for e in range(BLOCK):
            if kind == COPY:
                target[i, e] = x[i, e]
            elif kind == ABS:
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
            word = kernel._mix(kernel._mix(uint32(counter + uint32(e) * stride) + k0) ^ k1)
            mask[j, e] = kept if np.float32(word >> uint32(8)) * np.float32(2**-24) >= rate else np.float32(0)


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
    """Turn z into f(z), and leave f'(z) in `slope`."""
    one, zero = z.dtype.type(1), z.dtype.type(0)
    leak = one if kind == IDENTITY else z.dtype.type(LEAK if kind == LEAKY_RELU else 0)
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


@njit(fastmath=True)
def _forward(shape, kinds, W1, readout, b, room):
    """From the inputs to the outputs, with the derivatives of both activations."""
    hidden, output = kinds
    kernel._project(W1, room.x, room.hidden)
    _activate(hidden, room.hidden, room.slope)
    for j in range(shape.n_hidden):
        for e in range(BLOCK):
            room.dropped[j, e] = room.hidden[j, e] * room.mask[j, e]
    kernel._lift(readout, room.dropped, room.output)
    for i in range(shape.n_out):
        for e in range(BLOCK):
            room.output[i, e] += b[i]
    _activate(output, room.output, room.d_output)


@njit(fastmath=True)
def _backward(shape, importance, l1, size, batch, W1, readout, room, d):
    """Add the gradient of the block's share of the loss to d, and return that share times `batch`."""
    d_W1, d_readout, d_b = _split(shape, d)
    zero, loss = d.dtype.type(0), 0.0
    for i in range(shape.n_out):
        squares, total, weight = zero, zero, d.dtype.type(2 * importance[i] / batch)
        for e in range(size):
            error = room.output[i, e] - room.target[i, e]
            squares += error * error
            room.d_output[i, e] *= weight * error
            total += room.d_output[i, e]
        room.d_output[i, size:] = 0
        d_b[i] += total
        loss += importance[i] * squares
    kernel._project(readout, room.d_output, room.d_hidden)
    pull = d.dtype.type(l1 / batch)
    for j in range(shape.n_hidden):
        total = zero
        for e in range(BLOCK):
            h = room.hidden[j, e]
            total += abs(h)
            sign = pull if h > zero else -pull if h < zero else zero
            room.d_hidden[j, e] = room.slope[j, e] * (room.mask[j, e] * room.d_hidden[j, e] + sign)
        loss += l1 * total
    kernel._add_outer(room.d_output, room.dropped, d_readout)
    kernel._add_outer(room.x, room.d_hidden, d_W1)
    return loss


@njit(fastmath=True)
def _gradient(shape, settings, i, theta, step, batch, room, d):
    """The loss of instance i on batch `step`, with its gradient left in d."""
    k0, k1 = kernel._key(settings.seeds[i], step)
    m0, m1 = kernel._key(settings.seeds[i], step + MASKS)
    W1, readout, b = _split(shape, theta)
    kinds, rate = (settings.hidden[i], settings.output[i]), settings.dropout[i]
    d[:] = 0
    loss = 0.0
    for start in range(0, batch, BLOCK):
        size = min(BLOCK, batch - start)
        kernel._draw(room.x, size, start, k0, k1, settings.density[i])
        _shape_inputs(shape.inputs, room.x)
        _answer(shape.target, room.x, room.target)
        if rate > 0:
            _draw_mask(room.mask, start, m0, m1, rate)
        _forward(shape, kinds, W1, readout, b, room)
        loss += _backward(shape, settings.importance[i], settings.l1[i], size, batch, W1, readout, room, d)
    return loss / batch


# Not cached: Numba's cache would miss an edit to `kernel`.
@njit(parallel=True)
def gradients(shape, settings, theta, step, batch):
    """Loss and gradient of every instance on batch `step`, in the precision of theta."""
    loss, d = np.empty(len(theta)), np.empty_like(theta)
    for i in prange(len(theta)):
        loss[i] = _gradient(shape, settings, i, theta[i], step, batch, _room(shape, theta), d[i])
    return loss, d


@njit(parallel=True)
def advance(shape, settings, theta, first, second, step, rates, batch, decay, beta1, beta2, eps):
    """Train every instance in place for len(rates) steps from `step` on, and return the mean loss of each over them."""
    loss = np.zeros(len(theta))
    for i in prange(len(theta)):
        room, d = _room(shape, theta), np.empty_like(theta[i])
        for t in range(len(rates)):
            loss[i] += _gradient(shape, settings, i, theta[i], step + t, batch, room, d)
            kernel._adamw(theta[i], d, first[i], second[i], rates[t], decay, beta1, beta2, eps, step + t)
    return loss / len(rates)
