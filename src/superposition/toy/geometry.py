"""Many equally important features in few dimensions, from dense data to sparse: which polytopes do they form?
Elhage et al. 2022, "The Geometry of Superposition": 400 features in 30 dimensions; replications take 200 in 20 and 15."""

import numpy as np

from superposition import metrics, runs
from superposition.toy.engine import training
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
    per_dimension = metrics.features_per_dimension(arrays["W"]).mean(0)
    ends = {"features per dimension, densest": float(per_dimension[0]), "sparsest": float(per_dimension[-1])}
    small = {name: arrays[name].astype(np.float16) for name in ("W", "b")}
    return arrays | small | {"density": density}, ends
