"""The original's configuration once more, from seeds of its own, counted as the notebooks count.
`train` has six seeds; with these one can say how likely the three numbers are that the notebooks printed."""

import numpy as np
from jaxtyping import Bool, Float

from superposition import runs
from superposition.addition import train
from superposition.addition.engine import data, learning_curves, transformer_training
from superposition.addition.engine.learning_curves import TEST, TRAIN
from superposition.training import AdamW

Array = np.ndarray


class Config(learning_curves.Recipe):
    """`looks`: the epochs after which accuracy is measured."""

    looks: tuple[int, ...]


SCHEMA = {
    "epoch": "checkpoint",
    "epoch_loss": "seed epoch",
    "digit_accuracy": "seed checkpoint split answer",
    "sum_accuracy": "seed checkpoint split",
}


def counted(examples: transformer_training.Examples, batch: int) -> transformer_training.Examples:
    """What the notebooks count of a set of sums: whole batches, with `drop_last` in both loaders."""
    whole = examples.answers.shape[1] // batch * batch or examples.answers.shape[1]
    return transformer_training.Examples(*(array[:, :whole] for array in vars(examples).values()))


def trained(config: Config, seed: int, job: runs.Job) -> dict[str, Array]:
    """Train one seed, and say how often its digits and its sums are right at every look; kept, once that is known."""
    if (found := job.load_checkpoint(f"done-{seed}")) is not None:
        return found
    pairs = data.draw(seed, config.n_train + config.n_test)
    splits = [transformer_training.Examples.of(one[None], "at once") for one in np.split(pairs, [config.n_train])]
    models = transformer_training.Trainees.start([seed], config.n_heads, config.d_head, "at once")
    loss, watched = transformer_training.train(
        models, splits[0], [seed], config.epochs, config.batch, AdamW(config.lr, config.weight_decay, schedule="cosine"),
        config.looks, lambda models: learning_curves.judge(models, [counted(one, config.batch) for one in splits]), job,
        key=f"seed-{seed}",
    )  # fmt: skip
    found = {name: watched[name][:, 0].astype(np.float32) for name in ("digit_accuracy", "sum_accuracy")}
    found |= {"epoch_loss": loss[:, 0].astype(np.float32)}
    job.save_checkpoint(f"done-{seed}", found, force=True)
    return found


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Train every seed by itself, one after another."""
    each = [trained(config, config.seed + k, job) for k in range(config.seeds)]
    arrays = runs.stacked(each, config.seeds) | {"epoch": np.array(config.looks)}
    right = arrays["digit_accuracy"][:, -1].mean((0, -1))
    return arrays, {"train digits": float(right[TRAIN]), "test digits": float(right[TEST])}


# --- what came of it: beside the seeds of addition/train -----------------------------------------------------------------


def right_digits(first: runs.Results, more: runs.Results, split: int) -> Float[Array, "seed"]:
    """The share of digits that are right at the end, of the seeds of `addition/train` and of these."""
    return np.append(train.right_digits(first, split), more["digit_accuracy"][:, -1, split].astype(float).mean(-1))


def right_sums(first: runs.Results, more: runs.Results, split: int) -> Float[Array, "seed"]:
    """The share of whole sums."""
    return np.append(train.right_sums(first, split), more["sum_accuracy"][:, -1, split].astype(float))


def at_a_coin(more: runs.Results, split: int) -> Bool[Array, "seed"]:
    """Which seeds end with a digit that is right in less than three of four sums: it never learnt its carry."""
    return (more["digit_accuracy"][:, -1, split] < 0.75).any(-1)
