"""The claims of the chapter on correlated and anticorrelated features."""

import numpy as np

from superposition import metrics
from superposition.claims import Finding, claim
from superposition.runs import Results
from superposition.toy.claims.common import PAPER, share
from superposition.toy.correlated import RELATIONS, across, antipodal, common_share, partners, relation, within
from superposition.toy.engine.features import KINDS

CORRELATED, INDEPENDENT, ANTICORRELATED = range(len(KINDS))
SOURCE = f"{PAPER}, Correlated Features"


def at(runs_of: Results, density: float) -> int:
    """The index of the density nearest to this one."""
    return int(np.abs(runs_of["density"] - density).argmin())


def lie(W: np.ndarray, name: str) -> np.ndarray:
    """Whether each pair lies in the relation of this name."""
    return relation(W) == RELATIONS.index(name)


def both(runs_of: Results, density: float) -> dict[str, np.ndarray]:
    """Three pairs at one density, seeds of each kind: shares of pairs that are opposite and side by side."""
    W = runs_of["W_three"][:, at(runs_of, density)]
    return {name: lie(W, name) for name in RELATIONS}


@claim(
    id="toy/correlated/1-orthogonal",
    source=SOURCE,
    statement="Correlated features prefer to be orthogonal.",
    measure="two pairs in two dimensions at S = 0.95: share of models in which both pairs are antipodal, the other way to pair a cross; "
    "the baseline is independent features",
    tolerance="partly where the interval lies below the baseline's, reproduced where also 90% have right angles within 15 degrees; "
    "set after a look at the data",
    experiments=("toy/correlated",),
)
def _orthogonal(runs_of: Results) -> Finding:
    W = runs_of["W_two"][:, at(runs_of, 0.05)]
    right = lie(W, "orthogonal").all(-1).mean(-1)
    (rate, low, high), (null, null_low, _) = (
        [100 * x for x in metrics.rate_interval(int(hits.sum()), hits.size)] for hits in antipodal(W).all(-1)[[CORRELATED, INDEPENDENT]]
    )
    clear = high < null_low
    verdict = "reproduced" if clear and right[CORRELATED] >= 0.9 else "partly" if clear else "not reproduced"
    note = f"At right angles: {100 * right[CORRELATED]:.0f}%, of independent features {100 * right[INDEPENDENT]:.0f}%"
    return Finding(verdict, rate, low, high, runs_of.config.seeds, null, "%", note + "; where they are not, a feature is mostly lost")


def _lead(runs_of: Results, kind: int, expected: str, against: str) -> Finding:
    """By how much more of three pairs lie in the expected relation than in the other, against independent features."""
    found = both(runs_of, 0.1)
    lead = 100 * (found[expected].mean(-1) - found[against].mean(-1))
    mean, low, high = metrics.mean_interval(lead[kind])
    null, _, null_high = metrics.mean_interval(lead[INDEPENDENT])
    clear = low > max(0, null_high)
    verdict = "reproduced" if clear and low > 50 else "partly" if clear else "not reproduced"
    return Finding(verdict, float(mean), float(low), float(high), lead.shape[1], float(null), "%")


@claim(
    id="toy/correlated/2-side",
    source=SOURCE,
    statement="Correlated features that cannot be orthogonal lie side by side rather than opposite.",
    measure="three pairs in two dimensions at S = 0.9: share of pairs at less than 75 degrees, minus share at more than 105 degrees, "
    "mean over seeds; the baseline is independent features",
    tolerance="reproduced where the interval lies above 50% and above the baseline's, partly above 0 and the baseline's",
    experiments=("toy/correlated",),
)
def _side(runs_of: Results) -> Finding:
    return _lead(runs_of, CORRELATED, "side by side", "opposite")


@claim(
    id="toy/correlated/3-antipodal",
    source=f"{PAPER}, Anticorrelated Features",
    statement="Anticorrelated features prefer to be antipodal.",
    measure="two pairs in two dimensions at S = 0.95: share of models in which both pairs are opposite within 15 degrees; "
    "the baseline is independent features, paired at random",
    tolerance="reproduced from 90%, partly from 50%; corrected where the models of the least loss are so and most others not",
    experiments=("toy/correlated",),
)
def _antipodal(runs_of: Results) -> Finding:
    k = at(runs_of, 0.05)
    hits = antipodal(runs_of["W_two"][:, k]).all(-1)
    best = hits[ANTICORRELATED][runs_of["loss_two"][ANTICORRELATED, k].argmin()]
    rate, low, high = (100 * x for x in metrics.rate_interval(int(hits[ANTICORRELATED].sum()), hits.shape[1]))
    verdict = "reproduced" if rate >= 90 else "partly" if rate >= 50 else "corrected" if best else "not reproduced"
    note = "The best models are; training finds them about as often as chance pairs independent features so. Dense data does better"
    return Finding(verdict, rate, low, high, hits.shape[1], 100 * float(hits[INDEPENDENT].mean()), "%", note)


