"""Thirty-two features in twenty to a hundred and twenty neurons: when more neurons than features, are neurons still shared?
Counted over training against rotations of the same models; and features shown one at a time, where chance decides."""

import numpy as np
import torch
from jaxtyping import Float

from superposition import formulas, runs
from superposition.toy import privileged, regularised
from superposition.toy.engine import training
from superposition.toy.engine.networks import Networks, Task
from superposition.toy.measures import rotations
from superposition.training import AdamW

Array = np.ndarray

# The hidden layer of each kind of model, and whether its activity is penalised.
MODELS = (("identity", False), ("identity", True), ("relu", False), ("relu", True))
OPTIMISERS = {
    "AdamW": lambda weights: torch.optim.AdamW(weights, lr=1e-3),
    "gradient descent": lambda weights: torch.optim.SGD(weights, lr=0.05),
}


class Config(runs.Config):
    n_features: int
    hidden: tuple[int, ...]
    sparsities: tuple[float, ...]
    l1: float
    seeds: int
    steps: int
    batch: int
    lr: float
    snapshots: int
    rotations: int
    alone_l1: float
    alone_seeds: int
    alone_steps: int


_EACH = "model sparsity seed"
_OVER_TIME = ("participation", "null_participation", "pairs", "null_pairs", "overlap", "null_overlap")
_AT_LAST = ("single", "null_single", "rank")
SCHEMA = {
    "n_hidden": "width",
    "sparsity": "sparsity",
    "step": "snapshot",
    "driven": f"width {_EACH}",
    "polysemantic": f"width {_EACH}",
    "loss": f"width {_EACH}",
    "W": "model n_features shown",
    "alone_polysemantic": "width optimiser alone_seed",
    "alone_opposed": "width optimiser alone_seed",
    "alone_settled": "width optimiser alone_seed",
    "alone_kept": "width optimiser alone_seed",
    **dict.fromkeys(_OVER_TIME, f"width snapshot {_EACH}"),
    **dict.fromkeys(_AT_LAST, f"width {_EACH}"),
}


def pairs(W: Float[Array, "*batch n m"]) -> Float[Array, "*batch m"]:
    """How strongly the features on each neuron meet there: Σ_{i<j} |W_ik| |W_jk|."""
    return ((np.abs(W).sum(-2)) ** 2 - (W**2).sum(-2)) / 2


def overlap(W: Float[Array, "*batch n m"]) -> Float[Array, "*batch n"]:
    """The paper's measure, which no rotation changes: ‖(Ŵ_i·W_j)_{j≠i}‖ of each feature."""
    return np.sqrt(formulas.interference(W))


def random_overlap(W: Float[Array, "*batch n m"]) -> Float[Array, "*batch n"]:
    """The same for directions at random with the lengths of W: √(Σ_{j≠i} ‖W_j‖² / n_hidden)."""
    squares = (W**2).sum(-1)
    return np.sqrt((squares.sum(-1, keepdims=True) - squares) / W.shape[-1])


def opposed_by_chance(n: int, m: int) -> float:
    """How many of m neurons hold features of both signs when n features choose a neuron and a sign at random.

    About n² / 4m where n is much smaller than m; the pairs with equal signs are as many."""
    return m * (1 - 2 * (1 - 1 / (2 * m)) ** n + (1 - 1 / m) ** n)


def alone(
    n: int, m: int, l1: float, seeds: list[int], steps: int, optimiser: str
) -> tuple[Float[Array, "seed n m"], Float[Array, "seed n m"]]:
    """Weights before and after training on features that come one at a time, so that the data are the n unit vectors.

    The loss is Σ (ReLU(W Wᵀ) - 1)² + l1 Σ |W|, from a start of N(0, 1/m). Source: Lecomte et al. 2024, section 3."""
    start = np.stack([np.random.default_rng(seed).standard_normal((n, m), np.float32) for seed in seeds]) / np.float32(m**0.5)
    W = torch.tensor(start, requires_grad=True)
    descent = OPTIMISERS[optimiser]([W])
    for _ in range(steps):
        loss = ((torch.relu(W @ W.mT) - torch.eye(n)) ** 2).sum() + l1 * W.abs().sum()
        W.grad = torch.autograd.grad(loss, W)[0]
        descent.step()
    return start, W.detach().numpy()


