"""The claims of the chapter on small changes that do harm."""

import numpy as np
from jaxtyping import Float

from superposition import metrics
from superposition.claims import Judged as Finding, Verdict, claim
from superposition.runs import Results
from superposition.toy.claims.common import PAPER

Array = np.ndarray
_SECTION = f"{PAPER}, Relationship to Adversarial Robustness"


def vulnerability(found: Results, excess: str = "excess", radius: float | None = None) -> Float[Array, "density seed"]:
    """(L' − L) / (L'₀ − L₀): the excess error under attack over that of the linear model with as many dimensions.

    The linear model that keeps whole features passes an attack on the most important one through, and errs by its
    square: L'₀ − L₀ is the radius squared times the largest importance, 1, for every input."""
    return found[excess] / np.square(found.config.radius if radius is None else radius)


def relative(found: Results) -> Float[Array, "density seed"]:
    """The vulnerability under the paper's allowance, a tenth of the average input's length."""
    return found["excess_relative"] / found["relative_radius"][:, None] ** 2


def correlations(x: Float[Array, "density seed"], y: Float[Array, "density seed"]) -> Float[Array, "seed"]:
    """Pearson's correlation over the densities, for every seed."""
    return np.array([np.corrcoef(a, b)[0, 1] for a, b in zip(x.T, y.T, strict=True)])


def sharing(found: Results) -> Float[Array, "density seed"]:
    """Features per dimension of every model."""
    return metrics.features_per_dimension(found["W"])


def _growth(values: Float[Array, "density seed"], found: Results, note: str = "") -> Finding:
    """How many times the sparsest models' value is the densest models', seeds paired."""
    mean, low, high = metrics.mean_interval(values[-1] / values[0])
    verdict: Verdict = "reproduced" if low > 3 else "partly" if low > 1 else "not reproduced"
    return Finding(verdict, float(mean), float(low), float(high), found.config.seeds, 1.0, "times", note)


@claim(
    id="toy/adversarial/1-grows",
    source=_SECTION,
    statement="As superposition forms, the vulnerability to adversarial examples grows more than threefold.",
    measure="excess error under the worst change of a tenth of the average input's length, relative to the linear model; "
    "S = 0.99 over S = 0, mean over seeds",
    tolerance="reproduced where the interval lies above 3, partly where it lies above 1",
    experiments=("toy/adversarial",),
)
def _grows(found: Results) -> Finding:
    return _growth(relative(found), found)


@claim(
    id="toy/adversarial/2-tracks",
    source=_SECTION,
    statement="The vulnerability closely tracks the number of features per dimension.",
    measure="Pearson's correlation of the two over the sparsities, changes of a tenth of the average input's length; "
    "mean over seeds",
    tolerance="reproduced where the interval lies above 0.9, partly where it lies above 0.5",
    experiments=("toy/adversarial",),
)
def _tracks(found: Results) -> Finding:
    mean, low, high = metrics.mean_interval(correlations(sharing(found), relative(found)))
    verdict: Verdict = "reproduced" if low > 0.9 else "partly" if low > 0.5 else "not reproduced"
    return Finding(verdict, float(mean), float(low), float(high), found.config.seeds, 0.0)


@claim(
    id="toy/adversarial/3-fixed-length",
    source="Ours, on the paper's effect",
    statement="The same growth shows where the change has the same length at every sparsity.",
    measure="growth of the vulnerability from S = 0 to 0.99 under the worst change of length 0.1, mean over seeds",
    tolerance="reproduced where the interval lies above 3, partly where it lies above 1",
    experiments=("toy/adversarial",),
)
def _fixed_length(found: Results) -> Finding:
    peak = vulnerability(found).mean(1)
    note = f"The mean over seeds is largest at S = {1 - found['density'][peak.argmax()]:.2f}: {peak.max():.1f}."
    return _growth(vulnerability(found), found, note)


