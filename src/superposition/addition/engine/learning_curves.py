"""Learn to add: what `addition/train` and `addition/autoregressive` share, from the draw of the sums to the measures.
Accuracy by digit and by whole sum, at the epochs at which the original kept its model, on sums seen and unseen."""

import numpy as np
import torch
from jaxtyping import Bool, Float, Int

from superposition import runs
from superposition.addition.engine import data, transformer_training
from superposition.addition.engine.lookup import Lookup
from superposition.addition.engine.transformer import Transformer
from superposition.addition.engine.transformer_training import Examples, Trainees
from superposition.training import AdamW

Array = np.ndarray
SPLITS = ("train", "test", "fresh")  # fresh: more sums that no model was trained on, for what is rare
TRAIN, TEST, FRESH = range(len(SPLITS))


class Recipe(runs.Config):
    """What every training says: how many models, their heads, how many sums, and how to step."""

    seeds: int
    n_heads: int
    d_head: int
    n_train: int
    n_test: int
    epochs: int
    batch: int
    lr: float
    weight_decay: float


class Config(Recipe):
    n_fresh: int


PARAMETERS = {
    "W_E": "seed token d_model", "W_pos": "seed position d_model",
    "W_Q": "seed head d_model d_head", "W_K": "seed head d_model d_head", "W_V": "seed head d_model d_head",
    "b_Q": "seed head d_head", "b_K": "seed head d_head", "b_V": "seed head d_head",
    "W_O": "seed head d_head d_model", "b_O": "seed d_model", "W_U": "seed d_model n_out", "b_U": "seed n_out",
}  # fmt: skip
MEASURES = {
    "epoch": "checkpoint",
    "epoch_loss": "epoch seed",
    "loss": "checkpoint seed split",
    "digit_accuracy": "checkpoint seed split answer",
    "sum_accuracy": "checkpoint seed split",
    "carry_accuracy": "checkpoint seed split carry chain",
    "carry_count": "seed split carry chain",
}
FILM = {
    "film_QKV": "checkpoint qkv row head d_head",
    "film_out": "checkpoint row n_out",
    "film_WOU": "checkpoint head d_head n_out",
}


def checkpoints(epochs: int) -> list[int]:
    """The epochs after which models are looked at: the original's, counted from 1, with the start and the end.

    It kept one after each of the first eleven epochs, and then whenever the count had grown by a tenth."""
    found, following = [0], 0.0
    for epoch in range(epochs):
        if epoch >= following:
            found.append(epoch + 1)
            following = max(following + 1, following * 1.1)
    return sorted({*found, epochs})


def steps(config: Recipe, epochs: int | Int[Array, "*checkpoint"]) -> int | Int[Array, "*checkpoint"]:
    """How many steps so many epochs take, of whole batches only."""
    return epochs * (config.n_train // config.batch)


def transformers(results: runs.Results) -> list[Transformer]:
    """The stored models of a training, one a seed."""
    return [Transformer.of({name: results[name][k] for name in PARAMETERS}) for k in range(len(results["W_E"]))]


def sums(config: Config, reading: data.Reading) -> list[Examples]:
    """The sums of every seed, in the order of SPLITS."""
    counts = config.n_train, config.n_test, config.n_fresh
    drawn = np.stack([data.draw(config.seed + k, sum(counts)) for k in range(config.seeds)])
    return [Examples.of(pairs, reading) for pairs in np.split(drawn, np.cumsum(counts)[:-1], axis=1)]


def by_carry(examples: Examples, which: Bool[Array, "model example answer"]) -> Int[Array, "model carry chain"]:
    """How many of these digits have a carry coming in or not, by how many columns right below sum to 9."""
    kind = examples.carry * data.N_ANSWERS + examples.chain
    counts = [np.bincount(one[here], minlength=2 * data.N_ANSWERS) for one, here in zip(kind, which, strict=True)]
    return np.stack(counts).reshape(-1, 2, data.N_ANSWERS)


def judged(logits: Float[Array, "model example answer n_out"], examples: Examples) -> dict[str, Array]:
    """Mean loss and accuracies of every model: by digit, by whole sum, and by the carry into a digit (0 where there is none)."""
    shifted = logits - logits.max(-1, keepdims=True)
    chosen = np.take_along_axis(shifted, examples.answers[..., None].astype(int), -1)[..., 0]
    loss = np.log(np.exp(shifted).sum(-1)) - chosen
    right = logits.argmax(-1) == examples.answers
    return {
        "loss": loss.mean((1, 2), dtype=float), "digit_accuracy": right.mean(1), "sum_accuracy": right.all(-1).mean(-1),
        "carry_accuracy": by_carry(examples, right) / np.maximum(1, by_carry(examples, np.ones_like(right))),
    }  # fmt: skip


def judge(models: Trainees, splits: list[Examples]) -> dict[str, Array]:
    """What `judged` says of every split: arrays (model, split, …)."""
    each = [judged(models.logits(examples.seen), examples) for examples in splits]
    return {name: np.stack([one[name] for one in each], 1) for name in each[0]}


def reduced(models: Trainees, which: int) -> dict[str, Array]:
    """The tables of one of the models, from which all its pictures follow: see `lookup.Lookup`."""
    parameters = transformer_training.named(models.theta[which], models.n_heads, models.d_head)
    with torch.no_grad():
        tables = Lookup.of(Transformer.of(parameters))
    return {"film_QKV": tables.QKV.numpy(), "film_out": tables.out.numpy(), "film_WOU": tables.WOU.numpy()}


def learn(config: Config, reading: data.Reading, job: runs.Job) -> tuple[Trainees, list[Examples], dict[str, Array]]:
    """Train a model a seed. Returns the models, their sums by split, and the arrays of PARAMETERS, MEASURES and FILM."""
    seeds = [config.seed + k for k in range(config.seeds)]
    splits, stops = sums(config, reading), checkpoints(config.epochs)
    models = Trainees.start(seeds, config.n_heads, config.d_head, reading)
    optimiser = AdamW(config.lr, config.weight_decay, schedule="cosine")
    loss, watched = transformer_training.train(
        models, splits[0], seeds, config.epochs, config.batch, optimiser, stops,
        lambda models: judge(models, splits) | reduced(models, 0), job,
    )  # fmt: skip
    count = np.stack([by_carry(examples, examples.carry >= 0) for examples in splits], 1)
    arrays = {"epoch": np.array(stops), "epoch_loss": loss, "carry_count": count} | watched
    arrays = {name: array.astype(np.float32) if array.dtype == float else array for name, array in arrays.items()}
    return models, splits, arrays | models.parameters()


def metrics(arrays: dict[str, Array]) -> dict[str, float]:
    """Accuracies at the end, mean over seeds, by split."""
    digit, whole = arrays["digit_accuracy"][-1].mean(-1), arrays["sum_accuracy"][-1]
    named = {"digits": digit, "whole sums": whole}
    return {f"{split} {what}": float(found[:, k].mean()) for k, split in enumerate(SPLITS) for what, found in named.items()}
