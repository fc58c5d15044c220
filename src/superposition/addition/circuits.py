"""Which heads add which digits: maps of heads, necessity and sufficiency, sets of heads, and how circuits share heads.
Reads the models of `addition/train` and `addition/sweep`: when these are run again, so must this be."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from superposition import metrics, runs
from superposition.addition import ablation, data, exact, learning, original, sharing, subsets, training
from superposition.addition.ablation import ABLATIONS, Parts
from superposition.addition.model import Transformer

Array = np.ndarray
TRAINED, SWEPT = "addition/train", "addition/sweep"
ENOUGH = (0.95, 0.99)  # the shares of a digit's right answers that a sufficient set of heads keeps


class Config(runs.Config):
    """`each` sums for every pair of digits, `each_set` others to choose sets of heads by; `models` 0 means all of them."""

    models: int
    each: int
    each_set: int
    draws: int
    orders: int
    beam: int
    nodes: int


SCHEMA = {
    "whole": "seed answer",
    "none": "seed ablation answer",
    "without": "seed ablation head answer",
    "alone": "seed ablation head answer",
    "effect": "seed effect column pair head",
    "measured": "seed effect column measure",
    "null": "seed effect column quantile measure",
    "overlap": "seed effect column",
    "explained": "seed column head",
    "directions": "seed column",
    "original": "seed head pair",
    "original_none": "seed n_out",
    "probe": "seed probe",
    "grown": "seed column size",
    "cut": "seed column size",
    "by_lot": "seed column size",
    "smallest": "seed column enough",
    "at_least": "seed enough",
    "chosen": "seed enough head",
    "held_out": "seed enough",
    "map": "column head pair n_out",
    "base": "answer n_out",
    "sweep_whole": "model answer",
    "sweep_measured": "model effect column measure",
    "sweep_null": "model effect column quantile measure",
    "sweep_smallest": "model enough",
    "sweep_proven": "model enough",
}


def trained(name: str, models: int) -> list[tuple[Transformer, int]]:
    """The models of an experiment, each with its seed: all, or the first so many."""
    results = runs.load(name)
    if name == TRAINED:
        each = [({key: results[key][k] for key in learning.PARAMETERS}, k) for k in range(results.config.seeds)]
    else:
        width = results.config.n_heads * results.config.d_head
        shapes = [(theta, int(heads), k) for heads, seeds in zip(results["heads"], results["theta"], strict=True)
                  for k, theta in enumerate(seeds)]  # fmt: skip
        each = [(training.named(theta, heads, width // heads), k) for theta, heads, k in shapes]
    return [(Transformer.of(parameters), results.config.seed + k) for parameters, k in each[: models or None]]


def switched(parts: Parts) -> dict[str, Array]:
    """Accuracy of every digit with all heads, none, all but one, and one, by ablation."""
    found: dict[str, list[Any]] = {"none": [], "without": [], "alone": []}
    for name in ABLATIONS:
        instead = parts.instead(name)
        found["none"].append(parts.right(parts.none(instead)).mean(0))
        found["without"].append([parts.right(logits).mean(0) for logits in parts.without(instead)])
        found["alone"].append([parts.right(logits).mean(0) for logits in parts.alone(instead)])
    return {"whole": parts.right(parts.logits).mean(0)} | {name: np.array(values) for name, values in found.items()}


def shared(effect: Float[Array, "effect column pair head"], config: Config, seed: int) -> dict[str, Array]:
    """How the circuits of every column share heads, and what there is by lot."""
    null = [[sharing.null(one, config.draws, seed) for one in of] for of in effect]
    return {"measured": sharing.measured(effect), "null": np.array(null), "overlap": sharing.overlap(effect)}


def sets(parts: Parts, column: int, config: Config, seed: int) -> dict[str, Array]:
    """Accuracy by the number of heads: sets grown, sets cut down, random ones; and the smallest that are enough."""
    each, base = subsets.margins(parts, column)
    total, full = base.shape[0], base + each.sum(0)
    grown, cut = subsets.greedy(base, each, config.beam), subsets.greedy(full, -each, config.beam)
    right = total - int(subsets.wrong(full))
    chosen = [subsets.smallest(grown, cut, subsets.allowed(enough, right, total)) for enough in ENOUGH]
    lot = subsets.by_lot(base, each, config.orders, seed)
    counts = {"grown": grown[0], "cut": cut[0][::-1], "by_lot": lot}
    return {name: 1 - np.asarray(count) / total for name, count in counts.items()} | {"chosen": np.stack(chosen)}


def proven(parts: Parts, column: int, enough: float, found: int, nodes: int) -> int:
    """The size that a sufficient set has at least: every smaller one is excluded by a search of at most `nodes` nodes."""
    each, base = subsets.margins(parts, column)
    right = len(base) - int(subsets.wrong(base + each.sum(0)))
    most = subsets.allowed(enough, right, len(base))
    size = 0
    while size < found and exact.search(each, base, most, size, nodes) == (None, True):
        size += 1
    return size


def kept(parts: Parts, column: int, chosen: Array) -> float:
    """The share of a digit's right answers that a set of heads keeps."""
    each, base = subsets.margins(parts, column)
    right = [len(base) - int(subsets.wrong(base + heads.sum(0))) for heads in (each[chosen], each)]
    return right[0] / right[1]


