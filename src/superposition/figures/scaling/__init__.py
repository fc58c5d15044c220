"""The pictures of the chapters on scaling. Every function takes arrays with named axes and returns a figure."""

from superposition.figures.scaling.width import by_dial, by_width, lengths_by_feature

__all__ = ["by_dial", "by_width", "lengths_by_feature"]
