"""Where the trained transformers err, and which heads bring a carry to its column; beside them those that add.
It reads what the experiments in SOURCES have stored, so it is run again after any of these."""

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor

from superposition import runs
from superposition.addition.engine import carry_chains, data, learning_curves, streams, transformer_training
from superposition.addition.engine.data import N_ANSWERS, N_CTX, N_DIGITS, N_INPUTS
from superposition.addition.engine.lookup import Lookup
from superposition.addition.engine.transformer import Transformer

Array = np.ndarray
SOURCES: dict[str, tuple[str, data.Reading]] = {  # where the models of each kind are stored, and how they read
    "trained": ("addition/train", "at once"),
    "built": ("addition/built", "at once"),
    "shown": ("addition/autoregressive", "one by one"),
    "adder": ("addition/whole", "one by one"),
}
SUMS = 19  # what two digits can sum to, 0 to 18
DEPTHS = 3  # carries from the column right below, and from below one and two columns that sum to 9


class Config(runs.Config):
    n_sums: int
    n_chained: int
    n_ablated: int


MEASURES = {
    "difference": "{} carry ten",  # digits by what comes in and by the answer minus the truth, modulo 10
    "below": "{} sum verdict",  # digits by the sum of the column below, and of these the wrong ones
    "depth_accuracy": "{} answer chain",
    "resampled": "{} head answer",
    "averaged": "{} head answer",
    "whole": "{} answer",
    "signal": "{} depth answer head",
    "told": "{} answer head",
    "asked": "{} answer head",
    "found": "{} answer head",
    "attention": "{} answer head place",
}
SCHEMA = {f"{kind}_{name}": axes.format(kind) for kind in SOURCES for name, axes in MEASURES.items()}


def errors(said: UInt8[Array, "example n_answers"], pairs: Int[Array, "example 2"]) -> dict[str, Int[Array, "..."]]:
    """Digits by carry and by how far the answer is off; and by the sum of the column below, with the wrong among them."""
    a, b = pairs.T
    off = (said.astype(int) - data.answers(a, b)) % 10
    carry = data.carries(a, b)
    column = (data.digits(a, N_DIGITS) + data.digits(b, N_DIGITS)).astype(int)
    wrong = off[:, 1:] != 0
    all_of, wrong_of = (np.bincount(column[which], minlength=SUMS) for which in (np.ones_like(wrong), wrong))
    return {
        "difference": np.bincount((10 * carry + off).ravel(), minlength=20).reshape(2, 10),
        "below": np.stack([all_of, wrong_of], 1),
    }


def depths(one: transformer_training.Trainees, rng: np.random.Generator, count: int) -> Float[Array, "answer chain"]:
    """Accuracy of each answer by how many columns right below it sum to 9; 0 where there are not that many columns."""
    found = np.zeros((N_ANSWERS, N_ANSWERS))
    for answer in range(N_ANSWERS):
        for depth in range(answer + 1):
            sums = transformer_training.Examples.of(carry_chains.of_depth(rng, count, answer, depth)[None], one.reading)
            found[answer, depth] = (one.logits(sums.seen)[0, :, answer].argmax(-1) == sums.answers[0, :, answer]).mean()
    return found


def ablations(
    tables: Lookup, seen: UInt8[Tensor, "example n_ctx"], answers: UInt8[Array, "example n_answers"], rng: np.random.Generator
) -> dict[str, Float[Array, "..."]]:
    """Accuracy of each answer when one head brings what it found in another sum (resampled), or its mean; and when whole."""
    found = tables.attend(seen)
    logits = tables.read(found.z, tables.direct(seen))
    contributions = tables.contributions(found.z)
    instead = {"resampled": contributions[torch.from_numpy(rng.permutation(len(seen)))], "averaged": contributions.mean(0)}
    right = {
        name: np.stack([
            (_chosen(logits - contributions[:, :, h] + other[..., h, :]) == answers).mean(0)
            for h in range(contributions.shape[2])
        ])
        for name, other in instead.items()
    }  # fmt: skip
    return right | {"whole": (_chosen(logits) == answers).mean(0), "attention": by_place(found.pattern.mean(0))}


