"""Bottlenecks: features squeezed through few dimensions, alone, in a transformer and in a translator, and how to measure it."""
