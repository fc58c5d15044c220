"""The pictures of the chapters on the transformer that adds."""

from superposition.figures.addition.laboratory import laboratory

__all__ = ["laboratory"]
