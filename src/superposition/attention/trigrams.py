"""Can attention heads keep more rules than there are heads, and is that superposition? Skip trigrams A … B_i → C_i, whose
truth is known: models with exact weights, trained ones, and what measures of shared heads say of both."""

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Bool, Float

from superposition import runs, sharing
from superposition.attention.engine import attention_stack
from superposition.attention.engine.attention_stack import Heads
from superposition.attention.engine.skip_trigrams import Contexts, bayes_loss, n_tokens
from superposition.attention.measures import turning
from superposition.attention.theory import order_blind, two_heads

Array = np.ndarray

EXACT: dict[str, Callable[[int, float], Heads]] = {
    "dedicated heads": two_heads.dedicated,
    "write and cancel": two_heads.two_heads,
    "one head and bigrams": two_heads.one_head_and_bigrams,
    "by strength": two_heads.by_strength,
}
PATHS = (1.0, 0.0)  # what the last token adds to its own logit: as in the originals, and nothing
STARTS = ("dedicated heads", "write and cancel", "by strength")
SOLVED = 0.01  # of what there is to learn; a model that misses less has learnt all rules
TOLD = 0.5  # the share of contexts from which a head tells a rule apart


class Config(runs.Config):
    """`batch`, `pool` and `tests` are contexts for each last token: in a step, to train on, and to measure on."""

    rules: tuple[int, ...]
    heads: tuple[int, ...]
    d_heads: tuple[int, ...]
    rates: tuple[float, ...]
    seeds: int
    length: int
    steps: int
    batch: int
    pool: int
    tests: int
    scales: tuple[float, ...]
    start_scale: float
    start_noise: float
    paired: int
    draws: int
    original_rules: tuple[int, ...]
    original_rates: tuple[float, ...]
    original_steps: int


