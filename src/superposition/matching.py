"""Does a dictionary hold the features that are known? Directions matched one to one, and latents as detectors."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.optimize import linear_sum_assignment

from superposition import formulas

Array = np.ndarray


def match(cosine: Float[Array, "feature latent"]) -> tuple[Int[Array, "pair"], Int[Array, "pair"]]:
    """Features and latents, each used at most once, such that the sum of their cosines is largest.

    With fewer latents than features, some features are left out. Source: Kuhn 1955, the Hungarian method."""
    return linear_sum_assignment(cosine, maximize=True)


def matched_cosines(W: Float[Array, "feature m"], rows: Float[Array, "latent m"]) -> Float[Array, "feature"]:
    """The cosine of each feature with the latent that it is matched with; 0 without one, or where it points away.

    Its mean over features is the mean correlation coefficient, MCC, but that a latent of the opposite direction is none of
    the feature's: activities are not negative, and in superposition the opposite direction is often another feature's.

    >>> matched_cosines(np.array([[1.0, 0.0], [-1.0, 0.0]]), np.array([[2.0, 0.0], [0.0, 1.0]]))
    array([1., 0.])
    """
    cosine = formulas.unit(W) @ formulas.unit(rows).T
    features, latents = match(cosine)
    found = np.zeros(len(W), cosine.dtype)
    found[features] = np.maximum(cosine[features, latents], 0)
    return found


@dataclass(frozen=True)
class Detectors:
    """How often each latent fires, each feature is active, and both at once, in so many examples."""

    both: Float[Array, "*batch latent feature"]
    fires: Float[Array, "*batch latent"]
    active: Float[Array, "*batch feature"]
    examples: int

    @property
    def dead(self) -> Bool[Array, "*batch latent"]:
        """Latents that fire in no example."""
        return self.fires == 0

    def f1(self) -> Float[Array, "*batch latent feature"]:
        """F1 of each latent as a detector of each feature: the harmonic mean of precision and recall."""
        return 2 * self.both / np.maximum(1, self.fires[..., :, None] + self.active[..., None, :])

    def precision(self) -> Float[Array, "*batch latent feature"]:
        """The share of a latent's firings at which the feature is active; 0 of one that never fires."""
        return self.both / np.maximum(1, self.fires[..., :, None])

    def recall(self) -> Float[Array, "*batch latent feature"]:
        """The share of a feature's activities at which the latent fires."""
        return self.both / np.maximum(1, self.active[..., None, :])

    def always_f1(self) -> Float[Array, "*batch feature"]:
        """F1 of a latent that fires in every example: what a detector that knows nothing has, at best."""
        return 2 * self.active / (self.active + self.examples)
