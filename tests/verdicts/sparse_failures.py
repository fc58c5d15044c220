"""Made-up findings for the claims of sparse/failures, with the verdict that each should have, by hand.
A row is (verdict, value, low, high, baseline, also); what follows a value may be left out."""

from superposition.estimates import Estimate


def seeds(low, high):
    return Estimate((low + high) / 2, low, high, "seeds", 8)


def two(named, *rows):
    """A verdict for the intervals of two places."""
    return [(verdict, 0, None, None, 0, {named: {"one": seeds(*one), "other": seeds(*other)}}) for verdict, one, other in rows]


def beside(name, *rows):
    """A verdict for an interval, and for that of something beside it."""
    return [(verdict, sum(own) / 2, *own, 0, {name: seeds(*other)}) for verdict, own, other in rows]


ROWS = {
    "sparse/failures/1-absorbed": [("reproduced", 90, 51, 99), ("partly", 60, 30, 80), ("not reproduced", 0, -10, 30)],
    "sparse/failures/2-optimum": two(
        "spread", ("reproduced", (0.9, 0.99), (0.8, 0.9)), ("partly", (0.9, 1.01), (0.8, 0.9)),
        ("not reproduced", (0.99, 1.01), (1, 1.1)),
    ),
    "sparse/failures/3-amount": two(
        "place", ("reproduced", (-0.09, 0.01), (0, 0.09)), ("partly", (-0.2, 0), (0, 0.09)),
        ("not reproduced", (-0.2, 0), (0, 0.11)),
    ),
    "sparse/failures/4-tied": two(
        "spread", ("reproduced", (0, 0.05), (-0.02, 0.02)), ("partly", (0, 0.5), (0, 0.05)),
        ("not reproduced", (0, 0.3), (0.5, 0.7)),
    ),
    "sparse/failures/5-kinds": two(
        "kind", ("reproduced", (0.1, 0.9), (0.01, 0.2)), ("partly", (0.1, 0.9), (-0.1, 0.2)),
        ("not reproduced", (-0.2, 0.3), (-0.1, 0.1)),
    ),
    "sparse/failures/6-splitting": beside(
        "narrowest", ("reproduced", (1.1, 3), (0, 0.2)), ("partly", (0.2, 3), (0, 0.2)), ("partly", (2, 3), (0.5, 1.5)),
        ("not reproduced", (-0.2, 0.4), (0, 0.2)),
    ),
    "sparse/failures/7-composed": two(
        "share alone", ("reproduced", (0.1, 0.3), (0.01, 0.1)), ("partly", (0.1, 0.3), (-0.3, 0.1)),
        ("not reproduced", (-0.3, -0.1), (-0.1, 0.1)),
    ),
    "sparse/failures/8-room": beside(
        "sizes of one", ("reproduced", (0.96, 1), (0.7, 0.9)), ("partly", (0.96, 1), (0.9, 1)),
        ("not reproduced", (0.9, 1), (0.7, 0.9)),
    ),
    "sparse/failures/9-hedging": [
        (verdict, sum(own) / 2, *own, 0.2, {"independent": seeds(*none), "never together": seeds(*never)})
        for verdict, own, none, never in [
            ("reproduced", (0.2, 0.3), (-0.02, 0.02), (-0.1, -0.05)), ("partly", (0.2, 0.3), (-0.02, 0.02), (-0.1, 0.05)),
            ("partly", (0.2, 0.3), (0.1, 0.2), (-0.1, -0.05)), ("not reproduced", (0.05, 0.3), (-0.02, 0.02), (-0.1, -0.05)),
        ]
    ],
}  # fmt: skip
