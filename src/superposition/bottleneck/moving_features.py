"""Sparse features through a transformer: the original as it was, and as it should have been, where attention is needed.
One model for each sparsity; tasks that need attention beside one that doesn't, and the geometry in each."""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float

from superposition import formulas, runs
from superposition.bottleneck import measures
from superposition.bottleneck.engine import feature_transformer, original_transformer
from superposition.bottleneck.engine.feature_transformer import FeatureTransformer, Lessons, Task
from superposition.bottleneck.engine.original_transformer import OriginalTransformer
from superposition.training import AdamW

Array = np.ndarray

# Without attention, with attention that need not be used, features moved to an empty position, and to one with its own.
KINDS = ("no attention", "own", "moved", "previous")
NONE, OWN, MOVED, PREVIOUS = range(4)
TASKS: tuple[Task, ...] = ("own", "own", "moved", "previous")
LARGE_KINDS = (OWN, PREVIOUS)
SITES = ("going in", "arriving")  # W_in, and what it makes of the hidden vector that is read out
PLAIN_WIDTH = 1  # among the widths, where the original's start is tried
ORIGINALS = ("original", "diagram")  # transformer_superposition and intro_diagram_transformer_superposition
QUERY_KEY, VALUE = range(2)
_PROBED = 64  # sequences on which attention is watched


class Config(runs.Config):
    n_features: int
    hidden: tuple[int, ...]
    sparsities: tuple[float, ...]
    seeds: int
    context: int
    n_heads: int
    steps: int
    batch: int
    lr: float
    warmup: int
    held_out: int
    null_draws: int
    records: int
    frames: int
    large_features: tuple[int, int]
    large_hidden: tuple[int, int]
    large_sparsity: float
    large_layers: int
    large_seeds: int
    large_steps: int
    large_batch: int
    original_features: tuple[int, int]
    original_hidden: tuple[int, int]
    original_instances: tuple[int, int]
    original_layers: int
    original_seeds: int
    original_steps: int
    original_batch: int
    original_lr: float


OF_WEIGHTS = ("dimensionality", "effective_features", "effective_rank", "interference", "polysemanticity", "squared_cosine")
_MEASURED = {name: "site" for name in (*OF_WEIGHTS, *(f"null_{name}" for name in OF_WEIGHTS), "frobenius")}
_MEASURED |= {"carried": "", "cut": "", "unasked": "", "attention": "layer head"}
SCHEMA = {name: f"kind width sparsity seed {axes}".strip() for name, axes in _MEASURED.items()}
SCHEMA |= {
    f"large_{name}": f"size large_kind large_seed {axes}".replace("layer", "large_layer").strip()
    for name, axes in _MEASURED.items()
}
SCHEMA |= {
    "n_hidden": "width", "sparsity": "sparsity", "explained": "kind width sparsity seed n_features",
    "history_step": "record", "history": "record kind width sparsity seed",
    "film_step": "frame", "film_W": "kind sparsity frame n_features film_axis",
    "film_dimensionality": "kind width sparsity seed frame", "film_rank": "kind width sparsity seed frame",
    "large_history_step": "large_record", "large_history": "large_record size large_kind large_seed",
    "plain_carried": "sparsity seed", "original_density": "original_instance", "diagram_density": "diagram_instance",
}  # fmt: skip
for _which in ORIGINALS:
    SCHEMA |= {
        f"{_which}_loss": "original_seed step",
        f"{_which}_constant": "told",
        f"{_which}_explained": f"original_seed {_which}_instance {_which}_feature",
        f"{_which}_learned": "original_seed part",
        f"{_which}_turned": f"original_seed {_which}_feature",
        f"{_which}_W": f"end {_which}_feature {_which}_axis",
        f"{_which}_dimensionality": "original_seed end",
        f"{_which}_null_dimensionality": "original_seed end",
    }


class Plan(NamedTuple):
    """One stack of models, of one kind, shape and seed: one for each sparsity."""

    kind: int
    n: int
    m: int
    n_layers: int
    sparsities: tuple[float, ...]
    steps: int
    batch: int
    seed: int
    start: feature_transformer.Start


def of_directions(W: Float[Array, "*batch n m"], draws: int, seed: int) -> dict[str, Float[Array, "*batch"]]:
    """The measures of directions whose scale is free, so at a mean square length of 1, and of random ones of the same lengths.

    Also ‖W‖_F² / m as the weights have it."""
    length = formulas.norms(W)[..., None]
    scale = np.sqrt((length**2).mean(-2, keepdims=True))
    rng = np.random.default_rng(seed)
    chance = [measures.of_weights(formulas.unit(rng.standard_normal(W.shape)) * length / scale) for _ in range(draws)]
    found = measures.of_weights(W / scale)
    arrays = {name: found[name] for name in OF_WEIGHTS}
    arrays |= {f"null_{name}": np.mean([one[name] for one in chance], 0) for name in OF_WEIGHTS}
    return arrays | {"frobenius": formulas.features_per_dimension(W)}


