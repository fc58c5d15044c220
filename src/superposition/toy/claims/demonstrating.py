"""The claims of the chapter on linear and ReLU models of many features."""

import math

import numpy as np

from superposition import formulas
from superposition.claims import Finding, claim
from superposition.estimates import over_seeds
from superposition.runs import Results
from superposition.tolerances import BASELINE, MOST, Above, AtMost, Below, Every, MoreThan, Of, Tolerance
from superposition.toy.claims.common import PAPER
from superposition.toy.demonstrating import SIZES, kept_first, kind_of, kinds


def _chance(runs_of: Results) -> float:
    """In %, how often as many features as there are dimensions would be the most important ones."""
    return 100 / math.comb(runs_of["W_small"].shape[-2], runs_of["W_small"].shape[-1])


@claim(
    id="toy/demonstrating/1-linear",
    source=f"{PAPER}, Demonstrating Superposition",
    statement="A linear model represents the most important features, as many as it has dimensions, at any sparsity.",
    measure="share of linear models, over both sizes and all sparsities and seeds, that represent exactly those; baseline: "
    "features drawn by lot",
    tolerance=MOST,
    unit="%",
    experiments=("toy/demonstrating",),
)
def _linear(runs_of: Results) -> Finding:
    hits = np.concatenate([kept_first(runs_of[f"W_{size}"][0]) for size in SIZES])
    return Finding(over_seeds(hits.T).percent, _chance(runs_of))


@claim(
    id="toy/demonstrating/2-dense",
    source=f"{PAPER}, Demonstrating Superposition; VeraChristina, section 2",
    statement="In dense data a ReLU model does the same: the most important features have dimensions of their own.",
    measure="share of ReLU models at S = 0, over both sizes and all seeds, that represent exactly those, each with D above 0.9; "
    "baseline: features drawn by lot",
    tolerance=MOST,
    unit="%",
    experiments=("toy/demonstrating",),
)
def _dense(runs_of: Results) -> Finding:
    dense = [runs_of[f"W_{size}"][1, 0] for size in SIZES]
    hits = np.stack([kept_first(W) & (kinds(W)[:, 0] == 1) for W in dense], 1)
    return Finding(over_seeds(hits).percent, _chance(runs_of))


@claim(
    id="toy/demonstrating/3-more",
    source=f"{PAPER}, Demonstrating Superposition",
    statement="A ReLU model represents ever more features as they get sparser.",
    measure="represented features at S = 0.999 for each hidden dimension, 80 features in 20, mean over seeds; also the least "
    "step of that mean "
    "from one of the seven sparsities to the next, at either size, and the lesser rise from the first to the last",
    tolerance=Tolerance(reproduced=Of("the least step", MoreThan(0)), partly=Of("the lesser rise", MoreThan(0))),
    unit="features per dimension",
    experiments=("toy/demonstrating",),
)
def _more(runs_of: Results) -> Finding:
    held = [formulas.represented(runs_of[f"W_{size}"][1]) / runs_of[f"W_{size}"].shape[-1] for size in SIZES]
    steps = np.diff([one.mean(-1) for one in held])
    also = {"the least step": float(steps.min()), "the lesser rise": float(steps.sum(-1).min())}
    return Finding(over_seeds(held[-1][-1]), 1.0, also=also)


_PAIRS, _GROUPS = "size and S of 0.7 and 0.9", "size and S of 0.997 and 0.999"
_FIRST, _LAST = Every(_PAIRS, Above(0)), Every(_GROUPS, Below(0))


