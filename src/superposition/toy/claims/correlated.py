"""The claims of the chapter on correlated and anticorrelated features."""

import numpy as np

from superposition import metrics
from superposition.claims import Finding, claim
from superposition.estimates import over_seeds
from superposition.runs import Results
from superposition.tolerances import BASELINE, MOST, Above, AtLeast, Below, Of, Tolerance
from superposition.toy.claims.common import PAPER, near_best
from superposition.toy.correlated import (
    ANTICORRELATED,
    CORRELATED,
    INDEPENDENT,
    across,
    antipodal,
    both,
    common_share,
    lie,
    partners,
    within,
)  # fmt: skip

SOURCE = f"{PAPER}, Correlated Features"


_FEWER = Of("the lead over the baseline", Below(0))
# Held-out losses of equally good models differ by up to this in data so sparse; a lost feature costs ten times as much.
WITHIN = 2
_SINGLE = f"Pictures of single trainings, as in {SOURCE}"


@claim(
    id="toy/correlated/1-orthogonal",
    source=SOURCE,
    statement="Correlated features prefer to be orthogonal: so they are in the best model.",
    measure="two pairs in two dimensions at S = 0.95: share of the models within twice the least loss in which both pairs have "
    "right angles within 15 degrees; the baseline is independent features",
    tolerance=Tolerance(reproduced=AtLeast(90) & Above(BASELINE), partly=Above(BASELINE)),
    unit="%",
    after_looking=True,
    experiments=("toy/correlated",),
)
def _orthogonal_best(runs_of: Results) -> Finding:
    k = metrics.nearest(runs_of["density"], 0.05)
    loss, right = runs_of["loss_two"][:, k], lie(runs_of["W_two"][:, k], "orthogonal").all(-1)
    best, alone = (right[kind][near_best(loss[kind], WITHIN)] for kind in (CORRELATED, INDEPENDENT))
    return Finding(over_seeds(best).percent, 100 * float(alone.mean()), "Chance makes right angles of two crosses in three")


@claim(
    id="toy/correlated/1b-orthogonal-found",
    source=_SINGLE,
    statement="Trained models have their correlated features at right angles, and not opposite.",
    measure="two pairs in two dimensions at S = 0.95: share of models in which both pairs are antipodal, the other way to pair "
    "a cross; "
    "also how many have right angles within 15 degrees; the baseline is independent features",
    tolerance=Tolerance(reproduced=_FEWER & Of("the share at right angles in %", AtLeast(90)), partly=_FEWER),
    unit="%",
    after_looking=True,
    experiments=("toy/correlated",),
)
def _orthogonal(runs_of: Results) -> Finding:
    W = runs_of["W_two"][:, metrics.nearest(runs_of["density"], 0.05)]
    right, opposite = 100 * lie(W, "orthogonal").all(-1).mean(-1), antipodal(W).all(-1)
    more = over_seeds(opposite[CORRELATED].astype(float) - opposite[INDEPENDENT]).percent
    note = (
        f"Of independent features {right[INDEPENDENT]:.0f}% have right angles; of correlated ones, those have not that lost one"
    )
    also = {"the lead over the baseline": more, "the share at right angles in %": float(right[CORRELATED])}
    return Finding(over_seeds(opposite[CORRELATED]).percent, 100 * float(opposite[INDEPENDENT].mean()), note, also)


_MORE = Of("the lead over the baseline", Above(0))
_LEADS = Tolerance(reproduced=Above(50) & _MORE, partly=Above(0) & _MORE)


def _lead(runs_of: Results, kind: int, expected: str, against: str) -> Finding:
    """By how much more of three pairs lie in the expected relation than in the other, against independent features."""
    found = both(runs_of, 0.1)
    lead = 100 * (found[expected].mean(-1) - found[against].mean(-1))
    also = {_MORE.name: over_seeds(lead[kind] - lead[INDEPENDENT])}
    loss = runs_of["loss_three"][:, metrics.nearest(runs_of["density"], 0.1)]
    best, alone = (lead[k][near_best(loss[k])].mean() for k in (kind, INDEPENDENT))
    note = f"Among models within 3% of the least loss it is {best:.0f}%, of independent features {alone:.0f}%".replace("-", "−")
    return Finding(over_seeds(lead[kind]), float(lead[INDEPENDENT].mean()), note, also)


@claim(
    id="toy/correlated/2-side",
    source=SOURCE,
    statement="Correlated features that cannot be orthogonal lie side by side rather than opposite.",
    measure="three pairs in two dimensions at S = 0.9: share of pairs at less than 75 degrees, minus share at more than 105 "
    "degrees, "
    "mean over seeds; the baseline is independent features",
    tolerance=_LEADS,
    unit="%",
    experiments=("toy/correlated",),
)
def _side(runs_of: Results) -> Finding:
    return _lead(runs_of, CORRELATED, "side by side", "opposite")


@claim(
    id="toy/correlated/3-antipodal",
    source=f"{PAPER}, Anticorrelated Features",
    statement="Anticorrelated features prefer to be antipodal: so they are in the best model.",
    measure="two pairs in two dimensions at S = 0.95: share of the models within twice the least loss, here 0, in which both "
    "pairs are opposite within 15 degrees; the baseline is independent features",
    tolerance=Tolerance(reproduced=AtLeast(90) & Above(BASELINE), partly=Above(BASELINE)),
    unit="%",
    after_looking=True,
    experiments=("toy/correlated",),
)
def _antipodal(runs_of: Results) -> Finding:
    k = metrics.nearest(runs_of["density"], 0.05)
    loss, hits = runs_of["loss_two"][:, k], antipodal(runs_of["W_two"][:, k]).all(-1)
    best, alone = (hits[kind][near_best(loss[kind], WITHIN)] for kind in (ANTICORRELATED, INDEPENDENT))
    return Finding(over_seeds(best).percent, 100 * float(alone.mean()), "Their loss is 0 but for rounding, as no other cross's")


