"""Cuts a solution into clusters of features that overlap, and names the polytope that each cluster forms.
Only the Gram matrix W Wᵀ is looked at, so nothing depends on rotations of the hidden space or on the features' order."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from superposition import formulas, weights

Array = np.ndarray

NAMES = ("single feature", "digon", "triangle", "tetrahedron", "pentagon", "square antiprism", "other")
OTHER = len(NAMES) - 1
#: Features whose directions have a cosine beyond this, in either direction, belong to one cluster.
THRESHOLD = 0.2
#: How far each entry of the scaled Gram matrix, and each of its eigenvalues over the number of features, may be off.
TOLERANCE = 0.1


def _ring(k: int) -> Array:
    angle = 2 * np.pi * np.arange(k) / k
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _antiprism() -> Array:
    """Eight vectors of length one with equal spread in all three dimensions, so that each has D = 3/8."""
    turned = _ring(8) * np.sqrt(2 / 3)
    return np.column_stack([turned, np.where(np.arange(8) % 2, 1, -1) / np.sqrt(3)])


#: The corners of the perfect polytopes, on the unit sphere, in the order of NAMES.
CORNERS: tuple[Float[Array, "corner dimension"], ...] = (
    np.ones((1, 1)),
    np.array([[1.0], [-1.0]]),
    _ring(3),
    np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / np.sqrt(3),
    _ring(5),
    _antiprism(),
)


def dimensionality(shape: int) -> float:
    """D_i of every feature of a perfect polytope: its dimensions over its corners, such as 2/5 for a pentagon.

    >>> dimensionality(NAMES.index("pentagon"))
    0.4
    """
    corners = CORNERS[shape]
    return corners.shape[1] / corners.shape[0]


def at_levels(W: Any, there: Bool[Array, "*batch n"], within: float = 0.015) -> Float[Array, "*batch"]:
    """The share of the features `there` whose D_i is `within` of a perfect polytope's; NaN where there are none.

    >>> float(at_levels(CORNERS[NAMES.index("triangle")], np.array([True, True, True])))
    1.0
    """
    levels = np.array([dimensionality(shape) for shape in range(OTHER)])
    near = (np.abs(formulas.feature_dimensionality(weights.given(W))[..., None] - levels) < within).any(-1) & there
    count = there.sum(-1)
    return np.divide(near.sum(-1), count, out=np.full(count.shape, np.nan), where=count > 0)


@dataclass(frozen=True)
class Clusters:
    """The clusters of one solution: for each feature the cluster it is in, or -1 where it is not represented.

    `shape[c]` is the polytope of cluster c as an index into NAMES, `size[c]` the number of its features.

    >>> found = clusters([[1, 0], [0, 1], [0, -1]])
    >>> found.of_feature, [NAMES[shape] for shape in found.shape], found.size
    (array([0, 1, 1]), ['single feature', 'digon'], array([1, 2]))
    """

    of_feature: Int[Array, "n_features"]
    shape: Int[Array, "cluster"]
    size: Int[Array, "cluster"]


def _fingerprint(gram: Float[Array, "k k"]) -> tuple[Array, Array, Array]:
    """What a permutation leaves alone: squared lengths, products, and eigenvalues over k, each sorted."""
    above = gram[np.triu_indices(len(gram), 1)]
    return np.sort(np.diag(gram)), np.sort(above), np.linalg.eigvalsh(gram) / len(gram)


_PERFECT = tuple(_fingerprint(corners @ corners.T) for corners in CORNERS)


def deviation(W: Any, shape: int) -> float:
    """How far k features are from a perfect polytope of k corners: the largest difference between fingerprints.

    The Gram matrix is first divided by its mean squared length; infinite where the number of features is another.

    >>> round(deviation([[1, 0], [0, 1]], NAMES.index("digon")), 3)
    1.0
    """
    W = weights.given(W)
    if len(W) != len(CORNERS[shape]):
        return np.inf
    gram = W @ W.T
    found = _fingerprint(gram * (len(W) / np.trace(gram)))
    return float(max(np.abs(a - b).max(initial=0) for a, b in zip(found, _PERFECT[shape], strict=True)))


def name(W: Any, tolerance: float = TOLERANCE) -> int:
    """The polytope of one cluster, as an index into NAMES: the nearest within `tolerance`, else *other*.

    >>> NAMES[name([[0, 1], [0, -1]])], NAMES[name([[0, 1], [1, 1]])]
    ('digon', 'other')
    """
    W = weights.given(W)
    off = [deviation(W, shape) for shape in range(OTHER)]
    return int(np.argmin(off)) if min(off) <= tolerance else OTHER


def clusters(W: Any, threshold: float = THRESHOLD, tolerance: float = TOLERANCE) -> Clusters:
    """Cut one solution into the connected components of |cos(W_i, W_j)| > `threshold` and name each.

    Only represented features count, those with ‖W_i‖ > 0.5, so scale weights of your own by the length that counts as whole.
    Source: Elhage et al. 2022, "The Geometry of Superposition", where the components of the graph of WᵀW are recognised by eye.

    >>> clusters([[1, 0], [0, 1], [0, 0.1], [0, -1]]).of_feature
    array([ 0,  1, -1,  1])
    """
    W = weights.given(W)
    there = np.flatnonzero(formulas.is_represented(W))
    near = np.abs(formulas.cosines(W[there])) > threshold
    count, part = connected_components(csr_array(near), directed=False) if len(there) else (0, [])
    of_feature = np.full(len(W), -1)
    of_feature[there] = part
    members = [np.flatnonzero(of_feature == c) for c in range(count)]
    shapes = [name(W[of_cluster], tolerance) for of_cluster in members]
    return Clusters(of_feature, np.array(shapes, int), np.array([len(of_cluster) for of_cluster in members], int))


def features_by_shape(W: Any, threshold: float = THRESHOLD, tolerance: float = TOLERANCE) -> Int[Array, "*batch shape"]:
    """How many features are in clusters of each of NAMES, for every solution of a stack.

    >>> features_by_shape([[1, 0], [0, 1], [0, -1]])[:3]
    array([1, 2, 0])
    """
    W = weights.given(W)
    found = [clusters(one, threshold, tolerance) for one in W.reshape(-1, *W.shape[-2:])]
    counts = [np.bincount(cut.shape, weights=cut.size, minlength=len(NAMES)) for cut in found]
    return np.array(counts).astype(int).reshape(*W.shape[:-2], len(NAMES))


def typical(W: Any, shape: int) -> tuple[tuple[int, ...], Int[Array, "corner"]]:
    """The polytope of that name, of all in a stack, whose deviation from the perfect one is the median.

    Returns the index of its solution, and its features there. Raises ValueError where the stack holds none.

    >>> typical([[[1, 0], [0, 1], [0, -1]]], NAMES.index("digon"))
    ((0,), array([1, 2]))
    """
    W, found = weights.given(W), []
    for at in np.ndindex(W.shape[:-2]):
        cut = clusters(W[at])
        members = [np.flatnonzero(cut.of_feature == c) for c in np.flatnonzero(cut.shape == shape)]
        found += [(deviation(W[at][of_cluster], shape), at, of_cluster) for of_cluster in members]
    if not found:
        raise ValueError(f"no solution holds a {NAMES[shape]}")
    _, at, members = sorted(found, key=lambda one: one[:2])[(len(found) - 1) // 2]
    return at, members


def alone(W: Any) -> Bool[Array, "*batch n_features"]:
    """Which represented features make a cluster of their own.

    >>> alone([[1, 0], [0, 1], [0, -1]])
    array([ True, False, False])
    """
    W = weights.given(W)
    cuts = [clusters(one) for one in W.reshape(-1, *W.shape[-2:])]
    return np.array([np.isin(cut.of_feature, np.flatnonzero(cut.size == 1)) for cut in cuts]).reshape(W.shape[:-1])


def scrambled(W: Any, rng: np.random.Generator) -> Float[Array, "*batch n_features m"]:
    """The null: the same lengths in random directions.

    >>> np.linalg.norm(scrambled([[3, 4], [0, 1]], np.random.default_rng(0)), axis=1).round(6)
    array([5., 1.])
    """
    W = weights.given(W)
    direction = rng.standard_normal(W.shape)
    return direction * (formulas.norms(W) / formulas.norms(direction))[..., None]
