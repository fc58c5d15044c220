"""What is said of sparse autoencoders, each statement with the check that decides it. One module a chapter."""

from superposition.sparse.claims import failures, measured, recovery

__all__ = ["failures", "measured", "recovery"]
