"""The model with heads switched off: alone, without, and in sets. A head's part of the logits is one term of a sum,
so all heads' parts are computed once, and a model with any set of heads is a masked sum of them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, UInt8

from superposition.addition.engine import data, streams
from superposition.addition.engine.lookup import Lookup
from superposition.addition.engine.transformer import Transformer

Array = np.ndarray
ABLATIONS = ("zero", "mean", "resample")
ZERO, MEAN, RESAMPLE = range(len(ABLATIONS))
EFFECTS = ("right logit", "answers lost", "lost when zeroed", "lost when resampled")  # the second with a head at its mean
N_PAIRS = 100  # the pairs of digits that stand over one another in a column: its circuits, as the write-up calls them


def balanced(seed: int, each: int) -> Int[Array, "example column"]:
    """The pairs of digits of random sums, 10 a + b a column: in every column every pair occurs `each` times.

    Columns are shuffled for themselves, so all that surrounds a pair is random."""
    rng = streams.generator(seed, stream=streams.BALANCED)
    pairs = np.repeat(np.arange(N_PAIRS), each)
    return np.stack([rng.permutation(pairs) for _ in range(data.N_DIGITS)], 1)


def numbers(pair: Int[Array, "*batch column"]) -> tuple[Int[Array, "*batch"], Int[Array, "*batch"]]:
    """The numbers a and b that such pairs of digits are."""
    place = 10 ** np.arange(data.N_DIGITS)
    return (pair // 10) @ place, (pair % 10) @ place


@dataclass(frozen=True)
class Parts:
    """What every head adds to the logits of every answer, for many sums, and what stands there without any head.

    Logits are relative to the mean of the ten, since no softmax sees that."""

    heads: Float[Array, "example answer head n_out"]
    direct: Float[Array, "answer n_out"]
    answers: UInt8[Array, "example answer"]
    pair: Int[Array, "example column"]

    @classmethod
    def of(cls, model: Transformer, pair: Int[Array, "example column"]) -> "Parts":
        """The parts of a model for sums that `balanced` drew."""
        a, b = numbers(pair)
        tokens, tables = torch.from_numpy(data.tokens(a, b)), Lookup.of(model)
        with torch.no_grad():
            heads, direct = tables.contributions(tables.attend(tokens).z).numpy(), tables.direct(tokens)[0].numpy()
        heads, direct = (part - part.mean(-1, keepdims=True) for part in (heads, direct))
        return cls(heads, direct, data.answers(a, b), pair)

    @property
    def logits(self) -> Float[Array, "example answer n_out"]:
        """The logits of the whole model."""
        return self.direct + self.heads.sum(2)

    def instead(self, ablation: str, seed: int = 0) -> Float[Array, "#example answer head n_out"]:
        """What stands in a head's place when it is off: nothing, its mean over the sums, or its part for another sum."""
        if ablation == "resample":
            return self.heads[streams.generator(seed, stream=streams.RESAMPLED).permutation(len(self.heads))]
        mean = self.heads.mean(0, keepdims=True)
        return mean if ablation == "mean" else np.zeros_like(mean)

    def right(self, logits: Float[Array, "#example answer n_out"]) -> Array:
        """Whether each digit is right (example, answer)."""
        return logits.argmax(-1) == self.answers

    def without(self, instead: Float[Array, "#example answer head n_out"]) -> Iterator[Float[Array, "example answer n_out"]]:
        """The logits without each head in turn."""
        whole = self.logits
        for head in range(self.heads.shape[2]):
            yield whole - self.heads[:, :, head] + instead[:, :, head]

    def alone(self, instead: Float[Array, "#example answer head n_out"]) -> Iterator[Float[Array, "example answer n_out"]]:
        """The logits with each head in turn and no other."""
        none = self.none(instead)
        for head in range(self.heads.shape[2]):
            yield none + self.heads[:, :, head] - instead[:, :, head]

    def none(self, instead: Float[Array, "#example answer head n_out"]) -> Float[Array, "#example answer n_out"]:
        """The logits with every head off."""
        return self.direct + instead.sum(2)


def by_pair(values: Float[Array, "example *rest"], pair: Int[Array, "example"]) -> Float[Array, "pair *rest"]:
    """The mean of values over all sums with the same pair of digits in a column; every pair is there equally often."""
    ordered = values[np.argsort(pair, kind="stable")]
    return ordered.reshape(N_PAIRS, -1, *values.shape[1:]).mean(1)


def maps(parts: Parts) -> Float[Array, "column head pair n_out"]:
    """What each head does to each logit of the first six answers, by the pair of digits of that column, over its mean.

    That is the map of the head alone, all others replaced by their means, or on average by their parts for other sums."""
    turn = parts.heads - parts.heads.mean(0)
    columns = [by_pair(turn[:, column], parts.pair[:, column]) for column in range(data.N_DIGITS)]
    return np.stack(columns).swapaxes(1, 2)


def explained(parts: Parts) -> Float[Array, "answer column head"]:
    """The share of the variance of each head's part of an answer that each column's pair of digits accounts for.

    A column that a head does not look at comes out at one over the sums for each pair, not at 0."""
    turn = parts.heads - parts.heads.mean(0)
    of_pairs = [(by_pair(turn, parts.pair[:, column]) ** 2).mean(0).sum(-1) for column in range(data.N_DIGITS)]
    return np.stack(of_pairs, 1) / parts.heads.var(0).sum(-1)[:, None]


def own_alone(explained: Float[Array, "*batch answer column head"]) -> Bool[Array, "*batch column head"]:
    """Whether a head depends, at the answer of a column, on that column alone: its pair accounts for over 95% of the variance."""
    columns = np.arange(data.N_DIGITS)
    return explained[..., columns, columns, :] > 0.95


def effects(parts: Parts) -> Float[Array, "effect column pair head"]:
    """What each pair of digits loses without each head; one of EFFECTS after the other.

    The right digit's logit (relative to the mean of the ten) with the head at its mean, and the share of sums that come
    out wrong for want of it, by what stands in its place."""
    own = parts.answers[:, :, None, None].astype(int)
    logit = np.take_along_axis(parts.heads - parts.instead("mean"), own, -1)[..., 0]
    right = parts.right(parts.logits)
    losses = [
        np.stack([right & ~parts.right(logits) for logits in parts.without(parts.instead(name))], -1).astype(np.float32)
        for name in ("mean", "zero", "resample")
    ]
    columns = range(data.N_DIGITS)
    return np.stack([[by_pair(one[:, t], parts.pair[:, t]) for t in columns] for one in (logit, *losses)])
