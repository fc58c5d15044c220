"""The pictures of the chapters on the transformer that adds.
Every function takes arrays with named axes and returns a figure; answers are counted from 0, the last digit of the sum."""

from superposition.figures.addition.circuits import (
    by_shape, effect_matrix, heat_maps, logit_maps, map_film, one_head, set_curves,
)  # fmt: skip
from superposition.figures.addition.heads import accuracy_left, head_panel, over_training, ranges, rings, spectra, strip, strips
from superposition.figures.addition.laboratory import laboratory
from superposition.figures.addition.learning import PLACES, by_chain, by_position, readings, splits
from superposition.figures.addition.planes import head_film

__all__ = [
    "PLACES", "accuracy_left", "by_chain", "by_position", "by_shape", "effect_matrix", "head_film", "head_panel", "heat_maps",
    "laboratory", "logit_maps", "map_film", "one_head", "over_training", "ranges", "readings", "rings", "set_curves", "spectra",
    "splits", "strip", "strips",
]  # fmt: skip
