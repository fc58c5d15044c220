"""The claims of the chapter on neurons as a basis."""

import numpy as np

from superposition import metrics
from superposition.claims import Finding, claim
from superposition.estimates import Estimate, over_seeds
from superposition.runs import Results
from superposition.tolerances import MOST, AtLeast, AtMost, Every, Holding, Of, Some, Tolerance
from superposition.toy.claims.common import PAPER, by_label, most_at_every, near_best
from superposition.toy.privileged import FREE, ISOTROPIC, RECTIFIED, singles, turned

SOURCE = f"{PAPER}, Superposition in a Privileged Basis"
_SINGLE = f"Pictures of single trainings, as in {SOURCE}"


def _single(results: Results, sparsity: float, note: str = "") -> Finding:
    """The share of monosemantic neurons at a sparsity, against the same models turned."""
    k = metrics.nearest(results["sparsity"], sparsity)
    turned_models = 100 * float(results["null_single"][RECTIFIED, k].mean())
    return Finding(over_seeds(singles(results, RECTIFIED)[k], (0, 1)).percent, turned_models, note)


@claim(
    id="toy/privileged/1-monosemantic",
    source=SOURCE,
    statement="With a ReLU on the hidden layer, dense data give neurons that stand for one feature each.",
    measure="share of neurons with fewer than 1.5 effective features at S = 0, mean over seeds; baseline: the same models turned",
    tolerance=MOST,
    unit="%",
    experiments=("toy/privileged",),
)
def _monosemantic(results: Results) -> Finding:
    half = singles(results, RECTIFIED)[metrics.nearest(results["sparsity"], 0.5)].mean()
    return _single(results, 0.0, f"At S = 0.5 it is {100 * half:.0f}%")


@claim(
    id="toy/privileged/2-mixed",
    source=SOURCE,
    statement="In between, the best model has both: some neurons stand for one feature, others for several.",
    measure="share of the models at S = 0.7 within 3% of the least loss with at least one neuron of each kind; baseline: neurons "
    "of turned models, if independent",
    tolerance=MOST,
    unit="%",
    after_looking=True,
    experiments=("toy/privileged",),
)
def _mixed(results: Results) -> Finding:
    mixed, null, near = _both_kinds(results)
    return Finding(over_seeds(mixed[near]).percent, null, "At S = 0.5 the best have five neurons of one feature each")


@claim(
    id="toy/privileged/2b-mixed-found",
    source=_SINGLE,
    statement="In between, a trained model has neurons of both kinds.",
    measure="the same share of all seeds; baseline: neurons of turned models, if independent",
    tolerance=MOST,
    unit="%",
    experiments=("toy/privileged",),
)
def _mixed_found(results: Results) -> Finding:
    mixed, null, _ = _both_kinds(results)
    return Finding(over_seeds(mixed).percent, null)


def _both_kinds(results: Results) -> tuple[np.ndarray, float, np.ndarray]:
    """Which models at S = 0.7 have neurons of both kinds, in % how many would by chance, and which are near the best."""
    k = metrics.nearest(results["sparsity"], 0.7)
    values, null = singles(results, RECTIFIED)[k], float(results["null_single"][RECTIFIED, k].mean())
    by_chance = 100 * (1 - (1 - null) ** results.config.n_hidden)
    return (values > 0) & (values < 1), by_chance, near_best(results["loss"][RECTIFIED, k])


@claim(
    id="toy/privileged/3-polysemantic",
    source=SOURCE,
    statement="In sparse data the neurons of the best model are polysemantic.",
    measure="share of neurons with fewer than 1.5 effective features at S = 0.99, in the models within 3% of the least loss; "
    "also at S of 0.95 and 0.97; baseline: the same models turned",
    tolerance=Tolerance(reproduced=Every("S", AtMost(10)), partly=Some("S", AtMost(10))),
    unit="%",
    after_looking=True,
    experiments=("toy/privileged",),
)
def _polysemantic(results: Results) -> Finding:
    sparse = [metrics.nearest(results["sparsity"], s) for s in (0.95, 0.97, 0.99)]
    values, loss = singles(results, RECTIFIED), results["loss"][RECTIFIED]
    each = {f"{results['sparsity'][k]:g}": over_seeds(values[k][near_best(loss[k])], (0, 1)).percent for k in sparse}
    turned_models = 100 * float(results["null_single"][RECTIFIED, sparse[-1]].mean())
    count = int(near_best(loss[sparse[0]]).sum())
    note = f"At S = 0.95 only {count} of {loss.shape[1]} is so good, and it has neurons of both kinds"
    return Finding(each["0.99"], turned_models, note, {"S": each})


