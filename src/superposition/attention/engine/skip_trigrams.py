"""Sequences with skip trigrams A … B_i → C_i, which share their A: a B after an A is followed by its C, all else is uniform.
Models here know no positions, so a context is how often each token occurs in it, and the token that it ends with."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

Array = np.ndarray
A = 0  # then B_1 … B_K, C_1 … C_K, and BOS, which also begins every sequence


def n_tokens(rules: int) -> int:
    """The vocabulary: A, a B and a C for every rule, BOS."""
    return 2 * rules + 2


def sequences(
    rules: int, count: int, length: int, once: bool, rng: np.random.Generator
) -> tuple[Int[Array, "sequence position"], Bool[Array, "sequence position"], Bool[Array, "sequence position"]]:
    """Random sequences, at which of their tokens a C is forced to come next, and at which an A still waits for its B.

    `once` is how cmathw/gated-attn draws them: an A serves the first B after it and no other, and until then no A is drawn.
    Otherwise every B after any A is followed by its C."""
    token, forced, all_waiting = np.empty((count, length), int), np.zeros((count, length), bool), np.zeros((count, length), bool)
    token[:, 0] = n_tokens(rules) - 1
    waiting = np.zeros(count, bool)  # an A has been there
    for t in range(1, length):
        drawn = rng.integers(n_tokens(rules), size=count)
        if once:
            drawn = np.where(waiting, rng.integers(1, n_tokens(rules), size=count), drawn)
        token[:, t] = now = np.where(forced[:, t - 1], token[:, t - 1] + rules, drawn)
        waiting |= now == A
        forced[:, t] = waiting & (now > A) & (now <= rules)
        if once:
            waiting &= ~forced[:, t]
        all_waiting[:, t] = waiting
    return token, forced, all_waiting


def triggered(rules: int, length: int) -> Float[Array, "position"]:
    """How probable it is that a C is forced next, at each position; of sequences in which an A serves all B after it."""
    n, seen, forced, found = n_tokens(rules), 0.0, 0.0, [0.0]
    for _ in range(1, length):
        before, seen = seen, seen + (1 - seen) / n
        forced = (before - forced) * rules / n
        found.append(forced)
    return np.array(found)


def bayes_loss(rules: int, length: int) -> float:
    """The cross-entropy (nats) of the best predictor, over the positions of such sequences that are asked for the next token."""
    return float((1 - triggered(rules, length)[:-1]).mean() * np.log(n_tokens(rules)))


@dataclass(frozen=True)
class Contexts:
    """Many contexts for each token that they end with: how often each token occurs, and how probable each is to come next.

    `forced`: whether that is a C for certain. `share` is how often a context ends with each token."""

    counts: Float[Tensor, "last context token"]
    next: Float[Tensor, "last context token"]
    forced: Bool[Tensor, "last context"]
    share: Float[Tensor, "last"]

    @classmethod
    def draw(cls, rules: int, each: int, length: int, once: bool, rng: np.random.Generator) -> "Contexts":
        """`each` contexts for every last token, from as many random sequences as that takes."""
        n, parts, found = n_tokens(rules), [], 0
        while found < each:
            token, forced, waiting = sequences(rules, 4 * each, length, once, rng)
            counts = np.cumsum(np.eye(n, dtype=np.float32)[token], axis=1)
            told = np.concatenate([counts, token[..., None], forced[..., None], waiting[..., None]], -1)[:, :-1]
            parts.append(told.reshape(-1, n + 3).astype(np.float32))
            last = np.concatenate(parts)[:, n]
            found = np.bincount(last.astype(int), minlength=n).min()
        told = np.concatenate(parts)
        kept = np.stack([told[last == x][:each] for x in range(n)])
        forced, waiting = kept[..., n + 1] > 0, kept[..., n + 2] > 0
        free = np.ones((*forced.shape, n), np.float32)
        free[..., A] -= once & waiting
        sure = np.eye(n, dtype=np.float32)[np.minimum(np.arange(n) + rules, n - 1)][:, None]
        target = np.where(forced[..., None], sure, free / free.sum(-1, keepdims=True))
        share = np.bincount(last.astype(int), minlength=n) / len(last)
        return cls(*map(torch.from_numpy, (kept[..., :n].copy(), target, forced, share.astype(np.float32))))

    def some(self, each: int, generator: torch.Generator) -> "Contexts":
        """`each` of them for every last token, by lot."""
        chosen = torch.randint(self.counts.shape[1], (each,), generator=generator)
        return Contexts(self.counts[:, chosen], self.next[:, chosen], self.forced[:, chosen], self.share)

    @property
    def entropy(self) -> Float[Tensor, "last context"]:
        """The least cross-entropy (nats) that any predictor can have in each context, if it knows what came when."""
        return torch.special.entr(self.next.double()).sum(-1)
