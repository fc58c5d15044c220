"""Which heads add which digits: maps of heads, necessity and sufficiency, sets of heads, and how circuits share heads.
Reads the models of `addition/train`: when they are trained again, this has to be run again."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int

from superposition import formulas, runs, sharing
from superposition.addition.engine import data, learning_curves, streams
from superposition.addition.engine.transformer import Transformer
from superposition.addition.measures import ablation, head_sets, minimum_head_sets, original_heat_maps
from superposition.addition.measures.ablation import ABLATIONS, Parts

Array = np.ndarray
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
    "explained": "seed answer column head",
    "directions": "seed column",
    "original": "seed head pair",
    "original_none": "seed n_out",
    "probe": "seed probe",
    "grown": "seed column size",
    "cut": "seed column size",
    "by_lot": "seed column size",
    "greedy": "seed column enough",
    "smallest": "seed column enough head",
    "at_least": "seed column enough",
    "held_out": "seed column enough ablation",
    "left_out": "seed column enough ablation",
    "map": "column head pair n_out",
    "base": "answer n_out",
}


def trained(models: int) -> list[tuple[Transformer, int]]:
    """The models of `addition/train`, each with its seed: all, or the first so many."""
    results = runs.load("addition/train")
    return [(model, results.config.seed + k) for k, model in enumerate(learning_curves.transformers(results))][: models or None]


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
    null = [
        [sharing.null(one, config.draws, streams.generator(seed, stream=streams.SHARING_BY_LOT)) for one in of] for of in effect
    ]
    return {"measured": sharing.measured(effect), "null": np.array(null), "overlap": sharing.overlap(effect)}


def sets(parts: Parts, column: int, config: Config, seed: int) -> dict[str, Array]:
    """Accuracy by the number of heads: sets grown, sets cut down, random ones; and the smallest that are enough."""
    each, base = head_sets.margins(parts, column)
    grown, cut, chosen = greedy(each, base, config.beam)
    counts = {"grown": grown, "cut": cut[::-1], "by_lot": head_sets.by_lot(base, each, config.orders, seed)}
    return {name: 1 - np.asarray(count) / len(base) for name, count in counts.items()} | {"chosen": chosen}


def greedy(
    each: Float[Array, "head example wrong"], base: Float[Array, "example wrong"], beam: int
) -> tuple[Int[Array, "count"], Int[Array, "count"], Bool[Array, "enough head"]]:
    """How many sums are wrong with sets grown from none, and with sets cut down from all, by how many heads were switched;
    and the smallest of all these sets that are enough, for each of ENOUGH."""
    total, full = len(base), base + each.sum(0)
    grown, cut = head_sets.greedy(base, each, beam), head_sets.greedy(full, -each, beam)
    right = total - int(head_sets.wrong(full))
    chosen = [head_sets.smallest(grown, cut, head_sets.allowed(enough, right, total)) for enough in ENOUGH]
    return grown[0], cut[0], np.stack(chosen)


def proven(parts: Parts, column: int, chosen: Bool[Array, "enough head"], nodes: int) -> tuple[Array, Array]:
    """The smallest sufficient sets for each of ENOUGH, given those found, and the sizes that they have at least.

    Every smaller size is excluded by a search of at most `nodes` nodes; where set and bound agree, the size is exact."""
    each, base = head_sets.margins(parts, column)
    right = len(base) - int(head_sets.wrong(base + each.sum(0)))
    tree = minimum_head_sets.Tree.of(each, base, int(chosen.sum(-1).max()))
    best, bounds = chosen.copy(), []
    for k, enough in enumerate(ENOUGH):
        size, ended, most = 0, True, head_sets.allowed(enough, right, len(base))
        while ended and size < best[k].sum():
            found, ended = tree.search(most, size, nodes)
            if found is not None:
                best[k] = found
            elif ended:
                size += 1
        bounds.append(size)
    return best, np.array(bounds)


def smallest(parts: Parts, column: int, beam: int, nodes: int) -> tuple[Int[Array, "enough"], Int[Array, "enough"]]:
    """The sizes of the smallest sets that are enough for a digit, and the sizes that they have at least."""
    chosen = greedy(*head_sets.margins(parts, column), beam)[-1]
    best, bounds = proven(parts, column, chosen, nodes)
    return best.sum(-1), bounds


def sufficient(parts: Parts, others: Parts, config: Config, seed: int) -> dict[str, Array]:
    """Sets of heads for every column, chosen by some sums and tried on others: these heads alone, and all but these."""
    found, instead = [], [others.instead(name, seed) for name in ABLATIONS]
    for column in range(data.N_DIGITS):
        one = sets(parts, column, config, seed)
        greedy = one.pop("chosen")
        best, bounds = proven(parts, column, greedy, config.nodes)
        tried = {
            name: np.array([[kept(others, column, heads, part) for part in instead] for heads in chosen])
            for name, chosen in (("held_out", best), ("left_out", ~best))
        }
        found.append(one | {"greedy": greedy.sum(-1), "smallest": best, "at_least": bounds} | tried)
    return {name: np.stack([one[name] for one in found]) for name in found[0]}


def kept(parts: Parts, column: int, chosen: Bool[Array, "head"], instead: Float[Array, "#example answer head n_out"]) -> float:
    """The share of a digit's right answers that a set of heads keeps, with `instead` in place of all others."""
    heads = np.where(chosen[:, None], parts.heads[:, column], instead[:, column])
    right = (parts.direct[column] + heads.sum(1)).argmax(-1) == parts.answers[:, column]
    return float(right.mean() / parts.right(parts.logits)[:, column].mean())


