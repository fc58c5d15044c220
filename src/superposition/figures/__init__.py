"""Pure functions from arrays to figures, all in one style."""

from superposition.figures import addition, animation, style, toy

__all__ = ["addition", "animation", "style", "toy"]
