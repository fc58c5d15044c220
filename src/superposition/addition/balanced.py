"""A transformer of the original's size with fewer and larger heads, trained on more sums, and on sums with longer carries.
One recipe draws all sums evenly; in the other some have columns that sum to 9 with even odds, where carries travel far."""

import numpy as np

from superposition import runs
from superposition.addition.engine import carry_chains, learning_curves, transformer_training
from superposition.addition.engine.carry_chains import SPLITS
from superposition.addition.engine.data import Reading
from superposition.training import AdamW

Array = np.ndarray
READING: Reading = "at once"


class Config(learning_curves.Recipe):
    """`shares`: for each recipe, how many of its sums may have long chains."""

    shares: tuple[float, ...]


SCHEMA = {name: f"recipe {axes}" for name, axes in learning_curves.PARAMETERS.items()} | {
    "epoch": "checkpoint",
    "loss": "recipe checkpoint seed split",
    "digit_accuracy": "recipe checkpoint seed split answer",
    "sum_accuracy": "recipe checkpoint seed split",
    "carry_accuracy": "recipe checkpoint seed split carry chain",
    "train_sum_accuracy": "recipe seed",
}


def sums(config: Config, first: int, count: int, share: float | int) -> transformer_training.Examples:
    """The sums of every seed, drawn from seeds that start at `first`."""
    drawn = [carry_chains.draw(config.seed + first + k, count, share) for k in range(config.seeds)]
    return transformer_training.Examples.of(np.stack(drawn), READING)


def checkpoints(epochs: int, count: int = 16) -> list[int]:
    """About evenly spaced epochs, from the start to the end."""
    return sorted({round(epochs * k / count) for k in range(count + 1)})


def _trained(config, recipe, splits, job):
    """The models of one recipe, and their measures at every checkpoint."""
    seeds = [config.seed + k for k in range(config.seeds)]
    examples = sums(config, 0, config.n_train, config.shares[recipe])
    models = transformer_training.Trainees.start(seeds, config.n_heads, config.d_head, READING)
    optimiser = AdamW(config.lr, config.weight_decay, schedule="cosine")
    _, watched = transformer_training.train(
        models, examples, seeds, config.epochs, config.batch, optimiser, checkpoints(config.epochs),
        lambda models: learning_curves.judge(models, splits), job, key=f"recipe_{recipe}",
    )  # fmt: skip
    seen = transformer_training.Examples(*(array[:, : config.n_test] for array in vars(examples).values()))
    known = learning_curves.judged(models.logits(seen.seen), seen)["sum_accuracy"]
    return models.parameters() | watched | {"train_sum_accuracy": known}


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Train every recipe, all seeds of it at once, and try the models on uniform sums and on those with long chains."""
    splits = [sums(config, 1000 * (k + 1), config.n_test, k) for k in range(len(SPLITS))]
    each = [_trained(config, recipe, splits, job) for recipe in range(len(config.shares))]
    arrays = {name: np.stack([one[name] for one in each]) for name in each[0]}
    arrays = {name: array.astype(np.float32) for name, array in arrays.items()} | {"epoch": np.array(checkpoints(config.epochs))}
    final = arrays["sum_accuracy"][:, -1].mean(1)
    return arrays, {f"recipe {k} {split}": float(final[k, s]) for k in range(len(final)) for s, split in enumerate(SPLITS)}
