"""Claims of the chapter on L1 and hidden nonlinearities, held against the results of toy/regularised."""

import numpy as np

from superposition import metrics
from superposition.claims import Finding, claim
from superposition.estimates import over_seeds
from superposition.runs import Results
from superposition.tolerances import AtLeast, Below, Every, Of, Some, Tolerance, Within
from superposition.toy.claims.common import LECOMTE, PAPER, WRITE_UP, by_label
from superposition.toy.regularised import HIDDEN, IDENTITY, aligned, length_alone

SOURCE = f"Ours, on {WRITE_UP}, which extends the toy model by L1 and activations and reports no result"


@claim(
    id="toy/regularised/1-activation",
    source=f"Ours, after {PAPER}, Superposition in a Privileged Basis",
    statement="Where a nonlinearity acts on the neurons, features align with them, as kurtosis sees it.",
    measure="share of models with tanh inside, without L1, at S = 0.9, more aligned than 95% of their rotations; also with each "
    "nonlinearity; baseline: none inside",
    tolerance=Tolerance(reproduced=Every("nonlinearity", AtLeast(90)), partly=Some("nonlinearity", AtLeast(90))),
    unit="%",
    after_looking=True,
    experiments=("toy/regularised",),
)
def _activation(results: Results) -> Finding:
    hits = aligned(results)[:, metrics.nearest(results["l1"], 0), metrics.nearest(results["sparsity"], 0.9)]
    each = {name: over_seeds(one).percent for name, one in zip(HIDDEN, hits, strict=True) if name != HIDDEN[IDENTITY]}
    note = "Kurtosis is blind to polysemantic neurons: the basis is privileged all the same, as turns show in toy/privileged"
    return Finding(each["tanh"], 100 * float(hits[IDENTITY].mean()), note, {"nonlinearity": each})


@claim(
    id="toy/regularised/2-l1-alone",
    source=f"{LECOMTE}, on L1 and the symmetry of the hidden space",
    statement="L1 on the hidden layer breaks the rotational symmetry by itself: features align with the neurons without any "
    "nonlinearity there.",
    measure="share of models without hidden nonlinearity and with L1 0.1 more aligned than 95% of their rotations, at S = 0.9; "
    "also at each S; baseline: without L1",
    tolerance=Tolerance(reproduced=Every("S", AtLeast(90)), partly=Some("S", AtLeast(90))),
    unit="%",
    experiments=("toy/regularised",),
)
def _alone(results: Results) -> Finding:
    hits, without = (aligned(results)[IDENTITY, metrics.nearest(results["l1"], price)] for price in (0.1, 0))
    each = {label: one.percent for label, one in by_label(results["sparsity"], hits).items()}
    note = "From S = 0.7 on all are, in dense data none"
    return Finding(each["0.9"], 100 * float(without[metrics.nearest(results["sparsity"], 0.9)].mean()), note, {"S": each})


_LARGEST = "the largest share in %"


@claim(
    id="toy/regularised/3-monosemantic",
    source=SOURCE,
    statement="L1 makes neurons monosemantic.",
    measure="share of live neurons with fewer than 1.5 effective features, no hidden nonlinearity, S = 0.97, L1 0.3; also where "
    "it is largest of all prices and S; baseline: their rotations",
    tolerance=Tolerance(reproduced=AtLeast(90), partly=Of(_LARGEST, AtLeast(90))),
    unit="%",
    after_looking=True,
    experiments=("toy/regularised",),
)
def _monosemantic(results: Results) -> Finding:
    where = IDENTITY, metrics.nearest(results["l1"], 0.3), metrics.nearest(results["sparsity"], 0.97)
    opposed = results["opposed"][where].mean() / results.config.n_hidden
    note = f"{100 * opposed:.0f}% of the neurons hold features of both signs, which costs L1 nothing"
    also = {_LARGEST: 100 * float(results["single"][IDENTITY].mean(-1).max())}
    null = 100 * float(results["null_single"][where].mean())
    return Finding(over_seeds(results["single"][where], (0, 1)).percent, null, note, also)


@claim(
    id="toy/regularised/4-fewer",
    source=SOURCE,
    statement="L1 makes models hold fewer features.",
    measure="of the features longer than ½ without L1, those that are so with L1 0.1, no hidden nonlinearity, S = 0.99, same "
    "seeds; also at other prices; baseline: all (features per dimension, measured at first, fall with length alone)",
    tolerance=Tolerance(reproduced=Every("price", Below(90)), partly=Some("price", Below(90))),
    unit="%",
    after_looking=True,
    experiments=("toy/regularised",),
)
def _fewer(results: Results) -> Finding:
    held = results["length"][IDENTITY, :, metrics.nearest(results["sparsity"], 0.99)] > 0.5
    without = held[metrics.nearest(results["l1"], 0)]
    prices = results["l1"][results["l1"] > 0]
    kept = [(held[metrics.nearest(results["l1"], price)] & without).sum(-1) / without.sum(-1) for price in prices]
    each = {f"{price:g}": over_seeds(one, (0, 1)).percent for price, one in zip(prices, kept, strict=True)}
    note = f"With L1 0.3 it is {held[metrics.nearest(results['l1'], 0.3)].sum(-1).mean():.0f} of {results.config.n_features}"
    return Finding(each["0.1"], 100.0, note, {"price": each})


@claim(
    id="toy/regularised/5-shrinkage",
    source="Ours: the least loss of a feature that has a neuron alone, w(1 − w²) = ⅜ of the price",
    statement="What L1 leaves of a feature's length follows from its price alone.",
    measure="mean length of represented features over the prediction, no hidden nonlinearity, S = 0.99, L1 of 0.03, 0.1 and "
    "0.3; baseline: 1",
    tolerance=Tolerance(reproduced=Every("price", Within(0.03, 1)), partly=Some("price", Within(0.03, 1))),
    after_looking=True,
    experiments=("toy/regularised",),
)
def _shrinkage(results: Results) -> Finding:
    prices = np.array([0.03, 0.1, 0.3])
    at = [metrics.nearest(results["l1"], price) for price in prices]
    length = results["length"][IDENTITY, at, metrics.nearest(results["sparsity"], 0.99)].astype(float)
    kept = length > 0.5
    ratio = (length * kept).sum(-1) / kept.sum(-1) / length_alone(prices)[:, None]
    return Finding(over_seeds(ratio.T), 1.0, also={"price": by_label(prices, ratio)})
