"""The exact loss under dropout on the hidden layer, and its optimum, for a handful of features in one or two neurons.
A tied model with dropout is a mixture of models without: one for each set of neurons that stays."""

import itertools

import numpy as np
from jaxtyping import Float

from superposition import formulas, runs
from superposition.toy import phase
from superposition.toy.theory import expected_loss
from superposition.training import AdamW

Array = np.ndarray


class Config(runs.Config):
    rates: tuple[float, ...]
    importances: int
    densities: int
    lowest_density: float
    starts: int
    crowds: tuple[int, ...]  # numbers of features in two neurons
    sparsities: tuple[float, ...]
    crowd_rates: tuple[float, ...]
    crowd_starts: int
    steps: int
    lr: float


# The weights are V = W / √(1 - rate), so that a model with dropout stands beside one without at the same scale.
SCHEMA = {
    "importance": "importance",
    "density": "density",
    "V": "rate importance density pair one",
    "phase": "rate importance density",
    "crowd_V": "crowd crowd_rate sparsity feature hidden",
    "crowd_loss": "crowd crowd_rate sparsity",
}


def gradients(
    V: Float[Array, "instance n m"],
    b: Float[Array, "instance n"],
    density: Float[Array, "instance n"],
    importance: Float[Array, "instance n"],
    rate: Float[Array, "instance"],
) -> tuple[Float[Array, "instance"], Float[Array, "instance n m"], Float[Array, "instance n"]]:
    """The expected loss under dropout, and its gradient: (loss, dV, db), where W = √(1 - rate) V.

    A neuron that stays is multiplied by 1 / (1 - rate), so the model left by a set of neurons has the product V Vᵀ over that
    set: it is a model without dropout, whose loss `expected_loss` knows."""
    loss, dV, db = np.zeros(len(V)), np.zeros(V.shape), np.zeros(b.shape)
    for stays in itertools.product((0.0, 1.0), repeat=V.shape[-1]):
        some = np.array(stays)
        weight = ((1 - rate)[:, None] ** some * rate[:, None] ** (1 - some)).prod(-1)
        part, part_V, part_b = expected_loss.gradients(V * some, b, density, importance)
        loss += weight * part
        dV += weight[:, None, None] * some * part_V
        db += weight[:, None] * part_b
    return loss, dV, db


def descend(
    V: Float[Array, "instance n m"],
    b: Float[Array, "instance n"],
    density: Float[Array, "instance n"],
    importance: Float[Array, "instance n"],
    rate: Float[Array, "instance"],
    rates: Float[Array, "steps"],
) -> tuple[Float[Array, "instance n m"], Float[Array, "instance n"], Float[Array, "instance"]]:
    """(V, b, loss) after gradient descent (Adam) on the exact loss, one step for each learning rate."""
    values = [V.astype(float), b.astype(float)]
    first, second = [0 * x for x in values], [0 * x for x in values]
    for t, step in enumerate(rates, 1):
        _, *gradient = gradients(*values, density, importance, rate)
        for k, d in enumerate(gradient):
            first[k] = 0.9 * first[k] + 0.1 * d
            second[k] = 0.99 * second[k] + 0.01 * d**2
            values[k] = values[k] - step * (first[k] / (1 - 0.9**t)) / (np.sqrt(second[k] / (1 - 0.99**t)) + 1e-12)
    return *values, gradients(*values, density, importance, rate)[0]


def from_starts(
    config: Config,
    starts: Float[Array, "start n m"],
    density: Float[Array, "cell n"],
    importance: Float[Array, "cell n"],
    rate: float,
) -> tuple[Float[Array, "start cell n m"], Float[Array, "start cell"]]:
    """Where each start leads in each cell, and its loss: the same starts for every cell."""
    shape = len(starts), *density.shape
    V = np.broadcast_to(starts[:, None], (*shape, starts.shape[-1])).reshape(-1, *starts.shape[1:])
    p, weights = (np.broadcast_to(array, shape).reshape(len(V), -1) for array in (density, importance))
    learning = AdamW(config.lr, schedule="cosine").rates(config.steps)
    V, _, loss = descend(V, np.zeros(p.shape), p, weights, np.full(len(V), rate), learning)
    return V.reshape(*shape, -1), loss.reshape(shape[:2])


