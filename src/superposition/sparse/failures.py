"""How sparse autoencoders fail where features keep company: absorption, splitting, composed features, hedging.
Of each kind, tied and untied, over penalties; beside what theory expects, independent features, and untrained autoencoders."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from jaxtyping import Float, Int

from superposition import formulas, runs, sparse_autoencoders
from superposition.matching import match, matched_cosines
from superposition.sparse.engine import worlds
from superposition.sparse.engine.worlds import Drawn, World
from superposition.sparse.theory import absorption
from superposition.sparse_autoencoders import Autoencoders

Array = np.ndarray

PENALTIES = {"L1": "lambdas", "gated": "gates", "JumpReLU": "lambdas0", "TopK": "ks", "BatchTopK": "shares"}
TIED = (False, True)
DIMENSIONS = (4, 2)  # of the space in which composed features lie: at right angles, or as two antipodal pairs
PICTURES = ("independent", "nested", "nested, tied")  # of which matrices are stored
_CROSS = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])


class Config(runs.Config):
    kinds: tuple[str, ...]
    seeds: int
    starts: int
    m: int
    parent: float
    child: float
    companies: tuple[float, ...]
    spreads: tuple[float, ...]
    family: float
    children: int
    widths: tuple[int, ...]
    pairs: float
    alone: tuple[float, ...]
    correlations: tuple[float, ...]
    spread: float
    lambdas: tuple[float, ...]
    gates: tuple[float, ...]
    lambdas0: tuple[float, ...]
    ks: tuple[int, ...]
    shares: tuple[float, ...]
    bandwidth: float
    steps: int
    batch: int
    lr: float
    held_out: int


_ABSORBED = "kind tied company spread seed penalty"
_SPLIT = "kind tied width seed penalty"
_COMPOSED = "kind tied dimensions alone end seed penalty"  # the least and the greatest spread of sizes
SCHEMA = {
    "silent": _ABSORBED,
    "carried": _ABSORBED,
    "recovered": _ABSORBED,
    "absorbed_paid": _ABSORBED,
    "silent_untrained": "company spread seed",
    "carried_untrained": "company spread seed",
    "truth_pays": "company spread penalty",
    "carried_expected": "company spread penalty",
    "encoder": "picture latent n",
    "decoder": "picture latent n",
    "family_split": _SPLIT,
    "lone_split": _SPLIT,
    "split_recovered": _SPLIT,
    "family_split_untrained": "width seed",
    "lone_split_untrained": "width seed",
    "features_found": _COMPOSED,
    "pairs_found": _COMPOSED,
    "features_found_untrained": "dimensions alone end seed",
    "pairs_found_untrained": "dimensions alone end seed",
    "hedged": "kind tied correlation seed penalty",
    "hedged_expected": "correlation penalty",
}


@dataclass(frozen=True)
class Setting:
    """A grid of worlds, each with the spread of its sizes, a W for each of them and each seed, and what is measured there."""

    grid: tuple[int, ...]
    worlds: list[tuple[World, float]]
    W: Float[Array, "model n m"]
    latents: int
    measure: Callable[["Trained"], dict[str, Array]]


@dataclass(frozen=True)
class Trained:
    """The autoencoders with the least loss of all starts: the features they saw, their codes, their directions and encoders."""

    x: Float[Array, "model example n"]
    z: Float[Array, "model penalty example latent"]
    W: Float[Array, "model n m"]
    rows: Float[Array, "model penalty latent m"]
    encoder: Float[Array, "model penalty latent m"]

    def cosine(self, directions: Float[Array, "model penalty latent m"]) -> Float[Array, "model penalty n latent"]:
        """Of every feature with every latent."""
        return np.einsum("anm,aplm->apnl", formulas.unit(self.W), formulas.unit(directions))


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Train a stack for every setting, kind, and tied or not; beside them untrained ones, and what theory expects."""
    arrays = _expected(config)
    for place, (name, options) in enumerate(_options(config).items()):
        cells = [(name, option, kind, tied) for kind in config.kinds for tied in TIED for option in options]
        items = [(config, *cell, 200 * place + k, config.steps) for k, cell in enumerate(cells)]
        null = [(config, *cell, 200 * place + 100 + k, 0) for k, cell in enumerate(cells[: len(options)])]
        each, untrained = job.map(_one, items, name), job.map(_one, null, f"{name}_untrained")
        if name == "absorbed":
            arrays |= _pictures(config, *each[: len(TIED)])
        arrays |= _gathered(each, "", len(config.kinds), len(TIED), len(options))
        arrays |= {key: value[..., 0] for key, value in _gathered(untrained, "_untrained", len(options)).items()}
    arrays = {key: value.astype(np.float32) for key, value in arrays.items()}
    nested = arrays["silent"][:, :, -1, 0].mean(-2).max(-1)
    names = [(f"silent, {kind}{', tied' if tied else ''}", k, tied) for k, kind in enumerate(config.kinds) for tied in TIED]
    return arrays, {name: float(nested[k, int(tied)]) for name, k, tied in names}


