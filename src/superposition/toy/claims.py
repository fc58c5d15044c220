"""What the paper and its replications say about toy autoencoders, each with the check that decides it.
Thresholds are in `tolerance`; an interval is over seeds, 95 %."""

import math

import numpy as np
from jaxtyping import Float

from superposition import metrics
from superposition.claims import Finding, Verdict, claim
from superposition.runs import Results
from superposition.toy.intro import SHAPES

PAPER = "Elhage et al. 2022"


def _share(hits: np.ndarray, seeds: int, baseline: float | None, note: str = "") -> Finding:
    """A share of runs with Wilson's interval: reproduced from 90 % on, partly from 50 %."""
    rate, low, high = metrics.rate_interval(int(hits.sum()), hits.size)
    verdict: Verdict = "reproduced" if rate >= 0.9 else "partly" if rate >= 0.5 else "not reproduced"
    scaled = None if baseline is None else 100 * baseline
    return Finding(verdict, 100 * rate, 100 * low, 100 * high, seeds, scaled, "%", note if verdict != "reproduced" else "")


def _at(results: Results, sparsity: float) -> int:
    return int(np.abs(1 - results["density"] - sparsity).argmin())


def _shapes(intro: Results, sparsity: float, names: tuple[str, ...], note: str = "") -> Finding:
    """The share of seeds in one of the shapes, against five arrows in random directions."""
    codes = [SHAPES.index(name) for name in names]
    hits = np.isin(intro["shape"][:, _at(intro, sparsity)], codes)
    return _share(hits, len(hits), float(intro["null"][codes].sum()), note)


@claim(
    id="toy/intro/1-orthogonal",
    source=f"{PAPER}, introduction",
    statement="In dense data the two most important features get orthogonal directions and the others none.",
    measure="share of seeds at S = 0 whose represented features are the first two, at a right angle within 15 degrees",
    tolerance="reproduced from 90 %, partly from 50 %",
    experiments=("toy/intro",),
)
def _orthogonal(intro: Results) -> Finding:
    first_two = metrics.norms(intro["W"][:, 0]) > 0.5
    hits = (first_two == [True, True, False, False, False]).all(1) & (intro["shape"][:, 0] == SHAPES.index("orthogonal"))
    return _share(hits, len(hits), float(intro["null"][SHAPES.index("orthogonal")]))


@claim(
    id="toy/intro/2-antipodal",
    source=f"{PAPER}, introduction",
    statement="At a sparsity of about 0.8 the features form antipodal pairs.",
    measure="share of seeds at the density nearest to S = 0.8 with one or two antipodal pairs, within 15 degrees",
    tolerance="reproduced from 90 %, partly from 50 %",
    experiments=("toy/intro",),
)
def _antipodal(intro: Results) -> Finding:
    return _shapes(intro, 0.8, ("one pair", "two pairs"), "The other seeds end in a pentagon, at the same loss")


@claim(
    id="toy/intro/3-pentagon",
    source=f"{PAPER}, introduction",
    statement="At a sparsity of about 0.9 the five features form a pentagon.",
    measure="share of seeds at the density nearest to S = 0.9 that end in a pentagon, within 15 degrees",
    tolerance="reproduced from 90 %, partly from 50 %",
    experiments=("toy/intro",),
)
def _pentagon(intro: Results) -> Finding:
    return _shapes(intro, 0.9, ("pentagon",), "Most other seeds stay at two pairs, at a higher loss")


@claim(
    id="toy/intro/4-one-shape",
    source=f"{PAPER}, introduction, and its replications, which draw one model a sparsity",
    statement="Each sparsity has its shape.",
    measure="share of all models with S > 0.45 that end in another shape than the one that is most frequent at their sparsity",
    tolerance="reproduced up to 5 %, else corrected",
    experiments=("toy/intro",),
)
def _one_shape(intro: Results) -> Finding:
    shape = intro["shape"][:, 1 - intro["density"] > 0.45]
    most = [np.bincount(of_one).argmax() for of_one in shape.T]
    rate, low, high = metrics.rate_interval(int((shape != most).sum()), shape.size)
    note = "Sparsity decides which shape is best; which one training finds differs from seed to seed"
    return Finding("reproduced" if rate <= 0.05 else "corrected", 100 * rate, 100 * low, 100 * high, len(shape), None, "%", note)


