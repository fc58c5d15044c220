"""The expected loss of a ReLU autoencoder on sparse uniform features, for at most 6 features: exact, with its gradient.
Sums over all patterns of active features, draws none; stable for weights of any size, zero among them."""

# The output before its ReLU is z = c + a·u with u uniform on a cube. The textbook formula for E[z₊ᵏ] is an alternating
# sum over the cube's corners divided by the product of all a_j, which loses all digits when an a_j is small. Here:
# f(c, a) = E[z₊ᵏ] is homogeneous, so k f = c ∂f/∂c + Σ a_j ∂f/∂a_j. With g_j(c) the same function without coordinate j,
#     a_j ∂f/∂a_j = g_j(c + a_j) - f       and, where c = -t Σ a_j,       a_j ∂f/∂c = g_j(c + a_j) - g_j(c),
# so that (k + n) f(c) = Σ_j [(1 - t) g_j(c + a_j) + t g_j(c)]: no division by a_j, and with a_j ≥ 0 and 0 < t < 1 every
# term is positive. A negative a_j is turned around, u_j → 1 - u_j. Above t = 0 nothing is cut, and f is a polynomial.
# The mixed moment E[u_i z₊] obeys a recurrence of the same kind. The recurrence for box splines is a relative of it.

# A state fixes some coordinates at 0 or 1 and leaves the others free: digits 0, 1 and 2 in base 3, so that fixing a free
# coordinate always leads to a smaller state. One table of 3ⁿ states serves all 2ⁿ patterns of active features.

from typing import Any

import numpy as np
from jaxtyping import Float
from numba import prange

from superposition import weights
from superposition.compiled import kept

Array = np.ndarray

MOST_FEATURES = 6


@kept()
def _digits(n):
    """The n base-3 digits of every state."""
    digits = np.empty((3**n, n), np.int64)
    for s in range(3**n):
        rest = s
        for j in range(n):
            digits[s, j] = rest % 3
            rest //= 3
    return digits


@kept()
def _forward(c, a, i, digits, c_low, c_high, F1, F2, H):
    """Fill the tables over states: the least and greatest z, E[z₊], E[z₊²], and E[u_i z₊] where coordinate i is free."""
    n = a.size
    sign = 1.0 if a[i] >= 0 else -1.0
    for s in range(len(digits)):
        low, high, spread, squares, free = c, c, 0.0, 0.0, 0
        for j in range(n):
            least, most = min(a[j], 0.0), max(a[j], 0.0)
            low += most if digits[s, j] == 1 else least
            high += least if digits[s, j] == 0 else most
            if digits[s, j] == 2:
                spread += abs(a[j])
                squares += a[j] * a[j]
                free += 1
        c_low[s], c_high[s] = low, high
        F1[s], F2[s], H[s] = 0.0, 0.0, 0.0
        if low >= 0:
            mean = low + spread / 2
            F1[s], F2[s], H[s] = mean, mean * mean + squares / 12, mean / 2 + a[i] / 12
        elif high > 0:
            up, down = high / spread, -low / spread
            f1, f2, h = 0.0, 0.0, 0.0
            step = 1
            for j in range(n):
                if digits[s, j] == 2:
                    f1 += up * F1[s - step] + down * F1[s - 2 * step]
                    f2 += up * F2[s - step] + down * F2[s - 2 * step]
                    if j != i:
                        h += up * H[s - step] + down * H[s - 2 * step]
                step *= 3
            F1[s], F2[s] = f1 / (1 + free), f2 / (2 + free)
            if digits[s, i] == 2:
                step = 3**i
                h += up * F1[s - step] + down * F1[s] if sign > 0 else up * F1[s] + down * F1[s - 2 * step]
                H[s] = h / (2 + free)