def _options(config):
    """The settings, each with the widths or dimensions that it is tried at, or 0 where there is one alone."""
    return {"absorbed": (0,), "split": config.widths, "composed": DIMENSIONS, "hedged": (0,)}


def _gathered(each, suffix, *grid):
    """What the SCHEMA names of several stacks, with axes before their own; the last of these only where there are options."""
    kept = [{f"{key}{suffix}": value for key, value in made.items() if f"{key}{suffix}" in SCHEMA} for made in each]
    return runs.stacked(kept, *grid) if grid[-1] > 1 else runs.stacked(kept, *grid[:-1])


def _setting(config: Config, name: str, option: int) -> Setting:
    """The setting of that name; `option` is the dictionary's width, or the dimensions of composed features."""
    rng = np.random.default_rng((config.seed, 1))
    turned = lambda count, n: np.stack([np.linalg.qr(rng.standard_normal((config.m, n)))[0].T for _ in range(count)])
    p, q = config.parent, config.child
    if name == "absorbed":
        others = worlds.lone(q), worlds.lone(q)
        grid = [(worlds.company(p, q, c).beside(*others), s) for c in config.companies for s in config.spreads]
        shape = len(config.companies), len(config.spreads)
        return Setting(shape, grid, turned(len(grid) * config.seeds, 4), 4, _absorbed)
    if name == "split":
        family, lone = worlds.family(config.family, config.children), worlds.lone(config.family)
        grid = [(family.beside(family, lone, lone), config.spread)]
        return Setting((), grid, turned(config.seeds, len(family.patterns[0]) * 2 + 2), option, _split)
    if name == "composed":
        grid = [(worlds.composed(config.pairs, a), config.spreads[end]) for a in config.alone for end in (0, -1)]
        count, shape = len(grid) * config.seeds, (len(config.alone), 2)
        return Setting(shape, grid, turned(count, 4) if option == 4 else np.stack([_CROSS] * count), 4, _composed)
    grid = [(worlds.company(p, q, c), config.spread) for c in config.correlations]
    return Setting((len(grid),), grid, turned(len(grid) * config.seeds, 2), 1, _hedged)


