"""Linear bottlenecks on an encoder's output, the translator frozen: by principal components, by chance, or trained.
Each gives back x' = x D U + b of what the encoder says of a token, x, through the `width` numbers x D."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from superposition import training
from superposition.bottleneck.engine import marian, translator_training

Array = np.ndarray
Rows = Sequence[Sequence[int]]


@dataclass(frozen=True)
class Bottleneck:
    """Down to some numbers and up again: x D U + b. Called with the encoder's output, it gives what the decoder is to read."""

    down: Float[Tensor, "d width"]
    up: Float[Tensor, "width d"]
    bias: Float[Tensor, "d"]

    def __call__(self, hidden: Float[Tensor, "*rows d"]) -> Float[Tensor, "*rows d"]:
        return hidden @ self.down @ self.up + self.bias


@dataclass(frozen=True)
class Moments:
    """Mean and covariance of what the encoder says of a token, padding left out."""

    mean: Float[Array, "d"]
    covariance: Float[Array, "d d"]


def said(model: Any, rows: Rows, batch: int = 100) -> list[Float[Tensor, "_ d"]]:
    """What the encoder says of the tokens of each sentence, without padding."""
    order = sorted(range(len(rows)), key=lambda k: len(rows[k]))
    found: list[Any] = [None] * len(rows)
    with torch.no_grad():
        for start in range(0, len(order), batch):
            own = order[start : start + batch]
            hidden = marian.encoded(model, *marian.padded([rows[k] for k in own], model.config.pad_token_id))
            for k, one in zip(own, hidden, strict=True):
                found[k] = one[: len(rows[k])].clone()
    return found


def moments(hidden: Sequence[Float[Tensor, "_ d"]]) -> Moments:
    """Over all tokens of the sentences, in double precision."""
    tokens = torch.cat(list(hidden)).double().numpy()
    return Moments(tokens.mean(0), np.cov(tokens.T, bias=True))


def best_decoding(down: Float[Array, "d width"], of: Moments) -> Bottleneck:
    """The bottleneck with this way down, and the way up that leaves the least squared error, U = (DᵀCD)⁻¹ DᵀC."""
    up = np.linalg.solve(down.T @ of.covariance @ down, down.T @ of.covariance)
    return Bottleneck(*(torch.from_numpy(x.astype(np.float32, "C")) for x in (down, up, of.mean - of.mean @ down @ up)))


def principal(width: int, of: Moments) -> Bottleneck:
    """Down to the first principal components: of all linear bottlenecks the one with the least squared error.

    Source: Eckart and Young 1936."""
    return best_decoding(np.linalg.eigh(of.covariance)[1][:, ::-1][:, :width], of)


def random(width: int, of: Moments, rng: np.random.Generator) -> Bottleneck:
    """Down to a subspace drawn evenly from all of that width, and up by least squares."""
    return best_decoding(np.linalg.qr(rng.standard_normal((len(of.mean), width)))[0], of)


def nothing(of: Moments) -> Bottleneck:
    """No way through: the decoder reads the mean at each place, and learns only how many there are."""
    mean = torch.from_numpy(of.mean).float()
    return Bottleneck(torch.zeros(len(mean), 1), torch.zeros(1, len(mean)), mean)


def two_linears(d_model: int, width: int, seed: int, uniform: float | None = None) -> Bottleneck:
    """Two `nn.Linear`, one after the other, at their start, as the originals have them; with `uniform`, of weights drawn
    evenly from ±uniform in place of PyTorch's own. The bias of the first is in that of the second, which can do all it can."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        into, out = torch.nn.Linear(d_model, width), torch.nn.Linear(width, d_model)
        if uniform is not None:
            torch.nn.init.uniform_(into.weight, -uniform, uniform)
            torch.nn.init.uniform_(out.weight, -uniform, uniform)
    with torch.no_grad():
        return Bottleneck(into.weight.T.clone(), out.weight.T.clone(), out(into.bias))


def explained(bottleneck: Bottleneck, hidden: Sequence[Float[Tensor, "_ d"]]) -> float:
    """The share of the variance of the encoder's output that comes through."""
    tokens = torch.cat(list(hidden))
    lost = ((tokens - bottleneck(tokens)) ** 2).sum(dtype=torch.float64)
    return float(1 - lost / ((tokens - tokens.mean(0)) ** 2).sum(dtype=torch.float64))


