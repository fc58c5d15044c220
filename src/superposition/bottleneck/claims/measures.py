"""The claims of the chapter on the measures: which agree with the truth, and which mislead."""

import numpy as np

from superposition.bottleneck.measures import LINEAR, MEASURES, RELU, UNTRAINED, chance, rank_correlations, within_widths
from superposition.claims import Finding, claim
from superposition.estimates import Estimate, over_seeds
from superposition.runs import Results
from superposition.tolerances import BASELINE, Above, Inside, Tolerance, Within

ELHAGE = "Elhage et al. 2022, The Geometry of Superposition"
BERESKA = "Bereska et al. 2025"
_RANKS = Tolerance(reproduced=Above(0.8), partly=Above(BASELINE))
EXPERIMENT = ("bottleneck/measures",)
SPARSE = 4  # from this place on, S is 0.9 or more


def _rank(results: Results, name: str) -> np.ndarray:
    """The correlation of a measure with the truth, seed by seed."""
    return rank_correlations(results)[:, 0, 1 + MEASURES.index(name)]


def _within(results: Results, name: str) -> dict[str, Estimate]:
    """The same among models of one width: over all widths a measure may rank by the width alone."""
    return {"within a width": over_seeds(within_widths(results)[:, MEASURES.index(name)], (-1, 1))}


@claim(
    id="bottleneck/measures/01-frobenius",
    source=ELHAGE,
    statement="‖W‖_F²/m tells how many features a dimension carries: it ranks trained models as they should be.",
    measure="Spearman's correlation with the features that a dimension carries, ReLU models of all widths and sparsities; the "
    "baseline is what chance gives",
    tolerance=_RANKS,
    experiments=EXPERIMENT,
    after_looking=True,
)
def _frobenius(results: Results) -> Finding:
    return Finding(over_seeds(_rank(results, "frobenius")), chance(results), also=_within(results, "frobenius"))


@claim(
    id="bottleneck/measures/02-number",
    source=ELHAGE,
    statement="‖W‖_F²/m is roughly the number of features per dimension that a model has learned to represent.",
    measure="‖W‖_F²/m over the number of directions longer than ½ per dimension, ReLU models, S from 0.9 on; the baseline is the "
    "same of untrained models",
    tolerance=Tolerance(reproduced=Within(0.2, 1), partly=Within(0.5, 1)),
    experiments=EXPERIMENT,
    after_looking=True,
)
def _number(results: Results) -> Finding:
    ratio = results["frobenius"][..., SPARSE:, :] / results["represented"][..., SPARSE:, :]
    return Finding(over_seeds(_by_seed(ratio[RELU])), float(ratio[UNTRAINED].mean()))


@claim(
    id="bottleneck/measures/03-through",
    source="This book",
    statement="What is represented need not come through: in sparse data a dimension carries fewer features than ‖W‖_F²/m says.",
    measure="‖W‖_F²/m over the features that a dimension carries, ReLU models, S from 0.9 on; the baseline is the same of the "
    "linear models",
    tolerance=Tolerance(reproduced=Above(1.2), partly=Above(BASELINE)),
    experiments=EXPERIMENT,
    after_looking=True,
)
def _through(results: Results) -> Finding:
    ratio = results["frobenius"][: LINEAR + 1] / results["truth"][: LINEAR + 1]
    return Finding(over_seeds(_by_seed(ratio[RELU, :, SPARSE:])), float(ratio[LINEAR].mean()))


@claim(
    id="bottleneck/measures/04-count",
    source="This book",
    statement="Counting the directions longer than ½ ranks trained models as well as any measure does.",
    measure="Spearman's correlation with the features that a dimension carries, within a width, ReLU models; the baseline is "
    "that of ‖W‖_F²/m",
    tolerance=Tolerance(reproduced=Above(BASELINE)),
    experiments=EXPERIMENT,
    after_looking=True,
)
def _count(results: Results) -> Finding:
    own, other = (_within(results, name)["within a width"] for name in ("represented", "frobenius"))
    return Finding(own, other.value)


