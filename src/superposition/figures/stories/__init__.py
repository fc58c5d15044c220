"""The pictures of the chapters on small language models. Every function takes arrays with named axes and returns a figure."""

from superposition.figures.stories.learning import learning
from superposition.figures.stories.ordering import diagonal_film, falling_off, order_scores, ordered_maps, tile

__all__ = ["diagonal_film", "falling_off", "learning", "order_scores", "ordered_maps", "tile"]
