"""The spots worth seeing on an ordered map: stretches of the diagonal whose rows are alike, all of them to all others."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from superposition import formulas

Array = np.ndarray
SHORTEST = 4  # rows; two or three are a pair, or a chain


class Spot(NamedTuple):
    """Rows from `start` up to `stop` along the order; the mean squared cosine, and the mean cosine, of every two of them.

    The mean cosine is near 0 where half of the rows point against the others."""

    start: int
    stop: int
    squared: float
    cosine: float


def find(ordered: Float[Array, "row row"], level: float, most: int) -> list[Spot]:
    """Spots that share no row, those with the largest sum of squared cosines first, at most so many.

    A spot grows from two neighbours that are most alike, on the side whose next row is more like those it has, while that
    row's mean squared cosine with them is above the level: what neighbours rarely reach in a surrogate."""
    squares = ordered.astype(np.float64) ** 2
    n, free, found = len(squares), np.ones(len(squares), bool), []
    beside = np.diag(squares, 1).copy()
    for start in np.argsort(-beside, kind="stable"):
        if beside[start] <= level or not (free[start] and free[start + 1]):
            continue
        i, j = int(start), int(start) + 2
        while True:
            left = squares[i - 1, i:j].mean() if i > 0 and free[i - 1] else 0.0
            right = squares[j, i:j].mean() if j < n and free[j] else 0.0
            if max(left, right) <= level:
                break
            i, j = (i - 1, j) if left >= right else (i, j + 1)
        free[i:j] = False
        if j - i >= SHORTEST:
            pairs = np.triu_indices(j - i, 1)
            found.append(Spot(i, j, float(squares[i:j, i:j][pairs].mean()), float(ordered[i:j, i:j][pairs].mean())))
    return sorted(found, key=lambda spot: -spot.squared * (spot.stop - spot.start) * (spot.stop - spot.start - 1))[:most]


def direction(rows: Float[Array, "row dim"]) -> Float[Array, "dim"]:
    """The unit vector that the rows, each scaled to length one, are most along; most of them are on its side."""
    _, _, V = np.linalg.svd(formulas.unit(rows.astype(np.float64)), full_matrices=False)
    return V[0] * (1 if np.median(rows @ V[0]) >= 0 else -1)


def decay(ordered: Float[Array, "row row"], width: int) -> Float[Array, "width"]:
    """The mean squared cosine of rows that lie 1, 2, … apart along the order; nan where it is not so long."""
    far = range(1, width + 1)
    return np.array([(np.diag(ordered, k).astype(np.float64) ** 2).mean() if k < len(ordered) else np.nan for k in far])
