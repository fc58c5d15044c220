"""Do sparse autoencoders take out of superposition what was put in? Tried on toy models whose features are known.
Over sparsity, dictionary width, penalty and kind; beside random directions, PCA, ICA, k-means, and the true directions."""

import numpy as np
import torch
from jaxtyping import Bool, Float

from superposition import formulas, metrics, runs, sparse_autoencoders
from superposition.matching import Detectors, match, matched_cosines
from superposition.sparse.engine import oracle
from superposition.sparse.engine.hidden import Hidden
from superposition.sparse_autoencoders import Autoencoders

Array = np.ndarray

# Where models are trained, the experiment whose results hold them.
BASES = {"5 in 2": "toy/intro", "20 in 5": "toy/demonstrating", "20 in 5, untrained": None, "100 in 20": "toy/wide"}
PENALTIES = {"L1": "lambdas", "gated": "lambdas", "JumpReLU": "lambdas0", "TopK": "ks", "BatchTopK": "shares"}
NULLS = ("random directions", "PCA", "ICA", "k-means")
_SMALL = 0.1  # a feature that is shorter is not in the model


class Config(runs.Config):
    bases: tuple[str, ...]
    sparsities_5: tuple[float, ...]
    sparsities_20: tuple[float, ...]
    sparsities_100: tuple[float, ...]
    seeds: int
    widths: tuple[int, ...]
    kinds: tuple[str, ...]
    lambdas: tuple[float, ...]
    lambdas0: tuple[float, ...]
    ks: tuple[int, ...]
    shares: tuple[float, ...]
    bandwidth: float
    steps: int
    batch: int
    lr: float
    batches: int
    held_out: int
    angle: float
    null_draws: int
    null_examples: int


