"""What is said of sparse autoencoders, each statement with the check that decides it. One module a chapter."""

from superposition.sparse.claims import recovery

__all__ = ["recovery"]
