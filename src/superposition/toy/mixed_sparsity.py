"""Dense and sparse features in one model, rarity and importance crossed: which of them share dimensions, and with whom?
Superposition inside a class and between the classes is held against random directions of the same lengths."""

import numpy as np
from jaxtyping import Bool, Float

from superposition import formulas, metrics, runs
from superposition.toy.engine import training
from superposition.toy.engine.networks import Networks, Task
from superposition.training import AdamW

Array = np.ndarray

OUTPUT = ("relu", "gelu")


class Config(runs.Config):
    n_dense: int
    n_sparse: int
    hidden: tuple[int, ...]
    dense: tuple[float, ...]
    sparse: tuple[float, ...]
    weights: tuple[float, ...]
    seeds: int
    steps: int
    batch: int
    lr: float
    snapshots: int


_EACH = "width mix weight output seed"
SCHEMA = {
    "n_hidden": "width",
    "density": "mix class",
    "weight": "weight",
    "W": "width mix weight output n_features most_hidden",
    "b": "width mix weight output n_features",
    "loss": _EACH,
    "features_per_dimension": _EACH,
    "represented": f"{_EACH} class",
    "dimensionality": f"{_EACH} class",
    "shared": f"{_EACH} class class",
    "random": f"{_EACH} class class",
    "step": "snapshot",
    "growth": "width mix weight output snapshot seed class",
}


def members(n_dense: int, n_sparse: int) -> Bool[Array, "2 n"]:
    """Which features are dense, and which are sparse."""
    return (np.arange(n_dense + n_sparse) < n_dense) == np.array([[True], [False]])


def counted(W: Float[Array, "*batch n m"], classes: Bool[Array, "2 n"]) -> Bool[Array, "*batch 2 n"]:
    """Which features of each class are represented: those longer than ½."""
    return formulas.is_represented(W)[..., None, :] & classes


def class_mean(values: Float[Array, "*batch n"], counts: Bool[Array, "*batch 2 n"]) -> Float[Array, "*batch 2"]:
    """Mean over the features that count of each class; 0 where a class has none."""
    return (values[..., None, :] * counts).sum(-1) / np.maximum(1, counts.sum(-1))


def shared(
    W: Float[Array, "*batch n m"], classes: Bool[Array, "2 n"]
) -> tuple[Float[Array, "*batch 2 2"], Float[Array, "*batch 2 2"]]:
    """How much a represented feature i of one class shares its direction with those of each class, Σ_{j≠i} (Ŵ_i·W_j)²,
    as a mean over i; and what random directions of the same lengths would share, Σ_{j≠i} ‖W_j‖² / n_hidden."""
    lengths, counts = formulas.norms(W), counted(W, classes)
    unit = np.divide(W, lengths[..., None], out=np.zeros_like(W), where=lengths[..., None] > 0)
    apart = ~np.eye(W.shape[-2], dtype=bool)
    overlap = np.einsum("...ih,...jh->...ij", unit, W) ** 2 * apart
    chance = lengths[..., None, :] ** 2 / W.shape[-1] * apart
    both = [[class_mean(part @ of.astype(float), counts) for of in classes] for part in (overlap, chance)]
    return np.stack(both[0], -1), np.stack(both[1], -1)


def importances(density: Float[Array, "mix 2"], weights: Float[Array, "weight"]) -> Float[Array, "mix weight 2"]:
    """Importances with which a sparse feature weighs `weights` times as much in the loss as a dense one.

    The weight is density × importance; the larger importance is 1."""
    ratio = weights * (density[:, 0] / density[:, 1])[:, None]
    both = np.stack([np.ones_like(ratio), ratio], -1)
    return both / both.max(-1, keepdims=True)


def _measured(W, classes):
    overlap, chance = shared(W, classes)
    counts = counted(W, classes)
    return {
        "features_per_dimension": formulas.features_per_dimension(W), "represented": counts.sum(-1), "shared": overlap,
        "dimensionality": class_mean(formulas.feature_dimensionality(W), counts), "random": chance,
    }  # fmt: skip


def _trained(m, config, job):
    """The results of all models of one width."""
    classes, density = members(config.n_dense, config.n_sparse), np.stack([config.dense, config.sparse], -1)
    n, grid = classes.shape[1], (len(density), len(config.weights), len(OUTPUT), config.seeds)
    count = int(np.prod(grid))
    seeds = np.resize(config.seed + np.arange(config.seeds), count).tolist()
    output = np.broadcast_to(np.array(OUTPUT)[:, None], grid).ravel().tolist()
    of_class = density[:, None], importances(density, np.array(config.weights))
    each = [np.broadcast_to((part @ classes)[:, :, None, None], (*grid, n)).reshape(count, n) for part in of_class]
    net, task = Networks(seeds, n, m, hidden="identity", output=output, tied=True), Task("uniform", "identity", *each)
    optimiser, steps = AdamW(config.lr, schedule="cosine"), _steps(config)
    history = training.train(net, task, config.steps, config.batch, optimiser, steps.tolist(), job=job, key=f"width-{m}")
    W, loss = net.W1.detach().numpy().astype(float), training.evaluate(net, task, batches=16)
    found = {name: values.reshape(*grid, *values.shape[1:]) for name, values in _measured(W, classes).items()}
    growth = np.stack([class_mean(formulas.feature_dimensionality(early), counted(early, classes)) for early in history.W1])
    best = loss.reshape(grid).argmin(-1)[..., None, None]
    widest = np.pad(W, ((0, 0), (0, 0), (0, max(config.hidden) - m))).reshape(*grid, n, -1)
    return found | {
        "loss": loss.reshape(grid), "growth": np.moveaxis(growth.reshape(len(steps), *grid, 2), 0, 3),
        "W": np.take_along_axis(widest, best[..., None], 3)[:, :, :, 0],
        "b": np.take_along_axis(net.b.detach().numpy().reshape(*grid, n), best, 3)[:, :, :, 0],
    }  # fmt: skip


def _steps(config):
    """After which steps to look: the start, and from ten steps on at equal ratios."""
    return np.unique([0, *np.geomspace(10, config.steps, config.snapshots - 1).round().astype(int)])


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Train widths × mixes of densities × weights × outputs × seeds; a seed means the same start everywhere."""
    widths = [_trained(m, config, job) for m in config.hidden]
    arrays = {name: np.stack([width[name] for width in widths]).astype(np.float32) for name in widths[0]}
    arrays |= {
        "n_hidden": np.array(config.hidden), "density": np.stack([config.dense, config.sparse], -1),
        "weight": np.array(config.weights), "step": _steps(config),
    }  # fmt: skip
    return arrays, {"dimensionality, dense": float(arrays["dimensionality"][..., 0].mean())}


DENSE, SPARSE = range(2)  # the classes
BOTH_DENSE, MIXED, BOTH_SPARSE = range(3)  # the mixes of densities
RELU, GELU = range(2)


def equal(results: runs.Results) -> int:
    """The weight at which a dense and a sparse feature of the mixed model are equally important."""
    dense, sparse = results["density"][MIXED]
    return metrics.nearest(results["weight"], float(sparse / dense))
