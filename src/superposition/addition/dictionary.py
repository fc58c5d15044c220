"""Does a sparse autoencoder, trained on what the heads find, read off the digits, pairs, sums and carries that are known?
Reads the models of `addition/train`: when they are trained again, this has to be run again."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Int
from sklearn.decomposition import FastICA
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor

from superposition import formulas, runs, sparse_autoencoders
from superposition.addition import circuits
from superposition.addition.engine import data, streams
from superposition.addition.engine.lookup import Lookup
from superposition.addition.engine.transformer import Transformer
from superposition.addition.measures import concepts, exact_shares
from superposition.addition.measures.concepts import Concepts
from superposition.sparse_autoencoders import Autoencoders

Array = np.ndarray
#: Where a dictionary is trained, and the answer that it is asked of: at one answer, or at all of them; at the thousands with z
#: whitened, or as the logits see it; of a model as it starts; and on vectors of no model, made of digits and a carry.
ANSWERS = {
    "ones": 0, "thousands": 3, "millions": 6, "all seven": 3, "whitened": 3, "logits": 3, "untrained": 3, "made up": 3,
}  # fmt: skip
BESIDE = ("neurons", "PCA", "ICA", "linear probes", "shuffled")
#: Codes that are known: each of these labels' values is a direction, the mean of z where it holds, and one of each is active.
CODES = {
    "digits": (("a",), ("b",)), "pair": (("pair",),), "pairs of two columns": (("pair",), ("pair below",)),
    "sum": (("sum",),), "sum and carry in": (("sum", "carry in"),), "answer": (("answer",),),
}  # fmt: skip
SHOWN = 12  # latents whose maps are stored


class Config(runs.Config):
    """`models` 0 means all of them; `starts` of each dictionary; `widths` in latents, for z has 64 dimensions.

    Thresholds are 0 and these `quantiles` of a direction's activities. `lambdas` are L1's, `ks` TopK's: as many of both."""

    models: int
    starts: int
    bases: tuple[Literal["ones", "thousands", "millions", "all seven", "whitened", "logits", "untrained", "made up"], ...]
    kinds: tuple[Literal["L1", "TopK"], ...]
    widths: tuple[int, ...]
    lambdas: tuple[float, ...]
    ks: tuple[float, ...]
    steps: int
    batch: int
    lr: float
    n_train: int
    n_held: int
    quantiles: tuple[float, ...]


_EACH = "base seed width kind start penalty"
_DICTIONARY = (
    "explained", "logits", "l0", "dead", "spliced", "latent_gain",
    "broken", "broken_random", "broken_other", "off_by_one", "off_by_one_random",
)  # fmt: skip
SCHEMA = {name: _EACH for name in _DICTIONARY} | {
    "told": f"{_EACH} family measure",
    "share": f"{_EACH} family",
    "random_told": "base seed width family measure",
    "random_latent_gain": "base seed width",
    "beside_told": "base seed method family measure",
    "code_explained": "base seed code",
    "code_spliced": "base seed code",
    "code_size": "base seed code",
    "exact": "base seed term",
    "directions": "base seed",
    "whole": "base seed",
    "maps": "base kind penalty latent pair",
    "map_concept": "base kind penalty latent",
    "map_gain": "base kind penalty latent",
}


@dataclass(frozen=True)
class Answer:
    """What a dictionary sees at an answer: z of sums for training, and of two halves of others, about its mean, in units of
    its root mean square length; what is known of all sums; and how the model goes on from there.

    `many` is what dictionaries are trained on: `train`, or z at all answers of the same sums."""

    many: Float[Tensor, "any m"]
    train: Float[Tensor, "example m"]
    choose: Float[Tensor, "held m"]
    score: Float[Tensor, "held m"]
    labels: tuple[dict[str, Int[Array, "example"]], dict[str, Int[Array, "held"]], dict[str, Int[Array, "held"]]]
    out: Float[Tensor, "m n_out"]
    rest: Float[Tensor, "n_out"]
    right: Int[Tensor, "held"]
    tables: Lookup

    @cached_property
    def known(self) -> tuple[Concepts, Concepts]:
        """The concepts of both halves."""
        return concepts.concepts(self.labels[1]), concepts.concepts(self.labels[2])

    def said(self, h: Float[Tensor, "*batch m"]) -> Int[Tensor, "*batch"]:
        """The digit that the model answers where h stands in place of its own."""
        return (h @ self.out + self.rest).argmax(-1)

    def spliced(self, h: Float[Tensor, "held m"]) -> float:
        """The share of the second half's sums whose digit is right then."""
        return float((self.said(h) == self.right).double().mean())

    def explained(self, h: Float[Tensor, "held m"]) -> float:
        """The share of the second half's variance that h explains."""
        about = self.score - self.score.mean(0)
        return float(1 - ((self.score - h) ** 2).sum() / (about**2).sum())


