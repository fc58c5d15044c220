"""The smallest sets of heads that are enough where attention is cut into fewer, larger heads or into more, smaller ones.
Reads the models of `addition/sweep`: when they are trained again,
this has to be run again. `circuits_all_columns` has the sharing."""

import numpy as np

from superposition import runs
from superposition.addition import circuits
from superposition.addition.engine import transformer_training
from superposition.addition.engine.transformer import Transformer
from superposition.addition.measures import ablation
from superposition.addition.measures.ablation import Parts

Array = np.ndarray


class Config(runs.Config):
    """Sets are chosen by `each` sums for every pair of digits; `models` 0 means all of them."""

    models: int
    each: int
    beam: int
    nodes: int


SCHEMA = {"smallest": "model enough", "at_least": "model enough"}


def trained(models: int) -> list[tuple[Transformer, int]]:
    """The models of `addition/sweep`, shape by shape, each with its seed: all, or the first so many."""
    results = runs.load("addition/sweep")
    width = results.config.n_heads * results.config.d_head
    each = [
        (Transformer.of(transformer_training.named(theta, int(heads), width // int(heads))), results.config.seed + k)
        for heads, of_shape in zip(results["heads"], results["theta"], strict=True) for k, theta in enumerate(of_shape)
    ]  # fmt: skip
    return each[: models or None]


def analysed(item: tuple[Transformer, int, Config]) -> dict[str, Array]:
    """Of one model the sizes of the smallest sets that are enough for the first digit, and those that are proven."""
    model, seed, config = item
    parts = Parts.of(model, ablation.balanced(seed + 1000, config.each))
    return dict(zip(SCHEMA, circuits.smallest(parts, 0, config.beam, config.nodes), strict=True))


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Search the sets of every model."""
    each = job.map(analysed, [(*one, config) for one in trained(config.models)], "models")
    arrays = {name: np.stack([one[name] for one in each]) for name in SCHEMA}
    return arrays, {"heads that are enough": float(arrays["smallest"][:, 0].mean())}