_OF_MODELS = {
    "effect": "effect measure", "by_lot": "quantile spread", "told_rules": "", "told_heads": "", "told_lot": "", "loud": "",
    "dimensions": "",
}  # fmt: skip
_PLACES = {"": "rules heads d_head seed", "exact_": "exact rules", "untrained_": "rules seed"}
SCHEMA = (
    {f"{place}{name}": f"{axes} {more}".strip() for place, axes in _PLACES.items() for name, more in _OF_MODELS.items()}
    | {
        "missed": "rules heads d_head seed rate", "direct_missed": "rules d_head seed rate", "bayes": "rules",
        "exact_missed": "exact rules scale", "exact_strength": "exact rules rule two", "strength": "rules heads seed rule two",
        "start_missed": "start rules seed time", "start_loud": "start rules seed time", "start_overlap": "start rules seed time",
        "original_missed": "shape path original_rate seed", "original_right": "shape path original_rate seed",
        "original_false": "shape path original_rate seed", "floor": "shape path order",
    }
)  # fmt: skip


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Every number of rules, heads and dimensions, all seeds and rates in a stack; then what is beside them."""
    cells = [(r, h, d) for r in range(len(config.rules)) for h in range(len(config.heads)) for d in range(len(config.d_heads))]
    each = job.map(_cell, [(config, *cell) for cell in cells], "trained")
    arrays = runs.stacked(each, len(config.rules), len(config.heads), len(config.d_heads))
    arrays["strength"] = arrays["strength"][:, :, 0]
    direct = job.map(_direct, [(config, r, d) for r in range(len(config.rules)) for d in range(len(config.d_heads))], "direct")
    beside = job.map(_exact, [(config, name, r) for name in EXACT for r in range(len(config.rules))], "exact")
    untrained = job.map(_untrained, [(config, r) for r in range(len(config.rules))], "untrained")
    starts = job.map(_start, [(config, name, r) for name in STARTS for r in range(len(config.rules))], "starts")
    shapes = [(config, rules, path) for rules in config.original_rules for path in PATHS]
    originals = job.map(_original, shapes, "originals")
    arrays |= runs.stacked(direct, len(config.rules), len(config.d_heads)) | runs.stacked(
        originals, len(config.original_rules), len(PATHS)
    )
    arrays |= {f"exact_{name}": array for name, array in runs.stacked(beside, len(EXACT), len(config.rules)).items()}
    arrays |= {f"untrained_{name}": array for name, array in runs.stacked(untrained, len(config.rules)).items()}
    arrays |= runs.stacked(starts, len(STARTS), len(config.rules))
    arrays["bayes"] = np.array([bayes_loss(rules, config.length) for rules in config.rules])
    two = config.heads.index(2)
    return arrays, {
        f"solved, {heads} heads": float((arrays["missed"][:, h].min(-1) < SOLVED).mean()) for h, heads in enumerate(config.heads)
    } | {"most missed, two heads of one dimension": float(arrays["missed"][:, two, 0].min((-1, -2)).max())}


def _contexts(config, rules, once=False):
    """Contexts to train on and contexts to measure on, the same for all models of so many rules."""
    rng = np.random.default_rng((config.seed, rules, once))
    return [Contexts.draw(rules, each, config.length, once, rng) for each in (config.pool, config.tests)]


def _stack(config, rules, heads, d_head, rates, part):
    """Untrained models, each start at each rate, the rates, and the generator to go on with."""
    generator = torch.Generator().manual_seed(10_000 * config.seed + 1000 * part + 100 * rules + 10 * heads + d_head)
    one = Heads.create(config.seeds, heads, n_tokens(rules), d_head, generator)
    stack = Heads(*(p.repeat_interleave(len(rates), 0) for p in one.parameters))
    return stack, torch.tensor(rates).repeat(config.seeds), generator


def _cell(item):
    config, r, h, d = item
    rules, heads, d_head = config.rules[r], config.heads[h], config.d_heads[d]
    train, test = _contexts(config, rules)
    stack, rates, generator = _stack(config, rules, heads, d_head, config.rates, 0)
    attention_stack.train(stack, train, config.batch, config.steps, rates, generator)
    missed = stack.missed(test).numpy().reshape(config.seeds, -1)
    best = torch.arange(config.seeds) * len(config.rates) + torch.from_numpy(missed.argmin(-1))
    found, strength = _measured(config, rules, test, Heads(*(p[best] for p in stack.parameters)))
    return {"missed": missed, "strength": _drawn(config, strength)} | found


def _drawn(config, strength):
    """The strengths of the first two heads, padded to the most rules."""
    padded = np.full((len(strength), max(config.rules), 2), np.nan, np.float32)
    two = strength[..., :2]
    padded[:, : two.shape[1], : two.shape[2]] = two
    return padded


def _measured(config, rules, test, stack):
    """What is read off every model of a stack, and the strengths of its heads."""
    generator = torch.Generator().manual_seed(config.seed)
    turns = turning.turns(stack, rules, test, config.paired)
    effects = np.concatenate([turns["turn"][None], turning.effects(stack, rules, test, generator)])
    work = sharing.shared_work(turns["told"] > TOLD)
    rng = np.random.default_rng((config.seed, 1))
    lots = np.stack([sharing.null(one, config.draws, rng) for one in turns["turn"].astype(float)])
    found = {
        "effect": np.moveaxis(turning.measured(effects.astype(float)), 0, 1), "by_lot": lots, "told_rules": work["features"],
        "told_heads": work["heads a feature"], "told_lot": sharing.by_lot(turns["told"] > TOLD), "loud": turns["loud"],
        "dimensions": turns["rank"],
    }  # fmt: skip
    return {name: np.asarray(array, np.float32) for name, array in found.items()}, turns["strength"]


def _direct(item):
    """One head, beside a direct path that is trained with it."""
    config, r, d = item
    train, test = _contexts(config, config.rules[r])
    stack, rates, generator = _stack(config, config.rules[r], 1, config.d_heads[d], config.rates, 1)
    attention_stack.train(stack, train, config.batch, config.steps, rates, generator, direct=True)
    return {"direct_missed": stack.missed(test).numpy().reshape(config.seeds, -1)}


def _exact(item):
    """A model with exact weights: its loss at all scales, the rest at the least that solves."""
    config, name, r = item
    _, test = _contexts(config, config.rules[r])
    missed = np.array([EXACT[name](config.rules[r], scale).missed(test).item() for scale in config.scales])
    enough = config.scales[(missed < SOLVED).argmax()] if (missed < SOLVED).any() else config.scales[-1]
    found, strength = _measured(config, config.rules[r], test, EXACT[name](config.rules[r], enough))
    if strength.shape[-1] < 2:
        strength = np.pad(strength, ((0, 0), (0, 0), (0, 1)))
    one = {key: array[0] for key, array in (found | {"strength": _drawn(config, strength)}).items()}
    return {"missed": missed} | one


def _untrained(item):
    """As many heads of one dimension as rules, as they start."""
    config, r = item
    _, test = _contexts(config, config.rules[r])
    stack, _, _ = _stack(config, config.rules[r], config.rules[r], 1, (0.0,), 2)
    return _measured(config, config.rules[r], test, stack)[0]


def _start(item):
    """Exact weights, disturbed by noise, before and after training."""
    config, name, r = item
    rules = config.rules[r]
    train, test = _contexts(config, rules)
    generator = torch.Generator().manual_seed(10_000 * config.seed + 3000 + 10 * rules + STARTS.index(name))
    weights = [p.float().repeat_interleave(config.seeds, 0) for p in EXACT[name](rules, config.start_scale).parameters]
    noise = [config.start_noise * torch.randn(p.shape, generator=generator) * (k < 7) for k, p in enumerate(weights)]
    stack = Heads(*(p + n for p, n in zip(weights, noise, strict=True)))
    told = []
    for steps in (0, config.steps):
        attention_stack.train(stack, train, config.batch, steps, torch.full((config.seeds,), config.rates[0]), generator)
        turns = turning.turns(stack, rules, test, config.paired)
        told.append((stack.missed(test).numpy(), turns["loud"], sharing.overlap(turns["turn"].astype(float))))
    missed, loud, overlap = (np.stack(each, -1) for each in zip(*told, strict=True))
    return {"start_missed": missed, "start_loud": loud, "start_overlap": overlap}


def _original(item):
    """The originals' set-up: an A serves one B, the last token adds `path` to its own logit, one head less than rules.

    `missed` counts from the best that a model without positions can do; `right` and `false` are the share of contexts with a
    B at their end, with and without an A that waits, in which the model's first choice is the C."""
    config, rules, path = item
    train, test = _contexts(config, rules, once=True)
    stack, rates, generator = _stack(config, rules, rules - 1, 1, config.original_rates, 4)
    stack.direct += path * torch.eye(n_tokens(rules))
    attention_stack.train(stack, train, config.batch, config.original_steps, rates, generator, schedule="constant")
    floor = np.array(order_blind.floors(rules, config.length))
    silent = np.log(n_tokens(rules))
    own = slice(1, rules + 1)
    says = stack.logits(test.counts)[:, own].argmax(-1) == torch.arange(rules + 1, 2 * rules + 1)[:, None]
    forced = test.forced[own]
    shaped = lambda each: each.numpy().reshape(config.seeds, -1).T
    above = stack.missed(test) * (silent - floor[0]) - (floor[1] - floor[0])
    return {
        "original_missed": shaped(above / (silent - floor[1])),
        "original_right": shaped((says & forced).sum((1, 2)) / forced.sum()),
        "original_false": shaped((says & ~forced).sum((1, 2)) / (~forced).sum()),
        "floor": floor,
    }  # fmt: skip