def answer(config: Config, base: str, seed: int, model: Transformer) -> Answer:
    """What the model of a seed gives for a base."""
    place, tables = ANSWERS[base], Lookup.of(model)
    count = config.n_train + 2 * config.n_held
    pairs = streams.generator(config.seed, seed, stream=streams.ASKED).integers(0, 10**data.N_DIGITS, (count, 2))
    with torch.no_grad():
        tokens = torch.from_numpy(data.tokens(*pairs.T))
        if base == "made up":
            every = _made_up(concepts.labels(pairs, place), tables, streams.generator(config.seed, seed, stream=streams.WRITTEN))
        else:
            every = torch.cat([tables.attend(some).z.flatten(2) for some in tokens.split(4096)])
        parts = every.split([config.n_train, config.n_held, config.n_held])
        many = parts[0].flatten(0, 1) if base == "all seven" else parts[0][:, place]
        mean = many.mean(0)
        scale = ((many - mean) ** 2).sum(1).mean().sqrt()
        WOU, direct = tables.WOU.flatten(0, 1), tables.direct(tokens[:1])[0, place]
        out = WOU - WOU.mean(1, keepdim=True)
        rest = direct - direct.mean() + mean @ out
    each, out = _turned(base, [(one - mean) / scale for one in (many, *(part[:, place] for part in parts))], scale * out)
    split = np.split(pairs, [config.n_train, config.n_train + config.n_held])
    right = torch.from_numpy(data.answers(*split[2].T)[:, place].astype(int))
    return Answer(*each, tuple(concepts.labels(some, place) for some in split), out, rest, right, tables)


def _turned(base, each, out):
    """z in the coordinates of a base, and the logits from there: with equal variance everywhere, or as far as logits see it."""
    if base == "whitened":
        values, axes = torch.linalg.eigh(torch.from_numpy(np.cov(each[0].double().numpy().T)))
        stretch = (len(values) * values.clamp(min=1e-9)).sqrt()
        there, back = (axes / stretch).float(), (axes * stretch).T.float()
        return [one @ there for one in each], back @ out
    if base == "logits":
        left, stretch, right = torch.linalg.svd(out, full_matrices=False)
        there = (left * stretch)[:, :-1]  # the ten logits are taken about their mean
        scale = ((each[0] @ there) ** 2).sum(1).mean().sqrt()
        return [one @ there / scale for one in each], scale * right[:-1]
    return each, out


