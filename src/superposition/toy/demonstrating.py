"""Linear and ReLU models over seven sparsities, 20 features in 5 dimensions and 80 in 20: when does superposition appear?
Elhage et al. 2022, "Demonstrating Superposition": never in the linear model, ever more in the ReLU model."""

import numpy as np
from jaxtyping import Bool, Float

from superposition import formulas, runs
from superposition.toy.engine import training
from superposition.toy.theory.linear_model import linear_optimum
from superposition.training import AdamW

Array = np.ndarray

MODELS = ("linear", "relu")
SIZES = ("small", "large")


class Config(runs.Config):
    n_features: tuple[int, int]
    n_hidden: tuple[int, int]
    importance_decay: tuple[float, float]
    sparsities: tuple[float, ...]
    seeds: int
    steps: int
    batch: int
    lr: float


DEVICES = ("cpu", "cuda")
SCHEMA = {"sparsity": "sparsity"} | {
    f"{name}_{size}": axes.format(size=size)
    for size in SIZES
    for name, axes in {
        "importance": "n_{size}",
        "W": "model sparsity seed n_{size} m_{size}",
        "b": "model sparsity seed n_{size}",
        "loss": "model sparsity seed",
        "linear_optimum": "sparsity",
        "history_step": "record",
        "history": "record model sparsity seed",
    }.items()
}


def _one_size(config: Config, job: runs.Job, index: int) -> dict[str, Array]:
    n, m = config.n_features[index], config.n_hidden[index]
    density = 1 - np.array(config.sparsities)
    importance = config.importance_decay[index] ** np.arange(n)
    of_each = np.broadcast_to(density[:, None, None], (len(MODELS), len(density), config.seeds, n))
    relu = np.broadcast_to(np.array(MODELS)[:, None, None] == "relu", of_each.shape[:-1])
    arrays, _ = training.train_grid(
        of_each, importance, m, relu, config.steps, config.batch, AdamW(config.lr, schedule="cosine"),
        config.seed, job, key=SIZES[index],
    )  # fmt: skip
    return arrays | {"importance": importance, "linear_optimum": linear_optimum(density, importance, m)}


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Train models × sparsities × seeds at both sizes."""
    arrays = {"sparsity": np.array(config.sparsities)}
    for index, size in enumerate(SIZES):
        arrays |= {f"{name}_{size}": array for name, array in _one_size(config, job, index).items()}
    counts = {
        f"features represented, {model} {size}, sparsest": float(formulas.represented(arrays[f"W_{size}"][kind, -1]).mean())
        for size in SIZES
        for kind, model in enumerate(MODELS)
    }
    return arrays, counts


# How represented features share their dimension.
KINDS = ("alone", "in a pair", "in a group", "between")


def kind_of(W: Float[np.ndarray, "*batch n m"]) -> Bool[np.ndarray, "*batch n kind"]:
    """Which of KINDS each feature is; a feature that is not represented is none of them.

    Alone is a dimensionality above 0.9. A pair are two that are each other's most opposite feature, at a cosine below -0.9,
    and share one dimension, their dimensionalities adding up to 1 within 0.1: evenly or not, since an antipodal pair of
    unequal lengths a and b has a²/(a² + b²) and b²/(a² + b²). A group is below 0.45 otherwise; the rest is between."""
    there, D = formulas.is_represented(W), formulas.feature_dimensionality(W)
    cosine = np.where(there[..., None] & there[..., None, :], formulas.cosines(W), 0)
    partner = cosine.argmin(-1)
    mutual = np.take_along_axis(partner, partner, -1) == np.arange(W.shape[-2])
    whole = np.abs(D + np.take_along_axis(D, partner, -1) - 1) < 0.1
    pair = mutual & (cosine.min(-1) < -0.9) & whole
    alone = (D > 0.9) & ~pair
    group = (D < 0.45) & ~pair
    return np.stack([alone, pair, group, ~(alone | pair | group)], -1) & there[..., None]


def kinds(W: Float[np.ndarray, "*batch n m"]) -> Float[np.ndarray, "*batch kind"]:
    """The share of represented features of each of KINDS."""
    found = kind_of(W)
    return found.sum(-2) / np.maximum(1, found.sum((-1, -2)))[..., None]


def kept_first(W: np.ndarray) -> np.ndarray:
    """Whether each model represents exactly its n_hidden most important features."""
    m = W.shape[-1]
    there = formulas.is_represented(W)
    return there[..., :m].all(-1) & ~there[..., m:].any(-1)
