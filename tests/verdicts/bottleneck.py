"""Made-up findings for the claims on bottlenecks, with the verdict that each should have, by hand."""

ROWS = {
    ("bottleneck/measures/1-frobenius", "bottleneck/measures/9-latents"): [
        ("reproduced", 0.9, 0.81, 0.95, 0.2), ("partly", 0.9, 0.79, 0.95, 0.2), ("partly", 0.3, 0.21, 0.4, 0.2),
        ("not reproduced", 0.3, 0.19, 0.4, 0.2),
    ],
    "bottleneck/measures/2-number": [("reproduced", 1.19, 1.1, 1.3, 1), ("corrected", 1.21, 1.1, 1.3, 1)],
    "bottleneck/measures/3-count": [("reproduced", 0.9, 0.81, 0.95, 0.8), ("not reproduced", 0.9, 0.79, 0.95, 0.8)],
    "bottleneck/measures/4-linear": [
        ("reproduced", 1, 0.81, 1.19, 1), ("corrected", 1, 0.81, 1.21, 1), ("corrected", 4, 3.7, 4.3, 1),
    ],
    "bottleneck/measures/5-untrained": [("reproduced", 1.6, 1.1, 2, 1), ("not reproduced", 1.6, 0.9, 2, 1)],
    "bottleneck/measures/6-rank": [("reproduced", 0, -0.29, 0.29, 0.9), ("not reproduced", 0.1, -0.1, 0.31, 0.9)],
    "bottleneck/measures/7-turned": [
        ("reproduced", 1.09, 1, 1.2, 1), ("partly", 1.11, 1, 1.2, 1), ("partly", 0.76, 0.7, 0.8, 1),
        ("not reproduced", 0.74, 0.7, 0.8, 1),
    ],
    "bottleneck/measures/8-compressed": [
        ("reproduced", 2.5, 2.1, 3, 1), ("partly", 2.5, 1.9, 3, 1), ("not reproduced", 1.5, 0.9, 2, 1),
    ],
}  # fmt: skip
