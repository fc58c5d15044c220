"""The same transformer, reading as the write-up describes it: each answer sees the digits of the sum before its own.
In training these are the true ones; on its own the model goes on from what it said itself."""

import numpy as np
from jaxtyping import Float, UInt8

from superposition import runs
from superposition.addition.engine import data, learning_curves
from superposition.addition.engine.transformer_training import Examples, Trainees

Array = np.ndarray
Config = learning_curves.Config
SCHEMA = learning_curves.PARAMETERS | learning_curves.MEASURES
SCHEMA |= {"free_accuracy": "seed split answer", "free_sum_accuracy": "seed split"}


def alone(models: Trainees, seen: UInt8[Array, "model example n_ctx"]) -> UInt8[Array, "model example n_answers"]:
    """The digits that each model says one after another, seeing none but its own."""
    seen, said = seen.copy(), []
    for place in range(data.N_INPUTS, data.N_CTX):
        said.append(models.logits(seen)[:, :, place - data.N_INPUTS].argmax(-1).astype(np.uint8))
        if place + 1 < data.N_CTX:
            seen[:, :, place + 1] = said[-1]
    return np.stack(said, -1)


def free_running(models: Trainees, splits: list[Examples]) -> dict[str, Float[Array, "..."]]:
    """Accuracies of every model on its own, by split."""
    right = [alone(models, examples.seen) == examples.answers for examples in splits]
    return {
        "free_accuracy": np.stack([one.mean(1) for one in right], 1).astype(np.float32),
        "free_sum_accuracy": np.stack([one.all(-1).mean(-1) for one in right], 1).astype(np.float32),
    }


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Train every seed with the true digits before it, and say how well it adds with them and on its own."""
    models, splits, arrays = learning_curves.learn(config, "one by one", job)
    arrays = {name: array for name, array in arrays.items() if name not in learning_curves.FILM}
    return arrays | free_running(models, splits), learning_curves.metrics(arrays)
