"""The claims of the chapter on neurons as a basis."""

import numpy as np

from superposition import metrics
from superposition.claims import Judged as Finding, Verdict, claim
from superposition.runs import Results
from superposition.toy.claims.common import PAPER, share
from superposition.toy.privileged import MODELS, single, used

SOURCE = f"{PAPER}, Superposition in a Privileged Basis"
FREE, ISOTROPIC, RECTIFIED = range(len(MODELS))


def singles(results: Results, model: int) -> np.ndarray:
    """The share of live neurons that are monosemantic, by sparsity and seed."""
    return single(results["polysemanticity"][model], used(results["W"][model]))


def turned(results: Results) -> np.ndarray:
    """The loss after a random turn of the hidden space over that before, by model, sparsity and seed."""
    return results["rotated_loss"] / results["unrotated_loss"]


def _at(results: Results, sparsity: float) -> int:
    return int(np.abs(results["sparsity"] - sparsity).argmin())


def _percent(verdict: Verdict, values: np.ndarray, baseline: float, note: str = "") -> Finding:
    mean, low, high = (100 * float(np.clip(x, 0, 1)) for x in metrics.mean_interval(values))
    return Finding(verdict, mean, low, high, len(values), 100 * baseline, "%", note)


@claim(
    id="toy/privileged/1-monosemantic",
    source=SOURCE,
    statement="With a ReLU on the hidden layer, dense data give neurons that stand for one feature each.",
    measure="share of neurons with fewer than 1.5 effective features at S = 0, mean over seeds; baseline: the same models turned",
    tolerance="reproduced from 90%, partly from 50%",
    experiments=("toy/privileged",),
)
def _monosemantic(results: Results) -> Finding:
    values = singles(results, RECTIFIED)[0]
    verdict: Verdict = "reproduced" if values.mean() >= 0.9 else "partly" if values.mean() >= 0.5 else "not reproduced"
    half = singles(results, RECTIFIED)[_at(results, 0.5)].mean()
    note = f"At S = 0.5 it is {100 * half:.0f}%"
    return _percent(verdict, values, results["null_single"][RECTIFIED, 0].mean(), note)


@claim(
    id="toy/privileged/2-mixed",
    source=SOURCE,
    statement="In between, one model has both: some neurons stand for one feature, others for several.",
    measure="share of models at S = 0.7 with at least one neuron of each kind",
    tolerance="reproduced from 90%, partly from 50%",
    experiments=("toy/privileged",),
)
def _mixed(results: Results) -> Finding:
    values = singles(results, RECTIFIED)[_at(results, 0.7)]
    null = results["null_single"][RECTIFIED, _at(results, 0.7)].mean()
    hits = (values > 0) & (values < 1)
    return share(hits, len(hits), float(1 - (1 - null) ** results.config.n_hidden), "Baseline: neurons of turned models, if independent")


@claim(
    id="toy/privileged/3-polysemantic",
    source=SOURCE,
    statement="In sparse data the neurons are polysemantic.",
    measure="share of neurons with fewer than 1.5 effective features at S = 0.95, mean over seeds; baseline: the same models turned",
    tolerance="reproduced up to 10%, partly up to 50%",
    experiments=("toy/privileged",),
)
def _polysemantic(results: Results) -> Finding:
    at = _at(results, 0.95)
    values = singles(results, RECTIFIED)[at]
    verdict: Verdict = "reproduced" if values.mean() <= 0.1 else "partly" if values.mean() <= 0.5 else "not reproduced"
    return _percent(verdict, values, results["null_single"][RECTIFIED, at].mean())


@claim(
    id="toy/privileged/4-privileged",
    source=SOURCE,
    statement="The hidden ReLU makes the neurons a privileged basis, at every sparsity.",
    measure="loss after a random turn over loss before it on the same inputs, the least over all sparsities, mean over seeds; "
    "baseline: the largest without the hidden ReLU",
    tolerance="reproduced where every rectified model loses by its turns, partly where 90% do",
    experiments=("toy/privileged",),
)
def _privileged(results: Results) -> Finding:
    ratio = turned(results)
    worse = float((ratio[RECTIFIED] > 1.05).mean())
    verdict: Verdict = "reproduced" if worse == 1 else "partly" if worse >= 0.9 else "not reproduced"
    least = ratio[RECTIFIED].min(0)
    mean, low, high = (float(x) for x in metrics.mean_interval(least))
    note = f"The least of all models is {least.min():.1f}; before a look at the data only S of 0.9 and more counted"
    return Finding(verdict, mean, low, high, len(least), float(ratio[FREE].max()), "times", note)


@claim(
    id="toy/privileged/5-aligned",
    source=f"{SOURCE}; the kurtosis test is of Elhage et al. 2023",
    statement="A privileged basis shows in the weights: features lie closer to the neurons than chance would have it.",
    measure="share of rectified models with S of 0.8 and more whose basis alignment exceeds that of 95% of their own rotations",
    tolerance="reproduced from 90%, partly from 50%",
    experiments=("toy/privileged",),
)
def _aligned(results: Results) -> Finding:
    hits = results["rank"][RECTIFIED, results["sparsity"] >= 0.8] > 0.95
    return share(hits, hits.shape[1], 0.05, "Up to S = 0.6 all do; in sparse data the weights are spread over the neurons, and kurtosis is blind")


@claim(
    id="toy/privileged/6-free",
    source=f"{SOURCE}, and every count of neurons in a model without a hidden nonlinearity",
    statement="Without the hidden ReLU the basis is free: a model's neurons look like those of a turned copy.",
    measure="share of models without hidden ReLU and S of 0.5 and more whose alignment is below that of 95% of their own rotations",
    tolerance="reproduced where the interval holds 5%, else corrected; baseline: an optimiser that knows no basis",
    experiments=("toy/privileged",),
)
def _free(results: Results) -> Finding:
    some = results["sparsity"] >= 0.5
    below = results["rank"][:, some] < 0.05
    rate, low, high = metrics.rate_interval(int(below[FREE].sum()), below[FREE].size)
    note = "AdamW works on each weight for itself, and that alone spreads features over the neurons"
    verdict: Verdict = "reproduced" if low <= 0.05 <= high else "corrected"
    return Finding(verdict, 100 * rate, 100 * low, 100 * high, below.shape[2], 100 * float(below[ISOTROPIC].mean()), "%", note)