@claim(
    id="toy/correlated/3b-antipodal-found",
    source=f"Pictures of single trainings, as in {PAPER}, Anticorrelated Features",
    statement="Trained models have their anticorrelated features antipodal.",
    measure="the same share of all seeds; the baseline is chance, which pairs one of the three ways to pair a cross so",
    tolerance=MOST,
    unit="%",
    experiments=("toy/correlated",),
)
def _antipodal_found(runs_of: Results) -> Finding:
    hits = antipodal(runs_of["W_two"][ANTICORRELATED, metrics.nearest(runs_of["density"], 0.05)]).all(-1)
    return Finding(over_seeds(hits).percent, 100 / 3, "The other crosses are local minima")


@claim(
    id="toy/correlated/4-dense",
    source=f"{PAPER}, Anticorrelated Features",
    statement="Anticorrelated features prefer to be antipodal (when one of the two is active half of the time).",
    measure="the same at S = 0.5, where exactly one of each pair is always active",
    tolerance=MOST,
    unit="%",
    experiments=("toy/correlated",),
)
def _dense(runs_of: Results) -> Finding:
    hits = antipodal(runs_of["W_two"][:, metrics.nearest(runs_of["density"], 0.5)]).all(-1)
    return Finding(over_seeds(hits[ANTICORRELATED]).percent, 100 * float(hits[INDEPENDENT].mean()))


@claim(
    id="toy/correlated/5-bases",
    source=SOURCE,
    statement="Sets of correlated features form local, almost orthogonal bases.",
    measure="two sets of ten in ten dimensions at S = 0.98: mean |cosine| within sets over mean |cosine| across them; "
    "the baseline is independent features",
    tolerance=Tolerance(reproduced=Below(0.5) & Of("the ratio of independent features", AtLeast(0.5))),
    experiments=("toy/correlated",),
)
def _bases(runs_of: Results) -> Finding:
    W = runs_of["W_sets"][:, metrics.nearest(runs_of["density"], 0.02)]
    size = runs_of.config.set_size
    ratio = np.abs(within(W, size)).mean(-1) / np.abs(across(W, size)).mean(-1)
    null = float(ratio[INDEPENDENT].mean())
    return Finding(over_seeds(ratio[CORRELATED]), null, also={"the ratio of independent features": null})


@claim(
    id="toy/correlated/6-collapse",
    source=f"{SOURCE}; keltin13, three pairs at five sparsities",
    statement="As correlated features become dense they collapse to their principal component.",
    measure="cosine within pairs, three pairs in two dimensions at S = 0.5, mean over seeds; also which share of what the model "
    "keeps the sums of "
    "pairs make up; the baseline is the cosine at S = 0.95",
    tolerance=Tolerance(reproduced=Above(0.9) & Of("the share of the sums", AtLeast(0.9)), partly=Above(0.5)),
    experiments=("toy/correlated",),
)
def _collapse(runs_of: Results) -> Finding:
    W = runs_of["W_three"][CORRELATED]
    cosine, dense = within(W).mean(-1), metrics.nearest(runs_of["density"], 0.5)
    kept = float(common_share(W[dense], 2).mean())
    sparse = float(cosine[metrics.nearest(runs_of["density"], 0.05)].mean())
    alone = within(runs_of["W_three"][INDEPENDENT, dense]).mean()
    note = f"Of independent features at S = 0.5 it is {alone:.2f}".replace("-", "−")
    return Finding(over_seeds(cosine[dense], (-1, 1)), sparse, note, {"the share of the sums": kept})


@claim(
    id="toy/correlated/7-partners",
    source="ours",
    statement="In superposition a correlated feature shares its dimension with a feature of the other set, never of its own.",
    measure="two sets of ten in ten dimensions at S = 0.98: share of a model's antipodal pairs that join the two sets, mean "
    "over seeds; "
    "the baseline is independent features",
    tolerance=MOST,
    unit="%",
    experiments=("toy/correlated",),
)
def _partners(runs_of: Results) -> Finding:
    found, joined = partners(runs_of["W_sets"][:, metrics.nearest(runs_of["density"], 0.02)], runs_of.config.set_size)
    rates = joined / np.maximum(1, found)
    return Finding(over_seeds(rates[CORRELATED], (0, 1)).percent, 100 * float(rates[INDEPENDENT].mean()))


@claim(
    id="toy/correlated/8-antipodal-three",
    source=f"ours, after two pairs in {PAPER}, Anticorrelated Features",
    statement="Three anticorrelated pairs in two dimensions lie opposite rather than side by side.",
    measure="three pairs in two dimensions at S = 0.9: share of pairs at more than 105 degrees, minus share at less than 75 "
    "degrees, "
    "mean over seeds; the baseline is independent features",
    tolerance=_LEADS,
    unit="%",
    experiments=("toy/correlated",),
)
def _antipodal_three(runs_of: Results) -> Finding:
    return _lead(runs_of, ANTICORRELATED, "opposite", "side by side")
