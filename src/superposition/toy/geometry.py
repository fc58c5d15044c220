"""Many equally important features in few dimensions, from dense data to sparse: which polytopes do they form?
Elhage et al. 2022, "The Geometry of Superposition": 400 features in 30 dimensions; replications take 200 in 20 and 15."""

import numpy as np
from jaxtyping import Float, Int

from superposition import formulas, runs
from superposition.toy.engine import training
from superposition.toy.measures import polytopes
from superposition.toy.theory.linear_model import linear_optimum
from superposition.training import AdamW

Array = np.ndarray


class Config(runs.Config):
    n_features: int
    n_hidden: int
    sparsities: int
    highest: float  # of 1 / (1 - S)
    seeds: int
    steps: int
    batch: int
    lr: float
    warmup: int


DEVICES = ("cpu", "cuda")
SCHEMA = {
    "density": "density",
    "W": "seed density n_features n_hidden",
    "b": "seed density n_features",
    "loss": "seed density",
    "history_step": "record",
    "history": "record seed density",
}


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Train seeds × densities models at once; 1 / density goes from 1 to `highest` in even steps of its logarithm.

    W and b are stored in half precision: their rounding, 0.0005, is far below any tolerance used on them."""
    density = config.highest ** -np.linspace(0, 1, config.sparsities)
    arrays, _ = training.train_grid(
        np.tile(density[:, None], (config.seeds, 1, config.n_features)), np.ones(config.n_features), config.n_hidden, True,
        config.steps, config.batch, AdamW(config.lr, 0.0, schedule="cosine", warmup=config.warmup), config.seed, job,
    )  # fmt: skip
    per_dimension = formulas.features_per_dimension(arrays["W"]).mean(0)
    ends = {"features per dimension, densest": float(per_dimension[0]), "sparsest": float(per_dimension[-1])}
    small = {name: arrays[name].astype(np.float16) for name in ("W", "b")}
    return arrays | small | {"density": density}, ends


def weights(results: runs.Results) -> Float[np.ndarray, "seed density n m"]:
    """W in double precision."""
    return results["W"].astype(float)


def plateau(results: runs.Results, level: float) -> Float[np.ndarray, "seed"]:
    """The share of the densities (evenly spaced in their logarithm) at which m / ‖W‖² is within 5% of `level`."""
    per_feature = 1 / formulas.features_per_dimension(weights(results))
    return (np.abs(per_feature / level - 1) < 0.05).mean(-1)


def dwell(results: runs.Results, level: float) -> Float[np.ndarray, "seed"]:
    """The same as a share of the way from the first density to the last, with m / ‖W‖² interpolated: no two seeds tie."""
    per_feature = 1 / formulas.features_per_dimension(weights(results))
    place = np.arange(per_feature.shape[1])
    fine = np.linspace(0, place[-1], 20001)
    return np.array([(np.abs(np.interp(fine, place, one) / level - 1) < 0.05).mean() for one in per_feature])


def slide(results: runs.Results, level: float) -> float:
    """The same share for a value that moves evenly from the mean of the first density to that of the last."""
    per_feature = 1 / formulas.features_per_dimension(weights(results)).mean(0)
    even = np.linspace(per_feature[0], per_feature[-1], 1001)
    return float((np.abs(even / level - 1) < 0.05).mean())


def stuck(results: runs.Results, level: float) -> str:
    """At how many of the densities a seed is within 5% of `level`: one number, or the least and the most."""
    points = np.rint(plateau(results, level) * len(results["density"])).astype(int)
    return " to ".join(map(str, sorted({points.min(), points.max()})))


def at_levels(W: Float[np.ndarray, "seed density n m"]) -> Float[np.ndarray, "seed density"]:
    """The share of represented features whose D_i is that of a perfect polytope, NaN where none is represented."""
    return polytopes.at_levels(W, formulas.is_represented(W))


def made(features: Int[Array, "seed density shape"]) -> Float[Array, "seed polytope"]:
    """How many polytopes of each kind a seed's solutions hold, over all densities together, from `features_by_shape`."""
    return features.sum(1)[:, : polytopes.OTHER] / [len(corners) for corners in polytopes.CORNERS]


def polytopes_per_seed(results: runs.Results, shape: str) -> Float[np.ndarray, "seed"]:
    """How many polytopes of that name a seed's solutions hold, over all sparsities together."""
    return made(polytopes.features_by_shape(weights(results)))[:, polytopes.NAMES.index(shape)]


def over_least(results: runs.Results) -> Float[Array, "seed density"]:
    """The held-out loss over the least without superposition."""
    n, m = results["W"].shape[-2:]
    return results["loss"] / linear_optimum(results["density"], np.ones(n), m)


def dead(
    W: Float[Array, "seed density n m"], b: Float[Array, "seed density n"], density: Float[Array, "density"], samples: int = 1024
) -> Int[Array, "seed density"]:
    """How many features of each solution have a ReLU that none of so many random inputs opens."""
    p = density[:, None, None]
    x = np.maximum(0, (np.random.default_rng(0).random((len(p), samples, W.shape[-2])) - (1 - p)) / p)
    before = np.einsum("dbn,sdnm,sdkm->sdbk", x, W, W, optimize=True).max(2) + b
    return (before <= 0).sum(-1)
