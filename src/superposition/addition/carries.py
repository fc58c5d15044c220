"""Where the trained transformers err, and which heads bring a carry to its column; beside them the one that is built.
It reads what `addition/train` and `addition/built` have stored, so it is run again after either."""

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from superposition import runs
from superposition.addition import chains, data, learning, training
from superposition.addition.data import N_ANSWERS, N_DIGITS, N_INPUTS
from superposition.addition.lookup import Lookup
from superposition.addition.model import Transformer

Array = np.ndarray
MODELS = ("trained", "built")
SUMS = 19  # what two digits can sum to, 0 to 18


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
    "signal": "{} answer head",
    "attention": "{} answer head place",
}
SCHEMA = {f"{kind}_{name}": axes.format(kind) for kind in MODELS for name, axes in MEASURES.items()}


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


def depths(one: training.Trainees, rng: np.random.Generator, count: int) -> Float[Array, "answer chain"]:
    """Accuracy of each answer by how many columns right below it sum to 9; 0 where there are not that many columns."""
    found = np.zeros((N_ANSWERS, N_ANSWERS))
    for answer in range(N_ANSWERS):
        for depth in range(answer + 1):
            sums = training.Examples.of(chains.of_depth(rng, count, answer, depth)[None], one.reading)
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
    """Attention to each column of digits, both numbers together; last, to the answers' own places."""
    columns = pattern[..., :N_DIGITS] + pattern[..., N_DIGITS:N_INPUTS]
    return torch.cat([columns, pattern[..., N_INPUTS:].sum(-1, keepdim=True)], -1).numpy()


def signals(tables: Lookup, pairs: Int[Array, "example 2"], rng: np.random.Generator) -> Float[Array, "answer head"]:
    """How much of a carry each head brings to each answer: what it adds to the logit of the digit with the carry, less that
    of the digit without, once the column below carries (sums to 10 or more) over when it doesn't (8 or less).

    Only that column is replaced, so the rest is the same; means over sums, 0 for the first answer, which has no carry."""
    found = np.zeros((N_ANSWERS, len(tables.WOU)))
    low, high = (
        np.array([(i, j) for i in range(10) for j in range(10) if keep(i + j)]) for keep in (lambda s: s <= 8, lambda s: s >= 10)
    )
    digits = np.concatenate([data.digits(number, N_DIGITS) for number in pairs.T], -1)
    for answer in range(1, N_ANSWERS):
        own = np.zeros(len(pairs), int) if answer == N_DIGITS else digits[:, [answer, answer + N_DIGITS]].sum(-1)
        margins = []
        for column in (low, high):
            seen = data.tokens(*pairs.T)
            seen[:, [answer - 1, answer - 1 + N_DIGITS]] = column[rng.integers(len(column), size=len(pairs))]
            added = tables.contributions(tables.attend(torch.from_numpy(seen)).z[:, answer]).numpy()
            with_carry, without = (np.take_along_axis(added, (own + c)[:, None, None] % 10, -1)[..., 0] for c in (1, 0))
            margins.append((with_carry - without).mean(0))
        found[answer] = margins[1] - margins[0]
    return found


def analysed(parameters: dict[str, Array], config: Config, seed: int) -> dict[str, Array]:
    """All measures of one model, on sums that no training drew."""
    n_heads, _, d_head = parameters["W_Q"].shape
    one = training.Trainees(n_heads, d_head, "at once", *(training.flat(parameters)[None] for _ in range(3)))
    rng = np.random.default_rng([config.seed, seed, 4])
    pairs = rng.integers(0, 10**N_DIGITS, (config.n_sums, 2))
    few = pairs[: config.n_ablated]
    sums = training.Examples.of(pairs[None], one.reading)
    with torch.no_grad():
        tables = Lookup.of(Transformer.of(parameters))
        heads = ablations(tables, torch.from_numpy(sums.seen[0, : len(few)]), sums.answers[0, : len(few)], rng)
        heads["signal"] = signals(tables, few, rng)
    said = one.logits(sums.seen)[0].argmax(-1).astype(np.uint8)
    return errors(said, pairs) | {"depth_accuracy": depths(one, rng, config.n_chained)} | heads


def stored() -> dict[str, list[dict[str, Array]]]:
    """The parameters of the models of both kinds. Raises runs.ResultsError where there are none yet."""
    trained, built = runs.load("addition/train"), runs.load("addition/built")
    names = learning.PARAMETERS
    return {
        "trained": [{name: trained[name][k] for name in names} for k in range(trained.config.seeds)],
        "built": [{name: built[name] for name in names}],
    }


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Analyse every stored model."""
    arrays = {}
    for kind, models in stored().items():
        each = [analysed(parameters, config, k) for k, parameters in enumerate(models)]
        arrays |= {f"{kind}_{name}": np.stack([one[name] for one in each]) for name in MEASURES}
    arrays = {name: array.astype(np.float32) if array.dtype == float else array for name, array in arrays.items()}
    return arrays, {f"{kind} digits": float(arrays[f"{kind}_whole"].mean()) for kind in MODELS}
