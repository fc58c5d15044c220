"""One function of one input or pair in a few neurons of its own: what it costs exactly, and what it takes to cost nothing.
The network is that of `networks`, out = f(f(x W1) · w2 + b): no bias on the hidden layer."""

from functools import partial

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from superposition.toy.engine import features
from superposition.toy.engine.networks import ACTIVATIONS, PAIRED, Networks, Task, sample

Array = np.ndarray

TARGETS = ("and", "or", "max", "abs", "square")
INPUTS = {"and": "binary", "or": "binary", "max": "sign", "abs": "signed", "square": "signed"}
# An input is switched on at some rate, and is then one of these; 0 too may come up.
VALUES = {"binary": (0, 1), "sign": (-1, 0, 1)}

# As few ReLU neurons as make no error at all: W1, w2, b. For x² no number of them does.
EXACT = {
    "and": ([[1], [1]], [1], -1),  # ReLU(x + y) - 1
    "or": ([[1, -1], [0, 1]], [1, 1], 0),  # x + ReLU(y - x)
    "max": ([[1, -1, 1, -1], [1, -1, -1, 1]], [0.5, 0.5, 0.5, 0.5], 0),  # (|x + y| + |x - y|) / 2
    "abs": ([[1, -1]], [1, 1], 0),
}
HINGE = (6**0.5 - 1) / 5  # where the best ReLU for x² begins, and what it leaves of ∫x⁴
HINGE_LOSS = 1 / 5 - (1 - HINGE) * (3 + 2 * HINGE + HINGE**2) ** 2 / 48


def inputs_of(target: str) -> int:
    """How many inputs belong to one output."""
    return 2 if target in PAIRED else 1


def nonzero(target: str, on: float | int) -> float:
    """The probability that an input is not 0, where it is switched on with probability `on`."""
    values = VALUES.get(INPUTS[target])
    return on * np.count_nonzero(values) / len(values) if values else on


def task(target: str, on: Float[Array, "..."], importance: Float[Array, "..."] | float = 1.0) -> Task:
    """What `networks` trains on; `on` is the rate at which inputs are switched on, one an instance."""
    return Task(INPUTS[target], target, nonzero(target, 1.0) * np.asarray(on), importance)


def points(target: str, on: float | int) -> tuple[Float[Array, "point own"], Float[Array, "point"], Float[Array, "point"]]:
    """All inputs of one output, their probabilities and the target; for continuous inputs the nodes of a quadrature."""
    if values := VALUES.get(INPUTS[target]):
        one, weight = np.array(values, float), np.full(len(values), on / len(values))
        weight[one == 0] += 1 - on
    else:
        node, share = np.polynomial.legendre.leggauss(24)
        one = np.concatenate([[0], (node + 1) / 2, (-node - 1) / 2])
        weight = np.concatenate([[1 - on], on * share / 4, on * share / 4])
    x = np.stack(np.meshgrid(*[one] * inputs_of(target), indexing="ij"), -1).reshape(-1, inputs_of(target))
    weights = np.prod(np.stack(np.meshgrid(*[weight] * inputs_of(target), indexing="ij")), 0).ravel()
    y = task(target, np.ones(1)).targets(torch.from_numpy(x)).numpy()[:, 0]
    return x, weights, y


def variance(target: str, on: float | int) -> float:
    """What the best constant costs: the variance of the target."""
    _, weight, y = points(target, on)
    return float(weight @ y**2 - (weight @ y) ** 2)


def loss(
    target: str,
    on: float | int,
    W1: Float[Array, "*batch own k"],
    w2: Float[Array, "*batch k"],
    b: Float[Array, "*batch"] | np.floating,
    kind: str = "relu",
) -> Float[Array, "*batch"] | np.floating:
    """The exact expected loss of networks with one output."""
    x, weight, y = points(target, on)
    act = lambda z: ACTIVATIONS[kind](torch.from_numpy(np.asarray(z))).numpy()
    out = act((act(x @ np.asarray(W1, float)) * np.asarray(w2, float)[..., None, :]).sum(-1) + np.asarray(b, float)[..., None])
    return ((out - y) ** 2 * weight).sum(-1)


