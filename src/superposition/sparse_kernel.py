"""The training step of `sparse_autoencoders.Autoencoders` as one compiled loop: forward, backward and Adam, model by model.
A test holds its gradients against autograd's of the plain loss."""

# Why it is fast: a model's batch, code and weights stay in the cache from its first step to its last, where PyTorch passes
# over those of the whole stack for every operation; and a latent that is silent in the whole batch has no part in what
# comes after the encoder. Arrays have a row for a latent or a dimension, and examples run along it.

from typing import NamedTuple

import numpy as np
from numba import config, njit

from superposition import training
from superposition.compiled import spread

L1, TOPK, BATCHTOPK, JUMPRELU, GATED = range(5)
_compiled = njit(fastmath=True, error_model="numpy")  # Python's check for division by zero would keep loops from vectorising


class Shape(NamedTuple):
    """What all models of a stack share; `more` is how many numbers a latent has besides its weights and its bias."""

    kind: int
    m: int
    latents: int
    more: int
    tied: bool
    bandwidth: float


@njit
def _views(shape, theta):
    """Eᵀ, e, D, c and more of one model, as views of its flat parameters; where the weights are tied, Eᵀ is empty."""
    m, n = shape.m, shape.latents
    own = 0 if shape.tied else n
    e, D = own * m, own * m + n
    c = D + n * m
    return (
        theta[:e].reshape(own, m), theta[e:D], theta[D:c].reshape(n, m), theta[c : c + m],
        theta[c + m :].reshape(shape.more, n),
    )  # fmt: skip


@njit
def _rows(count, batch):
    """Room for one number of each example a row, from a cache line on, or every wide load would touch two."""
    space = np.empty(count * batch + 16, np.float32)
    first = (-space.ctypes.data % 64) // 4
    return space[first : first + count * batch].reshape(count, batch)


WIDE = 16  # dimensions, from which on the products of BLAS are faster than these loops


@_compiled
def _encode(W, x, y):
    """y = W x."""
    n, m = W.shape
    if m >= WIDE:
        np.dot(W, x, y)
        return
    fours = m - m % 4
    for j in range(n):
        y[j] = 0
        for k in range(0, fours, 4):
            w0, w1, w2, w3 = W[j, k], W[j, k + 1], W[j, k + 2], W[j, k + 3]
            for t in range(x.shape[1]):
                y[j, t] += w0 * x[k, t] + w1 * x[k + 1, t] + w2 * x[k + 2, t] + w3 * x[k + 3, t]
        for k in range(fours, m):
            for t in range(x.shape[1]):
                y[j, t] += W[j, k] * x[k, t]


@_compiled
def _decode(W, z, y):
    """y = Wᵀ z."""
    n, m = W.shape
    if m >= WIDE:
        np.dot(W.T, z, y)
        return
    fours = n - n % 4
    y[:] = 0
    for k in range(m):
        for j in range(0, fours, 4):
            w0, w1, w2, w3 = W[j, k], W[j + 1, k], W[j + 2, k], W[j + 3, k]
            for t in range(z.shape[1]):
                y[k, t] += w0 * z[j, t] + w1 * z[j + 1, t] + w2 * z[j + 2, t] + w3 * z[j + 3, t]
        for j in range(fours, n):
            for t in range(z.shape[1]):
                y[k, t] += W[j, k] * z[j, t]


@_compiled
def _outer(z, x, dW):
    """dW = z xᵀ, summed over the batch."""
    n, m = dW.shape
    if m >= WIDE:
        np.dot(z, x.T, dW)
        return
    fours, zero = m - m % 4, np.float32(0)
    for j in range(n):
        for k in range(0, fours, 4):
            t0, t1, t2, t3 = zero, zero, zero, zero
            for t in range(x.shape[1]):
                t0 += z[j, t] * x[k, t]
                t1 += z[j, t] * x[k + 1, t]
                t2 += z[j, t] * x[k + 2, t]
                t3 += z[j, t] * x[k + 3, t]
            dW[j, k], dW[j, k + 1], dW[j, k + 2], dW[j, k + 3] = t0, t1, t2, t3
        for k in range(fours, m):
            total = zero
            for t in range(x.shape[1]):
                total += z[j, t] * x[k, t]
            dW[j, k] = total


@_compiled
def _normalize(D, unit, length):
    """The rows of D brought to length one, and how long they were."""
    for j in range(len(D)):
        square = np.float32(0)
        for k in range(D.shape[1]):
            square += D[j, k] * D[j, k]
        length[j] = np.sqrt(square)
        for k in range(D.shape[1]):
            unit[j, k] = D[j, k] / length[j]


