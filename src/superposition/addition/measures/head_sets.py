"""Sets of heads that are enough for a digit: grown from none, cut down from all, and drawn by lot.
A set is judged by the sums that come out wrong with the heads in it, and every other head replaced by its mean."""

import numpy as np
from jaxtyping import Bool, Float, Int

from superposition.addition.engine import streams
from superposition.addition.measures.ablation import Parts

Array = np.ndarray


def margins(parts: Parts, answer: int) -> tuple[Float[Array, "head example wrong"], Float[Array, "example wrong"]]:
    """By how much each head raises the right logit over each of the nine others; and how it stands with every head off."""
    mean = parts.instead("mean")[:, answer]
    heads, base = parts.heads[:, answer] - mean, parts.direct[answer] + mean.sum(1)
    own = parts.answers[:, answer, None].astype(int)
    others = (own + np.arange(1, base.shape[-1])) % base.shape[-1]

    def margin(logits):
        return np.take_along_axis(logits, own, -1) - np.take_along_axis(logits, others, -1)

    each = np.stack([margin(heads[:, head]) for head in range(heads.shape[1])])
    return each, margin(np.broadcast_to(base, (len(own), base.shape[-1])))


def wrong(sums: Float[Array, "*batch example wrong"]) -> Int[Array, "*batch"] | np.integer:
    """How many sums come out wrong."""
    return (sums.min(-1) <= 0).sum(-1)


def greedy(
    start: Float[Array, "example wrong"], steps: Float[Array, "head example wrong"], beam: int
) -> tuple[Int[Array, "count"], Bool[Array, "count head"]]:
    """Switch heads one after another, each time those that leave the fewest sums wrong; `beam` sets are followed at once.

    Returns how many sums are wrong after 0, 1, 2, … heads have been switched, and which these are."""
    n_heads = len(steps)
    sets, found = np.zeros((1, n_heads), bool), [(int(wrong(start)), np.zeros(n_heads, bool))]
    sums = start[None]
    for _ in range(n_heads):
        count = np.stack([wrong(one + steps) for one in sums])
        count[sets] = np.iinfo(count.dtype).max
        ranked = np.argsort(count, axis=None, kind="stable")[: 2 * beam * n_heads]
        grown: dict[bytes, tuple[int, int]] = {}
        for parent, head in zip(*np.unravel_index(ranked, count.shape), strict=True):
            if not sets[parent, head] and len(grown) < beam:
                grown.setdefault((sets[parent] | (np.arange(n_heads) == head)).tobytes(), (int(parent), int(head)))
        best = list(grown.values())
        found.append((int(count[best[0]]), np.frombuffer(next(iter(grown)), bool)))
        sums = np.stack([sums[parent] + steps[head] for parent, head in best])
        sets = np.stack([np.frombuffer(key, bool) for key in grown])
    return np.array([count for count, _ in found]), np.stack([chosen for _, chosen in found])


def by_lot(
    start: Float[Array, "example wrong"], steps: Float[Array, "head example wrong"], draws: int, seed: int
) -> Float[Array, "count"]:
    """How many sums are wrong after heads have been switched in random order, mean over `draws` orders."""
    rng = streams.generator(seed, stream=streams.SETS_BY_LOT)
    counts = []
    for _ in range(draws):
        sums, count = start.copy(), [wrong(start)]
        for head in rng.permutation(len(steps)):
            sums += steps[head]
            count.append(wrong(sums))
        counts.append(count)
    return np.mean(counts, axis=0)


def allowed(share: float, right: int, total: int) -> int:
    """How many of `total` sums may be wrong in a set that keeps this share of the `right` ones."""
    return total - int(np.ceil(share * right - 1e-9))


def smallest(forward: tuple[Array, Array], backward: tuple[Array, Array], most: int) -> Bool[Array, "head"]:
    """The smallest set, of those that `greedy` grew from none and those that it left, with at most `most` sums wrong."""
    grown = [chosen for count, chosen in zip(*forward, strict=True) if count <= most]
    left = [~chosen for count, chosen in zip(*backward, strict=True) if count <= most]
    return min([*grown, *left], key=lambda chosen: int(chosen.sum()))
