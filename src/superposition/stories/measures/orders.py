"""Orders of the rows of a matrix in which neighbours are alike: a path along which the squared cosine of neighbours is large.
Greedily, by the leaves of a tree, and as a travelling salesman would; the same rows and seed give the same order."""

import numpy as np
from jaxtyping import Float, Int
from scipy.cluster import hierarchy
from scipy.spatial import distance

from superposition import formulas
from superposition.stories.measures import tour_kernel

Array = np.ndarray

NEIGHBOURS = 10  # of a row, the most alike first, that the search tries to put beside it
KICKS = 30  # a row


def cosines(W: Float[Array, "row dim"]) -> Float[Array, "row row"]:
    """The cosine of every two rows, in single precision; a row of zeros has cosine 0 with all, itself included."""
    unit = formulas.unit(W.astype(np.float32))
    return unit @ unit.T


def score(G: Float[Array, "row row"], order: Int[Array, "row"]) -> float:
    """The mean squared cosine of neighbours along the order, what *Experiments in Superposition* maximised."""
    return float((G[order[:-1], order[1:]].astype(np.float64) ** 2).mean())


def greedy(G: Float[Array, "row row"]) -> Int[Array, "row"]:
    """From one of the two rows that are most alike, always on to the row most like the last that is not yet in the path."""
    return tour_kernel.greedy(G)


def leaves(G: Float[Array, "row row"]) -> Int[Array, "row"]:
    """The leaves of a tree of average linkage, each fork turned so that neighbours are as alike as the tree allows.

    The distance is 1 − cos². Time grows with the square of the rows and more: seconds for a thousand, minutes for four.
    Source: Bar-Joseph, Gifford and Jaakkola 2001, as in scipy."""
    apart = distance.squareform(np.maximum(1 - G.astype(np.float64) ** 2, 0), checks=False)
    tree = hierarchy.linkage(apart, "average")
    return hierarchy.leaves_list(hierarchy.optimal_leaf_ordering(tree, apart))


def tour(G: Float[Array, "row row"], seed: int = 0, kicks: int = KICKS) -> Int[Array, "row"]:
    """The greedy path, improved until no reversal of a stretch and no move of up to three rows helps; then kicked and mended.

    A kick swaps two neighbouring stretches, `kicks` times for each row, and is undone where mending does not make up for it.
    Source: iterated local search with neighbour lists and don't-look bits, Johnson and McGeoch 1997, sections 3 and 5."""
    n = len(G)
    gain = np.zeros((n + 1, n + 1), np.float32)  # one stop more, like none, makes a closed tour of the path
    gain[:n, :n] = G**2
    gain[np.diag_indices(n)] = -1
    near = np.full((n + 1, min(NEIGHBOURS, n - 1)), n, np.int32)
    for row in range(n):
        near[row] = np.argpartition(-gain[row, :n], near.shape[1] - 1)[: near.shape[1]]
        near[row] = near[row, np.argsort(-gain[row, near[row]], kind="stable")]
    round_trip = np.append(tour_kernel.greedy(G), n).astype(np.int32)
    tour_kernel.search(gain, near, round_trip, seed, kicks * n)
    home = int(np.flatnonzero(round_trip == n)[0])
    return np.roll(round_trip, -home - 1)[:-1].astype(np.int64)
