"""The pictures of the chapters on the transformer that adds."""

from superposition.figures.addition.circuits import (
    by_shape, effect_matrix, head_film, heat_maps, logit_maps, one_head, set_curves,
)  # fmt: skip
from superposition.figures.addition.laboratory import laboratory

__all__ = ["by_shape", "effect_matrix", "head_film", "heat_maps", "laboratory", "logit_maps", "one_head", "set_curves"]
