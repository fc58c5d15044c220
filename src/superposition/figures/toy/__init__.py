"""The pictures of the chapters on toy autoencoders: weights as vectors, Gram matrices, counts and losses.
Every function takes arrays with named axes and returns a figure; the density of a feature is 1 − S."""

from superposition.figures.toy.adversarial import attacked_input, over_sparsity, vulnerability_and_features
from superposition.figures.toy.compressed import (
    ands_over_neurons,
    directions_without_relu,
    losses_over_mixing,
    sorted_errors,
)  # fmt: skip
from superposition.figures.toy.computation import computing_film, crowding, loss_dots, matrix_maps, tall_stacks
from superposition.figures.toy.correlated import by_sparsity, cosine_maps, pairs
from superposition.figures.toy.dropout import INK, crowds, dimensionality_histograms, over_rates, rate_maps, transitions
from superposition.figures.toy.dynamics import arrows_in_space, learning_film, opening, two_axes, two_rates
from superposition.figures.toy.gram import gram_and_bars
from superposition.figures.toy.levels import by_level, dimension_maps, sorted_by_neuron, weight_maps
from superposition.figures.toy.lines import features_per_dimension, kinds, loss_by_sparsity, represented, shape_frequencies
from superposition.figures.toy.nonuniform import border, deformation, found_shapes, loss_branches
from superposition.figures.toy.phase import PHASE_COLOURS, phase_maps, value_maps
from superposition.figures.toy.plane import five_features, in_and_out, sparsity_title, training_film, upright
from superposition.figures.toy.privileged import against_null, neuron_stacks, rank_histograms
from superposition.figures.toy.room import cosine_densities, dimensions_needed, overlaps

__all__ = [
    "ands_over_neurons", "directions_without_relu", "losses_over_mixing", "sorted_errors",
    "against_null", "arrows_in_space", "attacked_input", "border", "by_level", "by_sparsity", "computing_film",
    "cosine_maps", "cosine_densities", "crowding", "crowds", "deformation", "dimension_maps", "dimensions_needed",
    "dimensionality_histograms", "features_per_dimension", "five_features", "found_shapes", "in_and_out", "gram_and_bars",
    "kinds", "learning_film", "loss_branches", "loss_by_sparsity", "loss_dots", "matrix_maps", "neuron_stacks", "opening",
    "over_rates", "overlaps", "over_sparsity", "pairs", "phase_maps", "rank_histograms", "rate_maps", "represented",
    "shape_frequencies", "sorted_by_neuron", "sparsity_title", "tall_stacks", "training_film", "transitions", "two_axes",
    "two_rates", "upright", "value_maps", "vulnerability_and_features", "weight_maps", "INK", "PHASE_COLOURS",
]  # fmt: skip
