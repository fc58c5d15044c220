"""Which of many directions lie together: two ways to divide them, how far to trust the parts, and a map of them in the plane.
All takes unit rows: directions of weights, or rows whose products are the correlations of activations."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float, Int

from superposition import formulas

Array = np.ndarray
Algorithm = Callable[[Float[Array, "row dim"], Sequence[int]], Int[Array, "count row"]]


def coordinates(cosine: Float[Array, "row row"]) -> Float[Array, "row dim"]:
    """Unit rows with these cosines, in as few dimensions as they span."""
    values, vectors = np.linalg.eigh(cosine)
    kept = values > 1e-9 * values[-1]
    return vectors[:, kept] * np.sqrt(values[kept])


def mixed(unit: Float[Array, "row dim"], rng: np.random.Generator) -> Float[Array, "row dim"]:
    """A cloud with the mean and the spectrum of these unit rows, and no other structure: the null of clusters.

    The centred matrix U S Vᵀ gets a random orthonormal U, so that its rows are mixed as by a random rotation of the space of
    rows; then each is scaled to length one again. A long axis, along which any cloud can be cut, stays as long as it was."""
    mean = unit.mean(0)
    _, lengths, axes = np.linalg.svd(unit - mean, full_matrices=False)
    rank = min(len(unit) - 1, len(lengths))
    noise = rng.standard_normal((len(unit), rank))
    basis, _ = np.linalg.qr(noise - noise.mean(0))
    return formulas.unit(mean + basis @ (lengths[:rank, None] * axes[:rank]))


def ward(unit: Float[Array, "row dim"], counts: Sequence[int]) -> Int[Array, "count row"]:
    """For each number of clusters, the cluster of every row, cut from a tree by Ward's rule.

    It joins the two clusters whose union adds least to the squared distances of rows from their means. Source: Ward 1963."""
    from scipy.cluster.hierarchy import fcluster, linkage

    tree = linkage(unit, "ward")
    return np.stack([fcluster(tree, count, "maxclust") - 1 for count in counts])


def k_means(unit: Float[Array, "row dim"], counts: Sequence[int]) -> Int[Array, "count row"]:
    """The same by k-means, which makes those squared distances small for each number by itself. Source: Lloyd 1982."""
    from sklearn.cluster import KMeans

    return np.stack([KMeans(count, n_init=1, random_state=0).fit_predict(unit.astype(np.float32)) for count in counts])


ALGORITHMS: dict[str, Algorithm] = {"Ward": ward, "k-means": k_means}


def stability(
    unit: Float[Array, "row dim"], algorithm: Algorithm, counts: Sequence[int], rng: np.random.Generator, share: float = 0.8
) -> Float[Array, "count"]:
    """How far two clusterings agree that saw different rows, each this share of all, on the rows that both saw.

    Source: Ben-Hur, Elisseeff and Guyon 2002."""
    parts = [np.sort(rng.permutation(len(unit))[: round(share * len(unit))]) for _ in range(2)]
    both = np.intersect1d(*parts)
    one, other = (algorithm(unit[part], counts)[:, np.searchsorted(part, both)] for part in parts)
    return np.array([agreement(a, b) for a, b in zip(one, other, strict=True)])


def agreement(one: Int[Array, "row"], other: Int[Array, "row"]) -> float:
    """The adjusted mutual information of two clusterings: 1 if they are the same, 0 on average if unrelated.

    Source: Vinh, Epps and Bailey 2010."""
    from sklearn.metrics import adjusted_mutual_info_score

    return float(adjusted_mutual_info_score(one, other))


def neighbours(unit: Float[Array, "row dim"], k: int) -> Int[Array, "row k"]:
    """The k rows most like each row, without itself, the most alike first."""
    return _first(formulas.cosines(unit), k)


def near(points: Float[Array, "row xy"], k: int) -> Int[Array, "row k"]:
    """The k points nearest to each in the plane."""
    return _first(-((points[:, None] - points[None]) ** 2).sum(-1), k)


def _first(likeness, k):
    others = likeness.astype(np.float64)
    np.fill_diagonal(others, -np.inf)
    return np.argsort(-others, axis=1, kind="stable")[:, :k]


def shared(one: Int[Array, "row k"], other: Int[Array, "row k"]) -> float:
    """The share of each row's neighbours that are its neighbours in the other list too, mean over rows.

    By lot it is k / (rows − 1)."""
    return float((one[:, :, None] == other[:, None, :]).any(-1).mean())


def plane(unit: Float[Array, "row dim"], perplexity: float, rounds: int, seed: int) -> Float[Array, "row xy"]:
    """The rows in the plane, like ones near each other: t-SNE of 1 − cosine from a random start.

    Source: van der Maaten and Hinton 2008."""
    from sklearn.manifold import TSNE

    distance = np.maximum(1 - formulas.cosines(unit), 0)
    np.fill_diagonal(distance, 0)
    method = TSNE(
        perplexity=min(perplexity, (len(unit) - 1) / 3), metric="precomputed", init="random", random_state=seed,
        max_iter=rounds, n_jobs=1,
    )  # fmt: skip
    return method.fit_transform(distance)
