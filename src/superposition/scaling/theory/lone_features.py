"""The expected loss of x' = ReLU(x W Wᵀ + b) where one feature is active at a time, of size μ uniform on [0, 1]: exact.
Its polygons: k features at the corners of a regular polygon, the others left out. Source: Chen et al. 2023, arXiv 2310.06301."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.optimize import minimize, root

from superposition.compiled import kept

Array = np.ndarray
THERE = 0.5  # a feature is there if, when it is 1, at least so much of it comes back
_LONG = {"maxiter": 20_000, "maxfun": 50_000, "ftol": 0}


@kept(error_model="numpy")
def loss(p, d):
    """E‖x - x'‖² of p: the rows of W, two numbers each, then b. Its gradient goes to d.

    Output j on input μ e_i is ReLU(aμ + b_j) with a = W_i·W_j, positive on one interval of μ, where all is a polynomial."""
    n = p.size // 3
    total = 0.0
    for i in range(3 * n):
        d[i] = 0.0
    for i in range(n):
        for j in range(n):
            a, b = p[2 * i] * p[2 * j] + p[2 * i + 1] * p[2 * j + 1], p[2 * n + j]
            low, high = 0.0, 1.0
            if b < 0 and a + b <= 0:
                high = 0.0
            elif b < 0:
                low = -b / a
            elif a + b < 0:
                high = -b / a
            m1, m2, m3 = high - low, (high**2 - low**2) / 2, (high**3 - low**3) / 3  # ∫ 1, μ and μ²
            first, moment = a * m2 + b * m1, a * m3 + b * m2  # ∫ R and ∫ μ R, of the output R
            total += a * moment + b * first
            da, db = 2 * moment, 2 * first
            if i == j:
                total += 1 / 3 - 2 * moment
                da -= 2 * m3
                db -= 2 * m2
            d[2 * i] += da * p[2 * j]
            d[2 * i + 1] += da * p[2 * j + 1]
            d[2 * j] += da * p[2 * i]
            d[2 * j + 1] += da * p[2 * i + 1]
            d[2 * n + j] += db
    for i in range(3 * n):
        d[i] /= n
    return total / n


@dataclass(frozen=True)
class Polygon:
    """The regular polygon of k features that loses least: length l of each, bias b, and the loss of its k features, summed."""

    k: int
    length: float
    bias: float
    loss: float

    def among(self, n: int, bias: bool = True) -> float:
        """The expected loss where n features are active in turn: those left out give 0, or with `bias` 1/(2n), the best constant.

        >>> round(polygon(4).among(5, bias=False), 5)
        0.06667
        """
        return (self.loss + (n - self.k) * (1 / 3 - (1 / (4 * n) if bias else 0))) / n

    def parameters(self, n: int, bias: float = 0.0) -> Float[Array, "3*n"]:
        """As `loss` takes them, with n - k features left out, at this bias."""
        angle = 2 * np.pi * np.arange(self.k) / self.k
        corners = self.length * np.stack([np.cos(angle), np.sin(angle)], 1)
        return np.concatenate(
            [corners.ravel(), np.zeros(2 * (n - self.k)), np.full(self.k, self.bias), np.full(n - self.k, bias)]
        )


def polygon(k: int) -> Polygon:
    """The polygon of k ≥ 3 corners, its two numbers such that the slope is 0 to within rounding."""
    at = lambda q: Polygon(k, q[0], q[1], 0.0).parameters(k)
    slope = np.zeros(3 * k)

    def both(q):
        p = at(q)
        value = loss(p, slope)
        along = p[: 2 * k] / q[0]
        return value, np.array([slope[: 2 * k] @ along, slope[2 * k :].sum()])

    start = minimize(both, [1.0 + 0.1 * max(0, k - 4), -0.2 * max(0, k - 4)], jac=True, method="L-BFGS-B").x
    exact = root(lambda q: both(q)[1], start, tol=1e-14).x
    return Polygon(k, float(exact[0]), float(exact[1]), k * float(both(exact)[0]))


def settled(p: Float[Array, "parameters"], tolerance: float = 1e-10) -> tuple[Float[Array, "parameters"], float]:
    """Downhill from p to where no slope is above `tolerance`, as far as L-BFGS gets; the place and its loss."""
    slope = np.zeros(p.size)
    told = lambda q: (loss(q, slope), slope.copy())
    found = minimize(told, p, jac=True, method="L-BFGS-B", options=_LONG | {"gtol": tolerance})
    return found.x, float(found.fun)


@kept()
def there(p):
    """How many features are there."""
    n = p.size // 3
    count = 0
    for i in range(n):
        count += p[2 * i] ** 2 + p[2 * i + 1] ** 2 + p[2 * n + i] >= THERE
    return count


@kept()
def descend(p, rate, stops):
    """Gradient descent from p, in place: the loss after each of the rising numbers of steps."""
    d, losses, step = np.zeros_like(p), np.zeros(len(stops)), 0
    for record, stop in enumerate(stops):
        while step < stop:
            loss(p, d)
            p -= rate * d
            step += 1
        losses[record] = loss(p, d)
    return losses


@kept()
def exchange(at, ladder, sweeps, leaps, stride, seed):
    """Hamiltonian steps on density exp(-n L(p) - ‖p‖²/2) at every n of the ladder, then swaps of neighbours.

    The first fifth is left out of what is counted. Source: Swendsen and Wang 1986; Duane et al. 1987."""
    np.random.seed(seed)
    rungs, size = at.shape
    n = size // 3
    share, accepted, swapped = np.zeros((rungs, n + 1)), np.zeros(rungs), np.zeros(rungs)
    d, L = np.zeros(size), np.zeros(rungs)
    for r in range(rungs):
        L[r] = loss(at[r], d)
    for sweep in range(sweeps):
        for r in range(rungs):
            step = stride / np.sqrt(1 + ladder[r]) * (0.8 + 0.4 * np.random.random())
            q, v = at[r].copy(), np.random.standard_normal(size)
            before = ladder[r] * L[r] + (q @ q + v @ v) / 2
            loss(q, d)
            v -= step / 2 * (ladder[r] * d + q)
            for leap in range(leaps):
                q += step * v
                now = loss(q, d)
                v -= (step if leap < leaps - 1 else step / 2) * (ladder[r] * d + q)
            after = ladder[r] * now + (q @ q + v @ v) / 2
            if np.log(np.random.random()) < before - after:
                at[r], L[r] = q, now
                accepted[r] += 1
        for r in range(sweep % 2, rungs - 1, 2):
            if np.log(np.random.random()) < (ladder[r + 1] - ladder[r]) * (L[r + 1] - L[r]):
                swapped[r] += 2
                other = at[r].copy()
                at[r], at[r + 1] = at[r + 1], other
                L[r], L[r + 1] = L[r + 1], L[r]
        if sweep >= sweeps // 5:
            for r in range(rungs):
                share[r, there(at[r])] += 1
    return share / (sweeps - sweeps // 5), accepted / sweeps, swapped / sweeps
