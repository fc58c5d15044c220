"""The claims of the chapter on what single neurons fire at."""

import numpy as np

from superposition.claims import Finding, claim
from superposition.estimates import exactly
from superposition.runs import Results
from superposition.stories.measures import peaks
from superposition.tolerances import BASELINE, AtMost, MoreThan, Tolerance

BOTH = ("stories/neuroscope_1l", "stories/neuroscope_2l")
HIGH = 0.8


@claim(
    id="stories/neuroscope/1-one-token",
    source="This book",
    statement="The texts at which a neuron fires most tend to peak at one and the same token.",
    measure="share of a neuron's 20 highest texts that peak at its most frequent token, mean over all neurons of both models; "
    "the baseline is the mean of ten draws in which the peaks are dealt out over the neurons by chance",
    tolerance=Tolerance(reproduced=MoreThan(2 * BASELINE), partly=MoreThan(BASELINE)),
    unit="",
    experiments=BOTH,
    after_looking=True,
)
def _one_token(one: Results, two: Results) -> Finding:
    tokens = [peaks.peaks(run) for run in (one, two)]
    found = np.concatenate([peaks.sameness(some) for some in tokens])
    chance = np.concatenate([peaks.by_chance(some, 10, 0).mean(0) for some in tokens])
    return Finding(exactly(float(found.mean())), float(chance.mean()))


@claim(
    id="stories/neuroscope/2-top-is-little",
    source="This book",
    statement="What a neuron does at its highest activations is a small part of what it does.",
    measure="share of all that a neuron gives above zero, summed over tokens, that it gives within a fifth of its highest "
    "activation, median over all neurons of both models; the baseline is that of as many normal numbers as there are tokens",
    tolerance=Tolerance(reproduced=AtMost(0.1), partly=AtMost(0.25)),
    unit="",
    experiments=BOTH,
    after_looking=True,
)
def _top_is_little(one: Results, two: Results) -> Finding:
    found = np.concatenate([peaks.share_at_the_top(run, HIGH) for run in (one, two)])
    return Finding(exactly(float(np.median(found))), peaks.normal_share_at_the_top(int(one["n_tokens"]), HIGH))


@claim(
    id="stories/neuroscope/3-directions",
    source="This book",
    statement="A neuron's highest texts peak at one token more often than those of a random direction in its layer do.",
    measure="share of the 20 highest texts that peak at the most frequent token, mean over all neurons of both models; the "
    "baseline is that of random directions in the space of a layer's activations, on the same texts",
    tolerance=Tolerance(reproduced=MoreThan(1.2 * BASELINE), partly=MoreThan(BASELINE)),
    unit="",
    experiments=(*BOTH, "stories/directions"),
    after_looking=True,
)
def _than_directions(one: Results, two: Results, directions: Results) -> Finding:
    found = np.concatenate([peaks.sameness(peaks.peaks(run)) for run in (one, two)])
    return Finding(exactly(float(found.mean())), float(directions["sameness"].mean()))
