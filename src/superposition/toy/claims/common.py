"""What the claims of several chapters share: their sources, what is best of several trainings, an estimate for each case.

What is best and what a training finds are two statements: a claim about solutions is judged on the trainings near the least
loss, and its neighbour says how often one training finds it."""

from collections.abc import Iterable

import numpy as np
from jaxtyping import Bool, Num

from superposition.estimates import Estimate, over_seeds
from superposition.tolerances import AtLeast, Every, Tolerance

PAPER = "Elhage et al. 2022"
WRITE_UP = "Experiments in Superposition"
LECOMTE = "Lecomte et al. 2024"

# Held-out losses of equally good models differ by less than this, for chance.
NEAR = 1.03


def near_best(loss: Num[np.ndarray, "seed"], within: float = NEAR) -> Bool[np.ndarray, "seed"]:
    """Which trainings come within a factor of the least loss; losses below 1e-9 are all 0."""
    return loss <= np.maximum(within * loss.min(), 1e-9)


def most_at_every(condition: str) -> Tolerance:
    """As `MOST`, at each condition by itself: conditions are chosen, and a mean over them means little."""
    return Tolerance(reproduced=Every(condition, AtLeast(90)), partly=Every(condition, AtLeast(50)))


def by_label(labels: Iterable, values: Iterable[np.ndarray]) -> dict[str, Estimate]:
    """Estimates over seeds, each of one array, by the numbers that they belong to."""
    return {f"{label:g}": over_seeds(one) for label, one in zip(labels, values, strict=True)}
