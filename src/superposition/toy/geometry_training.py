"""The same features in the same dimensions, trained in several ways: which polytopes one sees depends on how one trains.
All trainings begin with the same weights and see the same data, so what differs between them is the training's."""

from dataclasses import replace
from typing import Literal

import numpy as np
from jaxtyping import Float

from superposition import runs
from superposition.toy import geometry
from superposition.toy.engine import training
from superposition.toy.engine.networks import Networks, Task
from superposition.toy.measures import polytopes
from superposition.toy.theory.linear_model import linear_optimum
from superposition.training import AdamW

Array = np.ndarray


class Config(runs.Config):
    n_features: int
    n_hidden: int
    sparsities: tuple[float, ...]
    seeds: int
    lr: tuple[float, ...]  # of each training, as are the next four
    schedule: tuple[Literal["constant", "cosine"], ...]
    warmup: tuple[int, ...]
    bias: tuple[Literal["zero", "mean"], ...]  # where it starts
    steps: tuple[int, ...]
    batch: int
    weight_decay: float


TRIANGLE, TETRAHEDRON = (polytopes.NAMES.index(name) for name in ("triangle", "tetrahedron"))
DEVICES = ("cpu", "cuda")
SCHEMA = {
    "density": "density",
    "W": "training seed density n_features n_hidden",
    "b": "training seed density n_features",
    "loss": "training seed density",
}


def started(config: Config, way: int) -> Networks:
    """The networks of all seeds and sparsities before training number `way`: the same for every one, but for the bias.

    "mean": the bias is what a feature is on average, p/2, so that a network begins by guessing it, with its ReLU open."""
    count = config.seeds * len(config.sparsities)
    seeds = [config.seed + k for k in range(count)]
    networks = Networks(seeds, config.n_features, config.n_hidden, hidden="identity", tied=True)
    if config.bias[way] == "mean":
        mean = np.tile((1 - np.array(config.sparsities, np.float32)) / 2, config.seeds)
        networks.put(networks.weights(count)["W1"], np.repeat(mean[:, None], config.n_features, axis=1))
    return networks


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Train seeds × sparsities models in each way; W and b are kept in half precision, as those of `geometry` are."""
    density = 1 - np.array(config.sparsities)
    grid = config.seeds, len(density)
    task = Task("uniform", "identity", np.tile(density, config.seeds)[:, None])
    ends: dict[str, list[Array]] = {"W": [], "b": [], "loss": []}
    ways = zip(config.lr, config.schedule, config.warmup, config.bias, config.steps, strict=True)
    for way, (lr, schedule, warmup, _, steps) in enumerate(ways):
        networks = started(config, way).to(job.device)
        optimiser = AdamW(lr, config.weight_decay, schedule=schedule, warmup=warmup)
        training.train(networks, task, steps, config.batch, optimiser, job=job, key=f"training{way}")
        weights = networks.weights(*grid)
        ends["W"].append(weights["W1"].astype(np.float16))
        ends["b"].append(weights["b"].astype(np.float16))
        ends["loss"].append(training.evaluate(networks, task).reshape(grid))
    arrays = {name: np.stack(of_trainings) for name, of_trainings in ends.items()} | {"density": density}
    over = arrays["loss"] / linear_optimum(density, np.ones(config.n_features), config.n_hidden)
    return arrays, {"least loss over that without superposition": float(over.min()), "greatest": float(over.max())}


def one(results: runs.Results, way: int) -> runs.Results:
    """The results of training number `way` alone, laid out as those of `geometry`, so that its measures read them."""
    return replace(results, arrays=results.arrays | {name: results[name][way] for name in ("W", "b", "loss")})


def names(config: Config) -> list[str]:
    """What tells the trainings apart, such as "0.003 falling, bias from mean" where the rate comes down to zero."""
    each = zip(config.lr, config.schedule, config.bias, strict=True)
    return [f"{lr:g}{' falling' if schedule == 'cosine' else ''}, bias from {bias}" for lr, schedule, bias in each]


def over_least(results: runs.Results) -> Float[Array, "training seed density"]:
    """The held-out loss of each model over the least without superposition."""
    return np.stack([geometry.over_least(one(results, way)) for way in range(len(results["W"]))])


def dead(results: runs.Results) -> Float[Array, "training seed density"]:
    """How many features of each model have a ReLU that nothing opens."""
    ways = [one(results, way) for way in range(len(results["W"]))]
    return np.stack([geometry.dead(geometry.weights(way), way["b"].astype(float), way["density"]) for way in ways]).astype(float)


def best(results: runs.Results) -> int:
    """Which training has the lowest loss, mean over seeds and sparsities."""
    return int(over_least(results).mean((1, 2)).argmin())


def shapes(results: runs.Results) -> Float[Array, "training seed density polytope"]:
    """How many polytopes of each kind each model holds."""
    features = polytopes.features_by_shape(results["W"].astype(float))[..., : polytopes.OTHER]
    return features / [len(corners) for corners in polytopes.CORNERS]


def solids(results: runs.Results) -> Float[Array, "training seed density"]:
    """How many triangles and tetrahedra each model holds, counted together."""
    return shapes(results)[..., [TRIANGLE, TETRAHEDRON]].sum(-1)
