"""Made-up findings for the claims on samples and polygons, with the verdict that each should have, by hand."""

from superposition.estimates import Estimate


def seeds(low, high):
    return Estimate((low + high) / 2, low, high, "seeds", 4)


def two(*rows):
    """A verdict for the bounds of two numbers of samples."""
    return [(verdict, 0, None, None, 1, {"samples": {"5": seeds(*one), "8": seeds(*other)}}) for verdict, one, other in rows]


ROWS = {
    "scaling/samples/01-polygon": two(
        ("reproduced", (0.9, 1), (0.85, 1)), ("partly", (0.9, 1), (0.5, 0.7)), ("not reproduced", (0.7, 1), (0.5, 0.7))
    ),
    "scaling/samples/02-pentagon": [("reproduced", 0.9), ("partly", 0.5), ("not reproduced", 0.4)],
    ("scaling/samples/03-bump", "scaling/samples/10-more-features"): [
        ("reproduced", 1, 0.1, 1.9), ("not reproduced", 1, -0.1, 2.1),
    ],
    "scaling/samples/04-dimensionality": two(("corrected", (0.8, 0.9), (0.9, 1)), ("reproduced", (0.7, 0.9), (0.9, 1))),
    "scaling/samples/05-features": [
        ("reproduced", 0.2, 0.11, 0.3, 0.1), ("partly", 0.2, 0.09, 0.3, 0.1), ("not reproduced", 0.2, -0.1, 0.5, 0.1),
    ],
    "scaling/samples/06-optimisation": [
        ("reproduced", 0.2, 0.11, 0.3, 0.05), ("partly", 0.2, 0.11, 0.3, 0.06), ("partly", 0.2, 0.09, 0.3, 0),
        ("not reproduced", 0, -0.1, 0.1, 0),
    ],
    "scaling/samples/07-optimum": [
        ("reproduced", 3, 2.1, 4, 2), ("partly", 3, 1.9, 4, 2), ("not reproduced", 1, -0.1, 2, 0),
    ],
    "scaling/samples/08-wider": [("reproduced", 1, 0.6, 1.4), ("partly", 1, 0.4, 1.6), ("not reproduced", 1, -0.1, 2.1)],
    "scaling/samples/09-handed": [
        (verdict, 0, None, None, 0, {"number of features": {"200": seeds(one, 0.2), "1,000": seeds(other, 0.2)}})
        for verdict, one, other in [("reproduced", 0.01, 0.01), ("partly", 0.01, -0.1), ("not reproduced", -0.1, 0)]
    ],
    "scaling/samples/11-numbers": [
        (verdict, off, None, None, 1e-5, {"quadrature": quadrature, "slope": slope})
        for verdict, off, quadrature, slope in [
            ("reproduced", 1e-5, 1e-9, 1e-9), ("not reproduced", 2e-5, 0, 0), ("not reproduced", 0, 2e-9, 0),
            ("not reproduced", 0, 0, 2e-9),
        ]
    ],
    "scaling/samples/12-lowest": [("reproduced", 1e-9), ("not reproduced", 1e-6)],
    "scaling/samples/13-switch": [
        (verdict, low + 10, low, low + 20, 600, {"halved": seeds(2 * low, 2 * low + 40)})
        for verdict, low in [("reproduced", 590), ("partly", 280), ("not reproduced", 440)]
    ],
    "scaling/samples/14-descent": [("reproduced", 90), ("partly", 50), ("not reproduced", 49)],
}  # fmt: skip