@claim(
    id="toy/intro/5-worth-it",
    source=f"{PAPER}, introduction",
    statement="In sparse data superposition pays: it gives a lower loss than dedicating the dimensions.",
    measure="held-out loss at S = 0.95 over the least loss without superposition, mean over seeds",
    tolerance="reproduced where the interval lies below 1",
    experiments=("toy/intro",),
)
def _worth_it(intro: Results) -> Finding:
    sparsest = _at(intro, 0.95)
    mean, low, high = metrics.mean_interval(intro["loss"][:, sparsest] / intro["baseline"][sparsest])
    return Finding("reproduced" if high < 1 else "not reproduced", float(mean), float(low), float(high), len(intro["loss"]), 1.0)


# How represented features share their dimension, by feature dimensionality.
KINDS = ("alone", "in a pair", "in a group", "between")


def kinds(W: Float[np.ndarray, "*batch n m"]) -> Float[np.ndarray, "*batch kind"]:
    """The share of represented features of each of KINDS.

    Alone is a dimensionality above 0.9, a pair 0.45 to 0.55, a group below 0.45; the rest is between."""
    D, there = metrics.feature_dimensionality(W), metrics.norms(W) > 0.5
    alone, pair, group = D > 0.9, (D >= 0.45) & (D <= 0.55), D < 0.45
    every = np.stack([alone, pair, group, ~(alone | pair | group)], -1) & there[..., None]
    return every.sum(-2) / np.maximum(1, there.sum(-1))[..., None]


def _kept_first(W: np.ndarray) -> np.ndarray:
    """Whether each model represents exactly its n_hidden most important features."""
    m = W.shape[-1]
    there = metrics.norms(W) > 0.5
    return there[..., :m].all(-1) & ~there[..., m:].any(-1)


@claim(
    id="toy/demonstrating/1-linear",
    source=f"{PAPER}, Demonstrating Superposition",
    statement="A linear model represents the most important features, as many as it has dimensions, at any sparsity.",
    measure="share of linear models, over both sizes and all sparsities and seeds, that represent exactly those",
    tolerance="reproduced from 90 %, partly from 50 %",
    experiments=("toy/demonstrating",),
)
def _linear(runs_of: Results) -> Finding:
    hits = np.concatenate([_kept_first(runs_of[f"W_{size}"][0]).ravel() for size in ("small", "large")])
    chance = 1 / math.comb(runs_of["W_small"].shape[-2], runs_of["W_small"].shape[-1])
    return _share(hits, runs_of.config.seeds, chance)


@claim(
    id="toy/demonstrating/2-dense",
    source=f"{PAPER}, Demonstrating Superposition; VeraChristina, section 2",
    statement="In dense data a ReLU model does the same: the most important features have dimensions of their own.",
    measure="share of ReLU models at S = 0, over both sizes and all seeds, that represent exactly those, each with D above 0.9",
    tolerance="reproduced from 90 %, partly from 50 %",
    experiments=("toy/demonstrating",),
)
def _dense(runs_of: Results) -> Finding:
    dense = [runs_of[f"W_{size}"][1, 0] for size in ("small", "large")]
    hits = np.concatenate([_kept_first(W) & (kinds(W)[:, 0] == 1) for W in dense])
    chance = 1 / math.comb(runs_of["W_small"].shape[-2], runs_of["W_small"].shape[-1])
    return _share(hits, runs_of.config.seeds, chance)


