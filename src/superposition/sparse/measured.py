"""The measures of superposition that are in use, held against models whose truth is known.
The truth is how many features a dimension holds: what a ReLU for each feature can read of the hidden vectors."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float
from scipy import stats

from superposition import formulas, runs, sparse_autoencoders
from superposition.matching import matched_cosines
from superposition.sparse.engine import known, readouts
from superposition.sparse.engine.known import CHANGES, NAMES, WITHOUT, Known, models
from superposition.sparse.engine.readouts import Stack
from superposition.sparse_autoencoders import Autoencoders

Array = np.ndarray

# In features per dimension, where 1 is none beyond what there is room for; and in units of their own.
COUNTS = (
    "squared norm", "over half", "1 / D", "exp(H) of lengths", "effective rank", "participation ratio", "known exp(H)",
    "SAE exp(H)", "live latents", "found", "probes",
)  # fmt: skip
OTHERS = ("interference", "squared cosine", "coherence", "on a neuron", "alignment", "cross-talk", "MCC", "MMCS")
MEASURES = (*COUNTS, *OTHERS)
OF_WEIGHTS = ("squared norm", "over half", "1 / D", "exp(H) of lengths", "effective rank", "interference", "squared cosine",
              "coherence", "on a neuron", "alignment")  # fmt: skip
FALLING = ("alignment", "MCC", "MMCS")  # what there is less of, the more superposition
ALARM = 1.1  # from this on, a count says that there is superposition


class Config(runs.Config):
    sparsity: float
    seeds: int
    steps: int
    batch: int
    held_out: int
    lr: float
    noise: float
    latents: tuple[int, ...]
    lambdas: tuple[float, ...]
    sae_steps: tuple[int, ...]
    tied: tuple[bool, ...]
    sae_batch: int
    sae_lr: float
    firing: float
    cosine: float
    area: float


SCHEMA = {"truth": "seed model", "placed": "seed model", "said": "seed measure model", "latents": "setting seed model"}


def live(W: Float[Array, "n m"]) -> Bool[Array, "n"]:
    """Which features are at least half as long as the longest."""
    length = formulas.norms(W)
    return length >= length.max() / 2


def of_weights(W: Float[Array, "n m"]) -> dict[str, float]:
    """What is read off the weights. Of what each feature has, the mean over live ones; of neurons, the mean over neurons."""
    m, kept = W.shape[1], W[live(W)]
    cosines = np.abs(formulas.cosines(kept)) - np.eye(len(kept))
    return {
        "squared norm": formulas.features_per_dimension(W),
        "over half": formulas.represented(W) / m,
        "1 / D": 1 / formulas.feature_dimensionality(W)[live(W)].mean(),
        "exp(H) of lengths": formulas.effective_features(W) / m,
        "effective rank": formulas.effective_rank(W) / m,
        "interference": formulas.interference(W)[live(W)].mean(),
        "squared cosine": formulas.squared_cosine(kept) * m,
        "coherence": cosines.max(),
        "on a neuron": formulas.polysemanticity(W).mean(),
        "alignment": formulas.basis_alignment(W),
    }


def of_data(one: Known) -> dict[str, float]:
    """What the hidden vectors say, and what the activity of the features says, exactly.

    The participation ratio is that of the covariance's eigenvalues, (Σλ)² / Σλ²; the known exp(H) that of the shares of the
    features' activity in the hidden space, ‖W_i‖ E x_i, as Bereska et al. have it of latents."""
    m, A = one.W.shape[1], one.mixing @ one.W
    eigenvalues = np.linalg.svd(A, compute_uv=False) ** 2
    activity = formulas.norms(one.W) * one.mixing.sum(0)
    return {
        "participation ratio": eigenvalues.sum() ** 2 / (eigenvalues**2).sum() / m,
        "known exp(H)": float(formulas.exp_entropy(activity)) / m,
    }


def of_probes(stack: Stack, config: Config) -> list[dict[str, float]]:
    """How many features a linear probe can tell, for each dimension; and how much of what a probe hears is another feature's.

    A feature is told where the area under the ROC curve is `area` or more; the label is whether it is above its median.
    Cross-talk is Σ_{j≠i} (a_i · W_j)² / (a_i · W_i)² of probe a_i, with features in units of their spread; the median over
    live features."""
    hidden, B = stack.hidden(), stack.features()
    c = hidden.features(config.held_out)
    x, h = c @ B, hidden.vectors(c)
    a, b = readouts.regression(x, h)
    area = readouts.told_apart(torch.baddbmm(b, h, a), (x > x.median(1, keepdim=True).values).float()).numpy()
    found = []
    for k, one in enumerate(stack.models):
        spread = np.sqrt((one.mixing**2).sum(0))[:, None]
        heard = (one.W * spread) @ a[k].numpy()[:, : len(one.W)]
        own = heard.diagonal() ** 2
        others = np.divide((heard**2).sum(0) - own, own, out=np.zeros_like(own), where=own > 0)
        told = {"probes": (area[k] >= config.area).sum() / one.W.shape[1], "cross-talk": np.median(others[live(one.W)])}
        found.append({name: float(value) for name, value in told.items()})
    return found


