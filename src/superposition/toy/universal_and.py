"""The AND of every pair of inputs in too few neurons, over all inputs with so many on, and how far off it is at worst.
Beside dedicated neurons, neurons that read at random, and a map without neurons."""

from itertools import combinations
from math import comb

import numpy as np
import torch
from jaxtyping import Float

from superposition import runs
from superposition.toy.engine.labelled import Examples, Stack, train
from superposition.training import AdamW

Array = np.ndarray

LINEAR = 0.25  # the worst error of the best map without neurons, whatever it reads: see `without_neurons`


class Config(runs.Config):
    inputs: tuple[int, ...]
    neurons_per_input: tuple[float, ...]
    on: int
    more_inputs: int
    more_on: int
    more_neurons: tuple[int, ...]
    seeds: int
    powers: tuple[int, ...]
    lrs: tuple[float, ...]
    plain_power: int
    steps: int
    batch: int
    error: float
    reads: tuple[float, ...]
    random_neurons: tuple[int, ...]
    shown: int


SCHEMA = {
    # The worst error of each AND over all inputs; a pair that the size hasn't is NaN.
    "neurons": "size neuron_count",
    "worst": "size neuron_count seed pair",
    "plain": "neuron_count seed more_pair",  # of one size, trained with one power of the error alone, as many steps in all
    "random": "size random_count seed pair",  # neurons that read at random, with the best readout in the mean square
    "more": "more_count seed more_pair",  # with one more input on
    "W1": "input_and_constant shown",
    "W2": "shown shown_pair",
}


def examples(inputs: int, on: int) -> tuple[Float[Array, "example input_and_constant"], Float[Array, "example pair"]]:
    """All inputs with at most `on` of them 1, the others 0, beside a constant 1; and the AND of each pair."""
    sets = [chosen for k in range(on + 1) for chosen in combinations(range(inputs), k)]
    x = np.zeros((len(sets), inputs + 1), np.float32)
    for row, chosen in zip(x, sets, strict=True):
        row[[*chosen, inputs]] = 1
    i, j = np.triu_indices(inputs, 1)
    return x, x[:, i] * x[:, j]


def without_neurons(inputs: int) -> tuple[Float[Array, "input_and_constant pair"], float]:
    """(x_i + x_j)/2 - 1/4 for each pair, and its worst error, ¼: no map without neurons is better.

    For it has f(x_i + x_j) = f(x_i) + f(x_j) - f(0), so errors of at most ε need 1 - ε ≤ 3 ε."""
    i, j = np.triu_indices(inputs, 1)
    W = np.zeros((inputs + 1, len(i)), np.float32)
    W[i, range(len(i))] = W[j, range(len(i))] = 0.5
    W[-1] = -0.25
    return W, LINEAR


def fewest(pairs: int, error: float) -> float:
    """So many neurons at least are needed for the ANDs of so many pairs, each at most this far off, by their rank.

    Where one pair alone is on, the outputs are a square matrix within `error` of the identity, and
    rank ≥ trace² / Σ entries². Source: Alon 2003, "Problems and results in extremal combinatorics I", lemma 2.1."""
    return (1 - error) ** 2 / ((1 + error) ** 2 / pairs + error**2)


def worst(stack: Stack, x: Array, y: Array) -> Float[Array, "model pair"]:
    """The largest error of each AND over these inputs."""
    return np.stack([
        (Stack(W1[None], W2[None])(torch.from_numpy(x))[0] - torch.from_numpy(y)).abs().amax(0).numpy()
        for W1, W2 in zip(stack.W1, stack.W2, strict=True)
    ])  # fmt: skip


def _trained(config, x, y, neurons, powers):
    """A stack of all seeds, with one power of the error after the other, higher and higher."""
    seeds, generator = [1000 * config.seed + seed for seed in range(config.seeds)], torch.Generator().manual_seed(config.seed)
    stack = Stack.create(seeds, x.shape[1], neurons, y.shape[1], (0.3, 0.03))
    inputs, answers = torch.from_numpy(x), torch.from_numpy(y)
    steps = config.steps * len(config.powers) // len(powers)
    for power, lr in zip(powers, config.lrs, strict=False):
        stack.power = power

        def draw(power=power):
            rows = torch.randperm(len(x), generator=generator)[: config.batch]
            # In units of the error that is aimed at, or a high power of it would be nothing in float32.
            return Examples(inputs[rows], answers[rows][None], len(rows) * config.error ** (power - 1))

        train(stack, draw, steps, AdamW(lr, weight_decay=0, schedule="cosine"))
    return stack


