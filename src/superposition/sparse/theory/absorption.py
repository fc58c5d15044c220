"""Why absorption pays: what dictionaries with an L1 penalty pay for a feature that comes only where another is, exactly.
A parent along the first axis, a child along the second, both of size one or uniform on [1 - s, 1 + s]; δ is how much of the
parent the child's latent carries, whose direction is (δ, 1) / √(1 + δ²)."""

from itertools import combinations

import numpy as np
from jaxtyping import Float
from scipy.optimize import minimize_scalar

Array = np.ndarray


def activity(delta: Float[Array, "*batch"] | float, both: float, alone: float) -> Float[Array, "*batch"] | float:
    """The expected Σ z of a copy without error: `both` (1 - δ + √(1 + δ²)) + `alone`, for δ from 0 to 1 and sizes of one.

    `both`: how often the child is there, and with it the parent; `alone`: how often the parent is without it. It falls with
    δ all the way to 1, where the parent's latent is silent. With rows that are not of length one, (δ, 1) for the child's,
    it is both (2 - δ) + alone. Source: Chanin et al. 2024, appendix, with the rows' length set right.

    >>> [round(float(activity(delta, 1.0, 0.0)), 3) for delta in (0, 0.5, 1)]
    [2.0, 1.618, 1.414]
    """
    return both * (1 - delta + np.sqrt(1 + np.square(delta))) + alone


def deepest(spread: float) -> float:
    """The δ that costs least as λ goes to 0: the least size of the parent over the greatest of the child, (1 - s) / (1 + s).

    A child's latent takes with it as much of the parent as always comes along; more would have to be taken off again, and
    activities aren't negative.

    >>> deepest(0), deepest(0.5), deepest(1)
    (1.0, 0.3333333333333333, 0.0)
    """
    return (1 - spread) / (1 + spread)


def least_cost(
    h: Float[Array, "point m"], rows: Float[Array, "latent m"], penalty: float
) -> tuple[Float[Array, "point"], Float[Array, "point latent"]]:
    """The least of ‖h - z D‖² + λ Σ z over z ≥ 0 for each point, exactly, and the z: every set of active latents is tried.

    For a few latents only: there are 2 to the power of their number. Rows that aren't independent are not tried together."""
    cost, code = (h**2).sum(-1), np.zeros((len(h), len(rows)))
    for count in range(1, len(rows) + 1):
        for chosen in map(list, combinations(range(len(rows)), count)):
            gram = rows[chosen] @ rows[chosen].T
            if np.linalg.matrix_rank(gram) < count:
                continue
            z = np.linalg.solve(gram, (h @ rows[chosen].T - penalty / 2).T).T
            now = ((h - z @ rows[chosen]) ** 2).sum(-1) + penalty * z.sum(-1)
            better = (z >= 0).all(-1) & (now < cost)
            cost[better], code[better] = now[better], 0
            code[np.ix_(better, chosen)] = z[better]
    return cost, code


def points(
    both: float, alone: float, child_alone: float, spread: float, nodes: int = 16
) -> tuple[Float[Array, "point 2"], Float[Array, "point"]]:
    """Parent and child, by Gauss-Legendre quadrature over their sizes, with the probability of each point.

    Where neither is there the cost is 0, and no point stands for it."""
    x, weight = np.polynomial.legendre.leggauss(nodes if spread else 1)
    size, weight = 1 + spread * x, weight / 2
    first, second = np.meshgrid(size, size, indexing="ij")
    pair, joint = np.stack([first.ravel(), second.ravel()], -1), np.outer(weight, weight).ravel()
    lone = lambda axis: size[:, None] * np.eye(2)[axis]
    h = np.concatenate([pair, lone(0), lone(1)])
    return h, np.concatenate([both * joint, alone * weight, child_alone * weight])


def expected_loss(
    rows: Float[Array, "latent m"], penalty: float, h: Float[Array, "point m"], probability: Float[Array, "point"]
) -> float:
    """The expected ‖h - ĥ‖² + λ Σ z of a dictionary with the best code there is for each point."""
    return float(least_cost(h, rows, penalty)[0] @ probability)


def best_delta(penalty: float, h: Float[Array, "point 2"], probability: Float[Array, "point"]) -> float:
    """The δ from 0 to 1 of the least expected loss, of the parent's own direction and the child's latent."""
    rows = lambda delta: np.array([[1, 0], [delta, 1] / np.hypot(delta, 1)])
    return _least(lambda delta: expected_loss(rows(delta), penalty, h, probability), 0, 1)


def best_lone(penalty: float, h: Float[Array, "point 2"], probability: Float[Array, "point"]) -> Float[Array, "2"]:
    """The direction of the least expected loss of a dictionary with one latent: hedging is where it lies between two features.

    Source: Chanin et al. 2025, "Feature hedging"."""
    row = lambda angle: np.array([np.cos(angle), np.sin(angle)])
    return row(_least(lambda angle: expected_loss(row(angle)[None], penalty, h, probability), -np.pi / 2, np.pi / 2))


def floor(norm: Float[Array, "*batch"], penalty: float) -> Float[Array, "*batch"]:
    """The least ‖h - ĥ‖² + λ Σ z for an h of that length, of any dictionary: λ ‖h‖ - λ² / 4, or ‖h‖² below λ / 2.

    Rows have length one, so Σ z is at least ‖ĥ‖, with equality only where every active latent points along ĥ; what is left
    is the cost of a lone latent along h. A dictionary that reaches it has a latent for every direction that h takes."""
    return np.where(norm > penalty / 2, penalty * norm - penalty**2 / 4, norm**2)


def _least(loss, low, high, grid=21):
    """Where a function of one number is least: the best of a grid, refined."""
    places = np.linspace(low, high, grid)
    near, step = places[np.argmin([loss(place) for place in places])], places[1] - places[0]
    bounds = max(low, near - step), min(high, near + step)
    found = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-6}).x
    return float(min((found, near), key=loss))
