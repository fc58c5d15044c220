"""The claims of the chapter on phase diagrams."""

import numpy as np

from superposition.claims import Finding, claim
from superposition.estimates import Estimate, exactly, jackknife, over_seeds
from superposition.runs import Results
from superposition.tolerances import BASELINE, MOST, Above, AtMost, Inside, Tolerance
from superposition.toy.claims.common import PAPER
from superposition.toy.phase import PHASES, best_norm, fixed_border, found, jump, rough, whole

SECTION = f"{PAPER}, Superposition as a Phase Change"
KELTIN = "keltin13"
VERA = "VeraChristina"
ZROE = "zroe1, phase diagram from theory"


def _size(experiment: str, ids: tuple[str, str], sharp: str, vector: str, features: str) -> None:
    """Register the claims that the phases of one size have sharp borders, and that training shows its optimum."""

    @claim(
        id=f"toy/phase/{ids[0]}",
        source=SECTION,
        statement=sharp,
        measure=f"share of the importances below 1 at which the {vector} vector of the optimum, the best of as many starts as "
        "there are seeds, goes from below 0.05 to above ½ in one jump that stays when the density is refined (above 1 either all "
        "is the same again, with two features, or the two that share are equal and come together by degrees, with three)",
        tolerance=MOST,
        unit="%",
        after_looking=True,
        experiments=(experiment,),
    )
    def _sharp(diagram: Results) -> Finding:
        lengths = jump(diagram)
        left, less = np.abs(np.diff(lengths)) > 0.1, diagram["importance"] < 1
        note = (
            f"It jumps by over 0.1 at {left.sum()} of all {left.size} importances, but where those that share matter about "
            "equally it grows by small steps first"
        )
        return Finding(exactly(100 * float(whole(lengths)[less].mean())), note=note)

    @claim(
        id=f"toy/phase/{ids[1]}",
        source=f"Diagrams that draw what training finds: {PAPER}; {KELTIN}; {VERA}",
        statement=f"Training from a random start shows the optimum of {features}.",
        measure="share of starts, over all cells, that end within 1% of the least loss; baseline: starts with positive weights",
        tolerance=MOST,
        unit="%",
        experiments=(experiment,),
    )
    def _found(diagram: Results) -> Finding:
        shared = diagram["phase"] == PHASES.index("superposed")
        polished = diagram["start_minimum"] <= 1.01 * diagram["loss"]
        note = (
            f"In the superposed cells {100 * found(diagram)[:, shared].mean():.0f}%; polished to the bottom of their valley "
            f"{100 * polished.mean():.0f}% of all: most of the others are in a worse one"
        )
        return Finding(over_seeds(found(diagram)).percent, 100 * float(found(diagram, "positive").mean()), note)


_size(
    "toy/phase",
    ("1-sharp", "3-found"),
    "Two features in one dimension have three phases (ignored, dedicated, superposed), with sharp borders between them.",
    "shorter",
    "two features in one dimension",
)
_size(
    "toy/phase_3_2",
    ("2-sharp-three", "4-found-three"),
    "So have three features in two dimensions.",
    "shortest",
    "three features in two dimensions",
)


@claim(
    id="toy/phase/5-noise",
    source=VERA,
    statement="A diagram averaged over starts is noisy, because some get stuck; the best of them is sharp.",
    measure="share of cells where the mean length of the last vector differs from its four neighbours' mean by over 0.05, "
    "two features in one dimension, with the jackknife's interval; baseline: the same for the best start",
    tolerance=Tolerance(reproduced=Above(3 * BASELINE), partly=Above(BASELINE)),
    unit="%",
    experiments=("toy/phase",),
)
def _noise(diagram: Results) -> Finding:
    averaged = jackknife(lambda norm: rough(norm.mean(0)).mean(), diagram["start_norm"].astype(float))
    return Finding(averaged.percent, 100 * float(rough(best_norm(diagram)).mean()))


@claim(
    id="toy/phase/6-family",
    source=f"Ours, on the fixed shapes whose losses {PAPER} and {ZROE} compare",
    statement="The better of two fixed shapes, a dropped feature at p/3 − p²/4 or an antipodal pair at p²/6 each, has the least "
    "loss.",
    measure="largest excess of the better of these over the true least loss, over all cells; baseline: none",
    tolerance=Tolerance(reproduced=AtMost(1)),
    unit="%",
    experiments=("toy/phase",),
)
def _family(diagram: Results) -> Finding:
    excess = 100 * float((diagram["fixed_loss"] / diagram["loss"]).max() - 1)
    note = "The best pair is unequal, longer than 1 and has a bias"
    return Finding(exactly(excess), 0.0, note)


@claim(
    id="toy/phase/7-border",
    source=f"Ours, on the fixed shapes whose losses {PAPER} and {ZROE} compare",
    statement="Superposition begins where the fixed antipodal pair costs as much as dropping a feature.",
    measure="density at which superposition truly begins to pay over the density at which it would, median over importances, "
    "with their range; "
    "baseline: the same density",
    tolerance=Tolerance(reproduced=Inside(0.95, 1.05)),
    experiments=("toy/phase",),
)
def _border(diagram: Results) -> Finding:
    ratio = diagram["border"] / fixed_border(diagram["importance"])
    ratio = ratio[np.isfinite(ratio)]
    note = "It pays in denser data than the fixed shapes say, at every importance"
    middle, least, most = (float(of(ratio)) for of in (np.median, np.min, np.max))
    return Finding(Estimate(middle, least, most, "importances", len(ratio)), 1.0, note)
