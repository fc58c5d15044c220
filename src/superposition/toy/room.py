"""Room in few dimensions, measured: how far directions can be pushed apart, and from how many dimensions sparse features
can be told apart, by the best decoder and in one look. Nothing is trained on data; directions are random or pushed."""

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.optimize import linprog

from superposition import runs

Array = np.ndarray
DECODERS = ("best", "one look")


class Config(runs.Config):
    n_dimensions: tuple[int, ...]
    crowd: tuple[int, ...]  # directions for each dimension
    steps: int  # of pushing
    lr: float
    sharpness: float  # of the soft maximum at the end
    n_features: tuple[int, ...]
    active: tuple[int, ...]
    seeds: int


SCHEMA = {
    "n_dimensions": "dimension", "crowd": "crowd", "drawn": "dimension crowd seed", "pushed": "dimension crowd seed",
    "n_features": "n_features", "active": "active", "needed": "decoder n_features active seed",
}  # fmt: skip


def greatest_overlap(W: Float[Array, "*some direction m"]) -> Float[Array, "*some"]:
    """The greatest absolute cosine between two rows.

    >>> round(float(greatest_overlap(np.array([[1.0, 0.0], [0.6, 0.8], [0.0, 2.0]]))), 6)
    0.8"""
    W = W / np.linalg.norm(W, axis=-1, keepdims=True)
    overlaps = np.abs(W @ np.swapaxes(W, -1, -2))
    return np.where(np.eye(W.shape[-2], dtype=bool), 0, overlaps).max((-2, -1))


def pushed_apart(
    W: Float[Array, "seed direction m"], steps: int, lr: float, sharpness: float
) -> Float[Array, "seed direction m"]:
    """The directions after Adam on a soft maximum of their overlaps, which is made sharper from step to step."""
    directions = torch.tensor(W, dtype=torch.float64, requires_grad=True)
    itself = torch.eye(W.shape[1], dtype=torch.bool)
    optimiser = torch.optim.Adam([directions], lr)
    for step in range(steps):
        done = step / max(steps - 1, 1)
        sharp = 10 * (sharpness / 10) ** done
        optimiser.param_groups[0]["lr"] = lr * (1 - 0.99 * done)
        units = torch.nn.functional.normalize(directions, dim=-1)
        overlaps = (units @ units.mT).abs().masked_fill(itself, -torch.inf)
        loss = (torch.logsumexp(sharp * overlaps, (-2, -1)) / sharp).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return directions.detach().numpy()


def told_apart(decoder: str, W: Float[Array, "n_features m"], on: Int[Array, "active"]) -> bool:
    """Whether the decoder names the features `on`, each of size 1, from the sum of their directions.

    "one look": they overlap more with the sum than all others do. "best": of all non-negative features with this sum of
    directions, theirs have the least total."""
    hidden, others = W[on].sum(0), np.setdiff1d(np.arange(len(W)), on)
    if decoder == "one look":
        overlap = W @ hidden
        return bool(overlap[on].min() > overlap[others].max())
    found = linprog(np.ones(len(W)), A_eq=W.T, b_eq=hidden, bounds=(0, None))
    return bool(found.success and found.x[others].max() < 1e-4)


def needed(decoder: str, n_features: int, active: int, rng: np.random.Generator) -> int:
    """The least number of dimensions from which one draw of active features is told apart, by halving.

    A draw with m dimensions is the first m of the same random numbers."""
    W = rng.standard_normal((n_features, 4 * n_features))
    on = rng.choice(n_features, active, replace=False)
    low, high = 0, n_features if decoder == "best" else W.shape[1]
    while high - low > 1:
        m = (low + high) // 2
        units = W[:, :m] / np.linalg.norm(W[:, :m], axis=1, keepdims=True)
        low, high = (low, m) if told_apart(decoder, units, on) else (m, high)
    return high


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Draw and push directions at each dimension and crowd; then find, for each decoder, from where features are told apart."""
    shape = (len(config.n_dimensions), len(config.crowd), config.seeds)
    arrays = {name: np.empty(shape) for name in ("drawn", "pushed")}
    arrays["needed"] = np.empty((len(DECODERS), len(config.n_features), len(config.active), config.seeds), np.int64)
    with job.progress("pushing", shape[0] * shape[1]) as bar:
        for i, m in enumerate(config.n_dimensions):
            for j, crowd in enumerate(config.crowd):
                W = np.stack([_random(config, seed, m, crowd).standard_normal((crowd * m, m)) for seed in range(config.seeds)])
                arrays["drawn"][i, j] = greatest_overlap(W)
                arrays["pushed"][i, j] = greatest_overlap(pushed_apart(W, config.steps, config.lr, config.sharpness))
                bar.advance(1)
    with job.progress("telling apart", arrays["needed"].size) as bar:
        for at in np.ndindex(arrays["needed"].shape):
            decoder, n, k = DECODERS[at[0]], config.n_features[at[1]], config.active[at[2]]
            arrays["needed"][at] = needed(decoder, n, k, _random(config, at[3], n, k))
            bar.advance(1)
    given = {name: np.array(getattr(config, name)) for name in ("n_dimensions", "crowd", "n_features", "active")}
    return given | arrays, {
        "overlap pushed over drawn": float((arrays["pushed"] / arrays["drawn"]).mean()),
        "dimensions in one look over the best": float((arrays["needed"][1] / arrays["needed"][0]).mean()),
    }


def _random(config: Config, seed: int, *of: int) -> np.random.Generator:
    return np.random.default_rng([config.seed, seed, *of])
