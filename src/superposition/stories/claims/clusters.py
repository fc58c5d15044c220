"""The claims of the chapter on neurons that belong together."""

import numpy as np

from superposition.claims import Finding, claim
from superposition.estimates import over_seeds
from superposition.runs import Results
from superposition.stories.clusters import ACTIVATIONS, PAIRS, VIEWS, W_IN, W_OUT, at_chosen, chance, stable_p
from superposition.tolerances import BASELINE, Above, AtLeast, Every, Tolerance

WRITE_UP = "Experiments in Superposition (Thaman et al. 2023), project 2, further directions"
SMALL = ("stories/clusters_1l_small",)
ALL = ("stories/clusters_1l_small", "stories/clusters_1l", "stories/clusters_2l")
LARGER = "larger sibling"


def _larger(values: tuple[np.ndarray, np.ndarray]) -> dict[str, float]:
    """One layer, and each of two."""
    one, two = values
    return {"one layer": float(one[0, 0]), "two layers, 0": float(two[0, 0]), "two layers, 1": float(two[0, 1])}


@claim(
    id="stories/clusters/1-structure",
    source=WRITE_UP,
    statement="An actually-principled clustering algorithm finds structure in the weights.",
    measure="adjusted Rand index of clusterings of two parts of the rows of W_out, at the number of clusters that stands out "
    "most, small model, mean over seeds; baseline: the same of rotated rows, 95 in 100 draws",
    tolerance=Tolerance(reproduced=AtLeast(0.8) & Above(BASELINE), partly=Above(BASELINE)),
    experiments=SMALL,
    after_looking=True,
)
def _structure(small: Results) -> Finding:
    found = at_chosen(small["stability"], small["chosen"])[:, 0, W_OUT]
    null = at_chosen(small["null_stability"], small["chosen"])[:, 0, W_OUT]
    note = (
        f"Beyond chance, with p at most {stable_p(small)[..., W_OUT].max():.2g} in each seed, but a neuron's cluster depends on "
        "which other neurons are there"
    )
    return Finding(over_seeds(found.mean(-1), (-1, 1)), float(np.quantile(null, 0.95)), note)


@claim(
    id="stories/clusters/2-fire",
    source=WRITE_UP,
    statement="Clusters by activations on text are those by weights: neurons that write alike fire alike.",
    measure="adjusted mutual information of the clusters of W_out and of the correlations of activations, small model, mean over "
    "seeds; baseline: 95 in 100 permutations; the larger siblings' layers besides",
    tolerance=Tolerance(
        reproduced=AtLeast(0.5) & Every(LARGER, AtLeast(0.5)), partly=Above(BASELINE) & Every(LARGER, AtLeast(BASELINE))
    ),
    experiments=ALL,
    after_looking=True,
)
def _fire(small: Results, one: Results, two: Results) -> Finding:
    pair = PAIRS.index((W_OUT, ACTIVATIONS))
    found, baseline = small["agreement_chosen"][:, 0, pair], float(np.quantile(small["null_agreement"][:, :, pair], 0.95))
    larger = _larger((one["agreement_chosen"][..., pair], two["agreement_chosen"][..., pair]))
    return Finding(over_seeds(found, (-1, 1)), baseline, also={LARGER: larger})


@claim(
    id="stories/clusters/3-neighbours",
    source="This book",
    statement="Of the ten neurons that write most like a neuron, more than one fires most like it, too.",
    measure="share of the ten nearest neighbours by W_out that are among the ten nearest by activations, small model, mean over "
    "seeds; baseline: by lot; the larger siblings' layers besides",
    tolerance=Tolerance(reproduced=Above(0.1) & Every(LARGER, AtLeast(0.1)), partly=Above(2 * BASELINE)),
    experiments=ALL,
    after_looking=True,
)
def _neighbours(small: Results, one: Results, two: Results) -> Finding:
    pair = PAIRS.index((W_OUT, ACTIVATIONS))
    larger = _larger((one["neighbours"][..., pair], two["neighbours"][..., pair]))
    return Finding(over_seeds(small["neighbours"][:, 0, pair], (0, 1)), chance(small), also={LARGER: larger})


@claim(
    id="stories/clusters/4-read-write",
    source="This book",
    statement="Neurons that read alike write alike.",
    measure="share of the ten nearest neighbours by W_in that are among the ten nearest by W_out, small model, mean over seeds; "
    "baseline: by lot; the larger siblings' layers besides",
    tolerance=Tolerance(reproduced=Above(0.1) & Every(LARGER, AtLeast(0.1)), partly=Above(2 * BASELINE)),
    experiments=ALL,
    after_looking=True,
)
def _read_write(small: Results, one: Results, two: Results) -> Finding:
    pair = PAIRS.index((W_IN, W_OUT))
    larger = _larger((one["neighbours"][..., pair], two["neighbours"][..., pair]))
    return Finding(over_seeds(small["neighbours"][:, 0, pair], (0, 1)), chance(small), also={LARGER: larger})


@claim(
    id="stories/clusters/5-map",
    source="This book",
    statement="A map of neurons in the plane repeats itself better than that of a cloud without structure.",
    measure="share of a neuron's ten neighbours on a map by activations that are its neighbours on a map from another start, "
    "small model, mean over seeds; baseline: the largest of the same of rotated rows",
    tolerance=Tolerance(reproduced=AtLeast(0.8) & Above(BASELINE), partly=Above(BASELINE)),
    experiments=SMALL,
    after_looking=True,
)
def _map(small: Results) -> Finding:
    view = VIEWS.index(ACTIVATIONS)
    found, null = small["map_seeds"][:, 0, view].mean(-1), small["null_map_seeds"][:, 0, view]
    return Finding(over_seeds(found, (0, 1)), float(null.max()))
