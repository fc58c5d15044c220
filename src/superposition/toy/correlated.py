"""Correlated and anticorrelated features: where do those go that always, or never, appear together?
Two and three pairs in two dimensions, two sets of ten in ten; at which density do correlated ones collapse to PCA?"""

import numpy as np
from jaxtyping import Float, Int

from superposition import formulas, metrics, runs
from superposition.toy.engine import training
from superposition.toy.engine.features import KINDS, stack, windows
from superposition.toy.engine.networks import Networks, Task
from superposition.toy.theory.linear_model import pca_loss
from superposition.training import AdamW

Array = np.ndarray

RELATIONS = ("orthogonal", "side by side", "opposite", "lost")


class Config(runs.Config):
    densities: tuple[float, ...]
    pairs: tuple[int, ...]
    n_hidden: int
    seeds: int
    sets: int
    set_size: int
    set_hidden: int
    set_seeds: int
    steps: int
    batch: int
    lr: float
    evaluated: int


SCHEMA = {
    "density": "density",
    "W_two": "kind density seed four hidden",
    "W_three": "kind density seed six hidden",
    "loss_two": "kind density seed",
    "loss_three": "kind density seed",
    "pca_two": "kind density",
    "pca_three": "kind density",
    "W_sets": "joined density set_seed set_feature set_hidden",
    "loss_sets": "joined density set_seed",
    "pca_sets": "joined density",
}


def within(W: Float[Array, "*batch n m"], size: int = 2) -> Float[Array, "*batch pair"]:
    """The cosine of every two features of the same set, sets being `size` neighbours."""
    return formulas.cosines(W)[..., *_indices(W.shape[-2], size, True)]


def across(W: Float[Array, "*batch n m"], size: int = 2) -> Float[Array, "*batch pair"]:
    """The cosine of every two features of different sets."""
    return formulas.cosines(W)[..., *_indices(W.shape[-2], size, False)]


def _indices(n: int, size: int, same: bool) -> tuple[Array, Array]:
    first, second = np.triu_indices(n, 1)
    chosen = (first // size == second // size) == same
    return first[chosen], second[chosen]


def relation(W: Float[Array, "*batch n 2"], tolerance: float = 15.0) -> Int[Array, "*batch pair"]:
    """How the two features of each pair lie, as an index into RELATIONS.

    *Orthogonal* is a right angle within `tolerance` degrees, *side by side* less, *opposite* more; a pair is *lost* where
    a feature is not represented (‖W_i‖ up to 0.4: a pair that shares its principal component has 0.7)."""
    cosine = within(W)
    edge = np.sin(np.radians(tolerance))
    found = np.where(np.abs(cosine) <= edge, 0, np.where(cosine > 0, 1, 2))
    length = formulas.norms(W)
    short = np.minimum(length[..., 0::2], length[..., 1::2]) <= 0.4
    return np.where(short, RELATIONS.index("lost"), found)


def antipodal(W: Float[Array, "*batch n 2"], tolerance: float = 15.0) -> Array:
    """Whether the two features of each pair are opposite within `tolerance` degrees, and both represented."""
    return (within(W) <= -np.cos(np.radians(tolerance))) & (relation(W) != RELATIONS.index("lost"))


def common_share(W: Float[Array, "*batch n m"], size: int) -> Float[Array, "*batch"]:
    """How much of the sets' sums lies in W's column space, Σ_s ‖Q ŝ‖² over the most that it can be.

    ŝ is the unit vector of equal weights on set s, and Q projects on the column space. PCA of correlated sets gives 1, as
    it keeps the sums first, and a random W gives n_hidden / n_features if there are no more sets than dimensions, else
    the number of sets / n_features."""
    n, m = W.shape[-2:]
    basis = np.linalg.svd(W, full_matrices=False)[0]
    sums = np.kron(np.eye(n // size), np.ones((size, 1))) / np.sqrt(size)
    return ((sums.T @ basis) ** 2).sum((-2, -1)) / min(m, n // size)


def partners(W: Float[Array, "*batch n m"], size: int) -> tuple[Array, Array]:
    """Of the features in antipodal pairs (mutual, cosine below -0.9): how many pairs there are, and how many join two sets."""
    cosine = formulas.cosines(W)
    nearest = cosine.argmin(-1)
    n = W.shape[-2]
    mutual = np.take_along_axis(nearest, nearest, -1) == np.arange(n)
    paired = mutual & (cosine.min(-1) < -0.9)
    return paired.sum(-1) // 2, (paired & (nearest // size != np.arange(n) // size)).sum(-1) // 2


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Train every kind at every density and seed, and work out PCA's loss for each."""
    density = np.array(config.densities)
    arrays = {"density": density}
    for name, pairs in zip(("two", "three"), config.pairs, strict=True):
        arrays |= _train(config, job, name, KINDS, pairs, 2, config.n_hidden, config.seeds)
    arrays |= _train(config, job, "sets", KINDS[:2], config.sets, config.set_size, config.set_hidden, config.set_seeds)
    sparsest = int(density.argmin())
    orthogonal = relation(arrays["W_two"][0, sparsest]) == RELATIONS.index("orthogonal")
    opposite = antipodal(arrays["W_two"][2, sparsest])
    return arrays, {
        "correlated pairs orthogonal": float(orthogonal.mean()),
        "anticorrelated pairs antipodal": float(opposite.mean()),
    }


def _train(config: Config, job: runs.Job, name: str, kinds: tuple, sets: int, size: int, m: int, seeds: int) -> dict[str, Array]:
    grid = [(kind, p) for kind in kinds for p in config.densities]
    active = stack([windows(kind, sets, size, p) for kind, p in grid for _ in range(seeds)])
    numbers = [config.seed + k for k in range(len(grid) * seeds)]
    networks, task = Networks(numbers, sets * size, m, hidden="identity", tied=True), Task("uniform", "identity", active)
    optimiser = AdamW(config.lr, weight_decay=0.0, schedule="cosine")
    training.train(networks, task, config.steps, config.batch, optimiser, job=job, key=name)
    axes = len(kinds), len(config.densities), seeds
    pca = [[pca_loss(kind, sets, size, p, m) for p in config.densities] for kind in kinds]
    return {
        f"W_{name}": networks.weights(*axes)["W1"], f"pca_{name}": np.array(pca),
        f"loss_{name}": training.evaluate(networks, task, 8, config.evaluated).reshape(axes),
    }  # fmt: skip


CORRELATED, INDEPENDENT, ANTICORRELATED = range(len(KINDS))


def lie(W: np.ndarray, name: str) -> np.ndarray:
    """Whether each pair lies in the relation of this name."""
    return relation(W) == RELATIONS.index(name)


def both(runs_of: runs.Results, density: float) -> dict[str, np.ndarray]:
    """Three pairs at one density, seeds of each kind: shares of pairs that are opposite and side by side."""
    W = runs_of["W_three"][:, metrics.nearest(runs_of["density"], density)]
    return {name: lie(W, name) for name in RELATIONS}


def widest_gap(W: Float[Array, "*batch n 2"]) -> Float[Array, "*batch"]:
    """The largest angle, in degrees, between neighbours among the sums of pairs: 120 where three are spread evenly."""
    sums = W[..., ::2, :] + W[..., 1::2, :]
    direction = np.sort(np.degrees(np.arctan2(sums[..., 1], sums[..., 0])))
    return np.diff(direction, append=direction[..., :1] + 360).max(-1)