@kept()
def _backward(a, i, digits, c_low, c_high, F1, F2, H, d1, d2, dh, da):
    """Carry the derivatives with respect to F1, F2 and H back through the tables: adds to da, returns that of c."""
    n = a.size
    sign = 1.0 if a[i] >= 0 else -1.0
    dc = 0.0
    for s in range(len(digits) - 1, -1, -1):
        if c_high[s] <= 0 or (d1[s] == 0 and d2[s] == 0 and dh[s] == 0):
            continue
        low, spread, free = c_low[s], 0.0, 0
        for j in range(n):
            if digits[s, j] == 2:
                spread += abs(a[j])
                free += 1
        if low >= 0:
            d_low = d1[s] + 2 * F1[s] * d2[s] + dh[s] / 2
            d_spread = d_low / 2
            da[i] += dh[s] / 12
            for j in range(n):
                if digits[s, j] == 2:
                    da[j] += d2[s] * a[j] / 6
        else:
            up, down = c_high[s] / spread, -low / spread
            x1, x2, xh, d_down = d1[s], d2[s] / (2 + free), dh[s] / (2 + free), 0.0
            if digits[s, i] == 2:
                step = 3**i
                if sign > 0:
                    d1[s - step] += up * xh
                    x1 += down * xh
                    d_down += xh * (F1[s] - F1[s - step])
                else:
                    d1[s - 2 * step] += down * xh
                    x1 += up * xh
                    d_down += xh * (F1[s - 2 * step] - F1[s])
            x1 /= 1 + free
            step = 1
            for j in range(n):
                if digits[s, j] == 2:
                    one, zero = s - step, s - 2 * step
                    d1[one] += up * x1
                    d1[zero] += down * x1
                    d2[one] += up * x2
                    d2[zero] += down * x2
                    d_down += x1 * (F1[zero] - F1[one]) + x2 * (F2[zero] - F2[one])
                    if j != i:
                        dh[one] += up * xh
                        dh[zero] += down * xh
                        d_down += xh * (H[zero] - H[one])
                step *= 3
            d_low = -d_down / spread
            d_spread = -down * d_down / spread
        dc += d_low
        for j in range(n):
            if digits[s, j] == 2:
                da[j] += d_spread if a[j] >= 0 else d_low - d_spread
            elif (digits[s, j] == 1) == (a[j] >= 0):
                da[j] += d_low
    return dc


@kept()
def _output(c, a, p, i, digits, room, da):
    """E[(x_i - z₊)²] of one output z = c + a·x, and its derivative with respect to c; that with respect to a goes to da."""
    n = a.size
    c_low, c_high, F1, F2, H, d1, d2, dh = room
    _forward(c, a, i, digits, c_low, c_high, F1, F2, H)
    d1[:] = 0
    d2[:] = 0
    dh[:] = 0
    da[:] = 0
    loss = p[i] / 3
    for pattern in range(1 << n):
        weight, s, step = 1.0, 0, 1
        for j in range(n):
            active = (pattern >> j) & 1
            weight *= p[j] if active else 1 - p[j]
            s += step * (2 if active else int(a[j] < 0))
            step *= 3
        d2[s] = weight
        loss += weight * F2[s]
        if (pattern >> i) & 1:
            dh[s] = -2 * weight
            loss -= 2 * weight * H[s]
    dc = _backward(a, i, digits, c_low, c_high, F1, F2, H, d1, d2, dh, da)
    return loss, dc


@kept()
def _model(W, b, density, importance, digits, room, gram, dW, db):
    """The loss of one model; its gradient is left in dW and db."""
    n, m = W.shape
    total = 0.0
    for i in range(n):
        for j in range(n):
            gram[0, j] = 0.0
            for k in range(m):
                gram[0, j] += W[i, k] * W[j, k]
        loss, dc = _output(b[i], gram[0], density, i, digits, room, gram[1 + i])
        total += importance[i] * loss
        db[i] = importance[i] * dc
    for i in range(n):
        for k in range(m):
            dW[i, k] = 0.0
            for j in range(n):
                dW[i, k] += (importance[i] * gram[1 + i, j] + importance[j] * gram[1 + j, i]) * W[j, k]
    return total


@kept()
def _room(n):
    """Tables over the states, and room for a row of W Wᵀ and the gradient of each."""
    states = 3**n
    room = (
        np.empty(states), np.empty(states), np.empty(states), np.empty(states),
        np.empty(states), np.empty(states), np.empty(states), np.empty(states),
    )  # fmt: skip
    return room, np.empty((n + 1, n))


@kept(parallel=True)
def _gradients(W, b, density, importance):
    count, n = b.shape
    digits = _digits(n)
    loss, dW, db = np.empty(count), np.empty_like(W), np.empty_like(b)
    for k in prange(count):
        room, gram = _room(n)
        loss[k] = _model(W[k], b[k], density[k], importance[k], digits, room, gram, dW[k], db[k])
    return loss, dW, db


