"""How features come into superposition: each one's dimensionality over training, and the loss beside it.
A hundred independent features in ten dimensions, and two sets of three correlated ones in three; many seeds."""

import numpy as np
import torch
from jaxtyping import Float, Int

from superposition import formulas, runs
from superposition.toy.correlated import within
from superposition.toy.engine import training
from superposition.toy.engine.features import stack, windows
from superposition.toy.engine.networks import Networks, Task
from superposition.toy.measures import jumps
from superposition.toy.theory.linear_model import pca_loss
from superposition.training import AdamW

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


def memory(config: Config, seeds: int, optimiser: AdamW, job: runs.Job, key: str) -> tuple[Array, Array]:
    """D and the held-out loss of `seeds` models at every snapshot: (seed snapshot n_features), (seed snapshot)."""
    n, m, kept = config.n_features, config.n_hidden, steps(config.steps, config.snapshots)
    networks = Networks([config.seed + k for k in range(seeds)], n, m, hidden="identity", tied=True).to(job.device)
    with torch.no_grad():
        networks.W1.mul_(config.start_scale)
    task = Task("uniform", "identity", config.density)
    history = training.train(networks, task, config.steps, config.batch, optimiser, kept, job=job, key=key)
    D = formulas.feature_dimensionality(history.W1)
    each = zip(history.W1.swapaxes(0, 1), history.b.swapaxes(0, 1), strict=True)
    loss = np.stack([held_out(config, task, W, b, 1).astype(np.float32) for W, b in each])
    return D.swapaxes(0, 1).astype(np.float32), loss


def held_out(
    config: Config, task: Task, W: Float[Array, "snapshot n m"], b: Float[Array, "snapshot n"], batches: int
) -> Float[Array, "snapshot"]:
    """The loss of every snapshot on one and the same held-out data, so that the noise of the draw is common to all."""
    networks = Networks([config.seed] * len(W), *W.shape[1:], hidden="identity", tied=True).put(W, b)
    return training.evaluate(networks, task, batches, config.held_out)


def steps(last: int, count: int) -> list[int]:
    """`count` steps from 0 to the last, evenly, each once."""
    return np.unique(np.linspace(0, last, count).round().astype(int)).tolist()


def sets(config: Config, job: runs.Job) -> tuple[list[int], Array, Array]:
    """The correlated sets: steps, W and the held-out loss of every seed at each, closer together at the start."""
    n, m, seeds = config.sets * config.set_size, config.set_hidden, list(range(config.seed, config.seed + config.set_seeds))
    stops = np.unique((config.set_steps * np.linspace(0, 1, config.set_snapshots) ** 2).round().astype(int)).tolist()
    one = windows("correlated", config.sets, config.set_size, config.set_density)
    task = lambda count: Task("uniform", "identity", stack([one] * count))
    networks = Networks(seeds, n, m, hidden="identity", tied=True, scale=config.start_scale)
    optimiser, sizes = AdamW(config.set_lr), (config.set_steps, config.set_batch)
    history = training.train(networks, task(len(seeds)), *sizes, optimiser, stops, job=job, key="sets")
    W, b = history.W1, history.b
    loss = held_out(config, task(len(stops) * len(seeds)), W.reshape(-1, n, m), b.reshape(-1, n), 4)
    return stops, W.swapaxes(0, 1), loss.reshape(W.shape[:2]).T.astype(np.float32)


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Train with Adam, with an Adam that forgets after every step, and on correlated sets."""
    D, loss = memory(config, config.seeds, AdamW(config.lr), job, "adam")
    forgetful = AdamW(config.lr, beta1=0.0, beta2=0.0)
    memoryless_D, memoryless_loss = memory(config, config.memoryless_seeds, forgetful, job, "memoryless")
    set_step, set_W, set_loss = sets(config, job)
    arrays = {
        "step": np.array(steps(config.steps, config.snapshots)), "D": D, "loss": loss,
        "memoryless_D": memoryless_D, "memoryless_loss": memoryless_loss,
        "set_step": np.array(set_step), "set_W": np.ascontiguousarray(set_W), "set_loss": set_loss,
    }  # fmt: skip
    return arrays, {"features in a pair": float((D[:, -1] > 0.4).sum(1).mean()), "final loss": float(loss[:, -1].mean())}


def window(runs_of: runs.Results) -> tuple[int, int]:
    """The snapshots between the first descent and the last jump, over all seeds: where there is something to explain."""
    rates = jumps.fall(runs_of["loss"])
    last = [found[-1, 0] for D in runs_of["D"] if len(found := jumps.jumps(D))]
    first = max(jumps.plateau(rate) for rate in rates)
    return first, max(first + 10, int(np.median(last)) if last else 0)


def climbing(D: np.ndarray, loss: np.ndarray, low: float = jumps.LOW) -> np.ndarray:
    """Per seed with jumps the median of the time that one takes, in % of that from the first descent to the last jump."""
    each = [(jumps.jumps(one, low), jumps.plateau(rate)) for one, rate in zip(D, jumps.fall(loss), strict=True)]
    return np.array([100 * np.median(found[:, 3]) / max(1, found[-1, 0] - first) for found, first in each if len(found)])


def tightest(runs_of: runs.Results) -> np.ndarray:
    """Per seed of the correlated sets the loss over PCA's when the least cosine within sets is largest."""
    least = within(runs_of["set_W"], runs_of.config.set_size).min(-1)
    return runs_of["set_loss"][np.arange(len(least)), least.argmax(-1)] / pca(runs_of)