def _made_up(labels, tables, rng):
    """Sums of random directions of length one, one for each digit of two columns and one for a carry: sparse features."""
    m = tables.WOU.flatten(0, 1).shape[0]
    named = [one for one in labels if one[0] in "ab" and one != "answer"]
    z = sum(formulas.unit(rng.standard_normal((10, m)))[labels[one]] for one in named)
    z = z + labels["carry in"][:, None] * formulas.unit(rng.standard_normal((1, m)))
    return torch.from_numpy(z.astype(np.float32))[:, None].expand(-1, data.N_ANSWERS, -1)


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Train a stack of dictionaries for each base, model, width and kind, and hold them against what is known."""
    trained = circuits.trained(config.models)
    items = [(config, base, k, model) for base in config.bases for k, (model, _) in enumerate(trained)]
    each = job.map(_one, items, "dictionaries")
    pictures = [{name: one.pop(name) for name in list(one) if name.startswith("map")} for one in each]
    arrays = runs.stacked(each, len(config.bases), len(trained)) | runs.stacked(pictures[:: len(trained)], len(config.bases))
    arrays = {name: array.astype(np.float32) if array.dtype == float else array for name, array in arrays.items()}
    best = arrays["latent_gain"].mean((1, 4)).max((1, 2, 3))
    return arrays, {f"gain, {base}": float(best[k]) for k, base in enumerate(config.bases)}


def _one(item):
    """All that is said of a model at a base."""
    config, base, seed, model = item
    model = Transformer(seed=config.seed + seed) if base == "untrained" else model
    seen = answer(config, base, seed, model)
    cells = [_stack(config, base, seed, seen, width, kind) for width in config.widths for kind in config.kinds]
    last = cells[-len(config.kinds) :]
    pictures = runs.stacked([{name: one[name] for name in one if name.startswith("map")} for one in last], len(last))
    grid = len(config.widths), len(config.kinds)
    found = runs.stacked([{name: one[name] for name in one if not name.startswith("map")} for one in cells], *grid)
    shares = exact_shares.shares(seen.tables, ANSWERS[base])
    return found | pictures | _beside(config, seed, seen) | _codes(seen) | {
        "exact": shares, "directions": np.asarray(_participation(seen.choose)), "whole": np.array(seen.spliced(seen.score)),
    }  # fmt: skip


def _stack(config, base, seed, seen, width, kind):
    """The dictionaries of one width and kind, of every start and penalty."""
    draws = streams.generator(config.seed, seed, list(ANSWERS).index(base), width, stream=streams.DICTIONARY)
    generator = torch.Generator().manual_seed(int(draws.integers(2**62)) + config.kinds.index(kind))
    penalty = torch.tensor({"L1": config.lambdas, "TopK": config.ks}[kind]).repeat(config.starts)
    stack = Autoencoders.create(kind, penalty, seen.train.shape[1], width, 0.05, generator)
    draw = lambda: seen.many[torch.randint(len(seen.many), (len(penalty), config.batch), generator=generator)]
    sparse_autoencoders.train(stack, draw, config.steps, config.lr)
    with torch.no_grad():
        halves = [stack.code(half.expand(len(penalty), -1, -1)) for half in (seen.choose, seen.score)]
        copies = stack.decode(halves[1])
        each = [_scored(config, seen, *one, draws) for one in zip(*halves, copies, stack.rows, strict=True)]
    grid = config.starts, len(penalty) // config.starts
    found = runs.stacked(each, *grid)
    return {name: array[0] if name.startswith("map") else array for name, array in found.items()}


def _scored(config, seen, choose, code, copy, rows, draws):
    """What is said of one dictionary."""
    told = concepts.told(choose, code, seen.known, config.quantiles)
    logits, made = ((h - h.mean(0)) @ seen.out for h in (seen.score, copy))
    live = (code > 0).any(0).numpy() & (choose > 0).any(0).numpy()
    drawn = torch.from_numpy(formulas.unit(draws.standard_normal(rows.shape)).astype(np.float32))
    order = torch.from_numpy(np.flatnonzero(live))
    other = rows.clone()
    other[order] = rows[order].roll(1, 0)
    own, random = (_broken(seen, code, some) for some in (rows, drawn))
    return {
        "explained": np.array(seen.explained(copy)),
        "logits": np.array(float(1 - ((logits - made) ** 2).sum() / (logits**2).sum())),
        "l0": np.array(float((code > 0).sum(1).double().mean())), "dead": np.array(1 - live.mean()),
        "spliced": np.array(seen.spliced(copy)), "broken": own[0], "off_by_one": own[1],
        "broken_random": random[0], "off_by_one_random": random[1], "broken_other": _broken(seen, code, other)[0],
    } | told.by_family(seen.known[0].family) | _maps(seen, code, live, told)  # fmt: skip


def _broken(seen, code, rows):
    """The share of right answers that turn wrong when a latent that fires is taken out of z, mean over all such firings;
    and how many of these turn to a neighbour of the right digit."""
    logits = seen.score @ seen.out + seen.rest
    right = logits.argmax(1) == seen.right
    firings = broken = by_one = 0
    for activity, push in zip(code.T, rows @ seen.out, strict=True):
        on = (activity > 0) & right
        said = (logits[on] - activity[on, None] * push).argmax(1)
        off = (said - seen.right[on]) % 10
        firings, broken = firings + int(on.sum()), broken + int((off > 0).sum())
        by_one += int(((off == 1) | (off == 9)).sum())
    return np.array(broken / max(1, firings)), np.array(by_one / max(1, broken))


def _maps(seen, code, live, told):
    """Of the latents with the most activity: its mean by the pair of digits, what each tells best, and how well."""
    most = np.argsort(-((code**2).sum(0).numpy() * live), kind="stable")[:SHOWN]
    known, index = seen.labels[2], np.cumsum(live) - 1
    pair = 10 * known["a"] + known["b"] if "a" in known else 10 * known["a below"] + known["b below"]
    count = np.maximum(1, np.bincount(pair, minlength=100))
    maps = np.stack([np.bincount(pair, code[:, k].numpy(), 100) / count for k in most])
    here = np.where(live[most], index[most], 0)
    concept, gain = (one[here] if len(one) else np.zeros(len(most)) for one in (told.concept, told.gain))
    return {"maps": maps, "map_concept": concept.astype(np.int32), "map_gain": gain.astype(float)}


def _beside(config, seed, seen):
    """What other directions tell: as many at random as a dictionary has latents, and those of BESIDE."""
    rng = streams.generator(config.seed, seed, stream=streams.DIRECTIONS)
    m = seen.train.shape[1]
    drawn = torch.from_numpy(rng.standard_normal((m, max(config.widths))).astype(np.float32))
    ones = lambda h: torch.cat([h, torch.ones(len(h), 1)], 1)
    probes = torch.linalg.lstsq(ones(seen.choose), torch.from_numpy(seen.known[0].holds).float(), driver="gelsd").solution
    mixed = rng.permutation(len(seen.choose))
    strangers = tuple(Concepts(one.names, one.family, one.holds[mixed]) for one in seen.known)

    def tell(directions, known=seen.known, see=lambda h: h):
        told = concepts.told(see(seen.choose) @ directions, see(seen.score) @ directions, known, config.quantiles)
        return told.by_family(known[0].family)

    random = [tell(drawn[:, :width]) for width in config.widths]
    axes = torch.linalg.svd(seen.choose, full_matrices=False).Vh.T
    signed = [torch.cat([one, -one], 1) for one in (torch.eye(m), axes, _independent(seen.choose, seed))]
    methods = [*map(tell, signed), tell(probes, see=ones), tell(drawn, strangers)]
    return {
        "random_told": np.stack([one["told"] for one in random]),
        "random_latent_gain": np.stack([one["latent_gain"] for one in random]),
        "beside_told": np.stack([one["told"] for one in methods]),
    }


def _independent(h, seed):
    """The directions along which ICA reads its components, as columns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # where there is nothing to find, it says so and stops
        found = FastICA(h.shape[1], whiten="unit-variance", random_state=seed, max_iter=100, tol=1e-3).fit(h.double().numpy())
    return torch.from_numpy(found.components_.T.astype(np.float32))


