"""The claims of the chapter on the transformer: what the original shows, and what attention changes."""

import numpy as np

from superposition.bottleneck import asked as fewer_asked
from superposition.bottleneck.moving_features import MOVED, NONE, OWN, PLAIN_WIDTH, PREVIOUS, QUERY_KEY, SITES, VALUE
from superposition.claims import Finding, claim
from superposition.estimates import over_seeds
from superposition.runs import Results
from superposition.tolerances import BASELINE, Above, Below, Every, Inside, Tolerance, Within

SOURCE = "mmjerge, superposition_replication"
SCRIPT, DIAGRAM = f"{SOURCE}, transformer_superposition", f"{SOURCE}, intro_diagram_transformer_superposition"
OURS = "This book"
EXPERIMENT = ("bottleneck/transformer",)
ASKED = "bottleneck/asked"
GOING_IN, ARRIVING = range(len(SITES))
LAST = 100  # steps over which the original's loss is averaged
PUBLISHED_LOSS = 0.0011


@claim(
    id="bottleneck/transformer/01-loss",
    source=f"{SCRIPT}, its log",
    statement="In a thousand steps the loss falls to .0011.",
    measure="the program's loss, mean of its last 100 steps; the baseline is that of the mean of each instance, which is what "
    "a model gives that does not look at its input",
    tolerance=Tolerance(reproduced=Within(0.0002, PUBLISHED_LOSS), partly=Below(BASELINE)),
    experiments=EXPERIMENT,
)
def _loss(results: Results) -> Finding:
    return Finding(over_seeds(results["original_loss"][:, -LAST:]), float(results["original_constant"][1]))


@claim(
    id="bottleneck/transformer/02-attention",
    source=f"{SOURCE}, README",
    statement="The program demonstrates superposition patterns in a transformer architecture.",
    measure="by what share of their length training moves the weights of queries and keys, beyond the decay of all weights, "
    "transformer_superposition; the baseline is the same of the weights of values",
    tolerance=Tolerance(reproduced=Above(0.1 * BASELINE), otherwise="corrected"),
    experiments=EXPERIMENT,
    corrects="the method",
)
def _attention(results: Results) -> Finding:
    learned = results["original_learned"]
    note = "Its sequences have one position, so attention can only look there: its scores have no gradient, and no effect"
    return Finding(over_seeds(learned[:, QUERY_KEY], (0, 1)), float(learned[:, VALUE].mean()), note)


@claim(
    id="bottleneck/transformer/03-superposed",
    source=SCRIPT,
    statement="128 features are superposed in 64 dimensions.",
    measure="the features that a dimension carries, in the instance where that is most; without superposition it is at most 1",
    tolerance=Tolerance(reproduced=Above(1)),
    unit="features per dimension",
    experiments=EXPERIMENT,
    after_looking=True,
)
def _superposed(results: Results) -> Finding:
    carried = np.maximum(results["original_explained"], 0).sum(-1).max(1) / results.config.original_hidden[0]
    note = "By the importances, the first 64 features are 99.9% of the loss: there is room for all that matter"
    return Finding(over_seeds(carried), 1.0, note)


@claim(
    id="bottleneck/transformer/04-picture",
    source=f"{DIAGRAM}, plot_weight_vectors",
    statement="The picture of weight vectors shows superposition in 2D space.",
    measure="the mean cosine between each feature's weights after training and at the random start",
    tolerance=Tolerance(reproduced=Below(0.5), otherwise="corrected"),
    experiments=EXPERIMENT,
    after_looking=True,
    corrects="the reading",
)
def _picture(results: Results) -> Finding:
    note = (
        "Each arrow is a hidden unit, and its two coordinates are its weights from the first two features; all panels show the "
        "one matrix that all instances share; and that is nearly what it was before the first step"
    )
    return Finding(over_seeds(results["diagram_turned"]), None, note)


@claim(
    id="bottleneck/transformer/05-moved",
    source=OURS,
    statement="Where features have to be moved, attention moves them: with it cut out of the trained model, nothing is carried.",
    measure="the features that a dimension carries without attention, models of moved and previous, both widths, all "
    "sparsities; the baseline is the same with it",
    tolerance=Tolerance(reproduced=Below(0.1 * BASELINE)),
    unit="features per dimension",
    experiments=EXPERIMENT,
    after_looking=True,
)
def _moved(results: Results) -> Finding:
    cut, whole = (_by_seed(results[name][[MOVED, PREVIOUS]]) for name in ("cut", "carried"))
    return Finding(over_seeds(cut, (0, 4)), float(whole.mean()))


