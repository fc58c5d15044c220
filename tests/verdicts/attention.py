"""Made-up findings for the claims on attention heads, with the verdict that each should have, by hand."""

from superposition.estimates import Estimate


def seeds(low, high):
    return Estimate((low + high) / 2, low, high, "seeds", 8)


def two(named, baseline, *rows):
    """A verdict for the intervals at two places, each a hundredth wide."""
    return [
        (verdict, 0, None, None, baseline, {named: {"one": seeds(one, one + 0.01), "other": seeds(other, other + 0.01)}})
        for verdict, one, other in rows
    ]


def numbers(baseline, *rows):
    return [(verdict, 0, None, None, baseline, {"rules": {"2": one, "8": other}}) for verdict, one, other in rows]


ROWS = {
    "attention/trigrams/01-two-heads": numbers(0.3, ("reproduced", 0, 1e-4), ("partly", 0, 0.1), ("not reproduced", 0.1, 0.2)),
    "attention/trigrams/02-one-head": two(
        "rules", 0.1, ("reproduced", 0, 0.08), ("partly", 0.08, 0.095), ("not reproduced", 0.1, 0.3)
    ),
    "attention/trigrams/03-one-dimension": numbers(
        0.01, ("reproduced", 0, 0.01), ("partly", 0, 0.02), ("not reproduced", 0.02, 0.02)
    ),
    "attention/trigrams/04-training": numbers(0, ("reproduced", 50, 100), ("partly", 40, 60), ("not reproduced", 0, 49)),
    "attention/trigrams/05-write-and-cancel": [
        ("reproduced", 0.7, 0.51, 0.9), ("partly", 0.3, 0.2, 0.5), ("not reproduced", 0.1, 0.05, 0.2),
    ],
    "attention/trigrams/06-superposition": two(
        "rules", 1, ("reproduced", 0.2, 0.9), ("partly", 0.05, 0.5), ("not reproduced", 0.05, 0.949)
    ),
    "attention/trigrams/07-score": [("reproduced", 2, 1.9, 2.1, 1.8), ("corrected", 1.8, 1.7, 1.9, 1.8)],
    "attention/trigrams/08-by-lot": [("reproduced", 0.2, 0.1, 0.3), ("not reproduced", 0.1, 0, 0.2)],
    "attention/trigrams/09-own-heads": two(
        "rules", 0, ("reproduced", 0.01, 0.08), ("partly", 0.05, 0.5), ("not reproduced", 0.1, 0.5)
    ),
    "attention/trigrams/10-right": two(
        "shape", 0.1, ("reproduced", 0.01, 0.03), ("partly", 0.01, 0.5), ("corrected", 0.3, 0.5)
    ),
}  # fmt: skip