_EACH = "base width kind sparsity seed penalty"
SCHEMA = {
    "sparsity": "base sparsity",
    "represented": "base sparsity seed",
    "always": "base sparsity",
    "null": "base null width sparsity seed",
    "null_found": "base width sparsity seed",
    "null_pointing": "base width sparsity seed",
    "W": "sparsity n m",
    "arrows": "sparsity penalty latent m",
    "alive": "sparsity penalty latent",
} | {
    name: _EACH
    for name in (
        "mcc", "mcc_all", "found", "f1", "precision", "recall", "pointing", "absent_f1", "dead", "l0", "explained",
        "objective", "shortfall",
    )
} | {f"oracle_{name}": "base sparsity seed penalty" for name in ("f1", "l0", "explained", "objective")}  # fmt: skip


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Train a stack of autoencoders for every base, width and kind; every sparsity, seed and penalty is in each."""
    given, bases = [_base(config, name) for name in config.bases], range(len(config.bases))
    cells = [(base, width, kind) for base in bases for width in config.widths for kind in config.kinds]
    items = [(config, *given[base], *cell, number) for number, cell in enumerate(cells) for base in cell[:1]]
    each = job.map(_one, items, "autoencoders")
    picture = each[cells.index((0, config.widths[min(1, len(config.widths) - 1)], config.kinds[0]))]
    rows, alive = (picture.pop(name)[:, 0] for name in ("rows", "alive"))
    arrays = runs.stacked(
        [{name: one[name] for name in SCHEMA if SCHEMA[name] == _EACH} for one in each],
        len(bases), len(config.widths), len(config.kinds),
    )  # fmt: skip
    beside = job.map(_beside, [(config, *given[base], base) for base in bases], "beside")
    arrays |= runs.stacked(beside, len(bases)) | {
        "sparsity": np.stack([1 - density for _, density in given]),
        "represented": np.stack([formulas.represented(W) for W, _ in given]),
        "W": given[0][0][:, 0], "arrows": rows, "alive": alive,
    }  # fmt: skip
    arrays = {name: array.astype(np.float32) if array.dtype.kind == "f" else array for name, array in arrays.items()}
    best = arrays["mcc"].max(-1).mean((-1, -2))
    return arrays, {
        f"MCC, {base}, {kind}": float(best[i, 0, k]) for i, base in enumerate(config.bases) for k, kind in enumerate(config.kinds)
    }


def _base(config, name):
    """W (sparsity, seed, n, m) and the density of each sparsity: of the stored models of other chapters, or at random."""
    if name not in BASES:
        raise runs.RunError(f"bases: expected some of {', '.join(BASES)}, got {name!r}")
    stored = runs.load(BASES[name] or BASES["20 in 5"])
    if name == "5 in 2":
        W, density, asked = stored["W"].swapaxes(0, 1), stored["density"], config.sparsities_5
    elif name == "100 in 20":
        W, density, asked = stored["W"].swapaxes(0, 1), stored["density"], config.sparsities_100
    else:
        W, density, asked = stored["W_small"][1], 1 - stored["sparsity"], config.sparsities_20
    place = [metrics.nearest(1 - density, sparsity) for sparsity in asked]
    W = W[place, : config.seeds]
    if BASES[name] is None:
        W = formulas.unit(np.random.default_rng((config.seed, 1)).standard_normal(W.shape)).astype(np.float32)
    return W, density[place]


def _one(item):
    """The stack of one base, width and kind: what is measured of each of its autoencoders."""
    config, W, density, base, width, kind, number = item
    sparsities, seeds, n, m = W.shape
    penalty = np.array(getattr(config, PENALTIES[kind]), np.float32)
    if kind == "BatchTopK":  # shares of how many features are active in an example
        penalty = penalty * (n * density[:, None, None]).astype(np.float32)
    grid = (sparsities, seeds, penalty.shape[-1])
    generator = torch.Generator().manual_seed(1000 * config.seed + number)
    hidden = _hidden(W, density, grid[-1], generator)
    stack = Autoencoders.create(
        kind, torch.from_numpy(np.broadcast_to(penalty, grid).ravel().copy()), m, width * n, config.bandwidth, generator
    )
    draw = lambda: hidden.features(config.batch) @ hidden.W  # each model's is shared by all its penalties
    sparse_autoencoders.train(stack, draw, config.steps, config.lr)
    with torch.no_grad():
        told, detectors = _measured(hidden, stack.code, stack.decode, stack.penalty, config)
        lone = torch.from_numpy(W.reshape(-1, n, m)).repeat_interleave(grid[-1], 0)
        back = stack.decode(stack.code(lone)).numpy().reshape(*grid, n, m)
    rows, dead = stack.rows.numpy().reshape(*grid, -1, m), detectors.dead
    there = {key: np.zeros(grid, np.float32) for key in ("mcc", "mcc_all", "found", "f1", "precision", "recall", "pointing",
                                                         "absent_f1", "shortfall")}  # fmt: skip
    f1, precision, recall, always = detectors.f1(), detectors.precision(), detectors.recall(), detectors.always_f1()
    for at in np.ndindex(grid):
        scores = _scored(W[at[:2]], rows[at], dead[at], back[at], f1[at], precision[at], recall[at], always[at], config.angle)
        for key, value in scores.items():
            there[key][at] = value
    return told | there | {"dead": dead.mean(-1), "rows": rows, "alive": ~dead}


def _hidden(W, density, copies, generator):
    """The hidden vectors of the models of all sparsities and seeds."""
    each = np.repeat(density, W.shape[1]).astype(np.float32)
    return Hidden(torch.from_numpy(W.reshape(-1, *W.shape[2:]).copy()), torch.from_numpy(each), copies, generator)


def _measured(hidden, code, decode, penalty, config):
    """Of codes on held-out examples: L0, explained variance, ‖h - ĥ‖² + λ Σ z, by (sparsity, seed, penalty); and detectors."""
    total = dict.fromkeys(("error", "energy", "mean", "sum", "l0", "both", "fires", "active"), 0)
    for x, h in hidden.examples(config.batches, config.held_out):
        z = code(h)
        on, active = (z > 0).float(), (x > 0).float().repeat_interleave(hidden.copies, 0)
        now = {
            "error": ((h - decode(z)) ** 2).sum((1, 2)), "energy": (h**2).sum((1, 2)), "mean": h.sum(1), "sum": z.sum((1, 2)),
            "l0": on.sum((1, 2)), "both": on.mT @ active, "fires": on.sum(1), "active": active.sum(1),
        }  # fmt: skip
        total = {key: total[key] + value.double() for key, value in now.items()}
    examples = config.batches * config.held_out
    variance = total["energy"] - (total["mean"] ** 2).sum(1) / examples
    shaped = lambda tensor: tensor.numpy().reshape(-1, config.seeds, hidden.copies, *tensor.shape[1:])
    told = {
        "l0": total["l0"] / examples, "explained": 1 - total["error"] / variance,
        "objective": (total["error"] + penalty * total["sum"]) / examples,
    }  # fmt: skip
    detectors = Detectors(*(shaped(total[key]) for key in ("both", "fires", "active")), examples)
    return {key: shaped(value) for key, value in told.items()}, detectors


def _scored(W, rows, dead, back, f1, precision, recall, always, angle):
    """What is said of one autoencoder beside the features W that its model was given, and what it has of them."""
    there, live = formulas.is_represented(W), rows * ~dead[:, None]
    directions = formulas.unit(W[there])
    cosine = directions @ live.T
    features, latents = match(cosine)
    pair, near = (latents, np.flatnonzero(there)[features]), cosine[features, latents] >= np.cos(np.radians(angle))
    short = formulas.norms(W[there]) - (back[there] * directions).sum(-1)
    absent = formulas.norms(W) < _SMALL
    gain = (f1.max(0) - always)[absent]
    return {
        "mcc": matched_cosines(W[there], live).mean(), "mcc_all": matched_cosines(W, live).mean(), "found": near.mean(),
        "f1": f1[pair].mean(), "precision": precision[pair].mean(), "recall": recall[pair].mean(),
        "pointing": (cosine.max(0)[~dead] >= np.cos(np.radians(angle))).mean() if not dead.all() else np.nan,
        "absent_f1": gain.mean() if absent.any() else np.nan,
        "shortfall": short[features[near]].mean() if near.any() else np.nan,
    }  # fmt: skip


def _beside(item):
    """The nulls of one base, and its oracle: the directions that it has, with the best code at each λ of an L1."""
    config, W, density, base = item
    sparsities, seeds, n, m = W.shape
    generator = torch.Generator().manual_seed(1000 * config.seed + 500 + base)
    there = formulas.is_represented(W)
    hidden = _hidden(W, density, len(config.lambdas), generator)
    rows = torch.from_numpy(formulas.unit(W * there[..., None]).reshape(-1, n, m)).repeat_interleave(hidden.copies, 0)
    penalty = torch.tensor(config.lambdas).repeat(sparsities * seeds)
    told, detectors = _measured(hidden, lambda h: oracle.best_code(h, rows, penalty), lambda z: z @ rows, penalty, config)
    own = np.einsum("...ii->...i", detectors.f1())
    mask = there[:, :, None]
    told["f1"] = (own * mask).sum(-1) / mask.sum(-1)
    places = (len(config.widths), sparsities, seeds)
    nulls, all_found, pointing = np.zeros((len(NULLS), *places)), np.zeros(places), np.zeros(places)
    plain = _hidden(W, density, 1, generator)
    vectors = plain.vectors(plain.features(config.null_examples)).numpy().reshape(sparsities, seeds, -1, m)
    rng, near = np.random.default_rng((config.seed, 2, base)), np.cos(np.radians(config.angle))
    for at in np.ndindex(sparsities, seeds):
        own = W[at][there[at]]
        for k, width in enumerate(config.widths):
            drawn = rng.standard_normal((config.null_draws, width * n, m))
            matched = np.array([matched_cosines(own, one) for one in drawn])
            nulls[(0, k, *at)], all_found[(k, *at)] = matched.mean(), (matched >= near).all(1).mean()
            cosine = formulas.unit(drawn) @ formulas.unit(own).T
            pointing[(k, *at)] = (cosine.max(-1) >= near).mean()
            centres = oracle.cluster_directions(vectors[at], width * n, config.seed)
            nulls[(3, k, *at)] = matched_cosines(own, centres).mean()
        nulls[(1, slice(None), *at)] = matched_cosines(own, oracle.principal_directions(vectors[at])).mean()
        nulls[(2, slice(None), *at)] = matched_cosines(own, oracle.independent_directions(vectors[at], config.seed)).mean()
    always = 2 * density / (1 + density)
    null = {"null": nulls, "null_found": all_found, "null_pointing": pointing}
    return {f"oracle_{key}": value for key, value in told.items()} | null | {"always": always}


def joined(*results: runs.Results) -> runs.Results:
    """Results of several runs as those of one with all their bases: of the first width, and what every base has."""
    arrays = {}
    for name, axes in SCHEMA.items():
        if axes.startswith("base"):
            width = axes.split().index("width") if "width" in axes else None
            parts = [one[name] if width is None else one[name].take([0], width) for one in results]
            arrays[name] = np.concatenate(parts)
    return runs.Results(results[0].name, results[0].config, arrays)


def best(results: runs.Results, name: str = "mcc", by: str = "mcc") -> Float[Array, "base width kind sparsity seed"]:
    """What the autoencoders of the penalty have whose `by`, mean over seeds, is highest: one penalty for all seeds of a cell."""
    chosen = results[by].mean(-2).argmax(-1)
    return np.take_along_axis(results[name], chosen[..., None, None], -1)[..., 0]


def at_equal_activity(results: runs.Results, name: str = "mcc", width: int = 0) -> Float[Array, "base kind sparsity seed"]:
    """What the autoencoders of each kind have where as many latents are active as features that the model represents.

    Between two penalties along the logarithm of L0; beyond those tried, of the nearest."""
    values, l0 = results[name][:, width], np.log(np.maximum(results["l0"][:, width], 1e-3))
    truth = np.log(results["represented"] * (1 - results["sparsity"])[..., None])
    found = np.zeros(values.shape[:-1])
    for at in np.ndindex(found.shape):
        order = np.argsort(l0[at])
        found[at] = np.interp(truth[at[0], at[2], at[3]], l0[at][order], values[at][order])
    return found


def guided(results: runs.Results) -> Float[Array, "what seed"]:
    """What one gains in MCC by taking the kind that explains most at equal activity, and by taking the best, for each seed.

    Both beyond the mean of the kinds, and summed over bases and sparsities."""
    mcc, explained = at_equal_activity(results), at_equal_activity(results, "explained")
    chosen = np.take_along_axis(mcc, explained.argmax(1)[:, None], 1)[:, 0]
    return np.stack([(one - mcc.mean(1)).sum((0, 1)) for one in (chosen, mcc.max(1))])


def five_arrows(results: runs.Results, kind: int, width: int = 0) -> Bool[Array, "sparsity seed"]:
    """Whether the best penalty finds every arrow of a model of five features, to within the config's angle."""
    return best(results, "found")[0, width, kind] == 1


def lacking(results: runs.Results) -> tuple[Float[Array, "base sparsity seed"], Float[Array, "base sparsity seed"]]:
    """How far the dictionary that reconstructs best is from the best MCC of all kinds and penalties, and one picked at random.

    Of those with as many latents as features; BatchTopK and the others each at every penalty."""
    ours = lambda name: np.moveaxis(results[name][:, 0], (1, 4), (3, 4)).reshape(*results["represented"].shape, -1)
    mcc, explained = ours("mcc"), ours("explained")
    chosen = np.take_along_axis(mcc, explained.argmax(-1)[..., None], -1)[..., 0]
    return mcc.max(-1) - chosen, mcc.max(-1) - mcc.mean(-1)
