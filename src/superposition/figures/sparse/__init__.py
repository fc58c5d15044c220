"""The pictures of the chapters on sparse autoencoders. Every function takes arrays with named axes and returns a figure."""

from superposition.figures.sparse.failures import (
    carried_over_penalty,
    cosine_matrices,
    features_or_pairs,
    hedging,
    silence_by_kind,
    split_by_width,
)
from superposition.figures.sparse.measured import counts_by_model, latents_by_setting
from superposition.figures.sparse.recovery import arrows_over_penalties, reconstruction_and_recovery, recovery_by_sparsity

__all__ = [
    "arrows_over_penalties", "carried_over_penalty", "cosine_matrices", "counts_by_model", "features_or_pairs", "hedging",
    "latents_by_setting", "reconstruction_and_recovery", "recovery_by_sparsity", "silence_by_kind", "split_by_width",
]  # fmt: skip
