"""Attention heads: whether a model can keep more rules than it has heads, tried on rules that are known."""
