"""Ten features in five neurons, with a ReLU on the hidden layer and without: when does a neuron mean one thing?
Elhage et al. 2022, "Superposition in a Privileged Basis"; every model is compared with random rotations of itself."""

import numpy as np
from jaxtyping import Float
from scipy import stats

from superposition import metrics, runs
from superposition.toy.engine import autoencoders, rectified
from superposition.toy.engine.training import AdamW

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


def rotated(
    W: Float[Array, "*batch n m"], rotations: Float[Array, "draw m m"]
) -> tuple[Float[Array, "draw *batch m"], Float[Array, "draw *batch"]]:
    """Polysemanticity and basis alignment of W after each rotation of its hidden space."""
    turned = np.einsum("...nm,dmk->d...nk", W, rotations)
    return metrics.polysemanticity(turned), metrics.basis_alignment(turned)


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
    return metrics.polysemanticity(np.maximum(W, 0))


def _rotations(config):
    return stats.special_ortho_group(config.n_hidden, seed=config.seed).rvs(config.rotations)


def _null(W, config):
    """What rotating does to each model: the null's means and quantiles, and the model's rank in it."""
    rotations = _rotations(config)
    shape, flat = W.shape[:-2], W.reshape(-1, *W.shape[-2:])
    alignment, rows = metrics.basis_alignment(flat), []
    for one, own in zip(flat, alignment, strict=True):
        poly, turned = rotated(one, rotations)
        alone = single(poly, used(one @ rotations))
        drivers = driven(one @ rotations)
        rows.append([poly.mean(), alone.mean(), drivers.mean(), (turned < own).mean(), *np.quantile(turned, QUANTILES)])
    poly, alone, drivers, rank, *quantiles = np.array(rows).T.reshape(-1, *shape)
    return {
        "alignment": alignment.reshape(shape), "null_polysemanticity": poly, "null_single": alone, "null_driven": drivers,
        "rank": rank, "null_alignment": np.stack(quantiles, -1),
    }  # fmt: skip


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Train models × sparsities × seeds, and turn each many times."""
    n, m = config.n_features, config.n_hidden
    grid = len(MODELS), len(config.sparsities), config.seeds
    seeds = config.seed + np.arange(np.prod(grid))
    sparsity, importance = np.array(config.sparsities), config.importance_decay ** np.arange(n)
    density = np.broadcast_to(1 - sparsity[:, None, None], (*grid, n)).reshape(-1, n)
    kinds = np.repeat(MODELS, len(seeds) // len(MODELS))
    relu, isotropic = kinds == "rectified", kinds == "isotropic"
    start = autoencoders.Autoencoders(seeds.tolist(), n, m).W.detach().numpy()
    optimiser = AdamW(config.lr, schedule="cosine")
    W, b = rectified.train(start, density, importance, relu, isotropic, seeds, config.steps, config.batch, optimiser, job)
    loss = rectified.held_out(W, b, density, importance, relu, seeds)
    # Before the turns and after each, on the same examples.
    unturned, *turned = (
        rectified.held_out(W @ turn, b, density, importance, relu, seeds, batches=4)
        for turn in np.float32([np.eye(m), *_rotations(config)[:8]])
    )
    W = W.reshape(*grid, n, m)
    arrays = {
        "sparsity": sparsity, "importance": importance, "W": W, "b": b.reshape(*grid, n), "loss": loss.reshape(grid),
        "rotated_loss": np.mean(turned, 0).reshape(grid), "unrotated_loss": unturned.reshape(grid),
        "polysemanticity": metrics.polysemanticity(W), "baseline": autoencoders.linear_optimum(1 - sparsity, importance, m),
    } | _null(W.astype(float), config)  # fmt: skip
    return arrays, {f"alignment {name}": float(arrays["alignment"][k].mean()) for k, name in enumerate(MODELS)}


FREE, ISOTROPIC, RECTIFIED = range(len(MODELS))


def singles(results: runs.Results, model: int) -> np.ndarray:
    """The share of live neurons that are monosemantic, by sparsity and seed."""
    return single(results["polysemanticity"][model], used(results["W"][model]))


def turned(results: runs.Results) -> np.ndarray:
    """The loss after a random turn of the hidden space over that before, by model, sparsity and seed."""
    return results["rotated_loss"] / results["unrotated_loss"]
