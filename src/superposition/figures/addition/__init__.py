"""The pictures of the chapters on the transformer that adds.
Every function takes arrays with named axes and returns a figure; answers are counted from 0, the last digit of the sum."""

from superposition.figures.addition.circuits import (
    by_shape, effect_matrix, head_film, heat_maps, logit_maps, one_head, set_curves,
)  # fmt: skip
from superposition.figures.addition.laboratory import laboratory
from superposition.figures.addition.learning import PLACES, by_chain, by_position, readings, splits

__all__ = [
    "PLACES", "by_chain", "by_position", "by_shape", "effect_matrix", "head_film", "heat_maps", "laboratory", "logit_maps",
    "one_head", "readings", "set_curves", "splits",
]  # fmt: skip
