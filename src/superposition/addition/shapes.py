"""How circuits share heads where attention is cut into fewer, larger heads or into more, smaller ones.
Reads the models of `addition/sweep`: when they are trained again, this has to be run again."""

import numpy as np

from superposition import runs
from superposition.addition import circuits
from superposition.addition.engine import transformer_training
from superposition.addition.measures import ablation, head_sharing
from superposition.addition.measures.ablation import EFFECTS, Parts
from superposition.addition.engine.transformer import Transformer

Array = np.ndarray
Config = circuits.Config

SCHEMA = {
    "whole": "model answer",
    "measured": "model effect column measure",
    "null": "model effect column quantile measure",
    "smallest": "model enough",
    "at_least": "model enough",
}


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
    """Of one model the score in every column, and the smallest sets of heads that are enough for the first digit."""
    model, seed, config = item
    parts = Parts.of(model, ablation.balanced(seed, config.each))
    others = Parts.of(model, ablation.balanced(seed + 1000, config.each_set))
    found = circuits.shared(ablation.effects(parts), config, seed)
    best, bounds = circuits.proven(others, 0, circuits.sets(others, 0, config, seed)["chosen"], config.nodes)
    whole = parts.right(parts.logits).mean(0)
    return {"whole": whole, "measured": found["measured"], "null": found["null"], "smallest": best.sum(-1), "at_least": bounds}


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Take every model apart."""
    each = job.map(analysed, [(*one, config) for one in trained(config.models)], "models")
    arrays = {name: np.stack([one[name] for one in each]) for name in SCHEMA}
    arrays = {name: array.astype(np.float32) if array.dtype == float else array for name, array in arrays.items()}
    score = arrays["measured"][:, EFFECTS.index("answers lost"), 0, head_sharing.MEASURES.index("score")]
    return arrays, {"score": float(score.mean())}
