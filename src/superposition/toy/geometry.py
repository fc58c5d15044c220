"""Many equally important features in few dimensions, from dense data to sparse: which polytopes do they form?
Elhage et al. 2022, "The Geometry of Superposition": 400 features in 30 dimensions; replications take 200 in 20 and 15."""

import numpy as np
from jaxtyping import Float, Int

from superposition import metrics, runs
from superposition.toy import models, polytopes, training

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
        config.steps, config.batch, training.AdamW(config.lr, 0.0, schedule="cosine", warmup=config.warmup), config.seed, job,
    )  # fmt: skip
    per_dimension = metrics.features_per_dimension(arrays["W"]).mean(0)
    ends = {"features per dimension, densest": float(per_dimension[0]), "sparsest": float(per_dimension[-1])}
    small = {name: arrays[name].astype(np.float16) for name in ("W", "b")}
    return arrays | small | {"density": density}, ends


def over_least(results: runs.Results) -> Float[Array, "seed density"]:
    """The held-out loss over the least without superposition."""
    n, m = results["W"].shape[-2:]
    return results["loss"] / models.linear_optimum(results["density"], np.ones(n), m)


def dead(
    W: Float[Array, "seed density n m"], b: Float[Array, "seed density n"], density: Float[Array, "density"], samples: int = 1024
) -> Int[Array, "seed density"]:
    """How many features of each solution have a ReLU that none of so many random inputs opens."""
    p = density[:, None, None]
    x = np.maximum(0, (np.random.default_rng(0).random((len(p), samples, W.shape[-2])) - (1 - p)) / p)
    before = np.einsum("dbn,sdnm,sdkm->sdbk", x, W, W, optimize=True).max(2) + b
    return (before <= 0).sum(-1)


def made(features: Int[Array, "seed density shape"]) -> Float[Array, "seed polytope"]:
    """How many polytopes of each kind a seed's solutions hold, over all densities together, from `features_by_shape`."""
    return features.sum(1)[:, : polytopes.OTHER] / [len(corners) for corners in polytopes.CORNERS]