@claim(
    id="toy/correlated/4-dense",
    source=f"{PAPER}, Anticorrelated Features",
    statement="Anticorrelated features prefer to be antipodal (when one of the two is active half of the time).",
    measure="the same at S = 0.5, where exactly one of each pair is always active",
    tolerance="reproduced from 90%, partly from 50%",
    experiments=("toy/correlated",),
)
def _dense(runs_of: Results) -> Finding:
    hits = antipodal(runs_of["W_two"][:, at(runs_of, 0.5)]).all(-1)
    return share(hits[ANTICORRELATED], runs_of.config.seeds, float(hits[INDEPENDENT].mean()))


@claim(
    id="toy/correlated/5-bases",
    source=SOURCE,
    statement="Sets of correlated features form local, almost orthogonal bases.",
    measure="two sets of ten in ten dimensions at S = 0.98: mean |cosine| within sets over mean |cosine| across them; "
    "the baseline is independent features",
    tolerance="reproduced where the interval lies below one half, and the baseline above it",
    experiments=("toy/correlated",),
)
def _bases(runs_of: Results) -> Finding:
    W = runs_of["W_sets"][:, at(runs_of, 0.02)]
    size = runs_of.config.set_size
    ratio = np.abs(within(W, size)).mean(-1) / np.abs(across(W, size)).mean(-1)
    mean, low, high = metrics.mean_interval(ratio[CORRELATED])
    null = float(ratio[INDEPENDENT].mean())
    verdict = "reproduced" if high < 0.5 < null else "not reproduced"
    return Finding(verdict, float(mean), float(low), float(high), ratio.shape[1], null)


@claim(
    id="toy/correlated/6-collapse",
    source=f"{SOURCE}; keltin13, three pairs at five sparsities",
    statement="As correlated features become dense they collapse to their principal component.",
    measure="cosine within pairs, three pairs in two dimensions at S = 0.5, mean over seeds; the baseline is the same at S = 0.95",
    tolerance="reproduced where the interval lies above 0.9 and the sums of pairs make up over 0.9 of what the model keeps",
    experiments=("toy/correlated",),
)
def _collapse(runs_of: Results) -> Finding:
    W = runs_of["W_three"][CORRELATED]
    cosine = within(W).mean(-1)
    mean, low, high = metrics.mean_interval(cosine[at(runs_of, 0.5)])
    kept = common_share(W[at(runs_of, 0.5)], 2).mean()
    verdict = "reproduced" if low > 0.9 and kept > 0.9 else "partly" if low > 0.5 else "not reproduced"
    return Finding(verdict, float(mean), float(low), float(high), W.shape[1], float(cosine[at(runs_of, 0.05)].mean()))


@claim(
    id="toy/correlated/7-partners",
    source="ours",
    statement="In superposition a correlated feature shares its dimension with a feature of the other set, never of its own.",
    measure="two sets of ten in ten dimensions at S = 0.98: share of the antipodal pairs that join the two sets, over all seeds; "
    "the baseline is independent features",
    tolerance="reproduced from 90%, partly from 50%",
    experiments=("toy/correlated",),
)
def _partners(runs_of: Results) -> Finding:
    found, joined = partners(runs_of["W_sets"][:, at(runs_of, 0.02)], runs_of.config.set_size)
    rates = joined.sum(1) / np.maximum(1, found.sum(1))
    rate, low, high = metrics.rate_interval(int(joined[CORRELATED].sum()), max(1, int(found[CORRELATED].sum())))
    verdict = "reproduced" if rate >= 0.9 else "partly" if rate >= 0.5 else "not reproduced"
    return Finding(verdict, 100 * rate, 100 * low, 100 * high, found.shape[1], 100 * float(rates[INDEPENDENT]), "%")


@claim(
    id="toy/correlated/8-antipodal-three",
    source=f"ours, after two pairs in {PAPER}, Anticorrelated Features",
    statement="Three anticorrelated pairs in two dimensions lie opposite rather than side by side.",
    measure="three pairs in two dimensions at S = 0.9: share of pairs at more than 105 degrees, minus share at less than 75 degrees, "
    "mean over seeds; the baseline is independent features",
    tolerance="as for side by side: reproduced where the interval lies above 50% and above the baseline's, partly above 0 and the baseline's",
    experiments=("toy/correlated",),
)
def _antipodal_three(runs_of: Results) -> Finding:
    return _lead(runs_of, ANTICORRELATED, "opposite", "side by side")