@kept(parallel=True)
def _descend(W, b, density, importance, rates, beta1, beta2, eps):
    """Adam on every instance, in place, one step for each rate."""
    count, n, m = W.shape
    digits = _digits(n)
    for k in prange(count):
        room, gram = _room(n)
        size = n * (m + 1)
        p, d, first, second = np.empty(size), np.empty(size), np.zeros(size), np.zeros(size)
        p[: n * m], p[n * m :] = W[k].ravel(), b[k]
        weights, bias = p[: n * m].reshape(n, m), p[n * m :]
        for t in range(rates.size):
            _model(weights, bias, density[k], importance[k], digits, room, gram, d[: n * m].reshape(n, m), d[n * m :])
            c1, c2 = 1 - beta1 ** (t + 1), 1 - beta2 ** (t + 1)
            for q in range(size):
                first[q] = beta1 * first[q] + (1 - beta1) * d[q]
                second[q] = beta2 * second[q] + (1 - beta2) * d[q] * d[q]
                p[q] -= rates[t] * (first[q] / c1) / (np.sqrt(second[q] / c2) + eps)
        W[k], b[k] = weights, bias


@kept()
def _bfgs(p, n, m, density, importance, digits, room, gram, iterations):
    """Bring one model's parameters p to the nearest minimum with BFGS and backtracking; returns the loss there."""
    size = p.size
    d, new_d, new_p = np.empty(size), np.empty(size), np.empty(size)
    inverse, direction = np.eye(size), np.empty(size)
    loss = _model(
        p[: n * m].reshape(n, m), p[n * m :], density, importance, digits, room, gram, d[: n * m].reshape(n, m), d[n * m :]
    )
    fresh, idle = True, 0
    for _ in range(iterations):
        length = np.sqrt(np.dot(d, d))
        if length < 1e-14:
            break
        if fresh:
            inverse[:] = 0
            for q in range(size):
                inverse[q, q] = 0.1 / length
        direction[:] = -np.dot(inverse, d)
        slope = np.dot(direction, d)
        if slope >= 0:
            if fresh:
                break
            fresh = True
            continue
        rate, new_loss = 1.0, loss
        for _ in range(40):
            new_p[:] = p + rate * direction
            new_loss = _model(
                new_p[: n * m].reshape(n, m), new_p[n * m :], density, importance, digits, room, gram,
                new_d[: n * m].reshape(n, m), new_d[n * m :],
            )  # fmt: skip
            if new_loss <= loss + 1e-4 * rate * slope:
                break
            rate *= 0.5
        if new_loss > loss + 1e-4 * rate * slope:
            if fresh:
                break
            fresh = True
            continue
        idle = idle + 1 if loss - new_loss <= 1e-14 * abs(loss) else 0
        move, change = new_p - p, new_d - d
        curvature = np.dot(move, change)
        if curvature > 1e-12 * np.sqrt(np.dot(move, move) * np.dot(change, change)):
            if fresh:
                inverse[:] = np.eye(size) * (curvature / np.dot(change, change))
            turned = np.dot(inverse, change)
            factor = (1 + np.dot(change, turned) / curvature) / curvature
            for q in range(size):
                for r in range(size):
                    inverse[q, r] += factor * move[q] * move[r] - (turned[q] * move[r] + move[q] * turned[r]) / curvature
            fresh = False
        else:
            fresh = True
        p[:], d[:], loss = new_p, new_d, new_loss
        if idle >= 3:
            break
    return loss


@kept(parallel=True)
def _polish(W, b, density, importance, iterations):
    count, n, m = W.shape
    digits = _digits(n)
    loss = np.empty(count)
    for k in prange(count):
        room, gram = _room(n)
        p = np.empty(n * (m + 1))
        p[: n * m], p[n * m :] = W[k].ravel(), b[k]
        loss[k] = _bfgs(p, n, m, density[k], importance[k], digits, room, gram, iterations)
        W[k], b[k] = p[: n * m].reshape(n, m), p[n * m :]
    return loss


def _checked(W, b, density, importance) -> list[Array]:
    """All four as contiguous float64 copies. Raises ValueError."""
    if W.shape[1] > MOST_FEATURES:
        raise ValueError(f"the exact loss is for at most {MOST_FEATURES} features, got {W.shape[1]}")
    if not ((density > 0) & (density <= 1)).all():
        raise ValueError(f"density must lie in (0, 1], got {density.min():g} to {density.max():g}")
    return [np.array(array, np.float64, order="C") for array in (W, b, density, importance)]