def analysed(item: tuple[Transformer, int, Config]) -> dict[str, Array]:
    """All that is said of a model."""
    model, seed, config = item
    parts = Parts.of(model, ablation.balanced(seed, config.each))
    others = Parts.of(model, ablation.balanced(seed + 1000, config.each_set))
    effect, heat = ablation.effects(parts), ablation.maps(parts)
    maps, none = original_heat_maps.heat_maps(model)
    return switched(parts) | shared(effect, config, seed) | sufficient(others, parts, config, seed) | {
        "effect": effect, "explained": ablation.explained(parts), "original": maps, "original_none": none,
        "directions": formulas.effective_rank(heat.swapaxes(1, 2).reshape(*heat.shape[::2], -1)),
        "probe": original_heat_maps.probed(model, torch.from_numpy(data.tokens(*ablation.numbers(parts.pair))), parts.answers[:, 0]),  # noqa: E501
        "map": heat, "base": parts.none(parts.instead("mean"))[0],
    }  # fmt: skip


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Take every model apart."""
    each = job.map(analysed, [(*one, config) for one in trained(config.models)], "models")
    arrays = {name: each[0][name] for name in ("map", "base")}
    arrays |= {name: np.stack([one[name] for one in each]) for name in SCHEMA if name not in arrays}
    arrays = {name: array.astype(np.float32) if array.dtype == float else array for name, array in arrays.items()}
    arrays |= {name: arrays[name].astype(np.float16) for name in ("effect", "map")}
    score = arrays["measured"][:, ablation.EFFECTS.index("answers lost"), 0, sharing.MEASURES.index("score")]
    return arrays, {"score": float(score.mean()), "best head alone": float(arrays["alone"][:, 1, :, 0].max(-1).mean())}


# --- what came of it ----------------------------------------------------------------------------------------------------


def one_combination(lost: Float[Array, "*batch circuit head"], sums: int) -> Float[Array, "*batch circuit head"]:
    """The answers lost, of so many sums a circuit, if all circuits used one combination of heads,
    each as much as it loses now."""
    total = lost.sum((-1, -2), keepdims=True)
    share = lost.sum(-1, keepdims=True) * lost.sum(-2, keepdims=True) / total
    return np.random.default_rng(0).binomial(sums, np.minimum(share, 1)) / sums


def by_lot_without(results: runs.Results, column: int, enough: int) -> Float[Array, "seed"]:
    """Accuracy with as many heads off as the smallest sufficient set has, drawn by lot."""
    right, off = results["by_lot"][:, column], results["smallest"][:, column, enough].sum(-1)
    return right[np.arange(len(right)), right.shape[1] - 1 - off]


def costly(results: runs.Results, ablation: int, cost: float = 0.01) -> Int[Array, "seed"]:
    """How many heads cost more than so much of all digits' accuracy when they are off."""
    return ((results["whole"][:, None] - results["without"][:, ablation]).mean(-1) > cost).sum(-1)
