"""Features squeezed through a hidden layer that pays for its activity: L1, with three nonlinearities there or none.
Every model is compared with random rotations of itself, which know no neurons."""

import numpy as np
from jaxtyping import Float, Integer
from scipy import optimize

from superposition import formulas, runs
from superposition.toy import privileged
from superposition.toy.engine import training
from superposition.toy.engine.networks import Networks, Task
from superposition.toy.measures import rotations
from superposition.training import AdamW

Array = np.ndarray

HIDDEN = ("identity", "relu", "gelu", "tanh")


class Config(runs.Config):
    n_features: int
    n_hidden: int
    l1: tuple[float, ...]
    sparsities: tuple[float, ...]
    seeds: int
    steps: int
    batch: int
    lr: float
    rotations: int


_EACH = "hidden l1 sparsity seed"
SCHEMA = {
    "l1": "l1",
    "sparsity": "sparsity",
    "W": "hidden l1 sparsity n_features n_hidden",
    "loss": _EACH,
    "length": f"{_EACH} n_features",
    "dimensionality": f"{_EACH} n_features",
    "features_per_dimension": _EACH,
    "effective_features": _EACH,
    "participation": _EACH,
    "single": _EACH,
    "opposed": _EACH,
    "alignment": _EACH,
    "null_participation": _EACH,
    "null_single": _EACH,
    "null_alignment": _EACH,
    "rank": _EACH,
}


def length_alone(l1: Float[Array, "*l1"], weight: float | int = 1 / 3, activity: float | int = 1 / 2) -> Float[Array, "*l1"]:
    """The length w of a feature that has a neuron to itself and pays L1 for it; 0 where it isn't worth its price.

    It minimises weight·(1 - w²)² + l1·activity·w, where the feature's E[x²] and E[x] when active are `weight` and
    `activity`, by default those of a uniform one. All other features are taken to be silent."""
    return np.vectorize(_length_alone, otypes=[float])(l1, weight, activity)


def _length_alone(l1: float, weight: float, activity: float) -> float:
    price = l1 * activity / (4 * weight)
    if price == 0:
        return 1.0
    peak = 1 / np.sqrt(3)  # where w(1 - w²) is largest: its falling branch holds the minimum
    if price >= peak * (1 - peak**2):
        return 0.0
    w = optimize.brentq(lambda w: w * (1 - w**2) - price, peak, 1)
    return w if weight * (1 - w**2) ** 2 + l1 * activity * w < weight else 0.0


def live_mean(polysemanticity: Float[Array, "*batch m"], length: Float[Array, "*batch m"]) -> Float[Array, "*batch"]:
    """Mean number of features on a model's live neurons (columns longer than ½); 0 where none lives."""
    alive = length > 0.5
    return (polysemanticity * alive).sum(-1) / np.maximum(1, alive.sum(-1))


def signs(W: Float[Array, "*batch n m"], least: float = 0.5) -> tuple[Integer[Array, "*batch m"], Integer[Array, "*batch m"]]:
    """How many features each neuron holds upwards and downwards: those with a weight of at least `least` in size."""
    return (W > least).sum(-2), (W < -least).sum(-2)


def neurons(W: Float[Array, "model n m"], turns: Float[Array, "draw m m"]) -> dict[str, Float[Array, "model"]]:
    """Measures of a model's neurons, the same after rotations of its hidden space, and its alignment's rank among those."""
    own, turned = _measured(W), rotations.each(_measured, W, turns)
    found = {name: own[:, k] for k, name in enumerate(_NEURONS)}
    found |= {f"null_{name}": turned[..., k].mean(-1) for k, name in enumerate(_NEURONS)}
    return found | {"rank": rotations.rank(own[:, 0], turned[..., 0])}


_NEURONS = ("alignment", "participation", "single")


def _measured(W):
    count, length = formulas.polysemanticity(W), privileged.used(W)
    return np.stack([formulas.basis_alignment(W), live_mean(count, length), privileged.single(count, length)], -1)


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Train hidden layers × L1 strengths × sparsities × seeds; the first two see the same data from the same start."""
    n, m = config.n_features, config.n_hidden
    grid = len(HIDDEN), len(config.l1), len(config.sparsities), config.seeds
    count = int(np.prod(grid))
    seeds = np.resize(config.seed + np.arange(np.prod(grid[2:])), count).tolist()
    l1 = np.broadcast_to(np.array(config.l1)[:, None, None], grid).ravel()
    density = np.broadcast_to(1 - np.array(config.sparsities)[:, None], grid).reshape(-1, 1)
    hidden = np.repeat(HIDDEN, count // len(HIDDEN)).tolist()
    net = Networks(seeds, n, m, hidden=hidden, tied=True, l1=l1)
    task = Task("uniform", "identity", density)
    training.train(net, task, config.steps, config.batch, AdamW(config.lr, schedule="cosine"), job=job)
    loss = training.evaluate(net, task, batches=16).reshape(grid)
    W = net.W1.detach().numpy().astype(float)
    each = {
        "features_per_dimension": formulas.features_per_dimension(W), "effective_features": formulas.effective_features(W),
        "length": formulas.norms(W), "dimensionality": formulas.feature_dimensionality(W),
        "opposed": np.minimum(*signs(W)).clip(max=1).sum(-1),
    } | neurons(W, rotations.draw(m, config.rotations, config.seed))  # fmt: skip
    best = np.take_along_axis(W.reshape(*grid, n, m), loss.argmin(-1)[..., None, None, None], axis=3)[:, :, :, 0]
    arrays = {name: values.reshape(*grid, *values.shape[1:]).astype(np.float32) for name, values in each.items()}
    arrays |= {"l1": np.array(config.l1), "sparsity": np.array(config.sparsities), "loss": loss, "W": best.astype(np.float32)}
    return arrays, {f"alignment {name}": float(arrays["alignment"][k].mean()) for k, name in enumerate(HIDDEN)}


IDENTITY = HIDDEN.index("identity")


def aligned(results: runs.Results) -> np.ndarray:
    """Which models' features lie closer to the neurons than in 95% of their rotations."""
    return results["rank"] > 0.95
