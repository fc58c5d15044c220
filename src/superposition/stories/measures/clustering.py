"""Which of many directions lie together: trees over their cosines, cut into any number of clusters, and how far to trust a cut.
All is read off the cosines, so directions of weights and correlations of activations are treated alike."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from superposition import metrics

Array = np.ndarray


def coordinates(cosine: Float[Array, "row row"]) -> Float[Array, "row dim"]:
    """Unit rows with these cosines, in as few dimensions as they span."""
    values, vectors = np.linalg.eigh(cosine)
    kept = values > 1e-9 * values[-1]
    return vectors[:, kept] * np.sqrt(values[kept])


def rotated(unit: Float[Array, "row dim"], rng: np.random.Generator) -> Float[Array, "row row"]:
    """The cosines of a cloud with the mean and the spectrum of these unit rows, and no other structure: the null of clusters.

    The centred matrix U S Vᵀ gets a random orthonormal U, so that its rows are mixed as by a random rotation of the space of
    rows; then each is scaled to length one again. A long axis, along which any cloud can be cut, stays as long as it was."""
    mean = unit.mean(0)
    _, lengths, axes = np.linalg.svd(unit - mean, full_matrices=False)
    rank = min(len(unit) - 1, len(lengths))
    noise = rng.standard_normal((len(unit), rank))
    basis, _ = np.linalg.qr(noise - noise.mean(0))
    return metrics.cosines(mean + basis @ (lengths[:rank, None] * axes[:rank]))


def clusters(
    cosine: Float[Array, "row row"], counts: Sequence[int], chosen: Int[Array, "some"] | None = None
) -> Int[Array, "count some"]:
    """For each number of clusters, the cluster of every row, or of the chosen rows, which then are clustered by themselves.

    Cut from a tree by Ward's rule, which joins the two clusters whose union adds least to the squared distances of unit
    vectors from their means, the quantity that spherical k-means makes small. Source: Ward 1963; Banerjee et al. 2005."""
    part = cosine if chosen is None else cosine[np.ix_(chosen, chosen)]
    distance = np.sqrt(np.maximum(2 - 2 * part, 0))
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance, checks=False), "ward")
    return np.stack([fcluster(tree, count, "maxclust") - 1 for count in counts])


def stability(
    cosine: Float[Array, "row row"], counts: Sequence[int], pairs: int, rng: np.random.Generator, share: float = 0.8
) -> Float[Array, "pair count"]:
    """How alike two clusterings are that saw different parts of the rows: the adjusted Rand index of the rows in both.

    Each pair draws two parts of this share. 1: the same clusters; 0: what is expected of clusterings by lot.
    Source: Ben-Hur, Elisseeff and Guyon 2002; Hubert and Arabie 1985."""
    from sklearn.metrics import adjusted_rand_score

    found = []
    for _ in range(pairs):
        parts = [np.sort(rng.permutation(len(cosine))[: round(share * len(cosine))]) for _ in range(2)]
        both = np.intersect1d(*parts)
        one, other = (clusters(cosine, counts, part)[:, np.searchsorted(part, both)] for part in parts)
        found.append([adjusted_rand_score(a, b) for a, b in zip(one, other, strict=True)])
    return np.array(found)


def agreement(one: Int[Array, "row"], other: Int[Array, "row"]) -> float:
    """The adjusted mutual information of two clusterings: 1 if they are the same, 0 on average if unrelated.

    Source: Vinh, Epps and Bailey 2010."""
    from sklearn.metrics import adjusted_mutual_info_score

    return float(adjusted_mutual_info_score(one, other))


def neighbours(likeness: Float[Array, "row row"], k: int) -> Int[Array, "row k"]:
    """The k rows most like each row, without itself, the most alike first."""
    others = likeness.astype(np.float64)
    np.fill_diagonal(others, -np.inf)
    return np.argsort(-others, axis=1, kind="stable")[:, :k]


def shared(one: Int[Array, "row k"], other: Int[Array, "row k"]) -> float:
    """The share of each row's neighbours that are its neighbours in the other list too, mean over rows.

    By lot it is k / (rows − 1)."""
    return float((one[:, :, None] == other[:, None, :]).any(-1).mean())


def dense(cosine: Float[Array, "row row"], least: int) -> tuple[float, int]:
    """The share of rows in regions denser than what lies between them, of at least so many rows, and the number of regions.

    HDBSCAN finds that number by itself, and leaves rows out. Source: Campello, Moulavi and Sander 2013."""
    from sklearn.cluster import HDBSCAN

    found = HDBSCAN(min_cluster_size=least, metric="precomputed", copy=True).fit(np.maximum(1 - cosine, 0)).labels_
    return float((found >= 0).mean()), int(found.max() + 1)


def plane(cosine: Float[Array, "row row"], perplexity: float, rounds: int, seed: int) -> Float[Array, "row xy"]:
    """The rows in the plane, like ones near each other: t-SNE of 1 − cosine from a random start. Source: van der Maaten 2008."""
    from sklearn.manifold import TSNE

    distance = np.maximum(1 - cosine, 0)
    np.fill_diagonal(distance, 0)
    method = TSNE(
        perplexity=min(perplexity, (len(cosine) - 1) / 3), metric="precomputed", init="random", random_state=seed,
        max_iter=rounds, n_jobs=1,
    )  # fmt: skip
    return method.fit_transform(distance)


def near(points: Float[Array, "row xy"], k: int) -> Int[Array, "row k"]:
    """The k points nearest to each in the plane."""
    difference = points[:, None] - points[None]
    return neighbours(-(difference**2).sum(-1), k)