def _one(item):
    """One size, number of neurons and sequence of powers: the worst errors, and the weights of the best seed."""
    config, inputs, on, neurons, powers = item
    x, y = examples(inputs, on)
    stack = _trained(config, x, y, neurons, powers)
    found = worst(stack, x, y)
    best = int(found.max(1).argmin())
    return {"worst": found, "W1": stack.W1[best].numpy(), "W2": stack.W2[best].numpy()}


def _random(item):
    """Neurons that each read every input with some probability and fire at two of them: the best of several probabilities."""
    config, inputs, neurons = item
    x, y = (part.astype(float) for part in examples(inputs, config.on))
    found = []
    for seed in range(config.seeds):
        rng, tried = np.random.default_rng((config.seed, 3, seed)), []
        for share in config.reads:
            h = np.maximum(x @ np.vstack([rng.random((inputs, neurons)) < share, -np.ones(neurons)]), 0)
            W2 = np.linalg.solve(h.T @ h + 1e-6 * np.eye(neurons), h.T @ y)
            tried.append(np.abs(h @ W2 - y).max(0))
        found.append(max(tried, key=lambda errors: (errors < config.error).sum()))
    return {"random": np.stack(found)}


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Every size with every number of neurons; one size with a single power of the error, and with more inputs on."""
    neurons = np.array([[round(share * inputs) for share in config.neurons_per_input] for inputs in config.inputs])
    one = lambda inputs, on, counts, powers: [(config, inputs, on, int(count), powers) for count in counts]
    grid = [item for inputs, of_size in zip(config.inputs, neurons, strict=True)
            for item in one(inputs, config.on, of_size, config.powers)]  # fmt: skip
    each = job.map(_one, grid, "trained")
    again = neurons[config.inputs.index(config.more_inputs)]
    plain = job.map(_one, one(config.more_inputs, config.on, again, (config.plain_power,)), "plain")
    more = job.map(_one, one(config.more_inputs, config.more_on, config.more_neurons, config.powers), "more")
    at_random = [(config, inputs, neurons) for inputs in config.inputs for neurons in config.random_neurons]
    drawn = job.map(_random, at_random, "random")
    pairs = comb(max(config.inputs), 2)
    shape = len(config.inputs), -1, config.seeds, pairs
    padded = lambda own: np.pad(own, [(0, 0), (0, pairs - own.shape[1])], constant_values=np.nan)
    arrays = {
        "neurons": neurons,
        "worst": np.stack([padded(one["worst"]) for one in each]).reshape(shape),
        "random": np.stack([padded(one["random"]) for one in drawn]).reshape(shape).astype(np.float32),
        "plain": np.stack([one["worst"] for one in plain]), "more": np.stack([one["worst"] for one in more]),
        "W1": each[config.shown]["W1"], "W2": each[config.shown]["W2"],
    }  # fmt: skip
    within = computed(arrays["worst"], config.error).mean(-1)
    return arrays, {f"ANDs of {n} inputs, most": float(within[k].max()) for k, n in enumerate(config.inputs)}


def computed(worst: Float[Array, "*grid pair"], error: float) -> Array:
    """How many ANDs are never so far off, over all inputs."""
    return (worst < error).sum(-1)


def needed(results: runs.Results, error: float) -> Float[Array, "size seed"]:
    """The fewest neurons, of those tried, with which a seed computes all ANDs of its size; NaN where none do."""
    whole = ((results["worst"] < error) | np.isnan(results["worst"])).all(-1)
    tried = np.where(whole, results["neurons"][..., None], np.inf).min(1)
    return np.where(np.isfinite(tried), tried, np.nan)


def exponent(results: runs.Results, error: float) -> Float[Array, "seed"]:
    """The slope of log(number of ANDs) over log(neurons needed) through all sizes, seed by seed."""
    pairs = np.log([comb(n, 2) for n in results.config.inputs])
    return np.array([np.polyfit(np.log(own), pairs, 1)[0] for own in needed(results, error).T])


def slopes(start: tuple[float, float], end: float) -> dict[str, tuple[Float[Array, "point"], Float[Array, "point"]]]:
    """How fast theory lets ANDs grow with neurons n, drawn from one point: the constants, and so the heights, aren't known.

    Pairs that are chosen at will: at most n²/log n (Adler and Shavit 2024). All pairs of m inputs with n = m^(2/3), but for
    logarithms: n³ (Hänni et al. 2024)."""
    at, height = start
    n = np.geomspace(at, end)
    ceiling, construction = n**2 / np.log(n), n**3
    return {
        "any pairs: no more than as $n^2$/log $n$": (n, height * ceiling / ceiling[0]),
        "all pairs: built as $n^3$, but for logarithms": (n, height * construction / construction[0]),
    }
