"""The pictures of the chapters on bottlenecks. Every function takes arrays with named axes and returns a figure."""

from superposition.figures.bottleneck.against_truth import against_truth, rank_agreement
from superposition.figures.bottleneck.arrows import arrows, arrows_film, given_back, over_training

__all__ = ["against_truth", "arrows", "arrows_film", "given_back", "over_training", "rank_agreement"]
