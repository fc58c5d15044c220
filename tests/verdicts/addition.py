"""Made-up findings for the claims on the transformer that adds, with the verdict that each should have, by hand."""

from superposition.estimates import Estimate

LEAST = "the least of the seeds, in %,"
QUERY = "the share of the query alone, in %,"
FEWEST = "the number in the seed with the fewest"
CIRCLES = "the number of circles in the seed with the fewest"


def two(named, *rows):
    """A verdict for the bounds of two estimates: each row has the low and the high one of either."""
    return [(verdict, 0, None, None, 0, {named: {"one": _seeds(*one), "other": _seeds(*other)}}) for verdict, one, other in rows]


def _seeds(low, high):
    return Estimate((low + high) / 2, low, high, "seeds", 6)


_MORE = (
    ("reproduced", (0.01, 0.2), (0.1, 0.2)),
    ("partly", (-0.01, 0.2), (0.1, 0.2)),
    ("not reproduced", (-0.2, 0.2), (-0.1, 0.2)),
)

ROWS = {
    "addition/train/1-test": [
        ("reproduced", 98.9), ("reproduced", 97.1), ("partly", 96.9), ("partly", 95.1), ("not reproduced", 94.9),
    ],
    "addition/train/2-trained": [
        ("reproduced", 99.4), ("reproduced", 97.6), ("partly", 97.4), ("partly", 95.6), ("not reproduced", 95.4),
    ],
    "addition/train/3-grokking": [("reproduced", 51), ("partly", 49), ("partly", 21), ("corrected", 19)],
    "addition/train/4-three-tokens": [
        ("reproduced", 99.1, 80, 100, 90), ("partly", 98.9, 91, 99.5, 90), ("not reproduced", 98.9, 89, 99.5, 90),
    ],
    "addition/carries/1-cascade": [("reproduced", 10.1), ("partly", 9.9), ("partly", 2.1), ("not reproduced", 1.9)],
    "addition/carries/2-principle": [("reproduced", 99.1), ("partly", 98.9), ("partly", 95.1), ("not reproduced", 94.9)],
    "addition/carries/3-groups": [
        ("reproduced", 4, 3, 5, 1, {"count": {"heads": 2.1, "carries": 2.1}}),
        ("partly", 4, 3, 5, 1, {"count": {"heads": 2.1, "carries": 1.9}}),
        ("partly", 1.5, 1, 2, 1, {"count": {"heads": 1.4, "carries": 2.1}}),
        ("not reproduced", 1.9, 1.8, 2, 1, {"count": {"heads": 1.9, "carries": 1.9}}),
    ],
    "addition/carries/4-shown": [
        ("reproduced", 99.5, 99, 100, 92, {LEAST: 99.1}), ("partly", 99.1, 98, 100, 92, {LEAST: 98.9}),
        ("not reproduced", 98.9, 98, 100, 92, {LEAST: 98}),
    ],
    "addition/carries/5-reads": [
        ("reproduced", 91, 80, 99, 0, {QUERY: 60}), ("partly", 89, 80, 99, 0, {QUERY: 60}),
        ("partly", 51, 40, 60, 0, {QUERY: 60}), ("corrected", 49, 40, 60, 0, {QUERY: 51}), ("not reproduced", 49, 40, 60, 0, {QUERY: 49}),  # noqa: E501
    ],
    "addition/circuits/1-distributed": [("partly", 8, 6, 10, 5.3), ("not reproduced", 8, 5, 11, 5.3)],
    "addition/circuits/3-several": [("reproduced", 26), ("partly", 24, 20, 28, 0), ("not reproduced", 4, -1, 9, 0)],
    "addition/circuits/5-reuse": [
        ("reproduced", 0.71, 0.6, 0.8, 0.3), ("partly", 0.69, 0.6, 0.8, 0.3), ("not reproduced", 0.71, 0.2, 0.9, 0.3),
    ],
    "addition/circuits/2-combinations": [("reproduced", 4.2, 3.7, 4.7, 3.6), ("not reproduced", 4.2, 3.5, 4.9, 3.6)],
    "addition/circuits/4-maps": [("corrected", 91), ("partly", 89), ("partly", 51), ("reproduced", 49)],
    "addition/circuits/6-position": [("reproduced", 51), ("corrected", 49)],
    "addition/circuits/7-context": [("reproduced", 97.1, 90, 99, 99), ("corrected", 96.9, 90, 99, 99)],
    "addition/circuits/11-small": [
        ("reproduced", 40, 30, 50, 0, {"that of 8 heads of 8": 24}),
        ("partly", 40, 30, 50, 0, {"that of 8 heads of 8": 26}),
        ("not reproduced", 10, -5, 25, 0, {"that of 8 heads of 8": 24}),
    ],
    ("addition/heads/1-circle-in-keys", "addition/heads/2-circle-in-values", "addition/heads/3-circle-in-outputs"): [
        ("reproduced", 51, 40, 60, 0, {FEWEST: 0}), ("partly", 49, 40, 60, 0, {FEWEST: 1}),
        ("not reproduced", 49, 40, 60, 0, {FEWEST: 0}),
    ],
    "addition/heads/4-not-as-great": [
        ("reproduced", 10, 5, 15, 95, {FEWEST: 1, CIRCLES: 1}), ("not reproduced", 10, 5, 15, 95, {FEWEST: 0, CIRCLES: 1}),
        ("not reproduced", 10, 5, 15, 95, {FEWEST: 1, CIRCLES: 0}),
    ],
    ("addition/heads/5-columns-in-keys", "addition/heads/6-columns-in-values"): [
        ("reproduced", 0.09), ("partly", 0.11), ("partly", 0.29), ("not reproduced", 0.31),
    ],
    "addition/heads/10-pattern": [("reproduced", 51), ("partly", 49, 40, 60, 5), ("not reproduced", 9, 4, 15, 5)],
    "addition/heads/7-queries": [("reproduced", 0.011), ("corrected", 0.009)],
    "addition/heads/8-outputs": [("reproduced", 0.09), ("corrected", 0.11)],
    "addition/dictionary/01-control": [
        ("reproduced", 0.95, 0.91, 0.99), ("partly", 0.9, 0.89, 0.91), ("not reproduced", 0.5, 0.49, 0.51),
    ],
    "addition/dictionary/02-reads-off": two(
        "family", ("reproduced", (0.81, 0.9), (0.85, 0.9)), ("partly", (0.2, 0.9), (0.81, 0.9)),
        ("not reproduced", (0.2, 0.9), (0.79, 0.9)),
    ),
    (
        "addition/dictionary/03-random", "addition/dictionary/04-neurons", "addition/dictionary/10-model",
        "addition/dictionary/13-whitened",
    ): two("family", *_MORE),
    "addition/dictionary/05-probes": two(
        "family", ("reproduced", (0.11, 0.2), (0.2, 0.3)), ("partly", (0.09, 0.2), (0.2, 0.3)),
        ("not reproduced", (0.09, 0.2), (0.0, 0.3)),
    ),
    ("addition/dictionary/06-variance", "addition/dictionary/07-answers"): two("code", *_MORE),
    "addition/dictionary/08-faithful": [
        ("reproduced", 96, 95.1, 97), ("partly", 95, 94, 96), ("not reproduced", 91, 89, 93),
    ],
    "addition/dictionary/09-causal": two("kind", *_MORE),
    "addition/dictionary/11-all-seven": two(
        "family", ("reproduced", (-0.09, 0.09), (0.0, 0.05)), ("partly", (-0.11, 0.09), (0.0, 0.05)),
        ("not reproduced", (-0.11, 0.09), (0.0, 0.11)),
    ),
    "addition/dictionary/12-longer": two(
        "family", ("reproduced", (-0.3, 0.09), (0.0, 0.05)), ("partly", (0.0, 0.11), (0.0, 0.05)),
        ("not reproduced", (0.0, 0.11), (0.0, 0.2)),
    ),
}  # fmt: skip