def _one(item):
    """The stack of one setting and kind: what is measured of its autoencoders, by (the setting's grid, seed, penalty)."""
    config, name, option, kind, tied, number, steps = item
    setting = _setting(config, name, option)
    generator = torch.Generator().manual_seed(1000 * config.seed + number)
    each = [world for world in setting.worlds for _ in range(config.seeds)]
    drawn = Drawn.create([world for world, _ in each], [spread for _, spread in each], setting.W, generator)
    penalty = np.array(getattr(config, PENALTIES[kind]), np.float32)
    penalties = np.tile(penalty, (len(each), config.starts, 1))
    if kind == "BatchTopK":  # shares of how many features are active in an example
        penalties *= np.array([world.density.sum() for world, _ in each], np.float32)[:, None, None]
    stack = Autoencoders.create(
        kind, torch.from_numpy(penalties.ravel()), setting.W.shape[-1], setting.latents, config.bandwidth, generator, tied
    )
    sparse_autoencoders.train(stack, lambda: drawn.vectors(drawn.features(config.batch)), steps, config.lr)
    with torch.no_grad():
        x = drawn.features(config.held_out)
        h = drawn.vectors(x).repeat_interleave(config.starts * len(penalty), 0)
        paid = stack.loss(h).numpy().reshape(penalties.shape)
        start = paid.argmin(1)
        chosen = (np.arange(len(each))[:, None] * config.starts + start) * len(penalty) + np.arange(len(penalty))
        z, rows, encoder = (own.numpy()[chosen] for own in (stack.code(h), stack.rows, stack.encoder.mT))
    told = setting.measure(Trained(x.numpy(), z, setting.W.astype(np.float32), rows, encoder)) | {f"{name}_paid": paid.min(1)}
    return {key: value.reshape(*setting.grid, config.seeds, *value.shape[1:]) for key, value in told.items()}


def _matched(cosine: Float[Array, "model penalty n latent"]) -> Int[Array, "model penalty n"]:
    """The latent that each feature is matched with; there are as many as features."""
    return np.stack([[match(one)[1] for one in each] for each in cosine])


def _absorbed(of):
    """What becomes of a parent, the first feature, where its child, the second, is there too."""
    cosine = of.cosine(of.rows)
    place = _matched(cosine)
    own = lambda values, feature: np.take_along_axis(values, place[:, :, None, feature, None], -1)[..., 0]
    fires = of.z > 0
    parent, child = own(fires, 0), own(fires, 1)
    is_parent, is_child = (of.x[:, None, :, k] > 0 for k in (0, 1))
    share = lambda what, among: (what & among).sum(-1) / np.maximum(among.sum(-1), 1)
    sorted_ = lambda values: np.take_along_axis(values, place[:, :, None], -1).swapaxes(-1, -2)
    return {
        "silent": share(~parent & child, is_parent & is_child) - share(~parent, is_parent & ~is_child),
        "carried": np.take_along_axis(cosine[:, :, 0], place[:, :, 1:2], -1)[..., 0],
        "recovered": np.take_along_axis(cosine, place[..., None], -1)[..., 0].clip(0).mean(-1),
        "encoders": sorted_(of.cosine(of.encoder)), "decoders": sorted_(cosine),
    }  # fmt: skip


def divided(carried: Float[Array, "*batch latent"]) -> Float[Array, "*batch"]:
    """Among how many latents a feature is divided: exp(H) of the shares that each gives of it, where it gives any."""
    return formulas.exp_entropy(np.maximum(carried, 0))


def _split(of):
    """Among how many latents parents are divided, and features that have no children."""
    cosine, count = of.cosine(of.rows), of.x.shape[-1]
    family = (count - 2) // 2
    active = (of.x > 0).astype(np.float32)
    mean = np.einsum("apbl,abn->apnl", of.z, active) / np.maximum(active.sum(1), 1)[:, None, :, None]
    parts = divided(mean * cosine)
    live = of.rows * (of.z > 0).any(2)[..., None]
    return {
        "family_split": parts[..., [0, family]].mean(-1), "lone_split": parts[..., [-2, -1]].mean(-1),
        "split_recovered": _found(of.W, live),
    }  # fmt: skip


def _found(W, live):
    """The matched cosines of some directions with the latents that fire, mean over the directions."""
    return np.array([[matched_cosines(own, rows).mean() for rows in each] for own, each in zip(W, live, strict=True)])


