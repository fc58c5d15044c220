"""Pure functions from arrays to figures, all in one style."""

from superposition.figures import addition, animation, bottleneck, matrices, scaling, sparse, stories, style, toy

__all__ = ["addition", "animation", "bottleneck", "matrices", "scaling", "sparse", "stories", "style", "toy"]
