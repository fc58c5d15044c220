"""The claims of the chapter on overlap and width."""

import numpy as np

from superposition.claims import Finding, claim
from superposition.estimates import exactly, over_seeds
from superposition.runs import Results
from superposition.stories import overlap, overlap_pretrained
from superposition.tolerances import BASELINE, Above, AtLeast, Every, Holding, Inside, MoreThan, Of, Some, Tolerance

LIU = "Liu, Liu and Gore 2025"
_TOKENS = overlap.MATRICES.index("embedding")


def _exponents(results, k):
    """Of one matrix, as it is, with that of the same models before training as a baseline."""
    start = overlap.exponents(results, "start_overlap")[:, k, 0].mean()
    return Finding(over_seeds(overlap.exponents(results)[:, k, 0]), float(start))


@claim(
    id="stories/overlap/1-tokens",
    source=f"{LIU}, of the unembeddings of published language models",
    statement="The squared overlaps of a language model's token directions fall as 1 / m.",
    measure="exponent of the mean squared cosine of two frequent tokens' rows against the width, by least squares on "
    "logarithms, over seeds; the baseline is that of the same models before training, in random directions",
    tolerance=Tolerance(reproduced=Inside(0.8, 1.2), partly=Above(0)),
    experiments=("stories/overlap",),
)
def _tokens(results: Results) -> Finding:
    return _exponents(results, _TOKENS)


@claim(
    id="stories/overlap/2-neurons",
    source=f"This book, after {LIU}",
    statement="So do those of the directions that neurons read and write.",
    measure="the same exponents of the rows of W_in and W_out; the least of the two is given",
    tolerance=Tolerance(reproduced=Every("matrix", Inside(0.8, 1.2)), partly=Some("matrix", Inside(0.8, 1.2))),
    experiments=("stories/overlap",),
)
def _neurons(results: Results) -> Finding:
    found = {name: _exponents(results, overlap.MATRICES.index(name)) for name in ("W_in", "W_out")}
    least = min(found.values(), key=lambda finding: finding.estimate.value)
    return Finding(least.estimate, least.baseline, also={"matrix": {name: finding.estimate for name, finding in found.items()}})


@claim(
    id="stories/overlap/3-crowded",
    source="This book",
    statement="Training crowds the tokens' directions: they overlap more than random ones at every width.",
    measure="mean squared cosine of two frequent tokens' rows over that of the same rows before training, over seeds, at the "
    "width where it is least",
    tolerance=Tolerance(reproduced=Every("width", Above(BASELINE)), partly=Some("width", Above(BASELINE))),
    experiments=("stories/overlap",),
)
def _crowded(results: Results) -> Finding:
    ratio = (results["overlap"] / results["start_overlap"])[..., _TOKENS, 0]
    each = {str(m): over_seeds(own) for m, own in zip(results["d_model"], ratio, strict=True)}
    return Finding(min(each.values(), key=lambda one: one.value), 1.0, also={"width": each})


@claim(
    id="stories/overlap/4-loss",
    source=f"{LIU}: 0.91 ± 0.04 for published language models",
    statement="The loss falls towards a floor as 1 / m.",
    measure="exponent of A / m^α + B, fitted to the last validation losses of each seed",
    tolerance=Tolerance(reproduced=Inside(0.8, 1.2), partly=Holding(1)),
    experiments=("stories/overlap",),
)
def _loss(results: Results) -> Finding:
    return Finding(over_seeds(overlap.power_laws(results["d_model"], results["loss"][..., -1])[:, 0], (0.05, 4.0)))


@claim(
    id="stories/overlap/5-elsewhere",
    source="This book",
    statement="In a model that no one here trained, tokens and neurons overlap more than random directions, too.",
    measure="m times the mean squared cosine, which is 1 for random directions, of the rows of the embedding and of each layer's "
    "W_in and W_out; the least is given",
    tolerance=Tolerance(reproduced=Every("matrix", AtLeast(1.1)), partly=Some("matrix", MoreThan(BASELINE))),
    experiments=("stories/overlap_pretrained",),
)
def _elsewhere(results: Results) -> Finding:
    m, neurons = float(results["d_model"]), results["neurons"][..., 0]
    each = {f"L{layer} {name}": exactly(m * neurons[k, layer])
            for k, name in enumerate(overlap_pretrained.MATRICES) for layer in range(neurons.shape[1])}  # fmt: skip
    each["embedding"] = exactly(m * results["tokens"][0])
    return Finding(exactly(np.min([one.value for one in each.values()])), 1.0, also={"matrix": each})


@claim(
    id="stories/overlap/6-floor",
    source="This book",
    statement="The tokens' overlap is 1 / m and a floor that training adds, whatever the width.",
    measure="exponent of A / m^α + B, fitted to the mean squared cosine of two frequent tokens' rows less their mean, over "
    "seeds; the floor at the last width in units of 1 / m is given beside it",
    tolerance=Tolerance(reproduced=Inside(0.8, 1.2) & Of("the floor times the largest width", Above(0)), partly=Holding(1)),
    experiments=("stories/overlap",),
    after_looking=True,
)
def _floor(results: Results) -> Finding:
    fits = overlap.power_laws(results["d_model"], results["overlap"][:, :, _TOKENS, 1])
    floor = over_seeds(fits[:, 2] * float(results["d_model"][-1]))
    return Finding(over_seeds(fits[:, 0], (0.05, 4.0)), also={"the floor times the largest width": floor})
