"""Many equally important features in few dimensions, from dense data to sparse: which polytopes do they form?
Elhage et al. 2022, "The Geometry of Superposition": 400 features in 30 dimensions; replications take 200 in 20 and 15."""

import numpy as np
from jaxtyping import Float, Num
from scipy import stats

from superposition import metrics, runs
from superposition.toy.engine import training
from superposition.toy.measures import polytopes

Array = np.ndarray


class Config(runs.Config):
    n_features: int
    n_hidden: int
    sparsities: int
    highest: float  # of 1 / (1 - S)
    seeds: int
    steps: int
    batch: int
    lr: float
    warmup: int


SCHEMA = {
    "density": "density",
    "W": "seed density n_features n_hidden",
    "b": "seed density n_features",
    "loss": "seed density",
    "history_step": "record",
    "history": "record seed density",
}


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Train seeds × densities models at once; 1 / density goes from 1 to `highest` in even steps of its logarithm.

    W and b are stored in half precision: their rounding, 0.0005, is far below any tolerance used on them."""
    density = config.highest ** -np.linspace(0, 1, config.sparsities)
    arrays, _ = training.train_grid(
        np.tile(density[:, None], (config.seeds, 1, config.n_features)), np.ones(config.n_features), config.n_hidden, True,
        config.steps, config.batch, training.AdamW(config.lr, 0.0, schedule="cosine", warmup=config.warmup), config.seed, job,
    )  # fmt: skip
    per_dimension = metrics.features_per_dimension(arrays["W"]).mean(0)
    ends = {"features per dimension, densest": float(per_dimension[0]), "sparsest": float(per_dimension[-1])}
    small = {name: arrays[name].astype(np.float16) for name in ("W", "b")}
    return arrays | small | {"density": density}, ends


def weights(results: runs.Results) -> Float[np.ndarray, "seed density n m"]:
    """W in double precision."""
    return results["W"].astype(float)


def plateau(results: runs.Results, level: float) -> Float[np.ndarray, "seed"]:
    """The share of the densities (evenly spaced in their logarithm) at which m / ‖W‖² is within 5% of `level`."""
    per_feature = 1 / metrics.features_per_dimension(weights(results))
    return (np.abs(per_feature / level - 1) < 0.05).mean(-1)


def dwell(results: runs.Results, level: float) -> Float[np.ndarray, "seed"]:
    """The same as a share of the way from the first density to the last, with m / ‖W‖² interpolated: no two seeds tie."""
    per_feature = 1 / metrics.features_per_dimension(weights(results))
    place = np.arange(per_feature.shape[1])
    fine = np.linspace(0, place[-1], 20001)
    return np.array([(np.abs(np.interp(fine, place, one) / level - 1) < 0.05).mean() for one in per_feature])


def slide(results: runs.Results, level: float) -> float:
    """The same share for a value that moves evenly from the mean of the first density to that of the last."""
    per_feature = 1 / metrics.features_per_dimension(weights(results)).mean(0)
    even = np.linspace(per_feature[0], per_feature[-1], 1001)
    return float((np.abs(even / level - 1) < 0.05).mean())


def stuck(results: runs.Results, level: float) -> str:
    """At how many of the densities a seed is within 5% of `level`: one number, or the least and the most."""
    points = np.rint(plateau(results, level) * len(results["density"])).astype(int)
    return " to ".join(map(str, sorted({points.min(), points.max()})))


def near_level(W: Float[np.ndarray, "*batch n m"], within: float = 0.015) -> Float[np.ndarray, "*batch"]:
    """The share of represented features whose D_i is near that of a perfect polytope."""
    levels = [polytopes.dimensionality(shape) for shape in range(polytopes.OTHER)]
    D, there = metrics.feature_dimensionality(W), metrics.norms(W) > 0.5
    near = (np.abs(D[..., None] - levels) < within).any(-1) & there
    return near.sum(-1) / np.maximum(1, there.sum(-1))


def above(W: Float[np.ndarray, "seed density n m"]) -> Float[np.ndarray, "seed density"]:
    """`near_level` where features are represented, NaN elsewhere."""
    return np.where(metrics.represented(W) > 0, near_level(W), np.nan)


def polytopes_per_seed(results: runs.Results, shape: str) -> Float[np.ndarray, "seed"]:
    """How many polytopes of that name a seed's solutions hold, over all sparsities together."""
    code = polytopes.NAMES.index(shape)
    features = polytopes.features_by_shape(weights(results))[..., code].sum(-1)
    return features / len(polytopes.CORNERS[code])


def per_seed(counts: Num[np.ndarray, "seed"]) -> tuple[float, float, float]:
    """The mean of counts over seeds with the exact 95% interval of a Poisson rate, from their total: (mean, low, high).

    Source: Garwood 1936. Where a few seeds count the same, Student's interval would be certain of it."""
    total, seeds = float(counts.sum()), len(counts)
    low = stats.chi2.ppf(0.025, 2 * total) / 2 if total else 0.0
    return total / seeds, float(low) / seeds, float(stats.chi2.ppf(0.975, 2 * total + 2) / 2) / seeds
