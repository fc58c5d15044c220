"""AND, OR, max(|x|,|y|), |x| and x² in networks with one hidden layer: one of each in neurons enough, and many in too few.
First at the sizes of "Experiments in Superposition", then with several outputs for every neuron."""

import numpy as np
import torch
from jaxtyping import Bool, Float, Int

from superposition import formulas, metrics, runs
from superposition.toy.engine.networks import Networks
from superposition.toy.engine.training import train
from superposition.toy.theory import dedicated_neurons
from superposition.toy.theory.dedicated_neurons import TARGETS
from superposition.training import AdamW

Array = np.ndarray

ACTIVATIONS = ("relu", "gelu")  # on the hidden layer and on the output alike
LOGIC, SINGLE = TARGETS[:3], TARGETS[3:]  # of pairs, of one input


class Config(runs.Config):
    original_on: tuple[float, ...]
    original_seeds: int
    original_steps: int
    original_batch: int
    original_lr: float
    importance_decay: float
    wide: tuple[int, ...]
    outputs: int
    hidden: tuple[int, ...]
    on: tuple[float, ...]
    seeds: int
    middle_outputs: int
    middle_on: tuple[float, ...]
    middle_seeds: int
    large_outputs: int
    large_on: tuple[float, ...]
    large_seeds: int
    steps: int
    batch: int
    lr: float
    most: int
    starts: int
    start_steps: int
    judge_batches: int
    judge_batch: int


SCHEMA = {
    # The originals' sizes: two inputs and neurons, one output; three inputs and outputs, six neurons.
    "original_loss": "target activation original_on original_seed",
    "original_worst": "target activation original_on original_seed",
    "logic_W1": "logic activation original_on original_seed two n_pair",
    "logic_W2": "logic activation original_on original_seed n_pair one",
    "logic_b": "logic activation original_on original_seed one",
    "single_W1": "single activation original_on original_seed three six",
    "single_W2": "single activation original_on original_seed six three",
    "single_b": "single activation original_on original_seed three",
    "wide_loss": "wide logic original_on original_seed",
    # Many outputs: what is left of each one's variance, in company and alone, and how many of them share a neuron.
    "loss": "target hidden activation on seed output",
    "alone": "target hidden activation on seed output",
    "inputs_per_neuron": "target hidden activation on seed",
    "outputs_per_neuron": "target hidden activation on seed",
    "middle_loss": "target activation middle_on middle_seed middle_output",
    "large_loss": "target activation large_on large_seed large_output",
    "logic_best_W1": "logic activation on sixteen shown",
    "logic_best_W2": "logic activation on shown output",
    "single_best_W1": "single activation on output shown",
    "single_best_W2": "single activation on shown output",
    # What k neurons leave of one output's variance: the best of many starts.
    "original_share": "target activation original_on k",
    "share": "target activation on k",
    "film_step": "frame",
    "film_W1": "frame output shown",
    "film_W2": "frame shown output",
    "film_loss": "frame",
}


def stack(
    target: str, n_out: int, m: int, on: tuple[float, ...], seeds: int, seed: int, kinds: tuple[str, ...] = ACTIVATIONS
) -> tuple[Networks, Float[Array, "instance"]]:
    """Activations × rates × seeds; instances that differ in the activation alone have the same start and the same data."""
    each = len(on) * seeds
    numbers = [seed + i for i in range(each)] * len(kinds)
    names = np.repeat(kinds, each).tolist()
    rates = np.tile(np.repeat(on, seeds), len(kinds))
    return Networks(numbers, n_out * dedicated_neurons.inputs_of(target), m, n_out, hidden=names, output=names), rates