def _chosen(logits):
    return logits.argmax(-1).numpy()


def by_place(pattern: Float[Tensor, "answer head n_ctx"]) -> Float[Array, "answer head place"]:
    """Attention to each column of digits, both numbers together; then to the answer's own place, and to the answers before."""
    columns = pattern[..., :N_DIGITS] + pattern[..., N_DIGITS:N_INPUTS]
    own = pattern[..., N_INPUTS:].diagonal(dim1=0, dim2=2).T[..., None]
    return torch.cat([columns, own, pattern[..., N_INPUTS:].sum(-1, keepdim=True) - own], -1).numpy()


def signals(
    tables: Lookup, pairs: Int[Array, "example 2"], reading: data.Reading, rng: np.random.Generator
) -> dict[str, Float[Array, "..."]]:
    """The carry signal of each head to each answer, by how many columns right below that one sum to 9; 0 where there is none.

    told: the signal past one such column where the digit of the sum in between is all that is replaced. It stands in the
    answer's own place, so it asks, too. asked: it is replaced in the query alone; found: as key and value alone."""
    signal = np.zeros((DEPTHS, N_ANSWERS, len(tables.WOU)))
    alone = {name: np.zeros_like(signal[0]) for name in ("told", "asked", "found")}
    for depth in range(DEPTHS):
        for answer in range(depth + 1, N_ANSWERS):
            without, carried, own = both_ways(pairs, reading, answer, depth, rng)
            start = margin(tables, without, answer, own)
            signal[depth, answer] = margin(tables, carried, answer, own) - start
            if depth == 1:
                shown, place = without.copy(), N_INPUTS + answer
                shown[:, place] = carried[:, place]
                alone["told"][answer] = margin(tables, shown, answer, own) - start
                alone["asked"][answer] = margin(tables, without, answer, own, carried[:, place]) - start
                alone["found"][answer] = margin(tables, shown, answer, own, without[:, place]) - start
    return {"signal": signal} | alone


def both_ways(
    pairs: Int[Array, "example 2"], reading: data.Reading, answer: int, depth: int, rng: np.random.Generator
) -> tuple[UInt8[Array, "example n_ctx"], UInt8[Array, "example n_ctx"], Int[Array, "example"]]:
    """The sums without a carry into an answer's column, and with one; and what that column sums to by itself.

    `depth` columns right below the answer are made to sum to 9, and the next one decides: to 8 or less, or to 10 or more. It
    alone is replaced, and with it the digits of the sum that are shown where the model reads one by one."""
    a, b = (data.digits(number, N_DIGITS).astype(int) for number in pairs.T)
    own = np.zeros(len(a), int) if answer == N_DIGITS else a[:, answer] + b[:, answer]
    b[:, answer - depth : answer] = 9 - a[:, answer - depth : answer]
    every, seen = np.argwhere(np.ones((10, 10))), []
    for column in (every[every.sum(1) <= 8], every[every.sum(1) >= 10]):
        a[:, answer - depth - 1], b[:, answer - depth - 1] = column[rng.integers(len(column), size=len(a))].T
        seen.append(data.tokens(*carry_chains.numbers(a, b).T, reading))
    return *seen, own


def margin(
    tables: Lookup,
    seen: UInt8[Array, "example n_ctx"],
    answer: int,
    own: Int[Array, "example"],
    asking: UInt8[Array, "example"] | None = None,
) -> Float[Array, "head"]:
    """What each head adds to the logit of the digit with a carry, less that of the digit without; mean over sums.

    The query is of the token in the answer's place, or of `asking`."""
    tokens, by_token, by_place = torch.from_numpy(seen).long(), *(table[answer] for table in tables.scores)
    query = tokens[:, N_INPUTS + answer] if asking is None else torch.from_numpy(asking).long()
    pattern = (by_token[query[:, None], tokens] + by_place[query]).softmax(1)
    z = torch.einsum("bph,bphd->bhd", pattern, tables.V[torch.arange(N_CTX), tokens])
    added = tables.contributions(z).numpy()
    with_carry, without = (np.take_along_axis(added, (own + c)[:, None, None] % 10, -1)[..., 0] for c in (1, 0))
    return (with_carry - without).mean(0)


