"""The pictures of the chapter on heads in superposition. Every function takes arrays with named axes and returns a figure."""

from superposition.figures.attention.trigrams import missed_by_heads, missed_by_scale, strengths

__all__ = ["missed_by_heads", "missed_by_scale", "strengths"]
