"""The pictures of the chapters on the transformer that adds.
Every function takes arrays with named axes and returns a figure; answers are counted from 0, the last digit of the sum."""

from superposition.figures.addition.carries import by_column_below, by_depth, by_distance, head_columns, poles_and_logits, recipes
from superposition.figures.addition.learning import PLACES, by_chain, by_position, readings, splits

__all__ = [
    "PLACES", "by_chain", "by_column_below", "by_depth", "by_distance", "by_position", "head_columns", "poles_and_logits",
    "readings", "recipes", "splits",
]  # fmt: skip
