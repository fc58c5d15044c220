"""Random matrices that share something with a given one, against which its structure is held: surrogates, or nulls.
They lack more of it from kind to kind: least is lost where norms and spectrum are kept."""

import numpy as np
from jaxtyping import Float

from superposition import formulas

Array = np.ndarray

ROUNDS = 6  # of second moments and lengths in turn; then singular values agree to a part in a thousand, also where one is large


def gaussian(W: Float[Array, "row dim"], rng: np.random.Generator) -> Float[Array, "row dim"]:
    """Rows in random directions: the control of *Experiments in Superposition*. It shares nothing but the shape."""
    return rng.standard_normal(W.shape, dtype=np.float32)


def shuffled(W: Float[Array, "row dim"], rng: np.random.Generator) -> Float[Array, "row dim"]:
    """Each column in a random order of its own: single weights are kept, with their tails, and what they have in common goes."""
    return rng.permuted(W, axis=0)


def rotated(W: Float[Array, "row dim"], rng: np.random.Generator) -> Float[Array, "row dim"]:
    """Rows at random, of the same lengths, whose unit vectors have the second moments of W's, and so their spectrum.

    With unit rows Ŵ = U S Vᵀ, a random orthonormal U in place of theirs keeps S and V, but not the length of the rows; so
    restoring ŴᵀŴ and scaling to length one take turns. Rows crowd the same directions as much as W's do, but no row knows
    of any other. Where a row's length goes with its direction, W's own spectrum changes; that of what cosines see does not."""
    unit = formulas.unit(W.astype(np.float32))
    wanted = _factor(unit)
    rows = rng.standard_normal(W.shape, dtype=np.float32)
    for _ in range(ROUNDS):
        rows = formulas.unit(rows @ np.linalg.solve(_factor(rows).T, wanted.T).astype(np.float32))
    return rows * formulas.norms(W.astype(np.float32))[:, None]


def _factor(rows):
    """The Cholesky factor of the rows' second moments, with a little of every direction: some may never be used."""
    moments = (rows.T @ rows).astype(np.float64)
    return np.linalg.cholesky(moments + 1e-4 * np.trace(moments) / len(moments) * np.eye(len(moments)))


def p_value(observed: float, null: Float[Array, "draw"]) -> float:
    """How often a draw, the observed counted as one of them, reaches the observed. Source: Davison and Hinkley 1997, (4.11)."""
    return float((1 + (null >= observed).sum()) / (1 + len(null)))


def holm(p: Float[Array, "test"]) -> Float[Array, "test"]:
    """The p-values such that any is below α by chance with probability at most α, however the tests hang together.

    Source: Holm 1979.

    >>> holm(np.array([0.01, 0.04, 0.03]))
    array([0.03, 0.06, 0.06])
    """
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate((len(p) - np.arange(len(p))) * p[order])
    return np.minimum(stepped, 1)[np.argsort(order)]


def adjusted(observed: Float[Array, "test"], nulls: Float[Array, "test draw"]) -> Float[Array, "test"]:
    """Holm's p-value of each test, from what was observed and the draws of its null."""
    return holm(np.array([p_value(one, null) for one, null in zip(observed, nulls, strict=True)]))
