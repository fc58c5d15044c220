"""The same transformer with its attention cut into fewer, larger heads or into more, smaller ones: 64 × 1 to 8 × 8.
Every shape has as many parameters and trains on the same sums; `circuits` says how their heads share the work."""

import numpy as np
from jaxtyping import Shaped

from superposition import runs
from superposition.addition.engine import learning_curves, transformer_training
from superposition.training import AdamW

Array = np.ndarray


class Config(learning_curves.Config):
    """`heads`: numbers of heads, in each of which n_heads · d_head dimensions are shared out."""

    heads: tuple[int, ...]


SCHEMA = {
    "heads": "shape",
    "theta": "shape seed n_parameters",
    "epoch_loss": "shape epoch seed",
    "loss": "shape seed split",
    "digit_accuracy": "shape seed split answer",
    "sum_accuracy": "shape seed split",
}


def size(config: Config, heads: int) -> int:
    """The dimensions of a head where there are so many. Raises ValueError where they don't divide."""
    size, rest = divmod(config.n_heads * config.d_head, heads)
    if rest:
        raise ValueError(f"{config.n_heads * config.d_head} dimensions: cannot be shared out among {heads} heads")
    return size


def by_shape(values: Shaped[Array, "model *rest"], config: Config) -> Shaped[Array, "shape seed *rest"]:
    """What is said of every model, shape by shape."""
    return values.reshape(len(config.heads), config.seeds, *values.shape[1:])


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Train every shape from every seed, and say how well it adds."""
    seeds = [config.seed + k for k in range(config.seeds)]
    splits, found = learning_curves.sums(config, "at once"), []
    optimiser = AdamW(config.lr, config.weight_decay, schedule="cosine")
    for heads in config.heads:
        models = transformer_training.Trainees.start(seeds, heads, size(config, heads), "at once")
        loss, watched = transformer_training.train(
            models, splits[0], seeds, config.epochs, config.batch, optimiser, [config.epochs],
            lambda models: learning_curves.judge(models, splits), job, f"{heads}-heads",
        )  # fmt: skip
        kept = {name: watched[name][-1] for name in ("loss", "digit_accuracy", "sum_accuracy")}
        found.append({"theta": models.theta, "epoch_loss": loss} | kept)
    arrays = {name: np.stack([one[name] for one in found]).astype(np.float32) for name in found[0]}
    accuracy = arrays["digit_accuracy"][:, :, 1].mean((1, 2))
    return arrays | {"heads": np.array(config.heads)}, {
        f"digits {heads} heads": float(value) for heads, value in zip(config.heads, accuracy, strict=True)
    }
