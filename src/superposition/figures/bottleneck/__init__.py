"""The pictures of the chapters on bottlenecks. Every function takes arrays with named axes and returns a figure."""

from superposition.figures.bottleneck.against_truth import against_truth, rank_agreement
from superposition.figures.bottleneck.arrows import arrows, arrows_film, given_back, over_training
from superposition.figures.bottleneck.narrow_translation import around_and_through, measures_by_width, quality_by_width

__all__ = [
    "against_truth", "around_and_through", "arrows", "arrows_film", "given_back", "measures_by_width", "over_training",
    "quality_by_width", "rank_agreement",
]  # fmt: skip