def _composed(of):
    """How far the latents are those of features, and how far those of pairs."""
    live = of.rows * (of.z > 0).any(2)[..., None]
    return {"features_found": _found(of.W, live), "pairs_found": _found(worlds.PAIRS.astype(np.float32) @ of.W, live)}


def _hedged(of):
    """How much of the rarer feature is in the only latent, seen along the other feature."""
    own, other = np.moveaxis(of.cosine(of.rows)[..., 0], -1, 0)
    return {"hedged": other * np.sign(own)}


def _pictures(config, untied, tied):
    """The cosines of encoder and decoder with the features, of the first kind and seed, at the second penalty, sizes of one."""
    penalty, last = min(1, len(config.lambdas) - 1), len(config.companies) - 1
    chosen = [(untied, 0), (untied, last), (tied, last)]
    return {key: np.stack([made[f"{key}s"][at, 0, 0, penalty] for made, at in chosen]) for key in ("encoder", "decoder")}


def _expected(config):
    """What theory expects of an L1: of the child's direction, of what the true directions pay, and of a lone latent."""
    p, q = config.parent, config.child
    shape = len(config.companies), len(config.spreads), len(config.lambdas)
    carried, truth = np.zeros(shape), np.zeros(shape)
    for (i, c), (j, s), (k, penalty) in product(*map(enumerate, (config.companies, config.spreads, config.lambdas))):
        both = worlds.together(p, q, c)
        h, probability = absorption.points(both, p - both, q - both, s)
        delta = absorption.best_delta(penalty, h, probability)
        carried[i, j, k] = delta / np.hypot(delta, 1)
        alone, weight = absorption.points(0, 2 * q, 0, s)
        truth[i, j, k] = absorption.expected_loss(np.eye(2), penalty, h, probability)
        truth[i, j, k] += absorption.expected_loss(np.eye(2), penalty, alone, weight)
    hedged = np.zeros((len(config.correlations), len(config.lambdas)))
    for (i, c), (k, penalty) in product(enumerate(config.correlations), enumerate(config.lambdas)):
        both = worlds.together(p, q, c)
        h, probability = absorption.points(both, p - both, q - both, config.spread)
        hedged[i, k] = absorption.best_lone(penalty, h, probability)[1]
    return {"carried_expected": carried, "truth_pays": truth, "hedged_expected": hedged}


def fair(results: runs.Results) -> Int[Array, "kind tied"]:
    """The penalty at which each kind recovers independent features best, mean over their spreads and seeds.

    It is chosen where nothing keeps company, so that no failure is one of the choice."""
    return results["recovered"][:, :, 0].mean((2, 3)).argmax(-1)


def at_fair(results: runs.Results, name: str) -> Float[Array, "kind tied *rest"]:
    """An array that has penalties as its last axis, at the fair penalty of each kind."""
    values = results[name]
    chosen = fair(results).reshape(*values.shape[:2], *[1] * (values.ndim - 2))
    return np.take_along_axis(values, chosen, -1)[..., 0]


def at_best(results: runs.Results, name: str, by: str) -> Float[Array, "kind tied *rest seed"]:
    """An array at the penalty whose `by` is highest in the mean over seeds, in each place: the best case."""
    chosen = results[by].mean(-2).argmax(-1)
    return np.take_along_axis(results[name], chosen[..., None, None], -1)[..., 0]


def first_component(config: Config) -> Float[Array, "correlation"]:
    """How much of the child is in the first principal component of parent and child: the hedge of a latent that never rests."""
    p, q = config.parent, config.child
    square = 1 + config.spread**2 / 3
    hedge = np.zeros(len(config.correlations))
    for k, c in enumerate(config.correlations):
        shared = worlds.together(p, q, c) - p * q
        covariance = np.array([[p * square - p**2, shared], [shared, q * square - q**2]])
        own, other = np.linalg.eigh(covariance)[1][:, -1]
        hedge[k] = other * np.sign(own)
    return hedge
