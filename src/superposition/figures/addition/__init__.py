"""The pictures of the chapters on the transformer that adds.
Every function takes arrays with named axes and returns a figure; answers are counted from 0, the last digit of the sum."""

<<<<<<< HEAD
from superposition.figures.addition.circuits import (
    by_shape, effect_matrix, head_film, heat_maps, logit_maps, one_head, set_curves,
)  # fmt: skip
from superposition.figures.addition.laboratory import laboratory
=======
from superposition.figures.addition.heads import accuracy_left, head_panel, over_training, ranges, rings, spectra, strip, strips
>>>>>>> d0ac69c288b81e2e5bea608d73c8fc0bac253111
from superposition.figures.addition.learning import PLACES, by_chain, by_position, readings, splits
from superposition.figures.addition.planes import head_film

__all__ = [
<<<<<<< HEAD
    "PLACES", "by_chain", "by_position", "by_shape", "effect_matrix", "head_film", "heat_maps", "laboratory", "logit_maps",
    "one_head", "readings", "set_curves", "splits",
=======
    "PLACES", "accuracy_left", "by_chain", "by_position", "head_film", "head_panel", "over_training", "ranges", "readings", "rings",
    "spectra", "splits", "strip", "strips",
>>>>>>> d0ac69c288b81e2e5bea608d73c8fc0bac253111
]  # fmt: skip