def trained(
    every: Sequence[Known], setting: tuple[int, float, int, bool], config: Config, generator: torch.Generator
) -> tuple[Float[Array, "model latent"], Float[Array, "model latent"], Float[Array, "model latent m"]]:
    """L1 autoencoders, one a model: each latent's mean activity, how often it fires, and its direction.

    `setting`: how many latents, λ, steps, and whether the weights are tied."""
    latents, penalty, steps, tied = setting
    hidden = Stack(every, generator).hidden()
    penalties = torch.full((len(every),), penalty)
    made = Autoencoders.create("L1", penalties, hidden.W.shape[2], latents, 0.05, generator, tied)
    sparse_autoencoders.train(made, lambda: hidden.vectors(hidden.features(config.sae_batch)), steps, config.sae_lr)
    with torch.no_grad():
        z = made.code(hidden.vectors(hidden.features(config.held_out)))
    use, fires, rows = (part.numpy().astype(float) for part in (z.mean(1), (z > 0).float().mean(1), made.rows))
    return use, fires, rows


def of_dictionary(
    one: Known, use: Float[Array, "latent"], fires: Float[Array, "latent"], rows: Float[Array, "latent m"],
    again: Float[Array, "other m"], config: Config,
) -> dict[str, float]:  # fmt: skip
    """What a dictionary says of a model: exp(H) of its latents' activity, how many fire, which features are among them.

    `again`: the live latents of a second dictionary, trained alike from another start. MMCS is the mean over the live latents
    of the first of the cosine with the nearest of the second; MCC that with the model's own live features, matched one to
    one."""
    m, firing = one.W.shape[1], fires >= config.firing
    features, there = one.W[live(one.W)], rows[firing]
    cosines = formulas.unit(features) @ there.T
    return {
        "SAE exp(H)": float(formulas.exp_entropy(use)) / m,
        "live latents": firing.sum() / m,
        "found": float((cosines.max(-1, initial=0) >= config.cosine).sum()) / m,
        "MCC": float(matched_cosines(features, there).mean()) if len(there) else 0.0,
        "MMCS": float((there @ again.T).max(-1).mean()) if len(there) and len(again) else 0.0,
    }


def of_seed(item: tuple[Config, int]) -> dict[str, Array]:
    """The truth of all models of one seed, and what the measures say."""
    config, seed = item
    every = tuple(models(seed, config.sparsity).values())
    stack = Stack(every, torch.Generator().manual_seed(seed))
    R = readouts.held(stack, config.steps, config.batch, config.held_out, config.lr, config.noise)
    linear, m = np.array([one.linear() for one in every]), every[0].W.shape[1]
    told = [of_weights(one.W) | of_data(one) | probes for one, probes in zip(every, of_probes(stack, config), strict=True)]
    return {"truth": R.sum(-1) / linear, "placed": np.array([live(one.W).sum() / m for one in every])} | {
        name: np.array([one[name] for one in told], float) for name in told[0]
    }


def settings(config: Config) -> list[tuple[int, float, int, bool]]:
    """Latents, λ, steps and whether tied: of the autoencoders that are looked at in all ways, and of the others."""
    return list(zip(config.latents, config.lambdas, config.sae_steps, config.tied, strict=True))


def of_dictionaries(item: tuple[Config, int]) -> dict[str, Array]:
    """What two autoencoders of the first setting say of each model of one seed."""
    config, seed = item
    every = tuple(models(seed, config.sparsity).values())
    generators = (torch.Generator().manual_seed(start) for start in (2 * seed, 2 * seed + 1))
    one, other = (trained(every, settings(config)[0], config, generator) for generator in generators)
    again = [rows[fires >= config.firing] for _, fires, rows in zip(*other, strict=True)]
    told = [of_dictionary(model, *own, config) for model, *own in zip(every, *one, again, strict=True)]
    return {name: np.array([one[name] for one in told]) for name in told[0]}


