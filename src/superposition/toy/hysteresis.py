"""A price on activity raised step by step on a trained model, and lowered again, beside fresh starts at every price.
If the ways end in different solutions at one price, what a model holds belongs to its history as well as to the price."""

import numpy as np
import torch
from jaxtyping import Float

from superposition import formulas, runs
from superposition.toy.engine import features, training
from superposition.toy.engine.networks import Networks, Task, sample
from superposition.training import AdamW

Array = np.ndarray

WAYS = ("fresh start", "price rising", "price falling")


class Config(runs.Config):
    n_features: int
    n_hidden: int
    l1: tuple[float, ...]  # rising, from 0
    sparsity: float
    seeds: int
    steps: int  # at each price
    batch: int
    lr: float
    judge_batches: int


SCHEMA = {"l1": "l1", "W": "way l1 seed n_features n_hidden", "loss": "way l1 seed", "task_loss": "way l1 seed"}


@torch.no_grad()
def paid(networks: Networks, task: Task, batches: int, batch: int = 4096) -> Float[Array, "instance"]:
    """The loss that is trained on, with its price, of each network on held-out data."""
    x = (sample(task, networks, features.HELD_OUT + k, batch) for k in range(batches))
    return sum(networks.loss(one, task.targets(one), torch.ones(networks.n_out)).numpy() for one in x) / batches


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Train fresh networks at every price, then the same seeds along the rising prices, and on from there along the falling.

    On a path a network goes on from the weights that it had at the price before, with data of its own and a new optimiser."""
    count, seeds = len(config.l1), config.seeds
    task, optimiser = Task("uniform", "identity", 1 - config.sparsity), AdamW(config.lr, schedule="cosine")
    arrays = {name: np.empty((len(WAYS), count, seeds), np.float64) for name in ("loss", "task_loss")}
    arrays["W"] = np.empty((len(WAYS), count, seeds, config.n_features, config.n_hidden), np.float16)

    def started(prices: list[float]) -> Networks:
        own = [config.seed + k for k in range(seeds)] * len(prices)
        return Networks(own, config.n_features, config.n_hidden, hidden="identity", tied=True, l1=np.repeat(prices, seeds))

    def keep(way: int, at: slice, networks: Networks) -> None:
        arrays["W"][way, at] = networks.weights(-1, seeds)["W1"]
        arrays["loss"][way, at] = paid(networks, task, config.judge_batches).reshape(-1, seeds)
        arrays["task_loss"][way, at] = training.evaluate(networks, task, config.judge_batches).reshape(-1, seeds)

    fresh = started(list(config.l1))
    training.train(fresh, task, config.steps, config.batch, optimiser, job=job, key="fresh")
    keep(0, slice(None), fresh)
    walking = started([config.l1[0]])
    for stage, (way, price) in enumerate([*((1, k) for k in range(count)), *((2, k) for k in reversed(range(count)))]):
        walking.l1[:] = config.l1[price]
        walking.seeds = [config.seed + seeds * stage + k for k in range(seeds)]
        training.train(walking, task, config.steps, config.batch, optimiser, records=1, job=job, key=f"stage{stage}")
        keep(way, slice(price, price + 1), walking)
    held = formulas.represented(arrays["W"].astype(float)).mean(-1)
    return arrays | {"l1": np.array(config.l1)}, {
        f"features at the highest price, {way}": float(held[k, -1]) for k, way in enumerate(WAYS)
    }


def held(results: runs.Results) -> Float[Array, "way l1 seed"]:
    """How many features each network represents: those longer than ½."""
    return formulas.represented(results["W"].astype(float)).astype(float)
