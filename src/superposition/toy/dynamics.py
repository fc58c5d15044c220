"""How features come into superposition: each one's dimensionality over training, and the loss beside it.
A hundred independent features in ten dimensions, and two sets of three correlated ones in three; many seeds."""

import numpy as np
import torch
from jaxtyping import Float

from superposition import metrics, runs
from superposition.toy.engine import autoencoders, correlation, training

Array = np.ndarray

class Config(runs.Config):
    n_features: int
    n_hidden: int
    density: float
    start_scale: float
    seeds: int
    memoryless_seeds: int
    steps: int
    batch: int
    lr: float
    snapshots: int
    held_out: int
    sets: int
    set_size: int
    set_hidden: int
    set_density: float
    set_seeds: int
    set_steps: int
    set_batch: int
    set_lr: float
    set_snapshots: int


DEVICES = ("cpu", "cuda")
SCHEMA = {
    "step": "snapshot",
    "D": "seed snapshot n_features",
    "loss": "seed snapshot",
    "memoryless_D": "memoryless_seed snapshot n_features",
    "memoryless_loss": "memoryless_seed snapshot",
    "set_step": "set_snapshot",
    "set_W": "set_seed set_snapshot set_feature set_hidden",
    "set_loss": "set_seed set_snapshot",
}


def memory(config: Config, seeds: int, optimiser: training.AdamW, job: runs.Job, key: str) -> tuple[Array, Array]:
    """D and the held-out loss of `seeds` models at every snapshot: (seed snapshot n_features), (seed snapshot)."""
    n, m, kept = config.n_features, config.n_hidden, steps(config.steps, config.snapshots)
    model = autoencoders.Autoencoders([config.seed + k for k in range(seeds)], n, m).to(job.device)
    model.W.data *= config.start_scale
    of_each = np.full((seeds, n), config.density), np.ones((seeds, n))
    history = training.train(model, *of_each, config.steps, config.batch, optimiser, kept, job=job, key=key)
    D = metrics.feature_dimensionality(history.W)
    loss = np.stack([held_out(config, W, b, job.device) for W, b in zip(history.W.swapaxes(0, 1), history.b.swapaxes(0, 1))])
    return D.swapaxes(0, 1).astype(np.float32), loss.astype(np.float32)


def held_out(
    config: Config, W: Float[Array, "snapshot n m"], b: Float[Array, "snapshot n"], device: str
) -> Float[Array, "snapshot"]:
    """The loss of every snapshot on one and the same held-out data, so that the noise of the draw is common to all."""
    model = autoencoders.Autoencoders([config.seed] * len(W), config.n_features, config.n_hidden).to(device)
    model.W.data[:], model.b.data[:] = torch.from_numpy(W), torch.from_numpy(b)
    ones = np.ones(b.shape)
    return training.evaluate(model, config.density * ones, ones, 1, config.held_out)


def steps(last: int, count: int) -> list[int]:
    """`count` steps from 0 to the last, evenly, each once."""
    return np.unique(np.linspace(0, last, count).round().astype(int)).tolist()


def sets(config: Config, job: runs.Job) -> tuple[list[int], Array, Array]:
    """The correlated sets: steps, W and the held-out loss of every seed at each, closer together at the start."""
    n, m, seeds = config.sets * config.set_size, config.set_hidden, list(range(config.seed, config.seed + config.set_seeds))
    stops = np.unique((config.set_steps * np.linspace(0, 1, config.set_snapshots) ** 2).round().astype(int)).tolist()
    one = correlation.windows("correlated", config.sets, config.set_size, config.set_density)
    W, b = correlation.start(seeds, n, m, config.start_scale), np.zeros((len(seeds), n), np.float32)
    optimiser = training.AdamW(config.set_lr)
    active = correlation.stack([one] * len(seeds))
    kept_W, kept_b = correlation.train(W, b, active, seeds, config.set_steps, config.set_batch, optimiser, stops, job, "sets")
    flat_W, flat_b = kept_W.reshape(-1, n, m), kept_b.reshape(-1, n)
    same = correlation.stack([one] * len(flat_W))
    loss = correlation.evaluate(flat_W, flat_b, same, [config.seed] * len(flat_W), 4, config.held_out)
    return stops, kept_W.swapaxes(0, 1), loss.reshape(kept_W.shape[:2]).T.astype(np.float32)


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Train with Adam, with an Adam that forgets after every step, and on correlated sets."""
    D, loss = memory(config, config.seeds, training.AdamW(config.lr), job, "adam")
    forgetful = training.AdamW(config.lr, beta1=0.0, beta2=0.0)
    memoryless_D, memoryless_loss = memory(config, config.memoryless_seeds, forgetful, job, "memoryless")
    set_step, set_W, set_loss = sets(config, job)
    arrays = {
        "step": np.array(steps(config.steps, config.snapshots)), "D": D, "loss": loss,
        "memoryless_D": memoryless_D, "memoryless_loss": memoryless_loss,
        "set_step": np.array(set_step), "set_W": np.ascontiguousarray(set_W), "set_loss": set_loss,
    }  # fmt: skip
    return arrays, {"features in a pair": float((D[:, -1] > 0.4).sum(1).mean()), "final loss": float(loss[:, -1].mean())}