@_compiled
def _least_of_each(before, allowed, top, least):
    """The `allowed`-th largest activity of each example: what comes is pushed through those that were largest so far."""
    top[:] = 0
    for j in range(len(before)):
        least[:] = before[j]
        for s in range(allowed):
            for t in range(len(least)):
                larger = max(top[s, t], least[t])
                least[t] = min(top[s, t], least[t])
                top[s, t] = larger
    least[:] = top[allowed - 1]


@_compiled
def _least_of_all(before, allowed, least):
    """The `allowed`-th largest activity of a batch, bit by bit: numbers above 0 have the order of their bits as integers."""
    bits, found = before.view(np.int32), np.zeros(1, np.int32)
    for k in range(30, -1, -1):
        candidate, reached = np.int32(found[0] | (1 << k)), np.int32(0)
        for j in range(len(bits)):
            for t in range(bits.shape[1]):
                reached += np.int32(bits[j, t] >= candidate)
        if reached >= allowed:
            found[0] = candidate
    least[:] = found.view(np.float32)[0]


@_compiled
def _before(shape, e, E, more, u, before, live):
    """before = Eᵀ u + e; the latents that the loss hears of are listed in `live`. Returns how many they are."""
    _encode(E, u, before)
    count, floor = 0, np.float32(0)
    for j in range(len(e)):
        if shape.kind == JUMPRELU:
            floor = np.exp(more[0, j]) - np.float32(shape.bandwidth / 2)
        reached = np.int32(0)
        for t in range(u.shape[1]):
            before[j, t] += e[j]
            reached += np.int32(before[j, t] > floor)
        live[count] = j
        count += reached > 0
    return count


@_compiled
def _code(shape, e, more, live, before, least, z, price):
    """The code of live latents, and a gated one's price; with a TopK, what is not among the `least` is left out."""
    zero = np.float32(0)
    for i in range(len(live)):
        j = live[i]
        if shape.kind == L1:
            for t in range(z.shape[1]):
                z[i, t] = max(before[j, t], zero)
        elif shape.kind == JUMPRELU:
            theta = np.exp(more[0, j])
            for t in range(z.shape[1]):
                z[i, t] = before[j, t] if before[j, t] > theta else zero
        elif shape.kind == GATED:
            scale, bias, own = np.exp(more[0, j]), more[1, j], e[j]
            for t in range(z.shape[1]):
                price[i, t] = max(before[j, t], zero)
                z[i, t] = max((before[j, t] - own) * scale + bias, zero) if before[j, t] > zero else zero
        else:
            for t in range(z.shape[1]):
                z[i, t] = before[j, t] if before[j, t] >= least[t] and before[j, t] > zero else zero


@_compiled
def _error(z, rows, u, error):
    """The slope of ‖h - ĥ‖², mean over the batch, in ĥ."""
    _decode(rows, z, error)
    weight = np.float32(2 / u.shape[1])
    for k in range(len(u)):
        for t in range(u.shape[1]):
            error[k, t] = weight * (error[k, t] - u[k, t])


@_compiled
def _slopes(shape, cost, e, more, live, before, z, dprice, dz, de, dmore, through):
    """Turn the slopes dz of codes into those of what stands before the activation; leave those of biases, and the sums.

    `cost` is λ over the batch; `through` becomes what a shift of the input would do, as a shift of the bias does, but for a
    gated one."""
    zero = np.float32(0)
    for i in range(len(live)):
        j, total, other = live[i], zero, zero
        if shape.kind == L1:
            for t in range(z.shape[1]):
                dz[i, t] = dz[i, t] + cost if z[i, t] > zero else zero
                total += dz[i, t]
        elif shape.kind == GATED:
            scale, shift = np.exp(more[0, j]), zero
            for t in range(z.shape[1]):
                magnitude = dz[i, t] if z[i, t] > zero else zero
                gate = dprice[i, t] + cost if before[j, t] > zero else zero
                other += magnitude * (before[j, t] - e[j])
                shift += magnitude
                total += gate
                dz[i, t] = magnitude * scale + gate
            dmore[0, j], dmore[1, j] = other * scale, shift
            other = shift * scale
        else:
            if shape.kind == JUMPRELU:
                theta, half = np.exp(more[0, j]), np.float32(shape.bandwidth / 2)
                for t in range(z.shape[1]):
                    near = abs(before[j, t] - theta) <= half
                    other += dz[i, t] * max(before[j, t], zero) + cost if near else zero
                dmore[0, j] = -other * theta / (half + half)
                other = zero
            for t in range(z.shape[1]):
                dz[i, t] = dz[i, t] if z[i, t] > zero else zero
                total += dz[i, t]
        de[j] = total
        through[i] = total + other


