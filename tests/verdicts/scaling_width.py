"""Made-up findings for the claims on loss and width, with the verdict that each should have, by hand."""

from superposition.estimates import Estimate


def seeds(low, high):
    return Estimate((low + high) / 2, low, high, "seeds", 4)


def two(named, *rows, more=None):
    """A verdict for the intervals of two places."""
    return [
        (verdict, 0, None, None, 0, {named: {"one": seeds(*one), "other": seeds(*other)}} | (more or {}))
        for verdict, one, other in rows
    ]


OFF = (0.5, 0.7)

ROWS = {
    "scaling/width/01-dial": two(
        "α", ("reproduced", (0.01, 0.09), (0, 0.05)), ("partly", (0.01, 0.11), (0, 0.05)), more={"γ = −1": 0.9}
    )
    + two("α", ("not reproduced", (0.2, 0.3), (0.5, 0.6)), more={"γ = −1": 1.0})
    + two("α", ("not reproduced", (0.01, 0.09), (0, 0.05)), more={"γ = −1": 0.8}),
    "scaling/width/02-mass": two(
        "place", ("reproduced", (0.68, 1), (1.1, 1.49)), ("partly", (0.68, 1), (1.1, 1.6)), ("not reproduced", OFF, (0.6, 1))
    ),
    "scaling/width/03-tail": two(
        "α", ("reproduced", (-0.1, 0.1), (0, 0.19)), ("partly", (-0.1, 0.1), (0, 0.3)), ("not reproduced", OFF, OFF)
    ),
    "scaling/width/04-even": two(
        "step", ("reproduced", (0.81, 1), (1, 1.19)), ("partly", (0.81, 1), (1.1, 1.3)), ("not reproduced", OFF, OFF)
    ),
    "scaling/width/05-uneven": two(
        "step", ("reproduced", (1.6, 2), (2, 2.4)), ("partly", (1.6, 2), (2.1, 2.6)), ("not reproduced", OFF, OFF)
    ),
    "scaling/width/06-overlap": two(
        "α", ("reproduced", (0.81, 1), (1, 1.19)), ("partly", (0.81, 1), (1.05, 1.25)), ("not reproduced", OFF, OFF)
    ),
    "scaling/width/07-random": two(
        "α", ("reproduced", (0.8, 1), (1, 1.39)), ("partly", (0.8, 1), (1, 1.5)), more={"more": {"0": seeds(0.1, 0.2)}}
    )
    + two("α", ("partly", (0.9, 1), (1, 1.29)), ("not reproduced", (0.9, 1), OFF), more={"more": {"0": seeds(-0.1, 0.2)}}),
    "scaling/width/08-start": two(
        "place", ("reproduced", (1.1, 2), (1.01, 1.1)), ("partly", (1.1, 2), (0.9, 1.1)), ("not reproduced", OFF, (0.9, 1.1))
    ),
    "scaling/width/09-longer": two(
        "α", ("reproduced", (1.21, 1.3), (1.5, 2)), ("partly", (1.1, 1.3), (1.5, 2)), ("not reproduced", OFF, (1, 1.3))
    ),
    "scaling/width/10-share": two(
        "width", ("reproduced", (0.81, 1), (1, 1.19)), ("partly", (0.81, 1), (1.1, 1.3)), ("not reproduced", OFF, OFF)
    ),
}