def originals(config: Config, job: runs.Job) -> dict[str, Array]:
    """Every target at its original size, and the logic with more ReLU neurons than it needs."""
    optimiser, grid = AdamW(config.original_lr), (len(ACTIVATIONS), len(config.original_on), config.original_seeds)
    found: dict[str, list[Array]] = {}

    def trained(target: str, n_out: int, m: int, kinds: tuple[str, ...]) -> tuple[Networks, Array]:
        networks, on = stack(target, n_out, m, config.original_on, config.original_seeds, config.seed, kinds)
        given = dedicated_neurons.task(target, on[:, None], config.importance_decay ** np.arange(n_out))
        train(networks, given, config.original_steps, config.original_batch, optimiser, job=job, key=f"{target}-{m}")
        return networks, on

    for target in TARGETS:
        logic = target in LOGIC
        networks, on = trained(target, *((1, 2) if logic else (3, 6)), ACTIVATIONS)
        judged = target, on, config.judge_batches, config.judge_batch
        left = exact(target, networks, on) if logic else dedicated_neurons.judge(networks, *judged)[0]
        found.setdefault("original_loss", []).append(left.mean(1).reshape(grid))
        found.setdefault("original_worst", []).append(left.max(1).reshape(grid))
        for name, values in networks.weights(*grid).items():
            found.setdefault(f"{'logic' if logic else 'single'}_{name}", []).append(values)
    wide = [[exact(target, *trained(target, 1, m, ("relu",))).reshape(grid[1:]) for target in LOGIC] for m in config.wide]
    return {name: np.stack(parts) for name, parts in found.items()} | {"wide_loss": np.array(wide)}


def exact(target: str, networks: Networks, on: Float[Array, "instance"]) -> Float[Array, "instance 1"]:
    """The share of the variance that networks of one pair leave, from all inputs there are."""
    parts = networks.weights(len(on))
    rows = zip(on.tolist(), parts["W1"], parts["W2"][..., 0], parts["b"][:, 0], networks.output, strict=True)
    left = [dedicated_neurons.loss(target, p, *rest) / dedicated_neurons.variance(target, p) for p, *rest in rows]
    return np.array(left, np.float32)[:, None]


def many(
    config: Config, target: str, n_out: int, m: int, on: tuple[float, ...], seeds: int, job: runs.Job
) -> tuple[dict[str, Array], Array, Array]:
    """Train n_out outputs of equal importance in m neurons: weights, and what each output has left, in company and alone."""
    networks, rates = stack(target, n_out, m, on, seeds, config.seed)
    given, optimiser = dedicated_neurons.task(target, rates[:, None]), AdamW(config.lr, schedule="cosine")
    train(networks, given, config.steps, config.batch, optimiser, job=job, key=f"{target}-{n_out}-{m}")
    grid = len(ACTIVATIONS), len(on), seeds
    judged = dedicated_neurons.judge(networks, target, rates, config.judge_batches, config.judge_batch)
    return networks.weights(*grid), *(one.reshape(*grid, n_out) for one in judged)


def sizes(config: Config, target: str, job: runs.Job) -> dict[str, Array]:
    """One target with as many outputs at every hidden size, and the weights of the best networks of the middle size."""
    rows: dict[str, list[Array]] = {}
    for m in config.hidden:
        weights, left, alone = many(config, target, config.outputs, m, config.on, config.seeds, job)
        W1, W2 = weights["W1"], weights["W2"]
        if m == config.hidden[1]:
            best = left.mean(-1).argmin(-1)[..., None, None, None]
            chosen = [np.take_along_axis(W, best, 2)[:, :, 0] for W in (W1, W2)]
        row = {"loss": left, "alone": alone}
        row |= {"inputs_per_neuron": formulas.polysemanticity(W1).mean(-1)}
        row |= {"outputs_per_neuron": formulas.polysemanticity(W2.swapaxes(-1, -2)).mean(-1)}
        for name, values in row.items():
            rows.setdefault(name, []).append(values)
    kind = "logic" if target in LOGIC else "single"
    return {name: np.stack(parts) for name, parts in rows.items()} | {f"{kind}_best_W1": chosen[0], f"{kind}_best_W2": chosen[1]}


