"""The smallest set of heads with which few enough sums come out wrong: exact, by branch and bound, or not at all.
A branch is given up when so many sums are wrong whichever heads it still adds; a search that ends proves what it says."""

import numpy as np
from jaxtyping import Bool, Float
from numba import njit

Array = np.ndarray


def reach(margins: Float[Array, "head example wrong"], size: int) -> Float[Array, "first count example wrong"]:
    """The most that `count` heads, none before `first`, can add to each margin."""
    n_heads, *rest = margins.shape
    best = np.zeros((n_heads + 1, size + 1, *rest), np.float32)
    for first in range(n_heads):
        gains = -np.sort(-np.maximum(margins[first:], 0), axis=0)[:size].cumsum(0)
        best[first, 1 : len(gains) + 1], best[first, len(gains) + 1 :] = gains, gains[-1]
    return best


def search(
    margins: Float[Array, "head example wrong"], base: Float[Array, "example wrong"], allowed: int, size: int, limit: int
) -> tuple[Bool[Array, "head"] | None, bool]:
    """A set of at most `size` heads that leaves at most `allowed` sums wrong, or None; and whether the search came to an end.

    A sum is wrong where a margin, its right logit over another, isn't positive: `base` plus those of the heads in the set.
    The search gives up after `limit` nodes of its tree. None from one that came to an end proves that there is no such set.
    """
    order = np.argsort(-np.abs(margins).mean((1, 2)), kind="stable")
    hardest = np.argsort((margins.sum(0) + base).min(-1), kind="stable")
    sorted_margins = np.ascontiguousarray(margins[order][:, hardest], np.float32)
    start = np.ascontiguousarray(base[hardest], np.float32)
    verdict, kept = descend(sorted_margins, start, reach(sorted_margins, size), allowed, size, limit)
    found = np.zeros(len(margins), bool)
    found[order[kept]] = True
    return (found if verdict == 1 else None), verdict >= 0


@njit(cache=True)
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


@njit(cache=True)
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
