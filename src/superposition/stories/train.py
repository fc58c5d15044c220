"""Siblings of the TinyStories models: GPT-Neo of one or two layers, trained on the stories from one or several seeds.
Their weights, in half precision, how the loss fell, and what an n-gram model reaches on the same tokens.
No sampled text is stored: a model at times repeats a sentence that it has read."""

import re
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float

from superposition import runs
from superposition.stories.engine import corpora, models, ngrams, pretraining, text, tokenizer

Array = np.ndarray
DEVICES = ("cpu", "cuda")


class Config(runs.Config):
    source: text.Source
    n_stories: int
    n_entries: int
    seeds: int
    n_layers: int
    d_model: int
    n_heads: int
    context: int
    epochs: float
    batch: int
    lr: float
    warmup: int
    weight_decay: float
    clip: float
    precision: Literal["float32", "bfloat16"]
    evaluations: int
    ngram: int


SCHEMA = {name: f"seed {axes}" for name, axes in models.PARAMETERS.items()} | {
    "tokenizer": "byte",
    "train_loss": "seed step",
    "valid_step": "evaluation",
    "valid_loss": "seed evaluation",
    "position_loss": "seed position",
    "ngram_loss": "order",
    "valid_tokens": "",
    "valid_characters": "",
}


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Train a model of every seed on the same tokens, and compare it with n-grams on the validation stories."""
    codec = corpora.codec(config)
    train, _ = tokenizer.encode(codec, text.read(config.source, "train", config.n_stories, config.seed))
    valid, characters = tokenizer.encode(codec, text.read(config.source, "valid", config.n_stories, config.seed))
    schedule = pretraining.Schedule(
        config.epochs, config.batch, config.context, config.lr, config.warmup, config.weight_decay, config.clip, config.precision
    )
    each = [_one(config, schedule, config.seed + k, codec.get_vocab_size(), train, valid, job) for k in range(config.seeds)]
    arrays = {name: np.stack([one[name] for one in each]) for name in each[0]}
    arrays |= {
        "valid_step": arrays["valid_step"][0], "tokenizer": tokenizer.to_array(codec),
        "valid_tokens": np.array(len(valid) - 1), "valid_characters": np.array(characters),
        "ngram_loss": np.array([
            ngrams.kneser_ney(train, valid, order, codec.get_vocab_size())[1:].mean() for order in range(1, config.ngram + 1)
        ]),
    }  # fmt: skip
    final, a_character = arrays["valid_loss"][:, -1].mean(), (len(valid) - 1) / characters
    return arrays, {
        "validation loss, nats a token": final, "validation loss, nats a character": final * a_character,
        "n-grams, nats a token": arrays["ngram_loss"].min(),
        "n-grams, nats a character": arrays["ngram_loss"].min() * a_character,
        "tokens trained on": float(schedule.steps(len(train)) * config.batch * config.context),
    }  # fmt: skip


def _one(config, schedule, seed, n_vocab, train, valid, job):
    """The model of one seed."""
    model = models.create(config.n_layers, config.d_model, config.n_heads, config.context, n_vocab, seed).to(job.device)
    arrays = pretraining.train(model, train, valid, schedule, seed, config.evaluations, job, f"seed-{seed}")
    with torch.no_grad():  # what is said of a model is said of the stored one
        for name, p in model.named_parameters():  # noqa: B007
            p.copy_(p.half())
    losses = pretraining.evaluate(model, valid, schedule)
    arrays["valid_loss"][-1] = losses.mean()
    return (
        models.stacked(model)
        | arrays
        | {
            "position_loss": losses.reshape(-1, config.context).mean(0),
        }
    )


def gain(results: runs.Results) -> Float[Array, "seed"]:
    """By how many nats a token each seed's model does better on unseen stories than the best of the n-grams."""
    return results["ngram_loss"].min() - results["valid_loss"][:, -1]


def seed_spread(results: runs.Results) -> float:
    """How far apart the seeds' last losses are, in nats a token."""
    return float(np.ptp(results["valid_loss"][:, -1]))


def drawn(results: runs.Results, tokens: int, seed: int = 0) -> str:
    """The first story that a stored model draws, each token with the probability that the model gives it, cut short."""
    model = models.of_stacked({name: results[name][seed] for name in models.PARAMETERS}, results.config.n_heads)
    ids = pretraining.sample(model, 1, tokens, results.config.seed + seed)[0].tolist()
    return tokenizer.of_array(results["tokenizer"]).decode(ids, skip_special_tokens=True)


def opening(told: str, words: int) -> str:
    """The beginning of a story: whole sentences of at most so many words together, on one line.

    A quotation mark that closes with the last sentence belongs to it."""
    story = " ".join(told.split()[:words])
    return story[: max((end.end() for end in re.finditer(r"[.!?][\"”]?", story)), default=0)]
