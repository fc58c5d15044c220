"""The original's transformer, trained on its sums for its thousand epochs, from several seeds.
The seven answers are read all at once, each at a place that holds `=`; one seed's tables are kept at every checkpoint."""

import numpy as np

from superposition import runs
from superposition.addition import learning

Array = np.ndarray


class Config(learning.Config):
    pass


SCHEMA = (
    learning.PARAMETERS
    | learning.MEASURES
    | {
        "film_QKV": "checkpoint qkv row head d_head",
        "film_out": "checkpoint row n_out",
        "film_WOU": "checkpoint head d_head n_out",
    }
)


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Train every seed, and say how well it adds sums that it has not seen."""
    _, _, arrays = learning.learn(config, "at once", job)
    digit, whole = arrays["digit_accuracy"][-1].mean(-1), arrays["sum_accuracy"][-1]
    metrics = {f"{split} {what}": float(found[:, k].mean()) for k, split in enumerate(learning.SPLITS)
               for what, found in (("digits", digit), ("whole sums", whole))}  # fmt: skip
    return arrays, metrics