@_compiled
def _gradient(shape, penalty, parts, h, room, d, slopes):
    """The gradient of one model's loss on a batch h, left in d, of which `slopes` are the views that `parts` are of theta."""
    E, e, D, c, more = parts
    dE, de, dD, dc, dmore = slopes
    u, error, alone, before, z, dz, price, dprice, least, top, unit, length, rows, dE_live, dD_live, live, through = room
    batch, cost = len(h), np.float32(penalty / len(h))
    d[:] = 0
    for k in range(len(c)):
        for t in range(batch):
            u[k, t] = h[t, k] - c[k]
    _normalize(D, unit, length)
    encoder = unit if shape.tied else E
    count = _before(shape, e, encoder, more, u, before, live)
    live, rows, z, dz, dE_live, dD_live = live[:count], rows[:count], z[:count], dz[:count], dE_live[:count], dD_live[:count]
    for i in range(count):
        rows[i] = unit[live[i]]
    if shape.kind == TOPK:
        _least_of_each(before, _allowed(penalty, len(D)), top, least)
    if shape.kind == BATCHTOPK:
        _least_of_all(before, _allowed(penalty * np.float32(batch), batch * len(D)), least)
    _code(shape, e, more, live, before, least, z, price)
    _error(z, rows, u, error)
    _encode(rows, error, dz)
    if shape.kind == GATED:
        _error(price[:count], rows, u, alone)
        _encode(rows, alone, dprice[:count])
    _slopes(shape, cost, e, more, live, before, z, dprice, dz, de, dmore, through)
    _outer(dz, u, dE_live)
    _outer(z, error, dD_live)
    for k in range(len(c)):
        dc[k] = error[k].sum()
    for i in range(count):
        j = live[i]
        for k in range(len(c)):
            dc[k] -= encoder[j, k] * through[i]
            if shape.tied:
                dD_live[i, k] += dE_live[i, k]
            else:
                dE[j, k] = dE_live[i, k]
        along = np.float32(0)
        for k in range(len(c)):
            along += dD_live[i, k] * rows[i, k]
        for k in range(len(c)):
            dD[j, k] = (dD_live[i, k] - along * rows[i, k]) / length[j]


@njit
def _allowed(penalty, most):
    return min(max(int(round(penalty)), 1), most)


@_compiled
def _room(shape, penalty, batch):
    """Where one model's batch is worked on."""
    m, n = shape.m, shape.latents
    gated = n if shape.kind == GATED else 0
    top = _allowed(penalty.max(), n) if shape.kind == TOPK else 0
    return (
        _rows(m, batch), _rows(m, batch), _rows(m, batch), _rows(n, batch), _rows(n, batch), _rows(n, batch),
        _rows(gated, batch), _rows(gated, batch), _rows(1, batch)[0], _rows(top, batch), np.empty((n, m), np.float32),
        np.empty(n, np.float32), np.empty((n, m), np.float32), np.empty((n, m), np.float32), np.empty((n, m), np.float32),
        np.empty(n, np.int64), np.empty(n, np.float32),
    )  # fmt: skip


_adamw = _compiled(training.adamw)


@njit(nogil=True)
def _advance(shape, penalty, theta, first, second, d, h, shared, start, step, rates, optimiser):
    """Train models in place on the batches of h, counted from `step` on, and leave the last gradients in d.

    The first of them has the number `start`. Without rates nothing is trained."""
    room = _room(shape, penalty, h.shape[2])
    for i in range(len(theta)):
        parts, slopes = _views(shape, theta[i]), _views(shape, d[i])
        for t in range(len(h)):
            _gradient(shape, penalty[i], parts, h[t, (start + i) // shared], room, d[i], slopes)
            if t < len(rates):
                _adamw(theta[i], d[i], first[i], second[i], rates[t], *optimiser, step + t)
    return 0.0


def gradients(shape, penalty, theta, h):
    """The gradient of every model's loss on a batch of its own."""
    d = np.empty_like(theta)
    _advance(shape, penalty, theta, theta, theta, d, h[None], 1, 0, 0, np.empty(0), training.AdamW().numbers)
    return d


def advance(shape, penalty, theta, first, second, h, step, rates, optimiser):
    """Train every model in place on the batches of h (step, model, batch, m), which are counted from `step` on.

    `optimiser` holds AdamW's weight decay, betas and eps. Where h is of fewer models, each is shared by as many in a row."""
    models, threads = len(theta), config.NUMBA_NUM_THREADS
    ends, d, shared = np.linspace(0, models, threads + 1).astype(int), np.empty_like(theta), models // h.shape[1]

    def part(k):
        own = slice(ends[k], ends[k + 1])
        mine = (penalty[own], theta[own], first[own], second[own], d[own])
        return _advance(shape, *mine, h, shared, ends[k], step, rates, optimiser)

    spread(part, threads)
