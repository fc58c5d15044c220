"""The pictures of the chapters on small language models. Every function takes arrays with named axes and returns a figure."""

from superposition.figures.stories.learning import learning
from superposition.figures.stories.neurons import neuron, sameness
from superposition.figures.stories.overlap import overlap_by_width
from superposition.figures.stories.truth import feature_cosines, features_read, shares_by_width

__all__ = ["feature_cosines", "features_read", "learning", "neuron", "overlap_by_width", "sameness", "shares_by_width"]