def analysed(parameters: dict[str, Array], reading: data.Reading, config: Config, seed: int) -> dict[str, Array]:
    """All measures of one model, on sums that no training drew."""
    n_heads, _, d_head = parameters["W_Q"].shape
    one = transformer_training.Trainees(
        n_heads, d_head, reading, *(transformer_training.flat(parameters)[None] for _ in range(3))
    )
    rng = streams.generator(config.seed, seed, stream=streams.CARRIES)
    pairs = rng.integers(0, 10**N_DIGITS, (config.n_sums, 2))
    few = pairs[: config.n_ablated]
    sums = transformer_training.Examples.of(pairs[None], reading)
    with torch.no_grad():
        tables = Lookup.of(Transformer.of(parameters))
        heads = ablations(tables, torch.from_numpy(sums.seen[0, : len(few)]), sums.answers[0, : len(few)], rng)
        heads |= signals(tables, few, reading, rng)
    said = one.logits(sums.seen)[0].argmax(-1).astype(np.uint8)
    return errors(said, pairs) | {"depth_accuracy": depths(one, rng, config.n_chained)} | heads


def stored(kind: str) -> list[dict[str, Array]]:
    """The parameters of the models of one kind. Raises runs.ResultsError where there are none yet."""
    results = runs.load(SOURCES[kind][0])
    stacked = {name: results[name] if kind != "built" else results[name][None] for name in learning_curves.PARAMETERS}
    return [{name: array[k] for name, array in stacked.items()} for k in range(len(stacked["W_E"]))]


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Analyse every stored model."""
    arrays = {}
    for kind, (_, reading) in SOURCES.items():
        each = [analysed(parameters, reading, config, k) for k, parameters in enumerate(stored(kind))]
        arrays |= {f"{kind}_{name}": np.stack([one[name] for one in each]) for name in MEASURES}
    arrays = {name: array.astype(np.float32) if array.dtype == float else array for name, array in arrays.items()}
    return arrays, {f"{kind} digits": float(arrays[f"{kind}_whole"].mean()) for kind in SOURCES}


# --- what came of it: by seed, of the models of one kind in SOURCES ---------------------------------------------------

FAR = slice(DEPTHS, N_DIGITS)  # the answers that have all depths, and two digits of their own
MILLIONS = slice(N_DIGITS, None)


def error_rates(results: runs.Results, kind: str) -> Float[Array, "seed sum"]:
    """The share of wrong digits by the sum of the column below."""
    count, wrong = np.moveaxis(results[f"{kind}_below"].astype(float), -1, 0)
    return wrong / np.maximum(1, count)


def nine_ratio(results: runs.Results, kind: str) -> Float[Array, "seed"]:
    """The share of wrong digits above a column that sums to 9, over that of all others."""
    count, wrong = np.moveaxis(results[f"{kind}_below"].astype(float), -1, 0)
    nine = np.arange(SUMS) == 9
    return (wrong[:, nine].sum(1) / count[:, nine].sum(1)) / (wrong[:, ~nine].sum(1) / count[:, ~nine].sum(1))


def errors_above(results: runs.Results, kind: str, sums: list[int]) -> float:
    """The share of all wrong digits, of all seeds, that stand above a column with one of these sums."""
    wrong = results[f"{kind}_below"][..., 1].astype(float)
    return float(wrong[:, sums].sum() / wrong.sum())


def slips(results: runs.Results, kind: str) -> Float[Array, "seed"]:
    """The share of the wrong digits that are what they would be with the other carry."""
    off = results[f"{kind}_difference"].astype(float)
    return (off[:, 0, 1] + off[:, 1, 9]) / off[:, :, 1:].sum((1, 2))


def by_depth(results: runs.Results, kind: str) -> Float[Array, "seed depth"]:
    """Accuracy by the depth of the chain, 0 to 4: mean over the answers that have a further column below the chain."""
    found = results[f"{kind}_depth_accuracy"].astype(float)
    return np.stack([found[:, depth + 1 : N_DIGITS, depth].mean(1) for depth in range(N_DIGITS - 1)], 1)


def signal_shares(results: runs.Results, kind: str) -> Float[Array, "seed answer head"]:
    """Each head's share of the size of the carry signal from the column right below, by answer from the second on."""
    size = np.abs(results[f"{kind}_signal"].astype(float))[:, 0, 1:]
    return size / size.sum(-1, keepdims=True)