def crowded(config: Config, job: runs.Job) -> dict[str, Array]:
    """Several hidden sizes at one number of outputs, and twice and eight times as many in half as many neurons."""
    found: dict[str, list[Array]] = {}
    for target in TARGETS:
        rows = sizes(config, target, job)
        middle, large = config.middle_outputs, config.large_outputs
        rows["middle_loss"] = many(config, target, middle, middle // 2, config.middle_on, config.middle_seeds, job)[1]
        rows["large_loss"] = many(config, target, large, large // 2, config.large_on, config.large_seeds, job)[1]
        for name, values in rows.items():
            found.setdefault(name, []).append(values)
    return {name: np.stack(parts) for name, parts in found.items()}


def frames(steps: int) -> Int[Array, "frame"]:
    """The steps of the film: close together at the start, where most happens."""
    return np.unique((steps * np.linspace(0, 1, 101) ** 2).round().astype(int))


def film(config: Config, losses: Float[Array, "seed"], job: runs.Job) -> dict[str, Array]:
    """The best |x| network with ReLUs in the sparsest data, trained again from the same seed, with its weights on the way."""
    on, m = config.on[-1:], config.hidden[1]
    seed = config.seed + (len(config.on) - 1) * config.seeds + int(losses.argmin())
    networks, rates = stack("abs", config.outputs, m, on, 1, seed, ("relu",))
    given, kept = dedicated_neurons.task("abs", rates[:, None]), frames(config.steps)
    optimiser = AdamW(config.lr, schedule="cosine")
    history = train(networks, given, config.steps, config.batch, optimiser, kept.tolist(), job=job, key="film")
    left = []
    for W1, W2, b in zip(history.W1, history.W2, history.b, strict=True):
        with torch.no_grad():
            for parameter, value in zip((networks.W1, networks.W2, networks.b), (W1, W2, b), strict=True):
                parameter.copy_(torch.from_numpy(value))
        left.append(dedicated_neurons.judge(networks, "abs", rates, 4, config.judge_batch)[0].mean())
    return {"film_step": kept, "film_W1": history.W1[:, 0], "film_W2": history.W2[:, 0], "film_loss": np.array(left)}


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Train one of each and many of each, and let the exact loss say what a few neurons can do."""
    rates, search = np.array([*config.original_on, *config.on]), (config.starts, config.start_steps, config.seed)
    share = np.array([
        [[dedicated_neurons.best(target, rates, k, kind, *search) for k in range(config.most + 1)] for kind in ACTIVATIONS] for target in TARGETS  # noqa: E501
    ]).swapaxes(-1, -2)  # fmt: skip
    arrays = originals(config, job) | crowded(config, job)
    arrays |= film(config, arrays["loss"][TARGETS.index("abs"), 1, 0, -1].mean(-1), job)
    arrays |= dict(zip(("original_share", "share"), np.split(share, [len(config.original_on)], 2), strict=True))
    solved = (arrays["original_worst"] < 0.01).mean((2, 3))
    return arrays, {f"solved {t} {a}": float(solved[i, j]) for i, t in enumerate(TARGETS) for j, a in enumerate(ACTIVATIONS)}


RELU, GELU = 0, 1
SOLVED = 0.01  # of the best constant's loss
# What the write-up's program printed at the end: one network a density (|x|: five dense ones), ReLU and GELU.
PRINTED = {"and": (0.0515, 0.00041), "or": (0.177, 0.00059), "max": (0.173, 0.0179), "abs": (0.00443, 0.00100)}


def solved(results: runs.Results) -> np.ndarray:
    """Which networks of the originals' sizes are solved, in every output: (target, activation, density, seed)."""
    return results["original_worst"] < SOLVED


def final_losses(results: runs.Results, target: str) -> np.ndarray:
    """What the write-up's program would have printed, many times over: (activation, repetition)."""
    left = results["original_loss"][TARGETS.index(target)].astype(float)
    if target == "abs":
        return left[:, 0, : left.shape[-1] // 5 * 5].reshape(2, -1, 5).mean(-1) * printed_constants(results, target)[0]
    return (left * printed_constants(results, target)[:, None]).mean(1)


def printed_constants(results: runs.Results, target: str) -> np.ndarray:
    """The best constant's loss at each density in the write-up's units: its logic has two outputs, weighted 1 and 0.9, alike."""
    scale = 1.0 if target == "abs" else 0.95
    return np.array([scale * dedicated_neurons.variance(target, p) for p in results.config.original_on])


def balance(W1: np.ndarray) -> np.ndarray:
    """The share of the positive weights in the sum of the sizes of all."""
    return np.maximum(W1, 0).sum((-1, -2)) / np.abs(W1).sum((-1, -2))


def balanced(W1: np.ndarray) -> np.ndarray:
    """Networks whose positive weights make between 40 and 60% of the sizes."""
    return np.abs(balance(W1) - 0.5) < 0.1


def random_balanced() -> float:
    """The share of `balanced` ones among random matrices of three inputs and six neurons."""
    return float(balanced(np.random.default_rng(0).standard_normal((100000, 3, 6))).mean())


def geometric(values: np.ndarray) -> tuple[float, float, float]:
    """Geometric mean with its interval."""
    mean, low, high = metrics.mean_interval(np.log(values.astype(float)))
    return float(np.exp(mean)), float(np.exp(low)), float(np.exp(high))


def extremeness(results: runs.Results) -> np.ndarray:
    """Largest weight of a GELU network for x² over that of the ReLU network of the same start, geometric mean over densities."""
    largest = np.maximum(*(np.abs(results[f"single_{name}"][1]).max((-1, -2)) for name in ("W1", "W2")))
    return np.exp(np.log(largest[GELU] / largest[RELU]).mean(0))


def parts(results: runs.Results, activation: int = RELU) -> tuple[np.ndarray, np.ndarray]:
    """The diagonals of W1 W2 / 2 and |W1| W2 / 2 of the solved dense |x| networks: what the product shows, and what it hides."""
    chosen = solved(results)[TARGETS.index("abs"), activation, 0]
    W1, W2 = results["single_W1"][0, activation, 0, chosen], results["single_W2"][0, activation, 0, chosen]
    return tuple(np.einsum("sik,ski->si", W, W2) / 2 for W in (W1, np.abs(W1)))


def known(results: runs.Results, name: str = "share") -> np.ndarray:
    """The least share of its variance known for k neurons that read one output's inputs and write to it alone.

    It is what the descents found, and for ReLUs what is proven."""
    share, square = np.minimum.accumulate(results[name], -1), TARGETS.index("square")
    for target, (W1, *_) in dedicated_neurons.EXACT.items():
        share[TARGETS.index(target), RELU, :, np.shape(W1)[1] :] = 0
    for k, p in enumerate(results.config.on if name == "share" else results.config.original_on):
        share[square, RELU, k, 2:] = p * dedicated_neurons.HINGE_LOSS / dedicated_neurons.variance("square", p)
    return share


def gain(results: runs.Results, target: str, hidden: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Mean loss of every network, and that of the best dedicated neurons: (activation, rate, seed), (activation, rate)."""
    t, m = TARGETS.index(target), results.config.hidden[hidden]
    return results["loss"][t, hidden].mean(-1), dedicated_neurons.dedicated(known(results)[t], results.config.outputs, m)


def answering_zero(results: runs.Results, target: str, density: int = 0) -> Bool[Array, "seed"]:
    """Which ReLU networks for one pair answer 0 to every input there is, at a density given by its place."""
    x, _, _ = dedicated_neurons.points(target, results.config.original_on[density])
    W1, W2, b = (results[f"logic_{name}"][LOGIC.index(target), RELU, density].astype(float) for name in ("W1", "W2", "b"))
    out = np.maximum(np.maximum(x @ W1, 0) @ W2 + b[:, None], 0)[..., 0]
    return (out < 1e-6).all(-1)