def of_setting(item: tuple[Config, int, int]) -> dict[str, Array]:
    """The effective number of latents per dimension that autoencoders of another setting have of each model of one seed."""
    config, seed, k = item
    every = tuple(models(seed, config.sparsity).values())
    use, _, rows = trained(every, settings(config)[k], config, torch.Generator().manual_seed(1000 * k + seed))
    return {"latents": formulas.exp_entropy(use) / rows.shape[-1]}


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Measure all models of all seeds."""
    seeds = range(config.seed, config.seed + config.seeds)
    told = runs.stacked(job.map(of_seed, [(config, seed) for seed in seeds], "truth"), config.seeds)
    told |= runs.stacked(job.map(of_dictionaries, [(config, seed) for seed in seeds], "dictionaries"), config.seeds)
    others = [(config, seed, k) for k in range(1, len(config.latents)) for seed in seeds]
    latents = runs.stacked(job.map(of_setting, others, "settings"), len(config.latents) - 1, config.seeds)["latents"]
    arrays = {name: told[name] for name in ("truth", "placed")} | {
        "said": np.stack([told[name] for name in MEASURES], 1),
        "latents": np.concatenate([told["SAE exp(H)"][None], latents]),
    }  # fmt: skip
    return {name: a.astype(np.float32) for name, a in arrays.items()}, {
        f"held, {name}": float(arrays["truth"][:, k].mean()) for k, name in enumerate(NAMES)
    }


def labels(config: Config) -> list[str]:
    """The settings of autoencoders in words: in what they differ from the first, or how many latents they have."""
    _, penalty, steps, _ = settings(config)[0]
    return [
        ", ".join(
            ["tied weights"] * own_tied + [f"λ = {own:g}"] * (own != penalty) + [f"{taken:,} steps"] * (taken != steps)
        ) or f"{latents // known.M} latents a dimension"
        for latents, own, taken, own_tied in settings(config)
    ]  # fmt: skip


def rank_correlations(results: runs.Results, models: slice | Bool[Array, "model"] = slice(None)) -> Float[Array, "seed measure"]:
    """Spearman's correlation of each measure with the truth over models, seed by seed; of FALLING ones, of the negative.

    Truths closer than a fiftieth of a feature are ties, for they differ by the noise of the readouts."""
    truth, said = np.round(results["truth"][:, models] * 50), np.round(_risen(results)[..., models], 3)
    return np.array([[_spearman(t, v) for v in of] for t, of in zip(truth, said, strict=True)])


def _spearman(one, other):
    """0 where one of the two is the same everywhere."""
    return stats.spearmanr(one, other).statistic if np.ptp(one) and np.ptp(other) else 0.0


def _risen(results):
    """What the measures say, with the sign that rises with superposition."""
    return results["said"].astype(float) * np.array([-1 if name in FALLING else 1 for name in MEASURES])[:, None]


def told_from_none(results: runs.Results) -> Float[Array, "seed measure"]:
    """How often, of a model with superposition and one without, the measure is larger for the first; ½ by chance."""
    said = np.round(_risen(results), 3)
    without, with_it = said[..., : len(WITHOUT)], said[..., len(WITHOUT) :]
    return (1 + np.sign(with_it[..., :, None] - without[..., None, :]).mean((-1, -2))) / 2


def agreement(results: runs.Results) -> Float[Array, "seed"]:
    """Spearman's correlation over models of how far two dictionaries agree, and how well one has the features."""
    mmcs, mcc = (np.round(results["said"][:, MEASURES.index(name)], 2) for name in ("MMCS", "MCC"))
    return np.array([_spearman(one, other) for one, other in zip(mmcs, mcc, strict=True)])


def alarms(results: runs.Results) -> Bool[Array, "seed count model"]:
    """Which counts say that a model without superposition has some."""
    return results["said"][:, : len(COUNTS), : len(WITHOUT)] > ALARM


def chance(results: runs.Results) -> float:
    """How large a rank correlation is by chance: its standard deviation for independent ranks, 1 / √(models - 1)."""
    return (results["truth"].shape[1] - 1) ** -0.5


def after_over_before(results: runs.Results, change: str) -> tuple[Float[Array, "seed"], Float[Array, "seed measure"]]:
    """By how much one of CHANGES multiplies the truth, and each measure."""
    before, after = (NAMES.index(name) for name in CHANGES[change])
    said = results["said"].astype(float)
    return results["truth"][:, after] / results["truth"][:, before], said[..., after] / said[..., before]


def of(results: runs.Results, measure: str, model: str) -> Float[Array, "seed"]:
    """What a measure says of a model."""
    return results["said"][:, MEASURES.index(measure), NAMES.index(model)]


def held(results: runs.Results, model: str) -> Float[Array, "seed"]:
    """How many features a dimension of a model holds."""
    return results["truth"][:, NAMES.index(model)]


def sparse_data() -> Bool[Array, "model"]:
    """Which models see sparse data."""
    return np.array(["dense data" not in name for name in NAMES])
