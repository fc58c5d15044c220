"""A null of neurons' highest texts: random directions in the space of a layer's activations, on the texts of Neuroscope's pages.
Where these peak at one token as often, a neuron's peaks say nothing about neurons."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from superposition import runs
from superposition.stories.engine import models, tokenizer
from superposition.stories.measures import peaks, reading

Array = np.ndarray
BATCH = 64  # texts at a time


class Config(runs.Config):
    """`shown`: results of Neuroscope, whose models and texts are taken; the first `texts` of them, 0 for all."""

    shown: tuple[str, ...]
    directions: int
    texts: int


SCHEMA = {"sameness": "layer direction"}


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """How alike the peaks of random directions are, in every layer of every model."""
    rng, found = np.random.default_rng(config.seed), []
    for name in config.shown:
        shown = runs.load(name)
        model = models.load(shown.config.model, shown.config.model_seed)
        rows = np.split(shown["text"].astype(np.int64), shown["start"][1:-1].astype(int))[: config.texts or None]
        for layer, block in enumerate(model.transformer.h):
            directions = rng.standard_normal((block.mlp.c_fc.out_features, config.directions), np.float32)
            found.append(peaks.sameness(highest(model, layer, rows, directions, shown.config.top)))
    return {"sameness": np.array(found, np.float32)}, {"share at one token": float(np.mean(found))}


def highest(
    model: Any, layer: int, rows: Sequence[Int[Array, "_"]], directions: Float[Array, "neuron direction"], top: int
) -> Int[Array, "direction top"]:
    """The tokens at the peaks of the `top` texts in which the activations go farthest along each direction.

    Each row begins with an END, which is no text."""
    values, tokens = [], []
    for start in range(0, len(rows), BATCH):
        some = rows[start : start + BATCH]
        lengths = np.array([len(row) for row in some])
        padded = np.full((len(some), lengths.max()), tokenizer.END_ID)
        taken = np.arange(lengths.max()) < lengths[:, None]
        padded[taken] = np.concatenate(some)
        _, active = reading.mlp(model, padded, taken, layer)
        for row, along in zip(some, np.split(active @ directions, np.cumsum(lengths)[:-1]), strict=True):
            values.append(along[1:].max(0))
            tokens.append(row[1:][along[1:].argmax(0)])
    best = np.argsort(-np.array(values), axis=0, kind="stable")[:top]
    return np.take_along_axis(np.array(tokens), best, axis=0).T
