"""Claims of the chapter on L1 and hidden nonlinearities, held against the results of toy/regularised."""

import numpy as np

from superposition import metrics
from superposition.claims import Judged as Finding, Verdict, claim
from superposition.runs import Results
from superposition.toy.claims.common import LECOMTE, PAPER, WRITE_UP, share
from superposition.toy.regularised import HIDDEN, length_alone

SOURCE = f"Ours, on {WRITE_UP}, which extends the toy model by L1 and activations and reports no result"
IDENTITY = HIDDEN.index("identity")


def at(results: Results, l1: float | int) -> int:
    """The index of an L1 strength."""
    return int(np.abs(results["l1"] - l1).argmin())


def sparse(results: Results, sparsity: float | int) -> int:
    """The index of a sparsity."""
    return int(np.abs(results["sparsity"] - sparsity).argmin())


def aligned(results: Results) -> np.ndarray:
    """Which models' features lie closer to the neurons than in 95% of their rotations."""
    return results["rank"] > 0.95


@claim(
    id="toy/regularised/1-activation",
    source=f"{PAPER}, Superposition in a Privileged Basis",
    statement="A nonlinearity on the hidden layer makes the neurons a privileged basis, to which features align.",
    measure="share of models with ReLU, GELU or tanh inside, without L1, more aligned than 95% of their rotations; baseline: none inside",
    tolerance="reproduced from 90%, partly from 50%",
    experiments=("toy/regularised",),
)
def _activation(results: Results) -> Finding:
    hits = aligned(results)[:, at(results, 0)]
    each = ", ".join(f"{name} {100 * part.mean():.0f}%" for name, part in zip(HIDDEN[1:], hits[1:], strict=True))
    note = f"{each}. Kurtosis overlooks polysemantic neurons: see toy/privileged, where turns harm such models all the same"
    return share(hits[1:], hits.shape[-1], float(hits[IDENTITY].mean()), note)


@claim(
    id="toy/regularised/2-l1-alone",
    source=f"{LECOMTE}, on L1 and the symmetry of the hidden space",
    statement="L1 on the hidden layer breaks the rotational symmetry by itself: features align with the neurons without any nonlinearity there.",
    measure="share of models without hidden nonlinearity and with L1 0.1 more aligned than 95% of their rotations; baseline: without L1",
    tolerance="reproduced from 90%, partly from 50%",
    experiments=("toy/regularised",),
)
def _alone(results: Results) -> Finding:
    hits = aligned(results)[IDENTITY]
    dense, others = hits[at(results, 0.1), 0].mean(), hits[at(results, 0.1), 1:].mean()
    note = f"{100 * others:.0f}% of those with S of 0.7 and more, {100 * dense:.0f}% in dense data"
    return share(hits[at(results, 0.1)], hits.shape[-1], float(hits[at(results, 0)].mean()), note)


@claim(
    id="toy/regularised/3-monosemantic",
    source=SOURCE,
    statement="L1 makes neurons monosemantic.",
    measure="share of live neurons with fewer than 1.5 effective features, no hidden nonlinearity, S = 0.97, L1 0.3; baseline: their rotations",
    tolerance="reproduced from 90%, partly from 50%; the price chosen after looking",
    experiments=("toy/regularised",),
)
def _monosemantic(results: Results) -> Finding:
    where = IDENTITY, at(results, 0.3), sparse(results, 0.97)
    values = results["single"][where].astype(float)
    mean, low, high = (100 * float(x) for x in metrics.mean_interval(values))
    verdict: Verdict = "reproduced" if mean >= 90 else "partly" if mean >= 50 else "not reproduced"
    opposed = results["opposed"][where].mean() / results.config.n_hidden
    note = f"{100 * opposed:.0f}% of the neurons hold features of both signs, which costs L1 nothing"
    return Finding(verdict, mean, low, high, len(values), 100 * float(results["null_single"][where].mean()), "%", note)


@claim(
    id="toy/regularised/4-fewer",
    source=SOURCE,
    statement="L1 makes models hold fewer features.",
    measure="features longer than ½ with L1 0.1 over those without, no hidden nonlinearity, S = 0.99, same seeds; baseline: 1",
    tolerance="reproduced where the interval lies below 0.9; features per dimension, measured at first, fall with length alone",
    experiments=("toy/regularised",),
)
def _fewer(results: Results) -> Finding:
    held = (results["length"][IDENTITY, :, sparse(results, 0.99)] > 0.5).sum(-1)
    values = held[at(results, 0.1)] / held[at(results, 0)]
    mean, low, high = (float(x) for x in metrics.mean_interval(values))
    note = f"With L1 0.3 it is {held[at(results, 0.3)].mean():.0f} of {results.config.n_features}"
    return Finding("reproduced" if high < 0.9 else "not reproduced", mean, low, high, len(values), 1.0, "", note)


@claim(
    id="toy/regularised/5-shrinkage",
    source="Ours: the least loss of a feature that has a neuron alone, w(1 − w²) = ⅜ of the price",
    statement="What L1 leaves of a feature's length follows from its price alone.",
    measure="mean length of represented features over the prediction, no hidden nonlinearity, S = 0.99, L1 of 0.03, 0.1 and 0.3; baseline: 1",
    tolerance="reproduced within 3% at every price, partly at one or more; the two low prices added after looking",
    experiments=("toy/regularised",),
)
def _shrinkage(results: Results) -> Finding:
    prices = [at(results, price) for price in (0.03, 0.1, 0.3)]
    length = results["length"][IDENTITY, prices, sparse(results, 0.99)].astype(float)
    kept = length > 0.5
    ratio = (length * kept).sum(-1) / kept.sum(-1) / length_alone(results["l1"][prices])[:, None]
    close = abs(ratio.mean(-1) - 1) <= 0.03
    verdict: Verdict = "reproduced" if close.all() else "partly" if close.any() else "not reproduced"
    mean, low, high = (float(x) for x in metrics.mean_interval(ratio.mean(0)))
    return Finding(verdict, mean, low, high, ratio.shape[-1], 1.0, "", f"By price: {', '.join(f'{x:.2f}' for x in ratio.mean(-1))}")
