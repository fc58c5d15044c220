"""Made-up findings for the claims on small language models, with the verdict that each should have, by hand."""

ROWS = {
    "stories/neuroscope/1-one-token": [
        ("reproduced", 0.5, None, None, 0.1),
        ("partly", 0.15, None, None, 0.1),
        ("not reproduced", 0.1, None, None, 0.1),
    ],
    "stories/neuroscope/2-top-is-little": [("reproduced", 0.01), ("partly", 0.2), ("not reproduced", 0.5)],
    "stories/train/1-counting": [("reproduced", 0.11), ("partly", 0.09), ("partly", 0.01), ("not reproduced", -0.01)],
    "stories/train/2-depth": [
        ("reproduced", 0.05, None, None, 0.02),
        ("partly", 0.03, None, None, 0.02),
        ("not reproduced", -0.01, None, None, 0.02),
    ],
}
