"""A small language model of children's stories: what its neurons and heads are made of, and how they share space."""

from typing import Any

__all__ = ["export", "load"]


def __getattr__(name: str) -> Any:
    """The package's own names, found when they are asked for: what they need, PyTorch, takes a second to import."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from superposition.stories.engine import models

    return getattr(models, name)