@claim(
    id="bottleneck/transformer/06-unused",
    source=OURS,
    statement="Attention that is not needed changes nothing in how much a dimension carries.",
    measure="the features that a dimension carries with attention over those without, each position giving back its own, all "
    "widths and sparsities",
    tolerance=Tolerance(reproduced=Inside(0.9, 1.1), partly=Inside(0.75, 1.25)),
    experiments=EXPERIMENT,
    after_looking=True,
)
def _unused(results: Results) -> Finding:
    return Finding(over_seeds(_ratio(results, "carried", OWN, NONE)), 1.0)


@claim(
    id="bottleneck/transformer/07-cost",
    source=OURS,
    statement="Where features have to be moved to a position that has its own, a dimension carries fewer.",
    measure="the features that a dimension carries in models of previous over those of own, both widths; baseline: models of "
    "own that are asked at as few positions",
    tolerance=Tolerance(reproduced=Every("sparsity", Below(BASELINE)), partly=Below(BASELINE)),
    experiments=(*EXPERIMENT, ASKED),
    after_looking=True,
)
def _cost(results: Results, asked: Results) -> Finding:
    ratio, fewer = _ratio(results, "carried", PREVIOUS, OWN), fewer_asked.carried_over_all(asked, results)[fewer_asked.PREVIOUS]
    return Finding(over_seeds(ratio), float(fewer.mean()), also={"sparsity": _each_sparsity(results, ratio)})


@claim(
    id="bottleneck/transformer/08-directions",
    source=OURS,
    statement="Where attention has to move features to a position that has its own, their directions going in overlap more.",
    measure="features per dimension by D_i (1 / mean D_i) of the rows of W_in, over that of random directions of the same "
    "lengths: models of previous over those of own, both widths; baseline: models of own that are asked at as few positions",
    tolerance=Tolerance(reproduced=Every("sparsity", Above(BASELINE)), partly=Above(BASELINE)),
    experiments=(*EXPERIMENT, ASKED),
    after_looking=True,
)
def _directions(results: Results, asked: Results) -> Finding:
    ratio = _crowding(results, PREVIOUS) / _crowding(results, OWN)
    fewer = fewer_asked.crowding_over_all(asked, results)[fewer_asked.PREVIOUS]
    return Finding(over_seeds(ratio), float(fewer.mean()), also={"sparsity": _each_sparsity(results, ratio)})


@claim(
    id="bottleneck/transformer/09-same",
    source=OURS,
    statement="Attention that is not needed leaves the directions as they are without it.",
    measure="the same of models of own over those without attention",
    tolerance=Tolerance(reproduced=Inside(0.9, 1.1), partly=Inside(0.75, 1.25)),
    experiments=EXPERIMENT,
    after_looking=True,
)
def _same(results: Results) -> Finding:
    return Finding(over_seeds(_crowding(results, OWN) / _crowding(results, NONE)), 1.0)


@claim(
    id="bottleneck/transformer/10-erased",
    source=OURS,
    statement="A position's own features that nobody asks for are nearly erased before the hidden vector is read out.",
    measure="the mean squared length of what arrives of them, over that of the features that are asked for, models of previous, "
    "both widths, all sparsities; the baseline is 1, where both arrive alike",
    tolerance=Tolerance(reproduced=Below(0.1), partly=Below(0.5)),
    experiments=EXPERIMENT,
    after_looking=True,
)
def _erased(results: Results) -> Finding:
    return Finding(over_seeds(_by_seed(results["unasked"][PREVIOUS])), 1.0)


@claim(
    id="bottleneck/transformer/11-start",
    source=OURS,
    statement="From the original's start, the same training learns to move far fewer of the sparse features.",
    measure="the features that a dimension carries in models of previous from that start, over those from the scaled one, "
    "m = 16, S from 0.9 on",
    tolerance=Tolerance(reproduced=Below(0.5), partly=Below(1)),
    experiments=EXPERIMENT,
    after_looking=True,
)
def _start(results: Results) -> Finding:
    sparse = results["sparsity"] > 0.89
    plain, scaled = (_by_seed(values[sparse]) for values in (results["plain_carried"], results["carried"][PREVIOUS, PLAIN_WIDTH]))
    return Finding(over_seeds(plain / scaled), 1.0)


def _crowding(results: Results, kind: int) -> np.ndarray:
    """How crowded the directions going in are by D_i, against random ones: seed, width, sparsity."""
    own, null = (_by_seed(results[name][kind, ..., GOING_IN]) for name in ("dimensionality", "null_dimensionality"))
    return own / null


def _ratio(results: Results, name: str, one: int, other: int) -> np.ndarray:
    """A quantity of one kind over that of another: seed, width, sparsity."""
    return _by_seed(results[name][one]) / _by_seed(results[name][other])


def _each_sparsity(results: Results, ratio: np.ndarray) -> dict:
    return {f"S = {s:g}": over_seeds(ratio[:, :, k]) for k, s in enumerate(results["sparsity"])}


def _by_seed(values: np.ndarray) -> np.ndarray:
    """The axis of seeds, which is the last, first."""
    return np.moveaxis(values, -1, 0).astype(float)
