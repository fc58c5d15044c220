"""Sparse autoencoders, a stack of which trains at once, and the codes and directions that they are held against."""
