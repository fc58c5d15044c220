"""The pictures of the chapters on the transformer that adds.
Every function takes arrays with named axes and returns a figure; answers are counted from 0, the last digit of the sum."""

from superposition.figures.addition.carries import by_column_below, by_depth, by_distance, head_columns, poles_and_logits, recipes
from superposition.figures.addition.circuits import (
    effect_matrix,
    heat_maps,
    logit_maps,
    map_film,
    one_head,
    set_curves,
)  # fmt: skip
from superposition.figures.addition.dictionary import explained_and_right, told_by_family
from superposition.figures.addition.heads import (
    accuracy_left,
    attention,
    head_panel,
    over_training,
    ranges,
    rings,
    strip,
    strips,
)  # fmt: skip
from superposition.figures.addition.laboratory import laboratory
from superposition.figures.addition.learning import PLACES, by_chain, by_position, readings, splits
from superposition.figures.addition.planes import head_film

__all__ = [
    "PLACES", "accuracy_left", "attention", "by_chain", "by_column_below", "by_depth", "by_distance", "by_position",
    "effect_matrix", "explained_and_right", "head_columns", "head_film", "head_panel", "heat_maps", "laboratory",
    "logit_maps", "map_film", "one_head", "over_training", "poles_and_logits", "ranges", "readings", "recipes", "rings",
    "set_curves", "splits", "strip", "strips", "told_by_family",
]  # fmt: skip