def chance_meetings(start: Float[Array, "seed n m"], W: Float[Array, "seed n m"]) -> dict[str, Float[Array, "seed"]]:
    """Where features that came alone have ended, model by model: neurons with several, and with two of opposite signs;
    the share of features with 90 % of their square on one neuron; the share whose neuron led at the start."""
    up, down = regularised.signs(W)
    squares, home = W**2, np.abs(W).argmax(-1)
    return {
        "alone_polysemantic": (up + down > 1).sum(-1).astype(float), "alone_opposed": ((up > 0) & (down > 0)).sum(-1).astype(float),  # noqa: E501
        "alone_settled": (squares.max(-1) > 0.9 * squares.sum(-1)).mean(-1), "alone_kept": (home == np.abs(start).argmax(-1)).mean(-1),  # noqa: E501
    }  # fmt: skip


def _steps(config):
    """After which steps to look: the start, and from ten steps on at equal ratios."""
    return np.unique([0, *np.geomspace(10, config.steps, config.snapshots - 1).round().astype(int)])


def _averages(W, turns):
    """Means over a model's neurons or features: its own, and those of what it is held against."""
    found = {"overlap": overlap(W).mean(-1), "null_overlap": random_overlap(W).mean(-1), "pairs": pairs(W).mean(-1)}
    null = rotations.each(lambda turned: pairs(turned).mean(-1), W, turns).mean(-1)
    return found | {"null_pairs": null} | regularised.neurons(W, turns)


def _sampled(m, config, job):
    """The models of one width, trained on sparse features, with the axes of SCHEMA after the width's."""
    n, grid = config.n_features, (len(MODELS), len(config.sparsities), config.seeds)
    count = int(np.prod(grid))
    seeds = np.resize(config.seed + np.arange(np.prod(grid[1:])), count).tolist()
    hidden = np.repeat([kind for kind, _ in MODELS], count // len(MODELS)).tolist()
    l1 = config.l1 * np.repeat([float(penalised) for _, penalised in MODELS], count // len(MODELS))
    net = Networks(seeds, n, m, hidden=hidden, tied=True, l1=l1)
    density = np.broadcast_to(1 - np.array(config.sparsities)[:, None], grid).reshape(-1, 1)
    task, optimiser, steps = Task("uniform", "identity", density), AdamW(config.lr, schedule="cosine"), _steps(config)
    history = training.train(net, task, config.steps, config.batch, optimiser, steps.tolist(), job=job, key=f"width-{m}")
    turns = rotations.draw(m, config.rotations, config.seed)
    looks = [_averages(W.astype(float), turns) for W in history.W1]
    W, arrays = history.W1[-1], {name: np.stack([look[name] for look in looks]) for name in _OVER_TIME}
    up, down = regularised.signs(W)
    driven = regularised.live_mean(privileged.driven(W), privileged.used(np.maximum(W, 0)))
    arrays |= {name: looks[-1][name] for name in _AT_LAST} | {"driven": driven}
    arrays |= {"polysemantic": (up + down > 1).sum(-1), "loss": training.evaluate(net, task, batches=16)}
    return {name: values.reshape(*values.shape[:-1], *grid) for name, values in arrays.items()}, W.reshape(*grid, n, m)


def _alone(m, config):
    """Features one at a time, with each optimiser."""
    seeds = [config.seed + k for k in range(config.alone_seeds)]
    sizes = config.n_features, m, config.alone_l1, seeds, config.alone_steps
    ends = [chance_meetings(*alone(*sizes, optimiser)) for optimiser in OPTIMISERS]
    return {name: np.stack([end[name] for end in ends]) for name in ends[0]}


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Train every width on sparse features, four kinds of model each, and on features one at a time."""
    widths, shown = [], None
    for m in config.hidden:
        arrays, W = _sampled(m, config, job)
        widths.append(arrays | _alone(m, config))
        shown = W[:, 0, 0] if m == _shown(config) else shown
    arrays = {name: np.stack([width[name] for width in widths]).astype(np.float32) for name in widths[0]}
    arrays |= {"n_hidden": np.array(config.hidden), "sparsity": np.array(config.sparsities), "step": _steps(config), "W": shown}
    return arrays, {"polysemantic, one at a time": float(arrays["alone_polysemantic"].mean())}


def _shown(config):
    """The width that the chapter draws: the first with more neurons than features."""
    return min((m for m in config.hidden if m > config.n_features), default=max(config.hidden))


LINEAR, LINEAR_L1, RELU, RELU_L1 = range(len(MODELS))
ADAM, DESCENT = range(len(OPTIMISERS))
FIRST = 0  # the sparsity of 0.9


def ample(results: runs.Results) -> np.ndarray:
    """Which widths have more neurons than there are features."""
    return results["n_hidden"] > results.config.n_features


def published_rate(results: runs.Results) -> np.ndarray:
    """Lecomte et al.'s number of polysemantic neurons by width, n² / 4m."""
    return results.config.n_features**2 / (4 * results["n_hidden"])
