"""The claims of the chapter on neurons that belong together."""

import numpy as np

from superposition.claims import Finding, claim
from superposition.estimates import over_seeds
from superposition.runs import Results
from superposition.stories import clusters
from superposition.tolerances import BASELINE, Above, AtLeast, Every, MoreThan, Tolerance

WRITE_UP = "This book, after a wish of Thaman et al. 2023, project 2"
SMALL = ("stories/clusters_1l_small",)
ALL = ("stories/clusters_1l_small", "stories/clusters_1l", "stories/clusters_2l")
LARGER = "larger sibling"


def _larger(one: np.ndarray, two: np.ndarray) -> dict[str, float]:
    """Of the one-layer model, and of each layer of the other."""
    return {"one layer": float(one[0, 0]), "two layers, 0": float(two[0, 0]), "two layers, 1": float(two[0, 1])}


@claim(
    id="stories/clusters/1-structure",
    source=WRITE_UP,
    statement="An actually-principled clustering algorithm finds structure in the weights.",
    measure="adjusted mutual information of clusterings by Ward's rule of two parts of the rows of W_out, at the number of "
    "clusters that stands out most, small model, mean over seeds; baseline: below it lie 95 in 100 of the same of clouds with "
    "the same spectrum",
    tolerance=Tolerance(reproduced=AtLeast(0.8) & Above(BASELINE), partly=Above(BASELINE)),
    experiments=SMALL,
    after_looking=True,
)
def _structure(small: Results) -> Finding:
    found, null = clusters.at_best(small)[:, :, 0, clusters.W_OUT]
    other = float(clusters.at_best(small, clusters.K_MEANS)[0, :, 0, clusters.W_OUT].mean())
    p = clusters.stable_p(small)[..., clusters.W_OUT]
    note = f"a cloud stands out as much with p from {p.min():.2g} to {p.max():.2g}, by seed"
    return Finding(over_seeds(found, (-1, 1)), float(null.mean()), note, {"by k-means": other})


@claim(
    id="stories/clusters/2-fire",
    source=WRITE_UP,
    statement="Clusters by activations on text are those by weights: neurons that write alike fire alike.",
    measure="adjusted mutual information of the clusters of W_out and of those by activations, over that of the clusters by "
    "activations on one half of the text and on the other, each at the number of clusters at which it is largest, small model, "
    "mean over seeds; baseline: below it lie 95 in 100 permutations; the larger siblings' layers besides",
    tolerance=Tolerance(
        reproduced=Above(BASELINE) & AtLeast(0.5) & Every(LARGER, AtLeast(0.5)),
        partly=Above(BASELINE) & Every(LARGER, MoreThan(BASELINE)),
    ),
    experiments=ALL,
    after_looking=True,
)
def _fire(small: Results, one: Results, two: Results) -> Finding:
    found, one_share, two_share = (
        clusters.best_agreement(of)[..., clusters.OUT_ACT] / clusters.best_agreement(of)[..., clusters.HALVES]
        for of in (small, one, two)
    )
    lot = clusters.lot_agreement(small)[:, 0, clusters.OUT_ACT] / clusters.best_agreement(small)[:, 0, clusters.HALVES]
    return Finding(over_seeds(found[:, 0], (-1, 1)), float(lot.mean()), also={LARGER: _larger(one_share, two_share)})


@claim(
    id="stories/clusters/3-neighbours",
    source="This book",
    statement="Of the ten neurons that write most like a neuron, more than one fires most like it, too.",
    measure="share of the ten nearest neighbours by W_out that are among the ten nearest by activations, small model, mean over "
    "seeds; baseline: by lot; the larger siblings' layers besides",
    tolerance=Tolerance(reproduced=Above(0.1) & Every(LARGER, MoreThan(0.1)), partly=Above(2 * BASELINE)),
    experiments=ALL,
    after_looking=True,
)
def _neighbours(small: Results, one: Results, two: Results) -> Finding:
    larger = _larger(one["neighbours"][..., clusters.OUT_ACT], two["neighbours"][..., clusters.OUT_ACT])
    return Finding(over_seeds(small["neighbours"][:, 0, clusters.OUT_ACT], (0, 1)), clusters.chance(small), also={LARGER: larger})


@claim(
    id="stories/clusters/4-read-write",
    source="This book",
    statement="Neurons that read alike write alike.",
    measure="share of the ten nearest neighbours by W_in that are among the ten nearest by W_out, small model, mean over seeds; "
    "baseline: by lot; the larger siblings' layers besides",
    tolerance=Tolerance(reproduced=Above(0.1) & Every(LARGER, MoreThan(0.1)), partly=Above(2 * BASELINE)),
    experiments=ALL,
    after_looking=True,
)
def _read_write(small: Results, one: Results, two: Results) -> Finding:
    larger = _larger(one["neighbours"][..., clusters.IN_OUT], two["neighbours"][..., clusters.IN_OUT])
    return Finding(over_seeds(small["neighbours"][:, 0, clusters.IN_OUT], (0, 1)), clusters.chance(small), also={LARGER: larger})


@claim(
    id="stories/clusters/5-map",
    source="This book",
    statement="A map of neurons in the plane repeats itself better than that of a cloud without structure.",
    measure="share of a neuron's ten neighbours on a map by activations that are its neighbours on a map from another start, "
    "small model, mean over seeds; baseline: the largest of the same of clouds with the same spectrum; the larger "
    "siblings' layers besides",
    tolerance=Tolerance(reproduced=AtLeast(0.8) & Above(BASELINE), partly=Above(BASELINE)),
    experiments=ALL,
    after_looking=True,
)
def _map(small: Results, one: Results, two: Results) -> Finding:
    view = clusters.VIEWS.index(clusters.ACTIVATIONS)
    found, null = small["map_seeds"][:, 0, view].mean(-1), small["null_map_seeds"][:, 0, view]
    larger = _larger(one["map_seeds"][:, :, view].mean(-1), two["map_seeds"][:, :, view].mean(-1))
    return Finding(over_seeds(found, (0, 1)), float(null.max()), also={LARGER: larger})
