"""Five features in two dimensions, over ten densities and many seeds: which shape does each model end in?
Elhage et al. 2022, introduction: orthogonal when dense, antipodal pairs at sparsity 0.8, a pentagon at 0.9."""

import numpy as np
import torch
from jaxtyping import Float, Int

from superposition import formulas, runs
from superposition.toy.engine import training
from superposition.toy.engine.networks import Networks, Task
from superposition.toy.theory.linear_model import linear_optimum
from superposition.training import AdamW

Array = np.ndarray

SHAPES = ("orthogonal", "one pair", "two pairs", "pentagon", "other")
# The gaps, in degrees, between neighbouring represented features, smallest first.
_GAPS = ((90, 270), (90, 90, 180), (90, 90, 90, 90), (72, 72, 72, 72, 72))


class Config(runs.Config):
    n_features: int
    n_hidden: int
    importance_decay: float
    densities: int
    lowest_density: float
    seeds: int
    steps: int
    batch: int
    lr: float
    film_frames: int
    null_draws: int


DEVICES = ("cpu", "cuda")
SCHEMA = {
    "density": "density",
    "W": "seed density n_features n_hidden",
    "b": "seed density n_features",
    "loss": "seed density",
    "shape": "seed density",
    "notebook_shape": "seed density",
    "baseline": "density",
    "null": "shape",
    "history_step": "record",
    "history": "record seed density",
    "film_step": "frame",
    "film_W": "frame density n_features n_hidden",
    "film_seed": "density",
}


def classify(W: Float[Array, "*batch n 2"], tolerance: float = 15.0) -> Int[Array, "*batch"]:
    """The shape of each model's directions, as an index into SHAPES.

    Only represented features (‖W_i‖ > 0.5) count. Two at a right angle are *orthogonal*; an antipodal pair with a third
    feature across it is *one pair*, two antipodal pairs across each other *two pairs*; five evenly spread a *pentagon*;
    anything else is *other*. Each gap between neighbours may be off by `tolerance` degrees."""
    flat = W.reshape(-1, *W.shape[-2:])
    return np.array([_shape(one, tolerance) for one in flat]).reshape(W.shape[:-2])


def _shape(W, tolerance):
    kept = W[formulas.is_represented(W)]
    angle = np.sort(np.degrees(np.arctan2(kept[:, 1], kept[:, 0])))
    gaps = np.sort(np.diff(angle, append=angle[:1] + 360))
    for shape, expected in enumerate(_GAPS):
        if len(gaps) == len(expected) and np.abs(gaps - expected).max() <= tolerance:
            return shape
    return SHAPES.index("other")


def null_shares(draws: int, seed: int) -> Float[Array, "shape"]:
    """How often as many arrows as a shape has, of length 1 in random directions, make that shape by chance."""
    rng = np.random.default_rng(seed)
    shares = np.zeros(len(SHAPES))
    for shape, gaps in enumerate(_GAPS):
        arrows = rng.standard_normal((draws, len(gaps), 2))
        shares[shape] = (classify(formulas.unit(arrows)) == shape).mean()
    return shares


def film_steps(steps: int, frames: int) -> list[int]:
    """Steps to film, from 0 to the last, closer together at the start, where more happens."""
    return np.unique((steps * np.linspace(0, 1, frames) ** 2).round().astype(int)).tolist()


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Train seeds × densities models at once and look at how each ended."""
    n, m = config.n_features, config.n_hidden
    density = config.lowest_density ** np.linspace(0, 1, config.densities)
    importance = config.importance_decay ** np.arange(n)
    filmed = film_steps(config.steps, config.film_frames)
    arrays, film = training.train_grid(
        np.tile(density[:, None], (config.seeds, 1, n)), importance, m, True,
        config.steps, config.batch, AdamW(config.lr), config.seed, job, filmed,
    )  # fmt: skip
    shape, best = classify(arrays["W"]), arrays["loss"].argmin(0)
    arrays |= {
        "density": density, "shape": shape, "baseline": linear_optimum(density, importance, m),
        "null": null_shares(config.null_draws, config.seed),
        "notebook_shape": _notebook_shapes(config, job, density, importance),
        "film_step": np.array(filmed), "film_W": film[:, best, np.arange(config.densities)], "film_seed": best,
    }  # fmt: skip
    return arrays, {f"{name} share": float((shape == index).mean()) for index, name in enumerate(SHAPES)}


def _notebook_shapes(config, job, density, importance):
    """The shapes of the same models from the start of Anthropic's notebook, which is less than half as long.

    It calls `xavier_normal_` on W of all instances at once, (10, 5, 2), whose fans PyTorch counts as 10 and 20."""
    n, m, grid = config.n_features, config.n_hidden, (config.seeds, config.densities)
    count = int(np.prod(grid))
    networks = Networks([config.seed + k for k in range(count)], n, m, hidden="identity", tied=True).to(job.device)
    with torch.no_grad():
        networks.W1.mul_(((n + m) / (n * m + config.densities * m)) ** 0.5)
    task = Task("uniform", "identity", np.tile(density[:, None], (config.seeds, 1)), importance)
    training.train(networks, task, config.steps, config.batch, AdamW(config.lr), job=job, key="notebook")
    return classify(networks.weights(*grid)["W1"])


def shortest_arrow(W: Float[Array, "model n m"]) -> tuple[Float[Array, "model"], Float[Array, "model"]]:
    """The length of each model's shortest arrow, and the cosine with that of the others which is nearest to it."""
    length, model = formulas.norms(W), np.arange(len(W))
    shortest = length.argmin(-1)
    cosine = formulas.cosines(W)[model, shortest]
    cosine[model, shortest] = -1
    return length[model, shortest], cosine.max(-1)
