"""The claims of the chapter on small changes that do harm."""

import numpy as np
from jaxtyping import Float

from superposition.claims import Finding, claim
from superposition.estimates import jackknife, over_seeds
from superposition.runs import Results
from superposition.tolerances import Above, Below, Every, Of, Tolerance
from superposition.toy.adversarial import active, correlations, on_active, relative, sharing, vulnerability
from superposition.toy.claims.common import PAPER, by_label

_SECTION = f"{PAPER}, Relationship to Adversarial Robustness"
_GROWTH = Tolerance(reproduced=Above(3), partly=Above(1))
_LEAD = "the lead over a plain ramp"
_TRACKS = Tolerance(reproduced=Above(0.9) & Of(_LEAD, Above(0)), partly=Above(0.5) & Of(_LEAD, Above(0)))


def _tracking(found: Results, values: Float[np.ndarray, "density seed"]) -> Finding:
    """How closely values follow the features per dimension, against a ramp in log density, which knows nothing of features."""
    ramp = np.broadcast_to(-np.log(found["density"])[:, None], values.shape)
    own, plain = (correlations(one, values) for one in (sharing(found), ramp))
    note = "Whatever rises with sparsity correlates: the ramp does nearly as well"
    return Finding(over_seeds(own, (-1, 1)), float(plain.mean()), note, {_LEAD: over_seeds(own - plain, (-2, 2))})


def _growth(values: Float[np.ndarray, "density seed"], note: str = "") -> Finding:
    """How many times the densest models' mean the sparsest models' is; a seed's models have nothing else in common."""
    return Finding(jackknife(lambda ends: ends[:, 1].mean() / ends[:, 0].mean(), values[[0, -1]].T), 1.0, note)


@claim(
    id="toy/adversarial/1-grows",
    source=_SECTION,
    statement="As superposition forms, the vulnerability to adversarial examples grows more than threefold.",
    measure="excess error under the worst change of a tenth of the average input's length, relative to the linear model; "
    "mean over seeds at S = 0.99 over that at S = 0, with the jackknife's interval; baseline: no growth",
    tolerance=_GROWTH,
    unit="times",
    experiments=("toy/adversarial",),
)
def _grows(found: Results) -> Finding:
    some = (relative(found)[-1] / active(found)[-1]).mean()
    return _growth(relative(found), f"Over all inputs; at S = 0.99 it is {some:.0f} over those in which a feature is active")


@claim(
    id="toy/adversarial/2-tracks",
    source=_SECTION,
    statement="The vulnerability closely tracks the number of features per dimension.",
    measure="Pearson's correlation of the two over the sparsities, changes of a tenth of the average input's length; "
    "mean over seeds; baseline: a plain ramp in the logarithm of the density",
    tolerance=_TRACKS,
    experiments=("toy/adversarial",),
)
def _tracks(found: Results) -> Finding:
    return _tracking(found, relative(found))


@claim(
    id="toy/adversarial/3-fixed-length",
    source="Ours, on the paper's effect",
    statement="The same growth shows where the change has the same length at every sparsity, on inputs that are not empty.",
    measure="growth of the mean vulnerability from S = 0 to 0.99 under the worst change of length 0.1, over inputs in which a "
    "feature is active",
    tolerance=_GROWTH,
    unit="times",
    after_looking=True,
    experiments=("toy/adversarial",),
)
def _fixed_length(found: Results) -> Finding:
    whole, empty = vulnerability(found), 100 * (1 - active(found)[-1].mean())
    note = (
        f"Over all inputs it is {whole[-1].mean() / whole[0].mean():.2f}: {empty:.0f}% of them are empty at S = 0.99, and "
        "cannot be attacked"
    )
    return _growth(on_active(found)[0], note)


@claim(
    id="toy/adversarial/4-equal-loss",
    source="Ours, on the paper's effect",
    statement="On inputs that are not empty a model with superposition is more vulnerable than one without it that has more "
    "dimensions and the same loss.",
    measure="excess error under the worst change of length 0.1 over the equal-loss model's, over inputs in which a feature is "
    "active, at S = 0.99; mean over seeds; also at each S above 0.5",
    tolerance=Tolerance(reproduced=Every("S", Above(1)), partly=Above(1)),
    unit="times",
    after_looking=True,
    experiments=("toy/adversarial",),
)
def _equal(found: Results) -> Finding:
    sparse = found["density"] < 0.5
    own, equal = on_active(found)
    ratio = (own / equal)[sparse]
    whole = (found["excess"] / found["equal_excess"])[-1].mean()
    note = f"Over all inputs it is {whole:.2f} at S = 0.99: on the empty ones only the model without superposition is vulnerable"
    return Finding(over_seeds(ratio[-1]), 1.0, note, {"S": by_label(np.round(1 - found["density"][sparse], 2), ratio)})


@claim(
    id="toy/adversarial/5-replication",
    source="keltin13's notebook",
    statement="The loss of the row of W Wᵀ as target measures the vulnerability.",
    measure="correlation over the sparsities of the notebook's ratio with that for an attack of length 0, mean over seeds: what "
    "needs no attack "
    "measures none",
    tolerance=Tolerance(corrected=Above(0.9), reproduced=Below(0.5), otherwise="partly"),
    after_looking=True,
    corrects="the method",
    experiments=("toy/adversarial",),
)
def _replication(found: Results) -> Finding:
    note = "The notebook asks for an output of length about 1 from an input of length 0.1"
    return Finding(over_seeds(correlations(*found["replication"])), 0.0, note)


@claim(
    id="toy/adversarial/6-same-inputs",
    source="Ours, on the paper's effect",
    statement="The growth is there when all models are attacked on the same inputs: it is not due to sparser inputs alone.",
    measure="growth of the mean vulnerability from S = 0 to 0.99 under the worst change of length 0.1 of inputs of sparsity 0.9",
    tolerance=_GROWTH,
    unit="times",
    experiments=("toy/adversarial",),
)
def _same_inputs(found: Results) -> Finding:
    return _growth(vulnerability(found, "excess_common"))


@claim(
    id="toy/adversarial/7-gain",
    source="Ours, on the paper's effect",
    statement="How far an output can be pushed closely tracks the number of features per dimension.",
    measure="Pearson's correlation over the sparsities of features per dimension with the largest gain, the change of the output "
    "over that of the input; mean over seeds; baseline: a plain ramp in the logarithm of the density",
    tolerance=_TRACKS,
    experiments=("toy/adversarial",),
)
def _gain(found: Results) -> Finding:
    return _tracking(found, found["gain"])


@claim(
    id="toy/adversarial/8-other-task",
    source="Ours, on the paper's effect",
    statement="Superposition also makes a model vulnerable whose answer should not change with a small change of the input.",
    measure="share of answers, right ones that no change of length 0.1 should alter, that one does alter: "
    "classifiers of the largest feature at S = 0.99, 5 dimensions less 20; mean over seeds",
    tolerance=Tolerance(reproduced=Above(10), partly=Above(0)),
    unit="points",
    experiments=("toy/adversarial",),
)
def _other_task(found: Results) -> Finding:
    few, many = 100 * found["classifier_flipped"][:, -1]
    return Finding(over_seeds(few - many), 0.0)
