"""What the claims of several chapters share: their sources, and an estimate for each of several cases."""

import numpy as np

from superposition.estimates import Estimate, over_seeds

PAPER = "Elhage et al. 2022"
WRITE_UP = "Experiments in Superposition"
LECOMTE = "Lecomte et al. 2024"


def by_label(labels: np.ndarray | list[str], values: np.ndarray) -> dict[str, Estimate]:
    """Estimates over seeds, the last axis, one for each place of the first."""
    names = (label if isinstance(label, str) else f"{label:g}" for label in labels)
    return {name: over_seeds(one) for name, one in zip(names, values, strict=True)}
