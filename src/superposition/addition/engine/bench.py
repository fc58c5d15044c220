"""What the addition model's training speed is measured against: the same model in TransformerLens, with autograd and AdamW.
One model, so one core on our side and all of them on the other; several of ours train side by side."""

from collections.abc import Callable, Iterator

import numpy as np
import torch

from superposition import runs
from superposition.addition.engine import data, transformer_training
from superposition.addition.engine.transformer import Transformer, to_bridge
from superposition.bench import Comparison
from superposition.training import AdamW

BATCH, STEPS = 256, 24


def _ours(pairs: np.ndarray) -> Callable[[], None]:
    models = transformer_training.Trainees.start([0], 32, 2, "at once")
    examples = transformer_training.Examples.of(pairs[None], "at once")
    optimiser = AdamW()
    return lambda: transformer_training.train(models, examples, [0], 1, BATCH, optimiser, [1], lambda _: {}, runs.Job())


def _reference(pairs: np.ndarray) -> Callable[[], None]:
    bridge = to_bridge(Transformer())
    adamw = torch.optim.AdamW(bridge.parameters(), lr=1e-3)
    tokens, answers = (torch.from_numpy(array).long() for array in (data.tokens(*pairs.T), data.answers(*pairs.T)))

    def stretch() -> None:
        for x, y in zip(tokens.split(BATCH), answers.split(BATCH), strict=True):
            adamw.zero_grad()
            logits = bridge(x)[:, data.N_INPUTS :]
            torch.nn.functional.cross_entropy(logits.flatten(0, 1), y.flatten()).backward()
            adamw.step()

    return stretch


def comparisons() -> Iterator[Comparison]:
    """One row: a training step of the original's model and batch."""
    pairs = data.draw(0, STEPS * BATCH)
    yield Comparison(
        name="addition step",
        what=f"a training step of the one-layer addition transformer, batch {BATCH}, against TransformerLens",
        ours=_ours(pairs),
        reference=_reference(pairs),
        repeats=7,
        units=STEPS,
    )
