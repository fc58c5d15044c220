"""The pictures of the chapters on toy autoencoders: weights as vectors, Gram matrices, counts and losses.
Every function takes arrays with named axes and returns a figure; the density of a feature is 1 − S."""

from superposition.figures.toy.gram import gram_and_bars
from superposition.figures.toy.lines import features_per_dimension, kinds, loss_by_sparsity, represented, shape_frequencies
from superposition.figures.toy.plane import five_features, sparsity_title, training_film, upright

__all__ = [
    "features_per_dimension", "five_features", "gram_and_bars", "kinds", "loss_by_sparsity", "represented",
    "shape_frequencies", "sparsity_title", "training_film", "upright",
]  # fmt: skip
