"""The pictures of the chapters on sparse autoencoders. Every function takes arrays with named axes and returns a figure."""

from superposition.figures.sparse.measured import counts_by_model, latents_by_setting
from superposition.figures.sparse.recovery import arrows_over_penalties, reconstruction_and_recovery, recovery_by_sparsity

__all__ = [
    "arrows_over_penalties", "counts_by_model", "latents_by_setting", "reconstruction_and_recovery", "recovery_by_sparsity",
]  # fmt: skip
