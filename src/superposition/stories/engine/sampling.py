"""Texts that a model draws, each token with the probability that the model gives it, with what it has computed kept.
A batch depends on the seed and its number alone."""

import numpy as np
import torch
from jaxtyping import Int

from superposition import runs
from superposition.stories.engine.subjects import Subject

Array = np.ndarray
BATCH = 128


def texts(subject: Subject, count: int, length: int, seed: int, job: runs.Job | None = None) -> list[str]:
    """So many texts of at most so many tokens, each up to where the model ends it. Finished batches are kept in checkpoints."""
    job = job or runs.Job()
    length = min(length, subject.context - subject.skip)
    saved = job.load_checkpoint("drawing") or {}
    found = saved.get("tokens", np.zeros((0, length), np.int64))
    with job.progress("drawing texts", count) as bar:
        bar.advance(len(found))
        while len(found) < count:
            some = draw(subject, min(BATCH, count - len(found)), length, [seed, 3, len(found) // BATCH])
            found = np.concatenate([found, some])
            bar.advance(len(some))
            job.save_checkpoint("drawing", {"tokens": found})
    return subject.codec.decode_batch([_until(row, subject.begin) for row in found.tolist()], skip_special_tokens=True)


def _until(row, end):
    return row[: row.index(end)] if end in row else row


def draw(subject: Subject, count: int, length: int, seed: list[int]) -> Int[Array, "sample token"]:
    """Tokens behind the one that begins a row, or behind the first of the vocabulary where none does."""
    rng, model = np.random.default_rng(seed), subject.bridge.original_model
    new = torch.full((count, 1), subject.begin or 0)
    tokens, past = new, None
    caches = hasattr(model, "generate")  # transformers' models keep keys and values
    with torch.no_grad():
        for _ in range(length):
            if caches:
                out = model(new, past_key_values=past, use_cache=True)
                logits, past = out.logits, out.past_key_values
            else:
                logits = subject.bridge(tokens, return_type="logits")
            p = logits[:, -1, : subject.codec.get_vocab_size()].double().softmax(-1).numpy()
            chosen = (p.cumsum(1) < rng.random((count, 1)) * p.sum(1, keepdims=True)).sum(1)
            new = torch.from_numpy(chosen)[:, None]
            tokens = torch.cat([tokens, new], 1)
    return tokens[:, 1:].numpy()
