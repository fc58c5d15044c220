"""The pictures of the chapters on the addition transformer: its heads' planes, circuits, and what it gets right.
Every function takes arrays with named axes and returns a figure."""

from superposition.figures.addition.heads import accuracy_left, head_panel, over_training, ranges, rings, spectra, strip
from superposition.figures.addition.planes import head_film

__all__ = ["accuracy_left", "head_film", "head_panel", "over_training", "ranges", "rings", "spectra", "strip"]
