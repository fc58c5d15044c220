"""A hundred features in twenty dimensions over twenty densities: does superposition come smoothly in a larger model?
The last example of Anthropic's notebook for Elhage et al. 2022; the chapter on demonstrating superposition loads it."""

import numpy as np

from superposition import formulas, runs
from superposition.toy.engine import training
from superposition.training import AdamW

Array = np.ndarray


class Config(runs.Config):
    n_features: int
    n_hidden: int
    least_importance: float
    densities: int
    lowest_density: float
    seeds: int
    steps: int
    batch: int
    lr: float


DEVICES = ("cpu", "cuda")
SCHEMA = {
    "density": "density",
    "importance": "n_features",
    "W": "seed density n_features n_hidden",
    "b": "seed density n_features",
    "loss": "seed density",
    "history_step": "record",
    "history": "record seed density",
}


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Train seeds × densities models at once."""
    density = config.lowest_density ** np.linspace(0, 1, config.densities)
    importance = config.least_importance ** np.linspace(0, 1, config.n_features)
    arrays, _ = training.train_grid(
        np.tile(density[:, None], (config.seeds, 1, config.n_features)), importance, config.n_hidden, True,
        config.steps, config.batch, AdamW(config.lr, schedule="cosine"), config.seed, job,
    )  # fmt: skip
    per_dimension = formulas.features_per_dimension(arrays["W"]).mean(0)
    ends = {"features per dimension, densest": float(per_dimension[0]), "sparsest": float(per_dimension[-1])}
    return arrays | {"density": density, "importance": importance}, ends
