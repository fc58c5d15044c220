"""A small language model of children's stories: what its neurons and heads are made of, and how they share space."""

from superposition.stories.engine.models import export, load

__all__ = ["export", "load"]
