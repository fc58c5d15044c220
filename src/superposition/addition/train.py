"""The original's transformer, trained on its sums for its thousand epochs, from several seeds.
The seven answers are read all at once, each at a place that holds `=`; one seed's tables are kept at every checkpoint."""

import numpy as np

from superposition import runs
from superposition.addition.engine import learning_curves

Array = np.ndarray
Config = learning_curves.Config
SCHEMA = learning_curves.PARAMETERS | learning_curves.MEASURES | learning_curves.FILM


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Train every seed, and say how well it adds."""
    _, _, arrays = learning_curves.learn(config, "at once", job)
    return arrays, learning_curves.metrics(arrays)
