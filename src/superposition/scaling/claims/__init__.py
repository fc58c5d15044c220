"""What is said of width, data and superposition, each statement with the check that decides it. One module a chapter."""

from superposition.scaling.claims import samples, width

__all__ = ["samples", "width"]
