"""Claims of the chapter on dense and sparse features in one model, held against the results of toy/mixed_sparsity."""

import numpy as np

from superposition import metrics
from superposition.claims import Judged as Finding, Verdict, claim
from superposition.runs import Results
from superposition.toy.claims.common import WRITE_UP

SOURCE = f"{WRITE_UP}, Non-uniform sparsity for toy model"
DENSE, SPARSE = range(2)  # the classes
BOTH_DENSE, MIXED, BOTH_SPARSE = range(3)  # the mixes of densities
RELU, GELU = range(2)


def at(results: Results, weight: float | int) -> int:
    """The index of a weight: of the sparse class in the loss, over that of the dense class, for each feature."""
    return int(np.abs(results["weight"] - weight).argmin())


def equal(results: Results) -> int:
    """The weight at which a dense and a sparse feature of the mixed model are equally important."""
    dense, sparse = results["density"][MIXED]
    return at(results, float(sparse / dense))


def _finding(verdict: Verdict, values: np.ndarray, baseline: float, note: str = "") -> Finding:
    """Mean over the last axis, the seeds, after a mean over all other axes."""
    mean, low, high = (float(x) for x in metrics.mean_interval(values.reshape(-1, values.shape[-1]).mean(0)))
    return Finding(verdict, mean, low, high, values.shape[-1], baseline, "", note)


def _spread(values: np.ndarray) -> str:
    return ", ".join(f"{value:.2f}" for value in values.mean(-1))


@claim(
    id="toy/mixed_sparsity/1-dense",
    source=SOURCE,
    statement="Where dense and very sparse features are mixed, there is little superposition among the dense ones.",
    measure="mean dimensionality of dense features at equal importance, ReLU, over both widths; baseline: all features dense",
    tolerance="reproduced where it is 0.9 or more at both widths, partly at one",
    experiments=("toy/mixed_sparsity",),
)
def _dense(results: Results) -> Finding:
    values = results["dimensionality"][:, MIXED, equal(results), RELU, :, DENSE]
    apart = (values.mean(-1) >= 0.9).sum()
    verdict: Verdict = "reproduced" if apart == len(values) else "partly" if apart else "not reproduced"
    alike = results["dimensionality"][:, BOTH_DENSE, at(results, 1), RELU, :, DENSE].mean()
    return _finding(verdict, values, float(alike), f"At {_widths(results)} hidden dimensions: {_spread(values)}")


def _widths(results: Results) -> str:
    return " and ".join(str(m) for m in results["n_hidden"])


@claim(
    id="toy/mixed_sparsity/2-sparse",
    source=SOURCE,
    statement="Among the very sparse features there is much superposition.",
    measure="mean dimensionality of represented sparse features at equal importance, ReLU, over both widths; baseline: all sparse",
    tolerance="reproduced where it is 0.5 or less at both widths, partly at one",
    experiments=("toy/mixed_sparsity",),
)
def _sparse(results: Results) -> Finding:
    values = results["dimensionality"][:, MIXED, equal(results), RELU, :, SPARSE]
    crowded = (values.mean(-1) <= 0.5).sum()
    verdict: Verdict = "reproduced" if crowded == len(values) else "partly" if crowded else "not reproduced"
    alike = results["dimensionality"][:, BOTH_SPARSE, at(results, 1), RELU, :, SPARSE].mean()
    return _finding(verdict, values, float(alike), f"At {_widths(results)} hidden dimensions: {_spread(values)}")


@claim(
    id="toy/mixed_sparsity/3-opportunity",
    source=SOURCE,
    statement="Sparse features are superposed because the model sees them less often and has fewer instances to learn from.",
    measure="dimensionality of the weightier class minus the other's, both at density 0.02, weights 25 to 1, ReLU; baseline: mixed densities",
    tolerance="corrected where features that are seen equally often part by half as much or more as in the mixed model",
    experiments=("toy/mixed_sparsity",),
)
def _opportunity(results: Results) -> Finding:
    gap = results["dimensionality"][:, :, equal(results), RELU]
    gap = gap[..., DENSE] - gap[..., SPARSE]
    alike, mixed = gap[:, BOTH_SPARSE], float(gap[:, MIXED].mean())
    verdict: Verdict = "corrected" if alike.mean() >= mixed / 2 else "reproduced"
    return _finding(verdict, alike, mixed, "What a class weighs in the loss, density times importance, parts them by itself; rarity parts them further")


@claim(
    id="toy/mixed_sparsity/4-priority",
    source=SOURCE,
    statement="With a high priority on the very sparse features, superposition involves both classes of features.",
    measure="mean dimensionality of represented dense features where each sparse one weighs five times as much, ReLU; baseline: equal importance",
    tolerance="reproduced if 0.6 or less, and dense and sparse features share more than a tenth of chance; partly if only the first",
    experiments=("toy/mixed_sparsity",),
)
def _priority(results: Results) -> Finding:
    where = (slice(None), MIXED, at(results, 5), RELU)
    values = results["dimensionality"][where][..., DENSE]
    between = float((results["shared"][where][..., SPARSE, DENSE].mean() / results["random"][where][..., SPARSE, DENSE].mean()))
    superposed = values.mean() <= 0.6
    verdict: Verdict = "not reproduced" if not superposed else "reproduced" if between > 0.1 else "partly"
    equally = results["dimensionality"][:, MIXED, equal(results), RELU, :, DENSE].mean()
    note = f"Dense features are superposed with each other; with sparse ones they share {100 * between:.2f}% of what chance would give"
    return _finding(verdict, values, float(equally), note)


@claim(
    id="toy/mixed_sparsity/5-gelu",
    source=SOURCE,
    statement="With GELU in place of ReLU the model exhibits more superposition.",
    measure="features per dimension, ‖W‖²/m, lengths included, GELU minus ReLU, same seeds, mean over the mixed models; baseline: ReLU's value",
    tolerance="reproduced where the interval lies above 0, else not; also by weight and width",
    experiments=("toy/mixed_sparsity",),
)
def _gelu(results: Results) -> Finding:
    values = results["features_per_dimension"][:, MIXED]
    more = values[:, :, GELU] - values[:, :, RELU]
    low, high = (bound.ravel() for bound in metrics.mean_interval(np.moveaxis(more, -1, 0))[1:])
    note = f"GELU has more in {(low > 0).sum()} of {low.size} settings of width and weight, less in {(high < 0).sum()}"
    found = _finding("not reproduced", more, float(values[:, :, RELU].mean()), note)
    if found.low > 0:
        return _finding("reproduced", more, float(values[:, :, RELU].mean()), note)
    return found
