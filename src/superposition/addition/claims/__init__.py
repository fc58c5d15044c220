"""What the write-up says about its transformer that adds, each statement with the check that decides it.
One module a chapter; thresholds are in `tolerance`, and an interval is over seeds, 95%."""

from superposition.addition.claims import carries, circuits, heads, train

__all__ = ["carries", "circuits", "heads", "train"]