@claim(
    id="toy/adversarial/4-equal-loss",
    source="Ours, on the paper's effect",
    statement="A model with superposition is more vulnerable than one without it that has more dimensions and the same loss.",
    measure="excess error under the worst change of length 0.1 over the equal-loss model's, "
    "mean over the sparsities above 0.5; mean over seeds",
    tolerance="reproduced where the interval lies above 1 for the mean and at each of these sparsities, "
    "partly where it does for the mean",
    experiments=("toy/adversarial",),
)
def _equal(found: Results) -> Finding:
    ratio = (found["excess"] / found["equal_excess"])[found["density"] < 0.5]
    mean, low, high = metrics.mean_interval(ratio.mean(0))
    everywhere = bool((metrics.mean_interval(ratio.T)[1] > 1).all())
    verdict: Verdict = "reproduced" if low > 1 and everywhere else "partly" if low > 1 else "not reproduced"
    note = "" if everywhere else f"At S = 0.99 the ratio is {ratio[-1].mean():.2f}."
    return Finding(verdict, float(mean), float(low), float(high), found.config.seeds, 1.0, "times", note)


@claim(
    id="toy/adversarial/5-replication",
    source="keltin13's notebook",
    statement="The loss of the row of W Wᵀ as target measures the vulnerability.",
    measure="correlation over the sparsities of the notebook's ratio with that for an attack of length 0, mean over seeds",
    tolerance="corrected where the interval lies above 0.9: what needs no attack measures none",
    experiments=("toy/adversarial",),
)
def _replication(found: Results) -> Finding:
    mean, low, high = metrics.mean_interval(correlations(*found["replication"]))
    verdict: Verdict = "corrected" if low > 0.9 else "partly"
    note = "The notebook asks for an output of length about 1 from an input of length 0.1."
    return Finding(verdict, float(mean), float(low), float(high), found.config.seeds, 0.0, "", note)


@claim(
    id="toy/adversarial/6-same-inputs",
    source="Ours, on the paper's effect",
    statement="The growth is there when all models are attacked on the same inputs: it is not due to sparser inputs alone.",
    measure="growth of the vulnerability from S = 0 to 0.99 under the worst change of length 0.1 of inputs of sparsity 0.9, "
    "mean over seeds",
    tolerance="reproduced where the interval lies above 3, partly where it lies above 1",
    experiments=("toy/adversarial",),
)
def _same_inputs(found: Results) -> Finding:
    return _growth(vulnerability(found, "excess_common"), found)


@claim(
    id="toy/adversarial/7-gain",
    source="Ours, on the paper's effect",
    statement="How far an output can be pushed closely tracks the number of features per dimension.",
    measure="Pearson's correlation over the sparsities of features per dimension with the largest gain, the change of the output "
    "over that of the input; mean over seeds",
    tolerance="reproduced where the interval lies above 0.9, partly where it lies above 0.5",
    experiments=("toy/adversarial",),
)
def _gain(found: Results) -> Finding:
    mean, low, high = metrics.mean_interval(correlations(sharing(found), found["gain"]))
    verdict: Verdict = "reproduced" if low > 0.9 else "partly" if low > 0.5 else "not reproduced"
    return Finding(verdict, float(mean), float(low), float(high), found.config.seeds, 0.0)


@claim(
    id="toy/adversarial/8-other-task",
    source="Ours, on the paper's effect",
    statement="Superposition also makes a model vulnerable whose answer should not change with a small change of the input.",
    measure="share of answers, right ones that no change of length 0.1 should alter, that one does alter: "
    "classifiers of the largest feature at S = 0.99, 5 dimensions less 20; mean over seeds",
    tolerance="reproduced where the interval lies above 10 points, partly where it lies above 0",
    experiments=("toy/adversarial",),
)
def _other_task(found: Results) -> Finding:
    flipped = 100 * found["classifier_flipped"][:, -1]
    mean, low, high = metrics.mean_interval(flipped[0] - flipped[1])
    verdict: Verdict = "reproduced" if low > 10 else "partly" if low > 0 else "not reproduced"
    return Finding(verdict, float(mean), float(low), float(high), flipped.shape[1], 0.0, "points")