@claim(
    id="toy/demonstrating/4-order",
    source=f"{PAPER}, Demonstrating Superposition; VeraChristina, section 2",
    statement="Superposition comes first in antipodal pairs, then in larger groups.",
    measure="share of features in antipodal pairs, of equal length or not, minus share in larger groups, 80 features in 20, at "
    "S = 0.9; mean over seeds; also at either size at four S",
    tolerance=Tolerance(reproduced=_FIRST & _LAST, partly=_FIRST | _LAST),
    after_looking=True,
    experiments=("toy/demonstrating",),
)
def _order(runs_of: Results) -> Finding:
    at = {s: k for k, s in enumerate(np.round(runs_of["sparsity"], 6).tolist())}
    lead = {size: kinds(runs_of[f"W_{size}"][1]) @ [0, 1, -1, 0] for size in SIZES}
    also = {
        name: {f"{size} {s:g}": over_seeds(lead[size][at[s]]) for size in SIZES for s in those}
        for name, those in ((_PAIRS, (0.7, 0.9)), (_GROUPS, (0.997, 0.999)))
    }
    note = "Counted by dimensionality, half within 0.05, the pairs of unequal length would be groups"
    return Finding(over_seeds(lead["large"][at[0.9]]), 0.0, note, also)


@claim(
    id="toy/demonstrating/4b-less-important-first",
    source=f"{PAPER}, Demonstrating Superposition",
    statement="Superposition starts with the less important features and gradually reaches the most important ones.",
    measure="mean rank of importance of features in pairs minus that of features alone, 80 features in 20, at S = 0.9; "
    "mean over seeds; also of features in groups minus in pairs, at S = 0.97, where every seed has both; baseline: none if "
    "importance made no difference",
    tolerance=Tolerance(reproduced=Above(0) & Of("the rank of groups above that of pairs", Above(0))),
    unit="ranks",
    experiments=("toy/demonstrating",),
)
def _less_important_first(runs_of: Results) -> Finding:
    where = [int(np.abs(runs_of["sparsity"] - s).argmin()) for s in (0.9, 0.97)]
    some, sparser = kind_of(runs_of["W_large"][1, where])

    def mean_rank(which: np.ndarray) -> np.ndarray:
        return which @ np.arange(which.shape[-1]) / which.sum(-1)

    alone, pair = (mean_rank(some[..., k]) for k in (0, 1))
    group = over_seeds(mean_rank(sparser[..., 2]) - mean_rank(sparser[..., 1]))
    return Finding(over_seeds(pair - alone), 0.0, also={"the rank of groups above that of pairs": group})


@claim(
    id="toy/demonstrating/5-pays",
    source=f"{PAPER}, introduction",
    statement="Superposition lets the ReLU model reconstruct sparse features better than any model without it.",
    measure="held-out loss at S = 0.999 over the least loss without superposition, 80 features in 20, mean over seeds; also at "
    "the S of 0.7 "
    "and above at which the interval reaches highest; baseline: no gain",
    tolerance=Tolerance(reproduced=Every("size", Below(BASELINE))),
    experiments=("toy/demonstrating",),
)
def _pays(runs_of: Results) -> Finding:
    ratio = {size: runs_of[f"loss_{size}"][1] / runs_of[f"linear_optimum_{size}"][:, None] for size in SIZES}
    worst = {size: max(map(over_seeds, of_size[1:]), key=lambda found: found.high) for size, of_size in ratio.items()}
    return Finding(over_seeds(ratio["large"][-1]), 1.0, also={"size": worst})


_HARDLY_FALLS = Of("the largest fall in % of the rise", AtMost(1))


@claim(
    id="toy/demonstrating/6-smooth",
    source="Ours, on the last model of Anthropic's notebook, 100 features in 20 dimensions",
    statement="In a larger model superposition grows smoothly with sparsity.",
    measure="largest step in features per dimension between neighbouring densities, as a share of the whole rise, mean over "
    "seeds; "
    "also the largest fall of the mean over seeds; baseline: even steps",
    tolerance=Tolerance(reproduced=_HARDLY_FALLS & Below(3 * BASELINE), partly=_HARDLY_FALLS),
    unit="%",
    experiments=("toy/wide",),
)
def _smooth(wide: Results) -> Finding:
    steps = np.diff(formulas.features_per_dimension(wide["W"]), axis=1)
    rise = steps.sum(1)
    fall = max(0.0, -float(steps.mean(0).min() / rise.mean()))
    even = 100 / steps.shape[1]
    return Finding(over_seeds(np.abs(steps).max(1) / rise).percent, even, also={"the largest fall in % of the rise": 100 * fall})