@claim(
    id="toy/demonstrating/3-more",
    source=f"{PAPER}, Demonstrating Superposition",
    statement="A ReLU model represents ever more features as they get sparser.",
    measure="represented features at S = 0.999 for each hidden dimension, 80 features in 20, mean over seeds",
    tolerance="reproduced where the mean over seeds rises from each of the seven sparsities to the next at both sizes, "
    "partly where it ends above where it began",
    experiments=("toy/demonstrating",),
)
def _more(runs_of: Results) -> Finding:
    means = [metrics.represented(runs_of[f"W_{size}"][1]).mean(-1) for size in ("small", "large")]
    rising = all((np.diff(mean) > 0).all() for mean in means)
    verdict: Verdict = "reproduced" if rising else "partly" if all(mean[-1] > mean[0] for mean in means) else "not reproduced"
    sparsest = metrics.represented(runs_of["W_large"][1, -1]) / runs_of["W_large"].shape[-1]
    mean, low, high = metrics.mean_interval(sparsest)
    return Finding(verdict, float(mean), float(low), float(high), len(sparsest), 1.0, "features per dimension")


@claim(
    id="toy/demonstrating/4-order",
    source="VeraChristina, section 2",
    statement="Superposition comes first in pairs, then in groups.",
    measure="share of features in pairs minus share in larger groups, 80 features in 20, at S = 0.9; mean over seeds",
    tolerance="reproduced where pairs outnumber groups at S = 0.7 and 0.9, groups outnumber pairs at S = 0.997 and 0.999, "
    "each with an interval that excludes 0",
    experiments=("toy/demonstrating",),
)
def _order(runs_of: Results) -> Finding:
    share = kinds(runs_of["W_large"][1])
    mean, low, high = metrics.mean_interval((share[..., 1] - share[..., 2]).T)
    at = {s: k for k, s in enumerate(np.round(runs_of["sparsity"], 6).tolist())}
    pairs_first = all(low[at[s]] > 0 for s in (0.7, 0.9))
    groups_last = all(high[at[s]] < 0 for s in (0.997, 0.999))
    k = at[0.9]
    verdict: Verdict = "reproduced" if pairs_first and groups_last else "partly" if pairs_first or groups_last else "not reproduced"
    return Finding(verdict, float(mean[k]), float(low[k]), float(high[k]), share.shape[1], 0.0)


@claim(
    id="toy/demonstrating/5-pays",
    source=f"{PAPER}, Demonstrating Superposition",
    statement="Superposition lets the ReLU model reconstruct sparse features better than any model without it.",
    measure="held-out loss at S = 0.999 over the least loss without superposition, 80 features in 20, mean over seeds",
    tolerance="reproduced where the interval lies below 1 at S = 0.7 and above, at both sizes",
    experiments=("toy/demonstrating",),
)
def _pays(runs_of: Results) -> Finding:
    def ratio(size: str) -> np.ndarray:
        return runs_of[f"loss_{size}"][1] / runs_of[f"linear_optimum_{size}"][:, None]

    below = all((metrics.mean_interval(ratio(size).T)[2][1:] < 1).all() for size in ("small", "large"))
    mean, low, high = metrics.mean_interval(ratio("large")[-1])
    verdict: Verdict = "reproduced" if below else "not reproduced"
    return Finding(verdict, float(mean), float(low), float(high), runs_of.config.seeds, 1.0)


@claim(
    id="toy/demonstrating/6-smooth",
    source="Anthropic's notebook for the paper, 100 features in 20 dimensions",
    statement="In a larger model superposition grows smoothly with sparsity.",
    measure="largest step in features per dimension between neighbouring densities, as a share of the whole rise, mean over seeds",
    tolerance="reproduced where the rise is monotonic and no step exceeds three times an even one",
    experiments=("toy/wide",),
)
def _smooth(wide: Results) -> Finding:
    steps = np.diff(metrics.features_per_dimension(wide["W"]), axis=1)
    rise = steps.sum(1)
    mean, low, high = metrics.mean_interval(np.abs(steps).max(1) / rise)
    even = 1 / steps.shape[1]
    monotonic = bool((steps.mean(0) > -0.01 * rise.mean()).all())
    verdict: Verdict = "reproduced" if monotonic and high < 3 * even else "partly" if monotonic else "not reproduced"
    return Finding(verdict, 100 * float(mean), 100 * float(low), 100 * float(high), len(rise), 100 * even, "%")