def batched(
    hidden: Sequence[Float[Tensor, "_ d"]],
) -> tuple[Float[Tensor, "row position d"], Bool[Tensor, "row position"]]:
    """Sentences side by side, zeros where the shorter ones have no token, and where they have one."""
    lengths = torch.tensor([len(one) for one in hidden])
    return torch.nn.utils.rnn.pad_sequence(list(hidden), batch_first=True), torch.arange(int(lengths.max())) < lengths[:, None]


def loss(
    model: Any,
    bottleneck: Bottleneck | None,
    hidden: Sequence[Float[Tensor, "_ d"]],
    french: Rows,
    length: int | None = None,
    batch: int = 100,
) -> float:
    """The mean loss of a token of the translations, in nats; without a bottleneck the translator's own.

    Padding is left out, unless a `length` is given that all translations are filled up to: then it counts, as in the
    original. Raises ValueError where there is no token to be asked for."""
    if not any(map(len, french)):
        raise ValueError("no token of a translation: there is nothing to take the mean of")
    total, count = 0.0, 0
    with torch.no_grad():
        for start in range(0, len(hidden), batch):
            found = _nats(model, bottleneck, hidden[start : start + batch], french[start : start + batch], length)
            total, count = total + float(found.sum(dtype=torch.float64)), count + len(found)
    return total / count


def _nats(model, bottleneck, hidden, french, length):
    """The loss of every token; with `length`, of every place of so many, be it padding or not."""
    told, mask = batched(hidden)
    target, asked = marian.padded(french, model.config.pad_token_id)
    if length is not None:
        target = torch.nn.functional.pad(target, (0, length - target.shape[1]), value=model.config.pad_token_id)
        asked = torch.ones_like(target, dtype=torch.bool)
    return marian.nats(model, bottleneck(told) if bottleneck else told, mask, target, asked)


def train(
    model: Any,
    start: Bottleneck,
    hidden: Sequence[Float[Tensor, "_ d"]],
    french: Rows,
    schedule: training.AdamW,
    epochs: int,
    batch: int,
    seed: int,
    length: int | None = None,
) -> tuple[list[Bottleneck], Float[Array, "step"]]:
    """The bottleneck after each epoch of training on the translations, the model frozen, and the loss of each step.

    For `length` see `loss`."""
    parameters = [x.clone().requires_grad_(True) for x in (start.down, start.up, start.bias)]
    optimiser = torch.optim.AdamW(
        parameters, lr=schedule.lr, weight_decay=schedule.weight_decay, betas=(schedule.beta1, schedule.beta2), eps=schedule.eps
    )
    lengths = np.array([len(told) + len(own) for told, own in zip(hidden, french, strict=True)])
    steps = [own for epoch in range(epochs) for own in translator_training.batches(lengths, batch, seed, epoch)]
    losses, after = np.zeros(len(steps), np.float32), []
    for step, (chosen, rate) in enumerate(zip(steps, schedule.rates(len(steps)), strict=True)):
        for group in optimiser.param_groups:
            group["lr"] = rate
        found = _nats(model, Bottleneck(*parameters), [hidden[k] for k in chosen], [french[k] for k in chosen], length).mean()
        for parameter, gradient in zip(parameters, torch.autograd.grad(found, parameters), strict=True):
            parameter.grad = gradient
        optimiser.step()
        losses[step] = float(found.detach())
        if (step + 1) % (len(steps) // epochs) == 0:
            after.append(Bottleneck(*(x.detach().clone() for x in parameters)))
    return after, losses


def whitened(down: Float[Array, "d width"], covariance: Float[Array, "d d"]) -> Float[Array, "d width"]:
    """The same way down, its numbers mixed such that they are uncorrelated and of variance 1 over all tokens.

    A bottleneck gives back the same through D A and A⁻¹ U as through D and U, for any invertible A."""
    values, vectors = np.linalg.eigh(down.T @ covariance @ down)
    return down @ (vectors / np.sqrt(values)) @ vectors.T