@claim(
    id="bottleneck/measures/05-linear",
    source=f"{ELHAGE}, D_i read as a test for superposition",
    statement="Where nothing is superposed, D_i says so: the features have a dimension each.",
    measure="1 / mean D_i of live features in linear models of widths 4 and 8, all sparsities; the baseline is what a dimension "
    "of theirs carries",
    tolerance=Tolerance(reproduced=Inside(0.8, 1.2), otherwise="corrected"),
    unit="features per dimension",
    experiments=EXPERIMENT,
    after_looking=True,
    corrects="the reading",
)
def _linear(results: Results) -> Finding:
    note = "A linear model of equally important features spreads each over all dimensions, and D_i takes that for crowding"
    own, truth = (_by_seed(results[name][LINEAR, :2]) for name in ("dimensionality", "truth"))
    return Finding(over_seeds(own), float(truth.mean()), note)


@claim(
    id="bottleneck/measures/06-untrained",
    source="This book",
    statement="Weights that have learned nothing pass for superposition by ‖W‖_F²/m.",
    measure="‖W‖_F²/m of untrained models, all widths; the baseline is that of linear models, which have no superposition",
    tolerance=Tolerance(reproduced=Above(BASELINE)),
    unit="features per dimension",
    experiments=EXPERIMENT,
    after_looking=True,
)
def _untrained(results: Results) -> Finding:
    own, linear = (results["frobenius"][kind] for kind in (UNTRAINED, LINEAR))
    return Finding(over_seeds(_by_seed(own)), float(linear.mean()))


@claim(
    id="bottleneck/measures/07-rank",
    source="This book",
    statement="The effective rank says how many dimensions are used, and nothing of how many features they carry.",
    measure="Spearman's correlation of the effective rank with the features that a dimension carries, ReLU models of all widths "
    "and sparsities; the baseline is that of ‖W‖_F²/m",
    tolerance=Tolerance(reproduced=Inside(-0.3, 0.3)),
    experiments=EXPERIMENT,
    after_looking=True,
)
def _effective_rank(results: Results) -> Finding:
    found, other = (_rank(results, name) for name in ("effective_rank", "frobenius"))
    return Finding(over_seeds(found, (-1, 1)), float(other.mean()), also=_within(results, "effective_rank"))


@claim(
    id="bottleneck/measures/08-turned",
    source="This book",
    statement="Where the hidden basis is free, the features counted on a neuron are those of the same model turned at random.",
    measure="polysemanticity over that of turned copies, ReLU models of all widths and sparsities",
    tolerance=Tolerance(reproduced=Within(0.1, 1), partly=Within(0.25, 1)),
    experiments=EXPERIMENT,
    after_looking=True,
)
def _turned(results: Results) -> Finding:
    ratio = results["polysemanticity"][RELU] / results["null_polysemanticity"][RELU]
    return Finding(over_seeds(_by_seed(ratio)), 1.0)


@claim(
    id="bottleneck/measures/09-compressed",
    source="This book",
    statement="A sparse autoencoder finds features in an untrained model's hidden vectors that it does not give back.",
    measure="features found over features carried, untrained models of width 16, S from 0.9 on; the baseline is the same of ReLU "
    "models",
    tolerance=Tolerance(reproduced=Above(2 * BASELINE), partly=Above(BASELINE)),
    experiments=EXPERIMENT,
    after_looking=True,
)
def _compressed(results: Results) -> Finding:
    found, carried = (results[name][:, -1, SPARSE:].mean(1) for name in ("recovered", "truth"))
    ratio = found / carried
    return Finding(over_seeds(ratio[UNTRAINED]), float(ratio[RELU].mean()))


@claim(
    id="bottleneck/measures/10-latents",
    source=BERESKA,
    statement="The effective number of a sparse autoencoder's latents, exp(H) of their activity, measures how many features "
    "are superposed.",
    measure="Spearman's correlation with the features that a dimension carries, ReLU models of all widths and sparsities; the "
    "baseline is what chance gives",
    tolerance=_RANKS,
    experiments=EXPERIMENT,
    after_looking=True,
)
def _latents(results: Results) -> Finding:
    return Finding(over_seeds(_rank(results, "latents")), chance(results), also=_within(results, "latents"))


def _by_seed(values: np.ndarray) -> np.ndarray:
    """The axis of seeds, which is the last, first."""
    return np.moveaxis(values, -1, 0)
