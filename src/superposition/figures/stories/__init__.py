"""The pictures of the chapters on small language models. Every function takes arrays with named axes and returns a figure."""

from superposition.figures.stories.attention import head_features, told_by_heads
from superposition.figures.stories.clusters import cluster_agreement, cluster_stability, neuron_maps
from superposition.figures.stories.learning import learning
from superposition.figures.stories.neurons import neuron, sameness
from superposition.figures.stories.ordering import diagonal_film, falling_off, order_scores, ordered_maps, tile
from superposition.figures.stories.overlap import overlap_by_width
from superposition.figures.stories.truth import feature_cosines, features_read, shares_by_width

__all__ = [
    "cluster_agreement",
    "cluster_stability",
    "diagonal_film",
    "falling_off",
    "feature_cosines",
    "features_read",
    "head_features",
    "learning",
    "neuron",
    "neuron_maps",
    "order_scores",
    "ordered_maps",
    "overlap_by_width",
    "sameness",
    "shares_by_width",
    "tile",
    "told_by_heads",
]