def watched(model: FeatureTransformer, task: Task, density: float, x: Float[torch.Tensor, "batch pos n"]) -> dict[str, Array]:
    """Of one model: the directions of features as they go in and as they arrive where they are asked for.

    Also the mean squared length of what arrives that nobody asked for, over that of what was, and how much each head looks
    at the position before, where features are asked for from there."""
    last, empty = model.blocks.config.n_positions - 1, task == "moved"
    asked, unasked = {"own": (last, last - 1), "moved": (last - 1, last - 3), "previous": (last - 1, last)}[task]
    arriving, other = (feature_transformer.arrivals(model, density, source, last, empty) for source in (asked, unasked))
    positions = [t for t in range(1, last + 1) if t % 2 or not empty]
    with torch.no_grad():
        seen = model.patterns(x).mean(1)
    looks = torch.stack([seen[..., t, t - 1] for t in positions]).mean(0).numpy()
    share = (other**2).sum() / (arriving**2).sum()
    return {"sites": np.stack([model.W_in.detach().numpy(), arriving]), "unasked": share, "attention": looks}


def train_stack(item: tuple[Config, Plan]) -> dict[str, Array]:
    """All sparsities of one kind, shape and seed, along the first axis."""
    config, plan = item
    task, count = TASKS[plan.kind], len(plan.sparsities)
    density = 1 - torch.tensor(plan.sparsities)
    lessons = Lessons([task] * count, density, torch.full((count,), plan.kind != NONE), config.context)
    model = FeatureTransformer(plan.n, plan.m, plan.n_layers, config.n_heads, config.context, plan.start, plan.seed)
    parameters = feature_transformer.stacked(model, count)
    generator = torch.Generator().manual_seed(1000 * plan.seed + plan.m)
    optimiser, frames = AdamW(config.lr, schedule="cosine", warmup=config.warmup), film_steps(plan.steps, config.frames)
    losses, film = feature_transformer.train(model, parameters, lessons, plan.steps, plan.batch, optimiser, generator, frames)
    explained = feature_transformer.explained(model, parameters, lessons, config.held_out, generator)
    severed = Lessons(lessons.tasks, density, torch.zeros(count, dtype=torch.bool), config.context)
    cut = feature_transformer.explained(model, parameters, severed, config.held_out, generator)
    x, _ = lessons.batch(_PROBED, plan.n, generator)
    for name, p in parameters.items():  # what writes nothing is left out of what is watched
        if "attn.c_proj" in name:
            p[~lessons.attends] = 0
    each = [watched(feature_transformer.pick(model, parameters, k), task, float(density[k]), x[k]) for k in range(count)]
    arrays = of_directions(np.stack([one["sites"] for one in each]).astype(float), config.null_draws, plan.seed)
    arrays |= {name: np.stack([one[name] for one in each]) for name in ("unasked", "attention")}
    arrays |= {"explained": explained, "carried": carried(explained, plan.m), "cut": carried(cut, plan.m)}
    film = film.swapaxes(0, 1).astype(float)
    arrays |= {"film_dimensionality": measures.of_weights(film)["dimensionality"], "film_rank": formulas.effective_rank(film)}
    return arrays | {"history": averaged(losses, config.records).T, "film_W": film.astype(np.float16)}


def carried(explained: Float[Array, "*batch n"], m: int) -> Float[Array, "*batch"]:
    """How many features a dimension carries: the positive shares explained, summed, over the width."""
    return np.maximum(explained, 0).sum(-1) / m


def film_steps(steps: int, frames: int) -> list[int]:
    """Steps to keep weights after, from 0 to the last, closer together at the start, where more happens."""
    return np.unique((steps * np.linspace(0, 1, frames) ** 2).round().astype(int)).tolist()


def record_steps(steps: int, records: int) -> Array:
    """The steps at which the stretches end whose mean loss is kept."""
    return np.unique(np.linspace(0, steps, records + 1).astype(int))[1:]


def averaged(losses: Float[Array, "steps model"], records: int) -> Float[Array, "record model"]:
    """The mean loss of each stretch."""
    return np.stack([stretch.mean(0) for stretch in np.split(losses, record_steps(len(losses), records)[:-1])])


