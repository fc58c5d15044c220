"""The claims of the chapter on the heads' planes: what the write-up read off the pictures of heads 19 and 31."""

from collections.abc import Callable

import numpy as np

from superposition.addition.claims.train import SHARE, SOURCE
from superposition.addition.heads import CIRCLE, DRAWN, KEYS, OUTPUTS, READ, VALUES, by_seed, other_columns, own_column, passing
from superposition.addition.measures import attention_patterns
from superposition.claims import claim
from superposition.estimates import Estimate, Finding, exactly, over_seeds
from superposition.runs import Results
from superposition.tolerances import BASELINE, Above, AtLeast, AtMost, Of, Tolerance

_EXPERIMENTS = ("addition/heads",)
_FEWEST = "the number in the seed with the fewest"
_HALF = Tolerance(reproduced=AtLeast(50), partly=Of(_FEWEST, AtLeast(1)))
_PANELS = {"keys": KEYS, "values": VALUES, "outputs": OUTPUTS}


def _circles(results: Results, reading: int, which: int) -> tuple[Estimate, dict[str, float]]:
    """The share of heads that pass for circles, in per cent, and their number in the seed with the fewest."""
    share, heads = passing(results, reading, which), results["circle"].shape[-1]
    return over_seeds(share, SHARE).percent, {_FEWEST: float(round(share.min() * heads))}


def _in_circles(which: int) -> Callable[[Results], Finding]:
    def check(results: Results) -> Finding:
        (drawn, fewest), read = _circles(results, DRAWN, which), _circles(results, READ, which)
        start = 100 * float((results["start_circle"][DRAWN, which] >= CIRCLE).mean())
        note = (
            f"The step from 9 back to 0 is {np.median(results['gap'][DRAWN, which]):.1f} times the nine others, where a dial "
            "has 1 and a line 9: the median of all heads. As read, that is with the stretch the model can't choose, the share "
            f"is {read[0].value:.1f}% (verdict: {_HALF.verdict(Finding(read[0], also=read[1]))})"
        )
        return Finding(drawn, start, note, fewest)

    return check


for _number, (_panel, _which) in enumerate(_PANELS.items(), 1):
    claim(
        id=f"addition/heads/{_number}-circle-in-{_panel}",
        source=f"{SOURCE}, on head 19",
        statement="(Said of head 19, tested on all heads.) For the digits a head chooses a projection that is approximately "
        f"close to circular: {'answers, in the panel of O' if _panel == 'outputs' else _panel}.",
        measure=f"share of heads whose digits have {CIRCLE:.0%} of their power at one frequency in one sense (set before "
        "looking; the split into K, V and O was made after); baseline: at the random start",
        tolerance=_HALF,
        unit="%",
        after_looking=True,
        experiments=_EXPERIMENTS,
    )(_in_circles(_which))


@claim(
    id="addition/heads/4-not-as-great",
    source=f"{SOURCE}, on head 31",
    statement="Other heads are notable for being not as great.",
    measure="share of heads whose digits in V are not closer to a circle than 95% of their own shuffles; baseline: the shuffles "
    "themselves",
    tolerance=Tolerance(reproduced=Of(_FEWEST, AtLeast(1)) & Of("the number of circles in the seed with the fewest", AtLeast(1))),
    unit="%",
    experiments=_EXPERIMENTS,
)
def _not_as_great(results: Results) -> Finding:
    poor, good = results["rank"][DRAWN, VALUES] < 0.95, results["circle"][DRAWN, VALUES] >= CIRCLE
    note = "A head's number means nothing in another seed. Between the two kinds there is no gap"
    fewest = {_FEWEST: float(poor.sum(-1).min()), "the number of circles in the seed with the fewest": float(good.sum(-1).min())}
    return Finding(over_seeds(poor).percent, 95, note, fewest)


def _same_place(which: int) -> Callable[[Results], Finding]:
    def check(results: Results) -> Finding:
        own, other = (by_seed(pick(results["distance"][which])) for pick in (own_column, other_columns))
        same, tied = (100 * results["tied_accuracy"][k].mean() for k in (0, 1))
        note = (
            f"With both positions of each column set to their mean the models get {tied:.1f}% of the digits right, as against "
            f"{same:.1f}%"
        )
        return Finding(over_seeds(own), float(other.mean()), note)

    return check


for _number, _panel in enumerate(("keys", "values"), 5):
    claim(
        id=f"addition/heads/{_number}-columns-in-{_panel}",
        source=f"{SOURCE}, on head 19",
        statement="Both input numbers project to nearly identical points relative to their position within the number: "
        f"{_panel}.",
        measure="distance from a:i to b:i over the spread of the twelve positions, median over heads and columns (an earlier "
        "run had let us expect .02 for keys and .07 for values); baseline: a:i to b:j of other columns",
        tolerance=Tolerance(reproduced=AtMost(0.1), partly=AtMost(0.3)),
        after_looking=True,
        experiments=_EXPERIMENTS,
    )(_same_place(_PANELS[_panel]))


@claim(
    id="addition/heads/10-pattern",
    source=f"{SOURCE}, the first picture",
    statement="The attention pattern is quite distinctive.",
    measure="share of heads that at one answer or more put over half of their attention on the two digits of that answer's "
    "column, mean over 500 sums and over seeds; the first of several numbers tried; baseline: the random start",
    tolerance=Tolerance(reproduced=AtLeast(50), partly=Above(BASELINE)),
    unit="%",
    after_looking=True,
    experiments=("addition/train",),
)
def _pattern(trained: Results) -> Finding:
    (before, _), (share, places) = (attention_patterns.distinctive(one) for one in attention_patterns.before_and_after(trained))
    note = f"Both digits of a column alike. On average a head still attends to {places.mean():.0f} places"
    return Finding(over_seeds(share, SHARE).percent, 100 * float(before.mean()), note)


@claim(
    id="addition/heads/7-queries",
    source=f"{SOURCE}, the panels of Q",
    statement="(Implied by the panels.) The queries of the ten digits at position 0 are part of what a head has learned.",
    measure="largest change of any logit, in any seed, when the ten digits change places among the queries; baseline: among the "
    "keys, mean over seeds; follows from the architecture, run as a check",
    tolerance=Tolerance(reproduced=AtLeast(0.01), otherwise="corrected"),
    corrects="the reading",
    experiments=_EXPERIMENTS,
)
def _queries(results: Results) -> Finding:
    note = "Every query stands at a place that holds =, so those of digits move as other weights do, untaught"
    return Finding(exactly(float(results["unread"][0].max())), float(results["unread"][1].mean()), note)


@claim(
    id="addition/heads/8-outputs",
    source=f"{SOURCE}, the panels of O, of which the notebook says that the math may not be right",
    statement="Read backwards through `W_U` and `W_O`, with `b_O` added, the ten answers are points in a head's plane.",
    measure="how far `b_O`, which has no place there, shifts a head's panel, over the radius of its ring; median over heads, "
    "mean over seeds; an eye doesn't see a tenth; baseline: the radius itself",
    tolerance=Tolerance(reproduced=AtMost(0.1), otherwise="corrected"),
    corrects="the method",
    experiments=_EXPERIMENTS,
)
def _outputs(results: Results) -> Finding:
    note = (
        "One entry of `b_O`, by the head's number, is added to both coordinates: wrong, and too small to see. The panel by "
        "position is one point"
    )
    return Finding(over_seeds(np.median(results["o_shift"], -1)), 1, note)
