"""What the hackathon's write-up and notebook say about the transformer that adds, each with the check that decides it.
One module a chapter; thresholds are in `tolerance`, and an interval is over seeds, 95 %."""

from superposition.addition.claims import circuits

__all__ = ["circuits"]
