"""The measures of superposition side by side, on small models whose truth is known: which agree, and which mislead.
The truth is what a model gives back; held against it are models without superposition and models that learned nothing."""

import numpy as np
import torch
from jaxtyping import Bool, Float
from scipy import stats

from superposition import formulas, runs, sparse_autoencoders
from superposition.bottleneck.engine import tied_bottleneck
from superposition.matching import matched_cosines
from superposition.sparse_autoencoders import Autoencoders

Array = np.ndarray

# With a ReLU features are superposed; without, the best is a projection on m dimensions; untrained, nothing is carried.
KINDS = ("ReLU", "linear", "untrained")
RELU, LINEAR, UNTRAINED = range(3)
RECOVERED = 0.95  # the cosine at which a latent counts as the feature


class Config(runs.Config):
    n_features: int
    hidden: tuple[int, ...]
    sparsities: tuple[float, ...]
    seeds: int
    steps: int
    batch: int
    lr: float
    held_out: int
    rotations: int
    l1: float
    sae_steps: int
    sae_batch: int
    sae_lr: float


MEASURES = (
    "dimensionality", "frobenius", "represented", "effective_features", "effective_rank", "interference", "polysemanticity",
    "squared_cosine", "recovered", "latents",
)  # fmt: skip
_EACH = "kind width sparsity seed"
SCHEMA = {name: _EACH for name in ("truth", "live", "null_polysemanticity", "null_recovered", *MEASURES)}
SCHEMA |= {"n_hidden": "width", "sparsity": "sparsity", "explained": f"{_EACH} feature", "dimension": f"{_EACH} feature"}
SCHEMA |= {"length": f"{_EACH} feature"}


def live(W: Float[Array, "*batch n m"]) -> Bool[Array, "*batch n"]:
    """Which features have a direction at all: those at least half as long as the longest."""
    length = formulas.norms(W)
    return length >= length.max(-1, keepdims=True) / 2


def of_weights(W: Float[Array, "*batch n m"]) -> dict[str, Float[Array, "*batch"]]:
    """What is read off the weights, where possible as features per dimension.

    Of measures that every feature or neuron has, the mean: D_i as its inverse and interference over live features,
    polysemanticity over neurons; the squared cosine of pairs of live features in units of 1 / n_hidden, that of random
    directions."""
    m, kept = W.shape[-1], live(W)
    mean = lambda values: (values * kept).sum(-1) / kept.sum(-1)
    return {
        "live": kept.sum(-1) / m,
        "dimensionality": 1 / mean(formulas.feature_dimensionality(W)),
        "frobenius": formulas.features_per_dimension(W),
        "represented": formulas.represented(W) / m,
        "effective_features": formulas.effective_features(W) / m,
        "effective_rank": formulas.effective_rank(W) / m,
        "interference": mean(formulas.interference(W)),
        "polysemanticity": formulas.polysemanticity(W).mean(-1),
        "squared_cosine": formulas.squared_cosine(W * kept[..., None]) * m,
    }


def of_dictionaries(
    W: Float[Array, "model n m"], density: Float[torch.Tensor, "model"], config: Config, generator: torch.Generator
) -> dict[str, Float[Array, "model"]]:
    """What sparse autoencoders find in the hidden vectors of a stack of models, per dimension.

    How many live features have a latent of their own that points along them, the same of as many directions at random, and
    the effective number of latents, exp(H) of the shares of their activity. Source of the last: Bereska et al. 2025."""
    kept, m = live(W), W.shape[-1]
    scale = np.sqrt((formulas.norms(W) ** 2 * kept).sum(-1) / kept.sum(-1))[:, None, None]
    directions = torch.from_numpy((W / scale).astype(np.float32))
    n, batch = W.shape[1], config.sae_batch
    stack = Autoencoders.create("L1", torch.full((len(W),), config.l1), m, n, 0.0, generator)
    draw = lambda: tied_bottleneck.sample(density, batch, n, generator) @ directions
    sparse_autoencoders.train(stack, draw, config.sae_steps, config.sae_lr)
    x = tied_bottleneck.sample(density, config.held_out, n, generator)
    use = stack.code(x @ directions).mean(1).numpy().astype(float)
    chance = torch.randn(stack.D.shape, generator=generator).numpy().astype(float)
    truth = W * kept[..., None]
    matched = lambda rows: np.array([(matched_cosines(*pair) >= RECOVERED).sum() for pair in zip(truth, rows, strict=True)])
    return {
        "recovered": matched(stack.rows.numpy().astype(float) * (use > 0)[..., None]) / m,
        "null_recovered": matched(chance) / m,
        "latents": formulas.effective_features(np.sqrt(use)[..., None]) / m,
    }