def _codes(seen):
    """Of each of CODES: how much of z it explains, the digits right with it in place of z, and how many directions it has.
    NaN where an answer has nothing that it speaks of."""
    found = {name: np.full(len(CODES), np.nan) for name in ("code_explained", "code_spliced", "code_size")}
    for k, code in enumerate(CODES.values()):
        parts = [[label for label in joint if label in seen.labels[0]] for joint in code]
        tables = [_table(seen, joint) for joint in parts if joint]
        if tables:
            made = sum(table for table, _ in tables)
            found["code_explained"][k], found["code_spliced"][k] = seen.explained(made), seen.spliced(made)
            found["code_size"][k] = sum(size for _, size in tables)
    return found


def _table(seen, joint):
    """The mean of z over training sums that agree in these labels, for each sum of the second half; and of how many values."""
    number = lambda known: sum(known[label] * 100**k for k, label in enumerate(joint))
    values, place = np.unique(number(seen.labels[0]), return_inverse=True)
    count = torch.from_numpy(np.bincount(place)).float()[:, None]
    mean = torch.zeros(len(values), seen.train.shape[1]).index_add_(0, torch.from_numpy(place), seen.train) / count
    return mean[np.searchsorted(values, number(seen.labels[2])).clip(max=len(values) - 1)], len(values)


