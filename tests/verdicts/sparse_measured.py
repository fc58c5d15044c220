"""Made-up findings for the claims of sparse/measured, with the verdict that each should have, by hand.
A row is (verdict, value, low, high, baseline, also); what follows a value may be left out."""

from superposition.estimates import Estimate


def seeds(low, high):
    return Estimate((low + high) / 2, low, high, "seeds", 4)


ROWS = {
    (
        "sparse/measured/01-squared-norm", "sparse/measured/02-capacity", "sparse/measured/03-over-half",
        "sparse/measured/05-latents",
    ): [
        (verdict, low + 0.01, low, low + 0.02, 0.2, {"sparse data": seeds(sparse, sparse + 0.02)})
        for verdict, low, sparse in [("reproduced", 0.81, 0.9), ("partly", 0.79, 0.51), ("not reproduced", 0.7, 0.49)]
    ],
    "sparse/measured/09-two-dictionaries": [
        ("reproduced", 0.9, 0.81, 0.95, 0.2), ("partly", 0.9, 0.79, 0.95, 0.2), ("not reproduced", 0.3, 0.19, 0.4, 0.2),
    ],
    ("sparse/measured/04-overlap", "sparse/measured/10-spectrum"): [
        ("reproduced", 0.95, 0.91, 0.97, 0.5), ("partly", 0.7, 0.6, 0.8, 0.5), ("not reproduced", 0.6, 0.49, 0.7, 0.5),
    ],
    "sparse/measured/06-lossless": [
        ("reproduced", 90, 80, 95), ("partly", 89, 80, 95), ("partly", 50, 40, 60), ("not reproduced", 49, 40, 60),
    ],
    "sparse/measured/07-known-features": [
        (verdict, 1, None, None, 1, {"setting": {"first": seeds(0.95, 1.05), "other": seeds(*other)}})
        for verdict, other in [("reproduced", (0.9, 1.1)), ("partly", (1.2, 1.3))]
    ] + [("not reproduced", 1, None, None, 1, {"setting": {"first": seeds(0.8, 0.95), "other": seeds(1.05, 1.2)}})],
    "sparse/measured/08-dictionary": [
        ("reproduced", 1.2, 1.11, 1.3, 1), ("partly", 1.1, 1.01, 1.2, 1), ("not reproduced", 1.05, 0.99, 1.1, 1),
    ],
    "sparse/measured/11-weights": [("cannot fail", 1, 0.9, 1.1, 0.4), ("cannot fail", 0.4, 0.3, 0.5, 0.4)],
    "sparse/measured/12-found": [("reproduced", 0.1, 0.01, 0.2, 0), ("not reproduced", 0.1, -0.01, 0.2, 0)],
}  # fmt: skip