def train_original(item: tuple[Config, int, int]) -> dict[str, Array]:
    """One seed of one of the two original programs."""
    config, which, seed = item
    n, m, instances = (sizes[which] for sizes in (config.original_features, config.original_hidden, config.original_instances))
    parts = original_transformer.query_key, original_transformer.value
    model, generator = OriginalTransformer(n, m, config.original_layers, seed), torch.Generator().manual_seed(1000 * seed + m)
    before = [part(model) for part in parts]
    W = [model.input_projection.weight.detach().numpy().T.copy()]
    losses = original_transformer.train(
        model, instances, config.original_steps, config.original_batch, config.original_lr, generator, seed
    )
    decayed = (1 - config.original_lr * 0.01) ** config.original_steps  # AdamW's, which is all that moves what has no gradient
    after = [part(model) for part in parts]
    learned = [np.linalg.norm(b - decayed * a) / np.linalg.norm(a) for a, b in zip(before, after, strict=True)]
    W.append(model.input_projection.weight.detach().numpy().T.copy())
    ends = np.stack(W).astype(float)
    of = of_directions(ends, config.null_draws, seed)
    return {
        "loss": losses, "explained": original_transformer.explained(model, instances, config.held_out, generator),
        "learned": np.array(learned), "turned": (formulas.unit(ends[0]) * formulas.unit(ends[1])).sum(-1),
        "W": np.stack(W), "dimensionality": 1 / of["dimensionality"], "null_dimensionality": 1 / of["null_dimensionality"],
    }  # fmt: skip


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """The original's two programs; models of every kind, width, sparsity and seed; two kinds at the original's sizes."""
    arrays = _originals(config, job) | _sizes(config, job) | _plain(config, job) | _large(config, job)
    arrays |= {
        "n_hidden": np.array(config.hidden), "sparsity": np.array(config.sparsities),
        "film_step": np.array(film_steps(config.steps, config.frames)),
        "history_step": record_steps(config.steps, config.records),
        "large_history_step": record_steps(config.large_steps, config.records),
    }  # fmt: skip
    arrays = {name: a.astype(np.float32) if a.dtype == np.float64 else a for name, a in arrays.items()}
    return arrays, {"original loss": float(arrays["original_loss"][:, -100:].mean())} | {
        f"carried by a dimension, {name}": float(one.mean()) for name, one in zip(KINDS, arrays["carried"], strict=True)
    }


def _originals(config, job):
    """Every seed of both programs."""
    arrays = {}
    for which, name in enumerate(ORIGINALS):
        each = job.map(train_original, [(config, which, config.seed + k) for k in range(config.original_seeds)], name)
        found, instances = runs.stacked(each, config.original_seeds), config.original_instances[which]
        constant = [
            original_transformer.constant_loss(instances, config.original_features[which], told) for told in (False, True)
        ]
        found |= {"W": found["W"][0], "density": original_transformer.densities(instances), "constant": np.array(constant)}
        arrays |= {f"{name}_{key}": array for key, array in found.items()}
    return arrays


def _sizes(config, job):
    """One model for each kind, width, sparsity and seed; W_in over training of the first width and seed."""
    plans = [
        _plan(config, kind, m, k, feature_transformer.scaled(m))
        for kind in range(len(KINDS))
        for m in config.hidden
        for k in range(config.seeds)
    ]
    each = job.map(train_stack, [(config, plan) for plan in plans], "sizes")
    film = np.stack([one["film_W"] for one in each[:: len(config.hidden) * config.seeds]])
    found = runs.stacked([_without(one, "film_W") for one in each], len(KINDS), len(config.hidden), config.seeds)
    arrays = {name: np.moveaxis(a, 2, 3) for name, a in found.items()}
    return arrays | {"history": np.moveaxis(arrays["history"], -1, 0), "film_W": film}


def _plain(config, job):
    """What is carried at one width where features must be moved, by models that start as the original does."""
    m = config.hidden[PLAIN_WIDTH]
    start = feature_transformer.plain(config.n_features, m)
    plans = [_plan(config, PREVIOUS, m, k, start) for k in range(config.seeds)]
    each = job.map(train_stack, [(config, plan) for plan in plans], "plain")
    return {"plain_carried": np.stack([one["carried"] for one in each], 1)}


def _large(config, job):
    """Two kinds at the original's sizes, at one sparsity."""
    of_training = (config.large_sparsity,), config.large_steps, config.large_batch
    plans = [
        Plan(kind, n, m, config.large_layers, *of_training, config.seed + k, feature_transformer.scaled(m))
        for n, m in zip(config.large_features, config.large_hidden, strict=True)
        for kind in LARGE_KINDS
        for k in range(config.large_seeds)
    ]
    each = job.map(train_stack, [(config, plan) for plan in plans], "large")
    kept = [{name: one[name][0] for name in (*_MEASURED, "history")} for one in each]
    found = runs.stacked(kept, len(config.large_hidden), len(LARGE_KINDS), config.large_seeds)
    arrays = {f"large_{name}": a for name, a in found.items()}
    return arrays | {"large_history": np.moveaxis(arrays["large_history"], -1, 0)}


def _plan(config, kind, m, k, start):
    return Plan(kind, config.n_features, m, 1, config.sparsities, config.steps, config.batch, config.seed + k, start)


def _without(arrays, name):
    return {key: array for key, array in arrays.items() if key != name}