def solved(results: runs.Results) -> Bool[Array, "rules heads d_head seed"]:
    """Which starts have learnt all rules at the best of their rates."""
    return results["missed"].min(-1) < SOLVED


def two_of_one(results: runs.Results, name: str) -> Float[Array, "rules seed *rest"]:
    """Of the models with two heads of one dimension each, what was read off them."""
    return results[name][:, results.config.heads.index(2), results.config.d_heads.index(1)]


def as_many(results: runs.Results, name: str) -> Float[Array, "rules seed *rest"]:
    """The same of models with as many heads of one dimension as rules."""
    heads, one = results.config.heads, results.config.d_heads.index(1)
    return np.stack([results[name][r, heads.index(rules), one] for r, rules in enumerate(results.config.rules)])


def exact(results: runs.Results, name: str, model: str) -> Float[Array, "rules *rest"]:
    """What was read off one of the models with exact weights."""
    return results[f"exact_{name}"][list(EXACT).index(model)]


def measure(results: Float[Array, "*place effect measure"], effect: str, name: str) -> Float[Array, "*place"]:
    """One of the MEASURES of one of the EFFECTS."""
    return results[..., turning.EFFECTS.index(effect), turning.MEASURES.index(name)]


def loud(results: runs.Results, least: float = 0.5) -> Bool[Array, "model seed"]:
    """Which two-head models of more than one dimension, with more than two rules, are loud without A; unsolved ones aren't."""
    two = results.config.heads.index(2)
    many, wide = np.array(results.config.rules) > 2, np.array(results.config.d_heads) > 1
    found = (results["loud"] >= least) & solved(results)
    return found[many, two][:, wide].reshape(-1, results.config.seeds)


def of_solved(results: runs.Results, values: Float[Array, "rules seed"]) -> Float[Array, "rules"]:
    """The mean over the starts of two heads of one dimension that are solved, of each number of rules; NaN where none is."""
    ok = two_of_one(results, "missed").min(-1) < SOLVED
    return np.where(ok, values, 0).sum(-1) / np.where(ok.any(-1), ok.sum(-1), np.nan)
