"""The pictures of the chapters on bottlenecks. Every function takes arrays with named axes and returns a figure."""

from superposition.figures.bottleneck.against_truth import against_truth, rank_agreement

__all__ = ["against_truth", "rank_agreement"]
