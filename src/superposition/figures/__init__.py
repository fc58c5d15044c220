"""Pure functions from arrays to figures, all in one style."""

from superposition.figures import animation, style, toy

__all__ = ["animation", "style", "toy"]
