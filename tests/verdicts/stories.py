"""Made-up findings for the claims on small language models, with the verdict that each should have, by hand."""

LARGER = "larger sibling"
ROWS = {
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
}
