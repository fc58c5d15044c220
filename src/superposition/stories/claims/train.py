"""The claims of the chapter on the models that read stories."""

from superposition.claims import Finding, claim
from superposition.estimates import exactly, over_seeds
from superposition.runs import Results
from superposition.stories.train import gain, seed_spread
from superposition.tolerances import BASELINE, AtLeast, MoreThan, Tolerance


@claim(
    id="stories/train/1-counting",
    source="This book",
    statement="A language model with a single layer says more of a story's next token than counting five tokens at a time.",
    measure="loss of the best n-grams, n up to 5, less that of the one-layer model of half the width, mean over its seeds",
    tolerance=Tolerance(reproduced=AtLeast(0.1), partly=MoreThan(0)),
    unit="nats a token",
    experiments=("stories/train_1l_small",),
    after_looking=True,
)
def _counting(small: Results) -> Finding:
    return Finding(over_seeds(gain(small)))


@claim(
    id="stories/train/2-depth",
    source="This book, after the two sizes that the write-up looks at",
    statement="At equal width, steps and text, two layers predict better than one.",
    measure="loss of the one-layer model less that of the two-layer model, one seed each; the baseline is the range of the "
    "loss over the seeds of the smaller model",
    tolerance=Tolerance(reproduced=MoreThan(2 * BASELINE), partly=MoreThan(0)),
    unit="nats a token",
    experiments=("stories/train_1l", "stories/train_2l", "stories/train_1l_small"),
    after_looking=True,
)
def _depth(one: Results, two: Results, small: Results) -> Finding:
    return Finding(exactly(float(gain(two)[0] - gain(one)[0])), seed_spread(small))
