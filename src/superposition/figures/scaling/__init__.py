"""The pictures of the chapters on scaling. Every function takes arrays with named axes and returns a figure."""

from superposition.figures.scaling.polygons import believed, descents, polygon_losses
from superposition.figures.scaling.samples import dimensionality_by_samples, loss_by_samples, planes_by_samples, worth_by_samples
from superposition.figures.scaling.width import by_dial, by_width, lengths_by_feature

__all__ = [
    "believed", "by_dial", "by_width", "descents", "dimensionality_by_samples", "lengths_by_feature", "loss_by_samples",
    "planes_by_samples", "polygon_losses", "worth_by_samples",
]  # fmt: skip
