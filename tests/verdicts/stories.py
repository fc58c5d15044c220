"""Made-up findings for the claims on small language models, with the verdict that each should have, by hand."""

from superposition.estimates import Estimate

LARGER = "larger sibling"
EASE = "the same over a lot that knows which features are easy"
ROWS = {
    "stories/neuroscope/1-one-token": [
        ("reproduced", 0.5, None, None, 0.1),
        ("partly", 0.15, None, None, 0.1),
        ("not reproduced", 0.1, None, None, 0.1),
    ],
    "stories/neuroscope/2-top-is-little": [
        ("reproduced", 0.01, None, None, 0.002),
        ("partly", 0.2, None, None, 0.002),
        ("not reproduced", 0.5, None, None, 0.002),
    ],
    "stories/neuroscope/3-directions": [
        ("reproduced", 0.5, None, None, 0.4),
        ("partly", 0.45, None, None, 0.4),
        ("not reproduced", 0.4, None, None, 0.4),
    ],
    "stories/ordering/1-random": [
        ("reproduced", 1.3, 1.2, 1.4, 1, {LARGER: {"1l": 1.2, "2l": 1.9}}),
        ("partly", 1.3, 1.2, 1.4, 1, {LARGER: {"1l": 1.19, "2l": 1.9}}),
        ("partly", 1.1, 1.0, 1.2, 1, {LARGER: {"1l": 1.5}}),
        ("not reproduced", 0.99, 0.9, 1.1, 1, {LARGER: {"1l": 1.5}}),
    ],
    "stories/ordering/2-spectrum": [
        ("reproduced", 70, 60, 80, 25, {LARGER: {"1l": 50, "2l": 60}}),
        ("partly", 70, 60, 80, 25, {LARGER: {"1l": 49, "2l": 60}}),
        ("partly", 40, 30, 50, 25, {LARGER: {"1l": 51, "2l": 60}}),
        ("not reproduced", 40, 30, 50, 25, {LARGER: {"1l": 51, "2l": 49}}),
    ],
    ("stories/ordering/3-beyond", "stories/ordering/4-others", "stories/ordering/5-encoder"): [
        ("reproduced", 100, None, None, 5),
        ("partly", 99, None, None, 5),
        ("partly", 50, None, None, 5),
        ("not reproduced", 49, None, None, 5),
    ],
    "stories/ordering/6-sides": [
        ("reproduced", 0.8, None, None, 0.1),
        ("partly", 0.8, None, None, 0.5),
        ("partly", 0.4, None, None, 0.1),
        ("not reproduced", 0.2, None, None, 0.3),
    ],
    "stories/train/1-counting": [("reproduced", 0.11), ("partly", 0.09), ("partly", 0.01), ("not reproduced", -0.01)],
    "stories/train/2-depth": [
        ("reproduced", 0.05, None, None, 0.02),
        ("partly", 0.03, None, None, 0.02),
        ("not reproduced", -0.01, None, None, 0.02),
    ],
    # clusters
    ("stories/clusters/1-structure", "stories/clusters/5-map"): [
        ("reproduced", 0.9, 0.8, 1.0, 0.3),
        ("partly", 0.4, 0.31, 0.5, 0.3),
        ("not reproduced", 0.9, 0.29, 1.0, 0.3),
    ],
    "stories/clusters/2-fire": [
        (verdict, value, low, 0.9, 0.05, {LARGER: {"one layer": first, "two layers, 1": 0.9}})
        for verdict, value, low, first in [
            ("reproduced", 0.5, 0.4, 0.5),
            ("partly", 0.5, 0.4, 0.49),
            ("partly", 0.1, 0.06, 0.9),
            ("not reproduced", 0.1, 0.04, 0.9),
            ("not reproduced", 0.6, 0.5, 0.05),
        ]
    ],
    ("stories/clusters/3-neighbours", "stories/clusters/4-read-write"): [
        (verdict, 0.2, low, 0.3, 0.02, {LARGER: {"one layer": first, "two layers, 1": 0.9}})
        for verdict, low, first in [
            ("reproduced", 0.11, 0.11),
            ("partly", 0.11, 0.1),
            ("partly", 0.05, 0.9),
            ("not reproduced", 0.04, 0.9),
        ]
    ],
    # attention
    "stories/attention/1-task": [
        (verdict, 60, low, 70, baseline, {"with turned heads": baseline, LARGER: {"one layer": larger}})
        for verdict, low, baseline, larger in [
            ("reproduced", 50, 4, 9),
            ("partly", 50, 5, 9),
            ("partly", 50, 4, 8),
            ("partly", 3, 1, 9),
            ("not reproduced", 3, 3, 9),
        ]
    ],
    "stories/attention/2-memory": [
        (verdict, 60, low, 90, None, {LARGER: {"one layer": larger}})
        for verdict, low, larger in [("reproduced", 51, 51), ("partly", 51, 50), ("partly", 26, 90), ("not reproduced", 25, 90)]
    ],
    "stories/attention/3-alone": [
        (verdict, 60, low, 70, baseline, {LARGER: {"one layer": larger}})
        for verdict, low, baseline, larger in [
            ("reproduced", 5, 2, 9),
            ("partly", 5, 2, 8),
            ("partly", 4, 2, 9),
            ("not reproduced", 5, 5, 9),
        ]
    ],
    "stories/attention/4-shared": [
        (verdict, 1.2, low, 1.5, 1, {LARGER: {"one layer": larger}, EASE: Estimate(1.1, eased, 1.2, "seeds", 3)})
        for verdict, low, larger, eased in [
            ("reproduced", 1.01, 1.01, 1.01),
            ("partly", 1.01, 1, 1.01),
            ("partly", 1.01, 1.01, 1),
            ("not reproduced", 1, 2, 1.01),
        ]
    ],
    "stories/attention/5-spread": [
        (verdict, 1.2, low, 1.5, 1, {LARGER: {"one layer": larger}})
        for verdict, low, larger in [("reproduced", 1.01, 1.01), ("not reproduced", 1, 2), ("not reproduced", 1.1, 1)]
    ],
    # overlap
    "stories/overlap/1-tokens": [
        ("reproduced", 1, 0.8, 1.2, 1),
        ("partly", 0.9, 0.79, 1.01, 1),
        ("partly", 0.2, 0.1, 0.3, 1),
        ("not reproduced", 0.1, -0.01, 0.2, 1),
    ],
    "stories/overlap/2-neurons": [
        (
            verdict,
            0.9,
            None,
            None,
            1,
            {"matrix": {"W_in": Estimate(0.9, low, 1.0, "seeds", 3), "W_out": Estimate(1, 0.9, 1.1, "seeds", 3)}},
        )
        for verdict, low in [("reproduced", 0.81), ("partly", 0.79)]
    ]
    + [("not reproduced", 0.5, None, None, 1, {"matrix": {"W_in": 0.5, "W_out": 1.3}})],
    "stories/overlap/3-crowded": [
        (verdict, 1, None, None, 1, {"width": {"16": first, "128": last}})
        for verdict, first, last in [("reproduced", 1.01, 1.1), ("partly", 1.0, 1.1), ("not reproduced", 0.99, 1.0)]
    ],
    "stories/overlap/4-loss": [
        ("reproduced", 1, 0.81, 1.19),
        ("partly", 1, 0.7, 1.19),
        ("partly", 1, 0.05, 2),
        ("not reproduced", 0.5, 0.4, 0.6),
    ],
    "stories/overlap/5-elsewhere": [
        (verdict, 1, None, None, 1, {"matrix": {"L0 W_in": first, "embedding": last}})
        for verdict, first, last in [("reproduced", 1.1, 30), ("partly", 1.09, 1.2), ("not reproduced", 0.9, 1.0)]
    ],
    "stories/overlap/6-floor": [
        (verdict, 1, low, 1.1, None, {"the floor times the largest width": Estimate(1, floor, 2, "seeds", 3)})
        for verdict, low, floor in [("reproduced", 0.9, 0.5), ("partly", 0.7, 0.5), ("partly", 0.9, -0.1)]
    ]
    + [("not reproduced", 0.5, 0.4, 0.6, None, {"the floor times the largest width": Estimate(1, 0.5, 2, "seeds", 3)})],
    # grammar_truth
    "stories/grammar_truth/1-learned": [("reproduced", 0.02), ("partly", 0.021), ("partly", 0.05), ("not reproduced", 0.06)],
    "stories/grammar_truth/2-read": [
        (verdict, 0.9, None, None, 0.55, {"width": {"16": first, "128": 0.99}})
        for verdict, first in [("reproduced", 0.91), ("partly", 0.9), ("partly", 0.56), ("not reproduced", 0.55)]
    ],
    ("stories/grammar_truth/3-shared-neurons", "stories/grammar_truth/5-not-spread", "stories/grammar_truth/6-room"): [
        (verdict, 0, None, None, None, {"width": {"16": first, "128": last}})
        for verdict, first, last in [("reproduced", 0.1, 0.01), ("partly", 0.1, 0), ("not reproduced", -0.1, 0)]
    ],
    "stories/grammar_truth/4-basis": [
        (verdict, 1, None, None, 1, {"width": {"16": first, "128": last}})
        for verdict, first, last in [("reproduced", 1.1, 1.01), ("partly", 1.1, 1), ("not reproduced", 0.9, 1)]
    ],
    "stories/grammar_truth/7-names": [
        (verdict, 0.2, None, None, None, {"width": {"16": first, "128": last}})
        for verdict, first, last in [
            ("reproduced", 0.3, 0.21),
            ("partly", 0.3, 0.2),
            ("partly", 0.3, 0.01),
            ("not reproduced", 0.3, 0),
        ]
    ],
    "stories/grammar_truth/8-whole-slots": [
        ("reproduced", 10, 0, 29, 60),
        ("partly", 10, 0, 30, 60),
        ("partly", 40, 30, 59, 60),
        ("not reproduced", 50, 40, 61, 60),
    ],
}
