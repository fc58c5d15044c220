"""The claims of the chapter on neurons as a basis."""

from superposition import metrics
from superposition.claims import Finding, claim
from superposition.estimates import over_seeds
from superposition.runs import Results
from superposition.tolerances import MOST, AtLeast, AtMost, Holding, Of, Tolerance
from superposition.toy.claims.common import PAPER
from superposition.toy.privileged import FREE, ISOTROPIC, RECTIFIED, singles, turned

SOURCE = f"{PAPER}, Superposition in a Privileged Basis"


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
    statement="In between, one model has both: some neurons stand for one feature, others for several.",
    measure="share of models at S = 0.7 with at least one neuron of each kind; baseline: neurons of turned models, if "
    "independent",
    tolerance=MOST,
    unit="%",
    experiments=("toy/privileged",),
)
def _mixed(results: Results) -> Finding:
    k = metrics.nearest(results["sparsity"], 0.7)
    values, null = singles(results, RECTIFIED)[k], results["null_single"][RECTIFIED, k].mean()
    return Finding(over_seeds((values > 0) & (values < 1)).percent, 100 * float(1 - (1 - null) ** results.config.n_hidden))


@claim(
    id="toy/privileged/3-polysemantic",
    source=SOURCE,
    statement="In sparse data the neurons are polysemantic.",
    measure="share of neurons with fewer than 1.5 effective features at S = 0.95, mean over seeds; baseline: the same models "
    "turned",
    tolerance=Tolerance(reproduced=AtMost(10), partly=AtMost(50)),
    unit="%",
    experiments=("toy/privileged",),
)
def _polysemantic(results: Results) -> Finding:
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
    measure="share of rectified models with S of 0.8 and more whose basis alignment exceeds that of 95% of their own rotations; "
    "baseline: chance",
    tolerance=MOST,
    unit="%",
    experiments=("toy/privileged",),
)
def _aligned(results: Results) -> Finding:
    hits = results["rank"][RECTIFIED, results["sparsity"] >= 0.8] > 0.95
    note = "Up to S = 0.6 all do; in sparse data the weights are spread over the neurons, and kurtosis is blind"
    return Finding(over_seeds(hits.T).percent, 5.0, note)


@claim(
    id="toy/privileged/6-free",
    source=f"{SOURCE}, and every count of neurons in a model without a hidden nonlinearity",
    statement="Without the hidden ReLU the basis is free: a model's neurons look like those of a turned copy.",
    measure="share of models without hidden ReLU and S of 0.5 and more whose alignment is below that of 95% of their own "
    "rotations; "
    "baseline: an optimiser that knows no basis",
    tolerance=Tolerance(reproduced=Holding(5), otherwise="corrected"),
    unit="%",
    experiments=("toy/privileged",),
)
def _free(results: Results) -> Finding:
    below = results["rank"][:, results["sparsity"] >= 0.5] < 0.05
    note = "AdamW works on each weight for itself, and that alone spreads features over the neurons"
    return Finding(over_seeds(below[FREE].T).percent, 100 * float(below[ISOTROPIC].mean()), note)
