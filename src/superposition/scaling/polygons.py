"""Which polygon of features loses least, where gradient descent ends, and which a Bayesian would believe after n samples.
One feature at a time, two hidden dimensions, on the exact loss. Source: Chen et al. 2023, arXiv 2310.06301."""

import numpy as np
from jaxtyping import Bool, Float
from scipy.integrate import quad

from superposition import runs
from superposition.scaling.theory import lone_features

Array = np.ndarray


class Config(runs.Config):
    corners: tuple[int, ...]
    features: tuple[int, ...]
    starts: int
    scale: float
    trained: int
    descents: int
    rate: float
    steps: int
    records: int
    chains: int
    samples_least: float
    samples_most: float
    rungs: int
    sweeps: int
    leaps: int
    stride: float


SCHEMA = {
    "corners": "corners", "length": "corners", "bias": "corners", "loss": "corners", "quadrature": "corners", "slope": "corners",
    "features": "features", "found": "features start", "best": "features best", "among": "features corners",
    "descent_step": "record", "descent": "record seed", "descent_end": "seed", "descent_there": "seed",
    "posterior_samples": "rung", "share": "chain rung there", "accepted": "chain rung", "swapped": "chain rung",
}  # fmt: skip


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """The polygons, the best of many starts at every number of features, descents, and the posterior."""
    shapes = [lone_features.polygon(k) for k in config.corners]
    found = job.map(_best, [(config, n) for n in config.features], "starts")
    most = max(config.features)
    among = np.array([[s.among(n) if s.k <= n else np.nan for s in shapes] for n in config.features])
    descents = job.map(_descend, [(config, seed) for seed in range(config.descents)], "descents")
    chains = job.map(_chain, [(config, seed) for seed in range(config.chains)], "posterior")
    arrays = {
        "corners": np.array(config.corners), "length": np.array([s.length for s in shapes]),
        "bias": np.array([s.bias for s in shapes]), "loss": np.array([s.loss for s in shapes]),
        "quadrature": np.array([_quadrature(s) for s in shapes]), "slope": np.array([_slope(s) for s in shapes]),
        "features": np.array(config.features), "found": np.stack([one["found"] for one in found]),
        "best": np.stack([np.pad(one["best"], (0, 3 * most - one["best"].size), constant_values=np.nan) for one in found]),
        "among": among, "descent_step": _stops(config), "descent": np.stack([one["losses"] for one in descents], 1),
        "descent_end": np.concatenate([one["end"] for one in descents]),
        "descent_there": np.concatenate([one["there"] for one in descents]),
        "posterior_samples": _ladder(config),
    }  # fmt: skip
    arrays |= {name: np.stack([one[name] for one in chains]) for name in ("share", "accepted", "swapped")}
    return arrays, {"switch": switch(arrays["posterior_samples"], arrays["share"].mean(0))}


def _slope(shape):
    """The largest slope of the loss at a polygon, of all its weights and biases."""
    d = np.zeros(3 * shape.k)
    lone_features.loss(shape.parameters(shape.k), d)
    return np.abs(d).max()


def _quadrature(shape):
    """The summed loss of a polygon's features by numerical integration over μ, from the definition of the model."""
    n = shape.k
    p = shape.parameters(n)
    W, b = p[: 2 * n].reshape(n, 2), p[2 * n :]

    def error(mu):
        x = np.eye(n)[0] * mu
        return ((x - np.maximum(0, x @ W @ W.T + b)) ** 2).sum()

    kinks = -b / (W @ W[0]) if shape.bias else np.zeros(0)
    inside = np.unique(kinks[(kinks > 0) & (kinks < 1)].round(14))
    return n * quad(error, 0, 1, points=inside if len(inside) else None, epsabs=1e-13, epsrel=1e-13, limit=200)[0]


def _start(rng, n, scale):
    return np.concatenate([scale * rng.standard_normal(2 * n), np.zeros(n)])


def _best(item):
    """The losses that many random starts come to, downhill on the exact loss, and the best of these places."""
    config, n = item
    rng = np.random.default_rng((config.seed, 0, n))
    ends = [lone_features.settled(_start(rng, n, config.scale)) for _ in range(config.starts)]
    ends += [lone_features.settled(shape.parameters(n, 1 / (2 * n))) for shape in map(lone_features.polygon, range(4, n + 1))]
    losses = np.array([loss for _, loss in ends])
    return {"found": losses[: config.starts], "best": ends[int(losses.argmin())][0]}


def _stops(config):
    return np.unique(np.geomspace(1, config.steps, config.records).round().astype(int))


def _descend(item):
    """Plain gradient descent from a small random start: the loss on the way, its end, and how many features are there."""
    config, seed = item
    p = _start(np.random.default_rng((config.seed, 1, seed)), config.trained, config.scale)
    losses = lone_features.descend(p, config.rate, _stops(config))
    return {"losses": losses, "end": losses[-1:], "there": np.array([lone_features.there(p)])}


def _ladder(config):
    return np.geomspace(config.samples_least, config.samples_most, config.rungs)


def _chain(item):
    """Replica exchange over the number of samples, from polygons of five or of six: how often how many features are there."""
    config, seed = item
    k = 5 + seed % 2
    p = lone_features.polygon(k).parameters(config.trained, -0.3)
    share, accepted, swapped = lone_features.exchange(
        np.tile(p, (config.rungs, 1)), _ladder(config), config.sweeps, config.leaps, config.stride, 1000 * config.seed + seed
    )
    return {"share": share, "accepted": accepted, "swapped": swapped}


def switch(samples: Float[Array, "rung"], share: Float[Array, "rung there"]) -> float:
    """From how many samples on all features but the last are less believed in than all: where the two shares cross, in logs.

    The last crossing is taken; the least or the most number of samples where there is none."""
    ahead = share[:, -1] > share[:, -2]
    if ahead.all() or not ahead[-1]:
        return float(samples[0 if ahead.all() else -1])
    last = np.flatnonzero(~ahead)[-1]
    gap = np.log(np.maximum(share[last : last + 2, -1], 1e-9)) - np.log(np.maximum(share[last : last + 2, -2], 1e-9))
    return float(np.exp(np.interp(0, gap, np.log(samples[last : last + 2]))))


def levels(results: runs.Results) -> dict[tuple[int, int], float]:
    """The losses that polygons have among the features that were trained, by corners and by how many left out give 1/(2n)."""
    n = results.config.trained
    shapes = {int(k): loss for k, loss in zip(results["corners"], results["loss"], strict=True) if k <= n}
    return {(k, j): (loss + (n - k) / 3 - j / (4 * n)) / n for k, loss in shapes.items() for j in range(n - k + 1)}


def at_polygons(results: runs.Results, within: float = 1e-4) -> tuple[Bool[Array, "seed"], float]:
    """Which descents end so near a polygon's loss, and what share of all losses up to ⅓ is so near one."""
    losses = np.array(sorted(levels(results).values()))
    near = np.abs(results["descent_end"][:, None] - losses).min(1) <= within
    return near, float(2 * within * len(losses) * 3)
