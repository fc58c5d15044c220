"""What the write-up says about its transformer that adds, each statement with the check that decides it.
One module a chapter; thresholds are in `tolerance`, and an interval is over seeds, 95 %."""

<<<<<<< HEAD
from superposition.addition.claims import circuits, train

__all__ = ["circuits", "train"]
=======
from superposition.addition.claims import heads, train

__all__ = ["heads", "train"]
>>>>>>> d0ac69c288b81e2e5bea608d73c8fc0bac253111
