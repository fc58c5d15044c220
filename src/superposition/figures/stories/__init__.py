"""The pictures of the chapters on small language models. Every function takes arrays with named axes and returns a figure."""

from superposition.figures.stories.learning import learning

__all__ = ["learning"]