def best(
    target: str, on: Float[Array, "density"], k: int, kind: str, starts: int, steps: int, seed: int, lr: float = 0.03
) -> Float[Array, "density"]:
    """The least share of the variance that k neurons leave, of `starts` descents on the exact loss; 1 for no neuron.

    It is a bound from above on what such a network can do: nobody knows that the descents have found the optimum."""
    if k == 0:
        return np.ones(len(on))
    given = [points(target, float(p)) for p in on]
    x, y = (torch.from_numpy(given[0][part]) for part in (0, 2))
    weight = torch.from_numpy(np.stack([part[1] for part in given]))[:, None]
    draw = partial(torch.randn, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    W1, w2, b = (draw(len(on), starts, *shape).requires_grad_() for shape in ((x.shape[1], k), (k,), ()))
    optimiser = torch.optim.Adam([W1, w2, b], lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(steps):
        hidden = ACTIVATIONS[kind](torch.einsum("qd,psdk->psqk", x, W1))
        out = ACTIVATIONS[kind](torch.einsum("psqk,psk->psq", hidden, w2) + b[..., None])
        error = ((out - y) ** 2 * weight).sum(-1)
        optimiser.zero_grad()
        error.sum().backward()
        optimiser.step()
        schedule.step()
    return error.detach().numpy().min(1) / [variance(target, float(p)) for p in on]


def dedicated(share: Float[Array, "*batch k"], n_out: int, neurons: int) -> Float[Array, "*batch"] | np.floating:
    """The least mean share of the variance that is left if every neuron serves one output alone.

    `share[k]` is what k neurons leave of one output. The neurons are dealt out in the best way."""
    least = np.full((*share.shape[:-1], neurons + 1), 0.0)
    for _ in range(n_out):
        deals = [least[..., : neurons + 1 - k] + share[..., k, None] for k in range(min(share.shape[-1], neurons + 1))]
        padded = [np.pad(deal, [(0, 0)] * (deal.ndim - 1) + [(k, 0)], constant_values=np.inf) for k, deal in enumerate(deals)]
        least = np.min(padded, 0)
    return least.min(-1) / n_out


@torch.no_grad()
def judge(
    networks: Networks, target: str, on: Float[Array, "instance"], batches: int, batch: int
) -> tuple[Float[Array, "instance n_out"], Float[Array, "instance n_out"]]:
    """The share of its variance that each output leaves, and what it leaves where all inputs but its own are 0.

    Networks with the same rate are judged by the same held-out inputs."""
    rates, place = np.unique(on, return_inverse=True)
    given, draws = task(target, rates[:, None]), Networks([0] * len(rates), networks.n_in, 1, networks.n_out)
    own = torch.eye(networks.n_out).repeat_interleave(inputs_of(target), 1)
    turn = torch.eye(networks.n_out)[torch.arange(batch) % networks.n_out]
    company, alone = torch.zeros(2, len(networks.seeds), networks.n_out)
    for step in range(features.HELD_OUT, features.HELD_OUT + batches):
        x = sample(given, draws, step, batch)
        company += _errors(networks, given, x[:, place]).mean(0)
        lonely = _errors(networks, given, (x * (turn @ own)[:, None])[:, place])
        alone += (lonely * turn[:, None]).sum(0) / turn.sum(0)
    scale = np.array([batches * variance(target, float(p)) for p in rates])[place, None]
    return (company.numpy() / scale).astype(np.float32), (alone.numpy() / scale).astype(np.float32)


def _errors(networks: Networks, given: Task, x: Float[Tensor, "batch instance n_in"]) -> Float[Tensor, "batch instance n_out"]:
    return (networks(x) - given.targets(x)) ** 2
