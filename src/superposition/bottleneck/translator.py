"""A small sibling of Helsinki-NLP/opus-mt-en-fr: a Marian model trained on sentence pairs, and how well it translates.
Its weights, in half precision, and its tokenizer. No sentence of the data is stored."""

from typing import Literal

import numpy as np
import sacrebleu
import torch

from superposition import runs
from superposition.bottleneck.engine import beam_search, marian, pairs, translator_training

Array = np.ndarray


class Config(runs.Config):
    source: pairs.Source
    n_train: int
    n_valid: int
    n_test: int
    n_entries: int
    n_layers: int
    d_model: int
    n_heads: int
    d_mlp: int
    positions: int
    dropout: float
    smoothing: float
    epochs: int
    batch: int
    lr: float
    warmup: int
    weight_decay: float
    clip: float
    precision: Literal["float32", "bfloat16"]
    evaluations: int
    beams: int
    limit: int


SCHEMA = marian.PARAMETERS | {
    "tokenizer": "byte",
    "train_loss": "step",
    "valid_step": "evaluation",
    "valid_loss": "evaluation",
    "fault": "sentence",
}


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Train on the pairs, and translate the test's sentences with what is stored of the model."""
    splits = pairs.read(
        config.source, {"train": config.n_train, "val": config.n_valid, "test_2016_flickr": config.n_test}, config.seed
    )
    codec = marian.train_codec([*splits["train"][0], *splits["train"][1]], config.n_entries)
    model = marian.create(
        config.n_layers, config.d_model, config.n_heads, config.d_mlp, config.positions, codec.get_vocab_size(), config.dropout,
        config.seed,
    )  # fmt: skip
    translator = marian.ours(model, codec)
    train, valid = ((translator.of_english(own[0]), translator.of_french(own[1])) for own in (splits["train"], splits["val"]))
    schedule = translator_training.Schedule(
        config.epochs, config.batch, config.lr, config.warmup, config.weight_decay, config.clip, config.smoothing,
        config.precision,
    )  # fmt: skip
    learned = translator_training.train(model, train, valid, schedule, config.seed, config.evaluations, job)
    arrays = marian.stacked(model)
    with torch.no_grad():  # what is said of a model is said of the stored one
        for p in marian.trained(model).values():
            p.copy_(p.half())
    learned["valid_loss"][-1] = translator_training.evaluate(model, valid, schedule)
    english, french = splits["test_2016_flickr"]
    found = beam_search.translate(translator, translator.of_english(english), config.beams, config.limit, config.batch)
    return arrays | learned | {"tokenizer": marian.to_array(codec), "fault": found.fault}, {
        "BLEU": sacrebleu.corpus_bleu(found.sentences, [french]).score,
        "chrF": sacrebleu.corpus_chrf(found.sentences, [french]).score,
        "degenerate translations": float((found.fault != beam_search.FINE).sum()),
        "validation loss, nats a token": float(learned["valid_loss"][-1]),
        "sentences translated": float(len(english)),
    }