def train_size(item: tuple[Config, int, int]) -> dict[str, Array]:
    """All kinds and sparsities of one width and seed, with the axes kind, sparsity."""
    config, m, seed = item
    generator = torch.Generator().manual_seed(1000 * seed + m)
    density = 1 - torch.tensor(config.sparsities)
    begun = tied_bottleneck.start(len(density), config.n_features, m, generator)
    ends, shares = [], []
    for kind in KINDS:
        W, b = begun
        if kind != "untrained":
            W, b = tied_bottleneck.train(W, b, kind == "ReLU", density, config.steps, config.batch, config.lr, generator)
        shares.append(tied_bottleneck.explained(W, b, kind != "linear", density, config.held_out, generator))
        ends.append(W.numpy().astype(float))
    W, explained = np.stack(ends), np.stack(shares)
    arrays = {"truth": np.maximum(explained, 0).sum(-1) / m, **of_weights(W)}
    arrays |= {"explained": explained, "dimension": formulas.feature_dimensionality(W), "length": formulas.norms(W)}
    turns = stats.special_ortho_group(m, seed=config.seed).rvs(config.rotations)
    arrays["null_polysemanticity"] = np.mean([formulas.polysemanticity(W @ turn).mean(-1) for turn in turns], 0)
    flat = W.reshape(-1, *W.shape[2:])
    taken_out = of_dictionaries(flat, density.repeat(len(KINDS)), config, generator)
    return arrays | {name: values.reshape(W.shape[:2]) for name, values in taken_out.items()}


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Train models of every kind, width, sparsity and seed, and measure them in every way."""
    items = [(config, m, config.seed + k) for m in config.hidden for k in range(config.seeds)]
    sizes = runs.stacked(job.map(train_size, items, "sizes"), len(config.hidden), config.seeds)
    arrays = {name: np.moveaxis(a, (2, 0, 3, 1), (0, 1, 2, 3)).astype(np.float32) for name, a in sizes.items()}
    arrays |= {"n_hidden": np.array(config.hidden), "sparsity": np.array(config.sparsities)}
    return arrays, {"most features carried by a dimension": float(arrays["truth"].mean(-1).max())}


def rank_correlations(results: runs.Results) -> Float[Array, "seed measure measure"]:
    """Spearman's correlation of the truth and the measures, in this order, over widths and sparsities: seed by seed.

    Of the models with a ReLU."""
    values = np.stack([results[name][RELU] for name in ("truth", *MEASURES)])
    each = [stats.spearmanr(values[..., seed].reshape(len(values), -1), axis=1).statistic for seed in range(values.shape[-1])]
    return np.stack(each)


def within_widths(results: runs.Results) -> Float[Array, "seed measure"]:
    """Spearman's correlation of each measure with the truth over sparsities, mean over widths: seed by seed.

    0 for a measure that is the same at every sparsity. Of the models with a ReLU."""
    truth = results["truth"][RELU]
    found = np.zeros((truth.shape[-1], len(MEASURES)))
    for k, name in enumerate(MEASURES):
        for seed in range(truth.shape[-1]):
            pairs = [(t[:, seed], v[:, seed]) for t, v in zip(truth, results[name][RELU], strict=True)]
            found[seed, k] = np.mean([stats.spearmanr(t, v).statistic if np.ptp(v) else 0.0 for t, v in pairs])
    return found


def chance(results: runs.Results) -> float:
    """How large Spearman's correlation is by chance: its standard deviation for independent ranks, 1 / √(models - 1)."""
    return 1 / (results["truth"][RELU, ..., 0].size - 1) ** 0.5