def gradients(
    W: Float[Array, "instance n_features n_hidden"],
    b: Float[Array, "instance n_features"],
    density: Float[Array, "instance n_features"],
    importance: Float[Array, "instance n_features"],
) -> tuple[Float[Array, "instance"], Float[Array, "instance n_features n_hidden"], Float[Array, "instance n_features"]]:
    """The expected loss E Σ_i I_i (x_i - ReLU(W_i·(x W) + b_i))² of every instance, and its gradient: (loss, dW, db).

    Feature i is active with probability density_i, then uniform on [0, 1], whatever the others are. In float64.
    Raises ValueError for more than 6 features and for a density outside (0, 1].

    >>> W, b, ones = np.zeros((1, 3, 2)), np.zeros((1, 3)), np.ones((1, 3))
    >>> value, dW, db = gradients(W, b, ones, ones)  # of each feature E x² is 1/3
    >>> value, dW.shape, db.shape
    (array([1.]), (1, 3, 2), (1, 3))
    """
    return _gradients(*_checked(W, b, density, importance))


def loss(W: Any, b: Any, density: Any, importance: Any = 1.0) -> Float[Array, "*lead"] | np.floating:
    """The expected loss, of at most 6 features, as `gradients` has it.

    W: (*lead, n_features, n_hidden), b: (*lead, n_features), arrays or tensors, with any leading axes; `density` and
    `importance` broadcast to b. In float64. Raises ValueError for more than 6 features and for a density outside (0, 1].

    >>> float(loss(W=[[1, 0], [0, 1]], b=[0, 0], density=0.1))
    0.0
    >>> loss(W=[[[1], [-1]], [[1], [0]]], b=[[0, 0], [0, 0]], density=1).round(3)
    array([0.333, 0.333])
    """
    W, b = weights.given(W), weights.given(b, axes=1, name="b")
    if b.shape != W.shape[:-1]:
        raise weights.WeightsError(f"W has the shape {W.shape} and b {b.shape}: expected {W.shape[:-1]}, a bias for each feature")
    each = lambda own: np.broadcast_to(weights.given(own, axes=0, name="density or importance"), b.shape).reshape(-1, b.shape[-1])
    return gradients(W.reshape(-1, *W.shape[-2:]), each(b), each(density), each(importance))[0].reshape(W.shape[:-2])[()]


def moments(offset: float, slope: Float[Array, "n"], i: int = 0) -> tuple[float, float, float]:
    """E[z₊], E[z₊²] and E[u_i z₊] of z = offset + slope·u, with u uniform on the unit cube of up to 6 dimensions.

    >>> [round(moment, 6) for moment in moments(0.0, np.array([1.0]))]
    [0.5, 0.333333, 0.333333]
    """
    digits = _digits(len(slope))
    room, _ = _room(len(slope))
    _forward(offset, np.array(slope, np.float64), i, digits, *room[:5])
    return tuple(float(table[-1]) for table in room[2:5])


def descend(
    W: Float[Array, "instance n_features n_hidden"],
    b: Float[Array, "instance n_features"],
    density: Float[Array, "instance n_features"],
    importance: Float[Array, "instance n_features"],
    rates: Float[Array, "steps"],
) -> tuple[Float[Array, "instance n_features n_hidden"], Float[Array, "instance n_features"]]:
    """W and b after gradient descent (Adam with its usual constants) on the exact loss, one step for each learning rate.

    >>> W, b, ones = np.full((1, 2, 1), 0.5), np.zeros((1, 2)), np.ones((1, 2))
    >>> bool(loss(*descend(W, b, 0.1 * ones, ones, rates=np.full(100, 0.01)), 0.1) < loss(W, b, 0.1))
    True
    """
    arrays = _checked(W, b, density, importance)
    _descend(*arrays, np.array(rates, np.float64), 0.9, 0.999, 1e-8)
    return arrays[0], arrays[1]


def polish(
    W: Float[Array, "instance n_features n_hidden"],
    b: Float[Array, "instance n_features"],
    density: Float[Array, "instance n_features"],
    importance: Float[Array, "instance n_features"],
    iterations: int = 300,
) -> tuple[Float[Array, "instance n_features n_hidden"], Float[Array, "instance n_features"], Float[Array, "instance"]]:
    """(W, b, loss) at the local minimum that each instance leads to, by BFGS; the loss never rises on the way.

    >>> W, b, density = np.array([[[0.9], [-0.8]]]), np.zeros((1, 2)), np.full((1, 2), 0.01)
    >>> W, b, value = polish(W, b, density, np.ones((1, 2)))
    >>> float(value[0]) < 1e-4  # an antipodal pair
    True
    """
    arrays = _checked(W, b, density, importance)
    return arrays[0], arrays[1], _polish(*arrays, iterations)
