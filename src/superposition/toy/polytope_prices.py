"""What a polytope is worth: the loss that a dimension saves when it is spent on copies of one perfect polytope.
With more features than any polytope could use, the best W would be made of the one that saves most in each dimension."""

import numpy as np
from jaxtyping import Float
from scipy.optimize import minimize
from scipy.stats import qmc

from superposition import runs
from superposition.toy.engine.features import variance
from superposition.toy.measures import polytopes

Array = np.ndarray


class Config(runs.Config):
    sparsities: int
    highest: float  # of 1 / (1 - S)
    samples_log2: int


SCHEMA = {"density": "density", "saved": "shape density", "length": "shape density", "bias": "shape density"}


def inputs(density: float, k: int, samples_log2: int, seed: int) -> Float[Array, "sample k"]:
    """2^samples_log2 inputs of k features, spread evenly over all possible ones (scrambled Sobol points)."""
    u = qmc.Sobol(k, rng=np.random.default_rng(seed)).random_base2(samples_log2)
    return np.maximum(0, (u - (1 - density)) / density)


def loss(cosines: Float[Array, "k"], x: Float[Array, "sample k"], scale: float | np.floating, bias: float | np.floating) -> float:
    """Mean squared error of feature 0 in a polytope whose squared length is `scale`: ReLU(scale · cosines · x + bias)."""
    return float(np.mean((x[:, 0] - np.maximum(0, scale * (x @ cosines) + bias)) ** 2))


def best(shape: int, density: float, samples_log2: int, seed: int) -> tuple[float, float, float]:
    """The least loss of a feature of the perfect polytope, with the squared length and the bias that reach it.

    All corners of these polytopes are alike, so one feature stands for all; the starts are with and without a bias."""
    corners = polytopes.CORNERS[shape]
    cosines, x = corners @ corners[0], inputs(density, len(corners), samples_log2, seed)
    fits = [
        minimize(lambda at: loss(cosines, x, at[0], at[1]), start, method="Nelder-Mead", options={"xatol": 1e-4, "fatol": 1e-8})
        for start in ([1.0, 0.0], [0.8, -0.2])
    ]
    least = min(fits, key=lambda fit: fit.fun)
    return float(least.fun), float(least.x[0]), float(least.x[1])


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Fit length and bias of each polytope at each density; `saved` is per dimension, against features that are guessed."""
    density = config.highest ** -np.linspace(0, 1, config.sparsities)
    fits = np.empty((polytopes.OTHER, len(density), 3))
    with job.progress("polytopes", fits[..., 0].size) as progress:
        for shape in range(polytopes.OTHER):
            for k, p in enumerate(density):
                fits[shape, k] = best(shape, float(p), config.samples_log2, config.seed)
                progress.advance()
    share = np.array([polytopes.dimensionality(shape) for shape in range(polytopes.OTHER)])
    saved = (variance(density) - fits[..., 0]) / share[:, None]
    arrays = {"density": density, "saved": saved, "length": np.sqrt(fits[..., 1]), "bias": fits[..., 2]}
    highest = {
        f"densities at which a {name} saves most": float((saved.argmax(0) == k).sum())
        for k, name in enumerate(polytopes.NAMES[:-1])
    }
    return arrays, highest


def over_least(prices: runs.Results, n: int, m: int, density: Float[Array, "point"]) -> Float[Array, "shape point"]:
    """The loss of n features with all m dimensions in perfect copies of each polytope, over the least without superposition.

    The features that find no place are guessed, and what a polytope saves is read off between the densities of `prices`.
    How many copies fit is not asked: with 20 dimensions in tetrahedra, two thirds of one are counted."""
    known = np.log(prices["density"])[::-1]
    ratio = (prices["saved"] / variance(prices["density"]))[:, ::-1]
    gain = np.array([np.interp(np.log(density), known, of_shape) for of_shape in ratio])
    return (n - m * gain) / (n - m)
