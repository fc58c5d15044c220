"""Made-up findings for the claims on sparse autoencoders, with the verdict that each should have, by hand."""

from superposition.estimates import Estimate


def seeds(low, high):
    return Estimate((low + high) / 2, low, high, "seeds", 4)


def two(named, *rows):
    """A verdict for the lowest bounds of two places."""
    return [
        (verdict, 0, None, None, 0, {named: {"one": seeds(one, one + 0.01), "other": seeds(other, other + 0.01)}})
        for verdict, one, other in rows
    ]


ROWS = {
    ("sparse/recovery/01-features", "sparse/recovery/09-spare"): two(
        "place", ("reproduced", 0.91, 0.95), ("partly", 0.89, 0.95), ("not reproduced", 0.8, 0.9)
    ),
    "sparse/recovery/02-arrows": [
        (verdict, 0, None, None, 0, {"sparsity": {"0.5": one, "0.9": other}})
        for verdict, one, other in [("reproduced", 90, 100), ("partly", 89, 90), ("not reproduced", 0, 89)]
    ],
    ("sparse/recovery/03-pca-ica", "sparse/recovery/14-k-means"): two(
        "place", ("reproduced", 0.01, 0.1), ("partly", -0.01, 0.1), ("not reproduced", -0.1, 0)
    ),
    "sparse/recovery/04-absent": [("cannot fail", 0.01), ("cannot fail", 1)],
    "sparse/recovery/05-part-ways": two(
        "place", ("reproduced", 0.06, 0.2), ("partly", 0.04, 0.06), ("not reproduced", 0.05, 0.03)
    ),
    "sparse/recovery/06-shrinkage": two("λ", ("reproduced", 0.8, 1.19), ("partly", 0.8, 1.3), ("not reproduced", 0.7, 1.2)),
    "sparse/recovery/07-gated": two("λ", ("reproduced", -0.1, 0.09), ("partly", -0.3, 0.4), ("not reproduced", 0, 0.5)),
    ("sparse/recovery/08-kinds", "sparse/recovery/13-equal"): two(
        "kind", ("reproduced", 0.01, 0.1), ("partly", -0.01, 0.1), ("not reproduced", -0.1, 0)
    ),
    "sparse/recovery/12-guide": [
        ("reproduced", 0.7, 0.51, 0.9), ("partly", 0.5, 0.01, 0.9), ("not reproduced", 0.1, -0.1, 0.3),
    ],
    "sparse/recovery/10-trained": two("sparsity", ("reproduced", 0.01, 0.1), ("partly", 0, 0.1), ("not reproduced", -0.1, 0)),
    "sparse/recovery/11-longer": [
        (verdict, 0, None, None, 0, {"kind": {"L1": seeds(-0.01, one), "gated": seeds(0, other)}, "L1": seeds(-0.01, one)})
        for verdict, one, other in [
            ("reproduced", 0.01, 0.01), ("partly", 0.01, 0.1), ("not reproduced", 0.06, 0.01), ("not reproduced", 0.03, 0.1),
        ]
    ],
}  # fmt: skip
