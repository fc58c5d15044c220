"""The claims of the chapter on how the transformer learns to add."""

import numpy as np

from superposition.addition import originals
from superposition.addition.engine.learning_curves import FRESH, TEST, TRAIN
from superposition.addition.train import after_nines, generalisation_gap, odds_of_printed, printed
from superposition.claims import claim
from superposition.estimates import Finding, over_seeds
from superposition.runs import Results
from superposition.tolerances import BASELINE, Above, AtLeast, Tolerance, Within

SOURCE = "Thaman et al. 2023, project 1"
SHARE = (0.0, 1.0)


def _beside(first: Results, more: Results, split: int) -> Finding:
    """The digits of all seeds, and how these stand to the three numbers that the notebooks print."""
    right, theirs = originals.right_digits(first, more, split), [f"{100 * share:.2f}" for share in printed(split)]
    note = (
        f"Of digits; of whole sums {100 * originals.right_sums(first, more, split).mean():.0f}% are right. The notebooks print "
        f"{', '.join(theirs[:-1])} and {theirs[-1]}%: {(right < printed(split).min()).sum()} of our {len(right)} seeds end below "
        f"all three, which by lot stand so high in 1 draw of {odds_of_printed(right, split):.0f}. The median of ours is "
        f"{100 * np.median(right):.2f}%, and in {originals.at_a_coin(more, split).sum()} of them a digit never learnt its carry"
    )
    return Finding(over_seeds(right, SHARE).percent, 10, note)


@claim(
    id="addition/train/1-test",
    source=SOURCE,
    statement="After 1,000 epochs the accuracy on test sums is about 98%.",
    measure="share of right digits among the seven of 2,000 sums not trained on, mean over seeds; baseline: a guess",
    tolerance=Tolerance(reproduced=Within(1, 98), partly=Within(3, 98)),
    unit="%",
    experiments=("addition/train", "addition/originals"),
)
def _test(first: Results, more: Results) -> Finding:
    return _beside(first, more, TEST)


@claim(
    id="addition/train/2-trained",
    source=SOURCE,
    statement="After 1,000 epochs the accuracy on the sums trained on is about 98.5%.",
    measure="share of right digits among the seven of the 25,000 sums, mean over seeds; baseline: a guess",
    tolerance=Tolerance(reproduced=Within(1, 98.5), partly=Within(3, 98.5)),
    unit="%",
    experiments=("addition/train", "addition/originals"),
)
def _trained(first: Results, more: Results) -> Finding:
    return _beside(first, more, TRAIN)


@claim(
    id="addition/train/3-grokking",
    source=SOURCE,
    statement="Accuracy improved in the way described in the grokking paper.",
    measure="by how much the share of right sums trained on exceeds that of unseen ones, at the checkpoint where it does most; "
    "mean over seeds; baseline: where grokking takes place, nearly 100 percentage points",
    tolerance=Tolerance(reproduced=AtLeast(50), partly=AtLeast(20), otherwise="corrected"),
    unit="points",
    corrects="the reading",
    experiments=("addition/train",),
)
def _grokking(results: Results) -> Finding:
    note = "Steps there are: each is a digit of the sum, learnt on seen and unseen sums at once"
    return Finding(over_seeds(generalisation_gap(results), SHARE).percent, 100, note)


@claim(
    id="addition/train/4-three-tokens",
    source=SOURCE,
    statement="A carry can be told from a column's two digits, the two below it, and the digit of the sum below it.",
    measure="accuracy on unseen sums of digits above a column that sums to 9, where the digit of the sum decides; of models that "
    "see the true digit of the sum below, at epoch 300; baseline: models that see none, at epoch 1,000",
    tolerance=Tolerance(reproduced=AtLeast(99), partly=Above(BASELINE)),
    unit="%",
    experiments=("addition/autoregressive", "addition/train"),
)
def _three_tokens(one_by_one: Results, at_once: Results) -> Finding:
    note = "The write-up's code reads all digits at once and shows no digit of the sum; this model is trained as its text says"
    values, others = (100 * after_nines(results, FRESH) for results in (one_by_one, at_once))
    return Finding(over_seeds(values, (0, 100)), float(others.mean()), note)