def own_and_others(match: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Per seed the correlation with its own loss, and the mean of those with the others'."""
    own = np.diag(match)
    return own, (match.sum(1) - own) / (len(match) - 1)


def own_beyond(match: Float[Array, "seed seed"]) -> Float[Array, "seed"]:
    """Per seed the correlation with its own loss beyond what its speed, and its loss, have with all others'.

    Centred by rows and by columns: some speeds go better with every loss, some losses with every speed. A run whose own
    correlation is δ higher than these two say comes out at δ, hence the n / (n - 1)."""
    centred = match - match.mean(1, keepdims=True) - match.mean(0, keepdims=True) + match.mean()
    return np.diag(centred) * len(match) / (len(match) - 1)


def derangements(match: Float[Array, "seed seed"], draws: int, seed: int = 0) -> Float[Array, "draw"]:
    """The mean correlation where every run is given another's loss, by lot."""
    rng, runs_ = np.random.default_rng(seed), np.arange(len(match))
    lots = (rng.permutation(runs_) for _ in iter(int, 1))
    return np.array([match[runs_, next(lot for lot in lots if (lot != runs_).all())].mean() for _ in range(draws)])


def set_match(runs_of: runs.Results) -> Float[Array, "set_seed set_seed"]:
    """As `jumps.match`, of the correlated sets: how fast the cosines within sets move, and the loss falls.

    From when the median seed's lines are tightest until the last seed's loss is down at a tenth of PCA's."""
    cosine, loss = within(runs_of["set_W"], runs_of.config.set_size), runs_of["set_loss"]
    first = int(np.median(cosine.min(-1).argmax(-1)))
    down = last_above(np.arange(loss.shape[1]), loss, pca(runs_of) / 10).max()
    return jumps.match(cosine, loss, first, max(first + 10, int(down) + 1))


def opening_times(runs_of: runs.Results) -> tuple[np.ndarray, np.ndarray]:
    """Per seed of the correlated sets: the last step at which the mean cosine within sets is above ½, and the last at
    which the loss is above half of PCA's."""
    step, cosine, loss = runs_of["set_step"], within(runs_of["set_W"], runs_of.config.set_size).mean(-1), runs_of["set_loss"]
    return last_above(step, cosine, 0.5), last_above(step, loss, pca(runs_of) / 2)


def last_above(
    step: Int[Array, "snapshot"], values: Float[Array, "seed snapshot"], level: Float[Array, "seed"] | float | np.floating
) -> Float[Array, "seed"]:
    """The last step at which each seed's curve is above the level, or the first of all where it never is."""
    last = [np.flatnonzero(above) for above in (values.T > level).T]
    return np.array([step[found[-1]] if len(found) else step[0] for found in last], float)


def pca(runs_of: runs.Results) -> float:
    """PCA's loss on the correlated sets: p/12 for each component that it leaves out, differences within sets."""
    config = runs_of.config
    return pca_loss("correlated", config.sets, config.set_size, config.set_density, config.set_hidden)


def late(runs_of: runs.Results) -> tuple[int, int]:
    """The snapshots after three quarters of all jumps are over, up to three quarters of training."""
    at = np.concatenate([jumps.jumps(D)[:, 0] for D in runs_of["D"]])
    length = runs_of["D"].shape[1]
    first = int(np.quantile(at, 0.75)) if len(at) else length // 2
    return min(first, 3 * length // 4 - 10), 3 * length // 4
