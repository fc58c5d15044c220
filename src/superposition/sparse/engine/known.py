"""Models whose truth is known: directions that were laid out, drawn or trained, and the data that they see.
Some differ from another one in a single thing, of which it is known whether it matters."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from superposition import formulas, metrics, runs

Array = np.ndarray

M = 20  # dimensions of every model, those of the larger models of toy/demonstrating
WITHOUT = (
    "a dimension each", "turned", "unequal lengths", "with dead features", "trained, linear", "projection, dense data",
    "low-rank data", "random, dense data", "pentagons, dense data", "pairs, correlated",
)  # fmt: skip
LAID_OUT = (
    "triangles", "pairs", "pairs, turned", "pentagons", "pentagons, 3 times as long",
    "pentagons, unequal lengths", "pentagons and dead features", "pentagons, spectrum alone",
)  # fmt: skip
TRAINED = ("40 at random", "60 at random", "80 at random", "before training", "trained, S = 0.7", "trained, S = 0.9",
           "trained, S = 0.97", "trained, S = 0.99", "trained, spectrum alone")  # fmt: skip
NAMES = (*WITHOUT, *LAID_OUT, *TRAINED)
# What was done to a model with superposition: the model before and after.
CHANGES = {
    "turned": ("pairs", "pairs, turned"),
    "3 × longer": ("pentagons", "pentagons, 3 times as long"),
    "unequal": ("pentagons", "pentagons, unequal lengths"),
    "dead": ("pentagons", "pentagons and dead features"),
    "spectrum": ("pentagons", "pentagons, spectrum alone"),
    "correlated": ("pairs", "pairs, correlated"),
    "dense": ("pentagons", "pentagons, dense data"),
}


@dataclass(frozen=True)
class Known:
    """Features x = c B of independent causes c, and their hidden vectors h = x W.

    A cause is 0, or with probability `density` uniform on [0, 1]. B is the identity where features are independent."""

    W: Float[Array, "n m"]
    density: float
    B: Float[Array, "cause n"] | None = None

    @property
    def mixing(self) -> Float[Array, "cause n"]:
        return np.eye(len(self.W)) if self.B is None else self.B

    @property
    def variance(self) -> float:
        """Of a cause."""
        return self.density / 3 - self.density**2 / 4

    def linear(self) -> float:
        """How many features' worth of variance the best linear code of as many numbers as there are dimensions carries.

        The sum of so many of the largest eigenvalues of the features' correlation matrix: with independent features, m."""
        C = self.mixing.T @ self.mixing
        spread = np.sqrt(C.diagonal())
        return float(np.linalg.eigvalsh(C / np.outer(spread, spread))[-self.W.shape[1] :].sum())


def polygons(corners: int) -> Float[Array, "n m"]:
    """As many regular polygons as there are planes in M dimensions, each in a plane of its own and aligned with the axes."""
    angle = 2 * np.pi * np.arange(corners) / corners
    return np.kron(np.eye(M // 2), np.stack([np.cos(angle), np.sin(angle)], 1))


def turn(n: int, rng: np.random.Generator) -> Float[Array, "n n"]:
    """A rotation or reflection at random, all alike likely."""
    Q, R = np.linalg.qr(rng.standard_normal((n, n)))
    return Q * np.sign(R.diagonal())


def spectrum_alone(W: Float[Array, "n m"], rng: np.random.Generator) -> Float[Array, "n m"]:
    """W with its features mixed at random: the same singular values, the same hidden axes, and nothing else of it."""
    _, S, V = np.linalg.svd(W, full_matrices=False)
    return turn(len(W), rng)[:, :M] * S @ V


def unequal(W: Float[Array, "n m"], rng: np.random.Generator) -> Float[Array, "n m"]:
    """Rows made 0.4 to 2.5 times as long, evenly on a logarithmic scale."""
    return W * np.exp(rng.uniform(-1, 1, (len(W), 1)) * np.log(2.5))


def with_dead(W: Float[Array, "n m"], rng: np.random.Generator) -> Float[Array, "more m"]:
    """W and twice as many features as dimensions of length 0.01, in directions at random."""
    return np.concatenate([W, 0.01 * formulas.unit(rng.standard_normal((2 * M, M)))])


def models(seed: int, sparsity: float) -> dict[str, Known]:
    """All of NAMES. Where nothing else is said the data have this sparsity; what is random is so by the seed."""
    rng, p = np.random.default_rng((seed, 16)), 1 - sparsity
    one, pairs, pentagons = np.eye(M), np.concatenate([np.eye(M), -np.eye(M)]), polygons(5)
    drawn = {n: formulas.unit(rng.standard_normal((n, M))) for n in (40, 60, 80)}
    stored = runs.load("toy/demonstrating")
    place = [metrics.nearest(stored["sparsity"], s) for s in (0.7, 0.9, 0.97, 0.99)]
    linear, *trained = stored["W_large"][[0, 1, 1, 1, 1], [place[2], *place], seed % stored.config.seeds].astype(float)
    few = rng.exponential(size=(M, 3 * M)) * (rng.random((M, 3 * M)) < 0.2)  # each cause moves a fifth of the features
    few[rng.integers(M, size=3 * M), np.arange(3 * M)] += 1
    scaled = few / np.sqrt((few**2).sum(0))
    partners = np.concatenate([np.eye(2 * M), np.tile(np.eye(M), (1, 2))])  # a cause for each, and one for both of a pair
    made = {
        "a dimension each": Known(one, p),
        "turned": Known(turn(M, rng), p),
        "unequal lengths": Known(unequal(one, rng), p),
        "with dead features": Known(with_dead(one, rng), p),
        "trained, linear": Known(linear, 1 - 0.97),
        "projection, dense data": Known(turn(3 * M, rng)[:, :M], 1.0),
        "low-rank data": Known(np.linalg.svd(scaled, full_matrices=False)[2].T, p, scaled),
        "random, dense data": Known(drawn[60], 1.0),
        "pentagons, dense data": Known(pentagons, 1.0),
        "pairs, correlated": Known(pairs, p / 2, partners),
        "triangles": Known(polygons(3), p),
        "pairs": Known(pairs, p),
        "pairs, turned": Known(pairs @ turn(M, rng), p),
        "pentagons": Known(pentagons, p),
        "pentagons, 3 times as long": Known(3 * pentagons, p),
        "pentagons, unequal lengths": Known(unequal(pentagons, rng), p),
        "pentagons and dead features": Known(with_dead(pentagons, rng), p),
        "pentagons, spectrum alone": Known(spectrum_alone(pentagons, rng), p),
        **{f"{n} at random": Known(W, p) for n, W in drawn.items()},
        "before training": Known(rng.standard_normal((80, M)) / M**0.5, p),
        **{f"trained, S = {s:g}": Known(W, 1 - s) for s, W in zip((0.7, 0.9, 0.97, 0.99), trained, strict=True)},
        "trained, spectrum alone": Known(spectrum_alone(trained[2], rng), 1 - 0.97),
    }
    return {name: made[name] for name in NAMES}
