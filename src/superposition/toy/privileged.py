"""Ten features in five neurons, with a ReLU on the hidden layer and without: when does a neuron mean one thing?
Elhage et al. 2022, "Superposition in a Privileged Basis"; every model is compared with random rotations of itself."""

import numpy as np
from jaxtyping import Float

from superposition import formulas, runs
from superposition.toy.engine import training
from superposition.toy.engine.networks import Networks, Task
from superposition.toy.measures import rotations
from superposition.toy.theory.linear_model import linear_optimum
from superposition.training import AdamW

Array = np.ndarray

# Without the hidden ReLU; without it, and with an optimiser that knows no basis either; with the hidden ReLU.
MODELS = ("free", "isotropic", "rectified")


class Config(runs.Config):
    n_features: int
    n_hidden: int
    importance_decay: float
    sparsities: tuple[float, ...]
    seeds: int
    steps: int
    batch: int
    lr: float
    rotations: int


SCHEMA = {
    "sparsity": "sparsity",
    "importance": "n_features",
    "W": "model sparsity seed n_features n_hidden",
    "b": "model sparsity seed n_features",
    "loss": "model sparsity seed",
    "polysemanticity": "model sparsity seed n_hidden",
    "alignment": "model sparsity seed",
    "null_polysemanticity": "model sparsity seed",
    "null_alignment": "model sparsity seed quantile",
    "null_single": "model sparsity seed",
    "null_driven": "model sparsity seed",
    "rotated_loss": "model sparsity seed",
    "unrotated_loss": "model sparsity seed",
    "rank": "model sparsity seed",
    "baseline": "sparsity",
}

QUANTILES = (0.05, 0.5, 0.95)
SINGLE = 1.5  # a neuron with fewer effective features than this is monosemantic


def used(W: Float[Array, "*batch n m"]) -> Float[Array, "*batch m"]:
    """The length of each neuron's column: a dead neuron's is near 0."""
    return np.linalg.norm(W, axis=-2)


def single(polysemanticity: Float[Array, "*batch m"], length: Float[Array, "*batch m"]) -> Float[Array, "*batch"]:
    """The share of a model's live neurons (length over ½) that are monosemantic; 0 where none lives."""
    alive = length > 0.5
    return (alive & (polysemanticity < SINGLE)).sum(-1) / np.maximum(1, alive.sum(-1))


def driven(W: Float[Array, "*batch n m"]) -> Float[Array, "*batch m"]:
    """Effective number of features that drive each neuron: polysemanticity of the positive weights alone.

    A negative weight silences a neuron with a ReLU, and what is silent says nothing."""
    return formulas.polysemanticity(np.maximum(W, 0))


def _null(W, config):
    """What rotating does to each model: the null's means and quantiles, and the model's rank in it."""
    turns, flat = rotations.draw(config.n_hidden, config.rotations, config.seed), W.reshape(-1, *W.shape[-2:])
    alignment, turned = formulas.basis_alignment(flat), rotations.each(formulas.basis_alignment, flat, turns)
    alone = lambda W: single(formulas.polysemanticity(W), used(W))
    found = {
        "alignment": alignment,
        "rank": rotations.rank(alignment, turned),
        "null_alignment": np.quantile(turned, QUANTILES, axis=-1).T,
        "null_polysemanticity": rotations.each(formulas.polysemanticity, flat, turns).mean((1, 2)),
        "null_single": rotations.each(alone, flat, turns).mean(-1),
        "null_driven": np.array([driven(one @ turns).mean() for one in flat]),  # as `each` but for rounding
    }
    return {name: values.reshape(*W.shape[:-2], *values.shape[1:]) for name, values in found.items()}


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Train models × sparsities × seeds, and turn each many times."""
    n, m = config.n_features, config.n_hidden
    grid = len(config.sparsities), config.seeds
    sparsity, importance = np.array(config.sparsities), config.importance_decay ** np.arange(n)
    task = Task("uniform", "identity", np.repeat(1 - sparsity, config.seeds)[:, None], importance)
    turns = np.float32([np.eye(m), *rotations.draw(m, config.rotations, config.seed)[:8]])
    found: dict[str, list[Array]] = {"W": [], "b": [], "loss": [], "unrotated_loss": [], "rotated_loss": []}
    for k, kind in enumerate(MODELS):
        hidden = "relu" if kind == "rectified" else "identity"
        seeds = [config.seed + k * int(np.prod(grid)) + i for i in range(np.prod(grid))]
        networks = Networks(seeds, n, m, hidden=hidden, tied=True)
        optimiser = AdamW(config.lr, schedule="cosine", isotropic=kind == "isotropic")
        training.train(networks, task, config.steps, config.batch, optimiser, job=job, key=kind)
        W, b = networks.weights(len(seeds)).values()
        loss = training.evaluate(networks, task)
        # Before the turns and after each, on the same examples.
        unturned, *turned = (training.evaluate(networks.put(W @ turn, b), task, batches=4) for turn in turns)
        for name, values in zip(found, (W, b, loss, unturned, np.mean(turned, 0)), strict=True):
            found[name].append(values.reshape(*grid, *values.shape[1:]))
    arrays = {name: np.stack(values) for name, values in found.items()}
    W = arrays["W"]
    arrays |= {
        "sparsity": sparsity, "importance": importance,
        "polysemanticity": formulas.polysemanticity(W), "baseline": linear_optimum(1 - sparsity, importance, m),
    } | _null(W.astype(float), config)  # fmt: skip
    return arrays, {f"alignment {name}": float(arrays["alignment"][k].mean()) for k, name in enumerate(MODELS)}


FREE, ISOTROPIC, RECTIFIED = range(len(MODELS))


def singles(results: runs.Results, model: int) -> np.ndarray:
    """The share of live neurons that are monosemantic, by sparsity and seed."""
    return single(results["polysemanticity"][model], used(results["W"][model]))


def turned(results: runs.Results) -> np.ndarray:
    """The loss after a random turn of the hidden space over that before, by model, sparsity and seed."""
    return results["rotated_loss"] / results["unrotated_loss"]
