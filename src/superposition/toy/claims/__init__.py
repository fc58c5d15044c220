"""What the paper and its replications say about toy autoencoders, each with the check that decides it.
One module a chapter; thresholds are in `tolerance`, and an interval is over seeds, 95%."""

from superposition.toy.claims import (
    adversarial,
    computation,
    correlated,
    demonstrating,
    dropout,
    dynamics,
    geometry,
    hidden_size,
    intro,
    mixed_sparsity,
    nonuniform,
    phase,
    privileged,
    regularised,
    room,
)  # fmt: skip

__all__ = [
    "adversarial", "computation", "correlated", "demonstrating", "dropout", "dynamics", "geometry", "hidden_size", "intro",
    "mixed_sparsity", "nonuniform", "phase", "privileged", "regularised", "room",
]  # fmt: skip
