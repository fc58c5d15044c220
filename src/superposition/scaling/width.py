"""Does a wider model do better because its features overlap less? Loss against width in weak and in strong superposition.
Liu, Liu and Gore 2025: toy models with a dial on the lengths of features; beside random directions, and other trainings."""

import numpy as np
from jaxtyping import Float, Num

from superposition import blocks, formulas, runs
from superposition.scaling.engine import rare
from superposition.training import AdamW

Array = np.ndarray
IGNORED = 4 / 3  # the loss of a feature that is left out, times how often it is active: the mean square of what is uniform to 2


class Config(runs.Config):
    n_features: int
    n_hidden: tuple[int, ...]
    alphas: tuple[float, ...]
    gammas: tuple[float, ...]
    random: bool
    seeds: int
    bias: float
    steps: int
    batch: int
    lr: float
    held_out: int


_EACH = "alpha seed model width"
MEASURED = ("loss", "represented", "unlearned", "overlap", "welch", "positive", "tails")
SCHEMA = dict.fromkeys(MEASURED, _EACH) | {"lengths": "alpha model width feature"}
_CHUNK = 2048  # examples that are held out go by in so many at a time


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Train the models of every α and seed, at every γ and width, all on the same examples; `random` ones come last."""
    items = [(config, alpha, seed) for alpha in config.alphas for seed in range(config.seeds)]
    arrays = runs.stacked(job.map(_one, items, "models"), len(config.alphas), config.seeds)
    arrays["lengths"] = arrays["lengths"][:, 0]
    steepness = slopes(config, arrays["loss"][:, :, 0]).mean(1)
    return arrays, {"least exponent": float(steepness.min()), "largest exponent": float(steepness.max())}


def _one(item):
    """The models of one α and seed. Those of one width start alike, whatever their γ."""
    config, alpha, seed = item
    kinds = [*config.gammas, *[None] * config.random]
    p = rare.frequencies(config.n_features, alpha)
    models = [
        rare.Model(config.n_features, m, gamma, config.bias, np.random.default_rng((config.seed, seed, m)))
        for gamma in kinds for m in config.n_hidden
    ]  # fmt: skip
    rng = np.random.default_rng((config.seed, seed, 0))
    optimiser = AdamW(config.lr, weight_decay=0.0, schedule="cosine", warmup=config.steps // 10)
    for step, rate in enumerate(optimiser.rates(config.steps)):
        examples = rare.draw(p, config.batch, rng)
        for model in models:
            model.step(examples, rate, optimiser, step)
    loss = np.zeros(len(models))
    for _ in range(config.held_out):
        examples = rare.draw(p, _CHUNK, rng)
        loss += [model.loss(examples) / config.held_out for model in models]
    told = [measured(model.W, p) | {"loss": loss[k]} for k, model in enumerate(models)]
    return runs.stacked(
        [{name: np.asarray(value, np.float32) for name, value in one.items()} for one in told], len(kinds), len(config.n_hidden)
    )


def measured(W: Float[Array, "n m"], p: Float[Array, "n"]) -> dict[str, Array | np.generic | float]:
    """What W has learned: the share of features that are represented, the mass of the others, and how the former overlap.

    `overlap` is their mean squared cosine and `welch` the least there can be; `positive` the share of it that is of cosines
    above 0, ½ for random directions; `tails` the mean fourth power over the square of the mean square, 3 m / (m + 2) there."""
    there = formulas.is_represented(W)
    u = formulas.unit(W[there].astype(np.float64))
    cosine = (u @ u.T)[~np.eye(len(u), dtype=bool)]
    square = (cosine**2).mean() if len(u) > 1 else np.nan
    return {
        "represented": there.mean(), "unlearned": IGNORED * p[~there].sum(), "overlap": square,
        "welch": formulas.welch_bound(len(u), W.shape[1]), "lengths": formulas.norms(W),
        "positive": (np.maximum(cosine, 0) ** 2).mean() / square if len(u) > 1 else np.nan,
        "tails": (cosine**4).mean() / square**2 if len(u) > 1 else np.nan,
    }  # fmt: skip


def slopes(config: Config, values: Num[Array, "*rest width"]) -> Float[Array, "*rest step"]:
    """The exponent from each width to the next, a of values ∝ m^-a."""
    return -np.diff(np.log(values)) / np.diff(np.log(config.n_hidden))


def tail(config: Config, alpha: float | int) -> Float[Array, "width"]:
    """The loss of a model that gives each of its m dimensions to one of the m most frequent features and ignores all others."""
    p = rare.frequencies(config.n_features, alpha)
    return IGNORED * np.array([p[m:].sum() for m in config.n_hidden])


def exponent(widths: tuple[int, ...], values: Num[Array, "*rest width"]) -> Float[Array, "*rest"] | np.floating:
    """The exponent over all of these widths: minus the slope of the least-squares line through logarithms."""
    m = np.log(widths)
    m = m - m.mean()
    return -(np.log(values) * m).sum(-1) / (m**2).sum()


def weak(results: runs.Results, name: str) -> Float[Array, "alpha seed width"]:
    """What models with the greatest γ have, at those α where the data's tail falls as a power of m: above 1."""
    config = results.config
    return results[name][np.array(config.alphas) > 1][:, :, int(np.argmax(config.gammas))]


def strong(results: runs.Results, name: str, alpha: float | int) -> Float[Array, "seed width"]:
    """What models with the least γ have, at one α. Raises ValueError for an α that wasn't run."""
    return results[name][results.config.alphas.index(alpha), :, int(np.argmin(results.config.gammas))]


def drawn(results: runs.Results, name: str, alpha: float | int) -> Float[Array, "seed width"]:
    """What random directions have, at one α."""
    return results[name][results.config.alphas.index(alpha), :, -1]


def at_the_same_share(fewer: runs.Results, more: runs.Results, alpha: float | int) -> dict[int, Float[Array, "seed"]]:
    """By widths of the run with fewer features: the exponent of the loss to where both, features and width, are so many more.

    Between the widths of the other run the loss is taken from the straight line through its neighbours, on logarithmic axes."""
    times = more.config.n_features / fewer.config.n_features
    loss = np.log(strong(more, "loss", alpha))
    return {
        m: (np.log(own) - [np.interp(np.log(times * m), np.log(more.config.n_hidden), seed) for seed in loss]) / np.log(times)
        for m, own in zip(fewer.config.n_hidden, strong(fewer, "loss", alpha).T, strict=True)
        if times * m <= max(more.config.n_hidden)
    }


def token_overlaps(W: Float[Array, "seed token m"]) -> Float[Array, "seed form"]:
    """m times the mean squared cosine of two tokens' rows, as they are and with their mean taken off; 1 for random directions."""
    forms = [(one, one - one.mean(0)) for one in W.astype(np.float64)]
    return W.shape[-1] * np.array([[blocks.of(form).squared_cosine() for form in pair] for pair in forms])
