"""The toy model's expected loss and gradient, by strata: every set of active features has its exact probability.
Within a set the values are a fixed quasi-random sample, so that the loss is smooth in W, b, densities and importances."""

from itertools import combinations

import numpy as np
from jaxtyping import Bool, Float
from scipy import optimize
from scipy.stats import qmc

Array = np.ndarray

# How many powers of two fewer points a set of 0, 1, 2, … active features has than a pair.
FEWER = {0: 0, 1: -1, 2: 0, 3: -1} | dict.fromkeys(range(4, 12), -2)


class Strata:
    """A sample of inputs of `n` features, and the weight of each for any densities.

    There are 2^power points for each pair of features, and fewer for sets that are simpler or rarer.
    Source: stratified quasi-Monte Carlo, with scrambled Sobol points as in Owen 1998."""

    x: Float[Array, "point n"]

    def __init__(self, n: int, seed: int = 0, power: int = 11):
        sets = [members for size in range(n + 1) for members in combinations(range(n), size)]
        blocks = []
        for number, members in enumerate(sets):
            block = np.zeros((2 ** (power + FEWER[len(members)]) if members else 1, n))
            if members:
                sobol = qmc.Sobol(len(members), rng=np.random.default_rng([seed, number]))
                block[:, list(members)] = sobol.random(len(block))
            blocks.append(block)
        self.x = np.concatenate(blocks)
        self._active: Bool[Array, "set n"] = np.array([[i in members for i in range(n)] for members in sets])
        self._sizes = np.array([len(block) for block in blocks])

    def without(self, feature: int) -> "Strata":
        """The same sample of all features but one, which is never active in it."""
        keep = ~self._active[:, feature]
        rest = object.__new__(Strata)
        rest.x = np.delete(self.x[np.repeat(keep, self._sizes)], feature, 1)
        rest._active, rest._sizes = np.delete(self._active[keep], feature, 1), self._sizes[keep]
        return rest

    def weights(self, density: Float[Array, "n"]) -> Float[Array, "point"]:
        """The weight of each point, which sum to 1: its set's probability over the set's number of points."""
        chance = np.where(self._active, density, 1 - density).prod(1)
        return np.repeat(chance / self._sizes, self._sizes)

    def loss(
        self, W: Float[Array, "n m"], b: Float[Array, "n"], density: Float[Array, "n"], importance: Float[Array, "n"]
    ) -> tuple[float, Float[Array, "n m"], Float[Array, "n"]]:
        """Expected loss of the ReLU model, with its gradient in W and in b."""
        return _loss(self.x, self.weights(density)[:, None], W, b, importance)


def _loss(x, weight, W, b, importance):
    hidden = x @ W
    output = hidden @ W.T + b
    alive = output > 0
    error = np.where(alive, output, 0) - x
    weighted = error * importance * weight
    total = float((weighted * error).sum())
    slope = 2 * weighted * alive
    return total, slope.T @ hidden + x.T @ (slope @ W), slope.sum(0)


def minimise(
    strata: Strata,
    W: Float[Array, "n m"],
    b: Float[Array, "n"],
    density: Float[Array, "n"],
    importance: Float[Array, "n"],
) -> tuple[Float[Array, "n m"], Float[Array, "n"], float]:
    """The local minimum of the expected loss that L-BFGS finds from W and b, and its loss."""
    size, weight = W.size, strata.weights(density)[:, None]

    def objective(flat):
        loss, dW, db = _loss(strata.x, weight, flat[:size].reshape(W.shape), flat[size:], importance)
        return loss, np.concatenate([dW.ravel(), db])

    tight = {"maxiter": 2000, "maxfun": 4000, "ftol": 1e-13, "gtol": 1e-9, "maxcor": 20}
    found = optimize.minimize(objective, np.concatenate([W.ravel(), b]), jac=True, method="L-BFGS-B", options=tight)
    return found.x[:size].reshape(W.shape), found.x[size:], float(found.fun)
