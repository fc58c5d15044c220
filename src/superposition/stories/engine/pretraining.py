"""Train a language model on one long line of tokens: AdamW, a cosine after a warm-up, clipped gradients.
The batch of a step depends on seed and step alone, so a run that was stopped ends in the same bytes."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Integer
from torch import Tensor

from superposition import runs, training
from superposition.stories.engine import models, tokenizer

Array = np.ndarray


@dataclass(frozen=True)
class Schedule:
    """How to train: how long, how fast, and in which precision the products are computed."""

    epochs: float
    batch: int
    context: int
    lr: float
    warmup: int
    weight_decay: float
    clip: float
    precision: Literal["float32", "bfloat16"]

    def steps(self, n_tokens: int) -> int:
        """How many steps the epochs take."""
        return max(1, round(self.epochs * n_tokens / (self.batch * self.context)))

    def rate(self, step: int, steps: int) -> float:
        """The learning rate of a step: a straight line up over the warm-up, then a cosine down to a tenth."""
        if step < self.warmup:
            return self.lr * (step + 1) / self.warmup
        done = (step - self.warmup) / max(1, steps - self.warmup)
        return self.lr * (0.55 + 0.45 * float(np.cos(np.pi * done)))


def windows(n_tokens: int, context: int, batch: int, seed: int, step: int) -> Integer[Array, "batch"]:
    """Where the windows of a step's batch begin. Each epoch shifts all windows by a draw and takes them in a new order."""
    whole = (n_tokens - context) // context
    first = step * batch + np.arange(batch)
    starts = np.empty(batch, np.int64)
    for epoch in np.unique(first // whole):
        rng = np.random.default_rng([seed, 1, epoch])
        order, shift = rng.permutation(whole), rng.integers(context)
        own = first // whole == epoch
        starts[own] = order[first[own] % whole] * context + shift
    return starts


def train(
    model: Any, tokens: Integer[Array, "token"], valid: Integer[Array, "valid_token"], schedule: Schedule, seed: int,
    evaluations: int, job: runs.Job, key: str,
) -> dict[str, Array]:  # fmt: skip
    """Train the model in place. Returns the loss of every step, and the validation loss after some of them, in nats a token.

    Raises ValueError where the tokens are fewer than two windows."""
    if len(tokens) < 2 * schedule.context or len(valid) <= schedule.context:
        raise ValueError(f"{len(tokens)} and {len(valid)} tokens: expected two windows of {schedule.context} and one")
    steps, optimiser = schedule.steps(len(tokens)), adamw(model, schedule)

    def advance(step: int) -> float:
        starts = windows(len(tokens), schedule.context, schedule.batch, seed, step)
        batch = torch.from_numpy(tokens[starts[:, None] + np.arange(schedule.context + 1)].astype(np.int64)).to(job.device)
        for group in optimiser.param_groups:
            group["lr"] = schedule.rate(step, steps)
        return _advance(model, optimiser, batch, schedule)

    def validate() -> float:
        return float(evaluate(model, valid, schedule).mean())

    return training.by_steps(dict(model.named_parameters()), optimiser, steps, evaluations, advance, validate, job, key)


def evaluate(model: Any, tokens: Integer[Array, "token"], schedule: Schedule) -> Float[Array, "target"]:
    """The loss, in nats, of every token but the first, read in windows of the context, side by side.

    Tokens at the end that fill no window are left out."""
    device, context = next(model.parameters()).device, schedule.context
    whole = (len(tokens) - 1) // context * context
    pairs = [torch.from_numpy(tokens[k : whole + k].astype(np.int64)).view(-1, context) for k in (0, 1)]
    with torch.no_grad():
        found = [
            _loss(model, seen.to(device), next_.to(device), schedule, "none").cpu().numpy()
            for seen, next_ in zip(*(half.split(schedule.batch) for half in pairs), strict=True)
        ]
    return np.concatenate(found)


def sample(model: Any, count: int, length: int, seed: int) -> Integer[Array, "sample token"]:
    """Tokens drawn one after another from the model's own probabilities, after an END that is not in them."""
    rng, device = np.random.default_rng([seed, 2]), next(model.parameters()).device
    tokens = torch.full((count, 1), tokenizer.END_ID, device=device)
    with torch.no_grad():
        for _ in range(length):
            p = models.logits(model, tokens[:, -model.config.max_position_embeddings :])[:, -1].double().softmax(-1).cpu().numpy()
            draw = (p.cumsum(1) < rng.random((count, 1)) * p.sum(1, keepdims=True)).sum(1)
            tokens = torch.cat([tokens, torch.from_numpy(draw)[:, None].to(device)], 1)
    return tokens[:, 1:].cpu().numpy()


def _loss(model: Any, seen: Tensor, next_: Tensor, schedule: Schedule, reduction: str) -> Tensor:
    with torch.autocast(seen.device.type, torch.bfloat16, enabled=schedule.precision == "bfloat16"):
        found = models.logits(model, seen)
    return F.cross_entropy(found.flatten(0, 1).float(), next_.flatten(), reduction=reduction)


def _advance(model, optimiser, batch, schedule):
    """One step, in place; returns its loss."""
    loss = _loss(model, batch[:, :-1], batch[:, 1:], schedule, "mean")
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), schedule.clip)
    optimiser.step()
    optimiser.zero_grad()
    return loss.item()


def adamw(model, schedule):
    """AdamW, which lets matrices decay, but neither biases nor norms."""
    parameters = list(model.parameters())
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": schedule.weight_decay},
        {"params": [p for p in parameters if p.ndim == 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=schedule.lr, betas=(0.9, 0.95), fused=True)
