"""The smallest set of heads with which few enough sums come out wrong: exact, by branch and bound, or not at all.
A branch is given up when so many sums are wrong whichever heads it still adds; a search that ends proves what it says."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from superposition.compiled import kept

Array = np.ndarray


@dataclass(frozen=True)
class Tree:
    """All sets of at most so many heads, the strongest heads decided first and the hardest sums looked at first.

    margins: what each head adds to the right logit over each other one. base: how these stand with every head off.
    reach: the most that `count` heads, none before `first`, can add to each. order: the heads as they were given."""

    margins: Float[Array, "head example wrong"]
    base: Float[Array, "example wrong"]
    reach: Float[Array, "first count example wrong"]
    order: Int[Array, "head"]

    @classmethod
    def of(cls, margins: Float[Array, "head example wrong"], base: Float[Array, "example wrong"], size: int) -> "Tree":
        """The sets of at most `size` heads."""
        order = np.argsort(-np.abs(margins).mean((1, 2)), kind="stable")
        hardest = np.argsort((margins.sum(0) + base).min(-1), kind="stable")
        margins = np.ascontiguousarray(margins[order][:, hardest], np.float32)
        best = np.zeros((len(order) + 1, size + 1, *base.shape), np.float32)
        for first in range(len(order)):
            gains = -np.sort(-np.maximum(margins[first:], 0), axis=0)[:size].cumsum(0)
            best[first, 1 : len(gains) + 1], best[first, len(gains) + 1 :] = gains, gains[-1:]
        return cls(margins, np.ascontiguousarray(base[hardest], np.float32), best, order)

    def search(self, allowed: int, size: int, limit: int) -> tuple[Bool[Array, "head"] | None, bool]:
        """A set of at most `size` heads that leaves at most `allowed` sums wrong, or None; and whether the search ended.

        A sum is wrong where a margin isn't positive. The search gives up after `limit` nodes of the tree. None from one
        that came to an end proves that there is no such set."""
        verdict, kept = descend(self.margins, self.base, self.reach, allowed, size, limit)
        found = np.zeros(len(self.order), bool)
        found[self.order[kept]] = True
        return (found if verdict == 1 else None), verdict >= 0


@kept()
def _wrong(sums, most, allowed):
    """Whether more than `allowed` sums stay wrong with `most` added to their margins."""
    count = 0
    for example in range(sums.shape[0]):
        for k in range(sums.shape[1]):
            if sums[example, k] + most[example, k] <= 0:
                count += 1
                break
        if count > allowed:
            return True
    return False


@kept()
def descend(margins, base, best, allowed, size, limit):
    """1 and the set that was found, 0 where there is none, -1 where the search gave up."""
    n_heads = len(margins)
    nothing = np.zeros_like(base)
    sums = np.empty((n_heads + 1, *base.shape), np.float32)
    sums[0] = base
    kept, tried = np.zeros(n_heads, np.bool_), np.zeros(n_heads + 1, np.int8)
    count, depth, nodes = 0, 0, 0
    while depth >= 0:
        if tried[depth] == 0:
            nodes += 1
            if nodes > limit:
                return -1, kept
            if not _wrong(sums[depth], nothing, allowed):
                return 1, kept
            if depth == n_heads or count == size or _wrong(sums[depth], best[depth, size - count], allowed):
                depth -= 1
                continue
            tried[depth], kept[depth], count = 1, True, count + 1
            sums[depth + 1] = sums[depth] + margins[depth]
        elif tried[depth] == 1:
            tried[depth], kept[depth], count = 2, False, count - 1
            sums[depth + 1] = sums[depth]
        else:
            tried[depth] = 0
            depth -= 1
            continue
        depth += 1
        tried[depth] = 0
    return 0, kept
