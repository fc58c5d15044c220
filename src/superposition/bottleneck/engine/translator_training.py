"""Train a translator on sentence pairs: AdamW, a warm-up and a cosine, smoothed labels, sentences of like length together.
The batch and the dropout of a step depend on seed and step alone, so a run that was stopped ends in the same bytes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Int

from superposition import runs, training
from superposition.bottleneck.engine import marian

Array = np.ndarray
Rows = Sequence[Sequence[int]]
JITTER = 4  # tokens by which like lengths may differ, so that no two epochs have the same batches


@dataclass(frozen=True)
class Schedule:
    """How to train: how long, how fast, on how many sentences at a step, and in which precision the products are computed."""

    epochs: int
    batch: int
    lr: float
    warmup: int
    weight_decay: float
    clip: float
    smoothing: float
    precision: Literal["float32", "bfloat16"]

    def steps(self, n_pairs: int) -> int:
        """How many steps the epochs take."""
        return self.epochs * -(-n_pairs // self.batch)


def batches(lengths: Int[Array, "pair"], batch: int, seed: int, epoch: int) -> list[Int[Array, "_"]]:
    """The pairs of each step of an epoch: all of them once, those of like length together, the batches in a drawn order.

    >>> sorted(batches(np.array([9, 30, 10, 28]), 2, 0, 0)[0].tolist()) in ([0, 2], [1, 3])
    True
    """
    rng = np.random.default_rng([seed, 1, epoch])
    order = np.argsort(lengths + rng.uniform(0, JITTER, len(lengths)))
    each = np.split(order, np.arange(batch, len(order), batch))
    return [each[k] for k in rng.permutation(len(each))]


def train(
    model: Any, pairs: tuple[Rows, Rows], valid: tuple[Rows, Rows], schedule: Schedule, seed: int, evaluations: int, job: runs.Job
) -> dict[str, Array]:
    """Train the model in place. Returns the loss of every step, with its smoothed labels, and the validation loss, without,
    after some of them, in nats a token."""
    steps, parameters = schedule.steps(len(pairs[0])), marian.trained(model)
    optimiser = torch.optim.AdamW(
        parameters.values(), lr=schedule.lr, betas=(0.9, 0.98), weight_decay=schedule.weight_decay, fused=True
    )
    rates = training.AdamW(schedule.lr, schedule="cosine", warmup=schedule.warmup).rates(steps)
    lengths = np.array([len(english) + len(french) for english, french in zip(*pairs, strict=True)])
    an_epoch = steps // schedule.epochs

    def advance(step: int) -> float:
        chosen = batches(lengths, schedule.batch, seed, step // an_epoch)[step % an_epoch]
        for group in optimiser.param_groups:
            group["lr"] = rates[step]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed((seed << 32) + step)
            return _advance(model, optimiser, [[side[k] for k in chosen] for side in pairs], schedule)

    def validate() -> float:
        return evaluate(model, valid, schedule)

    found = training.by_steps(parameters, optimiser, steps, evaluations, advance, validate, job, "translator")
    model.eval()
    return found


def evaluate(model: Any, pairs: tuple[Rows, Rows], schedule: Schedule) -> float:
    """The mean loss of a token of the translations, in nats, padding left out."""
    total, count = 0.0, 0
    model.eval()
    with torch.no_grad():
        for start in range(0, len(pairs[0]), schedule.batch):
            found = _loss(model, [side[start : start + schedule.batch] for side in pairs], schedule, 0.0)
            total, count = total + float(found.sum()), count + len(found)
    return total / count


def _loss(model, pairs, schedule, smoothing):
    (english, mask), (french, asked) = (marian.padded(side, model.config.pad_token_id) for side in pairs)
    with torch.autocast("cpu", torch.bfloat16, enabled=schedule.precision == "bfloat16"):
        return marian.nats(model, marian.encoded(model, english, mask), mask, french, asked, smoothing)


def _advance(model, optimiser, pairs, schedule):
    """One step, in place; returns its loss."""
    model.train()
    loss = _loss(model, pairs, schedule, schedule.smoothing).mean()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(marian.trained(model).values(), schedule.clip)
    optimiser.step()
    optimiser.zero_grad()
    return loss.item()
