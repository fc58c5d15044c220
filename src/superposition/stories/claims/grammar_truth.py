"""The claims of the chapter on a language model whose features are known."""

import numpy as np

from superposition.claims import Finding, claim
from superposition.estimates import Estimate, over_seeds
from superposition.runs import Results
from superposition.stories import grammar_truth
from superposition.tolerances import BASELINE, Above, AtMost, Every, Some, Tolerance

_TRUTH = ("stories/grammar_truth",)


def _by_width(results: Results, values: np.ndarray, bounds: tuple[float, float] | None = None) -> dict[str, Estimate]:
    """An estimate over seeds for each width, from values by width and seed."""
    return {str(m): over_seeds(own, bounds) for m, own in zip(results["d_model"], values, strict=True)}


def _least(each: dict[str, Estimate]) -> Estimate:
    return min(each.values(), key=lambda one: one.value)


@claim(
    id="stories/grammar_truth/1-learned",
    source="This book",
    statement="From a width of 64 on, a single layer learns the grammar almost to its entropy.",
    measure="loss on unseen stories above the grammar's own entropy, at the width from 64 on where it is most, mean over seeds",
    tolerance=Tolerance(reproduced=AtMost(0.02), partly=AtMost(0.05)),
    unit="nats a token",
    experiments=_TRUTH,
    after_looking=True,
)
def _learned(results: Results) -> Finding:
    each = _by_width(results, results["loss"] - results["entropy"])
    wide = [one for m, one in each.items() if int(m) >= 64]
    return Finding(max(wide, key=lambda one: one.value), also={"width": each})


@claim(
    id="stories/grammar_truth/2-read",
    source="This book",
    statement="Linear probes read the known features from what the MLP takes in, at every width.",
    measure="median over features of the area under a probe's curve among the values of its slot, on unseen stories, over seeds, "
    "at the width where it is least; the baseline is the largest with values dealt anew",
    tolerance=Tolerance(reproduced=Every("width", Above(0.9)), partly=Every("width", Above(BASELINE))),
    experiments=_TRUTH,
)
def _read(results: Results) -> Finding:
    place = grammar_truth.PLACES.index("MLP in")
    own, null = (np.nanmedian(results[name][:, :, 0, place], axis=-1) for name in ("auc", "null_auc"))
    each = _by_width(results, own, (0.0, 1.0))
    return Finding(_least(each), float(null.mean(1).max()), also={"width": each})


@claim(
    id="stories/grammar_truth/3-shared-neurons",
    source="This book",
    statement="No neuron stands for a value as well as all of them together do, at any width.",
    measure="median over features of a probe's area on the neurons less that of the best single neuron, over seeds, at the width "
    "where it is least",
    tolerance=Tolerance(reproduced=Every("width", Above(0)), partly=Some("width", Above(0))),
    experiments=_TRUTH,
)
def _shared(results: Results) -> Finding:
    place = grammar_truth.PLACES.index("neurons")
    gain = np.nanmedian(results["auc"][:, :, 0, place] - results["neuron_auc"][:, :, 0], axis=-1)
    each = _by_width(results, gain)
    return Finding(_least(each), also={"width": each})


@claim(
    id="stories/grammar_truth/4-basis",
    source="This book",
    statement="Neurons are a privileged basis for the features: a feature is on fewer neurons than on axes turned at random.",
    measure="effective number of axes of a feature in the neurons turned at random, over that of the neurons, mean over "
    "features, over seeds, at the width where it is least",
    tolerance=Tolerance(reproduced=Every("width", Above(1)), partly=Some("width", Above(1))),
    experiments=_TRUTH,
)
def _basis(results: Results) -> Finding:
    ratio = (results["rotated_effective_neurons"] / results["effective_neurons"])[:, :, 0].mean(-1)
    each = _by_width(results, ratio)
    return Finding(_least(each), 1.0, also={"width": each})


def _share(results: Results, of: str, space: str) -> np.ndarray:
    """Mean dimensionality of the features, by width and seed."""
    return results["dimensionality"][:, :, grammar_truth.OF.index(of), grammar_truth.SPACES.index(space)].mean(-1)


@claim(
    id="stories/grammar_truth/5-not-spread",
    source="This book",
    statement="The features are not spread apart in the residual stream: each has less of a dimension than random directions.",
    measure="mean D_i of random directions of the same lengths less that of the features, where the MLP takes them in, over "
    "seeds, at the width where it is least",
    tolerance=Tolerance(reproduced=Every("width", Above(0)), partly=Some("width", Above(0))),
    experiments=_TRUTH,
    after_looking=True,
)
def _not_spread(results: Results) -> Finding:
    each = _by_width(results, _share(results, "random directions", "MLP in") - _share(results, "trained", "MLP in"))
    return Finding(_least(each), also={"width": each})


@claim(
    id="stories/grammar_truth/6-room",
    source="This book",
    statement="The MLP's input weights make room for the features: more than the same weights turned at random.",
    measure="mean D_i of the features behind W_in less that behind W_in turned at random, over seeds, at the width where it is "
    "least",
    tolerance=Tolerance(reproduced=Every("width", Above(0)), partly=Some("width", Above(0))),
    experiments=_TRUTH,
)
def _room(results: Results) -> Finding:
    each = _by_width(results, _share(results, "trained", "W_in") - _share(results, "W_in rotated", "W_in"))
    return Finding(_least(each), also={"width": each})


@claim(
    id="stories/grammar_truth/7-names",
    source="This book",
    statement="A name's two roles, hero and friend, share a direction.",
    measure="mean cosine of a name as hero and as friend, less that of a name as hero and another as friend, over seeds, at the "
    "width where it is least",
    tolerance=Tolerance(reproduced=Every("width", Above(0.2)), partly=Every("width", Above(0))),
    experiments=_TRUTH,
)
def _names(results: Results) -> Finding:
    each = _by_width(results, grammar_truth.shared_names(results)[:, :, 0])
    return Finding(_least(each), also={"width": each})
