"""What the claims of several chapters share: their sources, and an estimate for each of several cases."""

from collections.abc import Iterable

import numpy as np

from superposition.estimates import Estimate, over_seeds

PAPER = "Elhage et al. 2022"
WRITE_UP = "Experiments in Superposition"
LECOMTE = "Lecomte et al. 2024"


def by_label(labels: Iterable, values: Iterable[np.ndarray]) -> dict[str, Estimate]:
    """Estimates over seeds, each of one array, by the numbers that they belong to."""
    return {f"{label:g}": over_seeds(one) for label, one in zip(labels, values, strict=True)}
