"""From memorising samples to storing features, over the number of samples, and whether the bump between is the optimum's.
Models with two hidden dimensions: as Henighan et al. 2023 trained them, and the best of many starts and carried solutions."""

import numpy as np
from jaxtyping import Float
from scipy.spatial import ConvexHull, QhullError

from superposition import formulas, runs
from superposition.scaling.engine import full_batch
from superposition.training import AdamW

Array = np.ndarray

TOP = 5  # how many of the largest D are averaged: a pentagon's


class Config(runs.Config):
    n: int
    sparsity: float
    samples: tuple[int, ...]
    seeds: int
    lr: float
    weight_decay: float
    warmup: int
    steps: int
    scale: float
    lrs: tuple[float, ...]
    scales: tuple[float, ...]
    starts: int
    search_warmup: int
    search_steps: int
    carry_lr: float
    held_out: int
    null_draws: int
    most_shown: int


CARRIED = ("from fewer samples", "from more samples")
_MEASURED = ("train", "test", "sum_D", "top_D", "corners", "feature_D", "represented", "longest")
SCHEMA = {
    "samples": "samples",
    "found_train": "samples seed recipe start", "found_test": "samples seed recipe start",
    "carried_train": "samples seed carried", "carried_test": "samples seed carried",
    "null_sum_D": "samples draw", "null_top_D": "samples draw", "null_corners": "samples draw", "null_feature_D": "draw",
    "W": "samples way n m", "h": "samples way shown m",
} | {f"{way}_{name}": "samples seed" for way in ("plain", "best") for name in _MEASURED}  # fmt: skip


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Every number of samples and seed: trained plainly, searched from many starts, then with solutions carried over."""
    grid = [(config, seed, T) for seed in range(config.seeds) for T in config.samples]
    plain = runs.stacked(job.map(_plain, grid, "plain"), config.seeds, len(config.samples))["p"]
    found = runs.stacked(job.map(_search, grid, "starts"), config.seeds, len(config.samples))
    given = [(config, seed, np.stack([plain[seed], found["p"][seed]], 1)) for seed in range(config.seeds)]
    carried = runs.stacked(job.map(_carry, given, "carried"), config.seeds)
    arrays = {"samples": np.array(config.samples)}
    arrays |= {f"found_{name}": found[name].swapaxes(0, 1) for name in ("train", "test")}
    arrays |= {f"carried_{name}": carried[name].swapaxes(0, 1) for name in ("train", "test")}
    for way, p in (("plain", plain), ("best", carried["p"])):
        told = [[_measured(config, seed, T, p[seed, k]) for seed in range(config.seeds)] for k, T in enumerate(config.samples)]
        arrays |= {f"{way}_{name}": np.array([[one[name] for one in row] for row in told]) for name in _MEASURED}
    arrays |= _nulls(config)
    pair = np.stack([plain[0], carried["p"][0]], 1)
    arrays["W"] = np.stack([[full_batch.features(p) for p in two] for two in pair])
    arrays["h"] = np.full((*pair.shape[:2], config.most_shown, 2), np.nan, np.float32)
    for k, T in enumerate(config.samples):
        for way in range(2):
            h = full_batch.hidden(pair[k, way], _samples(config, 0, T))[: config.most_shown]
            arrays["h"][k, way, : len(h)] = h
    peaks = {way: np.median(arrays[f"{way}_test"], 1).max() for way in ("plain", "best")}
    return arrays, {f"highest test loss, {way}": float(peak) for way, peak in peaks.items()}


def _samples(config, seed, T):
    """The first T samples of a seed: fewer are always among more."""
    index, value = full_batch.draw(
        np.random.default_rng((config.seed, 0, seed)), max(config.samples), config.n, 1 - config.sparsity
    )
    return index[:T], value[:T]


def _held_out(config, seed):
    return full_batch.draw(np.random.default_rng((config.seed, 1, seed)), config.held_out, config.n, 1 - config.sparsity)


def _plain(item):
    """As Henighan et al. train: AdamW with a warm-up and a cosine, one start."""
    config, seed, T = item
    adamw = AdamW(config.lr, config.weight_decay, schedule="cosine", warmup=config.warmup)
    p = full_batch.start(np.random.default_rng((config.seed, 2, seed, T)), config.n, config.scale)
    return {"p": full_batch.train(p, _samples(config, seed, T), adamw, config.steps)}


def _adam(config, lr):
    return AdamW(lr, 0.0, schedule="cosine", warmup=config.search_warmup)


def _search(item):
    """Many starts at several rates and sizes of the first weights, without weight decay; the one that trained best."""
    config, seed, T = item
    samples, held_out = _samples(config, seed, T), _held_out(config, seed)
    recipes = [(lr, scale) for lr in config.lrs for scale in config.scales]
    train, test = np.zeros((2, len(recipes), config.starts))
    best, least = None, np.inf
    for recipe, start in np.ndindex(train.shape):
        lr, scale = recipes[recipe]
        p = full_batch.start(np.random.default_rng((config.seed, 3, seed, T, recipe, start)), config.n, scale)
        p = full_batch.train(p, samples, _adam(config, lr), config.search_steps)
        train[recipe, start], test[recipe, start] = full_batch.loss(p, samples), full_batch.loss(p, held_out)
        if train[recipe, start] < least:
            best, least = p, train[recipe, start]
    return {"train": train, "test": test, "p": best}


def _carry(item):
    """Solutions trained on with fewer or more samples: upwards the best so far, downwards that of the most samples; and the best.

    The way down asks what storing features costs where memorising is possible; it is never replaced by something better."""
    config, seed, given = item
    held_out, adam = _held_out(config, seed), _adam(config, config.carry_lr)
    sets = [_samples(config, seed, T) for T in config.samples]
    train, test = np.zeros((2, len(sets), len(CARRIED)))
    best = [min(two, key=lambda p: full_batch.loss(p, samples)) for two, samples in zip(given, sets, strict=True)]
    handed, last = best[-1], len(sets) - 1
    for k in range(last, -1, -1):
        handed = full_batch.train(handed, sets[k], adam, config.search_steps)
        train[k, 1], test[k, 1] = full_batch.loss(handed, sets[k]), full_batch.loss(handed, held_out)
        best[k] = min(best[k], handed, key=lambda p: full_batch.loss(p, sets[k]))
    for k in range(len(sets)):
        p = full_batch.train(best[max(0, k - 1)], sets[k], adam, config.search_steps)
        train[k, 0], test[k, 0] = full_batch.loss(p, sets[k]), full_batch.loss(p, held_out)
        best[k] = min(best[k], p, key=lambda p: full_batch.loss(p, sets[k]))
    return {"train": train, "test": test, "p": np.stack(best)}


def _measured(config, seed, T, p):
    """What is said of one model: its losses, what it does with its samples, and with its features."""
    samples = _samples(config, seed, T)
    W, h = full_batch.features(p), full_batch.hidden(p, samples)
    return {
        "train": full_batch.loss(p, samples), "test": full_batch.loss(p, _held_out(config, seed)),
        **_shape(h), "feature_D": top(W), "represented": formulas.represented(W), "longest": formulas.norms(W).max(),
    }  # fmt: skip


def _shape(h):
    return {"sum_D": formulas.feature_dimensionality(h).sum(), "top_D": top(h), "corners": corners(h)}


def top(vectors: Float[Array, "count 2"], among: int = TOP) -> float:
    """The mean D of the `among` vectors whose D is largest: 0.4 of five that form a pentagon, whatever else is short."""
    D = formulas.feature_dimensionality(vectors)
    return float(np.sort(D)[-among:].mean())


def corners(vectors: Float[Array, "count 2"]) -> float:
    """The share of vectors that are corners of their convex hull: 1 of a polygon, regular or not.

    >>> corners(np.array([[0.0, 0], [1, 0], [0, 1], [-1, -1]]))
    0.75
    """
    try:
        return len(ConvexHull(vectors).vertices) / len(vectors)
    except QhullError:  # all on a line
        return 2 / len(vectors)


def _nulls(config):
    """The same of normal vectors, as many as there are samples, and as many as there are features."""
    rng = np.random.default_rng((config.seed, 4))
    each = [[_shape(rng.standard_normal((T, 2))) for _ in range(config.null_draws)] for T in config.samples]
    told = {f"null_{name}": np.array([[one[name] for one in row] for row in each]) for name in each[0][0]}
    return told | {"null_feature_D": np.array([top(rng.standard_normal((config.n, 2))) for _ in range(config.null_draws)])}


def explained(results: runs.Results, train: Float[Array, "samples *rest"]) -> Float[Array, "samples *rest"]:
    """A training loss as the number of samples that a perfect copy of so many, and nothing of the others, would give."""
    return (1 - train) * results["samples"].reshape(-1, *[1] * (train.ndim - 1))


def unexplained(results: runs.Results) -> Float[Array, "samples seed"]:
    """Of what the best model found explains of its training samples, the share that the source's training doesn't."""
    return 1 - (1 - results["plain_train"]) / (1 - results["best_train"])


def end_of_bump(results: runs.Results, way: str) -> Float[Array, "seed"]:
    """From how many samples on a seed's models, trained `way`, do better on new samples than giving always 0, without exception.

    Infinite where those of the most samples don't."""
    worse = results[f"{way}_test"] >= 1
    first = np.where(worse.any(0), len(worse) - worse[::-1].argmax(0), 0)
    return np.append(results["samples"].astype(float), np.inf)[first]


def turned(results: runs.Results) -> int:
    """Where the fewest samples stand from which on each seed of the source's training beats giving always 0; at most the last."""
    return min(int(np.searchsorted(results["samples"], end_of_bump(results, "plain").max())), len(results["samples"]) - 1)


def by_kind(results: runs.Results) -> dict[str, Float[Array, "samples seed"]]:
    """The least training loss of all models that were trained, of those that memorise and of those that don't.

    One memorises if new samples cost it more than giving always 0 would; NaN where there is none of a kind."""
    flat = lambda what: results[what].reshape(*results["plain_train"].shape, -1)
    train, test = (
        np.concatenate([flat(f"found_{of}"), flat(f"carried_{of}"), flat(f"plain_{of}")], -1) for of in ("train", "test")
    )
    least = {"memorising": np.where(test > 1, train, np.inf).min(-1), "generalising": np.where(test <= 1, train, np.inf).min(-1)}
    return {name: np.where(np.isfinite(values), values, np.nan) for name, values in least.items()}
