"""Made-up findings for the claims on bottlenecks, with the verdict that each should have, by hand."""

from superposition.estimates import Estimate

ROWS = {
    ("bottleneck/measures/01-frobenius", "bottleneck/measures/10-latents"): [
        ("reproduced", 0.9, 0.81, 0.95, 0.2), ("partly", 0.9, 0.79, 0.95, 0.2), ("partly", 0.3, 0.21, 0.4, 0.2),
        ("not reproduced", 0.3, 0.19, 0.4, 0.2),
    ],
    "bottleneck/measures/02-number": [
        ("reproduced", 1.19, 1.1, 1.3, 0.6), ("partly", 1.21, 1.1, 1.3, 0.6), ("partly", 0.51, 0.4, 0.6, 0.6),
        ("not reproduced", 1.51, 1.4, 1.6, 0.6),
    ],
    "bottleneck/measures/03-through": [
        ("reproduced", 1.5, 1.21, 1.8, 1), ("partly", 1.5, 1.19, 1.8, 1), ("not reproduced", 1.5, 0.99, 2, 1),
    ],
    "bottleneck/measures/04-count": [("reproduced", 0.9, 0.81, 0.95, 0.8), ("not reproduced", 0.9, 0.79, 0.95, 0.8)],
    "bottleneck/measures/05-linear": [
        ("reproduced", 1, 0.81, 1.19, 1), ("corrected", 1, 0.81, 1.21, 1), ("corrected", 4, 3.7, 4.3, 1),
    ],
    "bottleneck/measures/06-untrained": [("reproduced", 1.6, 1.1, 2, 1), ("not reproduced", 1.6, 0.9, 2, 1)],
    "bottleneck/measures/07-rank": [("reproduced", 0, -0.29, 0.29, 0.9), ("not reproduced", 0.1, -0.1, 0.31, 0.9)],
    "bottleneck/measures/08-turned": [
        ("reproduced", 1.09, 1, 1.2, 1), ("partly", 1.11, 1, 1.2, 1), ("partly", 0.76, 0.7, 0.8, 1),
        ("not reproduced", 0.74, 0.7, 0.8, 1),
    ],
    "bottleneck/measures/09-compressed": [
        ("reproduced", 2.5, 2.1, 3, 1), ("partly", 2.5, 1.9, 3, 1), ("not reproduced", 1.5, 0.9, 2, 1),
    ],
    "bottleneck/transformer/01-loss": [
        ("reproduced", 0.00125, 0.001, 0.0015, 0.005), ("partly", 0.0014, 0.001, 0.0018, 0.005),
        ("not reproduced", 0.004, 0.003, 0.006, 0.005),
    ],
    "bottleneck/transformer/02-attention": [("reproduced", 0.1, 0.05, 0.2, 0.4), ("corrected", 0.05, 0.03, 0.07, 0.4)],
    "bottleneck/transformer/03-superposed": [("reproduced", 1.2, 1.1, 1.3, 1), ("not reproduced", 1.2, 0.9, 1.5, 1)],
    "bottleneck/transformer/04-picture": [("reproduced", 0.4, 0.35, 0.45), ("corrected", 0.45, 0.35, 0.55)],
    "bottleneck/transformer/05-moved": [("reproduced", 0.05, 0, 0.09, 1), ("not reproduced", 0.05, 0, 0.11, 1)],
    ("bottleneck/transformer/06-unused", "bottleneck/transformer/09-same"): [
        ("reproduced", 1, 0.91, 1.09, 1), ("partly", 1, 0.8, 1.1, 1), ("not reproduced", 1, 0.7, 1.1, 1),
    ],
    "bottleneck/transformer/07-cost": [
        ("reproduced", 0.5, 0.4, 0.6, 1, {"sparsity": {"S = 0": 0.9, "S = 0.9": 0.4}}),
        ("partly", 0.5, 0.4, 0.6, 1, {"sparsity": {"S = 0": 1.1, "S = 0.9": 0.4}}),
        ("not reproduced", 0.9, 0.7, 1.1, 1, {"sparsity": {"S = 0": 1.1, "S = 0.9": 0.4}}),
    ],
    "bottleneck/transformer/08-directions": [
        ("reproduced", 1.5, 1.4, 1.6, 1, {"sparsity": {"S = 0": 1.2, "S = 0.9": 1.8}}),
        ("partly", 1.5, 1.4, 1.6, 1, {"sparsity": {"S = 0": 0.9, "S = 0.9": 1.8}}),
        ("not reproduced", 1.1, 0.9, 1.3, 1, {"sparsity": {"S = 0": 0.9, "S = 0.9": 1.8}}),
    ],
    "bottleneck/transformer/10-erased": [
        ("reproduced", 0.05, 0.02, 0.08, 1), ("partly", 0.05, 0, 0.12, 1), ("not reproduced", 0.4, 0.2, 0.6, 1),
    ],
    "bottleneck/transformer/11-start": [
        ("reproduced", 0.3, 0.2, 0.4, 1), ("partly", 0.3, 0.1, 0.6, 1), ("not reproduced", 0.8, 0.5, 1.1, 1),
    ],
    "bottleneck/translation/1-around": [("cannot fail", 0, None, None, 20), ("cannot fail", 9, None, None, 20)],
    "bottleneck/translation/2-padding": [
        ("reproduced", 1, 0.91, 1.09, 1), ("corrected", 1, 0.89, 1.05, 1), ("corrected", 0.3, 0.2, 0.4, 1),
    ],
    "bottleneck/translation/3-arrows": [
        ("reproduced", 0.9, 0.81, 0.95, 0.1), ("corrected", 0.9, 0.79, 0.95, 0.1), ("corrected", 0.1, -0.1, 0.3, 0.1),
    ],
    "bottleneck/translation/4-half": [
        ("reproduced", 0.95, 0.91, 0.99, 0.5), ("partly", 0.95, 0.89, 0.99, 0.5), ("partly", 0.6, 0.51, 0.7, 0.5),
        ("not reproduced", 0.6, 0.49, 0.7, 0.5),
    ],
    "bottleneck/translation/5-trained": [
        ("reproduced", 1, 0.5, 2, 0, {"width": {"16": Estimate(5, 4, 6, "seeds", 3), "32": Estimate(1, 0.5, 2, "seeds", 3)}}),
        ("partly", 1, -0.5, 2, 0, {"width": {"16": Estimate(5, 4, 6, "seeds", 3), "32": Estimate(1, -0.5, 2, "seeds", 3)}}),
        ("not reproduced", 1, -1, 2, 0, {"width": {"16": Estimate(5, -4, 9, "seeds", 3), "32": Estimate(1, -1, 2, "seeds", 3)}}),
    ],
    "bottleneck/translation/6-variance": [
        ("reproduced", 0.8, 0.7, 0.97, 1, {"the gain in BLEU": Estimate(5, 1, 9, "seeds", 3)}),
        ("partly", 0.8, 0.7, 0.99, 1, {"the gain in BLEU": Estimate(5, 1, 9, "seeds", 3)}),
        ("not reproduced", 0.8, 0.7, 0.97, 1, {"the gain in BLEU": Estimate(5, -1, 9, "seeds", 3)}),
    ],
    "bottleneck/translation/7-basis": [
        ("reproduced", 0.6, 0.5, 0.79, 1), ("reproduced", 1.5, 1.26, 1.7, 1), ("partly", 0.8, 0.7, 0.95, 1),
        ("partly", 1.3, 1.1, 1.5, 1), ("not reproduced", 1.1, 0.9, 1.3, 1),
    ],
    "bottleneck/translation/8-random": [
        ("reproduced", 1.05, 1, 1.2, 1, {"width": {"16": 1.05, "32": 0.95}}),
        ("partly", 1.2, 1, 1.3, 1, {"width": {"16": 1.2, "32": 0.95}}),
        ("not reproduced", 1.2, 1, 1.3, 1, {"width": {"16": 1.2, "32": 1.3}}),
    ],
    "bottleneck/translation/9-width": [
        ("reproduced", 1, 0.95, 1.05, 1, {"BLEU over that of random projections": Estimate(5, 3, 7, "seeds", 3)}),
        ("partly", 1, 0.95, 1.05, 1, {"BLEU over that of random projections": Estimate(5, 1.9, 7, "seeds", 3)}),
        ("partly", 1, 0.81, 1.05, 1, {"BLEU over that of random projections": Estimate(5, 3, 7, "seeds", 3)}),
        ("not reproduced", 1, 0.79, 1.05, 1, {"BLEU over that of random projections": Estimate(5, 3, 7, "seeds", 3)}),
    ],
}  # fmt: skip