def axes(config: Config) -> tuple[Float[Array, "importance"], Float[Array, "density"]]:
    """The importances of the second feature and the densities of both, along the phase diagram."""
    return np.geomspace(0.1, 10, config.importances), np.geomspace(1, config.lowest_density, config.densities)


def diagram(item: tuple[Config, float]) -> dict[str, Array]:
    """Two features in one neuron at one rate: in every cell the best of all starts, random ones and the three known shapes."""
    config, rate = item
    importance, density = axes(config)
    r, p = (array.ravel() for array in np.broadcast_arrays(importance[:, None], density))
    starts = np.random.default_rng(config.seed).standard_normal((config.starts, 2, 1)) * (2 / 3) ** 0.5
    known = np.array([[[1.0], [0]], [[0], [1]], [[1], [-1]]])
    V, loss = from_starts(config, np.concatenate([starts, known]), np.stack([p, p], 1), np.stack([np.ones_like(r), r], 1), rate)
    best = np.take_along_axis(V, loss.argmin(0)[None, :, None, None], 0)[0].reshape(len(importance), len(density), 2, 1)
    return {"V": best, "phase": phase.classify(best).astype(np.int8)}


def crowd(item: tuple[Config, int, float]) -> dict[str, Array]:
    """`n` equal features in two neurons at one rate: the best of all starts at every sparsity; rows of 0 up to the largest n."""
    config, n, rate = item
    density = np.repeat(1 - np.array(config.sparsities)[:, None], n, 1)
    starts = np.random.default_rng([config.seed, n]).standard_normal((config.crowd_starts, n, 2)) * 0.7
    V, loss = from_starts(config, starts, density, np.ones(density.shape), rate)
    best = np.take_along_axis(V, loss.argmin(0)[None, :, None, None], 0)[0]
    return {"crowd_V": np.pad(best, ((0, 0), (0, max(config.crowds) - n), (0, 0))), "crowd_loss": loss.min(0)}


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """The phase diagrams of two features in one neuron, rate by rate, and the optima of small crowds in two."""
    importance, density = axes(config)
    diagrams = job.map(diagram, [(config, rate) for rate in config.rates], "diagrams")
    small = job.map(crowd, [(config, n, rate) for n in config.crowds for rate in config.crowd_rates], "crowds")
    arrays = {"importance": importance, "density": density}
    arrays |= {key: np.stack([one[key] for one in diagrams]) for key in diagrams[0]}
    for key in small[0]:
        stacked = np.stack([one[key] for one in small])
        arrays[key] = stacked.reshape(len(config.crowds), len(config.crowd_rates), *stacked.shape[1:])
    superposed = (arrays["phase"] == phase.PHASES.index("superposed")).mean((1, 2))
    aligned = formulas.basis_alignment(arrays["crowd_V"]).mean((1, 2))
    return arrays, {"superposed without dropout": float(superposed[0]), "alignment of the largest crowd": float(aligned[-1])}


def turned_loss(shape: Float[Array, "n 2"], degrees: float | int, rate: float | int, density: float = 0.2) -> float:
    """The loss of equally important features in two neurons whose shape is turned from the neurons' axes.

    At the best length and bias, common to all of them, of a fine grid around 1 and 0."""
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    length, bias = (axis.ravel() for axis in np.meshgrid(np.linspace(0.94, 1.24, 31), np.linspace(-0.08, 0.08, 17)))
    ones = np.ones((len(length), len(shape)))
    V, b = length[:, None, None] * (shape @ turn), bias[:, None] * ones
    return float(gradients(V, b, density * ones, ones, np.full(len(V), float(rate)))[0].min())