@claim(
    id="toy/privileged/3b-polysemantic-found",
    source=_SINGLE,
    statement="In sparse data the neurons of a trained model are polysemantic.",
    measure="share of neurons with fewer than 1.5 effective features at S = 0.95, mean over seeds; baseline: the same models "
    "turned",
    tolerance=Tolerance(reproduced=AtMost(10), partly=AtMost(50)),
    unit="%",
    experiments=("toy/privileged",),
)
def _polysemantic_found(results: Results) -> Finding:
    return _single(results, 0.95)


_LOSE = "the share of rectified models that lose in %"


@claim(
    id="toy/privileged/4-privileged",
    source=SOURCE,
    statement="The hidden ReLU makes the neurons a privileged basis, at every sparsity.",
    measure="loss after a random turn over loss before it on the same inputs, the least over all sparsities, mean over seeds; "
    "also the share of rectified models in which it is above 1.05; baseline: the largest without the hidden ReLU",
    tolerance=Tolerance(reproduced=Of(_LOSE, AtLeast(100)), partly=Of(_LOSE, AtLeast(90))),
    unit="times",
    after_looking=True,
    experiments=("toy/privileged",),
)
def _privileged(results: Results) -> Finding:
    ratio = turned(results)
    least = ratio[RECTIFIED].min(0)
    note = f"The least of all models is {least.min():.1f}; before a look at the data only S of 0.9 and more counted"
    return Finding(over_seeds(least), float(ratio[FREE].max()), note, {_LOSE: 100 * float((ratio[RECTIFIED] > 1.05).mean())})


@claim(
    id="toy/privileged/5-aligned",
    source=f"{SOURCE}; the kurtosis test is of Elhage et al. 2023",
    statement="A privileged basis shows in the weights: features lie closer to the neurons than chance would have it.",
    measure="share of rectified models at S = 0.9 whose basis alignment exceeds that of 95% of their own rotations; also at each "
    "S of 0.8 and more; baseline: chance",
    tolerance=most_at_every("S"),
    unit="%",
    experiments=("toy/privileged",),
)
def _aligned(results: Results) -> Finding:
    note = "Up to S = 0.6 all do; in sparse data the weights are spread over the neurons, and kurtosis is blind"
    each = _at_each(results, results["rank"][RECTIFIED] > 0.95, 0.8)
    return Finding(each["0.9"], 5.0, note, {"S": each})


def _at_each(results: Results, hits: np.ndarray, least: float) -> dict[str, Estimate]:
    """The share of models, in %, at each sparsity from `least` on."""
    sparse = results["sparsity"] >= least
    return {label: one.percent for label, one in by_label(results["sparsity"][sparse], hits[sparse]).items()}


@claim(
    id="toy/privileged/6-free",
    source=f"{SOURCE}, and every count of neurons in a model without a hidden nonlinearity",
    statement="Without the hidden ReLU the basis is free: a model's neurons look like those of a turned copy.",
    measure="share of models without hidden ReLU at S = 0.9 whose alignment is below that of 95% of their own rotations; also at "
    "each S of 0.5 and more; baseline: an optimiser that knows no basis",
    tolerance=Tolerance(reproduced=Every("S", Holding(5)), otherwise="corrected"),
    unit="%",
    corrects="the reason",
    experiments=("toy/privileged",),
)
def _free(results: Results) -> Finding:
    below = results["rank"] < 0.05
    note = "AdamW works on each weight for itself, and that alone spreads features over the neurons"
    each, isotropic = (_at_each(results, below[kind], 0.5) for kind in (FREE, ISOTROPIC))
    return Finding(each["0.9"], isotropic["0.9"].value, note, {"S": each})
