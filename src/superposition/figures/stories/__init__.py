"""The pictures of the chapters on small language models. Every function takes arrays with named axes and returns a figure."""

from superposition.figures.stories.learning import learning
from superposition.figures.stories.neurons import neuron, sameness

__all__ = ["learning", "neuron", "sameness"]
