"""Random rotations of the hidden space: the null of what is said of single neurons.
Without a nonlinearity in the hidden layer no rotation changes what a model does, so none of its bases is privileged."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from scipy import stats

Array = np.ndarray


def draw(m: int, count: int, seed: int) -> Float[Array, "draw m m"]:
    """Rotations of m dimensions, uniform over all of them."""
    return stats.special_ortho_group(m, seed=seed).rvs(count)


def each(
    measure: Callable[[Float[Array, "draw n m"]], Float[Array, "draw *value"]],
    W: Float[Array, "model n m"],
    turns: Float[Array, "draw m m"],
) -> Float[Array, "model draw *value"]:
    """What a measure says of every model after every rotation."""
    return np.stack([measure(np.einsum("nm,dmk->dnk", one, turns)) for one in W])


def rank(own: Float[Array, "model"], turned: Float[Array, "model draw"]) -> Float[Array, "model"]:
    """The share of its rotations that each model outdoes: uniform on [0, 1] where the basis means nothing to it."""
    return (turned < own[:, None]).mean(-1)