def strengths(results: runs.Results, kind: str, answers: slice = FAR) -> Float[Array, "seed depth"]:
    """The carry signal of all heads by depth, relative to that at depth 0."""
    total = results[f"{kind}_signal"].astype(float)[:, :, answers].sum((2, 3))
    return total / total[:, :1]


def shown(results: runs.Results, kind: str, way: str, answers: slice = FAR) -> Float[Array, "seed"]:
    """Which share of the carry signal past one column of 9 the digit shown in between brings.

    way: "told", in the query, as key and as value; "asked", in the query alone; "found", as key and value alone."""
    alone, all_of = (
        signal[:, answers].astype(float).sum((1, 2)) for signal in (results[f"{kind}_{way}"], results[f"{kind}_signal"][:, 1])
    )
    return alone / all_of


def attention_shown(results: runs.Results, kind: str) -> float:
    """Attention to the answer's own place, where the digit below may be shown: mean over seeds, heads and the answers in FAR."""
    return float(results[f"{kind}_attention"][:, FAR, :, N_DIGITS].mean())


def heads_per_carry(results: runs.Results, kind: str) -> Float[Array, "seed"]:
    """Effective number of heads that bring the carry to an answer, mean over answers: 1/Σ share²."""
    return (1 / (signal_shares(results, kind) ** 2).sum(-1)).mean(-1)


def carries_per_head(results: runs.Results, kind: str) -> Float[Array, "seed"]:
    """Effective number of answers that a head brings a carry to, weighted by how much it brings."""
    return _spread(signal_shares(results, kind))


def by_lot(results: runs.Results, kind: str, draws: int = 1000) -> Float[Array, "draw seed"]:
    """The same where the heads of each carry are shuffled: what sharing gives that nothing arranged."""
    rng, size = np.random.default_rng(0), signal_shares(results, kind)
    return np.stack([_spread(rng.permuted(size, axis=-1)) for _ in range(draws)])


def _spread(size):
    given, squares = size.sum(1), (size**2).sum(1)
    spread = np.divide(given**2, squares, out=np.zeros_like(given), where=squares > 0)
    return (spread * given).sum(-1) / given.sum(-1)


def bringing(results: runs.Results, kind: str, share: float, least: int = 1) -> Int[Array, "seed"]:
    """How many heads bring more than this share of the carry signal to so many answers at least."""
    return ((signal_shares(results, kind) > share).sum(1) >= least).sum(1)


def heads_in_use(results: runs.Results, kind: str) -> Bool[Array, "seed head"]:
    """Whether accuracy, all digits together, falls by more than a percentage point when the head is resampled."""
    return _falls(results, kind).sum(-1) > 0.01


def answers_per_head(results: runs.Results, kind: str) -> Float[Array, "seed"]:
    """Effective number of answers that a head serves, 1/Σ share², by how much accuracy falls when it is resampled; mean over
    the heads in use."""
    falls, used = _falls(results, kind), heads_in_use(results, kind)
    served = np.divide(falls.sum(-1) ** 2, (falls**2).sum(-1), out=np.zeros(used.shape), where=used)
    return np.mean(served, -1, where=used)


def _falls(results, kind):
    return np.maximum(results[f"{kind}_whole"][:, None] - results[f"{kind}_resampled"], 0).astype(float)
