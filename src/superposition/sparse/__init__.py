"""Sparse autoencoders: what comes out of superposition again, tried on models whose features are known."""
