"""Claims of the chapter on L1 and hidden nonlinearities, held against the results of toy/regularised."""

import numpy as np

from superposition import metrics
from superposition.claims import Finding, claim
from superposition.estimates import over_seeds
from superposition.runs import Results
from superposition.tolerances import MOST, Below, Every, Some, Tolerance, Within
from superposition.toy.claims.common import LECOMTE, PAPER, WRITE_UP, by_label
from superposition.toy.regularised import HIDDEN, IDENTITY, aligned, length_alone

SOURCE = f"Ours, on {WRITE_UP}, which extends the toy model by L1 and activations and reports no result"


@claim(
    id="toy/regularised/1-activation",
    source=f"{PAPER}, Superposition in a Privileged Basis",
    statement="A nonlinearity on the hidden layer makes the neurons a privileged basis, to which features align.",
    measure="share of models with ReLU, GELU or tanh inside, without L1, more aligned than 95% of their rotations; baseline: "
    "none inside",
    tolerance=MOST,
    unit="%",
    experiments=("toy/regularised",),
)
def _activation(results: Results) -> Finding:
    hits = aligned(results)[:, metrics.nearest(results["l1"], 0)]
    each = ", ".join(f"{name} {100 * part.mean():.0f}%" for name, part in zip(HIDDEN[1:], hits[1:], strict=True))
    note = f"{each}. Kurtosis overlooks polysemantic neurons: see toy/privileged, where turns harm such models all the same"
    return Finding(over_seeds(np.moveaxis(hits[1:], -1, 0)).percent, 100 * float(hits[IDENTITY].mean()), note)


@claim(
    id="toy/regularised/2-l1-alone",
    source=f"{LECOMTE}, on L1 and the symmetry of the hidden space",
    statement="L1 on the hidden layer breaks the rotational symmetry by itself: features align with the neurons without any "
    "nonlinearity there.",
    measure="share of models without hidden nonlinearity and with L1 0.1 more aligned than 95% of their rotations; baseline: "
    "without L1",
    tolerance=MOST,
    unit="%",
    experiments=("toy/regularised",),
)
def _alone(results: Results) -> Finding:
    hits, without = (aligned(results)[IDENTITY, metrics.nearest(results["l1"], price)] for price in (0.1, 0))
    note = f"{100 * hits[1:].mean():.0f}% of those with S of 0.7 and more, {100 * hits[0].mean():.0f}% in dense data"
    return Finding(over_seeds(hits.T).percent, 100 * float(without.mean()), note)


@claim(
    id="toy/regularised/3-monosemantic",
    source=SOURCE,
    statement="L1 makes neurons monosemantic.",
    measure="share of live neurons with fewer than 1.5 effective features, no hidden nonlinearity, S = 0.97, L1 0.3; baseline: "
    "their rotations",
    tolerance=MOST,
    unit="%",
    after_looking=True,
    experiments=("toy/regularised",),
)
def _monosemantic(results: Results) -> Finding:
    where = IDENTITY, metrics.nearest(results["l1"], 0.3), metrics.nearest(results["sparsity"], 0.97)
    opposed = results["opposed"][where].mean() / results.config.n_hidden
    note = f"{100 * opposed:.0f}% of the neurons hold features of both signs, which costs L1 nothing"
    return Finding(over_seeds(results["single"][where], (0, 1)).percent, 100 * float(results["null_single"][where].mean()), note)


@claim(
    id="toy/regularised/4-fewer",
    source=SOURCE,
    statement="L1 makes models hold fewer features.",
    measure="of the features longer than ½ without L1, those that are so with L1 0.1, no hidden nonlinearity, S = 0.99, same "
    "seeds; baseline: all "
    "(features per dimension, measured at first, fall with length alone)",
    tolerance=Tolerance(reproduced=Below(90)),
    unit="%",
    after_looking=True,
    experiments=("toy/regularised",),
)
def _fewer(results: Results) -> Finding:
    held = results["length"][IDENTITY, :, metrics.nearest(results["sparsity"], 0.99)] > 0.5
    without, low, high = (held[metrics.nearest(results["l1"], price)] for price in (0, 0.1, 0.3))
    kept = (low & without).sum(-1) / without.sum(-1)
    note = f"With L1 0.3 it is {high.sum(-1).mean():.0f} of {results.config.n_features}"
    return Finding(over_seeds(kept, (0, 1)).percent, 100.0, note)


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