def analysed(item: tuple[Transformer, int, Config]) -> dict[str, Array]:
    """All that is said of a model of the original's shape."""
    model, seed, config = item
    parts = Parts.of(model, ablation.balanced(seed, config.each))
    others = Parts.of(model, ablation.balanced(seed + 1000, config.each_set))
    effect, heat = ablation.effects(parts), ablation.maps(parts)
    maps, none = original.heat_maps(model)
    by_column = [sets(others, column, config, seed) for column in range(data.N_DIGITS)]
    stacked = {name: np.stack([one[name] for one in by_column]) for name in by_column[0]}
    chosen = stacked.pop("chosen")
    bounds = [proven(others, 0, enough, int(one.sum()), config.nodes) for enough, one in zip(ENOUGH, chosen[0], strict=True)]
    a, b = (parts.pair // 10) @ 10 ** np.arange(6), (parts.pair % 10) @ 10 ** np.arange(6)
    return switched(parts) | shared(effect, config, seed) | stacked | {
        "effect": effect, "explained": ablation.explained(parts), "original": maps, "original_none": none,
        "directions": metrics.effective_rank(heat.swapaxes(1, 2).reshape(*heat.shape[::2], -1)),
        "probe": original.probed(model, torch.from_numpy(data.tokens(a, b)), parts.answers[:, 0]),
        "smallest": chosen.sum(-1), "chosen": chosen[0], "at_least": np.array(bounds),
        "held_out": np.array([kept(parts, 0, one) for one in chosen[0]]),
        "map": heat, "base": parts.none(parts.instead("mean"))[0],
    }  # fmt: skip


def swept(item: tuple[Transformer, int, Config]) -> dict[str, Array]:
    """What is said of a model of another shape: the score, and the smallest sufficient sets for the first digit."""
    model, seed, config = item
    parts = Parts.of(model, ablation.balanced(seed, config.each))
    others = Parts.of(model, ablation.balanced(seed + 1000, config.each_set))
    found = shared(ablation.effects(parts), config, seed)
    chosen = sets(others, 0, config, seed)["chosen"].sum(-1)
    every = 2**20 if model.n_heads <= 16 else config.nodes  # all sets of 16 heads are 65,536
    bounds = [proven(others, 0, enough, int(size), every) for enough, size in zip(ENOUGH, chosen, strict=True)]
    return {
        "sweep_whole": parts.right(parts.logits).mean(0), "sweep_measured": found["measured"], "sweep_null": found["null"],
        "sweep_smallest": chosen, "sweep_proven": np.array(bounds),
    }  # fmt: skip


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Take every model apart."""
    models = [(*one, config) for one in trained(TRAINED, config.models)]
    each = job.map(analysed, models, "models")
    others = job.map(swept, [(*one, config) for one in trained(SWEPT, config.models)], "shapes")
    arrays = {name: each[0][name] for name in ("map", "base")}
    arrays |= {name: np.stack([one[name] for one in each]) for name in SCHEMA if name in each[0] and name not in arrays}
    arrays |= {name: np.stack([one[name] for one in others]) for name in others[0]}
    arrays = {name: array.astype(np.float32) if array.dtype == float else array for name, array in arrays.items()}
    arrays |= {name: arrays[name].astype(np.float16) for name in ("effect", "map")}
    score = arrays["measured"][:, ablation.EFFECTS.index("answers lost"), 0, sharing.MEASURES.index("score")]
    return arrays, {"score": float(score.mean()), "best head alone": float(arrays["alone"][:, 1, :, 0].max(-1).mean())}