def _participation(h):
    """In how many directions vectors vary, in effect: (Σ λ)² / Σ λ² of the eigenvalues of their covariance."""
    values = np.linalg.eigvalsh(np.cov(h.numpy().T))
    return values.sum() ** 2 / (values**2).sum()


# --- what came of it ----------------------------------------------------------------------------------------------------


def best(results: runs.Results, base: str, measure: int = concepts.GAIN) -> Float[Array, "seed family"]:
    """How well dictionaries tell the concepts of each family: mean over starts, at the width, kind and penalty whose gain is
    best for the family in the mean over seeds. Chosen with the truth in hand, so an upper bound."""
    told = results["told"][list(results.config.bases).index(base)].astype(float).mean(3)  # seed width kind penalty family measure
    told = np.moveaxis(told.reshape(len(told), -1, *told.shape[-2:]), 1, 2)  # seed family cell measure
    cell = told[..., concepts.GAIN].mean(0).argmax(-1)
    return np.take_along_axis(told, cell[None, :, None, None], 2)[:, :, 0, measure]


def best_of(each: Sequence[runs.Results], base: str, measure: int = concepts.GAIN) -> Float[Array, "seed family"]:
    """The same of several trainings: for each family of the one whose gain is best in the mean over seeds."""
    gain = np.stack([best(results, base).mean(0) for results in each])
    found = np.stack([best(results, base, measure) for results in each])
    return np.take_along_axis(found, gain.argmax(0)[None, None], 0)[0]


def beside(results: runs.Results, base: str, method: str, measure: int = concepts.GAIN) -> Float[Array, "seed family"]:
    """The same of one of BESIDE, or of as many "random" directions as the widest dictionary has latents."""
    at = list(results.config.bases).index(base)
    if method == "random":
        return results["random_told"][at, :, -1, :, measure].astype(float)
    return results["beside_told"][at, :, BESIDE.index(method), :, measure].astype(float)


def widest(results: runs.Results, base: str, name: str) -> Float[Array, "seed kind penalty"]:
    """What the widest dictionaries have, mean over starts."""
    return results[name][list(results.config.bases).index(base), :, -1].astype(float).mean(2)


def with_as_many(results: runs.Results, base: str, name: str, code: str) -> tuple[Array, Array]:
    """What a known code has by seed, and the widest TopK with as many active latents: `name` is explained or spliced."""
    at, k = list(results.config.bases).index(base), results.config.ks.index(len(CODES[code]))
    known = results[f"code_{name}"][at, :, list(CODES).index(code)].astype(float)
    return known, widest(results, base, name)[:, results.config.kinds.index("TopK"), k]


def closest(results: runs.Results, base: str) -> tuple[Float[Array, "seed"], Float[Array, "seed"]]:
    """Of the dictionary of each model that explains most of z, of all widths, kinds and penalties: how much it explains, and
    the share of the model's right digits that are still right with its copy in place of z."""
    at, whole = list(results.config.bases).index(base), results["whole"].shape[1]
    explained, spliced = (results[name][at].astype(float).mean(3).reshape(whole, -1) for name in ("explained", "spliced"))
    chosen = explained.argmax(1)[:, None]
    return explained.max(1), np.take_along_axis(spliced, chosen, 1)[:, 0] / results["whole"][at]


def names(base: str) -> tuple[str, ...]:
    """What is known of a sum at a base's answer, in the order of the concepts."""
    return concepts.concepts(concepts.labels(np.zeros((1, 2), int), ANSWERS[base])).names


def shares(results: runs.Results, base: str) -> Float[Array, "kind penalty family"]:
    """The share of the live latents of the widest dictionaries that tells a thing of each family best; over models and starts."""
    return results["share"][list(results.config.bases).index(base), :, -1].astype(float).mean((0, 2))
