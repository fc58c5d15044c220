"""The claims of the chapter on five features in two dimensions.
The paper speaks of the best of several runs, so that is what decides about its shapes; how often they are found is another."""

import numpy as np

from superposition import formulas, metrics
from superposition.claims import Finding, claim
from superposition.estimates import over_seeds
from superposition.runs import Results
from superposition.tolerances import BASELINE, MOST, Above, Below, Every, Holding, Tolerance
from superposition.toy.claims.common import PAPER, by_label, near_best
from superposition.toy.intro import SHAPES

_SINGLE = f"Pictures of single trainings, as in {PAPER}, introduction"


def _at(results: Results, sparsity: float) -> int:
    return metrics.nearest(1 - results["density"], sparsity)


def _shaped(intro: Results, density: int, name: str, features: int) -> np.ndarray:
    """Whether each seed has the shape of this name, of exactly the `features` most important features."""
    kept = (formulas.is_represented(intro["W"][:, density]) == (np.arange(intro.config.n_features) < features)).all(1)
    return kept & (intro["shape"][:, density] == SHAPES.index(name))


def _best(intro: Results, sparsity: float, name: str, features: int) -> Finding:
    """Among the seeds nearest to the least loss, the share with that shape."""
    k = _at(intro, sparsity)
    hits, loss = _shaped(intro, k, name, features), intro["loss"][:, k]
    stricter, looser = (100 * hits[near_best(loss, within)].mean() for within in (1.01, 1.05))
    note = f"Within 1% it is {stricter:.0f}%, within 5% {looser:.0f}%"
    return Finding(over_seeds(hits[near_best(loss)]).percent, 100 * float(intro["null"][SHAPES.index(name)]), note)


def _found(intro: Results, sparsity: float, name: str, features: int) -> Finding:
    """The share of all seeds with that shape, against chance; from the notebook's shorter start it is known of any features."""
    k, shape = _at(intro, sparsity), SHAPES.index(name)
    own, notebook = (100 * (intro[key][:, k] == shape).mean() for key in ("shape", "notebook_shape"))
    note = f"Whichever features they are, {own:.0f}% have this shape, and {notebook:.0f}% from the shorter start of the notebook"
    return Finding(over_seeds(_shaped(intro, k, name, features)).percent, 100 * float(intro["null"][shape]), note)


@claim(
    id="toy/intro/1-orthogonal",
    source=f"{PAPER}, introduction",
    statement="In dense data the two most important features get orthogonal directions and the others none.",
    measure="share of seeds at S = 0 whose represented features are the first two, at a right angle within 15 degrees; "
    "baseline: two arrows in random directions",
    tolerance=MOST,
    unit="%",
    experiments=("toy/intro",),
)
def _orthogonal(intro: Results) -> Finding:
    hits = _shaped(intro, 0, "orthogonal", 2)
    return Finding(over_seeds(hits).percent, 100 * float(intro["null"][SHAPES.index("orthogonal")]))


@claim(
    id="toy/intro/2-antipodal",
    source=f"{PAPER}, introduction",
    statement="At a sparsity of 0.8 the best model has the four most important features as antipodal pairs, and not the fifth.",
    measure="share of those among the seeds within 3% of the least loss, at the density nearest to S = 0.8; "
    "baseline: four arrows in random directions",
    tolerance=MOST,
    unit="%",
    experiments=("toy/intro",),
)
def _antipodal(intro: Results) -> Finding:
    return _best(intro, 0.8, "two pairs", 4)


@claim(
    id="toy/intro/2b-antipodal-found",
    source=_SINGLE,
    statement="A training at a sparsity of 0.8 ends in these antipodal pairs.",
    measure="share of all seeds, at the density nearest to S = 0.8; baseline: four arrows in random directions",
    tolerance=MOST,
    unit="%",
    after_looking=True,
    experiments=("toy/intro",),
)
def _antipodal_found(intro: Results) -> Finding:
    return _found(intro, 0.8, "two pairs", 4)


@claim(
    id="toy/intro/3-pentagon",
    source=f"{PAPER}, introduction",
    statement="At a sparsity of 0.9 the best model has all five features as a pentagon.",
    measure="share of pentagons among the seeds within 3% of the least loss, at the density nearest to S = 0.9; "
    "baseline: five arrows in random directions",
    tolerance=MOST,
    unit="%",
    experiments=("toy/intro",),
)
def _pentagon(intro: Results) -> Finding:
    return _best(intro, 0.9, "pentagon", 5)


@claim(
    id="toy/intro/3b-pentagon-found",
    source=_SINGLE,
    statement="A training at a sparsity of 0.9 ends in the pentagon.",
    measure="share of all seeds, at the density nearest to S = 0.9; baseline: five arrows in random directions",
    tolerance=MOST,
    unit="%",
    after_looking=True,
    experiments=("toy/intro",),
)
def _pentagon_found(intro: Results) -> Finding:
    return _found(intro, 0.9, "pentagon", 5)


@claim(
    id="toy/intro/4-not-the-best",
    source=f"{PAPER}, Perturbing a Single Feature",
    statement="In two dimensions training often ends in a solution that is not the best.",
    measure="share of all seeds that don't end in the pentagon at S = 0.9; also at each S > 0.85, where the pentagon is best; "
    "baseline: none",
    tolerance=Tolerance(reproduced=Every("S", Above(10)), partly=Above(10)),
    unit="%",
    experiments=("toy/intro",),
)
def _not_the_best(intro: Results) -> Finding:
    sparse = np.flatnonzero(1 - intro["density"] > 0.85)
    missed = {k: intro["shape"][:, k] != SHAPES.index("pentagon") for k in sparse}
    each = by_label(np.round(1 - intro["density"][sparse], 2), missed.values())
    also = {"S": {label: one.percent for label, one in each.items()}}
    return Finding(over_seeds(missed[_at(intro, 0.9)]).percent, 0.0, also=also)


@claim(
    id="toy/intro/5-worth-it",
    source=f"{PAPER}, introduction",
    statement="In sparse data superposition pays: it gives a lower loss than dedicating the dimensions.",
    measure="held-out loss at S = 0.95 over the least loss without superposition, mean over seeds; baseline: no gain",
    tolerance=Tolerance(reproduced=Below(BASELINE)),
    experiments=("toy/intro",),
)
def _worth_it(intro: Results) -> Finding:
    sparsest = _at(intro, 0.95)
    return Finding(over_seeds(intro["loss"][:, sparsest] / intro["baseline"][sparsest]), 1.0)


@claim(
    id="toy/intro/6-start",
    source="Anthropic's notebook for the paper, and replications that keep its `xavier_normal_` on a stack of models",
    statement="The start is Xavier's, and does not depend on how many models train at once.",
    measure="share of pentagons at S = 0.81 from the notebook's start, which is shorter the more models there are; "
    "baseline: the same from Xavier's start for a single model",
    tolerance=Tolerance(reproduced=Holding(BASELINE), otherwise="corrected"),
    unit="%",
    corrects="the method",
    experiments=("toy/intro",),
)
def _start(intro: Results) -> Finding:
    k, pentagon = _at(intro, 0.8), SHAPES.index("pentagon")
    single = 100 * float((intro["shape"][:, k] == pentagon).mean())
    note = "The notebook's start is shorter the more models there are, so each model's scale is its own here"
    return Finding(over_seeds(intro["notebook_shape"][:, k] == pentagon).percent, single, note)
